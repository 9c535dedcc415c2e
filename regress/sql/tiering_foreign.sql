-- Foreign tables over Parquet files: rows, projection, row groups that are left out, rights, errors.
CREATE DATABASE lake;
\c lake
SET client_min_messages = warning;
CREATE EXTENSION epiphany_tiering;
RESET client_min_messages;
\set VERBOSITY terse
\set SHOW_CONTEXT never
SELECT current_setting('data_directory') || '/lake' AS dir \gset
\set command 'cat > /dev/null; rm -rf ' :dir '; mkdir ' :dir
COPY (SELECT) TO PROGRAM :'command';
SELECT 'file://' || :'dir' AS url \gset
CREATE SERVER lake FOREIGN DATA WRAPPER epiphany_object_store OPTIONS (url :'url');

CREATE FUNCTION attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text; message text; detail text; hint text; context text;
BEGIN
	EXECUTE statement INTO result;
	RETURN COALESCE(result, 'done');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
	RETURN regexp_replace(concat_ws(' | ', SQLSTATE, message, NULLIF(detail, ''), NULLIF(hint, ''), substring(context FROM 'foreign table "[^"]*"')), '/[^ "]*/lake', 'DIR', 'g');
END $$;
-- What EXPLAIN ANALYZE says of a scan, in one line; bytes are as the files are.
CREATE FUNCTION explained(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; result text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) ' || query LOOP
		IF line ~ '(Files|Row Groups|Rows Skipped)' THEN
			result := concat_ws(', ', result, btrim(line));
		END IF;
	END LOOP;
	RETURN result;
END $$;

-- Rows come sorted by i, d, ts, f and c; groups of 10,000 in two files.
CREATE TABLE kept (i int, b bigint, s smallint, d date, ts timestamp, tz timestamptz, t time, f float8, r real, c text COLLATE "C", n numeric(10,2), j int, l int[], vc varchar(8) COLLATE "C");
INSERT INTO kept
SELECT i, i * 1000000::bigint, i / 10, date '2000-01-01' + i / 10, timestamp '1969-12-31' + i * interval '1 hour', timestamptz '2000-01-01 00:00+00' + i * interval '1 min',
	time '00:00' + i * interval '1 s', i / 4.0, i / 8.0, to_char(i, 'FM00000'), i / 100.0, CASE WHEN i > 20000 THEN i END, ARRAY[i], left(to_char(i, 'FM00000'), 8)
FROM generate_series(1, 40000) i;
INSERT INTO kept (i, d, ts, tz, f) VALUES (50000, 'infinity', 'infinity', 'infinity', 'NaN'), (50001, '-infinity', '-infinity', '-infinity', '-infinity');
SELECT rows FROM epiphany.export_parquet('SELECT * FROM kept WHERE i <= 30000 ORDER BY i', 'orders/1.parquet', row_group_rows => 10000, server => 'lake');
SELECT rows FROM epiphany.export_parquet('SELECT * FROM kept WHERE i > 30000 ORDER BY i', 'orders/2.parquet', row_group_rows => 10000, server => 'lake');

-- ---- Options ----
SELECT attempt('CREATE FOREIGN TABLE bad (i int) SERVER lake' || options) FROM (VALUES
	(1, ''), (2, $$ OPTIONS (path '')$$), (3, $$ OPTIONS (path '/etc/passwd')$$), (4, $$ OPTIONS (path 'file:///x')$$), (5, $$ OPTIONS (path 'x', colour 'red')$$)) AS v (i, options) ORDER BY i;
SELECT attempt($$CREATE FOREIGN TABLE bad (i int OPTIONS (path 'x')) SERVER lake OPTIONS (path 'x')$$);
CREATE FOREIGN TABLE orders (i int, b bigint, s smallint, d date, ts timestamp, tz timestamptz, t time, f float8, r real, c text COLLATE "C", n numeric(10,2), j int, l int[], vc varchar(8) COLLATE "C")
	SERVER lake OPTIONS (path 'orders/*.parquet');

-- ---- Rows ----
SELECT count(*) FROM orders;
SELECT count(*) AS differ FROM (SELECT orders::text FROM orders EXCEPT ALL SELECT kept::text FROM kept) AS rows;
SELECT tableoid::regclass, i, l FROM orders WHERE i = 12345;
SELECT o FROM orders o WHERE i = 50000;
-- Few of the files' columns, in another order, of other types.
CREATE FOREIGN TABLE few (c varchar(9), i bigint, d timestamp, f text, gone int) SERVER lake OPTIONS (path 'orders/1.parquet');
ALTER FOREIGN TABLE few DROP COLUMN gone;
SELECT * FROM few WHERE i = 77;
SELECT count(*), sum(i) FROM few WHERE c = '00077' OR d = '2000-01-08';

