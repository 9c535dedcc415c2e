-- Builds of vector indexes by several processes, and with little memory. What they give is what a build by one process with enough gives.
CREATE DATABASE vector_build;
\c vector_build
CREATE EXTENSION pg_epiphany CASCADE;
CREATE EXTENSION epiphany_vectorstore;
SET client_min_messages = warning;
SET enable_seqscan = off;
SET max_parallel_maintenance_workers = 2;

-- Numbers that are as good as random, and the same everywhere; clusters around 40 points.
CREATE FUNCTION noise(i bigint, j bigint) RETURNS float8 LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT (hashint8extended(i * 1000003 + j, 7) & 1048575) / 1048576.0 - 0.5 $$;
CREATE FUNCTION clustered(i bigint, dims int) RETURNS vector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT array_agg(noise(-1 - i % 40, j) * 4 + noise(i, j) ORDER BY j)::vector FROM generate_series(1, dims) j $$;

CREATE TABLE items (id bigint, part int, v vector(24)) WITH (parallel_workers = 2);
INSERT INTO items SELECT i, i % 3, clustered(i, 24) FROM generate_series(1, 4000) i;
INSERT INTO items VALUES (4001, 0, NULL);
CREATE TABLE columns (id bigint, part int, v vector(24)) USING epiphany_vector;
INSERT INTO columns SELECT * FROM items WHERE id <= 3000;
SELECT epiphany.compact('columns');
INSERT INTO columns SELECT * FROM items WHERE id > 3000;
ANALYZE items, columns;

-- All rows once through the index, and how many of the nearest ten are among the first ten that it gives, of 25 queries.
CREATE FUNCTION through(tab regclass, filter text = 'true') RETURNS TABLE (used bool, all_rows bool, recall text) LANGUAGE plpgsql AS $$
DECLARE
	statement text := format('SELECT id FROM %s WHERE %s ORDER BY v <-> $1', tab, filter);
	sorted text := format('SELECT id FROM %s WHERE %s ORDER BY (v <-> $1) + 0', tab, filter);
	plan text; line text; hits int; sum int := 0; rows bigint; there bigint;
BEGIN
	plan := '';
	FOR line IN EXECUTE 'EXPLAIN (COSTS off) ' || replace(statement, '$1', quote_literal(clustered(7, 24))) || ' LIMIT 10' LOOP
		plan := plan || line;
	END LOOP;
	used := plan LIKE '%Index Scan using%';
	EXECUTE format('SELECT count(*) FROM %s WHERE v IS NOT NULL AND %s', tab, filter) INTO there;
	SET LOCAL enable_sort = off;
	EXECUTE format('SELECT count(DISTINCT id) FROM (%s OFFSET 0) s', statement) INTO rows USING clustered(7, 24);
	SET LOCAL enable_sort = on;
	all_rows := rows = there;
	FOR i IN 1..25 LOOP
		EXECUTE format('SELECT count(*) FROM (%s LIMIT 10) a JOIN (%s LIMIT 10) b USING (id)', statement, sorted) INTO hits
			USING clustered(100000 + i, 24);
		sum := sum + hits;
	END LOOP;
	recall := CASE WHEN sum >= 225 THEN 'good' ELSE sum::text END;
	RETURN NEXT;
END $$;
SET epiphany.ivf_probes = 12;

-- By three processes: heap, a column table, some rows, an expression, more and less memory.
CREATE INDEX built ON items USING epiphany_ivf (v vector_l2_ops);
SELECT * FROM through('items');
DROP INDEX built;
CREATE INDEX built ON items USING epiphany_hnsw (v vector_l2_ops);
SELECT * FROM through('items');
REINDEX INDEX CONCURRENTLY built;
SELECT * FROM through('items');
DROP INDEX built;
CREATE INDEX CONCURRENTLY built ON items USING epiphany_ivf (v vector_l2_ops) WITH (lists = 30);
SELECT * FROM through('items');
REINDEX TABLE CONCURRENTLY items;
SELECT * FROM through('items');
DROP INDEX built;
CREATE INDEX built ON items USING epiphany_hnsw (v vector_l2_ops) WHERE part = 1;
SELECT * FROM through('items', 'part = 1');
DROP INDEX built;
CREATE INDEX built ON items USING epiphany_ivf (v vector_l2_ops, part);
SELECT * FROM through('items', 'part = 2');
DROP INDEX built;
CREATE INDEX built ON columns USING epiphany_hnsw (v vector_l2_ops);
SELECT * FROM through('columns');
DROP INDEX built;
CREATE INDEX built ON columns USING epiphany_ivf (v vector_l2_ops);
SELECT * FROM through('columns');
DROP INDEX built;

