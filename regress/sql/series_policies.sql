-- Rows that go by their age: drop_chunks, exactly and by whole row groups; and the policies that run it and others.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_timeseries CASCADE;
RESET client_min_messages;
\set SHOW_CONTEXT never
SET timezone = 'UTC';
SET datestyle = ISO;
SET intervalstyle = postgres;
CREATE SCHEMA policy_test;
SET search_path = policy_test, public, epiphany;
ALTER SEQUENCE epiphany.job_id_seq RESTART 6000;

-- A table by days, and its heap twin that tells what is right.
CREATE TABLE m (ts timestamptz NOT NULL, dev int, v float8) USING epiphany_timeseries
	WITH (epiphany.chunk_interval = '1 day', epiphany.segment_by = 'dev', epiphany.row_group_rows = 4096);
INSERT INTO m SELECT '2024-01-01'::timestamptz + i * interval '10 s', i % 7, i FROM generate_series(0, 86400) i;
SELECT compact('m') >= 0 AS compacted;
CREATE TABLE twin AS TABLE m;
CREATE INDEX ON m (ts);
-- Rows that are not in groups, some of them late.
INSERT INTO m VALUES ('2024-01-02 12:00', 1, -1), ('2024-01-11 12:00', 1, -2), ('infinity', 1, -3), ('-infinity', 1, -4);
INSERT INTO twin VALUES ('2024-01-02 12:00', 1, -1), ('2024-01-11 12:00', 1, -2), ('infinity', 1, -3), ('-infinity', 1, -4);
SELECT state, count(*) AS groups, sum(rows) AS rows FROM row_groups('m') GROUP BY 1;
SELECT show_chunks('m') LIMIT 3;
SELECT show_chunks('m', older_than => '2024-01-03'::timestamptz);
SELECT count(*) FROM show_chunks('m', newer_than => '2024-01-03'::timestamptz, older_than => timestamptz '2024-01-05 12:00');

CREATE FUNCTION differ() RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM ((TABLE m EXCEPT ALL TABLE twin) UNION ALL (TABLE twin EXCEPT ALL TABLE m)) x
$$;

-- Rolled back, it has not happened.
BEGIN;
SELECT count(*) FROM drop_chunks('m', timestamptz '2024-01-04');
SELECT count(*) FROM m WHERE ts < '2024-01-04';
SELECT count(*), min(state) FROM row_groups('m') WHERE state = 'dropped';
ROLLBACK;
SELECT differ();
BEGIN;
SAVEPOINT a;
SELECT count(*) FROM drop_chunks('m', timestamptz '2024-01-04');
ROLLBACK TO a;
DELETE FROM m WHERE ts < '2024-01-01 00:00:30';
UPDATE m SET v = v + 1 WHERE ts = '2024-01-01 00:01';
COMMIT;
DELETE FROM twin WHERE ts < '2024-01-01 00:00:30';
UPDATE twin SET v = v + 1 WHERE ts = '2024-01-01 00:01';
SELECT differ();

