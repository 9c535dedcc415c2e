-- Aggregates and conditions that what is known of whole row groups can answer, with rows and groups that are gone, nulls, and columns added later.
CREATE TABLE whole (id int NOT NULL, i2 smallint, i8 bigint, day date, ts timestamp, tz timestamptz, b boolean, r real, d double precision,
	n numeric(12,3), free numeric, t text COLLATE "C", v varchar(40), none int);
INSERT INTO whole
SELECT i, i % 1000 - 500, (i - 5000) * 1000000000000000, date '2019-12-01' + i / 50, timestamp '2020-01-01' + i * interval '17 s',
	timestamptz '2020-01-01 00:00+00' + i * interval '1 h', i > 9000, (i - 100) / 4.0, (i - 100) / 8.0, i / 1000.0, i / 3.0, 'k' || i % 977, 'v' || i, NULL
FROM generate_series(1, 9500) i;
INSERT INTO whole SELECT i, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL FROM generate_series(9501, 12000) i;
INSERT INTO whole SELECT i, 7, 7, '2021-01-01', '2021-01-01', '2021-01-01', true, 7, 7, 7, 7, 'seven', 'seven', 7 FROM generate_series(12001, 15000) i;
ALTER TABLE whole ADD late int DEFAULT 3, ADD later numeric(5,2) DEFAULT 2.5, ADD latest text;
INSERT INTO whole (id, late) SELECT i, i FROM generate_series(15001, 15010) i;
ANALYZE whole;
SELECT count(*), count(none), count(late), count(latest), min(id), max(id), sum(id), avg(id) FROM whole;
SELECT sum(i2), avg(i2), min(i2), max(i2), sum(i8), avg(i8), min(i8), max(i8) FROM whole;
SELECT min(day), max(day), min(ts), max(ts), min(tz), max(tz), bool_and(b), bool_or(b) FROM whole;
SELECT min(r), max(r), min(d), max(d) FROM whole;
SELECT min(n), max(n), sum(n), avg(n), min(free), sum(free) FROM whole;
SELECT min(t), max(t), min(v COLLATE "C"), max(v COLLATE "C"), min(v) FROM whole;
SELECT sum(none), max(none), sum(late), avg(late), min(late), sum(later), max(later), max(latest), count(latest) FROM whole;
SELECT count(DISTINCT i2), count(*) FILTER (WHERE b), sum(i2) FILTER (WHERE id > 100), count(b) FROM whole;
SELECT count(*), sum(n), min(id), max(day) FROM whole WHERE id > 12000;
SELECT count(*), sum(n), min(id) FROM whole WHERE n = 7 AND t = 'seven' AND day >= '2021-01-01' AND day < '2021-01-02' AND d BETWEEN 7 AND 7;
SELECT count(*), sum(id) FROM whole WHERE day IS NULL AND late = 3;
SELECT count(*), sum(i2), count(v) FROM whole WHERE id <= 9500 AND day IS NOT NULL;
SELECT count(*), sum(i2) FROM whole WHERE b AND ts > '2020-01-01' AND tz > '2020-01-01' AND free > 3;
SELECT count(*), sum(length(v)) FROM whole WHERE id BETWEEN 1 AND 9500 AND i2 >= -500 AND r < 100000;
DELETE FROM whole WHERE id IN (1, 5000, 15000);
SELECT count(*), min(id), max(id), sum(n), max(tz) FROM whole;
UPDATE whole SET n = 0, t = '' WHERE id = 7000;
SELECT count(*), min(n), min(t), sum(n) FROM whole WHERE id <= 9500;
DELETE FROM whole WHERE id BETWEEN 9501 AND 12000;
SELECT count(*), count(day), min(id), max(id), sum(n) FROM whole;
SELECT count(*), sum(id) FROM whole WHERE day IS NULL;
DELETE FROM whole;
SELECT count(*), count(day), min(id), max(t), sum(n), avg(i8) FROM whole;
SELECT count(*), sum(late) FROM whole WHERE id > 0;
