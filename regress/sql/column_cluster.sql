-- CLUSTER: rows of row groups in an index's order, delta rows among themselves; nothing is lost, and nothing that an older snapshot sees.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_epiphany CASCADE;
RESET client_min_messages;
CREATE SCHEMA column_cluster;
SET search_path = column_cluster;
CREATE TABLE h (k int, b text, gone int, d numeric);
INSERT INTO h SELECT (g * 7919) % 10007, CASE WHEN g % 7 > 0 THEN 'b' || g % 100 END, g, g / 3.0 FROM generate_series(1, 10000) g;
ALTER TABLE h DROP gone;
CREATE TABLE t (k int, b text, gone int, d numeric) USING epiphany_column WITH (epiphany.row_group_rows = 4096);
INSERT INTO t SELECT k, b, 1, d FROM h;
ALTER TABLE t DROP gone;
ALTER TABLE t ADD added int DEFAULT 5;
ALTER TABLE h ADD added int DEFAULT 5;
DELETE FROM t WHERE k % 10 = 0;
DELETE FROM h WHERE k % 10 = 0;
UPDATE t SET d = -d WHERE k % 10 = 1;
UPDATE h SET d = -d WHERE k % 10 = 1;
BEGIN;
UPDATE t SET d = 0;
DELETE FROM t WHERE k % 10 = 2;
ROLLBACK;
CREATE FUNCTION differing() RETURNS bigint LANGUAGE sql BEGIN ATOMIC
  SELECT count(*) FROM ((TABLE h EXCEPT ALL TABLE t) UNION ALL (TABLE t EXCEPT ALL TABLE h)) x;
END;
-- How often a scan finds a smaller key after a larger one, in row groups and in the delta.
CREATE FUNCTION descents(expression text) RETURNS TABLE (in_group bool, rows bigint, descents bigint) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY EXECUTE format('WITH r AS MATERIALIZED (SELECT (ctid::text::point)[0] >= 2147483648 AS g, ctid, %1$s AS k FROM t)
    SELECT g, count(*), count(*) FILTER (WHERE before > k)
      FROM (SELECT g, k, lag(k) OVER (PARTITION BY g ORDER BY ctid) AS before FROM r) x GROUP BY g ORDER BY g', expression);
END $$;
CREATE INDEX t_k ON t (k);
CREATE INDEX t_d ON t (d DESC, k);
CREATE INDEX t_b ON t (lower(b) NULLS FIRST, k);
SELECT in_group, rows, descents > 0 AS disordered FROM descents('k');

CLUSTER t USING t_k;
SELECT * FROM descents('k');
SELECT differing();
SELECT relname FROM pg_index JOIN pg_class c ON c.oid = indexrelid WHERE indrelid = 't'::regclass AND indisclustered;
CLUSTER t USING t_d;
SELECT * FROM descents('-d');
CLUSTER t USING t_b;
SELECT * FROM descents('coalesce(lower(b), '''')');
SELECT differing();
SET enable_seqscan = off;
SELECT count(*) = (SELECT count(*) FROM h WHERE k BETWEEN 100 AND 300) AS by_index FROM t WHERE k BETWEEN 100 AND 300;
RESET enable_seqscan;

-- Our own changes, and a failure.
BEGIN;
DELETE FROM t WHERE k < 1000;
DELETE FROM h WHERE k < 1000;
INSERT INTO t SELECT g, 'new', g, 1 FROM generate_series(20000, 23000) g;
INSERT INTO h SELECT g, 'new', g, 1 FROM generate_series(20000, 23000) g;
CLUSTER t USING t_k;
SELECT differing();
ROLLBACK;
SELECT differing();
CREATE INDEX t_gist ON t USING gist (point(k, k));
CLUSTER t USING t_gist;
SELECT differing();

SET client_min_messages = warning;
DROP SCHEMA column_cluster CASCADE;
