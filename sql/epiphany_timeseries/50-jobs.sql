-- Jobs: what is to run, and when. Names, arguments and results are TimescaleDB's.
--
-- Who may do what: everybody may add a job, which runs as him; its owner, and who has the owner's role, may change it. Tables here belong to
-- the extension; users change them through the functions only. A function of C calls the one of the same name with `_for`, which nobody
-- else may call, and tells it who asks; whatever runs a user's code does so with the user's rights.
CREATE SEQUENCE epiphany.job_id_seq AS pg_catalog.int4 START 1000 MINVALUE 1000;

CREATE TABLE epiphany.job (
	job_id pg_catalog.int4 PRIMARY KEY DEFAULT pg_catalog.nextval('epiphany.job_id_seq'),
	job_name pg_catalog.text NOT NULL,
	schedule_interval pg_catalog.interval NOT NULL CHECK (schedule_interval > '0'),
	max_runtime pg_catalog.interval NOT NULL CHECK (max_runtime >= '0'),
	max_retries pg_catalog.int4 NOT NULL CHECK (max_retries >= -1),
	retry_period pg_catalog.interval NOT NULL CHECK (retry_period > '0'),
	proc_schema pg_catalog.name NOT NULL,
	proc_name pg_catalog.name NOT NULL,
	owner pg_catalog.regrole NOT NULL,
	scheduled pg_catalog.bool NOT NULL,
	fixed_schedule pg_catalog.bool NOT NULL,
	initial_start pg_catalog.timestamptz,
	timezone pg_catalog.text,
	relation pg_catalog.regclass,
	config pg_catalog.jsonb,
	check_schema pg_catalog.name,
	check_name pg_catalog.name
);

CREATE INDEX job_relation_idx ON epiphany.job (relation) WHERE relation IS NOT NULL;

COMMENT ON TABLE epiphany.job IS 'jobs, as add_job and the policies made them; changed by alter_job and delete_job';

-- What came of them; not part of a dump, since a restored database starts afresh. `started` says that a run is on.
CREATE TABLE epiphany.job_state (
	job_id pg_catalog.int4 PRIMARY KEY REFERENCES epiphany.job ON DELETE CASCADE,
	next_start pg_catalog.timestamptz NOT NULL,
	started pg_catalog.timestamptz,
	log_id pg_catalog.int8,
	last_start pg_catalog.timestamptz,
	last_finish pg_catalog.timestamptz,
	last_successful_finish pg_catalog.timestamptz,
	last_succeeded pg_catalog.bool,
	total_runs pg_catalog.int8 NOT NULL DEFAULT 0,
	total_successes pg_catalog.int8 NOT NULL DEFAULT 0,
	total_failures pg_catalog.int8 NOT NULL DEFAULT 0,
	consecutive_failures pg_catalog.int4 NOT NULL DEFAULT 0
);

COMMENT ON TABLE epiphany.job_state IS 'when each job runs next, and how its runs went';

CREATE TABLE epiphany.job_log (
	id pg_catalog.int8 PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
	job_id pg_catalog.int4 NOT NULL,
	owner pg_catalog.regrole NOT NULL,
	succeeded pg_catalog.bool,
	proc_schema pg_catalog.name NOT NULL,
	proc_name pg_catalog.name NOT NULL,
	pid pg_catalog.int4,
	start_time pg_catalog.timestamptz NOT NULL,
	finish_time pg_catalog.timestamptz,
	config pg_catalog.jsonb,
	sqlerrcode pg_catalog.text,
	err_message pg_catalog.text
);

CREATE INDEX job_log_start_idx ON epiphany.job_log (start_time);

COMMENT ON TABLE epiphany.job_log IS 'runs of jobs, for as long as epiphany.job_history_retention says';

-- Sessions that have loaded jobs from a dump: until they end, the jobs wait, since what they need may not be there yet.
CREATE TABLE epiphany.job_restore (
	pid pg_catalog.int4 NOT NULL,
	backend_start pg_catalog.timestamptz NOT NULL
);

COMMENT ON TABLE epiphany.job_restore IS 'sessions that restore jobs';

-- A job of a table that is gone without its event trigger's knowledge is not carried on.
SELECT pg_catalog.pg_extension_config_dump('epiphany.job',
	'WHERE relation IS NULL OR EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = relation::pg_catalog.oid)');
SELECT pg_catalog.pg_extension_config_dump('epiphany.job_id_seq', '');

