-- What the client gets of the engine's rows is, to the byte, what PostgreSQL's own executor sends.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_epiphany CASCADE;
RESET client_min_messages;
CREATE SCHEMA engine_client;
SET search_path = engine_client, epiphany;
SET max_parallel_workers_per_gather = 0;
SET datestyle = 'ISO';
SET epiphany.debug_vectorize = force;
\getenv build PG_ABS_BUILDDIR
\set ours :build '/results/engine_client.ours'
\set theirs :build '/results/engine_client.theirs'
\getenv here PG_ABS_SRCDIR
\set client_rows :here '/include/client_rows.sql'

CREATE TABLE numbers (b bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric, t text, v varchar(9), c char(5), j json) USING epiphany_column;
INSERT INTO numbers
	SELECT i % 3 = 0, i * 7, i * i, i::int8 * 4611686018427387 , i / 8.0, i / 8.0, i / 8.0, 'Größe ' || i, i, i, '{}' FROM generate_series(-2000, 2000) i;
INSERT INTO numbers (i2, i4, i8) VALUES (-32768, -2147483648, -9223372036854775808), (32767, 2147483647, 9223372036854775807), (0, 0, 0);
INSERT INTO numbers (f4, f8) SELECT f::float4, f
	FROM unnest('{NaN,Infinity,-Infinity,0,-0,1e6,-1e6,999999,16777216,2147483646,2147483647,2147483648,-2147483647,-2147483648,-2147483649}'::float8[]) f;
INSERT INTO numbers (f8) SELECT f
	FROM unnest('{1e15,999999999999999,-1e15,1e300,5e-324,0.1,1e-5,1e-4,123456.789,-0.5}'::float8[]) f;
INSERT INTO numbers (f4) SELECT f FROM unnest('{1e-5,3.4028235e38,1e-45,0.1}'::float4[]) f;
INSERT INTO numbers (t, v, c) VALUES ('', '', ''), (repeat('long', 3000), 'x', 'y'), (NULL, NULL, NULL);

CREATE TABLE times (at timestamptz, plain timestamp, day date) USING epiphany_column;
-- Clocks are changed, days begin at other moments in other zones, with and without a fraction; years of three and of five digits, and before Christ.
INSERT INTO times SELECT t, t AT TIME ZONE 'UTC', t::date FROM generate_series(timestamptz '2024-03-28', '2024-04-02', '1000001 milliseconds') t;
INSERT INTO times SELECT t, t AT TIME ZONE 'UTC', t::date FROM generate_series(timestamptz '2024-11-05', '2024-10-25', '-1801.000001 seconds') t;
INSERT INTO times SELECT t, t, t::date FROM unnest('{infinity,-infinity,"0999-12-31 23:59:59","1000-01-01 00:00:00","9999-12-31 23:59:59.999999",
	"10000-01-01 00:00:00","0044-03-15 12:00:00 BC","1883-11-18 12:03:58","1899-12-31 23:59:59.1","1969-12-31 23:59:59.5","1970-01-01 00:00:00.000001"}'::timestamp[]) t;
INSERT INTO times DEFAULT VALUES;

\pset format unaligned
SELECT b, i2, i4, i8, f4, f8, n, t, v, c, j FROM numbers WHERE i2 % 4001 = 7 OR f8 IN ('-0', 1e15, 2147483647) OR i8 % 4611686018427387 <> 0;
SET timezone = 'America/New_York';
SELECT at, plain, day FROM times WHERE day NOT BETWEEN '2024-03-01' AND '2024-12-01' OR at BETWEEN '2024-03-31 00:10:00Z' AND '2024-03-31 01:00:00Z';

-- All of both tables, by the engine and without it, under so many settings.
\set both 'SELECT * FROM numbers; SELECT * FROM times;'
EXPLAIN (COSTS OFF) SELECT * FROM times;
SET timezone = 'UTC';
\i :client_rows
SET timezone = 'America/New_York';
\i :client_rows
SET timezone = 'Australia/Lord_Howe';
SET extra_float_digits = 0;
\i :client_rows
SET timezone = 'Asia/Kathmandu';
SET extra_float_digits = -10;
\i :client_rows
SET timezone = 'Europe/Berlin';
SET extra_float_digits = 3;
SET client_encoding = 'LATIN1';
\i :client_rows
RESET client_encoding;
SET datestyle = 'German';
\i :client_rows
SET datestyle = 'SQL, DMY';
\i :client_rows
SET datestyle = 'ISO';
RESET extra_float_digits;
-- Portals of their own, whose rows go through the statement's receiver; parameters; fewer rows than there are.
PREPARE picked(int) AS SELECT f8, i4, t FROM numbers WHERE i4 = $1 ORDER BY i2;
\set both 'EXECUTE picked(4); EXECUTE picked(-1); BEGIN; DECLARE c CURSOR FOR SELECT * FROM times; FETCH 30 FROM c; FETCH 3000 FROM c; COMMIT; BEGIN; DECLARE c BINARY CURSOR FOR SELECT v, c FROM numbers; FETCH 10 FROM c; COMMIT;'
\i :client_rows
SELECT i4, f8, t FROM numbers WHERE i2 = $1 ORDER BY i2 \bind 21 \g
\set FETCH_COUNT 100
\set both 'SELECT * FROM numbers;'
\i :client_rows
\set FETCH_COUNT 0
-- Rows without columns.
SELECT FROM numbers WHERE i2 < -13995;
DROP SCHEMA engine_client CASCADE;
