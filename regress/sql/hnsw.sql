-- epiphany_hnsw: what its indexes return beside exact scans, of every operator class; what is refused; changes; iterative scans.
CREATE DATABASE hnsw;
\c hnsw
SET client_min_messages = warning;
CREATE EXTENSION epiphany_columnstore;
CREATE EXTENSION epiphany_vectorstore;
RESET client_min_messages;
SET enable_seqscan = off;
SET max_parallel_workers_per_gather = 0;

-- Vectors in 40 clusters, the same everywhere: a hash of the row's number.
CREATE FUNCTION part(i int, j int) RETURNS real LANGUAGE sql IMMUTABLE AS
$$ SELECT ((hashint8extended(i % 40, j) & 1023) / 100.0 + (hashint8extended(i, j + 1000) & 1023) / 400.0)::real $$;
CREATE FUNCTION vec(i int, dims int) RETURNS real[] LANGUAGE sql IMMUTABLE AS
$$ SELECT array_agg(part(i, j) ORDER BY j) FROM generate_series(1, dims) j $$;

-- The share of the exact 10 nearest rows that an index on "e" finds, over 20 queries.
CREATE FUNCTION recall(relation text, operator text, type text, query text) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	hits int := 0;
	statement text := format('SELECT id FROM %s ORDER BY e %s %L::%s LIMIT 10', relation, operator, '%s', type);
	one text;
	found int[];
	exact int[];
BEGIN
	FOR i IN 1..20 LOOP
		EXECUTE format('SELECT (%s)::text', query) INTO one USING 100000 + i * 7;
		PERFORM set_config('enable_indexscan', 'on', true);
		EXECUTE format('SELECT array(%s)', replace(statement, '%s', one)) INTO found;
		PERFORM set_config('enable_indexscan', 'off', true);
		EXECUTE format('SELECT array(%s)', replace(statement, '%s', one)) INTO exact;
		hits := hits + (SELECT count(*) FROM unnest(found) f WHERE f = ANY (exact));
	END LOOP;
	PERFORM set_config('enable_indexscan', 'on', true);
	RETURN hits / 200.0;
END $$;

-- ---- Dense vectors: all metrics, found as exact scans find them ----
CREATE TABLE dense (id int PRIMARY KEY, e vector(24), h halfvec(24));
INSERT INTO dense SELECT i, vec(i, 24)::vector, vec(i, 24)::halfvec FROM generate_series(1, 3000) i;
ANALYZE dense;
CREATE INDEX dense_e ON dense USING epiphany_hnsw (e vector_l2_ops);
EXPLAIN (COSTS OFF) SELECT id FROM dense ORDER BY e <-> vec(7, 24)::vector LIMIT 3;
SELECT id, (e <-> vec(7, 24)::vector)::numeric(10, 4) AS distance FROM dense ORDER BY e <-> vec(7, 24)::vector LIMIT 3;
SELECT recall('dense', '<->', 'vector', 'vec($1, 24)::vector') >= 0.95 AS l2;
DROP INDEX dense_e;
CREATE INDEX dense_e ON dense USING epiphany_hnsw (e vector_cosine_ops);
SELECT recall('dense', '<=>', 'vector', 'vec($1, 24)::vector') >= 0.95 AS cosine;
DROP INDEX dense_e;
CREATE INDEX dense_e ON dense USING epiphany_hnsw (e vector_ip_ops);
SELECT recall('dense', '<#>', 'vector', 'vec($1, 24)::vector') >= 0.9 AS inner_product;
DROP INDEX dense_e;
CREATE INDEX dense_e ON dense USING epiphany_hnsw (e vector_l1_ops);
SELECT recall('dense', '<+>', 'vector', 'vec($1, 24)::vector') >= 0.95 AS l1;
DROP INDEX dense_e;
CREATE VIEW halves AS SELECT id, h AS e FROM dense;
CREATE INDEX dense_h ON dense USING epiphany_hnsw (h halfvec_l2_ops);
SELECT recall('halves', '<->', 'halfvec', 'vec($1, 24)::halfvec') >= 0.95 AS half_l2;
DROP INDEX dense_h;
CREATE INDEX dense_h ON dense USING epiphany_hnsw (h halfvec_cosine_ops);
SELECT recall('halves', '<=>', 'halfvec', 'vec($1, 24)::halfvec') >= 0.95 AS half_cosine;
DROP INDEX dense_h;
CREATE INDEX dense_h ON dense USING epiphany_hnsw (h halfvec_ip_ops);
SELECT recall('halves', '<#>', 'halfvec', 'vec($1, 24)::halfvec') >= 0.9 AS half_inner_product;
DROP INDEX dense_h;
CREATE INDEX dense_h ON dense USING epiphany_hnsw (h halfvec_l1_ops);
SELECT recall('halves', '<+>', 'halfvec', 'vec($1, 24)::halfvec') >= 0.95 AS half_l1;
DROP INDEX dense_h;

