-- The README's tour. What follows the next line stands there word for word, answers included (lint compares).
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_epiphany CASCADE;
RESET client_min_messages;
CREATE SCHEMA readme;
SET search_path = readme;
SET datestyle = ISO;
\echo tour

-- Orders change: a row table. Sales are analysed: a column table.
CREATE TABLE orders (id bigint PRIMARY KEY, customer int, total numeric(10,2)) USING epiphany_row;
CREATE TABLE sales (id bigint, day date, region text, quantity int, price numeric(10,2))
    USING epiphany_column WITH (epiphany.compression = 'zstd');

INSERT INTO sales
SELECT i, date '2025-01-01' + i / 2000, (ARRAY['north', 'south', 'east', 'west'])[1 + i % 4],
       1 + i % 7, 10 + i % 90
FROM generate_series(0, 499999) AS i;

SELECT region, count(*), sum(quantity * price) AS revenue
FROM sales WHERE day >= '2025-06-01' GROUP BY region ORDER BY region;

-- One relation, two regions: rows that came in bulk are row groups, a single row is a heap tuple until then.
INSERT INTO sales VALUES (500000, '2025-09-08', 'north', 1, 9.99);
SELECT row_groups, group_rows, delta_bytes, total_bytes < 500000 AS below_half_a_megabyte
FROM epiphany.table_stats('sales');
SELECT column_name, encoding, compression, minimum, maximum
FROM epiphany.column_chunks('sales') WHERE group_id = 0;

-- Indexes cover both regions.
CREATE INDEX ON sales (id);
SELECT * FROM sales WHERE id IN (1234, 500000) ORDER BY id;

-- Options are part of the table: pg_dump carries them.
ALTER TABLE sales SET (epiphany.row_group_rows = 50000);
SELECT name, value, is_default FROM epiphany.table_options('sales');
ALTER TABLE sales RESET (epiphany.compression, epiphany.row_group_rows);

-- Any table can change sides.
ALTER TABLE orders SET ACCESS METHOD epiphany_column;
ALTER TABLE sales SET ACCESS METHOD epiphany_row;
SELECT count(*), sum(quantity) FROM sales;
DROP TABLE orders, sales;
