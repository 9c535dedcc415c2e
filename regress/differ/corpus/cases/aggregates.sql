-- Aggregates that are PostgreSQL's own functions: sorted, distinct, filtered, over ordered sets, with direct arguments; groups few, many, wide.
CREATE TABLE measures (id int NOT NULL, grp int, kind text, x int, f float8, n numeric, d interval, t text);
INSERT INTO measures SELECT i, i * 7919 % 400, (ARRAY['a', 'b', NULL, 'c'])[1 + i % 4], CASE WHEN i % 9 > 0 THEN i * 31 % 701 END, i * 13 % 997 / 8.0,
	CASE WHEN i % 5 > 0 THEN (i * 17 % 300)::numeric / 4 END, make_interval(hours => i * 11 % 90), CASE WHEN i % 7 > 0 THEN 't' || i * 37 % 1501 END
FROM generate_series(1, 12000) i;
INSERT INTO measures VALUES (20001, 1, '', 2147483647, 'NaN', 'NaN', NULL, ''), (20002, 1, 'z', -2147483648, 'Infinity', NULL, '-1 mon', repeat('long ', 3000)),
	(20003, NULL, NULL, NULL, '-Infinity', 'Infinity', '1 mon', NULL), (20004, NULL, 'z', 0, '-0', 1e100, '30 days', repeat('x', 9000));
TABLE measures;
SELECT grp, string_agg(t, ',' ORDER BY x DESC NULLS LAST, id) FROM measures GROUP BY grp;
SELECT string_agg(t, kind ORDER BY f, id) FROM measures;
SELECT id % 3000, array_agg(x ORDER BY n NULLS FIRST, id), string_agg(t, '' ORDER BY id DESC) FROM measures GROUP BY 1;
SELECT kind, string_agg(DISTINCT t, ',' ORDER BY t DESC), array_agg(DISTINCT x), count(DISTINCT (grp, kind)) FROM measures GROUP BY kind;
SELECT grp, array_agg(DISTINCT kind), string_agg(DISTINCT kind, t ORDER BY kind, t) FILTER (WHERE x > 300) FROM measures GROUP BY grp;
SELECT grp, sum(f ORDER BY id), avg(f ORDER BY x, id), sum(n ORDER BY id), max(t ORDER BY id) FROM measures WHERE id < 20000 GROUP BY grp;
SELECT kind, percentile_cont(0.5) WITHIN GROUP (ORDER BY f), percentile_cont(ARRAY[0.01, NULL, 0.77]) WITHIN GROUP (ORDER BY f), percentile_disc(0.4) WITHIN GROUP (ORDER BY t) FROM measures GROUP BY kind;
SELECT grp, percentile_cont(0.25) WITHIN GROUP (ORDER BY d), percentile_cont(0.75) WITHIN GROUP (ORDER BY d), mode() WITHIN GROUP (ORDER BY x) FROM measures WHERE id < 20000 GROUP BY grp;
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY f), percentile_disc(ARRAY[0, 0.5, 1]) WITHIN GROUP (ORDER BY x DESC), mode() WITHIN GROUP (ORDER BY t) FROM measures;
SELECT grp, rank(300) WITHIN GROUP (ORDER BY x), dense_rank(300, 'a') WITHIN GROUP (ORDER BY x, kind), percent_rank(5) WITHIN GROUP (ORDER BY n DESC), cume_dist(NULL) WITHIN GROUP (ORDER BY x) FROM measures GROUP BY grp;
SELECT grp, percentile_disc(coalesce(grp, 0) / 400.0) WITHIN GROUP (ORDER BY id) FROM measures GROUP BY grp;
SELECT grp % 5, kind, string_agg(t, ',' ORDER BY id), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM measures GROUP BY GROUPING SETS ((1), (kind), (1, 2), ());
SELECT grp, regr_count(f, x), bit_xor(x), bit_or(id), any_value(grp) FROM measures WHERE id < 20000 AND grp % 3 = 0 GROUP BY grp;
SELECT kind, jsonb_object_agg(id, t ORDER BY id) FILTER (WHERE id % 50 = 0), json_agg(x ORDER BY id) FILTER (WHERE id % 60 = 0) FROM measures GROUP BY kind;
SELECT array_agg(id) FROM (SELECT id FROM measures ORDER BY x, id) q;
SELECT grp, string_agg(t, ';') FROM (SELECT grp, t FROM measures ORDER BY grp, x DESC, id) q GROUP BY grp;
SELECT m.id, (SELECT string_agg(o.t, ',' ORDER BY o.id) FROM measures o WHERE o.grp = m.id) FROM measures m WHERE m.id < 6;
SELECT grp, string_agg(t, ',' ORDER BY 10 / (x - 5), id) FROM measures GROUP BY grp;
SELECT percentile_cont(2) WITHIN GROUP (ORDER BY f) FROM measures;
