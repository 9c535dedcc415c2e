-- Vectors in column tables: stored as values without an order, in row groups and in the heap region, and equal to those of a heap table.
CREATE DATABASE vectors;
\c vectors
SET client_min_messages = warning;
CREATE EXTENSION pg_epiphany CASCADE;
CREATE EXTENSION epiphany_vectorstore;
RESET client_min_messages;
CREATE TABLE source AS
	SELECT i AS id, (SELECT array_agg(((i * g) % 101 - 50)::real / 8) FROM generate_series(1, 48) g)::vector(48) AS v FROM generate_series(1, 6000) i;
CREATE TABLE h (id int, v vector(48), half halfvec(48), sparse sparsevec(48), bits bit(48), free vector) USING heap;
INSERT INTO h SELECT id, v, v, CASE WHEN id % 7 > 0 THEN (v * v)::sparsevec END, binary_quantize(v), subvector(v, 1, 1 + id % 48) FROM source;
CREATE TABLE c (LIKE h) USING epiphany_column;
INSERT INTO c SELECT * FROM h;
SELECT row_groups > 0 AS groups, group_rows FROM epiphany.table_stats('c');
CREATE FUNCTION differences() RETURNS bigint LANGUAGE sql AS
	$$SELECT count(*) FROM ((SELECT 1, * FROM h EXCEPT ALL SELECT 1, * FROM c) UNION ALL (SELECT 2, * FROM c EXCEPT ALL SELECT 2, * FROM h)) d$$;
SELECT differences();
-- By the engine: distances, conditions, aggregates, order.
SET epiphany.debug_vectorize = force;
SELECT id, round((v <-> (SELECT v FROM h WHERE id = 17))::numeric, 4) AS d FROM c ORDER BY v <-> (SELECT v FROM h WHERE id = 17), id LIMIT 4;
SELECT (SELECT (count(*), sum(v), avg(half))::text FROM c WHERE v <#> v < -1000 AND bits <~> (SELECT bits FROM h WHERE id = 3) < 20) =
	(SELECT (count(*), sum(v), avg(half))::text FROM h WHERE v <#> v < -1000 AND bits <~> (SELECT bits FROM h WHERE id = 3) < 20) AS same;
SELECT min(vector_dims(free)), max(vector_dims(free)), count(DISTINCT free), count(sparse) FROM c;
SELECT count(*) FROM (SELECT id % 3 AS g, sum(half), avg(v), count(sparse) FROM c GROUP BY g) x NATURAL JOIN
	(SELECT id % 3 AS g, sum(half), avg(v), count(sparse) FROM h GROUP BY g) y;
SELECT count(*) FROM c JOIN h ON c.v = h.v AND c.id = h.id WHERE c.id < 100;
RESET epiphany.debug_vectorize;
-- Changed rows are in the heap region, and come back to a group.
UPDATE h SET v = v + v, sparse = NULL WHERE id % 10 = 0;
UPDATE c SET v = v + v, sparse = NULL WHERE id % 10 = 0;
DELETE FROM h WHERE id % 11 = 0;
DELETE FROM c WHERE id % 11 = 0;
UPDATE c SET v = '[1,2]' WHERE id = 1;
SELECT differences();
SELECT epiphany.compact('c') > 0 AS moved;
VACUUM ANALYZE c;
ANALYZE h;
SELECT differences();
SELECT c.attname, c.null_frac = h.null_frac AS nulls, c.avg_width = h.avg_width AS width
FROM pg_stats c JOIN pg_stats h USING (attname) WHERE c.tablename = 'c' AND h.tablename = 'h' ORDER BY 1;
CREATE INDEX ON c (v);
SET enable_seqscan = off;
SELECT id FROM c WHERE v = (SELECT v FROM h WHERE id = 20) ORDER BY id;
RESET enable_seqscan;
ALTER TABLE c SET ACCESS METHOD heap;
SELECT differences();
ALTER TABLE c SET ACCESS METHOD epiphany_column;
SELECT differences();
SELECT * FROM epiphany.verify('c');

\c regression
DROP DATABASE vectors;
