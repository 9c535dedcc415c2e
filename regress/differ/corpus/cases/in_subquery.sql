-- IN and NOT IN a subquery that is hashed: with nulls on either side, none, no rows at all, of every kind of key, under OR, CASE and aggregates.
CREATE TABLE outer_rows (i int, b bigint, s smallint, n numeric, f float8, t text, c char(5), d date, u uuid, bytes bytea, v varchar(20));
INSERT INTO outer_rows
SELECT CASE WHEN k % 30 > 0 THEN k % 997 END, k % 997, k % 97, CASE WHEN k % 31 > 0 THEN (k % 500) / 10.0 END,
	CASE WHEN k % 1000 = 0 THEN 'NaN' WHEN k % 101 = 0 THEN '-0' ELSE (k % 300) / 4.0 END, CASE WHEN k % 29 > 0 THEN 'text ' || k % 400 END,
	(k % 300)::text, date '2020-01-01' + k % 700, md5((k % 100)::text)::uuid, decode(md5((k % 90)::text), 'hex'), 'text ' || k % 400
FROM generate_series(1, 9000) k;
CREATE TABLE inner_rows (i int, b bigint, n numeric, f float8, t text, c char(8), d date, u uuid, bytes bytea, o int NOT NULL);
INSERT INTO inner_rows
SELECT CASE WHEN k % 40 > 0 THEN k * 3 END, k * 5, k / 5.0, k / 2.0, 'text ' || k * 7, (k * 2)::text || '  ', date '2020-01-01' + k * 9,
	md5((k * 3)::text)::uuid, decode(md5((k * 4)::text), 'hex'), k
FROM generate_series(1, 200) k;
INSERT INTO inner_rows VALUES (1, 1, 'NaN', 'NaN', '', '', NULL, NULL, '', 0), (NULL, NULL, 12.50, 0, NULL, NULL, NULL, NULL, NULL, 1);
CREATE TABLE nothing (i int, t text);
ANALYZE outer_rows, inner_rows, nothing;
SELECT count(*), sum(b) FROM outer_rows WHERE i NOT IN (SELECT o FROM inner_rows);
SELECT count(*), sum(b) FROM outer_rows WHERE i NOT IN (SELECT i FROM inner_rows);
SELECT count(*), sum(b) FROM outer_rows WHERE i NOT IN (SELECT i FROM inner_rows WHERE i IS NOT NULL);
SELECT count(*), sum(b) FROM outer_rows WHERE i NOT IN (SELECT i FROM nothing);
SELECT count(*), sum(b) FROM outer_rows WHERE i NOT IN (SELECT i FROM nothing UNION ALL SELECT NULL);
SELECT count(*), sum(b) FROM outer_rows WHERE i IN (SELECT o FROM inner_rows) OR b > 900;
SELECT count(*), sum(b) FROM outer_rows WHERE b NOT IN (SELECT i FROM inner_rows WHERE i > 5);
SELECT count(*), sum(b) FROM outer_rows WHERE s NOT IN (SELECT b FROM inner_rows WHERE b IS NOT NULL);
SELECT count(*), sum(b) FROM outer_rows WHERE n NOT IN (SELECT n FROM inner_rows);
SELECT count(*), sum(b) FROM outer_rows WHERE f NOT IN (SELECT f FROM inner_rows);
SELECT count(*), sum(b) FROM outer_rows WHERE t NOT IN (SELECT t FROM inner_rows WHERE t IS NOT NULL);
SELECT count(*), sum(b) FROM outer_rows WHERE v NOT IN (SELECT t FROM inner_rows WHERE t > '');
SELECT count(*), sum(b) FROM outer_rows WHERE t || '' NOT IN (SELECT t FROM inner_rows WHERE t > '');
SELECT count(*), sum(b) FROM outer_rows WHERE c NOT IN (SELECT c FROM inner_rows WHERE c > '');
SELECT count(*), sum(b) FROM outer_rows WHERE d NOT IN (SELECT d FROM inner_rows WHERE d IS NOT NULL);
SELECT count(*), sum(b) FROM outer_rows WHERE u NOT IN (SELECT u FROM inner_rows WHERE u IS NOT NULL);
SELECT count(*), sum(b) FROM outer_rows WHERE bytes NOT IN (SELECT bytes FROM inner_rows WHERE bytes IS NOT NULL);
SELECT count(*), sum(b) FROM outer_rows WHERE (i, b) NOT IN (SELECT o, b FROM inner_rows WHERE b IS NOT NULL);
SELECT count(*), sum(b) FROM outer_rows WHERE NOT (i IN (SELECT o FROM inner_rows) AND t IN (SELECT t FROM inner_rows WHERE t > ''));
SELECT i, i IN (SELECT i FROM inner_rows), i NOT IN (SELECT o FROM inner_rows), t IN (SELECT t FROM nothing) FROM outer_rows WHERE b < 40 ORDER BY b, i, t;
SELECT CASE WHEN i IN (SELECT o FROM inner_rows) THEN 'in' WHEN i IN (SELECT i FROM inner_rows) THEN 'maybe' ELSE 'out' END AS what, count(*)
FROM outer_rows GROUP BY 1 ORDER BY 1;
SELECT sum(b) FILTER (WHERE i NOT IN (SELECT o FROM inner_rows)), count(*) FROM outer_rows;
SELECT count(*) FROM outer_rows WHERE 5 IN (SELECT o FROM inner_rows);
SELECT count(*) FROM outer_rows WHERE i NOT IN (SELECT 1 / (o - 1) FROM inner_rows);
SELECT count(*) FROM outer_rows WHERE i < 0 AND i NOT IN (SELECT 1 / (o - 1) FROM inner_rows);
SELECT o, (SELECT count(*) FROM outer_rows x WHERE x.b = r.o AND x.i NOT IN (SELECT i FROM inner_rows WHERE i IS NOT NULL)) FROM inner_rows r ORDER BY o, i LIMIT 30;
SELECT count(*) FROM outer_rows x WHERE i NOT IN (SELECT i FROM inner_rows WHERE i > (SELECT min(o) FROM inner_rows));
SELECT count(*) FROM outer_rows x WHERE i NOT IN (SELECT i FROM outer_rows y WHERE y.b > 3 AND y.i NOT IN (SELECT o FROM inner_rows) AND y.i IS NOT NULL);
SELECT count(*) FROM outer_rows WHERE i NOT IN (SELECT lag(o) OVER (ORDER BY b) FROM inner_rows WHERE o < 100);
SELECT count(*), sum((3 = ANY (SELECT lag(x) OVER (ORDER BY x) FROM generate_series(1, 4) x))::int) FROM outer_rows;
SELECT count(*) FROM outer_rows WHERE t IN (SELECT t FROM inner_rows ORDER BY o DESC, n LIMIT 50);