-- Exact at the edge, in the middle of a group. Groups before it go as they are.
SELECT drop_chunks('m', timestamptz '2024-01-04 06:00:05', verbose => true);
DELETE FROM twin WHERE ts < '2024-01-04 06:00:05';
SELECT differ(), count(*), min(ts) FROM m;
SELECT count(*) > 5 AS groups FROM row_groups('m') WHERE state = 'dropped';
-- By index as well, and nothing of them is left after VACUUM.
SET enable_seqscan = off;
SELECT count(*) FROM m WHERE ts < '2024-01-04 06:00:05';
RESET enable_seqscan;
INSERT INTO m VALUES ('2024-01-02', 3, 3);
INSERT INTO twin VALUES ('2024-01-02', 3, 3);
VACUUM m;
VACUUM m;
SELECT count(*) FROM row_groups('m') WHERE state = 'dropped';
SELECT differ();
SELECT * FROM verify('m');
-- A range in the middle; both ends inside groups.
SELECT count(*) FROM drop_chunks('m', older_than => timestamptz '2024-01-07 12:00', newer_than => timestamptz '2024-01-05 12:00');
DELETE FROM twin WHERE ts >= '2024-01-05 12:00' AND ts < '2024-01-07 12:00';
SELECT differ();
-- An interval counts back from now.
SELECT drop_chunks('m', interval '1000 years') IS NOT NULL;
SELECT drop_chunks('m', '1000 years') IS NOT NULL;
DELETE FROM twin WHERE ts = '-infinity';
SELECT differ();
-- A cursor goes on with what it saw, and so does a command that is on its way.
BEGIN;
DECLARE c CURSOR FOR SELECT count(*) FROM m WHERE ts >= '2024-01-08' AND ts < '2024-01-09';
SELECT count(*) FROM drop_chunks('m', older_than => timestamptz '2024-01-09');
FETCH c;
SELECT count(*) FROM m WHERE ts >= '2024-01-08' AND ts < '2024-01-09';
ROLLBACK;
-- Statistics count the rows.
SELECT pg_stat_force_next_flush();
SELECT n_tup_del > 50000 AS counted FROM pg_stat_user_tables WHERE relid = 'm'::regclass;

-- What must see each row does: triggers, rules, row security. Then rows go one by one.
CREATE TABLE w (ts timestamptz NOT NULL, n int) USING epiphany_timeseries WITH (epiphany.chunk_interval = '1 day');
INSERT INTO w SELECT '2024-01-01'::timestamptz + i * interval '1 min', i FROM generate_series(0, 4319) i;
SELECT compact('w') >= 0 AS compacted;
CREATE TABLE gone (n int);
CREATE FUNCTION note_gone() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO policy_test.gone VALUES (old.n); RETURN old; END $$;
CREATE TRIGGER note AFTER DELETE ON w FOR EACH ROW EXECUTE FUNCTION note_gone();
SELECT count(*) FROM drop_chunks('w', timestamptz '2024-01-02');
SELECT count(*) AS seen, (SELECT count(*) FROM row_groups('w') WHERE state = 'dropped') AS groups FROM gone;
DROP TRIGGER note ON w;
ALTER TABLE w ENABLE ROW LEVEL SECURITY;
ALTER TABLE w FORCE ROW LEVEL SECURITY;
CREATE POLICY even ON w USING (n % 2 = 0);
CREATE ROLE regress_pge_policy;
GRANT ALL ON SCHEMA policy_test TO regress_pge_policy;
ALTER TABLE w OWNER TO regress_pge_policy;
SET ROLE regress_pge_policy;
SELECT count(*) FROM drop_chunks('w', timestamptz '2024-01-03');
SELECT count(*) FROM drop_chunks('m', timestamptz '2024-01-03');
SELECT * FROM drop_groups('m', 0, 1);
RESET ROLE;
SELECT count(*), bool_and(n % 2 = 1) AS hidden FROM w WHERE ts < '2024-01-03';
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM drop_chunks('w', timestamptz '2024-01-04');
SELECT count(*) FROM w;
SELECT count(*) FROM row_groups('w') WHERE state = 'dropped';
ROLLBACK;

