-- The engine's node as a node among PostgreSQL's: rescans, parameters, cursors, errors, parallel plans, statistics, rights, EXPLAIN.
-- Queries are run with the engine and without; both must agree.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_columnstore;
CREATE SCHEMA engine_node;
SET search_path = engine_node;
SET epiphany.debug_vectorize = force;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
-- Rows in groups, some of them deleted or moved to the delta; a column that most rows lack, and one that is gone.
CREATE TABLE sales (id int, gone int, day date, region text, quantity int, price numeric(10,2))
	USING epiphany_column WITH (epiphany.row_group_rows = 4096);
INSERT INTO sales SELECT i, i, date '2025-01-01' + i / 100, (ARRAY['north', 'south', 'east', NULL])[1 + i % 4], i % 7, i / 100.0
	FROM generate_series(1, 10000) i;
ALTER TABLE sales DROP gone, ADD remark text DEFAULT 'none';
DELETE FROM sales WHERE id % 10 = 3;
UPDATE sales SET remark = 'changed', quantity = quantity + 100 WHERE id % 50 = 1;
INSERT INTO sales SELECT i, '2026-01-01', 'west', i, i, NULL FROM generate_series(10001, 10005) i;
CREATE TABLE regions (region text PRIMARY KEY, manager text, story text);
INSERT INTO regions SELECT r, 'M. ' || r, repeat(r, 5000) FROM unnest(ARRAY['north', 'south', 'east', 'west']) r;
ALTER TABLE regions ALTER story SET STORAGE EXTERNAL;
INSERT INTO regions VALUES ('nowhere', NULL, repeat('0123456789', 1000));
ANALYZE sales, regions;

-- Runs a query with the engine and without: how many rows, how many of them not in both answers, how many engine nodes.
CREATE FUNCTION same(query text, OUT rows bigint, OUT "differing rows" bigint, OUT nodes int) LANGUAGE plpgsql AS $$
DECLARE
	line text;
	answers text[] := '{}';
BEGIN
	nodes := 0;
	FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
		nodes := nodes + (line LIKE '%Custom Scan (Epiphany Engine)%')::int;
	END LOOP;
	CREATE TEMP TABLE answer (engine bool, a text) ON COMMIT DROP;
	EXECUTE format('INSERT INTO answer SELECT true, q::text FROM (%s) q', query);
	SET LOCAL epiphany.enable_vectorized = off;
	EXECUTE format('INSERT INTO answer SELECT false, q::text FROM (%s) q', query);
	SELECT count(*) FILTER (WHERE engine) INTO rows FROM answer;
	SELECT count(*) INTO "differing rows" FROM ((SELECT a FROM answer WHERE engine EXCEPT ALL SELECT a FROM answer WHERE NOT engine)
		UNION ALL (SELECT a FROM answer WHERE NOT engine EXCEPT ALL SELECT a FROM answer WHERE engine)) d;
	DROP TABLE answer;
	SET LOCAL epiphany.enable_vectorized = on;
END $$;

-- Both regions, deleted rows, missing values, no columns at all.
SELECT * FROM same('SELECT * FROM sales');
SELECT * FROM same('SELECT FROM sales');
SELECT * FROM same('SELECT remark, id FROM sales WHERE quantity > 90');
SELECT * FROM same('SELECT id, remark, upper(region), price * quantity FROM sales WHERE id > 9990');
SELECT id, remark, upper(region), price * quantity FROM sales WHERE id > 9998;

-- Rescans: in subqueries of the select list, of conditions, in joins, with and without parameters.
SELECT * FROM same('SELECT r.region, (SELECT id FROM sales s WHERE s.region = r.region ORDER BY id DESC LIMIT 1) FROM regions r');
SELECT * FROM same('SELECT r.*, s.* FROM regions r, LATERAL (SELECT id, price FROM sales s WHERE s.region = r.region LIMIT 3) s');
SELECT * FROM same('SELECT r.region FROM regions r WHERE EXISTS (SELECT FROM sales s WHERE s.region > r.region AND quantity = 5)');
SELECT * FROM same('SELECT n, (SELECT id FROM sales WHERE id > n * 1000 ORDER BY id LIMIT 1) FROM generate_series(0, 11) n');
BEGIN;
SET LOCAL enable_hashjoin = off;
SET LOCAL enable_mergejoin = off;
SET LOCAL enable_material = off;
SELECT * FROM same('SELECT r.manager, s.id FROM regions r JOIN sales s ON s.region = r.region WHERE s.id < 500');
SELECT * FROM same('SELECT n, s.id FROM generate_series(1, 5) n LEFT JOIN sales s ON s.id = n * 2000 AND s.quantity < n');
ROLLBACK;
-- A scan that is left in the middle and begun again.
SELECT n, (SELECT id FROM sales WHERE id >= n LIMIT 1), (SELECT id FROM sales LIMIT 1) FROM generate_series(1, 10001, 2500) n;

