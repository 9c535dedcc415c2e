-- Modules come and go: together, alone, by an ordinary user, with tables in use. A database of its own, a fresh session for each step.
CREATE DATABASE modules;
\c modules
SET client_min_messages = warning;
CREATE EXTENSION pg_epiphany CASCADE;
RESET client_min_messages;
SELECT extname, extversion, extnamespace::regnamespace FROM pg_extension WHERE extname ~ 'epiphany' ORDER BY 1;
SELECT count(*) > 5 AS some, count(*) FILTER (WHERE d.objid IS NULL) AS "nobody's"
FROM pg_proc p LEFT JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
WHERE p.pronamespace = 'epiphany'::regnamespace;
SELECT epiphany.version() = extversion AS "library and script agree" FROM pg_extension WHERE extname = 'pg_epiphany';

-- Tables in use hold their module, and the umbrella holds all.
CREATE TABLE r (a int) USING epiphany_row;
CREATE TABLE c (a int) USING epiphany_column;
INSERT INTO r VALUES (1);
INSERT INTO c VALUES (2);
\c
TABLE r;
TABLE c;
CREATE TABLE t (ts timestamptz) USING epiphany_timeseries;
SELECT epiphany.time_bucket('1 hour', '2024-01-01 12:34'::timestamp);
SELECT count(*) FROM pg_proc WHERE proname = 'export_parquet' AND pronamespace = 'epiphany'::regnamespace;
DROP EXTENSION epiphany_rowstore;
DROP EXTENSION epiphany_timeseries;
DROP EXTENSION pg_epiphany;
DROP EXTENSION epiphany_tiering;
DROP EXTENSION epiphany_timeseries;
DROP TABLE t;
DROP EXTENSION epiphany_timeseries;
DROP EXTENSION epiphany_rowstore;
DROP EXTENSION epiphany_columnstore;
DROP EXTENSION epiphany_columnstore CASCADE;
DROP TABLE r;
DROP EXTENSION epiphany_rowstore;
-- The schema is nobody's member: it may hold what is not ours.
SELECT nspname FROM pg_namespace WHERE nspname = 'epiphany';

-- Each alone, in the session that dropped it and in a fresh one.
CREATE EXTENSION epiphany_columnstore;
CREATE TABLE c (a int) USING epiphany_column WITH (epiphany.compression = none);
INSERT INTO c VALUES (2);
\c
CREATE EXTENSION epiphany_rowstore;
CREATE TABLE r (a int) USING epiphany_row;
INSERT INTO r VALUES (1);
TABLE r;
TABLE c;
\c
DROP EXTENSION epiphany_rowstore CASCADE;
DROP TABLE c;
DROP EXTENSION epiphany_columnstore;
SELECT extname FROM pg_extension WHERE extname ~ 'epiphany';
SELECT evtname FROM pg_event_trigger;
SELECT amname FROM pg_am WHERE amname ~ 'epiphany';
DROP SCHEMA epiphany;

-- A user who may create in the database. The schema is then the user's, and with it what names in the scripts could be taken for.
CREATE ROLE regress_pge_user;
GRANT CREATE ON DATABASE modules TO regress_pge_user;
SET ROLE regress_pge_user;
CREATE SCHEMA epiphany;
CREATE DOMAIN epiphany.text AS int;
CREATE DOMAIN epiphany.bool AS int;
CREATE DOMAIN epiphany.regclass AS int;
CREATE DOMAIN epiphany.record AS int;
CREATE DOMAIN epiphany.internal AS int;
CREATE DOMAIN epiphany.event_trigger AS int;
CREATE DOMAIN epiphany.table_am_handler AS int;
SET search_path = epiphany, pg_catalog;
SET client_min_messages = warning;
CREATE EXTENSION pg_epiphany CASCADE;
RESET client_min_messages;
RESET search_path;
SELECT extname, extowner::regrole FROM pg_extension WHERE extname ~ 'epiphany' ORDER BY 1;
SELECT proname FROM pg_proc WHERE pronamespace = 'epiphany'::regnamespace AND
	(EXISTS (SELECT FROM pg_type t WHERE t.oid = ANY (proargtypes || prorettype || proallargtypes) AND t.typowner = 'regress_pge_user'::regrole)
	OR proowner = 'regress_pge_user'::regrole);
-- Functions with another's rights: nobody may call them but the library.
SELECT proname, proconfig, proacl FROM pg_proc WHERE pronamespace = 'epiphany'::regnamespace AND prosecdef ORDER BY 1;
\c
SET ROLE regress_pge_user;
CREATE SCHEMA mine;
CREATE TABLE mine.c (a int) USING epiphany_column WITH (epiphany.compression = zstd);
SELECT name, value FROM epiphany.table_options('mine.c') WHERE NOT is_default;
DROP SCHEMA mine CASCADE;
DROP EXTENSION pg_epiphany, epiphany_tiering, epiphany_timeseries;
DROP EXTENSION epiphany_columnstore;
DROP EXTENSION epiphany_rowstore;
RESET ROLE;

\c regression
DROP DATABASE modules;
DROP ROLE regress_pge_user;
