-- Scalar subqueries over aggregates that depend on an outer row become joins. What they give with the setting on must be what they give with it off.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_columnstore;
CREATE SCHEMA engine_decorrelate;
SET search_path = engine_decorrelate;
SET max_parallel_workers_per_gather = 0;
SET jit = off;
CREATE TABLE parts (id int, brand text, size int, weight numeric) USING epiphany_column;
INSERT INTO parts SELECT i, 'brand ' || i % 10, i % 50, CASE WHEN i % 7 > 0 THEN (i % 13) * 1.0 END FROM generate_series(1, 2000) i;
INSERT INTO parts SELECT NULL, 'brand 3', 7, 1 FROM generate_series(1, 3);
INSERT INTO parts SELECT id, brand, size, weight FROM parts WHERE id < 20;
CREATE TABLE lines (part int, supplier int, quantity int, price numeric, note text) USING epiphany_column;
INSERT INTO lines SELECT i % 1500, i % 40, CASE WHEN i % 11 > 0 THEN i * 31 / 7 % 50 END, (i * 13 / 3 % 100) / 4.0, 'note ' || i % 20 FROM generate_series(1, 15000) i;
INSERT INTO lines SELECT NULL, NULL, 1, 1, NULL FROM generate_series(1, 20);
CREATE TABLE stock (part int, supplier int, available int) USING epiphany_column;
INSERT INTO stock SELECT i % 2000, i % 40, i % 300 FROM generate_series(1, 6000) i;
CREATE INDEX ON lines (part);
ANALYZE parts, lines, stock;

-- Runs a query with the setting on and off: how many rows, how many of them not in both answers, how many subplans in either plan.
CREATE FUNCTION same(query text, OUT rows bigint, OUT "differing rows" bigint, OUT subplans int, OUT "subplans without" int) LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	subplans := 0;
	"subplans without" := 0;
	FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
		subplans := subplans + (line ~ '^ *SubPlan')::int;
	END LOOP;
	CREATE TEMP TABLE answer (enabled bool, a text) ON COMMIT DROP;
	EXECUTE format('INSERT INTO answer SELECT true, q::text FROM (%s) q', query);
	SET LOCAL epiphany.enable_decorrelation = off;
	FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
		"subplans without" := "subplans without" + (line ~ '^ *SubPlan')::int;
	END LOOP;
	EXECUTE format('INSERT INTO answer SELECT false, q::text FROM (%s) q', query);
	SELECT count(*) FILTER (WHERE enabled) INTO rows FROM answer;
	SELECT count(*) INTO "differing rows" FROM ((SELECT a FROM answer WHERE enabled EXCEPT ALL SELECT a FROM answer WHERE NOT enabled)
		UNION ALL (SELECT a FROM answer WHERE NOT enabled EXCEPT ALL SELECT a FROM answer WHERE enabled)) d;
	DROP TABLE answer;
	SET LOCAL epiphany.enable_decorrelation = on;
END $$;

\echo chosen by cost
EXPLAIN (COSTS OFF) SELECT sum(price) FROM lines l, parts p WHERE id = part AND brand = 'brand 3' AND size = 13
	AND quantity < (SELECT 0.2 * avg(quantity) FROM lines WHERE part = id);
EXPLAIN (COSTS OFF) SELECT count(*) FROM parts p WHERE weight < (SELECT avg(price) FROM lines WHERE part = id);
SET epiphany.enable_decorrelation = off;
EXPLAIN (COSTS OFF) SELECT count(*) FROM parts p WHERE weight < (SELECT avg(price) FROM lines WHERE part = id);
RESET epiphany.enable_decorrelation;
-- Few rows.
EXPLAIN (COSTS OFF) SELECT * FROM parts p WHERE id < 0 AND weight < (SELECT avg(price) FROM lines WHERE part = id);
EXPLAIN (COSTS OFF) SELECT id, (SELECT avg(price) FROM lines WHERE part = id) FROM parts LIMIT 2;
-- Not for tables that the engine does not scan.
CREATE TABLE heap_lines USING heap AS SELECT * FROM lines;
ANALYZE heap_lines;
EXPLAIN (COSTS OFF) SELECT count(*) FROM parts p WHERE size < (SELECT avg(price) FROM heap_lines WHERE part = id);