-- Parameters: of initplans, of statements, of functions. An initplan that nobody needs is not run.
SELECT * FROM same('SELECT id FROM sales WHERE id > (SELECT 9000) AND price < (SELECT avg(price) * 2 FROM sales)');
CREATE FUNCTION fails(n int) RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN RAISE 'called with %', n; END $$;
SELECT id FROM sales WHERE id > 20000 AND quantity = (SELECT fails(quantity) FROM sales LIMIT 1);
SELECT count(*) FROM sales WHERE id < 10 AND quantity = (SELECT fails(quantity) FROM sales LIMIT 1);
PREPARE one (int, text) AS SELECT id, region, quantity FROM sales WHERE id BETWEEN $1 AND $1 + 3 AND region = $2;
SET plan_cache_mode = force_custom_plan;
EXECUTE one (10, 'east');
SET plan_cache_mode = force_generic_plan;
EXECUTE one (10, 'east');
EXECUTE one (9998, 'east');
EXECUTE one (10, NULL);
EXPLAIN (COSTS OFF) EXECUTE one (1, 'x');
CREATE FUNCTION found(low int, high int) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	s record;
BEGIN
	FOR s IN SELECT id, remark FROM sales WHERE id BETWEEN low AND high LOOP
		RETURN NEXT s.id || s.remark;
	END LOOP;
END $$;
SELECT found(50, 52);
SELECT n, array(SELECT found(n, n + 1)) FROM generate_series(100, 3000, 950) n;
RESET plan_cache_mode;

-- Subqueries in expressions, which PostgreSQL evaluates for the engine; so it does with what has no kernel.
SELECT * FROM same('SELECT id, (SELECT manager FROM regions r WHERE r.region = s.region) FROM sales s');
SELECT * FROM same('SELECT id FROM sales WHERE region NOT IN (SELECT region FROM regions WHERE manager < ''M. o'')');
SELECT * FROM same('SELECT CASE WHEN id % 2 = 0 THEN (SELECT max(length(story)) FROM regions) ELSE -id END FROM sales WHERE id < 200');
SELECT * FROM same('SELECT ROW(id, region), ARRAY[id, quantity], region || remark, price::text::numeric FROM sales WHERE id % 100 = 0');
EXPLAIN (COSTS OFF) SELECT id, (SELECT manager FROM regions r WHERE r.region = s.region) FROM sales s WHERE id < 5;
-- Values that lie elsewhere are brought in; so is what a subquery returns.
SELECT region, length(story), md5(story) FROM regions ORDER BY story, region;
SELECT DISTINCT ON (1) length((SELECT story FROM regions r WHERE r.region = s.region)) FROM sales s WHERE id < 9 ORDER BY 1;

-- Functions are called once for a row, in their settings, counted as PostgreSQL counts them, and only by who may.
SET track_functions = 'all';
CREATE FUNCTION twice(n int) RETURNS int LANGUAGE plpgsql STRICT STABLE AS $$ BEGIN RETURN 2 * n; END $$;
BEGIN;
SELECT sum(twice(quantity)), count(*) FROM sales WHERE id <= 100;
SELECT pg_stat_get_xact_function_calls('twice(int)'::regprocedure);
ROLLBACK;
RESET track_functions;
CREATE FUNCTION style() RETURNS text LANGUAGE sql STABLE SET datestyle = 'German' AS $$ SELECT date '2025-12-24'::text $$;
SELECT * FROM same('SELECT style(), day FROM sales WHERE id < 5');
CREATE ROLE engine_node_user;
GRANT USAGE ON SCHEMA engine_node TO engine_node_user;
GRANT SELECT (id, quantity), UPDATE (price) ON sales TO engine_node_user;
BEGIN;
REVOKE EXECUTE ON FUNCTION int4gt(int, int) FROM PUBLIC;
SET LOCAL ROLE engine_node_user;
SELECT id FROM sales WHERE quantity > 10000;
ROLLBACK;
BEGIN;
SET LOCAL ROLE engine_node_user;
SELECT id FROM sales WHERE quantity > 10004;
SELECT region FROM sales;
ROLLBACK;

