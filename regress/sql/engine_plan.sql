-- Which parts of which plans the engine takes, and why not the others.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_columnstore;
RESET client_min_messages;
CREATE SCHEMA engine_plan;
SET search_path = engine_plan;
SET max_parallel_workers_per_gather = 0;
SET epiphany.vectorize_notices = on;

CREATE TABLE facts (id int, place int, kind text, amount numeric, day date) USING epiphany_column;
INSERT INTO facts SELECT i, i % 100, 'kind ' || i % 7, i * 0.01, date '2020-01-01' + i % 1000 FROM generate_series(1, 20000) i;
CREATE TABLE places (id int, name text) USING epiphany_column;
INSERT INTO places SELECT i, 'place ' || i FROM generate_series(0, 99) i;
CREATE TABLE names (id int, name text) USING heap;
INSERT INTO names SELECT i, 'name ' || i FROM generate_series(0, 99) i;
ANALYZE facts, places, names;

\echo shapes
EXPLAIN (COSTS OFF, VERBOSE) SELECT id, amount * 2 FROM facts WHERE place = 3 AND id < 300;
EXPLAIN (COSTS OFF, VERBOSE) SELECT count(*), sum(id) FROM facts;
EXPLAIN (COSTS OFF, VERBOSE) SELECT place, count(*), max(id) + 1 FROM facts GROUP BY place HAVING count(*) > 1;
EXPLAIN (COSTS OFF) SELECT f.id, p.name FROM facts f JOIN places p ON p.id = f.place AND p.name <> f.kind WHERE f.id < 5000;
EXPLAIN (COSTS OFF) SELECT f.id, p.name FROM facts f LEFT JOIN places p ON p.id = f.place WHERE p.name IS NULL OR f.id = 1;
EXPLAIN (COSTS OFF) SELECT f.id, p.name FROM facts f FULL JOIN places p ON p.id = f.place;
EXPLAIN (COSTS OFF) SELECT p.id FROM places p WHERE EXISTS (SELECT FROM facts f WHERE f.place = p.id);
EXPLAIN (COSTS OFF) SELECT f.id FROM facts f WHERE NOT EXISTS (SELECT FROM places p WHERE f.place = p.id);
EXPLAIN (COSTS OFF) SELECT id FROM facts WHERE place < 50 ORDER BY kind DESC, amount NULLS FIRST LIMIT 5 OFFSET 2;
EXPLAIN (COSTS OFF) SELECT id FROM facts UNION ALL SELECT id FROM places;
EXPLAIN (COSTS OFF) SELECT x.s, p.name FROM (SELECT place, sum(id) AS s FROM facts GROUP BY place OFFSET 0) x JOIN places p ON p.id = x.place WHERE x.s > 10;

\echo rows of others
EXPLAIN (COSTS OFF, VERBOSE) SELECT n.name, count(*) FROM facts f JOIN names n ON n.id = f.place GROUP BY n.name;
EXPLAIN (COSTS OFF) SELECT f.id FROM facts f JOIN generate_series(1, 10) g ON g = f.place;
-- Only such rows: not worth the way.
EXPLAIN (COSTS OFF) SELECT name, count(*) FROM names GROUP BY name;
EXPLAIN (COSTS OFF) SELECT name, count(*) FROM places GROUP BY name;
SET epiphany.debug_vectorize = force;
EXPLAIN (COSTS OFF) SELECT name, count(*) FROM names GROUP BY name;
EXPLAIN (COSTS OFF) SELECT name, count(*) FROM places GROUP BY name;
RESET epiphany.debug_vectorize;
SET epiphany.vectorize_min_rows = 100;
EXPLAIN (COSTS OFF) SELECT name, count(*) FROM places GROUP BY name;
RESET epiphany.vectorize_min_rows;

\echo groups in order
SET enable_hashagg = off;
EXPLAIN (COSTS OFF) SELECT kind, place, count(*) FROM facts GROUP BY place, kind ORDER BY kind DESC, place;
SELECT kind, place, count(*) FROM facts WHERE id < 10 GROUP BY place, kind ORDER BY kind DESC, place;
EXPLAIN (COSTS OFF) SELECT place, sum(id) FROM facts WHERE place = 5 GROUP BY place;
SELECT place, sum(id) FROM facts WHERE place = 5 GROUP BY place;
SELECT place, sum(id) FROM facts WHERE place = 5 AND id < 0 GROUP BY place;
EXPLAIN (COSTS OFF) SELECT DISTINCT kind FROM facts ORDER BY kind DESC;
SELECT DISTINCT kind FROM facts ORDER BY kind DESC;
EXPLAIN (COSTS OFF) SELECT kind FROM facts GROUP BY kind HAVING kind > 'kind 3' ORDER BY kind;
SELECT kind FROM facts GROUP BY kind HAVING kind > 'kind 3' ORDER BY kind;
EXPLAIN (COSTS OFF) SELECT DISTINCT ON (kind) kind, id FROM facts ORDER BY kind, id;
RESET enable_hashagg;
EXPLAIN (COSTS OFF) SELECT count(DISTINCT place), sum(DISTINCT place) FROM facts;
SELECT count(DISTINCT place), sum(DISTINCT place) FROM facts;

