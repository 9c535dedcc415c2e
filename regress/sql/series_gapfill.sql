-- Time series: time_bucket_gapfill, locf and interpolate; row by row and on the engine.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_timeseries CASCADE;
RESET client_min_messages;
SET search_path = public, epiphany;
SET timezone = 'UTC';
SET datestyle = ISO;
SET intervalstyle = postgres;
CREATE TABLE readings (device int, ts timestamptz, v float8, n int8);
INSERT INTO readings VALUES
	(1, '2026-01-01 01:10Z', 10, 100), (1, '2026-01-01 01:50Z', 20, 200), (1, '2026-01-01 04:00Z', 40, 401), (1, '2026-01-01 05:30Z', NULL, NULL),
	(2, '2026-01-01 02:00Z', 5, 7), (2, '2025-12-31 20:00Z', 1, 1), (NULL, '2026-01-01 03:00Z', 9, -9);

-- Each group of the other keys gets all buckets of WHERE's range; aggregates are NULL there, and what is computed of them follows.
SELECT time_bucket_gapfill('1 hour', ts) AS hour, device, avg(v), count(*), coalesce(count(*), 0) AS rows, device * 10 AS ten
FROM readings WHERE ts >= '2026-01-01 00:30Z' AND ts < '2026-01-01 07:00Z' GROUP BY 1, 2 ORDER BY 2, 1;
SELECT time_bucket_gapfill('1 hour', ts) AS hour, locf(avg(v)), interpolate(avg(v)), locf(sum(n)::int8, treat_null_as_missing => true) AS missing,
	interpolate(max(n)), interpolate(min(n)::int4), interpolate(min(n)::int2), interpolate(avg(v)::float4), 1 + locf(avg(v)) AS more
FROM readings WHERE device = 1 AND ts BETWEEN '2026-01-01Z' AND '2026-01-01 07:00Z' GROUP BY hour ORDER BY hour DESC;

-- Bounds by arguments do not filter: rows outside stay. They go before what WHERE says.
SELECT device, time_bucket_gapfill('2 hours', ts, start => '2026-01-01 01:00Z', finish => '2026-01-01 05:00Z') AS two, sum(v)
FROM readings WHERE ts < '2026-01-02Z' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT time_bucket_gapfill('1 hour', ts, '2026-01-01 02:00Z'::timestamptz) AS hour, sum(v) FROM readings
WHERE '2026-01-01 04:00Z' > ts AND ts > '2025-01-01' GROUP BY 1 ORDER BY 1;

-- Rows without a time, no rows, only rows outside, an empty range.
SELECT time_bucket_gapfill(2, t, 0, 5) AS b, count(*), locf(count(*)) FROM unnest('{NULL, 3, -7, 9}'::int[]) t GROUP BY 1 ORDER BY 1;
SELECT time_bucket_gapfill(1, t) AS b, count(*), locf(count(*)), interpolate(sum(t)) FROM unnest('{7}'::int[]) t WHERE t > 0 AND t <= 3 GROUP BY 1;
SELECT time_bucket_gapfill(1, t) AS b, t % 2 AS odd, count(*) FROM unnest('{7}'::int[]) t WHERE t > 0 AND t <= 3 GROUP BY 1, 2;
SELECT time_bucket_gapfill(1, t) AS b, count(*) FROM unnest('{7}'::int[]) t WHERE t > 10 AND t <= 3 GROUP BY 1;

