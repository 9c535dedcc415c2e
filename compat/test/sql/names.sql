-- pgvector's names for our indexes. What pgvector's own tests look at is theirs to test (compat/check).
CREATE EXTENSION epiphany_columnstore;
CREATE EXTENSION vector;
SELECT extversion FROM pg_extension WHERE extname = 'vector';
SELECT amname, opcname, opcintype::regtype AS type, opcdefault AS "default" FROM pg_opclass JOIN pg_am a ON a.oid = opcmethod
WHERE amname IN ('hnsw', 'ivfflat') ORDER BY amname, opcname COLLATE "C";

CREATE TABLE items (id int, e vector(2));
INSERT INTO items SELECT i, ARRAY[i, 0] FROM generate_series(1, 1000) i;
CREATE INDEX by_graph ON items USING hnsw (e vector_l2_ops) WITH (m = 8, ef_construction = 32);
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM items ORDER BY e <-> '[7,0]' LIMIT 3;
SELECT id FROM items ORDER BY e <-> '[7.1,0]' LIMIT 3;

-- pgvector's settings are read by its names' indexes, ours by ours.
SET hnsw.ef_search = 5;
SET epiphany.hnsw_ef_search = 11;
SELECT count(*) FROM (SELECT FROM items ORDER BY e <-> '[7,0]') s;
SET hnsw.iterative_scan = relaxed_order;
SELECT count(*) FROM (SELECT FROM items ORDER BY e <-> '[7,0]') s;
SET hnsw.max_scan_tuples = 5;
SELECT count(*) < 200 AS stopped FROM (SELECT FROM items ORDER BY e <-> '[7,0]') s;
-- An error in between leaves ours as it was.
SELECT id FROM items ORDER BY e <-> '[7,0,0]' LIMIT 1;
SELECT name, setting FROM pg_settings WHERE name IN ('epiphany.hnsw_ef_search', 'epiphany.vector_iterative_scan', 'epiphany.vector_max_scan_tuples')
ORDER BY name COLLATE "C";
RESET ALL;
SET enable_seqscan = off;
DROP INDEX by_graph;

CREATE INDEX by_list ON items USING ivfflat (e) WITH (lists = 10);
EXPLAIN (COSTS OFF) SELECT id FROM items ORDER BY e <-> '[7,0]' LIMIT 3;
SELECT id FROM items ORDER BY e <-> '[7.1,0]' LIMIT 3;
SET ivfflat.probes = 10;
SELECT count(*) FROM (SELECT FROM items ORDER BY e <-> '[7,0]') s;
SET ivfflat.probes = 1;
SELECT count(*) < 1000 AS some FROM (SELECT FROM items ORDER BY e <-> '[7,0]') s;
SET ivfflat.iterative_scan = relaxed_order;
SELECT count(*) FROM (SELECT FROM items ORDER BY e <-> '[7,0]') s;
SET ivfflat.max_probes = 2;
SELECT count(*) < 1000 AS some FROM (SELECT FROM items ORDER BY e <-> '[7,0]') s;
CREATE INDEX ON items USING ivfflat (e, id);
RESET ALL;

-- epiphany_vectorstore beside it uses its types, and either's indexes are found.
CREATE EXTENSION epiphany_vectorstore;
DROP INDEX by_list;
CREATE INDEX ours ON items USING epiphany_hnsw (e vector_l2_ops);
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT id FROM items ORDER BY e <-> '[7,0]' LIMIT 3;
RESET enable_seqscan;
DROP EXTENSION vector;
DROP TABLE items;
DROP EXTENSION epiphany_vectorstore;
DROP EXTENSION vector;

-- The other way round there would be two of each.
CREATE EXTENSION epiphany_vectorstore;
CREATE EXTENSION vector;
DROP EXTENSION epiphany_vectorstore;
