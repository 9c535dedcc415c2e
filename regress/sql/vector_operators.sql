-- Vector types: operators, functions, aggregates, order, B-trees. Distances are printed as pgvector prints them.
CREATE DATABASE vectors;
\c vectors
SET client_min_messages = warning;
CREATE EXTENSION epiphany_vectorstore CASCADE;
RESET client_min_messages;
SET extra_float_digits = 0;

-- Distances, the short ones element by element, the long ones in registers with a rest.
SELECT '[1,2,3]'::vector <-> '[4,6,3]' AS l2, '[1,2,3]'::vector <#> '[4,6,3]' AS "-ip", '[1,2]'::vector <=> '[2,4]' AS cos, '[1,2,3]'::vector <+> '[4,6,3]' AS l1;
SELECT '[1,2,3]'::halfvec <-> '[4,6,3]' AS l2, '[1,2,3]'::halfvec <#> '[4,6,3]' AS "-ip", '[1,2]'::halfvec <=> '[2,4]' AS cos, '[1,2,3]'::halfvec <+> '[4,6,3]' AS l1;
SELECT '{1:1,3:3}/3'::sparsevec <-> '{1:4,2:4}/3' AS l2, '{1:1,3:3}/3'::sparsevec <#> '{1:4,2:4}/3' AS "-ip", '{1:1}/2'::sparsevec <=> '{1:2}/2' AS cos,
	'{1:1,3:3}/3'::sparsevec <+> '{1:4,2:4}/3' AS l1;
SELECT B'10101' <~> B'00111' AS hamming, B'1110' <%> B'0111' AS jaccard, B'1100' <%> B'0011' AS apart, B'00' <%> B'00' AS zeros, B'' <~> B'' AS none;
-- Against sums over unnested arrays; the numbers are small multiples of 1/4, so that every sum is exact.
CREATE FUNCTION series(n int, f int) RETURNS real[] LANGUAGE sql IMMUTABLE AS
	$$SELECT array_agg(((i * f) % 17 - 8)::real / 4 ORDER BY i) FROM generate_series(1, n) i$$;
CREATE VIEW pairs AS
	SELECT n, series(n, 5) AS a, series(n, 7) AS b FROM unnest(ARRAY[1, 2, 7, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 128, 300, 768, 1536, 16000]) n;
CREATE VIEW expected AS
	SELECT n, sqrt(sum((x - y)::float8 ^ 2)) AS l2, sum(x::float8 * y) AS ip, sum(abs(x - y))::float8 AS l1, sqrt(sum(x::float8 ^ 2)) AS norm,
		sum(x::float8 * y) / sqrt(sum(x::float8 ^ 2) * sum(y::float8 ^ 2)) AS cos
	FROM pairs, unnest(a, b) u(x, y) GROUP BY n;
SELECT n, a::vector <-> b::vector = l2 AND inner_product(a::vector, b::vector) = ip AND a::vector <+> b::vector = l1 AND vector_norm(a::vector) = norm
		AND abs((a::vector <=> b::vector) - (1 - cos)) < 1e-12 AND vector_l2_squared_distance(a::vector, b::vector) = round(l2 ^ 2 * 16) / 16 AS vector,
	a::halfvec <-> b::halfvec = l2 AND inner_product(a::halfvec, b::halfvec) = ip AND a::halfvec <+> b::halfvec = l1 AND l2_norm(a::halfvec) = norm
		AND abs((a::halfvec <=> b::halfvec) - (1 - cos)) < 1e-12 AS halfvec,
	a::sparsevec <-> b::sparsevec = l2 AND inner_product(a::sparsevec, b::sparsevec) = ip AND a::sparsevec <+> b::sparsevec = l1 AND l2_norm(a::sparsevec) = norm
		AND abs((a::sparsevec <=> b::sparsevec) - (1 - cos)) < 1e-12 AS sparsevec,
	binary_quantize(a::vector) <~> binary_quantize(b::vector) = (SELECT count(*) FROM unnest(a, b) u(x, y) WHERE (x > 0) <> (y > 0))
		AND binary_quantize(a::vector) = binary_quantize(a::halfvec) AS bits
