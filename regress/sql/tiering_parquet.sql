-- Parquet files in and out: every type comes back, errors say what and where, nothing is left of what failed.
CREATE DATABASE tiering;
\c tiering
SET client_min_messages = warning;
CREATE EXTENSION epiphany_tiering;
CREATE EXTENSION epiphany_vectorstore CASCADE;
RESET client_min_messages;
\dx+ epiphany_tiering
SELECT 'file://' || current_setting('data_directory') || '/' AS url \gset
\set VERBOSITY terse
\set SHOW_CONTEXT never

-- Runs a statement; an error without the directory's name.
CREATE FUNCTION attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE message text; detail text; hint text; context text;
BEGIN
	EXECUTE statement;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
	RETURN regexp_replace(replace(concat_ws(' | ', SQLSTATE, message, NULLIF(detail, ''), NULLIF(hint, ''), substring(context FROM '(?:column "[^"]*" of )?file "[^"]*"')),
		current_setting('data_directory'), 'DIR'), '\.\d+\.\d+\.tmp', '.NUMBERS.tmp');
END $$;

-- ---- Every type, there and back ----
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN ints AS int[] CHECK (cardinality(VALUE) < 5);
CREATE TABLE every (
	id int, b bool, i2 smallint, i8 bigint, f4 real, f8 double precision, n numeric, n9 numeric(9,2), n18 numeric(18,4), n38 numeric(38,10),
	n40 numeric(40,1), d date, t time, tt timetz, ts timestamp, tz timestamptz(3), iv interval, tx text, vc varchar(10), ch char(5), by bytea, u uuid,
	j json, jb jsonb, ia int[], ta text[], na numeric(5,1)[], da date[], ba bytea[], m mood, ma mood[], p positive, pa positive[], dm ints, v vector(3), h halfvec(2), sv sparsevec(9),
	o oid, r int4range, net inet, bits bit(5), nm name, c "char", pr pair);
INSERT INTO every
SELECT i, i % 3 = 0, i - 500, i * 100000000000, i * 0.1, sqrt(i), i / 7.0, i / 4.0, -i * 1.0001, i * 12345678901234567890.1234567891,
	i * 1e35, date '2000-01-01' + i * i, time '00:00' + i * interval '1 min', timetz '10:00+02', timestamp '1999-12-31 23:59:59.999999' + i * interval '1 day',
	timestamptz '2020-02-29 12:00+00' + i * interval '1 s', i * interval '1 month -2 days 3.5 seconds', 'row ' || i || repeat('ä', i % 5), left('v' || i, 10),
	'c' || i % 10, decode(lpad(to_hex(i), 8, '0'), 'hex'), md5(i::text)::uuid, json_build_object('a', i), jsonb_build_object('k', i, 'z', NULL),
	ARRAY[i, NULL, i + 1], ARRAY['x', NULL, 'y"z', ''], ARRAY[i % 100 / 10.0], ARRAY[date '2020-01-01', 'infinity'], ARRAY['\x00'::bytea], (ARRAY['sad', 'ok', 'happy'])[1 + i % 3]::mood,
	ARRAY['ok', NULL]::mood[], i, ARRAY[i], ARRAY[i], ('[' || i || ',0.5,-1]')::vector, ('[' || i || ',0.25]')::halfvec, ('{3:' || i || '}/9')::sparsevec,
	i, int4range(i, i + 5), ('10.0.0.' || i % 250)::inet, (i % 32)::bit(5), 'n' || i, 'x', ROW(i, 'p,"' || i)::pair
FROM generate_series(1, 3000) i;
INSERT INTO every (id) VALUES (4000);
INSERT INTO every (id, d, ts, tz, f4, f8, n, iv, ia, t, tx, dm, n38) VALUES
	(4001, 'infinity', 'infinity', '-infinity', 'nan', '-infinity', 'NaN', '-1 mon -2 days', '{}', '24:00', '', '{}', -1e-10),
	(4002, '-infinity', '-infinity', 'infinity', 'infinity', 'nan', '-Infinity', 'infinity', NULL, '00:00', 'ende', NULL, -9999999999999999999999999999.9999999999),
	(4003, '4713-01-01 BC', '4713-01-01 BC', '294246-12-31', '-0', '-0', '1e-200', '178000000 years', '{NULL}', '12:00', NULL, NULL, 0);