CREATE VIEW epiphany.jobs AS
SELECT j.job_id, pg_catalog.format('%s [%s]', j.job_name, j.job_id) AS application_name, j.schedule_interval, j.max_runtime, j.max_retries,
	j.retry_period, j.proc_schema, j.proc_name, j.owner, j.scheduled, j.fixed_schedule, j.config, s.next_start, j.initial_start, j.timezone,
	n.nspname AS hypertable_schema, c.relname AS hypertable_name, j.check_schema, j.check_name
FROM epiphany.job j
	LEFT JOIN epiphany.job_state s USING (job_id)
	LEFT JOIN pg_catalog.pg_class c ON c.oid = j.relation::pg_catalog.oid
	LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace;

COMMENT ON VIEW epiphany.jobs IS 'jobs and policies of this database';

CREATE VIEW epiphany.job_stats AS
SELECT n.nspname AS hypertable_schema, c.relname AS hypertable_name, j.job_id, s.last_start AS last_run_started_at, s.last_successful_finish,
	CASE WHEN s.last_succeeded THEN 'Success' WHEN NOT s.last_succeeded THEN 'Failed' END AS last_run_status,
	CASE WHEN s.started IS NOT NULL THEN 'Running' WHEN j.scheduled THEN 'Scheduled' ELSE 'Paused' END AS job_status,
	CASE WHEN s.last_finish >= s.last_start THEN s.last_finish - s.last_start END AS last_run_duration,
	CASE WHEN s.started IS NULL OR s.next_start > s.started THEN s.next_start END AS next_start, s.total_runs, s.total_successes, s.total_failures
FROM epiphany.job j
	JOIN epiphany.job_state s USING (job_id)
	LEFT JOIN pg_catalog.pg_class c ON c.oid = j.relation::pg_catalog.oid
	LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace;

COMMENT ON VIEW epiphany.job_stats IS 'how the runs of each job went';

CREATE VIEW epiphany.job_history AS
SELECT l.id, l.job_id, l.succeeded, l.proc_schema, l.proc_name, l.pid, l.start_time, l.finish_time, l.config, l.sqlerrcode, l.err_message
FROM epiphany.job_log l
WHERE pg_catalog.pg_has_role(CURRENT_USER, 'pg_read_all_stats', 'USAGE')
	OR EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = l.owner::pg_catalog.oid AND pg_catalog.pg_has_role(CURRENT_USER, r.oid, 'USAGE'));

COMMENT ON VIEW epiphany.job_history IS 'runs of jobs whose owner one is; all of them for members of pg_read_all_stats';

CREATE VIEW epiphany.job_errors AS
SELECT h.job_id, h.proc_schema, h.proc_name, h.pid, h.start_time, h.finish_time, h.sqlerrcode, h.err_message
FROM epiphany.job_history h
WHERE NOT h.succeeded;

COMMENT ON VIEW epiphany.job_errors IS 'runs of job_history that failed';

GRANT SELECT ON epiphany.jobs, epiphany.job_stats, epiphany.job_history, epiphany.job_errors TO PUBLIC;

-- ---- What the scheduler asks; revoked from everybody below ----

-- The first planned start after a moment. A fixed schedule counts whole intervals from initial_start, so it does not drift; days and months
-- are those of the time zone, hours are hours.
CREATE FUNCTION epiphany.job_slot(schedule_interval pg_catalog.interval, fixed_schedule pg_catalog.bool,
	initial_start pg_catalog.timestamptz, timezone pg_catalog.text, after pg_catalog.timestamptz)
RETURNS pg_catalog.timestamptz
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	zone text := coalesce(timezone, current_setting('TimeZone'));
	months int := extract(year FROM schedule_interval) * 12 + extract(month FROM schedule_interval);
	n bigint;
	slot timestamptz;
BEGIN
	IF NOT fixed_schedule OR initial_start IS NULL OR NOT isfinite(initial_start) THEN
		RETURN ((after AT TIME ZONE zone) + schedule_interval) AT TIME ZONE zone;
	END IF;
	IF after < initial_start THEN
		RETURN initial_start;
	END IF;
	IF months = 0 AND extract(day FROM schedule_interval) = 0 THEN
		RETURN date_bin(schedule_interval, after, initial_start) + schedule_interval;
	END IF;
	-- From a number that is not too high: an interval's months count as 30 days there, and have up to 31.
	n := greatest(0, floor(extract(epoch FROM after - initial_start) / extract(epoch FROM schedule_interval)
		* CASE months WHEN 0 THEN 1 ELSE 0.96 END) - 2);
	LOOP
		slot := ((initial_start AT TIME ZONE zone) + n * schedule_interval) AT TIME ZONE zone;
		EXIT WHEN slot > after;
		n := n + 1;
	END LOOP;
	RETURN slot;
END $$;

