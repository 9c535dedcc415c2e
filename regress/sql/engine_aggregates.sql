-- Aggregates that the engine has PostgreSQL's functions compute: each query runs with the engine and without; both must agree.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_columnstore;
CREATE SCHEMA engine_aggregates;
SET search_path = engine_aggregates;
SET epiphany.debug_vectorize = force;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
CREATE TABLE facts (id int, a int, b text, c int, f float8, price numeric, span interval, words text)
	USING epiphany_column WITH (epiphany.row_group_rows = 8192);
INSERT INTO facts SELECT i, i % 7, (ARRAY['x', 'y', NULL, 'a word of some length'])[1 + i % 4], CASE WHEN i % 11 > 0 THEN i * 7919 % 1009 END,
	i * 31 % 977 / 10.0, CASE WHEN i % 3 = 0 THEN (i * 13 % 500)::numeric ELSE (i * 17 % 300) / 100.0 END, make_interval(mins => i * 17 % 300),
	CASE WHEN i % 13 > 0 THEN 'w' || i * 7 % 901 END FROM generate_series(1, 20000) i;
ANALYZE facts;
CREATE TABLE plain AS TABLE facts;

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


\echo what runs where
EXPLAIN (COSTS OFF) SELECT a, string_agg(words, ',' ORDER BY id) FROM facts GROUP BY a;
EXPLAIN (COSTS OFF) SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY id) FROM facts;
EXPLAIN (COSTS OFF) SELECT a, array_agg(DISTINCT c ORDER BY c DESC) FILTER (WHERE b = 'x') FROM facts GROUP BY a ORDER BY a;
-- Its input is sorted for it: nobody else says in what order rows come.
EXPLAIN (COSTS OFF) SELECT array_agg(id) FROM (SELECT id FROM facts ORDER BY c, id OFFSET 0) q;

\echo ORDER BY
SELECT * FROM same('SELECT a, string_agg(words, '','' ORDER BY id), array_agg(c ORDER BY c DESC NULLS FIRST, id) FROM facts GROUP BY a');
SELECT * FROM same('SELECT string_agg(words, b ORDER BY words DESC, id) FROM facts');
SELECT * FROM same('SELECT c, string_agg(words, '','' ORDER BY f, id) FROM facts GROUP BY c ORDER BY c', true);
SELECT * FROM same('SELECT id, array_agg(words ORDER BY c) FROM facts GROUP BY id');
SELECT * FROM same('SELECT a, sum(f ORDER BY c, id), avg(f ORDER BY id DESC), sum(price ORDER BY f), count(c ORDER BY f) FROM facts GROUP BY a');
SELECT * FROM same('SELECT a, string_agg(words, '','' ORDER BY words COLLATE "C" DESC, id), min(words ORDER BY id) FROM facts GROUP BY a');
SELECT * FROM same('SELECT a, (array_agg(id ORDER BY price DESC NULLS LAST, id))[1], (array_agg(words ORDER BY span, id))[3] FROM facts GROUP BY a');
SELECT * FROM same('SELECT array_agg(ARRAY[c, a] ORDER BY id) FROM facts WHERE c < 20');
SELECT * FROM same('SELECT a, jsonb_agg(ROW(c, b) ORDER BY id), json_object_agg(id, words ORDER BY id) FROM facts WHERE c < 20 GROUP BY a');

\echo DISTINCT
SELECT * FROM same('SELECT a, string_agg(DISTINCT words, '','' ORDER BY words DESC), array_agg(DISTINCT c) FROM facts GROUP BY a');
SELECT * FROM same('SELECT string_agg(DISTINCT b, words ORDER BY b, words), count(DISTINCT (a, b)), string_agg(DISTINCT b, ''-'') FROM facts');
SELECT * FROM same('SELECT c, sum(DISTINCT f ORDER BY f), corr(DISTINCT f, a), array_agg(DISTINCT trim_scale(price) ORDER BY trim_scale(price) NULLS FIRST) FROM facts GROUP BY c');

