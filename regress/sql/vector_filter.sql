-- epiphany_hnsw with columns to filter by: what conditions leave is what sorting gives, whether the graph is searched or all vertices are gone
-- through; and an index that was made before its table had rows.
CREATE DATABASE vector_filter;
\c vector_filter
SET client_min_messages = warning;
CREATE EXTENSION epiphany_vectorstore CASCADE;
RESET client_min_messages;
SET max_parallel_workers_per_gather = 0;
SET enable_seqscan = off;
-- In 16 clusters; the same everywhere.
CREATE FUNCTION vec(i int, dims int, mean real DEFAULT 0) RETURNS vector LANGUAGE sql IMMUTABLE AS
$$ SELECT array_agg((mean + (hashint8extended(i % 16, j) & 1023) / 400.0 + (hashint8extended(i, j + 1000) & 1023) / 400.0)::real ORDER BY j)::vector
	FROM generate_series(1, dims) j $$;
-- How many of the right rows 10 queries find, of all; whether the index was used.
CREATE FUNCTION recall(tab text, filter text, n int DEFAULT 10, mean real DEFAULT 0) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	hits int := 0;
	wanted int := 0;
	statement text := format('SELECT array(SELECT id FROM %I WHERE %s ORDER BY v <-> $1 LIMIT %s)', tab, filter, n);
	dims int;
	found int[];
	exact int[];
	plan text;
BEGIN
	EXECUTE format('SELECT vector_dims(v) FROM %I LIMIT 1', tab) INTO dims;
	EXECUTE 'EXPLAIN (FORMAT json) ' || replace(statement, '$1', quote_literal(vec(1, dims, mean))) INTO plan;
	IF plan NOT LIKE '%Order By%' THEN RETURN NULL; END IF;
	FOR i IN 1..10 LOOP
		EXECUTE statement INTO found USING vec(100000 + i * 7, dims, mean);
		PERFORM set_config('enable_indexscan', 'off', true);
		EXECUTE statement INTO exact USING vec(100000 + i * 7, dims, mean);
		PERFORM set_config('enable_indexscan', 'on', true);
		hits := hits + (SELECT count(*) FROM unnest(found) f WHERE f = ANY (exact));
		wanted := wanted + cardinality(exact);
		IF cardinality(found) <> cardinality(exact) OR cardinality(found) <> (SELECT count(DISTINCT f) FROM unnest(found) f) THEN RETURN -1; END IF;
	END LOOP;
	RETURN CASE WHEN wanted = 0 THEN 1 ELSE hits / wanted::numeric END;
END $$;

CREATE TABLE items (id int, v vector(24) NOT NULL, tenant int, day date, at timestamptz, who text, key uuid, flag bool, small int2, big int8);
INSERT INTO items SELECT i, vec(i, 24), nullif(i % 100, 3), date '2026-01-01' + i % 50, '2026-01-01'::timestamptz + i % 50 * interval '1 day', 'user ' || i % 30,
	md5((i % 20)::text)::uuid, i % 2 = 0, i % 7, i FROM generate_series(1, 3000) i;
VACUUM ANALYZE items;
CREATE INDEX filtered ON items USING epiphany_hnsw (v vector_l2_ops, tenant, day, at, who, key, flag, small, big);
EXPLAIN (COSTS OFF) SELECT id FROM items WHERE tenant = 7 AND small IN (1, 2) AND id > 5 ORDER BY v <-> (SELECT vec(5, 24)) LIMIT 5;
SELECT filter, recall('items', filter) >= 0.98 AS found FROM (VALUES ('tenant = 7'), ('tenant = 7::bigint'), ('tenant < 3'), ('tenant <= 3'), ('tenant >= 98'),
	('tenant > 98'), ('tenant BETWEEN 20 AND 25'), ('tenant IN (1, 7, 99, NULL)'), ('tenant = ANY (''{}'')'), ('tenant < ANY (''{5, 2}'')'),
	('tenant > 5000000000'), ('tenant > -5000000000 AND tenant < 2'), ('day = ''2026-01-08'''), ('day < ''2026-01-03'''), ('at > ''2026-02-17'''),
	('who = ''user 7'''), ('who IN (''user 1'', ''user 2'')'), ('key = md5(''7'')::uuid'), ('flag'), ('NOT flag'), ('flag = true AND small = 3'),
	('tenant = ANY (''{}'') AND small = 3'), ('small = 3 AND tenant = 38'), ('tenant = 12345'), ('big <= 2000'), ('big = 17')) f(filter);