-- When a job that has just finished runs next. After failures: retry_period, doubled each time, at most five schedule intervals;
-- a fixed schedule does not leave out its next start for that.
CREATE FUNCTION epiphany.job_next_start(job epiphany.job, failures pg_catalog.int4, after pg_catalog.timestamptz)
RETURNS pg_catalog.timestamptz
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	slot timestamptz := epiphany.job_slot(job.schedule_interval, job.fixed_schedule, job.initial_start, job.timezone, after);
	retry timestamptz := after + least(job.retry_period * power(2, least(failures, 21) - 1), job.schedule_interval * 5);
BEGIN
	RETURN CASE WHEN failures = 0 THEN slot WHEN job.fixed_schedule THEN least(slot, retry) ELSE retry END;
END $$;

CREATE FUNCTION epiphany.job_restore_is_on()
RETURNS pg_catalog.bool
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT EXISTS (SELECT FROM pg_stat_activity a WHERE a.datname = current_database() AND a.application_name = 'pg_restore')
		OR EXISTS (SELECT FROM pg_stat_activity a JOIN epiphany.job_restore r USING (pid, backend_start))
$$;

-- Jobs to start, the longest overdue first. One that was never looked at, as after a restore, gets its first start.
CREATE FUNCTION epiphany.job_due(OUT job_id pg_catalog.int4, OUT owner pg_catalog.oid, OUT application_name pg_catalog.text)
RETURNS SETOF pg_catalog.record
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF EXISTS (SELECT FROM epiphany.job_restore) AND NOT epiphany.job_restore_is_on() THEN
		DELETE FROM epiphany.job_restore;
	END IF;
	INSERT INTO epiphany.job_state (job_id, next_start)
	SELECT j.job_id, coalesce(CASE WHEN j.initial_start > now() THEN j.initial_start
			ELSE epiphany.job_slot(j.schedule_interval, true, j.initial_start, j.timezone, now()) END, now())
	FROM epiphany.job j
	WHERE NOT EXISTS (SELECT FROM epiphany.job_state s WHERE s.job_id = j.job_id) AND NOT epiphany.job_restore_is_on()
	ON CONFLICT DO NOTHING;
	RETURN QUERY
		SELECT j.job_id, j.owner::oid, j.job_name || ' [' || j.job_id || ']'
		FROM epiphany.job j JOIN epiphany.job_state s USING (job_id)
		WHERE j.scheduled AND s.started IS NULL AND s.next_start <= clock_timestamp()
		ORDER BY s.next_start, j.job_id;
END $$;

