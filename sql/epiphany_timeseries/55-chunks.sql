-- Chunks by their times: dropping and showing them. A chunk here is a bucket of epiphany.chunk_interval, no relation.
CREATE FUNCTION epiphany.time_dimension(relation pg_catalog.regclass, OUT column_name pg_catalog.name, OUT column_type pg_catalog.regtype,
	OUT chunk_width pg_catalog.int8, OUT segment_by pg_catalog.text[])
AS 'MODULE_PATHNAME', 'pge_time_dimension'
LANGUAGE C STABLE STRICT;

COMMENT ON FUNCTION epiphany.time_dimension(pg_catalog.regclass) IS
	'the time column of a table, its type, width of chunks (microseconds, or of integers) and columns of a series; width NULL: not kept by time; all NULL: none';

CREATE FUNCTION epiphany.drop_groups(relation pg_catalog.regclass, range_start pg_catalog.int8, range_end pg_catalog.int8,
	OUT groups pg_catalog.int8, OUT rows pg_catalog.int8)
AS 'MODULE_PATHNAME', 'pge_drop_groups'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.drop_groups(pg_catalog.regclass, pg_catalog.int8, pg_catalog.int8) IS
	'deletes the row groups of a column table all of whose times are in a range of microseconds since 2000-01-01 (or of integers), without reading them; needs the table''s owner; drop_chunks does the rest';

CREATE FUNCTION epiphany.delete_rest(relation pg_catalog.regclass, condition pg_catalog.text)
RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME', 'pge_delete_rest'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.delete_rest(pg_catalog.regclass, pg_catalog.text) IS
	'deletes rows of a table by a condition without a word to continuous aggregates, which keep what they have stored; needs the table''s owner';

-- Where a relation's rows are: those of a continuous aggregate in a table beside it.
CREATE FUNCTION epiphany.stored_relation(relation pg_catalog.regclass)
RETURNS pg_catalog.regclass
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	RETURN coalesce((SELECT format('%I.%I', a.materialization_hypertable_schema, a.materialization_hypertable_name)::regclass
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
			JOIN epiphany.continuous_aggregates a ON a.view_schema = n.nspname AND a.view_name = c.relname
		WHERE c.oid = relation AND c.relkind = 'v'), relation);
END $$;

-- What "now" is to an integer time column. Names, since a dump could not carry function ids.
CREATE TABLE epiphany.integer_now (
	relation pg_catalog.regclass PRIMARY KEY,
	func_schema pg_catalog.name NOT NULL,
	func_name pg_catalog.name NOT NULL
);

COMMENT ON TABLE epiphany.integer_now IS 'functions given to set_integer_now_func';
SELECT pg_catalog.pg_extension_config_dump('epiphany.integer_now',
	'WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = relation::pg_catalog.oid)');
GRANT SELECT ON epiphany.integer_now, epiphany.job TO PUBLIC;

CREATE FUNCTION epiphany.set_integer_now_func_for(caller pg_catalog.oid, hypertable pg_catalog.regclass, integer_now_func pg_catalog.regproc,
	replace_if_exists pg_catalog.bool)
RETURNS pg_catalog.void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	func record;
BEGIN
	IF NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = hypertable AND pg_has_role(caller, c.relowner, 'USAGE')) THEN
		RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege', MESSAGE = format('must be owner of table %s', hypertable);
	END IF;
	SELECT n.nspname, p.proname INTO func FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
	WHERE p.oid = integer_now_func AND p.pronargs = 0 AND p.prokind = 'f' AND p.prorettype IN (20, 21, 23);
	IF NOT FOUND THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'integer_now_func must be a function without arguments that returns an integer';
	END IF;
	IF NOT replace_if_exists AND EXISTS (SELECT FROM epiphany.integer_now i WHERE i.relation = hypertable) THEN
		RAISE EXCEPTION USING ERRCODE = 'duplicate_object', MESSAGE = format('table %s has an integer_now function already', hypertable),
			HINT = 'Use replace_if_exists => true to replace it.';
	END IF;
	INSERT INTO epiphany.integer_now VALUES (hypertable, func.nspname, func.proname)
	ON CONFLICT (relation) DO UPDATE SET func_schema = excluded.func_schema, func_name = excluded.func_name;
