-- epiphany_ivf: what may be indexed, what scans return. A database of its own, as the types go to public.
CREATE DATABASE ivf;
\c ivf
CREATE EXTENSION pg_epiphany CASCADE;
CREATE EXTENSION epiphany_vectorstore;
SET enable_seqscan = off;
SET client_min_messages = warning;
SELECT count(*) FROM pg_opclass c JOIN pg_am a ON a.oid = c.opcmethod WHERE a.amname = 'epiphany_ivf' AND NOT amvalidate(c.oid);
SELECT amname, pg_indexam_has_property(oid, 'can_order') AS can_order, pg_indexam_has_property(oid, 'can_multi_col') AS can_multi_col,
	pg_indexam_has_property(oid, 'can_unique') AS can_unique, pg_indexam_has_property(oid, 'can_include') AS can_include
FROM pg_am WHERE amname = 'epiphany_ivf';

-- Numbers that are as good as random, and the same everywhere.
CREATE FUNCTION noise(i bigint, j bigint) RETURNS float8 LANGUAGE sql IMMUTABLE AS
$$ SELECT (hashint8extended(i * 1000003 + j, 7) & 1048575) / 1048576.0 - 0.5 $$;
-- Clusters around 40 points.
CREATE FUNCTION clustered(i bigint, dims int, spread float8 = 0.5) RETURNS vector LANGUAGE sql IMMUTABLE AS
$$ SELECT array_agg(noise(-1 - i % 40, j) * 4 + noise(i, j) * spread ORDER BY j)::vector FROM generate_series(1, dims) j $$;

-- What is refused.
CREATE TABLE refused (v vector, v3 vector(3), h halfvec(3), s sparsevec(3), b bit(8), t text, n numeric, big vector(16000));
CREATE INDEX ON refused USING epiphany_ivf (v);
CREATE INDEX ON refused USING epiphany_ivf ((v::vector(3)));
CREATE INDEX ON refused USING epiphany_ivf (s);
CREATE INDEX ON refused USING epiphany_ivf (v3 vector_l1_ops);
CREATE INDEX ON refused USING epiphany_ivf (b bit_jaccard_ops);
CREATE INDEX ON refused USING epiphany_ivf (t);
CREATE INDEX ON refused USING epiphany_ivf (v3, h);
CREATE INDEX ON refused USING epiphany_ivf (v3, n);
CREATE INDEX ON refused USING epiphany_ivf (v3, t, t, t, t, t, t, t, t, t);
CREATE UNIQUE INDEX ON refused USING epiphany_ivf (v3);
CREATE INDEX ON refused USING epiphany_ivf (v3) INCLUDE (t);
CREATE INDEX ON refused USING epiphany_ivf (v3) WITH (lists = -1);
CREATE INDEX ON refused USING epiphany_ivf (v3) WITH (lists = 65537);
CREATE INDEX ON refused USING epiphany_ivf (v3) WITH (bits = 9);
CREATE INDEX ON refused USING epiphany_ivf (v3) WITH (m = 16);
CREATE INDEX ON refused USING epiphany_ivf (b) WITH (bits = 4);
CREATE INDEX ON refused USING epiphany_ivf (big) WITH (bits = 8);
CREATE INDEX ON refused USING epiphany_ivf (big);
DROP TABLE refused;
SET epiphany.ivf_probes = -1;
SET epiphany.vector_iterative_scan = maybe;

-- Each operator class gives what sorting gives: the distances of the nearest ten, over all lists.
CREATE TABLE items (id bigint PRIMARY KEY, v vector(24), h halfvec(24), b bit(24));
INSERT INTO items SELECT i, clustered(i, 24), clustered(i, 24)::halfvec, binary_quantize(clustered(i, 24, 3)) FROM generate_series(1, 3000) i;
ANALYZE items;
CREATE FUNCTION compare(tab text, col text, op text, query text, filter text = 'true', n int = 10) RETURNS TABLE (used bool, same bool, rows bigint)
LANGUAGE plpgsql AS $$
DECLARE
	sorted float8[];
	found float8[];
	plan text;
	statement text := format('SELECT array_agg(d) FROM (SELECT %I %s %L AS d FROM %I WHERE %s ORDER BY %I %s %L LIMIT %s) s',
		col, op, query, tab, filter, col, op, query, n);