-- Integers, with a clock of their own; dates and timestamps; heap; partitions.
CREATE TABLE ints (tick bigint NOT NULL, v int) USING epiphany_timeseries WITH (epiphany.time_column = 'tick', epiphany.chunk_interval = '1000');
INSERT INTO ints SELECT i, i FROM generate_series(1, 9000) i;
SELECT compact('ints') >= 0 AS compacted;
SELECT drop_chunks('ints', 2500);
SELECT min(tick), count(*) FROM ints;
SELECT drop_chunks('ints', interval '1 day');
SELECT drop_chunks('ints', '5x');
SELECT add_retention_policy('ints', 1000);
CREATE FUNCTION tick() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT max(tick) FROM policy_test.ints';
SELECT set_integer_now_func('ints', 'tick');
SELECT set_integer_now_func('ints', 'tick');
SELECT set_integer_now_func('ints', 'tick', replace_if_exists => true);
SELECT set_integer_now_func('ints', 'differ_not');
SELECT add_retention_policy('ints', 1000) AS job \gset
CALL run_job(:job);
SELECT min(tick), max(tick) FROM ints;
SELECT config FROM jobs WHERE job_id = :job;
CREATE TABLE days (d date NOT NULL, v int) USING epiphany_timeseries WITH (epiphany.chunk_interval = '10 days');
INSERT INTO days SELECT '2024-01-01'::date + i, i FROM generate_series(0, 99) i;
SELECT count(*) FROM drop_chunks('days', date '2024-02-01');
SELECT min(d) FROM days;
SELECT count(*) FROM drop_chunks('days', timestamp '2024-02-02 12:00');
SELECT min(d) FROM days;
CREATE TABLE plain (t timestamp NOT NULL, v int) USING heap;
INSERT INTO plain SELECT '2024-01-01'::timestamp + i * interval '1 h', i FROM generate_series(0, 99) i;
SELECT drop_chunks('plain', timestamp '2024-01-02');
SELECT min(t) FROM plain;
CREATE TABLE part (t timestamptz NOT NULL, v int) PARTITION BY RANGE (t);
CREATE TABLE part1 PARTITION OF part FOR VALUES FROM ('2024-01-01') TO ('2024-02-01') USING epiphany_timeseries;
CREATE TABLE part2 PARTITION OF part FOR VALUES FROM ('2024-02-01') TO ('2024-03-01') USING heap;
INSERT INTO part SELECT '2024-01-01'::timestamptz + i * interval '5 min', i FROM generate_series(0, 15000) i;
SELECT drop_chunks('part', timestamptz '2024-02-05');
SELECT min(t) FROM part;
CREATE TABLE timeless (n int);
SELECT drop_chunks('timeless', 5);
SELECT drop_chunks('m');
SELECT drop_chunks(NULL, 5);
SELECT drop_chunks('m', 5);
SELECT drop_chunks('m', 'yesterday morning');
SELECT drop_chunks('m', created_before => now());
SELECT show_chunks('timeless');

-- ---- Policies ----
CREATE TABLE p (ts timestamptz NOT NULL, dev int, v float8) USING epiphany_timeseries WITH (epiphany.chunk_interval = '1 day');
INSERT INTO p SELECT date_trunc('hour', now()) - i * interval '10 min', i % 3, i FROM generate_series(0, 6000) i;
SELECT add_retention_policy('p', INTERVAL '10 days', initial_start => '2100-01-01') AS retention \gset
SELECT add_retention_policy('p', INTERVAL '10 days');
SELECT add_retention_policy('p', INTERVAL '10 days', if_not_exists => true);
SELECT add_retention_policy('p', INTERVAL '11 days', if_not_exists => true);
SELECT add_retention_policy('p');
SELECT add_retention_policy('p', 5);
SELECT add_retention_policy('p', timestamptz '2024-01-01');
SELECT add_retention_policy('p', drop_created_before => '1 day');
SELECT job_id - 6000 > 0 AS id, split_part(application_name, ' [', 1) AS name, schedule_interval, proc_name, config, fixed_schedule, initial_start,
	hypertable_schema, hypertable_name FROM jobs WHERE job_id = :retention;
CALL run_job(:retention);
SELECT min(ts) >= now() - interval '10 days' AS kept, count(*) BETWEEN 1430 AND 1441 AS exact FROM p;
SELECT config FROM alter_job(:retention, config => '{"drop_after": "5 days"}');
CALL run_job(:retention);
SELECT count(*) BETWEEN 710 AND 721 AS exact FROM p;
SELECT alter_job(:retention, config => '{}') IS NOT NULL;
CALL run_job(:retention);

