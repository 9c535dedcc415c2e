-- Window functions in the engine: each query is run with it and without; both must agree. Orders are total where a function can tell.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_columnstore;
RESET client_min_messages;
CREATE SCHEMA engine_window;
SET search_path = engine_window;
SET epiphany.debug_vectorize = force;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
CREATE TABLE readings (id int, place text, kind int, amount numeric, cents numeric(10,2), level float8, low float4, big int8, day date, ok bool)
	USING epiphany_column;
INSERT INTO readings
SELECT i, CASE WHEN i % 17 > 0 THEN 'a longer name of place ' || i * 7919 % 23 END, nullif(i * 104729 % 40, 0),
	CASE i % 501 WHEN 7 THEN 'NaN' WHEN 8 THEN 'Infinity' WHEN 9 THEN 1e40 ELSE trim_scale((i % 1000)::numeric / 64) END,
	nullif(i * 17 % 1000 / 4.0, 3), i * 31 % 17 / 3.0, i % 11 / 7.0, i % 300 * 12345678901, date '2025-01-01' + i % 50, i % 3 = 0
FROM generate_series(1, 7000) i;
CREATE TABLE none (LIKE readings) USING epiphany_column;
CREATE TABLE few USING epiphany_column AS SELECT * FROM readings WHERE id <= 12;
ANALYZE readings, none, few;

-- How many rows, how many of them not in both answers, how many engine nodes. Windows of PostgreSQL's would show.
CREATE FUNCTION same(query text, OUT rows bigint, OUT "differing rows" bigint, OUT nodes int) LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	nodes := 0;
	FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
		nodes := nodes + (line LIKE '%Custom Scan (Epiphany Engine)%')::int - 100 * (line LIKE '%WindowAgg%')::int;
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

\echo plans
EXPLAIN (COSTS OFF) SELECT id, rank() OVER (PARTITION BY place ORDER BY kind DESC), sum(cents) OVER (ORDER BY day) FROM readings;
EXPLAIN (COSTS OFF) SELECT * FROM (SELECT id, row_number() OVER (PARTITION BY kind ORDER BY id) AS n, count(*) OVER (PARTITION BY place) AS c
	FROM readings) q WHERE n <= 3 AND c > 10;
EXPLAIN (COSTS OFF, VERBOSE) SELECT lag(id, 2) OVER w + 1, avg(cents) FILTER (WHERE ok) OVER w FROM readings
	WINDOW w AS (PARTITION BY kind ORDER BY id ROWS 3 PRECEDING);

