-- TimescaleDB's names for compacting chunks, which are named as show_chunks() names them, and for what chunks take.
CREATE FUNCTION epiphany.chunk_range(chunk pg_catalog.text, OUT relation pg_catalog.regclass, OUT first pg_catalog.int8, OUT last pg_catalog.int8)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	part text[] := regexp_match(chunk, '^(.+) \[([^,]+), ([^,]+)\)$');
BEGIN
	IF part IS NULL THEN
		RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = format('"%s" is not the name of a chunk', chunk),
			DETAIL = 'A chunk is named by its table and its range: schema.table [from, to).', HINT = 'Take it from epiphany.show_chunks().';
	END IF;
	relation := part[1]::regclass;
	IF (epiphany.time_dimension(relation)).column_type IN ('int2', 'int4', 'int8') THEN
		first := part[2];
		last := part[3];
	ELSE
		first := epiphany.time_number(part[2]::timestamptz);
		last := epiphany.time_number(part[3]::timestamptz);
	END IF;
END $$;

CREATE FUNCTION epiphany.compress_chunk(uncompressed_chunk pg_catalog.text, if_not_compressed pg_catalog.bool DEFAULT true,
	recompress pg_catalog.bool DEFAULT false)
RETURNS pg_catalog.text
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	chunk record;
BEGIN
	SELECT * INTO chunk FROM epiphany.chunk_range(uncompressed_chunk);
	IF epiphany.compact_range(chunk.relation, chunk.first, chunk.last) = 0 AND NOT recompress THEN
		IF NOT if_not_compressed THEN
			RAISE EXCEPTION USING ERRCODE = 'duplicate_object', MESSAGE = format('chunk "%s" has nothing to compress', uncompressed_chunk);
		END IF;
		RAISE NOTICE 'chunk "%" has nothing to compress', uncompressed_chunk;
	END IF;
	RETURN uncompressed_chunk;
END $$;

COMMENT ON FUNCTION epiphany.compress_chunk(pg_catalog.text, pg_catalog.bool, pg_catalog.bool) IS
	'compacts a chunk of show_chunks(): moves its rows into row groups, and joins small ones; a NOTICE, or an error unless if_not_compressed, where there is nothing to do; returns the name';

CREATE FUNCTION epiphany.decompress_chunk(uncompressed_chunk pg_catalog.text, if_compressed pg_catalog.bool DEFAULT true)
RETURNS pg_catalog.text
LANGUAGE plpgsql VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM epiphany.chunk_range(uncompressed_chunk);
	RAISE NOTICE 'chunk "%" stays as it is', uncompressed_chunk USING DETAIL = 'Rows are added, changed and deleted in row groups as anywhere else.';
	RETURN uncompressed_chunk;
END $$;

COMMENT ON FUNCTION epiphany.decompress_chunk(pg_catalog.text, pg_catalog.bool) IS 'does nothing but say so, since rows are changed in row groups as anywhere else';

CREATE PROCEDURE epiphany.convert_to_columnstore(chunk pg_catalog.text, if_not_columnstore pg_catalog.bool DEFAULT true,
	recompress pg_catalog.bool DEFAULT false)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM epiphany.compress_chunk(chunk, if_not_columnstore, recompress);
END $$;

COMMENT ON PROCEDURE epiphany.convert_to_columnstore(pg_catalog.text, pg_catalog.bool, pg_catalog.bool) IS 'compress_chunk as a procedure';

CREATE PROCEDURE epiphany.convert_to_rowstore(chunk pg_catalog.text, if_columnstore pg_catalog.bool DEFAULT true)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM epiphany.decompress_chunk(chunk, if_columnstore);
END $$;

COMMENT ON PROCEDURE epiphany.convert_to_rowstore(pg_catalog.text, pg_catalog.bool) IS 'decompress_chunk as a procedure';

CREATE PROCEDURE epiphany.recompress_chunk(chunk pg_catalog.text, if_not_compressed pg_catalog.bool DEFAULT true)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	PERFORM epiphany.compress_chunk(chunk, if_not_compressed, true);
END $$;

COMMENT ON PROCEDURE epiphany.recompress_chunk(pg_catalog.text, pg_catalog.bool) IS 'compress_chunk as a procedure';

