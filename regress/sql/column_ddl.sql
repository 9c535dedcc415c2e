-- Changing, vacuuming and describing column tables. What both can do gives heap's answer; `differing rows` must stay 0.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_columnstore;
RESET client_min_messages;
CREATE SCHEMA column_ddl;
SET search_path = column_ddl;

\getenv here PG_ABS_SRCDIR
\set on_both :here '/include/on_both.sql'
\i :on_both
CREATE FUNCTION groups(tab text DEFAULT 'on_column') RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(rows || CASE WHEN state IN ('committed', 'frozen') THEN '' ELSE ' ' || state END, ', ' ORDER BY group_id), 'none')
	FROM epiphany.row_groups(tab::regclass) WHERE state <> 'removed' $$;

-- Columns that come, go and change while groups stay; VACUUM FULL writes them all.
CALL on_both('CREATE TABLE @ (i int, b bool, f float8, v varchar(10), t timestamp, s text) USING @am');
CALL on_both('INSERT INTO @ SELECT g, g % 2 = 0, g / 8.0, ''v'' || g % 100, timestamp ''2024-01-01'' + g * interval ''1 min'', repeat(''s'', g % 50) FROM generate_series(1, 5000) g');
CALL on_both('INSERT INTO @ SELECT g FROM generate_series(1, 100) g');
CALL on_both('ALTER TABLE @ ADD COLUMN no_default int, ADD COLUMN d int DEFAULT 7, ADD COLUMN by_ref text DEFAULT ''added later'' NOT NULL');
SELECT * FROM same();
CALL on_both('INSERT INTO @ (i, d) SELECT g, g FROM generate_series(1, 3000) g');
CALL on_both('ALTER TABLE @ ALTER COLUMN d SET DEFAULT 8');
SELECT * FROM same();
SELECT * FROM same('SELECT d, by_ref, count(*), count(no_default) FROM @ GROUP BY 1, 2');
VACUUM FULL on_heap, on_column;
SELECT * FROM same();
SELECT groups();
CALL on_both('ALTER TABLE @ DROP COLUMN b, DROP COLUMN f');
CALL on_both('INSERT INTO @ (i) SELECT g FROM generate_series(1, 2048) g');
SELECT * FROM same();
SELECT sum(bytes) AS bytes FROM epiphany.row_groups('on_column') \gset
VACUUM FULL on_heap, on_column;
SELECT * FROM same();
SELECT sum(bytes) < :bytes AS "the dropped columns' bytes are gone" FROM epiphany.row_groups('on_column');
SET timezone = 'UTC';
SELECT pg_relation_filenode('on_column') AS node \gset
CREATE DOMAIN word AS text;
CALL on_both('ALTER TABLE @ ALTER COLUMN v TYPE text, ALTER COLUMN t TYPE timestamptz, ALTER COLUMN s TYPE word, ALTER COLUMN i TYPE oid');
SELECT pg_relation_filenode('on_column') = :node AS "without a rewrite";
SELECT * FROM same();
CALL on_both('ALTER TABLE @ ALTER COLUMN i TYPE numeric USING i::int8 / 4.0, ADD COLUMN r float8 DEFAULT random()');
SELECT pg_relation_filenode('on_column') <> :node AS "with a rewrite", groups();
SELECT * FROM same('SELECT i, v, t, s, no_default, d, by_ref FROM @');
CALL on_both('ALTER TABLE @ ADD CHECK (d > 0)');
CALL on_both('ALTER TABLE @ ALTER COLUMN by_ref SET NOT NULL');
\set VERBOSITY terse
ALTER TABLE on_column ADD CHECK (d > 7);
ALTER TABLE on_column ALTER COLUMN no_default SET NOT NULL;
\set VERBOSITY default
DROP TABLE on_heap, on_column;

-- Domains over types with a kind of their own.
CREATE DOMAIN flag AS bool;
CREATE DOMAIN measure AS float8;
CREATE DOMAIN small_measure AS real;
CALL on_both('CREATE TABLE @ (a bool, b float8, c real) USING @am');
CALL on_both('INSERT INTO @ SELECT g % 3 = 0, g / 8.0, g / 4.0 FROM generate_series(1, 4000) g');
CALL on_both('ALTER TABLE @ ALTER COLUMN a TYPE flag, ALTER COLUMN b TYPE measure, ALTER COLUMN c TYPE small_measure');
SELECT * FROM same();
CALL on_both('INSERT INTO @ SELECT g % 3 = 0, g / 8.0, g / 4.0 FROM generate_series(1, 4000) g');
CALL on_both('ALTER TABLE @ ALTER COLUMN a TYPE bool, ALTER COLUMN b TYPE float8, ALTER COLUMN c TYPE real');
SELECT * FROM same();
DROP TABLE on_heap, on_column;

