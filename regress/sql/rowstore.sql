-- epiphany_row does what heap does. Each statement runs on a table of each; `differing rows` must stay 0.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_rowstore;
RESET client_min_messages;
CREATE SCHEMA rowstore;
SET search_path = rowstore;

CREATE PROCEDURE on_both(statement text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE replace(statement, '@', 'on_heap');
	EXECUTE replace(statement, '@', 'on_row');
END $$;
CREATE FUNCTION same(query text DEFAULT 'SELECT * FROM @', OUT rows bigint, OUT "differing rows" bigint) LANGUAGE plpgsql AS $$
DECLARE
	h text := replace(query, '@', 'on_heap');
	r text := replace(query, '@', 'on_row');
BEGIN
	EXECUTE format('SELECT count(*) FROM (%s) q', r) INTO rows;
	EXECUTE format('SELECT count(*) FROM ((%1$s EXCEPT ALL %2$s) UNION ALL (%2$s EXCEPT ALL %1$s)) q', h, r) INTO "differing rows";
END $$;

CREATE TABLE on_heap (id int PRIMARY KEY, k int, body text) USING heap;
CREATE TABLE on_row (id int PRIMARY KEY, k int, body text) USING epiphany_row;

-- Heap's row identities, pages and TOAST; the TOAST table is plain heap.
CALL on_both('INSERT INTO @ SELECT i, i % 97, repeat(md5(i::text), CASE WHEN i % 1000 = 0 THEN 400 ELSE 1 END) FROM generate_series(1, 20000) i');
SELECT * FROM same('SELECT ctid::text, * FROM @');
SELECT pg_relation_size('on_heap') = pg_relation_size('on_row') AS same_size;
SELECT am.amname FROM pg_class t JOIN pg_class toast ON toast.oid = t.reltoastrelid JOIN pg_am am ON am.oid = toast.relam
WHERE t.oid = 'on_row'::regclass;

-- Writes: update, delete, upsert, merge, row locks, savepoints.
CALL on_both('UPDATE @ SET k = k + 1 WHERE id % 3 = 0');
CALL on_both('UPDATE @ SET body = body || ''!'' WHERE id % 4000 = 0');
CALL on_both('DELETE FROM @ WHERE id % 7 = 0');
CALL on_both('INSERT INTO @ SELECT i, -1, ''upsert'' FROM generate_series(19990, 20010) i ON CONFLICT (id) DO UPDATE SET k = -2');
CALL on_both('MERGE INTO @ t USING (SELECT i AS id FROM generate_series(1, 30) i) s ON t.id = s.id
	WHEN MATCHED AND s.id % 2 = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET k = 1000 WHEN NOT MATCHED THEN INSERT VALUES (s.id, -3, ''merge'')');
SELECT * FROM same('SELECT ctid::text, * FROM @');
BEGIN;
SAVEPOINT s;
CALL on_both('DELETE FROM @');
SELECT * FROM same();
ROLLBACK TO s;
SELECT id FROM on_row WHERE id < 10 ORDER BY id FOR UPDATE SKIP LOCKED;
COMMIT;
SELECT * FROM same();

-- Every kind of scan.
CALL on_both('CREATE INDEX ON @ (k)');
CALL on_both('CREATE INDEX ON @ USING brin (id)');
CALL on_both('CREATE INDEX ON @ USING gin (string_to_array(body, ''a''))');
CALL on_both('CREATE UNIQUE INDEX ON @ (body, id) WHERE k > 10');
CALL on_both('ANALYZE @');
SELECT * FROM same('SELECT relpages, reltuples FROM pg_class WHERE relname = ''@''');
SELECT * FROM same('SELECT attname, null_frac, n_distinct, correlation FROM pg_stats WHERE tablename = ''@''');
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT * FROM on_row WHERE k = 5;
SELECT * FROM same('SELECT * FROM @ WHERE k = 5');
EXPLAIN (COSTS OFF) SELECT * FROM on_row WHERE id = 5;
SELECT * FROM same('SELECT * FROM @ WHERE id = 5');
EXPLAIN (COSTS OFF) SELECT * FROM on_row WHERE ctid < '(3,1)';
SELECT * FROM same('SELECT * FROM @ WHERE ctid < ''(3,1)''');
RESET enable_seqscan;
SELECT * FROM same('SELECT * FROM @ TABLESAMPLE SYSTEM (20) REPEATABLE (1)');
SET min_parallel_table_scan_size = 0;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
EXPLAIN (COSTS OFF) SELECT count(*) FROM on_row;
SELECT * FROM same('SELECT count(*), sum(k) FROM @');
CALL on_both('CREATE INDEX by_body_@ ON @ (body)');
SELECT * FROM same('SELECT relpages FROM pg_class WHERE relname = ''by_body_@''');
RESET min_parallel_table_scan_size;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;

-- Rewrites.
CALL on_both('CLUSTER @ USING @_pkey');
SELECT * FROM same('SELECT ctid::text, * FROM @');
VACUUM FULL on_heap, on_row;
SELECT * FROM same('SELECT ctid::text, * FROM @');
CALL on_both('ALTER TABLE @ ALTER k TYPE bigint');
SELECT * FROM same();
CREATE INDEX CONCURRENTLY ON on_row (k, id);
REINDEX TABLE CONCURRENTLY on_row;
ALTER TABLE on_row SET ACCESS METHOD heap;
ALTER TABLE on_row SET ACCESS METHOD epiphany_row;
SELECT * FROM same();

-- An index expression that makes the server rebuild what it holds about the table in the middle of the build: for good, and in a
-- subtransaction that fails, after which the rebuild happens when the table is next opened.
CREATE FUNCTION meddle_now(i int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	COMMENT ON TABLE rowstore.on_row IS 'meddled with';
	GRANT SELECT ON rowstore.on_row TO public;
	PERFORM pg_relation_size('rowstore.on_row');
	BEGIN
		REVOKE SELECT ON rowstore.on_row FROM public;
		PERFORM 1 / 0;
	EXCEPTION WHEN division_by_zero THEN
		PERFORM pg_relation_size('rowstore.on_row');
	END;
	RETURN i;
END $$;
CREATE FUNCTION meddle(i int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
	RETURN CASE WHEN i % 5000 = 1 THEN rowstore.meddle_now(i) ELSE i END;
END $$;
CREATE INDEX by_expression ON on_row (meddle(id));
CREATE INDEX by_predicate ON on_row (k) WHERE meddle(id) > 0;
CREATE INDEX CONCURRENTLY by_expression_concurrently ON on_row (meddle(id));
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM on_row WHERE meddle(id) = 10001;
SELECT id FROM on_row WHERE meddle(id) = 10001;
RESET enable_seqscan;

-- An error in the middle of a build, in a transaction that goes on.
CREATE FUNCTION fail_at_10001(i int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1 / (i - 10001)';
BEGIN;
SAVEPOINT s;
CREATE INDEX ON on_row (fail_at_10001(id));
ROLLBACK TO s;
CREATE INDEX after_error ON on_row (k, body);
COMMIT;
SELECT * FROM same();

-- A partitioned table hands the access method on.
CREATE TABLE parent (id int, v text) PARTITION BY RANGE (id) USING epiphany_row;
CREATE TABLE child PARTITION OF parent FOR VALUES FROM (0) TO (10);
INSERT INTO parent VALUES (1, 'one');
SELECT relname, amname FROM pg_class c JOIN pg_am a ON a.oid = relam WHERE relname IN ('parent', 'child') ORDER BY 1;

SET client_min_messages = warning;
DROP SCHEMA rowstore CASCADE;
