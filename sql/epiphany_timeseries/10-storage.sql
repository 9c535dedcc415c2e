-- The column store, with rows in buckets of time.
CREATE FUNCTION epiphany.epiphany_timeseries_handler(pg_catalog.internal)
RETURNS pg_catalog.table_am_handler
AS 'MODULE_PATHNAME', 'pge_timeseries_handler'
LANGUAGE C STRICT;

COMMENT ON FUNCTION epiphany.epiphany_timeseries_handler(pg_catalog.internal) IS 'routine table of the access method epiphany_timeseries';

CREATE ACCESS METHOD epiphany_timeseries TYPE TABLE HANDLER epiphany.epiphany_timeseries_handler;

COMMENT ON ACCESS METHOD epiphany_timeseries IS 'column storage of time series: row groups by bucket of time';

CREATE FUNCTION epiphany.chunks(
	relation pg_catalog.regclass,
	OUT range_start pg_catalog.timestamptz,
	OUT range_end pg_catalog.timestamptz,
	OUT range_start_integer pg_catalog.int8,
	OUT range_end_integer pg_catalog.int8,
	OUT groups pg_catalog.int8,
	OUT rows pg_catalog.int8,
	OUT dead_rows pg_catalog.int8,
	OUT bytes pg_catalog.int8,
	OUT state pg_catalog.text)
RETURNS SETOF pg_catalog.record
AS 'MODULE_PATHNAME', 'pge_chunks'
LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED;

COMMENT ON FUNCTION epiphany.chunks(pg_catalog.regclass) IS 'buckets of a table with a time column: range (a timestamp''s or date''s in UTC, an integer''s in its own columns, none for rows without a time), row groups, rows, rows that VACUUM found dead, bytes; state sorted, unsorted (until compaction), mixed (a group of several buckets, from before options changed) or delta (rows of the bucket that are not in groups, with their share of the bytes)';
