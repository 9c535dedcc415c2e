-- Policies: jobs that belong to a table. Names, arguments, defaults and results are TimescaleDB's.
CREATE FUNCTION epiphany.job_relation(job_id pg_catalog.int4)
RETURNS pg_catalog.regclass
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT j.relation FROM epiphany.job j WHERE j.job_id = job_relation.job_id
$$;

-- Makes a policy of the caller's. -1: the table has one, and if_not_exists.
CREATE FUNCTION epiphany.add_policy(relation pg_catalog.regclass, proc pg_catalog.name, policy pg_catalog.text, config pg_catalog.jsonb,
	if_not_exists pg_catalog.bool, schedule_interval pg_catalog.interval, initial_start pg_catalog.timestamptz, timezone pg_catalog.text)
RETURNS pg_catalog.int4
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	old record;
BEGIN
	IF relation IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'the table must not be null';
	END IF;
	SELECT j.job_id, j.config INTO old FROM epiphany.job j WHERE j.relation = add_policy.relation AND j.proc_schema = 'epiphany' AND j.proc_name = proc;
	IF FOUND THEN
		IF NOT coalesce(if_not_exists, false) THEN
			RAISE EXCEPTION USING ERRCODE = 'duplicate_object', MESSAGE = format('table %s has a %s policy already', relation, policy),
				HINT = 'Change it with epiphany.alter_job(), or remove it first.';
		END IF;
		RAISE NOTICE 'table % has a % policy already, skipping', relation, policy
			USING DETAIL = CASE WHEN old.config = config THEN 'It is the same.' ELSE format('It is %s.', old.config) END;
		RETURN -1;
	END IF;
	RETURN epiphany.save_job(NULL, jsonb_strip_nulls(jsonb_build_object('proc_schema', 'epiphany', 'proc_name', proc,
		'job_name', initcap(policy) || ' Policy', 'relation', relation::oid::text, 'schedule_interval', schedule_interval,
		'initial_start', initial_start, 'fixed_schedule', initial_start IS NOT NULL, 'timezone', timezone)) || jsonb_build_object('config', config));
END $$;

CREATE FUNCTION epiphany.remove_policy(relation pg_catalog.regclass, proc pg_catalog.name, policy pg_catalog.text, if_exists pg_catalog.bool)
RETURNS pg_catalog.void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	id int;
BEGIN
	SELECT j.job_id INTO id FROM epiphany.job j WHERE j.relation = remove_policy.relation AND j.proc_schema = 'epiphany' AND j.proc_name = proc;
	IF FOUND THEN
		PERFORM epiphany.delete_job(id);
	ELSIF coalesce(if_exists, false) THEN
		RAISE NOTICE 'table % has no % policy, skipping', relation, policy;
	ELSE
		RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = format('table %s has no %s policy', relation, policy);
	END IF;
END $$;

-- An age as a configuration has it, checked now rather than when the job runs: an interval, or an integer of integer time columns.
CREATE FUNCTION epiphany.policy_age(relation pg_catalog.regclass, age pg_catalog.text, age_type pg_catalog.regtype, argument pg_catalog.text)
RETURNS pg_catalog.jsonb
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF age IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = format('%s must be given', argument);
	END IF;
	PERFORM epiphany.time_bound(relation, age, age_type, true, argument);
	RETURN CASE WHEN age ~ '^\s*-?\d+\s*$' THEN to_jsonb(age::int8) ELSE to_jsonb(age::interval) END;
END $$;

-- What runs of policies need: the table, or an error that says what is missing.
CREATE FUNCTION epiphany.policy_setting(job_id pg_catalog.int4, config pg_catalog.jsonb, setting pg_catalog.text)
RETURNS pg_catalog.text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF config ->> setting IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('the configuration of job %s lacks "%s"', job_id, setting);
	END IF;
	RETURN config ->> setting;
END $$;

-- ---- Retention ----

CREATE PROCEDURE epiphany.policy_retention(job_id pg_catalog.int4, config pg_catalog.jsonb)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	relation regclass := epiphany.job_relation(job_id);
	bound record;
BEGIN
	SELECT * INTO bound FROM epiphany.time_bound(relation, epiphany.policy_setting(job_id, config, 'drop_after'), 'unknown', true, 'drop_after');
	PERFORM epiphany.delete_range(relation, NULL, NULL, bound.literal, bound.number);
