-- Bitmap scans of column tables give heap's rows, for every kind of index that has them; `differing rows` must stay 0.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_columnstore;
CREATE EXTENSION bloom;
RESET client_min_messages;
CREATE SCHEMA column_bitmap;
SET search_path = column_bitmap, public;

CREATE PROCEDURE on_both(statement text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE replace(replace(statement, '#am', 'heap'), '#', 'on_heap');
	EXECUTE replace(replace(statement, '#am', 'epiphany_column'), '#', 'on_column');
END $$;
-- "bitmap": both plans have a bitmap scan. "lossy": pages of ours for which the bitmap did not keep its rows.
CREATE FUNCTION same(query text, OUT rows bigint, OUT "differing rows" bigint, OUT bitmap boolean, OUT lossy boolean) LANGUAGE plpgsql AS $$
DECLARE
	h text := format('SELECT q::text FROM (%s) q', replace(query, '#', 'on_heap'));
	c text := format('SELECT q::text FROM (%s) q', replace(query, '#', 'on_column'));
	plan json;
BEGIN
	EXECUTE format('SELECT count(*) FROM (%s) q', c) INTO rows;
	EXECUTE format('SELECT count(*) FROM ((%1$s EXCEPT ALL %2$s) UNION ALL (%2$s EXCEPT ALL %1$s)) q', h, c) INTO "differing rows";
	EXECUTE 'EXPLAIN (FORMAT json) ' || h INTO plan;
	bitmap := plan::text LIKE '%Bitmap Heap Scan%';
	EXECUTE 'EXPLAIN (ANALYZE, FORMAT json) ' || c INTO plan;
	bitmap := bitmap AND plan::text LIKE '%Bitmap Heap Scan%';
	lossy := plan::text ~ '"Lossy Heap Blocks": [1-9]';
END $$;

CREATE FUNCTION point_of(g int) RETURNS point LANGUAGE sql IMMUTABLE AS 'SELECT point(g % 317, g % 1009)';
CALL on_both('CREATE TABLE # (i int, k int, s text, a int[], r int4range, p point, t tsvector, filler text) USING #am');
-- Delta, two groups, delta.
CALL on_both('INSERT INTO # SELECT g, g % 50, md5((g % 2000)::text), ARRAY[g % 10, g % 700], int4range(g, g + 5), point_of(g), to_tsvector(''simple'', ''w'' || g % 90), repeat(''f'', g % 100) FROM generate_series(1, 1000) g');
CALL on_both('INSERT INTO # SELECT g, g % 50, md5((g % 2000)::text), ARRAY[g % 10, g % 700], int4range(g, g + 5), point_of(g), to_tsvector(''simple'', ''w'' || g % 90), repeat(''f'', g % 100) FROM generate_series(1001, 15000) g');
CALL on_both('INSERT INTO # SELECT g, NULL, NULL, NULL, NULL, NULL, NULL, ''null'' FROM generate_series(15001, 19000) g');
CALL on_both('INSERT INTO # SELECT g, g % 50, md5((g % 2000)::text), ARRAY[g % 10, g % 700], int4range(g, g + 5), point_of(g), to_tsvector(''simple'', ''w'' || g % 90), ''delta'' FROM generate_series(19001, 20000) g');
CALL on_both('CREATE INDEX ON # (i)');
CALL on_both('CREATE INDEX ON # (k)');
CALL on_both('CREATE INDEX ON # USING hash (s)');
CALL on_both('CREATE INDEX ON # USING gin (a)');
CALL on_both('CREATE INDEX ON # USING gin (t)');
CALL on_both('CREATE INDEX ON # USING gist (p)');
CALL on_both('CREATE INDEX ON # USING spgist (r)');
CALL on_both('CREATE INDEX ON # USING bloom (k, i)');
SELECT count(*) AS groups FROM epiphany.row_groups('on_column');
ANALYZE on_heap, on_column;

SET enable_seqscan = off;
SET enable_indexscan = off;
SET enable_indexonlyscan = off;
EXPLAIN (COSTS OFF) SELECT * FROM on_column WHERE k = 7;
SELECT * FROM same('SELECT * FROM # WHERE i BETWEEN 990 AND 1010');
SELECT * FROM same('SELECT * FROM # WHERE i > 18900');
SELECT * FROM same('SELECT * FROM # WHERE i BETWEEN 500 AND 19500');
SELECT * FROM same('SELECT i FROM # WHERE k = 7');
SELECT * FROM same('SELECT * FROM # WHERE k IS NULL');
SELECT * FROM same('SELECT * FROM # WHERE s = md5(''77'')');
SELECT * FROM same('SELECT * FROM # WHERE a @> ARRAY[7]');
SELECT * FROM same('SELECT * FROM # WHERE a && ARRAY[3, 111] AND filler > ''ff''');
SELECT * FROM same('SELECT * FROM # WHERE t @@ ''w5 | w7''');
SELECT * FROM same('SELECT * FROM # WHERE p <@ box(point(10, 10), point(20, 400))');
SELECT * FROM same('SELECT * FROM # WHERE r && int4range(14990, 19010)');
SELECT * FROM same('SELECT * FROM # WHERE k = ANY (ARRAY[1, 3, NULL])');
SELECT * FROM same('SELECT count(*) FROM # WHERE i < 17000');
-- The bloom index alone.
BEGIN;
CALL on_both('DROP INDEX #_i_idx, #_k_idx');
SELECT * FROM same('SELECT * FROM # WHERE k = 7 AND i = 2307');
SELECT * FROM same('SELECT * FROM # WHERE k = 7');
ROLLBACK;
-- And, Or.
EXPLAIN (COSTS OFF) SELECT * FROM on_column WHERE (k = 7 AND a @> ARRAY[107]) OR r @> 3000;
SELECT * FROM same('SELECT * FROM # WHERE (k = 7 AND a @> ARRAY[107]) OR r @> 3000');
SELECT * FROM same('SELECT * FROM # WHERE i < 100 OR i > 19950 OR k = 3 OR s = md5(''1999'')');
-- One scan after another: the inner side of a join, cursors that go back to the start.
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SET enable_memoize = off;
SELECT * FROM same('SELECT v.i, x.i, x.s FROM (VALUES (1), (1003), (7), (19007), (15500)) v (i), LATERAL (SELECT * FROM # WHERE i = v.i OR s = md5(v.i::text)) x');
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;
RESET enable_memoize;

-- What was deleted, updated and inserted; what is not committed; what is rolled back.
CALL on_both('DELETE FROM # WHERE a @> ARRAY[3] AND i < 18000');
CALL on_both('UPDATE # SET k = 49, a = ARRAY[7, 8] WHERE i BETWEEN 900 AND 1300');
CALL on_both('UPDATE # SET filler = ''updated'' WHERE s = md5(''200'')');
SELECT * FROM same('SELECT * FROM # WHERE a && ARRAY[3, 7]');
SELECT * FROM same('SELECT * FROM # WHERE k = 49');
BEGIN;
CALL on_both('DELETE FROM # WHERE k = 8');
CALL on_both('INSERT INTO # (i, k) SELECT g, 49 FROM generate_series(30001, 34000) g');
SAVEPOINT s;
CALL on_both('DELETE FROM # WHERE k < 40');
CALL on_both('INSERT INTO # (i, k) SELECT g, 8 FROM generate_series(40001, 44000) g');
SELECT * FROM same('SELECT * FROM # WHERE k = 8 OR k > 30');
ROLLBACK TO s;
SELECT * FROM same('SELECT * FROM # WHERE k = 8 OR k > 30');
-- A cursor sees what there was.
DECLARE c CURSOR FOR SELECT count(*) OVER (), i FROM on_column WHERE k = 49 OR k = 9;
DECLARE d SCROLL CURSOR FOR SELECT i FROM on_column WHERE k = 49 ORDER BY i;
CALL on_both('DELETE FROM # WHERE k = 49');
FETCH 1 FROM c;
FETCH LAST FROM d;
FETCH FIRST FROM d;
CLOSE c;
ROLLBACK;
SELECT * FROM same('SELECT * FROM # WHERE k = 8 OR k = 49');

-- Little memory: pages of the bitmap become lossy, of both regions.
CALL on_both('CREATE TABLE #_wide (i int, k int, filler text) USING #am');
CALL on_both('INSERT INTO #_wide SELECT g, g % 100, repeat(''f'', 100) FROM generate_series(1, 300000) g');
DO $$ BEGIN FOR i IN 1..30 LOOP CALL on_both(format('INSERT INTO #_wide SELECT g, g %% 100, repeat(''d'', 2000) FROM generate_series(%s00, %s99) g', 3000 + i, 3000 + i)); END LOOP; END $$;
CALL on_both('DELETE FROM #_wide WHERE i % 13 = 0');
CALL on_both('CREATE INDEX ON #_wide (k)');
ANALYZE on_heap_wide, on_column_wide;
SELECT * FROM same('SELECT * FROM #_wide WHERE k = 7');
SELECT * FROM same('SELECT * FROM #_wide WHERE k IN (7, 39)');
SET work_mem = '64kB';
SELECT * FROM same('SELECT i, k FROM #_wide WHERE k = 7');
SELECT * FROM same('SELECT i, k FROM #_wide WHERE k IN (7, 39) AND i > 12345');
RESET work_mem;

-- In parallel, exact and lossy.
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET min_parallel_index_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SET effective_io_concurrency = 10;
EXPLAIN (COSTS OFF) SELECT count(*), sum(length(s)) FROM on_column WHERE i BETWEEN 500 AND 19500;
SELECT * FROM same('SELECT count(*), sum(length(s)), sum(i) FROM # WHERE i BETWEEN 500 AND 19500');
SELECT * FROM same('SELECT i, s FROM # WHERE i > 3000 AND a && ARRAY[1, 2]');
SET work_mem = '64kB';
SELECT * FROM same('SELECT count(*), sum(length(filler)), sum(i) FROM #_wide WHERE k IN (7, 39)');
RESET work_mem;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET min_parallel_index_scan_size;

-- A subquery of a statement that locks rows may be run by a recheck, where nothing could keep the executor from prefetching.
EXPLAIN (COSTS OFF) SELECT count(*) FROM on_column WHERE k = (SELECT min(k) FROM on_column b WHERE b.a @> ARRAY[107]);
CREATE TABLE small (i int, k int);
EXPLAIN (COSTS OFF) UPDATE small SET k = (SELECT count(*) FROM on_column b WHERE b.a @> ARRAY[107]);
EXPLAIN (COSTS OFF) WITH w AS (SELECT count(*) AS n FROM on_column b WHERE b.a @> ARRAY[107]) SELECT * FROM small WHERE k = (SELECT n FROM w) FOR UPDATE;
EXPLAIN (COSTS OFF) DELETE FROM on_column WHERE a @> ARRAY[107] AND EXISTS (SELECT FROM small WHERE small.i = on_column.i);

SET client_min_messages = warning;
DROP SCHEMA column_bitmap CASCADE;
DROP EXTENSION bloom;
