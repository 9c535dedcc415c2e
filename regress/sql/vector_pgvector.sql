-- Beside pgvector: its types are used, and none made. An extension that is called as it is, and has types of these names, stands for it.
CREATE DATABASE vectors;
\c vectors
SET client_min_messages = warning;
-- As pgvector has none of our access methods.
CREATE PROCEDURE drop_methods() LANGUAGE plpgsql AS $$
DECLARE
	method record;
BEGIN
	FOR method IN SELECT a.amname, a.amhandler::regprocedure AS handler FROM pg_am a JOIN pg_depend d ON d.classid = 'pg_am'::regclass AND d.objid = a.oid
		JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid WHERE e.extname = 'epiphany_vectorstore' AND a.amtype = 't'
	LOOP
		EXECUTE format('ALTER EXTENSION epiphany_vectorstore DROP ACCESS METHOD %I', method.amname);
		EXECUTE format('ALTER EXTENSION epiphany_vectorstore DROP FUNCTION %s', method.handler);
		EXECUTE format('DROP FUNCTION %s CASCADE', method.handler);
	END LOOP;
END$$;
CREATE EXTENSION epiphany_vectorstore CASCADE;
CALL drop_methods();
RESET client_min_messages;
UPDATE pg_extension SET extname = 'vector' WHERE extname = 'epiphany_vectorstore';
UPDATE pg_am SET amname = 'its ' || amname WHERE amtype = 'i' AND amname ~ '^epiphany_';
CREATE SCHEMA other;
CREATE EXTENSION epiphany_vectorstore SCHEMA other;
SELECT count(*) FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'e' AND classid = 'pg_type'::regclass
	AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'epiphany_vectorstore');
SELECT typname, typnamespace::regnamespace FROM pg_type WHERE typname IN ('vector', 'halfvec', 'sparsevec') ORDER BY 1;
-- It goes first in dumps, and not without us.
SELECT deptype FROM pg_depend WHERE classid = 'pg_extension'::regclass AND objid = (SELECT oid FROM pg_extension WHERE extname = 'epiphany_vectorstore')
	AND refclassid = 'pg_extension'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'vector');
DROP EXTENSION vector;
DROP EXTENSION epiphany_vectorstore;

-- A release without halves and sparse vectors.
ALTER EXTENSION vector DROP TYPE sparsevec;
CREATE EXTENSION epiphany_vectorstore;
ALTER EXTENSION vector ADD TYPE sparsevec;
DROP EXTENSION vector;

-- An ordinary user, in the user's schema.
CREATE ROLE regress_pge_vectors;
GRANT CREATE ON DATABASE vectors TO regress_pge_vectors;
SET ROLE regress_pge_vectors;
CREATE SCHEMA mine;
CREATE DOMAIN mine.float8 AS int;
CREATE DOMAIN mine.cstring AS int;
SET search_path = mine, pg_catalog;
CREATE EXTENSION epiphany_vectorstore SCHEMA mine;
SELECT extname, extowner::regrole FROM pg_extension WHERE extname ~ 'epiphany';
SELECT proname FROM pg_proc WHERE pronamespace = 'mine'::regnamespace AND (prosecdef OR proowner = 'regress_pge_vectors'::regrole
	OR EXISTS (SELECT FROM pg_type t WHERE t.oid = ANY (proargtypes || prorettype) AND t.typname IN ('float8', 'cstring') AND t.typnamespace = 'mine'::regnamespace));
SELECT DISTINCT oprrest FROM pg_operator WHERE oprnamespace = 'mine'::regnamespace ORDER BY 1;
SELECT '[1,2]'::mine.vector OPERATOR(mine.<->) '[1,3]' AS distance;
DROP EXTENSION epiphany_vectorstore;
RESET ROLE;
RESET search_path;

\c regression
DROP DATABASE vectors;
DROP ROLE regress_pge_vectors;
