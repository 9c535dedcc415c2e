CREATE FUNCTION epiphany.table_options(relation pg_catalog.regclass, OUT name pg_catalog.text, OUT value pg_catalog.text,
	OUT is_default pg_catalog.bool, OUT description pg_catalog.text)
RETURNS SETOF pg_catalog.record
AS 'MODULE_PATHNAME', 'pge_table_options_sql'
LANGUAGE C STABLE STRICT PARALLEL SAFE ROWS 10;

COMMENT ON FUNCTION epiphany.table_options(pg_catalog.regclass) IS 'the options that a table''s access method has, and what they are';
