-- Values at the edges of their types, through conditions, aggregates, grouping, joins and sorts.
CREATE TABLE edge (id int NOT NULL, b boolean, i2 smallint, i4 int, i8 bigint, r real, d double precision, n numeric, n2 numeric(10,2), dt date,
	ts timestamp, tz timestamptz, iv interval, t text, c char(4), nothing int);
INSERT INTO edge VALUES
	(1, true, 32767, 2147483647, 9223372036854775807, 'NaN', 'NaN', 'NaN', 1, 'infinity', 'infinity', 'infinity', '1 mon', 'a', 'a'),
	(2, false, -32768, -2147483648, -9223372036854775808, '-Infinity', '-Infinity', '-Infinity', -1, '-infinity', '-infinity', '-infinity', '30 days', 'a ', 'a '),
	(3, NULL, 0, 0, 0, '-0', '-0', '0.00', 0, '2000-02-29', '2000-02-29', '2000-02-29 00:00+00', '720 hours', '', ''),
	(4, true, 0, 0, 0, 0, 0, 0, 0.00, '2000-02-29', '2000-02-29', '2000-02-29 00:00+00', '0', 'A', 'A'),
	(5, true, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(6, false, 1, 1, 1, 1, 1, 1.0, 1.00, '4713-01-01 BC', '4713-01-01 BC', '4713-01-01 BC', '-1 day', 'a%b', 'a%b'),
	(7, false, 1, 1, 1, 1.0, 1.0, 1.000, 1.0, '5874897-12-31', '294276-12-31', '294276-12-31', '1 day -24:00', 'a_b', 'a_b'),
	(8, true, -1, -1, -1, 3.4028235e38, 1.7976931348623157e308, 1e500, 99999999.99, '1969-12-31', '1969-12-31 23:59:59.999999', '1970-01-01 00:00+00', '0.000001', 'a\b', 'a\b'),
	(9, true, 100, 16777217, 9007199254740993, 16777216, 9007199254740992, 9007199254740993, 5.55, '2021-03-28', '2021-03-28 02:30', '2021-03-28 02:30', '1 year', 'ä', 'ä'),
	(10, NULL, 2, 2, 2, 'Infinity', 'Infinity', 'Infinity', 2, NULL, NULL, NULL, NULL, repeat('x', 5000), 'xxxx');
TABLE edge;
-- compare: sorted 2
SELECT id, d FROM edge ORDER BY d;
SELECT id FROM edge WHERE d = 'NaN' OR r = 'NaN' OR n = 'NaN';
SELECT id FROM edge WHERE d = 0;
SELECT id FROM edge WHERE d > 1e308;
SELECT id FROM edge WHERE NOT (d < 5);
SELECT id FROM edge WHERE d BETWEEN '-Infinity' AND 1;
SELECT id FROM edge WHERE n > 1 AND n < 'NaN';
SELECT id FROM edge WHERE c = 'a' OR t = 'a';
SELECT id FROM edge WHERE t LIKE 'a\%b' OR t LIKE 'a\\b' OR t LIKE '_';
SELECT id, octet_length(c), length(c), octet_length(t), length(t) FROM edge;
SELECT id FROM edge WHERE b IN (true, NULL);
SELECT id FROM edge WHERE b NOT IN (true, NULL);
SELECT id FROM edge WHERE b IS NOT TRUE;
SELECT id FROM edge WHERE (b AND i4 > 0) IS UNKNOWN;
SELECT id FROM edge WHERE i4 = i8 AND i2 = i4;
SELECT id FROM edge WHERE i8 = d;
SELECT id FROM edge WHERE i4 = r;
SELECT id FROM edge WHERE i8 = n;
SELECT id FROM edge WHERE dt < ts OR dt = tz;
SELECT count(*), count(i4), count(nothing), sum(nothing), avg(nothing), min(nothing), max(nothing) FROM edge;
SELECT count(*), sum(i4), avg(i4), min(t), max(d), bool_and(b) FROM edge WHERE id > 100;
SELECT nothing, count(*) FROM edge GROUP BY nothing;
SELECT count(*) FROM edge WHERE id > 100 GROUP BY nothing;
SELECT sum(i2), sum(i4), sum(i8), avg(i2), avg(i4), avg(i8), sum(n2), avg(n2), sum(n) FROM edge;
SELECT sum(n) FROM edge WHERE id <> 1 AND id <> 2;
SELECT sum(n2), min(n2), max(n2), sum(n2 * n2), avg(n2 * 3) FROM edge;
SELECT min(d), max(d), min(r), max(r), min(n) + 0, max(n), min(dt), max(dt), min(ts), max(ts), min(tz), max(tz), min(t), max(c) FROM edge;
SELECT d + 0, count(*), sum(id) FROM edge GROUP BY d;
SELECT r + 0::real, count(*) FROM edge GROUP BY r;
SELECT trim_scale(n), count(*) FROM edge GROUP BY n;
SELECT justify_interval(iv), count(*) FROM edge GROUP BY iv;
SELECT c, count(*) FROM edge GROUP BY c;
SELECT count(DISTINCT d), count(DISTINCT n), count(DISTINCT iv), count(DISTINCT c), count(DISTINCT t) FROM edge;
SELECT b, count(*) FILTER (WHERE i4 > 0), count(*) FILTER (WHERE NULL), sum(i4) FILTER (WHERE b) FROM edge GROUP BY b;
SELECT x.id, y.id FROM edge x JOIN edge y ON x.d = y.d;
SELECT x.id, y.id FROM edge x JOIN edge y ON x.n = y.n2;
SELECT x.id, y.id FROM edge x JOIN edge y ON x.i8 = y.i2;
SELECT x.id, y.id FROM edge x JOIN edge y ON x.iv = y.iv;
SELECT x.id, y.id FROM edge x JOIN edge y ON x.c = y.c;
SELECT x.id, y.id FROM edge x FULL JOIN edge y ON x.i4 = y.id;
SELECT x.id, y.id FROM edge x LEFT JOIN edge y ON x.i4 = y.i4 AND y.id > 3 AND x.id > 2;
SELECT id FROM edge x WHERE i4 NOT IN (SELECT i4 FROM edge WHERE id > 5);
SELECT id FROM edge x WHERE i4 NOT IN (SELECT i4 FROM edge WHERE id > 3);
SELECT id FROM edge x WHERE i4 NOT IN (SELECT i4 FROM edge WHERE id > 100);
SELECT id FROM edge x WHERE NOT EXISTS (SELECT FROM edge y WHERE y.i4 = x.i4 AND y.id <> x.id);
SELECT id, CASE WHEN i4 <> 0 THEN 100 / i4 END FROM edge;
SELECT id, coalesce(100 / nullif(i4, 0), -5), i2 % nullif(i4, 0) FROM edge;
SELECT 1 / i4 FROM edge;
SELECT i4 + 1 FROM edge;
SELECT i4 * i4 FROM edge;
SELECT -i8 FROM edge;
SELECT abs(i2) FROM edge;
SELECT i8 / i2 FROM edge WHERE i2 = -1 OR i2 = 1;
SELECT i8 / -1 FROM edge WHERE id = 2;
SELECT i8 % -1 FROM edge WHERE id = 2;
SELECT d * d FROM edge WHERE id = 8;
SELECT d * 2 FROM edge WHERE id <> 8;
SELECT n2::numeric(3,1) FROM edge;
SELECT i4::smallint FROM edge;
SELECT d::int FROM edge WHERE id = 1;
SELECT sum(d) FROM edge WHERE id IN (1, 2, 10);
SELECT sum(d) FROM edge WHERE id IN (3);
SELECT sum(d) FROM edge WHERE id IN (8, 9);
SELECT extract(year FROM dt), extract(epoch FROM ts), date_trunc('month', tz), dt - date '2000-01-01' FROM edge WHERE isfinite(dt);
SELECT id, dt + 1 FROM edge WHERE id IN (1, 2, 3);
SELECT dt + 1 FROM edge;
