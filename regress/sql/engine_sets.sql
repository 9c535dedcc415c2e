-- The engine's grouping sets, set operations, and aggregates that keep what they have seen: each query runs with the engine and without; both must agree.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_columnstore;
CREATE SCHEMA engine_sets;
SET search_path = engine_sets;
SET epiphany.debug_vectorize = force;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
CREATE TABLE facts (id int, a int, b text, c int, day date, price numeric(10,2), words text)
	USING epiphany_column WITH (epiphany.row_group_rows = 8192);
INSERT INTO facts SELECT i, i % 7, (ARRAY['x', 'y', NULL, 'a word of some length'])[1 + i % 4], CASE WHEN i % 11 > 0 THEN i % 5 END,
	date '2024-01-01' + i % 30, i / 100.0, 'w' || i * 7 % 9001 FROM generate_series(1, 20000) i;
CREATE TABLE none (LIKE facts) USING epiphany_column;
ANALYZE facts, none;

-- Runs a query with the engine and without: how many rows, how many of them not in both answers, how many engine nodes. With "ordered" rows
-- must come in the same order.
CREATE FUNCTION same(query text, ordered bool DEFAULT false, OUT rows bigint, OUT "differing rows" bigint, OUT nodes int) LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	nodes := 0;
	FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
		nodes := nodes + (line LIKE '%Custom Scan (Epiphany Engine)%')::int;
	END LOOP;
	CREATE TEMP TABLE answer (engine bool, n bigint, a text) ON COMMIT DROP;
	EXECUTE format('INSERT INTO answer SELECT true, row_number() OVER (), q::text FROM (%s) q', query);
	SET LOCAL epiphany.enable_vectorized = off;
	EXECUTE format('INSERT INTO answer SELECT false, row_number() OVER (), q::text FROM (%s) q', query);
	IF NOT ordered THEN
		UPDATE answer SET n = 0;
	END IF;
	SELECT count(*) FILTER (WHERE engine) INTO rows FROM answer;
	SELECT count(*) INTO "differing rows" FROM ((SELECT n, a FROM answer WHERE engine EXCEPT ALL SELECT n, a FROM answer WHERE NOT engine)
		UNION ALL (SELECT n, a FROM answer WHERE NOT engine EXCEPT ALL SELECT n, a FROM answer WHERE engine)) d;
	DROP TABLE answer;
	SET LOCAL epiphany.enable_vectorized = on;
END $$;

\echo grouping sets
EXPLAIN (COSTS OFF) SELECT a, b, grouping(a, b), count(*) FROM facts GROUP BY ROLLUP (a, b) HAVING grouping(b) = 1 OR count(*) > 10;
EXPLAIN (COSTS OFF, FORMAT JSON) SELECT a, b, count(*) FROM facts GROUP BY GROUPING SETS ((a, b), (), ());
SELECT a, c, grouping(a), grouping(c, a), count(*), sum(price), count(DISTINCT day), min(b) FILTER (WHERE c > 1)
FROM facts WHERE a < 2 GROUP BY CUBE (a, c) ORDER BY 3, 4, 1, 2;
SELECT * FROM same('SELECT a, b, c, grouping(a, b, c), count(*), sum(price), max(day) FROM facts GROUP BY CUBE (a, b, c)');
SELECT * FROM same('SELECT a, b, grouping(a), count(*) FROM facts GROUP BY ROLLUP (a, b) HAVING grouping(a) = 0 AND (b IS NULL OR sum(price) > 5000)');
SELECT * FROM same('SELECT a, sum(a), count(b), max(b), b FROM facts GROUP BY GROUPING SETS (a, b, (a, b))');
SELECT * FROM same('SELECT a + 1, upper(b), count(*) FROM facts GROUP BY GROUPING SETS ((a + 1, upper(b)), (a + 1))');
SELECT * FROM same('SELECT a, count(*) FROM facts GROUP BY GROUPING SETS (a, a, (), ())');
SELECT * FROM same('SELECT DISTINCT grouping(a, b), count(*) > 3000 FROM facts GROUP BY CUBE (a, b)');
SELECT * FROM same('SELECT a, x, count(*) FROM (SELECT a, 1 AS x, NULL::text AS y FROM facts) q GROUP BY ROLLUP (a, x, y)');
SELECT * FROM same('SELECT count(*), grouping(a) FROM facts GROUP BY a');
SELECT * FROM same('SELECT (SELECT grouping(f.a)), (SELECT sum(x) FROM generate_series(1, f.a) x), count(*) FROM facts f GROUP BY CUBE (f.a, f.b)');
-- A single rollup that is sorted comes in its order; others in none.
SET enable_hashagg = off;
EXPLAIN (COSTS OFF) SELECT a, c, count(*) FROM facts GROUP BY ROLLUP (a, c) ORDER BY a, c;
SELECT * FROM same('SELECT a, c, count(*) FROM facts GROUP BY ROLLUP (a, c) ORDER BY a, c, grouping(a, c)', true);
SELECT * FROM same('SELECT a, c, count(*) FROM facts GROUP BY ROLLUP (a, c) ORDER BY a DESC, c DESC, grouping(a, c)', true);
SELECT a, count(*) FROM facts GROUP BY ROLLUP (a) ORDER BY a DESC NULLS LAST;
SELECT * FROM same('SELECT a, b, c, count(*) FROM facts GROUP BY GROUPING SETS ((a, b), (c), (b, c), ())');
RESET enable_hashagg;
-- No rows: what is not grouped gives one all the same.
SELECT a, grouping(a), count(*), sum(c) FROM none GROUP BY GROUPING SETS (a, (), (a, b), ());
SELECT a, count(*) FROM none GROUP BY GROUPING SETS (a, (a, b));
SELECT count(*) FROM none GROUP BY GROUPING SETS (()) HAVING count(*) > 0;

