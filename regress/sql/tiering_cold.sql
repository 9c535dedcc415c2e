-- Row groups in objects of a store: what is read there, changed, moved back and left out.
CREATE DATABASE cold;
\c cold
SET client_min_messages = warning;
CREATE EXTENSION epiphany_columnstore;
CREATE EXTENSION epiphany_tiering;
CREATE EXTENSION epiphany_vectorstore;
RESET client_min_messages;
\set VERBOSITY terse
\set SHOW_CONTEXT never
SELECT current_setting('data_directory') || '/cold' AS dir \gset
\setenv DIR :dir
\set command 'cat > /dev/null; rm -rf ' :dir ' ' :dir '_bare; mkdir ' :dir ' ' :dir '_bare'
COPY (SELECT) TO PROGRAM :'command';
SELECT 'file://' || :'dir' AS url \gset
CREATE SERVER lake FOREIGN DATA WRAPPER epiphany_object_store OPTIONS (url :'url');

-- Runs a statement; what it gave, or the error, without names that differ.
CREATE FUNCTION attempt(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text; message text; detail text; hint text;
BEGIN
	EXECUTE statement INTO result;
	RETURN COALESCE(result, 'done');
EXCEPTION WHEN OTHERS THEN
	GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
	RETURN regexp_replace(regexp_replace(concat_ws(' | ', SQLSTATE, message, NULLIF(detail, ''), NULLIF(hint, '')), '[0-9a-f]{16}/\d+/(\d+/)?((\d+)-[0-9a-f-]*)?', 'KEY\3', 'g'),
		'/?[a-z][^ "]*/cold', 'DIR', 'g');
END $$;

-- ---- All kinds of values ----
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN score AS numeric(5,1) CHECK (VALUE >= 0);
CREATE TABLE kinds (id int, b bool, c "char", i2 int2, i8 int8, o oid, f4 float4, f8 float8, d date, t time, tz timetz, ts timestamp, tstz timestamptz, iv interval,
	n numeric, n9 numeric(9,2), n18 numeric(18,4), n38 numeric(38,10), n99 numeric(99,20), m money, s text, vc varchar(20), ch char(5), nm name, j json, jb jsonb, u uuid, by bytea,
	ip inet, ci cidr, mac macaddr, bi bit(5), vb varbit, p point, bx box, r int4range, tr tstzrange, mr int4multirange, x xml, tv tsvector, e mood, co pair, sc score,
	ai int[], at text[], an numeric[], ab bool[], ae mood[], aa int[], ts_late timestamp, v vector(3), h halfvec(3), gone int) USING epiphany_column;
INSERT INTO kinds
SELECT i, CASE WHEN i % 7 > 0 THEN i % 2 = 0 END, chr(33 + i % 90)::"char", i % 30000 - 15000, i * 1000000007::bigint, (4294967290 - i % 100)::oid,
	CASE i % 50 WHEN 0 THEN 'NaN' WHEN 1 THEN '-0' WHEN 2 THEN 'Infinity' ELSE i * 0.37 END::float4,
	CASE i % 50 WHEN 0 THEN '-Infinity' WHEN 1 THEN 'NaN' ELSE sqrt(i) END::float8,
	CASE i % 40 WHEN 0 THEN 'infinity' WHEN 1 THEN '4713-01-01 BC' WHEN 2 THEN '5874897-12-31' ELSE date '1999-12-01' + i END::date,
	time '00:00' + i * interval '1.000007 s', (time '00:00' + i * interval '2 s')::text::time AT TIME ZONE interval '03:30',
	CASE i % 40 WHEN 0 THEN '-infinity' ELSE timestamp '1969-12-31' + i * interval '17.123456 s' END::timestamp, timestamptz '2020-03-29 00:00+00' + i * interval '61 s',
	make_interval(months => i % 30 - 15, days => i % 11 - 5, secs => i * 0.000001 - 0.5),
	CASE i % 30 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN '1e-30' WHEN 3 THEN '100' WHEN 4 THEN '100.00' ELSE (i * 1.1)::text END::numeric,
	i * -1.01, i * 12345.6789, i::numeric ^ 5 + 0.0000000001, i * 1e60, (i * 0.01)::numeric::money,
	CASE i % 9 WHEN 0 THEN '' WHEN 1 THEN NULL WHEN 2 THEN repeat('ä€𝄞', 5) ELSE md5(i::text) END, 'v' || i % 20, 'c' || i % 100, ('name' || i % 3)::name,
	format('{"b": %s,  "a": [1, 2.50]}', i)::json, format('{"b": %s,  "a": [1, 2.50]}', i)::jsonb, md5(i::text)::uuid, decode(md5(i::text), 'hex'),
	('10.0.' || i % 256 || '.1/16')::inet, ('10.' || i % 256 || '.0.0/16')::cidr, '08:00:2b:01:02:03', (i % 32)::bit(5), (i % 8)::bit(3)::varbit,
	point(i * 0.1, -i), box(point(i, i), point(0, 0)), int4range(i, i + 5), tstzrange(timestamptz '2020-01-01 00:00+00' + i * interval '1 h', NULL), int4multirange(int4range(i, i + 1), int4range(i + 10, i + 20)),
	xmlparse(content format('<a>%s</a>', i)), to_tsvector('simple', 'word' || i || ' and more'), (ARRAY['sad', 'ok', 'happy']::mood[])[1 + i % 3], ROW(i, 'x' || i % 2)::pair, (i % 1000) * 0.1,
	CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN '{}' WHEN 2 THEN ARRAY[i, NULL, -i] ELSE ARRAY[i] END, ARRAY['t' || i % 5, NULL, ''], ARRAY[i * 0.5], ARRAY[i % 2 = 0, NULL], ARRAY['ok', 'sad']::mood[],
	CASE WHEN i = 9 THEN '[0:1]={1,2}' ELSE ARRAY[1, 2] END::int[], CASE WHEN i = 9 THEN '294276-12-31' ELSE '2000-01-01' END::timestamp,
	CASE WHEN i % 10 > 0 THEN ARRAY[i, i * 0.1, -1]::vector(3) END, ARRAY[i % 100, 0.5, -1]::halfvec(3), i
FROM generate_series(1, 5000) i;
ALTER TABLE kinds DROP COLUMN gone, ADD COLUMN later int DEFAULT 42;
CREATE TABLE kinds_heap AS TABLE kinds;
CREATE FUNCTION same(a regclass, b regclass) RETURNS bool LANGUAGE plpgsql AS $$
DECLARE result bool;
BEGIN
	EXECUTE format('SELECT (SELECT md5(string_agg(md5(t::text), '''' ORDER BY id)) FROM %s t) = (SELECT md5(string_agg(md5(t::text), '''' ORDER BY id)) FROM %s t)', a, b) INTO result;
	RETURN result;
END $$;
SELECT groups, rows, bytes > 100000 AS bytes, groups_left FROM epiphany.move_groups('kinds', 'cold', store => 'lake');
SELECT tier, groups, rows, local_bytes < 300000 AS small, object_bytes > 100000 AS large FROM epiphany.tiering_status WHERE "table" = 'kinds'::regclass;
SELECT same('kinds', 'kinds_heap');
SET epiphany.enable_vectorized = off;
SELECT same('kinds', 'kinds_heap');
RESET epiphany.enable_vectorized;
-- How they are in the object: as text of the note that the file has, by form.
SELECT object AS object FROM epiphany.cold_groups('kinds') \gset
SELECT column_name, sql_type, parquet_type FROM epiphany.parquet_schema(:'object', 'lake');
-- Stored in the same bytes, too.
SET epiphany.debug_vectorize = off;
SELECT count(*) FROM kinds k JOIN kinds_heap h USING (id) WHERE (pg_column_size(k.n), k.n::text, k.jb, k.ai::text, k.aa::text, k.v::text, k.f8::text, k.x::text)
	IS DISTINCT FROM (pg_column_size(h.n), h.n::text, h.jb, h.ai::text, h.aa::text, h.v::text, h.f8::text, h.x::text);
RESET epiphany.debug_vectorize;
SELECT * FROM epiphany.verify('kinds');
-- Back, and every column once more.
SELECT groups, rows FROM epiphany.move_groups('kinds', 'warm');
SELECT same('kinds', 'kinds_heap');
SELECT tier, count(*) FROM epiphany.row_groups('kinds') WHERE state <> 'removed' GROUP BY 1 ORDER BY 1;
SELECT * FROM epiphany.verify('kinds');
VACUUM kinds;
SELECT tier, count(*) FROM epiphany.row_groups('kinds') WHERE state <> 'removed' GROUP BY 1 ORDER BY 1;

-- ---- Reading ----
CREATE TABLE events (id int, at timestamptz, kind text, amount numeric(10,2)) USING epiphany_column WITH (epiphany.row_group_rows = 10000);
INSERT INTO events SELECT i, timestamptz '2025-01-01 00:00+00' + i * interval '1 minute', 'kind ' || i % 7, i * 0.01 FROM generate_series(0, 49999) i;
CREATE INDEX ON events (id);
CREATE TABLE events_heap AS TABLE events;
SELECT groups, rows, groups_left FROM epiphany.move_groups('events', 'cold', store => 'lake');
-- A numeric that is no decimal is stored as its bytes.
CREATE TABLE nans (i int, n numeric(10,2), m numeric(30,2)) USING epiphany_column;
INSERT INTO nans SELECT i, CASE WHEN i % 100 = 0 THEN 'NaN' ELSE i / 4.0 END, CASE WHEN i % 10 > 0 THEN i * 1e20 END FROM generate_series(1, 10000) i;
CREATE TABLE nans_heap AS TABLE nans;
SELECT groups, rows FROM epiphany.move_groups('nans', 'cold', store => 'lake');
SELECT count(*) AS differ FROM (SELECT nans::text FROM nans EXCEPT ALL SELECT nans_heap::text FROM nans_heap) d;
DROP TABLE nans, nans_heap;
-- What zone maps rule out costs no request, nor does what the footers tell.
CREATE FUNCTION requests(statement text, OUT result text, OUT requests bigint) LANGUAGE plpgsql AS $$
DECLARE before bigint := (SELECT c.requests + c.cache_hits FROM epiphany.tiering_counters() c);
BEGIN
	EXECUTE statement INTO result;
	requests := (SELECT c.requests + c.cache_hits FROM epiphany.tiering_counters() c) - before;
END $$;
SET max_parallel_workers_per_gather = 0;
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SELECT * FROM requests('SELECT count(*) FROM events WHERE id > 1000000');
SELECT * FROM requests('SELECT count(*) FROM events');
SELECT * FROM requests('SELECT sum(amount) FROM events WHERE id BETWEEN 20500 AND 20600');
SELECT * FROM requests('SELECT count(*), sum(id) FROM events WHERE kind = ''kind 3''');
RESET enable_indexscan;
RESET enable_bitmapscan;
SET enable_seqscan = off;
SELECT kind FROM events WHERE id = 43210;
RESET enable_seqscan;
SELECT requests > 0 AS requests, bytes_read > 0 AS bytes_read, cache_hits > 0 AS cache_hits, cache_bytes > 0 AS cache_bytes FROM epiphany.tiering_counters();
SELECT same('events', 'events_heap');

-- ---- Statistics: some cold groups stand for all ----
CREATE TABLE sampled (id int, kind int, note text) USING epiphany_column WITH (epiphany.row_group_rows = 2048);
INSERT INTO sampled SELECT i, i / 20480, md5(i::text) FROM generate_series(0, 81919) i;
SELECT epiphany.compact('sampled') IS NOT NULL AS compacted;
SELECT groups FROM epiphany.move_groups('sampled', 'cold', store => 'lake', max_groups => 38);
-- What the planner knows: all rows, their distinct values, and of the first half and the last quarter roughly how many.
CREATE FUNCTION known(OUT rows numeric, OUT id real, OUT kind real, OUT early bool, OUT late bool, OUT requests bigint) LANGUAGE plpgsql AS $$
DECLARE plan json; before bigint := (SELECT c.requests + c.cache_hits FROM epiphany.tiering_counters() c);
BEGIN
	ANALYZE sampled;
	requests := (SELECT c.requests + c.cache_hits FROM epiphany.tiering_counters() c) - before;
	SELECT round(reltuples::numeric, -3) INTO rows FROM pg_class WHERE oid = 'sampled'::regclass;
	SELECT n_distinct INTO id FROM pg_stats WHERE tablename = 'sampled' AND attname = 'id';
	SELECT n_distinct INTO kind FROM pg_stats WHERE tablename = 'sampled' AND attname = 'kind';
	EXECUTE 'EXPLAIN (FORMAT JSON) SELECT * FROM sampled WHERE id < 40960' INTO plan;
	early := (plan -> 0 -> 'Plan' ->> 'Plan Rows')::int BETWEEN 20000 AND 65000;
	EXECUTE 'EXPLAIN (FORMAT JSON) SELECT * FROM sampled WHERE kind = 3' INTO plan;
	late := (plan -> 0 -> 'Plan' ->> 'Plan Rows')::int BETWEEN 8000 AND 40000;
END $$;
SELECT * FROM known();
SET epiphany.analyze_cold_groups = 0;
SELECT * FROM known();
RESET epiphany.analyze_cold_groups;
SELECT groups FROM epiphany.move_groups('sampled', 'cold', store => 'lake');
SELECT * FROM known();
-- Frozen ones are stood for.
SELECT groups FROM epiphany.move_groups('sampled', 'frozen', max_groups => 10);
SELECT rows, id, requests FROM known();
DROP TABLE sampled;
-- Where their store cannot be read they are counted, and others stand for them; bytes that are wrong are an error.
CREATE TABLE far (id int, kind int) USING epiphany_column WITH (epiphany.row_group_rows = 2048);
INSERT INTO far SELECT i, i % 7 FROM generate_series(1, 8192) i;
SELECT epiphany.compact('far') IS NOT NULL AS compacted;
SELECT groups FROM epiphany.move_groups('far', 'cold', store => 'lake', max_groups => 3);
ALTER SERVER lake OPTIONS (SET url 'file:///nowhere');
ANALYZE far;
SELECT c.reltuples, s.n_distinct FROM pg_class c JOIN pg_stats s ON s.tablename = c.relname WHERE c.relname = 'far' AND s.attname = 'kind';
BEGIN;
ANALYZE far;
SELECT reltuples FROM pg_class WHERE relname = 'far';
COMMIT;
SELECT attempt('SELECT sum(kind) FROM far') LIKE '58P01%' AS is_missing;
ALTER SERVER lake OPTIONS (SET url :'url');
ANALYZE far;
SELECT sum(kind) FROM far;
DROP TABLE far;
ANALYZE events;
SELECT reltuples FROM pg_class WHERE oid = 'events'::regclass;

-- ---- Changes ----
UPDATE events SET amount = -1 WHERE id IN (5, 15000);
UPDATE events_heap SET amount = -1 WHERE id IN (5, 15000);
DELETE FROM events WHERE id BETWEEN 20000 AND 23000;
DELETE FROM events_heap WHERE id BETWEEN 20000 AND 23000;
SELECT id FROM events WHERE id = 31000 FOR UPDATE;
SELECT same('events', 'events_heap');
VACUUM events;
SELECT same('events', 'events_heap');
-- Only the group that has lost many rows comes back.
SELECT epiphany.compact('events') > 0 AS moved;
SELECT tier, count(*), sum(rows) FROM epiphany.row_groups('events') WHERE state IN ('committed', 'frozen') GROUP BY 1 ORDER BY 1;
SELECT same('events', 'events_heap');
SELECT * FROM epiphany.verify('events');
-- VACUUM FULL leaves whole groups where they are.
VACUUM FULL events;
SELECT tier, count(*), sum(rows) FROM epiphany.row_groups('events') WHERE state <> 'removed' GROUP BY 1 ORDER BY 1;
SELECT same('events', 'events_heap');
SELECT count(*), sum(amount) FROM events WHERE id BETWEEN 40000 AND 40010;

-- ---- Frozen ----
SELECT groups FROM epiphany.move_groups('events', 'frozen', store => 'lake', max_groups => 1);
SELECT tier, count(*) FROM epiphany.row_groups('events') WHERE state <> 'removed' GROUP BY 1 ORDER BY 1;
SELECT attempt('SELECT count(*) FROM events WHERE kind > ''a''');
-- What the footers tell is still told.
SELECT sum(amount) = (SELECT sum(amount) FROM events_heap) AS same FROM events;
SELECT count(*) FROM events WHERE id > 1000000;
SELECT groups FROM epiphany.move_groups('events', 'warm', max_groups => 1);
SELECT epiphany.restore_group('events', group_id) FROM epiphany.row_groups('events') WHERE tier = 'frozen';
SELECT same('events', 'events_heap');
SELECT attempt('SELECT epiphany.restore_group(''events'', 100000)');

-- ---- By age ----
CREATE TABLE aged (at timestamptz, v int) USING epiphany_column WITH (epiphany.time_column = 'at', epiphany.chunk_interval = '10 days');
INSERT INTO aged SELECT now() - i * interval '5 minutes', i FROM generate_series(1, 50000) i;
SELECT groups > 5 AS groups FROM epiphany.move_groups('aged', 'cold', '100 days', 'lake');
SELECT tier, count(*) > 5 AS groups FROM epiphany.row_groups('aged') WHERE state <> 'removed' GROUP BY 1 ORDER BY 1;
SELECT groups FROM epiphany.move_groups('aged', 'cold', interval '100 days', 'lake');
SELECT attempt('SELECT epiphany.move_groups(''aged'', ''cold'', 5, ''lake'')');
SELECT count(*), sum(v) FROM aged;
CREATE TABLE counted (at int, v int) USING epiphany_column WITH (epiphany.time_column = 'at', epiphany.chunk_interval = '3000');
INSERT INTO counted SELECT i, i FROM generate_series(0, 9999) i;
SELECT groups FROM epiphany.move_groups('counted', 'cold', 6000, 'lake');
SELECT groups FROM epiphany.move_groups('counted', 'cold', '9000', 'lake');
SELECT attempt('SELECT epiphany.move_groups(''counted'', ''cold'', ''1 day'', ''lake'')');
SELECT groups FROM epiphany.move_groups('events', 'cold', interval '1 day', 'lake');

-- ---- Objects that nobody wants ----
SELECT objects > 10 AS objects, orphans > 0 AS orphans, removed FROM epiphany.tiering_gc('lake');
DROP TABLE aged;
SELECT orphans > 5 AS orphans, removed FROM epiphany.tiering_gc('lake', '1 hour');
-- Whoever still reads what VACUUM has not given back yet may want the object.
VACUUM counted, events, kinds;
SELECT orphans, removed > 10 AS removed, removed_bytes > 10000 AS bytes FROM epiphany.tiering_gc('lake', '0');
SELECT objects, orphans, removed FROM epiphany.tiering_gc('lake', '0');
SELECT same('events', 'events_heap');
SELECT count(*), sum(v) FROM counted;
SELECT attempt('SELECT epiphany.tiering_remove(''lake'', ''other/object'')');

-- ---- Objects that are not what they were ----
CREATE TABLE hurt (id int, a text) USING epiphany_column;
INSERT INTO hurt SELECT i, md5(i::text) FROM generate_series(1, 5000) i;
SELECT groups FROM epiphany.move_groups('hurt', 'cold', store => :'url' || '_bare');
SELECT object AS object FROM epiphany.cold_groups('hurt') \gset
\set command 'cat > /dev/null; cp ' :dir '_bare/' :object ' ' :dir '/kept; printf x | dd of=' :dir '_bare/' :object ' bs=1 seek=2000 conv=notrunc 2> /dev/null'
COPY (SELECT) TO PROGRAM :'command';
SELECT attempt('SELECT count(a), sum(id) FROM hurt');
\set command 'cat > /dev/null; head -c 3000 ' :dir '/kept > ' :dir '_bare/' :object
COPY (SELECT) TO PROGRAM :'command';
SELECT attempt('SELECT max(a) FROM hurt');
\set command 'cat > /dev/null; rm ' :dir '_bare/' :object
COPY (SELECT) TO PROGRAM :'command';
SELECT attempt('SELECT max(a) FROM hurt');
\set command 'cat > /dev/null; mv ' :dir '/kept ' :dir '_bare/' :object
COPY (SELECT) TO PROGRAM :'command';
SELECT count(a), sum(id), max(a) FROM hurt;
TRUNCATE hurt;
SELECT count(*) FROM hurt;

-- ---- What the planner thinks of them: as large as they were, and dearer ----
CREATE TABLE far (k int, w text) USING epiphany_column;
INSERT INTO far SELECT g, md5(g::text) || md5('a' || g) FROM generate_series(1, 40000) g;
VACUUM (FREEZE, ANALYZE) far;
SET min_parallel_table_scan_size = '64kB';
SET parallel_setup_cost = 0;
SET max_parallel_workers_per_gather = 2;
CREATE FUNCTION planned(query text, OUT workers int, OUT cost float8) LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	workers := substring(plan::text FROM '"Workers Planned": ([0-9]+)')::int;
	cost := (plan -> 0 -> 'Plan' ->> 'Total Cost')::float8;
END $$;
SELECT workers, cost AS warm_cost FROM planned('SELECT max(w) FROM far') \gset
SELECT cost AS warm_few FROM planned('SELECT max(w) FROM far WHERE k > 39500') \gset
SELECT groups > 0 AS moved FROM epiphany.move_groups('far', 'cold', store => 'lake');
VACUUM far;
SELECT pg_relation_size('far') < 65536 AS little_is_left;
SELECT workers, workers = :workers AS as_many, cost > 2 * :warm_cost AS dearer FROM planned('SELECT max(w) FROM far');
-- What leaves few rows is likely to leave few groups.
SELECT cost < 2 * :warm_few AS not_much_dearer FROM planned('SELECT max(w) FROM far WHERE k > 39500');
SELECT count(*), max(w) FROM far;
RESET min_parallel_table_scan_size;
RESET parallel_setup_cost;
RESET max_parallel_workers_per_gather;
DROP TABLE far;

-- ---- Who may ----
CREATE ROLE cold_user;
GRANT USAGE ON SCHEMA epiphany TO cold_user;
GRANT SELECT ON events TO cold_user;
SET ROLE cold_user;
SELECT attempt('SELECT epiphany.move_groups(''events'', ''warm'')');
SELECT attempt('SELECT epiphany.restore_group(''events'', 0)');
SELECT attempt('SELECT epiphany.tiering_gc(''lake'')');
SELECT count(*), sum(amount) FROM events WHERE id < 100;
RESET ROLE;
SELECT attempt('SELECT epiphany.move_groups(''events'', ''tepid'')');
SELECT attempt('SELECT epiphany.move_groups(''kinds'', ''cold'')');
SELECT attempt('SELECT epiphany.move_groups(''kinds'', ''cold'', store => ''nowhere'')');
SELECT url, attempt(format('SELECT epiphany.move_groups(''kinds'', ''cold'', store => %L)', url))
FROM unnest(ARRAY['file://', 'file:', 's3://', 's3://nowhere/', 'ftp://there//', '://', '']) url;
-- The machine's own root is a folder as others are, though nobody writes there.
SELECT count(*) FROM epiphany.tiering_objects('file:///');
SELECT count(*) FROM epiphany.tiering_objects('FILE:///');
CREATE SERVER machine FOREIGN DATA WRAPPER epiphany_object_store OPTIONS (url 'file:///');
SELECT count(*) FROM epiphany.tiering_objects('machine');
DROP SERVER machine;
SELECT count(*) > 0 AS named FROM epiphany.tiering_objects(:'url' || '_bare//');
SELECT attempt('SELECT epiphany.move_groups(NULL, ''cold'')');
SELECT attempt('SELECT epiphany.move_groups(''events_heap'', ''cold'', store => ''lake'')');
CREATE TEMP TABLE brief (i int) USING epiphany_column;
SELECT attempt('SELECT epiphany.move_groups(''brief'', ''cold'', store => ''lake'')');
-- Groups that not everybody sees stay.
BEGIN;
CREATE TABLE young (i int) USING epiphany_column;
INSERT INTO young SELECT generate_series(1, 3000);
SELECT groups, groups_left FROM epiphany.move_groups('young', 'cold', store => 'lake');
ROLLBACK;
DROP OWNED BY cold_user;
DROP ROLE cold_user;
-- What a session reads first of column tables, it may write to a file: that it wants to be told of its end by then hurts nobody.
\c cold
CREATE TABLE first_read AS SELECT rows FROM epiphany.export_parquet('SELECT * FROM events', 'first.parquet', server => 'lake');
SELECT rows = (SELECT count(*) FROM events) AS all FROM first_read;
\c postgres
DROP DATABASE cold;
