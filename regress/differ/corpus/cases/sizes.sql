-- Numbers of rows around those of vectors and row groups, and more rows than fit into little memory.
CREATE TABLE many (id int NOT NULL, few int, skew int, day date, price numeric(10,2), word text, filler text);
INSERT INTO many
SELECT n, n % 7, CASE WHEN n % 10 > 0 THEN 0 ELSE n % 5000 END, date '2020-01-01' + n % 700, (n * 7919 % 100003) / 100.0, 'w' || n * 31 % 20011,
	repeat(chr(65 + n % 26), n % 60)
FROM generate_series(1, 140000) n;
CREATE TABLE other (id int, word text, price numeric(10,2));
INSERT INTO other SELECT n * 3, 'w' || n, n / 10.0 FROM generate_series(1, 25000) n;
CREATE TABLE exact (n int);
INSERT INTO exact SELECT generate_series(1, 2048);
ANALYZE many, other, exact;
SELECT count(*), sum(n), min(n), max(n) FROM exact;
SELECT count(*), sum(id), min(filler), max(word), sum(price), avg(price) FROM many;
SELECT count(*) FROM many WHERE id BETWEEN 2048 AND 2049 OR id IN (1, 131072, 131073, 140000);
SELECT id FROM many ORDER BY id LIMIT 3 OFFSET 2047;
SELECT id FROM many WHERE few = 3 ORDER BY id DESC LIMIT 2;
-- compare: sorted 2 1
SELECT id, price FROM many ORDER BY price DESC, id OFFSET 139900;
SELECT count(*), sum(c), max(s) FROM (SELECT word, count(*) AS c, sum(price) AS s FROM many GROUP BY word) q;
SELECT count(*), sum(c) FROM (SELECT id, filler, count(*) AS c FROM many GROUP BY id, filler) q;
SELECT count(*), max(length(word)) FROM (SELECT DISTINCT word, filler, few FROM many) q;
SELECT few, day, count(*), sum(price) FROM many WHERE day < '2020-02-01' GROUP BY few, day;
SELECT count(DISTINCT word), count(DISTINCT id), count(DISTINCT price) FROM many;
SELECT count(*), sum(o.price), max(m.filler) FROM many m JOIN other o ON o.word = m.word;
SELECT count(*), count(o.id), sum(m.id) FROM many m LEFT JOIN other o ON o.id = m.id AND o.price > 100;
SELECT count(*), count(m.id), count(o.id) FROM many m FULL JOIN other o ON o.id = m.id;
SELECT count(*), sum(a.id) FROM many a JOIN many b ON b.skew = a.skew WHERE b.id <= 20;
SELECT count(*) FROM many m WHERE NOT EXISTS (SELECT FROM other o WHERE o.word = m.word);
SELECT count(*) FROM many m WHERE m.id IN (SELECT id FROM other);
SELECT few, sum(price), count(DISTINCT skew), string_agg(DISTINCT left(filler, 1), '' ORDER BY left(filler, 1)) FROM many GROUP BY ROLLUP (few);
SELECT count(*), sum(r) FROM (SELECT rank() OVER (PARTITION BY few ORDER BY price) AS r FROM many) q;
SELECT count(*), sum(s), max(t), sum(l) FROM (SELECT sum(price) OVER w AS s, max(word) OVER w AS t, length(lag(filler, 2000) OVER w) AS l
	FROM many WINDOW w AS (PARTITION BY few ORDER BY id)) q;
SELECT count(*), sum(c), sum(a) FROM (SELECT count(*) OVER w AS c, avg(price) OVER w AS a FROM many
	WINDOW w AS (ORDER BY id ROWS BETWEEN 100 PRECEDING AND 3000 FOLLOWING)) q;
SELECT count(*), sum(s), sum(length(f)) FROM (SELECT sum(skew) OVER w AS s, first_value(filler) OVER w AS f FROM many
	WINDOW w AS (PARTITION BY skew ORDER BY id DESC ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)) q;
SELECT id, n FROM (SELECT id, row_number() OVER (PARTITION BY few ORDER BY price, id) AS n FROM many) q WHERE n <= 3;
DELETE FROM many WHERE id BETWEEN 3000 AND 140000 AND id % 5 > 0;
SELECT few, count(*), sum(price), max(word) FROM many GROUP BY few;
DELETE FROM many;
SELECT count(*), sum(price) FROM many;
SELECT few, count(*) FROM many GROUP BY few;