SET epiphany.debug_vectorize = force;
\echo shapes
SELECT * FROM same('SELECT * FROM parts WHERE weight < (SELECT avg(price) FROM lines WHERE part = id)');
SELECT * FROM same('SELECT * FROM parts WHERE (SELECT avg(price) FROM lines WHERE id = part) > weight');
SELECT * FROM same('SELECT * FROM lines l, parts WHERE id = part AND size = 3 AND quantity < (SELECT 0.5 * avg(quantity) FROM lines WHERE part = id)');
SELECT * FROM same('SELECT * FROM lines l WHERE quantity = (SELECT max(quantity) FROM lines WHERE part = l.part AND supplier = l.supplier AND price > 3)');
SELECT * FROM same('SELECT * FROM parts WHERE size + 1 > (SELECT min(quantity) FROM lines WHERE part = id / 2 + 1) + 3');
SELECT * FROM same('SELECT * FROM parts WHERE size = (SELECT max(l.quantity) FROM lines l JOIN stock s USING (part, supplier) WHERE l.part = id AND s.available < 100)');
SELECT * FROM same('SELECT * FROM parts WHERE abs(size - (SELECT max(quantity) FROM lines WHERE part = id)) < 3');
SELECT * FROM same('SELECT * FROM parts WHERE NOT (size < (SELECT max(quantity) FROM lines WHERE part = id))');
SELECT * FROM same('SELECT * FROM parts WHERE (SELECT max(quantity) FROM lines WHERE part = id) BETWEEN 40 AND 47');
SELECT * FROM same('SELECT id FROM parts WHERE (SELECT max(quantity) FROM lines WHERE part = id) = ANY (ARRAY[49, 30])');
SELECT * FROM same('SELECT * FROM parts WHERE size > (SELECT max(quantity) FILTER (WHERE supplier < 9) - count(DISTINCT note) FROM lines WHERE part = id)');
SELECT * FROM same('SELECT * FROM parts WHERE weight + 5 > (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY price) FROM lines WHERE part = id)');
SELECT * FROM same('SELECT * FROM parts WHERE brand < (SELECT string_agg(note, '','' ORDER BY note) FROM lines WHERE part = id)');
SELECT * FROM same('SELECT * FROM parts WHERE size > (SELECT size - 1 + sum(quantity) / 300 FROM lines WHERE part = id)');
SELECT * FROM same('SELECT * FROM parts p, LATERAL (SELECT avg(price) AS a FROM lines WHERE part = id) x WHERE a < weight');

\echo groups that are not there
SELECT * FROM same('SELECT * FROM parts WHERE (SELECT max(quantity) FROM lines WHERE part = id) IS NULL');
SELECT * FROM same('SELECT * FROM parts WHERE 0 = (SELECT count(*) FROM lines WHERE part = id)');
SELECT * FROM same('SELECT * FROM parts WHERE size < (SELECT 3 * count(quantity) FROM lines WHERE part = id)');
SELECT * FROM same('SELECT * FROM parts WHERE 7 <> (SELECT coalesce(min(quantity), 7) FROM lines WHERE part = id)');
SELECT * FROM same('SELECT * FROM parts WHERE coalesce((SELECT sum(quantity) FROM lines WHERE part = id), 5) = 5');
SELECT * FROM same('SELECT * FROM parts WHERE (SELECT sum(quantity) FROM lines WHERE part = id) IS DISTINCT FROM size');
SELECT * FROM same('SELECT * FROM parts WHERE (SELECT count(*) = 0 FROM lines WHERE part = id)');
SELECT * FROM same('SELECT * FROM parts WHERE (SELECT CASE WHEN count(*) > 3 THEN ''many'' ELSE ''few'' END FROM lines WHERE part = id) = ''few''');
SELECT * FROM same('SELECT * FROM parts WHERE 3 > (SELECT regr_count(price, quantity) FROM lines WHERE part = id)');
CREATE AGGREGATE with_start (int) (SFUNC = int4pl, STYPE = int, INITCOND = '5');
CREATE AGGREGATE without_start (int) (SFUNC = int4larger, STYPE = int);
SELECT * FROM same('SELECT * FROM parts WHERE 6 > (SELECT with_start(quantity) FROM lines WHERE part = id)');
SELECT * FROM same('SELECT * FROM parts WHERE 48 > (SELECT without_start(quantity) FROM lines WHERE part = id)');
SELECT * FROM same('SELECT * FROM parts WHERE 1 < (SELECT rank(3) WITHIN GROUP (ORDER BY quantity) FROM lines WHERE part = id)');