SELECT add_compression_policy('p', compress_after => INTERVAL '1 day', initial_start => '2100-01-01') AS compression \gset
CALL run_job(:compression);
SELECT count(*) FILTER (WHERE range_end <= now() - interval '1 day') AS old, count(*) FILTER (WHERE range_end > now() - interval '1 day') > 0 AS new
FROM chunks('p') WHERE state = 'delta';
-- Only what is older than the bound is compacted, whole buckets of it; and in one go.
CREATE TABLE aged (ts timestamptz NOT NULL, v int) USING epiphany_timeseries WITH (epiphany.chunk_interval = '1 day');
INSERT INTO aged SELECT date_trunc('day', now()) - interval '4 days' * (i % 2) + i * interval '1 s', i FROM generate_series(0, 7999) i;
INSERT INTO aged SELECT date_trunc('day', now()) - interval '4 days' * (i % 2) + i * interval '1 s', i FROM generate_series(0, 7999) i;
INSERT INTO aged VALUES (date_trunc('day', now()), -1), (date_trunc('day', now()) - interval '4 days', -2), ('infinity', -3), ('-infinity', -4);
CREATE VIEW ages AS SELECT CASE WHEN isfinite(range_end) THEN (range_end <= now() - interval '1 day')::text ELSE range_end::text END AS old, groups, rows, state
FROM chunks('aged');
SELECT * FROM ages ORDER BY 1, 2 DESC;
SELECT add_compression_policy('aged', compress_after => INTERVAL '1 day', initial_start => '2100-01-01') AS aged \gset
CALL run_job(:aged);
SELECT * FROM ages ORDER BY 1, 2 DESC;
SELECT compact_range('aged', -9223372036854775808, ((extract(epoch FROM now() - interval '1 day') - 946684800) * 1000000)::bigint);
SELECT compact('aged');
SELECT compact('aged');
SELECT * FROM ages ORDER BY 1, 2 DESC;
SELECT compact_range('aged', 5, 4);
SELECT compact_range('timeless', 0, 1);
CREATE TABLE untimed (ts timestamptz) USING epiphany_column;
SELECT compact_range('untimed', 0, 1);
SELECT add_compression_policy('plain', INTERVAL '1 day');
SELECT remove_compression_policy('p');
SELECT remove_compression_policy('p');
SELECT remove_compression_policy('p', if_exists => true);
CALL add_columnstore_policy('p', after => INTERVAL '7 days', initial_start => '2100-01-01');
CALL add_columnstore_policy('p', after => '7 days', if_not_exists => true);
SELECT proc_name, config, schedule_interval FROM jobs WHERE hypertable_name = 'p' ORDER BY 1;
CALL remove_columnstore_policy('p');

CREATE INDEX p_dev ON p (dev, ts);
SELECT add_reorder_policy('p', 'no_such_index');
SELECT add_reorder_policy('p', 'p_dev', initial_start => '2100-01-01') AS reorder \gset
CALL run_job(:reorder);
SELECT remove_reorder_policy('p');

