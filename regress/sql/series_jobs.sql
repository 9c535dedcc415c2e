-- Jobs: who may make and change them, what they run as, when they run next. The scheduler is off here (regress/t/100_jobs.pl has it on).
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_timeseries CASCADE;
RESET client_min_messages;
SET timezone = 'UTC';
\set SHOW_CONTEXT never
CREATE ROLE regress_pge_job_alice LOGIN;
CREATE ROLE regress_pge_job_bob LOGIN;
CREATE ROLE regress_pge_job_nobody NOLOGIN;
CREATE SCHEMA job_test;
GRANT USAGE, CREATE ON SCHEMA job_test TO PUBLIC;
SET search_path = job_test, public, epiphany;
CREATE TABLE job_seen (id int, what text, who name DEFAULT current_user);
GRANT ALL ON job_seen TO PUBLIC;
CREATE PROCEDURE note(job_id int, config jsonb) LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO job_test.job_seen VALUES (job_id, config ->> 'what');
	COMMIT;
	INSERT INTO job_test.job_seen VALUES (job_id, 'after commit');
END $$;
CREATE FUNCTION note_function(job_id int, config jsonb) RETURNS void LANGUAGE sql AS
	$$ INSERT INTO job_test.job_seen VALUES (job_id, 'function ' || coalesce(config::text, 'without config')) $$;
CREATE PROCEDURE fail(job_id int, config jsonb) LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'job % fails', config ->> 'what'; END $$;
CREATE FUNCTION takes_nothing() RETURNS void LANGUAGE sql AS 'SELECT';
CREATE FUNCTION check_what(config jsonb) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	IF config ->> 'what' IS NULL THEN RAISE EXCEPTION '"what" is missing'; END IF;
END $$;
ALTER SEQUENCE epiphany.job_id_seq RESTART 5000;

-- Adding.
SELECT add_job('note', '1 day', '{"what": "first"}', initial_start => '2030-01-01 03:00+00', timezone => 'Europe/Berlin') AS note \gset
SELECT add_job(proc => 'note_function', schedule_interval => '90 min', initial_start => '2030-01-01', fixed_schedule => false,
	scheduled => false, job_name => 'My job', check_config => NULL) AS func \gset
SELECT * FROM jobs WHERE job_id >= 5000 ORDER BY job_id \gx
SELECT add_job('takes_nothing', '1 day');
SELECT add_job('no_such_function', '1 day');
SELECT add_job(NULL, '1 day');
SELECT add_job('note', NULL);
SELECT add_job('note', '0');
SELECT add_job('note', '-1 h');
SELECT add_job('note', '1 h', '[1]');
SELECT add_job('note', '1 h', timezone => 'Europe/Atlantis');
SELECT add_job('note', '1 h', '{"where": 1}', check_config => 'check_what');
SELECT add_job('note', '1 h', '{"what": 1}', check_config => 'takes_nothing');
SELECT add_job('note', '1 h', '{"what": "checked"}', check_config => 'check_what', initial_start => '2030-01-01') AS checked \gset

-- Running here and now: what has no statistics, but errors.
CALL run_job(:note);
CALL run_job(:func);
SELECT id - 5000 AS id, what, who FROM job_seen ORDER BY 1, 2;
CALL run_job(1);
CALL run_job(NULL);
BEGIN;
CALL run_job(:note);
ROLLBACK;
SELECT add_job('fail', '1 h', '{"what": "seven"}', initial_start => '2030-01-01') AS fail \gset
CALL run_job(:fail);
CALL run_job(:fail);
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory';
SELECT job_id - 5000 AS job_id, last_run_status, job_status, total_runs FROM job_stats ORDER BY 1;

-- Altering: what is not given stays.
SELECT * FROM alter_job(:func, schedule_interval => '2 h', max_runtime => '5 min', max_retries => 3, retry_period => '10 s', scheduled => true,
	config => '{"what": "new"}', next_start => '2031-01-01', job_name => 'Other name') \gx
SELECT * FROM alter_job(:func) \gx
SELECT * FROM alter_job(:func, fixed_schedule => true, initial_start => '2040-02-03', timezone => 'Asia/Tokyo') \gx
SELECT next_start FROM alter_job(:note, next_start => 'infinity');
SELECT alter_job(:checked, config => '{"what": null}');
SELECT alter_job(:checked, config => '{"what": 2}') IS NOT NULL AS altered;
SELECT alter_job(:checked, check_config => 'no_such_check');
SELECT * FROM alter_job(1);
SELECT * FROM alter_job(1, if_exists => true);
SELECT alter_job(:func, max_retries => -2);
SELECT alter_job(:func, max_runtime => '-1 s');
SELECT alter_job(:func, retry_period => '0');

