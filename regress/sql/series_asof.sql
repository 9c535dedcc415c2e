-- The last row before each row: lateral subqueries with ORDER BY and LIMIT 1, looked up in a table of rows instead of one scan each.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_timeseries CASCADE;
RESET client_min_messages;
SET timezone = 'UTC';
SET datestyle = ISO;
CREATE TABLE trades (id int, sym text, ts timestamp, price numeric);
CREATE TABLE quotes (sym text, ts timestamp, bid float8, seq int);
INSERT INTO trades SELECT g, (ARRAY['aa', 'bb', 'cc', 'dd', NULL])[1 + g % 5], timestamp '2026-01-01' + (g * 7919 % 86400) * interval '1 s', g / 10.0 FROM generate_series(1, 600) g;
INSERT INTO trades VALUES (0, 'aa', NULL, 1), (-1, 'aa', 'infinity', 1), (-2, 'aa', '-infinity', 1);
INSERT INTO quotes SELECT (ARRAY['aa', 'bb', 'cc', 'ee', NULL])[1 + g % 5], CASE WHEN g % 97 <> 0 THEN timestamp '2026-01-01' + (g * 104729 % 86399) * interval '1 s' END, g, g % 3
FROM generate_series(1, 1500) g;
CREATE TABLE quotes_column USING epiphany_column AS TABLE quotes;
VACUUM ANALYZE trades, quotes, quotes_column;

EXPLAIN (COSTS OFF) SELECT t.id, q.bid FROM trades t LEFT JOIN LATERAL
	(SELECT bid FROM quotes q WHERE q.sym = t.sym AND q.ts <= t.ts ORDER BY q.ts DESC LIMIT 1) q ON true;
EXPLAIN (VERBOSE, COSTS OFF) SELECT t.id, (SELECT bid FROM quotes_column q WHERE t.sym = q.sym AND t.ts > q.ts AND q.bid > 10 AND q.ts > t.ts - interval '1 hour' ORDER BY q.ts DESC, bid LIMIT 1)
FROM trades t;
-- With and without: the same rows. Times of a symbol differ, but for those that further keys tell apart.
CREATE FUNCTION answers(form text, source text) RETURNS TABLE (line text) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE 'SELECT x::text FROM (' || replace(form, 'quotes', source) || ') x';
END $$;
CREATE TABLE forms (n int, form text);
INSERT INTO forms VALUES
	(1, 'SELECT t.id, q.* FROM trades t LEFT JOIN LATERAL (SELECT * FROM quotes q WHERE q.sym = t.sym AND q.ts <= t.ts ORDER BY q.ts DESC, q.bid LIMIT 1) q ON true'),
	(2, 'SELECT t.id, q.bid FROM trades t, LATERAL (SELECT bid FROM quotes q WHERE t.ts > q.ts AND t.sym = q.sym ORDER BY q.ts DESC, q.bid DESC LIMIT 1) q'),
	(3, 'SELECT t.id, q.bid, q.ts FROM trades t LEFT JOIN LATERAL (SELECT bid, ts FROM quotes q WHERE q.sym = t.sym AND q.ts >= t.ts ORDER BY q.ts, bid LIMIT 1) q ON true'),
	(4, 'SELECT t.id, (SELECT bid FROM quotes q WHERE q.sym = t.sym AND q.ts < t.ts AND q.seq = t.id % 3 AND q.bid > 20 ORDER BY q.ts DESC, bid LIMIT 1) FROM trades t'),
	(5, 'SELECT t.id, (SELECT bid FROM quotes q WHERE q.sym = t.sym AND q.ts < t.ts AND q.ts > t.ts - interval ''30 s'' ORDER BY q.ts DESC, bid LIMIT 1) FROM trades t'),
	(6, 'SELECT t.id, (SELECT bid FROM quotes q WHERE q.ts <= t.ts AND q.bid > t.price * 10 ORDER BY q.ts DESC, bid LIMIT 1) FROM trades t'),
	(7, 'SELECT t.id, q.bid FROM trades t LEFT JOIN LATERAL (SELECT bid FROM quotes q WHERE q.sym = t.sym AND q.ts <= (t.ts AT TIME ZONE ''UTC'') ORDER BY q.ts DESC, bid LIMIT 1) q ON q.bid > 100'),
	(8, 'SELECT d.d, (SELECT max(bid) FROM trades t, LATERAL (SELECT bid FROM quotes q WHERE q.sym = t.sym AND q.ts <= t.ts AND q.seq = d.d ORDER BY q.ts DESC, bid LIMIT 1) q WHERE t.id < 200) FROM generate_series(0, 2) d(d)'),
	-- Without a condition on times: each key's first row. Rows without a time come first, or last. Number 11 has another condition, too.
	(9, 'SELECT t.id, q.* FROM trades t LEFT JOIN LATERAL (SELECT * FROM quotes q WHERE q.sym = t.sym ORDER BY q.ts DESC, q.bid LIMIT 1) q ON true'),
	(10, 'SELECT t.id, q.bid, q.ts FROM trades t, LATERAL (SELECT bid, ts FROM quotes q WHERE t.sym = q.sym AND q.seq = t.id % 3 AND q.bid > 100 ORDER BY q.ts DESC NULLS LAST, bid DESC LIMIT 1) q'),
	(11, 'SELECT t.id, q.bid FROM trades t, LATERAL (SELECT bid FROM quotes q WHERE q.seq = t.id AND q.sym = (t.sym COLLATE "C")::text ORDER BY q.bid LIMIT 1) q'),
	(12, 'SELECT t.id, (SELECT bid FROM quotes q WHERE q.sym = t.sym ORDER BY q.ts DESC, q.bid LIMIT 1), (SELECT count((SELECT bid FROM quotes q WHERE q.sym = s.sym AND q.seq = t.id ORDER BY q.ts, q.bid LIMIT 1)) FROM trades s WHERE s.id < 60) FROM trades t WHERE t.id < 40');
