-- Where pgvector is installed its types are used, and none of the parts after this one makes anything. We depend on it then, so that dumps
-- restore it first: otherwise our types would be there before its own.
DO $epiphany$
BEGIN
IF NOT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'vector') THEN
	RETURN;
END IF;

IF (SELECT count(*) FROM pg_catalog.pg_extension e
		JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.refobjid = e.oid AND d.deptype = 'e'
		JOIN pg_catalog.pg_type t ON d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND d.objid = t.oid
		WHERE e.extname = 'vector' AND t.typname IN ('vector', 'halfvec', 'sparsevec')) <> 3 THEN
	RAISE EXCEPTION 'extension "vector" in this database is too old for epiphany_vectorstore'
		USING ERRCODE = 'object_not_in_prerequisite_state',
			DETAIL = 'pgvector has the types vector, halfvec and sparsevec from version 0.7.0 on.',
			HINT = 'Update it first: ALTER EXTENSION vector UPDATE.';
END IF;

INSERT INTO pg_catalog.pg_depend (classid, objid, objsubid, refclassid, refobjid, refobjsubid, deptype)
SELECT ours.tableoid, ours.oid, 0, theirs.tableoid, theirs.oid, 0, 'n'
FROM pg_catalog.pg_extension ours, pg_catalog.pg_extension theirs
WHERE ours.extname = 'epiphany_vectorstore' AND theirs.extname = 'vector';
END
$epiphany$;
