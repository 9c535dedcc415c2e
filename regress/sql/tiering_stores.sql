-- Object stores: foreign servers of files, who may make and use them, and names of objects.
CREATE DATABASE stores;
\c stores
SET client_min_messages = warning;
CREATE EXTENSION epiphany_tiering;
RESET client_min_messages;
\set VERBOSITY terse
\set SHOW_CONTEXT never
SELECT current_setting('data_directory') || '/lake' AS dir \gset
\setenv DIR :dir
\set command 'cat > /dev/null; rm -rf ' :dir '; mkdir ' :dir
COPY (SELECT) TO PROGRAM :'command';

-- Runs a statement; what it gave, or the error, without the directory's name.
CREATE FUNCTION attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text; message text; detail text; hint text;
BEGIN
	EXECUTE statement INTO result;
	RETURN COALESCE(result, 'done');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN regexp_replace(regexp_replace(concat_ws(' | ', SQLSTATE, message, NULLIF(detail, ''), NULLIF(hint, '')), '/[^ "]*/lake', 'DIR', 'g'), '\.\d+\.\d+\.tmp', '.NUMBERS.tmp');
END $$;

-- ---- Options ----
SELECT attempt('CREATE SERVER bad FOREIGN DATA WRAPPER epiphany_object_store' || options) FROM (VALUES
	(1, ''), (2, $$ OPTIONS (url '/tmp')$$), (3, $$ OPTIONS (url 'file://tmp')$$), (4, $$ OPTIONS (url 'http://x/y')$$), (5, $$ OPTIONS (url 'file:///tmp/../etc')$$),
	(6, $$ OPTIONS (url 'file:///tmp/./x')$$), (7, $$ OPTIONS (url 'file:///tmp', colour 'red')$$), (8, $$ OPTIONS (url 'file:///tmp', secret_access_key 's')$$), (9, $$ OPTIONS (url 'file:///tmp', region 'x')$$),
	(10, $$ OPTIONS (url 's3://x')$$), (11, $$ OPTIONS (url 's3://bucket/a/../b')$$), (12, $$ OPTIONS (url 's3://bucket//b')$$), (13, $$ OPTIONS (url 's3://buc ket')$$),
	(14, $$ OPTIONS (url 's3://bucket', endpoint 'host:80')$$), (15, $$ OPTIONS (url 's3://bucket', endpoint 'http://me:hush@host')$$), (16, $$ OPTIONS (url 's3://bucket', region 'a b')$$),
	(17, $$ OPTIONS (url 's3://bucket', path_style 'perhaps')$$), (18, $$ OPTIONS (url 's3://bucket', timeout '0')$$), (19, $$ OPTIONS (url 's3://bucket', retries 'x')$$),
	(20, $$ OPTIONS (url 's3://bucket', ca_file 'x')$$), (21, $$ OPTIONS (url 's3://bucket', session_token 'x')$$),
	(22, $$ OPTIONS (url 's3://bucket', frozen_storage_class 'deep freeze')$$), (23, $$ OPTIONS (url 's3://bucket', restore_days '0')$$),
	(24, $$ OPTIONS (url 'file:///tmp', frozen_storage_class 'GLACIER')$$)) AS v (i, options) ORDER BY i;
SELECT attempt('ALTER FOREIGN DATA WRAPPER epiphany_object_store OPTIONS (url ''file:///tmp'')');
SELECT 'file://' || :'dir' AS url, 'file://' || :'dir' || '/deep/' AS deep_url \gset
CREATE SERVER lake FOREIGN DATA WRAPPER epiphany_object_store OPTIONS (url :'url');
CREATE SERVER deep FOREIGN DATA WRAPPER epiphany_object_store OPTIONS (url :'deep_url');
SELECT attempt('ALTER SERVER lake OPTIONS (DROP url)');
SELECT attempt('CREATE USER MAPPING FOR PUBLIC SERVER lake' || options) FROM (VALUES
	(1, $$ OPTIONS (access_key_id 'x')$$), (2, $$ OPTIONS (session_token 'x')$$), (3, $$ OPTIONS (access_key_id 'x', secret_access_key 'hush hush')$$), (4, $$ OPTIONS (region 'x')$$)) AS v (i, options) ORDER BY i;
-- Buckets are reached when they are used; names are looked at before.
CREATE SERVER bucket FOREIGN DATA WRAPPER epiphany_object_store OPTIONS (url 's3://bucket/tables', endpoint 'http://127.0.0.1:1', retries '0');
SELECT attempt($$SELECT * FROM epiphany.read_parquet('a', 'bucket') AS f (i int)$$);
CREATE USER MAPPING FOR PUBLIC SERVER bucket;
SELECT attempt(format('SELECT * FROM epiphany.read_parquet(%L, %L) AS f (i int)', url, server)) FROM (VALUES
	(1, 's3://bucket/other', NULL), (2, 's3://bucket/tables', NULL), (3, 's3://bucket/tables/../x', NULL)) AS v (i, url, server) ORDER BY i;
SELECT regexp_replace(attempt($$SELECT * FROM epiphany.read_parquet('a', 'bucket') AS f (i int)$$), 'Failed.*server', '...');

