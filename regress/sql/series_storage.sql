-- Tables USING epiphany_timeseries: the time column, its options, and what becomes of them when columns change.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_epiphany CASCADE;
CREATE EXTENSION IF NOT EXISTS epiphany_timeseries CASCADE;
RESET client_min_messages;
CREATE SCHEMA series;
SET search_path = series;
SET timezone = 'UTC';
SET datestyle = 'ISO';
CREATE FUNCTION time_options(regclass) RETURNS TABLE (name text, value text, is_default bool) LANGUAGE sql AS $$
	SELECT name, value, is_default FROM epiphany.table_options($1)
	WHERE name IN ('epiphany.time_column', 'epiphany.segment_by', 'epiphany.chunk_interval') $$;

-- The time column is found: the first that cannot be null, else the first.
CREATE TABLE found (host text, noticed date, ts timestamptz NOT NULL, v float8) USING epiphany_timeseries;
SELECT * FROM time_options('found');
CREATE TABLE by_key (noticed timestamp, host int, ts timestamp, PRIMARY KEY (host, ts)) USING epiphany_timeseries;
SELECT * FROM time_options('by_key');
CREATE TABLE nullable (v int, d date, ts timestamptz) USING epiphany_timeseries;
SELECT * FROM time_options('nullable');
CREATE TABLE queried USING epiphany_timeseries WITH (epiphany.segment_by = v) AS SELECT 1 AS v, timestamptz '2024-01-01' AS "When, exactly";
SELECT * FROM time_options('queried');
CREATE MATERIALIZED VIEW viewed USING epiphany_timeseries AS SELECT date '2024-01-01' AS d;
SELECT * FROM time_options('viewed');

-- Given: names as SQL has them, widths in one spelling.
CREATE TABLE given (host text, "Region, City" text, ts bigint, v int) USING epiphany_timeseries
	WITH (epiphany.time_column = 'TS', epiphany.segment_by = 'host,   "Region, City"', epiphany.chunk_interval = '+1000');
SELECT * FROM time_options('given');
SELECT label FROM pg_seclabel WHERE objoid = 'given'::regclass;
CREATE TABLE spelt (ts timestamptz) USING epiphany_timeseries WITH (epiphany.chunk_interval = '2 weeks');
SET intervalstyle = iso_8601;
ALTER TABLE spelt SET (epiphany.chunk_interval = 'P1M');
RESET intervalstyle;
SELECT * FROM time_options('spelt');
-- Any column table may have a time column; without one it has no buckets.
CREATE TABLE plain (ts timestamptz, v int) USING epiphany_column;
SELECT * FROM time_options('plain');
ALTER TABLE plain SET (epiphany.chunk_interval = '1 day');
ALTER TABLE plain SET (epiphany.time_column = ts, epiphany.chunk_interval = '1 day');
SELECT * FROM time_options('plain');

