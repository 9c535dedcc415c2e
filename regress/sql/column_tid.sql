-- Scans by TID over both regions: the same rows as the same condition filters out of a scan of all; `differing rows` must stay 0.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_columnstore;
RESET client_min_messages;
CREATE SCHEMA column_tid;
SET search_path = column_tid;

CREATE FUNCTION same(condition text, OUT rows bigint, OUT "differing rows" bigint, OUT plan text) LANGUAGE plpgsql AS $$
DECLARE
	query text := 'SELECT coalesce(array_agg(i ORDER BY i), ''{}'') FROM t WHERE ' || condition;
	by_tid int[];
	by_filter int[];
	plans json;
BEGIN
	SET LOCAL enable_tidscan = on;
	EXECUTE query INTO by_tid;
	EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plans;
	plan := substring(plans::text FROM '"(Tid[^"]*|Seq Scan)"');
	SET LOCAL enable_tidscan = off;
	EXECUTE query INTO by_filter;
	rows := cardinality(by_tid);
	"differing rows" := (SELECT count(*) FROM unnest(by_tid) a FULL JOIN unnest(by_filter) b ON a = b WHERE a IS NULL OR b IS NULL);
END $$;

-- Delta (2 blocks), groups of 3000, 2100 and 5000 rows, delta.
CREATE TABLE t (i int, s text) USING epiphany_column;
INSERT INTO t SELECT g, 'delta' FROM generate_series(1, 300) g;
INSERT INTO t SELECT g, 'group 0' FROM generate_series(1001, 4000) g;
INSERT INTO t SELECT g, 'group 1' FROM generate_series(4001, 6100) g;
INSERT INTO t SELECT g, 'group 2' FROM generate_series(10001, 15000) g;
INSERT INTO t SELECT g, 'delta' FROM generate_series(20001, 20300) g;
DELETE FROM t WHERE i % 7 = 0;
UPDATE t SET s = 'updated' WHERE i BETWEEN 3990 AND 4010;
ANALYZE t;
SELECT group_id, rows FROM epiphany.row_groups('t');

EXPLAIN (COSTS OFF) SELECT * FROM t WHERE ctid >= '(2147483648,1)' AND ctid < '(2147483648,11)';
SELECT * FROM same($$ctid >= '(2147483648,1)' AND ctid < '(2147483648,11)'$$);
-- From the delta into groups, within one, across several, to the ends.
SELECT * FROM same($$ctid >= '(0,0)'$$);
SELECT * FROM same($$ctid < '(4294967295,65535)'$$);
SELECT * FROM same($$ctid <= '(4294967295,65535)'$$);
SELECT * FROM same($$ctid < '(0,0)'$$);
SELECT * FROM same($$ctid > '(4294967295,65535)'$$);
SELECT * FROM same($$ctid < '(2147483648,1)'$$);
SELECT * FROM same($$ctid <= '(2147483648,1)'$$);
SELECT * FROM same($$ctid > '(2147483647,65535)'$$);
SELECT * FROM same($$ctid > '(2147483648,0)'$$);
SELECT * FROM same($$ctid BETWEEN '(2,100)' AND '(2147483649,44)'$$);
SELECT * FROM same($$ctid > '(2147483649,255)' AND ctid <= '(2147483650,1)'$$);
SELECT * FROM same($$ctid > '(2147483649,256)' AND ctid <= '(2147483650,1)'$$);
SELECT * FROM same($$ctid >= '(2147483649,257)' AND ctid < '(2147483650,3)'$$);
SELECT * FROM same($$ctid >= '(2147483649,60000)' AND ctid <= '(2147483650,0)'$$);
SELECT * FROM same($$ctid > '(2147483658,900)' AND ctid < '(2147484161,10)'$$);
SELECT * FROM same($$ctid >= '(2147484160,1)' AND ctid <= '(2147484671,256)'$$);
SELECT * FROM same($$ctid >= '(2147484168,51)' AND ctid < '(2147484168,53)'$$);
SELECT * FROM same($$ctid > '(2147484672,7)'$$);
SELECT * FROM same($$ctid > '(2147490000,7)'$$);
SELECT * FROM same($$ctid >= '(2147484672,300)' AND ctid < '(2147484672,20)'$$);
-- Several bounds, other conditions beside, a join that asks again and again.
SELECT * FROM same($$ctid > '(2147483648,5)' AND ctid > '(2147483649,5)' AND ctid < '(2147484673,5)' AND ctid < '(2147484160,9)' AND i % 2 = 0$$);
SELECT * FROM same($$ctid = '(2147483648,5)' OR ctid = '(2,7)' OR ctid = '(2147484672,256)' OR ctid = '(77777,1)'$$);
SELECT * FROM same($$ctid = ANY ('{"(2147483648,5)","(2147483648,5)","(2,7)",NULL,"(0,1)","(1,0)","(2147483648,0)","(2147483648,999)","(4294967295,0)"}'::tid[])$$);
EXPLAIN (COSTS OFF) SELECT lo, (SELECT count(*) FROM t WHERE ctid >= lo AND ctid < hi) FROM (VALUES ('(0,0)'::tid, '(2,8)'::tid), ('(8,8)', '(9,9)')) b (lo, hi);
SELECT lo, hi, (SELECT (count(*), min(i), max(i)) FROM t WHERE ctid >= lo AND ctid < hi), (SELECT count(*) FROM t WHERE (ctid >= lo AND ctid < hi) IS TRUE) AS filtered
FROM (VALUES ('(0,0)'::tid, '(2,8)'::tid), ('(2,250)', '(2147483648,3)'), ('(2147484161,1)', '(2147484673,2)'), ('(9,9)', '(8,8)'), (NULL, '(9,9)'), ('(2147483648,3)', '(4294967295,1)')) b (lo, hi);

