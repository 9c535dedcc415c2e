-- The last (or first) row of each series: SELECT DISTINCT ON (series) ... ORDER BY series, time. Scans leave out what cannot be one of them; answers
-- are those of PostgreSQL's own executor.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_epiphany CASCADE;
CREATE EXTENSION IF NOT EXISTS epiphany_timeseries CASCADE;
RESET client_min_messages;
CREATE SCHEMA series_last;
SET search_path = series_last;
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
-- Late rows as groups, compacted and not.
SELECT load(-700, 0);
INSERT INTO cpu SELECT timestamptz '2024-01-01' + i * interval '1 second', 'late_' || i % 5, -i, 0 FROM generate_series(0, 5000) i;
SELECT * FROM differences('SELECT DISTINCT ON (host) * FROM cpu ORDER BY host, ts DESC');
SELECT epiphany.compact('cpu') > 0;
SELECT * FROM differences('SELECT DISTINCT ON (host) * FROM cpu ORDER BY host, ts DESC');
SELECT * FROM differences('SELECT DISTINCT ON (host) * FROM cpu ORDER BY host, ts');
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

SET client_min_messages = warning;
DROP SCHEMA series_last CASCADE;
