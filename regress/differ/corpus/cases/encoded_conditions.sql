-- Conditions that scans test on encoded data: each encoding and type, constants at and beyond the bounds of values, NULLs, deleted rows.
CREATE TABLE e (
	n int, small int2, packed int4, far int8, patched int8, runs int4, steps int8, flag bool,
	day date, at timestamp, atz timestamptz, price numeric(15,2), few numeric(15,2), loose numeric, wide numeric, odd numeric,
	word text, name varchar(20), code char(6), blob bytea, f8 float8, f4 float4, same int4, nothing text, o oid);
INSERT INTO e
SELECT n, n % 300 - 150, nullif(n * 7919 % 4001 - 2000, 5), n % 5 * 10000000000, CASE WHEN n % 211 = 0 THEN n * 1000000000007 ELSE n % 9 END,
	n / 170, n * 1000, n % 3 = 1, date '1994-01-01' + n * 31 % 2500 - 900, timestamp '1995-06-01' + n % 977 * interval '11 hours',
	timestamptz '1999-12-31 23:30+00' + n % 613 * interval '37 minutes', n * 131 % 90001 / 100.0, n % 11 / 100.0,
	(n % 1000)::numeric / (ARRAY[1, 10, 1000])[1 + n % 3], n * 12345678901234567890.5, CASE n % 97 WHEN 0 THEN 'NaN' WHEN 1 THEN 'Infinity' WHEN 2 THEN '-Infinity' ELSE n % 7 END,
	(ARRAY['AIR', 'MAIL', 'SHIP', 'TRUCK', 'REG AIR', NULL, ''])[1 + n % 7], 'name ' || n % 1500, (ARRAY['a', 'b ', 'ab'])[1 + n % 3],
	decode(lpad(to_hex(n % 40), 4, '0'), 'hex'), (ARRAY[0, -0.0, 1.5, 'NaN', 'Infinity', '-Infinity'])[1 + n % 6]::float8, (n % 8 / 8.0)::float4, 42, NULL, 4294967290 + n % 10 - 9
FROM generate_series(1, 9000) n;
INSERT INTO e SELECT n + 9000, NULL, n, NULL, NULL, NULL, n, NULL, 'infinity', 'infinity', '-infinity', NULL, NULL, 'NaN', n, n, 'new', NULL, NULL, NULL, NULL, NULL, 42, 'x', NULL
FROM generate_series(1, 2500) n;
DELETE FROM e WHERE n % 13 = 5;

-- integers at and past the ends of their types, from either side
SELECT count(*), sum(n) FROM e WHERE small = -150;
SELECT count(*), sum(n) FROM e WHERE small <> 0 AND small <= 100;
SELECT count(*), sum(n) FROM e WHERE small < 70000;
SELECT count(*), sum(n) FROM e WHERE small > 70000;
SELECT count(*), sum(n) FROM e WHERE packed > -2147483648 AND packed < 2147483647;
SELECT count(*), sum(n) FROM e WHERE packed >= -9223372036854775808;
SELECT count(*), sum(n) FROM e WHERE 17 <= packed AND 300 >= packed;
SELECT count(*), sum(n) FROM e WHERE packed <> 17;
SELECT n, packed FROM e WHERE packed BETWEEN -3 AND 9;
SELECT count(*), sum(n) FROM e WHERE packed IN (1, 2, 3, 500, 1000, -77, NULL);
SELECT count(*), sum(n) FROM e WHERE packed NOT IN (1, 2, 3, 500, 1000, -77);
SELECT count(*), sum(n) FROM e WHERE packed NOT IN (1, 2, NULL);
SELECT count(*), sum(n) FROM e WHERE packed = ANY ((SELECT array_agg(i * 40) FROM generate_series(1, 60) i)::int[]);
SELECT count(*), sum(n) FROM e WHERE packed IN (0, 40, 80, 120, 160, 200, 240, 280, 320, 360, 400, 440, 480, 520, 560, 600, 640, 680, 720, 760, 800, 840, 880, 920, 960,
	1000, 1040, 1080, 1120, 1160, 1200, 1240, 1280, 1320, 1360, 1400, 1440);
