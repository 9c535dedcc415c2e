-- Parallel hash joins of the engine's: workers compute the inner side together. Each query also without the engine and without workers.
-- Who raises an error first, leader or worker, is chance.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_columnstore;
CREATE SCHEMA engine_share;
SET search_path = engine_share;
SET jit = off;
SET epiphany.debug_vectorize = force;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 3;
CREATE TABLE orders (id int, customer int, placed date, note text, price numeric) USING epiphany_column WITH (epiphany.row_group_rows = 4096);
CREATE TABLE items (order_id int, item int, quantity numeric(8,2)) USING epiphany_column WITH (epiphany.row_group_rows = 4096);
INSERT INTO orders SELECT i, i % 700, date '2025-01-01' + i % 365, CASE WHEN i % 9 > 0 THEN 'note of ' || i END, i / 8.0 FROM generate_series(1, 40000) i;
INSERT INTO items SELECT CASE WHEN i % 11 > 0 THEN i % 25000 * 2 END, i, i % 13 FROM generate_series(1, 90000) i;
ALTER TABLE orders SET (parallel_workers = 3);
ALTER TABLE items SET (parallel_workers = 3);
ANALYZE orders, items;

-- Rows, rows that are not in all answers, and whether the engine's plan shares rows.
CREATE FUNCTION same(query text, OUT rows bigint, OUT "differing rows" bigint, OUT shares bool) LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	shares := false;
	FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
		shares := shares OR line ~ 'Shared Rows';
	END LOOP;
	EXECUTE format('CREATE TEMP TABLE answer_engine ON COMMIT DROP AS SELECT row(q.*)::text AS r FROM (%s) q', query);
	PERFORM set_config('max_parallel_workers_per_gather', '0', true);
	EXECUTE format('CREATE TEMP TABLE answer_serial ON COMMIT DROP AS SELECT row(q.*)::text AS r FROM (%s) q', query);
	PERFORM set_config('epiphany.enable_vectorized', 'off', true);
	EXECUTE format('CREATE TEMP TABLE answer_none ON COMMIT DROP AS SELECT row(q.*)::text AS r FROM (%s) q', query);
	SELECT count(*) INTO rows FROM answer_engine;
	SELECT count(*) INTO "differing rows" FROM ((TABLE answer_engine EXCEPT ALL TABLE answer_none) UNION ALL (TABLE answer_none EXCEPT ALL TABLE answer_engine)
		UNION ALL (TABLE answer_engine EXCEPT ALL TABLE answer_serial) UNION ALL (TABLE answer_serial EXCEPT ALL TABLE answer_engine)) d;
	DROP TABLE answer_engine, answer_serial, answer_none;
	PERFORM set_config('max_parallel_workers_per_gather', '3', true);
	PERFORM set_config('epiphany.enable_vectorized', 'on', true);
END $$;

EXPLAIN (COSTS OFF) SELECT customer, sum(quantity) FROM items JOIN orders ON id = order_id WHERE price > 100 GROUP BY customer;
SELECT * FROM same('SELECT customer, sum(quantity), count(note), min(note), max(price) FROM items JOIN orders ON id = order_id WHERE price > 100 GROUP BY customer');
SELECT * FROM same('SELECT item, note, price FROM items LEFT JOIN orders ON id = order_id AND placed < ''2025-03-01''');
SELECT * FROM same('SELECT item FROM items WHERE EXISTS (SELECT FROM orders WHERE id = order_id AND price > 9)');
SELECT * FROM same('SELECT item FROM items WHERE NOT EXISTS (SELECT FROM orders WHERE id = order_id)');
-- What keeps inner rows that nobody matched is not shared.
SELECT * FROM same('SELECT id, item FROM items FULL JOIN orders ON id = order_id');
SELECT * FROM same('SELECT id FROM orders WHERE NOT EXISTS (SELECT FROM items WHERE id = order_id)');
-- Nor is the larger side of a semi join: a process keeps its part of the smaller one.
SELECT * FROM same('SELECT id FROM orders WHERE price < 50 AND EXISTS (SELECT FROM items WHERE id = order_id)');
-- A join below the inner side of a join; an inner side of no rows; one of rows from PostgreSQL's own nodes.
SELECT * FROM same('SELECT a.item, b.item FROM items a JOIN (items b JOIN orders o ON o.id = b.order_id AND o.price < 50) ON a.order_id = b.order_id');
SELECT * FROM same('SELECT item FROM items JOIN orders ON id = order_id WHERE price < 0');
CREATE TABLE customers (customer int, name text);
INSERT INTO customers SELECT i, 'customer ' || i FROM generate_series(0, 2000) i;
ALTER TABLE customers SET (parallel_workers = 3);
ANALYZE customers;
SELECT * FROM same('SELECT id, name FROM orders JOIN customers USING (customer)');
-- More rows than memory is for.
SET work_mem = '64kB';
SET hash_mem_multiplier = 1;
SELECT * FROM same('SELECT item, note, price FROM items JOIN orders ON id = order_id');
RESET work_mem;
RESET hash_mem_multiplier;
-- Run again and again, by a Gather that is.
SET enable_material = off;
SET enable_memoize = off;
SELECT * FROM same('SELECT n, (SELECT sum(quantity) FROM items JOIN orders ON id = order_id WHERE price > 4000) FROM generate_series(1, 3) n');
SELECT * FROM same('SELECT n, s FROM generate_series(1, 3) n LEFT JOIN (SELECT count(*) s FROM items JOIN orders ON id = order_id) q ON n < s + random() * 0');
-- Workers that do all, and none of them.
SET parallel_leader_participation = off;
SELECT * FROM same('SELECT item, note FROM items JOIN orders ON id = order_id');
RESET parallel_leader_participation;
SET max_parallel_workers = 0;
SELECT * FROM same('SELECT item, note FROM items JOIN orders ON id = order_id');
RESET max_parallel_workers;
-- Nobody waits for the rest; a process fails while others wait for it; the session goes on.
SELECT count(*) FROM (SELECT item FROM items JOIN orders ON id = order_id LIMIT 5) s;
SELECT count(*) FROM items JOIN orders ON id = order_id AND 1 / (id - 39999) >= 0;
SELECT count(*) FROM items JOIN (SELECT id, 1 / (id - 39999) AS share FROM orders OFFSET 0) o ON id = order_id AND share >= 0;
BEGIN;
SAVEPOINT before;
SELECT sum(1 / (o.id - 39999)) FROM items JOIN orders o ON 1 / (o.id - 39999) + o.id = order_id;
ROLLBACK TO before;
SELECT count(*), sum(price) FROM items JOIN orders ON id = order_id;
COMMIT;
DECLARE first_items CURSOR WITH HOLD FOR SELECT item FROM items JOIN orders ON id = order_id AND item < 5 ORDER BY item;
FETCH 2 FROM first_items;
CLOSE first_items;
-- Workers must be worth their while: where the engine scans, parallel_setup_cost counts several times.
SET parallel_setup_cost = 40;
EXPLAIN (COSTS OFF) SELECT sum(item) FROM items WHERE quantity > 3;
SET epiphany.enable_vectorized = off;
EXPLAIN (COSTS OFF) SELECT sum(item) FROM items WHERE quantity > 3;
RESET epiphany.enable_vectorized;
SET parallel_setup_cost = 15;
EXPLAIN (COSTS OFF) SELECT sum(item) FROM items WHERE quantity > 3;
SHOW parallel_setup_cost;
DROP SCHEMA engine_share CASCADE;