\echo settings
SET epiphany.enable_vectorized_scan = off;
EXPLAIN (COSTS OFF) SELECT place, count(*) FROM facts GROUP BY place;
RESET epiphany.enable_vectorized_scan;
SET epiphany.enable_vectorized_agg = off;
EXPLAIN (COSTS OFF) SELECT place, count(*) FROM facts GROUP BY place;
RESET epiphany.enable_vectorized_agg;
SET epiphany.enable_vectorized_hashjoin = off;
EXPLAIN (COSTS OFF) SELECT f.id, p.name FROM facts f JOIN places p ON p.id = f.place;
RESET epiphany.enable_vectorized_hashjoin;
SET epiphany.enable_vectorized_sort = off;
EXPLAIN (COSTS OFF) SELECT id FROM facts ORDER BY amount LIMIT 1;
RESET epiphany.enable_vectorized_sort;
SET epiphany.enable_vectorized_limit = off;
EXPLAIN (COSTS OFF) SELECT id FROM facts ORDER BY amount LIMIT 1;
RESET epiphany.enable_vectorized_limit;
SET epiphany.enable_vectorized_append = off;
EXPLAIN (COSTS OFF) SELECT id FROM facts UNION ALL SELECT id FROM facts;
RESET epiphany.enable_vectorized_append;
SET epiphany.enable_vectorized = off;
EXPLAIN (COSTS OFF) SELECT place, count(*) FROM facts GROUP BY place;
RESET epiphany.enable_vectorized;

\echo refusals
EXPLAIN (COSTS OFF) SELECT ctid, id FROM facts;
EXPLAIN (COSTS OFF) SELECT facts FROM facts;
EXPLAIN (COSTS OFF) SELECT id FROM facts WHERE random() < 0.5;
EXPLAIN (COSTS OFF) SELECT f.id FROM facts f JOIN (SELECT id FROM names WHERE random() < 2 OFFSET 0) n ON n.id = f.place;
EXPLAIN (COSTS OFF) SELECT (SELECT max(n.id) FROM names n WHERE random() < f.id) FROM facts f WHERE f.id < 10;
EXPLAIN (COSTS OFF) SELECT place, kind, count(*) FROM facts GROUP BY GROUPING SETS (place, kind);
EXPLAIN (COSTS OFF) SELECT id FROM facts ORDER BY id FETCH FIRST 3 ROWS WITH TIES;
EXPLAIN (COSTS OFF) SELECT id FROM facts TABLESAMPLE SYSTEM (10);
EXPLAIN (COSTS OFF) SELECT id, row_number() OVER (ORDER BY id) FROM facts;
EXPLAIN (COSTS OFF) SELECT id FROM facts WHERE id = 1 FOR UPDATE;
EXPLAIN (COSTS OFF) UPDATE facts SET amount = 0 WHERE id = 1;
EXPLAIN (COSTS OFF) DELETE FROM facts WHERE id IN (SELECT id FROM places);
EXPLAIN (COSTS OFF) MERGE INTO facts USING places ON facts.id = places.id WHEN MATCHED THEN DELETE;
EXPLAIN (COSTS OFF) WITH gone AS (DELETE FROM places WHERE id < 0 RETURNING id) SELECT f.id FROM facts f JOIN gone ON gone.id = f.id;
-- The inner side of a merge join stays as it is: places in it are marked.
SET enable_hashjoin = off;
SET enable_nestloop = off;
EXPLAIN (COSTS OFF) SELECT a.id FROM facts a JOIN facts b ON a.id = b.id;
SHOW enable_mergejoin;
RESET enable_nestloop;
RESET enable_hashjoin;

\echo strict
SET epiphany.debug_vectorize = strict;
EXPLAIN (COSTS OFF) SELECT ctid, id FROM facts;
EXPLAIN (COSTS OFF) SELECT id FROM facts FOR UPDATE;
EXPLAIN (COSTS OFF) SELECT name, count(*) FROM places GROUP BY name;
EXPLAIN (COSTS OFF) SELECT ctid FROM names;
RESET epiphany.debug_vectorize;

