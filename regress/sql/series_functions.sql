-- Time series: time_bucket, first, last, histogram; row by row and on the engine.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_timeseries CASCADE;
RESET client_min_messages;
SET search_path = public, epiphany;
SET timezone = 'UTC';
SET datestyle = ISO;
SELECT oid::regprocedure, provolatile, proisstrict, proparallel
FROM pg_proc WHERE pronamespace = 'epiphany'::regnamespace AND proname = 'time_bucket' ORDER BY oid::regprocedure::text COLLATE "C";

-- A bucket holds its start and not its end; weeks begin on Mondays, months on the first.
SELECT ts, time_bucket('5 min', ts) AS five, time_bucket('1 day', ts) AS day, time_bucket('1 week', ts) AS week, time_bucket('1 month', ts) AS month,
	time_bucket('3 months', ts) AS quarter, time_bucket('1 year', ts) AS year
FROM unnest('{2026-01-01 00:00, 2026-01-04 23:59:59.999999, 2026-01-05 00:00, 1999-12-31 23:59:59, 2000-01-02 12:00, 1969-07-20 20:17,
	0044-03-15 12:00 BC, infinity, -infinity, NULL}'::timestamp[]) ts;
SELECT bool_and(time_bucket(width, ts) <= ts AND ts < time_bucket(width, ts) + width AND time_bucket(width, time_bucket(width, ts)) = time_bucket(width, ts)
	AND time_bucket(width, ts)::timestamptz = time_bucket(width, ts::timestamptz) AND time_bucket(width, ts, origin => timestamp '2000-01-03') = time_bucket(width, ts))
FROM generate_series(timestamp '1980-01-01', '2030-01-01', '97 hours 13 minutes 7 seconds') ts, unnest('{1 us, 7 s, 90 min, 1 day, 10 days}'::interval[]) width;
SELECT bool_and(time_bucket(width, ts) <= ts AND ts < time_bucket(width, ts) + width AND time_bucket('1 month', ts) = date_trunc('month', ts)
	AND time_bucket('1 year', ts) = date_trunc('year', ts) AND time_bucket('3 months', ts) = date_trunc('quarter', ts))
FROM generate_series(timestamp '1980-01-01', '2030-01-01', '97 hours 13 minutes 7 seconds') ts, unnest('{1 month, 5 months, 10 years}'::interval[]) width;

-- Origin and offset.
SELECT time_bucket('1 week', timestamp '2026-01-04', origin => timestamp '2000-01-02') AS sunday,
	time_bucket('1 week', timestamp '2026-01-04', "offset" => '-1 day') AS sunday_too,
	time_bucket('1 day', timestamptz '2026-01-04 05:59Z', "offset" => '6 hours') AS six_oclock,
	time_bucket('1 month', timestamp '2026-02-15 05:59', origin => timestamp '2020-05-15 06:00') AS half_month,
	time_bucket('1 month', timestamp '2026-02-15 06:00', origin => timestamp '2020-05-15 06:00') AS half_month_too,
	time_bucket('1 month', date '2026-02-14', "offset" => '14 days') AS from_15th;
SELECT time_bucket('10 days', date '2026-01-31') AS ten, time_bucket('10 days', date '2026-01-31', origin => date '2026-01-01') AS of_january,
	time_bucket('36 hours', date '2026-01-31') AS hours, time_bucket('1 week', 'infinity'::date) AS never;
SELECT time_bucket(10, -1) AS below, time_bucket(10, 0) AS zero, time_bucket(10, 9) AS nine, time_bucket(10, 27, 3) AS moved, time_bucket(10, 2, 3) AS before,
	time_bucket(5::smallint, 32767::smallint, (-3)::smallint) AS last, time_bucket(10, 9223372036854775807, -5) AS most;

