-- Index-only scans of column tables look each row of a group up, and decode nothing for it; rows of the delta are covered by the visibility map.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_columnstore;
RESET client_min_messages;
CREATE SCHEMA column_covering;
SET search_path = column_covering;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET max_parallel_workers_per_gather = 0;

CREATE PROCEDURE on_both(statement text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE replace(replace(statement, '#am', 'heap'), '#', 'on_heap');
	EXECUTE replace(replace(statement, '#am', 'epiphany_column'), '#', 'on_column');
END $$;
CREATE FUNCTION same(query text, OUT rows bigint, OUT "as heap" boolean, OUT "index only" boolean, OUT fetches text) LANGUAGE plpgsql AS $$
DECLARE
	h text[];
	c text[];
	plan json;
BEGIN
	EXECUTE format('SELECT array_agg(q::text) FROM (%s) q', replace(query, '#', 'on_heap')) INTO h;
	EXECUTE format('SELECT array_agg(q::text) FROM (%s) q', replace(query, '#', 'on_column')) INTO c;
	rows := cardinality(c);
	"as heap" := h IS NOT DISTINCT FROM c;
	EXECUTE 'EXPLAIN (ANALYZE, FORMAT json) ' || replace(query, '#', 'on_column') INTO plan;
	"index only" := plan::text LIKE '%Index Only Scan%';
	fetches := substring(plan::text FROM '"Heap Fetches": ([0-9]+)');
END $$;

CALL on_both('CREATE TABLE # (i int, k int, s text) USING #am');
CALL on_both('INSERT INTO # SELECT g, g % 100, md5(g::text) FROM generate_series(1, 500) g');
CALL on_both('INSERT INTO # SELECT g, g % 100, md5(g::text) FROM generate_series(501, 5000) g');
CALL on_both('CREATE INDEX #_ik ON # (i) INCLUDE (k)');
CALL on_both('CREATE INDEX #_s ON # USING gist (int4range(i, i + 1))');
VACUUM (ANALYZE) on_heap, on_column;
EXPLAIN (COSTS OFF) SELECT i, k FROM on_column WHERE i < 10;
SELECT * FROM same('SELECT i, k FROM # WHERE i <= 500 ORDER BY i');
SELECT * FROM same('SELECT i, k FROM # WHERE i BETWEEN 401 AND 600 ORDER BY i');
SELECT * FROM same('SELECT i, k FROM # WHERE i > 4990 ORDER BY i DESC');
SELECT * FROM same('SELECT count(*) FROM # WHERE i BETWEEN 450 AND 4500');
SELECT * FROM same('SELECT max(i), min(i) FROM #');
-- Rows that are gone, that others do not see, that are ours alone.
CALL on_both('DELETE FROM # WHERE i % 10 = 3');
SELECT * FROM same('SELECT i, k FROM # WHERE i BETWEEN 480 AND 530 ORDER BY i');
CALL on_both('UPDATE # SET k = -1 WHERE i % 10 = 4 AND i < 1000');
SELECT * FROM same('SELECT i, k FROM # WHERE i BETWEEN 480 AND 530 ORDER BY i');
BEGIN;
CALL on_both('DELETE FROM # WHERE i BETWEEN 490 AND 510');
CALL on_both('INSERT INTO # SELECT g, 7, ''new'' FROM generate_series(5001, 9000) g');
SELECT * FROM same('SELECT i, k FROM # WHERE i BETWEEN 480 AND 530 ORDER BY i');
SELECT * FROM same('SELECT i, k FROM # WHERE i > 4990 ORDER BY i');
SAVEPOINT s;
CALL on_both('INSERT INTO # SELECT g, 8, ''gone'' FROM generate_series(9001, 12000) g');
SELECT * FROM same('SELECT i, k FROM # WHERE i > 8990 ORDER BY i');
ROLLBACK TO s;
SELECT * FROM same('SELECT i, k FROM # WHERE i > 8990 ORDER BY i');
-- Both ways, with a stop in the middle of each region.
DECLARE c SCROLL CURSOR FOR SELECT i, k FROM on_column WHERE i BETWEEN 486 AND 520 ORDER BY i;
FETCH 3 FROM c;
FETCH BACKWARD 2 FROM c;
FETCH 8 FROM c;
FETCH LAST FROM c;
FETCH RELATIVE -3 FROM c;
FETCH PRIOR FROM c;
ROLLBACK;
SELECT * FROM same('SELECT i, k FROM # WHERE i > 4990 ORDER BY i');
VACUUM on_heap, on_column;
SELECT "as heap" FROM same('SELECT i, k FROM # WHERE i BETWEEN 480 AND 530 ORDER BY i');
-- In parallel.
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_index_scan_size = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT count(*), sum(k) FROM on_column WHERE i > 100;
SELECT rows, "as heap", "index only" FROM same('SELECT count(*), sum(k) FROM # WHERE i > 100');
RESET max_parallel_workers_per_gather;
DROP TABLE on_heap, on_column;

-- Constraints of all kinds under loads: what is checked at once, what at the transaction's end, and what a failed load leaves: nothing.
RESET enable_seqscan;
RESET enable_bitmapscan;
CREATE FUNCTION outcome(statement text, am text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE replace(statement, '#', am);
	SET CONSTRAINTS ALL IMMEDIATE;
	SET CONSTRAINTS ALL DEFERRED;
	RETURN 'done';
EXCEPTION WHEN OTHERS THEN
	RETURN replace(SQLSTATE || ' ' || SQLERRM, am, '#');
END $$;
CREATE TABLE parent (id int PRIMARY KEY) USING epiphany_column;
INSERT INTO parent SELECT generate_series(1, 6000);
CALL on_both('CREATE TABLE # (id int, n int, r int4range, CHECK (n < 100000),
	CONSTRAINT #_u UNIQUE (id) DEFERRABLE INITIALLY DEFERRED, CONSTRAINT #_x EXCLUDE USING gist (r WITH &&) DEFERRABLE INITIALLY DEFERRED,
	CONSTRAINT #_f FOREIGN KEY (n) REFERENCES parent DEFERRABLE INITIALLY DEFERRED) USING #am');
CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id = 4999 THEN RAISE EXCEPTION 'late row %', NEW.id; END IF; RETURN NULL; END $$;
CALL on_both('CREATE CONSTRAINT TRIGGER late AFTER INSERT ON # DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION late()');
SELECT n, outcome(s, 'on_heap') AS heap, outcome(s, 'on_column') AS "column" FROM (VALUES
	(0, 'INSERT INTO # SELECT g, g, int4range(g * 10, g * 10 + 5) FROM generate_series(5000, 7500) g'),
	(2, 'INSERT INTO # SELECT g % 3000, 1, NULL FROM generate_series(0, 4000) g'),
	(3, 'INSERT INTO # SELECT g, 1, int4range(g, g + 2) FROM generate_series(1, 4000) g'),
	(4, 'INSERT INTO # SELECT g, 1, NULL FROM generate_series(1, 4999) g'),
	(5, 'INSERT INTO # SELECT g, g * 30, NULL FROM generate_series(1, 4000) g')) v (n, s) ORDER BY n;
SELECT outcome('INSERT INTO # SELECT g, g, int4range(g * 10, g * 10 + 9) FROM generate_series(1, 4998) g', am) FROM unnest(ARRAY['on_heap', 'on_column']) am;
SELECT outcome('INSERT INTO # VALUES (1, 1, NULL)', am), outcome('INSERT INTO # VALUES (9000, 1, ''[49001,49002)'')', am), outcome('INSERT INTO # VALUES (9000, 1, ''[9,10)'')', am)
FROM unnest(ARRAY['on_heap', 'on_column']) am;
-- Repaired before the end.
SELECT outcome('WITH d AS (DELETE FROM # WHERE id = 4000) INSERT INTO # SELECT g, 2, NULL::int4range FROM generate_series(6000, 8999) g UNION ALL SELECT 4000, 3, NULL::int4range', am) FROM unnest(ARRAY['on_heap', 'on_column']) am;
SELECT outcome('UPDATE # SET id = id + 1, r = int4range(lower(r) + 10, upper(r) + 10)', am) FROM unnest(ARRAY['on_heap', 'on_column']) am;
SELECT outcome('DELETE FROM parent WHERE id = 77', 'x');
SELECT (SELECT count(*) FROM on_column) AS rows, (SELECT count(*) FROM (TABLE on_heap EXCEPT ALL TABLE on_column) q) AS lost, (SELECT count(*) FROM (TABLE on_column EXCEPT ALL TABLE on_heap) q) AS more;
SET client_min_messages = warning;
DROP SCHEMA column_covering CASCADE;
