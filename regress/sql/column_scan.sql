-- Reading column tables every way there is gives heap's rows; `differing rows` must stay 0.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_columnstore;
RESET client_min_messages;
CREATE SCHEMA column_scan;
SET search_path = column_scan;

\getenv here PG_ABS_SRCDIR
\set on_both :here '/include/on_both.sql'
\i :on_both
-- Groups and delta in turns: delta, group, delta, group, delta.
CALL on_both('CREATE TABLE @ (i int, s text, n numeric) USING @am');
CALL on_both('INSERT INTO @ SELECT g, md5(g::text), g FROM generate_series(1, 500) g');
CALL on_both('INSERT INTO @ SELECT g, md5(g::text), NULLIF(g % 10, 3) FROM generate_series(501, 5500) g');
CALL on_both('INSERT INTO @ SELECT g, NULL, -g FROM generate_series(5501, 6000) g');
CALL on_both('INSERT INTO @ SELECT g, repeat(''long'', g % 300), ''NaN'' FROM generate_series(6001, 9000) g');
CALL on_both('INSERT INTO @ VALUES (9001, ''last'', ''-Infinity'')');
SELECT * FROM same();

-- Cursors, in both directions; every row once, whatever way it is reached.
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT i FROM on_column;
CREATE TEMP TABLE walked (step serial, i int);
CREATE FUNCTION walk(curs refcursor, VARIADIC steps int[]) RETURNS TABLE (rows bigint, distinct_rows bigint, first int, last int) LANGUAGE plpgsql AS $$
DECLARE
	r record;
	k int;
BEGIN
	FOREACH k IN ARRAY steps LOOP
		TRUNCATE walked;
		FOR n IN 1..abs(k) LOOP
			IF k > 0 THEN FETCH NEXT FROM curs INTO r; ELSE FETCH PRIOR FROM curs INTO r; END IF;
			EXIT WHEN NOT FOUND;
			INSERT INTO walked (i) VALUES (r.i);
		END LOOP;
		RETURN QUERY SELECT count(*), count(DISTINCT w.i), (array_agg(w.i ORDER BY step))[1], (array_agg(w.i ORDER BY step DESC))[1] FROM walked w;
	END LOOP;
END $$;
-- Forward through all, back through all, forward again.
SELECT * FROM walk('c', 20000, -20000, 20000);
-- To and fro around the edges: 5000 and 3000 rows of groups come first, then the delta's 1001.
SELECT * FROM walk('c', -20000, 3, -2, 4998, 4, -4, 4, 2996, 4, -6, 6, 996, 10, -3, 20, -2, 1, -997, 3, -3, 20000);
CLOSE c;
DECLARE c SCROLL CURSOR FOR SELECT i FROM on_column;
FETCH PRIOR FROM c;
FETCH LAST FROM c;
FETCH PRIOR FROM c;
FETCH ABSOLUTE 5000 FROM c;
FETCH NEXT FROM c;
FETCH RELATIVE -2 FROM c;
FETCH FIRST FROM c;
FETCH ABSOLUTE -1 FROM c;
FETCH NEXT FROM c;
FETCH NEXT FROM c;
FETCH PRIOR FROM c;
MOVE BACKWARD ALL IN c;
FETCH NEXT FROM c;
CLOSE c;
-- A cursor does not see what comes after it was opened.
DECLARE c SCROLL CURSOR FOR SELECT i FROM on_column;
FETCH 2 FROM c;
INSERT INTO on_column SELECT g FROM generate_series(20001, 25000) g;
INSERT INTO on_column VALUES (30000);
SELECT count(*) FROM on_column;
MOVE FORWARD ALL IN c;
FETCH PRIOR FROM c;
MOVE BACKWARD ALL IN c;
MOVE FORWARD ALL IN c;
DECLARE held SCROLL CURSOR WITH HOLD FOR SELECT i, s FROM on_column ORDER BY i;
ROLLBACK;
SELECT * FROM same();

CALL on_both('DELETE FROM @ WHERE i BETWEEN 100 AND 200 OR i = 5600');
CALL on_both('UPDATE @ SET s = ''updated'' WHERE i BETWEEN 300 AND 310');
SELECT * FROM same();

