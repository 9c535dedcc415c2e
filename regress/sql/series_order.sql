-- The first groups by time: SELECT bucket, ... GROUP BY bucket ORDER BY bucket LIMIT n reads row groups in the order of their times, and stops when
-- no group to come is among the first. Answers are those of PostgreSQL's own executor.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_epiphany CASCADE;
CREATE EXTENSION IF NOT EXISTS epiphany_timeseries CASCADE;
RESET client_min_messages;
CREATE SCHEMA series_order;
SET search_path = series_order, epiphany;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET max_parallel_workers_per_gather = 0;
SET epiphany.debug_vectorize = force;
\getenv here PG_ABS_SRCDIR
\set by_engine :here '/include/by_engine.sql'
\i :by_engine

-- 6 hosts, 5 loads of a day each, a row in 20 seconds: groups of a day, a vector holds less than half a day of a host.
CREATE TABLE cpu (ts timestamptz NOT NULL, host text, v int, extra float8) USING epiphany_timeseries
	WITH (epiphany.segment_by = host, epiphany.chunk_interval = '1 day');
INSERT INTO cpu SELECT timestamptz '2024-03-28' + d * interval '1 day' + i * interval '20 seconds', 'host_' || h, i * 31 % 977 + h, i % 7
FROM (VALUES (3), (0), (1), (4), (2)) days(d), generate_series(0, 4319) i, generate_series(0, 5) h;
SELECT count(*) FROM row_groups('cpu');
-- Of the group of the last (or first) day the vectors with its last (or first) hour.
SELECT work($$SELECT time_bucket('1 minute', ts) AS m, max(v) FROM cpu GROUP BY m ORDER BY m DESC LIMIT 5$$);
SELECT work($$SELECT time_bucket('1 minute', ts) AS m, max(v) FROM cpu GROUP BY m ORDER BY m LIMIT 5$$);
SELECT work($$SELECT ts, count(*) FROM cpu GROUP BY ts ORDER BY ts DESC LIMIT 3$$);
SELECT work($$SELECT date_bin('1 hour', ts, '2000-01-01 00:10'), host, sum(v) FROM cpu WHERE extra < 5 GROUP BY 1, 2 ORDER BY 1 DESC, 2 LIMIT 25$$);
-- By the clock of a zone two days more may count; a condition on groups may leave out any.
SELECT work($$SELECT date_trunc('day', ts), count(*) FROM cpu GROUP BY 1 ORDER BY 1 DESC LIMIT 1$$);
SELECT work($$SELECT time_bucket('1 hour', ts), count(*) FROM cpu GROUP BY 1 HAVING count(*) > 5 ORDER BY 1 DESC LIMIT 1$$);
CREATE FUNCTION all_kinds() RETURNS TABLE (query text, rows bigint, only_engine bigint, only_postgres bigint) LANGUAGE sql AS $$ SELECT * FROM wrong(
	$q$SELECT time_bucket('1 minute', ts) AS m, max(v), count(*), sum(extra) FROM cpu GROUP BY m ORDER BY m DESC LIMIT 5$q$,
	$q$SELECT time_bucket('1 minute', ts) AS m, max(v), count(*) FROM cpu GROUP BY m ORDER BY m DESC LIMIT 5 OFFSET 300$q$,
	$q$SELECT time_bucket('1 minute', ts) AS m, max(v), count(*) FROM cpu WHERE ts < '2024-03-30 05:00:01' AND host <> 'host_3' GROUP BY m ORDER BY m DESC LIMIT 7$q$,
	$q$SELECT time_bucket('15 minutes', ts, timestamptz '2024-01-01 00:07') AS m, min(v), count(DISTINCT host) FROM cpu GROUP BY m ORDER BY m LIMIT 100$q$,
	$q$SELECT time_bucket('1 hour', ts, interval '25 min') AS m, host, sum(v) FROM cpu GROUP BY m, host ORDER BY m DESC, host LIMIT 33$q$,
	$q$SELECT time_bucket('1 hour', ts) AS m, host, sum(v) FROM cpu GROUP BY m, host ORDER BY host, m DESC LIMIT 33$q$,
	$q$SELECT time_bucket('1 hour', ts) AS m, host, sum(v) FROM cpu GROUP BY host, m ORDER BY m, sum(v) DESC, host LIMIT 33$q$,
	$q$SELECT time_bucket('1 month', ts) AS m, count(*) FROM cpu GROUP BY m ORDER BY m DESC LIMIT 1$q$,
	$q$SELECT time_bucket('1 day', ts, 'Europe/Berlin') AS m, count(*), sum(v) FROM cpu GROUP BY m ORDER BY m DESC LIMIT 3$q$,
	$q$SELECT time_bucket('2 hours', ts, 'Europe/Berlin') AS m, count(*), sum(v) FROM cpu GROUP BY m ORDER BY m LIMIT 40$q$,
	$q$SELECT date_trunc('hour', ts) AS m, count(*), sum(v) FROM cpu GROUP BY m ORDER BY m DESC LIMIT 40$q$,
	$q$SELECT date_trunc('week', ts, 'America/New_York') AS m, count(*), sum(v) FROM cpu GROUP BY m ORDER BY m DESC LIMIT 1$q$,
	$q$SELECT date_trunc('hour', ts AT TIME ZONE 'UTC') AS m, count(*), sum(v) FROM cpu GROUP BY m ORDER BY m LIMIT 40$q$,
	$q$SELECT date_bin('7 minutes', ts, '2001-01-01') AS m, count(*), sum(v) FROM cpu GROUP BY m ORDER BY m DESC LIMIT 40$q$,
	$q$SELECT ts, count(*), sum(v) FROM cpu WHERE extra = 3 GROUP BY ts ORDER BY ts DESC LIMIT 4$q$,
	$q$SELECT time_bucket('1 hour', ts) AS m, count(*) FROM cpu GROUP BY m HAVING sum(v) % 5 <> 1 ORDER BY m DESC LIMIT 4$q$,
	$q$SELECT time_bucket('1 hour', ts) AS m, count(*) FILTER (WHERE extra > 4), max(v) FILTER (WHERE host = 'host_4') FROM cpu GROUP BY m ORDER BY m DESC LIMIT 4$q$,
	$q$SELECT * FROM (SELECT time_bucket('1 hour', ts) AS m, v % 3 AS v, count(*) AS n FROM cpu GROUP BY 1, 2 ORDER BY m FETCH FIRST 4 ROWS WITH TIES) q ORDER BY m, v$q$,
	$q$SELECT time_bucket('1 hour', ts) AS m, host, count(*) FROM cpu GROUP BY ROLLUP (m, host) ORDER BY m DESC NULLS LAST, host LIMIT 50$q$,
	$q$SELECT time_bucket('1 hour', ts) AS m, host, count(*) FROM cpu GROUP BY ROLLUP (m, host) ORDER BY m DESC, host LIMIT 50$q$,
	$q$SELECT DISTINCT time_bucket('1 hour', ts) AS m FROM cpu ORDER BY m DESC LIMIT 5$q$,
	$q$SELECT * FROM (SELECT time_bucket('1 hour', ts) AS m, count(*) FROM cpu WHERE host = 'host_1' GROUP BY m
		UNION ALL SELECT ts, v FROM cpu WHERE host = 'host_2') q ORDER BY m DESC, 2 LIMIT 50$q$,
	$q$SELECT * FROM (SELECT time_bucket('1 hour', ts) AS m, count(*) FROM cpu GROUP BY m ORDER BY m DESC LIMIT 50) q ORDER BY m LIMIT 5$q$,
	$q$SELECT d, q.* FROM generate_series(1, 5) d, LATERAL (SELECT time_bucket('10 minutes', ts) AS m, count(*), sum(v) FROM cpu
		WHERE ts < timestamptz '2024-03-28' + d * interval '1 day' GROUP BY m ORDER BY m DESC LIMIT 1 + d) q$q$) $$;
