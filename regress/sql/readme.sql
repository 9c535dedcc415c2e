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
-- Hybrid search: ranks of a full-text search and of a vector search are fused, beside a filter and a join with a row table.
CREATE EXTENSION epiphany_vectorstore;
CREATE TABLE shelves (id int PRIMARY KEY, name text, open boolean) USING epiphany_row;
CREATE TABLE books (id int, shelf int, title text, embedding vector(3)) USING epiphany_vector;
INSERT INTO shelves VALUES (1, 'nature', true), (2, 'cooking', true), (3, 'archive', false);
INSERT INTO books VALUES
    (1, 1, 'A garden of roses', '[0.9,0.1,0]'), (2, 1, 'Trees in winter', '[0.8,0.3,0.1]'),
    (3, 2, 'Bread, and other gardens', '[0.1,0.9,0.2]'), (4, 2, 'Roses in the kitchen', '[0.4,0.8,0]'),
    (5, 3, 'The rose garden, first edition', '[0.95,0.1,0]'), (6, 1, 'Hedges', '[1,0.2,0.1]');
WITH words AS (
    SELECT id, row_number() OVER (ORDER BY ts_rank(to_tsvector('english', title), query) DESC, id) AS rank
    FROM books, to_tsquery('english', 'garden | rose') AS query
    WHERE to_tsvector('english', title) @@ query ORDER BY rank LIMIT 20),
meaning AS (
    SELECT id, row_number() OVER () AS rank
    FROM (SELECT id FROM books ORDER BY embedding <=> '[1,0.2,0]' LIMIT 20) AS nearest)
SELECT title, name, words.rank AS words, meaning.rank AS meaning,
       round((epiphany.rrf(words.rank) + epiphany.rrf(meaning.rank))::numeric, 5) AS score
FROM words FULL JOIN meaning USING (id) JOIN books USING (id) JOIN shelves ON shelves.id = shelf
WHERE open ORDER BY score DESC, title LIMIT 4;
-- Many queries at once: the nearest of each, in one pass.
SELECT query, title, round(distance::numeric, 3) AS distance
FROM epiphany.vector_search('books', 'embedding', ARRAY['[1,0,0]', '[0,1,0]']::vector[], 2) AS found
JOIN books ON books.ctid = found.tid ORDER BY query, distance;
DROP TABLE books, shelves;
DROP EXTENSION epiphany_vectorstore;