BEGIN
	SET LOCAL enable_seqscan = on;
	SET LOCAL enable_indexscan = off;
	EXECUTE statement INTO sorted;
	SET LOCAL enable_indexscan = on;
	SET LOCAL enable_seqscan = off;
	SET LOCAL enable_sort = off;
	EXECUTE statement INTO found;
	EXECUTE 'EXPLAIN (FORMAT json) ' || statement INTO plan;
	RETURN QUERY SELECT plan LIKE '%Order By%', sorted IS NOT DISTINCT FROM found, coalesce(cardinality(found), 0)::bigint;
END $$;
SET epiphany.ivf_probes = 65536;
CREATE INDEX l2 ON items USING epiphany_ivf (v);
CREATE INDEX ip ON items USING epiphany_ivf (v vector_ip_ops) WITH (lists = 20);
CREATE INDEX cosine ON items USING epiphany_ivf (v vector_cosine_ops) WITH (bits = 1);
CREATE INDEX hl2 ON items USING epiphany_ivf (h) WITH (bits = 3);
CREATE INDEX hip ON items USING epiphany_ivf (h halfvec_ip_ops) WITH (lists = 1);
CREATE INDEX hcosine ON items USING epiphany_ivf (h halfvec_cosine_ops);
CREATE INDEX hamming ON items USING epiphany_ivf (b);
SELECT op, count(*) FILTER (WHERE used), count(*) FILTER (WHERE same), sum(rows)
FROM generate_series(10001, 10020) i, (VALUES ('<->'), ('<#>'), ('<=>')) o(op), compare('items', 'v', op, clustered(i, 24)::text)
GROUP BY op ORDER BY op;
SELECT op, count(*) FILTER (WHERE used), count(*) FILTER (WHERE same), sum(rows)
FROM generate_series(10001, 10020) i, (VALUES ('<->'), ('<#>'), ('<=>')) o(op), compare('items', 'h', op, clustered(i, 24)::text)
GROUP BY op ORDER BY op;
SELECT count(*) FILTER (WHERE used), count(*) FILTER (WHERE same), sum(rows)
FROM generate_series(10001, 10020) i, compare('items', 'b', '<~>', binary_quantize(clustered(i, 24, 3))::text);
-- More rows than a first look is good for, and all of them.
SELECT used, same, rows FROM compare('items', 'v', '<->', clustered(10001, 24)::text, 'true', 500);
SELECT used, same, rows FROM compare('items', 'v', '<->', clustered(10001, 24)::text, 'true', 5000);
RESET epiphany.ivf_probes;

-- Recall as it comes.
CREATE FUNCTION recall(tab text, col text, op text, dims int, filter text = 'true') RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	sorted bigint[];
	found bigint[];
	hits int := 0;
	statement text;
	total int := 0;
BEGIN
	FOR i IN 20001..20050 LOOP
		statement := format('SELECT array_agg(id) FROM (SELECT id FROM %I WHERE %s ORDER BY %I %s %L LIMIT 10) s',
			tab, filter, col, op, clustered(i, dims)::text);
		SET LOCAL enable_seqscan = on;
		SET LOCAL enable_indexscan = off;
		EXECUTE statement INTO sorted;
		SET LOCAL enable_indexscan = on;
		SET LOCAL enable_seqscan = off;
		EXECUTE statement INTO found;
		hits := hits + (SELECT count(*) FROM unnest(sorted) x WHERE x = ANY (found));
		total := total + cardinality(sorted);
	END LOOP;
	RETURN round(hits::numeric / total, 3);
END $$;
SELECT op, recall('items', 'v', op, 24) >= 0.95 AS enough FROM (VALUES ('<->'), ('<#>'), ('<=>')) o(op);
SELECT op, recall('items', 'h', op, 24) >= 0.95 AS enough FROM (VALUES ('<->'), ('<#>'), ('<=>')) o(op);
SET epiphany.ivf_probes = 1;
SELECT recall('items', 'v', '<->', 24) < 1 AS one_list_is_not_all;
RESET epiphany.ivf_probes;
DROP INDEX ip, cosine, hl2, hip, hcosine, hamming;