\echo what changes tables with what the engine reads
EXPLAIN (COSTS OFF) INSERT INTO names SELECT place, kind FROM facts WHERE id < 3;
EXPLAIN (COSTS OFF) CREATE TABLE made AS SELECT place, kind FROM facts WHERE id < 3;
CREATE TEMP TABLE made USING epiphany_column AS SELECT place, count(*) AS n FROM facts GROUP BY place;
SELECT count(*), sum(n) FROM made;
INSERT INTO made SELECT * FROM made;
SELECT count(*), sum(n) FROM made;
CREATE UNIQUE INDEX ON names (id);
EXPLAIN (COSTS OFF) INSERT INTO names SELECT place, kind FROM facts WHERE id < 3 ON CONFLICT DO NOTHING;
EXPLAIN (COSTS OFF) INSERT INTO names SELECT place, kind FROM facts WHERE id < 3 ON CONFLICT (id) DO UPDATE SET name = excluded.name;
DROP INDEX names_id_idx;

\echo prepared statements
PREPARE by_place (int, text) AS SELECT count(*), sum(id) FROM facts WHERE place = $1 AND kind <> $2;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE by_place (1, 'kind 1');
EXECUTE by_place (1, 'kind 1');
EXECUTE by_place (2, 'kind 2');
EXECUTE by_place (NULL, 'kind 2');
SET plan_cache_mode = force_custom_plan;
EXPLAIN (COSTS OFF) EXECUTE by_place (1, 'kind 1');
EXECUTE by_place (1, 'kind 1');
RESET plan_cache_mode;
DEALLOCATE by_place;

\echo cursors
BEGIN;
DECLARE scan CURSOR FOR SELECT id FROM facts WHERE id < 4;
DECLARE scan_forth NO SCROLL CURSOR FOR SELECT id FROM facts WHERE id < 4;
DECLARE scan_back SCROLL CURSOR FOR SELECT id FROM facts WHERE id < 4;
DECLARE counts SCROLL CURSOR FOR SELECT place, count(*) FROM facts WHERE id < 4 GROUP BY place ORDER BY place;
DECLARE held NO SCROLL CURSOR WITH HOLD FOR SELECT id FROM facts WHERE id < 4;
FETCH 2 FROM scan;
FETCH BACKWARD 1 FROM scan;
FETCH 2 FROM scan_forth;
FETCH 2 FROM scan_back;
FETCH BACKWARD 1 FROM scan_back;
FETCH ALL FROM counts;
FETCH BACKWARD 2 FROM counts;
FETCH ABSOLUTE 1 FROM counts;
FETCH 1 FROM held;
COMMIT;
FETCH ALL FROM held;
CLOSE held;

\echo subqueries, parameters
EXPLAIN (COSTS OFF) SELECT id FROM facts WHERE amount > (SELECT avg(id) FROM names) AND id < 7000;
SELECT count(*) FROM facts WHERE amount > (SELECT avg(id) FROM names) AND id < 7000;
EXPLAIN (COSTS OFF) SELECT id, (SELECT name FROM names n WHERE n.id = f.place) FROM facts f WHERE id < 3;
SELECT id, (SELECT name FROM names n WHERE n.id = f.place) FROM facts f WHERE id < 3;
EXPLAIN (COSTS OFF) SELECT n.id, x.s FROM names n, LATERAL (SELECT sum(id) AS s FROM facts f WHERE f.place = n.id) x WHERE n.id < 3;
SELECT n.id, x.s FROM names n, LATERAL (SELECT sum(id) AS s FROM facts f WHERE f.place = n.id) x WHERE n.id < 3;
EXPLAIN (COSTS OFF) SELECT n.id, x.place FROM names n, (SELECT place FROM facts GROUP BY place HAVING count(*) > 10) x WHERE n.id < 3 AND x.place < n.id;
SELECT n.id, x.place FROM names n, (SELECT place FROM facts GROUP BY place HAVING count(*) > 10) x WHERE n.id < 3 AND x.place < n.id ORDER BY 1, 2;
-- What does not depend on the outer row is kept: rows, groups.
EXPLAIN (COSTS OFF) SELECT n.id, (SELECT p.id FROM places p JOIN (SELECT place, min(id) AS m FROM facts WHERE id > 50 GROUP BY place OFFSET 0) x
	ON x.place = p.id WHERE m > n.id ORDER BY m LIMIT 1) FROM names n WHERE n.id < 4;
SELECT n.id, (SELECT p.id FROM places p JOIN (SELECT place, min(id) AS m FROM facts WHERE id > 50 GROUP BY place OFFSET 0) x
	ON x.place = p.id WHERE m > n.id ORDER BY m LIMIT 1) FROM names n WHERE n.id < 4;