-- Refused.
CREATE TABLE bad (a text) USING epiphany_timeseries;
CREATE TABLE bad (a int) USING epiphany_timeseries;
CREATE TABLE bad (a int) USING epiphany_timeseries WITH (epiphany.time_column = a);
CREATE TABLE bad (a int) USING epiphany_timeseries WITH (epiphany.time_column = a, epiphany.chunk_interval = '1 day');
CREATE TABLE bad (a timestamptz) USING epiphany_timeseries WITH (epiphany.chunk_interval = 1000);
CREATE TABLE bad (a timestamptz) USING epiphany_timeseries WITH (epiphany.chunk_interval = 0);
CREATE TABLE bad (a timestamptz) USING epiphany_timeseries WITH (epiphany.chunk_interval = '-1 day');
CREATE TABLE bad (a timestamptz) USING epiphany_timeseries WITH (epiphany.chunk_interval = 'infinity');
CREATE TABLE bad (a timestamptz) USING epiphany_timeseries WITH (epiphany.chunk_interval = weekly);
CREATE TABLE bad (a timestamptz, b text) USING epiphany_timeseries WITH (epiphany.time_column = b);
CREATE TABLE bad (a timestamptz) USING epiphany_timeseries WITH (epiphany.time_column = c);
CREATE TABLE bad (a timestamptz, b timestamptz) USING epiphany_timeseries WITH (epiphany.time_column = 'a, b');
CREATE TABLE bad (a timestamptz) USING epiphany_timeseries WITH (epiphany.segment_by = c);
CREATE TABLE bad (a timestamptz, b int) USING epiphany_timeseries WITH (epiphany.segment_by = 'b, b');
CREATE TABLE bad (a timestamptz, b int) USING epiphany_timeseries WITH (epiphany.segment_by = '');
CREATE TABLE bad (a timestamptz, b int) USING epiphany_timeseries WITH (epiphany.segment_by = 'a');
CREATE TABLE bad (a timestamptz, b int) USING epiphany_column WITH (epiphany.segment_by = b);
CREATE TABLE bad (a timestamptz) USING heap WITH (epiphany.time_column = a);
CREATE TABLE bad USING epiphany_timeseries AS SELECT 'x'::text AS a;
SET default_table_access_method = epiphany_timeseries;
CREATE TABLE bad (a text);
-- As a dump is restored: the table comes first, then what its options are.
CREATE TABLE restored (a int, b text);
SELECT * FROM time_options('restored');
INSERT INTO restored VALUES (1);
SECURITY LABEL FOR epiphany ON TABLE restored IS 'chunk_interval=10, time_column=c';
SECURITY LABEL FOR epiphany ON TABLE restored IS 'time_column=a';
SECURITY LABEL FOR epiphany ON TABLE restored IS 'chunk_interval=10, time_column=a';
SELECT * FROM time_options('restored');
TABLE restored;
RESET default_table_access_method;

-- Columns change.
ALTER TABLE found RENAME COLUMN ts TO "Time";
SELECT * FROM time_options('found');
ALTER TABLE found SET (epiphany.segment_by = 'host, v');
ALTER TABLE found RENAME COLUMN host TO "the, host %20";
SELECT * FROM time_options('found');
SELECT label FROM pg_seclabel WHERE objoid = 'found'::regclass;
ALTER TABLE found DROP COLUMN "the, host %20";
SELECT * FROM time_options('found');
ALTER TABLE found DROP COLUMN "Time";
ALTER TABLE found ALTER COLUMN "Time" TYPE text;
ALTER TABLE found ALTER COLUMN "Time" TYPE date;
ALTER TABLE found ALTER COLUMN "Time" TYPE bigint USING 1;
ALTER TABLE found ADD COLUMN early timestamptz NOT NULL DEFAULT 'epoch';
SELECT * FROM time_options('found');
ALTER TABLE found SET (epiphany.time_column = early);
ALTER TABLE found DROP COLUMN "Time", DROP COLUMN v;
SELECT * FROM time_options('found');
-- Without the option the column is found anew.
ALTER TABLE by_key SET (epiphany.time_column = noticed);
ALTER TABLE by_key RESET (epiphany.time_column, epiphany.chunk_interval);
SELECT * FROM time_options('by_key');
CREATE TYPE reading AS (ts timestamptz, v int);
CREATE TABLE typed OF reading USING epiphany_timeseries;
ALTER TYPE reading RENAME ATTRIBUTE ts TO at CASCADE;
SELECT * FROM time_options('typed');
BEGIN;
ALTER TABLE typed RENAME TO renamed;
SAVEPOINT s;
ALTER TYPE reading RENAME ATTRIBUTE at TO moment CASCADE;
ROLLBACK TO s;
COMMIT;
SELECT * FROM time_options('renamed');

-- The access method changes.
CREATE TABLE moves (a int, ts timestamptz) USING heap;
INSERT INTO moves SELECT i, timestamptz '2024-01-01' + i * interval '1 hour' FROM generate_series(1, 3000) i;
ALTER TABLE moves SET ACCESS METHOD epiphany_timeseries;
SELECT * FROM time_options('moves');
SELECT count(*), min(ts), max(ts), sum(a) FROM moves;
ALTER TABLE moves SET ACCESS METHOD epiphany_column;
SELECT * FROM time_options('moves');
ALTER TABLE moves SET ACCESS METHOD heap;
SELECT count(*) FROM pg_seclabel WHERE objoid = 'moves'::regclass;
ALTER TABLE moves DROP COLUMN ts;
ALTER TABLE moves SET ACCESS METHOD epiphany_timeseries;
ALTER TABLE moves SET ACCESS METHOD epiphany_timeseries, SET (epiphany.time_column = a, epiphany.chunk_interval = 1000);
SELECT * FROM time_options('moves');
SELECT count(*), sum(a) FROM moves;

