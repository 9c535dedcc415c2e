-- Aggregates that row groups' footers answer: the same as from rows, and from footers where those know; conditions that a whole group meets; what
-- scans leave out by zone maps, and what they decode late.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_columnstore;
CREATE SCHEMA engine_metadata;
SET search_path = engine_metadata;
SET epiphany.debug_vectorize = force;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
SET timezone = 'UTC';

-- A query's answer, whether PostgreSQL gives the same, and how many groups and rows were answered from metadata, groups and vectors read and skipped.
CREATE FUNCTION known(query text, OUT answer text, OUT same bool, OUT groups int, OUT rows int, OUT read int, OUT skipped int, OUT vectors int)
LANGUAGE plpgsql AS $$
DECLARE
	plan jsonb;
	others text;
BEGIN
	EXECUTE format('SELECT string_agg(q::text, '' '') FROM (%s) q', query) INTO answer;
	EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, FORMAT JSON) ' || query INTO plan;
	SET LOCAL epiphany.enable_vectorized = off;
	EXECUTE format('SELECT string_agg(q::text, '' '') FROM (%s) q', query) INTO others;
	SET LOCAL epiphany.enable_vectorized = on;
	same := answer IS NOT DISTINCT FROM others;
	groups := (SELECT sum(n::int) FROM jsonb_path_query(plan, 'strict $.**."Groups from Metadata"') n);
	rows := (SELECT sum(n::int) FROM jsonb_path_query(plan, 'strict $.**."Rows from Metadata"') n);
	read := (SELECT sum(n::int) FROM jsonb_path_query(plan, 'strict $.**."Groups Read"') n);
	skipped := (SELECT sum(n::int) FROM jsonb_path_query(plan, 'strict $.**."Groups Skipped"') n);
	vectors := (SELECT sum(n::int) FROM jsonb_path_query(plan, 'strict $.**."Vectors Read"') n);
END $$;

-- Four groups of 4,096 rows; some rows in the heap region later.
CREATE TABLE facts (id int, gone text, small smallint, large bigint, day date, at timestamptz, local timestamp, price numeric(10,2), free numeric,
	f8 float8, f4 float4, flag bool, code text COLLATE "C", name text, never int, big numeric(38,4), cents numeric(6,-2))
	USING epiphany_column WITH (epiphany.row_group_rows = 4096);
INSERT INTO facts SELECT i, 'x', i % 300, i * 1000000000000, date '2025-01-01' + i / 100, timestamptz '2025-01-01 00:00+00' + i * interval '1 hour',
	timestamp '2025-01-01' + i * interval '1 minute', i / 100.0, i / 8.0, i + 0.5, i + 0.25, i > 5000, 'c' || i, 'n' || i,
	NULL, 12345678901234567890123456789.0001 + i, i * 100
	FROM generate_series(1, 16384) i;
ALTER TABLE facts DROP gone;
SELECT row_groups, group_rows FROM epiphany.table_stats('facts');
SELECT * FROM known('SELECT count(*) FROM facts');
SELECT * FROM known('SELECT count(*), count(id), count(never), count(name), sum(id), avg(id), min(id), max(id) FROM facts');
SELECT * FROM known('SELECT sum(small), avg(small), max(small), sum(large), avg(large), min(large) FROM facts');
SELECT * FROM known('SELECT min(day), max(day), min(at), max(at), min(local), max(local) FROM facts');
SELECT * FROM known('SELECT min(price), max(price), sum(price), avg(price) FROM facts');
SELECT * FROM known('SELECT min(cents), max(cents), sum(cents), sum(big), avg(big) FROM facts');
SELECT * FROM known('SELECT min(f8), max(f8), min(f4), max(f4), bool_and(flag), bool_or(flag), every(flag) FROM facts');
SELECT * FROM known('SELECT min(code), max(code), min(name) FROM facts');
SELECT * FROM known('SELECT min(never), max(never), sum(never), avg(never), count(never) FROM facts');
SELECT * FROM known('SELECT max(id) - min(id) + 1 = count(*), sum(price) / count(*), max(id::int) FROM facts HAVING count(*) > 5');
SELECT * FROM known('SELECT count(*) FROM facts HAVING count(*) < 5');
SELECT * FROM known('SELECT (SELECT max(id) FROM facts), (SELECT sum(price) FROM facts WHERE id IS NOT NULL)');
-- Not from metadata: bounds that are not known, sums that are not exact or not displayed as the type says, whatever looks at rows.
SELECT * FROM known('SELECT min(name COLLATE "en-x-icu") FROM facts');
SELECT * FROM known('SELECT sum(f8) > 0 FROM facts');
SELECT * FROM known('SELECT min(free), sum(free), count(*) FROM facts');
SELECT * FROM known('SELECT min(big) FROM facts');
SELECT * FROM known('SELECT count(DISTINCT flag), count(*) FROM facts');
SELECT * FROM known('SELECT count(*) FILTER (WHERE flag), count(*) FROM facts');
SELECT * FROM known('SELECT sum(id + 1) FROM facts');
SELECT * FROM known('SELECT count(*) FROM facts GROUP BY id % 2 ORDER BY 1');