-- ---- Names ----
-- Folders are made where they are missing, but the server's own.
SELECT rows FROM epiphany.export_parquet('SELECT i FROM generate_series(1, 10) i', 'a/b/ten.parquet', server => 'lake');
SELECT rows FROM epiphany.export_parquet('SELECT i FROM generate_series(1, 20) i', :'url' || '/a/twenty.parquet', server => 'lake');
SELECT rows FROM epiphany.export_parquet('SELECT i FROM generate_series(1, 30) i', :'url' || '/a/b/thirty.parquet');
SELECT attempt($$SELECT epiphany.export_parquet('SELECT 1 AS i', 'one.parquet', server => 'deep')$$);
\set command 'cat > /dev/null; mkdir ' :dir /deep
COPY (SELECT) TO PROGRAM :'command';
SELECT rows FROM epiphany.export_parquet('SELECT i FROM generate_series(1, 40) i', 'forty.parquet', server => 'deep');
SELECT count(*) FROM epiphany.read_parquet('a/b/*.parquet', 'lake') AS f (i int);
SELECT count(*) FROM epiphany.read_parquet(:'url' || '/*/*.parquet') AS f (i int);
SELECT count(*) FROM epiphany.read_parquet(replace(:'url', 'file:', 'FILE:') || '/deep/f[n-p]?ty.parquet') AS f (i int);
SELECT replace(file, :'dir', 'DIR') AS file, column_name, file_rows FROM epiphany.parquet_schema('*/*.parquet', 'lake');
CREATE TABLE numbers (i int);
SELECT epiphany.import_parquet('numbers', 'a/*/t*.parquet', server => 'lake');
SELECT attempt(format('SELECT count(*) FROM epiphany.read_parquet(%L, %L) AS f (i int)', url, server)) FROM (VALUES
	(1, 'a/b/nine.parquet', 'lake'), (2, 'a/*.csv', 'lake'), (3, '../x', 'lake'), (4, 'a/../../x', 'lake'), (5, './a', 'lake'), (6, 'a//b', 'lake'), (7, '/etc/passwd', 'lake'),
	(8, '', 'lake'), (9, 'file:///etc/passwd', 'lake'), (10, 's3://bucket/x', 'lake'), (11, 's3://bucket/x', NULL), (12, 'x', 'none'), (13, 'x', NULL), (14, 'a', 'lake')) AS v (i, url, server) ORDER BY i;
SELECT attempt($$SELECT epiphany.export_parquet('SELECT 1 AS i', 'a/', server => 'lake')$$);
SELECT attempt($$SELECT epiphany.export_parquet('SELECT 1 AS i', 'a/twenty.parquet/x', server => 'lake')$$);
SELECT attempt($$SELECT epiphany.export_parquet('SELECT 1/0 AS i', 'c/d', server => 'lake')$$);
\! cd "$DIR" && find . | LC_ALL=C sort
CREATE FOREIGN DATA WRAPPER other;
CREATE SERVER others FOREIGN DATA WRAPPER other OPTIONS (url 'file:///tmp');
SELECT attempt($$SELECT * FROM epiphany.parquet_schema('x', 'others')$$);
DROP FOREIGN DATA WRAPPER other CASCADE;

-- ---- Rights ----
CREATE ROLE stores_reader;
CREATE ROLE stores_maker;
GRANT USAGE ON FOREIGN DATA WRAPPER epiphany_object_store TO stores_maker;
SET ROLE stores_maker;
SELECT attempt($$CREATE SERVER mine FOREIGN DATA WRAPPER epiphany_object_store OPTIONS (url 'file:///tmp')$$);
RESET ROLE;
GRANT pg_read_server_files, pg_write_server_files TO stores_maker;
SET ROLE stores_maker;
CREATE SERVER mine FOREIGN DATA WRAPPER epiphany_object_store OPTIONS (url 'file:///tmp');
SET ROLE stores_reader;
SELECT attempt($$CREATE SERVER theirs FOREIGN DATA WRAPPER epiphany_object_store OPTIONS (url 'file:///tmp')$$);
SELECT attempt($$SELECT count(*) FROM epiphany.read_parquet('a/b/*.parquet', 'lake') AS f (i int)$$);
SELECT attempt(format('SELECT count(*) FROM epiphany.read_parquet(%L) AS f (i int)', :'url' || '/a/b/*.parquet'));
RESET ROLE;
GRANT USAGE ON FOREIGN SERVER lake TO stores_reader;
SET ROLE stores_reader;
SELECT attempt($$SELECT count(*) FROM epiphany.read_parquet('a/b/*.parquet', 'lake') AS f (i int)$$);
SELECT attempt(format('SELECT count(*) FROM epiphany.read_parquet(%L) AS f (i int)', :'url' || '/a/b/*.parquet'));
-- Of the servers that have it, one that may be used.
SELECT attempt(format('SELECT count(*) FROM epiphany.read_parquet(%L) AS f (i int)', :'url' || '/deep/*.parquet'));
SELECT attempt(format('SELECT rows FROM epiphany.export_parquet(%L, %L)', 'SELECT 1 AS i', :'url' || '/deep/one.parquet'));
SELECT attempt(format('SELECT count(*) FROM epiphany.read_parquet(%L) AS f (i int)', :'url' || '/../x'));
RESET ROLE;
DROP OWNED BY stores_maker, stores_reader CASCADE;
DROP ROLE stores_maker, stores_reader;
\set command 'cat > /dev/null; rm -r ' :dir
COPY (SELECT) TO PROGRAM :'command';
\c regression
DROP DATABASE stores;