-- Columns to filter by: tested in the index, as far as the Index Cond says.
ALTER TABLE items ADD tenant int, ADD day date, ADD at timestamptz, ADD who text, ADD key uuid, ADD flag bool, ADD small int2;
UPDATE items SET tenant = id % 100, day = date '2026-01-01' + (id % 50)::int, at = '2026-01-01'::timestamptz + id % 50 * interval '1 day',
	who = 'user ' || id % 30, key = md5((id % 20)::text)::uuid, flag = id % 2 = 0, small = id % 7;
UPDATE items SET tenant = NULL, who = NULL WHERE id % 10 = 3;
VACUUM ANALYZE items;
CREATE INDEX filtered ON items USING epiphany_ivf (v, tenant, day, at, who, key, flag, small);
DROP INDEX l2;
CREATE FUNCTION query() RETURNS vector LANGUAGE sql STABLE AS $$ SELECT clustered(5, 24) OFFSET 0 $$;
EXPLAIN (COSTS OFF) SELECT id FROM items WHERE tenant = 7 AND small IN (1, 2) ORDER BY v <-> query() LIMIT 5;
EXPLAIN (COSTS OFF) SELECT id FROM items WHERE who = 'user 7' AND id > 7 ORDER BY v <-> query() LIMIT 5;
SELECT filter, used, same, rows FROM (VALUES ('tenant = 7'), ('tenant = 7::bigint'), ('tenant < 3'), ('tenant <= 3'), ('tenant >= 98'), ('tenant > 98'),
	('tenant BETWEEN 20 AND 25'), ('tenant IN (1, 7, 99, NULL)'), ('tenant = ANY (''{}'')'), ('tenant < ANY (''{5, 2}'')'),
	('tenant = NULL'), ('tenant > 5000000000'), ('tenant > -5000000000 AND tenant < 2'),
	('day = ''2026-01-08'''), ('day < ''2026-01-03'''), ('at > ''2026-02-17'''), ('who = ''user 7'''), ('who IN (''user 1'', ''user 2'')'),
	('key = md5(''7'')::uuid'), ('flag'), ('NOT flag'), ('flag = true AND small = 3'), ('small = 3 AND tenant = 38'),
	('tenant = 12345')) f(filter), compare('items', 'v', '<->', clustered(3, 24)::text, filter);
-- What the index cannot test, the executor does: it is given rows until it has enough.
SELECT filter, used, rows FROM (VALUES ('tenant IS NULL'), ('who > ''user 8'''), ('id % 1000 = 5')) f(filter),
	compare('items', 'v', '<->', clustered(3, 24)::text, filter, 3);
SELECT recall('items', 'v', '<->', 24, 'tenant < 10') >= 0.98 AS "10 %", recall('items', 'v', '<->', 24, 'tenant = 7') >= 0.98 AS "1 %",
	recall('items', 'v', '<->', 24, 'id % 300 = 0') >= 0.98 AS "not in the index";

-- NULLs, zeros and duplicates.
CREATE TABLE odd (id int, v vector(3));
INSERT INTO odd VALUES (1, NULL), (2, '[0,0,0]'), (3, '[1,0,0]'), (4, '[1,0,0]'), (5, '[0,2,0]'), (6, '[1e20,0,0]'), (7, '[3e38,3e38,0]'), (8, '[1e-42,0,0]');
CREATE INDEX odd_l2 ON odd USING epiphany_ivf (v);
SELECT id, v <-> '[1,0,0]' AS distance FROM odd ORDER BY v <-> '[1,0,0]', id;
SELECT id FROM odd ORDER BY v <-> NULL, id;
SELECT count(*) FROM (SELECT id FROM odd ORDER BY v <-> (SELECT NULL::vector) LIMIT 100) s;
DROP INDEX odd_l2;
CREATE INDEX odd_cosine ON odd USING epiphany_ivf (v vector_cosine_ops);
SELECT id FROM odd WHERE id < 6 ORDER BY v <=> '[1,0,0]', id;
SELECT count(*) FROM (SELECT id FROM odd ORDER BY v <=> '[0,0,0]' LIMIT 100) s;
DROP TABLE odd;
CREATE TABLE same (id int, v vector(3));
INSERT INTO same SELECT i, '[1,2,3]' FROM generate_series(1, 2500) i;
CREATE INDEX ON same USING epiphany_ivf (v);
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM same ORDER BY v <-> '[1,2,4]' LIMIT 3000) s;
DROP TABLE same;