SELECT * FROM all_kinds();
-- With a sort in place of the hash table, and with too little memory for all groups.
SET enable_hashagg = off;
SELECT work($$SELECT time_bucket('1 minute', ts) AS m, max(v) FROM cpu GROUP BY m ORDER BY m DESC LIMIT 5$$);
SELECT * FROM all_kinds();
RESET enable_hashagg;
SET work_mem = '64kB';
SELECT * FROM all_kinds();
RESET work_mem;
-- Rows of the heap region, before and after all others, and such as are gone.
INSERT INTO cpu VALUES ('2024-04-02 00:00:01', 'host_3', -1, 0), ('2024-04-01 07:00:01', 'host_4', -2, 0), ('2023-04-01', 'late', -3, 0);
DELETE FROM cpu WHERE ts > '2024-04-01 23:00' AND ts < '2024-04-02' OR ts < '2024-03-28 00:30' AND host < 'host_3';
UPDATE cpu SET ts = ts - interval '3 days' WHERE host = 'host_1' AND ts > '2024-04-01 20:00';
SELECT * FROM all_kinds();
SELECT compact('cpu') > 0;
SELECT * FROM all_kinds();
-- An older snapshot sees what it saw.
BEGIN ISOLATION LEVEL REPEATABLE READ;
DECLARE before CURSOR FOR SELECT time_bucket('1 hour', ts) AS m, count(*) FROM cpu GROUP BY m ORDER BY m DESC LIMIT 2;
DELETE FROM cpu WHERE ts > '2024-03-31 03:00';
FETCH 2 FROM before;
SELECT * FROM wrong($$SELECT time_bucket('1 hour', ts) AS m, count(*) FROM cpu GROUP BY m ORDER BY m DESC LIMIT 2$$);
ROLLBACK;
-- By parallel workers each has the first groups of its own rows.
SET max_parallel_workers_per_gather = 2;
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET enable_hashagg = off;
SET epiphany.debug_vectorize = off;
EXPLAIN (COSTS OFF) SELECT time_bucket('1 minute', ts) AS m, max(v) FROM cpu GROUP BY m ORDER BY m DESC LIMIT 5;
SELECT * FROM all_kinds();
RESET enable_hashagg;
SET epiphany.debug_vectorize = force;
SELECT * FROM all_kinds();
SET max_parallel_workers_per_gather = 0;

