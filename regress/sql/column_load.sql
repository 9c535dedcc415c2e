-- Bulk loads into epiphany_column do what they do into heap, whichever way the rows come; `differing rows` must stay 0.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_columnstore;
RESET client_min_messages;
CREATE SCHEMA column_load;
SET search_path = column_load;

\getenv here PG_ABS_SRCDIR
\set on_both :here '/include/on_both.sql'
\i :on_both
-- How many rows went into which row groups; the rest is in the delta. VACUUM may come by and freeze.
CREATE FUNCTION groups(tab text DEFAULT 'on_column') RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(rows || CASE WHEN state IN ('committed', 'frozen') THEN '' ELSE ' ' || state END, ', ' ORDER BY group_id), 'none')
	FROM epiphany.row_groups(tab::regclass) $$;

CALL on_both('CREATE TABLE @ (i int, s text, n numeric) USING @am');
SELECT * FROM same();

-- COPY, INSERT ... SELECT, VALUES, no rows at all; by SQL procedure and as the client's own statement.
CALL on_both('COPY @ (i) FROM PROGRAM ''seq 1 2047''');
SELECT groups();
CALL on_both('COPY @ (i) FROM PROGRAM ''seq 1 2048''');
CALL on_both('COPY @ (i) FROM PROGRAM ''seq 1 2049''');
SELECT groups();
CALL on_both('INSERT INTO @ SELECT g, md5(g::text), g / 7.0 FROM generate_series(1, 10000) g');
INSERT INTO on_heap SELECT g, md5(g::text), g / 3.0 FROM generate_series(1, 3000) g;
INSERT INTO on_column SELECT g, md5(g::text), g / 3.0 FROM generate_series(1, 3000) g;
CALL on_both('INSERT INTO @ SELECT g, NULL, NULL FROM generate_series(1, 0) g');
CALL on_both('COPY @ (i) FROM PROGRAM ''true''');
CALL on_both('INSERT INTO @ VALUES (1, ''one'', 1), (2, NULL, NULL)');
CALL on_both('INSERT INTO @ SELECT * FROM @');
SELECT groups();
SELECT * FROM same();
SELECT * FROM same('SELECT count(*), count(s), count(n), sum(i), min(s), max(s), sum(n), avg(n) FROM @');

-- The edges of a group.
TRUNCATE on_heap, on_column;
CALL on_both('INSERT INTO @ SELECT g FROM generate_series(1, 131073) g');
SELECT groups();
CALL on_both('INSERT INTO @ SELECT g FROM generate_series(1, 131072) g');
CALL on_both('INSERT INTO @ SELECT g FROM generate_series(1, 133120) g');
SELECT groups();
SELECT * FROM same('SELECT count(*), count(DISTINCT i), sum(i), min(i), max(i) FROM @');
SELECT count(DISTINCT ctid) = count(*) AS tids_are_unique FROM on_column;
DROP TABLE on_heap, on_column;

-- Constraints, generated columns, identity, defaults, domains.
CREATE DOMAIN positive AS int CHECK (value > 0);
CALL on_both('CREATE TABLE @ (id int GENERATED ALWAYS AS IDENTITY, v positive NOT NULL, d text DEFAULT ''d'',
	twice int GENERATED ALWAYS AS (v * 2) STORED, CHECK (twice < 20000)) USING @am');
CALL on_both('INSERT INTO @ (v) SELECT g FROM generate_series(1, 5000) g');
CALL on_both('COPY @ (v) FROM PROGRAM ''seq 1 5000''');
\set VERBOSITY terse
INSERT INTO on_column (v) SELECT g - 4000 FROM generate_series(1, 5000) g;
INSERT INTO on_column (v) SELECT nullif(g, 4000) FROM generate_series(1, 5000) g;
INSERT INTO on_column (v) SELECT g + 5001 FROM generate_series(1, 5000) g;
\set VERBOSITY default
SELECT groups();
SELECT * FROM same();
DROP TABLE on_heap, on_column;

