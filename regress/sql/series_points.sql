-- Time series: counters, gauges, time-weighted averages, states. Points in any order, split in any way.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_timeseries CASCADE;
RESET client_min_messages;
SET search_path = public, epiphany;
SET timezone = 'UTC';
SET datestyle = ISO;
SET intervalstyle = postgres;
CREATE TABLE points (k int, ts timestamptz, v float8);
INSERT INTO points VALUES (1, '2026-01-01 00:00Z', 10), (1, '2026-01-01 00:01Z', 20), (1, '2026-01-01 00:02Z', 10), (1, '2026-01-01 00:03Z', 20),
	(1, '2026-01-01 00:04Z', 10), (1, '2026-01-01 00:05Z', 50), (2, '2026-01-01 00:00Z', 5), (1, NULL, 5), (1, '2026-01-01 00:01:30Z', NULL);

-- A counter that is reset twice; a single point; the same as a gauge.
SELECT k, delta(c), rate(c), time_delta(c), idelta_left(c), idelta_right(c), irate_left(c), irate_right(c), num_resets(c), num_changes(c), num_elements(c),
	first_time(c), last_time(c), first_val(c), last_val(c) FROM (SELECT k, counter_agg(ts, v) AS c FROM points GROUP BY k) x ORDER BY k;
SELECT k, delta(g), rate(g), time_delta(g), idelta_left(g), idelta_right(g), irate_left(g), irate_right(g), num_changes(g), num_elements(g),
	first_time(g), last_time(g), first_val(g), last_val(g) FROM (SELECT k, gauge_agg(ts, v) AS g FROM points GROUP BY k) x ORDER BY k;
SELECT counter_agg(ts, v), gauge_agg(ts, v), time_weight('locf', ts, v), state_agg(ts, v::text) FROM points WHERE false;
SELECT counter_agg(NULL, 1), delta(NULL::countersummary);

-- Extrapolation to bounds, as Prometheus does: half a step where a bound is far, all of it where it is near; counters not below 0.
SELECT extrapolated_delta(c), extrapolated_rate(c), delta(c) FROM (SELECT counter_agg(ts, v, '[2026-01-01 00:00Z, 2026-01-01 00:10Z)') AS c FROM points WHERE k = 1) x;
SELECT extrapolated_delta(with_bounds(c, b), 'Prometheus'), extrapolated_rate(with_bounds(g, b)) FROM
	(SELECT counter_agg(ts, v) AS c, gauge_agg(ts, v) AS g, tstzrange('2025-12-31 23:59:40Z', '2026-01-01 00:05:20Z', '[]') AS b FROM points WHERE k = 1) x;
SELECT extrapolated_delta(c) FROM (SELECT counter_agg(ts, v, '[2026-01-01 00:00Z, 2026-01-01 00:10Z)') AS c FROM points WHERE k = 2) x;
SELECT extrapolated_delta(counter_agg(ts, v)) FROM points WHERE k = 1;
SELECT extrapolated_delta(counter_agg(ts, v, '[2026-01-01, 2026-01-02)'), 'guess') FROM points WHERE k = 1;
SELECT counter_agg(ts, v, '[2026-01-01 00:00Z, 2026-01-01 00:05Z)') FROM points WHERE k = 1;
SELECT counter_agg(ts, v, '[2026-01-01 00:00Z,)') FROM points WHERE k = 1;

-- Time-weighted averages against integrals by hand.
SELECT average(time_weight('linear', ts, v)) AS linear, average(time_weight('LOCF', ts, v)) AS locf, integral(time_weight('linear', ts, v)) AS seconds,
	integral(time_weight('linear', ts, v), 'hours') AS hours, integral(time_weight('locf', ts, v), 'minute') AS minutes, first_val(time_weight('locf', ts, v)), last_time(time_weight('locf', ts, v))
FROM points WHERE k = 1;
SELECT sum((v + n) / 2 * extract(epoch FROM u - ts)) AS linear, sum(v * extract(epoch FROM u - ts)) AS locf
FROM (SELECT v, lead(v) OVER w AS n, ts, lead(ts) OVER w AS u FROM points WHERE k = 1 AND v IS NOT NULL AND ts IS NOT NULL WINDOW w AS (ORDER BY ts)) x;
SELECT average(time_weight('locf', ts, v)), integral(time_weight('locf', ts, v)) FROM points WHERE k = 2;
SELECT time_weight('cubic', ts, v) FROM points;
SELECT time_weight(CASE k WHEN 1 THEN 'linear' ELSE 'locf' END, ts, v) FROM points;
SELECT integral(time_weight('locf', ts, v), 'month') FROM points;
SELECT counter_agg('infinity', 1);
SELECT gauge_agg(now(), 'nan');

