-- The nearest rows, with codes and without them, beside conditions, joins, groups, NULLs, ties and rows that came and went.
CREATE TABLE plain_one (id int, grp int, v vector(64), h halfvec(96), s vector(3), free vector);
DO $$ BEGIN EXECUTE 'CREATE TABLE coded (LIKE plain_one) USING ' || replace(current_setting('default_table_access_method'), 'column', 'vector'); END $$;
CREATE TABLE asked (q int, v vector(64), h halfvec(96), s vector(3));
INSERT INTO plain_one SELECT i, i % 10, (SELECT array_agg(round((20 * sin(i % 40 * 31 + g) + sin(i * g))::numeric * 4) / 4 ORDER BY g)::real[]::vector FROM generate_series(1, 64) g),
	(SELECT array_agg(round((20 * cos(i % 30 * 17 + g) + cos(i * g))::numeric * 4) / 4 ORDER BY g)::real[]::vector::halfvec FROM generate_series(1, 96) g),
	ARRAY[i % 7, i % 5, i % 3]::vector, CASE WHEN i % 3 > 0 THEN array_fill(i % 11, ARRAY[1 + i % 2])::vector END FROM generate_series(1, 5000) i;
UPDATE plain_one SET v = NULL WHERE id % 17 = 0 OR id BETWEEN 2100 AND 2600;
UPDATE plain_one SET h = array_fill(0, ARRAY[96])::vector::halfvec WHERE id % 100 = 7;
INSERT INTO coded SELECT * FROM plain_one ORDER BY id;
DELETE FROM coded WHERE id % 23 = 5;
DELETE FROM plain_one WHERE id % 23 = 5;
UPDATE coded SET v = v + v, grp = grp + 1 WHERE id % 31 = 4;
UPDATE plain_one SET v = v + v, grp = grp + 1 WHERE id % 31 = 4;
INSERT INTO asked SELECT row_number() OVER (ORDER BY id), v, h, s FROM plain_one WHERE id % 97 = 3;
INSERT INTO asked VALUES (1000, NULL, NULL, NULL), (1001, array_fill(0, ARRAY[64])::vector, NULL, '[0,0,0]');
ANALYZE plain_one, coded, asked;
TABLE coded;
-- compare: sorted 2 1
SELECT id, v <-> (SELECT v FROM asked WHERE q = 5) FROM coded ORDER BY 2, id LIMIT 10;
-- compare: sorted 2 1
SELECT id, v <-> (SELECT v FROM asked WHERE q = 6) FROM plain_one ORDER BY 2, id LIMIT 10;
-- compare: sorted 2 1
SELECT id, h <=> (SELECT h FROM asked WHERE q = 7) FROM coded WHERE grp <> 3 ORDER BY 2, id LIMIT 25 OFFSET 5;
-- compare: sorted 2 1
SELECT id, h <#> (SELECT h FROM asked WHERE q = 8) FROM coded WHERE grp = 3 AND id > 1000 ORDER BY 2, id LIMIT 5;
-- compare: sorted 2 1
SELECT id, v <+> (SELECT v FROM asked WHERE q = 9) FROM coded ORDER BY 2, id LIMIT 5;
-- compare: sorted 2 1
SELECT id, v <-> (SELECT v FROM asked WHERE q = 1000) FROM coded ORDER BY 2, id LIMIT 5;
-- compare: sorted 2 1
SELECT id, v <=> (SELECT v FROM asked WHERE q = 1001) FROM coded ORDER BY 2, id LIMIT 5;
-- compare: sorted 2 1
SELECT id, v <-> (SELECT v FROM asked WHERE q = 5) FROM coded WHERE id BETWEEN 2100 AND 2610 ORDER BY 2, id LIMIT 20;
-- compare: sorted 2 1
SELECT id, v <-> (SELECT v FROM asked WHERE q = 5) FROM coded ORDER BY 2 DESC NULLS LAST, id LIMIT 10;
-- compare: sorted 2 1
SELECT id, v <-> (SELECT v FROM asked WHERE q = 5) FROM coded ORDER BY 2, id LIMIT 4600;
-- compare: sorted 2 1
SELECT id, s <-> '[3,2,1]' FROM coded ORDER BY 2, id LIMIT 300;
SELECT s <-> '[3,2,1]', count(*) FROM coded GROUP BY 1 ORDER BY 1 LIMIT 5;
SELECT count(*) FROM (SELECT id FROM coded ORDER BY s <-> '[3,2,1]' FETCH FIRST 50 ROWS WITH TIES) x;
SELECT grp, count(*), min(v <-> (SELECT v FROM asked WHERE q = 2)), max(h <#> (SELECT h FROM asked WHERE q = 2)) FROM coded GROUP BY grp;
SELECT grp, avg(s), sum(s), avg(h), sum(v), count(v) FROM coded GROUP BY grp;
SELECT avg(v), avg(h), avg(s) FROM plain_one WHERE id % 3 = 1;
SELECT sum(h) FROM plain_one WHERE id < 20;
SELECT avg(v) FROM coded WHERE v IS NULL;
SELECT id, vector_dims(free), vector_norm(free), free FROM coded WHERE vector_dims(free) = 2 AND free <-> '[3,4]' < 5;
SELECT id FROM coded WHERE free <-> '[3,4]' < 5;
SELECT id FROM coded ORDER BY v <-> '[1,2]' LIMIT 2;
SELECT count(*) FROM coded WHERE v <-> (SELECT v FROM asked WHERE q = 3) < 30 AND h <=> (SELECT h FROM asked WHERE q = 3) < 0.5;
-- compare: sorted 1 3 2
SELECT a.q, n.id, n.d FROM asked a, LATERAL (SELECT id, c.v <-> a.v AS d FROM coded c ORDER BY c.v <-> a.v, id LIMIT 3) n ORDER BY 1, 3, 2;
-- compare: sorted 1 3 2
SELECT a.q, n.id, n.d FROM asked a LEFT JOIN LATERAL (SELECT id, c.h <=> a.h AS d FROM coded c WHERE c.grp = a.q % 10 ORDER BY c.h <=> a.h, id LIMIT 4) n ON n.d < 1 ORDER BY 1, 3, 2;
-- compare: sorted 1 3 2
SELECT a.q, n.id, n.d FROM asked a LEFT JOIN LATERAL (SELECT id, c.v <-> a.v AS d FROM coded c WHERE c.grp < 8 ORDER BY a.v <-> c.v, id LIMIT 6) n ON n.d > 0 ORDER BY 1, 3, 2;
SELECT a.q, (SELECT array_agg(id ORDER BY id) FROM (SELECT id FROM plain_one p ORDER BY p.s <+> a.s, id LIMIT 5) x) FROM asked a;
SELECT a.q, (SELECT sum(d) FROM (SELECT c.v <#> a.v AS d FROM coded c ORDER BY c.v <#> a.v LIMIT 7) x) FROM asked a;
-- compare: sorted 3 1 2
SELECT a.id, b.id, a.v <-> b.v FROM coded a JOIN coded b ON a.id = b.id + 40 WHERE b.grp = 2 ORDER BY 3, 1, 2 LIMIT 20;
SELECT count(*) FROM asked a JOIN plain_one p ON p.v = a.v;
SELECT count(*) FROM asked a JOIN plain_one p ON p.s = a.s AND p.grp = a.q % 10;
SELECT s, count(*) FROM coded GROUP BY s ORDER BY s;
SELECT DISTINCT s::halfvec FROM coded ORDER BY 1 DESC LIMIT 10;
-- compare: sorted 2 1
SELECT id, d FROM (SELECT id, v <-> (SELECT v FROM asked WHERE q = 5) AS d FROM coded UNION ALL SELECT -id, v <-> (SELECT v FROM asked WHERE q = 4) FROM plain_one) u ORDER BY d, id LIMIT 15;
-- compare: sorted 2 1
SELECT id, d FROM (SELECT id, v <-> (SELECT v FROM asked WHERE q = 5) AS d FROM coded) x WHERE d > 30 ORDER BY d, id LIMIT 15;
SELECT id, rank() OVER (ORDER BY v <-> (SELECT v FROM asked WHERE q = 5)) FROM coded WHERE grp = 1 AND v IS NOT NULL ORDER BY 2, 1 LIMIT 10;
