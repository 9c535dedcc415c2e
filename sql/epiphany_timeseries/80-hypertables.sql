-- TimescaleDB's names for what tables USING epiphany_timeseries are, so that scripts written for it run with epiphany in their search_path.
CREATE TYPE epiphany.dimension_info AS (
	kind pg_catalog.text,
	column_name pg_catalog.name,
	partition_interval pg_catalog.text,
	number_partitions pg_catalog.int4
);

CREATE FUNCTION epiphany.by_range(column_name pg_catalog.name, partition_interval pg_catalog.anyelement DEFAULT NULL::pg_catalog.int8,
	partition_func pg_catalog.regproc DEFAULT NULL)
RETURNS epiphany.dimension_info
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF partition_func IS NOT NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'feature_not_supported', MESSAGE = 'a time column goes by its own order, without a partitioning function';
	END IF;
	RETURN ROW('range', column_name, partition_interval::text, NULL)::epiphany.dimension_info;
END $$;

COMMENT ON FUNCTION epiphany.by_range(pg_catalog.name, pg_catalog.anyelement, pg_catalog.regproc) IS 'a dimension for create_hypertable: the time column, and the width of its chunks';

CREATE FUNCTION epiphany.by_hash(column_name pg_catalog.name, number_partitions pg_catalog.int4, partition_func pg_catalog.regproc DEFAULT NULL)
RETURNS epiphany.dimension_info
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT ROW('hash', column_name, NULL, number_partitions)::epiphany.dimension_info $$;

COMMENT ON FUNCTION epiphany.by_hash(pg_catalog.name, pg_catalog.int4, pg_catalog.regproc) IS 'a dimension for add_dimension: the column becomes one of the series''';

CREATE FUNCTION epiphany.is_hypertable(relation pg_catalog.regclass)
RETURNS pg_catalog.bool
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT EXISTS (SELECT FROM pg_class c JOIN pg_am a ON a.oid = c.relam JOIN pg_proc p ON p.oid = a.amhandler
		WHERE c.oid = relation AND p.prosrc = 'pge_timeseries_handler')
$$;

-- A width as the option epiphany.chunk_interval has it. Of times an integer counts microseconds.
CREATE FUNCTION epiphany.chunk_interval_option(relation pg_catalog.regclass, column_name pg_catalog.name, width pg_catalog.text)
RETURNS pg_catalog.text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	type regtype;
BEGIN
	SELECT a.atttypid INTO type FROM pg_attribute a WHERE a.attrelid = relation AND a.attname = column_name AND a.attnum > 0 AND NOT a.attisdropped;
	IF NOT FOUND THEN
		RAISE EXCEPTION USING ERRCODE = 'undefined_column', MESSAGE = format('column "%s" of table %s does not exist', column_name, relation);
	ELSIF type IN ('int2', 'int4', 'int8') THEN
		IF width IS NULL THEN
			RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'integer time columns need a chunk interval',
				HINT = 'Give chunk_time_interval, or by_range(column, interval).';
		END IF;
		RETURN width;
	END IF;
	RETURN CASE WHEN width IS NULL THEN '7 days' WHEN width ~ '^\d+$' THEN (width::int8 * interval '1 microsecond')::text ELSE width END;
END $$;

CREATE FUNCTION epiphany.make_hypertable(relation pg_catalog.regclass, column_name pg_catalog.name, width pg_catalog.text,
	series pg_catalog.name, if_not_exists pg_catalog.bool, migrate_data pg_catalog.bool)
RETURNS pg_catalog.bool
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	option text;
	filled bool;
BEGIN
	IF relation IS NULL OR column_name IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'the table and its time column must not be null';
	END IF;
	IF epiphany.is_hypertable(relation) THEN
		IF NOT if_not_exists THEN
			RAISE EXCEPTION USING ERRCODE = 'duplicate_object', MESSAGE = format('table %s is already a hypertable', relation),
				DETAIL = 'Its access method is epiphany_timeseries.';
		END IF;
		RAISE NOTICE 'table % is already a hypertable, skipping', relation;
		RETURN false;
	END IF;
	option := epiphany.chunk_interval_option(relation, column_name, width);
	EXECUTE format('SELECT EXISTS (SELECT FROM ONLY %s)', relation) INTO filled;
	IF filled AND NOT migrate_data THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state', MESSAGE = format('table %s is not empty', relation),
			HINT = 'With migrate_data => true its rows are rewritten.';
	END IF;
	EXECUTE format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL', relation, column_name);
	EXECUTE format('ALTER TABLE %s SET ACCESS METHOD epiphany_timeseries, SET (epiphany.time_column = %L, epiphany.chunk_interval = %L%s)', relation,
		quote_ident(column_name), option, CASE WHEN series IS NOT NULL THEN format(', epiphany.segment_by = %L', quote_ident(series)) ELSE '' END);
	RETURN true;