-- States.
CREATE TABLE states (k int, ts timestamptz, s text, n int8);
INSERT INTO states VALUES (1, '2026-01-01 00:00Z', 'start', 1), (1, '2026-01-01 00:10Z', 'ok', 2), (1, '2026-01-01 00:20Z', 'ok', 2), (1, '2026-01-01 01:00Z', 'error', 3),
	(1, '2026-01-01 01:05Z', 'ok', 2), (1, '2026-01-02 00:00Z', 'stop', -4), (1, '2026-01-02 00:00Z', 'error', NULL), (2, '2026-01-03 00:00Z', '', 0), (1, NULL, 'x', 0);
SELECT duration_in(a, 'ok') AS ok, duration_in(a, 'error') AS error, duration_in(a, 'start') AS start, duration_in(a, 'stop') AS stop, duration_in(a, 'never') AS never,
	duration_in(i, 2) AS two, duration_in(i, -4) AS last, state_at(a, '2026-01-01 00:59Z'), state_at(a, '2025-12-31 00:00Z') AS before, state_at(a, 'infinity') AS after
FROM (SELECT state_agg(ts, s) AS a, state_agg(ts, n) AS i FROM states WHERE k = 1) x;
SELECT k, t.* FROM (SELECT k, state_agg(ts, s) AS a FROM states GROUP BY k) x, state_timeline(a) t ORDER BY k, start_time;
SELECT t.* FROM (SELECT rollup(a) AS a FROM (SELECT state_agg(ts, s) AS a FROM states GROUP BY k) x) y, state_timeline(a) t;

-- Summaries of parts, rolled up, are what all would give; overlapping ones are refused.
CREATE TABLE many (k int, ts timestamptz, v float8);
INSERT INTO many SELECT g % 3, timestamptz '2026-01-01Z' + (g::int8 * 7919 % 30011) * interval '10 s', g::int8 * 104729 % 1000 FROM generate_series(1, 30000) g;
CREATE FUNCTION parts(what text, inner_what text) RETURNS TABLE (same boolean) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT (SELECT %1$s::text FROM many WHERE k = 0) = (SELECT rollup(p)::text FROM
		(SELECT %1$s AS p FROM many WHERE k = 0 GROUP BY time_bucket(''7 hours'', ts)) x)', what);
END $$;
SELECT what, parts(what, what) FROM unnest('{"counter_agg(ts, v)", "gauge_agg(ts, v)", "state_agg(ts, (v / 300)::int8)", "state_agg(ts, v::text)"}'::text[]) what;
SELECT abs(average(rollup(p)) / (SELECT average(time_weight('linear', ts, v)) FROM many WHERE k = 0) - 1) < 1e-12 AS linear
FROM (SELECT time_weight('linear', ts, v) AS p FROM many WHERE k = 0 GROUP BY time_bucket('7 hours', ts)) x;
SELECT rollup(p) FROM (SELECT counter_agg(ts, v) AS p FROM many GROUP BY k) x;
SELECT rollup(p) FROM (SELECT gauge_agg(ts, v) AS p FROM many GROUP BY k) x;
SELECT rollup(p) FROM (SELECT time_weight('locf', ts, v) AS p FROM many GROUP BY k) x;
SELECT rollup(p) FROM (SELECT state_agg(ts, v::text) AS p FROM many GROUP BY k) x;
SELECT rollup(p) FROM (SELECT time_weight(CASE k WHEN 1 THEN 'linear' ELSE 'locf' END, ts, v) AS p FROM points GROUP BY k) x;

-- Against windows over the same points.
SELECT k, delta(c) = exact AS delta, num_resets(c) = resets AS resets, num_changes(c) = changes AS changes, num_elements(c) = n AS elements FROM
	(SELECT k, counter_agg(ts, v) AS c FROM many GROUP BY k) x JOIN
	(SELECT k, sum(CASE WHEN v < b THEN v ELSE v - b END) AS exact, count(*) FILTER (WHERE v < b) AS resets, count(*) FILTER (WHERE v <> b) AS changes, count(*) AS n
		FROM (SELECT k, v, lag(v) OVER (PARTITION BY k ORDER BY ts) AS b FROM many) y GROUP BY k) z USING (k) ORDER BY k;