-- What the index cannot test, the executor does.
SELECT filter, recall('items', filter, 3) >= 0.95 AS found FROM (VALUES ('tenant IS NULL'), ('who > ''user 8'''), ('id % 100 = 5'), ('tenant < 50 AND id % 10 = 5')) f(filter);
-- In each order all rows come, each once.
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM items WHERE flag ORDER BY v <-> vec(5, 24)) s;
SET epiphany.vector_iterative_scan = strict_order;
SELECT recall('items', 'flag') >= 0.98 AS half, recall('items', 'tenant = 7') >= 0.98 AS hundredth;
SELECT count(*) > 1475 AS nearly_all, count(*) = count(DISTINCT id) AS once, bool_and(d >= before) AS in_order FROM (SELECT id, d, lag(d, 1, 0) OVER () AS before FROM
	(SELECT id, v <-> vec(9, 24) AS d FROM items WHERE flag ORDER BY v <-> vec(9, 24)) s) s;
SET epiphany.vector_iterative_scan = off;
SET enable_sort = off;
SELECT count(*) BETWEEN 1 AND 299 AS ends FROM (SELECT id FROM items WHERE NOT flag ORDER BY v <-> vec(5, 24) LIMIT 300) s;
RESET enable_sort;
RESET epiphany.vector_iterative_scan;
-- Where what meets the condition is far from the query, a search that has gone far enough goes through all vertices instead.
CREATE TABLE sides (id int, v vector(24), side int);
INSERT INTO sides SELECT i, CASE WHEN i % 3 = 0 THEN vec(i, 24, 50) ELSE vec(i, 24) END, i % 3 FROM generate_series(1, 3000) i;
VACUUM ANALYZE sides;
CREATE INDEX ON sides USING epiphany_hnsw (v vector_l2_ops, side);
SELECT recall('sides', 'side = 0') AS far, recall('sides', 'side = 1') >= 0.98 AS near;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM sides WHERE side = 0 ORDER BY v <-> vec(5, 24)) s;
BEGIN;
SET LOCAL epiphany.vector_iterative_scan = strict_order;
SELECT count(*) > 990 AS nearly_all, count(*) = count(DISTINCT id) AS once FROM (SELECT id FROM sides WHERE side = 0 ORDER BY v <-> vec(5, 24)) s;
COMMIT;
-- Equal vectors with other values beside them.
CREATE TABLE same (id int, v vector(3), tenant int);
INSERT INTO same SELECT i, '[1,2,3]', i % 5 FROM generate_series(1, 500) i;
CREATE INDEX ON same USING epiphany_hnsw (v vector_l2_ops, tenant);
INSERT INTO same SELECT i, '[1,2,3]', i % 5 FROM generate_series(501, 1000) i;
SELECT tenant, (SELECT count(*) FROM (SELECT id FROM same s WHERE s.tenant = t.tenant ORDER BY v <-> '[1,2,4]') s) FROM (SELECT DISTINCT tenant FROM same) t ORDER BY 1;
SELECT tenant, (SELECT count(*) FROM (SELECT id FROM same s WHERE s.tenant = t.tenant ORDER BY v <-> NULL) s) FROM (SELECT DISTINCT tenant FROM same) t ORDER BY 1;
-- Changes.
UPDATE items SET tenant = 500 WHERE tenant = 8;
DELETE FROM items WHERE tenant = 9;
SELECT recall('items', 'tenant = 500') AS updated, recall('items', 'tenant = 8') AS gone, recall('items', 'tenant = 9') AS deleted;
VACUUM items;
SELECT pg_relation_size('filtered') AS before \gset
INSERT INTO items (id, v, tenant, small, big) SELECT i, vec(i, 24), 9, NULL, i FROM generate_series(3001, 3030) i;
SELECT pg_relation_size('filtered') = :before AS reused, recall('items', 'tenant = 9') AS inserted, recall('items', 'tenant = 500') AS still, recall('items', 'big > 2990') AS newest;
REINDEX INDEX CONCURRENTLY filtered;
SELECT recall('items', 'tenant = 9') AS reindexed;
-- As many rows as a page of such columns has room for, and more, from nothing; by parallel workers and without memory.
CREATE TABLE later (id int, v vector(24), tenant int);
CREATE INDEX later_v ON later USING epiphany_hnsw (v vector_l2_ops, tenant);
INSERT INTO later SELECT i, vec(i, 24), i % 100 FROM generate_series(1, 3000) i;
ANALYZE later;
SELECT recall('later', 'tenant = 7') AS "1 %", recall('later', 'tenant < 50') >= 0.98 AS "50 %", recall('later', 'true') >= 0.95 AS "all";
DROP INDEX later_v;
SET maintenance_work_mem = '1MB';
SET client_min_messages = warning;
CREATE INDEX later_v ON later USING epiphany_hnsw (v vector_l2_ops, tenant);
RESET client_min_messages;
RESET maintenance_work_mem;
SELECT recall('later', 'tenant = 7') AS "1 %", recall('later', 'tenant < 50') >= 0.98 AS "50 %", recall('later', 'true') >= 0.95 AS "all";
DROP INDEX later_v;
SET max_parallel_maintenance_workers = 2;
SET min_parallel_table_scan_size = 0;
CREATE INDEX later_v ON later USING epiphany_hnsw (v vector_l2_ops, tenant);
RESET min_parallel_table_scan_size;
SELECT recall('later', 'tenant = 7') AS "1 %", recall('later', 'tenant < 50') >= 0.98 AS "50 %", recall('later', 'true') >= 0.95 AS "all";
-- Refused.
CREATE INDEX ON items USING epiphany_hnsw (v vector_l2_ops, tenant, day, at, who, key, flag, small, big, id);
CREATE INDEX ON items USING epiphany_hnsw (v vector_l2_ops, v vector_l2_ops);
CREATE INDEX ON items USING epiphany_hnsw (tenant);

