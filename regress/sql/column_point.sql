-- Rows by TID again and again: groups kept for the session must never answer for others.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_columnstore;
RESET client_min_messages;
CREATE SCHEMA column_point;
SET search_path = column_point;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
CREATE TABLE point (id int PRIMARY KEY, word text, price numeric(10,2), day date) USING epiphany_column;
CREATE FUNCTION pg_temp.fill(shift int) RETURNS void LANGUAGE sql AS $$
	INSERT INTO point SELECT i, 'word ' || i + shift, (i + shift) / 100.0, date '2024-01-01' + i % 500 FROM generate_series(1, 10000) i $$;
CREATE FUNCTION pg_temp.look() RETURNS TABLE (id int, word text, price numeric, day date) LANGUAGE sql AS $$
	SELECT point.* FROM (VALUES (1), (3000), (5000), (9999), (10001)) v (id) JOIN point USING (id) ORDER BY 1 $$;

SELECT pg_temp.fill(0);
SELECT * FROM pg_temp.look();

-- Another file under the same name: truncated by another command, and in the transaction that made it.
TRUNCATE point;
SELECT * FROM pg_temp.look();
SELECT pg_temp.fill(100);
SELECT * FROM pg_temp.look();
BEGIN;
CREATE TABLE fresh (LIKE point INCLUDING ALL) USING epiphany_column;
INSERT INTO fresh SELECT i, 'first ' || i FROM generate_series(1, 5000) i;
SELECT * FROM fresh WHERE id = 4000;
TRUNCATE fresh;
INSERT INTO fresh SELECT i, 'other ' || i FROM generate_series(1, 5000) i;
SELECT * FROM fresh WHERE id = 4000;
COMMIT;
SELECT * FROM fresh WHERE id = 4000;

-- Other columns, another name, another type of column.
ALTER TABLE point ADD COLUMN late int DEFAULT 7;
ALTER TABLE point DROP COLUMN price;
ALTER TABLE point RENAME TO point2;
SELECT * FROM point2 WHERE id = 5000;
ALTER TABLE point2 RENAME TO point;
ALTER TABLE point ALTER COLUMN word TYPE int USING length(word);
SELECT * FROM point WHERE id = 5000;

-- A read that fails, and one under a savepoint that is rolled back.
SELECT word / (id - 5000) FROM point WHERE id = 5000;
BEGIN;
SELECT * FROM point WHERE id = 5000;
SAVEPOINT s;
SELECT word / (id - 5000) FROM point WHERE id = 5000;
ROLLBACK TO s;
SELECT * FROM point WHERE id = 5001;
COMMIT;
SELECT * FROM point WHERE id = 5001;

-- Who sees what is asked anew each time: a row deleted, a group made in a transaction rolled back.
DELETE FROM point WHERE id = 5001;
SELECT count(*) FROM point WHERE id = 5001;
BEGIN;
INSERT INTO point SELECT i, i, '2025-01-01' FROM generate_series(20001, 30000) i;
SELECT id, word, day, late FROM point WHERE id = 25000;
ROLLBACK;
SELECT id, word, day, late FROM point WHERE id = 25000;
INSERT INTO point SELECT i, -i, '2025-01-01' FROM generate_series(20001, 30000) i;
SELECT id, word, day, late FROM point WHERE id = 25000;

-- More groups than memory allows to keep, in turn.
SET epiphany.group_cache_size = '64kB';
CREATE TABLE many (id int, word text) USING epiphany_column;
DO $$ BEGIN FOR g IN 0..19 LOOP
	INSERT INTO many SELECT g * 3000 + i, md5((g * 3000 + i)::text) FROM generate_series(0, 2999) i;
END LOOP; END $$;
CREATE INDEX ON many (id);
SELECT row_groups > 15 AS groups FROM epiphany.table_stats('many');
SELECT count(*) FILTER (WHERE word = md5(id::text)) AS found
	FROM generate_series(0, 999) i JOIN LATERAL (SELECT * FROM many WHERE id = i * 7919 % 60000 OFFSET 0) x ON true;
RESET epiphany.group_cache_size;
SELECT count(*) FILTER (WHERE word = md5(id::text)) AS found
	FROM generate_series(0, 999) i JOIN LATERAL (SELECT * FROM many WHERE id = i * 7919 % 60000 OFFSET 0) x ON true;
SET client_min_messages = warning;
DROP SCHEMA column_point CASCADE;