END $$;

COMMENT ON PROCEDURE epiphany.policy_retention(pg_catalog.int4, pg_catalog.jsonb) IS 'what jobs of add_retention_policy run';

CREATE FUNCTION epiphany.add_retention_policy_for(caller pg_catalog.oid, relation pg_catalog.regclass, drop_after pg_catalog.text,
	drop_after_type pg_catalog.regtype, if_not_exists pg_catalog.bool, schedule_interval pg_catalog.interval,
	initial_start pg_catalog.timestamptz, timezone pg_catalog.text, drop_created_before pg_catalog.interval)
RETURNS pg_catalog.int4
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF drop_created_before IS NOT NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'feature_not_supported', MESSAGE = 'chunks have no time of creation',
			HINT = 'Use drop_after, which goes by the rows'' times.';
	END IF;
	RETURN epiphany.add_policy(relation, 'policy_retention', 'retention',
		jsonb_build_object('drop_after', epiphany.policy_age(relation, drop_after, drop_after_type, 'drop_after')), if_not_exists,
		coalesce(schedule_interval, '1 day'), initial_start, timezone);
END $$;

CREATE FUNCTION epiphany.add_retention_policy(relation pg_catalog.regclass, drop_after "any" DEFAULT NULL, if_not_exists pg_catalog.bool DEFAULT false,
	schedule_interval pg_catalog.interval DEFAULT NULL, initial_start pg_catalog.timestamptz DEFAULT NULL, timezone pg_catalog.text DEFAULT NULL,
	drop_created_before pg_catalog.interval DEFAULT NULL)
RETURNS pg_catalog.int4
AS 'MODULE_PATHNAME', 'pge_call_for'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.add_retention_policy IS
	'has rows older than drop_after deleted each schedule_interval (1 day), exactly, whole row groups without reading them; returns the job''s id, -1 where there is one already';

CREATE FUNCTION epiphany.remove_retention_policy(relation pg_catalog.regclass, if_exists pg_catalog.bool DEFAULT false)
RETURNS pg_catalog.void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT epiphany.remove_policy(relation, 'policy_retention', 'retention', if_exists) $$;

COMMENT ON FUNCTION epiphany.remove_retention_policy(pg_catalog.regclass, pg_catalog.bool) IS 'removes a retention policy; an error where there is none, unless if_exists';

-- ---- Compaction, under its two names; reordering is the same, since groups are in the order of series and time ----

CREATE PROCEDURE epiphany.policy_compaction(job_id pg_catalog.int4, config pg_catalog.jsonb)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	relation regclass := epiphany.job_relation(job_id);
	bound record;
BEGIN
	SELECT * INTO bound FROM epiphany.time_bound(relation, epiphany.policy_setting(job_id, config, 'compress_after'), 'unknown', true, 'compress_after');
	PERFORM epiphany.compact_range(epiphany.stored_relation(relation), -9223372036854775808, bound.number);
END $$;

COMMENT ON PROCEDURE epiphany.policy_compaction(pg_catalog.int4, pg_catalog.jsonb) IS 'what jobs of add_compression_policy and add_columnstore_policy run';

CREATE PROCEDURE epiphany.policy_reorder(job_id pg_catalog.int4, config pg_catalog.jsonb)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM epiphany.compact(epiphany.job_relation(job_id));
END $$;

COMMENT ON PROCEDURE epiphany.policy_reorder(pg_catalog.int4, pg_catalog.jsonb) IS 'what jobs of add_reorder_policy run';

CREATE FUNCTION epiphany.add_compression_policy_for(caller pg_catalog.oid, hypertable pg_catalog.regclass, compress_after pg_catalog.text,
	compress_after_type pg_catalog.regtype, if_not_exists pg_catalog.bool, schedule_interval pg_catalog.interval,
	initial_start pg_catalog.timestamptz, timezone pg_catalog.text, compress_created_before pg_catalog.interval)