-- ---- Made on an empty table: codes are around what its first rows have in common, not around zero ----
CREATE TABLE empty (id int, v vector(128));
CREATE INDEX empty_v ON empty USING epiphany_hnsw (v vector_l2_ops);
INSERT INTO empty SELECT i, vec(i, 128, 20) FROM generate_series(1, 400) i;
INSERT INTO empty SELECT i, vec(i, 128, 20) FROM generate_series(401, 2500) i;
SELECT recall('empty', 'true', 10, 20) >= 0.95 AS filled;
DELETE FROM empty WHERE id % 3 = 0;
VACUUM empty;
SELECT recall('empty', 'true', 10, 20) >= 0.95 AS vacuumed;
TRUNCATE empty;
INSERT INTO empty SELECT i, vec(i, 128, -20) FROM generate_series(1, 2000) i;
SELECT recall('empty', 'true', 10, -20) >= 0.95 AS filled_again;
DROP INDEX empty_v;
TRUNCATE empty;
CREATE INDEX empty_v ON empty USING epiphany_hnsw (v vector_cosine_ops);
INSERT INTO empty SELECT i, vec(i, 128, 20) FROM generate_series(1, 2000) i;
CREATE VIEW turned AS SELECT id FROM empty ORDER BY v <=> vec(77, 128, 20) LIMIT 10;
SELECT array(SELECT id FROM turned) AS found \gset
SET enable_indexscan = off;
SELECT count(*) >= 9 AS cosine FROM turned WHERE id = ANY (:'found');
RESET enable_indexscan;
-- The order's column, which the plan does without, is among those of a whole row.
EXPLAIN (COSTS OFF, VERBOSE) SELECT count(*) FROM (SELECT id FROM empty ORDER BY v <=> (SELECT v FROM empty LIMIT 1) LIMIT 10) s WHERE id > 5;
SELECT count(*) FROM turned WHERE id = ANY (:'found');
-- A search that began before goes on after.
TRUNCATE empty;
DROP INDEX empty_v;
CREATE INDEX empty_v ON empty USING epiphany_hnsw (v vector_l2_ops);
INSERT INTO empty SELECT i, vec(i, 128, 20) FROM generate_series(1, 500) i;
BEGIN;
DECLARE a CURSOR FOR SELECT id FROM empty ORDER BY v <-> vec(7, 128, 20);
FETCH 1 a;
INSERT INTO empty SELECT i, vec(i, 128, 20) FROM generate_series(501, 1500) i;
MOVE FORWARD ALL a;
SELECT id FROM empty ORDER BY v <-> vec(1234, 128, 20) LIMIT 1;
COMMIT;
CREATE UNLOGGED TABLE unlogged (id int, v vector(128));
CREATE INDEX ON unlogged USING epiphany_hnsw (v vector_l2_ops);
INSERT INTO unlogged SELECT i, vec(i, 128, 20) FROM generate_series(1, 2000) i;
SELECT recall('unlogged', 'true', 10, 20) >= 0.95 AS unlogged;
\c regression
DROP DATABASE vector_filter;
