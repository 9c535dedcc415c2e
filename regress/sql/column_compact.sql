-- epiphany.compact() moves rows from the heap region to row groups. A heap table gets the same rows; everything that reads them must agree.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_columnstore;
RESET client_min_messages;

CREATE FUNCTION compare_count(query text, OUT in_heap bigint, OUT in_column bigint) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format(query, 'compact_heap') INTO in_heap;
	EXECUTE format(query, 'compact_column') INTO in_column;
END $$;

CREATE FUNCTION differing() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	n bigint;
BEGIN
	WITH h AS (SELECT t::text FROM compact_heap t), c AS (SELECT t::text FROM compact_column t)
	SELECT count(*) INTO n FROM ((TABLE h EXCEPT ALL TABLE c) UNION ALL (TABLE c EXCEPT ALL TABLE h)) x;
	RETURN n;
END $$;

-- Columns of all kinds, one dropped, one added with a default that old rows lack, a generated one; values in and out of line.
CREATE TABLE compact_heap (
	k int, gone text, v int, s text, n numeric, tags int[], p point, r int4range, j jsonb, big text,
	twice int GENERATED ALWAYS AS (v * 2) STORED);
CREATE TABLE compact_column (LIKE compact_heap INCLUDING ALL) USING epiphany_column;
INSERT INTO compact_heap (k, gone, v, s, n, tags, p, r, j, big)
	SELECT g, 'gone ' || g, g % 10, 'text ' || g % 100, g * 1.25, ARRAY[g % 7, g % 11], point(g % 50, g / 50), int4range(g, g + 3),
		jsonb_build_object('a', g % 13),
		CASE WHEN g % 500 = 0 THEN (SELECT string_agg(md5(g || '-' || i), '') FROM generate_series(1, 300) i)
			WHEN g % 500 = 1 THEN repeat('compressed ' || g, 1000) END
	FROM generate_series(1, 3000) g;
INSERT INTO compact_column (k, gone, v, s, n, tags, p, r, j, big)
	SELECT k, gone, v, s, n, tags, p, r, j, big FROM compact_heap WHERE k <= 1500;
INSERT INTO compact_column (k, gone, v, s, n, tags, p, r, j, big)
	SELECT k, gone, v, s, n, tags, p, r, j, big FROM compact_heap WHERE k > 1500;
ALTER TABLE compact_heap DROP COLUMN gone, ADD COLUMN later text DEFAULT 'later', ADD COLUMN nothing int;
ALTER TABLE compact_column DROP COLUMN gone, ADD COLUMN later text DEFAULT 'later', ADD COLUMN nothing int;
UPDATE compact_heap SET later = 'now', nothing = k WHERE k % 100 = 3;
UPDATE compact_column SET later = 'now', nothing = k WHERE k % 100 = 3;
DELETE FROM compact_heap WHERE k % 100 = 4;
DELETE FROM compact_column WHERE k % 100 = 4;

CREATE UNIQUE INDEX ON compact_column (k);
CREATE INDEX ON compact_column USING hash (s);
CREATE INDEX ON compact_column USING gist (p);
CREATE INDEX ON compact_column USING spgist (r);
CREATE INDEX ON compact_column USING gin (tags);
CREATE INDEX ON compact_column USING gin (j);
CREATE INDEX compact_expression ON compact_column ((v + length(s)));
CREATE INDEX compact_partial ON compact_column (n) WHERE v = 3;

-- No trigger fires, and the rows are no user's doing.
CREATE FUNCTION complain() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '% fired', TG_NAME; END $$;
CREATE TRIGGER of_row AFTER INSERT OR UPDATE OR DELETE ON compact_column FOR EACH ROW EXECUTE FUNCTION complain();
CREATE TRIGGER of_statement BEFORE INSERT OR UPDATE OR DELETE ON compact_column FOR EACH STATEMENT EXECUTE FUNCTION complain();
SELECT epiphany.compact('compact_column');
SELECT row_groups, group_rows, delta_rows FROM epiphany.table_stats('compact_column');
-- All are there: nothing is left to do.
SELECT epiphany.compact('compact_column');

SELECT differing();
DROP TRIGGER of_row ON compact_column;
DROP TRIGGER of_statement ON compact_column;

