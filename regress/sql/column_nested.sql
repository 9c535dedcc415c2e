-- A bulk insert whose rows are computed by functions that read the same table, in subtransactions that fail.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_epiphany CASCADE;
RESET client_min_messages;
CREATE SCHEMA column_nested;
SET search_path = column_nested;
CREATE TABLE t (i int, seen bigint) USING epiphany_column;
CREATE TABLE h (i int, seen bigint);

-- Reads the table, then fails; the caller catches it. The rows that its read made the writer store must survive.
CREATE FUNCTION look(what text, i int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
	IF i % 1500 <> 0 THEN
		RETURN -1;
	END IF;
	BEGIN
		EXECUTE format('SELECT count(*) FROM %I', what) INTO n;
		RAISE EXCEPTION 'seen %', n;
	EXCEPTION WHEN raise_exception THEN
		RETURN n;
	END;
END $$;

INSERT INTO t SELECT i, look('t', i) FROM generate_series(1, 10000) AS i;
INSERT INTO h SELECT i, look('h', i) FROM generate_series(1, 10000) AS i;
SELECT count(*), count(DISTINCT i) FROM t;
SELECT count(*) AS different FROM (TABLE t EXCEPT ALL TABLE h) d;

-- The same with an index, so that TIDs are given out at once.
CREATE TABLE ti (i int PRIMARY KEY, seen bigint) USING epiphany_column;
INSERT INTO ti SELECT i, look('ti', i) FROM generate_series(1, 10000) AS i;
SELECT count(*) AS different FROM (TABLE ti EXCEPT ALL TABLE h) d;

-- The whole statement in a subtransaction that fails: nothing stays. Then one that succeeds within one that fails.
DO $$
BEGIN
	BEGIN
		INSERT INTO t SELECT i, look('t', i) FROM generate_series(10001, 20000) AS i;
		RAISE EXCEPTION 'undo';
	EXCEPTION WHEN raise_exception THEN
	END;
END $$;
SELECT count(*) FROM t;
BEGIN;
SAVEPOINT a;
INSERT INTO t SELECT i, 0 FROM generate_series(10001, 20000) AS i;
SAVEPOINT b;
INSERT INTO t SELECT i, 0 FROM generate_series(20001, 30000) AS i;
RELEASE b;
SELECT count(*) FROM t;
ROLLBACK TO a;
INSERT INTO t SELECT i, 0 FROM generate_series(30001, 40000) AS i;
COMMIT;
SELECT count(*), min(i), max(i) FROM t;

-- A cursor opened before an insert of the same transaction does not see it.
BEGIN;
DECLARE before CURSOR FOR SELECT count(*) FROM t;
INSERT INTO t SELECT i, 0 FROM generate_series(40001, 50000) AS i;
FETCH before;
SELECT count(*) FROM t;
COMMIT;

-- An insert from the table into itself sees none of its own rows.
INSERT INTO t SELECT i, 1 FROM t;
SELECT count(*) FROM t;

-- Nested bulk inserts into one table: a function called by the outer one fills it, too.
CREATE FUNCTION fill(n int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO column_nested.t SELECT -i, n FROM generate_series(1, 3000) AS i;
	RETURN n;
END $$;
TRUNCATE t;
INSERT INTO t SELECT i, CASE WHEN i % 2000 = 0 THEN fill(i) ELSE 0 END FROM generate_series(1, 6000) AS i;
SELECT count(*), count(*) FILTER (WHERE i < 0) AS nested, sum(seen) FROM t;

SET client_min_messages = warning;
DROP SCHEMA column_nested CASCADE;
