-- The last (or first) row of each series: SELECT DISTINCT ON (series) ... ORDER BY series, time, and SELECT series, last(value, time) ... GROUP BY series.
-- Scans leave out what cannot be one of them; answers are those of PostgreSQL's own executor.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_epiphany CASCADE;
CREATE EXTENSION IF NOT EXISTS epiphany_timeseries CASCADE;
RESET client_min_messages;
CREATE SCHEMA series_last;
SET search_path = series_last, epiphany;
SET timezone = 'UTC';
SET datestyle = 'ISO';
SET max_parallel_workers_per_gather = 0;
SET epiphany.debug_vectorize = force;
\getenv here PG_ABS_SRCDIR
\set by_engine :here '/include/by_engine.sql'
\i :by_engine

-- 60 hosts, 3 loads of 700 rows each: groups of whole series, a vector holds parts of three or four. One value is each row's own.
CREATE TABLE cpu (ts timestamptz NOT NULL, host text, v int, extra float8) USING epiphany_timeseries WITH (epiphany.segment_by = host);
CREATE FUNCTION load(first int, last int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO cpu SELECT timestamptz '2024-01-01' + i * interval '10 seconds', 'host_' || h, i * 60 + h, i % 7
	FROM generate_series(first, last - 1) i, generate_series(0, 59) h $$;
SELECT load(0, 700), load(700, 1400), load(1400, 2100);
SELECT count(*) FROM epiphany.row_groups('cpu');
SELECT * FROM differences('SELECT DISTINCT ON (host) * FROM cpu ORDER BY host, ts DESC');
SELECT * FROM differences('SELECT DISTINCT ON (host) * FROM cpu ORDER BY host, ts');
SELECT * FROM differences('SELECT DISTINCT ON (host) host, ts, v FROM cpu ORDER BY host DESC, ts DESC NULLS LAST, v');
SELECT * FROM differences('SELECT DISTINCT ON (host) v, ts FROM cpu WHERE extra = 3 AND ts < ''2024-01-01 03:00'' ORDER BY host, ts DESC');
SELECT * FROM differences('SELECT DISTINCT ON (host) v + 1 AS next, ts FROM cpu WHERE host IN (''host_7'', ''host_9'', ''nobody'') ORDER BY host, ts DESC');
-- A few rows of the newest group are read, none of the others, whatever the order in which groups were stored.
SELECT work('SELECT DISTINCT ON (host) * FROM cpu ORDER BY host, ts DESC');
SELECT work('SELECT DISTINCT ON (host) * FROM cpu ORDER BY host, ts');
-- Likewise for the aggregates that are decided by such rows, and by nothing else.
SELECT * FROM differences('SELECT host, last(v, ts), last(extra, ts) AS e, max(ts) FROM cpu GROUP BY host');
SELECT * FROM differences('SELECT host, first(v, ts), first(host, ts) AS h, min(ts), first(ts, ts) AS t FROM cpu GROUP BY host HAVING first(v, ts) % 3 > 0');
SELECT * FROM differences('SELECT host, max(ts) FROM cpu WHERE extra = 3 AND ts < ''2024-01-01 03:00'' GROUP BY host');
SELECT * FROM differences('SELECT host, last(v, ts), first(v, ts), count(*) FROM cpu GROUP BY host');
SELECT * FROM differences('SELECT host, last(v, ts) FILTER (WHERE extra > 3) AS some, last(v, ts) FROM cpu GROUP BY host');
SELECT * FROM differences('SELECT last(v, ts), max(ts) FROM cpu');
SELECT * FROM differences('SELECT host, extra, last(v, ts) FROM cpu GROUP BY ROLLUP (host, extra)');
SELECT work('SELECT host, last(v, ts), last(extra, ts), max(ts) FROM cpu GROUP BY host');
SELECT work('SELECT host, first(host, ts) FROM cpu GROUP BY host');
SELECT work('SELECT host, max(ts) FROM cpu GROUP BY host');
SELECT work('SELECT host, last(v, ts), min(ts) FROM cpu GROUP BY host');
SET enable_hashagg = off;
SELECT work('SELECT host, last(v, ts) FROM cpu GROUP BY host ORDER BY host');
SELECT * FROM differences('SELECT host, last(v, ts) FROM cpu GROUP BY host ORDER BY host', true);
SELECT work('SELECT time_bucket(''1 minute'', ts) AS b, last(v, ts) FROM cpu GROUP BY b ORDER BY b LIMIT 3');
SELECT * FROM differences('SELECT time_bucket(''1 minute'', ts) AS b, last(v, ts), max(ts) FROM cpu WHERE host = ''host_3'' GROUP BY b ORDER BY b LIMIT 3', true);
RESET enable_hashagg;
SELECT work('SELECT time_bucket(''1 minute'', ts) AS b, last(v, ts) FROM cpu GROUP BY b ORDER BY b LIMIT 3');

-- Long runs: only the vectors where they end, or begin.
CREATE TABLE long (ts timestamptz NOT NULL, host text, v int) USING epiphany_timeseries WITH (epiphany.segment_by = host);
INSERT INTO long SELECT timestamptz '2024-01-01' + i / 4 * interval '1 second', 'host ' || i % 4, i FROM generate_series(0, 4 * 16384 - 1) i;
SELECT work('SELECT DISTINCT ON (host) * FROM long ORDER BY host, ts DESC');
SELECT work('SELECT DISTINCT ON (host) * FROM long ORDER BY host, ts');
DELETE FROM long WHERE host = 'host 2' AND ts > '2024-01-01 02:00';
SELECT * FROM differences('SELECT DISTINCT ON (host) * FROM long ORDER BY host, ts DESC');
-- A vector of one host, by its codes, is all that is read for it.
SELECT work('SELECT count(v) FROM long WHERE host = ''host 1'' AND ts >= ''2024-01-01 04:30''');

-- Rows of the heap region, and such as are gone: the last of some series, all of one, all that the newest group has of another.
INSERT INTO cpu VALUES ('2024-01-01 07:00', 'host_3', -1, 0), ('2023-12-31', 'host_4', -2, 0), ('2024-01-01 02:00', 'late', -3, 0);
DELETE FROM cpu WHERE host = 'host_5' OR (host = 'host_6' AND ts > '2024-01-01 05:00') OR (host = 'host_8' AND v >= 1400 * 60);
UPDATE cpu SET ts = ts - interval '1 day' WHERE host = 'host_9' AND v > 1300 * 60;
SELECT * FROM differences('SELECT DISTINCT ON (host) * FROM cpu ORDER BY host, ts DESC');
SELECT * FROM differences('SELECT DISTINCT ON (host) * FROM cpu ORDER BY host, ts');
SELECT * FROM differences('SELECT host, last(v, ts), max(ts) FROM cpu GROUP BY host');
SELECT * FROM differences('SELECT host, first(v, ts), min(ts) FROM cpu GROUP BY host');
-- Late rows as groups, compacted and not.
SELECT load(-700, 0);
INSERT INTO cpu SELECT timestamptz '2024-01-01' + i * interval '1 second', 'late_' || i % 5, -i, 0 FROM generate_series(0, 5000) i;
SELECT * FROM differences('SELECT DISTINCT ON (host) * FROM cpu ORDER BY host, ts DESC');
SELECT epiphany.compact('cpu') > 0;
SELECT * FROM differences('SELECT DISTINCT ON (host) * FROM cpu ORDER BY host, ts DESC');
SELECT * FROM differences('SELECT DISTINCT ON (host) * FROM cpu ORDER BY host, ts');
SELECT * FROM differences('SELECT host, last(v, ts), max(ts) FROM cpu GROUP BY host');
-- By parallel workers, each with the last of its own rows.
SET max_parallel_workers_per_gather = 2;
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SELECT * FROM differences('SELECT host, last(v, ts), last(host, ts) AS h, max(ts) FROM cpu GROUP BY host');
SELECT * FROM differences('SELECT DISTINCT ON (host) * FROM cpu ORDER BY host, ts DESC');
SET max_parallel_workers_per_gather = 0;
-- An older snapshot sees what it saw.
BEGIN ISOLATION LEVEL REPEATABLE READ;
DECLARE before CURSOR FOR SELECT DISTINCT ON (host) host, ts FROM cpu ORDER BY host, ts DESC;
DELETE FROM cpu WHERE ts > '2024-01-01 03:00';
FETCH 2 FROM before;
SELECT * FROM differences('SELECT DISTINCT ON (host) * FROM cpu ORDER BY host, ts DESC');
ROLLBACK;
-- Run again with another bound, and below a join.
SELECT * FROM differences('SELECT d, l.* FROM generate_series(1, 4) d, LATERAL (SELECT DISTINCT ON (host) host, v FROM cpu
	WHERE ts < timestamptz ''2024-01-01'' + d * interval ''1 hour'' ORDER BY host, ts DESC) l');

-- Nulls of both kinds, infinite times, equal times; series that are no strings, or not in a dictionary; tables that are in no order.
CREATE TABLE odd (ts timestamp, name text, number int, day date, amount numeric, v int) USING epiphany_column;
INSERT INTO odd SELECT CASE WHEN i % 997 = 0 THEN NULL WHEN i % 1999 = 5 THEN 'infinity' WHEN i % 1999 = 7 THEN '-infinity'
		ELSE timestamp '2024-01-01' + (i * 7919 % 10007) * interval '1 minute' END,
	CASE WHEN i % 50 > 0 THEN 'name ' || i % 50 END, CASE WHEN i % 31 > 0 THEN i % 31 END, date '2024-01-01' + i % 40, (i % 20)::numeric / 4, i
FROM generate_series(0, 20010) i;
SELECT series, t.*
FROM (VALUES ('name'), ('number'), ('day'), ('amount'), ('v % 20'), ('v')) x(series),
	LATERAL (VALUES (''), ('DESC'), ('NULLS FIRST'), ('DESC NULLS LAST')) y(direction),
	LATERAL differences(format('SELECT DISTINCT ON (%1$s) %1$s AS key, ts, v FROM odd ORDER BY %1$s, ts %2$s, v', series, direction)) t
WHERE t.only_engine + t.only_postgres > 0;
SELECT series, t.*
FROM (VALUES ('name, number'), ('number, name, day'), ('day, number'), ('name, amount')) x(series),
	LATERAL (VALUES (''), ('DESC'), ('NULLS FIRST'), ('DESC NULLS LAST')) y(direction),
	LATERAL differences(format('SELECT DISTINCT ON (%1$s) %1$s, ts, v FROM odd ORDER BY %1$s, ts %2$s, v', series, direction)) t
WHERE t.only_engine + t.only_postgres > 0;
SELECT series, t.*
FROM (VALUES ('name'), ('number'), ('day'), ('amount'), ('v'), ('name, number'), ('number, name, day'), ('day, number')) x(series),
	LATERAL (VALUES ('min'), ('max')) y(way), LATERAL (VALUES ('ts'), ('v'), ('number')) z(time),
	LATERAL differences(format('SELECT %1$s, %2$s(%3$s) FROM odd GROUP BY %1$s', series, way, time)) t
WHERE t.only_engine + t.only_postgres > 0;
SELECT * FROM differences('SELECT DISTINCT ON (name) * FROM odd ORDER BY name, v DESC');
SELECT * FROM differences('SELECT DISTINCT ON (name) * FROM odd WHERE ts IS NULL ORDER BY name, v');
SELECT * FROM differences('SELECT DISTINCT ON (name, number) * FROM odd ORDER BY name, number, v DESC');
-- A collation under which strings of other bytes are equal.
CREATE COLLATION ignoring_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE cased (ts int, name text COLLATE ignoring_case, v int) USING epiphany_timeseries
	WITH (epiphany.time_column = ts, epiphany.chunk_interval = 100000, epiphany.segment_by = name);
INSERT INTO cased SELECT i, CASE WHEN i % 3 = 0 THEN 'host ' ELSE 'HOST ' END || i % 10, i FROM generate_series(1, 9000) i;
SELECT * FROM differences('SELECT DISTINCT ON (name) ts, v FROM cased ORDER BY name, ts DESC');
-- Columns that groups lack.
ALTER TABLE cased ADD COLUMN later int DEFAULT 7, ADD COLUMN label text DEFAULT 'none';
INSERT INTO cased SELECT i, 'host ' || i % 12, i, i % 5, 'label ' || i % 3 FROM generate_series(1, 5000) i;
SELECT * FROM differences('SELECT DISTINCT ON (label) label, ts, v FROM cased ORDER BY label, ts DESC, v');
SELECT * FROM differences('SELECT DISTINCT ON (label) label, later, v FROM cased ORDER BY label, later, v');

-- Series of several columns, and of integers.
CREATE TABLE sensors (ts timestamptz NOT NULL, site int, sensor text, v float8) USING epiphany_timeseries WITH (epiphany.segment_by = 'site, sensor');
INSERT INTO sensors SELECT timestamptz '2024-01-01' + i * interval '10 seconds', 1000 + s, 'sensor ' || n, i * 7 % 1009
FROM generate_series(0, 4999) i, generate_series(0, 4) s, generate_series(0, 3) n;
CREATE TABLE devices (ts timestamptz NOT NULL, device bigint, v float8) USING epiphany_timeseries WITH (epiphany.segment_by = device);
INSERT INTO devices SELECT ts, site * 7::bigint, v FROM sensors WHERE sensor < 'sensor 2';
SELECT work('SELECT DISTINCT ON (site, sensor) * FROM sensors ORDER BY site, sensor, ts DESC');
SELECT work('SELECT site, sensor, first(v, ts) FROM sensors GROUP BY sensor, site');
SELECT work('SELECT DISTINCT ON (device) * FROM devices ORDER BY device, ts');
SELECT work('SELECT device, last(v, ts), max(ts) FROM devices GROUP BY device');
INSERT INTO sensors VALUES ('2024-01-02', 1001, 'sensor 3', -1), ('2024-01-02', 999, 'sensor 1', -2), ('2024-01-02', NULL, 'sensor 1', -3), ('2023-01-02', 1002, NULL, -4);
INSERT INTO devices VALUES ('2024-01-02', 7001, -1), ('2024-01-02', -9223372036854775808, -2), ('2024-01-02', 9223372036854775807, -3), ('2023-01-02', NULL, -4);
DELETE FROM sensors WHERE site = 1003 AND sensor = 'sensor 2' OR site = 1004 AND ts > '2024-01-01 06:00';
SELECT * FROM differences('SELECT DISTINCT ON (site, sensor) * FROM sensors ORDER BY site, sensor, ts DESC');
SELECT * FROM differences('SELECT DISTINCT ON (site, sensor) * FROM sensors ORDER BY sensor DESC, site, ts');
SELECT * FROM differences('SELECT DISTINCT ON (site) site, ts FROM sensors ORDER BY site, ts DESC');
SELECT * FROM differences('SELECT site, sensor, last(v, ts), max(ts) FROM sensors GROUP BY site, sensor');
SELECT * FROM differences('SELECT DISTINCT ON (device) * FROM devices ORDER BY device, ts DESC');
SELECT * FROM differences('SELECT device, first(v, ts), min(ts) FROM devices GROUP BY device');
SELECT compact('sensors') + compact('devices') > 0;
SELECT * FROM differences('SELECT DISTINCT ON (site, sensor) * FROM sensors ORDER BY site, sensor, ts DESC');
SELECT * FROM differences('SELECT DISTINCT ON (device) * FROM devices ORDER BY device, ts DESC');
SELECT * FROM differences('SELECT device, last(v, ts), max(ts) FROM devices GROUP BY device');

SET client_min_messages = warning;
DROP SCHEMA series_last CASCADE;