-- Whatever text forms the session has.
SET datestyle = 'SQL, DMY';
SET intervalstyle = sql_standard;
SET extra_float_digits = -5;
SELECT rows, bytes > 1000 AS has_bytes FROM epiphany.export_parquet('SELECT * FROM every ORDER BY id', :'url' || 'every.parquet', row_group_rows => 1500);
RESET datestyle;
RESET intervalstyle;
RESET extra_float_digits;
SELECT column_name, sql_type, parquet_type, file_rows FROM epiphany.parquet_schema(:'url' || 'every.parquet');
CREATE TABLE back (LIKE every);
SELECT epiphany.import_parquet('back', :'url' || 'every.parquet');
SELECT count(*) AS differ FROM (SELECT every::text FROM every EXCEPT ALL SELECT back::text FROM back) AS rows;
SELECT count(*) AS pairs FROM every JOIN back USING (id);
-- Other compressions, other rows in groups, into a column table, by some columns, from several files.
SELECT rows FROM epiphany.export_parquet('SELECT * FROM every WHERE id <= 1700', :'url' || 'part1.parquet', 'none', row_group_rows => 1);
SELECT rows FROM epiphany.export_parquet('SELECT * FROM every WHERE id > 1700', :'url' || 'part2.parquet', 'LZ4', 1);
CREATE TABLE columns (LIKE every) USING epiphany_column;
SELECT epiphany.import_parquet('columns', :'url' || 'part?.parquet');
SELECT count(*) AS differ FROM (SELECT every::text FROM every EXCEPT ALL SELECT columns::text FROM columns) AS rows;
CREATE TABLE parts (tx text, id bigint GENERATED ALWAYS AS IDENTITY, extra text DEFAULT 'default', twice bigint GENERATED ALWAYS AS (length(tx) * 2) STORED);
SELECT epiphany.import_parquet('parts', :'url' || 'part*.parquet', '{tx}');
SELECT count(*), count(tx), min(id), max(id), max(extra), sum(twice) FROM parts;
-- No rows, no files.
SELECT rows FROM epiphany.export_parquet('SELECT 1 AS a WHERE false', :'url' || 'none.parquet');
SELECT * FROM epiphany.read_parquet(:'url' || 'none.parquet') AS f (a int);
SELECT epiphany.import_parquet(NULL, 'x'), epiphany.import_parquet('parts', NULL);
SELECT * FROM epiphany.export_parquet(NULL, 'x');
-- Types that a file's values can become.
SELECT * FROM epiphany.read_parquet(:'url' || 'every.parquet') AS f (i2 text, d timestamp, id numeric(6,2), tx varchar, ia bigint[], u text, n9 float8, v real[], by bytea) WHERE id = 7;
-- The same query as an expression, with parameters of the caller in it, and from a view.
CREATE VIEW archive AS SELECT * FROM epiphany.read_parquet('file:///nowhere/a.parquet') AS f (id int);
SELECT attempt('SELECT * FROM archive');

-- ---- Errors ----
SELECT attempt(format('SELECT * FROM epiphany.read_parquet(%L) AS f (%s)', :'url' || 'every.parquet', definition)) FROM unnest(ARRAY['nothing int', 'd int', 'tx uuid', 'i8 int', 'ia int', 'id int[]', 'n9 numeric(3,2)', 'tx varchar(3)', 'p uuid']) AS definition;
SELECT attempt(format('SELECT * FROM epiphany.read_parquet(%L) AS f (a int)', url)) FROM unnest(ARRAY['s3://bucket/x', 'x', 'file://x', 'file:///nowhere/x', 'file:///nowhere/*', :'url', :'url' || 'PG_VERSION']) AS url;
SELECT attempt(format('SELECT epiphany.import_parquet(%L, %L%s)', t, :'url' || 'every.parquet', rest)) FROM (VALUES ('parts', ''), ('parts', ', ''{twice}'''), ('parts', ', ''{}'''), ('parts', ', ''{extra}''')) AS v (t, rest);
SELECT attempt(format('SELECT epiphany.export_parquet(%L, %L%s)', query, :'url' || 'x.parquet', rest)) FROM (VALUES
	('SELECT 1 AS a, 2 AS a', ''), ('SELECT', ''), ('SELECT 1; SELECT 2', ''), ('CREATE TABLE t ()', ''), ('', ''), ('COPY every TO STDOUT', ''), ('SELECT 1 / (2 - i) FROM generate_series(1, 5) i', ''),
	('SELECT ARRAY[[1],[2]] AS a', ''), ('SELECT ''[0:1]={1,2}''::int[] AS a', ''), ('SELECT ''NaN''::numeric(5,2) AS a', ''), ('SELECT timestamp ''294276-12-31'' AS a', ''),
	('SELECT 1 AS a', ', ''brotli'''), ('SELECT 1 AS a', ', ''zstd'', 99'), ('SELECT 1 AS a', ', row_group_rows => 0'), ('nonsense', '')) AS v (query, rest);
