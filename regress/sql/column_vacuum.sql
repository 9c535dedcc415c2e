-- VACUUM of row groups: dead rows leave the indexes, groups that nobody needs give their pages back, and nothing else is lost.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_epiphany CASCADE;
RESET client_min_messages;

-- v is epiphany_column, h is its twin on heap.
CREATE TABLE v (id int PRIMARY KEY, k int, t text, a int[]) USING epiphany_column WITH (autovacuum_enabled = off);
CREATE TABLE h (id int PRIMARY KEY, k int, t text, a int[]) USING heap WITH (autovacuum_enabled = off);
CREATE PROCEDURE on_both(statement text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE replace(statement, '@', 'v');
	EXECUTE replace(statement, '@', 'h');
	-- The statement's counts go out before VACUUM sets its own.
	PERFORM pg_stat_force_next_flush();
END $$;
CREATE FUNCTION differing() RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM ((TABLE v EXCEPT ALL TABLE h) UNION ALL (TABLE h EXCEPT ALL TABLE v)) d (id, k, t, a) $$;
-- Rows that VACUUM has left to be removed, and whether statistics know the table's size; an index's too.
CREATE FUNCTION state(OUT dead bigint, OUT live_known bool, OUT reltuples_known bool, OUT index_known bool) LANGUAGE sql AS $$
	SELECT n_dead_tup, n_live_tup = c, reltuples = c, (SELECT reltuples = c FROM pg_class WHERE oid = 'v_pkey'::regclass)
	FROM (SELECT count(*) AS c FROM v) c, pg_class p, pg_stat_user_tables s WHERE p.oid = 'v'::regclass AND relid = p.oid $$;

CALL on_both('INSERT INTO @ SELECT g, g % 100, ''row '' || g, ARRAY[g % 7, g % 11] FROM generate_series(1, 60000) g');
CREATE INDEX v_hash ON v USING hash (k);
CREATE INDEX v_gin ON v USING gin (a);
CREATE INDEX v_spgist ON v USING spgist (t);
CREATE INDEX v_part ON v (k) WHERE k < 50;
CREATE INDEX v_gist ON v USING gist (box(point(id, k), point(id, k)));
SELECT * FROM epiphany.verify('v');

-- Without index cleanup nothing is removed, but counted as dead.
CALL on_both('DELETE FROM @ WHERE id % 4 = 0');
VACUUM (INDEX_CLEANUP off) v;
SELECT dead_rows FROM epiphany.table_stats('v');
SELECT * FROM state();
SELECT differing();
VACUUM (INDEX_CLEANUP auto) v;
SELECT * FROM state();
SELECT * FROM epiphany.verify('v');
SELECT differing();
-- Without much to do, indexes are left alone.
CALL on_both('DELETE FROM @ WHERE id IN (59001, 59002, 59003)');
VACUUM v;
SELECT * FROM state();
VACUUM (INDEX_CLEANUP on) v;
SELECT * FROM state();

-- Every index still finds what is there, and nothing else.
SET enable_seqscan = off;
SELECT (SELECT count(*) FROM v WHERE id BETWEEN 1 AND 59999) = (SELECT count(*) FROM h WHERE id BETWEEN 1 AND 59999) AS btree,
	(SELECT count(*) FROM v WHERE k = 7) = (SELECT count(*) FROM h WHERE k = 7) AS hash,
	(SELECT count(*) FROM v WHERE a @> ARRAY[3, 4]) = (SELECT count(*) FROM h WHERE a @> ARRAY[3, 4]) AS gin,
	(SELECT count(*) FROM v WHERE t = 'row 59001') = 0 AS spgist,
	(SELECT count(*) FROM v WHERE k < 5) = (SELECT count(*) FROM h WHERE k < 5) AS partial;
RESET enable_seqscan;
-- An index built later has no entry for removed rows; nor has one built over rows that are dead but not removed after the next VACUUM.
CREATE INDEX v_later ON v (t);
CALL on_both('UPDATE @ SET k = k + 1 WHERE id % 5 = 0');
CREATE INDEX v_latest ON v (t, k);
REINDEX INDEX v_hash;
VACUUM v;
SELECT * FROM state();
SELECT * FROM epiphany.verify('v');
SELECT differing();

-- What VACUUM has cleaned, ANALYZE does not count as dead.
ANALYZE v;
SELECT * FROM state();

-- Keys of dead rows can be used again; so can entries that scans have found dead (kill_prior_tuple) or that a full index page gives up.
CALL on_both('INSERT INTO @ SELECT g, g % 100, ''again '' || g, ARRAY[g % 7] FROM generate_series(4, 60000, 4) g');
SELECT differing();
CALL on_both('DELETE FROM @ WHERE id > 50000');
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT count(*) FROM v WHERE id > 50000;
SELECT count(*) FROM v WHERE id > 50000;
RESET enable_bitmapscan;
RESET enable_seqscan;
CALL on_both('INSERT INTO @ SELECT g, g % 100, ''third '' || g, ARRAY[g % 7] FROM generate_series(50001, 60000) g');
SELECT * FROM epiphany.verify('v');
SELECT differing();

-- A group of an aborted command, one that nobody completed, and one whose rows are all dead: all go, and their ids come back.
BEGIN;
INSERT INTO v SELECT g, g % 100, 'aborted', NULL::int[] FROM generate_series(100001, 110000) g;
ROLLBACK;
INSERT INTO v SELECT g, g % 100, 'fails at its end', NULL::int[] FROM generate_series(100001, 106000) g UNION ALL SELECT 1, 1, 'twice', NULL;
DELETE FROM v;
DELETE FROM h;
VACUUM v;
VACUUM v;
SELECT count(*) FROM epiphany.row_groups('v') WHERE state <> 'removed';
SELECT * FROM epiphany.verify('v');
CALL on_both('INSERT INTO @ SELECT g, g % 100, ''new '' || g, ARRAY[g % 7] FROM generate_series(1, 30000) g');
SELECT differing();
SELECT * FROM epiphany.verify('v');
DELETE FROM v WHERE id > 100;
VACUUM v;
SELECT count(*) FROM v;
SELECT * FROM epiphany.verify('v');

-- The file is cut: groups move from its end to where the delta was.
CREATE TABLE shrink (id int PRIMARY KEY, t text) USING epiphany_column WITH (autovacuum_enabled = off);
CREATE FUNCTION waste() RETURNS numeric LANGUAGE sql AS $$
	SELECT pg_relation_size('shrink') / 8192 - (SELECT sum(blocks) FROM epiphany.row_groups('shrink') WHERE state <> 'removed') $$;
INSERT INTO shrink SELECT g, md5(g::text) FROM generate_series(1, 40000) g;
UPDATE shrink SET t = t || '!';
SELECT epiphany.compact('shrink') AS moved;
VACUUM (TRUNCATE off) shrink;
SELECT waste() > 500 AS much;
VACUUM shrink;
SELECT waste() < 40 AS little, relpages = pg_relation_size('shrink') / 8192 AS known FROM pg_class WHERE oid = 'shrink'::regclass;
SELECT * FROM epiphany.verify('shrink');
SELECT count(*), count(*) FILTER (WHERE t = md5(id::text) || '!') AS right FROM shrink;
SET enable_seqscan = off;
SELECT t = md5('17') || '!' AS right FROM shrink WHERE id = 17;
RESET enable_seqscan;
DELETE FROM shrink;
VACUUM shrink;
SELECT pg_relation_size('shrink') <= 3 * 8192 AS empty;
INSERT INTO shrink SELECT g, md5(g::text) FROM generate_series(1, 10000) g;
SELECT count(*) FROM shrink;
SELECT * FROM epiphany.verify('shrink');
DROP TABLE shrink;
DROP FUNCTION waste;

-- Who may look for damage.
CREATE ROLE vacuum_nobody;
SET ROLE vacuum_nobody;
SELECT * FROM epiphany.verify('v');
RESET ROLE;
DROP ROLE vacuum_nobody;
SELECT * FROM epiphany.verify('h');

-- Temporary and unlogged tables, and one without an index.
CREATE TEMP TABLE temporary USING epiphany_column AS SELECT g, g % 9 AS k FROM generate_series(1, 20000) g;
CREATE UNLOGGED TABLE unlogged USING epiphany_column AS SELECT g, g % 9 AS k FROM generate_series(1, 20000) g;
DELETE FROM temporary WHERE k = 3;
DELETE FROM unlogged;
VACUUM temporary, unlogged;
VACUUM temporary, unlogged;
SELECT count(*), sum(g) FROM temporary;
SELECT * FROM epiphany.verify('temporary');
SELECT * FROM epiphany.verify('unlogged');
DROP TABLE v, h, temporary, unlogged;
DROP PROCEDURE on_both;
DROP FUNCTION differing, state;