END $$;

CREATE FUNCTION epiphany.create_hypertable(relation pg_catalog.regclass, time_column_name pg_catalog.name,
	partitioning_column pg_catalog.name DEFAULT NULL, number_partitions pg_catalog.int4 DEFAULT NULL,
	associated_schema_name pg_catalog.name DEFAULT NULL, associated_table_prefix pg_catalog.name DEFAULT NULL,
	chunk_time_interval pg_catalog.anyelement DEFAULT NULL::pg_catalog.int8, create_default_indexes pg_catalog.bool DEFAULT true,
	if_not_exists pg_catalog.bool DEFAULT false, partitioning_func pg_catalog.regproc DEFAULT NULL, migrate_data pg_catalog.bool DEFAULT false,
	chunk_target_size pg_catalog.text DEFAULT NULL, chunk_sizing_func pg_catalog.regproc DEFAULT NULL,
	time_partitioning_func pg_catalog.regproc DEFAULT NULL)
RETURNS TABLE (hypertable_id pg_catalog.int4, schema_name pg_catalog.name, table_name pg_catalog.name, created pg_catalog.bool)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF time_partitioning_func IS NOT NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'feature_not_supported', MESSAGE = 'a time column goes by its own order, without a partitioning function';
	END IF;
	IF partitioning_column IS NOT NULL THEN
		RAISE NOTICE 'rows are not partitioned by column "%", but kept together by it', partitioning_column
			USING DETAIL = 'It becomes the option epiphany.segment_by.';
	END IF;
	created := epiphany.make_hypertable(relation, time_column_name, chunk_time_interval::text, partitioning_column, if_not_exists, migrate_data);
	SELECT c.oid::int8::int4, n.nspname, c.relname INTO hypertable_id, schema_name, table_name
	FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = relation;
	RETURN NEXT;
END $$;

COMMENT ON FUNCTION epiphany.create_hypertable(pg_catalog.regclass, pg_catalog.name, pg_catalog.name, pg_catalog.int4, pg_catalog.name, pg_catalog.name,
	pg_catalog.anyelement, pg_catalog.bool, pg_catalog.bool, pg_catalog.regproc, pg_catalog.bool, pg_catalog.text, pg_catalog.regproc, pg_catalog.regproc) IS
	'gives a table the access method epiphany_timeseries, with this time column and width of chunks (7 days); rows that it has are rewritten if migrate_data; makes no index, since times are found without';

CREATE FUNCTION epiphany.create_hypertable(relation pg_catalog.regclass, dimension epiphany.dimension_info,
	create_default_indexes pg_catalog.bool DEFAULT true, if_not_exists pg_catalog.bool DEFAULT false, migrate_data pg_catalog.bool DEFAULT false)
RETURNS TABLE (hypertable_id pg_catalog.int4, created pg_catalog.bool)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF dimension.kind IS DISTINCT FROM 'range' THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'the first dimension must be a range of time', HINT = 'Use by_range().';
	END IF;
	created := epiphany.make_hypertable(relation, dimension.column_name, dimension.partition_interval, NULL, if_not_exists, migrate_data);
	hypertable_id := relation::oid::int8::int4;
	RETURN NEXT;
END $$;

COMMENT ON FUNCTION epiphany.create_hypertable(pg_catalog.regclass, epiphany.dimension_info, pg_catalog.bool, pg_catalog.bool, pg_catalog.bool) IS
	'gives a table the access method epiphany_timeseries, with the time column and width of chunks of by_range(); rows that it has are rewritten if migrate_data';

CREATE FUNCTION epiphany.set_chunk_time_interval(hypertable pg_catalog.regclass, chunk_time_interval pg_catalog.anyelement,
	dimension_name pg_catalog.name DEFAULT NULL)