FROM pairs JOIN expected USING (n) ORDER BY n;
SELECT n, binary_quantize(a::vector) <%> binary_quantize(b::vector) =
	1 - (SELECT count(*) FILTER (WHERE x > 0 AND y > 0)::float8 / nullif(count(*) FILTER (WHERE x > 0 OR y > 0), 0) FROM unnest(a, b) u(x, y)) AS jaccard
FROM pairs WHERE n > 16 ORDER BY n;

-- The edges of floats.
SELECT '[3e38]'::vector <-> '[-3e38]' AS l2, '[3e38]'::vector <#> '[3e38]' AS "-ip", '[3e38]'::vector <=> '[3e38]' AS cos, '[3e38]'::vector <+> '[-3e38]' AS l1;
SELECT '[0,0]'::vector <=> '[1,2]' AS zero, '[1,1]'::vector <=> '[1.1,1.1]' AS same, '[1,1]'::vector <=> '[-1.1,-1.1]' AS opposite;
SELECT '{}/2'::sparsevec <=> '{1:1}/2' AS zero, '[0,0]'::halfvec <=> '[1,2]' AS zero;
SELECT vector_norm('[3e37,4e37]'), l2_norm('[60000,60000]'::halfvec), l2_norm('{1:3e37,9:4e37}/9'::sparsevec);
SELECT vector_spherical_distance('[1,0]', '[0,1]'), vector_spherical_distance('[1,1]', '[1,1]'), vector_spherical_distance('[1,1]', '[-1,-1]'),
	halfvec_spherical_distance('[1,0]', '[0,1]'), vector_negative_inner_product('[1,2]', '[3,4]'), sparsevec_l2_squared_distance('{1:1}/2', '{2:2}/2');
SELECT l2_normalize('[3,4]'::vector), l2_normalize('[0,0]'::vector), l2_normalize('[3e38,1e-38]'::vector);
SELECT l2_normalize('[3,4]'::halfvec), l2_normalize('[0,0]'::halfvec), l2_normalize('[65504,6e-8]'::halfvec);
SELECT l2_normalize('{1:3,5:4}/9'::sparsevec), l2_normalize('{}/9'::sparsevec), l2_normalize('{1:3e38,2:1e-38}/9'::sparsevec);
SELECT '[1,2]'::vector <-> '[1,2,3]';
SELECT '[1,2]'::halfvec <=> '[1,2,3]';
SELECT '{}/2'::sparsevec <+> '{}/3';
SELECT B'10' <~> B'101';
SELECT B'10' <%> B'101';
SELECT NULL::vector <-> '[1]' IS NULL AS strict;

-- Arithmetic.
SELECT '[1,2,3]'::vector + '[4,5,6]', '[1,2,3]'::vector - '[4,5,6]', '[1,2,3]'::vector * '[4,5,6]', '[1,2,3]'::vector || '[4]';
SELECT '[1,2,3]'::halfvec + '[4,5,6]', '[1,2,3]'::halfvec - '[4,5,6]', '[1,2,3]'::halfvec * '[4,5,6]', '[1,2,3]'::halfvec || '[4]';
SELECT '[2048,1]'::halfvec + '[1,1]' AS "rounds to even", '[3e-5]'::halfvec * '[0.5]' AS subnormal;
SELECT n, (a::vector + b::vector)::real[] = (SELECT array_agg(x + y ORDER BY o) FROM unnest(a, b) WITH ORDINALITY u(x, y, o)) AS sum,
	(a::vector - b::vector)::real[] = (SELECT array_agg(x - y ORDER BY o) FROM unnest(a, b) WITH ORDINALITY u(x, y, o)) AS difference,
	(a::vector * b::vector)::real[] = (SELECT array_agg(x * y ORDER BY o) FROM unnest(a, b) WITH ORDINALITY u(x, y, o)) AS product,
	(a::halfvec + b::halfvec)::vector = a::vector + b::vector AND (a::halfvec * b::halfvec)::vector = a::vector * b::vector AS halves