-- Other types; days, months, time zones with days of 23 and 25 hours and hours that do not exist or exist twice.
SELECT time_bucket_gapfill('1 day', d) AS day, count(*) FROM unnest('{2026-02-27, 2026-03-02}'::date[]) d
WHERE d >= '2026-02-26 12:00'::timestamp AND d < '2026-03-02 12:00'::timestamp GROUP BY 1 ORDER BY 1;
SELECT time_bucket_gapfill('36 hours', d) AS day, count(*) FROM unnest('{2026-02-27}'::date[]) d WHERE d > '2026-02-26' AND d <= '2026-03-04' GROUP BY 1;
SELECT time_bucket_gapfill('1 month', t, '2026-01-31', '2026-05-01') AS month, count(*) FROM unnest('{2026-03-31 12:00}'::timestamp[]) t GROUP BY 1;
SELECT time_bucket_gapfill('1 day', ts, 'Europe/Berlin') AS day, count(*) FROM generate_series(timestamptz '2026-03-28 12:00Z', '2026-03-30 12:00Z', '2 days') ts
WHERE ts >= '2026-03-27 23:00Z' AND ts < '2026-03-31 22:00Z' GROUP BY 1 ORDER BY 1;
SELECT time_bucket_gapfill('30 min', ts, 'Europe/Berlin', '2026-03-29 00:00Z', '2026-03-29 02:00Z') AS half, count(*) FROM unnest('{2026-03-29 01:10Z}'::timestamptz[]) ts
GROUP BY 1 ORDER BY 1;
SELECT time_bucket_gapfill('1 hour', ts, 'Europe/Berlin', '2026-10-24 22:00Z', '2026-10-25 03:00Z') AS hour, count(*)
FROM unnest('{2026-10-25 00:10Z, 2026-10-25 01:10Z}'::timestamptz[]) ts GROUP BY 1 ORDER BY 1;
SELECT time_bucket_gapfill(10::int2, t, 32750::int2, 32767::int2) AS b, count(*) FROM unnest('{32760}'::int2[]) t GROUP BY 1;
SELECT time_bucket_gapfill(10, t, 9223372036854775790, 9223372036854775807) AS b, count(*) FROM unnest('{1}'::int8[]) t GROUP BY 1 ORDER BY 1;

-- Lookups, once a group and only where nothing came before or after; they see the group's keys.
SELECT time_bucket_gapfill('1 hour', ts) AS hour, device,
	locf(avg(v), prev => (SELECT r.v FROM readings r WHERE r.device = readings.device AND r.ts < '2026-01-01Z' ORDER BY r.ts DESC LIMIT 1)) AS carried,
	interpolate(avg(v), prev => (SELECT (r.ts, r.v) FROM readings r WHERE r.device = readings.device AND r.ts < '2026-01-01Z' ORDER BY r.ts DESC LIMIT 1),
		next => ('2026-01-01 08:00Z'::timestamptz, 100::float8)) AS line
FROM readings WHERE ts >= '2026-01-01Z' AND ts < '2026-01-01 07:00Z' AND v IS NOT NULL GROUP BY 1, 2 ORDER BY 2, 1;
SELECT time_bucket_gapfill(1, t, 0, 6) AS b, locf(min(s), 'none'), interpolate(min(t), NULL, (10, 100)), interpolate(max(t), (0, 0)), interpolate(max(t), (9, 0), (9, 0))
FROM (VALUES (2, 'two'), (4, 'four')) x(t, s) GROUP BY 1 ORDER BY 1;
SELECT time_bucket_gapfill(1, t, 0, 3) AS b, interpolate(avg(t)::int8, (0::int8, 9223372036854775807), (2::int8, (-9223372036854775808)::int8))
FROM unnest('{0}'::int8[]) t WHERE t > 5 GROUP BY 1;

-- Where the query stands: HAVING is before, windows, DISTINCT, ORDER BY, LIMIT and outer queries are after.
SELECT time_bucket_gapfill(1, t, 0, 5) AS b, count(*), locf(sum(t)) FROM unnest('{1, 1, 2, 3, 3}'::int[]) t GROUP BY 1 HAVING count(*) > 1;
SELECT time_bucket_gapfill(1, t, 0, 5) AS b, lag(locf(sum(t))) OVER (ORDER BY time_bucket_gapfill(1, t, 0, 5)) AS before,
	sum(locf(sum(t))) OVER (), interpolate(sum(t)) FROM unnest('{1, 1, 4}'::int[]) t GROUP BY 1 ORDER BY 1;
