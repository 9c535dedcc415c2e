-- How many rows the planner expects: of joins by all columns of a unique key, of keys that conditions leave; samples of large tables.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_columnstore;
CREATE SCHEMA engine_estimates;
SET search_path = engine_estimates;
SET max_parallel_workers_per_gather = 0;
CREATE TABLE stock (part int, supplier int, available int, PRIMARY KEY (part, supplier)) USING epiphany_column;
INSERT INTO stock SELECT p, (p * 7 + s * 13) % 500, p % 100 FROM generate_series(1, 5000) p, generate_series(0, 3) s;
CREATE TABLE lines (part int, supplier int, quantity int) USING epiphany_column;
INSERT INTO lines SELECT part, supplier, n FROM stock, generate_series(1, 3) n;
CREATE INDEX ON lines (part, supplier);
CREATE TABLE heap_stock USING heap AS SELECT * FROM stock;
ALTER TABLE heap_stock ADD PRIMARY KEY (part, supplier);
CREATE TABLE heap_lines USING heap AS SELECT * FROM lines;
ANALYZE stock, lines, heap_stock, heap_lines;

-- The rows that the planner expects and those that come, to within a half.
CREATE FUNCTION expected(query text, OUT rows bigint, OUT verdict text) LANGUAGE plpgsql AS $$
DECLARE
	plan json;
	expected float;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO plan;
	expected := (plan -> 0 -> 'Plan' ->> 'Plan Rows')::float;
	EXECUTE 'SELECT count(*) FROM (' || query || ') q' INTO rows;
	verdict := CASE WHEN expected < rows / 1.5 THEN 'fewer' WHEN expected > rows * 1.5 THEN 'more' ELSE 'right' END;
END $$;
SELECT * FROM expected('SELECT * FROM lines JOIN stock USING (part, supplier)');
SELECT * FROM expected('SELECT * FROM lines JOIN stock USING (part, supplier) WHERE available < 10');
SELECT * FROM expected('SELECT * FROM lines LEFT JOIN stock USING (part, supplier)');
SELECT * FROM expected('SELECT * FROM lines JOIN stock USING (part, supplier) JOIN generate_series(1, 1000) p ON p = part');
SELECT * FROM expected('SELECT * FROM lines l JOIN (SELECT part, supplier, sum(available) FROM stock GROUP BY part, supplier) s USING (part, supplier)');
SELECT * FROM expected('SELECT * FROM stock WHERE EXISTS (SELECT FROM lines l WHERE l.part = stock.part AND l.supplier = stock.supplier)');
-- Part of a key says nothing, nor does what is not a column table.
SELECT * FROM expected('SELECT * FROM lines JOIN stock USING (part)');
SELECT * FROM expected('SELECT * FROM heap_lines JOIN heap_stock USING (part, supplier)');
-- A foreign key says it first.
ALTER TABLE lines ADD FOREIGN KEY (part, supplier) REFERENCES stock;
SELECT * FROM expected('SELECT * FROM lines JOIN stock USING (part, supplier)');

-- Few rows of a table whose keys have many rows each have nearly as many keys: they are hashed, not the larger side.
CREATE TABLE repeated USING epiphany_column AS SELECT n / 20 AS key, n % 400 AS part FROM generate_series(0, 399999) n;
CREATE TABLE keys USING epiphany_column AS SELECT n AS key, n % 7 AS other FROM generate_series(0, 199999) n;
ANALYZE repeated, keys;
EXPLAIN (COSTS OFF) SELECT count(*), sum(other) FROM repeated JOIN keys USING (key) WHERE part = 7;
SELECT count(*), sum(other) FROM repeated JOIN keys USING (key) WHERE part = 7;

-- A sample of a table with more blocks than it has rows: as many rows as there are.
CREATE TABLE many_blocks USING epiphany_column AS
SELECT n AS id, n / 4 AS key, CASE WHEN n % 2 = 0 THEN n END AS half, md5(n::text) || md5((-n)::text) AS text FROM generate_series(1, 100000) n;
SET default_statistics_target = 1;
ANALYZE many_blocks;
SELECT relpages > 300 AS more, reltuples / 100000 BETWEEN 0.9 AND 1.1 AS rows FROM pg_class WHERE oid = 'many_blocks'::regclass;
SELECT attname, CASE attname WHEN 'id' THEN n_distinct END AS n_distinct, null_frac BETWEEN 0.3 AND 0.7 AS half
FROM pg_stats WHERE tablename = 'many_blocks' AND attname IN ('id', 'half') ORDER BY 1;
DELETE FROM many_blocks WHERE id % 4 = 0;
ANALYZE many_blocks;
SELECT reltuples / 75000 BETWEEN 0.9 AND 1.1 AS rows FROM pg_class WHERE oid = 'many_blocks'::regclass;
RESET default_statistics_target;

SET client_min_messages = warning;
DROP SCHEMA engine_estimates CASCADE;