-- As many as rows are in the same lists, whoever sorts them.
CREATE INDEX built ON items USING epiphany_ivf (v vector_l2_ops);
CREATE TEMP TABLE sizes AS SELECT pg_relation_size('built') AS bytes;
SET max_parallel_maintenance_workers = 0;
REINDEX INDEX built;
SELECT bytes = pg_relation_size('built') AS same FROM sizes;
SET max_parallel_maintenance_workers = 2;
DROP INDEX built;

-- Rows that are added in pages, by one process and by three.
SET client_min_messages = notice;
SET maintenance_work_mem = '1MB';
SET max_parallel_maintenance_workers = 0;
CREATE INDEX built ON items USING epiphany_hnsw (v vector_l2_ops);
SELECT * FROM through('items');
SET max_parallel_maintenance_workers = 2;
SET client_min_messages = warning;
REINDEX INDEX built;
SELECT * FROM through('items');
INSERT INTO items SELECT i, i % 3, clustered(i, 24) FROM generate_series(4002, 4300) i;
DELETE FROM items WHERE id % 5 = 0;
VACUUM items;
SELECT * FROM through('items');
DROP INDEX built;

-- Lists that memory does not hold are refused; without a wish there are fewer.
SET client_min_messages = notice;
CREATE TABLE wide (id int, v vector(16000));
INSERT INTO wide SELECT i, array_fill((i % 50)::float4, '{16000}')::vector FROM generate_series(1, 1100) i;
ANALYZE wide;
CREATE INDEX ON wide USING epiphany_ivf (v vector_l2_ops) WITH (lists = 100);
CREATE INDEX wide_v ON wide USING epiphany_ivf (v vector_l2_ops);
SELECT count(DISTINCT id) FROM (SELECT id FROM wide ORDER BY v <-> array_fill(3::float4, '{16000}')::vector OFFSET 0) s;
DROP INDEX wide_v;
SET maintenance_work_mem = '4MB';
CREATE INDEX wide_v ON wide USING epiphany_ivf (v vector_l2_ops) WITH (lists = 20);
DROP TABLE wide;
RESET maintenance_work_mem;
SET client_min_messages = warning;

-- Sparse vectors have as many dimensions as their type allows.
CREATE TABLE sparse (id int, v sparsevec(1000000000));
CREATE INDEX sparse_v ON sparse USING epiphany_hnsw (v sparsevec_l2_ops);
INSERT INTO sparse SELECT i, format('{1:%s,%s:1}/1000000000', i, i * 90000)::sparsevec FROM generate_series(1, 300) i;
SELECT id FROM sparse ORDER BY v <-> '{1:100,9000000:1}/1000000000' LIMIT 1;
ALTER TABLE sparse SET (parallel_workers = 2);
REINDEX INDEX sparse_v;
SELECT id FROM sparse ORDER BY v <-> '{1:100,9000000:1}/1000000000' LIMIT 1;
DROP TABLE sparse;

-- An error of a row, whoever meets it, ends the build for all.
CREATE FUNCTION careful(id bigint, v vector) RETURNS vector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS
$$ BEGIN IF id = 3456 THEN RAISE 'row % is not wanted', id; END IF; RETURN v; END $$;
CREATE FUNCTION attempt(statement text) RETURNS text LANGUAGE plpgsql AS
$$ BEGIN EXECUTE statement; RETURN 'it was built'; EXCEPTION WHEN raise_exception THEN RETURN sqlerrm; END $$;
SELECT attempt('CREATE INDEX ON items USING epiphany_ivf ((careful(id, v)::vector(24)) vector_l2_ops)');
SELECT attempt('CREATE INDEX ON items USING epiphany_hnsw ((careful(id, v)::vector(24)) vector_l2_ops)');
SET maintenance_work_mem = '1MB';
SELECT attempt('CREATE INDEX ON items USING epiphany_hnsw ((careful(id, v)::vector(24)) vector_l2_ops)');
RESET maintenance_work_mem;
SELECT count(*) FROM pg_index WHERE indrelid = 'items'::regclass;

-- Temporary tables have no workers.
CREATE TEMP TABLE own WITH (parallel_workers = 2) AS SELECT id, v::vector(24) AS v FROM items;
CREATE INDEX ON own USING epiphany_hnsw (v vector_l2_ops);
SELECT * FROM through('own');
\c regression
DROP DATABASE vector_build;
