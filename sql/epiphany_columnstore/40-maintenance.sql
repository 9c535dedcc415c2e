CREATE FUNCTION epiphany.compact("table" pg_catalog.regclass)
RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME', 'pge_compact'
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.compact(pg_catalog.regclass) IS 'moves rows of a column table to full row groups, from its heap region and from small or mostly dead groups; returns how many';

CREATE FUNCTION epiphany.compact_range(relation pg_catalog.regclass, range_start pg_catalog.int8, range_end pg_catalog.int8)
RETURNS pg_catalog.int8
AS 'MODULE_PATHNAME', 'pge_compact_range'
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.compact_range(pg_catalog.regclass, pg_catalog.int8, pg_catalog.int8) IS
	'likewise, of a table with a time column, for rows of buckets that lie in a range of microseconds since 2000-01-01 (or of integers) as wholes';