-- Nulls of both kinds, infinite times, dates and integers; tables that are in no order.
CREATE TABLE odd (ts timestamp, day date, n int, small int2, v int) USING epiphany_column;
INSERT INTO odd SELECT CASE WHEN i % 997 = 0 THEN NULL WHEN i % 1999 = 5 THEN 'infinity' WHEN i % 1999 = 7 THEN '-infinity'
		ELSE timestamp '2024-01-01' + (i * 7919 % 10007) * interval '1 minute' END,
	CASE WHEN i % 31 > 0 THEN date '2024-01-01' + i * 31 % 400 END, i * 7919 % 30011 - 10000, CASE WHEN i > 10000 THEN i % 3000 END, i
FROM generate_series(0, 20010) i;
INSERT INTO odd SELECT timestamp '2023-01-01' + i * interval '1 minute', date '2023-01-01' + i % 300, i, NULL, i FROM generate_series(1, 10000) i;
SELECT key, direction, q.*
FROM (VALUES ('ts'), ('time_bucket(''1 hour'', ts)'), ('time_bucket(''1 month'', ts)'), ('date_trunc(''quarter'', ts)'), ('date_trunc(''minute'', ts)'),
		('date_bin(''50 minutes'', ts, ''2024-01-01 00:03'')'), ('day'), ('time_bucket(''36 hours'', day)'), ('time_bucket(''7 days'', day)'),
		('time_bucket(''6 hours'', day)'), ('n'), ('time_bucket(100, n)'), ('time_bucket(1000, n, 7)'), ('small'), ('time_bucket(7::int2, small)'),
		('time_bucket(100, time_bucket(30, n))'), ('date_trunc(''day'', time_bucket(''36 hours'', ts))'), ('-n'), ('n % 100')) x(key),
	LATERAL (VALUES (''), ('DESC'), ('NULLS FIRST'), ('DESC NULLS LAST')) y(direction), LATERAL (VALUES (1), (13)) z(first),
	LATERAL differences(format('SELECT %1$s AS key, count(*), sum(v), min(v) FROM odd GROUP BY 1 ORDER BY 1 %2$s LIMIT %3$s', key, direction, first), true) q
WHERE q.only_engine + q.only_postgres > 0;
-- Rows as they are: one null is as good as another, but what else is sorted by decides among them.
SELECT * FROM wrong('SELECT small, v FROM odd ORDER BY small, v LIMIT 20000', 'SELECT small, v FROM odd WHERE small IS NULL OR small < 7 ORDER BY small, v LIMIT 60',
	'SELECT small, v FROM odd WHERE small IS NULL OR small < 7 ORDER BY small DESC NULLS LAST, v DESC LIMIT 60', 'SELECT small, v FROM odd ORDER BY small DESC, v LIMIT 60',
	'SELECT ts, v FROM odd ORDER BY ts DESC NULLS LAST, v LIMIT 10 OFFSET 7');
-- What is never read raises no error: the bucket of a time that begins before all times.
CREATE TABLE early (ts timestamp, v int) USING epiphany_timeseries;
INSERT INTO early SELECT timestamp '2024-01-01' + i * interval '1 minute', i FROM generate_series(1, 5000) i;
INSERT INTO early SELECT '4713-01-01 00:00 BC', i FROM generate_series(1, 2000) i;
SELECT time_bucket('1 year', ts), count(*) FROM early WHERE ts > '2000-01-01' GROUP BY 1 ORDER BY 1 LIMIT 1;

SET client_min_messages = warning;
DROP SCHEMA series_order CASCADE;
