-- Values of every type come back from row groups as heap gives them; `differing rows` must stay 0.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_columnstore;
RESET client_min_messages;
CREATE SCHEMA column_types;
SET search_path = column_types;

\getenv here PG_ABS_SRCDIR
\set on_both :here '/include/on_both.sql'
\i :on_both
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN short AS varchar(20) CHECK (length(value) > 0);

-- A column of each type, in groups by one load and in the delta by another; half of the rows have nulls.
CALL on_both('CREATE TABLE @ (
	id int8, b bool, c "char", i2 int2, i4 int4, i8 int8, f4 real, f8 float8, n numeric, n2 numeric(12, 3), m money, o oid, x xid8, d date, t time, tz timetz,
	ts timestamp, tstz timestamptz, iv interval, te text, vc varchar(30), bc char(12), na name, by bytea, u uuid, j json, jb jsonb, jp jsonpath,
	xm xml, ip inet, ci cidr, ma macaddr, m8 macaddr8, bi bit(12), vb varbit, po point, li line, ls lseg, bo box, pa path, pg polygon, ce circle,
	ai int[], at text[], an numeric[][], r4 int4range, rn numrange, rt tstzrange, mr int4multirange, md mood, pr pair, ap pair[], sh short, tsv tsvector, tsq tsquery,
	tid tid, lsn pg_lsn, rc regclass) USING @am');
CREATE VIEW every AS SELECT g AS id,
	(ARRAY[true, false, NULL])[g % 3 + 1] AS b, chr(65 + g % 26)::"char" AS c, (g % 65536 - 32768)::int2 AS i2, (g * 7919::int8 % 4294967296 - 2147483648)::int4 AS i4, (g * 922337203685477::int8) AS i8,
	(ARRAY['NaN', 'Infinity', '-Infinity', '-0', (g / 3.0)::text])[g % 5 + 1]::real AS f4, (ARRAY['NaN', 'Infinity', '-Infinity', '-0', (g / 7.0)::text, '1e300', '5e-324'])[g % 7 + 1]::float8 AS f8,
	(ARRAY['NaN', 'Infinity', '-Infinity', '0', '0.000', '-1.10', '1.1000', (g * 10::numeric ^ (g % 40))::text, (g / 7::numeric)::text])[g % 9 + 1]::numeric AS n, (g / 1000.0)::numeric(12, 3) AS n2,
	(g / 100.0)::numeric::money AS m, g::oid AS o, (g::text)::xid8 AS x,
	(ARRAY['infinity', '-infinity', '4713-01-01 BC', '5874897-12-31', (date '1900-01-01' + g::int)::text])[g % 5 + 1]::date AS d, time '00:00' + g * interval '1.234567 sec' AS t,
	(time '00:00' + g * interval '1 sec')::text::timetz AS tz, (ARRAY['infinity', '-infinity', (timestamp '1999-12-31' + g * interval '1 hour 0.000001 sec')::text])[g % 3 + 1]::timestamp AS ts,
	timestamptz '2000-01-01 UTC' - g * interval '1 day 1 sec' AS tstz, make_interval(0, g::int % 100, 0, -g::int % 50, 0, 0, g / 3.0) AS iv,
	CASE g % 5 WHEN 0 THEN '' WHEN 1 THEN repeat('ab', g::int % 3000) WHEN 2 THEN md5(g::text) WHEN 3 THEN 'ümläut ' || g ELSE repeat(md5(g::text), g::int % 130) END AS te,
	left(md5(g::text), g::int % 31) AS vc, left(md5(g::text), g::int % 12) AS bc, ('name' || g)::name AS na,
	decode(repeat(md5(g::text), g::int % 20), 'hex') AS by, md5(g::text)::uuid AS u, json_build_object('k', g, 'v', ARRAY[g, NULL]) AS j,
	jsonb_build_object('k', g, 'n', g / 3.0, 'deep', jsonb_build_array(g, 'x', NULL)) AS jb, ('$.a[' || g || ']')::jsonpath AS jp,
	xmlelement(name e, xmlattributes(g AS a), g) AS xm, CASE WHEN g % 2 = 0 THEN inet '10.0.0.0' + g ELSE inet '::1' + g END AS ip, set_masklen(inet '10.0.0.0' + g * 256, 24)::cidr AS ci,
	lpad(to_hex(g), 12, '0')::macaddr AS ma, lpad(to_hex(g), 16, '0')::macaddr8 AS m8, (g % 4096)::int::bit(12) AS bi, (g::int::bit(32))::varbit AS vb,
	point(g, -g / 3.0) AS po, line(point(0, g), point(1, g + 1)) AS li, lseg(point(g, 0), point(0, g)) AS ls, box(point(g, 0), point(0, -g)) AS bo,
	path(polygon(3 + g::int % 4, circle(point(g, g), 5))) AS pa, polygon(3 + g::int % 4, circle(point(g, g), 5)) AS pg, circle(point(g, g), g) AS ce,
	ARRAY[g, NULL, -g]::int[] AS ai, ARRAY['a' || g, NULL, repeat('z', g::int % 900)] AS at, ARRAY[[g, 1.5], [NULL, g / 3.0]]::numeric[] AS an,
	CASE g % 3 WHEN 0 THEN 'empty' ELSE int4range(g::int, NULLIF(g % 3, 1)::int * 100000) END::int4range AS r4, numrange(g, g + 0.5, '[]') AS rn,
	tstzrange(timestamptz '2000-01-01 UTC' + g * interval '1 day', NULL) AS rt, int4multirange(int4range(g::int, g::int + 2), int4range(g::int + 5, g::int + 9)) AS mr,
	(ARRAY['sad', 'ok', 'happy'])[g % 3 + 1]::mood AS md, (g, 'p' || g)::pair AS pr, ARRAY[(g, NULL)::pair, NULL] AS ap, ('s' || g)::short AS sh,
	to_tsvector('simple', 'word' || g || ' other words') AS tsv, to_tsquery('simple', 'word' || g || ' & other') AS tsq,
	('(' || g || ',1)')::tid AS tid, ('0/' || to_hex(g))::pg_lsn AS lsn, 'pg_class'::regclass AS rc
	FROM generate_series(1, 6000) g;