-- Strings that footers cut, zeros with a sign, numbers that are none.
CREATE TABLE odd (t text COLLATE "C", d float8, n numeric(10,2), m numeric(5,2)) USING epiphany_column;
INSERT INTO odd SELECT v.* FROM generate_series(1, 1000),
	(VALUES (repeat('a', 32), float8 '-0.0', numeric 'NaN', 1), (repeat('b', 33), 0, 1, 2.5), ('b', 5, 2, NULL)) v;
SELECT * FROM known('SELECT min(t) FROM odd');
SELECT * FROM known('SELECT max(t) FROM odd');
SELECT * FROM known('SELECT min(d) FROM odd');
SELECT * FROM known('SELECT max(d) FROM odd');
SELECT * FROM known('SELECT min(n), max(n), sum(n) FROM odd');
SELECT * FROM known('SELECT min(m), max(m), sum(m), avg(m), count(m) FROM odd');
-- The type may forget the scale, and get it back.
ALTER TABLE odd ALTER m TYPE numeric;
SELECT * FROM known('SELECT min(m), sum(m) FROM odd');
ALTER TABLE odd ALTER m TYPE numeric(7,3);
SELECT * FROM known('SELECT min(m), sum(m) FROM odd');
CREATE DOMAIN price AS numeric(7,3);
ALTER TABLE odd ALTER m TYPE price;
SELECT * FROM known('SELECT min(m), sum(m), count(m) FROM odd');
DELETE FROM odd;
SELECT * FROM known('SELECT count(*), min(t), sum(n) FROM odd');
TRUNCATE odd;
SELECT * FROM known('SELECT count(*), min(t), sum(n) FROM odd');

-- Columns that groups lack.
ALTER TABLE facts ADD late int DEFAULT 7, ADD lost bigint, ADD note text COLLATE "C" DEFAULT 'new', ADD rate numeric(6,3) DEFAULT 1.5;
SELECT * FROM known('SELECT count(*), count(late), min(late), sum(late), avg(late), count(lost), sum(lost), max(lost), min(note), max(rate) FROM facts');
SELECT * FROM known('SELECT sum(rate) FROM facts');

-- Deleted rows: their groups are read but for their number; what was not deleted after all is there.
BEGIN;
DELETE FROM facts WHERE id = 5000;
SELECT * FROM known('SELECT count(*), max(id) FROM facts');
SELECT * FROM known('SELECT count(*) FROM facts');
ROLLBACK;
SELECT * FROM known('SELECT count(*), max(id) FROM facts');
BEGIN;
SAVEPOINT s;
UPDATE facts SET id = -1 WHERE id IN (1, 16384);
SELECT * FROM known('SELECT count(*), min(id), max(id) FROM facts');
ROLLBACK TO s;
SELECT * FROM known('SELECT count(*), min(id), max(id) FROM facts');
DECLARE before NO SCROLL CURSOR FOR SELECT count(*), min(id), max(id) FROM facts;
DELETE FROM facts WHERE id <= 4096;
SELECT * FROM known('SELECT count(*), min(id), max(id) FROM facts');
FETCH before;
ROLLBACK;
DELETE FROM facts WHERE id % 2 = 0 AND id BETWEEN 4097 AND 8192;
INSERT INTO facts (id, price, late) VALUES (100000, 0.5, 8), (NULL, 7, 9);
SELECT * FROM known('SELECT count(*) FROM facts');
SELECT * FROM known('SELECT count(*), count(id), max(id), min(price), sum(price), sum(late) FROM facts');
VACUUM facts;
SELECT * FROM known('SELECT count(*) FROM facts');
SELECT * FROM known('SELECT count(*), count(id), max(id), min(price), sum(price), sum(late) FROM facts');

-- Conditions that footers show to hold for all rows of a group, so that it is not read; a group that is read need not look at them.
SELECT * FROM known('SELECT count(*), sum(price), min(id) FROM facts WHERE id > 8192');
SELECT * FROM known('SELECT count(*), sum(price), min(id) FROM facts WHERE id BETWEEN 8193 AND 12288 AND day IS NOT NULL');
SELECT * FROM known('SELECT count(*), sum(price), min(id) FROM facts WHERE id >= 9000');
SELECT * FROM known('SELECT count(*) FROM facts WHERE at >= ''2026-12-17'' AND price < 1000 AND free > 1024 AND f8 < 20000');
SELECT * FROM known('SELECT count(*) FROM facts WHERE flag AND late = 7 AND note IN (''new'', ''newer'')');
SELECT * FROM known('SELECT count(*) FROM facts WHERE flag AND id <> 3');
SELECT * FROM known('SELECT count(*) FROM facts WHERE id > 8192 AND never IS NULL');
SELECT * FROM known('SELECT count(*) FROM facts WHERE never IS NULL AND id < 0');
SELECT * FROM known('SELECT sum(length(name)) FROM facts WHERE id > 8192 AND id < 1000000');
PREPARE above (int, numeric) AS SELECT count(*), max(id), sum(price) FROM facts WHERE id > $1 AND price > $2;
SET plan_cache_mode = force_generic_plan;
EXECUTE above (8192, 0);
EXECUTE above (12288, 1);
EXECUTE above (NULL, 1);
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE above (8192, 0);
RESET plan_cache_mode;
-- Errors come for rows that are there only.
SELECT count(*) FROM facts WHERE id > 8192 AND 100 / (small + 1) >= 0;
SELECT count(*) FROM facts WHERE id > 16384 AND id < 0 AND late > 1 / (SELECT 0);

