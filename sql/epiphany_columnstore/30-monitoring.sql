-- The functions check the caller's right to read the table; reaching them takes no right.
GRANT USAGE ON SCHEMA epiphany TO PUBLIC;

CREATE FUNCTION epiphany.row_groups(
	"table" pg_catalog.regclass,
	OUT group_id pg_catalog.int8,
	OUT state pg_catalog.text,
	OUT rows pg_catalog.int8,
	OUT dead_rows pg_catalog.int8,
	OUT columns pg_catalog.int4,
	OUT bytes pg_catalog.int8,
	OUT first_block pg_catalog.int8,
	OUT blocks pg_catalog.int8,
	OUT xmin pg_catalog.xid,
	OUT tier pg_catalog.text)
RETURNS SETOF pg_catalog.record
AS 'MODULE_PATHNAME', 'pge_row_groups'
LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION epiphany.row_groups(pg_catalog.regclass) IS 'row groups of a column table, whoever sees them';

CREATE FUNCTION epiphany.column_chunks(
	"table" pg_catalog.regclass,
	OUT group_id pg_catalog.int8,
	OUT column_name pg_catalog.name,
	OUT encoding pg_catalog.text,
	OUT compression pg_catalog.text,
	OUT nulls pg_catalog.int8,
	OUT stored_bytes pg_catalog.int8,
	OUT encoded_bytes pg_catalog.int8,
	OUT raw_bytes pg_catalog.int8,
	OUT ratio pg_catalog.float8,
	OUT minimum pg_catalog.text,
	OUT maximum pg_catalog.text)
RETURNS SETOF pg_catalog.record
AS 'MODULE_PATHNAME', 'pge_column_chunks'
LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION epiphany.column_chunks(pg_catalog.regclass) IS 'how each column of each row group is stored';

CREATE FUNCTION epiphany.table_stats(
	"table" pg_catalog.regclass,
	OUT row_groups pg_catalog.int8,
	OUT group_rows pg_catalog.int8,
	OUT dead_rows pg_catalog.int8,
	OUT group_bytes pg_catalog.int8,
	OUT delta_rows pg_catalog.int8,
	OUT delta_bytes pg_catalog.int8,
	OUT total_bytes pg_catalog.int8)
RETURNS pg_catalog.record
AS 'MODULE_PATHNAME', 'pge_table_stats'
LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION epiphany.table_stats(pg_catalog.regclass) IS 'rows and sizes of a column table''s two regions, main fork only; delta_rows are those that the caller''s snapshot sees';

CREATE FUNCTION epiphany.verify("table" pg_catalog.regclass)
RETURNS SETOF pg_catalog.text
AS 'MODULE_PATHNAME', 'pge_verify'
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.verify(pg_catalog.regclass) IS 'looks for damage in a column table and its indexes; no rows: none was found';

CREATE FUNCTION epiphany.scan_counts(
	OUT groups_read pg_catalog.int8,
	OUT groups_skipped pg_catalog.int8,
	OUT vectors_read pg_catalog.int8,
	OUT vectors_skipped pg_catalog.int8)
RETURNS pg_catalog.record
AS 'MODULE_PATHNAME', 'pge_scan_counts_of_session'
LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION epiphany.scan_counts() IS 'what this session''s sequential scans of column tables read and what zone maps let them skip';

-- Tells of rows that a policy may hide.
REVOKE ALL ON FUNCTION epiphany.scan_counts() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION epiphany.scan_counts() TO pg_read_all_stats;