SELECT DISTINCT locf(sum(t)) FROM unnest('{1, 1, 4}'::int[]) t GROUP BY time_bucket_gapfill(1, t, 0, 5) ORDER BY 1;
SELECT time_bucket_gapfill(1, t, 0, 500) AS b, locf(sum(t), (SELECT max(g) FROM generate_series(1, 10::int8) g WHERE g < k)) AS v
FROM (VALUES (1, 5), (4, 6)) x(t, k) GROUP BY 1, k ORDER BY 2 DESC NULLS LAST, 1 LIMIT 3;
SELECT b, sum(c) FROM (SELECT time_bucket_gapfill(1, t, 0, 3) AS b, k, count(*) AS c FROM (VALUES (1, 1), (2, 2)) x(t, k) GROUP BY 1, 2) y GROUP BY b ORDER BY b;
WITH filled AS MATERIALIZED (SELECT time_bucket_gapfill(1, t, 0, 3) AS b, locf(count(*)) AS c FROM (VALUES (1)) x(t) GROUP BY 1)
SELECT * FROM filled JOIN filled f USING (b) ORDER BY b;
SELECT k, f.* FROM generate_series(1, 2) k, LATERAL (SELECT time_bucket_gapfill(1, t) AS b, count(*) + k AS c, interpolate(sum(t), (k, k::int8), (9, 9::int8)) AS i FROM (VALUES (2)) x(t)
	WHERE t >= k AND t < k + 3 GROUP BY 1) f ORDER BY 1, 2;
CREATE TABLE filled AS SELECT time_bucket_gapfill(1, t, 0, 3) AS b, locf(count(*)) AS c FROM (VALUES (1)) x(t) GROUP BY 1;
INSERT INTO filled SELECT time_bucket_gapfill(1, t, 5, 7), -1 FROM (VALUES (1)) x(t) GROUP BY 1;
SELECT * FROM filled ORDER BY b;
CREATE VIEW filling AS SELECT time_bucket_gapfill(1, b, 0, 8) AS b, interpolate(sum(c)::int8) AS c FROM filled GROUP BY 1;
SELECT pg_get_viewdef('filling');
SELECT array_agg((b, c) ORDER BY b) FROM filling;

-- Prepared: bounds are parameters, of custom and generic plans.
PREPARE hours (timestamptz, interval) AS SELECT time_bucket_gapfill($2, ts) AS hour, locf(avg(v)) FROM readings WHERE ts >= $1 AND ts < $1 + 3 * $2 GROUP BY 1 ORDER BY 1;
EXECUTE hours ('2026-01-01 02:00Z', '1 hour');
SET plan_cache_mode = force_generic_plan;
EXECUTE hours ('2026-01-01 03:00Z', '30 min');
EXECUTE hours (NULL, '30 min');
EXECUTE hours ('infinity', '30 min');
EXECUTE hours ('2026-01-01 03:00Z', NULL);
EXECUTE hours ('2026-01-01 03:00Z', '0 s');
EXPLAIN (COSTS OFF) EXECUTE hours ('2026-01-01 03:00Z', '30 min');
RESET plan_cache_mode;
EXPLAIN (VERBOSE, COSTS OFF) SELECT time_bucket_gapfill('1 hour', ts) AS hour, device, 1 + locf(avg(v), device::float8), count(*)
FROM readings WHERE ts >= '2026-01-01 00:30Z' AND ts < '2026-01-01 07:00Z' GROUP BY 1, 2 HAVING count(*) > 1 ORDER BY 2, 1;