-- By the clock on the wall: days of 23 and 25 hours.
SELECT time_bucket('1 day', ts, 'Europe/Berlin') AS day, count(*) FROM generate_series(timestamptz '2026-03-27 23:00Z', '2026-03-30 21:00Z', '1 hour') ts
GROUP BY 1 ORDER BY 1;
SELECT time_bucket('1 day', ts, 'Europe/Berlin') AS day, count(*) FROM generate_series(timestamptz '2026-10-23 22:00Z', '2026-10-26 22:00Z', '1 hour') ts
GROUP BY 1 ORDER BY 1;
SELECT time_bucket('1 month', timestamptz '2026-03-31 22:30Z', 'Europe/Berlin') AS april, time_bucket('1 month', timestamptz '2026-03-31 22:30Z') AS march,
	time_bucket('1 week', timestamptz '2026-01-04 12:00Z', 'Europe/Berlin', origin => '2000-01-02 00:00+01') AS sunday,
	time_bucket('1 day', timestamptz '2026-03-29 12:00Z', 'Europe/Berlin', "offset" => '6 hours') AS six_oclock,
	time_bucket('1 day', timestamptz '2026-03-29 12:00Z', NULL) AS no_zone;

-- What cannot be.
SELECT time_bucket('1 month 1 day', now());
SELECT time_bucket('0 s', now());
SELECT time_bucket('-1 month', now());
SELECT time_bucket('infinity', now());
SELECT time_bucket('1 day', now(), 'infinity'::timestamptz);
SELECT time_bucket('1 month', now(), timestamptz '2020-01-31');
SELECT time_bucket('5 hours', timestamp '4714-11-24 BC');
SELECT time_bucket('1 year', timestamp '4714-11-24 BC');
SELECT time_bucket('1 day', now(), 'Nowhere/Town');
SELECT time_bucket(10::smallint, (-32768)::smallint);
SELECT time_bucket(0, 1);

-- The engine's kernels give the same.
CREATE TABLE series_heap (id int, dev int, ts timestamptz, t timestamp, d date, v float8, n int8, s text);
INSERT INTO series_heap
SELECT g, g % 7, CASE WHEN g % 501 <> 0 THEN timestamptz '2026-01-01Z' + (g::int8 * 7919 % 200000) * interval '13 min' END,
	timestamp '1950-01-01' + (g % 40000) * interval '17 hours', date '1990-01-01' + g % 20000, sqrt(g), g::int8 * 1234567 % 1000003, 'text ' || g % 100
FROM generate_series(1, 40000) g;
INSERT INTO series_heap VALUES (0, NULL, 'infinity', '-infinity', 'infinity', 'NaN', NULL, NULL), (-1, 1, '-infinity', 'infinity', '-infinity', NULL, -5, NULL);
CREATE TABLE series USING epiphany_column AS SELECT * FROM series_heap ORDER BY id;
VACUUM ANALYZE series;
CREATE FUNCTION buckets(source text) RETURNS TABLE (line text) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format($q$SELECT x::text FROM (SELECT id, time_bucket('1 hour', ts), time_bucket('1 month', ts), time_bucket('5 days', t),
		time_bucket('7 months', t), time_bucket('1 day', ts, timestamptz '2026-01-01 05:00Z'), time_bucket('1 day', t, "offset" => '90 min'),
		time_bucket('1 week', d), time_bucket('1 month', d), time_bucket('36 hours', d, date '2026-01-01'), time_bucket('2 weeks', d, "offset" => '3 days'),
		time_bucket(1000, n), time_bucket(1000, n, 7), time_bucket(10, dev), time_bucket('1 day', ts, 'Europe/Berlin') FROM %I) x$q$, source);
END $$;
EXPLAIN (COSTS OFF) SELECT time_bucket('1 hour', ts), count(*) FROM series GROUP BY 1;
SELECT count(*) AS rows FROM buckets('series') a;
SELECT count(*) AS differ FROM ((SELECT * FROM buckets('series') EXCEPT SELECT * FROM buckets('series_heap'))
	UNION ALL (SELECT * FROM buckets('series_heap') EXCEPT SELECT * FROM buckets('series'))) x;