-- From heap to column and back; storage parameters; TRUNCATE, in the transaction that made the table, too.
CREATE TABLE on_heap AS SELECT g AS i, md5(g::text) AS s FROM generate_series(1, 7000) g;
CREATE TABLE on_column AS TABLE on_heap;
CREATE UNIQUE INDEX ON on_column (i);
ALTER TABLE on_column SET ACCESS METHOD epiphany_column;
SELECT groups();
SELECT * FROM same();
SET enable_seqscan = off;
SELECT * FROM on_column WHERE i = 4711;
RESET enable_seqscan;
ALTER TABLE on_column SET ACCESS METHOD heap;
SELECT * FROM same();
ALTER TABLE on_column SET ACCESS METHOD epiphany_column;
ALTER TABLE on_column SET UNLOGGED;
SELECT * FROM same();
ALTER TABLE on_column SET LOGGED;
SELECT * FROM same();
BEGIN;
TRUNCATE on_column;
INSERT INTO on_column SELECT g, 'truncated' FROM generate_series(1, 6000) g;
SELECT count(*), groups() FROM on_column;
ROLLBACK;
SELECT * FROM same();
TRUNCATE on_column;
SELECT count(*), groups(), pg_relation_size('on_column') FROM on_column;
BEGIN;
CREATE TABLE fresh (i int, s text) USING epiphany_column;
SET LOCAL enable_seqscan = off;
INSERT INTO fresh SELECT g, 'first' FROM generate_series(1, 5000) g;
CREATE INDEX fresh_i ON fresh (i);
SELECT * FROM fresh WHERE i = 3000;
DROP INDEX fresh_i;
TRUNCATE fresh;
INSERT INTO fresh SELECT g, 'other' FROM generate_series(1, 5000) g;
CREATE INDEX fresh_i ON fresh (i);
SELECT * FROM fresh WHERE i = 3000;
SELECT count(*), min(s), groups('fresh') FROM fresh;
ROLLBACK;
DROP TABLE on_heap, on_column;

-- Partitions of both kinds, attached and detached.
CREATE TABLE parts (i int, s text) PARTITION BY RANGE (i);
CREATE TABLE parts_heap PARTITION OF parts FOR VALUES FROM (0) TO (5000);
CREATE TABLE parts_column PARTITION OF parts FOR VALUES FROM (5000) TO (10000) USING epiphany_column;
CREATE TABLE parts_later (i int, s text) USING epiphany_column;
INSERT INTO parts_later SELECT g, 'later' FROM generate_series(10000, 14999) g;
ALTER TABLE parts ATTACH PARTITION parts_later FOR VALUES FROM (10000) TO (15000);
CREATE INDEX ON parts (i);
INSERT INTO parts SELECT g, 'parts' FROM generate_series(0, 14999) g;
COPY parts (i) FROM PROGRAM 'seq 0 14999';
UPDATE parts SET i = i + 5000 WHERE i < 10 AND s IS NULL;
SELECT tableoid::regclass AS part, count(*), count(s), sum(i) FROM parts GROUP BY 1 ORDER BY 1;
SELECT groups('parts_column'), groups('parts_later');
ALTER TABLE parts DETACH PARTITION parts_column;
SELECT count(*), sum(i) FROM parts;
DROP TABLE parts, parts_column;

-- Temporary and unlogged tables.
CREATE TEMP TABLE temp_column (i int PRIMARY KEY) USING epiphany_column;
INSERT INTO temp_column SELECT g FROM generate_series(1, 10000) g;
SELECT count(*), sum(i), groups('temp_column') FROM temp_column;
CREATE TEMP TABLE cleared (i int) USING epiphany_column ON COMMIT DELETE ROWS;
BEGIN;
INSERT INTO cleared SELECT g FROM generate_series(1, 10000) g;
SELECT count(*), groups('cleared') FROM cleared;
COMMIT;
SELECT count(*), groups('cleared') FROM cleared;
INSERT INTO cleared SELECT g FROM generate_series(1, 10000) g;
SELECT count(*) FROM cleared;
CREATE UNLOGGED TABLE unlogged_column (i int, s text) USING epiphany_column;
INSERT INTO unlogged_column SELECT g, g FROM generate_series(1, 10000) g;
SELECT count(*), sum(i), sum(s::int), groups('unlogged_column') FROM unlogged_column;
DROP TABLE temp_column, cleared, unlogged_column;

