-- Joins whose inner keys are known before the outer table is read: close together or far apart, NULL, none at all, of several columns; through
-- joins, groups and unions; run again with other keys.
CREATE TABLE facts (id int NOT NULL, near int, far bigint, day date, pair smallint, note text);
INSERT INTO facts
SELECT n, CASE WHEN n % 11 > 0 THEN n % 5000 END, CASE WHEN n % 13 > 0 THEN (n % 3000 - 1500) * 1000000007::bigint END, date '2020-01-01' + n / 100,
	n % 7, 'note ' || n % 100
FROM generate_series(1, 40000) n;
CREATE TABLE keys (k int, far bigint, day date, pair smallint, grp int);
INSERT INTO keys
SELECT CASE WHEN n % 10 > 0 THEN n * 97 END, CASE WHEN n % 9 > 0 THEN (n * 31 - 1500) * 1000000007::bigint END, date '2020-01-01' + n * 40,
	n % 3, n % 4
FROM generate_series(1, 50) n;
CREATE TABLE none (k int, far bigint);
INSERT INTO none VALUES (NULL, NULL);
DELETE FROM facts WHERE id % 17 = 3;
INSERT INTO facts SELECT n, n, n * 1000000007::bigint, date '2021-01-01', 1, 'late' FROM generate_series(40001, 40100) n;
ANALYZE facts, keys, none;
SELECT count(*), sum(id), max(k) FROM facts JOIN keys ON near = k;
SELECT count(*), sum(id) FROM facts JOIN keys ON facts.far = keys.far;
SELECT count(*), sum(id) FROM facts JOIN keys USING (day);
SELECT count(*), sum(id) FROM facts f JOIN keys k ON f.near = k.k AND f.pair = k.pair;
SELECT count(*), sum(id) FROM facts f JOIN keys k ON f.far = k.k::bigint * 1000000007;
SELECT count(*), count(k), sum(id) FROM facts LEFT JOIN keys ON near = k;
SELECT count(*), count(k), sum(id) FROM facts RIGHT JOIN keys ON near = k;
SELECT count(*), count(k), sum(id) FROM facts FULL JOIN keys ON near = k;
SELECT count(*), sum(id) FROM facts WHERE near IN (SELECT k FROM keys);
SELECT count(*), sum(id) FROM facts WHERE near NOT IN (SELECT k FROM keys WHERE k IS NOT NULL);
SELECT count(*), sum(id) FROM facts f WHERE NOT EXISTS (SELECT FROM keys k WHERE k.far = f.far);
SELECT count(*), sum(k) FROM keys WHERE EXISTS (SELECT FROM facts WHERE near = k AND note < 'note 5');
SELECT count(*), sum(k) FROM keys WHERE NOT EXISTS (SELECT FROM facts WHERE near = k AND note < 'note 5');
SELECT count(*), sum(id) FROM facts JOIN none ON near = k;
SELECT count(*), sum(id) FROM facts JOIN none ON facts.far = none.far;
SELECT count(*), sum(id) FROM facts WHERE near IN (SELECT k FROM keys WHERE k < 0);
SELECT count(*), count(k) FROM facts RIGHT JOIN none ON near = k;
SELECT a.grp, count(*), sum(f.id), sum(g.id) FROM facts f JOIN facts g ON g.near = f.near JOIN keys a ON a.k = f.near GROUP BY a.grp;
SELECT count(*), sum(f.id), count(g.id) FROM facts f LEFT JOIN facts g ON g.near = f.near AND g.id > 39000 JOIN keys a ON a.k = f.near;
SELECT count(*), sum(f.id), count(f.id) FROM facts f RIGHT JOIN facts g ON g.near = f.near AND f.id > 39000 JOIN keys a ON a.k = g.near;
SELECT count(*), sum(f.id) FROM facts f JOIN keys a ON a.k = f.near WHERE EXISTS (SELECT FROM facts g WHERE g.near = f.near AND g.pair <> f.pair);
SELECT count(*), sum(f.id) FROM facts f JOIN keys a ON a.k = f.near
WHERE NOT EXISTS (SELECT FROM facts g WHERE g.near = f.near AND g.pair <> f.pair AND g.id > 30000);
SELECT count(*), sum(n), sum(s) FROM keys JOIN (SELECT near, count(*) AS n, sum(id) AS s FROM facts GROUP BY near) q ON near = k;
SELECT count(*), sum(n) FROM keys JOIN (SELECT near, pair, count(*) AS n FROM facts GROUP BY near, pair HAVING count(*) > 1) q ON near = k AND q.pair = keys.pair;
SELECT count(*), sum(id) FROM keys JOIN (SELECT near, id FROM facts WHERE pair = 1 UNION ALL SELECT near, id FROM facts WHERE pair = 2) q ON near = k;
SELECT count(*), sum(id) FROM keys JOIN (SELECT near, id, row_number() OVER (ORDER BY id) AS r FROM facts) q ON near = k WHERE r < 20000;
SELECT count(*), sum(id) FROM keys JOIN (SELECT near, id FROM facts ORDER BY id DESC LIMIT 10000) q ON near = k;
SELECT grp, (SELECT count(*) FROM facts f JOIN keys i ON f.near = i.k WHERE i.grp = o.grp AND f.pair = o.pair) FROM keys o;
SELECT o.grp, q.* FROM keys o, LATERAL (SELECT count(*), sum(id) FROM facts f JOIN keys i ON f.far = i.far AND i.grp > o.grp) q WHERE o.k < 1000;
