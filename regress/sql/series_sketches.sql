-- Time series: hyperloglog and uddsketch. Estimates are held against exact answers; sketches do not depend on order or splits.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_timeseries CASCADE;
RESET client_min_messages;
SET search_path = public, epiphany;
SET timezone = 'UTC';
SET datestyle = ISO;

-- Distinct values: within three standard errors for all sizes, exact for few.
SELECT n, distinct_count(hyperloglog(buckets, v)) = n AS exact, abs(distinct_count(hyperloglog(buckets, v)) - n) <= 3 * stderror(hyperloglog(buckets, v)) * n AS close
FROM unnest('{1, 10, 100, 1000, 10000, 100000}'::int[]) n, LATERAL generate_series(1, n) v, unnest('{1024}'::int[]) buckets GROUP BY n ORDER BY n;
SELECT buckets, stderror(s)::numeric(8, 5), abs(distinct_count(s) - 30000) <= 3 * stderror(s) * 30000 AS close
FROM unnest('{16, 17, 64, 256, 4096, 65536, 262144}'::int[]) buckets, LATERAL (SELECT hyperloglog(buckets, v) AS s FROM generate_series(1, 30000) v) x ORDER BY 1;
SELECT distinct_count(approx_count_distinct(v)), stderror(approx_count_distinct(v))::numeric(8, 5) FROM generate_series(1, 1000) v;
SELECT distinct_count(approx_count_distinct(v % 7)) AS seven, distinct_count(approx_count_distinct('x' || v % 3)) AS texts, distinct_count(approx_count_distinct(v::numeric)) AS numerics,
	distinct_count(approx_count_distinct(NULLIF(v % 5, 0))) AS four, approx_count_distinct(NULL::int) AS none FROM generate_series(1, 100) v;
SELECT distinct_count(approx_count_distinct(x)) FROM unnest('{a, A, b}'::text[]) x;
SELECT approx_count_distinct(v)::text = approx_count_distinct(v::int8)::text AS same_hash FROM generate_series(1, 100) v;