-- Whose it is: others see it, and may do nothing; members of the owner's role may.
SET ROLE regress_pge_job_alice;
SELECT add_job('note_function', '1 h', initial_start => '2030-01-01') AS alices \gset
CALL run_job(:alices);
CALL run_job(:note);
SELECT alter_job(:note, scheduled => false);
SELECT delete_job(:note);
SELECT save_job(:note, '{"owner": "regress_pge_job_alice"}');
SELECT save_job_for(10, :note, '{}');
SELECT job_end(:note, true, NULL, NULL);
INSERT INTO epiphany.job SELECT * FROM epiphany.job;
-- Neither the owner nor the number can be chosen.
SELECT save_job(:alices, '{"owner": "postgres", "job_id": 1}') = :alices AS same;
SELECT owner FROM jobs WHERE job_id = :alices;
RESET ROLE;
SET ROLE regress_pge_job_bob;
SELECT delete_job(:alices);
RESET ROLE;
GRANT regress_pge_job_alice TO regress_pge_job_bob;
SET ROLE regress_pge_job_bob;
SELECT scheduled FROM alter_job(:alices, scheduled => false);
-- It runs as its owner, whoever calls.
CALL run_job(:alices);
RESET ROLE;
CALL run_job(:alices);
SELECT what, who FROM job_seen WHERE id = :alices;
SET ROLE regress_pge_job_nobody;
SELECT add_job('note_function', '1 h');
RESET ROLE;
REVOKE EXECUTE ON FUNCTION note_function FROM PUBLIC;
SET ROLE regress_pge_job_alice;
SELECT add_job('note_function', '1 h');
RESET ROLE;
-- A function that its owner defined keeps its caller out of it.
SET ROLE regress_pge_job_alice;
CREATE FUNCTION add_mine() RETURNS int LANGUAGE sql SECURITY DEFINER SET search_path = job_test, epiphany AS
	$$ SELECT epiphany.add_job('job_test.note'::regproc, '1 h', initial_start => '2030-01-01') $$;
RESET ROLE;
SELECT add_mine() AS mine \gset
SELECT owner FROM jobs WHERE job_id = :mine;

-- When it runs next. Days and months are the time zone's, hours are hours; nothing drifts.
SELECT job_slot('1 day', true, '2024-03-29 02:30 Europe/Berlin', 'Europe/Berlin', t) AT TIME ZONE 'Europe/Berlin' AS daily
FROM unnest(ARRAY['2024-01-01', '2024-03-29 12:00', '2024-03-30 12:00', '2024-03-31 12:00', '2044-10-30']::timestamptz[]) t;
SELECT job_slot('24 h', true, '2024-03-29 02:30 Europe/Berlin', 'Europe/Berlin', t) AT TIME ZONE 'Europe/Berlin' AS hourly
FROM unnest(ARRAY['2024-03-29 12:00', '2024-03-30 12:00', '2024-03-31 12:00']::timestamptz[]) t;
SELECT job_slot('1 month', true, '2024-01-31', 'UTC', t) AS monthly
FROM unnest(ARRAY['2024-01-31', '2024-02-10', '2024-02-29', '2024-03-31', '2124-06-15']::timestamptz[]) t;
SELECT job_slot('1 month 2 days', true, '2024-01-31', 'UTC', t) AS mixed
FROM unnest(ARRAY['2024-01-31', '2024-03-02', '2025-03-02']::timestamptz[]) t;
SELECT job_slot('20 min', true, '2024-01-01 00:05', NULL, t) AS exact
FROM unnest(ARRAY['2024-01-01 00:05', '2024-01-01 00:24:59.999999', '2024-06-01 12:25']::timestamptz[]) t;
SELECT job_slot('1 day', false, '2024-01-01', 'Europe/Berlin', '2024-03-30 12:34') AS drifting;
-- It is always after, and at most an interval away (of months: counted from their last days).
SELECT count(*), count(*) FILTER (WHERE slot <= t) AS late,
	count(*) FILTER (WHERE slot AT TIME ZONE zone > (t AT TIME ZONE zone) + i + CASE WHEN i < '1 month' THEN '1 h' ELSE '4 days' END::interval AND t >= start) AS far
FROM (SELECT i, zone, start, t, job_slot(i, true, start, zone, t) AS slot
	FROM unnest(ARRAY['7 min', '1 h', '25 h', '1 day', '10 days', '1 month', '3 months', '1 year', '1 month 5 days']::interval[]) i,
		unnest(ARRAY['UTC', 'America/New_York', 'Australia/Lord_Howe']) zone,
		unnest(ARRAY['1999-12-31 23:59', '2023-02-28']::timestamptz[]) start,
		generate_series('1998-01-01'::timestamptz, '2050-01-01', '97 days 5 h') t) x;