-- A primary key that others depend on; partitions, each aggregated by itself; a cursor.
CREATE TABLE devices (id int PRIMARY KEY, name text, built int);
INSERT INTO devices VALUES (1, 'one', 3), (2, 'two', 5);
SELECT id, name, time_bucket_gapfill(1, built, 3, 6) AS b, count(*) FROM devices GROUP BY id, 3 ORDER BY 1, 3;
CREATE TABLE parts (k int, t int, v int) PARTITION BY LIST (k);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2);
INSERT INTO parts VALUES (1, 1, 5), (2, 3, 8);
SET enable_partitionwise_aggregate = on;
SELECT k, time_bucket_gapfill(1, t, 0, 4) AS b, locf(sum(v)) FROM parts GROUP BY 1, 2 ORDER BY 1, 2;
SELECT time_bucket_gapfill(1, t, 0, 4) AS b, locf(sum(v)) FROM parts GROUP BY 1 ORDER BY 1;
SELECT k, time_bucket_gapfill(1, t, 0, 2) AS b FROM parts GROUP BY 1, 2 ORDER BY 1, 2;
SELECT k, time_bucket_gapfill(1, t, 0, 2) AS b, max(v) FROM parts GROUP BY 1, 2 HAVING max(v) > 5 ORDER BY 1, 2;
RESET enable_partitionwise_aggregate;
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT time_bucket_gapfill(1, t, 0, 4) AS b, locf(sum(v)) FROM parts GROUP BY 1 ORDER BY 1;
FETCH 2 FROM c;
FETCH BACKWARD 1 FROM c;
FETCH ALL FROM c;
COMMIT;

-- What cannot be.
SELECT time_bucket_gapfill('1 hour', ts), avg(v) FROM readings GROUP BY 1;
SELECT time_bucket_gapfill('1 hour', ts), avg(v) FROM readings WHERE ts > '2026-01-01Z' GROUP BY 1;
SELECT time_bucket_gapfill('1 hour', ts), avg(v) FROM readings WHERE ts > '2026-01-01Z' OR ts < '2026-01-01Z' GROUP BY 1;
SELECT time_bucket_gapfill('1 hour', r.ts), avg(r.v) FROM readings r LEFT JOIN readings s ON r.ts > '2026-01-01Z' AND r.ts < '2026-01-02Z' GROUP BY 1;
SELECT time_bucket_gapfill('1 hour', ts, ts, ts), avg(v) FROM readings GROUP BY 1, ts;
SELECT time_bucket_gapfill('1 hour', ts) FROM readings;
SELECT time_bucket_gapfill('1 hour', ts) + '1 min', avg(v) FROM readings GROUP BY 1;
SELECT time_bucket_gapfill(1, t, 0, 1), time_bucket_gapfill(2, t, 0, 1) FROM unnest('{1}'::int[]) t GROUP BY 1, 2;
SELECT time_bucket_gapfill(1, t, 0, 1), count(*) FROM unnest('{1}'::int[]) t GROUP BY ROLLUP (1);
SELECT locf(1);
SELECT device, interpolate(avg(v)) FROM readings GROUP BY 1;
SELECT time_bucket_gapfill(1, t, 0, 1), locf(locf(count(*))) FROM unnest('{1}'::int[]) t GROUP BY 1;
SELECT time_bucket_gapfill(1, t, 0, 1), locf(lag(count(*)) OVER ()) FROM unnest('{1}'::int[]) t GROUP BY 1;
SELECT time_bucket_gapfill(1, t, 0, 2) FROM unnest('{1}'::int[]) t GROUP BY 1 HAVING locf(count(*)) > 0;
SELECT time_bucket_gapfill(1, t, 0, 2), interpolate(count(*), (1, 2, 3)) FROM unnest('{1}'::int[]) t GROUP BY 1;
SELECT time_bucket_gapfill(1, t, 0, 2), interpolate(count(*), (1::int8, 2)) FROM unnest('{1}'::int[]) t GROUP BY 1;
SELECT time_bucket_gapfill(NULL, t, 0, 1) FROM unnest('{1}'::int[]) t GROUP BY 1;
SELECT time_bucket_gapfill('1 day', ts, NULL::text, now(), now()) FROM readings GROUP BY 1;
SELECT time_bucket_gapfill('1 month 1 day', ts, now(), now() + '1 day') FROM readings GROUP BY 1;
SELECT time_bucket_gapfill(1, t, 0, NULL::int) FROM unnest('{1}'::int[]) t GROUP BY 1;