-- VACUUM in its forms; what the catalogue says of rows.
CALL on_both('CREATE TABLE @ (i int PRIMARY KEY, s text) USING @am');
CALL on_both('INSERT INTO @ SELECT g, md5(g::text) FROM generate_series(1, 20000) g');
CALL on_both('DELETE FROM @ WHERE i <= 2000');
BEGIN;
INSERT INTO on_column SELECT g, 'rolled back' FROM generate_series(30000, 40000) g;
ROLLBACK;
-- Counters that this session still holds would be added to what VACUUM and ANALYZE find.
SELECT pg_stat_force_next_flush();
VACUUM (ANALYZE) on_column;
SELECT groups();
SELECT reltuples FROM pg_class WHERE oid = 'on_column'::regclass;
SELECT * FROM same();
VACUUM (FREEZE, INDEX_CLEANUP on, TRUNCATE, DISABLE_PAGE_SKIPPING) on_column;
SELECT groups();
SELECT * FROM same();
-- Pages after the last row are not given back while they are groups' pages.
CALL on_both('DELETE FROM @ WHERE i <= 2048');
VACUUM (TRUNCATE) on_column;
SELECT * FROM same();
VACUUM (FULL, FREEZE, ANALYZE) on_column;
SELECT groups();
SELECT reltuples FROM pg_class WHERE oid = 'on_column'::regclass;
SELECT * FROM same();
SELECT bool_and(c.i = h.i) FROM on_heap h JOIN on_column c USING (i);
CLUSTER on_column USING on_column_pkey;

-- Rows of groups cannot be changed yet; others can.
CALL on_both('INSERT INTO @ VALUES (100001, ''x''), (100002, ''y'')');
CALL on_both('UPDATE @ SET s = s || ''!'' WHERE i = 100001');
CALL on_both('DELETE FROM @ WHERE i = 100002');
CALL on_both('INSERT INTO @ SELECT g, ''conflicts'' FROM generate_series(15000, 25000) g ON CONFLICT DO NOTHING');
CALL on_both('INSERT INTO @ VALUES (100001, ''z'') ON CONFLICT (i) DO UPDATE SET s = excluded.s');
CALL on_both('MERGE INTO @ t USING (VALUES (100001), (5)) v (i) ON t.i = v.i WHEN MATCHED THEN UPDATE SET s = ''merged'' WHEN NOT MATCHED THEN INSERT VALUES (v.i, ''merged'')');
SELECT i FROM on_column WHERE i > 100000 FOR UPDATE;
SELECT * FROM same();
CALL on_both('UPDATE @ SET s = ''changed'' WHERE i = 15000');
CALL on_both('DELETE FROM @ WHERE i = 15001');
SELECT * FROM on_column WHERE i = 15002 FOR UPDATE;
SELECT * FROM on_column WHERE i = 15002 FOR KEY SHARE SKIP LOCKED;
CALL on_both('INSERT INTO @ VALUES (15000, NULL), (15003, NULL) ON CONFLICT (i) DO UPDATE SET s = excluded.s');
CALL on_both('MERGE INTO @ t USING (VALUES (15003), (15004)) v (i) ON t.i = v.i WHEN MATCHED THEN DELETE');
SELECT * FROM same();
DROP TABLE on_heap, on_column;

-- What the table's readers may see of how it is stored, and others may not.
CREATE TABLE on_column (i int, s text, f float8) USING epiphany_column;
INSERT INTO on_column SELECT g, NULLIF(g % 3, 0)::text, -g FROM generate_series(1, 3000) g;
SELECT group_id, rows, dead_rows, columns, bytes > 0 AS bytes, blocks > 0 AS blocks FROM epiphany.row_groups('on_column');
SELECT group_id, column_name, nulls, minimum, maximum, raw_bytes > 0 AS raw FROM epiphany.column_chunks('on_column');
SELECT row_groups, group_rows, dead_rows, delta_rows, delta_bytes, total_bytes = pg_relation_size('on_column') AS total FROM epiphany.table_stats('on_column');
CREATE TABLE on_heap (i int);
CREATE VIEW some_view AS SELECT 1;
SELECT * FROM epiphany.row_groups('on_heap');
SELECT * FROM epiphany.table_stats('some_view');
SELECT * FROM epiphany.column_chunks(0);
CREATE ROLE column_ddl_nobody;
GRANT USAGE ON SCHEMA column_ddl, epiphany TO column_ddl_nobody;
SET ROLE column_ddl_nobody;
SELECT * FROM epiphany.row_groups('on_column');
SELECT * FROM epiphany.column_chunks('on_column');
SELECT * FROM epiphany.table_stats('on_column');
RESET ROLE;
GRANT SELECT ON on_column TO column_ddl_nobody;
SET ROLE column_ddl_nobody;
SELECT count(*) FROM epiphany.row_groups('on_column');
SELECT column_name, minimum FROM epiphany.column_chunks('on_column');
RESET ROLE;
ALTER TABLE on_column ENABLE ROW LEVEL SECURITY;
SET ROLE column_ddl_nobody;
SELECT column_name, minimum FROM epiphany.column_chunks('on_column');
RESET ROLE;
DROP OWNED BY column_ddl_nobody;
DROP ROLE column_ddl_nobody;

SET client_min_messages = warning;
DROP SCHEMA column_ddl CASCADE;