FROM pairs WHERE n IN (1, 15, 16, 17, 300) ORDER BY n;
SELECT '[3e38]'::vector + '[3e38]';
SELECT '[-3e38]'::vector - '[3e38]';
SELECT '[1e37]'::vector * '[1e37]';
SELECT '[1e-37]'::vector * '[1e-37]';
SELECT '[65504]'::halfvec + '[65504]';
SELECT '[-65504]'::halfvec - '[65504]';
SELECT '[65504]'::halfvec * '[65504]';
SELECT '[1e-7]'::halfvec * '[1e-7]';
SELECT '[1,2]'::vector + '[1]';
SELECT '[1,2]'::halfvec * '[1]';
SELECT array_fill(0, ARRAY[16000])::vector || '[1]';
SELECT vector_dims((array_fill(0, ARRAY[15999])::halfvec || '[1]')::halfvec);

-- Parts.
SELECT subvector('[1,2,3,4,5]'::vector, 1, 3), subvector('[1,2,3,4,5]'::vector, 3, 2), subvector('[1,2,3,4,5]'::vector, -1, 3), subvector('[1,2,3,4,5]'::vector, 3, 9),
	subvector('[1,2,3,4,5]'::halfvec, 2, 2147483647);
SELECT subvector('[1,2,3,4,5]'::halfvec, -1, 4);
SELECT subvector('[1,2,3]'::vector, 1, 0);
SELECT subvector('[1,2,3]'::vector, 4, 1);
SELECT subvector('[1,2,3]'::halfvec, -1, 2);
SELECT subvector('[1,2,3]'::halfvec, 2147483647, 2147483647);
SELECT subvector('[1,2,3]'::halfvec, -2147483648, 2147483647);
SELECT binary_quantize('[1,0,-1]'::vector), binary_quantize('[0,0.1,-0.2,-0.3,0.4,0.5,0.6,-0.7,0.8,-0.9,1]'::halfvec), vector_dims('[1,2]'::vector), vector_dims('[1,2]'::halfvec);

-- Aggregates, serial, in groups, over windows, in parallel.
SELECT avg(v), sum(v), avg(v::halfvec), sum(v::halfvec) FROM unnest(ARRAY['[1,2,3]', '[3,5,7]', NULL]::vector[]) v;
SELECT avg(v), sum(v), avg(v::halfvec), sum(v::halfvec) FROM unnest(ARRAY[]::vector[]) v;
SELECT avg(v) FROM unnest(ARRAY['[1,2]', '[3]']::vector[]) v;
SELECT sum(v) FROM unnest(ARRAY['[1,2]', '[3]']::vector[]) v;
SELECT avg(v), sum(v) FROM unnest(ARRAY['[3e38]', '[3e38]']::vector[]) v;
SELECT avg(v) FROM unnest(ARRAY['[3e38]', '[3e38]']::vector[]) v;
SELECT avg(v), sum(v) FROM unnest(ARRAY['[65504]', '[65504]']::halfvec[]) v;
SELECT i, sum(v) OVER (ORDER BY i), avg(v) OVER (ORDER BY i ROWS 1 PRECEDING), sum(v) OVER (ORDER BY i ROWS BETWEEN 1 PRECEDING AND CURRENT ROW), v
FROM unnest(ARRAY['[1,2]', '[3,5]', '[10,20]']::vector[]) WITH ORDINALITY u(v, i);
CREATE TABLE many AS SELECT i, i % 3 AS g, ARRAY[i % 100, -(i % 100), 1]::vector AS v, ARRAY[i % 8, 1]::halfvec AS h FROM generate_series(1, 9000) i;
SELECT g, sum(v), avg(v), sum(h), avg(h), count(*) FROM many GROUP BY g ORDER BY g;
ANALYZE many;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SET debug_parallel_query = on;
EXPLAIN (COSTS OFF) SELECT sum(v), avg(v), avg(h) FROM many;
SELECT sum(v), avg(v), avg(h) FROM many;
SELECT g, sum(v), avg(v), count(v <-> '[1,1,1]') FROM many GROUP BY g ORDER BY g;
RESET debug_parallel_query;
SET max_parallel_workers_per_gather = 0;
SELECT vector_accum('{0}', '[1,2]'), vector_accum('{1,1,2}', '[1,2]'), vector_combine('{0}', '{2,1,1}'), vector_combine('{2,1,1}', '{0}'), vector_combine('{0}', '{0}'),
	vector_avg('{2,1,3}'), vector_avg('{0}'), halfvec_avg('{2,1,3}');