CREATE TABLE answered (n int, line text);
SET epiphany.enable_asof_lookup = off;
INSERT INTO answered SELECT n, line FROM forms, answers(form, 'quotes');
SET epiphany.enable_asof_lookup = on;
SELECT n, count(*) AS rows, count(line) FILTER (WHERE line !~ ',,?\)$') AS found FROM answered GROUP BY n ORDER BY n;
CREATE FUNCTION plan_of(form text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	line text;
	n bigint := 0;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN ' || form LOOP
		n := n + (line LIKE '%AsofLookup%')::int;
	END LOOP;
	RETURN n;
END $$;
SELECT n, source, plan_of(replace(form, 'quotes', source)) AS lookups,
	(SELECT count(*) FROM (SELECT line FROM answers(form, source) EXCEPT ALL SELECT line FROM answered a WHERE a.n = f.n) x) AS differ
FROM forms f, unnest('{quotes, quotes_column}'::text[]) source ORDER BY n, source;
SET enable_memoize = off;
SELECT n, source, plan_of(replace(form, 'quotes', source)) AS lookups,
	(SELECT count(*) FROM (SELECT line FROM answers(form, source) EXCEPT ALL SELECT line FROM answered a WHERE a.n = f.n) x) AS differ
FROM forms f, unnest('{quotes, quotes_column}'::text[]) source WHERE n >= 9 ORDER BY n, source;
SET epiphany.debug_vectorize = force;
SELECT n, (SELECT count(*) FROM (SELECT line FROM answers(form, 'quotes_column') EXCEPT ALL SELECT line FROM answered a WHERE a.n = f.n) x) AS differ FROM forms f ORDER BY n;
RESET epiphany.debug_vectorize;
RESET enable_memoize;

-- In parallel workers, each with a table of its own.
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET enable_memoize = off;
EXPLAIN (COSTS OFF) SELECT count(q.bid) FROM trades t LEFT JOIN LATERAL
	(SELECT bid FROM quotes q WHERE q.sym = t.sym AND q.ts <= t.ts ORDER BY q.ts DESC LIMIT 1) q ON true;
SELECT n, (SELECT count(*) FROM (SELECT line FROM answers(form, 'quotes') EXCEPT ALL SELECT line FROM answered a WHERE a.n = f.n) x) AS differ FROM forms f WHERE n <= 4 ORDER BY n;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;

-- A table that does not fit into memory is not made.
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT count(q.bid) FROM (SELECT * FROM trades LIMIT 50) t LEFT JOIN LATERAL
	(SELECT bid FROM quotes q WHERE q.sym = t.sym AND q.ts <= t.ts ORDER BY q.ts DESC LIMIT 1) q ON true;
SELECT n, (SELECT count(*) FROM (SELECT line FROM answers(form, 'quotes') EXCEPT ALL SELECT line FROM answered a WHERE a.n = f.n) x) AS differ FROM forms f WHERE n IN (1, 3) ORDER BY n;
RESET work_mem;
RESET hash_mem_multiplier;

-- What is not of that shape is left alone: an index serves, a limit of two, rows that are locked, another order.
SELECT plan_of('SELECT t.id, (SELECT bid FROM quotes q WHERE q.sym = t.sym AND q.ts <= t.ts ORDER BY q.ts LIMIT 1) FROM trades t') AS first_of_all,
	plan_of('SELECT t.id, q.bid FROM trades t, LATERAL (SELECT bid FROM quotes q WHERE q.sym = t.sym AND q.ts <= t.ts ORDER BY q.ts DESC LIMIT 2) q') AS two,
	plan_of('SELECT t.id, q.bid FROM trades t, LATERAL (SELECT bid FROM quotes q WHERE q.sym = t.sym AND q.ts <= t.ts ORDER BY q.ts DESC LIMIT 1) q FOR UPDATE OF t') AS locked,
	plan_of('SELECT t.id, (SELECT bid FROM quotes q WHERE q.sym = t.sym AND q.ts <= t.ts ORDER BY q.bid DESC LIMIT 1) FROM trades t') AS by_another,
	plan_of('SELECT t.id, (SELECT bid FROM quotes q WHERE q.sym = t.sym AND q.ts <= t.ts AND random() < 2 ORDER BY q.ts DESC LIMIT 1) FROM trades t') AS is_volatile,
	plan_of('SELECT bid FROM quotes q WHERE q.sym = ''aa'' AND q.ts <= (SELECT max(ts) FROM trades) ORDER BY q.ts DESC LIMIT 1') AS once;
SELECT plan_of('SELECT q.bid FROM trades t, LATERAL (SELECT bid FROM quotes q WHERE q.sym = t.sym ORDER BY q.ts DESC LIMIT 1) q') AS firsts,
	plan_of('SELECT q.bid FROM trades t, LATERAL (SELECT bid FROM quotes q WHERE q.sym = t.sym AND q.bid > t.price ORDER BY q.ts DESC LIMIT 1) q') AS of_some,
	plan_of('SELECT q.bid FROM trades t, LATERAL (SELECT bid FROM quotes q WHERE q.sym > t.sym ORDER BY q.ts DESC LIMIT 1) q') AS without_key,
	plan_of('SELECT q.bid FROM (SELECT * FROM trades LIMIT 19) t, LATERAL (SELECT bid FROM quotes q WHERE q.sym = t.sym ORDER BY q.ts DESC LIMIT 1) q') AS few;
RESET enable_memoize;
SELECT plan_of('SELECT q.bid FROM trades t, LATERAL (SELECT bid FROM quotes q WHERE q.sym = t.sym ORDER BY q.ts DESC LIMIT 1) q') AS few_keys;
CREATE INDEX ON quotes (sym, ts);
SELECT plan_of('SELECT t.id, (SELECT bid FROM quotes q WHERE q.sym = t.sym AND q.ts <= t.ts ORDER BY q.ts DESC LIMIT 1) FROM trades t') AS indexed;

-- The last point of each series, of which one by one is found at once: where half of them are looked up at least.
SET epiphany.debug_vectorize = force;
CREATE TABLE points (ts timestamptz NOT NULL, host text, v int) USING epiphany_timeseries WITH (epiphany.segment_by = host);
INSERT INTO points SELECT '2026-01-01'::timestamptz + (g / 60) * interval '1 min', 'host' || g % 60, g FROM generate_series(1, 30000) g;
SELECT groups > 0 AS stored FROM epiphany.chunks('points');
INSERT INTO points VALUES ('2026-01-02', 'host7', -7), ('2026-02-02', 'host60', -60), ('2026-02-02', NULL, 0);
ANALYZE points;
CREATE TABLE hosts AS SELECT 'host' || g AS host FROM generate_series(0, 61) g UNION ALL VALUES (NULL);
ANALYZE hosts;
EXPLAIN (VERBOSE, COSTS OFF) SELECT h.host, p.* FROM hosts h LEFT JOIN LATERAL (SELECT * FROM points p WHERE p.host = h.host ORDER BY ts DESC LIMIT 1) p ON true;
SELECT plan_of('SELECT * FROM (TABLE hosts LIMIT 32) h, LATERAL (SELECT * FROM points p WHERE p.host = h.host ORDER BY ts DESC LIMIT 1) p') AS half,
	plan_of('SELECT * FROM (TABLE hosts LIMIT 25) h, LATERAL (SELECT * FROM points p WHERE p.host = h.host ORDER BY ts DESC LIMIT 1) p') AS fewer;
SELECT count(*), count(p.ts) AS found, sum(v), min(p.ts), max(p.ts) FROM hosts h LEFT JOIN LATERAL (SELECT * FROM points p WHERE p.host = h.host ORDER BY ts DESC LIMIT 1) p ON true;
SET epiphany.enable_asof_lookup = off;
SELECT count(*), count(p.ts) AS found, sum(v), min(p.ts), max(p.ts) FROM hosts h LEFT JOIN LATERAL (SELECT * FROM points p WHERE p.host = h.host ORDER BY ts DESC LIMIT 1) p ON true;
RESET epiphany.enable_asof_lookup;
RESET epiphany.debug_vectorize;

DROP TABLE trades, quotes, quotes_column, forms, answered, points, hosts;
DROP FUNCTION answers, plan_of;
