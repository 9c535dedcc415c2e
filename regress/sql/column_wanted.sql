-- Scans decode only the columns that somebody asks for: whoever that is must get them.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_columnstore;
RESET client_min_messages;
CREATE SCHEMA wanted;
SET search_path TO wanted, public;
CREATE TABLE of_heap (a int, b text, c numeric, d int[], e int, f float8, g text) USING heap;
INSERT INTO of_heap SELECT i, 'b' || i % 97, i / 7.0, ARRAY[i, i % 5], i % 100, i * 1.5, NULLIF(i % 11, 3)::text FROM generate_series(1, 6000) i;
CREATE TABLE of_column (LIKE of_heap) USING epiphany_column;
INSERT INTO of_column SELECT * FROM of_heap;
CREATE INDEX ON of_heap (a);
CREATE INDEX ON of_column (a);
CREATE INDEX ON of_heap (e);
CREATE INDEX ON of_column (e);
CREATE TABLE of_heap_one (y int) USING heap;
INSERT INTO of_heap_one SELECT i FROM generate_series(1, 3000) i;
CREATE TABLE of_column_one (y int) USING epiphany_column;
INSERT INTO of_column_one TABLE of_heap_one;
ANALYZE of_heap, of_column, of_heap_one, of_column_one;

-- Runs a query on both tables (@) under a setting that picks the plan; true if the answers are the same and not empty.
CREATE FUNCTION same(query text, setting text DEFAULT 'enable_material=on') RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
	heap_answer text;
	column_answer text;
BEGIN
	PERFORM set_config(split_part(setting, '=', 1), split_part(setting, '=', 2), true);
	EXECUTE format('SELECT string_agg(x::text, E''\n'' ORDER BY x::text) FROM (%s) x', replace(query, '@', 'of_heap')) INTO heap_answer;
	EXECUTE format('SELECT string_agg(x::text, E''\n'' ORDER BY x::text) FROM (%s) x', replace(query, '@', 'of_column')) INTO column_answer;
	IF heap_answer IS DISTINCT FROM column_answer THEN
		RAISE WARNING 'heap: %, column: %', left(heap_answer, 200), left(column_answer, 200);
	END IF;
	RETURN heap_answer <> '' AND heap_answer = column_answer;
END $$;