RETURNS pg_catalog.void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	column_name name := (epiphany.time_dimension(hypertable)).column_name;
BEGIN
	IF NOT epiphany.is_hypertable(hypertable) THEN
		RAISE EXCEPTION USING ERRCODE = 'wrong_object_type', MESSAGE = format('table %s is not a hypertable', hypertable),
			HINT = 'Use epiphany.create_hypertable().';
	ELSIF dimension_name <> column_name THEN
		RAISE EXCEPTION USING ERRCODE = 'undefined_object', MESSAGE = format('table %s has no time dimension "%s"', hypertable, dimension_name);
	ELSIF chunk_time_interval IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'null_value_not_allowed', MESSAGE = 'chunk_time_interval must not be null';
	END IF;
	EXECUTE format('ALTER TABLE %s SET (epiphany.chunk_interval = %L)', hypertable,
		epiphany.chunk_interval_option(hypertable, column_name, chunk_time_interval::text));
END $$;

COMMENT ON FUNCTION epiphany.set_chunk_time_interval(pg_catalog.regclass, pg_catalog.anyelement, pg_catalog.name) IS 'sets the option epiphany.chunk_interval, for rows stored from now on';

CREATE FUNCTION epiphany.set_partitioning_interval(hypertable pg_catalog.regclass, partition_interval pg_catalog.anyelement,
	dimension_name pg_catalog.name DEFAULT NULL)
RETURNS pg_catalog.void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT epiphany.set_chunk_time_interval(hypertable, partition_interval, dimension_name) $$;

COMMENT ON FUNCTION epiphany.set_partitioning_interval(pg_catalog.regclass, pg_catalog.anyelement, pg_catalog.name) IS 'set_chunk_time_interval by another name';

CREATE FUNCTION epiphany.enable_chunk_skipping(hypertable pg_catalog.regclass, column_name pg_catalog.name, if_not_exists pg_catalog.bool DEFAULT false)
RETURNS TABLE (column_stats_id pg_catalog.int4, enabled pg_catalog.bool)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	SELECT a.attnum, true INTO column_stats_id, enabled FROM pg_attribute a
	WHERE a.attrelid = hypertable AND a.attname = enable_chunk_skipping.column_name AND a.attnum > 0 AND NOT a.attisdropped;
	IF NOT FOUND THEN
		RAISE EXCEPTION USING ERRCODE = 'undefined_column', MESSAGE = format('column "%s" of table %s does not exist', column_name, hypertable);
	END IF;
	RAISE NOTICE 'chunks are skipped by all columns' USING DETAIL = 'Row groups, and parts of them, have zone maps.';
	RETURN NEXT;
END $$;

COMMENT ON FUNCTION epiphany.enable_chunk_skipping(pg_catalog.regclass, pg_catalog.name, pg_catalog.bool) IS 'does nothing but say so, since all columns have zone maps';

CREATE FUNCTION epiphany.add_dimension(hypertable pg_catalog.regclass, dimension epiphany.dimension_info, if_not_exists pg_catalog.bool DEFAULT false)
RETURNS TABLE (dimension_id pg_catalog.int4, created pg_catalog.bool)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	series text[] := (epiphany.time_dimension(hypertable)).segment_by;
BEGIN
	IF NOT epiphany.is_hypertable(hypertable) THEN
		RAISE EXCEPTION USING ERRCODE = 'wrong_object_type', MESSAGE = format('table %s is not a hypertable', hypertable),
			HINT = 'Use epiphany.create_hypertable().';
	ELSIF dimension.kind IS DISTINCT FROM 'hash' THEN
		RAISE EXCEPTION USING ERRCODE = 'feature_not_supported', MESSAGE = 'a table has one time column';
	END IF;
	created := NOT coalesce(dimension.column_name = ANY (series), false);
	IF NOT created AND NOT if_not_exists THEN
		RAISE EXCEPTION USING ERRCODE = 'duplicate_object', MESSAGE = format('column "%s" is already a dimension', dimension.column_name);
	END IF;
	IF created THEN
		RAISE NOTICE 'rows are not partitioned by column "%", but kept together by it', dimension.column_name
			USING DETAIL = 'It becomes one of the option epiphany.segment_by.';
		EXECUTE format('ALTER TABLE %s SET (epiphany.segment_by = %L)', hypertable,
			(SELECT string_agg(quote_ident(s), ', ') FROM unnest(series || dimension.column_name::text) s));
	END IF;
	dimension_id := coalesce(array_position((epiphany.time_dimension(hypertable)).segment_by, dimension.column_name::text), 0) + 1;
	RETURN NEXT;
END $$;

COMMENT ON FUNCTION epiphany.add_dimension(pg_catalog.regclass, epiphany.dimension_info, pg_catalog.bool) IS 'adds a column of by_hash() to the option epiphany.segment_by';

-- ---- Sizes ----

CREATE FUNCTION epiphany.hypertable_size(hypertable pg_catalog.regclass)
RETURNS pg_catalog.int8
LANGUAGE sql VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS $$ SELECT pg_total_relation_size(epiphany.stored_relation(hypertable)) $$;

