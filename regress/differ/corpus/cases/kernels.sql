-- Functions that have kernels, over values where those have to leave something to PostgreSQL, and numerics of several display scales.
CREATE TABLE kernel (id int NOT NULL, n numeric, n2 numeric(12,2), n4 numeric(14,4), i8 bigint, t text, c char(6), few text);
INSERT INTO kernel SELECT i, CASE i % 7 WHEN 0 THEN NULL WHEN 1 THEN (i * 1237)::numeric WHEN 2 THEN i / 8.0 WHEN 3 THEN -i * 1.10 WHEN 4 THEN 0.00
		WHEN 5 THEN i * 1e12 + 0.5 ELSE 1.0 / i END,
	(i * 7919 % 100003) / 100.0, (i * 104729 % 999983 - 500000) / 10000.0, i::bigint * i, nullif(md5(i::text) || '.' || i % 50, ''),
	chr(65 + i % 26) || chr(97 + i % 26), (ARRAY['http://www.a.org/x', 'https://b.com/y/z', '', 'a.b.c', 'ÄÖ.ü', NULL])[1 + i % 6]
FROM generate_series(1, 4000) i;
INSERT INTO kernel VALUES (5001, 'NaN', 0, 0, 0, '', '', 'x'), (5002, 'Infinity', -1, -1, 9223372036854775807, 'A%b', 'a', 'X'),
	(5003, '-Infinity', 1, 1, -9223372036854775808, 'é', 'é', 'é'), (5004, 1e200, 0.01, 0.0001, 1, repeat('ab', 3000), NULL, '..'),
	(5005, 1e-300, 99999999.99, 9999999999.9999, NULL, NULL, NULL, NULL);