-- When the next job is due; of those that are due already and could not be started, in a second (not all: they wait for another's end).
-- Those that wait for the end of a restore are looked at again soon.
CREATE FUNCTION epiphany.job_next("all" pg_catalog.bool)
RETURNS pg_catalog.timestamptz
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT min(greatest(s.next_start, clock_timestamp() + CASE WHEN s.job_id IS NULL THEN interval '5 s' ELSE '1 s' END))
	FROM epiphany.job j LEFT JOIN epiphany.job_state s USING (job_id)
	WHERE s.job_id IS NULL OR (j.scheduled AND s.started IS NULL AND ("all" OR s.next_start > clock_timestamp()))
$$;

-- Runs that are noted as going on.
CREATE FUNCTION epiphany.job_started()
RETURNS SETOF pg_catalog.int4
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT s.job_id FROM epiphany.job_state s WHERE s.started IS NOT NULL
$$;

-- Notes that a run begins. False: it must not. An owner who cannot run it is a failure like another.
CREATE FUNCTION epiphany.job_start(id pg_catalog.int4)
RETURNS pg_catalog.bool
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	job epiphany.job;
	owner_can_log_in bool;
BEGIN
	-- Somebody who is changing it may take his time.
	SELECT * INTO job FROM epiphany.job j WHERE j.job_id = id AND j.scheduled FOR NO KEY UPDATE SKIP LOCKED;
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	UPDATE epiphany.job_state s SET started = clock_timestamp(), last_start = clock_timestamp(), total_runs = s.total_runs + 1
	WHERE s.job_id = id AND s.started IS NULL AND s.next_start <= clock_timestamp();
	IF NOT FOUND THEN
		RETURN false;
	END IF;
	WITH entry AS (
		INSERT INTO epiphany.job_log (job_id, owner, proc_schema, proc_name, start_time, config)
		VALUES (id, job.owner, job.proc_schema, job.proc_name, clock_timestamp(), job.config)
		RETURNING job_log.id)
	UPDATE epiphany.job_state s SET log_id = entry.id FROM entry WHERE s.job_id = job.job_id;

	SELECT r.rolcanlogin INTO owner_can_log_in FROM pg_roles r WHERE r.oid = job.owner;
	IF owner_can_log_in THEN
		RETURN true;
	END IF;
	PERFORM epiphany.job_end(id, false, '42704', CASE WHEN owner_can_log_in IS NULL THEN 'the owner of the job does not exist any more'
		ELSE format('the owner of the job, role %s, is not permitted to log in', job.owner) END);
	RETURN false;
END $$;

-- The server had no process for it: as if it had not been started.
CREATE FUNCTION epiphany.job_unstart(id pg_catalog.int4)
RETURNS pg_catalog.void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
	DELETE FROM epiphany.job_log l USING epiphany.job_state s WHERE s.job_id = job_unstart.id AND l.id = s.log_id;
	UPDATE epiphany.job_state s SET started = NULL, log_id = NULL, total_runs = s.total_runs - 1 WHERE s.job_id = job_unstart.id;
$$;

-- The statement that is a job's run, and how long it may take in milliseconds (0: for ever). Raises if there is no such function.
CREATE FUNCTION epiphany.job_statement(id pg_catalog.int4, OUT statement pg_catalog.text, OUT max_runtime pg_catalog.int8,
	OUT owner pg_catalog.oid)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	job epiphany.job;
	kind "char";
BEGIN
	SELECT * INTO job FROM epiphany.job j WHERE j.job_id = id;
	IF NOT FOUND THEN
		RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = format('job %s does not exist', id);
	END IF;
	SELECT p.prokind INTO kind FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
	WHERE n.nspname = job.proc_schema AND p.proname = job.proc_name AND p.proargtypes = '23 3802';
	IF NOT FOUND THEN
		RAISE EXCEPTION USING ERRCODE = 'undefined_function',
			MESSAGE = format('function or procedure %I.%I(integer, jsonb) of job %s does not exist', job.proc_schema, job.proc_name, id),
			HINT = 'A job runs a function or procedure with these arguments. Create it, or delete the job with epiphany.delete_job().';
	END IF;
	statement := format('%s %I.%I(%s, %s)', CASE kind WHEN 'p' THEN 'CALL' ELSE 'SELECT' END, job.proc_schema, job.proc_name, id,
		quote_nullable(job.config::text) || '::pg_catalog.jsonb');
	max_runtime := ceil(extract(epoch FROM job.max_runtime) * 1000);
	owner := job.owner;
END $$;

-- The process that runs a job has begun.
CREATE FUNCTION epiphany.job_enter(id pg_catalog.int4, pid pg_catalog.int4)
RETURNS pg_catalog.void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
	UPDATE epiphany.job_log l SET pid = job_enter.pid FROM epiphany.job_state s WHERE s.job_id = job_enter.id AND l.id = s.log_id;
$$;

-- Notes how a run ended, and when the next begins. A job that fails once more than max_retries is paused.
CREATE FUNCTION epiphany.job_end(id pg_catalog.int4, succeeded pg_catalog.bool, sqlstate_text pg_catalog.text, message pg_catalog.text)
RETURNS pg_catalog.timestamptz
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	job epiphany.job;
	state epiphany.job_state;
	finish timestamptz := clock_timestamp();
	retention interval := current_setting('epiphany.job_history_retention');
BEGIN
	SELECT * INTO job FROM epiphany.job j WHERE j.job_id = id FOR NO KEY UPDATE;
	SELECT * INTO state FROM epiphany.job_state s WHERE s.job_id = id FOR UPDATE;
	IF retention > '0' THEN
		DELETE FROM epiphany.job_log l WHERE l.start_time < finish - retention;
	END IF;
	-- Deleted while it ran: nothing is left to be noted, nor is it an error.
	IF state.started IS NULL THEN
		UPDATE epiphany.job_log l SET succeeded = job_end.succeeded, finish_time = finish, sqlerrcode = sqlstate_text, err_message = message
		WHERE job.job_id IS NULL AND l.job_id = job_end.id AND l.finish_time IS NULL;
		RETURN 'infinity';
	END IF;
	UPDATE epiphany.job_log l SET succeeded = job_end.succeeded, finish_time = finish, sqlerrcode = sqlstate_text, err_message = message
	WHERE l.id = state.log_id;
	state.consecutive_failures := CASE WHEN succeeded THEN 0 ELSE state.consecutive_failures + 1 END;
	-- Whoever set another next_start while it ran means it.
	IF state.next_start <= state.started THEN
		state.next_start := epiphany.job_next_start(job, state.consecutive_failures, finish);
	END IF;
	UPDATE epiphany.job_state s SET started = NULL, log_id = NULL, next_start = state.next_start, last_finish = finish,
		last_successful_finish = CASE WHEN succeeded THEN finish ELSE s.last_successful_finish END, last_succeeded = succeeded,
		total_successes = s.total_successes + succeeded::int, total_failures = s.total_failures + (NOT succeeded)::int,
		consecutive_failures = state.consecutive_failures
	WHERE s.job_id = id;
	IF job.max_retries >= 0 AND state.consecutive_failures > job.max_retries THEN
		RAISE LOG 'job % is paused after % failures in a row', id, state.consecutive_failures
			USING HINT = 'It goes on after SELECT epiphany.alter_job(' || id || ', scheduled => true).';
		UPDATE epiphany.job j SET scheduled = false WHERE j.job_id = id;
		RETURN 'infinity';
	END IF;
	RETURN CASE WHEN job.scheduled THEN state.next_start ELSE 'infinity' END;
END $$;

-- Has the scheduler look at this database's jobs once the transaction has committed.
CREATE FUNCTION epiphany.job_wake()
RETURNS pg_catalog.void
AS 'MODULE_PATHNAME', 'pge_job_wake'
LANGUAGE C VOLATILE;

-- Rows that come otherwise than by add_job are a dump's, which says so by a setting of pg_dump's.
CREATE FUNCTION epiphany.job_inserted()
RETURNS pg_catalog.trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT current_setting('check_function_bodies')::bool THEN
		INSERT INTO epiphany.job_restore SELECT a.pid, a.backend_start FROM pg_stat_activity a WHERE a.pid = pg_backend_pid();
	END IF;
	PERFORM epiphany.job_wake();
	RETURN NULL;
END $$;

CREATE TRIGGER job_inserted AFTER INSERT ON epiphany.job FOR EACH STATEMENT EXECUTE FUNCTION epiphany.job_inserted();

-- ---- What users ask ----

-- Makes a job (id is null) or changes one. `fields` are columns of epiphany.job by name, and next_start.
CREATE FUNCTION epiphany.save_job_for(caller pg_catalog.oid, id pg_catalog.int4, fields pg_catalog.jsonb)
RETURNS pg_catalog.int4
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	old epiphany.job;
	job epiphany.job;
	proc oid;
	start timestamptz := fields ->> 'next_start';
BEGIN
	IF id IS NOT NULL THEN
		SELECT * INTO old FROM epiphany.job j WHERE j.job_id = id FOR NO KEY UPDATE;
		IF NOT FOUND THEN
			RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = format('job %s does not exist', id),
				HINT = 'View epiphany.jobs lists the jobs of this database.';
		END IF;
		PERFORM epiphany.check_job_owner(caller, old);
	END IF;
	job := jsonb_populate_record(old, fields);
	job.job_id := coalesce(id, nextval('epiphany.job_id_seq'));
	job.owner := coalesce(old.owner, caller::regrole);

	SELECT p.oid INTO proc FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
	WHERE n.nspname = job.proc_schema AND p.proname = job.proc_name AND p.proargtypes = '23 3802' AND p.prokind IN ('f', 'p');
	IF NOT FOUND AND id IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'undefined_function',
			MESSAGE = format('function or procedure %I.%I(integer, jsonb) does not exist', job.proc_schema, job.proc_name),
			HINT = 'A job runs a function or procedure with arguments (job_id integer, config jsonb).';
	ELSIF NOT has_function_privilege(caller, proc, 'EXECUTE') THEN
		RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
			MESSAGE = format('permission denied for function %s', job.proc_name),
			HINT = 'A job''s owner must have the EXECUTE privilege on what it runs.';
	ELSIF NOT (SELECT r.rolcanlogin FROM pg_roles r WHERE r.oid = job.owner) THEN
		RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
			MESSAGE = format('role %s cannot own a job, since it is not permitted to log in', job.owner),
			HINT = 'Jobs run in sessions of their owner.';
	ELSIF job.schedule_interval IS NULL OR job.schedule_interval <= '0' THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'schedule_interval must be greater than zero';
	ELSIF job.max_runtime < '0' THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'max_runtime must not be negative',
			HINT = 'Zero means no limit.';
	ELSIF job.max_retries < -1 THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'max_retries must be -1 or more', HINT = '-1 means no limit.';
	ELSIF job.retry_period <= '0' THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'retry_period must be greater than zero';
	ELSIF coalesce(jsonb_typeof(job.config), 'object') NOT IN ('object', 'null') THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'config must be a JSON object';
	END IF;
	-- Raises for a name that is none.
	PERFORM now() AT TIME ZONE job.timezone;
	IF job.relation IS NOT NULL AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = job.relation AND pg_has_role(caller, c.relowner, 'USAGE')) THEN
		RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format('must be owner of table %s', job.relation);
	END IF;

	job.max_runtime := coalesce(job.max_runtime, '0');
	job.max_retries := coalesce(job.max_retries, -1);
	job.retry_period := coalesce(job.retry_period, '5 min');
	job.scheduled := coalesce(job.scheduled, true);
	job.fixed_schedule := coalesce(job.fixed_schedule, true);
	job.job_name := coalesce(job.job_name, 'User-Defined Action');
	IF id IS NULL THEN
		start := coalesce(start, job.initial_start, now());
		IF job.fixed_schedule THEN
			job.initial_start := coalesce(job.initial_start, now());
		END IF;
		INSERT INTO epiphany.job SELECT job.*;
		INSERT INTO epiphany.job_state (job_id, next_start) VALUES (job.job_id, start);
	ELSE
		-- A new schedule begins from what has been; being scheduled again forgives failures.
		IF start IS NULL AND (job.schedule_interval, job.fixed_schedule, job.initial_start, job.timezone)
			IS DISTINCT FROM (old.schedule_interval, old.fixed_schedule, old.initial_start, old.timezone) THEN
			SELECT epiphany.job_slot(job.schedule_interval, job.fixed_schedule, job.initial_start, job.timezone,
				CASE WHEN job.fixed_schedule THEN now() ELSE s.last_finish END)
			INTO start FROM epiphany.job_state s WHERE s.job_id = id AND isfinite(s.next_start);
		END IF;
		UPDATE epiphany.job j SET (job_name, schedule_interval, max_runtime, max_retries, retry_period, proc_schema, proc_name, scheduled,
				fixed_schedule, initial_start, timezone, relation, config, check_schema, check_name) =
			(job.job_name, job.schedule_interval, job.max_runtime, job.max_retries, job.retry_period, job.proc_schema, job.proc_name,
				job.scheduled, job.fixed_schedule, job.initial_start, job.timezone, job.relation, job.config, job.check_schema, job.check_name)
		WHERE j.job_id = id;
		UPDATE epiphany.job_state s SET next_start = coalesce(start, s.next_start),
			consecutive_failures = CASE WHEN job.scheduled AND NOT old.scheduled THEN 0 ELSE s.consecutive_failures END
		WHERE s.job_id = id;
	END IF;
	PERFORM epiphany.job_wake();
	RETURN job.job_id;