-- Each index finds the rows in their new place; again when VACUUM has taken the old entries away.
CREATE FUNCTION compare_indexes() RETURNS TABLE (what text, in_heap bigint, in_column bigint) LANGUAGE sql AS $$
	SELECT 'btree', * FROM compare_count('SELECT sum(v) FROM %I WHERE k BETWEEN 1000 AND 2000') UNION ALL
	SELECT 'index only', * FROM compare_count('SELECT sum(k) FROM %I WHERE k BETWEEN 1000 AND 2000') UNION ALL
	SELECT 'hash', * FROM compare_count('SELECT sum(k) FROM %I WHERE s = ''text 42''') UNION ALL
	SELECT 'gist', * FROM compare_count('SELECT sum(k) FROM %I WHERE p <@ box ''((3,3),(20,40))''') UNION ALL
	SELECT 'spgist', * FROM compare_count('SELECT sum(k) FROM %I WHERE r && int4range(100, 300)') UNION ALL
	SELECT 'gin of arrays', * FROM compare_count('SELECT sum(k) FROM %I WHERE tags @> ARRAY[3, 5]') UNION ALL
	SELECT 'gin of jsonb', * FROM compare_count('SELECT sum(k) FROM %I WHERE j @> ''{"a": 7}''') UNION ALL
	SELECT 'expression', * FROM compare_count('SELECT sum(k) FROM %I WHERE v + length(s) = 12') UNION ALL
	SELECT 'partial', * FROM compare_count('SELECT sum(k) FROM %I WHERE v = 3 AND n < 1000')
$$;
SET enable_seqscan = off;
SELECT * FROM compare_indexes();
VACUUM compact_column;
SELECT * FROM compare_indexes();
SET enable_bitmapscan = off;
SELECT * FROM compare_indexes();
RESET enable_bitmapscan;
RESET enable_seqscan;
INSERT INTO compact_column (k) VALUES (17);

-- The old TOAST values are gone, the new ones are in the groups.
SELECT pg_relation_size(reltoastrelid) FROM pg_class WHERE relname = 'compact_column';
SELECT count(*), sum(length(big)) FROM compact_column WHERE big IS NOT NULL;

-- What happens to rows in groups goes on; new rows are compacted in turn.
UPDATE compact_heap SET v = 3, s = 'changed' WHERE k % 50 = 0;
UPDATE compact_column SET v = 3, s = 'changed' WHERE k % 50 = 0;
DELETE FROM compact_heap WHERE k % 50 = 1;
DELETE FROM compact_column WHERE k % 50 = 1;
SELECT epiphany.compact('compact_column') > 0 AS moved;
SELECT differing();
SELECT * FROM compare_indexes();
VACUUM FULL compact_column;
SELECT differing();

-- Within a transaction: with the rows of before, not with its own; given up with it or with a savepoint.
CREATE TABLE compact_few (k int PRIMARY KEY, s text) USING epiphany_column;
INSERT INTO compact_few SELECT g, 'few ' || g FROM generate_series(1, 20) g;
BEGIN;
INSERT INTO compact_few VALUES (21, 'mine');
SAVEPOINT a;
SELECT epiphany.compact('compact_few');
SELECT count(*), sum(k) FROM compact_few;
ROLLBACK TO a;
SELECT count(*), sum(k) FROM compact_few;
SELECT epiphany.compact('compact_few');
UPDATE compact_few SET s = 'changed' WHERE k IN (5, 21);
CREATE INDEX ON compact_few (s);
SELECT count(*), sum(k) FROM compact_few;
SELECT k FROM compact_few WHERE s = 'changed' ORDER BY k;
COMMIT;
SELECT count(*), sum(k) FROM compact_few;
SELECT state, rows FROM epiphany.row_groups('compact_few') ORDER BY group_id;
BEGIN;
SELECT epiphany.compact('compact_few');
ROLLBACK;
SELECT count(*), sum(k) FROM compact_few;

-- Deferred triggers find their rows when those are moved before the transaction's end.
CREATE TABLE compact_child (k int REFERENCES compact_few DEFERRABLE INITIALLY DEFERRED) USING epiphany_column;
INSERT INTO compact_child VALUES (1), (2);
BEGIN;
INSERT INTO compact_child VALUES (3), (300);
SELECT epiphany.compact('compact_few');
DELETE FROM compact_child WHERE k = 300;
COMMIT;
BEGIN;
INSERT INTO compact_child VALUES (4);
SELECT epiphany.compact('compact_child');
ROLLBACK;
SELECT epiphany.compact('compact_child');
DELETE FROM compact_few WHERE k = 3;