-- Cursors: row by row, two at a time, held beyond the transaction, closed early.
BEGIN;
DECLARE a NO SCROLL CURSOR FOR SELECT id, region FROM sales WHERE id >= 4090;
DECLARE b NO SCROLL CURSOR WITH HOLD FOR SELECT id FROM sales WHERE id % 2500 = 0 ORDER BY id DESC;
FETCH 2 FROM a;
FETCH 1 FROM b;
FETCH FORWARD 3 FROM a;
MOVE 5300 IN a;
FETCH 2 FROM a;
FETCH BACKWARD 1 FROM a;
ROLLBACK;
BEGIN;
DECLARE c NO SCROLL CURSOR WITH HOLD FOR SELECT id FROM sales WHERE id % 2500 = 0 ORDER BY id DESC;
FETCH 1 FROM c;
COMMIT;
FETCH ALL FROM c;
CLOSE c;
BEGIN;
DECLARE d NO SCROLL CURSOR FOR SELECT id FROM sales;
FETCH 1 FROM d;
CLOSE d;
COMMIT;

SET client_min_messages = notice;
-- Errors in the middle of a batch, of the engine's and of PostgreSQL's; the transaction goes on, so do outer queries.
CREATE FUNCTION checked(n int) RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN IF n = 6000 THEN RAISE 'not %', n; END IF; RETURN n; END $$;
DO $$
DECLARE
	r record;
	text_of_error text;
	n int := 0;
BEGIN
	FOR r IN SELECT id FROM sales WHERE id % 3000 = 0 LOOP
		BEGIN
			PERFORM 1 / (id - 5000) FROM sales WHERE id > r.id;
			RAISE NOTICE 'no error above %', r.id;
		EXCEPTION WHEN division_by_zero THEN
			RAISE NOTICE 'division by zero above %', r.id;
		END;
		BEGIN
			PERFORM checked(id) FROM sales ORDER BY 1;
		EXCEPTION WHEN raise_exception THEN
			GET STACKED DIAGNOSTICS text_of_error = MESSAGE_TEXT;
			n := n + 1;
		END;
	END LOOP;
	RAISE NOTICE '% times: %', n, text_of_error;
END $$;
DO $$
BEGIN
	FOR i IN 1..3 LOOP
		BEGIN
			PERFORM 1 / (id - 5000) FROM sales;
		EXCEPTION WHEN division_by_zero THEN
			RAISE NOTICE 'caught';
		END;
	END LOOP;
END $$;
SET client_min_messages = warning;
BEGIN;
DECLARE survivor NO SCROLL CURSOR FOR SELECT id FROM sales WHERE id % 2000 = 0;
FETCH 1 FROM survivor;
SAVEPOINT s;
SELECT 1 / (id - 5000) FROM sales WHERE id > 4999;
ROLLBACK TO s;
FETCH 1 FROM survivor;
SAVEPOINT s;
DECLARE casualty NO SCROLL CURSOR FOR SELECT checked(id) FROM sales WHERE id >= 5999;
FETCH 1 FROM casualty;
FETCH 1 FROM casualty;
ROLLBACK TO s;
FETCH ALL FROM survivor;
COMMIT;
-- Cancelled while PostgreSQL's function runs for the engine.
CREATE FUNCTION slow(n int) RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN PERFORM pg_sleep(60); RETURN n; END $$;
SET statement_timeout = '100ms';
SELECT slow(id) FROM sales;
RESET statement_timeout;
-- A function that runs an engine of its own for each row.
CREATE FUNCTION below(n int) RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT max(id) FROM sales WHERE id < n); END $$;
SELECT * FROM same('SELECT id, below(id) FROM sales WHERE id % 1000 = 5');

