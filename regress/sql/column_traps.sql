-- What access methods get wrong: the traps of ARCHITECTURE.md's list that no other test walks into. Heap's answers are the right ones.
CREATE SCHEMA column_traps;
SET search_path = column_traps;
CREATE TABLE h (k int, v int, s text);
CREATE TABLE c (k int, v int, s text) USING epiphany_column;
CREATE TABLE names (name text);
INSERT INTO names VALUES ('h'), ('c');
CREATE FUNCTION each_of(command text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE name text;
BEGIN
	FOR name IN SELECT n.name FROM names n LOOP EXECUTE replace(command, 'TABLE', name); END LOOP;
END $$;
-- How many rows the planner expects.
CREATE FUNCTION expected(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
	RETURN plan->0->'Plan'->>'Plan Rows';
END $$;

-- ANALYZE sorts its sample by row identity: columns in the order of the rows correlate with it, others do not.
SELECT each_of('INSERT INTO TABLE SELECT g, (g * 7919) % 20011, ''s'' || g FROM generate_series(1, 20000) g');
SELECT each_of('ANALYZE TABLE');
SELECT attname, count(*) AS tables, bool_and(round(correlation::numeric, 2) = (attname = 'k')::int) AS right
FROM pg_stats WHERE schemaname = 'column_traps' AND attname IN ('k', 'v') GROUP BY 1 ORDER BY 1;

-- The planner asks the index for the largest value that is there by now (a snapshot for rows that are not vacuumable): in groups, in the
-- delta; of rows deleted since, heap's and ours.
SELECT each_of('CREATE INDEX ON TABLE (k)');
SELECT each_of('INSERT INTO TABLE SELECT g, g, NULL FROM generate_series(20001, 30000) g');
SELECT abs(expected('SELECT FROM c WHERE k > 25000') - expected('SELECT FROM h WHERE k > 25000')) < 500 AS alike, expected('SELECT FROM c WHERE k > 25000') > 100 AS found;
SELECT each_of('INSERT INTO TABLE VALUES (40000, 0, NULL)');
SELECT abs(expected('SELECT FROM c WHERE k > 25000') - expected('SELECT FROM h WHERE k > 25000')) < 500 AS alike;
SELECT each_of('DELETE FROM TABLE WHERE k > 20000');
SELECT expected('SELECT FROM c WHERE k > 25000') > 0 AS found;
VACUUM h, c;
SELECT expected('SELECT FROM c WHERE k > 25000') AS c, expected('SELECT FROM h WHERE k > 25000') AS h;

-- A foreign key is checked for a row if that is still there (SnapshotSelf): rows of the same transaction that are gone again do not count.
CREATE TABLE parent (k int PRIMARY KEY) USING epiphany_column;
CREATE TABLE child (k int REFERENCES parent DEFERRABLE INITIALLY DEFERRED) USING epiphany_column;
INSERT INTO parent SELECT generate_series(1, 5000);
BEGIN;
INSERT INTO child SELECT generate_series(1, 6000);
SELECT max(rows) > 1000 AS in_groups FROM epiphany.row_groups('child');
DELETE FROM child WHERE k > 5000;
COMMIT;
BEGIN;
INSERT INTO child SELECT generate_series(1, 6000);
DELETE FROM child WHERE k > 5001;
COMMIT;
BEGIN;
INSERT INTO child SELECT generate_series(1, 6000);
UPDATE child SET k = 1 WHERE k > 5000;
COMMIT;
SELECT count(*), max(k) FROM child;

-- New tables from queries that run in parallel, where nobody may start a new command.
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) CREATE TABLE made USING epiphany_column AS SELECT k, count(*) AS n FROM c GROUP BY k;
CREATE TABLE made USING epiphany_column AS SELECT k, count(*) AS n FROM c GROUP BY k;
CREATE MATERIALIZED VIEW seen USING epiphany_column AS SELECT k, s FROM c WHERE v >= 0;
REFRESH MATERIALIZED VIEW seen;
SELECT (SELECT count(*) FROM made) AS made, (SELECT count(*) FROM seen) AS seen, (SELECT count(*) FROM h) AS h;
SELECT sum(rows) FROM epiphany.row_groups('seen');

-- An index that says that no row needs to be fetched is not believed: rows of groups have no bit in the visibility map.
VACUUM h, c;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT each_of('DELETE FROM TABLE WHERE k = 10000');
SELECT (SELECT count(*) FROM c WHERE k BETWEEN 9990 AND 10010) AS c, (SELECT count(*) FROM h WHERE k BETWEEN 9990 AND 10010) AS h;

RESET search_path;
DROP SCHEMA column_traps CASCADE;
