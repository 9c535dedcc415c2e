CREATE FUNCTION epiphany.version()
RETURNS pg_catalog.text
AS 'MODULE_PATHNAME', 'pge_version'
LANGUAGE C STABLE PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.version() IS 'version of the loaded library';

CREATE FUNCTION epiphany.build_info(OUT name pg_catalog.text, OUT value pg_catalog.text)
RETURNS SETOF pg_catalog.record
AS 'MODULE_PATHNAME', 'pge_build_info'
LANGUAGE C VOLATILE PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.build_info() IS 'what runs in this session: managed library, processor level, codecs, managed heap';

GRANT USAGE ON SCHEMA epiphany TO PUBLIC;