-- Into tables, also into the one that is read; rows of the statement itself are not seen.
CREATE TABLE copy USING epiphany_column AS SELECT * FROM sales WHERE id > 5000;
INSERT INTO copy SELECT * FROM copy WHERE quantity < 3;
SELECT count(*), sum(id) FROM copy;
BEGIN;
INSERT INTO sales SELECT -i FROM generate_series(1, 3000) i;
SELECT * FROM same('SELECT id, quantity FROM sales WHERE id < 10');
DELETE FROM sales WHERE id < -10;
SELECT * FROM same('SELECT id, quantity FROM sales WHERE id < 10');
ROLLBACK;
CREATE MATERIALIZED VIEW later USING epiphany_column AS SELECT id FROM sales WITH NO DATA;
SELECT id FROM later;

-- What statistics say of the scan: scans, rows, groups and vectors, in groups and in the delta.
CREATE FUNCTION counted(query text, vectorized text, OUT scans bigint, OUT rows bigint, OUT counts text) LANGUAGE plpgsql AS $$
DECLARE
	b record;
BEGIN
	SELECT pg_stat_get_xact_numscans('sales'::regclass) s, pg_stat_get_xact_tuples_returned('sales'::regclass) r, * INTO b FROM epiphany.scan_counts();
	PERFORM set_config('epiphany.enable_vectorized', vectorized, true);
	EXECUTE query;
	scans := pg_stat_get_xact_numscans('sales'::regclass) - b.s;
	rows := pg_stat_get_xact_tuples_returned('sales'::regclass) - b.r;
	SELECT format('%s %s %s %s', c.groups_read - b.groups_read, c.groups_skipped - b.groups_skipped, c.vectors_read - b.vectors_read,
		c.vectors_skipped - b.vectors_skipped) INTO counts FROM epiphany.scan_counts() c;
	PERFORM set_config('epiphany.enable_vectorized', 'on', true);
END $$;
SELECT v, c.* FROM (VALUES ('on'), ('off')) v (v), LATERAL counted('SELECT id FROM sales', v) c;
SELECT v, c.* FROM (VALUES ('on'), ('off')) v (v), LATERAL counted('SELECT id FROM sales WHERE id BETWEEN 5000 AND 5010', v) c;
SELECT v, c.* FROM (VALUES ('on'), ('off')) v (v), LATERAL counted('SELECT id FROM sales WHERE id < (SELECT 100)', v) c;

-- Temporary files are PostgreSQL's: counted, limited, gone with the query.
SET work_mem = '64kB';
SELECT * FROM same('SELECT id, price, md5(id::text) AS m FROM sales ORDER BY m');
SET temp_file_limit = '100kB';
SELECT id, price, md5(id::text) AS m FROM sales ORDER BY m;
RESET temp_file_limit;
SELECT pg_stat_force_next_flush();
SELECT temp_files AS files_before FROM pg_stat_database WHERE datname = current_database() \gset
SELECT count(*) FROM (SELECT id, price, md5(id::text) AS m FROM sales ORDER BY m OFFSET 1) s;
SELECT pg_stat_force_next_flush();
SELECT temp_files - :files_before AS files FROM pg_stat_database WHERE datname = current_database();
SELECT count(*) AS left_over FROM pg_ls_tmpdir();
RESET work_mem;

-- EXPLAIN: the operators, and what they did.
EXPLAIN (COSTS OFF) SELECT s.id, upper(region) AS r FROM sales s WHERE id > 10 AND region = 'north' ORDER BY r DESC, id LIMIT 5;
EXPLAIN (COSTS OFF, VERBOSE) SELECT id FROM sales WHERE quantity > 3 ORDER BY price DESC NULLS LAST, region COLLATE "C";
EXPLAIN (COSTS OFF) SELECT r.manager, count(*), sum(quantity) FROM sales s LEFT JOIN regions r ON s.region = r.region AND s.id > 7
	WHERE quantity < 90 GROUP BY r.manager HAVING count(*) > 5;