END $$;

CREATE FUNCTION epiphany.check_job_owner(caller pg_catalog.oid, job epiphany.job)
RETURNS pg_catalog.void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	-- Of an owner who is gone, superusers only.
	IF NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = job.owner AND pg_has_role(caller, r.oid, 'USAGE'))
		AND NOT (SELECT r.rolsuper FROM pg_roles r WHERE r.oid = caller) THEN
		RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format('must be owner of job %s', job.job_id),
			DETAIL = format('Its owner is %s.', job.owner);
	END IF;
END $$;

CREATE FUNCTION epiphany.save_job(job_id pg_catalog.int4, fields pg_catalog.jsonb)
RETURNS pg_catalog.int4
AS 'MODULE_PATHNAME', 'pge_call_for'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.save_job(pg_catalog.int4, pg_catalog.jsonb) IS
	'what add_job, alter_job and the policies write through: makes a job of the caller''s (job_id null), or changes one, and returns its job_id';

-- Asks a job's check function about a configuration; with the rights of the caller.
CREATE FUNCTION epiphany.check_job_config(check_schema pg_catalog.name, check_name pg_catalog.name, config pg_catalog.jsonb)
RETURNS pg_catalog.void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	kind "char";
BEGIN
	IF check_name IS NULL THEN
		RETURN;
	END IF;
	SELECT p.prokind INTO kind FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
	WHERE n.nspname = check_schema AND p.proname = check_name AND p.proargtypes = '3802';
	IF NOT FOUND THEN
		RAISE EXCEPTION USING ERRCODE = 'undefined_function',
			MESSAGE = format('function or procedure %I.%I(jsonb) does not exist', check_schema, check_name),
			HINT = 'A check function takes the configuration, and raises an error where it is wrong.';
	END IF;
	EXECUTE format('%s %I.%I($1)', CASE kind WHEN 'p' THEN 'CALL' ELSE 'SELECT' END, check_schema, check_name) USING config;
