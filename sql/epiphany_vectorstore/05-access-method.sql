-- The column store with codes beside vectors; whosever types these are.
CREATE FUNCTION epiphany_vector_handler(pg_catalog.internal)
RETURNS pg_catalog.table_am_handler
AS 'MODULE_PATHNAME', 'pge_vector_table_handler'
LANGUAGE C STRICT;

COMMENT ON FUNCTION epiphany_vector_handler(pg_catalog.internal) IS 'routine table of the access method epiphany_vector';

CREATE ACCESS METHOD epiphany_vector TYPE TABLE HANDLER epiphany_vector_handler;

COMMENT ON ACCESS METHOD epiphany_vector IS 'column storage: compressed row groups, with codes of vectors to search by';