-- Partitions have their parent's options, and find a time column where it has none.
CREATE TABLE parted (host text, ts timestamptz, other timestamptz NOT NULL) PARTITION BY LIST (host) USING epiphany_timeseries
	WITH (epiphany.time_column = ts, epiphany.segment_by = host);
CREATE TABLE parted_a PARTITION OF parted FOR VALUES IN ('a');
SELECT * FROM time_options('parted_a');
ALTER TABLE parted RENAME COLUMN ts TO moment;
SELECT * FROM time_options('parted_a');

-- Buckets: loads are sorted by bucket, series and time; what is too little for a group of its bucket goes to the delta.
CREATE FUNCTION same(a regclass, b regclass) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE
	differ int8;
BEGIN
	EXECUTE format('SELECT count(*) FROM ((TABLE %1$s EXCEPT ALL TABLE %2$s) UNION ALL (TABLE %2$s EXCEPT ALL TABLE %1$s)) d', a, b) INTO differ;
	RETURN differ = 0;
END $$;
CREATE FUNCTION chunks(regclass) RETURNS TABLE (range_start timestamptz, range_end timestamptz, groups int8, rows int8, dead_rows int8, state text)
	LANGUAGE sql AS 'SELECT range_start, range_end, groups, rows, dead_rows, state FROM epiphany.chunks($1)';
CREATE TABLE plainly (ts timestamptz, host text, v int);
INSERT INTO plainly SELECT timestamptz '2024-01-01' + i % 8640 * interval '10 s' + i / 40000 * interval '1 day', 'host_' || i % 7, i
	FROM generate_series(0, 119999) i;
INSERT INTO plainly VALUES (NULL, 'host_1', 1), ('infinity', 'host_2', 2), ('-infinity', 'host_3', 3), ('1969-12-31 23:59:59.999999+00', NULL, 4),
	('2024-01-03 24:00', 'host_4', 5), ('294276-12-31 23:59', 'host_5', 6), ('4714-11-24 00:00 BC', 'host_6', 7);
CREATE TABLE loaded (LIKE plainly) USING epiphany_timeseries WITH (epiphany.segment_by = host, epiphany.chunk_interval = '1 day');
INSERT INTO loaded TABLE plainly;
SELECT * FROM chunks('loaded');
SELECT same('plainly', 'loaded');
-- Rows of a series lie together, in the order of time.
SELECT count(*) FROM (SELECT host, lag(host) OVER w AS before, ts < lag(ts) OVER w AS back FROM (SELECT *, ctid FROM loaded) l
	WHERE ts BETWEEN '2024-01-01' AND '2024-01-03 23:59:59' WINDOW w AS (ORDER BY ctid)) o WHERE host <> before OR (back AND host = before);
SELECT epiphany.compact('loaded');
SELECT * FROM chunks('loaded');
SELECT same('plainly', 'loaded');
SELECT * FROM epiphany.verify('loaded');

-- With an index rows get their places at once; compaction puts them in order. Late rows join their bucket.
CREATE TABLE indexed (ts timestamptz, host text, v int, UNIQUE (host, ts, v)) USING epiphany_timeseries
	WITH (epiphany.segment_by = host, epiphany.chunk_interval = '1 day');