SELECT time_bucket('5 hours', t) FROM series WHERE id = 0;
SELECT time_bucket('0 s', t) FROM series;

-- first and last: rows without a time are left out, values may be null.
SELECT dev, first(id, ts), last(id, ts), last(s, ts), first(v, v), last(v, v), last(ts, n) FROM series GROUP BY dev ORDER BY dev;
SELECT a.* IS NOT DISTINCT FROM b.* AS same FROM
	(SELECT first(id, t), last(s, d), first(s, s COLLATE "C"), last(v, n) FROM series) a,
	(SELECT (SELECT id FROM series_heap ORDER BY t LIMIT 1), (SELECT s FROM series_heap ORDER BY d DESC, id LIMIT 1), (SELECT min(s COLLATE "C") FROM series_heap),
		(SELECT v FROM series_heap WHERE n IS NOT NULL ORDER BY n DESC LIMIT 1)) b;
-- The engine's kernels, and the functions that it calls for texts.
SELECT count(*) AS groups, count(*) FILTER (WHERE a::text IS DISTINCT FROM b OR c::text IS DISTINCT FROM d OR e::text IS DISTINCT FROM f OR g::text IS DISTINCT FROM h
	OR i::text IS DISTINCT FROM j) AS differ FROM (SELECT dev, id % 11 AS k, first(id, ts) AS a, first(id::text, ts) AS b, last(v, t) AS c, last(v::text, t) AS d,
	first(n, d) AS e, first(n::text, d) AS f, last(d, n) AS g, last(d::text, n) AS h, last(v > 50, dev) FILTER (WHERE n > 1000) AS i,
	last((v > 50)::text, dev) FILTER (WHERE n > 1000) AS j FROM series GROUP BY 1, 2) x;
SELECT first(v, t), last(v, t), histogram(v, 0, 1, 1) FROM series WHERE false;
SELECT first(v, NULL::date), last(NULL::text, id) FROM series;
SELECT first(id, t) FILTER (WHERE dev = 3), last(id, t ORDER BY id DESC), first(DISTINCT dev, dev) FROM series;
SELECT id, last(id, n) OVER (PARTITION BY dev ORDER BY id ROWS 2 PRECEDING) FROM series ORDER BY id LIMIT 6;
SELECT first(id, point(1, 2)) FROM series;
SELECT first(1);

-- histogram: below, ranges, above; NaN lies above.
SELECT histogram(v, 0, 200, 4), histogram(v, 50, 100, 1) FROM series;
SELECT histogram(x, 1, 4, 3) FROM unnest('{0.999, 1, 1.999, 2, 3, 3.999, 4, NaN, Infinity, -Infinity, NULL}'::float8[]) x;
SELECT histogram(v, 1, 1, 1) FROM series;
SELECT histogram(v, 0, 'infinity', 1) FROM series;
SELECT histogram(v, 0, 1, 0) FROM series;
SELECT histogram(v, 0, id, 1) FROM series WHERE id > 0;
SELECT histogram(v, NULL, 1, 1) FROM series;

-- In parallel.
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT dev, first(id, t), last(s, t), histogram(v, 0, 200, 4) FROM series_heap GROUP BY dev;
CREATE TEMP TABLE parallel AS SELECT dev, first(id, ts), last(s, ts), histogram(v, 0, 200, 4) FROM series_heap GROUP BY dev;
SET max_parallel_workers_per_gather = 0;
SELECT count(*) AS differ FROM (SELECT dev, first(id, ts), last(s, ts), histogram(v, 0, 200, 4) FROM series GROUP BY dev EXCEPT SELECT * FROM parallel) x;

SET client_min_messages = warning;
DROP TABLE series, series_heap, parallel;
DROP FUNCTION buckets;