-- All bits find the same rows; more of them look up fewer.
CREATE INDEX dense_e ON dense USING epiphany_hnsw (e vector_l2_ops) WITH (bits = 1, m = 8, ef_construction = 40);
SELECT recall('dense', '<->', 'vector', 'vec($1, 24)::vector') >= 0.8 AS one_bit;
DROP INDEX dense_e;
CREATE INDEX dense_e ON dense USING epiphany_hnsw (e vector_l2_ops) WITH (bits = 7);
SELECT recall('dense', '<->', 'vector', 'vec($1, 24)::vector') >= 0.95 AS seven_bits;

-- An expression.
CREATE INDEX dense_expression ON dense USING epiphany_hnsw ((h::vector(24)) vector_l2_ops);
SELECT id FROM dense ORDER BY h::vector(24) <-> vec(8, 24)::vector LIMIT 1;
DROP INDEX dense_expression;

-- ---- Bits and sparse vectors ----
CREATE TABLE other (id int, b bit(64), s sparsevec(200));
INSERT INTO other SELECT i, hashint8extended(i % 50, 1)::bit(64) # ((hashint8extended(i, 2) & hashint8extended(i, 3) & hashint8extended(i, 4))::bit(64)),
	(SELECT '{' || string_agg(format('%s:%s', j, part(i, j)), ',') || '}/200' FROM generate_series(1 + i % 5, 200, 9) j WHERE part(i, j) > 0)::sparsevec
FROM generate_series(1, 2000) i;
ANALYZE other;
CREATE VIEW bits AS SELECT id, b AS e FROM other;
CREATE VIEW sparse AS SELECT id, s AS e FROM other;
CREATE INDEX other_b ON other USING epiphany_hnsw (b bit_hamming_ops);
SELECT id FROM other ORDER BY b <~> (SELECT b FROM other WHERE id = 33) LIMIT 1;
DROP INDEX other_b;
CREATE INDEX other_b ON other USING epiphany_hnsw (b bit_jaccard_ops);
SELECT id FROM other ORDER BY b <%> (SELECT b FROM other WHERE id = 34) LIMIT 1;
DROP INDEX other_b;
CREATE INDEX other_s ON other USING epiphany_hnsw (s sparsevec_l2_ops);
SELECT id FROM other ORDER BY s <-> (SELECT s FROM other WHERE id = 35) LIMIT 1;
SELECT recall('sparse', '<->', 'sparsevec', '(SELECT s FROM other WHERE id = $1 - 99000)') >= 0.9 AS sparse_l2;
DROP INDEX other_s;
CREATE INDEX other_s ON other USING epiphany_hnsw (s sparsevec_cosine_ops);
SELECT recall('sparse', '<=>', 'sparsevec', '(SELECT s FROM other WHERE id = $1 - 99000)') >= 0.9 AS sparse_cosine;
DROP INDEX other_s;
CREATE INDEX other_s ON other USING epiphany_hnsw (s sparsevec_ip_ops);
SELECT recall('sparse', '<#>', 'sparsevec', '(SELECT s FROM other WHERE id = $1 - 99000)') >= 0.8 AS sparse_ip;
DROP INDEX other_s;
CREATE INDEX other_s ON other USING epiphany_hnsw (s sparsevec_l1_ops);
SELECT recall('sparse', '<+>', 'sparsevec', '(SELECT s FROM other WHERE id = $1 - 99000)') >= 0.9 AS sparse_l1;
DROP TABLE other CASCADE;