-- ---- What is left out ----
EXPLAIN (COSTS off) SELECT sum(b) FROM orders WHERE i < 100;
EXPLAIN (VERBOSE, COSTS off) SELECT b FROM orders WHERE d > '2001-01-01';
SELECT rows FROM (SELECT (regexp_match(line, 'rows=(\d+)'))[1]::int AS rows FROM (SELECT attempt('EXPLAIN SELECT * FROM few') AS line) AS plan) AS estimate WHERE rows = 30000;
-- Each condition gives what it gives on the table that was exported.
CREATE FUNCTION compared(condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE ours text; theirs text;
BEGIN
	EXECUTE 'SELECT concat_ws('' '', count(*), sum(i)) FROM orders WHERE ' || condition INTO ours;
	EXECUTE 'SELECT concat_ws('' '', count(*), sum(i)) FROM kept WHERE ' || condition INTO theirs;
	RETURN CASE WHEN ours = theirs THEN explained('SELECT i FROM orders WHERE ' || condition) ELSE ours || ' instead of ' || theirs END;
END $$;
SELECT condition, compared(condition) FROM unnest(ARRAY['true', 'i < 100', 'i > 35000', 'i BETWEEN 15000 AND 15005', 'i IN (5, 25000)', 'i = 99', 'i = -1', 'i = NULL', 'i = ANY (''{}'')', '100 > i', 'b = 25000000000', 's = 3500::smallint',
	's > 3500', 'd = ''2001-01-01''', 'd >= ''2009-01-01''', 'd = ''infinity''', 'd = ''-infinity''', 'd > ''infinity''', 'd >= ''infinity''', 'd < ''-infinity''', 'd <= ''-infinity''', 'd > ''-infinity'' AND d < ''2000-01-05''', 'd < ''infinity''',
	'ts < ''1970-01-01''', 'ts >= ''infinity''', 'ts <= ''-infinity''', 'ts = ''1971-01-01 05:00''', 'tz > ''2000-01-25 00:00+00''', 'tz = ''infinity''', 'tz < ''-infinity''', 't > ''11:00''', 'f < 10', 'f = ''NaN''', 'f > 9000', 'f = ''-infinity''',
	'r < 10', 'c < ''00010''', 'c = ''25000''', 'c > ''39999''', 'c LIKE ''0001%''', 'vc = ''25000''', 'n < 5', 'j IS NULL', 'j IS NOT NULL', 'j > 5', 'l IS NULL', 'l = ''{7}''', 'i = 5 OR i = 25000', 'NOT i > 10', 'd = date ''2000-01-01'' + 3']) AS condition;
-- Blanks go when a value is cut, and with them what was known of it.
SELECT epiphany.export_parquet($$VALUES ('abc  '), ('abcd')$$, 'blanks.parquet', server => 'lake');
CREATE FOREIGN TABLE blanks (column1 char(4)) SERVER lake OPTIONS (path 'blanks.parquet');
SELECT count(*) FROM blanks WHERE column1 = 'abc';
ALTER FOREIGN TABLE blanks ALTER column1 TYPE varchar(4) COLLATE "C";
SELECT count(*) FROM blanks WHERE column1 = 'abc ';

-- ---- By column, for the engine ----
-- Each query gives on the files, with the engine and without, what it gives on the table that was exported.
CREATE FUNCTION same(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	answers text[];
	tables text[] := ARRAY['orders', 'orders', 'kept'];
	answer text;
	plan text := '';
	line text;
BEGIN
	FOR i IN 1..3 LOOP
		PERFORM set_config('epiphany.enable_vectorized_scan', CASE WHEN i = 2 THEN 'off' ELSE 'on' END, true);
		EXECUTE format('SELECT string_agg(q::text, E''\n'' ORDER BY q::text COLLATE "C") FROM (%s) q', replace(query, '@', tables[i])) INTO answer;
		answers := answers || COALESCE(answer, '');
	END LOOP;
	FOR line IN EXECUTE 'EXPLAIN (COSTS off) ' || replace(query, '@', 'orders') LOOP
		plan := plan || line;
	END LOOP;
	RETURN concat_ws(', ', CASE WHEN answers[1] = answers[2] AND answers[1] = answers[3] THEN 'same' ELSE 'other' END, length(answers[1]),
		CASE WHEN plan LIKE '%Row Source%' THEN 'engine' END);
END $$;
SELECT same(query), query FROM unnest(ARRAY['SELECT * FROM @', 'SELECT count(*) FROM @', 'SELECT s % 7, count(*), sum(n), max(c), min(d), avg(f), bool_or(j IS NULL) FROM @ WHERE i > 500 GROUP BY 1',
	'SELECT l, vc FROM @ WHERE l[1] % 1000 = 7', 'SELECT o FROM @ o WHERE i % 5000 = 0', 'SELECT tableoid::regclass::text LIKE ''%e%'', i FROM @ WHERE i < 10', 'SELECT i, c FROM @ ORDER BY n DESC NULLS LAST, i LIMIT 5',
	'SELECT a.d, count(*) FROM @ a JOIN @ b ON a.i = b.i + 1 GROUP BY 1 HAVING count(*) < 10', 'SELECT d, rank() OVER (ORDER BY d DESC, i) FROM @ WHERE i > 39000', 'SELECT DISTINCT r FROM @ WHERE f < 3000',
	'SELECT x, (SELECT sum(b) FROM @ WHERE i = x) FROM generate_series(1, 3) x', 'SELECT i FROM @ WHERE t > ''11:00'' AND tz < ''2000-02-01 00:00+00'' AND random() >= 0', 'SELECT i FROM @ WHERE i = (SELECT max(i) - 2 FROM kept WHERE i < 30000)',
	'SELECT i FROM @ WHERE i IN (SELECT i * 1000 FROM kept WHERE i < 10) UNION ALL SELECT i FROM @ WHERE i < 5', 'SELECT 1 / (i - 100000) FROM @', 'SELECT i FROM (SELECT * FROM @ OFFSET 39990) AS rest']) AS query;
-- Few rows are not worth it; what is put back is as it was.
SET epiphany.vectorize_min_rows = 100000;
EXPLAIN (VERBOSE, COSTS off) SELECT s % 7, sum(b) FROM orders WHERE i < 100 GROUP BY 1;
RESET epiphany.vectorize_min_rows;
EXPLAIN (VERBOSE, COSTS off) SELECT s % 7, sum(b) FROM orders WHERE i < 100 GROUP BY 1;

-- ---- Runs again ----
PREPARE by_i(int) AS SELECT c FROM orders WHERE i = $1;
SET plan_cache_mode = force_generic_plan;
EXECUTE by_i(5);
EXECUTE by_i(39999);
EXECUTE by_i(NULL);
SELECT explained('EXECUTE by_i(39999)');
RESET plan_cache_mode;
SELECT x, (SELECT sum(b) FROM orders WHERE i = x OR i = x + 1) FROM (VALUES (1), (29999), (99999)) AS v (x);
SELECT x, c FROM (VALUES (7), (38000)) AS v (x), LATERAL (SELECT c FROM orders WHERE i = x OFFSET 0) AS o;
SELECT count(*) FROM orders o JOIN kept k USING (i) WHERE o.d = k.d;
SELECT count(*) FROM orders a JOIN orders b ON a.i = b.i + 1 WHERE a.i < 50;
BEGIN;
DECLARE rows CURSOR FOR SELECT i FROM orders;
FETCH 2 FROM rows;
MOVE 29998 FROM rows;
FETCH 2 FROM rows;
COMMIT;
SELECT i FROM orders LIMIT 1;
SELECT i FROM orders WHERE i IN (3, 4) FOR UPDATE;
CREATE TABLE parts (LIKE kept) PARTITION BY RANGE (i);
CREATE TABLE parts_new PARTITION OF parts FOR VALUES FROM (60000) TO (70000);
ALTER TABLE parts ATTACH PARTITION orders FOR VALUES FROM (1) TO (60000);
INSERT INTO parts (i) VALUES (60001);
SELECT count(*), max(i) FROM parts;
SELECT attempt('INSERT INTO parts (i) VALUES (1)');
ALTER TABLE parts DETACH PARTITION orders;

-- ---- Errors ----
SELECT attempt(statement) FROM unnest(ARRAY['INSERT INTO orders (i) VALUES (1)', 'UPDATE orders SET i = 1', 'DELETE FROM orders', 'TRUNCATE orders']) AS statement;
CREATE FOREIGN TABLE nothing (i int) SERVER lake OPTIONS (path 'nothing/*');
CREATE FOREIGN TABLE wrong (i int, other int) SERVER lake OPTIONS (path 'orders/1.parquet');
CREATE FOREIGN TABLE mistyped (i uuid) SERVER lake OPTIONS (path 'orders/1.parquet');
SELECT attempt('SELECT * FROM ' || name) FROM unnest(ARRAY['nothing', 'wrong', 'mistyped']) AS name;
SELECT count(i) FROM wrong;

-- ---- IMPORT FOREIGN SCHEMA ----
CREATE SCHEMA imported;
IMPORT FOREIGN SCHEMA orders EXCEPT ("2") FROM SERVER lake INTO imported;
\d imported.*
SELECT count(*) FROM imported."1" WHERE c > '29990';
IMPORT FOREIGN SCHEMA orders LIMIT TO ("2") FROM SERVER lake INTO imported;
SELECT count(*) FROM imported."2";

-- ---- Rights: the owner's on the server, the reader's on the table ----
CREATE ROLE lake_owner;
CREATE ROLE lake_reader;
GRANT CREATE ON SCHEMA public TO lake_owner;
SET ROLE lake_owner;
SELECT attempt($$CREATE FOREIGN TABLE mine (i int) SERVER lake OPTIONS (path 'orders/1.parquet')$$);
RESET ROLE;
GRANT USAGE ON FOREIGN SERVER lake TO lake_owner;
SET ROLE lake_owner;
CREATE FOREIGN TABLE mine (i int) SERVER lake OPTIONS (path 'orders/1.parquet');
SELECT count(*) FROM mine;
SET ROLE lake_reader;
SELECT attempt('SELECT count(*) FROM mine');
RESET ROLE;
GRANT SELECT ON mine TO lake_reader;
SET ROLE lake_reader;
SELECT attempt('SELECT count(*) FROM mine');
RESET ROLE;
REVOKE USAGE ON FOREIGN SERVER lake FROM lake_owner;
SELECT attempt('SELECT count(*) FROM mine');
DROP OWNED BY lake_owner, lake_reader CASCADE;
DROP ROLE lake_owner, lake_reader;
-- ---- Decimals and text, which the engine gets many at a time: to the last digit and byte ----
CREATE TABLE exact AS
SELECT row_number() OVER () AS i, v::numeric(18, 0) AS n0, v * 0.1::numeric(18, 1) AS n1, (v * 0.01)::numeric(18, 2) AS n2, (v * 0.0001)::numeric(18, 4) AS n4,
	(v * 0.00001)::numeric(18, 5) AS n5, (v * 0.000000000000000001)::numeric(18, 18) AS n18, t
FROM (
	SELECT CASE WHEN abs(sign * (power(10::numeric, places) + add)) < 1e18 THEN sign * (power(10::numeric, places) + add) END AS v,
		CASE WHEN add = 2 THEN NULL ELSE repeat('x', places) || CASE add WHEN 1 THEN 'é€😀' WHEN -1 THEN chr(127) ELSE '' END || repeat('y', places * add * add) END AS t
	FROM generate_series(0, 18) places, generate_series(-1, 2) add, (VALUES (1), (-1), (0)) s (sign)) AS g;
ALTER TABLE exact ALTER n1 TYPE numeric(18, 1);
SELECT rows FROM epiphany.export_parquet('SELECT * FROM exact', 'exact.parquet', server => 'lake');
CREATE FOREIGN TABLE exact_file (i bigint, n0 numeric(18, 0), n1 numeric(18, 1), n2 numeric(18, 2), n4 numeric(18, 4), n5 numeric(18, 5), n18 numeric(18, 18), t text)
	SERVER lake OPTIONS (path 'exact.parquet');
SET epiphany.vectorize_min_rows = 0;
EXPLAIN (COSTS off) SELECT i, max(n0), max(t) FROM exact_file GROUP BY i;
CREATE TABLE exact_back AS SELECT i, max(n0) AS n0, max(n1) AS n1, max(n2) AS n2, max(n4) AS n4, max(n5) AS n5, max(n18) AS n18, max(t) AS t FROM exact_file GROUP BY i;
SELECT count(*) AS differ FROM (SELECT e::text FROM exact e EXCEPT ALL SELECT b::text FROM exact_back b) AS rows;
SELECT count(*) AS other_bytes FROM exact e JOIN exact_back b USING (i)
WHERE (pg_column_size(e.n0), pg_column_size(e.n1), pg_column_size(e.n2), pg_column_size(e.n4), pg_column_size(e.n5), pg_column_size(e.n18)) IS DISTINCT FROM
	(pg_column_size(b.n0), pg_column_size(b.n1), pg_column_size(b.n2), pg_column_size(b.n4), pg_column_size(b.n5), pg_column_size(b.n18));
SELECT sum(n0), sum(n1), sum(n2), sum(n4), sum(n5), sum(n18), count(t), sum(length(t)), sum(octet_length(t)) FROM exact_file;
-- Bytes that are no text, wherever in the value, and however long that is.
CREATE FOREIGN TABLE bytes_file (i int, t text) SERVER lake OPTIONS (path 'bytes.parquet');
SELECT DISTINCT attempt(format('SELECT count(*) FROM epiphany.export_parquet(%L, ''bytes.parquet'', server => ''lake'')',
		format('SELECT 1 AS i, %L::bytea AS t', decode(repeat('61', before) || bad || repeat('61', after), 'hex')))),
	attempt('SELECT max(t) FROM bytes_file')
FROM generate_series(0, 9) before, generate_series(0, 9) after, (VALUES ('00'), ('ff'), ('c3'), ('80')) b (bad) ORDER BY 2;
RESET epiphany.vectorize_min_rows;
\set command 'cat > /dev/null; rm -r ' :dir
COPY (SELECT) TO PROGRAM :'command';
\c regression
DROP DATABASE lake;