-- Runs as the scheduler notes them: failures come later and later, the last that is allowed pauses the job.
CREATE FUNCTION pretend(id int, ok bool) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	due timestamptz;
BEGIN
	UPDATE epiphany.job_state s SET next_start = now() WHERE s.job_id = id;
	IF NOT epiphany.job_start(id) THEN RETURN 'not started'; END IF;
	due := epiphany.job_end(id, ok, CASE WHEN NOT ok THEN 'P0001' END, CASE WHEN NOT ok THEN 'went wrong' END);
	RETURN CASE due WHEN 'infinity' THEN 'paused' ELSE date_trunc('minute', due - now() + '1 s')::text END;
END $$;
SELECT add_job('fail', '1 h', fixed_schedule => false) AS drift \gset
SELECT alter_job(:drift, max_retries => 7) IS NULL;
SELECT n, pretend(:drift, n = 3) FROM generate_series(1, 12) n;
SELECT last_run_status, job_status, total_runs, total_successes, total_failures FROM job_stats WHERE job_id = :drift;
SELECT succeeded, proc_name, pid, sqlerrcode, err_message, finish_time >= start_time AS ended FROM job_history
WHERE job_id = :drift ORDER BY id LIMIT 4;
SELECT count(*) FROM job_errors WHERE job_id = :drift;
-- Scheduled again, it starts anew.
SELECT scheduled FROM alter_job(:drift, scheduled => true);
SELECT pretend(:drift, false);
-- A fixed schedule keeps its next start.
SELECT add_job('fail', '3 min', initial_start => now()) AS fixed \gset
SELECT pretend(:fixed, false);
-- Another job's errors are its owner's affair.
SET ROLE regress_pge_job_alice;
SELECT count(*) FROM job_history;
RESET ROLE;
GRANT pg_read_all_stats TO regress_pge_job_alice;
SET ROLE regress_pge_job_alice;
SELECT count(*) > 5 AS many FROM job_history;
RESET ROLE;

-- What is due; a restored job, which has no state, has its first start yet to come.
SELECT alter_job(:fixed, next_start => now() - interval '1 min') IS NULL, alter_job(:drift, next_start => now() - interval '2 min') IS NULL;
SELECT application_name FROM job_due();
DELETE FROM epiphany.job_state;
SELECT application_name FROM job_due();
SELECT job_id - 5000 AS job_id, next_start FROM epiphany.job_state JOIN epiphany.job USING (job_id) WHERE job_id IN (:func, :checked) ORDER BY 1;

-- An owner or procedure that is gone is a failure that says so.
DROP PROCEDURE fail;
SELECT alter_job(:fixed, next_start => now()) IS NULL;
CALL run_job(:fixed);
CREATE ROLE regress_pge_job_carol LOGIN;
SET ROLE regress_pge_job_carol;
SELECT add_job('note', '1 h') AS carols \gset
RESET ROLE;
ALTER ROLE regress_pge_job_carol NOLOGIN;
SELECT pretend(:carols, true);
DROP ROLE regress_pge_job_carol;
SELECT pretend(:carols, true);
SELECT sqlerrcode, err_message FROM epiphany.job_errors WHERE job_id = :carols ORDER BY start_time;
SELECT scheduled FROM alter_job(:carols, scheduled => false);

-- Gone: by hand, and with the table it belongs to.
SELECT delete_job(:carols);
SELECT delete_job(:carols);
SELECT count(*) FROM jobs WHERE job_id = :carols;
CREATE TABLE measured (t timestamptz);
SELECT save_job(NULL, jsonb_build_object('proc_schema', 'job_test', 'proc_name', 'note', 'schedule_interval', '1 h',
	'relation', 'measured'::regclass::oid::text)) AS policy \gset
SELECT hypertable_schema, hypertable_name FROM jobs WHERE job_id = :policy;
SET ROLE regress_pge_job_alice;
SELECT save_job(NULL, jsonb_build_object('proc_schema', 'job_test', 'proc_name', 'note', 'schedule_interval', '1 h',
	'relation', 'measured'::regclass::oid::text));
RESET ROLE;
DROP TABLE measured;
SELECT count(*) FROM jobs WHERE job_id = :policy;

SELECT delete_job(job_id) FROM jobs WHERE job_id >= 5000;
SELECT count(*) FROM epiphany.job_state;
SET client_min_messages = warning;
DROP SCHEMA job_test CASCADE;
DROP ROLE regress_pge_job_alice, regress_pge_job_bob, regress_pge_job_nobody;
