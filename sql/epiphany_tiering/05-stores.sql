-- Object stores are foreign servers: who may use one reads and writes its objects.
CREATE FUNCTION epiphany.object_store_validator(options pg_catalog.text[], catalog pg_catalog.oid)
RETURNS pg_catalog.void
AS 'MODULE_PATHNAME', 'pge_object_store_validator'
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.object_store_validator(pg_catalog.text[], pg_catalog.oid)
	IS 'checks options of object stores, their user mappings and foreign tables';

CREATE FUNCTION epiphany.object_store_handler()
RETURNS pg_catalog.fdw_handler
AS 'MODULE_PATHNAME', 'pge_object_store_handler'
LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE;

COMMENT ON FUNCTION epiphany.object_store_handler()
	IS 'foreign tables over Parquet files of object stores';

CREATE FOREIGN DATA WRAPPER epiphany_object_store HANDLER epiphany.object_store_handler VALIDATOR epiphany.object_store_validator;

COMMENT ON FOREIGN DATA WRAPPER epiphany_object_store
	IS 'buckets and folders as object stores: CREATE SERVER lake FOREIGN DATA WRAPPER epiphany_object_store OPTIONS (url ...)';