RETURNS pg_catalog.int4
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF compress_created_before IS NOT NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'feature_not_supported', MESSAGE = 'chunks have no time of creation',
			HINT = 'Use compress_after, which goes by the rows'' times.';
	END IF;
	IF (epiphany.time_dimension(epiphany.stored_relation(hypertable))).chunk_width IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'wrong_object_type', MESSAGE = format('table %s is not a column table with a time column', hypertable),
			HINT = 'Use ALTER TABLE ... SET ACCESS METHOD epiphany_timeseries, or epiphany.create_hypertable().';
	END IF;
	RETURN epiphany.add_policy(hypertable, 'policy_compaction', 'columnstore',
		jsonb_build_object('compress_after', epiphany.policy_age(hypertable, compress_after, compress_after_type, 'compress_after')), if_not_exists,
		coalesce(schedule_interval, '12 hours'), initial_start, timezone);
END $$;

CREATE FUNCTION epiphany.add_compression_policy(hypertable pg_catalog.regclass, compress_after "any" DEFAULT NULL,
	if_not_exists pg_catalog.bool DEFAULT false, schedule_interval pg_catalog.interval DEFAULT NULL,
	initial_start pg_catalog.timestamptz DEFAULT NULL, timezone pg_catalog.text DEFAULT NULL,
	compress_created_before pg_catalog.interval DEFAULT NULL)
RETURNS pg_catalog.int4
AS 'MODULE_PATHNAME', 'pge_call_for'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.add_compression_policy IS
	'has chunks compacted each schedule_interval (12 hours) that lie before compress_after ago as wholes; maintenance does that, and the newer ones, by itself where it is on; returns the job''s id, -1 where there is one already';

CREATE FUNCTION epiphany.remove_compression_policy(hypertable pg_catalog.regclass, if_exists pg_catalog.bool DEFAULT false)
RETURNS pg_catalog.bool
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM epiphany.remove_policy(hypertable, 'policy_compaction', 'columnstore', if_exists);
	RETURN true;
END $$;

COMMENT ON FUNCTION epiphany.remove_compression_policy(pg_catalog.regclass, pg_catalog.bool) IS 'removes a compression or columnstore policy; an error where there is none, unless if_exists';

-- Procedures have no C function between that could take an argument "any"; what the literals are their text says.
CREATE PROCEDURE epiphany.add_columnstore_policy(hypertable pg_catalog.regclass, after pg_catalog.text DEFAULT NULL,
	if_not_exists pg_catalog.bool DEFAULT false, schedule_interval pg_catalog.interval DEFAULT NULL,
	initial_start pg_catalog.timestamptz DEFAULT NULL, timezone pg_catalog.text DEFAULT NULL, created_before pg_catalog.interval DEFAULT NULL)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM epiphany.add_compression_policy(hypertable, after, if_not_exists, schedule_interval, initial_start, timezone, created_before);
END $$;

CREATE PROCEDURE epiphany.add_columnstore_policy(hypertable pg_catalog.regclass, after pg_catalog.interval,
	if_not_exists pg_catalog.bool DEFAULT false, schedule_interval pg_catalog.interval DEFAULT NULL,
	initial_start pg_catalog.timestamptz DEFAULT NULL, timezone pg_catalog.text DEFAULT NULL, created_before pg_catalog.interval DEFAULT NULL)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM epiphany.add_compression_policy(hypertable, after, if_not_exists, schedule_interval, initial_start, timezone, created_before);
END $$;

CREATE PROCEDURE epiphany.add_columnstore_policy(hypertable pg_catalog.regclass, after pg_catalog.int8,
	if_not_exists pg_catalog.bool DEFAULT false, schedule_interval pg_catalog.interval DEFAULT NULL,
	initial_start pg_catalog.timestamptz DEFAULT NULL, timezone pg_catalog.text DEFAULT NULL, created_before pg_catalog.interval DEFAULT NULL)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM epiphany.add_compression_policy(hypertable, after, if_not_exists, schedule_interval, initial_start, timezone, created_before);
END $$;

CREATE PROCEDURE epiphany.remove_columnstore_policy(hypertable pg_catalog.regclass, if_exists pg_catalog.bool DEFAULT false)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM epiphany.remove_compression_policy(hypertable, if_exists);
END $$;

CREATE FUNCTION epiphany.add_reorder_policy(hypertable pg_catalog.regclass, index_name pg_catalog.name, if_not_exists pg_catalog.bool DEFAULT false,
	initial_start pg_catalog.timestamptz DEFAULT NULL, timezone pg_catalog.text DEFAULT NULL)