-- ---- What is refused ----
CREATE TABLE refused (a vector, b vector(3), c vector(16000), d bit(64000), n int);
CREATE INDEX ON refused USING epiphany_hnsw (a vector_l2_ops);
CREATE INDEX ON refused USING epiphany_hnsw (b);
CREATE INDEX ON refused USING epiphany_hnsw (n);
CREATE INDEX ON refused USING epiphany_hnsw (b vector_l2_ops, n);
CREATE UNIQUE INDEX ON refused USING epiphany_hnsw (b vector_l2_ops);
CREATE INDEX ON refused USING epiphany_hnsw (b vector_l2_ops) WITH (m = 1);
CREATE INDEX ON refused USING epiphany_hnsw (b vector_l2_ops) WITH (m = 101);
CREATE INDEX ON refused USING epiphany_hnsw (b vector_l2_ops) WITH (ef_construction = 3);
CREATE INDEX ON refused USING epiphany_hnsw (b vector_l2_ops) WITH (m = 16, ef_construction = 31);
CREATE INDEX ON refused USING epiphany_hnsw (b vector_l2_ops) WITH (bits = 8);
CREATE INDEX ON refused USING epiphany_hnsw (c vector_l1_ops);
CREATE INDEX ON refused USING epiphany_hnsw (d bit_hamming_ops) WITH (m = 32);
SET epiphany.hnsw_ef_search = 0;
SET epiphany.hnsw_ef_search = 1001;
-- 16,000 dimensions have codes of fewer bits.
CREATE INDEX ON refused USING epiphany_hnsw (c vector_cosine_ops);
INSERT INTO refused (c) SELECT array_fill(i, ARRAY[8000]) || array_fill(1, ARRAY[8000]) FROM generate_series(1, 20) i;
SELECT c[1] FROM (SELECT subvector(c, 1, 1)::real[] AS c FROM refused ORDER BY c <=> (array_fill(7, ARRAY[8000]) || array_fill(1, ARRAY[8000]))::vector LIMIT 1) s;
DROP TABLE refused;

-- ---- NULLs, zeros, duplicates, an empty index ----
CREATE TABLE few (id int, e vector(3));
CREATE INDEX few_l2 ON few USING epiphany_hnsw (e vector_l2_ops);
SELECT * FROM few ORDER BY e <-> '[1,1,1]';
INSERT INTO few VALUES (1, '[1,1,1]'), (2, '[0,0,0]'), (3, NULL), (4, '[1,2,4]');
SELECT * FROM few ORDER BY e <-> '[1,1,1.1]';
SELECT count(*) FROM (SELECT * FROM few ORDER BY e <-> NULL::vector) s;
SELECT * FROM few ORDER BY e <-> '[1,1]';
DROP INDEX few_l2;
CREATE INDEX few_cosine ON few USING epiphany_hnsw (e vector_cosine_ops);
SELECT * FROM few ORDER BY e <=> '[1,1,1]';
SELECT count(*) FROM (SELECT * FROM few ORDER BY e <=> '[0,0,0]') s;
INSERT INTO few SELECT 10 + i, '[3,1,2]' FROM generate_series(1, 1000) i;
SET epiphany.vector_iterative_scan = relaxed_order;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM few ORDER BY e <=> '[3,1,2]') s;
RESET epiphany.vector_iterative_scan;
SET epiphany.hnsw_ef_search = 1;
SELECT count(*) FROM (SELECT id FROM few ORDER BY e <=> '[3,1,2]' LIMIT 10) s;
RESET epiphany.hnsw_ef_search;
TRUNCATE few;
SELECT * FROM few ORDER BY e <=> '[1,1,1]';
INSERT INTO few VALUES (1, '[1,1,1]');
SELECT * FROM few ORDER BY e <=> '[1,1,1]';
DROP TABLE few;