EXPLAIN (COSTS OFF) SELECT id FROM sales WHERE quantity > (SELECT min(quantity) FROM sales) UNION ALL SELECT 1;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT id, remark FROM sales WHERE id BETWEEN 5000 AND 5010;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, FORMAT json) SELECT id, remark FROM sales WHERE id BETWEEN 5000 AND 5010;
EXPLAIN (COSTS OFF, FORMAT yaml) SELECT id FROM sales ORDER BY id LIMIT 3;
-- The keys of a join at the scan: rows with others are left out there, and groups beyond them.
CREATE TABLE picks AS SELECT 1000 + 500 * n AS id FROM generate_series(1, 4) n;
ANALYZE picks;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT sum(quantity) FROM sales JOIN picks USING (id);
SELECT sum(quantity), count(*) FROM sales JOIN picks USING (id);
SET epiphany.enable_vectorized = off;
SELECT sum(quantity), count(*) FROM sales JOIN picks USING (id);
RESET epiphany.enable_vectorized;
-- A semi join keeps the smaller side, whichever that is; the keys of one join are known to the inner side of another.
SET enable_nestloop = off;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT id FROM sales s WHERE day < '2025-01-02' AND
	EXISTS (SELECT FROM sales t WHERE t.id = s.id AND t.quantity < s.quantity + 1);
SELECT * FROM same($$SELECT id FROM sales s WHERE day < '2025-01-02' AND EXISTS (SELECT FROM sales t WHERE t.id = s.id AND t.quantity < s.quantity + 1)$$);
SELECT * FROM same($$SELECT s.id, t.day FROM sales s JOIN picks p ON p.id = s.id JOIN sales t ON t.id = s.id$$);
RESET enable_nestloop;
DROP TABLE picks;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT id FROM sales WHERE (SELECT false) AND id > 3;
CREATE FUNCTION explained(query text, options text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answer text;
BEGIN
	EXECUTE format('EXPLAIN (%s) %s', options, query) INTO answer;
	RETURN answer;
END $$;
SELECT jsonb_path_query(explained('SELECT id FROM sales ORDER BY id', 'ANALYZE, FORMAT json')::jsonb, '$.**."Engine Plan"') ?&
	ARRAY['Node Type', 'Actual Total Time', 'Actual Rows', 'Peak Memory Bytes', 'Plans'] AS has_all;
SELECT regexp_count(explained('SELECT id FROM sales ORDER BY id', 'ANALYZE, FORMAT xml'), '<(/?)(Engine-)?Plan>') AS plans_begun_and_ended;

-- Parallel plans: each row once; what workers did is in EXPLAIN's sums.
SET max_parallel_workers_per_gather = 3;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT id, quantity FROM sales WHERE quantity < 5;
SELECT * FROM same('SELECT id, quantity FROM sales WHERE quantity < 5');
SELECT * FROM same('SELECT id, remark, region FROM sales WHERE id % 3 = (SELECT min(quantity) FROM sales)');
SELECT * FROM same('SELECT r.region, n FROM regions r, LATERAL (SELECT count(*) AS n FROM sales s WHERE s.region = r.region) c');
SELECT * FROM same('SELECT n, (SELECT count(*) FROM sales WHERE id > 100 AND quantity < 6) FROM generate_series(1, 3) n');
CREATE FUNCTION done(query text, OUT in_workers bool, OUT rows numeric, OUT groups_read numeric) LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb := explained(query, 'ANALYZE, FORMAT json');
BEGIN
	in_workers := jsonb_path_query_first(plan, '$.**."Workers Launched"')::int > 0;
	rows := jsonb_path_query_first(plan, '$.**."Engine Plan"."Actual Rows"');
	groups_read := jsonb_path_query_first(plan, '$.**."Engine Plan"."Groups Read"');
END $$;
SELECT * FROM done('SELECT id, quantity FROM sales WHERE quantity < 5');
SET parallel_leader_participation = off;
SELECT * FROM done('SELECT id, quantity FROM sales WHERE quantity < 5');
-- Rows that nobody waits for, errors in workers.
SELECT count(*) FROM (SELECT id FROM sales WHERE quantity < 5 LIMIT 10) s;
SELECT 1 / (id - 5000) FROM sales;
DROP OWNED BY engine_node_user;
DROP ROLE engine_node_user;
DROP SCHEMA engine_node CASCADE;