COMMENT ON FUNCTION epiphany.hypertable_size(pg_catalog.regclass) IS 'bytes of a table, its indexes and TOAST; of a continuous aggregate those of its stored rows';

CREATE FUNCTION epiphany.hypertable_detailed_size(hypertable pg_catalog.regclass, OUT table_bytes pg_catalog.int8, OUT index_bytes pg_catalog.int8,
	OUT toast_bytes pg_catalog.int8, OUT total_bytes pg_catalog.int8, OUT node_name pg_catalog.name)
RETURNS SETOF pg_catalog.record
LANGUAGE sql VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT pg_table_size(r) - t, pg_indexes_size(r), t, pg_total_relation_size(r), NULL::name
	FROM epiphany.stored_relation(hypertable) r, LATERAL (SELECT coalesce(pg_total_relation_size(nullif(c.reltoastrelid, 0)), 0) AS t
		FROM pg_class c WHERE c.oid = r) x
$$;

COMMENT ON FUNCTION epiphany.hypertable_detailed_size(pg_catalog.regclass) IS 'bytes of a table by kind';

CREATE FUNCTION epiphany.approximate_row_count(relation pg_catalog.regclass)
RETURNS pg_catalog.int8
LANGUAGE sql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT greatest(sum(c.reltuples), 0)::int8 FROM pg_class c
	WHERE c.oid IN (SELECT t.relid FROM pg_partition_tree(relation) t UNION SELECT epiphany.stored_relation(relation)) AND c.reltuples > 0
$$;

COMMENT ON FUNCTION epiphany.approximate_row_count(pg_catalog.regclass) IS 'rows that a table and its partitions had when they were last analyzed or vacuumed';

-- ---- What is informative ----

CREATE VIEW epiphany.hypertables AS
SELECT n.nspname AS hypertable_schema, c.relname AS hypertable_name, pg_catalog.pg_get_userbyid(c.relowner) AS owner,
	1::pg_catalog.int2 AS num_dimensions,
	CASE WHEN pg_catalog.has_table_privilege(c.oid, 'SELECT') THEN
		(SELECT pg_catalog.count(*) FROM epiphany.chunk_list(c.oid::pg_catalog.regclass))
	END AS num_chunks,
	true AS compression_enabled, d.column_name AS primary_dimension, d.column_type AS primary_dimension_type, d.segment_by
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace,
	LATERAL epiphany.time_dimension(c.oid::pg_catalog.regclass) d
WHERE c.relkind = 'r' AND epiphany.is_hypertable(c.oid::pg_catalog.regclass)
	AND NOT EXISTS (SELECT FROM epiphany.continuous_catalog k WHERE k.materialization::pg_catalog.oid = c.oid);

COMMENT ON VIEW epiphany.hypertables IS 'tables USING epiphany_timeseries, but for stored rows of continuous aggregates; num_chunks of those that one may read';

CREATE VIEW epiphany.dimensions AS
SELECT h.hypertable_schema, h.hypertable_name, 1::pg_catalog.int8 AS dimension_number, h.primary_dimension AS column_name,
	h.primary_dimension_type AS column_type, 'Time'::pg_catalog.text AS dimension_type,
	CASE WHEN h.primary_dimension_type NOT IN ('int2'::pg_catalog.regtype, 'int4'::pg_catalog.regtype, 'int8'::pg_catalog.regtype) THEN
		pg_catalog.justify_hours(pg_catalog.make_interval(secs => d.chunk_width::pg_catalog.float8 / 1000000::pg_catalog.float8)) END AS time_interval,
	CASE WHEN h.primary_dimension_type IN ('int2'::pg_catalog.regtype, 'int4'::pg_catalog.regtype, 'int8'::pg_catalog.regtype) THEN
		d.chunk_width END AS integer_interval,
	i.func_name AS integer_now_func, NULL::pg_catalog.int2 AS num_partitions
FROM epiphany.hypertables h JOIN pg_catalog.pg_namespace n ON n.nspname = h.hypertable_schema
	JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = h.hypertable_name
	LEFT JOIN epiphany.integer_now i ON i.relation::pg_catalog.oid = c.oid,
	LATERAL epiphany.time_dimension(c.oid::pg_catalog.regclass) d;

COMMENT ON VIEW epiphany.dimensions IS 'time columns of tables USING epiphany_timeseries';

GRANT SELECT ON epiphany.hypertables, epiphany.dimensions TO PUBLIC;
