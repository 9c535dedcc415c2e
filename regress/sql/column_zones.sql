-- Zone maps let sequential scans skip row groups and vectors, and never a row that matches: every row of it is heap's.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_columnstore;
RESET client_min_messages;
CREATE SCHEMA column_zones;
SET search_path = column_zones;
SET max_parallel_workers_per_gather = 0;
SET timezone = 'Europe/Berlin';

CREATE PROCEDURE on_both(statement text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE replace(replace(statement, '#am', 'heap'), '#', 'on_heap');
	EXECUTE replace(replace(statement, '#am', 'epiphany_column WITH (epiphany.row_group_rows = 8192)'), '#', 'on_column');
END $$;
-- "groups", "vectors": those that the scan of ours skipped.
CREATE FUNCTION same(condition text, query text DEFAULT 'SELECT i, n, v FROM #', OUT rows bigint, OUT "as heap" boolean, OUT groups bigint, OUT vectors bigint) LANGUAGE plpgsql AS $$
DECLARE
	sums text := format('SELECT count(q.q), sum(hashtextextended(q.q, 0)) FROM (SELECT q::text FROM (%s WHERE %s) q) q (q)', query, condition);
	before record;
	after record;
	hash numeric;
	hash_on_heap numeric;
	rows_on_heap bigint;
BEGIN
	before := epiphany.scan_counts();
	EXECUTE replace(sums, '#', 'on_column') INTO rows, hash;
	after := epiphany.scan_counts();
	groups := after.groups_skipped - before.groups_skipped;
	vectors := after.vectors_skipped - before.vectors_skipped;
	EXECUTE replace(sums, '#', 'on_heap') INTO rows_on_heap, hash_on_heap;
	"as heap" := (rows, hash) IS NOT DISTINCT FROM (rows_on_heap, hash_on_heap);
END $$;

CREATE COLLATION blind (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE DOMAIN small AS int2;
CREATE TYPE mood AS ENUM ('sad', 'happy');
CALL on_both('CREATE TABLE # (i int, j int8, k small, f4 float4, f8 float8, n numeric, big numeric, d date, ts timestamp, tz timestamptz, tm time, b bool, m money,
	t text COLLATE "C", w text COLLATE blind, v varchar(20), c char(12), u uuid, y bytea, o oid, e mood) USING #am');
CREATE FUNCTION filled(first int, last int) RETURNS SETOF on_heap LANGUAGE sql AS $$
	SELECT g, g * 10000000000, (g / 2000)::int2::small, (g / 8.0)::float4, CASE WHEN g % 5000 = 0 THEN 'NaN' ELSE -g::float8 END, g / 100.0, CASE WHEN g < 9000 THEN 1e30 ELSE g END,
		date '2000-01-01' + g / 24, timestamp '2000-01-01' + g * interval '1 hour', timestamptz '2000-01-01 00:00+0' + g * interval '1 hour', time '00:00' + g * interval '1 second',
		g > 30000, (g::numeric / 10)::money, 't' || lpad(g::text, 40, '0'), 'W' || lpad(g::text, 6, '0'), ('v' || lpad(g::text, 6, '0'))::varchar, ('c' || lpad((g / 10)::text, 6, '0'))::char(12),
		lpad(to_hex(g), 32, '0')::uuid, decode(lpad(to_hex(g), 8, '0'), 'hex'), (g + 2147460000::int8)::oid, (CASE WHEN g > 40000 THEN 'happy' ELSE 'sad' END)::mood
	FROM generate_series(first, last) g
$$;
-- Groups of 8192 rows; nulls in the third, in one vector of the fifth; single rows in the delta.
CALL on_both('INSERT INTO # SELECT * FROM filled(1, 16384)');
CALL on_both('INSERT INTO # SELECT (r).* FROM (SELECT CASE WHEN g < 22000 THEN (SELECT f FROM filled(g, g) f) END r FROM generate_series(16385, 24576) g) q');
CALL on_both('INSERT INTO # SELECT * FROM filled(24577, 36864)');
CALL on_both('INSERT INTO # (i) SELECT g FROM generate_series(36865, 38912) g');
CALL on_both('INSERT INTO # SELECT * FROM filled(38913, 49152)');
CALL on_both('INSERT INTO # SELECT * FROM filled(49153, 49160)');
CALL on_both('DELETE FROM # WHERE i % 100 = 7');
SELECT group_id, rows FROM epiphany.row_groups('on_column') ORDER BY 1;
VACUUM ANALYZE on_heap;
ANALYZE on_column;

SELECT condition, s.* FROM (VALUES
	(1, 'i = 30000'),
	(2, '30000 > i'),
	(3, 'i BETWEEN 8000 AND 8500'),
	(4, 'i > 49150'),
	(5, 'i > 1000000'),
	(6, 'i <= -5'),
	(7, 'i < 10 AND j > 5'),
	(8, 'i > 100 AND i < 200 AND f8 < 0'),
	(9, 'i IN (5, 20000, 45000)'),
	(10, 'i = ANY (ARRAY[5, NULL, 49155])'),
	(11, 'i = ANY (NULL::int[])'),
	(12, 'i = ANY (''{}''::int[])'),
	(13, 'i = ANY (''{NULL}''::int[])'),
	(14, 'i < ANY (ARRAY[5, 7])'),
	(15, 'i <> ALL (ARRAY[5, 7]) AND i < 9'),
	(16, 'i = NULL'),
	(17, 'i IS NULL'),
	(18, 'k IS NULL'),
	(19, 'k IS NOT NULL'),
	(20, 't IS NULL AND i IS NOT NULL'),
	(21, 'NOT (i > 100)'),
	(22, 'i > 100 OR j = 7')
) c (n, condition), LATERAL same(condition) s ORDER BY n;
-- Operators between types.
SELECT condition, s.* FROM (VALUES
	(1, 'i = 30000::int8'),
	(2, 'i > 99999999999'),
	(3, 'i < 9223372036854775807'),
	(4, 'i >= (-9223372036854775808)::int8'),
	(5, 'k = 7::int8'),
	(6, 'k = 7'),
	(7, 'j < 30000::int2'),
	(8, 'f4 = 1000::float8'),
	(9, 'f4 < 500.0625::float8'),
	(10, 'f8 < -40000::float4'),
	(11, 'f8 > -1'),
	(12, 'f8 = ''NaN'''),
	(13, 'f8 >= ''NaN''::float4'),
	(14, 'f8 > ''Infinity'''),
	(15, 'f8 <= ''-Infinity'''),
	(16, 'n = 123.45'),
	(17, 'n BETWEEN 99.995 AND 100.005000'),
	(18, 'n < -1e40'),
	(19, 'n < ''NaN'' AND n > ''-Infinity'''),
	(20, 'n > 123456789012345678901234567890'),
	(21, 'n IN (1, 2.5, 300)'),
	(22, 'big > 1e29'),
	(23, 'd = ''2001-01-01'''),
	(24, 'd < timestamp ''2001-01-01 00:00'''),
	(25, 'd < timestamp ''2001-01-01 00:01'''),
	(26, 'd <= timestamp ''2001-01-01 23:59'''),
	(27, 'd > timestamp ''2005-01-01 00:01'''),
	(28, 'd >= timestamp ''2005-01-01 00:01'''),
	(29, 'd = timestamp ''2005-01-01 00:01'''),
	(30, 'd >= timestamp ''1999-12-31 23:59'' AND d < timestamp ''2000-01-03 00:00'''),
	(31, 'd < date ''2001-01-01'' - interval ''90 days'''),
	(32, 'd < timestamp ''infinity'' AND d > timestamp ''-infinity'' AND d < ''infinity'''),
	(33, 'd > timestamptz ''2005-01-01 00:01'''),
	(34, 'ts > date ''2005-01-01'''),
	(35, 'ts < date ''5000000-01-01'''),
	(36, 'ts < date ''infinity'' AND ts > date ''-infinity'' AND i < 10'),
	(37, 'ts > timestamptz ''2005-01-01'''),
	(38, 'tz > ''2005-01-01'''),
	(39, 'tz > date ''2005-01-01'''),
	(40, 'tz < now() - interval ''20 years'''),
	(41, 'tm < ''00:10'''),
	(42, 'm < 100::money')
) c (n, condition), LATERAL same(condition) s ORDER BY n;
-- Booleans in all their forms.
SELECT condition, s.* FROM (VALUES
	(1, 'b'),
	(2, 'NOT b'),
	(3, 'b = false'),
	(4, 'b IS TRUE'),
	(5, 'b IS NOT TRUE'),
	(6, 'b IS UNKNOWN'),
	(7, 'b IS NOT UNKNOWN'),
	(8, 'b < true')
) c (n, condition), LATERAL same(condition) s ORDER BY n;
-- Strings: in byte order or for equality only.
SELECT condition, s.* FROM (VALUES
	(1, 't = ''t'' || lpad(''5'', 40, ''0'')'),
	(2, 't < ''t'' || lpad(''20000'', 40, ''0'')'),
	(3, 't > ''u'''),
	(4, 't COLLATE "en-x-icu" > ''u'''),
	(5, 't ~>~ ''u'''),
	(6, 't >= ''t'' AND t LIKE ''t%5'''),
	(7, 'w = ''w000005'''),
	(8, 'w COLLATE "C" = ''w000005'''),
	(9, 'w COLLATE "C" = ''W000005'''),
	(10, 'v = ''v000005'''),
	(11, 'v IN (''v000005'', ''v040000'')'),
	(12, 'v < ''v000005'' COLLATE "C"'),
	(13, 'c = ''c000005'''),
	(14, 'c = ''c000005    '''),
	(15, 'c = ''c000005''::char(40)'),
	(16, 'c COLLATE "C" < ''c000005'''),
	(17, 'c::text = ''c000005'''),
	(18, 'u = ''00000000-0000-0000-0000-000000000005'''),
	(19, 'u > ''00000000-0000-0000-0000-00000000c000'''),
	(20, 'y = ''\x00000005'''),
	(21, 'y < ''\x000001''')
) c (n, condition), LATERAL same(condition) s ORDER BY n;
-- Types whose order zone maps do not keep.
SELECT condition, s.* FROM (VALUES
	(1, 'o > 2147483648'),
	(2, 'e = ''happy'''),
	(3, 'ctid > ''(0,0)'' AND tableoid > 0 AND i < 5')
) c (n, condition), LATERAL same(condition) s ORDER BY n;

-- What is not the same for the whole run is not used; what is, once it is known.
SELECT condition, s.* FROM (VALUES
	(1, 'i < 10 + (random() * 0)::int'),
	(2, 'i < j / 10000000000 + 1 AND i < 10'),
	(3, 'i + 0 < 10'),
	(4, 'i = (SELECT min(x) FROM (VALUES (45000), (45001)) v (x))')
) c (n, condition), LATERAL same(condition) s ORDER BY n;
SELECT * FROM same('i > x', 'SELECT count(*) OVER (), v.x, q.i FROM (VALUES (49000), (24000), (NULL), (60000)) v (x), LATERAL (SELECT i FROM # OFFSET 0) q');
SELECT * FROM same('true', 'SELECT x, (SELECT count(*) FROM # WHERE i > x AND i < x + 50) FROM (VALUES (49000), (24000), (NULL), (60000), (1)) v (x)');
CREATE TABLE nothing (i int) USING epiphany_column;
SELECT * FROM nothing WHERE i = (SELECT 1 / count(*) FROM nothing);
PREPARE by_param (int, text, numeric) AS SELECT count(*), min(i) FROM on_column WHERE i > $1 AND v = $2 AND n < $3;
PREPARE by_list (int[]) AS SELECT count(*), min(i) FROM on_column WHERE i = ANY ($1);
SET plan_cache_mode = force_generic_plan;
EXECUTE by_param (10, 'v000020', 5);
EXECUTE by_param (10, 'v045000', 5000);
EXECUTE by_param (10, NULL, 5000);
EXECUTE by_list ('{1, 20000, 49160}');
EXECUTE by_list (NULL);
EXECUTE by_list ('{}');
RESET plan_cache_mode;
CREATE FUNCTION limit_now() RETURNS int LANGUAGE sql STABLE AS 'SELECT current_setting(''column_zones.bound'')::int';
SET column_zones.bound = 5;
SELECT * FROM same('i <= limit_now()');
SET column_zones.bound = 9000;
SELECT * FROM same('i <= limit_now()');

-- To and fro, from a group's middle, with skipped ones between.
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT i FROM on_column WHERE i IN (1, 4000, 8192, 8193, 20000, 36000, 49152, 49155);
FETCH ALL FROM c;
FETCH BACKWARD ALL FROM c;
FETCH 3 FROM c;
FETCH BACKWARD 2 FROM c;
FETCH 5 FROM c;
FETCH PRIOR FROM c;
FETCH LAST FROM c;
FETCH ABSOLUTE -3 FROM c;
COMMIT;
-- The delta, and the rows that a statement changes.
BEGIN;
CALL on_both('UPDATE # SET k = 99, n = -1 WHERE i BETWEEN 30000 AND 30010');
SELECT * FROM same('k = 99');
CALL on_both('DELETE FROM # WHERE n < 0.5');
SELECT * FROM same('n < 3');
SELECT i, k FROM on_column WHERE k = 99 AND i < 30003 ORDER BY i FOR UPDATE;
MERGE INTO on_column USING (VALUES (40000), (77777)) x (x) ON i = x AND i > 39999 WHEN MATCHED THEN UPDATE SET k = 5 WHEN NOT MATCHED THEN INSERT (i, k) VALUES (x, 5);
MERGE INTO on_heap USING (VALUES (40000), (77777)) x (x) ON i = x AND i > 39999 WHEN MATCHED THEN UPDATE SET k = 5 WHEN NOT MATCHED THEN INSERT (i, k) VALUES (x, 5);
SELECT * FROM same('k = 5 AND i >= 40000');
ROLLBACK;

-- Columns that groups lack, types that change without a rewrite and with one.
CALL on_both('ALTER TABLE # ADD COLUMN late int DEFAULT 7, ADD COLUMN later int');
SELECT condition, s.* FROM (VALUES
	(1, 'late = 7 AND i < 5000'),
	(2, 'late = 8'),
	(3, 'later IS NULL AND i < 5000'),
	(4, 'later IS NOT NULL')
) c (n, condition), LATERAL same(condition) s ORDER BY n;
CALL on_both('ALTER TABLE # ALTER COLUMN v TYPE text');
SELECT * FROM same('v = ''v000005''');
CALL on_both('ALTER TABLE # ALTER COLUMN i TYPE oid');
SELECT * FROM same('i < 10');
CALL on_both('ALTER TABLE # ALTER COLUMN i TYPE int8 USING i::int8, DROP COLUMN f4');
CALL on_both('INSERT INTO # (i, late) SELECT g, 8 FROM generate_series(60001, 65000) g');
SELECT condition, s.* FROM (VALUES
	(1, 'late = 8 AND i < 61000'),
	(2, 'late = 7 AND i < 10'),
	(3, 'later IS NULL AND i < 5')
) c (n, condition), LATERAL same(condition) s ORDER BY n;

-- Rows that a policy hides: conditions count only if their operators leak nothing; others look at each row that may be seen, and at no other.
CREATE ROLE column_zones_user;
GRANT USAGE ON SCHEMA column_zones TO column_zones_user;
GRANT SELECT ON on_column TO column_zones_user;
GRANT pg_read_all_stats TO column_zones_user;
GRANT USAGE ON SCHEMA epiphany TO column_zones_user;
CREATE POLICY visible ON on_column USING (j < 50000000000);
ALTER TABLE on_column ENABLE ROW LEVEL SECURITY;
CREATE FUNCTION leak(int8) RETURNS bool LANGUAGE plpgsql COST 0.0000001 AS $$ BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END $$;
SET ROLE column_zones_user;
CREATE TEMP TABLE counts AS SELECT * FROM epiphany.scan_counts();
SELECT i FROM on_column WHERE leak(i);
SELECT c.groups_skipped - b.groups_skipped AS groups FROM counts b, epiphany.scan_counts() c;
SELECT count(*) FROM on_column WHERE n > 1000000;
SELECT c.groups_skipped - b.groups_skipped AS groups FROM counts b, epiphany.scan_counts() c;
SELECT count(*) FROM on_column WHERE i > 1000000;
SELECT c.groups_skipped - b.groups_skipped AS groups FROM counts b, epiphany.scan_counts() c;
DROP TABLE counts;
RESET ROLE;
ALTER TABLE on_column DISABLE ROW LEVEL SECURITY;
DROP POLICY visible ON on_column;
DROP OWNED BY column_zones_user;
DROP ROLE column_zones_user;

-- Partitions; in parallel, where workers have filters of their own.
CREATE TABLE parts (i int, s text) PARTITION BY RANGE (i);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (50000) USING epiphany_column;
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (50000) TO (100000);
INSERT INTO parts SELECT g, 's' || g FROM generate_series(1, 99999) g;
SELECT count(*), min(s), max(s) FROM parts WHERE i IN (5, 49999, 70000);
SELECT count(*), min(s), max(s) FROM parts WHERE i > 49990 AND i <= (SELECT 50010);
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT count(*), sum(n) FROM on_column WHERE i BETWEEN 8000 AND 8500 OR false;
SELECT count(*), sum(n) FROM on_column WHERE i BETWEEN 8000 AND 8500;
SELECT count(*), sum(n) FROM on_heap WHERE i BETWEEN 8000 AND 8500;
SELECT count(*), sum(n) FROM on_column WHERE i < 20000 AND n > (SELECT 99);
SELECT count(*), sum(n) FROM on_heap WHERE i < 20000 AND n > (SELECT 99);
SET parallel_leader_participation = off;
SELECT count(*), sum(n) FROM on_column WHERE i IN (3, 40000, 64999) OR false;
SELECT x, (SELECT count(*) FROM on_column WHERE i > x) FROM (VALUES (64000), (60500), (49000)) v (x);
RESET parallel_leader_participation;
SET max_parallel_workers_per_gather = 0;

-- Anything against anything.
DO $$
DECLARE
	r record;
BEGIN
	PERFORM setseed(0.5);
	FOR r IN SELECT format('%I %s %L::%s', col, op, CASE WHEN kind = 'int8' THEN (random() * 70000 - 5000)::int::text
			WHEN kind = 'numeric' THEN (random() * 700 - 50)::numeric(20, 3)::text WHEN kind = 'float8' THEN (5000 - random() * 60000)::text
			WHEN kind IN ('date', 'timestamp') THEN (timestamp '1999-12-01' + random() * interval '2200 days')::text END, kind) AS condition
		FROM (VALUES ('i', 'int8'), ('k', 'int8'), ('n', 'numeric'), ('f8', 'float8'), ('d', 'date'), ('d', 'timestamp'), ('ts', 'date'), ('ts', 'timestamp')) c (col, kind),
			unnest(ARRAY['<', '<=', '=', '>=', '>']) op
	LOOP
		IF NOT ("as heap") FROM same(r.condition, 'SELECT i FROM #') THEN RAISE WARNING '% gives other rows', r.condition; END IF;
	END LOOP;
END $$;

SET client_min_messages = warning;
DROP SCHEMA column_zones CASCADE;
