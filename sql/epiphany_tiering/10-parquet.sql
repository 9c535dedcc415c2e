-- Parquet files in and out. Files of the server are named file:///path; who names them needs what COPY asks for, or the right to use
-- an object store that they are in.
GRANT USAGE ON SCHEMA epiphany TO PUBLIC;

CREATE FUNCTION epiphany.export_parquet(
	query pg_catalog.text,
	url pg_catalog.text,
	compression pg_catalog.text DEFAULT 'zstd',
	compression_level pg_catalog.int4 DEFAULT 3,
	row_group_rows pg_catalog.int4 DEFAULT 122880,
	server pg_catalog.name DEFAULT NULL,
	OUT rows pg_catalog.int8,
	OUT bytes pg_catalog.int8)
AS 'MODULE_PATHNAME', 'pge_export_parquet'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.export_parquet(pg_catalog.text, pg_catalog.text, pg_catalog.text, pg_catalog.int4, pg_catalog.int4, pg_catalog.name)
	IS 'writes a query''s rows to a Parquet file, which takes its name when it is complete; gives its rows and bytes, NULL for a NULL argument';

CREATE FUNCTION epiphany.read_parquet(url pg_catalog.text, server pg_catalog.name DEFAULT NULL)
RETURNS SETOF pg_catalog.record
AS 'MODULE_PATHNAME', 'pge_read_parquet'
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 100000;

COMMENT ON FUNCTION epiphany.read_parquet(pg_catalog.text, pg_catalog.name)
	IS 'rows of Parquet files, columns by name: FROM epiphany.read_parquet(url) AS f (a int, b text); the URL may have wildcards';

CREATE FUNCTION epiphany.parquet_schema(
	url pg_catalog.text,
	server pg_catalog.name DEFAULT NULL,
	OUT file pg_catalog.text,
	OUT column_name pg_catalog.text,
	OUT sql_type pg_catalog.text,
	OUT parquet_type pg_catalog.text,
	OUT file_rows pg_catalog.int8)
RETURNS SETOF pg_catalog.record
AS 'MODULE_PATHNAME', 'pge_parquet_schema'
LANGUAGE C VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.parquet_schema(pg_catalog.text, pg_catalog.name)
	IS 'columns of Parquet files: name, SQL type that was exported or fits best (NULL: nested, not readable), type in the file';

-- The statement that import_parquet() runs; by itself, since that is to run with the caller's settings.
CREATE FUNCTION epiphany.import_parquet_statement(target pg_catalog.regclass, url pg_catalog.text, columns pg_catalog.name[], server pg_catalog.name)
RETURNS pg_catalog.text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $epiphany$
DECLARE
	wanted name[] := columns;
	stray name;
	attribute record;
	names text[] := '{}';
	definitions text[] := '{}';
BEGIN
	IF columns IS NULL THEN
		SELECT array_agg(DISTINCT s.column_name) INTO wanted FROM epiphany.parquet_schema(url, server) s;
	END IF;
	FOREACH stray IN ARRAY COALESCE(wanted, '{}') LOOP
		SELECT a.attname, a.attgenerated <> '' AS generated, format_type(a.atttypid, a.atttypmod) AS type
		INTO attribute
		FROM pg_attribute a
		WHERE a.attrelid = target AND a.attname = stray AND a.attnum > 0 AND NOT a.attisdropped;
		IF NOT FOUND THEN
			RAISE EXCEPTION 'column "%" is not in table "%"', stray, target
				USING ERRCODE = 'undefined_column', HINT = 'Name the columns to import in the argument "columns".';
		END IF;
		IF attribute.generated THEN
			RAISE EXCEPTION 'column "%" of table "%" is generated', stray, target
				USING ERRCODE = 'generated_always', HINT = 'Leave it out of the argument "columns".';
		END IF;
		names := names || quote_ident(attribute.attname);
		definitions := definitions || (quote_ident(attribute.attname) || ' ' || attribute.type);
	END LOOP;
	IF names = '{}' THEN
		RAISE EXCEPTION 'no columns to import' USING ERRCODE = 'invalid_parameter_value';
	END IF;
	RETURN format('INSERT INTO %s (%s) SELECT %2$s FROM epiphany.read_parquet(%s) AS file (%s)',
		(SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = target),
		array_to_string(names, ', '), concat_ws(', ', quote_literal(url), quote_literal(server)), array_to_string(definitions, ', '));
END
$epiphany$;

COMMENT ON FUNCTION epiphany.import_parquet_statement(pg_catalog.regclass, pg_catalog.text, pg_catalog.name[], pg_catalog.name)
	IS 'the INSERT that import_parquet() with the same arguments runs';

CREATE FUNCTION epiphany.import_parquet(
	target pg_catalog.regclass,
	url pg_catalog.text,
	columns pg_catalog.name[] DEFAULT NULL,
	server pg_catalog.name DEFAULT NULL)
RETURNS pg_catalog.int8
LANGUAGE plpgsql
AS $epiphany$
DECLARE
	imported pg_catalog.int8;
BEGIN
	IF target IS NULL OR url IS NULL THEN
		RETURN NULL;
	END IF;
	EXECUTE epiphany.import_parquet_statement(target, url, columns, server);
	GET DIAGNOSTICS imported = ROW_COUNT;
	RETURN imported;
END
$epiphany$;

COMMENT ON FUNCTION epiphany.import_parquet(pg_catalog.regclass, pg_catalog.text, pg_catalog.name[], pg_catalog.name)
	IS 'adds rows of Parquet files to a table, columns by name, those of the files or the ones given; others get their defaults; gives the number of rows';