-- Savepoints and errors: exactly the rows that were kept.
CALL on_both('CREATE TABLE @ (i int, s text) USING @am');
BEGIN;
INSERT INTO on_heap SELECT g, 'kept' FROM generate_series(1, 3000) g;
INSERT INTO on_column SELECT g, 'kept' FROM generate_series(1, 3000) g;
SAVEPOINT a;
INSERT INTO on_heap SELECT g, 'lost' FROM generate_series(1, 3000) g;
INSERT INTO on_column SELECT g, 'lost' FROM generate_series(1, 3000) g;
SELECT * FROM same();
ROLLBACK TO a;
SELECT * FROM same();
INSERT INTO on_heap SELECT g, 'again' FROM generate_series(1, 100) g;
INSERT INTO on_column SELECT g, 'again' FROM generate_series(1, 100) g;
RELEASE a;
COMMIT;
SELECT groups();
SELECT * FROM same();
CREATE PROCEDURE load_and_fail(target text, rows int) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('INSERT INTO %I SELECT g, ''outer'' FROM generate_series(1, 3000) g', target);
	FOR attempt IN 1..3 LOOP
		BEGIN
			EXECUTE format('INSERT INTO %I SELECT g, ''inner'' FROM generate_series(1, 3000) g', target);
			EXECUTE format('INSERT INTO %I SELECT 1 / (%s - g), ''fails'' FROM generate_series(1, %s) g', target, rows, rows);
		EXCEPTION WHEN division_by_zero THEN
			EXECUTE format('INSERT INTO %I SELECT g, ''handler'' FROM generate_series(1, 2048) g', target);
		END;
	END LOOP;
END $$;
CALL load_and_fail('on_heap', 10);
CALL load_and_fail('on_column', 10);
CALL load_and_fail('on_heap', 140000);
CALL load_and_fail('on_column', 140000);
SELECT * FROM same();
SELECT * FROM same('SELECT s, count(*) FROM @ GROUP BY s');

