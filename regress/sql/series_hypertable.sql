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
SELECT hypertable_size('conditions') = pg_total_relation_size('conditions');
SELECT table_bytes + index_bytes + toast_bytes = total_bytes FROM hypertable_detailed_size('conditions');

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