-- To and fro.
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT i FROM t WHERE ctid > '(2147483648,253)' AND ctid < '(2147483649,3)';
FETCH ALL FROM c;
FETCH BACKWARD ALL FROM c;
FETCH 2 FROM c;
FETCH LAST FROM c;
FETCH PRIOR FROM c;
CLOSE c;
DECLARE c SCROLL CURSOR FOR SELECT i FROM t WHERE ctid > '(2,112)' AND ctid < '(2147483648,4)' AND i < 20006;
FETCH ALL FROM c;
FETCH BACKWARD ALL FROM c;
FETCH ALL FROM c;
CLOSE c;
-- The range ends in a block whose other rows come later.
DECLARE c SCROLL CURSOR FOR SELECT i FROM t WHERE ctid >= '(1,3)' AND ctid <= '(1,6)';
FETCH ALL FROM c;
FETCH BACKWARD ALL FROM c;
FETCH BACKWARD 1 FROM c;
FETCH 2 FROM c;
FETCH BACKWARD 1 FROM c;
COMMIT;

-- Changes by range, seen as made.
BEGIN;
DELETE FROM t WHERE ctid BETWEEN '(2147484160,5)' AND '(2147484161,5)';
SELECT * FROM same($$ctid >= '(2147484160,1)' AND ctid < '(2147484162,1)'$$);
UPDATE t SET s = 'again' WHERE ctid < '(2,1)' OR ctid = '(2147484672,9)';
SELECT count(*) FROM t WHERE s = 'again';
SELECT * FROM same($$ctid < '(2147483648,9)'$$);
INSERT INTO t SELECT g, 'mine' FROM generate_series(30001, 33000) g;
SELECT * FROM same($$ctid >= '(2147485184,1)' AND ctid < '(2147485185,1)'$$);
ROLLBACK;
SELECT * FROM same($$ctid >= '(2147485184,1)'$$);

CREATE TABLE empty (i int) USING epiphany_column;
SELECT * FROM empty WHERE ctid > '(0,0)';
SELECT * FROM empty WHERE ctid = '(2147483648,1)';
DROP SCHEMA column_tid CASCADE;
