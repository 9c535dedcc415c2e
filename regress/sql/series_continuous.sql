-- Continuous aggregates. On both kinds of sources: heap (row triggers) and columns (the write path).
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_epiphany CASCADE;
CREATE EXTENSION IF NOT EXISTS epiphany_timeseries CASCADE;
CREATE SCHEMA continuous;
SET search_path = continuous, epiphany;
SET timezone = 'UTC';
SET client_min_messages = notice;
\set VERBOSITY terse

-- Every difference between an aggregate and its query, each side's rows counted.
CREATE FUNCTION differs(aggregate text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE more int8; fewer int8;
BEGIN
	EXECUTE format('SELECT count(*) FROM (TABLE %1$I EXCEPT ALL TABLE %2$I) x', aggregate, aggregate || '_definition') INTO more;
	EXECUTE format('SELECT count(*) FROM (TABLE %2$I EXCEPT ALL TABLE %1$I) x', aggregate, aggregate || '_definition') INTO fewer;
	RETURN CASE WHEN more = 0 AND fewer = 0 THEN 'equal' ELSE more || ' more, ' || fewer || ' fewer' END;
END $$;
-- What the last refresh touched.
CREATE FUNCTION refreshed(aggregate regclass) RETURNS text LANGUAGE sql AS $$
	SELECT format('%s ranges, %s buckets, %s rows deleted, %s inserted', last_ranges, last_buckets, last_deleted, last_inserted)
		FROM epiphany.continuous_aggregate_stats WHERE continuous_aggregate = aggregate
$$;

CREATE TABLE on_heap (ts timestamptz NOT NULL, dev int, v float8) USING heap;
CREATE TABLE on_column (ts timestamptz NOT NULL, dev int, v float8) USING epiphany_column;
CREATE TABLE devices (dev int PRIMARY KEY, place text);
INSERT INTO devices VALUES (0, 'here'), (1, 'there'), (2, 'there');
INSERT INTO on_heap SELECT '2024-01-01 00:00'::timestamptz + i * interval '1 minute', i % 3, i FROM generate_series(0, 2999) i;
INSERT INTO on_column TABLE on_heap;
CREATE MATERIALIZED VIEW heap_hours WITH (epiphany.continuous) AS
	SELECT time_bucket('1 hour', ts) AS bucket, dev, avg(v), count(*) AS n, max(v) - min(v) AS spread FROM on_heap GROUP BY 1, 2;
CREATE MATERIALIZED VIEW column_hours WITH (timescaledb.continuous) AS
	SELECT time_bucket('1 hour', ts) AS bucket, dev, avg(v), count(*) AS n, max(v) - min(v) AS spread FROM on_column GROUP BY 1, 2;
SELECT refreshed('heap_hours'), refreshed('column_hours');
\d+ heap_hours
\d on_heap
\d on_column

-- Each kind of change, seen at once, in the transaction and after it; refreshes touch what changed.
CREATE FUNCTION both_ways(statement text) RETURNS TABLE (source text, before text) LANGUAGE plpgsql AS $$
BEGIN
	FOREACH source IN ARRAY ARRAY['heap', 'column'] LOOP
		EXECUTE replace(statement, '#', source);
		before := differs(source || '_hours') || '; ' ||
			(SELECT string_agg(coalesce(to_char(first, 'DD HH24:MI') || '-' || to_char(last, 'DD HH24:MI'), first || '-' || last), ', ' ORDER BY first)
				FROM pending((source || '_hours')::regclass, NULL::timestamptz));
		RETURN NEXT;
	END LOOP;
END $$;
CREATE PROCEDURE refresh_both() LANGUAGE plpgsql AS $$
BEGIN
	CALL refresh_continuous_aggregate('heap_hours', NULL, NULL);
	CALL refresh_continuous_aggregate('column_hours', NULL, NULL);
	RAISE NOTICE 'heap: %, %; column: %, %', differs('heap_hours'), refreshed('heap_hours'), differs('column_hours'), refreshed('column_hours');
END $$;
SELECT * FROM both_ways($$INSERT INTO on_# VALUES ('2024-01-02 03:04', 1, 5), ('2024-01-05 12:00', 7, 1)$$);
CALL refresh_both();
SELECT * FROM both_ways($$UPDATE on_# SET ts = ts - interval '1 day' WHERE ts = '2024-01-02 03:04'$$);
CALL refresh_both();
SELECT * FROM both_ways($$UPDATE on_# SET v = v + 1 WHERE ts BETWEEN '2024-01-01 10:30' AND '2024-01-01 11:30'$$);
CALL refresh_both();
SELECT * FROM both_ways($$DELETE FROM on_# WHERE ts >= '2024-01-02 20:00' AND ts < '2024-01-02 21:00'$$);
CALL refresh_both();
SELECT * FROM both_ways($$MERGE INTO on_# t USING (VALUES ('2024-01-02 01:00'::timestamptz, 9), ('2024-01-07 01:00', 9)) s (ts, v) ON t.ts = s.ts
	WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (s.ts, 4, s.v)$$);
CALL refresh_both();
-- Bulk: into row groups, and deleted there.
SELECT * FROM both_ways($$INSERT INTO on_# SELECT '2024-02-01'::timestamptz + i * interval '1 second', i % 2, i FROM generate_series(0, 9999) i$$);
CALL refresh_both();
SELECT * FROM both_ways($$DELETE FROM on_# WHERE ts >= '2024-02-01 01:00' AND v::int % 7 = 0$$);
CALL refresh_both();
SELECT * FROM both_ways($$TRUNCATE on_#$$);
CALL refresh_both();
CALL refresh_both();
INSERT INTO on_heap SELECT '2024-01-01 00:00'::timestamptz + i * interval '1 minute', i % 3, i FROM generate_series(0, 2999) i;
COPY on_column FROM stdin;
2024-01-01 00:10	1	2
2024-01-01 05:10	1	2
\.
SELECT differs('column_hours'), differs('heap_hours');
CALL refresh_both();

-- Who has written many rows of the log makes it shorter, but not when he prepares: refreshes would wait for him.
CREATE TABLE far (t int NOT NULL);
CREATE MATERIALIZED VIEW far_tens WITH (epiphany.continuous) AS SELECT time_bucket(10, t) AS b, count(*) FROM far GROUP BY 1;
INSERT INTO far SELECT i * 20 FROM generate_series(1, 1100) i;
SELECT count(*) FROM continuous_pending WHERE definition = 'far_tens_definition'::regclass;
BEGIN;
INSERT INTO far VALUES (5);
PREPARE TRANSACTION 'far';
SET statement_timeout = '20s';
CALL refresh_continuous_aggregate('far_tens', NULL, NULL);
RESET statement_timeout;
COMMIT PREPARED 'far';
SELECT * FROM pending('far_tens', NULL::int);
DROP TABLE far CASCADE;

-- Upsert.
CREATE UNIQUE INDEX ON on_column (ts, dev);
CREATE UNIQUE INDEX ON on_heap (ts, dev);
SELECT * FROM both_ways($$INSERT INTO on_# VALUES ('2024-01-01 00:10', 1, 3), ('2024-01-01 07:10', 1, 2) ON CONFLICT (ts, dev) DO UPDATE SET v = excluded.v$$);
CALL refresh_both();

-- Savepoints, and triggers off as in replication.
BEGIN;
INSERT INTO on_column VALUES ('2024-03-01 00:30', 1, 1);
SAVEPOINT a;
INSERT INTO on_column VALUES ('2024-03-02 00:30', 1, 1);
SAVEPOINT b;
INSERT INTO on_column VALUES ('2024-03-03 00:30', 1, 1);
RELEASE b;
SELECT * FROM pending('column_hours', NULL::timestamptz);
ROLLBACK TO a;
SELECT * FROM pending('column_hours', NULL::timestamptz);
SELECT differs('column_hours');
INSERT INTO on_column VALUES ('2024-03-04 00:30', 1, 1);
RELEASE a;
SELECT * FROM pending('column_hours', NULL::timestamptz);
COMMIT;
SELECT * FROM pending('column_hours', NULL::timestamptz);
BEGIN;
SET LOCAL session_replication_role = replica;
INSERT INTO on_heap VALUES ('2024-03-01 00:30', 1, 1);
INSERT INTO on_column VALUES ('2024-03-05 00:30', 1, 1);
COMMIT;
SELECT differs('heap_hours'), differs('column_hours');
BEGIN;
INSERT INTO on_heap VALUES ('2024-03-06 00:30', 1, 1);
PREPARE TRANSACTION 'continuous';
SELECT * FROM pending('heap_hours', NULL::timestamptz);
CALL refresh_continuous_aggregate('heap_hours', NULL, NULL);
COMMIT PREPARED 'continuous';
SELECT * FROM pending('heap_hours', NULL::timestamptz);
SELECT differs('heap_hours');
-- A refresh in the transaction that made the change, and one that is rolled back.
BEGIN;
INSERT INTO on_heap VALUES ('2024-03-07 00:30', 1, 1);
CALL refresh_continuous_aggregate('heap_hours', NULL, NULL);
SELECT refreshed('heap_hours'), differs('heap_hours');
ROLLBACK;
SELECT differs('heap_hours');
CALL refresh_both();

-- Windows: complete buckets only.
SELECT * FROM both_ways($$INSERT INTO on_# SELECT '2024-04-01 00:30'::timestamptz + i * interval '1 hour', 1, 1 FROM generate_series(0, 5) i$$);
CALL refresh_continuous_aggregate('heap_hours', '2024-04-01 00:30', '2024-04-01 03:30');
SELECT refreshed('heap_hours'), differs('heap_hours');
SELECT * FROM pending('heap_hours', NULL::timestamptz);
CALL refresh_continuous_aggregate('heap_hours', '2024-04-01 00:30', '2024-04-01 01:30');
CALL refresh_continuous_aggregate('heap_hours', NULL, '2024-04-01 02:00'::date);
CALL refresh_continuous_aggregate('heap_hours', '100 years'::interval, '2024-04-01 05:00'::timestamp, true);
SELECT last_ranges, differs('heap_hours') FROM continuous_aggregate_stats WHERE continuous_aggregate = 'heap_hours'::regclass;
SELECT * FROM pending('heap_hours', NULL::timestamptz);
CALL refresh_continuous_aggregate('heap_hours', '2024-04-02', '2024-04-01');
CALL refresh_continuous_aggregate('heap_hours', 7, NULL);
CALL refresh_continuous_aggregate('on_heap', NULL, NULL);
CALL refresh_continuous_aggregate(NULL, NULL, NULL);
SELECT epiphany.invalidate('heap_hours', '2024-01-01 10:30', '2024-01-01 11:10'::timestamptz), invalidate('on_column', NULL, '1999-01-01');
SELECT * FROM pending('heap_hours', NULL::timestamptz);
SELECT * FROM pending('column_hours', NULL::timestamptz);
REFRESH MATERIALIZED VIEW heap_hours;
REFRESH MATERIALIZED VIEW heap_hours;

-- Real time off and on.
INSERT INTO on_heap VALUES ('2024-05-01', 1, 1);
ALTER MATERIALIZED VIEW heap_hours SET (epiphany.materialized_only);
SELECT differs('heap_hours');
SELECT view_name, materialized_only, hypertable_name, materialization_hypertable_name FROM continuous_aggregates ORDER BY 1;
CALL refresh_continuous_aggregate('heap_hours', NULL, NULL);
SELECT differs('heap_hours');
ALTER MATERIALIZED VIEW heap_hours SET (timescaledb.materialized_only = false, epiphany.compression = zstd);
SELECT name, value FROM table_options('heap_hours_data') WHERE NOT is_default;

-- One over another; joins; conditions; kinds of buckets.
CREATE MATERIALIZED VIEW heap_days WITH (epiphany.continuous) AS
	SELECT time_bucket('1 day', bucket) AS day, sum(n) AS n, max(spread) FROM heap_hours GROUP BY 1 HAVING sum(n) > 1;
CREATE MATERIALIZED VIEW heap_months (month, places, n) WITH (epiphany.continuous, epiphany.create_group_indexes = false) AS
	SELECT time_bucket('1 month', day), count(*), sum(n) FROM heap_days GROUP BY time_bucket('1 month', day);
CREATE MATERIALIZED VIEW places WITH (epiphany.continuous) AS
	SELECT time_bucket('2 hours', o.ts, timezone => 'Europe/Berlin', "offset" => '30 minutes') AS bucket, d.place, string_agg(DISTINCT o.dev::text, ',') AS devs,
		count(*) FILTER (WHERE o.v > 10) AS large, time_bucket('2 hours', o.ts, timezone => 'Europe/Berlin', "offset" => '30 minutes') AT TIME ZONE 'Europe/Berlin' AS local
	FROM on_heap o LEFT JOIN devices d USING (dev) WHERE o.v <> 17 GROUP BY 1, 2 HAVING count(*) > 3 WITH NO DATA;
SELECT differs('heap_days'), differs('heap_months'), differs('places');
CALL refresh_continuous_aggregate('places', '2024-01-01', '2024-03-31');
SELECT differs('places');
SELECT * FROM pending('places', NULL::timestamptz);
INSERT INTO on_heap SELECT '2024-03-30'::timestamptz + i * interval '20 minutes', i % 4, i FROM generate_series(0, 300) i;
SELECT differs('heap_days'), differs('heap_months'), differs('places');
SELECT * FROM pending('heap_hours', NULL::timestamptz);
SELECT * FROM pending('heap_days', NULL::timestamptz);
SELECT * FROM pending('heap_months', NULL::timestamptz);
SELECT * FROM pending('places', NULL::timestamptz);
CALL refresh_continuous_aggregate('heap_months', NULL, NULL);
CALL refresh_continuous_aggregate('places', '2024-03-31 02:00', '2024-04-01');
SELECT refreshed('heap_months'), refreshed('places'), differs('heap_days'), differs('heap_months'), differs('places');
-- Over one that shows stored rows only: a refresh below is a change.
ALTER MATERIALIZED VIEW heap_hours SET (epiphany.materialized_only);
CALL refresh_continuous_aggregate('heap_days', NULL, NULL);
SELECT differs('heap_days');
CALL refresh_continuous_aggregate('heap_hours', NULL, NULL);
SELECT * FROM pending('heap_days', NULL::timestamptz);
SELECT differs('heap_days'), differs('heap_months');

CREATE TABLE kinds (d date NOT NULL, t timestamp NOT NULL, i2 int2 NOT NULL, i4 int4 NOT NULL, i8 int8 NOT NULL);
CREATE MATERIALIZED VIEW by_date WITH (epiphany.continuous) AS SELECT time_bucket('1 week', d) AS b, count(*) FROM kinds GROUP BY 1;
CREATE MATERIALIZED VIEW by_month WITH (epiphany.continuous) AS SELECT time_bucket('3 months', t, '2000-02-15'::timestamp) AS b, count(*) FROM kinds GROUP BY 1;
CREATE MATERIALIZED VIEW by_int2 WITH (epiphany.continuous) AS SELECT time_bucket(10::int2, i2) AS b, count(*) FROM kinds GROUP BY 1;
CREATE MATERIALIZED VIEW by_int4 WITH (epiphany.continuous) AS SELECT time_bucket(1000, i4, 7) AS b, count(*) FROM kinds GROUP BY 1;
CREATE MATERIALIZED VIEW by_int8 WITH (epiphany.continuous) AS SELECT time_bucket(1000::int8, i8) AS b, count(*) FROM kinds GROUP BY 1;
INSERT INTO kinds SELECT '2024-01-01'::date + i, '2024-01-01'::timestamp + i * interval '5 days', i, i * 100000, i * 1e15::int8 FROM generate_series(-100, 100) i;
SELECT a, differs(a) FROM unnest('{by_date,by_month,by_int2,by_int4,by_int8}'::text[]) a;
SELECT * FROM pending('by_date', NULL::date);
SELECT * FROM pending('by_month', NULL::timestamp);
SELECT * FROM pending('by_int2', NULL::int2);
CALL refresh_continuous_aggregate('by_date', NULL, NULL);
CALL refresh_continuous_aggregate('by_month', NULL, NULL);
CALL refresh_continuous_aggregate('by_int2', NULL, 55);
CALL refresh_continuous_aggregate('by_int4', 0, 100000);
CALL refresh_continuous_aggregate('by_int8', NULL, NULL);
SELECT a, differs(a) FROM unnest('{by_date,by_month,by_int2,by_int4,by_int8}'::text[]) a;
-- Ends of types: nobody's insert fails, nothing is forgotten.
INSERT INTO kinds VALUES ('infinity', '-infinity', 32767, 2147483647, 9223372036854775807);
INSERT INTO kinds VALUES ('-infinity', 'infinity', -32750, -2147480000, -9223372036854775000);
SELECT * FROM pending('by_date', NULL::date);
SELECT * FROM pending('by_int8', NULL::int8);
SELECT a, differs(a) FROM unnest('{by_date,by_month,by_int2,by_int4,by_int8}'::text[]) a;
CALL refresh_continuous_aggregate('by_date', NULL, NULL);
CALL refresh_continuous_aggregate('by_month', NULL, NULL);
CALL refresh_continuous_aggregate('by_int2', NULL, NULL);
CALL refresh_continuous_aggregate('by_int4', NULL, NULL);
CALL refresh_continuous_aggregate('by_int8', NULL, NULL);
SELECT a, differs(a) FROM unnest('{by_date,by_month,by_int2,by_int4,by_int8}'::text[]) a;
DELETE FROM kinds WHERE i4 IN (2147483647, -2147480000);
SELECT a, differs(a) FROM unnest('{by_date,by_month,by_int2,by_int4,by_int8}'::text[]) a;

-- What cannot be kept up to date.
CREATE FUNCTION try(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE detail text; hint text;
BEGIN
	EXECUTE 'CREATE MATERIALIZED VIEW no WITH (epiphany.continuous) AS ' || query;
	DROP VIEW no;
	RETURN 'made';
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN concat_ws(' ', SQLSTATE, SQLERRM, NULLIF(detail, ''), NULLIF(hint, ''));
END $$;
CREATE TABLE partitioned (ts timestamptz NOT NULL) PARTITION BY RANGE (ts);
CREATE TABLE parent (ts timestamptz NOT NULL);
CREATE TABLE child () INHERITS (parent);
CREATE UNLOGGED TABLE unlogged_ (ts timestamptz NOT NULL);
CREATE TABLE secured (ts timestamptz NOT NULL);
ALTER TABLE secured ENABLE ROW LEVEL SECURITY;
CREATE TABLE nullable (ts timestamptz, other timestamptz NOT NULL);
CREATE VIEW over_heap AS TABLE on_heap;
CREATE TEMP TABLE temporary (ts timestamptz NOT NULL);
SELECT q, try(q) FROM (VALUES
	('SELECT count(*) FROM on_heap'),
	('SELECT dev, count(*) FROM on_heap GROUP BY 1'),
	('SELECT date_trunc(''hour'', ts, ''UTC'') AS b FROM on_heap GROUP BY 1'),
	('SELECT count(*) FROM on_heap GROUP BY time_bucket(''1 hour'', ts)'),
	('SELECT time_bucket(''1 hour'', ts), time_bucket(''1 day'', ts) FROM on_heap GROUP BY 1, 2'),
	('SELECT time_bucket(dev * interval ''1 hour'', ts) FROM on_heap GROUP BY 1'),
	('SELECT time_bucket(''1 hour'', ts + interval ''1 hour'') FROM on_heap GROUP BY 1'),
	('SELECT time_bucket(''1 hour'', ts, "offset" => interval ''1 month'') FROM on_heap GROUP BY 1'),
	('SELECT time_bucket(''0 hours'', ts) FROM on_heap GROUP BY 1'),
	('SELECT time_bucket(''1 hour'', ts, ''Nowhere/Land'') FROM on_heap GROUP BY 1'),
	('SELECT time_bucket(''36 hours'', d) FROM kinds GROUP BY 1'),
	('SELECT time_bucket(''1 hour'', ts), max(now()) FROM on_heap GROUP BY 1'),
	('SELECT time_bucket(''1 hour'', ts), sum(random()) FROM on_heap GROUP BY 1'),
	('SELECT time_bucket(''1 hour'', ts), rank() OVER (ORDER BY time_bucket(''1 hour'', ts)) FROM on_heap GROUP BY 1'),
	('SELECT time_bucket(''1 hour'', ts) FROM on_heap GROUP BY 1 ORDER BY 1'),
	('SELECT time_bucket(''1 hour'', ts) FROM on_heap GROUP BY 1 LIMIT 1'),
	('SELECT DISTINCT time_bucket(''1 hour'', ts) FROM on_heap GROUP BY 1'),
	('SELECT time_bucket(''1 hour'', ts) FROM on_heap GROUP BY GROUPING SETS ((1), ())'),
	('SELECT time_bucket(''1 hour'', ts) FROM on_heap GROUP BY 1 UNION ALL SELECT now()'),
	('WITH x AS (TABLE on_heap) SELECT time_bucket(''1 hour'', ts) FROM x GROUP BY 1'),
	('SELECT time_bucket(''1 hour'', ts) FROM (TABLE on_heap) x GROUP BY 1'),
	('SELECT time_bucket(''1 hour'', ts) FROM on_heap WHERE dev IN (SELECT dev FROM devices) GROUP BY 1'),
	('SELECT time_bucket(''1 hour'', ts) FROM on_heap TABLESAMPLE SYSTEM (10) GROUP BY 1'),
	('SELECT time_bucket(''1 hour'', a.ts) FROM on_heap a JOIN on_heap b USING (dev) GROUP BY 1'),
	('SELECT time_bucket(''1 hour'', ts) FROM devices d LEFT JOIN on_heap h USING (dev) GROUP BY 1'),
	('SELECT time_bucket(''1 hour'', h.ts) FROM on_heap h JOIN over_heap o USING (dev) GROUP BY 1'),
	('SELECT time_bucket(''1 hour'', ts), unnest(array_agg(dev)) FROM on_heap GROUP BY 1'),
	('SELECT time_bucket(''1 hour'', ts), max(ctid) FROM on_heap GROUP BY 1'),
	('SELECT time_bucket(''1 hour'', ts) FROM partitioned GROUP BY 1'),
	('SELECT time_bucket(''1 hour'', ts) FROM parent GROUP BY 1'),
	('SELECT time_bucket(''1 hour'', ts) FROM unlogged_ GROUP BY 1'),
	('SELECT time_bucket(''1 hour'', ts) FROM secured GROUP BY 1'),
	('SELECT time_bucket(''1 hour'', ts) FROM nullable GROUP BY 1'),
	('SELECT time_bucket(''1 hour'', ts) FROM temporary GROUP BY 1'),
	('SELECT time_bucket(''1 hour'', ts) FROM over_heap GROUP BY 1'),
	('SELECT time_bucket(''1 hour'', bucket + interval ''1 h'') FROM heap_hours GROUP BY 1'),
	('SELECT time_bucket(''1 hour'', local) FROM places GROUP BY 1')) v (q);
CREATE TABLE no AS SELECT 1 AS a;
CREATE MATERIALIZED VIEW no WITH (epiphany.continuous) AS SELECT time_bucket('1 hour', ts) FROM on_heap GROUP BY 1;
CREATE MATERIALIZED VIEW IF NOT EXISTS no WITH (epiphany.continuous) AS SELECT time_bucket('1 hour', ts) FROM on_heap GROUP BY 1;
CREATE MATERIALIZED VIEW no2 (a, b) WITH (epiphany.continuous) AS SELECT time_bucket('1 hour', ts) FROM on_heap GROUP BY 1;
CREATE MATERIALIZED VIEW no2 WITH (epiphany.continuous = maybe) AS SELECT time_bucket('1 hour', ts) FROM on_heap GROUP BY 1;
CREATE MATERIALIZED VIEW no2 WITH (epiphany.continuous, epiphany.nonsense) AS SELECT time_bucket('1 hour', ts) FROM on_heap GROUP BY 1;
CREATE MATERIALIZED VIEW ignored WITH (tsdb.continuous, tsdb.chunk_interval = '1 day') AS SELECT time_bucket('1 hour', ts) FROM on_column GROUP BY 1;

-- Names, owners, columns, indexes, comments, schemas.
CREATE ROLE regress_continuous;
GRANT USAGE, CREATE ON SCHEMA continuous TO regress_continuous;
CREATE TABLE "It's a ""source""" ("the time" timestamptz NOT NULL, "a'b" int);
CREATE MATERIALIZED VIEW "Odd 'view'" WITH (epiphany.continuous) AS SELECT time_bucket('1 hour', "the time") AS "B ""b""", sum("a'b") AS "s's" FROM "It's a ""source""" GROUP BY 1;
INSERT INTO "It's a ""source""" VALUES ('2024-01-01', 1);
SELECT differs('Odd ''view''');
CALL refresh_continuous_aggregate('"Odd ''view''"', NULL, NULL);
ALTER TABLE "It's a ""source""" RENAME TO source;
ALTER TABLE source RENAME "the time" TO "Time";
ALTER TABLE source DROP COLUMN "a'b";
ALTER MATERIALIZED VIEW "Odd 'view'" RENAME COLUMN "s's" TO s;
ALTER MATERIALIZED VIEW "Odd 'view'" RENAME TO odd;
ALTER MATERIALIZED VIEW odd SET (epiphany.materialized_only = true);
ALTER MATERIALIZED VIEW odd SET (epiphany.materialized_only = false);
INSERT INTO source VALUES ('2024-01-01 00:30', 2), ('2024-01-03', 1);
SELECT * FROM odd ORDER BY 1;
COMMENT ON MATERIALIZED VIEW odd IS 'odd';
CREATE INDEX odd_index ON odd (s);
SELECT indexdef FROM pg_indexes WHERE indexname = 'odd_index';
SET ROLE regress_continuous;
SELECT count(*) FROM odd;
CALL refresh_continuous_aggregate('odd', NULL, NULL);
ALTER MATERIALIZED VIEW odd SET (epiphany.materialized_only = true);
SELECT epiphany.invalidate('odd', NULL, NULL);
CREATE MATERIALIZED VIEW mine WITH (epiphany.continuous) AS SELECT time_bucket('1 hour', "Time") AS b, count(*) FROM source GROUP BY 1;
RESET ROLE;
GRANT TRIGGER ON source TO regress_continuous;
SET ROLE regress_continuous;
CREATE MATERIALIZED VIEW mine WITH (epiphany.continuous) AS SELECT time_bucket('1 hour', "Time") AS b, count(*) FROM source GROUP BY 1;
RESET ROLE;
GRANT SELECT ON source TO regress_continuous;
SET ROLE regress_continuous;
CREATE MATERIALIZED VIEW mine WITH (epiphany.continuous) AS SELECT time_bucket('1 hour', "Time") AS b, count(*) FROM source GROUP BY 1;
SELECT count(*) FROM mine;
RESET ROLE;
INSERT INTO source VALUES ('2024-01-04', 2);
SELECT differs('mine');
ALTER MATERIALIZED VIEW odd OWNER TO regress_continuous;
SELECT relname, relowner::regrole FROM pg_class WHERE oid IN (SELECT unnest(ARRAY[user_view, definition, materialization]) FROM continuous_catalog WHERE user_view = 'odd'::regclass) ORDER BY 1;
SELECT count(*) FROM odd;
CREATE OR REPLACE VIEW odd AS SELECT 1;
ALTER MATERIALIZED VIEW odd SET SCHEMA public;
SELECT count(*) FROM public.odd;

-- Columns in use, access methods, dropping.
ALTER TABLE source DROP COLUMN "Time";
ALTER TABLE source ALTER COLUMN "Time" TYPE timestamp;
ALTER TABLE source ADD COLUMN more int DEFAULT 3;
ALTER TABLE source SET ACCESS METHOD epiphany_column;
\d source
INSERT INTO source VALUES ('2024-01-05', 2);
SELECT differs('mine');
ALTER TABLE source SET ACCESS METHOD heap;
\d source
INSERT INTO source VALUES ('2024-01-06', 2);
SELECT differs('mine');
DROP TABLE source;
DROP TABLE mine_data;
DROP MATERIALIZED VIEW public.odd;
DROP MATERIALIZED VIEW mine, no_such;
CREATE MATERIALIZED VIEW usual AS SELECT 1 AS a;
DROP MATERIALIZED VIEW mine, usual;
DROP MATERIALIZED VIEW usual;
DROP TABLE source CASCADE;
SELECT relname FROM pg_class WHERE relname ~ 'mine|odd' ORDER BY 1;
DROP VIEW heap_hours;
DROP MATERIALIZED VIEW heap_hours CASCADE;
DROP MATERIALIZED VIEW places;
\d on_heap
INSERT INTO on_heap VALUES ('2024-09-09', 1, 1);
SELECT view_name FROM continuous_aggregates ORDER BY 1;
SELECT count(*) FROM continuous_pending WHERE definition NOT IN (SELECT definition FROM continuous_catalog);

-- A session that has not loaded the library.
CREATE TABLE fresh (ts timestamptz NOT NULL);
INSERT INTO fresh VALUES ('2024-01-01');
\c
CREATE MATERIALIZED VIEW continuous.first WITH (epiphany.continuous) AS SELECT epiphany.time_bucket('1 hour', ts) AS b, count(*) FROM continuous.fresh GROUP BY 1;
\c
INSERT INTO continuous.fresh VALUES ('2024-01-01');
SELECT * FROM continuous.first;
\c
ALTER MATERIALIZED VIEW continuous.first SET (epiphany.materialized_only);
SELECT * FROM continuous.first;
\c
ALTER MATERIALIZED VIEW continuous.first RENAME COLUMN count TO n;
\c
COMMENT ON MATERIALIZED VIEW continuous.first IS 'first';
\c
CREATE INDEX ON continuous.first (n);
\c
CALL epiphany.refresh_continuous_aggregate('continuous.first', NULL, NULL);
SELECT * FROM continuous.first;
\c
DROP MATERIALIZED VIEW continuous.first;
SELECT count(*) FROM pg_trigger WHERE tgrelid = 'continuous.fresh'::regclass;
SET client_min_messages = warning;
DROP SCHEMA continuous CASCADE;
DROP ROLE regress_continuous;
SELECT count(*) FROM epiphany.continuous_catalog;
SELECT count(*) FROM epiphany.continuous_pending;