\echo FILTER, HAVING, nothing at all
SELECT * FROM same('SELECT a, string_agg(words, '','' ORDER BY id) FILTER (WHERE c > 1000), array_agg(c ORDER BY id) FILTER (WHERE a = 3) FROM facts GROUP BY a');
SELECT * FROM same('SELECT a FROM facts GROUP BY a HAVING length(string_agg(words, '''' ORDER BY id)) > 9990');
SELECT * FROM same('SELECT string_agg(words, '','' ORDER BY id), percentile_cont(0.5) WITHIN GROUP (ORDER BY f), rank(3) WITHIN GROUP (ORDER BY c) FROM facts WHERE id < 0');
SELECT * FROM same('SELECT a, string_agg(words, '','' ORDER BY id) FROM facts WHERE id < 0 GROUP BY a');
SELECT * FROM same('SELECT string_agg(words, '','' ORDER BY id) FILTER (WHERE a = 3 AND 10 / (c - 3) > 0) FROM facts WHERE c > 3');

\echo ordered sets
SELECT * FROM same('SELECT a, percentile_cont(0.3) WITHIN GROUP (ORDER BY f), percentile_cont(ARRAY[0.1, NULL, 0.9]) WITHIN GROUP (ORDER BY span),
	percentile_disc(0.7) WITHIN GROUP (ORDER BY price), percentile_disc(ARRAY[0, 1, 0.5]) WITHIN GROUP (ORDER BY words), mode() WITHIN GROUP (ORDER BY words)
	FROM facts GROUP BY a');
SELECT * FROM same('SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY f), percentile_cont(0.9) WITHIN GROUP (ORDER BY f), mode() WITHIN GROUP (ORDER BY f DESC) FROM facts');
SELECT * FROM same('SELECT c, percentile_cont(0.5) WITHIN GROUP (ORDER BY f), percentile_cont(0.9) WITHIN GROUP (ORDER BY f), mode() WITHIN GROUP (ORDER BY b) FROM facts GROUP BY c');
SELECT * FROM same('SELECT b, rank(500, ''w5'') WITHIN GROUP (ORDER BY c, words), dense_rank(5.5) WITHIN GROUP (ORDER BY price DESC),
	percent_rank(30) WITHIN GROUP (ORDER BY c) FILTER (WHERE a > 2), cume_dist(NULL) WITHIN GROUP (ORDER BY c NULLS FIRST) FROM facts GROUP BY b');
SELECT * FROM same('SELECT a, percentile_cont(a / 10.0) WITHIN GROUP (ORDER BY f) FROM facts GROUP BY a');
SELECT percentile_cont(1.5) WITHIN GROUP (ORDER BY f) FROM facts;
SELECT a, string_agg(words, ',' ORDER BY 1 / (c - 5)) FROM facts GROUP BY a;

\echo as they come
SELECT * FROM same('SELECT a, corr(f, c), regr_slope(c, f), bit_and(id), bit_or(c), array_agg(id) FROM facts GROUP BY a');
SELECT * FROM same('SELECT array_agg(id) FROM (SELECT id FROM facts ORDER BY c, id DESC) q');
SELECT * FROM same('SELECT a, array_agg(id), string_agg(words, '';'') FROM (SELECT a, id, words FROM facts ORDER BY a, c DESC, id) q GROUP BY a');

\echo subqueries in arguments
SELECT * FROM same('SELECT a, sum((SELECT max(x) FROM generate_series(1, 3) x WHERE x <> a)), string_agg(words, (SELECT ''+'' FROM generate_series(1, 1) x
	WHERE x <> a) ORDER BY id) FROM facts WHERE c < 30 GROUP BY a');
SELECT * FROM same('SELECT a, percentile_disc((SELECT 0.5 FROM generate_series(1, 1) x WHERE x <> a)) WITHIN GROUP (ORDER BY id) FROM facts GROUP BY a');

\echo grouping sets
SELECT * FROM same('SELECT a, b, string_agg(words, '','' ORDER BY id), percentile_disc(0.5) WITHIN GROUP (ORDER BY c) FROM facts GROUP BY GROUPING SETS ((a), (b), ())');
SELECT * FROM same('SELECT a, b, array_agg(DISTINCT c), percentile_cont(coalesce(a, 5) / 10.0) WITHIN GROUP (ORDER BY f) FROM facts GROUP BY ROLLUP (a, b)');

\echo aggregates of users
CREATE FUNCTION keep_first(anyelement, anyelement) RETURNS anyelement LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1';
CREATE AGGREGATE first(anyelement) (SFUNC = keep_first, STYPE = anyelement);
SELECT * FROM same('SELECT a, first(words ORDER BY id DESC), first(DISTINCT b ORDER BY b DESC), first(span ORDER BY c, id) FROM facts GROUP BY a');
CREATE AGGREGATE last_count("any") (SFUNC = int8inc_any, STYPE = bigint, INITCOND = '40');
SELECT * FROM same('SELECT a, last_count(id ORDER BY id), last_count(id) FROM facts GROUP BY a');
CREATE ROLE regress_engine_aggregates;
GRANT USAGE ON SCHEMA engine_aggregates TO regress_engine_aggregates;
GRANT SELECT ON facts TO regress_engine_aggregates;
REVOKE EXECUTE ON FUNCTION last_count("any") FROM public;
SET ROLE regress_engine_aggregates;
SELECT last_count(id ORDER BY id) FROM facts;
RESET ROLE;
-- What plpgsql returns is an array that may be changed in place, by the next call alone.
CREATE FUNCTION keep_some(anyarray, anyelement, int) RETURNS anyarray LANGUAGE plpgsql IMMUTABLE AS $$BEGIN
	IF $1 IS NULL THEN RETURN ARRAY[$2]; END IF;
	IF array_upper($1, 1) < $3 THEN RETURN $1 || $2; END IF;
	RETURN $1;
END$$;
CREATE AGGREGATE some_of(anyelement, int) (SFUNC = keep_some, STYPE = anyarray);
SELECT * FROM same('SELECT a, some_of(words, 5 ORDER BY id), some_of(id, 300) FROM facts GROUP BY a');
CREATE FUNCTION refuse(int, int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE 'refused at %', $2; END$$;
CREATE AGGREGATE refused(int) (SFUNC = refuse, STYPE = int);
SELECT a, refused(id ORDER BY id DESC) FROM facts GROUP BY a ORDER BY a;

\echo averages of floats, of which squares may overflow where sums do not; keys in runs, which change in one column or the other
CREATE TABLE runs (a text, b timestamp, x float8, y float4, v int) USING epiphany_column;
INSERT INTO runs SELECT 'name ' || i / 700, timestamp '2024-01-01' + i % 100 / 10 * interval '1 minute', (i % 1000) / 8.0, i % 77, i FROM generate_series(0, 20000) i;
SELECT * FROM same('SELECT a, b, avg(x), avg(y), count(*), sum(v) FROM runs GROUP BY a, b');
SELECT * FROM same('SELECT a, b, avg(x), stddev(x), var_pop(x), avg(y), stddev_pop(y) FROM runs GROUP BY a, b');
SELECT * FROM same('SELECT a, date_trunc(''hour'', b), v / 5000, avg(x) FILTER (WHERE v % 3 > 0) FROM runs GROUP BY 1, 2, 3');
INSERT INTO runs SELECT 'name 3', timestamp '2024-01-01', 'NaN', 'infinity', i FROM generate_series(1, 5) i;
INSERT INTO runs SELECT NULL, timestamp '2024-01-01', i, i, i FROM generate_series(1, 5) i;
SELECT * FROM same('SELECT a, b, avg(x), avg(y) FROM runs GROUP BY a, b');
INSERT INTO runs SELECT 'name 5', timestamp '2024-01-01', 1e149 * (-1) ^ i, 1, i FROM generate_series(1, 6) i;
SELECT * FROM same('SELECT a, avg(x) FROM runs GROUP BY a');
INSERT INTO runs SELECT 'name 5', timestamp '2024-01-01', 1e200 * (-1) ^ i, 1, i FROM generate_series(1, 6) i;
SELECT * FROM same('SELECT a, avg(x) FROM runs WHERE a <> ''name 5'' GROUP BY a');
SELECT a, avg(x) FROM runs GROUP BY a;
SET epiphany.enable_vectorized = off;
SELECT a, avg(x) FROM runs GROUP BY a;
RESET epiphany.enable_vectorized;

\echo again and again
SELECT * FROM same('SELECT x, (SELECT string_agg(words, '','' ORDER BY id) FROM facts f WHERE f.id BETWEEN x AND x + 3) FROM generate_series(1, 5) x');

\echo in files
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT * FROM same('SELECT a, string_agg(words, '','' ORDER BY f, id), array_agg(DISTINCT c ORDER BY c DESC), percentile_cont(0.5) WITHIN GROUP (ORDER BY f) FROM facts GROUP BY a');
SELECT * FROM same('SELECT id, string_agg(words, '','' ORDER BY f), mode() WITHIN GROUP (ORDER BY f), corr(f, c) FROM facts GROUP BY id');
SELECT * FROM same('SELECT string_agg(DISTINCT words, '','' ORDER BY words DESC) FROM facts');
SELECT * FROM same('SELECT a, b, v / 6, count(*), max(x) FROM runs GROUP BY a, b, v / 6');
CREATE FUNCTION spills(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	line text;
	found text := 'nothing';
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
		found := coalesce(substring(line from '^ *(Spilled):'), found);
	END LOOP;
	RETURN found;
END $$;
SELECT spills('SELECT string_agg(words, '','' ORDER BY f) FROM facts');

DROP OWNED BY regress_engine_aggregates;
DROP ROLE regress_engine_aggregates;
DROP SCHEMA engine_aggregates CASCADE;