RETURNS pg_catalog.int4
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF (epiphany.time_dimension(hypertable)).chunk_width IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'wrong_object_type', MESSAGE = format('table %s is not a column table with a time column', hypertable),
			HINT = 'Use CLUSTER for tables of other access methods.';
	ELSIF NOT EXISTS (SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = hypertable AND c.relname = index_name) THEN
		RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = format('table %s has no index "%s"', hypertable, index_name);
	END IF;
	RAISE NOTICE 'rows are not ordered by index "%", but by series and time', index_name
		USING DETAIL = 'Compaction orders them so; the policy has the table compacted.', HINT = 'The option epiphany.segment_by names the series'' columns.';
	RETURN epiphany.add_policy(hypertable, 'policy_reorder', 'reorder', jsonb_build_object('index_name', index_name), if_not_exists, '4 days',
		initial_start, timezone);
END $$;

COMMENT ON FUNCTION epiphany.add_reorder_policy(pg_catalog.regclass, pg_catalog.name, pg_catalog.bool, pg_catalog.timestamptz, pg_catalog.text) IS
	'has the table compacted every 4 days, which orders rows by series and time whatever index is named; returns the job''s id, -1 where there is one already';

CREATE FUNCTION epiphany.remove_reorder_policy(hypertable pg_catalog.regclass, if_exists pg_catalog.bool DEFAULT false)
RETURNS pg_catalog.void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT epiphany.remove_policy(hypertable, 'policy_reorder', 'reorder', if_exists) $$;

COMMENT ON FUNCTION epiphany.remove_reorder_policy(pg_catalog.regclass, pg_catalog.bool) IS 'removes a reorder policy; an error where there is none, unless if_exists';

-- ---- Downsampling: each bucket that is over goes once through a query into another table; then what it was made of may go ----

CREATE PROCEDURE epiphany.policy_downsampling(job_id pg_catalog.int4, config pg_catalog.jsonb)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	source regclass := epiphany.job_relation(job_id);
	dimension record;
	first timestamptz := config ->> 'done';
	last timestamptz := epiphany.time_bucket((config ->> 'bucket_width')::interval, now() - (config ->> 'lag')::interval);
	bound record;
BEGIN
	SELECT * INTO dimension FROM epiphany.time_dimension(source);
	IF first IS NULL THEN
		EXECUTE format('SELECT epiphany.time_bucket($1, min(%I)::timestamptz) FROM %s WHERE isfinite(%1$I)', dimension.column_name, source)
		INTO first USING (config ->> 'bucket_width')::interval;
	END IF;
	IF first < last THEN
		-- The rows and the mark of how far they go are one transaction's.
		EXECUTE format('INSERT INTO %s %s', (config ->> 'target')::regclass, config ->> 'query') USING first, last;
		PERFORM epiphany.save_job(job_id, jsonb_build_object('config', config || jsonb_build_object('done', last)));
	END IF;
	IF config ->> 'drop_after' IS NOT NULL THEN
		SELECT * INTO bound FROM epiphany.time_bound(source, least(now() - (config ->> 'drop_after')::interval, coalesce(last, first))::text,
			'timestamptz', false, 'drop_after');
		PERFORM epiphany.delete_range(source, NULL, NULL, bound.literal, bound.number);
	END IF;
END $$;

COMMENT ON PROCEDURE epiphany.policy_downsampling(pg_catalog.int4, pg_catalog.jsonb) IS 'what jobs of add_downsampling_policy run';

CREATE FUNCTION epiphany.add_downsampling_policy(relation pg_catalog.regclass, target pg_catalog.regclass, query pg_catalog.text,
	bucket_width pg_catalog.interval, lag pg_catalog.interval DEFAULT '0', drop_after pg_catalog.interval DEFAULT NULL,
	if_not_exists pg_catalog.bool DEFAULT false, schedule_interval pg_catalog.interval DEFAULT NULL,
	initial_start pg_catalog.timestamptz DEFAULT NULL, timezone pg_catalog.text DEFAULT NULL)