\echo functions
SELECT * FROM same('SELECT id, row_number() OVER w, ntile(7) OVER w, ntile(kind) OVER w FROM readings WINDOW w AS (PARTITION BY place ORDER BY id)');
SELECT * FROM same('SELECT id, rank() OVER w, dense_rank() OVER w, percent_rank() OVER w, cume_dist() OVER w FROM readings
	WINDOW w AS (PARTITION BY ok ORDER BY kind DESC NULLS LAST, place)');
SELECT * FROM same('SELECT id, lag(place) OVER w, lead(amount, 3) OVER w, lag(cents, kind, -1) OVER w, lead(place, 2, kind::text) OVER w,
	lag(day, -5000) OVER w FROM readings WINDOW w AS (ORDER BY day, id)');
SELECT * FROM same('SELECT id, first_value(place) OVER w, last_value(amount) OVER w, nth_value(cents, 4) OVER w, nth_value(place, kind) OVER w
	FROM readings WINDOW w AS (PARTITION BY ok ORDER BY level, id ROWS BETWEEN 5 PRECEDING AND 2 FOLLOWING)');
SELECT * FROM same('SELECT id, count(*) OVER w, count(place) OVER w, sum(kind) OVER w, avg(big) OVER w, min(place) OVER w, max(level) OVER w,
	bool_and(ok) OVER w, variance(kind) OVER w, sum(amount) OVER w FROM readings WINDOW w AS (PARTITION BY kind)');
SELECT * FROM same('SELECT id, sum(level) OVER w, avg(low) OVER w, sum(low) OVER w, stddev(level) OVER w, max(day) OVER w FROM readings
	WINDOW w AS (PARTITION BY place ORDER BY id)');

\echo frames
SELECT * FROM same('SELECT id, sum(kind) OVER w, avg(cents) OVER w, min(place) OVER w, count(*) OVER w FROM readings WINDOW w AS (ORDER BY day)');
SELECT * FROM same('SELECT id, sum(level) OVER w, avg(amount) OVER w, sum(cents) OVER w, var_pop(big) OVER w FROM readings
	WINDOW w AS (ORDER BY id ROWS BETWEEN 30 PRECEDING AND 10 PRECEDING)');
SELECT * FROM same('SELECT id, sum(cents) OVER w, avg(amount) OVER w, stddev(kind) OVER w, count(place) OVER w FROM readings
	WINDOW w AS (ORDER BY id ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)');
SELECT * FROM same('SELECT id, sum(amount) OVER w, max(cents) OVER w, last_value(kind) OVER w FROM readings
	WINDOW w AS (PARTITION BY place ORDER BY kind GROUPS BETWEEN 2 PRECEDING AND 1 FOLLOWING)');
SELECT * FROM same('SELECT id, sum(kind) OVER w, count(*) OVER w FROM readings
	WINDOW w AS (PARTITION BY place ORDER BY big DESC RANGE BETWEEN 99999999999 PRECEDING AND 20000000000 FOLLOWING)');
SELECT * FROM same('SELECT id, avg(cents) OVER w FROM readings
	WINDOW w AS (ORDER BY day RANGE BETWEEN interval ''3 days'' PRECEDING AND CURRENT ROW)');
SELECT * FROM same('SELECT id, sum(kind) OVER w FROM readings
	WINDOW w AS (PARTITION BY ok ORDER BY kind NULLS FIRST RANGE BETWEEN 1 FOLLOWING AND 3 FOLLOWING)');
SELECT * FROM same('SELECT id, sum(cents) FILTER (WHERE ok) OVER w, count(*) FILTER (WHERE kind > 20) OVER w FROM readings
	WINDOW w AS (PARTITION BY place ORDER BY id ROWS 4 PRECEDING)');
-- Sums are shown with the scale of their frame's rows, which may be less than that of the frame before.
SELECT id, sum(n) OVER w, avg(n) OVER w FROM (SELECT id, CASE id WHEN 2 THEN 1.500 WHEN 5 THEN 'NaN' ELSE id END AS n FROM few) q
	WINDOW w AS (ORDER BY id ROWS 1 PRECEDING);

\echo several windows, conditions on them, parts of larger queries
SELECT * FROM same('SELECT id, rank() OVER (PARTITION BY kind ORDER BY level), sum(cents) OVER (PARTITION BY place ORDER BY id),
	count(*) OVER () FROM readings WHERE ok');
SELECT * FROM same('SELECT * FROM (SELECT id, kind, row_number() OVER (PARTITION BY kind ORDER BY id DESC) AS n FROM readings) q WHERE n <= 2');
SELECT * FROM same('SELECT * FROM (SELECT id, row_number() OVER (ORDER BY id DESC) AS n FROM readings) q WHERE n < 2500');
SELECT * FROM same('SELECT * FROM (SELECT id, rank() OVER (PARTITION BY kind ORDER BY day) AS n, count(*) OVER (PARTITION BY place ORDER BY id) AS c,
	sum(big) OVER (ORDER BY id) AS s FROM readings) q WHERE n < 4 AND c = 1');
SELECT * FROM same('SELECT kind, sum(cents), rank() OVER (ORDER BY sum(cents) DESC NULLS LAST), sum(count(*)) OVER () FROM readings GROUP BY kind');
SELECT * FROM same('SELECT r.id, f.id, lead(r.cents) OVER (PARTITION BY f.id ORDER BY r.id) FROM readings r JOIN few f USING (kind)');
SELECT * FROM same('SELECT f.id, q.* FROM few f, LATERAL (SELECT id AS other, sum(kind) OVER (ORDER BY id ROWS f.id PRECEDING) FROM readings r
	WHERE r.day = f.day OFFSET 0) q');
SELECT * FROM same('SELECT id, sum(cents) OVER (ORDER BY id) FROM readings ORDER BY id LIMIT 5');
SELECT * FROM same('SELECT sum(kind) OVER w, lag(id) OVER w, ntile(0) OVER w FROM none WINDOW w AS (ORDER BY id)');

\echo little memory
SET work_mem = '64kB';
SELECT * FROM same('SELECT id, sum(kind) OVER w, lead(place, 5) OVER w, last_value(place) OVER w, first_value(amount) OVER w, ntile(10) OVER w
	FROM readings WINDOW w AS (ORDER BY id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)');
SELECT * FROM same('SELECT id, min(place) OVER w, sum(level) OVER w, lag(place, 3000, place) OVER w FROM readings
	WINDOW w AS (PARTITION BY ok ORDER BY id ROWS BETWEEN 40 PRECEDING AND 40 FOLLOWING)');
CREATE FUNCTION spilled(query text) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, FORMAT JSON) ' || query INTO plan;
	RETURN jsonb_path_exists(plan, '$.** ? (@."Node Type" == "Window" && @."Spilled Bytes" > 0)');
END $$;
SELECT spilled('SELECT count(*) OVER (), place, amount FROM readings');
SELECT spilled('SELECT count(*) OVER (ORDER BY id), place, amount FROM readings');
RESET work_mem;

\echo parameters, errors
PREPARE moving(int, int) AS SELECT id, sum(kind) OVER (ORDER BY id ROWS BETWEEN $1 PRECEDING AND $2 FOLLOWING) FROM few ORDER BY id LIMIT 3;
EXECUTE moving(0, 1);
EXECUTE moving(2, 0);
EXECUTE moving(NULL, 0);
EXECUTE moving(-1, 0);
EXECUTE moving(0, NULL);
EXECUTE moving(0, -1);
SET plan_cache_mode = force_generic_plan;
EXECUTE moving(1, 1);
RESET plan_cache_mode;
SELECT sum(kind) OVER (ORDER BY id GROUPS -1 PRECEDING) FROM none;
SELECT sum(kind) OVER (ORDER BY big RANGE -1 PRECEDING) FROM few;
SELECT ntile(0) OVER (ORDER BY id) FROM few;
SELECT nth_value(id, 0) OVER (ORDER BY id) FROM few;
-- Only at rows that are asked for.
SELECT id, lag(100 / (id - 12), 1, 0) OVER (ORDER BY id) FROM few ORDER BY id DESC LIMIT 2;
SELECT id, lag(100 / (id - 5)) OVER (ORDER BY id) FROM few;

\echo left to PostgreSQL
SET epiphany.vectorize_notices = on;
EXPLAIN (COSTS OFF) SELECT count(*) OVER (ORDER BY id ROWS 1 PRECEDING EXCLUDE CURRENT ROW) FROM few;
EXPLAIN (COSTS OFF) SELECT array_agg(id) OVER (ORDER BY id) FROM few;
SET epiphany.enable_vectorized_window = off;
EXPLAIN (COSTS OFF) SELECT rank() OVER (ORDER BY id) FROM few;
RESET epiphany.enable_vectorized_window;
RESET epiphany.vectorize_notices;

SET client_min_messages = warning;
DROP SCHEMA engine_window CASCADE;