SELECT count(*), sum(n) FROM e WHERE packed = 7 OR packed = 9 OR packed > 1990 OR packed BETWEEN -5 AND 3;
SELECT count(*), sum(n) FROM e WHERE far = 20000000000;
SELECT count(*), sum(n) FROM e WHERE far <> 20000000000 AND n < 5000;
SELECT count(*), sum(n) FROM e WHERE far > 1 AND far < 30000000000;
SELECT count(*), sum(n) FROM e WHERE patched > 8;
SELECT count(*), sum(n) FROM e WHERE patched <= 3 AND packed > 0;
SELECT count(*), sum(n) FROM e WHERE runs BETWEEN 10 AND 12 OR runs = 50;
SELECT n, runs FROM e WHERE runs = 31 AND packed < -1500;
SELECT count(*), sum(n) FROM e WHERE steps > 4567000 AND steps < 4700500;
SELECT count(*), sum(n) FROM e WHERE same = 42;
SELECT count(*), sum(n) FROM e WHERE same <> 42;
SELECT count(*), sum(n) FROM e WHERE flag;
SELECT count(*), sum(n) FROM e WHERE NOT flag;
SELECT count(*), sum(n) FROM e WHERE flag = false AND packed < 0;
SELECT count(*), sum(n) FROM e WHERE flag IS NOT TRUE;
SELECT count(*), sum(n) FROM e WHERE flag IS UNKNOWN;
SELECT count(*), sum(n) FROM e WHERE o > 4294967285;
SELECT count(*), sum(n) FROM e WHERE o = 4294967290;

-- dates and timestamps, beside each other and at infinity
SELECT count(*), sum(n) FROM e WHERE day >= '1994-01-01' AND day < '1995-01-01';
SELECT count(*), sum(n) FROM e WHERE day < timestamp '1994-01-01 12:00';
SELECT count(*), sum(n) FROM e WHERE day = timestamp '1994-01-01 12:00';
SELECT count(*), sum(n) FROM e WHERE day <> timestamp '1994-01-01 00:00';
SELECT count(*), sum(n) FROM e WHERE day > '-infinity' AND day < 'infinity';
SELECT count(*), sum(n) FROM e WHERE day = timestamp 'infinity';
SELECT count(*), sum(n) FROM e WHERE at > date '1996-01-01' AND at <= date '1996-02-01';
SELECT count(*), sum(n) FROM e WHERE at BETWEEN '1995-06-01' AND '1995-06-03 22:00';
SELECT count(*), sum(n) FROM e WHERE atz >= '2000-01-01 00:00+00' AND atz < '2000-01-02 00:00+02';
SELECT count(*), sum(n) FROM e WHERE atz > '-infinity';

-- numerics: more places than are stored, fewer, none; beyond 64 bits; no numbers
SELECT count(*), sum(n) FROM e WHERE price < 24;
SELECT count(*), sum(n) FROM e WHERE price <= 24.005 AND price > 23.995;
SELECT count(*), sum(n) FROM e WHERE price = 24.001;
SELECT count(*), sum(n) FROM e WHERE price <> 24.001;
SELECT count(*), sum(n) FROM e WHERE price = 24.0000000000;
SELECT count(*), sum(n) FROM e WHERE price > -0.0000000000000000000000000000000000000001;
SELECT count(*), sum(n) FROM e WHERE price > 123456789012345678901234567890;
SELECT count(*), sum(n) FROM e WHERE price < 'NaN';
SELECT count(*), sum(n) FROM e WHERE price > '-Infinity' AND price < 100;
SELECT n, price FROM e WHERE 5.555 > price;
SELECT count(*), sum(n) FROM e WHERE few BETWEEN 0.06 - 0.01 AND 0.06 + 0.01;
SELECT count(*), sum(n) FROM e WHERE few BETWEEN 0.055 AND 0.065;
SELECT count(*), sum(n) FROM e WHERE few IN (0, 0.1, 0.07);
SELECT count(*), sum(n) FROM e WHERE loose = 0.5;
SELECT n, loose FROM e WHERE loose BETWEEN 9.95 AND 10.05;
SELECT count(*), sum(n) FROM e WHERE loose > 900;
SELECT count(*), sum(n) FROM e WHERE wide > 12345678901234567890123;
SELECT count(*), sum(n) FROM e WHERE odd > 5;
SELECT count(*), sum(n) FROM e WHERE odd = 'NaN' OR odd = '-Infinity';
SELECT count(*), sum(n) FROM e WHERE odd <= 3.5;

