-- The first rows of many, by keys of all kinds: most rows come when it is known already that they are not among them.
CREATE TABLE many (i int, same int, n numeric, f float8, t text, c char(6), u uuid, v interval, b bytea, free text COLLATE "en-x-icu");
INSERT INTO many
SELECT CASE WHEN k % 50 > 0 THEN k * 7919 % 30011 END, 1, CASE WHEN k < 20000 THEN (k * 31 % 20011) / 10.0 WHEN k % 100 > 0 THEN (k * 31 % 20011) / 1000.0 END,
	CASE WHEN k % 1000 = 0 THEN 'NaN' WHEN k % 999 = 0 THEN '-0' WHEN k % 70 > 0 THEN (k * 17 % 30013) / 7.0 END,
	CASE WHEN k % 9 > 0 THEN 'a common start ' || md5(k::text) END, (k % 999)::text, md5(k::text)::uuid, (k * 37 % 30011) * interval '7 hours',
	decode(md5(k::text), 'hex'), chr(65 + k % 26) || chr(97 + k % 25) || md5(k::text)
FROM generate_series(1, 30000) k;
SELECT i FROM many ORDER BY i LIMIT 20;
SELECT i FROM many ORDER BY i DESC LIMIT 700;
SELECT i FROM many ORDER BY i DESC NULLS LAST OFFSET 30 LIMIT 20;
SELECT i FROM many ORDER BY i NULLS FIRST OFFSET 590 LIMIT 20;
SELECT same, i FROM many ORDER BY same, i DESC NULLS LAST LIMIT 20;
SELECT same, i, n FROM many ORDER BY same DESC, i % 10, n, i LIMIT 50;
SELECT n FROM many ORDER BY n LIMIT 50;
SELECT n FROM many ORDER BY n DESC LIMIT 500;
SELECT n, i FROM many WHERE i > 10 ORDER BY n DESC NULLS LAST, i LIMIT 50;
SELECT f FROM many ORDER BY f DESC NULLS LAST LIMIT 50;
SELECT f FROM many ORDER BY f LIMIT 50;
SELECT t FROM many ORDER BY t LIMIT 30;
SELECT t COLLATE "C", i FROM many ORDER BY t COLLATE "C" DESC NULLS LAST, i LIMIT 30;
SELECT free FROM many ORDER BY free LIMIT 30;
SELECT c, i FROM many ORDER BY c DESC, i LIMIT 60;
SELECT u FROM many ORDER BY u LIMIT 10;
SELECT v, i FROM many ORDER BY v DESC, i LIMIT 10;
SELECT b FROM many ORDER BY b DESC LIMIT 10;
SELECT i, sum(n) FROM many GROUP BY i ORDER BY sum(n) DESC NULLS LAST, i LIMIT 10;
SELECT i, avg(n), count(*) FROM many GROUP BY i ORDER BY count(*) DESC, i DESC LIMIT 10;
SELECT * FROM (SELECT i, row_number() OVER (ORDER BY i, n, t) r FROM many) q ORDER BY r DESC LIMIT 10;
SELECT a.i, (SELECT max(b.i) FROM (SELECT i FROM many m WHERE m.i > a.i ORDER BY i LIMIT 2) b) FROM many a WHERE a.i < 30 ORDER BY a.i;
SELECT i FROM many ORDER BY i FETCH FIRST 3 ROWS WITH TIES;
SELECT i FROM many ORDER BY i LIMIT 0;