-- Row by row in a procedure that inserts while it reads.
CREATE PROCEDURE double_rows(target text) LANGUAGE plpgsql AS $$
DECLARE
	r record;
BEGIN
	FOR r IN EXECUTE format('SELECT * FROM %I WHERE i %% 5 = 0', target) LOOP
		EXECUTE format('INSERT INTO %I VALUES ($1 + 50000, $2, $3)', target) USING r.i, r.s, r.n;
	END LOOP;
END $$;
CALL double_rows('on_heap');
CALL double_rows('on_column');
SELECT * FROM same();

-- Identities: unique, stable, and a way back to the row.
SELECT count(DISTINCT ctid) = count(*) AS tids_are_unique, count(DISTINCT tableoid) AS tables,
	bool_and(xmin::text::int8 > 0) AS xmin, bool_and(xmax::text = '0') AS xmax, bool_and(cmin::text::int8 >= 0) AS cmin FROM on_column WHERE i > 1000;
SELECT count(*) AS rows, count(*) FILTER (WHERE found.i = c.i) AS found FROM on_column c, LATERAL (SELECT i FROM on_column f WHERE f.ctid = c.ctid) found WHERE c.i % 100 = 1;
EXPLAIN (COSTS OFF) SELECT * FROM on_column WHERE ctid = '(2147483648,1)';
SELECT i, ctid FROM on_column WHERE ctid = '(2147483648,1)';
SELECT i, ctid FROM on_column WHERE ctid = ANY (ARRAY['(2147483648,1)', '(2147483648,256)', '(2147483649,1)', '(2147484160,1)']::tid[]) ORDER BY i;
-- ... past a group's last row, in no group, in no block; offsets that are none.
SELECT i, ctid FROM on_column WHERE ctid = ANY (ARRAY['(2147483667,137)', '(2147483648,257)', '(2147490000,1)', '(4294967294,1)', '(4294967295,1)', '(2147483648,0)',
	'(0,1)', '(1,1)', '(99999,1)', '(2147483647,1)', '(2147483648,65535)']::tid[]);
SELECT count(*) FROM on_column WHERE ctid >= '(2147483648,1)' AND ctid < '(2147483648,11)';
SELECT currtid2('on_column', '(2147483648,1)');
SELECT DISTINCT tableoid::regclass FROM on_column;
BEGIN;
INSERT INTO on_column SELECT g FROM generate_series(70001, 75000) g;
SELECT count(DISTINCT xmin::text) AS xmins, bool_and(xmin = pg_current_xact_id()::xid) AS mine FROM on_column WHERE i > 70000;
ROLLBACK;
SELECT count(*) FROM (SELECT on_column, on_column::text FROM on_column WHERE on_column IS NOT NULL) q;
PREPARE some_rows(int) AS SELECT count(*), sum(i) FROM on_column WHERE i <= $1;
EXECUTE some_rows(1);
EXECUTE some_rows(4000);
EXECUTE some_rows(1000000);
DEALLOCATE some_rows;

-- Joins of every method, subqueries, window functions, sets.
SELECT * FROM same('SELECT a.i, b.s FROM @ a JOIN @ b ON a.i = b.i + 1');
SET enable_hashjoin = off;
SELECT * FROM same('SELECT a.i, b.s FROM @ a JOIN @ b ON a.i = b.i + 1');
SET enable_mergejoin = off;
SELECT * FROM same('SELECT a.i, b.s FROM @ a JOIN @ b ON a.i = b.i + 1 WHERE a.i BETWEEN 5490 AND 5520');
RESET enable_hashjoin;
RESET enable_mergejoin;
SELECT * FROM same('SELECT i, (SELECT max(b.i) FROM @ b WHERE b.i < a.i) FROM @ a WHERE i % 1000 = 0');
SELECT * FROM same('SELECT i, lag(s) OVER (ORDER BY i), count(*) OVER (PARTITION BY n) FROM @');
SELECT * FROM same('SELECT n, count(*), min(s COLLATE "C"), max(length(s)) FROM @ GROUP BY n');
SELECT * FROM same('SELECT * FROM @ ORDER BY n NULLS FIRST, i DESC LIMIT 100 OFFSET 3000');

