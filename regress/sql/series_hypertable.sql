-- A script as one writes it for TimescaleDB, with epiphany in the search_path.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_timeseries CASCADE;
RESET client_min_messages;
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = ISO;
SET intervalstyle = postgres;
CREATE SCHEMA hyper_test;
SET search_path = hyper_test, public, epiphany;

CREATE TABLE conditions (time timestamptz, location text NOT NULL, temperature float8);
SELECT schema_name, table_name, created FROM create_hypertable('conditions', 'time', chunk_time_interval => INTERVAL '1 day');
SELECT created FROM create_hypertable('conditions', 'time', if_not_exists => true);
SELECT create_hypertable('conditions', 'time');
INSERT INTO conditions VALUES (NULL, 'x', 1);
INSERT INTO conditions SELECT '2024-01-01'::timestamptz + i * interval '5 min', 'loc ' || i % 4, i % 30 FROM generate_series(0, 2999) i;
SELECT time_bucket('1 week', time) AS week, count(*), first(temperature, time), last(temperature, time) FROM conditions GROUP BY 1 ORDER BY 1;
SELECT compact('conditions') >= 0 AS compacted;
SELECT count(*) FROM show_chunks('conditions');
SELECT set_chunk_time_interval('conditions', INTERVAL '2 days');
SELECT add_dimension('conditions', by_hash('location', 4));
SELECT created FROM add_dimension('conditions', by_hash('location', 4), if_not_exists => true);
SELECT add_dimension('conditions', by_hash('location', 4));
SELECT add_dimension('conditions', by_range('time'));
INSERT INTO conditions VALUES ('2024-01-02 12:00', 'late', 1), ('2024-01-08 12:00', 'late', 2);
SELECT chunk_name, range_start, is_compressed FROM chunks WHERE hypertable_schema = 'hyper_test' AND hypertable_name = 'conditions' AND NOT is_compressed;
SELECT compress_chunk(c) FROM show_chunks('conditions', older_than => TIMESTAMPTZ '2024-01-04') c;
SELECT count(*) FROM chunks WHERE hypertable_schema = 'hyper_test' AND NOT is_compressed;
SELECT compress_chunk('hyper_test.conditions [2024-01-02 00:00:00+00, 2024-01-03 00:00:00+00)', if_not_compressed => false);
SELECT compress_chunk('conditions');
SELECT decompress_chunk(c) FROM show_chunks('conditions', older_than => TIMESTAMPTZ '2024-01-02') c;
CALL convert_to_columnstore('hyper_test.conditions [2024-01-02 00:00:00+00, 2024-01-03 00:00:00+00)', recompress => true);
CALL recompress_chunk('hyper_test.conditions [2024-01-02 00:00:00+00, 2024-01-03 00:00:00+00)');
CALL convert_to_rowstore('hyper_test.conditions [2024-01-02 00:00:00+00, 2024-01-03 00:00:00+00)');
CREATE INDEX conditions_time ON conditions (time);
SELECT reorder_chunk('hyper_test.conditions [2024-01-02 00:00:00+00, 2024-01-03 00:00:00+00)', 'conditions_time');
SELECT set_partitioning_interval('conditions', INTERVAL '2 days');
SELECT enabled FROM enable_chunk_skipping('conditions', 'temperature');
SELECT enable_chunk_skipping('conditions', 'nothing');
SELECT count(*), bool_and(table_bytes > 0 AND total_bytes = table_bytes) AS sizes FROM chunks_detailed_size('conditions');
SELECT count(*) FROM drop_chunks('conditions', TIMESTAMPTZ '2024-01-05');
SELECT min(time) FROM conditions;

CREATE TABLE metrics (ts timestamp NOT NULL, dev int, v int);
INSERT INTO metrics VALUES ('2024-01-01', 1, 1);
SELECT create_hypertable('metrics', by_range('ts'));
SELECT created FROM create_hypertable('metrics', by_range('ts', INTERVAL '1 hour'), migrate_data => true);
TABLE metrics;
CREATE TABLE ticks ("the tick" bigint, v int);
SELECT create_hypertable('ticks', by_range('the tick'));
SELECT created FROM create_hypertable('ticks', by_range('the tick', 1000));
CREATE TABLE micro (ts timestamptz, dev int);
SELECT created FROM create_hypertable('micro', 'ts', 'dev', 2, chunk_time_interval => 3600000000);
SELECT create_hypertable('micro', by_hash('dev', 2));
CREATE TABLE other (n int);
SELECT create_hypertable('other', 'ts');
SELECT create_hypertable('other', NULL);
SELECT create_hypertable('other', by_range('n', 5, 'int4abs'));
SELECT set_chunk_time_interval('other', 5);
SELECT set_chunk_time_interval('ticks', 5, 'v');

