-- Many queries in one pass, fusion of ranks, and indexes made by name.
CREATE DATABASE search;
\c search
SET client_min_messages = warning;
CREATE EXTENSION epiphany_vectorstore CASCADE;
RESET client_min_messages;
CREATE FUNCTION noise(i int, g int) RETURNS real LANGUAGE sql IMMUTABLE AS $$SELECT (hashint8(i * 1000::bigint + g) % 1000)::real / 1000$$;
CREATE FUNCTION noisy(i int, dims int) RETURNS real[] LANGUAGE sql IMMUTABLE AS
	$$SELECT array_agg(noise(i % 50, g) - 0.5 + 0.3 * noise(i, -g)) FROM generate_series(1, dims) g$$;
CREATE TABLE n (id int, v vector(64), half halfvec(64), free vector) USING epiphany_vector WITH (epiphany.row_group_rows = 2048);
INSERT INTO n SELECT i, CASE WHEN i % 37 > 0 THEN noisy(i, 64)::vector END, noisy(i, 64), '[1]' FROM generate_series(1, 5000) i;
DELETE FROM n WHERE id % 11 = 3;
UPDATE n SET v = noisy(id + 1, 64) WHERE id % 13 = 5;
SELECT row_groups, delta_rows > 0 AS delta FROM epiphany.table_stats('n');
CREATE TABLE q AS SELECT i::int, CASE WHEN i <> 4 THEN noisy(10000 + i, 64)::vector END AS v FROM generate_series(1, 6) i;

-- What a query for each gives; the fourth is null. Rows are joined by TID.
CREATE FUNCTION differs(metric text, op text, col text, k int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE result bigint;
BEGIN
	EXECUTE format('WITH batch AS (
			SELECT s.query, n.id, s.distance FROM epiphany.vector_search(''n'', %1$L, (SELECT array_agg(v::%2$s ORDER BY i) FROM q), %3$s, %4$L) s
			JOIN n ON n.ctid = s.tid),
		single AS (
			SELECT q.i, s.* FROM q, LATERAL (SELECT id, %1$I %5$s q.v::%2$s AS d FROM n WHERE %1$I IS NOT NULL ORDER BY %1$I %5$s q.v::%2$s LIMIT %3$s) s
			WHERE q.v IS NOT NULL)
		SELECT count(*) FROM ((TABLE batch EXCEPT ALL TABLE single) UNION ALL (TABLE single EXCEPT ALL TABLE batch)) x',
		col, CASE col WHEN 'half' THEN 'halfvec' ELSE 'vector' END, k, metric, op) INTO result;
	RETURN result;
END$$;
SELECT m, col, k, differs(m, op, col, k) FROM (VALUES ('l2', '<->'), ('ip', '<#>'), ('cosine', '<=>'), ('l1', '<+>')) a(m, op),
	(VALUES ('v'), ('half')) b(col), (VALUES (1), (10), (6000)) c(k) ORDER BY 1, 2, 3;
SET epiphany.vector_exact = on;
SELECT differs('l2', '<->', 'v', 10), differs('COSINE', '<=>', 'half', 10);
RESET epiphany.vector_exact;
ALTER TABLE n SET ACCESS METHOD epiphany_column;
SELECT differs('l2', '<->', 'v', 10), differs('ip', '<#>', 'half', 10);
-- The order, and a column that groups do not have.
SELECT query, count(*), bool_and(distance >= before) AS sorted FROM (
	SELECT query, distance, lag(distance, 1, '-Infinity') OVER (PARTITION BY query ORDER BY ordinality) AS before
	FROM epiphany.vector_search('n', 'v', (SELECT array_agg(v ORDER BY i) FROM q), 7) WITH ORDINALITY) x GROUP BY 1 ORDER BY 1;
ALTER TABLE n ADD COLUMN late vector(2) DEFAULT '[1,2]';
SELECT query, count(*), min(distance), max(distance) FROM epiphany.vector_search('n', 'late', ARRAY['[1,2]', '[4,6]']::vector[], 3) GROUP BY 1 ORDER BY 1;
-- What it says no to.
SELECT * FROM epiphany.vector_search('n', 'v', ARRAY['[1,2]']::vector[]);
SELECT * FROM epiphany.vector_search('n', 'v', ARRAY['[1,2]']::halfvec[]);
SELECT * FROM epiphany.vector_search('n', 'id', ARRAY[1]);
SELECT * FROM epiphany.vector_search('n', 'gone', ARRAY['[1]']::vector[]);
SELECT * FROM epiphany.vector_search('n', 'ctid', ARRAY['[1]']::vector[]);
SELECT * FROM epiphany.vector_search('n', 'free', ARRAY['[1]']::vector[], 0);
SELECT * FROM epiphany.vector_search('n', 'free', ARRAY['[1]']::vector[], 1, 'hamming');
SELECT * FROM epiphany.vector_search('q', 'v', ARRAY['[1]']::vector[]);
SELECT count(*) FROM epiphany.vector_search('n', 'free', ARRAY[]::vector[]);
SELECT count(*) FROM epiphany.vector_search('n', 'free', NULL::vector[]);
CREATE ROLE search_reader;
SET ROLE search_reader;
SELECT * FROM epiphany.vector_search('n', 'free', ARRAY['[1]']::vector[]);
RESET ROLE;
GRANT SELECT ON n TO search_reader;
ALTER TABLE n ENABLE ROW LEVEL SECURITY;
SET ROLE search_reader;
SELECT * FROM epiphany.vector_search('n', 'free', ARRAY['[1]']::vector[]);
RESET ROLE;

-- Reciprocal rank fusion.
SELECT epiphany.rrf(1) = 1.0 / 61 AS first, epiphany.rrf(NULL) AS none, epiphany.rrf(3, 0) AS third, epiphany.rrf(1, NULL) AS unknown;
SELECT epiphany.rrf(0);
SELECT epiphany.rrf(1, -1);

-- Indexes by name.
CREATE TABLE few (id int, v vector(3), half halfvec(3));
INSERT INTO few SELECT i, ARRAY[i, i % 7, 1]::real[]::vector, ARRAY[i, i % 7, 1]::real[]::vector FROM generate_series(1, 500) i;
-- By the table: a graph for few rows, lists for many, a graph where lists do not know the metric.
SELECT epiphany.vector_index_method(), epiphany.create_vector_index('few', 'v');
CREATE TABLE many AS SELECT i AS id, ARRAY[i, i % 7, 1]::real[]::vector(3) AS v FROM generate_series(1, 10000) i;
SELECT epiphany.create_vector_index('many', 'v'), epiphany.create_vector_index('many', 'v', 'l1');
SELECT indexdef FROM pg_indexes WHERE tablename = 'many' ORDER BY indexname;
SET epiphany.vector_index_type = ivf;
SELECT epiphany.vector_index_method(), epiphany.create_vector_index('few', 'v');
SET epiphany.vector_index_type = hnsw;
SELECT epiphany.vector_index_method(), epiphany.create_vector_index('few', 'half', 'Cosine', 'By angle', 'm = 8');
SELECT indexdef FROM pg_indexes WHERE tablename = 'few' ORDER BY indexname;
SELECT epiphany.create_vector_index('few', 'v', 'hamming');
SELECT epiphany.create_vector_index('few', 'id');
SET epiphany.vector_index_type = btree;
SELECT epiphany.create_vector_index('n', 'gone');
SELECT epiphany.create_vector_index('n', NULL) AS nothing;
\c regression
SET client_min_messages = warning;
DROP DATABASE search;
DROP ROLE search_reader;