CALL on_both('INSERT INTO @ SELECT * FROM every');
CALL on_both('INSERT INTO @ SELECT * FROM every WHERE id <= 50');
CALL on_both('INSERT INTO @ SELECT id FROM every');
SELECT rows, columns FROM epiphany.row_groups('on_column');
SELECT * FROM same();
SELECT * FROM same('SELECT b, count(*), count(i2), sum(i4), sum(i8), min(te COLLATE "C"), max(d), min(ts), max(n), min(f8) FROM @ GROUP BY b');
-- Each column alone, so that no other's bytes can help; by index, one row after another.
CREATE FUNCTION columns_that_differ() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	c name;
BEGIN
	FOR c IN SELECT attname FROM pg_attribute WHERE attrelid = 'on_heap'::regclass AND attnum > 0 LOOP
		IF (SELECT "differing rows" FROM same(format('SELECT %I FROM @ ORDER BY 1::text', c))) > 0 THEN RETURN NEXT c; END IF;
	END LOOP;
END $$;
SELECT * FROM columns_that_differ();
CALL on_both('CREATE INDEX @_id ON @ (id)');
SET enable_seqscan = off;
SELECT * FROM same('SELECT * FROM @ WHERE id % 97 = 0 AND id < 7000');
SELECT * FROM same('SELECT id, jb, f4, te, an FROM @ WHERE id BETWEEN 2040 AND 2060');
RESET enable_seqscan;
-- Binary and text, out and in again.
CALL on_both('CREATE TABLE again_@ (LIKE @) USING @am');
COPY on_column TO PROGRAM 'cat > column_types.copy' (FORMAT binary);
COPY again_on_heap FROM PROGRAM 'cat column_types.copy' (FORMAT binary);
COPY again_on_column FROM PROGRAM 'cat column_types.copy; rm column_types.copy' (FORMAT binary);
SELECT * FROM same('SELECT * FROM again_@');
SELECT count(*) FROM (SELECT a::text FROM on_heap a EXCEPT ALL SELECT a::text FROM again_on_column a) q;

-- One value per column and group: all alike, all null, all distinct, very long.
CALL on_both('CREATE TABLE wide_@ (same int, nothing text, distinct_ int, long text, long2 bytea) USING @am');
ALTER TABLE wide_on_heap ALTER COLUMN long2 SET STORAGE EXTERNAL;
ALTER TABLE wide_on_column ALTER COLUMN long2 SET STORAGE EXTERNAL;
CALL on_both('INSERT INTO wide_@ SELECT 1, NULL, g, CASE WHEN g % 500 = 0 THEN repeat(md5(g::text), 100000) END, CASE WHEN g % 700 = 0 THEN decode(repeat(md5(g::text), 50000), ''hex'') END FROM generate_series(1, 2500) g');
CALL on_both('INSERT INTO wide_@ SELECT * FROM wide_@ ORDER BY distinct_ LIMIT 600');
SELECT * FROM same('SELECT same, nothing, distinct_, length(long), md5(long), length(long2), md5(long2) FROM wide_@');

SET client_min_messages = warning;
DROP SCHEMA column_types CASCADE;