SELECT vector_accum('{}', '[1]');
SELECT vector_accum('{{1}}', '[1]');
SELECT vector_accum('{1,NULL}', '[1]');
SELECT vector_accum('{1,2,3}', '[1]');
SELECT vector_combine('{1,2,3}', '{1,2}');
SELECT halfvec_avg(NULL), halfvec_accum('{1,1.5}', '[1]');
SELECT halfvec_avg('{}');
SELECT vector_avg('{1}');
SELECT vector_avg('{1,NaN}');
SELECT halfvec_avg('{1,1e6}');

-- Order is that of arrays, sparse vectors have that of the dense ones.
CREATE TABLE ordered AS SELECT a::real[] FROM unnest(ARRAY['{0}', '{0,0}', '{0,1}', '{1}', '{-1}', '{-1,5}', '{1,0}', '{1,0,0}', '{1,-2}', '{0,0,3}', '{0,0,-3}', '{-0}', '{2,1}']) a;
SELECT count(*), bool_and(sign(vector_cmp(x.a::vector, y.a::vector)) = sign(btarraycmp(x.a, y.a))) AS vector, bool_and(sign(halfvec_cmp(x.a::halfvec, y.a::halfvec)) = sign(btarraycmp(x.a, y.a))) AS halfvec,
	bool_and(sign(sparsevec_cmp(x.a::sparsevec, y.a::sparsevec)) = sign(btarraycmp(x.a, y.a))) AS sparsevec,
	bool_and((x.a::vector < y.a::vector) = (x.a < y.a) AND (x.a::vector <= y.a::vector) = (x.a <= y.a) AND (x.a::vector = y.a::vector) = (x.a = y.a)
		AND (x.a::vector <> y.a::vector) = (x.a <> y.a) AND (x.a::vector >= y.a::vector) = (x.a >= y.a) AND (x.a::vector > y.a::vector) = (x.a > y.a)) AS operators,
	bool_and((x.a::sparsevec < y.a::sparsevec) = (x.a < y.a) AND (x.a::sparsevec <= y.a::sparsevec) = (x.a <= y.a) AND (x.a::sparsevec = y.a::sparsevec) = (x.a = y.a)
		AND (x.a::sparsevec <> y.a::sparsevec) = (x.a <> y.a) AND (x.a::sparsevec >= y.a::sparsevec) = (x.a >= y.a) AND (x.a::sparsevec > y.a::sparsevec) = (x.a > y.a)) AS sparse_operators
FROM ordered x, ordered y;
SELECT oprname, oprleft::regtype, oprcom::regoper::text COLLATE "C" AS com, oprnegate <> 0 AS negator, oprcanhash, oprcanmerge, oprrest, oprjoin
FROM pg_operator WHERE oprnamespace = 'public'::regnamespace ORDER BY oprleft::regtype::text COLLATE "C", oprname COLLATE "C";

-- B-trees and sorts; equality neither hashes nor merges.
CREATE TABLE keyed (v vector(2), h halfvec(2), s sparsevec(2));
INSERT INTO keyed SELECT ARRAY[i % 10, i / 10], ARRAY[i % 10, i / 10], ARRAY[i % 10, i / 10] FROM generate_series(0, 99) i;
CREATE UNIQUE INDEX ON keyed (v);
CREATE INDEX ON keyed (h);
CREATE INDEX ON keyed (s);
INSERT INTO keyed (v) VALUES ('[3,3]');
SET enable_seqscan = off;
EXPLAIN (COSTS OFF) SELECT * FROM keyed WHERE v = '[3,4]';
SELECT * FROM keyed WHERE v = '[3,4]';
SELECT count(*) FROM keyed WHERE h >= '[3,4]' AND h < '[4,1]';
SELECT * FROM keyed WHERE s > '{1:9,2:7}/2' ORDER BY s;
RESET enable_seqscan;
SELECT v + '[0,0]' AS v, count(*) FROM (SELECT unnest(ARRAY['[1,2]', '[0,-0]', '[-0,0]', '[1,2]']::vector[]) v) u GROUP BY v ORDER BY v;
EXPLAIN (COSTS OFF) SELECT * FROM keyed a JOIN keyed b ON a.v = b.v;
CREATE INDEX ON keyed USING hash (v);

\c regression
DROP DATABASE vectors;