\echo several, and one in another
SELECT * FROM same('SELECT * FROM parts WHERE size < (SELECT max(quantity) FROM lines WHERE part = id) AND size > (SELECT min(quantity) FROM lines WHERE part = id)');
SELECT * FROM same('SELECT * FROM parts WHERE (SELECT sum(quantity) FROM lines WHERE part = id) > (SELECT max(available) FROM stock s WHERE s.part = id)');
SELECT * FROM same('SELECT * FROM stock WHERE part IN (SELECT id FROM parts WHERE brand LIKE ''%3'') AND available > (SELECT sum(quantity) FROM lines l
	WHERE l.part = stock.part AND l.supplier = stock.supplier)');
SELECT * FROM same('SELECT * FROM parts WHERE id IN (SELECT part FROM stock WHERE available > (SELECT 4 * avg(quantity) FROM lines l WHERE l.part = stock.part))');
SELECT * FROM same('SELECT * FROM parts WHERE EXISTS (SELECT FROM stock WHERE part = id AND available < (SELECT max(quantity) FROM lines l WHERE l.part = stock.part))');
SELECT * FROM same('SELECT * FROM parts WHERE size < (SELECT avg(available) FROM stock s WHERE part = id AND available > (SELECT max(quantity) FROM lines l WHERE l.part = s.part))');
SELECT * FROM same('SELECT * FROM parts WHERE size < (SELECT avg(available) FROM stock s WHERE part = id AND available > (SELECT max(quantity) FROM lines l WHERE l.part = s.part AND l.supplier = size))');
SELECT * FROM same('WITH p AS (SELECT * FROM parts WHERE size < (SELECT avg(quantity) FROM lines WHERE part = id)) SELECT * FROM p a JOIN p b USING (id)');
SELECT * FROM same('WITH l AS MATERIALIZED (SELECT * FROM lines WHERE supplier < 20) SELECT * FROM parts WHERE size < (SELECT avg(quantity) FROM l WHERE part = id)');
SELECT * FROM same('SELECT id FROM parts WHERE size < (SELECT avg(quantity) FROM lines WHERE part = id) UNION ALL SELECT part FROM stock WHERE available < 3');

\echo the select list
SELECT * FROM same('SELECT id, (SELECT count(*) FROM lines WHERE part = id), (SELECT max(note) FROM lines WHERE part = id) || brand FROM parts');
SELECT * FROM same('SELECT DISTINCT size, (SELECT count(*) FROM lines WHERE part = size) AS n FROM parts ORDER BY n, size');
SELECT * FROM same('SELECT id, (SELECT count(*) FROM lines WHERE part = id) AS n FROM parts ORDER BY n DESC, id LIMIT 7');
SELECT * FROM same('SELECT id, rank() OVER (ORDER BY size), (SELECT count(*) FROM lines WHERE part = id) FROM parts WHERE id > 1990');
SELECT * FROM same('SELECT size, max(brand), (SELECT count(*) FROM lines WHERE part = size) FROM parts GROUP BY size');
SELECT * FROM same('SELECT size FROM parts GROUP BY size HAVING count(*) > (SELECT count(*) FROM lines WHERE part = size)');
SELECT * FROM same('SELECT id FROM (SELECT id, (SELECT count(*) FROM lines WHERE part = id) FROM parts) x');