-- Scans that project, by sequence, index, bitmap and TID.
SELECT same('SELECT g, a FROM @ WHERE e = 7', 'enable_indexscan=off');
SELECT same('SELECT g, a FROM @ WHERE e = 7', 'enable_bitmapscan=off');
SELECT same('SELECT g, c FROM @ WHERE a = 4711 AND b <> ''x''', 'enable_seqscan=off');
SELECT same('SELECT f FROM @ WHERE a BETWEEN 100 AND 200 AND g IS NOT NULL', 'enable_seqscan=off');
SELECT same('SELECT t, t.a FROM @ t WHERE a < 5', 'enable_seqscan=off');
SELECT same('SELECT (t).g, row_to_json(t) FROM @ t WHERE a < 5', 'enable_seqscan=off');
SELECT same('SELECT count(*) FROM @ TABLESAMPLE bernoulli (100)');
SELECT same('SELECT sum(e) FROM @ TABLESAMPLE system (100)');
-- Aggregates over all of a row or some columns, in every strategy.
SELECT same('SELECT sum(e) FROM @');
SELECT same('SELECT count(*) FROM @');
SELECT same('SELECT count(g), max(b) FROM @ WHERE a % 2 = 0');
SELECT same('SELECT e, sum(c), count(DISTINCT b), string_agg(g, '','' ORDER BY f) FROM @ GROUP BY e HAVING min(a) < 50', 'enable_hashagg=off');
SELECT same('SELECT e, sum(c) FILTER (WHERE f > 100) FROM @ GROUP BY e', 'enable_sort=off');
SELECT same('SELECT sum(f) FROM @ GROUP BY e, b', 'enable_sort=off');
SELECT same('SELECT e, b, sum(f) FROM @ GROUP BY GROUPING SETS ((e), (b), (e, b), ())');
SELECT same('SELECT e, b, sum(f) FROM @ GROUP BY ROLLUP (e, b)', 'enable_hashagg=off');
SELECT same('SELECT count(t), count(t.*) FROM @ t');
SELECT same('SELECT DISTINCT e, g FROM @');
SELECT same('SELECT b, count(*) FROM @ GROUP BY b', 'work_mem=64kB');
-- Subqueries in an aggregate's expressions are not its input.
SELECT same('SELECT sum(e), count(*) FILTER (WHERE e IN (SELECT y FROM @_one)), (SELECT y FROM @_one LIMIT 1) FROM @');
SELECT same('SELECT sum((SELECT max(y) FROM @_one WHERE y < e)) FROM @ WHERE a < 40');
SELECT same('SELECT count(*) FILTER (WHERE g IN (SELECT g FROM @ i WHERE i.e = 3)) FROM @');
-- Above others: joins, sorts, limits, window functions, set operations, locks, cursors.
SELECT same('SELECT x.g, y.b FROM @ x JOIN @ y ON x.a = y.e WHERE y.a < 300', 'enable_hashjoin=off');
SELECT same('SELECT x.g, y FROM @ x JOIN @ y ON x.a = y.e WHERE y.a < 30', 'enable_nestloop=off');
SELECT same('SELECT y.g FROM @ x LEFT JOIN @ y ON x.e = y.a AND y.f > 10 AND length(x.b) > 2', 'enable_nestloop=off');
SELECT same('SELECT x.g, y.c FROM @ x, @ y WHERE y.a = x.e + 1 AND x.a < 900 AND (y.b > x.b OR y.g IS NULL)', 'enable_hashjoin=off');
SELECT same('SELECT count(*) FROM @ x WHERE EXISTS (SELECT FROM @ y WHERE y.a = x.e AND y.b <> x.b)', 'enable_hashjoin=off');
SELECT same('SELECT x.a FROM @ x JOIN @ y ON x.b = y.b AND x.e = y.e WHERE y.f < 90', 'work_mem=64kB');
SELECT same('SELECT x.* FROM @ x JOIN @ y USING (a) WHERE y.e = 5', 'enable_hashjoin=off');
SELECT same('SELECT * FROM @ ORDER BY b, a LIMIT 20');
SELECT same('SELECT g, rank() OVER (PARTITION BY e ORDER BY f) FROM @ WHERE a < 500');
SELECT same('SELECT g FROM @ WHERE e < 3 EXCEPT ALL SELECT g FROM @ WHERE e = 5');
SELECT same('SELECT * FROM (SELECT g, a FROM @ WHERE e = 9 FOR UPDATE) x');
SELECT same('WITH x AS MATERIALIZED (SELECT * FROM @ WHERE e = 9) SELECT a, g FROM x');
SELECT same('SELECT sum(l) FROM @ t, LATERAL (SELECT length(t.b) + t.e AS l) x');
SELECT same('SELECT sum(e), min(g) FROM @', 'debug_parallel_query=on');
-- Changes read what they return.
WITH x AS (UPDATE of_heap SET e = e + 1 WHERE a % 50 = 3 RETURNING b, g, d, e) SELECT md5(string_agg(x::text, ',' ORDER BY x::text)) FROM x;
WITH x AS (UPDATE of_column SET e = e + 1 WHERE a % 50 = 3 RETURNING b, g, d, e) SELECT md5(string_agg(x::text, ',' ORDER BY x::text)) FROM x;
WITH x AS (DELETE FROM of_heap WHERE a % 50 = 7 RETURNING *) SELECT md5(string_agg(x::text, ',' ORDER BY x::text)) FROM x;
WITH x AS (DELETE FROM of_column WHERE a % 50 = 7 RETURNING *) SELECT md5(string_agg(x::text, ',' ORDER BY x::text)) FROM x;
SELECT same('SELECT * FROM @');
SET client_min_messages = warning;
DROP SCHEMA wanted CASCADE;