EXPLAIN (COSTS OFF) SELECT n.id, (SELECT count(*) FROM (SELECT place FROM facts GROUP BY place HAVING min(id) > n.id OFFSET 0) x) FROM names n WHERE n.id < 4;
SELECT n.id, (SELECT count(*) FROM (SELECT place FROM facts GROUP BY place HAVING min(id) > n.id OFFSET 0) x) FROM names n WHERE n.id < 4;
EXPLAIN (COSTS OFF) SELECT n.id, (SELECT count(*) FROM (SELECT min(id) AS m FROM facts GROUP BY place OFFSET 0) x WHERE m > n.id) FROM names n WHERE n.id < 4;
SELECT n.id, (SELECT count(*) FROM (SELECT min(id) AS m FROM facts GROUP BY place OFFSET 0) x WHERE m > n.id) FROM names n WHERE n.id < 4;
EXPLAIN (COSTS OFF) WITH counts AS MATERIALIZED (SELECT place, count(*) AS n FROM facts GROUP BY place)
	SELECT a.n FROM counts a JOIN counts b ON b.place = a.place + 1 WHERE b.n > (SELECT min(n) - 1 FROM counts);
WITH counts AS MATERIALIZED (SELECT place, count(*) AS n FROM facts GROUP BY place)
	SELECT count(*), sum(a.n) FROM counts a JOIN counts b ON b.place = a.place + 1 WHERE b.n > (SELECT min(n) - 1 FROM counts);
EXPLAIN (COSTS OFF) WITH RECURSIVE steps AS (SELECT 1 AS id UNION ALL SELECT f.id * 2 FROM steps s JOIN facts f ON f.id = s.id) SELECT count(*) FROM steps;
WITH RECURSIVE steps AS (SELECT 1 AS id UNION ALL SELECT f.id * 2 FROM steps s JOIN facts f ON f.id = s.id) SELECT count(*) FROM steps;

\echo who may see what
CREATE VIEW some_facts WITH (security_barrier) AS SELECT * FROM facts WHERE place < 10;
EXPLAIN (COSTS OFF) SELECT id FROM some_facts WHERE kind::date > day;
CREATE ROLE engine_plan_reader;
GRANT USAGE ON SCHEMA engine_plan TO engine_plan_reader;
GRANT SELECT ON facts TO engine_plan_reader;
CREATE POLICY own_place ON facts TO engine_plan_reader USING (place = 7);
ALTER TABLE facts ENABLE ROW LEVEL SECURITY;
CREATE FUNCTION count_all() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = engine_plan AS 'SELECT count(*) FROM facts';
SET ROLE engine_plan_reader;
EXPLAIN (COSTS OFF) SELECT count(*) FROM facts WHERE id < 10000;
SELECT count(*) FROM facts WHERE id < 10000;
SELECT count_all();
SELECT count(*) FROM facts f JOIN places p ON p.id = f.place;
RESET ROLE;
SELECT count_all();
ALTER TABLE facts DISABLE ROW LEVEL SECURITY;

\echo partitions
CREATE TABLE parts (id int, v int) PARTITION BY RANGE (id);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (10000) USING epiphany_column;
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (10000) TO (20000) USING epiphany_column;
CREATE TABLE parts_3 PARTITION OF parts FOR VALUES FROM (20000) TO (30000) USING heap;
INSERT INTO parts SELECT i, i % 10 FROM generate_series(0, 29999) i;
ANALYZE parts;
EXPLAIN (COSTS OFF) SELECT v, count(*) FROM parts GROUP BY v;
SELECT v, count(*) FROM parts WHERE id > 5000 GROUP BY v ORDER BY v LIMIT 2;
PREPARE part (int) AS SELECT count(*) FROM parts WHERE id < $1;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE part (15000);
EXECUTE part (15000);
RESET plan_cache_mode;
DEALLOCATE part;

\echo parallel plans
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF, VERBOSE) SELECT id, amount FROM facts WHERE place = 3;
EXPLAIN (COSTS OFF, VERBOSE) SELECT sum(id + 1), count(*) FROM facts;
EXPLAIN (COSTS OFF) SELECT p.name, sum(f.id) FROM facts f JOIN places p ON p.id = f.place GROUP BY p.name;
SELECT count(*), sum(id) FROM facts WHERE place = 3;
SELECT p.name, sum(f.id) FROM facts f JOIN places p ON p.id = f.place WHERE f.id < (SELECT max(id) FROM names) GROUP BY p.name ORDER BY p.name LIMIT 2;
SHOW enable_parallel_hash;
SET max_parallel_workers_per_gather = 0;
-- Plans are written down and read again for a worker.
SET debug_parallel_query = regress;
SELECT place, count(*), sum(id) FROM facts GROUP BY place ORDER BY place LIMIT 2;
SELECT f.id, (SELECT name FROM names n WHERE n.id = f.place) FROM facts f JOIN places p ON p.id = f.place AND p.name = 'place 2' ORDER BY f.id LIMIT 2;
RESET debug_parallel_query;

DROP OWNED BY engine_plan_reader;
DROP ROLE engine_plan_reader;
SET client_min_messages = warning;
DROP SCHEMA engine_plan CASCADE;
