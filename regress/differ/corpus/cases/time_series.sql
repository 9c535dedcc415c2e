-- Time series: buckets, gaps, first and last, sketches, counters, the last row before each row; over tables in the order of series and time.
CREATE TABLE readings (ts timestamptz NOT NULL, host text, v float8, n int, c numeric(10,2), state text);
CREATE TABLE quotes (ts timestamp NOT NULL, host text, bid int);
CREATE TABLE ticks (tick bigint NOT NULL, v int);
DO $$ BEGIN IF current_setting('default_table_access_method') <> 'heap' THEN EXECUTE 'ALTER TABLE readings SET ACCESS METHOD epiphany_timeseries, SET (epiphany.segment_by = host, epiphany.chunk_interval = ''1 day'', epiphany.row_group_rows = 4096)'; EXECUTE 'ALTER TABLE quotes SET (epiphany.time_column = ts, epiphany.segment_by = host)'; EXECUTE 'ALTER TABLE ticks SET ACCESS METHOD epiphany_timeseries, SET (epiphany.time_column = tick, epiphany.chunk_interval = 5000)'; END IF; END $$;
INSERT INTO readings SELECT timestamptz '2024-03-29 00:00+00' + i * interval '37 s', CASE WHEN i % 11 > 0 THEN 'host ' || i % 6 END, CASE WHEN i % 13 > 0 THEN i * 31 % 701 / 8.0 END,
	i % 977, i * 7 % 5000 / 100.0, (ARRAY['on', 'off', 'idle'])[1 + i * i % 7 % 3] FROM generate_series(1, 18000) i ORDER BY i * 7919 % 18000;