RETURNS pg_catalog.int4
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF relation IS NULL OR target IS NULL OR query IS NULL OR bucket_width IS NULL OR lag IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'relation, target, query, bucket_width and lag must not be null';
	ELSIF coalesce((epiphany.time_dimension(relation)).column_type NOT IN ('timestamptz', 'timestamp', 'date'), true) THEN
		RAISE EXCEPTION USING ERRCODE = 'wrong_object_type', MESSAGE = format('table %s has no time column of a type with a date', relation);
	ELSIF query !~ '\$1\M' OR query !~ '\$2\M' THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'the query does not use its bounds',
			HINT = 'Rows of a run are those with a time >= $1 and < $2, both timestamptz.';
	END IF;
	-- Raises for a width that buckets cannot have.
	PERFORM epiphany.time_bucket(bucket_width, now());
	RETURN epiphany.add_policy(relation, 'policy_downsampling', 'downsampling', jsonb_strip_nulls(jsonb_build_object('target', target,
		'query', query, 'bucket_width', bucket_width, 'lag', lag, 'drop_after', drop_after)), if_not_exists,
		coalesce(schedule_interval, bucket_width), initial_start, timezone);
END $$;

COMMENT ON FUNCTION epiphany.add_downsampling_policy IS
	'has each bucket that ended `lag` ago go once through `query`, with its bounds as $1 and $2, into `target`; then rows older than drop_after are deleted, none that was not gone through';

CREATE FUNCTION epiphany.remove_downsampling_policy(relation pg_catalog.regclass, if_exists pg_catalog.bool DEFAULT false)
RETURNS pg_catalog.void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT epiphany.remove_policy(relation, 'policy_downsampling', 'downsampling', if_exists) $$;

COMMENT ON FUNCTION epiphany.remove_downsampling_policy(pg_catalog.regclass, pg_catalog.bool) IS 'removes a downsampling policy; an error where there is none, unless if_exists';

-- ---- Refreshing continuous aggregates ----

CREATE PROCEDURE epiphany.policy_refresh_continuous_aggregate(job_id pg_catalog.int4, config pg_catalog.jsonb)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	aggregate regclass := epiphany.job_relation(job_id);
	first record;
	last record;
BEGIN
	SELECT * INTO first FROM epiphany.time_bound(aggregate, config ->> 'start_offset', 'unknown', true, 'start_offset');
	SELECT * INTO last FROM epiphany.time_bound(aggregate, config ->> 'end_offset', 'unknown', true, 'end_offset');
	EXECUTE format('CALL epiphany.refresh_continuous_aggregate(%L::pg_catalog.regclass, %s, %s)', aggregate, coalesce(first.literal, 'NULL'),
		coalesce(last.literal, 'NULL'));
END $$;

COMMENT ON PROCEDURE epiphany.policy_refresh_continuous_aggregate(pg_catalog.int4, pg_catalog.jsonb) IS 'what jobs of add_continuous_aggregate_policy run';

CREATE FUNCTION epiphany.add_continuous_aggregate_policy_for(caller pg_catalog.oid, continuous_aggregate pg_catalog.regclass,
	start_offset pg_catalog.text, start_type pg_catalog.regtype, end_offset pg_catalog.text, end_type pg_catalog.regtype,
	schedule_interval pg_catalog.interval, if_not_exists pg_catalog.bool, initial_start pg_catalog.timestamptz, timezone pg_catalog.text,
	include_tiered_data pg_catalog.bool, buckets_per_batch pg_catalog.int4, max_batches_per_execution pg_catalog.int4,
	refresh_newest_first pg_catalog.bool)
RETURNS pg_catalog.int4
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF epiphany.stored_relation(continuous_aggregate) = continuous_aggregate THEN
		RAISE EXCEPTION USING ERRCODE = 'wrong_object_type', MESSAGE = format('%s is not a continuous aggregate', continuous_aggregate),
			HINT = 'CREATE MATERIALIZED VIEW ... WITH (epiphany.continuous) makes one.';
	ELSIF schedule_interval IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'schedule_interval must be given';
	END IF;
	IF include_tiered_data OR buckets_per_batch IS NOT NULL OR max_batches_per_execution IS NOT NULL OR refresh_newest_first IS NOT NULL THEN
		RAISE NOTICE 'a refresh is one transaction, of what has changed only'
			USING DETAIL = 'include_tiered_data, buckets_per_batch, max_batches_per_execution and refresh_newest_first have no meaning here.';
	END IF;
	RETURN epiphany.add_policy(continuous_aggregate, 'policy_refresh_continuous_aggregate', 'refresh', jsonb_build_object(
		'start_offset', CASE WHEN start_offset IS NOT NULL THEN epiphany.policy_age(continuous_aggregate, start_offset, start_type, 'start_offset') END,
		'end_offset', CASE WHEN end_offset IS NOT NULL THEN epiphany.policy_age(continuous_aggregate, end_offset, end_type, 'end_offset') END),
		if_not_exists, schedule_interval, initial_start, timezone);
