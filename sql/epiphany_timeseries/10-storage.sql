-- The column store, with rows in buckets of time.
CREATE FUNCTION epiphany.epiphany_timeseries_handler(pg_catalog.internal)
RETURNS pg_catalog.table_am_handler
AS 'MODULE_PATHNAME', 'pge_timeseries_handler'
LANGUAGE C STRICT;

COMMENT ON FUNCTION epiphany.epiphany_timeseries_handler(pg_catalog.internal) IS 'routine table of the access method epiphany_timeseries';

CREATE ACCESS METHOD epiphany_timeseries TYPE TABLE HANDLER epiphany.epiphany_timeseries_handler;

COMMENT ON ACCESS METHOD epiphany_timeseries IS 'column storage of time series: row groups by bucket of time';