INSERT INTO readings SELECT timestamptz '2024-03-30 12:00:01+00' + i * interval '53 s', 'late', i % 50, i, 1, 'on' FROM generate_series(1, 900) i;
INSERT INTO quotes SELECT timestamp '2024-03-29 00:00' + i * interval '61 s', 'host ' || i % 5, i FROM generate_series(1, 9000) i ORDER BY i * 31 % 9000;
INSERT INTO ticks SELECT i * 3 - 20000, CASE WHEN i % 5 > 0 THEN i END FROM generate_series(1, 15000) i;
DELETE FROM readings WHERE n % 100 = 7;
UPDATE readings SET ts = ts + interval '3 days 1 s' WHERE host = 'host 2' AND n % 50 = 3;
SELECT epiphany.time_bucket('1 hour', ts) AS b, host, count(*), count(v), sum(v), min(c), max(n) FROM readings GROUP BY 1, 2;
SELECT epiphany.time_bucket('6 hours', ts, "offset" => interval '90 min') AS b, count(*) FROM readings GROUP BY 1;
SELECT epiphany.time_bucket('1 day', ts, 'America/New_York') AS b, count(*), sum(n) FROM readings GROUP BY 1;
SELECT epiphany.time_bucket('1 day', ts, 'Europe/Berlin') AS b, count(*) FROM readings WHERE ts >= '2024-03-30' AND ts < '2024-04-02' GROUP BY 1;
SELECT epiphany.time_bucket('1 month', ts) AS b, host, avg(c) FROM readings GROUP BY 1, 2;
SELECT epiphany.time_bucket('7 days', ts::date) AS b, count(*) FROM readings GROUP BY 1;
SELECT epiphany.time_bucket(700, tick) AS b, sum(v), count(*) FROM ticks GROUP BY 1;
SELECT epiphany.time_bucket(1000, tick, 333) AS b, max(v) FROM ticks WHERE tick > -5000 GROUP BY 1;
SELECT count(*), sum(n) FROM readings WHERE epiphany.time_bucket('1 day', ts) = '2024-03-31';
SELECT count(*), sum(n) FROM readings WHERE epiphany.time_bucket('1 hour', ts) >= '2024-04-01 10:30' AND host = 'host 3';
SELECT count(*), min(tick) FROM ticks WHERE epiphany.time_bucket(1000, tick) > 3500;
SELECT epiphany.time_bucket('1 hour', ts) AS b, count(*) FROM readings GROUP BY 1 HAVING epiphany.time_bucket('1 hour', ts) < '2024-03-30' AND count(*) > 5;
SELECT host, epiphany.first(v, ts), epiphany.last(v, ts), epiphany.first(n, ts), epiphany.last(c, ts), epiphany.last(state, ts) FROM readings GROUP BY host;
SELECT epiphany.time_bucket('3 hours', ts) AS b, epiphany.first(host, ts), epiphany.last(ts, ts), epiphany.first(ts, c) IS NULL FROM readings WHERE host <> 'late' GROUP BY 1;
SELECT epiphany.last(v, tick), epiphany.first(v, tick), epiphany.first(v, -tick) FROM ticks;
SELECT DISTINCT ON (host) host, ts, v FROM readings WHERE host <> 'late' ORDER BY host, ts DESC;
-- compare: sorted 1
SELECT ts, n FROM readings WHERE host = 'host 4' ORDER BY ts DESC LIMIT 25;
-- compare: sorted 1 2
SELECT host, ts, n FROM readings WHERE host IN ('host 1', 'host 5') ORDER BY host, ts LIMIT 300;
-- compare: sorted 1
SELECT tick, v FROM ticks ORDER BY tick LIMIT 30 OFFSET 100;
SELECT host, epiphany.histogram(v, 0, 80, 8), epiphany.histogram(n, 100, 900, 5) FROM readings GROUP BY host;
SELECT epiphany.time_bucket_gapfill('1 hour', ts) AS b, host, count(*), epiphany.locf(max(n)), epiphany.interpolate(avg(c)) FROM readings WHERE ts >= '2024-03-28' AND ts < '2024-04-08' GROUP BY 1, 2;
SELECT epiphany.time_bucket_gapfill('1 day', ts, 'America/New_York', '2024-03-01', '2024-04-20') AS b, sum(n), epiphany.locf(sum(n), treat_null_as_missing => true) FROM readings GROUP BY 1;
SELECT epiphany.time_bucket_gapfill(500, tick, -25000, 30000) AS b, epiphany.interpolate(sum(v)), epiphany.locf(min(v), prev => 0) FROM ticks WHERE tick % 7000 > 2000 GROUP BY 1;
-- compare: sorted 1
SELECT b, coalesce(s, 0), lag(s) OVER (ORDER BY b) FROM (SELECT epiphany.time_bucket_gapfill('2 hours', ts) AS b, sum(n) AS s FROM readings WHERE ts BETWEEN '2024-03-29' AND '2024-03-30 11:00' AND host = 'late' GROUP BY 1) g ORDER BY b;
SELECT host, epiphany.approx_count_distinct(n), epiphany.distinct_count(epiphany.hyperloglog(64, c)), epiphany.approx_count_distinct(state) FROM readings GROUP BY host;
SELECT epiphany.distinct_count(epiphany.rollup(h)) FROM (SELECT epiphany.hyperloglog(256, n) AS h FROM readings GROUP BY epiphany.time_bucket('1 day', ts)) x;
SELECT epiphany.approx_percentile(0.9, p), epiphany.approx_percentile_array(ARRAY[0, 0.25, 0.5, 1], p), epiphany.num_vals(p), epiphany.error(p), epiphany.approx_percentile_rank(40, p)
	FROM (SELECT epiphany.percentile_agg(v) AS p FROM readings GROUP BY host) x;