END $$;

REVOKE ALL ON FUNCTION epiphany.set_integer_now_func_for(pg_catalog.oid, pg_catalog.regclass, pg_catalog.regproc, pg_catalog.bool) FROM PUBLIC;

CREATE FUNCTION epiphany.set_integer_now_func(hypertable pg_catalog.regclass, integer_now_func pg_catalog.regproc,
	replace_if_exists pg_catalog.bool DEFAULT false)
RETURNS pg_catalog.void
AS 'MODULE_PATHNAME', 'pge_call_for'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.set_integer_now_func(pg_catalog.regclass, pg_catalog.regproc, pg_catalog.bool) IS
	'says which function tells the time that policies of a table with an integer time column go by';

-- A moment as the storage counts times.
CREATE FUNCTION epiphany.time_number(moment pg_catalog.timestamptz)
RETURNS pg_catalog.int8
LANGUAGE sql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT CASE moment WHEN 'infinity' THEN 9223372036854775807 WHEN '-infinity' THEN -9223372036854775808
		ELSE ((extract(epoch FROM moment) - 946684800) * 1000000)::int8 END
$$;

-- A bound that a user gave, as a value of the column's kind: a moment (timestamp in UTC) or an integer; with its text for conditions. An
-- interval, or of integers an amount where `ago`, counts back from now.
CREATE FUNCTION epiphany.time_bound(relation pg_catalog.regclass, bound pg_catalog.text, bound_type pg_catalog.regtype, ago pg_catalog.bool,
	argument pg_catalog.text, OUT literal pg_catalog.text, OUT number pg_catalog.int8)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	dimension record;
	kind regtype := bound_type;
	func record;
	moment timestamp;
	amount bigint;
BEGIN
	SELECT * INTO dimension FROM epiphany.time_dimension(epiphany.stored_relation(relation));
	IF dimension.column_name IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'wrong_object_type', MESSAGE = format('table %s has no time column', relation),
			HINT = 'Set the option epiphany.time_column of a column table.';
	END IF;
	IF bound IS NULL THEN
		RETURN;
	END IF;
	IF dimension.column_type IN ('int2', 'int4', 'int8') THEN
		IF kind NOT IN ('int2', 'int4', 'int8', 'unknown', 'text', 'numeric') OR bound !~ '^\s*-?\d+\s*$' THEN
			RAISE EXCEPTION USING ERRCODE = 'datatype_mismatch', MESSAGE = format('invalid value for %s: "%s"', argument, bound),
				DETAIL = format('The time column "%s" of table %s is an integer.', dimension.column_name, relation),
				HINT = format('Give an integer for %s.', argument);
		END IF;
		amount := bound;
		IF ago THEN
			SELECT * INTO func FROM epiphany.integer_now i WHERE i.relation = time_bound.relation;
			IF NOT FOUND THEN
				RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
					MESSAGE = format('table %s has an integer time column and no integer_now function', relation),
					HINT = 'Say with epiphany.set_integer_now_func() what time it is.';
			END IF;
			EXECUTE format('SELECT %I.%I() - $1', func.func_schema, func.func_name) INTO amount USING amount;
		END IF;
		number := amount;
		literal := amount::text;
		RETURN;
	END IF;
	-- A literal without a type may be either.
	IF kind IN ('unknown', 'text') THEN
		kind := CASE WHEN NOT ago AND pg_input_is_valid(bound, dimension.column_type::text) THEN dimension.column_type ELSE 'interval'::regtype END;
	END IF;
	IF kind = 'interval'::regtype AND pg_input_is_valid(bound, 'interval') THEN
		-- As the column's type has it: the session's wall clock where it has no time zone.
		moment := CASE dimension.column_type WHEN 'timestamptz'::regtype THEN (now() - bound::interval) AT TIME ZONE 'UTC'
			ELSE now()::timestamp - bound::interval END;
	ELSIF kind IN ('timestamptz', 'timestamp', 'date') AND NOT ago THEN
		moment := CASE WHEN dimension.column_type = 'timestamptz'::regtype THEN bound::timestamptz AT TIME ZONE 'UTC'
			WHEN kind = 'timestamptz'::regtype THEN bound::timestamptz::timestamp ELSE bound::timestamp END;
	ELSE
		RAISE EXCEPTION USING ERRCODE = 'datatype_mismatch', MESSAGE = format('invalid value for %s: "%s"', argument, bound),
			DETAIL = format('The time column "%s" of table %s is of type %s.', dimension.column_name, relation, dimension.column_type),
			HINT = CASE WHEN ago THEN format('Give an interval for %s.', argument) ELSE format('Give a time or an interval for %s.', argument) END;
	END IF;
	literal := CASE dimension.column_type WHEN 'timestamptz'::regtype THEN format('%L::pg_catalog.timestamptz', (moment AT TIME ZONE 'UTC')::text)
		ELSE format('%L::pg_catalog.timestamp', moment::text) END;
	number := epiphany.time_number(moment AT TIME ZONE 'UTC');
