-- Searches by vectors. The types are epiphany_vectorstore's, or pgvector's: nothing here names them.
CREATE FUNCTION epiphany.vector_search(
	"table" pg_catalog.regclass,
	"column" pg_catalog.name,
	queries pg_catalog.anyarray,
	k pg_catalog.int4 DEFAULT 10,
	metric pg_catalog.text DEFAULT 'l2',
	OUT query pg_catalog.int4,
	OUT tid pg_catalog.tid,
	OUT distance pg_catalog.float8)
RETURNS SETOF pg_catalog.record
AS 'MODULE_PATHNAME', 'pge_vector_search'
LANGUAGE C STRICT STABLE PARALLEL RESTRICTED;

COMMENT ON FUNCTION epiphany.vector_search(pg_catalog.regclass, pg_catalog.name, pg_catalog.anyarray, pg_catalog.int4, pg_catalog.text)
	IS 'the nearest rows of a column table for many queries, in one pass: number of the query, ctid, distance';

CREATE FUNCTION epiphany.rrf(rank pg_catalog.int8, k pg_catalog.int4 DEFAULT 60)
RETURNS pg_catalog.float8
AS 'MODULE_PATHNAME', 'pge_rrf'
LANGUAGE C IMMUTABLE PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.rrf(pg_catalog.int8, pg_catalog.int4) IS 'reciprocal rank fusion: 1 / (k + rank), 0 for no rank';

CREATE FUNCTION epiphany.vector_index_method()
RETURNS pg_catalog.name
AS 'MODULE_PATHNAME', 'pge_default_vector_index'
LANGUAGE C STABLE PARALLEL SAFE;

COMMENT ON FUNCTION epiphany.vector_index_method() IS 'access method that epiphany.create_vector_index() takes, by epiphany.vector_index_type; NULL: by the table';

CREATE FUNCTION epiphany.create_vector_index(
	"table" pg_catalog.regclass,
	"column" pg_catalog.name,
	metric pg_catalog.text DEFAULT 'l2',
	name pg_catalog.name DEFAULT NULL,
	options pg_catalog.text DEFAULT NULL)
RETURNS pg_catalog.regclass
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $epiphany$
DECLARE
	methods pg_catalog.name[] := ARRAY[epiphany.vector_index_method()];
	method pg_catalog.name;
	class pg_catalog.text;
	rows pg_catalog.int8;
	made pg_catalog.regclass;
	before pg_catalog.oid[];
BEGIN
	IF "table" IS NULL OR "column" IS NULL OR metric IS NULL THEN
		RETURN NULL;
	END IF;
	IF NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = "table" AND a.attname = "column" AND a.attnum > 0 AND NOT a.attisdropped) THEN
		RAISE EXCEPTION 'column "%" of relation "%" does not exist', "column", "table" USING ERRCODE = 'undefined_column';
	END IF;
	IF methods[1] IS NULL THEN
		-- Lists of few rows do not fit those that come later.
		EXECUTE format('SELECT count(*) FROM (SELECT FROM %s LIMIT 10000) first_rows', "table") INTO rows;
		methods := CASE WHEN rows < 10000 THEN '{epiphany_hnsw,epiphany_ivf}' ELSE '{epiphany_ivf,epiphany_hnsw}' END;
	END IF;
	IF NOT EXISTS (SELECT FROM pg_am WHERE amname = ANY (methods) AND amtype = 'i') THEN
		RAISE EXCEPTION 'access method "%" does not exist', methods[1]
			USING ERRCODE = 'undefined_object', HINT = 'CREATE EXTENSION epiphany_vectorstore, or set epiphany.vector_index_type.';
	END IF;
	SELECT m.amname, format('%I.%I', n.nspname, o.opcname) INTO method, class
	FROM pg_opclass o JOIN pg_am m ON o.opcmethod = m.oid JOIN pg_namespace n ON o.opcnamespace = n.oid
		JOIN pg_attribute a ON a.atttypid = o.opcintype
	WHERE m.amname = ANY (methods) AND a.attrelid = "table" AND a.attname = "column" AND o.opcname ~ ('_' || lower(metric) || '_ops$')
	ORDER BY array_position(methods, m.amname) LIMIT 1;
	IF class IS NULL THEN
		RAISE EXCEPTION 'access method "%" has no operator class for metric "%" and the type of column "%"', methods[1], metric, "column"
			USING ERRCODE = 'undefined_object', HINT = 'Metrics are l2, ip, cosine and l1.';
	END IF;
	before := ARRAY(SELECT indexrelid FROM pg_index WHERE indrelid = "table");
	EXECUTE format('CREATE INDEX %s ON %s USING %I (%I %s) %s',
		quote_ident(name), "table", method, "column", class, 'WITH (' || options || ')');
	SELECT indexrelid INTO made FROM pg_index WHERE indrelid = "table" AND indexrelid <> ALL (before) ORDER BY indexrelid DESC LIMIT 1;
	RETURN made;
END
$epiphany$;

COMMENT ON FUNCTION epiphany.create_vector_index(pg_catalog.regclass, pg_catalog.name, pg_catalog.text, pg_catalog.name, pg_catalog.text)
	IS 'makes an index on a column of vectors, of the kind that epiphany.vector_index_type says; returns it';
