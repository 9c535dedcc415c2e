-- Which plan is chosen for the nearest rows that a condition leaves: by the index of vectors, by another index first, or by a scan. What the
-- choices should be was measured; the choices of a table of 1,000 rows, and what is near a border, are left out.
CREATE DATABASE choice;
\c choice
SET client_min_messages = warning;
CREATE EXTENSION epiphany_vectorstore CASCADE;
RESET client_min_messages;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE h (id int, bucket int, e vector(64) NOT NULL);
INSERT INTO h SELECT i, hashint4(i) & 8191, (SELECT array_agg(sin(i % 200 * 7 + g) + 0.3 * sin(i * (g + 1.5)) ORDER BY g)::real[]::vector FROM generate_series(1, 64) g)
FROM generate_series(1, 30000) i;
CREATE TABLE f (LIKE h) USING epiphany_vector;
INSERT INTO f SELECT * FROM h;
CREATE INDEX h_bucket ON h (bucket);
CREATE INDEX f_bucket ON f (bucket);
CREATE TABLE g (LIKE h);
INSERT INTO g SELECT * FROM h;
CREATE INDEX g_bucket ON g (bucket);
VACUUM ANALYZE h, f, g;
CREATE INDEX h_vectors ON h USING epiphany_ivf (e vector_l2_ops);
CREATE INDEX f_vectors ON f USING epiphany_ivf (e vector_l2_ops);
CREATE INDEX g_vectors ON g USING epiphany_hnsw (e vector_l2_ops) WITH (m = 8, ef_construction = 32);
CREATE FUNCTION choice(name text, share numeric, bound int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
	EXECUTE format('EXPLAIN (FORMAT json) SELECT id FROM %I WHERE bucket < %s ORDER BY e <-> (SELECT e FROM h WHERE id = 77 LIMIT 1) LIMIT %s', name,
		(8192 * share)::int, bound) INTO plan;
	plan := (SELECT p FROM json_array_elements(CASE WHEN plan->0->'Plan'->>'Node Type' = 'Limit' THEN plan->0->'Plan'->'Plans' ELSE json_build_array(plan->0->'Plan') END) p
		WHERE p->>'Subplan Name' IS NULL);
	IF plan->>'Node Type' = 'Sort' THEN plan := plan->'Plans'->0; END IF;
	RETURN coalesce(plan->>'Index Name', CASE WHEN plan->>'Node Type' = 'Bitmap Heap Scan' THEN plan->'Plans'->0->>'Index Name' END, plan->>'Custom Plan Provider',
		plan->>'Node Type');
END$$;
SELECT bound, share, choice('h', share, bound) AS heap_lists, choice('g', share, bound) AS heap_graph, choice('f', share, bound) AS vector_lists
FROM (VALUES (10), (1000)) b(bound), (VALUES (1), (0.1), (0.01), (0.001)) s(share) ORDER BY 1, 2 DESC;
-- Without indexes of vectors.
DROP INDEX h_vectors, f_vectors;
SELECT bound, share, choice('h', share, bound) AS heap, choice('f', share, bound) AS vector
FROM (VALUES (10), (1000)) b(bound), (VALUES (1), (0.1), (0.01), (0.001)) s(share) ORDER BY 1, 2 DESC;
\c regression
SET client_min_messages = warning;
DROP DATABASE choice;