TABLE kernel;
SELECT sum(CASE WHEN few = '' THEN n2 * (1 - n4) ELSE 0 END), avg(CASE WHEN id % 3 = 0 THEN n4 ELSE 0 END), sum(CASE WHEN id > 2000 THEN n2 END) FROM kernel;
SELECT few, sum(CASE WHEN id % 2 = 0 THEN n2 ELSE 1 END), sum(coalesce(n, 0)) FILTER (WHERE id < 5000), variance(CASE WHEN id % 5 = 0 THEN 0 ELSE n4 END) FROM kernel GROUP BY few;
SELECT id % 10, sum(coalesce(n2, 0.000) * coalesce(n4, 0)), sum(CASE id % 3 WHEN 0 THEN n WHEN 1 THEN n2 ELSE 0.5 END) FROM kernel WHERE id < 5000 GROUP BY 1;
SELECT sum(CASE WHEN id < 0 THEN n2 ELSE 0 END), sum(CASE WHEN id < 0 THEN n2 ELSE 0.0 END), sum(CASE WHEN id = 7 THEN 0.000 ELSE 0 END) FROM kernel;
SELECT id, CASE WHEN id % 2 = 0 THEN n2 ELSE 0 END, coalesce(n, 0), CASE WHEN id % 2 = 0 THEN n ELSE n4 END + 1.5, - coalesce(n, n2), abs(CASE WHEN id % 2 = 0 THEN n2 ELSE -1 END) FROM kernel;
SELECT id, CASE id % 4 WHEN 0 THEN n2 WHEN 1 THEN 0 WHEN 2 THEN n END * CASE WHEN id % 3 = 0 THEN 1.50 ELSE n4 END FROM kernel;
SELECT CASE WHEN id % 2 = 0 THEN round(n2) ELSE 0.0 END AS g, count(*) FROM kernel GROUP BY 1;
SELECT DISTINCT CASE WHEN id % 2 = 0 THEN 0 ELSE 0.00 END FROM kernel;
-- compare: sorted 1
SELECT CASE WHEN id % 2 = 0 THEN n2 ELSE 7 END AS v, id FROM kernel ORDER BY 1;
SELECT count(*) FROM kernel WHERE CASE WHEN id % 2 = 0 THEN n2 ELSE 0 END > coalesce(n4, 0);
SELECT id FROM kernel WHERE n > 1e150 OR n < -1e150 OR n = 'NaN' OR n < 1e-200 AND n > 0;
SELECT id, n2 / n4, n4 / 3, 1 / n2, n / 7, n2 / 0.0001, i8 / n2 FROM kernel WHERE n2 <> 0 AND n4 <> 0;
SELECT id, n2 / n4 FROM kernel;
SELECT id, n / 0 FROM kernel WHERE id = 5001;
SELECT id, round(n2 / nullif(n4, 0), 2), round(n2 / 3), trunc(n4 / 7, 3), ceil(n4), floor(n4), sign(n4), ceil(n), floor(n), sign(n) FROM kernel;
SELECT id, mod(n2, nullif(n4, 0)), n4 % 0.7, mod(n, 3), div(n2, 0.3), div(n, 2), mod(i8::numeric, 7), n2 % nullif(n2, 0) FROM kernel;
SELECT sum(n2 / 3), avg(n4 / nullif(n2, 0)), max(n2 / 7), min(mod(n4, 1)) FROM kernel;
SELECT id, greatest(n, n2, n4), least(n, n2, 0), greatest(n2, 1.000), least(n2, n2 + 0.00), greatest(n, NULL), least(NULL::numeric, NULL) FROM kernel;
SELECT sum(greatest(n2, 0)), sum(least(n4, 1)) FROM kernel;
SELECT id, greatest(t, few), least(t, few, 'm'), greatest(c, 'M'::char(6)), greatest(t COLLATE "C", few) FROM kernel;
SELECT id, left(few, 3), left(few, -2), right(few, 3), right(few, -1), left(t, id % 40 - 5), right(t, 5 - id % 40) FROM kernel;
SELECT id, split_part(few, '/', 3), split_part(few, '.', -1), split_part(t, '.', 2), split_part(t, 'a', id % 5 + 1), split_part(few, '', 1) FROM kernel;
SELECT id, split_part(few, '.', id - id) FROM kernel WHERE few <> '';
SELECT id, replace(few, '.', '--'), replace(t, 'a', ''), replace(t, left(t, 1), few), btrim(t, '0af'), ltrim(few, 'htps:/'), rtrim(few, 'zyx/') FROM kernel;
SELECT id, btrim(few, 'Äü'), upper(few), lower(few), upper(c), lower(t COLLATE "C"), upper(few COLLATE "C") FROM kernel;
SELECT id FROM kernel WHERE few ILIKE '%WWW%' OR t ILIKE '%AB_C%' OR few ILIKE 'äö%' OR c ILIKE 'aa%';
SELECT id FROM kernel WHERE few NOT ILIKE 'H%' AND t NOT ILIKE '%f%';
SELECT regexp_replace(few, '^https?://(?:www\.)?([^/]+)/.*$', '\1') AS host, count(*), min(few) FROM kernel GROUP BY 1;
SELECT lower(few), coalesce(few, 'none'), count(*), sum(id) FROM kernel GROUP BY 1, 2;
SELECT CASE WHEN few LIKE 'http%' THEN 'web' WHEN few = '' THEN NULL ELSE few END, count(*), count(DISTINCT few) FROM kernel GROUP BY 1;
SELECT few ~ '^h' AS a, few ~* 'WWW' AS b, few !~ 'x$' AS c, few SIMILAR TO '%(b|c)%' AS d, substring(few from '[a-z]+') AS e, count(*) FROM kernel GROUP BY 1, 2, 3, 4, 5;
SELECT x.id, y.id FROM kernel x JOIN kernel y ON upper(x.few) = upper(y.few) AND x.id < 30 AND y.id BETWEEN 30 AND 60;
SELECT id, few ~ '^https?://(?:www\.)?([^/]+)/.*$', few ~ '[a-c]\.', few ~ '.b.', few !~ '^.+$', few ~ 'Ö?\.', t ~ '^[0-9a]+f.*\.1?', t ~ 'a+b', t ~ '[^a-f]$' FROM kernel;
SELECT id, regexp_replace(t, '^[0-9]*', '<\&>'), regexp_replace(t, '([a-f])[0-9]', '\1\1'), regexp_replace(t, '\..*$', ''), regexp_replace(few, '^https?://(?:www\.)?([^/]+)/.*$', '\1-\2\\') FROM kernel;
SELECT id, regexp_replace(t, '^[a-f]?([0-9a-f]+)([0-9])\.', '\2'), regexp_replace(t, '^[a-f]*([^.]+)\.(.*)$', '\1'), regexp_replace(t, '[0-9]?(.)[0-9]*$', '[\1]'), regexp_replace(few, '.$', '') FROM kernel;
SELECT id, regexp_replace(t, '^.*([0-9])[a-f]*\.[0-9]*$', '\1'), regexp_replace(t, '[a-f]*([0-9]+)\.[0-9]*$', '<\1>'), regexp_replace(t, '(?:a)?([^.]+).*$', '\1') FROM kernel;
