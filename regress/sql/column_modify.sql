-- UPDATE, DELETE and row locks of rows in row groups. Each statement runs on a heap table and on a column table.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_epiphany CASCADE;
RESET client_min_messages;
CREATE SCHEMA column_modify;
SET search_path = column_modify;
CREATE TABLE h (a int, b text, c int, d numeric);
CREATE TABLE t (LIKE h) USING epiphany_column WITH (epiphany.row_group_rows = 4096);
CREATE PROCEDURE on_both(statement text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE replace(statement, '@', 'h');
	EXECUTE replace(statement, '@', 't');
END $$;
CREATE FUNCTION differing() RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM ((TABLE h EXCEPT ALL TABLE t) UNION ALL (TABLE t EXCEPT ALL TABLE h)) x
$$;

CALL on_both('INSERT INTO @ SELECT i, ''v'' || i, i % 10, i / 7.0 FROM generate_series(1, 20000) AS i');
SELECT row_groups, group_rows, dead_rows FROM epiphany.table_stats('t');
CALL on_both('DELETE FROM @ WHERE a % 7 = 0');
CALL on_both('UPDATE @ SET b = b || ''x'', c = c + 1 WHERE a % 11 = 0');
CALL on_both('UPDATE @ SET d = d + 1 WHERE a % 11 = 0');
CALL on_both('DELETE FROM @ WHERE a BETWEEN 5000 AND 9999');
SELECT differing(), count(*) FROM t;

-- Whole groups deleted; rows that were never touched; nothing at all.
CALL on_both('DELETE FROM @ WHERE a > 20000');
CALL on_both('UPDATE @ SET c = c WHERE false');
SELECT differing();

-- Savepoints: each undoes its own.
BEGIN;
DELETE FROM t WHERE a = 1;
SAVEPOINT one;
DELETE FROM t WHERE a = 2;
UPDATE t SET c = -1 WHERE a = 3;
SELECT a, c FROM t WHERE a <= 4 ORDER BY a;
ROLLBACK TO one;
SELECT a, c FROM t WHERE a <= 4 ORDER BY a;
UPDATE t SET c = -2 WHERE a = 2;
SELECT a, c FROM t WHERE a <= 4 ORDER BY a;
ROLLBACK;
SELECT differing();

-- In one statement: a row twice, a row that the same command has changed, RETURNING of both versions.
CALL on_both('UPDATE @ SET c = 100 FROM (VALUES (1), (1), (2)) v(x) WHERE a = x');
SELECT differing();
BEGIN;
WITH gone AS (DELETE FROM t WHERE a = 4 RETURNING *), late AS (UPDATE t SET c = 7 WHERE a = 4 RETURNING 1)
SELECT (SELECT count(*) FROM gone) AS gone, (SELECT count(*) FROM late) AS late;
ROLLBACK;
UPDATE t SET c = c + 1 WHERE a = 5 RETURNING a, b, c, ctid < '(2147483648,0)' AS in_delta;
UPDATE h SET c = c + 1 WHERE a = 5;
DELETE FROM t WHERE a = 6 RETURNING a, b, c, ctid < '(2147483648,0)' AS in_delta, xmin = xmin AS has_xmin;
DELETE FROM h WHERE a = 6;

BEGIN;
WITH new AS (INSERT INTO t SELECT i, 'returned', 0, 0 FROM generate_series(30001, 36000) AS i RETURNING xmin::text, cmin)
SELECT count(*), count(DISTINCT xmin), count(DISTINCT cmin::text) FROM new;
INSERT INTO t SELECT i, 'returned', 0, 0 FROM generate_series(40000, 44999) AS i RETURNING a, xmin = pg_current_xact_id()::xid AS mine
\g (format=unaligned tuples_only=on) | tail -1
-- Rows that were another table's tuples: what is returned is the new ones' header, by now a subtransaction's.
CREATE TABLE copied (LIKE t) USING epiphany_column;
CREATE INDEX ON copied (a);
SAVEPOINT s;
INSERT INTO copied SELECT * FROM t WHERE a BETWEEN 30001 AND 36000
RETURNING ctid > '(2147483648,0)' AS in_group, xmin::text::bigint > pg_current_xact_id()::text::bigint AS by_subtransaction
\g (format=unaligned tuples_only=on) | sort | uniq -c
ROLLBACK;

-- Cursors: what was visible when it was opened stays so; WHERE CURRENT OF.
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT a FROM t WHERE a BETWEEN 8 AND 13 ORDER BY ctid;
FETCH 2 FROM c;
DELETE FROM t WHERE a = 10;
UPDATE t SET c = 0 WHERE a = 12;
FETCH 4 FROM c;
FETCH BACKWARD 3 FROM c;
ROLLBACK;
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM t WHERE a IN (8, 9) FOR UPDATE;
FETCH c;
UPDATE t SET b = 'current' WHERE CURRENT OF c;
FETCH c;
DELETE FROM t WHERE CURRENT OF c;
COMMIT;
UPDATE h SET b = 'current' WHERE a = 8;
DELETE FROM h WHERE a = 9;
SELECT differing();

-- Triggers see old and new.
CREATE TABLE log (what text, old_c int, new_c int);
CREATE FUNCTION log() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO column_modify.log VALUES (TG_WHEN || ' ' || TG_OP, OLD.c, CASE TG_OP WHEN 'UPDATE' THEN NEW.c END);
	IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
	RETURN NEW;
END $$;
CREATE FUNCTION log_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO column_modify.log SELECT 'statement', o.c, n.c FROM o JOIN n USING (a);
	RETURN NULL;
END $$;
CREATE TRIGGER b BEFORE UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION log();
CREATE TRIGGER a AFTER UPDATE OR DELETE ON t FOR EACH ROW EXECUTE FUNCTION log();
CREATE TRIGGER s AFTER UPDATE ON t REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION log_all();
UPDATE t SET c = 50 WHERE a = 15;
DELETE FROM t WHERE a = 16;
SELECT * FROM log ORDER BY what;
DROP TRIGGER a ON t;
DROP TRIGGER b ON t;
DROP TRIGGER s ON t;
UPDATE h SET c = 50 WHERE a = 15;
DELETE FROM h WHERE a = 16;

-- Locks.
SELECT a FROM t WHERE a IN (17, 18) FOR UPDATE;
SELECT a FROM t WHERE a IN (17, 18) FOR KEY SHARE;
SELECT count(*) FROM (SELECT 1 FROM t FOR SHARE) x;

-- Keys: unique indexes, foreign keys to the table, ON CONFLICT, MERGE.
ALTER TABLE h ADD PRIMARY KEY (a);
ALTER TABLE t ADD PRIMARY KEY (a);
CREATE TABLE r (a int REFERENCES t ON DELETE CASCADE ON UPDATE CASCADE);
INSERT INTO r SELECT a FROM t WHERE a BETWEEN 17 AND 30;
INSERT INTO r VALUES (14);
CALL on_both('DELETE FROM @ WHERE a = 18');
CALL on_both('UPDATE @ SET a = -19 WHERE a = 19');
CALL on_both('UPDATE @ SET c = 0 WHERE a = 20');
SELECT count(*), min(a), max(a) FROM r;
INSERT INTO t VALUES (22, 'twice', 0, 0);
CALL on_both('INSERT INTO @ VALUES (18, ''again'', 0, 0), (22, ''conflict'', 0, 0) ON CONFLICT (a) DO UPDATE SET b = excluded.b');
CALL on_both('INSERT INTO @ VALUES (23, ''ignored'', 0, 0) ON CONFLICT DO NOTHING');
CALL on_both('MERGE INTO @ USING (SELECT i FROM generate_series(24, 40) i) s ON @.a = s.i
	WHEN MATCHED AND i % 2 = 0 THEN UPDATE SET b = ''merged'' WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (i, ''new'', 0, 0)');
SELECT differing();

-- Maintenance: rows that nobody sees are counted by VACUUM and dropped by VACUUM FULL; indexes built meanwhile agree.
CREATE INDEX ON t (c);
SELECT dead_rows FROM epiphany.table_stats('t');
VACUUM ANALYZE t;
SELECT dead_rows > 5000 AS counted FROM epiphany.table_stats('t');
SELECT abs(reltuples - (SELECT count(*) FROM t)) < 10 AS reltuples_right FROM pg_class WHERE oid = 't'::regclass;
SELECT differing();
VACUUM FREEZE t;
SELECT differing();
VACUUM FULL t;
SELECT dead_rows FROM epiphany.table_stats('t');
SELECT differing();
SET enable_seqscan = off;
SELECT (SELECT count(*) FROM t WHERE c = 3) = (SELECT count(*) FROM h WHERE c = 3) AS same;
RESET enable_seqscan;

-- A rewrite by ALTER TABLE, a partition's row that moves, a big delete in parallel with TABLESAMPLE.
CALL on_both('DELETE FROM @ WHERE a % 3 = 0');
ALTER TABLE t ALTER c TYPE bigint;
ALTER TABLE h ALTER c TYPE bigint;
SELECT differing();
SELECT count(*) = (SELECT count(*) FROM h) AS all_rows FROM t TABLESAMPLE bernoulli (100);
CREATE TABLE p (a int, b text) PARTITION BY RANGE (a);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10000) USING epiphany_column;
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (10000) TO (20000);
INSERT INTO p SELECT i, 'p' || i FROM generate_series(0, 19999) AS i;
UPDATE p SET a = a + 10000 WHERE a < 100;
UPDATE p SET a = a - 10000 WHERE a >= 19990;
SELECT tableoid::regclass, count(*), min(a), max(a) FROM p GROUP BY 1 ORDER BY 1;

-- xmax tells what heap's tells: that ON CONFLICT updated the row, and who deleted it. An update counts as one.
CREATE TABLE xh (k int PRIMARY KEY, v int) USING heap;
CREATE TABLE xt (k int PRIMARY KEY, v int) USING epiphany_column;
SET epiphany.debug_force_row_groups = on;
INSERT INTO xh SELECT g, 0 FROM generate_series(1, 5) g;
INSERT INTO xt SELECT g, 0 FROM generate_series(1, 5) g;
RESET epiphany.debug_force_row_groups;
INSERT INTO xh VALUES (1, 1), (6, 1) ON CONFLICT (k) DO UPDATE SET v = excluded.v
  RETURNING *, xmax = 0 AS inserted, xmax = pg_current_xact_id()::xid AS mine;
INSERT INTO xt VALUES (1, 1), (6, 1) ON CONFLICT (k) DO UPDATE SET v = excluded.v
  RETURNING *, xmax = 0 AS inserted, xmax = pg_current_xact_id()::xid AS mine;
UPDATE xh SET v = 2 WHERE k = 2 RETURNING *, xmax;
UPDATE xt SET v = 2 WHERE k = 2 RETURNING *, xmax;
DELETE FROM xh WHERE k = 3 RETURNING *, xmax = pg_current_xact_id()::xid AS mine;
DELETE FROM xt WHERE k = 3 RETURNING *, xmax = pg_current_xact_id()::xid AS mine;
SELECT k, xmax = 0 FROM xh ORDER BY k;
SELECT k, xmax = 0 FROM xt ORDER BY k;
SELECT pg_stat_force_next_flush();
SELECT relname, n_tup_ins, n_tup_upd, n_tup_del, n_live_tup, n_dead_tup FROM pg_stat_user_tables
  WHERE relname IN ('xh', 'xt') ORDER BY relname;

SET client_min_messages = warning;
DROP SCHEMA column_modify CASCADE;