-- Temporary and unlogged tables, materialized views, partitions (those that are column tables).
CREATE TEMP TABLE compact_temp (k int, s text) USING epiphany_column;
INSERT INTO compact_temp SELECT g, repeat('x', g) FROM generate_series(1, 1000) g;
SELECT epiphany.compact('compact_temp');
SELECT count(*), sum(length(s)) FROM compact_temp;
CREATE UNLOGGED TABLE compact_unlogged (k int PRIMARY KEY) USING epiphany_column;
INSERT INTO compact_unlogged SELECT generate_series(1, 1000);
SELECT epiphany.compact('compact_unlogged');
SELECT count(*), sum(k) FROM compact_unlogged;
CREATE MATERIALIZED VIEW compact_view USING epiphany_column AS SELECT generate_series(1, 100) k;
SELECT epiphany.compact('compact_view');
CREATE TABLE compact_parent (k int, v int) PARTITION BY RANGE (k);
CREATE TABLE compact_part1 PARTITION OF compact_parent FOR VALUES FROM (0) TO (10) USING epiphany_column;
CREATE TABLE compact_part2 PARTITION OF compact_parent FOR VALUES FROM (10) TO (20) USING heap;
CREATE TABLE compact_part3 PARTITION OF compact_parent FOR VALUES FROM (20) TO (30) USING epiphany_column;
INSERT INTO compact_parent SELECT g, 1 FROM generate_series(0, 29) g;
SELECT epiphany.compact('compact_parent');
SELECT count(*), sum(k) FROM compact_parent;

-- Groups are closed when they are full.
CREATE TABLE compact_full (k int) USING epiphany_column WITH (epiphany.row_group_rows = 4096);
DO $$ BEGIN FOR i IN 0..9 LOOP INSERT INTO compact_full SELECT i * 1000 + g FROM generate_series(1, 1000) g; END LOOP; END $$;
SELECT epiphany.compact('compact_full');
SELECT group_id, state, rows FROM epiphany.row_groups('compact_full') ORDER BY group_id;
SELECT count(*), sum(k) FROM compact_full;

-- Groups that have lost many rows are rewritten also where none of them fits together with what comes from the delta.
CREATE TABLE compact_apart (k int) USING epiphany_column WITH (epiphany.row_group_rows = 2048);
INSERT INTO compact_apart SELECT generate_series(1, 4096);
SELECT epiphany.compact('compact_apart');
DELETE FROM compact_apart WHERE k % 3 = 1;
INSERT INTO compact_apart SELECT generate_series(5001, 6500);
SELECT epiphany.compact('compact_apart');
SELECT group_id, state, rows FROM epiphany.row_groups('compact_apart') ORDER BY group_id;
SELECT count(*), sum(k) FROM compact_apart;
SELECT epiphany.compact('compact_apart');
DROP TABLE compact_apart;

-- A group that was closed at less than half of what one may hold now is joined with others, be it for want of memory or at so many rows.
CREATE TABLE compact_more (k int, s text) USING epiphany_column WITH (epiphany.row_group_rows = 2048);
CREATE VIEW more_groups AS SELECT count(*) AS groups, sum(rows) AS rows FROM epiphany.row_groups('compact_more') WHERE state = 'committed';
INSERT INTO compact_more SELECT g, 'text' FROM generate_series(1, 8192) g;
TABLE more_groups;
ALTER TABLE compact_more SET (epiphany.row_group_rows = 4095);
SELECT epiphany.compact('compact_more');
ALTER TABLE compact_more RESET (epiphany.row_group_rows);
SELECT epiphany.compact('compact_more');
TABLE more_groups;
TRUNCATE compact_more;
SET maintenance_work_mem = '1MB';
INSERT INTO compact_more SELECT g, repeat(md5(g::text), 10) FROM generate_series(1, 8192) g;
SELECT groups > 4 AS many, rows FROM more_groups;
SELECT epiphany.compact('compact_more');
RESET maintenance_work_mem;
SELECT epiphany.compact('compact_more');
TABLE more_groups;
SELECT count(*), sum(k), count(DISTINCT s) FROM compact_more;
SELECT epiphany.compact('compact_more');
SELECT * FROM epiphany.verify('compact_more');
DROP TABLE compact_more CASCADE;

