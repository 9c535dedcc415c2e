-- Tiering policies: jobs that move row groups which have become old.
CREATE DATABASE tiering_policies;
\c tiering_policies
SET client_min_messages = warning;
CREATE EXTENSION epiphany_columnstore;
CREATE EXTENSION epiphany_tiering;
RESET client_min_messages;
\set VERBOSITY terse
SELECT current_setting('data_directory') || '/tiering_policies' AS dir \gset
\set command 'cat > /dev/null; rm -rf ' :dir '; mkdir ' :dir
COPY (SELECT) TO PROGRAM :'command';
SELECT 'file://' || :'dir' AS url \gset
CREATE SERVER lake FOREIGN DATA WRAPPER epiphany_object_store OPTIONS (url :'url');
CREATE TABLE readings (at timestamptz NOT NULL, v int) USING epiphany_column WITH (epiphany.time_column = 'at', epiphany.chunk_interval = '10 days');
INSERT INTO readings SELECT now() - i * interval '5 minutes', i FROM generate_series(1, 50000) i;
-- Jobs are another extension's.
\set VERBOSITY default
SELECT epiphany.add_tiering_policy('readings', 'cold', interval '100 days', 'lake');
\set VERBOSITY terse
SELECT groups > 0 AS groups FROM epiphany.move_groups('readings', 'cold', '150 days', 'lake');
CREATE EXTENSION epiphany_timeseries;
SET search_path = public, epiphany;
SELECT add_tiering_policy('readings', 'cold', interval '100 days', 'lake') > 0 AS added;
SELECT add_tiering_policy('readings', 'frozen', '150 days', schedule_interval => '1 week') > 0 AS added;
SELECT add_tiering_policy('readings', 'cold', '50 days', 'lake');
SELECT add_tiering_policy('readings', 'cold', '50 days', 'lake', if_not_exists => true);
SELECT add_tiering_policy('readings', 'warm', '50 days', 'lake');
SELECT add_tiering_policy('readings', 'cold', NULL, 'lake');
SELECT add_tiering_policy('readings', 'cold', 5, 'lake');
SELECT add_tiering_policy('readings', 'cold', '1 day', 'sea');
SELECT proc_name, schedule_interval, config FROM jobs ORDER BY job_id;
SELECT 'CALL run_job(' || job_id || ')' FROM jobs ORDER BY job_id \gexec
SELECT tier, count(*) BETWEEN 1 AND 15 AS groups FROM row_groups('readings') WHERE tier IS NOT NULL GROUP BY 1 ORDER BY 1;
SELECT count(*) > 0 AS rows, bool_and(v >= 0) FROM readings WHERE at > now() - interval '130 days';
SELECT remove_tiering_policy('readings', 'frozen');
SELECT remove_tiering_policy('readings', 'frozen');
SELECT remove_tiering_policy('readings', 'frozen', if_exists => true);
DROP TABLE readings;
SELECT count(*) FROM jobs;
\c postgres
DROP DATABASE tiering_policies;