END $$;

-- Sets one of the fields to be saved, or leaves it alone.
CREATE FUNCTION epiphany.job_fields(proc pg_catalog.regproc, check_config pg_catalog.regproc, others pg_catalog.jsonb)
RETURNS pg_catalog.jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT jsonb_strip_nulls(others - 'config') ||
		CASE WHEN others -> 'config' <> 'null' THEN jsonb_build_object('config', others -> 'config') ELSE '{}' END ||
		coalesce((SELECT jsonb_build_object('proc_schema', n.nspname, 'proc_name', p.proname)
			FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.oid = proc), '{}') ||
		coalesce((SELECT jsonb_build_object('check_schema', n.nspname, 'check_name', p.proname)
			FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.oid = check_config), '{}');
$$;

CREATE FUNCTION epiphany.add_job(proc pg_catalog.regproc, schedule_interval pg_catalog.interval, config pg_catalog.jsonb DEFAULT NULL,
	initial_start pg_catalog.timestamptz DEFAULT NULL, scheduled pg_catalog.bool DEFAULT true, check_config pg_catalog.regproc DEFAULT NULL,
	fixed_schedule pg_catalog.bool DEFAULT true, timezone pg_catalog.text DEFAULT NULL, job_name pg_catalog.text DEFAULT NULL)
