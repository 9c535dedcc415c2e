-- Keys of which nothing is known but that they are NULL, or one value: grouped, sorted, joined with others.
CREATE TABLE words (id int, word text);
INSERT INTO words SELECT n, 'w' || n % 50 FROM generate_series(1, 5000) n;
SELECT DISTINCT NULL AS a, word FROM words;
-- compare: sorted 1 2
SELECT DISTINCT NULL AS a, word FROM words ORDER BY 1, 2;
SELECT DISTINCT NULL::int AS a, NULL::numeric AS b, id % 3 AS c FROM words;
SELECT count(*), x FROM (SELECT 7 AS x, id FROM words) q GROUP BY x;
(SELECT NULL AS a, NULL AS b FROM words WHERE id < 5) UNION ALL (SELECT DISTINCT NULL, word FROM words);
(SELECT NULL AS a, NULL AS b FROM words WHERE id < 5) UNION (SELECT NULL, word FROM words);
SELECT count(*) FROM (SELECT NULL::text AS k, id FROM words) a JOIN words b ON a.k = b.word;
SELECT count(*) FROM (SELECT 'w7'::text AS k, id FROM words WHERE id < 100) a JOIN words b ON a.k = b.word;
SELECT count(DISTINCT NULL::text), count(DISTINCT 1), count(DISTINCT word COLLATE "C"), count(DISTINCT id::numeric) FROM words;
