-- What PostgreSQL's own suites found in epiphany_column: kept here, where it is small and runs in seconds.
\set VERBOSITY terse
CREATE TABLE core_column (id int, twice int, name text) USING epiphany_column;
-- With an index a statement's first rows go to the delta, the others to a row group.
CREATE INDEX core_column_id ON core_column (id);
INSERT INTO core_column SELECT i, 2 * i, 'row ' || i FROM generate_series(1, 5000) i;
SELECT row_groups, group_rows BETWEEN 1 AND 4999 AS both FROM epiphany.table_stats('core_column');

-- The planner knows how many rows both regions hold.
ANALYZE core_column;
EXPLAIN (COSTS ON) SELECT FROM core_column \g |sed -n 's/.*rows=\([0-9]*\).*/rows=\1/p'

-- System columns of what a statement has just stored.
INSERT INTO core_column VALUES (5001, 10002, 'one more') RETURNING xmin = pg_current_xact_id()::xid AS mine, tableoid::regclass;
UPDATE core_column SET name = 'changed' WHERE id = 1 RETURNING xmin = pg_current_xact_id()::xid AS mine, id, name;

-- One scan counts once, whatever the number of regions it goes through.
SELECT pg_stat_force_next_flush();
SELECT seq_scan AS before FROM pg_stat_user_tables WHERE relname = 'core_column' \gset
SET enable_indexscan = off;
SET enable_indexonlyscan = off;
SELECT count(*), sum(twice) FROM core_column;
RESET enable_indexscan;
RESET enable_indexonlyscan;
SELECT pg_stat_force_next_flush();
SELECT seq_scan - :before AS scans FROM pg_stat_user_tables WHERE relname = 'core_column';

-- A rewrite reads the rows as what they were, when the table has its new columns already.
ALTER TABLE core_column ALTER id TYPE numeric(10, 2), ALTER twice TYPE text USING 'x' || twice, ADD later int DEFAULT 7;
SELECT count(*), sum(id), min(twice), max(twice), count(name), sum(later) FROM core_column;
SELECT * FROM core_column WHERE id IN (1, 2, 4999) ORDER BY id;

-- Parallel workers cannot help VACUUM here; asked for, they are left out.
CREATE INDEX core_column_name ON core_column (name);
SET min_parallel_index_scan_size = 0;
VACUUM (PARALLEL 2) core_column;
RESET min_parallel_index_scan_size;
DROP TABLE core_column;