RETURNS pg_catalog.int4
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	fields jsonb := epiphany.job_fields(proc, check_config, jsonb_build_object('schedule_interval', schedule_interval, 'config', config,
		'initial_start', initial_start, 'scheduled', scheduled, 'fixed_schedule', fixed_schedule, 'timezone', timezone, 'job_name', job_name));
BEGIN
	IF proc IS NULL OR schedule_interval IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'proc and schedule_interval must not be null';
	END IF;
	PERFORM epiphany.check_job_config((fields ->> 'check_schema')::name, (fields ->> 'check_name')::name, config);
	RETURN epiphany.save_job(NULL, fields);
END $$;

COMMENT ON FUNCTION epiphany.add_job(pg_catalog.regproc, pg_catalog.interval, pg_catalog.jsonb, pg_catalog.timestamptz, pg_catalog.bool,
	pg_catalog.regproc, pg_catalog.bool, pg_catalog.text, pg_catalog.text) IS
	'has a function or procedure with arguments (job_id integer, config jsonb) run again and again in the background, as the caller; returns the job''s id';

CREATE TYPE epiphany.altered_job AS (
	job_id pg_catalog.int4,
	schedule_interval pg_catalog.interval,
	max_runtime pg_catalog.interval,
	max_retries pg_catalog.int4,
	retry_period pg_catalog.interval,
	scheduled pg_catalog.bool,
	config pg_catalog.jsonb,
	next_start pg_catalog.timestamptz,
	check_config pg_catalog.text,
	fixed_schedule pg_catalog.bool,
	initial_start pg_catalog.timestamptz,
	timezone pg_catalog.text,
	application_name pg_catalog.text
);

CREATE FUNCTION epiphany.alter_job_for(caller pg_catalog.oid, id pg_catalog.int4, schedule_interval pg_catalog.interval,
	max_runtime pg_catalog.interval, max_retries pg_catalog.int4, retry_period pg_catalog.interval, scheduled pg_catalog.bool,
	config pg_catalog.jsonb, next_start pg_catalog.timestamptz, if_exists pg_catalog.bool, check_config pg_catalog.regproc,
	fixed_schedule pg_catalog.bool, initial_start pg_catalog.timestamptz, timezone pg_catalog.text, job_name pg_catalog.text)
RETURNS SETOF epiphany.altered_job
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	fields jsonb := epiphany.job_fields(NULL, check_config, jsonb_build_object('schedule_interval', schedule_interval,
		'max_runtime', max_runtime, 'max_retries', max_retries, 'retry_period', retry_period, 'scheduled', scheduled, 'config', config,
		'next_start', next_start, 'fixed_schedule', fixed_schedule, 'initial_start', initial_start, 'timezone', timezone, 'job_name', job_name));
	job record;
BEGIN
	SELECT * INTO job FROM epiphany.jobs j WHERE j.job_id = id;
	IF NOT FOUND AND if_exists THEN
		RAISE NOTICE 'job % does not exist, skipping', id;
		RETURN;
	END IF;
	IF config IS NOT NULL OR check_config IS NOT NULL THEN
		PERFORM epiphany.check_job_config(coalesce(fields ->> 'check_schema', job.check_schema)::name,
			coalesce(fields ->> 'check_name', job.check_name)::name, coalesce(config, job.config));
	END IF;
	PERFORM epiphany.save_job(coalesce(id, 0), fields);
	RETURN QUERY SELECT j.job_id, j.schedule_interval, j.max_runtime, j.max_retries, j.retry_period, j.scheduled, j.config, j.next_start,
			quote_ident(j.check_schema) || '.' || quote_ident(j.check_name), j.fixed_schedule, j.initial_start, j.timezone, j.application_name
		FROM epiphany.jobs j WHERE j.job_id = id;