-- Small groups become one with what comes from the delta, and those of which a fifth is dead are rewritten.
CREATE TABLE compact_merge (k int PRIMARY KEY, v int, s text) USING epiphany_column WITH (epiphany.row_group_rows = 2048);
CREATE VIEW merge_groups AS SELECT group_id, state, rows FROM epiphany.row_groups('compact_merge') ORDER BY group_id;
INSERT INTO compact_merge SELECT g, 0, 'first ' || g FROM generate_series(1, 500) g;
SELECT epiphany.compact('compact_merge');
INSERT INTO compact_merge SELECT g, 0, 'second ' || g FROM generate_series(501, 1000) g;
SELECT epiphany.compact('compact_merge');
TABLE merge_groups;
SELECT count(*), sum(k), sum(v), count(DISTINCT s) FROM compact_merge;
-- The rest does not fit; of the first group too few rows are dead.
DELETE FROM compact_merge WHERE k % 10 = 0;
INSERT INTO compact_merge SELECT g, 0, 'third ' || g FROM generate_series(1001, 3000) g;
SELECT epiphany.compact('compact_merge');
TABLE merge_groups;
-- Now they are many, but not without those that changed meanwhile.
DELETE FROM compact_merge WHERE k % 10 = 1;
UPDATE compact_merge SET v = 1 WHERE k % 10 = 2;
SELECT epiphany.compact('compact_merge') > 0 AS moved;
SELECT count(*), sum(k), sum(v), count(DISTINCT s) FROM compact_merge;
SELECT sum(rows) FROM merge_groups WHERE state = 'committed';
SELECT row_groups, group_rows FROM epiphany.table_stats('compact_merge');
SELECT epiphany.compact('compact_merge');
-- Replaced groups are nobody's rows: for index builds, statistics, samples, VACUUM and rewrites.
CREATE UNIQUE INDEX compact_merge_s ON compact_merge (s);
REINDEX TABLE compact_merge;
ANALYZE compact_merge;
SELECT reltuples FROM pg_class WHERE relname = 'compact_merge';
SELECT count(*), sum(k) FROM compact_merge TABLESAMPLE SYSTEM (100);
SET enable_seqscan = off;
SELECT count(*), sum(k) FROM compact_merge WHERE k BETWEEN 1 AND 10000;
SELECT k, v FROM compact_merge WHERE s IN ('first 2', 'second 777', 'third 2002') ORDER BY k;
VACUUM compact_merge;
SELECT count(*), sum(k) FROM compact_merge WHERE k BETWEEN 1 AND 10000;
INSERT INTO compact_merge VALUES (777, 0, 'again');
RESET enable_seqscan;
VACUUM FULL compact_merge;
SELECT count(*), sum(k), sum(v), count(DISTINCT s) FROM compact_merge;
TABLE merge_groups;
-- In one transaction with changes; taken back.
BEGIN;
DELETE FROM compact_merge WHERE k < 1500;
SAVEPOINT a;
UPDATE compact_merge SET v = 2 WHERE k < 1600;
SELECT epiphany.compact('compact_merge') > 0 AS moved;
SELECT count(*), sum(k), sum(v) FROM compact_merge;
ROLLBACK TO a;
SELECT count(*), sum(k), sum(v) FROM compact_merge;
SELECT epiphany.compact('compact_merge') > 0 AS moved;
SELECT count(*), sum(k), sum(v) FROM compact_merge;
ROLLBACK;
SELECT count(*), sum(k), sum(v) FROM compact_merge;
VACUUM compact_merge;
SELECT count(*), sum(k), sum(v) FROM compact_merge;
DROP VIEW merge_groups;
DROP TABLE compact_merge;

-- What is refused.
SELECT epiphany.compact('compact_heap');
SELECT epiphany.compact('pg_class_oid_index');
SELECT epiphany.compact('compact_few') FROM compact_few LIMIT 1;
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM compact_few ORDER BY k;
FETCH 1 FROM c;
SELECT epiphany.compact('compact_few');
ROLLBACK;
BEGIN READ ONLY;
SELECT epiphany.compact('compact_few');
ROLLBACK;
CREATE ROLE regress_compact;
GRANT ALL ON compact_few TO regress_compact;
REVOKE MAINTAIN ON compact_few FROM regress_compact;
SET ROLE regress_compact;
SELECT epiphany.compact('compact_few');
RESET ROLE;
GRANT MAINTAIN ON compact_few TO regress_compact;
SET ROLE regress_compact;
SELECT epiphany.compact('compact_few') >= 0 AS allowed;
RESET ROLE;

-- Expressions of indexes are the owner's, whoever compacts.
CREATE FUNCTION who(k int) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN RETURN current_user; END $$;
CREATE ROLE regress_compact_owner;
CREATE TABLE compact_owned (k int) USING epiphany_column;
ALTER TABLE compact_owned OWNER TO regress_compact_owner;
CREATE INDEX ON compact_owned (who(k));
INSERT INTO compact_owned VALUES (1);
SELECT epiphany.compact('compact_owned');
SET enable_seqscan = off;
SELECT k FROM compact_owned WHERE who(k) = 'regress_compact_owner';
RESET enable_seqscan;

DROP TABLE compact_heap, compact_column, compact_child, compact_few, compact_unlogged, compact_parent, compact_full, compact_owned, compact_temp;
DROP MATERIALIZED VIEW compact_view;
DROP FUNCTION compare_indexes, compare_count, differing, complain, who;
DROP ROLE regress_compact, regress_compact_owner;
