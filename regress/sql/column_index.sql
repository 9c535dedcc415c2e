-- Indexes over groups and delta find heap's rows and refuse heap's duplicates; `differing rows` must stay 0.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_columnstore;
RESET client_min_messages;
CREATE SCHEMA column_index;
SET search_path = column_index;

\getenv here PG_ABS_SRCDIR
\set on_both :here '/include/on_both.sql'
\i :on_both
CREATE FUNCTION groups(tab text DEFAULT 'on_column') RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(rows || CASE WHEN state IN ('committed', 'frozen') THEN '' ELSE ' ' || state END, ', ' ORDER BY group_id), 'none')
	FROM epiphany.row_groups(tab::regclass) $$;
CREATE FUNCTION plan_of(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query;
END $$;

-- Every kind of index, over rows that are there and rows that come.
CALL on_both('CREATE TABLE @ (i int, j int, s text, a int[], p point, r int4range) USING @am');
CALL on_both('INSERT INTO @ SELECT g, g % 50, ''s'' || g, ARRAY[g, g % 7], point(g % 100, g / 100), int4range(g, g + 2) FROM generate_series(1, 5000) g');
CALL on_both('INSERT INTO @ SELECT g, g % 50, ''s'' || g, ARRAY[g, g % 7], point(g % 100, g / 100), int4range(g, g + 2) FROM generate_series(5001, 5500) g');
CALL on_both('CREATE UNIQUE INDEX @_i ON @ (i)');
CALL on_both('CREATE INDEX @_j ON @ (j) INCLUDE (i)');
CALL on_both('CREATE INDEX @_hash ON @ USING hash (s)');
CALL on_both('CREATE INDEX @_gist ON @ USING gist (p)');
CALL on_both('CREATE INDEX @_range ON @ USING gist (r)');
CALL on_both('CREATE INDEX @_spgist ON @ USING spgist (p)');
CALL on_both('CREATE INDEX @_gin ON @ USING gin (a)');
CALL on_both('CREATE INDEX @_expression ON @ ((i * 2)) WHERE j < 25');
CALL on_both('CREATE INDEX @_desc ON @ (s DESC NULLS LAST, i)');
CREATE INDEX ON on_column USING brin (i);
CALL on_both('INSERT INTO @ SELECT g, g % 50, ''s'' || g, ARRAY[g, g % 7], point(g % 100, g / 100), int4range(g, g + 2) FROM generate_series(5501, 12000) g');
CALL on_both('INSERT INTO @ SELECT g, NULL, NULL, NULL, NULL, NULL FROM generate_series(12001, 12010) g');
SELECT groups();
SELECT * FROM same();
-- Bitmap scans are column_bitmap's.
SET enable_bitmapscan = off;
SET enable_seqscan = off;
SELECT * FROM plan_of('SELECT * FROM on_column WHERE i = 7000');
SELECT * FROM same('SELECT * FROM @ WHERE i IN (1, 4999, 5000, 5001, 5500, 5501, 7548, 7549, 12000, 12001, 99999)');
SELECT * FROM same('SELECT * FROM @ WHERE i BETWEEN 4900 AND 7700');
SELECT * FROM same('SELECT * FROM @ WHERE i BETWEEN 4900 AND 7700 ORDER BY i DESC LIMIT 2000');
SELECT * FROM plan_of('SELECT i FROM on_column WHERE j = 7');
SELECT * FROM same('SELECT i FROM @ WHERE j = 7');
SELECT * FROM same('SELECT j, count(*) FROM @ WHERE j < 5 GROUP BY j');
SELECT * FROM same('SELECT count(*) FROM @ WHERE j IS NULL');
SELECT * FROM plan_of('SELECT i FROM on_column WHERE s = ''s7000''');
SELECT * FROM same('SELECT * FROM @ WHERE s IN (''s1'', ''s5200'', ''s7000'')');
SELECT * FROM same('SELECT s, i FROM @ ORDER BY s DESC NULLS LAST, i LIMIT 500');
SELECT * FROM plan_of('SELECT i FROM on_column WHERE i * 2 = 14004 AND j < 25');
SELECT * FROM same('SELECT * FROM @ WHERE i * 2 = 14004 AND j < 25');
SELECT * FROM same('SELECT * FROM @ WHERE p <@ box(point(3, 3), point(9, 70))');
SELECT * FROM same('SELECT i FROM @ ORDER BY p <-> point(50.2, 60.1), i LIMIT 100');
SELECT * FROM same('SELECT * FROM @ WHERE r && int4range(4990, 5010)');
SELECT * FROM same('SELECT * FROM @ WHERE a @> ARRAY[7000]');
SELECT * FROM same('SELECT * FROM @ a JOIN @ b ON b.i = a.j WHERE a.i > 11000');
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT i FROM on_column WHERE i > 4990 ORDER BY i;
FETCH 2 FROM c;
MOVE 2600 IN c;
FETCH 2 FROM c;
FETCH -2 FROM c;
MOVE BACKWARD 2598 IN c;
FETCH -5 FROM c;
COMMIT;
RESET enable_seqscan;

-- The same after REINDEX, concurrently too, and after VACUUM with dead rows of both kinds.
REINDEX TABLE on_column;
REINDEX TABLE CONCURRENTLY on_column;
CALL on_both('DELETE FROM @ WHERE i BETWEEN 5001 AND 5100 OR i > 12005');
BEGIN;
INSERT INTO on_column SELECT g, g % 50, 's' || g, ARRAY[g, g % 7], point(g % 100, g / 100), int4range(g, g + 2) FROM generate_series(20001, 25000) g;
ROLLBACK;
VACUUM (INDEX_CLEANUP on) on_column;
CALL on_both('INSERT INTO @ SELECT g, g % 50, ''again'', ARRAY[g, g % 7], point(g % 100, g / 100), int4range(g, g + 2) FROM generate_series(20001, 25000) g');
SET enable_seqscan = off;
SELECT * FROM same('SELECT * FROM @ WHERE i BETWEEN 0 AND 100000');
SELECT * FROM same('SELECT i FROM @ WHERE j BETWEEN 10 AND 20');
SELECT * FROM same('SELECT * FROM @ WHERE s = ''again''');
SELECT * FROM same('SELECT * FROM @ WHERE p <@ box(point(3, 3), point(9, 170))');
SELECT * FROM same('SELECT * FROM @ WHERE r && int4range(4990, 25000)');
RESET enable_seqscan;
SELECT * FROM same('SELECT * FROM @ WHERE a @> ARRAY[3]');
VACUUM FULL on_column;
SET enable_seqscan = off;
SELECT * FROM same('SELECT * FROM @ WHERE i BETWEEN 0 AND 100000');
RESET enable_seqscan;
CREATE INDEX CONCURRENTLY on_column_later ON on_column (j, i);
CREATE UNIQUE INDEX CONCURRENTLY on_column_twice ON on_column (j);
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indrelid = 'on_column'::regclass AND NOT indisvalid;
DROP INDEX on_column_twice;

-- The indexes themselves are sound, and hold an entry for every row.
SET client_min_messages = warning;
CREATE EXTENSION amcheck SCHEMA column_index;
RESET client_min_messages;
SELECT indexrelid::regclass AS index, bt_index_parent_check(indexrelid, true, true, indisunique) FROM pg_index i JOIN pg_class c ON c.oid = indexrelid JOIN pg_am a ON a.oid = c.relam
WHERE indrelid = 'on_column'::regclass AND amname = 'btree' ORDER BY indexrelid::regclass::text;
SELECT bt_index_check('on_column_i', true);
SELECT verify_heapam('on_column');

-- Built in parallel.
SET min_parallel_table_scan_size = 0;
SET max_parallel_maintenance_workers = 2;
ALTER TABLE on_column SET (parallel_workers = 2);
CREATE INDEX on_column_parallel ON on_column (s, j);
CREATE UNIQUE INDEX on_column_unique_parallel ON on_column (i, s);
SELECT bt_index_check('on_column_parallel', true);
SELECT bt_index_check('on_column_unique_parallel', true);
REINDEX INDEX CONCURRENTLY on_column_parallel;
SELECT bt_index_check('on_column_parallel', true);
RESET min_parallel_table_scan_size;
RESET max_parallel_maintenance_workers;
DROP TABLE on_heap, on_column;

-- Uniqueness, wherever the two rows are: delta and delta, delta and group, group and group, within one statement.
CALL on_both('CREATE TABLE @ (i int PRIMARY KEY, j int UNIQUE NULLS NOT DISTINCT DEFERRABLE INITIALLY DEFERRED) USING @am');
CALL on_both('INSERT INTO @ SELECT g, g FROM generate_series(1, 10000) g');
\set VERBOSITY terse
INSERT INTO on_column VALUES (1);
INSERT INTO on_column VALUES (9000);
INSERT INTO on_column SELECT g, -g FROM generate_series(9999, 20000) g;
INSERT INTO on_column SELECT g, -g FROM generate_series(20000, 2, -1) g;
INSERT INTO on_column SELECT 20000 + g % 5000, -g FROM generate_series(0, 5000) g;
INSERT INTO on_column SELECT 20000 + g, -g FROM generate_series(1, 5000) g UNION ALL SELECT 24999, 0;
INSERT INTO on_column SELECT 20000 + g, 9000 + g FROM generate_series(1, 5000) g;
INSERT INTO on_column SELECT 20000 + g, NULL FROM generate_series(1, 3000) g;
BEGIN;
INSERT INTO on_column SELECT 20000 + g, 9000 + g FROM generate_series(1, 5000) g;
DELETE FROM on_column WHERE i < 1001 OR i = 30000;
SET CONSTRAINTS ALL IMMEDIATE;
ROLLBACK;
\set VERBOSITY default
SELECT * FROM same();
-- Keys of rolled back groups are free again, and make no difference to where the next load goes.
BEGIN;
INSERT INTO on_column SELECT g, g FROM generate_series(10001, 20000) g;
SAVEPOINT a;
INSERT INTO on_column SELECT g, g FROM generate_series(20001, 30000) g;
ROLLBACK TO a;
INSERT INTO on_column SELECT g, g FROM generate_series(20001, 30000) g;
ROLLBACK;
CALL on_both('INSERT INTO @ SELECT g, g FROM generate_series(10001, 30000) g');
SELECT groups();
SELECT * FROM same();
CALL on_both('INSERT INTO @ SELECT g, g FROM generate_series(29000, 31000) g ON CONFLICT (i) DO NOTHING');
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM on_column;
INSERT INTO on_column VALUES (20000, 20000) ON CONFLICT (i) DO NOTHING;
COMMIT;
SELECT * FROM same();
SELECT bt_index_check(indexrelid, true) FROM pg_index WHERE indrelid = 'on_column'::regclass;
DROP TABLE on_heap, on_column;

-- Exclusion constraints.
CALL on_both('CREATE TABLE @ (r int4range, c circle, EXCLUDE USING gist (r WITH &&), EXCLUDE USING gist (c WITH &&)) USING @am');
CALL on_both('INSERT INTO @ SELECT int4range(g * 10, g * 10 + 9), circle(point(g, 0), 0.4) FROM generate_series(1, 5000) g');
SELECT groups();
\set VERBOSITY terse
INSERT INTO on_column VALUES ('[49005,49007)', NULL);
INSERT INTO on_column SELECT int4range(g * 10, g * 10 + 9) FROM generate_series(5000, 9000) g;
INSERT INTO on_column SELECT int4range(g * 10 + 1000000, g * 10 + 1000009), circle(point(g * 0.7, 5), 0.4) FROM generate_series(1, 4000) g;
\set VERBOSITY default
CALL on_both('INSERT INTO @ SELECT int4range(g * 10, g * 10 + 5) FROM generate_series(4990, 8000) g ON CONFLICT DO NOTHING');
SELECT * FROM same();

SET client_min_messages = warning;
DROP SCHEMA column_index CASCADE;