-- The order of rows does not matter, nor how they are split.
CREATE TABLE values_heap (k int, v float8, t text);
INSERT INTO values_heap SELECT g % 4, (CASE WHEN g % 3 = 0 THEN -1 ELSE 1 END) * exp((g::int8 * 7919 % 10007) / 500.0 - 9), g % 5000 FROM generate_series(1, 20000) g;
CREATE FUNCTION one_sketch(what text, of_values text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT (%s)::text FROM (%s) x', what, of_values);
END $$;
SELECT what, count(DISTINCT s) FROM unnest('{"hyperloglog(1024, t)", "hyperloglog(65536, t)", approx_count_distinct(v)}'::text[]) what,
	unnest('{SELECT * FROM values_heap ORDER BY v, SELECT * FROM values_heap ORDER BY v DESC, SELECT * FROM values_heap ORDER BY t, TABLE values_heap UNION ALL TABLE values_heap}'::text[]) q,
	LATERAL one_sketch(what, q) s GROUP BY what ORDER BY what;
SELECT (SELECT rollup(h)::text FROM (SELECT hyperloglog(1024, t) AS h FROM values_heap GROUP BY k, v < 0) x) = (SELECT hyperloglog(1024, t)::text FROM values_heap) AS rolled_up,
	(SELECT rollup(h)::text FROM (SELECT hyperloglog(8192, t) AS h FROM values_heap WHERE t < '2' GROUP BY k) x) = (SELECT hyperloglog(8192, t)::text FROM values_heap WHERE t < '2') AS lists;
SELECT rollup(h) FROM (SELECT hyperloglog(64, 1) AS h UNION ALL SELECT hyperloglog(128, 1)) x;
SELECT rollup(h) FROM (SELECT NULL::hyperloglog AS h) x;

-- Percentiles: within the error of the value of that rank. All of it counts: signs, zeros, infinities, NaN.
CREATE FUNCTION far_off(s uddsketch, vs float8[]) RETURNS bigint LANGUAGE sql AS $$
	SELECT count(*) FROM generate_series(0, 1000) p, LATERAL (SELECT vs[1 + floor(p / 1000.0::float8 * (cardinality(vs) - 1))::int] AS exact, approx_percentile(p / 1000.0, s) AS approximate) x
	WHERE abs(exact - approximate) > error(s) * abs(exact) * 1.000001 $$;
SELECT k, num_vals(s), error(s)::numeric(8, 5), far_off(s, vs) FROM
	(SELECT k, percentile_agg(v) AS s, array_agg(v ORDER BY v) AS vs FROM values_heap GROUP BY k) x ORDER BY k;
SELECT size, max_error, error(s)::numeric(8, 5), far_off(s, vs) FROM (SELECT array_agg(v ORDER BY v) AS vs FROM values_heap) a,
	(VALUES (8, 0.001), (100, 0.01), (2000, 0.01), (16384, 0.001), (10000, 0.000001)) p(size, max_error),
	LATERAL (SELECT uddsketch(size, max_error, v) AS s FROM values_heap) x ORDER BY 1, 2;
SELECT approx_percentile(0, s) AS least, approx_percentile(0.5, s) AS median, approx_percentile(1, s) AS greatest, mean(s), num_vals(s), error(s)
FROM (SELECT percentile_agg(x) AS s FROM unnest('{7, 7, 7}'::float8[]) x) y;
SELECT approx_percentile_array('{0, 0.2, 0.4, 0.6, 0.8, 1, NULL}', s), approx_percentile_rank(0, s), approx_percentile_rank('-infinity', s), approx_percentile_rank('nan', s),
	approx_percentile_rank(1e308, s), num_vals(s), mean(s) FROM (SELECT percentile_agg(x) AS s FROM unnest('{NaN, Infinity, -Infinity, 0, -0, 5, NULL}'::float8[]) x) y;
SELECT approx_percentile_array('{0, 0.5, 1}', s) FROM (SELECT uddsketch(8, 0.001, x) AS s FROM unnest('{1e308, 5e-324, -1e308, 1, -1, 1e100, 1e-100, 3, 1e200, 1e-200}'::float8[]) x) y;
SELECT percentile_agg(NULL), approx_percentile(0.5, NULL);
SELECT max(abs(approx_percentile_rank(v, s) - exact)) < 0.01 AS ranks FROM (SELECT v, cume_dist() OVER (ORDER BY v) AS exact FROM values_heap) x, (SELECT percentile_agg(v) AS s FROM values_heap) y;
SELECT what, count(DISTINCT left(s, 42) || substr(s, 59)) FROM unnest('{percentile_agg(v), "uddsketch(8, 0.01, v)", "uddsketch(300, 0.0001, v)"}'::text[]) what,
	unnest('{SELECT * FROM values_heap ORDER BY v, SELECT * FROM values_heap ORDER BY v DESC, SELECT * FROM values_heap ORDER BY t}'::text[]) q,
	LATERAL one_sketch(what, q) s GROUP BY what ORDER BY what;
SELECT approx_percentile(0.9, rollup(s)) = (SELECT approx_percentile(0.9, percentile_agg(v)) FROM values_heap) AS rolled_up, num_vals(rollup(s)),
	abs(mean(rollup(s)) / (SELECT avg(v) FROM values_heap) - 1) < 1e-12 AS mean FROM (SELECT percentile_agg(v) AS s FROM values_heap GROUP BY k, t < '3') x;

-- What cannot be.
SELECT hyperloglog(8, 1);
SELECT hyperloglog(NULL, 1);
SELECT hyperloglog(16, point(1, 1));
SELECT uddsketch(7, 0.01, 1);
SELECT uddsketch(100, 0, 1);
SELECT uddsketch(100, 'nan', 1);
SELECT approx_percentile(1.1, percentile_agg(1));
SELECT rollup(s) FROM (SELECT uddsketch(100, 0.01, 1) AS s UNION ALL SELECT uddsketch(100, 0.02, 1)) x;

-- In parallel, and on column tables.
CREATE TABLE values_column USING epiphany_column AS TABLE values_heap;
VACUUM ANALYZE values_column, values_heap;
CREATE FUNCTION sketches(source text) RETURNS TABLE (line text) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format($q$SELECT x::text FROM (SELECT k, hyperloglog(64, t), hyperloglog(4096, v), approx_percentile_array('{0, 0.1, 0.5, 0.99, 1}', percentile_agg(v)),
		num_vals(uddsketch(50, 0.05, v)), error(uddsketch(50, 0.05, v)) FROM %I GROUP BY k) x$q$, source);
END $$;
CREATE TEMP TABLE serial AS SELECT * FROM sketches('values_heap');
SELECT count(*), (SELECT count(*) FROM (SELECT * FROM sketches('values_column') EXCEPT TABLE serial) x) AS differ FROM serial;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT percentile_agg(v), approx_count_distinct(t) FROM values_heap;
SELECT count(*) AS differ FROM (SELECT * FROM sketches('values_heap') EXCEPT TABLE serial) x;
SELECT count(*) AS differ FROM (SELECT * FROM sketches('values_column') EXCEPT TABLE serial) x;
SELECT (SELECT approx_count_distinct(t)::text FROM values_heap) = (SELECT approx_count_distinct(t)::text FROM (SELECT t FROM values_heap OFFSET 0) x) AS same;
RESET max_parallel_workers_per_gather;

-- Text and binary forms are the same bytes, and come back.
CREATE TABLE kept (h hyperloglog, d hyperloglog, u uddsketch);
INSERT INTO kept SELECT hyperloglog(64, k), hyperloglog(16, t), uddsketch(20, 0.1, v) FROM values_heap;
SELECT h, d, left(u::text, 120) AS u FROM kept;
SELECT hyperloglog_send(h)::text = h::text AND hyperloglog_send(d)::text = d::text AND uddsketch_send(u)::text = u::text AND h::text::hyperloglog::text = h::text
	AND u::text::uddsketch::text = u::text AS same FROM kept;
SELECT ''::hyperloglog;
SELECT '\x01'::hyperloglog;
SELECT '\x0201'::uddsketch;
SELECT u::text::hyperloglog FROM kept;
SELECT h::text::uddsketch FROM kept;
SELECT '\x0109040101'::hyperloglog;
SELECT '\x01010400'::hyperloglog;
SELECT '\x0101zz00'::hyperloglog;
SELECT pg_input_is_valid('\x01010401', 'hyperloglog'), pg_input_is_valid('\x01010401ff', 'hyperloglog'), * FROM pg_input_error_info('\x0101040140000000', 'hyperloglog');

-- Damaged bytes: refused in the user's words, or a value that all functions take.
CREATE FUNCTION damage(of_type text, value text, uses text) RETURNS TABLE (refused boolean, taken boolean, other text) LANGUAGE plpgsql AS $$
DECLARE
	bytes text;
	n_refused bigint := 0;
	n_taken bigint := 0;
	others text[];
BEGIN
	FOR at IN 1 .. least(length(value) - 2, 600) LOOP
		FOREACH bytes IN ARRAY ARRAY[overlay(value PLACING '0' FROM at + 2 FOR 1), overlay(value PLACING 'f' FROM at + 2 FOR 1), overlay(value PLACING '7' FROM at + 2 FOR 1),
			overlay(value PLACING '8' FROM at + 2 FOR 1), left(value, at + 2), value || right(value, at)] LOOP
			CONTINUE WHEN bytes = value;
			BEGIN
				EXECUTE format('SELECT (%s) FROM (SELECT %L::%s AS s) x', uses, bytes, of_type);
				n_taken := n_taken + 1;
			EXCEPTION
				WHEN invalid_text_representation OR invalid_parameter_value THEN n_refused := n_refused + 1;
				WHEN OTHERS THEN others := array_append(others, SQLSTATE || ' ' || SQLERRM);
			END;
		END LOOP;
	END LOOP;
	RETURN QUERY SELECT n_refused > 0, n_taken > 0, array_to_string(ARRAY(SELECT DISTINCT unnest(others) ORDER BY 1 LIMIT 5), ', ');
END $$;
SELECT d.* FROM kept, damage('hyperloglog', h::text, 'distinct_count(s), stderror(s), (SELECT rollup(y.s) FROM (SELECT x.s UNION ALL SELECT x.s) y)') d;
SELECT d.* FROM kept, damage('hyperloglog', d::text, 'distinct_count(s), stderror(s), (SELECT rollup(y.s) FROM (SELECT x.s UNION ALL SELECT x.s) y)') d;
SELECT d.* FROM kept, damage('uddsketch', u::text, 'approx_percentile_array(''{0, 0.5, 1}'', s), approx_percentile_rank(1, s), error(s), mean(s), num_vals(s), (SELECT rollup(y.s) FROM (SELECT x.s UNION ALL SELECT x.s) y)') d;

SET client_min_messages = warning;
DROP TABLE values_heap, values_column, kept, serial;
DROP FUNCTION one_sketch, far_off, sketches, damage;