\echo set operations, neighbours
CREATE TABLE more (a int, b text, id int) USING epiphany_column;
INSERT INTO more SELECT i % 9, (ARRAY['x', 'y', NULL, 'other'])[1 + i % 4], i * 3 FROM generate_series(1, 3000) i;
ANALYZE more;
EXPLAIN (COSTS OFF) SELECT a, b FROM facts INTERSECT ALL SELECT a, b FROM more;
SELECT * FROM same('SELECT a, b FROM facts INTERSECT SELECT a, b FROM more');
SELECT * FROM same('SELECT a, b FROM facts INTERSECT ALL SELECT a, b FROM more');
SELECT * FROM same('SELECT a, b FROM more INTERSECT ALL SELECT a, b FROM facts');
SELECT * FROM same('SELECT a, b FROM facts EXCEPT SELECT a, b FROM more');
SELECT * FROM same('SELECT a, b FROM facts EXCEPT ALL SELECT a, b FROM more');
SELECT * FROM same('SELECT a, b FROM more EXCEPT ALL SELECT a, b FROM facts');
SELECT * FROM same('SELECT FROM facts EXCEPT SELECT FROM none');
SELECT * FROM same('SELECT FROM facts INTERSECT ALL SELECT FROM more');
SELECT * FROM same('SELECT id FROM facts EXCEPT (SELECT a FROM facts UNION SELECT id FROM more INTERSECT SELECT id FROM facts)');
SELECT * FROM same('SELECT price FROM facts INTERSECT SELECT a::numeric(10, 5) FROM more');
SET enable_hashagg = off;
SELECT * FROM same('SELECT a, b FROM facts INTERSECT ALL SELECT a, b FROM more ORDER BY 1, 2', true);
SELECT * FROM same('SELECT a, b FROM facts EXCEPT ALL SELECT a, b FROM more ORDER BY 1, 2', true);
SELECT * FROM same('SELECT a, b FROM facts EXCEPT SELECT a, b FROM none ORDER BY 1, 2', true);
RESET enable_hashagg;
EXPLAIN (COSTS OFF) SELECT DISTINCT ON (a) a, id, b FROM facts ORDER BY a, id DESC;
SELECT * FROM same('SELECT DISTINCT ON (a) a, id, b FROM facts ORDER BY a, id DESC', true);
SELECT * FROM same('SELECT DISTINCT ON (id / 3, b) b, price, id FROM facts ORDER BY id / 3, b, id DESC', true);
SELECT * FROM same('SELECT DISTINCT ON (b) b FROM (SELECT b, id FROM facts UNION ALL SELECT b, id FROM more) q ORDER BY b, id', true);
EXPLAIN (COSTS OFF) SELECT id FROM facts ORDER BY a, b FETCH FIRST 3 ROWS WITH TIES;
SELECT * FROM same('SELECT a, b FROM facts ORDER BY a, b FETCH FIRST 3 ROWS WITH TIES', true);
SELECT * FROM same('SELECT c, b FROM facts ORDER BY c, b OFFSET 10000 FETCH FIRST 2000 ROWS WITH TIES', true);
SELECT * FROM same('SELECT id FROM facts ORDER BY id FETCH FIRST 2048 ROWS WITH TIES', true);
SELECT * FROM same('SELECT id FROM facts ORDER BY id FETCH FIRST 0 ROWS WITH TIES', true);
SELECT * FROM same('SELECT a FROM facts WHERE a = 1 ORDER BY a FETCH FIRST ROW WITH TIES', true);
-- A sort of what is sorted in part is a sort; over an index it stays PostgreSQL's, which reads no more than it needs.
SELECT * FROM same('SELECT * FROM (SELECT a, id FROM facts ORDER BY a, id LIMIT 15000) q ORDER BY a, id DESC', true);
CREATE INDEX ON facts (c);
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT c, id FROM facts ORDER BY c, id LIMIT 3;
RESET enable_seqscan;

\echo memory: groups and values that DISTINCT has seen go to files
SET work_mem = '64kB';
SELECT * FROM same('SELECT a, b, id, grouping(a, b, id), count(*), sum(price), count(DISTINCT words) FROM facts GROUP BY CUBE (a, b, id)');
SELECT * FROM same('SELECT count(DISTINCT words), count(DISTINCT price), sum(DISTINCT id), max(DISTINCT day), count(*) FROM facts');
SELECT * FROM same('SELECT a, count(DISTINCT words), sum(DISTINCT price) FILTER (WHERE c > 1), count(*) FROM facts GROUP BY a');
SELECT * FROM same('SELECT words, count(DISTINCT id), count(DISTINCT a) FROM facts GROUP BY words');
CREATE FUNCTION explained(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
		IF line ~ 'Spilled|Sets|Keys' THEN
			RETURN NEXT regexp_replace(line, '\d+', 'N');
		END IF;
	END LOOP;
END $$;
SELECT explained('SELECT count(DISTINCT words) FROM facts');
SELECT explained('SELECT a, b, id, count(*) FROM facts GROUP BY ROLLUP (a, b, id)');
SELECT * FROM same('SELECT id, a, words FROM facts EXCEPT ALL SELECT id, a, b FROM more');
RESET work_mem;
-- A set's memory is there for the next run.
SELECT n, (SELECT count(DISTINCT words) FROM facts WHERE a = n), (SELECT array_agg(c ORDER BY c) FROM (SELECT count(*) AS c FROM facts WHERE a = n
	GROUP BY ROLLUP (b)) q) FROM generate_series(5, 8) n;

DROP SCHEMA engine_sets CASCADE;
