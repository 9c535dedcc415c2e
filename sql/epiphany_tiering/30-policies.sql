-- Policies: jobs of epiphany_timeseries that move what has become old. Without that extension they say so.

-- One group a transaction: what has been moved needs not be kept from VACUUM until the last one is. One that cannot be moved holds no other
-- up: it is told of, the next run tries it again, and the run fails at its end. A store that cannot be reached can be for none of them.
CREATE PROCEDURE epiphany.move_old_groups(job_id pg_catalog.int4, config pg_catalog.jsonb, tier pg_catalog.text)
LANGUAGE plpgsql
AS $epiphany$
DECLARE
	relation pg_catalog.regclass := epiphany.job_relation(job_id);
	age pg_catalog.text := config operator(pg_catalog.->>) 'older_than';
	store pg_catalog.text := config operator(pg_catalog.->>) 'store';
	unread pg_catalog.interval := config operator(pg_catalog.->>) 'not_read_for';
	target pg_catalog.record;
	failures pg_catalog.int4 := 0;
	code pg_catalog.text;
	told pg_catalog.text;
	detail pg_catalog.text;
	hint pg_catalog.text;
BEGIN
	FOR target IN SELECT g."table", g.group_id FROM epiphany.groups_to_move(relation, tier, age, unread) g LOOP
		BEGIN
			PERFORM epiphany.move_group(target."table", tier, age, store, target.group_id, unread);
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS code = RETURNED_SQLSTATE, told = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
			told := pg_catalog.format('row group %s of table "%s" could not be moved: %s', target.group_id, target."table", told);
			failures := failures operator(pg_catalog.+) 1;
			detail := coalesce(nullif(detail, ''), CASE WHEN pg_catalog.starts_with(code, '08') THEN 'The store is not asked for others.' ELSE 'It holds no others up.' END);
			hint := coalesce(nullif(hint, ''), 'The next run tries it again.');
			RAISE WARNING USING ERRCODE = code, MESSAGE = told, DETAIL = detail, HINT = hint;
		END;
		COMMIT;
		EXIT WHEN pg_catalog.starts_with(code, '08');
	END LOOP;
	IF failures operator(pg_catalog.>) 0 THEN
		IF failures operator(pg_catalog.>) 1 THEN
			told := pg_catalog.format('%s, and %s before it', told, failures operator(pg_catalog.-) 1);
		END IF;
		RAISE EXCEPTION USING ERRCODE = code, MESSAGE = told, DETAIL = detail, HINT = hint;
	END IF;
END
$epiphany$;

COMMENT ON PROCEDURE epiphany.move_old_groups(pg_catalog.int4, pg_catalog.jsonb, pg_catalog.text) IS 'what the jobs of tiering policies do';

CREATE PROCEDURE epiphany.policy_tiering_cold(job_id pg_catalog.int4, config pg_catalog.jsonb)
LANGUAGE plpgsql AS $$ BEGIN CALL epiphany.move_old_groups(job_id, config, 'cold'); END $$;

COMMENT ON PROCEDURE epiphany.policy_tiering_cold(pg_catalog.int4, pg_catalog.jsonb) IS 'what jobs of add_tiering_policy(..., ''cold'', ...) run';

CREATE PROCEDURE epiphany.policy_tiering_frozen(job_id pg_catalog.int4, config pg_catalog.jsonb)
LANGUAGE plpgsql AS $$ BEGIN CALL epiphany.move_old_groups(job_id, config, 'frozen'); END $$;

COMMENT ON PROCEDURE epiphany.policy_tiering_frozen(pg_catalog.int4, pg_catalog.jsonb) IS 'what jobs of add_tiering_policy(..., ''frozen'', ...) run';

-- The procedure of a tier's policies, or an error.
CREATE FUNCTION epiphany.tiering_policy_of(tier pg_catalog.text)
RETURNS pg_catalog.name
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $epiphany$
BEGIN
	IF to_regproc('epiphany.add_policy') IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'feature_not_supported', MESSAGE = 'policies need the extension epiphany_timeseries, which has the jobs',
			HINT = 'CREATE EXTENSION epiphany_timeseries CASCADE; or call epiphany.move_groups() yourself.';
	END IF;
	IF tier IS NULL OR lower(tier) NOT IN ('cold', 'frozen') THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('no policy moves row groups to tier "%s"', tier),
			HINT = 'Policies move to cold and frozen.';
	END IF;
	RETURN 'policy_tiering_' || lower(tier);
END
$epiphany$;

CREATE FUNCTION epiphany.add_tiering_policy_for(caller pg_catalog.oid, relation pg_catalog.regclass, tier pg_catalog.text, older_than pg_catalog.text,
	older_than_type pg_catalog.regtype, store pg_catalog.text, if_not_exists pg_catalog.bool, schedule_interval pg_catalog.interval,
	initial_start pg_catalog.timestamptz, timezone pg_catalog.text, not_read_for pg_catalog.interval)
RETURNS pg_catalog.int4
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $epiphany$
DECLARE
	procedure_name name;
BEGIN
	IF older_than IS NULL AND not_read_for IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'older_than or not_read_for must be given';
	END IF;
	procedure_name := epiphany.tiering_policy_of(tier);
	-- Age and store are looked at now rather than when the job runs.
	PERFORM epiphany.move_groups(relation, tier, older_than, store, 0, not_read_for);
	RETURN epiphany.add_policy(relation, procedure_name, lower(tier) || ' tiering',
		jsonb_strip_nulls(jsonb_build_object('older_than', older_than, 'store', store, 'not_read_for', not_read_for)), if_not_exists,
		coalesce(schedule_interval, '1 day'),
		initial_start, timezone);
END
$epiphany$;

CREATE FUNCTION epiphany.add_tiering_policy(relation pg_catalog.regclass, tier pg_catalog.text, older_than "any" DEFAULT NULL,
	store pg_catalog.text DEFAULT NULL, if_not_exists pg_catalog.bool DEFAULT false, schedule_interval pg_catalog.interval DEFAULT NULL,
	initial_start pg_catalog.timestamptz DEFAULT NULL, timezone pg_catalog.text DEFAULT NULL, not_read_for pg_catalog.interval DEFAULT NULL)
RETURNS pg_catalog.int4
AS 'MODULE_PATHNAME', 'pge_call_for'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.add_tiering_policy IS
	'has row groups that are older, and that no query has read for so long, moved to a tier (cold, frozen) each schedule_interval (1 day); returns the job''s id, -1 where there is one already';

CREATE FUNCTION epiphany.remove_tiering_policy(relation pg_catalog.regclass, tier pg_catalog.text, if_exists pg_catalog.bool DEFAULT false)
RETURNS pg_catalog.void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $epiphany$
BEGIN
	PERFORM epiphany.remove_policy(relation, epiphany.tiering_policy_of(tier), lower(tier) || ' tiering', if_exists);
END
$epiphany$;

COMMENT ON FUNCTION epiphany.remove_tiering_policy(pg_catalog.regclass, pg_catalog.text, pg_catalog.bool) IS
	'removes a tiering policy; an error where there is none, unless if_exists';