SELECT hypertable_name, num_chunks > 0 AS chunks, primary_dimension, primary_dimension_type, segment_by FROM hypertables
WHERE hypertable_schema = 'hyper_test' ORDER BY 1;
SELECT hypertable_name, column_name, column_type, time_interval, integer_interval FROM dimensions WHERE hypertable_schema = 'hyper_test' ORDER BY 1;
ANALYZE conditions;
SELECT approximate_row_count('conditions') = count(*) FROM conditions;
SELECT hypertable, segmentby, orderby FROM hypertable_columnstore_settings WHERE hypertable::text ~ 'conditions|metrics' ORDER BY hypertable::text;
-- Names of chunks say moments, whatever the session's clock and the column's type; numbers of integer columns.
SET timezone = 'America/New_York';
INSERT INTO metrics SELECT '2024-01-01 00:30'::timestamp + i * interval '20 min', 1, i FROM generate_series(0, 5) i;
INSERT INTO ticks SELECT i, i FROM generate_series(-1500, 1500, 500) i;
SELECT compress_chunk(c) FROM show_chunks('metrics') c LIMIT 1;
SELECT compress_chunk(c) FROM show_chunks('ticks', older_than => 1000) c;
SELECT chunk_name, is_compressed FROM chunks WHERE hypertable_name IN ('metrics', 'ticks') ORDER BY 1;
SET timezone = 'UTC';
SELECT hypertable_approximate_size('conditions') = hypertable_size('conditions');
SELECT hypertable_size('conditions') = pg_total_relation_size('conditions');
SELECT table_bytes + index_bytes + toast_bytes = total_bytes FROM hypertable_detailed_size('conditions');

-- Options by TimescaleDB's prefixes become ours; what has no meaning says so.
CREATE FUNCTION options(regclass) RETURNS text LANGUAGE sql AS $$
	SELECT label FROM pg_seclabel WHERE objoid = $1 AND provider = 'epiphany' $$;
CREATE TABLE modern (time timestamptz NOT NULL, device text, value float8) WITH (tsdb.hypertable, tsdb.partition_column = 'time',
	tsdb.chunk_interval = '1 day', tsdb.segmentby = 'device', tsdb.orderby = 'time DESC', tsdb.create_default_indexes = false, fillfactor = 80);
SELECT options('modern'), c.reloptions, a.amname FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE c.oid = 'modern'::regclass;
ALTER TABLE modern SET (timescaledb.compress, timescaledb.compress_segmentby = 'device, "value"', timescaledb.compress_orderby = 'time DESC');
SELECT options('modern');
ALTER TABLE modern SET (timescaledb.enable_columnstore = false), RESET (timescaledb.segmentby);
SELECT options('modern');
CREATE TABLE modern2 (n int, v int) WITH (timescaledb.hypertable, timescaledb.partition_column = 'n', timescaledb.chunk_interval = 1000);
SELECT options('modern2');
CREATE TABLE modern3 WITH (tsdb.hypertable) AS SELECT timestamptz '2024-01-01' AS t, 1 AS v;
SELECT options('modern3');
CREATE TABLE modern4 (t timestamptz) USING epiphany_timeseries WITH (tsdb.hypertable);
CREATE TABLE modern5 (t timestamptz) USING epiphany_column WITH (tsdb.hypertable);
CREATE TABLE modern5 (t timestamptz) WITH (tsdb.hypertable, tsdb.nonsense);
CREATE TABLE modern5 (t timestamptz) WITH (tsdb.hypertable = maybe);
CREATE TABLE modern5 (v int) WITH (tsdb.hypertable);
CREATE TABLE modern5 (v int) WITH (tsdb.hypertable = false);
ALTER TABLE modern5 SET (timescaledb.compress);
ALTER TABLE modern5 SET (timescaledb.compress_segmentby = 'v');
ALTER TABLE modern5 SET (other.compress);
CREATE FUNCTION make(name text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
	IF name IS NOT NULL THEN CREATE TABLE made (t timestamptz) WITH (tsdb.hypertable); DROP TABLE made; END IF; END $$;
SELECT make('a'), make('b');
-- The statement that loads the library, by its event triggers.
\c
SET search_path = hyper_test, public, epiphany;
SET timezone = 'UTC';
CREATE TABLE modern6 (time timestamptz NOT NULL, device text) WITH (tsdb.hypertable, tsdb.segmentby = 'device');
SELECT options('modern6'), a.amname FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE c.oid = 'modern6'::regclass;
\c
SET search_path = hyper_test, public, epiphany;
SET timezone = 'UTC';
ALTER TABLE modern6 SET (timescaledb.compress, timescaledb.chunk_interval = '2 days');
SELECT options('modern6');
CREATE MATERIALIZED VIEW daily WITH (timescaledb.continuous) AS SELECT time_bucket('1 day', time) AS day, device, count(*) FROM modern6 GROUP BY 1, 2;
ALTER MATERIALIZED VIEW daily SET (timescaledb.compress, timescaledb.compress_orderby = 'day');
DROP MATERIALIZED VIEW daily;

-- Who does not own a table cannot make one of it.
CREATE ROLE regress_pge_hyper;
GRANT USAGE ON SCHEMA hyper_test TO regress_pge_hyper;
GRANT SELECT ON other TO regress_pge_hyper;
SET ROLE regress_pge_hyper;
SELECT create_hypertable('other', by_range('n', 5));
SELECT hypertable_name, num_chunks FROM hypertables WHERE hypertable_name = 'metrics';
RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA hyper_test CASCADE;
DROP ROLE regress_pge_hyper;