-- From nothing: rows that come later are found; other dimensions are refused.
CREATE TABLE later (id bigint, v vector(8), tenant int);
CREATE INDEX later_v ON later USING epiphany_ivf (v vector_cosine_ops, tenant) WITH (lists = 10);
SELECT id FROM later ORDER BY v <=> '[1,1,1,1,1,1,1,1]' LIMIT 1;
INSERT INTO later SELECT i, clustered(i, 8), i % 3 FROM generate_series(1, 1000) i;
SELECT used, same, rows FROM compare('later', 'v', '<=>', clustered(5, 8)::text);
SELECT used, same, rows FROM compare('later', 'v', '<=>', clustered(5, 8)::text, 'tenant = 2');
INSERT INTO later VALUES (0, '[1,2]', 1);
SELECT id FROM later ORDER BY v <=> '[1,2]' LIMIT 1;
VACUUM later;
SELECT used, same, rows FROM compare('later', 'v', '<=>', clustered(5, 8)::text);
SELECT used, same, rows FROM compare('later', 'v', '<=>', clustered(5, 8)::text, 'tenant = 2', 400);
-- Deleted, vacuumed, and again: the file does not grow.
DELETE FROM later;
VACUUM later;
SELECT id FROM later ORDER BY v <=> '[1,1,1,1,1,1,1,1]' LIMIT 1;
INSERT INTO later SELECT i, clustered(i, 8), i % 3 FROM generate_series(1, 1000) i;
VACUUM later;
SELECT pg_relation_size('later_v') AS bytes \gset
DELETE FROM later;
VACUUM later;
INSERT INTO later SELECT i, clustered(i, 8), i % 3 FROM generate_series(1, 1000) i;
VACUUM later;
SELECT pg_relation_size('later_v') <= :bytes AS no_larger;
SELECT used, same, rows FROM compare('later', 'v', '<=>', clustered(5, 8)::text);
REINDEX INDEX later_v;
SELECT used, same, rows FROM compare('later', 'v', '<=>', clustered(5, 8)::text);
REINDEX INDEX CONCURRENTLY later_v;
SELECT used, same, rows FROM compare('later', 'v', '<=>', clustered(5, 8)::text, 'tenant = 0', 400);
TRUNCATE later;
SELECT count(*) FROM (SELECT id FROM later ORDER BY v <=> '[1,1,1,1,1,1,1,1]' LIMIT 10) s;
DROP TABLE later;

-- Executors of every kind: cursors, LATERAL, prepared statements, expressions, partial indexes, other orders.
BEGIN;
DECLARE near CURSOR FOR SELECT id FROM items ORDER BY v <-> clustered(7, 24);
FETCH 1 FROM near;
MOVE 60 FROM near;
CLOSE near;
COMMIT;
SELECT q.id, n.id = q.id AS itself FROM (SELECT * FROM items WHERE id <= 3) q, LATERAL (SELECT id FROM items ORDER BY v <-> q.v LIMIT 1) n ORDER BY 1;
PREPARE nearest(vector) AS SELECT id FROM items ORDER BY v <-> $1 LIMIT 1;
SET plan_cache_mode = force_generic_plan;
EXECUTE nearest(clustered(11, 24));
EXECUTE nearest(clustered(12, 24));
RESET plan_cache_mode;
CREATE INDEX expression ON items USING epiphany_ivf ((subvector(v, 1, 8)::vector(8)) vector_l2_ops) WHERE id <= 2000;
EXPLAIN (COSTS OFF) SELECT id FROM items WHERE id <= 2000 ORDER BY subvector(v, 1, 8)::vector(8) <-> subvector(query(), 1, 8) LIMIT 1;
SELECT id FROM items WHERE id <= 2000 ORDER BY subvector(v, 1, 8)::vector(8) <-> subvector(query(), 1, 8) LIMIT 1;
DROP INDEX expression;
SET enable_seqscan = on;
EXPLAIN (COSTS OFF) SELECT count(*) FROM items WHERE tenant = 7;
EXPLAIN (COSTS OFF) SELECT id FROM items ORDER BY v <-> query() LIMIT 10;
EXPLAIN (COSTS OFF) SELECT id FROM items ORDER BY v <-> query();
EXPLAIN (COSTS OFF) SELECT id FROM items WHERE id = 5 ORDER BY v <-> query() LIMIT 10;
SET enable_seqscan = off;