SELECT epiphany.approx_percentile(0.5, epiphany.rollup(p)) FROM (SELECT host, epiphany.uddsketch(40, 0.01, v) AS p FROM readings GROUP BY host, state) x GROUP BY host;
SELECT host, epiphany.delta(epiphany.counter_agg(ts, n)), epiphany.num_resets(epiphany.counter_agg(ts, n)), epiphany.rate(epiphany.gauge_agg(ts, n)) FROM readings GROUP BY host;
SELECT epiphany.delta(epiphany.rollup(s)), epiphany.num_changes(epiphany.rollup(s)) FROM (SELECT epiphany.counter_agg(ts, n) AS s FROM readings WHERE host = 'host 1' GROUP BY epiphany.time_bucket('1 day', ts)) x;
SELECT host, epiphany.average(epiphany.time_weight('locf', ts, v)), epiphany.integral(epiphany.time_weight('linear', ts, n), 'hour') FROM readings GROUP BY host;
SELECT epiphany.average(epiphany.rollup(w)) FROM (SELECT epiphany.time_weight('linear', ts, n) AS w FROM readings WHERE host = 'host 2' GROUP BY epiphany.time_bucket('12 hours', ts)) x;
SELECT host, epiphany.duration_in(a, 'on'), epiphany.state_at(a, '2024-03-31 12:00') FROM (SELECT host, epiphany.state_agg(ts, state) AS a FROM readings GROUP BY host) x;
SELECT t.* FROM (SELECT epiphany.state_agg(ts, state) AS a FROM readings WHERE host = 'host 5') x, epiphany.state_timeline(a) t;
SELECT r.ts, r.host, r.n, q.bid, q.ts FROM readings r LEFT JOIN LATERAL (SELECT bid, ts FROM quotes q WHERE q.host = r.host AND q.ts <= r.ts AT TIME ZONE 'UTC' ORDER BY q.ts DESC LIMIT 1) q ON true WHERE r.n % 9 = 4;
SELECT q.host, q.bid, (SELECT r.n FROM readings r WHERE r.host = q.host AND r.ts >= q.ts AT TIME ZONE 'UTC' ORDER BY r.ts LIMIT 1) FROM quotes q WHERE bid % 10 = 3;
SELECT h.host, r.ts, r.n, q.bid FROM (SELECT 'host ' || g AS host FROM generate_series(0, 90) g UNION ALL SELECT 'late') h LEFT JOIN LATERAL (SELECT ts, n FROM readings r WHERE r.host = h.host ORDER BY ts DESC, n LIMIT 1) r ON true LEFT JOIN LATERAL (SELECT bid FROM quotes q WHERE q.host = h.host ORDER BY ts, bid LIMIT 1) q ON true;
SELECT q.bid, (SELECT n FROM readings r WHERE r.host = q.host AND n > 100 ORDER BY ts DESC, n LIMIT 1) FROM quotes q WHERE bid % 10 = 3;
SELECT k.v, (SELECT o.v FROM ticks o WHERE o.tick < k.tick ORDER BY o.tick DESC LIMIT 1) FROM ticks k WHERE k.tick % 11 = 0;
-- compare: sorted 1
SELECT epiphany.time_bucket('10 minutes', ts) AS b, count(*), max(v), sum(n) FROM readings GROUP BY b ORDER BY b DESC LIMIT 7;
-- compare: sorted 1
SELECT epiphany.time_bucket('1 hour', ts) AS b, count(*), max(v) FROM readings WHERE ts < '2024-03-31 07:00' AND n % 3 = 1 GROUP BY b ORDER BY b LIMIT 5 OFFSET 4;
-- compare: sorted 1 2
SELECT epiphany.time_bucket('1 hour', ts) AS b, host, sum(n) FROM readings GROUP BY b, host ORDER BY b DESC, host LIMIT 20;
-- compare: sorted 1
SELECT epiphany.time_bucket('1 day', ts, 'Europe/Berlin') AS b, count(*), sum(n) FROM readings GROUP BY b ORDER BY b LIMIT 2;
-- compare: sorted 1
SELECT date_trunc('hour', ts) AS b, count(*), sum(n) FROM readings GROUP BY b HAVING count(*) > 3 ORDER BY b DESC LIMIT 5;
-- compare: sorted 1
SELECT date_bin('7 minutes', ts, '2024-01-01') AS b, count(DISTINCT host), min(v) FROM readings GROUP BY b ORDER BY b DESC LIMIT 12;
-- compare: sorted 1
SELECT epiphany.time_bucket(700, tick) AS b, count(v), sum(v) FROM ticks WHERE v % 7 > 2 GROUP BY b ORDER BY b DESC LIMIT 3;
-- compare: sorted 1
SELECT tick, count(*), sum(v) FROM ticks GROUP BY tick ORDER BY tick LIMIT 9;
SELECT count(*), sum(n) FROM readings WHERE epiphany.time_bucket('1 day', ts) < '2024-03-31';
SELECT count(*), sum(n) FROM readings WHERE epiphany.time_bucket('6 hours', ts, 'America/New_York') BETWEEN '2024-03-30 04:00+00' AND '2024-03-31';
SELECT count(*), sum(n) FROM readings WHERE date_trunc('day', ts) IN ('2024-03-30', '2024-04-02') AND date_bin('5 hours', ts, '2024-01-01') <= '2024-04-02 05:00';
SELECT count(*), min(tick) FROM ticks WHERE epiphany.time_bucket(1000, tick) = 3000 OR epiphany.time_bucket(1000::bigint, tick, 500::bigint) <= -19500;
SELECT epiphany.time_bucket('0 s', ts) FROM readings;
SELECT epiphany.time_bucket(0, tick) FROM ticks;
SELECT host, count(*) FROM readings WHERE ts > (SELECT max(ts) - interval '2 days' FROM readings) GROUP BY host;
SELECT a.host, count(*) FROM readings a JOIN readings b ON a.host = b.host AND b.ts > a.ts AND b.ts < a.ts + interval '10 min' GROUP BY 1;