INSERT INTO indexed SELECT * FROM plainly ORDER BY ts;
SELECT * FROM chunks('indexed');
SELECT epiphany.compact('indexed') > 100000 AS moved;
SELECT * FROM chunks('indexed');
SELECT same('plainly', 'indexed');
INSERT INTO indexed SELECT timestamptz '2024-01-02 00:00:05' + i * interval '10 s', 'host_8', i FROM generate_series(0, 2999) i;
INSERT INTO plainly SELECT timestamptz '2024-01-02 00:00:05' + i * interval '10 s', 'host_8', i FROM generate_series(0, 2999) i;
DELETE FROM indexed WHERE host = 'host_3';
DELETE FROM plainly WHERE host = 'host_3';
UPDATE indexed SET ts = ts + interval '2 days' WHERE host = 'host_5' AND v % 10 = 0 AND isfinite(ts) AND ts < '2100-01-01';
UPDATE plainly SET ts = ts + interval '2 days' WHERE host = 'host_5' AND v % 10 = 0 AND isfinite(ts) AND ts < '2100-01-01';
SELECT epiphany.compact('indexed') > 0 AS moved;
VACUUM indexed;
SELECT epiphany.compact('indexed') > 0 AS moved;
VACUUM indexed;
SELECT * FROM chunks('indexed');
SELECT same('plainly', 'indexed');
SELECT * FROM epiphany.verify('indexed');
SET enable_seqscan = off;
SELECT count(*), sum(v), min(ts), max(ts) FROM indexed WHERE host = 'host_8';
SELECT * FROM indexed WHERE host = 'host_4' ORDER BY ts DESC LIMIT 2;
RESET enable_seqscan;
INSERT INTO indexed VALUES ('2024-01-02 00:00:05', 'host_8', 0) ON CONFLICT (host, ts, v) DO UPDATE SET v = -1 RETURNING *;
INSERT INTO indexed VALUES ('2024-01-02 00:00:05', 'host_8', -1);

-- Rows that trickle in are merged so that each moves a few times only: groups of a bucket differ in size by more than what is below them.
CREATE TABLE trickle (ts timestamptz, v int) USING epiphany_timeseries WITH (epiphany.chunk_interval = '1 day');
DO $$ BEGIN
	FOR i IN 1..20 LOOP
		INSERT INTO series.trickle SELECT timestamptz '2024-01-01' + j * interval '1 s', i FROM generate_series(1, 3000) j;
	END LOOP;
END $$;
SELECT range_start, groups, rows, state FROM epiphany.chunks('trickle');
SELECT epiphany.compact('trickle');
SELECT range_start, groups, rows, state FROM epiphany.chunks('trickle');
SELECT epiphany.compact('trickle');

-- Little memory makes groups that hold no more, and are not merged again and again.
CREATE TABLE little (ts timestamptz, s text) USING epiphany_timeseries WITH (epiphany.chunk_interval = '1 day');
DO $$ BEGIN
	FOR i IN 1..4 LOOP
		INSERT INTO series.little SELECT timestamptz '2024-01-01' + j * interval '1 s', repeat(md5((i * j)::text), 8) FROM generate_series(1, 3000) j;
	END LOOP;
END $$;
SET maintenance_work_mem = '1MB';
SELECT epiphany.compact('little') > 0 AS moved;
SELECT epiphany.compact('little');
RESET maintenance_work_mem;
SELECT count(*), count(DISTINCT s), (SELECT count(*) FROM epiphany.verify('little')) FROM little;

-- VACUUM FULL goes by the options of the day; CLUSTER has no say.
ALTER TABLE loaded SET (epiphany.chunk_interval = '2 days');
SELECT count(*) FROM epiphany.chunks('loaded') WHERE state = 'mixed';
VACUUM FULL loaded;
SELECT * FROM chunks('loaded') WHERE range_start > '2000-01-01';
ALTER TABLE loaded SET (epiphany.chunk_interval = '12 hours');
SELECT count(*) FROM epiphany.chunks('loaded') WHERE state = 'mixed';
SELECT epiphany.compact('loaded') > 0 AS moved;
SELECT * FROM chunks('loaded') WHERE range_start > '2000-01-01';
ALTER TABLE loaded RESET (epiphany.segment_by);
SELECT state, count(*) FROM epiphany.chunks('loaded') GROUP BY 1 ORDER BY 1;
SELECT epiphany.compact('loaded') > 0 AS moved;
SELECT state, count(*) FROM epiphany.chunks('loaded') GROUP BY 1 ORDER BY 1;
CREATE INDEX loaded_host ON loaded (host);
CLUSTER loaded USING loaded_host;
SELECT count(*), sum(v) FROM loaded;
SELECT * FROM epiphany.verify('loaded');