\echo outer joins
SELECT * FROM same('SELECT * FROM parts LEFT JOIN stock ON part = id AND available < 9 WHERE size + 50 > (SELECT avg(quantity) FROM lines l WHERE l.part = stock.part)');
SELECT * FROM same('SELECT * FROM parts LEFT JOIN stock ON part = id AND available < 9 WHERE 0 = (SELECT count(*) FROM lines l WHERE l.part = stock.part)');
SELECT * FROM same('SELECT * FROM parts LEFT JOIN stock ON part = id AND available < 9 WHERE 5 < (SELECT count(*) FROM lines l WHERE l.part = coalesce(stock.part, 3))
	AND (stock.part < 100 OR stock.part IS NULL)');
SELECT * FROM same('SELECT * FROM parts FULL JOIN stock ON part = id WHERE 5 < (SELECT count(*) FROM lines l WHERE l.part = coalesce(id, stock.part))');
SELECT * FROM same('SELECT * FROM parts p FULL JOIN (SELECT part AS id, available FROM stock) s USING (id) WHERE 5 < (SELECT count(*) FROM lines WHERE part = id)');
SELECT * FROM same('SELECT * FROM parts JOIN stock ON part = id AND available < (SELECT avg(quantity) FROM lines l WHERE l.part = id)');

\echo equality
CREATE TABLE measures (a numeric, b float8, c char(5), d varchar, e bigint, v int) USING epiphany_column;
INSERT INTO measures SELECT CASE i % 5 WHEN 0 THEN 'NaN' WHEN 1 THEN 1.0 WHEN 2 THEN 1.00 WHEN 3 THEN NULL ELSE i % 9 END,
	(ARRAY['-0', '0', 'NaN', '2', NULL])[1 + i % 5]::float8, 'x' || i % 3, 'x' || i % 4, i % 6, i FROM generate_series(1, 300) i;
SELECT * FROM same('SELECT * FROM measures m WHERE v > (SELECT avg(v) FROM measures WHERE a = m.a)');
SELECT * FROM same('SELECT * FROM measures m WHERE v > (SELECT avg(v) FROM measures WHERE b = m.b)');
SELECT * FROM same('SELECT * FROM measures m WHERE v > (SELECT avg(v) FROM measures WHERE b = m.a)');
SELECT * FROM same('SELECT * FROM measures m WHERE v > (SELECT avg(v) FROM measures WHERE c = m.d)');
SELECT * FROM same('SELECT * FROM measures m WHERE v > (SELECT avg(v) FROM measures WHERE d = m.c)');
SELECT * FROM same('SELECT * FROM parts WHERE size < (SELECT avg(v) FROM measures WHERE e = size)');
SELECT * FROM same('SELECT * FROM parts WHERE size < (SELECT avg(v) FROM measures WHERE e = id AND e = size)');
SELECT * FROM same('SELECT * FROM measures m WHERE v > (SELECT avg(v) FROM measures WHERE ROW(c, e) = ROW(m.c, m.e))');
CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE words (w text, u text COLLATE any_case, v int) USING epiphany_column;
INSERT INTO words SELECT (ARRAY['a', 'A', 'b', 'B', NULL])[1 + i % 5], (ARRAY['b', 'A', 'a', 'B', NULL])[1 + i % 5], i FROM generate_series(1, 100) i;
SELECT * FROM same('SELECT * FROM words x WHERE v > (SELECT avg(v) FROM words WHERE w = x.w)');
SELECT * FROM same('SELECT * FROM words x WHERE v > (SELECT avg(v) FROM words WHERE u = x.u)');
SELECT * FROM same('SELECT * FROM words x WHERE v > (SELECT avg(v) FROM words WHERE u = x.w)');
SELECT * FROM same('SELECT * FROM words x WHERE v > (SELECT avg(v) FROM words WHERE w = x.u)');
SELECT * FROM same('SELECT * FROM words x WHERE v > (SELECT avg(v) FROM words WHERE w = x.w COLLATE any_case)');
SELECT * FROM same('SELECT * FROM words x WHERE v > (SELECT avg(v) FROM words WHERE w COLLATE any_case = x.w)');

\echo left alone
SELECT * FROM same('SELECT * FROM parts WHERE size NOT IN (SELECT min(quantity) FROM lines WHERE part = id)');
SELECT * FROM same('SELECT * FROM parts WHERE size = 3 OR size < (SELECT avg(quantity) FROM lines WHERE part = id)');
SELECT * FROM same('SELECT * FROM parts WHERE CASE WHEN id > 3 THEN size < (SELECT avg(quantity) FROM lines WHERE part = id) ELSE true END');
SELECT * FROM same('SELECT * FROM parts WHERE coalesce(size, (SELECT max(quantity) FROM lines WHERE part = id)) = 5');
SELECT * FROM same('SELECT * FROM parts WHERE size < (SELECT avg(quantity) FROM lines WHERE part < id)');
SELECT * FROM same('SELECT * FROM parts WHERE id < 50 AND size < (SELECT avg(quantity) FROM lines WHERE part = id AND supplier > size)');
SELECT * FROM same('SELECT * FROM parts WHERE size < (SELECT avg(quantity) FROM lines)');
SELECT * FROM same('SELECT * FROM parts WHERE id < 50 AND size < (SELECT avg(quantity + size) FROM lines WHERE part = id)');
SELECT * FROM same('SELECT * FROM parts WHERE size < (SELECT avg(quantity) FROM lines WHERE part = id GROUP BY part)');
SELECT * FROM same('SELECT * FROM parts WHERE size < (SELECT avg(quantity) FROM lines WHERE part = id HAVING count(*) > 3)');
SELECT * FROM same('SELECT * FROM parts WHERE size < (SELECT avg(quantity) FROM lines WHERE part = id LIMIT 1)');
SELECT * FROM same('SELECT * FROM parts WHERE size > (SELECT DISTINCT part / 9000 FROM lines WHERE part = id)');
SELECT * FROM same('SELECT * FROM parts WHERE size < (SELECT avg(quantity) FROM lines WHERE part IS NOT DISTINCT FROM id)');
SELECT * FROM same('SELECT * FROM parts WHERE -1 < (SELECT count(*) + random() FROM lines WHERE part = id)');
SELECT * FROM same('SELECT * FROM parts WHERE -1 < (SELECT count(*) FROM lines TABLESAMPLE SYSTEM (100) WHERE part = id)');
EXPLAIN (COSTS OFF) SELECT * FROM parts WHERE size < (SELECT avg(quantity) FROM lines WHERE part = id) FOR UPDATE;
EXPLAIN (COSTS OFF) DELETE FROM parts WHERE size < (SELECT avg(quantity) FROM lines WHERE part = id);

\echo what is computed where
-- Of groups that no row asks for nothing is computed but the aggregates.
SELECT * FROM same('SELECT id FROM parts WHERE id > 1400 AND size > (SELECT 1000 / sum(part - 7) FROM lines WHERE part = id)');
SELECT id FROM parts WHERE id < 10 AND size < (SELECT 1000 / sum(part - 7) FROM lines WHERE part = id);

\echo statements of all kinds
CREATE TABLE results (id int, n bigint);
EXPLAIN (COSTS OFF) INSERT INTO results SELECT id, (SELECT count(*) FROM lines WHERE part = id) FROM parts WHERE id < 5;
INSERT INTO results SELECT id, (SELECT count(*) FROM lines WHERE part = id) FROM parts WHERE id < 5 AND size < (SELECT avg(quantity) FROM lines WHERE part = id);
TABLE results ORDER BY id;
CREATE TABLE more_results AS SELECT id FROM parts WHERE size < (SELECT avg(quantity) FROM lines WHERE part = id);
SELECT count(*) FROM more_results;
PREPARE below (int, text) AS SELECT count(*), sum(id) FROM parts WHERE brand = $2 AND size < (SELECT avg(quantity) FROM lines WHERE part = id AND supplier < $1);
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE below (30, 'brand 3');
EXECUTE below (30, 'brand 3');
EXECUTE below (3, 'brand 4');
EXECUTE below (NULL, 'brand 4');
SET plan_cache_mode = force_custom_plan;
EXECUTE below (30, 'brand 3');
EXECUTE below (3, 'brand 4');
RESET plan_cache_mode;
SET epiphany.enable_decorrelation = off;
EXECUTE below (30, 'brand 3');
EXECUTE below (3, 'brand 4');
RESET epiphany.enable_decorrelation;
BEGIN;
DECLARE below CURSOR FOR SELECT id FROM parts WHERE size < (SELECT avg(quantity) FROM lines WHERE part = id) AND id < 5 ORDER BY id;
FETCH 2 FROM below;
FETCH 1 FROM below;
COMMIT;
CREATE TABLE tree (id int, above int, v int);
INSERT INTO tree SELECT i, i / 2, i % 7 FROM generate_series(1, 100) i;
SELECT * FROM same('WITH RECURSIVE r AS (SELECT id FROM tree WHERE id = 1 UNION ALL
	SELECT t.id FROM r JOIN tree t ON t.above = r.id WHERE v < (SELECT avg(quantity) FROM lines WHERE part = t.id)) SELECT * FROM r');
CREATE TABLE parted (part int, quantity int) PARTITION BY RANGE (part);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (700) USING epiphany_column;
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (700) TO (2000) USING epiphany_column;
INSERT INTO parted SELECT part, quantity FROM lines WHERE part IS NOT NULL;
ANALYZE parted;
SELECT * FROM same('SELECT * FROM parts WHERE size < (SELECT avg(quantity) FROM parted WHERE part = id)');
RESET epiphany.debug_vectorize;
EXPLAIN (COSTS OFF) SELECT * FROM parts WHERE size < (SELECT avg(quantity) FROM parted WHERE part = id);
SET epiphany.vectorize_min_rows = 1000;
EXPLAIN (COSTS OFF) SELECT * FROM parts WHERE size < (SELECT avg(quantity) FROM parted WHERE part = id);
RESET epiphany.vectorize_min_rows;
SET epiphany.debug_vectorize = force;
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT * FROM same('SELECT * FROM parts WHERE brand = ''brand 3'' AND size < (SELECT avg(quantity) FROM lines WHERE part = id)');
SET max_parallel_workers_per_gather = 0;

\echo who may see what
CREATE ROLE engine_decorrelate_reader;
GRANT USAGE ON SCHEMA engine_decorrelate TO engine_decorrelate_reader;
GRANT SELECT (id, size) ON parts TO engine_decorrelate_reader;
CREATE VIEW some_parts WITH (security_barrier) AS SELECT * FROM parts WHERE size < 40;
CREATE VIEW heavy AS SELECT * FROM parts WHERE weight > (SELECT avg(price) / 2 FROM lines WHERE part = id);
GRANT SELECT ON some_parts, heavy TO engine_decorrelate_reader;
CREATE POLICY own_lines ON lines TO engine_decorrelate_reader USING (supplier < 20);
CREATE POLICY own_parts ON parts TO engine_decorrelate_reader USING (size < 30);
SET ROLE engine_decorrelate_reader;
SELECT id FROM parts WHERE size < (SELECT avg(quantity) FROM lines WHERE part = id);
RESET ROLE;
GRANT SELECT ON lines TO engine_decorrelate_reader;
ALTER TABLE lines ENABLE ROW LEVEL SECURITY;
ALTER TABLE parts ENABLE ROW LEVEL SECURITY;
CREATE FUNCTION tell(text) RETURNS bool LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE NOTICE 'sees %', $1; RETURN true; END $$ IMMUTABLE;
CREATE FUNCTION ids(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE answer text; BEGIN EXECUTE 'SELECT count(*) || '' '' || sum(id) FROM (' || query || ') q' INTO answer; RETURN answer; END $$;
SET ROLE engine_decorrelate_reader;
SELECT ids(q) FROM unnest(ARRAY[
	'SELECT id FROM parts WHERE size < (SELECT avg(quantity) FROM lines WHERE part = id)',
	'SELECT id FROM parts WHERE size = 3 AND size < (SELECT avg(quantity) FROM lines WHERE part = id)',
	'SELECT id FROM some_parts WHERE size > 25 AND size < (SELECT avg(quantity) FROM lines WHERE part = id)',
	'SELECT id FROM heavy WHERE size < (SELECT avg(quantity) FROM lines WHERE part = id)']) q;
SET epiphany.enable_decorrelation = off;
SELECT ids(q) FROM unnest(ARRAY[
	'SELECT id FROM parts WHERE size < (SELECT avg(quantity) FROM lines WHERE part = id)',
	'SELECT id FROM parts WHERE size = 3 AND size < (SELECT avg(quantity) FROM lines WHERE part = id)',
	'SELECT id FROM some_parts WHERE size > 25 AND size < (SELECT avg(quantity) FROM lines WHERE part = id)',
	'SELECT id FROM heavy WHERE size < (SELECT avg(quantity) FROM lines WHERE part = id)']) q;
RESET epiphany.enable_decorrelation;
EXPLAIN (COSTS OFF) SELECT id FROM parts WHERE size = 3 AND size < (SELECT avg(quantity) FROM lines WHERE part = id AND note = 'note 1');
RESET ROLE;
SET client_min_messages = notice;
-- A condition that leaks is asked of no row that the view hides.
CREATE VIEW few_parts WITH (security_barrier) AS SELECT * FROM parts WHERE id IN (5, 6);
SELECT id FROM few_parts WHERE tell(brand) AND size < (SELECT avg(quantity) FROM lines WHERE part = id);
CREATE VIEW few_lines WITH (security_barrier) AS SELECT * FROM lines WHERE part = 5 AND supplier = 25;
SELECT id FROM parts WHERE size < (SELECT avg(quantity) FROM few_lines WHERE part = id AND tell(note));

SET client_min_messages = warning;
DROP SCHEMA engine_decorrelate CASCADE;
DROP ROLE engine_decorrelate_reader;
