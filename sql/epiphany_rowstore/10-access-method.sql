CREATE FUNCTION epiphany.epiphany_row_handler(pg_catalog.internal)
RETURNS pg_catalog.table_am_handler
AS 'MODULE_PATHNAME', 'pge_row_handler'
LANGUAGE C STRICT;

COMMENT ON FUNCTION epiphany.epiphany_row_handler(pg_catalog.internal) IS 'routine table of the access method epiphany_row';

CREATE ACCESS METHOD epiphany_row TYPE TABLE HANDLER epiphany.epiphany_row_handler;

COMMENT ON ACCESS METHOD epiphany_row IS 'row storage: heap under the extension''s care';
