-- How many rows joins by several columns are expected to give, where the columns are all of a unique key.
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

SET client_min_messages = warning;
DROP SCHEMA engine_estimates CASCADE;