-- dictionaries and other strings
SELECT count(*), sum(n) FROM e WHERE word = 'MAIL';
SELECT count(*), sum(n) FROM e WHERE word <> 'MAIL';
SELECT count(*), sum(n) FROM e WHERE word IN ('MAIL', 'SHIP') AND packed > 100;
SELECT count(*), sum(n) FROM e WHERE word NOT IN ('MAIL', 'SHIP');
SELECT count(*), sum(n) FROM e WHERE word LIKE '%AIR';
SELECT count(*), sum(n) FROM e WHERE word NOT LIKE 'R%' AND word <> '';
SELECT count(*), sum(n) FROM e WHERE word IS NULL;
SELECT count(*), sum(n) FROM e WHERE word IS NULL OR word = 'AIR';
SELECT count(*), sum(n) FROM e WHERE coalesce(word, 'AIR') = 'AIR';
SELECT count(*), sum(n) FROM e WHERE length(word) > 4;
SELECT count(*), sum(n) FROM e WHERE name = 'name 1234' OR name LIKE 'name 77%';
SELECT n, name, code, word, price FROM e WHERE name = 'name 77';
SELECT count(*), sum(n) FROM e WHERE code = 'b';
SELECT count(*), sum(n) FROM e WHERE code > 'a' AND code < 'b';
SELECT count(*), sum(n) FROM e WHERE blob >= '\x0010' AND blob <> '\x0011';
SELECT count(*), sum(n) FROM e WHERE nothing = 'x' OR nothing IS NULL;
SELECT count(*), sum(n) FROM e WHERE f8 >= 'Infinity';
SELECT count(*), sum(n) FROM e WHERE f8 = 0;
SELECT count(*), sum(n) FROM e WHERE f8 <> 'NaN' AND f4 > 0.25;

-- together; errors only for rows that are left
SELECT sum(price * few), count(*), count(word) FROM e WHERE day >= '1994-01-01' AND day < date '1994-01-01' + interval '1 year' AND few BETWEEN 0.05 AND 0.07 AND price < 240;
SELECT n, packed, far, price, loose, odd, wide, word, name, code, blob, f8, day, flag, same FROM e WHERE patched > 8 AND runs < 20;
SELECT count(*) FROM e WHERE packed <> 0 AND 1000 / packed > 3;
SELECT count(*) FROM e WHERE small > 149 AND 10 / (small - 149) > 0;
SELECT count(*) FROM e WHERE packed > (SELECT max(packed) - 5 FROM e) AND flag;
SELECT count(*) FROM e WHERE word LIKE 'A\';
PREPARE q(int, numeric, text) AS SELECT count(*), sum(n) FROM e WHERE packed < $1 AND price > $2 AND word = $3;
EXECUTE q(100, 50.005, 'SHIP');
EXECUTE q(NULL, 50, 'SHIP');
EXECUTE q(-100, 'NaN', 'AIR');
SELECT o.i, (SELECT count(*) FROM e WHERE packed = o.i * 10 AND price > o.i) FROM generate_series(-3, 3) AS o(i);