END $$;

-- Whole groups by their descriptors, then what is left at the edges; of a partitioned table in each partition.
CREATE FUNCTION epiphany.delete_range(relation pg_catalog.regclass, start_literal pg_catalog.text, start_number pg_catalog.int8,
	end_literal pg_catalog.text, end_number pg_catalog.int8, OUT groups pg_catalog.int8, OUT rows pg_catalog.int8)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	stored regclass := epiphany.stored_relation(relation);
	part regclass;
	done record;
	time_column name := (epiphany.time_dimension(stored)).column_name;
	condition text := concat_ws(' AND ', format('%I >= ', time_column) || start_literal, format('%I < ', time_column) || end_literal);
BEGIN
	groups := 0;
	rows := 0;
	FOR part IN SELECT t.relid FROM pg_partition_tree(stored) t WHERE t.isleaf UNION SELECT stored WHERE NOT EXISTS (SELECT FROM pg_partition_tree(stored))
	LOOP
		SELECT * INTO done FROM epiphany.drop_groups(part, coalesce(start_number, -9223372036854775808), coalesce(end_number, 9223372036854775807));
		groups := groups + done.groups;
		rows := rows + done.rows + epiphany.delete_rest(part, condition);
	END LOOP;
END $$;

-- A table's chunks: those of times, and what they hold. A name is that of the table, and the range; numbers are the storage's.
CREATE FUNCTION epiphany.chunk_list(relation pg_catalog.regclass, OUT chunk_name pg_catalog.text, OUT range_start pg_catalog.timestamptz,
	OUT range_end pg_catalog.timestamptz, OUT range_start_integer pg_catalog.int8, OUT range_end_integer pg_catalog.int8,
	OUT first pg_catalog.int8, OUT last pg_catalog.int8, OUT bytes pg_catalog.int8, OUT is_compressed pg_catalog.bool)
RETURNS SETOF pg_catalog.record
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT format('%I.%I [%s, %s)', n.nspname, t.relname, coalesce(c.range_start::text, c.range_start_integer::text),
			coalesce(c.range_end::text, c.range_end_integer::text)),
		c.range_start, c.range_end, c.range_start_integer, c.range_end_integer,
		coalesce(epiphany.time_number(c.range_start), c.range_start_integer), coalesce(epiphany.time_number(c.range_end), c.range_end_integer),
		sum(c.bytes)::int8, bool_and(c.state <> 'delta')
	FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace, epiphany.chunks(relation) c
	WHERE t.oid = relation AND num_nonnulls(c.range_start, c.range_start_integer) > 0
	GROUP BY n.nspname, t.relname, c.range_start, c.range_end, c.range_start_integer, c.range_end_integer
	ORDER BY c.range_start, c.range_start_integer, c.range_end, c.range_end_integer
$$;