-- Samples: all of it, some of it, the same some again.
SELECT * FROM same('SELECT * FROM @ TABLESAMPLE bernoulli (100)');
SELECT * FROM same('SELECT * FROM @ TABLESAMPLE system (100)');
SELECT count(*) FROM on_column TABLESAMPLE bernoulli (0);
SELECT count(*) FROM on_column TABLESAMPLE system (0);
SELECT count(*) BETWEEN 3500 AND 6500 AS about_half, count(DISTINCT i) = count(*) AS once FROM on_column TABLESAMPLE bernoulli (50) REPEATABLE (7);
SELECT (SELECT sum(i) FROM on_column TABLESAMPLE bernoulli (50) REPEATABLE (7)) = (SELECT sum(i) FROM on_column TABLESAMPLE bernoulli (50) REPEATABLE (7)) AS repeatable;
SELECT (SELECT sum(i) FROM on_column TABLESAMPLE system (50) REPEATABLE (3)) = (SELECT sum(i) FROM on_column TABLESAMPLE system (50) REPEATABLE (3)) AS repeatable;
SELECT count(*) FROM (SELECT p, count(*) FROM (VALUES (100), (100)) v (p), LATERAL (SELECT * FROM on_column TABLESAMPLE system (p)) q GROUP BY p HAVING count(*) = 2 * (SELECT count(*) FROM on_column)) q;

-- Statistics: row counts and distributions near the truth.
ANALYZE on_heap;
ANALYZE on_column;
SELECT abs(reltuples / (SELECT count(*) FROM on_column) - 1) < 0.01 AS reltuples FROM pg_class WHERE oid = 'on_column'::regclass;
SELECT attname, abs(c.null_frac - h.null_frac) < 0.02 AS null_frac, (c.n_distinct < 0) = (h.n_distinct < 0) AS n_distinct, abs(c.avg_width - h.avg_width) < 10 AS avg_width,
	c.histogram_bounds IS NULL = (h.histogram_bounds IS NULL) AS histogram
FROM pg_stats c JOIN pg_stats h USING (schemaname, attname) WHERE schemaname = 'column_scan' AND c.tablename = 'on_column' AND h.tablename = 'on_heap' ORDER BY attname;

-- In parallel: forced workers, rescans, everything once.
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 3;
EXPLAIN (COSTS OFF) SELECT count(*), sum(length(s)) FROM on_column;
SELECT * FROM same('SELECT count(*), sum(i), count(s), sum(length(s)), count(n) FROM @');
SELECT * FROM same('SELECT i % 100, count(*), sum(i) FROM @ GROUP BY 1');
SELECT * FROM same('SELECT a.i, b.s FROM @ a JOIN @ b ON a.i = b.i + 1');
SET parallel_leader_participation = off;
SELECT * FROM same('SELECT count(*), sum(i), count(s), sum(length(s)) FROM @');
RESET parallel_leader_participation;
SET enable_material = off;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SELECT * FROM same('SELECT v.n, q.c FROM (VALUES (1), (2), (3)) v (n), LATERAL (SELECT count(*) c, sum(i + v.n) FROM @) q');
RESET enable_material;
RESET enable_hashjoin;
RESET enable_mergejoin;
BEGIN;
CALL on_both('INSERT INTO @ SELECT g, ''own'' FROM generate_series(80001, 84000) g');
SAVEPOINT a;
CALL on_both('INSERT INTO @ SELECT g, ''gone'' FROM generate_series(90001, 94000) g');
ROLLBACK TO a;
CALL on_both('INSERT INTO @ SELECT g, ''own too'' FROM generate_series(84001, 84010) g');
SELECT * FROM same('SELECT count(*), sum(i), min(s COLLATE "C"), max(s COLLATE "C") FROM @');
ROLLBACK;
CREATE TABLE of_parallel USING epiphany_column AS SELECT i, s FROM on_column;
SELECT count(*), count(DISTINCT i) FROM of_parallel;
CREATE TABLE empty_column (i int) USING epiphany_column;
SELECT count(*) FROM empty_column;
SET client_min_messages = warning;
DROP SCHEMA column_scan CASCADE;