END $$;

CREATE FUNCTION epiphany.alter_job(job_id pg_catalog.int4, schedule_interval pg_catalog.interval DEFAULT NULL,
	max_runtime pg_catalog.interval DEFAULT NULL, max_retries pg_catalog.int4 DEFAULT NULL, retry_period pg_catalog.interval DEFAULT NULL,
	scheduled pg_catalog.bool DEFAULT NULL, config pg_catalog.jsonb DEFAULT NULL, next_start pg_catalog.timestamptz DEFAULT NULL,
	if_exists pg_catalog.bool DEFAULT false, check_config pg_catalog.regproc DEFAULT NULL, fixed_schedule pg_catalog.bool DEFAULT NULL,
	initial_start pg_catalog.timestamptz DEFAULT NULL, timezone pg_catalog.text DEFAULT NULL, job_name pg_catalog.text DEFAULT NULL)
RETURNS TABLE (job_id pg_catalog.int4, schedule_interval pg_catalog.interval, max_runtime pg_catalog.interval, max_retries pg_catalog.int4,
	retry_period pg_catalog.interval, scheduled pg_catalog.bool, config pg_catalog.jsonb, next_start pg_catalog.timestamptz,
	check_config pg_catalog.text, fixed_schedule pg_catalog.bool, initial_start pg_catalog.timestamptz, timezone pg_catalog.text,
	application_name pg_catalog.text)
AS 'MODULE_PATHNAME', 'pge_call_for'
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 1;

COMMENT ON FUNCTION epiphany.alter_job IS 'changes what of a job is given and not null, and returns what it is then; next_start says when it runs next';

CREATE FUNCTION epiphany.delete_job_for(caller pg_catalog.oid, id pg_catalog.int4)
RETURNS pg_catalog.void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	job epiphany.job;
BEGIN
	SELECT * INTO job FROM epiphany.job j WHERE j.job_id = id FOR UPDATE;
	IF NOT FOUND THEN
		RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = format('job %s does not exist', id),
			HINT = 'View epiphany.jobs lists the jobs of this database.';
	END IF;
	PERFORM epiphany.check_job_owner(caller, job);
	DELETE FROM epiphany.job j WHERE j.job_id = id;
END $$;

CREATE FUNCTION epiphany.delete_job(job_id pg_catalog.int4)
RETURNS pg_catalog.void
AS 'MODULE_PATHNAME', 'pge_call_for'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.delete_job(pg_catalog.int4) IS 'deletes a job; a run that is on goes on to its end';

CREATE PROCEDURE epiphany.run_job(job_id pg_catalog.int4)
AS 'MODULE_PATHNAME', 'pge_run_job'
LANGUAGE C;

COMMENT ON PROCEDURE epiphany.run_job(pg_catalog.int4) IS
	'runs a job here and now, with its owner''s rights, and shows its error; waits for a run that is on; its statistics and next start stay';

-- A job goes with its table.
CREATE FUNCTION epiphany.jobs_sql_drop()
RETURNS pg_catalog.event_trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	DELETE FROM epiphany.job j USING pg_event_trigger_dropped_objects() o
	WHERE o.classid = 'pg_catalog.pg_class'::regclass AND o.objsubid = 0 AND j.relation = o.objid;
END $$;

COMMENT ON FUNCTION epiphany.jobs_sql_drop() IS 'deletes the jobs of tables that are dropped';

CREATE EVENT TRIGGER epiphany_jobs_sql_drop ON sql_drop EXECUTE FUNCTION epiphany.jobs_sql_drop();
ALTER EVENT TRIGGER epiphany_jobs_sql_drop ENABLE ALWAYS;
COMMENT ON EVENT TRIGGER epiphany_jobs_sql_drop IS 'deletes the jobs of tables that are dropped';

REVOKE ALL ON FUNCTION epiphany.job_due(), epiphany.job_next(pg_catalog.bool), epiphany.job_started(), epiphany.job_start(pg_catalog.int4), epiphany.job_unstart(pg_catalog.int4),
	epiphany.job_statement(pg_catalog.int4), epiphany.job_enter(pg_catalog.int4, pg_catalog.int4),
	epiphany.job_end(pg_catalog.int4, pg_catalog.bool, pg_catalog.text, pg_catalog.text), epiphany.job_wake(), epiphany.job_inserted(),
	epiphany.job_restore_is_on(), epiphany.jobs_sql_drop(),
	epiphany.save_job_for(pg_catalog.oid, pg_catalog.int4, pg_catalog.jsonb),
	epiphany.delete_job_for(pg_catalog.oid, pg_catalog.int4) FROM PUBLIC;
