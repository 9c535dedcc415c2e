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
DROP SCHEMA series CASCADE;