-- Orders of rows, column tables, parallel workers: the same bytes.
CREATE TABLE many_column USING epiphany_column AS TABLE many;
VACUUM ANALYZE many_column, many;
CREATE FUNCTION summaries(source text) RETURNS TABLE (line text) LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE format('SELECT x::text FROM (SELECT k, counter_agg(ts, v), gauge_agg(ts, v), time_weight(''linear'', ts, v), md5(state_agg(ts, (v / 100)::int8)::text) FROM %s s GROUP BY k) x', source);
END $$;
CREATE TEMP TABLE serial AS SELECT * FROM summaries('many');
SELECT count(*), (SELECT count(*) FROM (SELECT * FROM summaries('many_column') EXCEPT TABLE serial) x) AS differ,
	(SELECT count(*) FROM (SELECT * FROM summaries('(SELECT * FROM many ORDER BY ts DESC)') EXCEPT TABLE serial) x) AS turned,
	(SELECT count(*) FROM (SELECT * FROM summaries('(TABLE many UNION ALL TABLE many)') EXCEPT TABLE serial) x) AS twice FROM serial;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT counter_agg(ts, v), state_agg(ts, v::text) FROM many;
SELECT count(*) AS differ FROM (SELECT * FROM summaries('many') EXCEPT TABLE serial) x;
SELECT count(*) AS differ FROM (SELECT * FROM summaries('many_column') EXCEPT TABLE serial) x;
RESET max_parallel_workers_per_gather;

-- Text and binary forms are the same bytes, and come back; damaged bytes are refused, or make values that all functions take.
CREATE TABLE kept (c countersummary, g gaugesummary, w timeweightsummary, s stateagg);
INSERT INTO kept SELECT counter_agg(ts, v), gauge_agg(ts, v), time_weight('locf', ts, v), (SELECT state_agg(ts, s) FROM states) FROM points WHERE k = 1;
SELECT * FROM kept;
SELECT countersummary_send(c)::text = c::text AND gaugesummary_send(g)::text = g::text AND timeweightsummary_send(w)::text = w::text AND stateagg_send(s)::text = s::text
	AND c::text::countersummary::text = c::text AND s::text::stateagg::text = s::text AS same FROM kept;
SELECT g::text::countersummary FROM kept;
SELECT '\x030100'::countersummary;
CREATE FUNCTION damage(of_type text, value text, uses text) RETURNS TABLE (refused boolean, taken boolean, other text) LANGUAGE plpgsql AS $$
DECLARE
	bytes text;
	n_refused bigint := 0;
	n_taken bigint := 0;
	others text[];
BEGIN
	FOR at IN 1 .. length(value) - 2 LOOP
		FOREACH bytes IN ARRAY ARRAY[overlay(value PLACING '0' FROM at + 2 FOR 1), overlay(value PLACING 'f' FROM at + 2 FOR 1), overlay(value PLACING '7' FROM at + 2 FOR 1),
			overlay(value PLACING '8' FROM at + 2 FOR 1), left(value, at + 2), value || right(value, at)] LOOP
			CONTINUE WHEN bytes = value;
			BEGIN
				EXECUTE format('SELECT (%s) FROM (SELECT %L::%s AS s) x', uses, bytes, of_type);
				n_taken := n_taken + 1;
			EXCEPTION
				WHEN invalid_text_representation OR invalid_parameter_value OR numeric_value_out_of_range THEN n_refused := n_refused + 1;
				WHEN OTHERS THEN others := array_append(others, SQLSTATE || ' ' || SQLERRM);
			END;
		END LOOP;
	END LOOP;
	RETURN QUERY SELECT n_refused > 0, n_taken > 0, array_to_string(ARRAY(SELECT DISTINCT unnest(others) ORDER BY 1 LIMIT 5), ', ');
END $$;
SELECT d.* FROM kept, damage('countersummary', c::text, 'delta(s), rate(s), irate_left(s), irate_right(s), num_resets(s), extrapolated_rate(with_bounds(s, tstzrange(first_time(s), last_time(s), ''[]''))), (SELECT rollup(y.s) FROM (SELECT x.s) y)') d;
SELECT d.* FROM kept, damage('gaugesummary', g::text, 'delta(s), rate(s), irate_left(s), irate_right(s), num_elements(s), (SELECT rollup(y.s) FROM (SELECT x.s) y)') d;
SELECT d.* FROM kept, damage('timeweightsummary', w::text, 'average(s), integral(s), (SELECT rollup(y.s) FROM (SELECT x.s) y)') d;
SELECT d.* FROM kept, damage('stateagg', s::text, 'duration_in(s, ''ok''), state_at(s, now()), (SELECT count(*) FROM state_timeline(s)), (SELECT rollup(y.s) FROM (SELECT x.s) y)') d;

SET client_min_messages = warning;
DROP TABLE points, states, many, many_column, kept, serial;
DROP FUNCTION parts, summaries, damage;
