CREATE FUNCTION epiphany.compact("table" pg_catalog.regclass)
RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME', 'pge_compact'
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.compact(pg_catalog.regclass) IS 'moves rows of a column table to full row groups, from its heap region and from small or mostly dead groups; returns how many';