-- The engine below, and above; in parallel.
CREATE TABLE series_heap (dev int, ts timestamptz, v float8);
INSERT INTO series_heap SELECT g % 5, '2026-01-01Z'::timestamptz + (g::int8 * 7919 % 20000) * interval '13 min', g FROM generate_series(1, 20000) g WHERE g % 20000 / 1000 <> 7;
DELETE FROM series_heap WHERE extract(day FROM ts)::int % 3 = 0;
CREATE TABLE series USING epiphany_column AS SELECT * FROM series_heap;
VACUUM ANALYZE series, series_heap;
CREATE FUNCTION filled_from(source text) RETURNS TABLE (line text) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format($q$SELECT x::text FROM (SELECT time_bucket_gapfill('6 hours', ts) AS b, dev, count(*), sum(v), locf(min(v)), interpolate(max(v)) FROM %1$I
		WHERE ts >= '2025-12-30Z' AND ts < '2026-03-01Z' GROUP BY 1, 2) x
		UNION ALL SELECT x::text FROM (SELECT time_bucket_gapfill('1 day', ts, 'Europe/Berlin') AS b, sum(v), locf(min(v)) FROM %1$I
		WHERE ts >= '2025-12-30Z' AND ts < '2026-06-01Z' GROUP BY 1) x$q$, source);
END $$;
EXPLAIN (COSTS OFF) SELECT time_bucket_gapfill('6 hours', ts) AS b, dev, interpolate(max(v)) FROM series
WHERE ts >= '2025-12-30Z' AND ts < '2026-03-01Z' GROUP BY 1, 2 ORDER BY 3, 2, 1 LIMIT 5;
CREATE TEMP TABLE filled_heap AS SELECT * FROM filled_from('series_heap');
SELECT count(*) AS rows FROM filled_heap;
SELECT count(*) AS differ FROM ((SELECT * FROM filled_from('series') EXCEPT ALL SELECT * FROM filled_heap)
	UNION ALL (SELECT * FROM filled_heap EXCEPT ALL SELECT * FROM filled_from('series'))) x;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT time_bucket_gapfill('6 hours', ts) AS b, dev, interpolate(max(v)) FROM series_heap
WHERE ts >= '2025-12-30Z' AND ts < '2026-03-01Z' GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) AS differ FROM (SELECT * FROM filled_from('series_heap') EXCEPT ALL SELECT * FROM filled_heap) x;
SELECT count(*) AS differ FROM (SELECT * FROM filled_from('series') EXCEPT ALL SELECT * FROM filled_heap) x;
-- Against a join with all buckets.
SELECT count(*) AS differ FROM (SELECT time_bucket_gapfill('6 hours', ts) AS b, dev, count(*) AS c FROM series_heap WHERE ts >= '2026-01-01Z' AND ts < '2026-03-01Z' GROUP BY 1, 2) f
FULL JOIN (SELECT b, dev, (SELECT nullif(count(*), 0) FROM series_heap s WHERE s.dev = d.dev AND s.ts >= b AND s.ts < b + '6 hours') AS c
	FROM generate_series(timestamptz '2026-01-01Z', '2026-02-28 18:00Z', '6 hours') b, (SELECT DISTINCT dev FROM series_heap) d) j USING (b, dev)
WHERE f.c IS DISTINCT FROM j.c OR f.b IS NULL OR j.b IS NULL;

SET client_min_messages = warning;
DROP VIEW filling;
DROP TABLE readings, filled, devices, parts, series, series_heap, filled_heap;
DROP FUNCTION filled_from;