-- Scans that may not go on: fewer rows, in order; or more, in the order that they are found.
SET epiphany.ivf_probes = 1;
SET epiphany.vector_iterative_scan = off;
SELECT count(*) < 3000 AS fewer, bool_and(ascends) FROM (SELECT d >= lag(d, 1, d) OVER () AS ascends FROM
	(SELECT v <-> (SELECT query()) AS d FROM items ORDER BY v <-> (SELECT query())) s) t;
SET epiphany.vector_iterative_scan = strict_order;
SELECT count(*) > 2500 AS most, bool_and(ascends) FROM (SELECT d >= lag(d, 1, d) OVER () AS ascends FROM
	(SELECT v <-> (SELECT query()) AS d FROM items ORDER BY v <-> (SELECT query())) s) t;
SET epiphany.vector_iterative_scan = relaxed_order;
SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM items ORDER BY v <-> (SELECT query()) LIMIT 5000) s;
SET epiphany.vector_max_scan_tuples = 1;
SELECT count(*) < 3000 AS fewer FROM (SELECT id FROM items ORDER BY v <-> (SELECT query()) LIMIT 5000) s;
RESET epiphany.vector_max_scan_tuples;
RESET epiphany.vector_iterative_scan;
RESET epiphany.ivf_probes;

-- Long vectors: toasted rows, blocks that go over several pages; column tables; unlogged and temporary ones.
CREATE TABLE long (id bigint, v vector(3000), b bit(20000));
INSERT INTO long SELECT i, (SELECT array_agg((hashint8(i % 4 * 10000 + j) & 1023) + (hashint8(i * 10000 + j) & 255))
		FROM generate_series(1, 3000) j)::vector,
	('x' || (SELECT string_agg(md5(i || ' ' || j), '') FROM generate_series(1, 157) j))::bit(20000) FROM generate_series(1, 150) i;
CREATE INDEX ON long USING epiphany_ivf (v) WITH (lists = 3);
CREATE INDEX ON long USING epiphany_ivf (b) WITH (lists = 3);
SELECT used, same, rows FROM compare('long', 'v', '<->', (SELECT v FROM long WHERE id = 5)::text);
SELECT used, same, rows FROM compare('long', 'b', '<~>', (SELECT b FROM long WHERE id = 5)::text);
DELETE FROM long WHERE id % 3 = 0;
VACUUM long;
SELECT used, same, rows FROM compare('long', 'v', '<->', (SELECT v FROM long WHERE id = 5)::text, 'true', 100);
DROP TABLE long;
CREATE TABLE columns (id bigint, v vector(24), tenant int) USING epiphany_column;
INSERT INTO columns SELECT id, v, tenant FROM items;
CREATE INDEX ON columns USING epiphany_ivf (v, tenant);
SELECT used, same, rows FROM compare('columns', 'v', '<->', clustered(3, 24)::text);
SELECT used, same, rows FROM compare('columns', 'v', '<->', clustered(3, 24)::text, 'tenant = 7');
INSERT INTO columns SELECT id + 10000, clustered(id + 10000, 24), 7 FROM items WHERE id <= 300;
DELETE FROM columns WHERE id % 2 = 0;
VACUUM columns;
SELECT used, same, rows FROM compare('columns', 'v', '<->', clustered(3, 24)::text, 'tenant = 7');
DROP TABLE columns;
CREATE UNLOGGED TABLE unlogged (id bigint, v vector(24));
CREATE INDEX ON unlogged USING epiphany_ivf (v);
INSERT INTO unlogged SELECT id, v FROM items;
SELECT used, same, rows FROM compare('unlogged', 'v', '<->', clustered(3, 24)::text);
DROP TABLE unlogged;
CREATE TEMP TABLE temporary (id bigint, v vector(24));
INSERT INTO temporary SELECT id, v FROM items;
CREATE INDEX ON temporary USING epiphany_ivf (v);
SELECT used, same, rows FROM compare('temporary', 'v', '<->', clustered(3, 24)::text);
\c regression
DROP DATABASE ivf;