CREATE FUNCTION epiphany.reorder_chunk(chunk pg_catalog.text, index pg_catalog.regclass DEFAULT NULL, "verbose" pg_catalog.bool DEFAULT false)
RETURNS pg_catalog.void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF index IS NOT NULL THEN
		RAISE NOTICE 'rows are not ordered by index "%", but by series and time', index USING HINT = 'The option epiphany.segment_by names the series'' columns.';
	END IF;
	PERFORM epiphany.compress_chunk(chunk, recompress => true);
END $$;

COMMENT ON FUNCTION epiphany.reorder_chunk(pg_catalog.text, pg_catalog.regclass, pg_catalog.bool) IS 'compress_chunk, which orders rows by series and time whatever index is named';

-- ---- Sizes; one relation has the rows of all chunks, so what each has of the indexes and of TOAST is not known ----

CREATE FUNCTION epiphany.chunks_detailed_size(hypertable pg_catalog.regclass, OUT chunk_schema pg_catalog.name, OUT chunk_name pg_catalog.text,
	OUT table_bytes pg_catalog.int8, OUT index_bytes pg_catalog.int8, OUT toast_bytes pg_catalog.int8, OUT total_bytes pg_catalog.int8,
	OUT node_name pg_catalog.name)
RETURNS SETOF pg_catalog.record
LANGUAGE sql VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
	SELECT n.nspname, c.chunk_name, c.bytes, NULL::int8, NULL::int8, c.bytes, NULL::name
	FROM epiphany.stored_relation(hypertable) r JOIN pg_class t ON t.oid = r JOIN pg_namespace n ON n.oid = t.relnamespace, epiphany.chunk_list(r) c
$$;

COMMENT ON FUNCTION epiphany.chunks_detailed_size(pg_catalog.regclass) IS
	'bytes of each chunk of a table: of its row groups and its share of the rows that are not in any; indexes and TOAST are all chunks'' together, so NULL here';

CREATE FUNCTION epiphany.hypertable_index_size(index_name pg_catalog.regclass)
RETURNS pg_catalog.int8
LANGUAGE sql VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS $$ SELECT pg_relation_size(index_name) $$;

COMMENT ON FUNCTION epiphany.hypertable_index_size(pg_catalog.regclass) IS 'bytes of an index';

CREATE FUNCTION epiphany.hypertable_approximate_size(relation pg_catalog.regclass)
RETURNS pg_catalog.int8
LANGUAGE sql VOLATILE STRICT
SET search_path = pg_catalog, pg_temp
AS $$ SELECT epiphany.hypertable_size(relation) $$;

COMMENT ON FUNCTION epiphany.hypertable_approximate_size(pg_catalog.regclass) IS 'hypertable_size, which takes no time here';

-- ---- What is informative ----

CREATE VIEW epiphany.chunks AS
SELECT h.hypertable_schema, h.hypertable_name, h.hypertable_schema AS chunk_schema, k.chunk_name, h.primary_dimension, h.primary_dimension_type,
	k.range_start, k.range_end, k.range_start_integer, k.range_end_integer, k.is_compressed, s.spcname AS chunk_tablespace,
	NULL::pg_catalog.timestamptz AS chunk_creation_time
FROM epiphany.hypertables h JOIN pg_catalog.pg_namespace n ON n.nspname = h.hypertable_schema
	JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = h.hypertable_name
	LEFT JOIN pg_catalog.pg_tablespace s ON s.oid = c.reltablespace,
	LATERAL epiphany.chunk_list(c.oid::pg_catalog.regclass) k
WHERE pg_catalog.has_table_privilege(c.oid, 'SELECT');

COMMENT ON VIEW epiphany.chunks IS 'chunks of the tables USING epiphany_timeseries that one may read; is_compressed: all rows are in row groups';

CREATE VIEW epiphany.hypertable_columnstore_settings AS
SELECT pg_catalog.format('%I.%I', h.hypertable_schema, h.hypertable_name)::pg_catalog.regclass AS hypertable,
	NULLIF(pg_catalog.array_to_string(h.segment_by, ','), '') AS segmentby, pg_catalog.quote_ident(h.primary_dimension) AS orderby,
	NULL::pg_catalog.text AS compress_interval_length, NULL::pg_catalog.jsonb AS "index"
FROM epiphany.hypertables h;

COMMENT ON VIEW epiphany.hypertable_columnstore_settings IS 'columns of a series, and what its rows are ordered by, of tables USING epiphany_timeseries';

GRANT SELECT ON epiphany.chunks, epiphany.hypertable_columnstore_settings TO PUBLIC;