-- ---- Changes ----
INSERT INTO dense SELECT i, vec(i, 24)::vector, NULL FROM generate_series(3001, 4000) i;
SELECT recall('dense', '<->', 'vector', 'vec($1, 24)::vector') >= 0.95 AS after_inserts;
SELECT id FROM dense ORDER BY e <-> vec(3777, 24)::vector LIMIT 1;
DELETE FROM dense WHERE id % 3 = 0;
SELECT recall('dense', '<->', 'vector', 'vec($1, 24)::vector') >= 0.95 AS after_deletes;
VACUUM dense;
SELECT recall('dense', '<->', 'vector', 'vec($1, 24)::vector') >= 0.95 AS after_vacuum;
SELECT pg_relation_size('dense_e') AS before \gset
INSERT INTO dense SELECT i, vec(i, 24)::vector, NULL FROM generate_series(3, 3990, 3) i;
SELECT recall('dense', '<->', 'vector', 'vec($1, 24)::vector') >= 0.95 AS after_reuse;
SELECT pg_relation_size('dense_e') <= :before * 1.02 AS space_was_reused;
-- Every row is found, wherever in the graph it is.
SET epiphany.vector_iterative_scan = relaxed_order;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM dense ORDER BY e <-> vec(5, 24)::vector) s;
RESET epiphany.vector_iterative_scan;
UPDATE dense SET e = vec(id + 1, 24)::vector WHERE id = 500;
SELECT id FROM dense ORDER BY e <-> vec(501, 24)::vector, id LIMIT 2;
DELETE FROM dense WHERE id > 10;
VACUUM dense;
SELECT count(*) FROM (SELECT id FROM dense ORDER BY e <-> vec(5, 24)::vector) s;
DELETE FROM dense;
VACUUM dense;
SELECT count(*) FROM (SELECT id FROM dense ORDER BY e <-> vec(5, 24)::vector) s;
INSERT INTO dense SELECT i, vec(i, 24)::vector, NULL FROM generate_series(1, 3000) i;
SELECT recall('dense', '<->', 'vector', 'vec($1, 24)::vector') >= 0.95 AS filled_again;

-- ---- Iterative scans ----
SELECT count(*) FROM (SELECT id FROM dense WHERE id % 300 = 7 ORDER BY e <-> vec(7, 24)::vector LIMIT 10) s;
SET epiphany.vector_iterative_scan = off;
SELECT count(*) < 10 AS ends FROM (SELECT id FROM dense WHERE id % 300 = 7 ORDER BY e <-> vec(7, 24)::vector LIMIT 10) s;
SET epiphany.vector_iterative_scan = relaxed_order;
SELECT count(*) FROM (SELECT id FROM dense ORDER BY e <-> vec(7, 24)::vector) s;
SET epiphany.vector_max_scan_tuples = 500;
SELECT count(*) BETWEEN 100 AND 2000 AS bounded FROM (SELECT id FROM dense ORDER BY e <-> vec(7, 24)::vector) s;
RESET epiphany.vector_max_scan_tuples;
SET epiphany.vector_iterative_scan = strict_order;
-- strict_order: distances never fall.
SELECT bool_and(d >= before) AS in_order FROM (SELECT d, lag(d, 1, 0) OVER () AS before FROM
	(SELECT e <-> vec(9, 24)::vector AS d FROM dense ORDER BY e <-> vec(9, 24)::vector LIMIT 500) s) s;
-- Nor do rows get lost behind a filter: three dimensions, where codes say least about which of two rows is nearer.
CREATE FUNCTION in_cube(i int) RETURNS vector LANGUAGE sql IMMUTABLE AS
$$ SELECT array_agg(((hashint8extended(i, j) & 65535) / 65536.0)::real ORDER BY j)::vector FROM generate_series(1, 3) j $$;
CREATE TABLE cube (id int, e vector(3));
INSERT INTO cube SELECT i, in_cube(i) FROM generate_series(1, 10000) i;
ANALYZE cube;
CREATE INDEX ON cube USING epiphany_hnsw (e vector_l2_ops);
CREATE VIEW fiftieth AS SELECT id, e FROM cube WHERE id % 50 = 0;
SET enable_sort = off;
SELECT recall('fiftieth', '<->', 'vector', 'in_cube($1)') >= 0.99 AS filtered;
SELECT count(*) > 9900 AS nearly_all, bool_and(d >= before) AS in_order FROM (SELECT d, lag(d, 1, 0) OVER () AS before FROM
	(SELECT e <-> in_cube(0) AS d FROM cube ORDER BY e <-> in_cube(0)) s) s;
-- Where the scan is not to go on, what was held back comes.
SET epiphany.vector_max_scan_tuples = 1;
SELECT count(*) >= current_setting('epiphany.hnsw_ef_search')::int AS comes, bool_and(d >= before) AS in_order FROM (SELECT d, lag(d, 1, 0) OVER () AS before FROM
	(SELECT e <-> in_cube(0) AS d FROM cube ORDER BY e <-> in_cube(0)) s) s;
RESET epiphany.vector_max_scan_tuples;
RESET enable_sort;
RESET epiphany.vector_iterative_scan;