-- Other types of time.
CREATE TABLE numbered (n smallint NOT NULL, v int) USING epiphany_timeseries WITH (epiphany.time_column = n, epiphany.chunk_interval = 30000);
INSERT INTO numbered SELECT i % 65536 - 32768, i FROM generate_series(0, 99999) i;
SELECT range_start, range_end, range_start_integer, range_end_integer, groups, rows, state FROM epiphany.chunks('numbered');
ALTER TABLE numbered ALTER COLUMN n TYPE bigint USING n::bigint * 281474976710655;
ALTER TABLE numbered SET (epiphany.chunk_interval = 9223372036854775807);
VACUUM FULL numbered;
SELECT range_start, range_end, range_start_integer, range_end_integer, groups, rows, state FROM epiphany.chunks('numbered');
ALTER TABLE numbered SET (epiphany.chunk_interval = 1);
SELECT count(*), sum(n), sum(v) FROM numbered;
CREATE TABLE dated (d date, v int) USING epiphany_timeseries WITH (epiphany.chunk_interval = '36 hours');
INSERT INTO dated SELECT date '2024-01-01' + i % 6, i FROM generate_series(0, 29999) i;
INSERT INTO dated VALUES ('infinity', 1), ('5874897-12-31', 2), ('4713-01-01 BC', 3);
SELECT * FROM chunks('dated');
SELECT epiphany.compact('dated');
SELECT range_start, range_end, rows, state FROM epiphany.chunks('dated');
CREATE TABLE local (t timestamp, v int) USING epiphany_timeseries;
INSERT INTO local SELECT timestamp '2024-01-01' + i * interval '1 minute', i FROM generate_series(0, 29999) i;
SELECT * FROM chunks('local');
SELECT * FROM epiphany.chunks('plainly');
CREATE TABLE timeless (v int) USING epiphany_column;
SELECT * FROM epiphany.chunks('timeless');

-- Conditions on what is rounded from the time rule out times that are further from the value than a bucket is long, whichever side it stands on; by
-- the clock of a zone two days more count.
CREATE FUNCTION groups_read(condition text, OUT rows bigint, OUT read bigint) LANGUAGE plpgsql AS $$
DECLARE
	before bigint := (SELECT groups_read FROM epiphany.scan_counts());
BEGIN
	EXECUTE 'SELECT count(*) FROM series.days WHERE ' || condition INTO rows;
	read := (SELECT groups_read FROM epiphany.scan_counts()) - before;
END $$;
CREATE TABLE days (ts timestamptz NOT NULL, d date, n int) USING epiphany_timeseries WITH (epiphany.chunk_interval = '1 day');
INSERT INTO days SELECT timestamptz '2024-01-01' + i * interval '30 s', '2024-01-01'::date + i / 2880, i FROM generate_series(0, 28799) i;
SELECT q.condition, r.* FROM (VALUES ('true'),
	($$epiphany.time_bucket('1 hour', ts) >= '2024-01-09'::timestamptz$$),
	($$epiphany.time_bucket('1 hour', ts) > '2024-01-08 23:00'::timestamptz$$),
	($$'2024-01-10'::timestamptz <= epiphany.time_bucket('1 day', ts)$$),
	($$epiphany.time_bucket('1 day', ts) = '2024-01-10'::timestamptz$$),
	($$epiphany.time_bucket('1 hour', ts) < '2024-01-02'::timestamptz$$),
	($$epiphany.time_bucket('7 days', ts, "offset" => interval '1 day') >= '2024-01-09'::timestamptz$$),
	($$epiphany.time_bucket('2 days', d) >= '2024-01-09'::date$$),
	($$epiphany.time_bucket(10000, n) >= 20000$$),
	($$epiphany.time_bucket('1 hour', ts) >= '2024-01-09'::date$$),
	($$epiphany.time_bucket('1 hour', ts) >= (SELECT max(ts) - interval '1 day' FROM series.days)$$),
	($$epiphany.time_bucket('1 day', ts, 'Europe/Berlin') >= '2024-01-09'::timestamptz$$),
	($$epiphany.time_bucket('1 day', ts, 'Europe/Berlin') = '2024-01-05 23:00'::timestamptz$$),
	($$epiphany.time_bucket('1 hour', ts) <= '2024-01-02'::timestamptz$$),
	($$'2024-01-02'::timestamptz > epiphany.time_bucket('1 hour', ts)$$),
	($$epiphany.time_bucket('6 hours', ts) BETWEEN '2024-01-04' AND '2024-01-05 18:00'$$),
	($$epiphany.time_bucket('1 hour', ts) = ANY ('{2024-01-03 05:00, 2024-01-09 06:00}'::timestamptz[])$$),
	($$epiphany.time_bucket('1 month', ts) < '2024-01-01'::timestamptz$$),
	($$epiphany.time_bucket('7 days', ts, "offset" => interval '1 day') < '2024-01-03'::timestamptz$$),
	($$epiphany.time_bucket('2 days', d) = '2024-01-05'::date$$),
	($$epiphany.time_bucket('36 hours', d) <= '2024-01-03'::date$$),
	($$epiphany.time_bucket(10000, n) < 10000$$),
	($$epiphany.time_bucket(10000, n) = 2147480000$$),
	($$date_trunc('day', ts) = '2024-01-05'::timestamptz$$),
	($$date_trunc('hour', ts, 'Asia/Kolkata') < '2024-01-02'::timestamptz$$),
	($$date_bin('3 hours', ts, '2024-01-01 01:00') = '2024-01-05 04:00'::timestamptz$$),
	($$date_bin('3 hours', ts, '2024-01-01 01:00') <> '2024-01-05 04:00'::timestamptz$$),
	($$epiphany.time_bucket('1 day', ts) < 'infinity'::timestamptz$$),
	($$epiphany.time_bucket('1 day', ts) <= '-infinity'::timestamptz$$),
	($$epiphany.time_bucket('1 day', ts) >= NULL$$)) q (condition), groups_read(q.condition) r;

