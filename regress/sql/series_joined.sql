-- Continuous aggregates notice changes of joined tables: each kind of change, shape of join and kind of key, what of it is pending, and who
-- cannot be watched.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_epiphany CASCADE;
CREATE EXTENSION IF NOT EXISTS epiphany_timeseries CASCADE;
CREATE SCHEMA joined;
SET search_path = joined, epiphany;
SET timezone = 'UTC';
SET client_min_messages = notice;
\set VERBOSITY terse

CREATE FUNCTION differs(aggregate text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE rows int8;
BEGIN
	EXECUTE format('SELECT count(*) FROM ((TABLE %1$I EXCEPT ALL TABLE %2$I) UNION ALL (TABLE %2$I EXCEPT ALL TABLE %1$I)) x',
		aggregate, aggregate || '_definition') INTO rows;
	RETURN CASE WHEN rows = 0 THEN 'equal' ELSE rows || ' rows differ' END;
END $$;
CREATE FUNCTION ranges(aggregate text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(CASE WHEN first = -2147483648 AND last = 2147483647 THEN 'all' ELSE first || '-' || last END, ', ' ORDER BY first), 'none')
		FROM pending(aggregate::regclass, NULL::int) $$;

-- Device i has rows at 100 i + 0..9; 9 has rows far apart.
CREATE TABLE readings (t int NOT NULL, dev int, kind text, v int) USING epiphany_column;
CREATE TABLE devices (dev int PRIMARY KEY, place text, note text) USING heap;
CREATE TABLE rooms (dev int, kind varchar(10), room text, note text) USING epiphany_column;
INSERT INTO readings SELECT 100 * d + i, d, CASE WHEN i % 2 = 0 THEN 'even' ELSE 'odd' END, i FROM generate_series(1, 5) d, generate_series(0, 9) i;
INSERT INTO readings SELECT 10000 * i, 9, 'far', i FROM generate_series(1, 3) i;
INSERT INTO devices SELECT d, 'place ' || d % 2, 'note' FROM generate_series(1, 5) d;
INSERT INTO rooms SELECT d, k, 'room ' || d, 'note' FROM generate_series(1, 5) d, unnest('{even,odd}'::text[]) k;
CREATE MATERIALIZED VIEW places WITH (epiphany.continuous) AS
	SELECT time_bucket(10, t) AS b, place, sum(v), count(*) FROM readings LEFT JOIN devices USING (dev) GROUP BY 1, 2;
CREATE MATERIALIZED VIEW in_rooms WITH (epiphany.continuous) AS
	SELECT time_bucket(10, t) AS b, room, sum(v), count(*) FROM readings r JOIN rooms o ON o.dev = r.dev AND r.kind = o.kind GROUP BY 1, 2;
CREATE MATERIALIZED VIEW by_hundred WITH (epiphany.continuous) AS
	SELECT time_bucket(100, b) AS b, place, sum(sum) FROM places GROUP BY 1, 2;
\d devices
\d rooms
SELECT pg_get_viewdef('places_definition');

-- What a statement leaves pending; every aggregate is right in the transaction that made it, and after it.
CREATE PROCEDURE try(statement text) LANGUAGE plpgsql AS $$
DECLARE a text;
BEGIN
	EXECUTE statement;
	FOREACH a IN ARRAY '{places,in_rooms,by_hundred}'::text[] LOOP
		IF differs(a) <> 'equal' THEN RAISE NOTICE '% in its transaction: %', a, differs(a); END IF;
	END LOOP;
	COMMIT;
	FOREACH a IN ARRAY '{places,in_rooms,by_hundred}'::text[] LOOP
		IF differs(a) <> 'equal' THEN RAISE NOTICE '%: %', a, differs(a); END IF;
	END LOOP;
	RAISE NOTICE 'places: %; by_hundred: %; in_rooms: %', ranges('places'), ranges('by_hundred'), ranges('in_rooms');
	SET LOCAL client_min_messages = warning;
	FOREACH a IN ARRAY '{places,in_rooms,by_hundred}'::text[] LOOP
		CALL refresh_continuous_aggregate(a::regclass, NULL, NULL);
		IF differs(a) <> 'equal' OR ranges(a) <> 'none' THEN RAISE WARNING '% after a refresh: %, %', a, differs(a), ranges(a); END IF;
	END LOOP;
END $$;
CALL try($$UPDATE devices SET place = 'elsewhere' WHERE dev = 3$$);
CALL try($$UPDATE devices SET note = 'other'$$);
CALL try($$UPDATE devices SET dev = 9 WHERE dev = 2$$);
CALL try($$UPDATE devices SET dev = 2 WHERE dev = 9$$);
CALL try($$INSERT INTO devices VALUES (7, 'new', NULL)$$);
CALL try($$INSERT INTO devices SELECT i, 'new', NULL FROM generate_series(1000, 9000) i$$);
CALL try($$INSERT INTO devices VALUES (1, 'no', NULL), (9, 'far', NULL) ON CONFLICT (dev) DO UPDATE SET place = excluded.place$$);
CALL try($$DELETE FROM devices WHERE dev IN (7, 9, 4)$$);
CALL try($$MERGE INTO devices d USING (VALUES (5, 'x'), (4, 'back')) n (dev, place) ON d.dev = n.dev
	WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (n.dev, n.place)$$);
CALL try($$UPDATE rooms SET room = 'hall' WHERE dev = 2 AND kind = 'odd'$$);
CALL try($$UPDATE rooms SET note = 'other'$$);
CALL try($$UPDATE rooms SET dev = NULL WHERE dev = 1 AND kind = 'even'$$);
CALL try($$UPDATE rooms SET dev = 1 WHERE dev IS NULL$$);
CALL try($$INSERT INTO rooms VALUES (9, 'even', 'no match'), (NULL, 'odd', 'no match')$$);
CALL try($$INSERT INTO rooms VALUES (9, 'far', 'hall')$$);
CALL try($$DELETE FROM rooms WHERE dev = 9 OR room = 'room 4'$$);
CALL try($$WITH a AS (UPDATE devices SET place = 'a' WHERE dev = 1), b AS (DELETE FROM rooms WHERE dev = 2) SELECT$$);
-- Rows in groups, and more rows than keys are kept for: a bulk load of rows that match nothing, with and without.
CALL try($$INSERT INTO rooms SELECT i, 'even', 'many' FROM generate_series(100000, 115000) i$$);
CALL try($$UPDATE rooms SET room = 'more' WHERE dev BETWEEN 100000 AND 105000$$);
CALL try($$INSERT INTO rooms SELECT i, 'even', 'many' FROM generate_series(200000, 220000) i$$);
CALL try($$UPDATE devices SET place = 'p' || i FROM generate_series(1, 5) i WHERE dev = i$$);
CALL try($$DO 'BEGIN FOR i IN 1..4 LOOP UPDATE devices SET place = i::text WHERE dev <> 3; END LOOP; END'$$);
CALL try($$TRUNCATE rooms$$);
COPY rooms FROM stdin;
1	even	copied	note
1	odd	copied	note
\.
SELECT ranges('in_rooms'), differs('in_rooms');
CALL try($$TRUNCATE devices, readings$$);
INSERT INTO readings SELECT 100 * d + i, d, CASE WHEN i % 2 = 0 THEN 'even' ELSE 'odd' END, i FROM generate_series(1, 5) d, generate_series(0, 9) i;
INSERT INTO devices SELECT d, 'place ' || d % 2, 'note' FROM generate_series(1, 5) d;
-- Triggers off as in replication.
SET session_replication_role = replica;
CALL try($$UPDATE devices SET place = 'replicated' WHERE dev = 1$$);
RESET session_replication_role;

-- Savepoints.
BEGIN;
SAVEPOINT a;
UPDATE devices SET place = 'undone' WHERE dev = 3;
SELECT ranges('places'), differs('places');
ROLLBACK TO a;
SELECT ranges('places'), differs('places');
SAVEPOINT b;
UPDATE devices SET place = 'kept' WHERE dev = 4;
SAVEPOINT c;
UPDATE devices SET place = 'kept' WHERE dev = 5;
RELEASE b;
SELECT ranges('places'), differs('places');
COMMIT;
SELECT ranges('places'), differs('places'), differs('by_hundred');
CALL try('SELECT');
-- A refresh in the transaction; other isolation levels.
BEGIN;
UPDATE devices SET place = 'refreshed' WHERE dev = 3;
CALL refresh_continuous_aggregate('places', NULL, NULL);
SELECT differs('places');
COMMIT;
SELECT ranges('places'), differs('places'), differs('by_hundred');
BEGIN ISOLATION LEVEL SERIALIZABLE;
UPDATE devices SET place = 'serializable' WHERE dev = 5;
SELECT differs('places');
COMMIT;
SELECT ranges('places'), differs('places');
BEGIN ISOLATION LEVEL REPEATABLE READ;
CALL refresh_continuous_aggregate('by_hundred', NULL, NULL);
ROLLBACK;
CALL try('SELECT');
-- Stored rows only, below another.
ALTER MATERIALIZED VIEW places SET (epiphany.materialized_only);
CALL refresh_continuous_aggregate('by_hundred', NULL, NULL);
UPDATE devices SET place = 'stored' WHERE dev = 3;
SELECT ranges('places'), ranges('by_hundred'), differs('by_hundred');
CALL refresh_continuous_aggregate('places', NULL, NULL);
SELECT ranges('places'), ranges('by_hundred'), differs('places'), differs('by_hundred');
ALTER MATERIALIZED VIEW places SET (epiphany.materialized_only = false);
CALL try('SELECT');

-- Access methods are exchanged; the last aggregate takes the triggers along.
ALTER TABLE devices SET ACCESS METHOD epiphany_column;
ALTER TABLE rooms SET ACCESS METHOD heap;
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgname ~ '^epiphany' AND tgrelid IN ('devices'::regclass, 'rooms'::regclass) ORDER BY 1, 2;
CALL try($$UPDATE devices SET place = 'on column' WHERE dev = 1$$);
CALL try($$UPDATE rooms SET room = 'on heap' WHERE dev = 1$$);
ALTER TABLE devices SET ACCESS METHOD heap;
CREATE MATERIALIZED VIEW second WITH (epiphany.continuous) AS SELECT time_bucket(5, t) AS b, count(DISTINCT place) FROM readings JOIN devices USING (dev) GROUP BY 1;
DROP MATERIALIZED VIEW places CASCADE;
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgname ~ '^epiphany' AND tgrelid IN ('devices'::regclass, 'rooms'::regclass) ORDER BY 1, 2;
UPDATE devices SET place = 'second' WHERE dev = 1;
SELECT differs('second'), ranges('second');
DROP TRIGGER epiphany_capture ON devices;
UPDATE devices SET place = 'unseen' WHERE dev = 2;
CALL refresh_continuous_aggregate('second', NULL, NULL);
SELECT differs('second');
DROP MATERIALIZED VIEW second, in_rooms;
SELECT tgrelid::regclass, tgname FROM pg_trigger WHERE tgname ~ '^epiphany' AND tgrelid::regclass::text ~ 'devices|rooms|readings' ORDER BY 1, 2;

-- Shapes of joins: whatever changes, in whichever table, the aggregate is the query. By keys, or with everything pending.
TRUNCATE readings, devices, rooms;
INSERT INTO readings SELECT 100 * d + i, d, CASE WHEN i % 2 = 0 THEN 'even' ELSE 'odd' END, i FROM generate_series(1, 5) d, generate_series(0, 9) i;
INSERT INTO devices SELECT d, 'place ' || d % 2, 'note' FROM generate_series(1, 4) d;
INSERT INTO rooms SELECT d, k, 'room ' || d, 'note' FROM generate_series(1, 5) d, unnest('{even,odd}'::text[]) k;
CREATE TABLE shapes (id int PRIMARY KEY, query text);
INSERT INTO shapes VALUES
	(1, 'SELECT time_bucket(10, t) b, count(*), max(d.place) FROM readings r, devices d WHERE d.dev = r.dev GROUP BY 1'),
	(2, 'SELECT time_bucket(10, t) b, count(*), max(d.place) FROM readings r JOIN devices d ON r.dev <= d.dev GROUP BY 1'),
	(3, 'SELECT time_bucket(10, t) b, count(*), max(d.place) FROM readings r CROSS JOIN devices d GROUP BY 1'),
	(4, 'SELECT time_bucket(10, t) b, count(*), max(o.room) FROM readings r JOIN devices d USING (dev) JOIN rooms o ON o.dev = d.dev GROUP BY 1'),
	(5, 'SELECT time_bucket(10, t) b, count(*), max(o.room) FROM readings r LEFT JOIN (devices d JOIN rooms o USING (dev)) ON o.dev = r.dev AND r.kind = o.kind GROUP BY 1'),
	(6, 'SELECT time_bucket(10, t) b, count(*), max(o.room) FROM readings r LEFT JOIN (devices d LEFT JOIN rooms o USING (dev)) ON o.dev = r.dev GROUP BY 1'),
	(7, 'SELECT time_bucket(10, t) b, count(*), max(o.room) FROM readings r JOIN (devices d FULL JOIN rooms o USING (dev)) ON o.dev = r.dev GROUP BY 1'),
	(8, 'SELECT time_bucket(10, t) b, count(*), max(o.room) FROM (readings r CROSS JOIN devices d) LEFT JOIN rooms o ON r.dev = d.dev GROUP BY 1'),
	(9, 'SELECT time_bucket(10, t) b, count(*), max(o.room) FROM rooms o RIGHT JOIN (devices d RIGHT JOIN readings r USING (dev)) ON o.dev = r.dev AND o.kind = r.kind GROUP BY 1'),
	(10, 'SELECT time_bucket(10, t) b, count(*), count(d) AS devices FROM readings r LEFT JOIN devices d ON d.dev = r.dev AND d.place = ''place 1'' GROUP BY 1'),
	(11, 'SELECT time_bucket(10, t) b, count(*), max(e.place) FROM readings r JOIN devices d USING (dev) JOIN devices e ON e.dev = r.v GROUP BY 1'),
	(12, 'SELECT time_bucket(10, t) b, count(*), max(e.place) FROM readings r JOIN devices d USING (dev) LEFT JOIN devices e ON e.place = d.place GROUP BY 1'),
	(13, 'SELECT time_bucket(10, t) b, count(*) FROM readings r LEFT JOIN devices d ON d.dev = r.dev WHERE d.dev IS NULL GROUP BY 1'),
	(14, 'SELECT time_bucket(10, t) b, count(*) FROM readings r LEFT JOIN devices d ON r.v = 3 WHERE d.dev = r.dev OR d.dev = 1 GROUP BY 1'),
	(15, 'SELECT time_bucket(10, t) b, d.place, count(*) FROM readings r LEFT JOIN devices d ON r.v > 3 AND d.dev = r.dev GROUP BY 1, 2 HAVING count(*) > 2'),
	(16, 'SELECT time_bucket(10, t) b, count(*), max(o.room) FROM readings r LEFT JOIN rooms o ON o.dev = r.dev LEFT JOIN devices d ON d.note = o.note WHERE r.dev = d.dev GROUP BY 1');
CREATE FUNCTION changes() RETURNS SETOF text LANGUAGE sql AS $$ VALUES
	('UPDATE devices SET place = ''place 1'' WHERE dev = 2'), ('UPDATE devices SET dev = 5 WHERE dev = 3'), ('INSERT INTO devices VALUES (3, ''place 0'', ''note'')'),
	('DELETE FROM devices WHERE dev = 1'), ('INSERT INTO devices VALUES (1, ''place 1'', ''note'')'), ('UPDATE devices SET dev = 77 WHERE dev = 5'),
	('UPDATE rooms SET room = ''new'' WHERE dev = 2'), ('UPDATE rooms SET kind = ''odd'' WHERE dev = 3'), ('DELETE FROM rooms WHERE dev = 4'),
	('INSERT INTO rooms VALUES (4, ''even'', ''again''), (1, ''odd'', ''more'')'), ('UPDATE rooms SET dev = dev - 1 WHERE dev = 5'), ('DELETE FROM devices WHERE dev = 77') $$;
CREATE PROCEDURE try_shapes() LANGUAGE plpgsql AS $$
DECLARE shape shapes; change text; narrow int; nothing int; wide int;
BEGIN
	FOR shape IN TABLE shapes ORDER BY id LOOP
		EXECUTE 'CREATE MATERIALIZED VIEW shape WITH (epiphany.continuous) AS ' || shape.query;
		narrow := 0; nothing := 0; wide := 0;
		SET LOCAL client_min_messages = warning;
		FOR change IN SELECT changes() LOOP
			COMMIT;
			EXECUTE change;
			COMMIT;
			IF differs('shape') <> 'equal' THEN RAISE WARNING 'shape %: % after %', shape.id, differs('shape'), change; END IF;
			CASE ranges('shape') WHEN 'none' THEN nothing := nothing + 1; WHEN 'all' THEN wide := wide + 1; ELSE narrow := narrow + 1; END CASE;
			SET LOCAL client_min_messages = warning;
			CALL refresh_continuous_aggregate('shape', NULL, NULL);
			IF differs('shape') <> 'equal' THEN RAISE WARNING 'shape %: % refreshed after %', shape.id, differs('shape'), change; END IF;
		END LOOP;
		COMMIT;
		RAISE NOTICE 'shape %: % changes left nothing pending, % some ranges, % everything', shape.id, nothing, narrow, wide;
		DROP MATERIALIZED VIEW shape;
		TRUNCATE devices, rooms;
		INSERT INTO devices SELECT d, 'place ' || d % 2, 'note' FROM generate_series(1, 4) d;
		INSERT INTO rooms SELECT d, k, 'room ' || d, 'note' FROM generate_series(1, 5) d, unnest('{even,odd}'::text[]) k;
		COMMIT;
	END LOOP;
END $$;
CALL try_shapes();

-- Kinds of keys: by text, numbers of other types, collations that are not bytewise, types of one's own.
CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN small AS int CHECK (VALUE < 100);
CREATE TABLE facts (t int NOT NULL, a text, n numeric, s small, m mood, l int[], c char(4));
CREATE TABLE keys (a text COLLATE any_case, n int8, s int2, m mood, l int[], c varchar, x text);
INSERT INTO facts VALUES (1, 'One', 1.0, 1, 'good', '{1}', 'one'), (11, 'TWO', 2.00, 2, 'bad', '{2}', 'two'), (21, 'three', 3.5, 3, NULL, NULL, 'x');
INSERT INTO keys VALUES ('ONE', 1, 1, 'good', '{1}', 'one', 'k1'), ('two', 2, 2, 'bad', '{2}', 'two', 'k2');
CREATE MATERIALIZED VIEW by_case WITH (epiphany.continuous) AS SELECT time_bucket(10, t) b, max(x) FROM facts f JOIN keys k ON f.a = k.a GROUP BY 1;
CREATE MATERIALIZED VIEW by_number WITH (epiphany.continuous) AS SELECT time_bucket(10, t) b, max(x) FROM facts f JOIN keys k ON f.n = k.n GROUP BY 1;
CREATE MATERIALIZED VIEW by_domain WITH (epiphany.continuous) AS SELECT time_bucket(10, t) b, max(x) FROM facts f JOIN keys k ON k.s = f.s GROUP BY 1;
CREATE MATERIALIZED VIEW by_mood WITH (epiphany.continuous) AS SELECT time_bucket(10, t) b, max(x) FROM facts f LEFT JOIN keys k ON k.m = f.m GROUP BY 1;
CREATE MATERIALIZED VIEW by_list WITH (epiphany.continuous) AS SELECT time_bucket(10, t) b, max(x) FROM facts f LEFT JOIN keys k ON k.l = f.l GROUP BY 1;
CREATE MATERIALIZED VIEW by_char WITH (epiphany.continuous) AS SELECT time_bucket(10, t) b, max(x) FROM facts f LEFT JOIN keys k ON k.c = f.c GROUP BY 1;
UPDATE keys SET x = 'changed' WHERE x = 'k2';
SELECT a, differs(a), ranges(a) FROM unnest('{by_case,by_number,by_domain,by_mood,by_list,by_char}'::text[]) a;
TABLE by_case ORDER BY 1;
-- More buckets than are told apart.
CREATE TABLE long (t int NOT NULL, dev int);
INSERT INTO long SELECT i * 20, 1 FROM generate_series(1, 20000) i UNION ALL SELECT i * 20, 2 FROM generate_series(1, 5000) i UNION ALL SELECT -5, 3
	UNION ALL SELECT 1000000 + i * i * 20, 4 FROM generate_series(1, 200) i;
CREATE MATERIALIZED VIEW long_places WITH (epiphany.continuous) AS SELECT time_bucket(10, t) b, max(place) FROM long JOIN devices USING (dev) GROUP BY 1;
UPDATE devices SET place = 'changed' WHERE dev = 1;
SELECT differs('long_places'), ranges('long_places');
CALL refresh_continuous_aggregate('long_places', NULL, NULL);
UPDATE devices SET place = 'changed' WHERE dev = 2;
SELECT differs('long_places'), ranges('long_places');
CALL refresh_continuous_aggregate('long_places', NULL, NULL);
UPDATE devices SET place = 'changed' WHERE dev = 4;
SELECT differs('long_places'), count(*), min(first), max(last) FROM pending('long_places', NULL::int);

-- A table that is the source of one and joined by another, also above; foreign keys that cascade.
CREATE TABLE calls (t int NOT NULL, dev int REFERENCES devices ON UPDATE CASCADE ON DELETE CASCADE, v int);
INSERT INTO calls SELECT d * 10, d, d FROM generate_series(1, 4) d;
CREATE MATERIALIZED VIEW calls_tens WITH (epiphany.continuous) AS SELECT time_bucket(10, t) b, dev, sum(v) FROM calls GROUP BY 1, 2;
CREATE MATERIALIZED VIEW calls_again WITH (epiphany.continuous) AS
	SELECT time_bucket(100, a.b) b, max(c.v), max(place) AS place FROM calls_tens a JOIN calls c ON c.dev = a.dev JOIN devices d ON d.dev = a.dev GROUP BY 1;
CREATE MATERIALIZED VIEW readings_calls WITH (epiphany.continuous) AS SELECT time_bucket(10, r.t) b, sum(c.v) FROM readings r JOIN calls c USING (dev) GROUP BY 1;
UPDATE devices SET dev = 30 WHERE dev = 3;
INSERT INTO calls VALUES (1000, 2, 99);
SELECT a, differs(a), ranges(a) FROM unnest('{calls_tens,calls_again,readings_calls}'::text[]) a;
DELETE FROM devices WHERE dev = 4;
SELECT a, differs(a) FROM unnest('{calls_tens,calls_again,readings_calls}'::text[]) a;
SELECT invalidate('calls_tens', 5, 12);
SELECT a, ranges(a) FROM unnest('{calls_tens,calls_again}'::text[]) a;

-- Rights: to make one, and of who changes the table when the owner has lost his.
CREATE ROLE regress_joined;
CREATE ROLE regress_changer;
GRANT USAGE, CREATE ON SCHEMA joined TO regress_joined;
GRANT USAGE ON SCHEMA joined TO regress_changer;
GRANT SELECT ON readings, devices TO regress_joined;
GRANT TRIGGER ON readings TO regress_joined;
GRANT SELECT, UPDATE ON devices TO regress_changer;
SET ROLE regress_joined;
CREATE MATERIALIZED VIEW mine WITH (epiphany.continuous) AS SELECT time_bucket(10, t) b, max(place) FROM readings JOIN devices USING (dev) GROUP BY 1;
RESET ROLE;
GRANT TRIGGER ON devices TO regress_joined;
SET ROLE regress_joined;
CREATE MATERIALIZED VIEW mine WITH (epiphany.continuous) AS SELECT time_bucket(10, t) b, max(place) FROM readings JOIN devices USING (dev) GROUP BY 1;
SET ROLE regress_changer;
UPDATE devices SET place = 'by a stranger' WHERE dev = 2;
RESET ROLE;
SELECT differs('mine'), ranges('mine');
CALL refresh_continuous_aggregate('mine', NULL, NULL);
REVOKE SELECT ON readings FROM regress_joined;
SET ROLE regress_changer;
UPDATE devices SET place = 'by a stranger again' WHERE dev = 2;
RESET ROLE;
SELECT ranges('mine');
DROP MATERIALIZED VIEW mine;

-- What cannot be watched.
CREATE TABLE parts (dev int, place text) PARTITION BY RANGE (dev);
CREATE TABLE part PARTITION OF parts DEFAULT;
CREATE TABLE parent (dev int, place text);
CREATE TABLE child () INHERITS (parent);
CREATE UNLOGGED TABLE unlogged_ (dev int, place text);
CREATE MATERIALIZED VIEW usual AS SELECT dev, place FROM devices;
CREATE VIEW view_ AS SELECT dev, place FROM devices;
CREATE MATERIALIZED VIEW no1 WITH (epiphany.continuous) AS SELECT time_bucket(10, t) b, max(place) FROM readings JOIN parts USING (dev) GROUP BY 1;
CREATE MATERIALIZED VIEW no2 WITH (epiphany.continuous) AS SELECT time_bucket(10, t) b, max(place) FROM readings JOIN parent USING (dev) GROUP BY 1;
CREATE MATERIALIZED VIEW no3 WITH (epiphany.continuous) AS SELECT time_bucket(10, t) b, max(place) FROM readings JOIN unlogged_ USING (dev) GROUP BY 1;
CREATE MATERIALIZED VIEW no4 WITH (epiphany.continuous) AS SELECT time_bucket(10, t) b, max(place) FROM readings JOIN usual USING (dev) GROUP BY 1;
CREATE MATERIALIZED VIEW no5 WITH (epiphany.continuous) AS SELECT time_bucket(10, t) b, max(place) FROM readings JOIN view_ USING (dev) GROUP BY 1;
CREATE MATERIALIZED VIEW no6 WITH (epiphany.continuous) AS SELECT time_bucket(10, t) b, max(relname) FROM readings JOIN pg_class ON relnatts = dev GROUP BY 1;
CREATE TABLE empty_parts (dev int, place text) PARTITION BY RANGE (dev);
CREATE MATERIALIZED VIEW no7 WITH (epiphany.continuous) AS SELECT time_bucket(10, t) b, max(place) FROM readings JOIN empty_parts USING (dev) GROUP BY 1;
CREATE TABLE not_empty PARTITION OF empty_parts DEFAULT;
INSERT INTO empty_parts VALUES (1, 'first');
SELECT invalidate('no7', NULL, NULL);
SELECT count(*), differs('no7') FROM no7;
-- One partition, a parent alone, and a table that gets a child later are watched, by themselves.
CREATE MATERIALIZED VIEW yes1 WITH (epiphany.continuous) AS SELECT time_bucket(10, t) b, max(place) FROM readings JOIN part USING (dev) GROUP BY 1;
CREATE MATERIALIZED VIEW yes2 WITH (epiphany.continuous) AS SELECT time_bucket(10, t) b, max(place) FROM readings JOIN ONLY parent USING (dev) GROUP BY 1;
CREATE MATERIALIZED VIEW yes3 WITH (epiphany.continuous) AS SELECT time_bucket(10, t) b, max(place) FROM readings JOIN devices USING (dev) GROUP BY 1;
CREATE TABLE more_devices () INHERITS (devices);
INSERT INTO parts VALUES (2, 'part');
INSERT INTO parent VALUES (2, 'parent');
INSERT INTO child VALUES (3, 'child');
INSERT INTO more_devices VALUES (4, 'inherited');
UPDATE devices SET place = 'later' WHERE dev = 1;
SELECT a, differs(a), ranges(a) FROM unnest('{yes1,yes2,yes3}'::text[]) a;
TRUNCATE parts;
SELECT ranges('yes1'), differs('yes1');
DROP TABLE devices CASCADE;
SELECT view_name FROM continuous_aggregates WHERE view_schema = 'joined' ORDER BY 1;
SET client_min_messages = warning;
DROP SCHEMA joined CASCADE;
DROP ROLE regress_joined, regress_changer;