-- A statement that calls functions which read the table, and which fail after that, sees its own rows as heap does, and loses none.
TRUNCATE on_heap, on_column;
CREATE FUNCTION reads(target text, every int, g int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	seen int := 0;
BEGIN
	IF g % every = 0 THEN
		BEGIN
			EXECUTE format('SELECT count(*) FROM %I', target) INTO seen;
			RAISE division_by_zero;
		EXCEPTION WHEN division_by_zero THEN
		END;
	END IF;
	RETURN seen;
END $$;
INSERT INTO on_heap SELECT reads('on_heap', 50, g), 'few' FROM generate_series(1, 100) g;
INSERT INTO on_column SELECT reads('on_column', 50, g), 'few' FROM generate_series(1, 100) g;
INSERT INTO on_heap SELECT reads('on_heap', 2000, g), 'many' FROM generate_series(1, 7000) g;
INSERT INTO on_column SELECT reads('on_column', 2000, g), 'many' FROM generate_series(1, 7000) g;
INSERT INTO on_heap SELECT reads('on_heap', 3000, g), 'more' FROM generate_series(1, 7000) g;
INSERT INTO on_column SELECT reads('on_column', 3000, g), 'more' FROM generate_series(1, 7000) g;
SELECT * FROM same();
-- ... and functions that insert into it.
CREATE FUNCTION inserts(target text, every int, fails bool, g int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
	IF g % every = 0 THEN
		BEGIN
			EXECUTE format('INSERT INTO %I SELECT g, ''nested'' FROM generate_series(1, 2100) g', target);
			EXECUTE format('INSERT INTO %I VALUES (%s, ''one'')', target, g);
			IF fails THEN RAISE division_by_zero; END IF;
		EXCEPTION WHEN division_by_zero THEN
		END;
	END IF;
	RETURN g;
END $$;
INSERT INTO on_heap SELECT inserts('on_heap', 2500, g % 2 = 0, g), 'a' FROM generate_series(1, 6000) g;
INSERT INTO on_column SELECT inserts('on_column', 2500, g % 2 = 0, g), 'a' FROM generate_series(1, 6000) g;
INSERT INTO on_heap SELECT inserts('on_heap', 1250, g % 2500 = 0, g), 'b' FROM generate_series(1, 6000) g;
INSERT INTO on_column SELECT inserts('on_column', 1250, g % 2500 = 0, g), 'b' FROM generate_series(1, 6000) g;
SELECT * FROM same();
SELECT * FROM same('SELECT s, count(*) FROM @ GROUP BY s');
DROP TABLE on_heap, on_column;

-- Triggers of all kinds.
CALL on_both('CREATE TABLE @ (i int, s text) USING @am');
CALL on_both('CREATE TABLE log_@ (what text, n bigint, tid_ok bool)');
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	seen bigint := 0;
	found bool;
BEGIN
	IF TG_LEVEL = 'ROW' AND NEW.i % 1000 = 0 THEN
		EXECUTE format('SELECT count(*), bool_or(i = $1) FROM %I', TG_TABLE_NAME) INTO seen, found USING NEW.i;
		EXECUTE format('INSERT INTO log_%s VALUES ($1, $2, $3)', TG_TABLE_NAME) USING TG_NAME, seen, found;
	ELSIF TG_LEVEL = 'STATEMENT' THEN
		IF TG_NAME = 'transition' THEN SELECT count(*) INTO seen FROM new_rows; END IF;
		EXECUTE format('INSERT INTO log_%s SELECT $1, count(*) + $2, NULL FROM %1$I', TG_TABLE_NAME) USING TG_NAME, seen;
	END IF;
	RETURN NEW;
END $$;
CALL on_both('CREATE TRIGGER after_statement AFTER INSERT ON @ EXECUTE FUNCTION note()');
CALL on_both('CREATE TRIGGER before_statement BEFORE INSERT ON @ EXECUTE FUNCTION note()');
CALL on_both('CREATE TRIGGER transition AFTER INSERT ON @ REFERENCING NEW TABLE AS new_rows EXECUTE FUNCTION note()');
CALL on_both('INSERT INTO @ SELECT g, ''statement'' FROM generate_series(1, 5000) g');
CALL on_both('COPY @ (i) FROM PROGRAM ''seq 1 5000''');
SELECT groups();
CALL on_both('CREATE TRIGGER after_row AFTER INSERT ON @ FOR EACH ROW EXECUTE FUNCTION note()');
CALL on_both('INSERT INTO @ SELECT g, ''after row'' FROM generate_series(1, 5000) g');
CALL on_both('COPY @ (i) FROM PROGRAM ''seq 1 5000''');
CALL on_both('CREATE TRIGGER before_row BEFORE INSERT ON @ FOR EACH ROW EXECUTE FUNCTION note()');
CALL on_both('INSERT INTO @ SELECT g, ''before row'' FROM generate_series(1, 5000) g');
CALL on_both('COPY @ (i) FROM PROGRAM ''seq 1 5000''');
SELECT * FROM same();
SELECT * FROM same('SELECT * FROM log_@');
DROP TABLE on_heap, on_column, log_on_heap, log_on_column;

-- Foreign keys, out and in.
CREATE TABLE parent (i int PRIMARY KEY);
INSERT INTO parent SELECT g FROM generate_series(1, 6000) g;
CALL on_both('CREATE TABLE @ (i int PRIMARY KEY REFERENCES parent DEFERRABLE, j int REFERENCES @) USING @am');
CALL on_both('INSERT INTO @ SELECT g, g FROM generate_series(1, 2048) g');
CALL on_both('INSERT INTO @ SELECT g, g - 2048 FROM generate_series(2049, 6000) g');
SELECT groups();
SELECT * FROM same();
INSERT INTO on_column SELECT g, NULL FROM generate_series(6000, 12000) g;
INSERT INTO on_column SELECT g, NULL FROM generate_series(6001, 12000) g;
CREATE TABLE child (i int REFERENCES on_column);
INSERT INTO child VALUES (1);
INSERT INTO child VALUES (5000);
INSERT INTO child VALUES (9999);
DROP TABLE child;
SELECT groups();
SELECT * FROM same();
DROP TABLE on_heap, on_column;

-- RETURNING, from the statement and from a common table expression, shows real TIDs.
CREATE TABLE on_column (i int, s text) USING epiphany_column;
CREATE TABLE seen (tid tid, i int);
CREATE TABLE also (i int) USING epiphany_column;
DO $$
DECLARE
	t tid;
	n int := 0;
BEGIN
	FOR t, n IN INSERT INTO on_column SELECT g, 'returned' FROM generate_series(1, 5000) g RETURNING ctid, i LOOP
		INSERT INTO seen VALUES (t, n);
	END LOOP;
END $$;
WITH loaded AS (INSERT INTO on_column SELECT g, 'cte' FROM generate_series(5001, 10000) g RETURNING ctid, i) INSERT INTO seen SELECT * FROM loaded;
WITH loaded AS (INSERT INTO also SELECT g FROM generate_series(1, 5000) g)
INSERT INTO on_column SELECT g, 'beside' FROM generate_series(10001, 15000) g RETURNING i = 0 AS impossible \g (format=unaligned tuples_only=on) | sort -u
SELECT count(*), count(*) FILTER (WHERE c.ctid = seen.tid) AS "found again" FROM seen JOIN on_column c USING (i);
SELECT count(*), count(DISTINCT i) FROM on_column;
SELECT count(*) FROM also;
DROP TABLE on_column, also, seen;

-- New tables from queries; materialised views.
CREATE TABLE source AS SELECT g AS i, md5(g::text) AS s FROM generate_series(1, 10000) g;
CREATE TABLE on_heap USING heap AS SELECT * FROM source;
CREATE TABLE on_column USING epiphany_column AS SELECT * FROM source;
SELECT groups();
SELECT * FROM same();
SET default_table_access_method = epiphany_column;
SELECT * INTO into_column FROM source WHERE i <= 5000;
CREATE TABLE empty_column AS SELECT * FROM source WITH NO DATA;
RESET default_table_access_method;
SELECT count(*), sum(i), groups('into_column'), (SELECT count(*) FROM empty_column) AS empty FROM into_column;
CREATE MATERIALIZED VIEW view_heap AS SELECT * FROM source;
CREATE MATERIALIZED VIEW view_column USING epiphany_column AS SELECT * FROM source;
CREATE UNIQUE INDEX ON view_heap (i);
CREATE UNIQUE INDEX ON view_column (i);
SELECT groups('view_column');
INSERT INTO source SELECT g, 'new' FROM generate_series(10001, 15000) g;
REFRESH MATERIALIZED VIEW CONCURRENTLY view_heap;
REFRESH MATERIALIZED VIEW CONCURRENTLY view_column;
SELECT count(*), sum(i), groups('view_column') FROM view_column;
DELETE FROM source WHERE i % 3 = 0;
REFRESH MATERIALIZED VIEW view_heap;
REFRESH MATERIALIZED VIEW view_column;
SELECT groups('view_column');
SELECT count(*) FROM (TABLE view_heap EXCEPT ALL TABLE view_column) q;
SELECT count(*) FROM (TABLE view_column EXCEPT ALL TABLE view_heap) q;
DROP TABLE on_heap, on_column, into_column, empty_column;

-- COPY FREEZE and COPY TO.
BEGIN;
CALL on_both('CREATE TABLE @ (i int) USING @am');
CALL on_both('COPY @ FROM PROGRAM ''seq 1 5000'' (FREEZE)');
CALL on_both('COPY @ FROM PROGRAM ''seq 1 100'' (FREEZE)');
SELECT rows, state FROM epiphany.row_groups('on_column');
SELECT * FROM same();
COMMIT;
SELECT * FROM same();
COPY (SELECT sum(i) FROM on_column) TO STDOUT;
COPY on_column TO PROGRAM 'wc -l | tr -d " " > /dev/null';
DROP TABLE on_heap, on_column;

-- A table without columns; a column dropped before the load; rows of several sizes.
CREATE TABLE on_column () USING epiphany_column;
INSERT INTO on_column SELECT FROM generate_series(1, 5000);
SELECT count(*), groups() FROM on_column;
DROP TABLE on_column;
CALL on_both('CREATE TABLE @ (gone int, i int, gone2 text, s text) USING @am');
CALL on_both('ALTER TABLE @ DROP COLUMN gone, DROP COLUMN gone2');
CALL on_both('INSERT INTO @ SELECT g, repeat(md5(g::text), g % 200) FROM generate_series(1, 5000) g');
CALL on_both('INSERT INTO @ SELECT g, (SELECT string_agg(md5((g * 100000 + k)::text), '''') FROM generate_series(1, 60000) k) FROM generate_series(1, 3) g');
SELECT * FROM same();
SELECT * FROM same('SELECT i, length(s), md5(s) FROM @ WHERE length(s) > 100000');
-- Values that are toasted where they come from, compressed or not, in groups and in the delta.
CALL on_both('CREATE TABLE copy_@ (LIKE @) USING @am');
CALL on_both('INSERT INTO copy_@ SELECT * FROM on_heap');
CALL on_both('INSERT INTO copy_@ SELECT * FROM on_heap ORDER BY length(s) DESC LIMIT 10');
CALL on_both('INSERT INTO copy_@ SELECT * FROM on_column ORDER BY length(s) DESC LIMIT 3000');
SELECT * FROM same('SELECT * FROM copy_@');

SET client_min_messages = warning;
DROP SCHEMA column_load CASCADE;