-- What zone maps leave out, by type: of four groups of two vectors each. Columns of the output are decoded where a row is left.
SELECT read, skipped, vectors, same FROM known('SELECT name FROM facts WHERE id = 12345');
SELECT read, skipped, vectors, same FROM known('SELECT name FROM facts WHERE day = ''2025-05-07''');
SELECT read, skipped, vectors, same FROM known('SELECT name FROM facts WHERE at BETWEEN ''2026-01-01'' AND ''2026-01-02''');
SELECT read, skipped, vectors, same FROM known('SELECT name FROM facts WHERE local < ''2025-01-01 01:00''');
SELECT read, skipped, vectors, same FROM known('SELECT name FROM facts WHERE price > 163');
SELECT read, skipped, vectors, same FROM known('SELECT name FROM facts WHERE free = 2000');
SELECT read, skipped, vectors, same FROM known('SELECT name FROM facts WHERE code = ''c9'' OR id = -5');
SELECT read, skipped, vectors, same FROM known('SELECT name FROM facts WHERE code = ''d''');
SELECT read, skipped, vectors, same FROM known('SELECT name FROM facts WHERE name = ''z''');
SELECT read, skipped, vectors, same FROM known('SELECT name FROM facts WHERE code < ''b''');
SELECT read, skipped, vectors, same FROM known('SELECT name FROM facts WHERE id IN (1, 2, 16384)');
SELECT read, skipped, vectors, same FROM known('SELECT name FROM facts WHERE id = ANY (ARRAY[5, NULL])');
SELECT read, skipped, vectors, same FROM known('SELECT name FROM facts WHERE never IS NOT NULL');
SELECT read, skipped, vectors, same FROM known('SELECT name FROM facts WHERE id IS NULL');
SELECT read, skipped, vectors, same FROM known('SELECT name FROM facts WHERE f8 >= 16000 AND flag');
SELECT read, skipped, vectors, same FROM known('SELECT name FROM facts WHERE id = (SELECT 77)');

-- The planner knows: no workers, and no index, where footers are cheaper; of a table whose rows have to be read, workers help.
RESET epiphany.debug_vectorize;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
CREATE TABLE many (id int, price numeric(10,2)) USING epiphany_column WITH (epiphany.row_group_rows = 20000);
INSERT INTO many SELECT i, i / 10.0 FROM generate_series(1, 100000) i;
ANALYZE many;
EXPLAIN (COSTS OFF) SELECT count(*), max(id), sum(price) FROM many;
EXPLAIN (COSTS OFF) SELECT count(*), max(id), sum(price + 1) FROM many;
-- Partial aggregates take groups, too.
EXPLAIN (COSTS OFF) SELECT count(*), max(id), sum(price), avg(price), avg(id) FROM many WHERE id > 0;
SELECT answer, same, groups, rows FROM known('SELECT count(*), max(id), sum(price), avg(price), avg(id) FROM many WHERE id > 0');
DELETE FROM many WHERE id % 20000 = 7;
EXPLAIN (COSTS OFF) SELECT count(*), max(id), sum(price) FROM many;
EXPLAIN (COSTS OFF) SELECT count(*) FROM many;
SELECT * FROM known('SELECT count(*) FROM many');
-- Partitions, through an Append.
SET max_parallel_workers_per_gather = 0;
CREATE TABLE parts (id int, price numeric(10,2)) PARTITION BY RANGE (id);
CREATE TABLE part_1 PARTITION OF parts FOR VALUES FROM (0) TO (50000) USING epiphany_column;
CREATE TABLE part_2 (price numeric(10,2), id int) USING epiphany_column;
ALTER TABLE parts ATTACH PARTITION part_2 FOR VALUES FROM (50000) TO (200000);
INSERT INTO parts SELECT * FROM many;
SELECT * FROM known('SELECT count(*), max(id), sum(price), avg(price) FROM parts');
SELECT * FROM known('SELECT count(*), max(id) FROM parts WHERE id > 60000');

DROP SCHEMA engine_metadata CASCADE;