CREATE FUNCTION epiphany.show_chunks_for(caller pg_catalog.oid, relation pg_catalog.regclass, older_than pg_catalog.text, older_type pg_catalog.regtype,
	newer_than pg_catalog.text, newer_type pg_catalog.regtype, created_before pg_catalog.text, before_type pg_catalog.regtype,
	created_after pg_catalog.text, after_type pg_catalog.regtype)
RETURNS SETOF pg_catalog.text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	older bigint := (epiphany.time_bound(relation, older_than, older_type, false, 'older_than')).number;
	newer bigint := (epiphany.time_bound(relation, newer_than, newer_type, false, 'newer_than')).number;
BEGIN
	IF created_before IS NOT NULL OR created_after IS NOT NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'feature_not_supported', MESSAGE = 'chunks have no time of creation',
			HINT = 'Use older_than and newer_than, which go by the rows'' times.';
	END IF;
	RETURN QUERY SELECT c.chunk_name FROM epiphany.chunk_list(epiphany.stored_relation(relation)) c
		WHERE (older IS NULL OR c.last <= older) AND (newer IS NULL OR c.first >= newer);
END $$;

CREATE FUNCTION epiphany.show_chunks(relation pg_catalog.regclass, older_than "any" DEFAULT NULL, newer_than "any" DEFAULT NULL,
	created_before "any" DEFAULT NULL, created_after "any" DEFAULT NULL)
RETURNS SETOF pg_catalog.text
AS 'MODULE_PATHNAME', 'pge_call_for'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.show_chunks IS
	'the chunks of a table that lie before older_than and not before newer_than (times, or intervals before now), as its name with a range';

CREATE FUNCTION epiphany.drop_chunks_for(caller pg_catalog.oid, relation pg_catalog.regclass, older_than pg_catalog.text, older_type pg_catalog.regtype,
	newer_than pg_catalog.text, newer_type pg_catalog.regtype, is_verbose pg_catalog.bool, created_before pg_catalog.text, before_type pg_catalog.regtype,
	created_after pg_catalog.text, after_type pg_catalog.regtype)
RETURNS SETOF pg_catalog.text
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	older record;
	newer record;
	gone record;
	whole text[];
BEGIN
	IF relation IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'relation must not be null';
	ELSIF created_before IS NOT NULL OR created_after IS NOT NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'feature_not_supported', MESSAGE = 'chunks have no time of creation',
			HINT = 'Use older_than and newer_than, which go by the rows'' times.';
	ELSIF older_than IS NULL AND newer_than IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'older_than or newer_than must be given',
			HINT = 'Use TRUNCATE to delete all rows.';
	END IF;
	SELECT * INTO older FROM epiphany.time_bound(relation, older_than, older_type, false, 'older_than');
	SELECT * INTO newer FROM epiphany.time_bound(relation, newer_than, newer_type, false, 'newer_than');
	IF (epiphany.time_dimension(epiphany.stored_relation(relation))).chunk_width IS NOT NULL THEN
		whole := ARRAY(SELECT epiphany.show_chunks_for(caller, relation, older_than, older_type, newer_than, newer_type, NULL, NULL, NULL, NULL));
	END IF;
	SELECT * INTO gone FROM epiphany.delete_range(relation, newer.literal, newer.number, older.literal, older.number);
	IF is_verbose THEN
		RAISE INFO 'dropped % row groups of %, and % rows in all', gone.groups, relation, gone.rows;
	END IF;
	RETURN QUERY SELECT unnest(whole);
END $$;

CREATE FUNCTION epiphany.drop_chunks(relation pg_catalog.regclass, older_than "any" DEFAULT NULL, newer_than "any" DEFAULT NULL,
	"verbose" pg_catalog.bool DEFAULT false, created_before "any" DEFAULT NULL, created_after "any" DEFAULT NULL)
RETURNS SETOF pg_catalog.text
AS 'MODULE_PATHNAME', 'pge_call_for'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.drop_chunks IS
	'deletes the rows whose time is before older_than and not before newer_than (times, or intervals before now), exactly; whole row groups without reading them; returns the chunks that lay in between';