SELECT attempt(format('SELECT epiphany.export_parquet(%L, %L)', 'SELECT 1 AS a', url)) FROM unnest(ARRAY['file:///nowhere/x', :'url', 'http://x']) AS url;
CREATE ROLE tiering_nobody;
SET ROLE tiering_nobody;
SELECT epiphany.export_parquet('SELECT 1', :'url' || 'x.parquet');
SELECT * FROM epiphany.read_parquet(:'url' || 'every.parquet') AS f (id int);
SELECT * FROM epiphany.parquet_schema(:'url' || 'every.parquet');
RESET ROLE;
SELECT attempt(format('SELECT epiphany.read_parquet(%L)', :'url' || 'every.parquet'));
SELECT attempt(format('SELECT * FROM epiphany.read_parquet(%L)', :'url' || 'every.parquet'));
-- Long values: more than one batch's memory would hold.
SELECT rows, bytes < 1000000 AS small FROM epiphany.export_parquet('SELECT i, repeat(i::text, 1000000) AS t FROM generate_series(1, 60) i', :'url' || 'domain.parquet');
SELECT count(*), sum(length(t)), bool_and(t = repeat(i::text, 1000000)) FROM epiphany.read_parquet(:'url' || 'domain.parquet') AS f (t text, i int);
-- A domain's conditions hold.
SELECT rows FROM epiphany.export_parquet('SELECT -1 AS p, ARRAY[1,2,3,4,5,6] AS dm', :'url' || 'domain.parquet');
SELECT attempt(format('SELECT * FROM epiphany.read_parquet(%L) AS f (p positive)', :'url' || 'domain.parquet'));
SELECT attempt(format('SELECT * FROM epiphany.read_parquet(%L) AS f (dm ints)', :'url' || 'domain.parquet'));
-- A file in the place of another is there as a whole or not at all; nothing else is left behind.
SELECT rows FROM epiphany.export_parquet('SELECT 1 AS a', :'url' || 'domain.parquet');
SELECT * FROM epiphany.read_parquet(:'url' || 'domain.parquet') AS f (a int);
SELECT attempt(format('SELECT epiphany.export_parquet(%L, %L)', 'SELECT 1 / (900000 - i) AS a FROM generate_series(1, 1000000) i', :'url' || 'domain.parquet'));
SELECT * FROM epiphany.read_parquet(:'url' || 'domain.parquet') AS f (a int);
SELECT name FROM pg_ls_dir('.') AS name WHERE name ~ 'parquet' ORDER BY 1;

-- ---- Damaged files: cut, and changed at places all over ----
CREATE FUNCTION put(name text, bytes bytea) RETURNS void LANGUAGE plpgsql AS $$
DECLARE lo oid := lo_from_bytea(0, bytes);
BEGIN PERFORM lo_export(lo, current_setting('data_directory') || '/' || name); PERFORM lo_unlink(lo); END $$;
CREATE TABLE good AS SELECT pg_read_binary_file('domain.parquet') AS bytes;
SELECT rows FROM epiphany.export_parquet('SELECT id, tx, ia, n38, f8 FROM every WHERE id % 10 = 0', :'url' || 'good.parquet', 'none', row_group_rows => 100);
UPDATE good SET bytes = pg_read_binary_file('good.parquet');
SELECT sum(id) AS good_sum, count(*) AS good_rows, md5(string_agg(f::text, '' ORDER BY id)) AS good_sum_of_rows FROM epiphany.read_parquet(:'url' || 'good.parquet') AS f (id int, tx text, ia int[], n38 numeric, f8 float8) \gset
CREATE TABLE outcomes (what text, outcome text);
DO $$
DECLARE bad bytea; good bytea := (SELECT bytes FROM good); outcome text; sum text;
BEGIN
	FOR i IN 0..299 LOOP
		bad := CASE WHEN i % 10 = 0 THEN substring(good FROM 1 FOR length(good) * i / 300)
			ELSE set_byte(good, (length(good)::bigint * i / 300)::int, get_byte(good, (length(good)::bigint * i / 300)::int) # (1 + i % 255)) END;
		PERFORM put('bad.parquet', bad);
		BEGIN
			SELECT md5(string_agg(f::text, '' ORDER BY id)) INTO sum
			FROM epiphany.read_parquet('file://' || current_setting('data_directory') || '/bad.parquet') AS f (id int, tx text, ia int[], n38 numeric, f8 float8);
			INSERT INTO outcomes VALUES (CASE WHEN i % 10 = 0 THEN 'cut' ELSE 'changed' END, sum);
		EXCEPTION WHEN data_corrupted OR feature_not_supported OR undefined_column OR datatype_mismatch OR character_not_in_repertoire OR out_of_memory THEN
			INSERT INTO outcomes VALUES (CASE WHEN i % 10 = 0 THEN 'cut' ELSE 'changed' END, 'error');
		END;
	END LOOP;
END $$;
SELECT what, outcome = 'error' AS error, outcome IS NOT DISTINCT FROM :'good_sum_of_rows' AS right, count(*) > 0 AS some FROM outcomes GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
\c regression
DROP DATABASE tiering;
DROP ROLE tiering_nobody;
