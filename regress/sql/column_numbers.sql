-- Numbers come back from row groups bit for bit: NUMERIC kept as scaled integers, floats kept as decimals.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_columnstore;
RESET client_min_messages;
CREATE SCHEMA column_numbers;
SET search_path = column_numbers;
CREATE TABLE on_heap (i int, price numeric(10,2), mixed numeric, quotient numeric, odd numeric, nulls numeric, f8 float8, f4 float4);
INSERT INTO on_heap
SELECT i, (i * 15485863::bigint % 1000000) / 100.0 - 5000, round(i * 7919::bigint % 100003 / 7.0, i % 5), i / 7.0,
	CASE i % 1000 WHEN 3 THEN 'NaN' WHEN 4 THEN '-Infinity' WHEN 5 THEN 1e300 ELSE i * 1e-30 END,
	CASE WHEN i % 3 > 0 THEN i % 70001 * 0.0001 END, (i * 104729::bigint % 9999991) / 1000.0,
	CASE WHEN i % 500 = 7 THEN '-0' ELSE (i * 7919 % 9973) / 10.0 END
FROM generate_series(1, 140000) i;
CREATE TABLE on_column USING epiphany_column AS TABLE on_heap;
SELECT column_name, encoding, minimum, maximum FROM epiphany.column_chunks('on_column') WHERE group_id = 0;
SELECT min(price), max(price), trim_scale(min(mixed)) AS min, trim_scale(max(mixed)) AS max, min(nulls), max(nulls), min(f8), max(f8) FROM on_heap WHERE i <= 131072;
SELECT count(*), count(*) FILTER (WHERE (numeric_send(h.price), numeric_send(h.mixed), numeric_send(h.quotient), numeric_send(h.odd),
	numeric_send(h.nulls), float8send(h.f8), float4send(h.f4)) IS DISTINCT FROM (numeric_send(c.price), numeric_send(c.mixed),
	numeric_send(c.quotient), numeric_send(c.odd), numeric_send(c.nulls), float8send(c.f8), float4send(c.f4))) AS "differing rows"
FROM on_heap h JOIN on_column c USING (i);
-- A row by index, and a column whose type turns into another of the same bytes.
CREATE INDEX ON on_column (i);
SELECT h = c AS same FROM on_heap h JOIN on_column c USING (i) WHERE h.i = 77777 AND c.i = 77777;
ALTER TABLE on_column ALTER price TYPE numeric;
SELECT count(*) AS "differing rows" FROM on_heap h JOIN on_column c USING (i) WHERE h.price::text <> c.price::text;
SET client_min_messages = warning;
DROP SCHEMA column_numbers CASCADE;