-- ---- Cursors, joins, rescans ----
BEGIN;
DECLARE a CURSOR FOR SELECT id FROM dense ORDER BY e <-> vec(11, 24)::vector;
DECLARE b CURSOR FOR SELECT id FROM dense ORDER BY e <-> vec(12, 24)::vector;
FETCH 1 a;
FETCH 1 b;
MOVE 100 a;
MOVE 100 b;
FETCH 1 a \gset a_
FETCH 1 b \gset b_
SELECT count(*) AS before FROM dense WHERE e <-> vec(11, 24)::vector < (SELECT e <-> vec(11, 24)::vector FROM dense WHERE id = :a_id) \gset a_
SELECT count(*) AS before FROM dense WHERE e <-> vec(12, 24)::vector < (SELECT e <-> vec(12, 24)::vector FROM dense WHERE id = :b_id) \gset b_
SELECT :a_before BETWEEN 100 AND 110 AS a, :b_before BETWEEN 100 AND 110 AS b;
COMMIT;
SELECT q, array_agg(id) FROM generate_series(1, 3) q, LATERAL (SELECT id FROM dense ORDER BY e <-> vec(q, 24)::vector LIMIT 1) s GROUP BY q ORDER BY q;

-- ---- Other tables, other ways to build ----
CREATE TABLE columns (id int, e vector(24)) USING epiphany_column;
INSERT INTO columns SELECT i, vec(i, 24)::vector FROM generate_series(1, 3000) i;
INSERT INTO columns VALUES (3001, vec(3001, 24)::vector);
CREATE INDEX columns_e ON columns USING epiphany_hnsw (e vector_l2_ops);
SELECT recall('columns', '<->', 'vector', 'vec($1, 24)::vector') >= 0.95 AS column_table;
DELETE FROM columns WHERE id % 2 = 0;
VACUUM columns;
SELECT recall('columns', '<->', 'vector', 'vec($1, 24)::vector') >= 0.95 AS column_vacuum;
DROP TABLE columns;
REINDEX INDEX CONCURRENTLY dense_e;
SELECT recall('dense', '<->', 'vector', 'vec($1, 24)::vector') >= 0.95 AS reindexed;
DROP INDEX dense_e;
CREATE INDEX CONCURRENTLY dense_e ON dense USING epiphany_hnsw (e vector_l2_ops);
SELECT recall('dense', '<->', 'vector', 'vec($1, 24)::vector') >= 0.95 AS concurrently;
DROP INDEX dense_e;
SET maintenance_work_mem = '1MB';
CREATE INDEX dense_e ON dense USING epiphany_hnsw (e vector_l2_ops) WITH (m = 32);
RESET maintenance_work_mem;
SELECT recall('dense', '<->', 'vector', 'vec($1, 24)::vector') >= 0.95 AS memory_was_short;
CREATE TEMPORARY TABLE mine (id int, e vector(24));
INSERT INTO mine SELECT id, e FROM dense;
CREATE INDEX mine_e ON mine USING epiphany_hnsw (e vector_l2_ops);
INSERT INTO mine SELECT id + 3000, e + e FROM dense;
SELECT id FROM mine ORDER BY e <-> vec(44, 24)::vector LIMIT 1;
DROP TABLE mine;
CREATE UNLOGGED TABLE unlogged (id int, e vector(24));
CREATE INDEX ON unlogged USING epiphany_hnsw (e vector_l2_ops);
INSERT INTO unlogged SELECT id, e FROM dense;
SELECT id FROM unlogged ORDER BY e <-> vec(45, 24)::vector LIMIT 1;
DROP TABLE unlogged;

-- Without an order the index is of no use; the planner takes it where few rows are wanted, and not where all are.
SET enable_seqscan = on;
EXPLAIN (COSTS OFF) SELECT id FROM dense;
EXPLAIN (COSTS OFF) SELECT id FROM dense ORDER BY e <-> vec(7, 24)::vector LIMIT 3;
EXPLAIN (COSTS OFF) SELECT id FROM dense ORDER BY e <-> vec(7, 24)::vector;
SELECT amname, opcname, amvalidate(o.oid) FROM pg_opclass o JOIN pg_am a ON a.oid = opcmethod WHERE amname = 'epiphany_hnsw' ORDER BY 2;

\c regression
DROP DATABASE hnsw;