-- Downsampling: each bucket once, also in many runs; then the source may go.
CREATE TABLE hourly (hour timestamptz, dev int, n bigint, total float8);
SELECT add_downsampling_policy('p', 'hourly', 'SELECT epiphany.time_bucket(''1 hour'', ts), dev, count(*), sum(v) FROM policy_test.p
	WHERE ts >= $1 AND ts < $2 GROUP BY 1, 2', bucket_width => '1 hour', initial_start => '2100-01-01') AS down \gset
CALL run_job(:down);
INSERT INTO p VALUES (now(), 9, 1);
CALL run_job(:down);
SELECT sum(n) = (SELECT count(*) FROM p WHERE ts < time_bucket('1 hour', now())) AS all_once FROM hourly;
SELECT count(*) FROM (SELECT hour, dev FROM hourly GROUP BY 1, 2 HAVING count(*) > 1) x;
SELECT config ->> 'done' IS NOT NULL AS marked FROM jobs WHERE job_id = :down;
SELECT add_downsampling_policy('p', 'hourly', 'SELECT 1', '1 hour');
SELECT remove_downsampling_policy('p');

-- A continuous aggregate keeps what it has stored when its source's rows are dropped, and loses what is dropped of itself.
CREATE TABLE raw (ts timestamptz NOT NULL, v int) USING epiphany_timeseries WITH (epiphany.chunk_interval = '1 day');
INSERT INTO raw SELECT date_trunc('day', now()) - i * interval '1 h', i FROM generate_series(0, 799) i;
SELECT compact('raw') >= 0 AS compacted;
CREATE MATERIALIZED VIEW daily WITH (epiphany.continuous) AS SELECT time_bucket('1 day', ts) AS day, count(*) AS n FROM raw GROUP BY 1;
SELECT add_continuous_aggregate_policy('daily', start_offset => NULL, end_offset => INTERVAL '1 hour', schedule_interval => INTERVAL '1 hour',
	initial_start => '2100-01-01') AS refresh \gset
SELECT add_continuous_aggregate_policy('daily', NULL, NULL, INTERVAL '1 hour', if_not_exists => true);
SELECT add_continuous_aggregate_policy('raw', NULL, NULL, INTERVAL '1 hour');
SELECT proc_name, config, hypertable_name FROM jobs WHERE job_id = :refresh;
CALL run_job(:refresh);
SELECT sum(n) FROM daily;
SELECT add_retention_policy('raw', INTERVAL '10 days 6 hours', initial_start => '2100-01-01') AS raw_retention \gset
-- Its stored rows are a time series, too.
SELECT show_chunks('daily') ~ '^policy_test.daily_data \[' AS chunk LIMIT 1;
SELECT add_compression_policy('daily', INTERVAL '1 day', initial_start => '2100-01-01') AS daily_compression \gset
CALL run_job(:daily_compression);
SELECT compress_chunk(c) = c AS compressed FROM show_chunks('daily') c LIMIT 1;
SELECT count(*) FROM hypertables WHERE hypertable_name = 'daily_data';
SELECT remove_compression_policy('daily');
CALL run_job(:raw_retention);
SELECT count(*) FROM raw WHERE ts < now() - interval '10 days 6 hours';
SELECT sum(n) FROM daily;
CALL run_job(:refresh);
SELECT sum(n) FROM daily;
SELECT add_retention_policy('daily', INTERVAL '20 days', initial_start => '2100-01-01') AS daily_retention \gset
CALL run_job(:daily_retention);
SELECT count(*) BETWEEN 20 AND 22 AS kept, min(day) >= now() - interval '20 days' AS young FROM daily;
SELECT drop_chunks('daily', now() - interval '5 days') IS NULL;
SELECT count(*) BETWEEN 5 AND 7 AS kept FROM daily;
SELECT remove_continuous_aggregate_policy('daily');
SELECT remove_continuous_aggregate_policy('daily', if_exists => true);
DROP MATERIALIZED VIEW daily;
SELECT count(*) FROM jobs WHERE job_id = :daily_retention;

-- Whose table it is.
SET ROLE regress_pge_policy;
SELECT add_retention_policy('plain', INTERVAL '1 day');
SELECT remove_retention_policy('p');
RESET ROLE;
SELECT remove_retention_policy('p');
SELECT remove_retention_policy('p');
SELECT remove_retention_policy('p', true);

-- What new tables get.
SET epiphany.timeseries_retention_policy = 'three weeks';
SET epiphany.timeseries_retention_policy = '3 weeks';
CREATE TABLE fresh (ts timestamptz NOT NULL) USING epiphany_timeseries;
CREATE TABLE fresh_heap (ts timestamptz NOT NULL);
CREATE TABLE fresh_ints (t int) USING epiphany_timeseries WITH (epiphany.time_column = 't', epiphany.chunk_interval = '10');
SET check_function_bodies = off;
CREATE TABLE restored (ts timestamptz NOT NULL) USING epiphany_timeseries;
RESET check_function_bodies;
RESET epiphany.timeseries_retention_policy;
CREATE TABLE without (ts timestamptz NOT NULL) USING epiphany_timeseries;
SELECT hypertable_name, config, schedule_interval FROM jobs WHERE hypertable_name IN ('fresh', 'fresh_heap', 'fresh_ints', 'restored', 'without');

SET client_min_messages = warning;
SELECT count(delete_job(job_id)) > 0 AS deleted FROM jobs WHERE job_id >= 6000;
DROP SCHEMA policy_test CASCADE;
SELECT count(*) FROM epiphany.job WHERE job_id >= 6000;
DROP ROLE regress_pge_policy;
