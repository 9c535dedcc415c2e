-- Scalar subqueries over aggregates that depend on an outer row.
CREATE TABLE parts (id int, brand text, size int, weight numeric);
INSERT INTO parts SELECT CASE WHEN n % 50 > 0 THEN n END, 'b' || n % 10, n % 40, n % 17 FROM generate_series(1, 600) n;
INSERT INTO parts SELECT id, brand, size, NULL FROM parts WHERE size < 5;
CREATE TABLE lines (part int, supplier int, quantity int, price numeric, note text);
INSERT INTO lines SELECT CASE WHEN n % 70 > 0 THEN n % 450 END, n % 30, CASE WHEN n % 11 > 0 THEN n * 31 / 7 % 50 END, n % 100 / 4.0, 'n' || n % 20
	FROM generate_series(1, 4000) n;
CREATE INDEX ON lines (part);
ANALYZE parts;
ANALYZE lines;
SELECT sum(price) FROM lines, parts WHERE id = part AND brand = 'b3' AND quantity < (SELECT 0.9 * avg(quantity) FROM lines WHERE part = id);
SELECT id, size FROM parts WHERE size < (SELECT avg(quantity) FROM lines WHERE part = id) AND size > (SELECT min(quantity) FROM lines WHERE id = part);
SELECT id FROM parts WHERE (SELECT sum(quantity) FROM lines WHERE part = id) BETWEEN 100 AND 250;
SELECT id FROM parts WHERE 0 = (SELECT count(*) FROM lines WHERE part = id);
SELECT id FROM parts WHERE 3 * size > (SELECT count(quantity) * count(DISTINCT supplier) + coalesce(min(quantity), 7) FROM lines WHERE part = id AND price > 3);
SELECT id FROM parts WHERE (SELECT max(quantity) FROM lines WHERE part = id AND supplier < 20) IS NULL;
SELECT id, weight FROM parts WHERE weight IS DISTINCT FROM (SELECT max(quantity) FROM lines WHERE part = id);
SELECT id, (SELECT count(*) FROM lines WHERE part = id), (SELECT max(note) FROM lines WHERE part = id) || brand FROM parts;
SELECT count(*) FROM lines l WHERE quantity = (SELECT max(quantity) FROM lines WHERE part = l.part AND supplier = l.supplier);
SELECT brand, count(*) FROM parts WHERE id IN (SELECT part FROM lines l WHERE price > (SELECT avg(price) FROM lines WHERE supplier = l.supplier)
	AND quantity < (SELECT avg(quantity) FROM lines WHERE part = l.part)) GROUP BY brand;
SELECT p.id, l.supplier FROM parts p LEFT JOIN lines l ON l.part = p.id AND quantity < 9 WHERE 5 < (SELECT count(*) FROM lines WHERE supplier = l.supplier);
SELECT p.id, l.supplier FROM parts p FULL JOIN lines l ON l.part = p.id WHERE size > (SELECT avg(quantity) / 2 FROM lines WHERE part = coalesce(p.id, 4));
SELECT id FROM parts WHERE size < (SELECT avg(quantity) FROM lines l WHERE part = id AND price >= (SELECT avg(price) FROM lines WHERE supplier = l.supplier));
SELECT id FROM parts WHERE size = 3 OR size < (SELECT avg(quantity) FROM lines WHERE part = id);
SELECT id FROM parts WHERE CASE WHEN size > 3 THEN size < (SELECT avg(quantity) FROM lines WHERE part = id) ELSE true END;