END $$;

CREATE FUNCTION epiphany.add_continuous_aggregate_policy(continuous_aggregate pg_catalog.regclass, start_offset "any", end_offset "any",
	schedule_interval pg_catalog.interval, if_not_exists pg_catalog.bool DEFAULT false, initial_start pg_catalog.timestamptz DEFAULT NULL,
	timezone pg_catalog.text DEFAULT NULL, include_tiered_data pg_catalog.bool DEFAULT NULL, buckets_per_batch pg_catalog.int4 DEFAULT NULL,
	max_batches_per_execution pg_catalog.int4 DEFAULT NULL, refresh_newest_first pg_catalog.bool DEFAULT NULL)
RETURNS pg_catalog.int4
AS 'MODULE_PATHNAME', 'pge_call_for'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.add_continuous_aggregate_policy IS
	'has what changed between start_offset and end_offset ago (NULL: no bound) refreshed each schedule_interval; returns the job''s id, -1 where there is one already';

CREATE FUNCTION epiphany.remove_continuous_aggregate_policy(continuous_aggregate pg_catalog.regclass, if_not_exists pg_catalog.bool DEFAULT false,
	if_exists pg_catalog.bool DEFAULT NULL)
RETURNS pg_catalog.void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT epiphany.remove_policy(continuous_aggregate, 'policy_refresh_continuous_aggregate', 'refresh', coalesce(if_exists, if_not_exists)) $$;

COMMENT ON FUNCTION epiphany.remove_continuous_aggregate_policy(pg_catalog.regclass, pg_catalog.bool, pg_catalog.bool) IS
	'removes a refresh policy; an error where there is none, unless if_exists (or if_not_exists, as TimescaleDB once called it)';

-- ---- New tables ----

-- epiphany.timeseries_retention_policy is that of new tables USING epiphany_timeseries. A restored table has its own, if it had one.
CREATE FUNCTION epiphany.policies_ddl_command_end()
RETURNS pg_catalog.event_trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	made regclass;
BEGIN
	IF coalesce(current_setting('epiphany.timeseries_retention_policy', true), '') = '' OR NOT current_setting('check_function_bodies')::bool THEN
		RETURN;
	END IF;
	FOR made IN
		SELECT d.objid FROM pg_event_trigger_ddl_commands() d JOIN pg_class c ON c.oid = d.objid JOIN pg_am a ON a.oid = c.relam
			JOIN pg_proc p ON p.oid = a.amhandler
		WHERE d.classid = 'pg_class'::regclass AND d.command_tag IN ('CREATE TABLE', 'CREATE TABLE AS') AND c.relkind = 'r'
			AND c.relpersistence <> 't' AND p.prosrc = 'pge_timeseries_handler'
	LOOP
		IF (epiphany.time_dimension(made)).column_type IN ('timestamptz', 'timestamp', 'date') THEN
			PERFORM epiphany.add_retention_policy(made, current_setting('epiphany.timeseries_retention_policy')::interval);
		END IF;
	END LOOP;
END $$;

COMMENT ON FUNCTION epiphany.policies_ddl_command_end() IS 'gives new tables the retention policy of the setting epiphany.timeseries_retention_policy';

CREATE EVENT TRIGGER epiphany_policies_ddl_command_end ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'CREATE TABLE AS')
EXECUTE FUNCTION epiphany.policies_ddl_command_end();
COMMENT ON EVENT TRIGGER epiphany_policies_ddl_command_end IS 'gives new tables the retention policy of the setting epiphany.timeseries_retention_policy';