-- Nor does a continuous aggregate read them for buckets that it has not stored.
CREATE MATERIALIZED VIEW hours WITH (epiphany.continuous) AS SELECT epiphany.time_bucket('1 hour', ts) AS bucket, sum(n) FROM days GROUP BY 1 WITH NO DATA;
SELECT groups_read AS before FROM epiphany.scan_counts() \gset
SELECT count(*), sum(sum) FROM hours WHERE bucket >= '2024-01-09';
SELECT groups_read - :before AS read FROM epiphany.scan_counts();
DROP MATERIALIZED VIEW hours;

-- The statement's own rows are read while it runs; a caught error takes back what it stored.
CREATE TABLE read_back (ts timestamptz, n bigint) USING epiphany_timeseries WITH (epiphany.chunk_interval = '1 day');
CREATE FUNCTION how_many() RETURNS bigint LANGUAGE sql VOLATILE AS 'SELECT count(*) FROM series.read_back';
INSERT INTO read_back SELECT timestamptz '2024-01-01' + i * interval '1 minute', CASE WHEN i % 4000 = 0 THEN how_many() END
	FROM generate_series(0, 9999) i;
SELECT n FROM read_back WHERE n IS NOT NULL ORDER BY ts;
SELECT rows, state FROM epiphany.chunks('read_back');
DO $$ BEGIN
	INSERT INTO series.read_back SELECT timestamptz '2025-01-01' + i * interval '1 s', 1 / (9999 - i) FROM generate_series(0, 9999) i;
EXCEPTION WHEN division_by_zero THEN
	RAISE NOTICE '%', SQLERRM;
END $$;
SELECT count(*), max(ts) FROM read_back;
-- Large values beside others in one sorted load.
CREATE TABLE wide (ts timestamptz, host text, body text) USING epiphany_timeseries WITH (epiphany.segment_by = 'host, body');
INSERT INTO wide SELECT timestamptz '2024-01-01' + i * interval '1 hour', 'h' || i % 3, repeat(md5((i % 5)::text), CASE WHEN i % 100 = 0 THEN 5000 ELSE 1 END)
	FROM generate_series(0, 4999) i;
SELECT count(*), sum(length(body)), count(DISTINCT body) FROM wide;
SELECT epiphany.compact('wide') >= 0 AS ok;
SELECT count(*), sum(length(body)), count(DISTINCT body) FROM wide;
SELECT * FROM epiphany.verify('wide');

