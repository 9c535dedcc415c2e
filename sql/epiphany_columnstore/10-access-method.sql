CREATE FUNCTION epiphany.epiphany_column_handler(pg_catalog.internal)
RETURNS pg_catalog.table_am_handler
AS 'MODULE_PATHNAME', 'pge_column_handler'
LANGUAGE C STRICT;

COMMENT ON FUNCTION epiphany.epiphany_column_handler(pg_catalog.internal) IS 'routine table of the access method epiphany_column';

CREATE ACCESS METHOD epiphany_column TYPE TABLE HANDLER epiphany.epiphany_column_handler;

COMMENT ON ACCESS METHOD epiphany_column IS 'column storage: compressed row groups';