-- The first by time: the engine reads groups from that end, and leaves out what comes too late. With and without it, answers are the same.
CREATE TABLE top (host int, ts timestamptz NOT NULL, late timestamptz, v int) USING epiphany_timeseries
	WITH (epiphany.segment_by = host, epiphany.chunk_interval = '1 day');
INSERT INTO top SELECT g % 20, timestamptz '2024-01-01' + g / 20 * interval '1 min', CASE WHEN g % 7 > 0 THEN timestamptz '2025-01-01' - g * interval '1 s' END, g
	FROM generate_series(0, 199999) g;
INSERT INTO top VALUES (3, '2024-01-08', NULL, -1), (4, '2023-12-31', '2026-01-01', -2);
ANALYZE top;
CREATE FUNCTION both_ways(query text) RETURNS TABLE (answer text, same bool) LANGUAGE plpgsql SET max_parallel_workers_per_gather = 0 AS $$
DECLARE
	plain text;
BEGIN
	EXECUTE 'SELECT array_agg(q)::text FROM (' || query || ') q' INTO answer;
	SET LOCAL epiphany.enable_vectorized = off;
	EXECUTE 'SELECT array_agg(q)::text FROM (' || query || ') q' INTO plain;
	SET LOCAL epiphany.enable_vectorized = on;
	same := answer = plain;
	RETURN NEXT;
END $$;
SELECT * FROM both_ways('SELECT ts, host, v FROM series.top ORDER BY ts DESC, host LIMIT 3');
SELECT * FROM both_ways('SELECT ts, host, v FROM series.top ORDER BY ts DESC, host OFFSET 19 LIMIT 3');
SELECT * FROM both_ways('SELECT ts, host, v FROM series.top ORDER BY ts, host LIMIT 3');
SELECT * FROM both_ways('SELECT ts, host, v FROM series.top WHERE v % 1000 = 0 ORDER BY ts DESC, host LIMIT 2');
SELECT * FROM both_ways('SELECT ts, host, v FROM series.top WHERE host = 25 ORDER BY ts DESC LIMIT 2') WHERE answer IS NULL;
SELECT * FROM both_ways('SELECT late, v FROM series.top ORDER BY late, v LIMIT 3');
SELECT * FROM both_ways('SELECT late, v FROM series.top ORDER BY late DESC NULLS LAST, v LIMIT 3');
SELECT * FROM both_ways('SELECT late, v FROM series.top ORDER BY late DESC, v LIMIT 3');
SELECT * FROM both_ways('SELECT late, v FROM series.top ORDER BY late NULLS FIRST, v LIMIT 3');
SELECT * FROM both_ways('SELECT v, ts FROM series.top ORDER BY v DESC LIMIT 3');
SELECT * FROM both_ways('SELECT h, l.* FROM generate_series(0, 22, 7) h, LATERAL (SELECT ts, v FROM series.top WHERE host = h ORDER BY ts DESC LIMIT 1) l');
DELETE FROM top WHERE ts >= '2024-01-07 12:00';
UPDATE top SET ts = '2024-01-07 11:59:30' WHERE host = 5 AND ts = '2024-01-02 03:04';
SELECT * FROM both_ways('SELECT ts, host, v FROM series.top ORDER BY ts DESC, host LIMIT 3');
SELECT * FROM both_ways('SELECT ts, host, v FROM series.top WHERE ts < ''2024-01-03'' ORDER BY ts DESC, host LIMIT 2');
CREATE FUNCTION groups_of(query text) RETURNS SETOF text LANGUAGE plpgsql SET max_parallel_workers_per_gather = 0 AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
		IF line ~ 'Groups' THEN
			RETURN NEXT trim(line);
		END IF;
	END LOOP;
END $$;
-- Seven full days and one row on its own; what comes after the group that is too late is not even looked at.
SELECT groups, rows FROM chunks('top') WHERE state <> 'delta';
SELECT groups_of('SELECT ts, host, v FROM series.top ORDER BY ts LIMIT 3');
SELECT groups_of('SELECT ts, host, v FROM series.top ORDER BY ts DESC LIMIT 3');
SELECT groups_of('SELECT ts, host, v FROM series.top WHERE host = 7 AND ts < ''2024-01-04'' ORDER BY ts DESC LIMIT 1');
\set VERBOSITY terse
DROP SCHEMA series CASCADE;
