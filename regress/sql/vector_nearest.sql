-- The nearest rows without an index: column tables give what heap gives, whatever codes say.
CREATE DATABASE nearest;
\c nearest
SET client_min_messages = warning;
CREATE EXTENSION epiphany_vectorstore CASCADE;
RESET client_min_messages;
CREATE FUNCTION noise(i int, g int) RETURNS real LANGUAGE sql IMMUTABLE AS $$SELECT (hashint8(i * 1000::bigint + g) % 1000)::real / 1000$$;
-- Fifty clusters.
CREATE FUNCTION noisy(i int, dims int) RETURNS real[] LANGUAGE sql IMMUTABLE AS
	$$SELECT array_agg(noise(i % 50, g) - 0.5 + 0.3 * noise(i, -g)) FROM generate_series(1, dims) g$$;
CREATE TABLE h (id int PRIMARY KEY, grp int, v vector(96), half halfvec(128), small vector(3), free vector);
INSERT INTO h SELECT i, i % 10, noisy(i, 96), noisy(-i, 128), noisy(i, 3), noisy(i, 64 + i % 2) FROM generate_series(1, 9000) i;
-- Nulls here and there, a vector full of them, and vectors without a direction.
UPDATE h SET v = NULL WHERE id % 37 = 0 OR id BETWEEN 4000 AND 6500;
UPDATE h SET half = '[0]'::vector || array_fill(0, ARRAY[127])::vector WHERE id % 100 = 7;
CREATE TABLE n (LIKE h) USING epiphany_vector WITH (epiphany.row_group_rows = 4096);
INSERT INTO n SELECT * FROM h ORDER BY id;
CREATE TABLE c (LIKE h) USING epiphany_column WITH (epiphany.row_group_rows = 4096);
INSERT INTO c SELECT * FROM h ORDER BY id;
VACUUM ANALYZE h, n, c;
SELECT column_name, encoding, count(*), sum(nulls) AS nulls FROM epiphany.column_chunks('n') GROUP BY 1, 2 ORDER BY 1;
SELECT column_name, encoding FROM epiphany.column_chunks('c') WHERE encoding = 'matrix' ORDER BY 1;
SELECT a.stored_bytes > b.stored_bytes AS has_codes, a.column_name
FROM (SELECT column_name, sum(stored_bytes) AS stored_bytes FROM epiphany.column_chunks('n') GROUP BY 1) a
JOIN (SELECT column_name, sum(stored_bytes) AS stored_bytes FROM epiphany.column_chunks('c') GROUP BY 1) b
	ON a.column_name = b.column_name AND a.stored_bytes > b.stored_bytes * 1.02 ORDER BY 2;

-- What a query of a table gives as text, with the table's name for @; and what the scans below a sort have done for it.
CREATE FUNCTION answer(query text, name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
	EXECUTE 'SELECT string_agg(x::text, '' '') FROM (' || replace(query, '@', name) || ') x' INTO result;
	RETURN result;
END$$;
CREATE FUNCTION work(query text, OUT estimated bigint, OUT computed bigint) LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, FORMAT json, TIMING off) ' || query INTO plan;
	SELECT sum((m[1])::bigint) INTO estimated FROM regexp_matches(plan::text, '"Distances Estimated": (\d+)', 'g') m;
	SELECT sum((m[1])::bigint) INTO computed FROM regexp_matches(plan::text, '"Distances Computed": (\d+)', 'g') m;
END$$;
SET epiphany.vectorize_min_rows = 0;
EXPLAIN (COSTS OFF) SELECT id FROM n WHERE grp = 3 ORDER BY small <-> '[1,2,3]' LIMIT 5;
-- Few distances are computed where there are codes, all where there are none, and of rows that conditions leave.
SELECT estimated, computed < 1500 AS few FROM work($$SELECT id FROM n ORDER BY v <-> noisy(10001, 96)::vector LIMIT 5$$);
SELECT estimated, computed < 800 AS few FROM work($$SELECT id FROM n WHERE grp < 5 ORDER BY v <=> noisy(10001, 96)::vector LIMIT 5$$);
SELECT estimated, computed < 1500 AS few FROM work($$SELECT id FROM n ORDER BY half <#> noisy(-10001, 128)::vector::halfvec LIMIT 5$$);
SELECT * FROM work($$SELECT id FROM n ORDER BY v <+> noisy(10001, 96)::vector LIMIT 5$$);
SELECT * FROM work($$SELECT id FROM n WHERE id BETWEEN 11 AND 20 ORDER BY v <-> noisy(10001, 96)::vector LIMIT 5$$);
SELECT * FROM work($$SELECT id FROM n ORDER BY small <-> noisy(10001, 3)::vector LIMIT 5$$);
SELECT * FROM work($$SELECT id FROM c ORDER BY half <-> noisy(10001, 128)::vector::halfvec LIMIT 5$$);
SET epiphany.vector_exact = on;
SELECT * FROM work($$SELECT id FROM n ORDER BY v <-> noisy(10001, 96)::vector LIMIT 5$$);
RESET epiphany.vector_exact;

-- Every metric, conditions, and numbers of rows: what heap gives.
CREATE TABLE shapes (query text);
INSERT INTO shapes SELECT format('SELECT id, %s %s %s AS d FROM @ %s ORDER BY %1$s %2$s %3$s, id LIMIT %5$s', col, op, q, cond, bound)
FROM (VALUES ('v', 'noisy(10001, 96)::vector'), ('half', 'noisy(-10001, 128)::vector::halfvec'), ('small', '''[0.1,0.2,0.3]''::vector')) a(col, q),
	(VALUES ('<->'), ('<#>'), ('<=>'), ('<+>')) b(op),
	(VALUES (''), ('WHERE grp = 3'), ('WHERE id < 40 OR id > 8990'), ('WHERE id BETWEEN 4100 AND 6400'), ('WHERE v IS NOT NULL AND grp <> 5')) d(cond),
	(VALUES ('1'), ('10 OFFSET 7'), ('8900')) e(bound);
CREATE FUNCTION wrong() RETURNS TABLE (name text, query text) LANGUAGE sql AS
	$$SELECT name, query FROM shapes, (VALUES ('n'), ('c')) t(name) WHERE answer(query, name) IS DISTINCT FROM answer(query, 'h')$$;
SELECT count(*) AS shapes FROM shapes;
SELECT * FROM wrong();
SET epiphany.vector_exact = on;
SELECT * FROM wrong();
RESET epiphany.vector_exact;
-- Likewise after changes: rows of the heap region, deleted rows, moved rows, and all of it in one transaction.
BEGIN;
UPDATE h SET v = noisy(id + 20000, 96), half = noisy(id, 128) WHERE id % 9 = 1;
UPDATE n SET v = noisy(id + 20000, 96), half = noisy(id, 128) WHERE id % 9 = 1;
UPDATE c SET v = noisy(id + 20000, 96), half = noisy(id, 128) WHERE id % 9 = 1;
DELETE FROM h WHERE id % 13 = 2;
DELETE FROM n WHERE id % 13 = 2;
DELETE FROM c WHERE id % 13 = 2;
INSERT INTO h SELECT 9000 + i, 3, noisy(10001, 96)::vector + noisy(i, 96)::vector, NULL, NULL, NULL FROM generate_series(1, 5) i;
INSERT INTO n SELECT * FROM h WHERE id > 9000;
INSERT INTO c SELECT * FROM h WHERE id > 9000;
SELECT * FROM wrong();
COMMIT;
SELECT epiphany.compact('n') > 0 AS moved;
VACUUM ANALYZE n;
SELECT * FROM wrong();
ALTER TABLE n SET ACCESS METHOD epiphany_column;
SELECT * FROM work($$SELECT id FROM n WHERE id < 4000 ORDER BY v <-> noisy(10001, 96)::vector LIMIT 5$$);
ALTER TABLE n SET ACCESS METHOD epiphany_vector;
SELECT estimated > 8000 AS all, computed < 1500 AS few FROM work($$SELECT id FROM n ORDER BY half <-> noisy(-10001, 128)::vector::halfvec LIMIT 5$$);
SELECT * FROM wrong();
VACUUM FULL n;
SELECT * FROM wrong();
SELECT * FROM epiphany.verify('n');

-- Vectors that cannot be compared, or are none.
SELECT id FROM n ORDER BY v <-> '[1,2]' LIMIT 1;
SELECT id FROM n WHERE id < 0 ORDER BY v <-> '[1,2]' LIMIT 1;
SELECT id FROM n WHERE id < 10 ORDER BY free <-> noisy(1, 64)::vector LIMIT 1;
SELECT id FROM n WHERE id < 10 AND vector_dims(free) = 64 ORDER BY free <-> noisy(1, 64)::vector, id LIMIT 3;
SELECT count(*) FROM (SELECT id FROM n ORDER BY v <-> NULL::vector LIMIT 4) x;

-- Prepared statements, custom and generic, with other vectors and numbers each time.
PREPARE near(real[], int) AS SELECT id FROM n ORDER BY v <-> $1::vector LIMIT $2;
CREATE TABLE asked AS SELECT i, (SELECT array_agg(id) FROM (SELECT id FROM h ORDER BY v <-> noisy(i, 96)::vector LIMIT 3) x) AS ids
FROM generate_series(30001, 30003) i;
TABLE asked;
EXECUTE near(noisy(30001, 96), 3);
SET plan_cache_mode = force_generic_plan;
EXECUTE near(noisy(30002, 96), 3);
EXECUTE near(noisy(30003, 96), 3);
EXECUTE near(noisy(30003, 96), 0);
SELECT count(*) FROM (SELECT id FROM n ORDER BY v <-> NULL::vector LIMIT 4) x;
RESET plan_cache_mode;
-- Cursors.
BEGIN;
DECLARE one CURSOR FOR SELECT id FROM n ORDER BY v <-> noisy(30001, 96)::vector LIMIT 3;
FETCH 2 FROM one;
FETCH 2 FROM one;
DECLARE two SCROLL CURSOR FOR SELECT id FROM n ORDER BY v <-> noisy(30002, 96)::vector LIMIT 3;
FETCH 3 FROM two;
FETCH BACKWARD 1 FROM two;
COMMIT;
-- LATERAL: each outer row its own nearest.
EXPLAIN (COSTS OFF) SELECT a.i, s.id FROM asked a, LATERAL (SELECT id FROM n ORDER BY n.v <-> noisy(a.i, 96)::vector LIMIT 3) s;
SELECT a.i, array_agg(s.id ORDER BY s.d) = a.ids AS same
FROM asked a, LATERAL (SELECT id, n.v <-> noisy(a.i, 96)::vector AS d FROM n ORDER BY n.v <-> noisy(a.i, 96)::vector LIMIT 3) s
GROUP BY a.i, a.ids ORDER BY 1;
SELECT a.i, s.ids = a.ids AS same
FROM asked a, LATERAL (SELECT array_agg(id) AS ids FROM (SELECT id FROM n ORDER BY n.v <-> noisy(a.i, 96)::vector LIMIT 3) x) s ORDER BY 1;
-- Many of them: groups and their codes are kept from one to the next, as many as there is room for.
CREATE TABLE several AS SELECT i, noisy(i, 128)::vector::halfvec AS q FROM generate_series(30001, 30012) i;
CREATE FUNCTION each_nearest(name text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
	EXECUTE format('SELECT string_agg(i || '':'' || s.ids::text, '' '' ORDER BY i) FROM several, LATERAL
		(SELECT array_agg(id ORDER BY d, id) ids FROM (SELECT id, half <-> q AS d FROM %I WHERE id %% 3 = i %% 3 ORDER BY half <-> q, id LIMIT 5) x) s',
		name) INTO result;
	RETURN result;
END$$;
SELECT each_nearest('h') AS right \gset
SELECT each_nearest('n') = :'right' AS same, each_nearest('c') = :'right' AS without_codes;
SET epiphany.group_cache_size = '64kB';
SELECT each_nearest('n') = :'right' AS same, each_nearest('c') = :'right' AS without_codes;
SET epiphany.group_cache_size = '1MB';
SELECT each_nearest('n') = :'right' AS same;
RESET epiphany.group_cache_size;
-- Likewise scans by PostgreSQL's own nodes.
SET epiphany.enable_vectorized = off;
SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_material = off; SET enable_memoize = off;
SELECT sum(c.id), sum(vector_dims(c.small)) FROM generate_series(1, 20) i, LATERAL (SELECT id, small FROM n WHERE grp = i % 10 AND id < 600 OFFSET 0) c;
SELECT sum(c.id), sum(vector_dims(c.small)) FROM generate_series(1, 20) i, LATERAL (SELECT id, small FROM h WHERE grp = i % 10 AND id < 600 OFFSET 0) c;
RESET enable_hashjoin; RESET enable_mergejoin; RESET enable_material; RESET enable_memoize;
RESET epiphany.enable_vectorized;
-- Partitions, with and without codes.
CREATE TABLE p (LIKE h) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (3000) USING epiphany_vector;
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (3000) TO (6000) USING epiphany_column;
CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (6000) TO (7000) USING heap;
CREATE TABLE p4 PARTITION OF p FOR VALUES FROM (7000) TO (10000) USING epiphany_vector;
INSERT INTO p SELECT * FROM h;
VACUUM ANALYZE p;
EXPLAIN (COSTS OFF) SELECT id FROM p ORDER BY small <-> '[1,2,3]' LIMIT 5;
SELECT answer(query, 'p') IS DISTINCT FROM answer(query, 'h') AS differs, count(*) FROM shapes GROUP BY 1;
-- Parallel workers: each finds the nearest of its rows.
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
SET epiphany.vector_exact = on;
EXPLAIN (COSTS OFF) SELECT id FROM n WHERE grp < 9 ORDER BY small <-> '[1,2,3]', id LIMIT 5 OFFSET 2;
RESET epiphany.vector_exact;
CREATE FUNCTION in_parallel(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) ' || replace(query, '@', 'n') INTO plan;
	RETURN plan::text LIKE '%Gather Merge%Limit%Nearest%';
END$$;
BEGIN;
DELETE FROM shapes WHERE query NOT LIKE '%LIMIT 10 OFFSET 7';
SELECT count(*) > 10 AS some FROM shapes WHERE in_parallel(query);
SELECT * FROM wrong();
SET LOCAL epiphany.vector_exact = on;
SELECT count(*) > 10 AS some FROM shapes WHERE in_parallel(query);
SELECT * FROM wrong();
ROLLBACK;
SET epiphany.vector_exact = on;
PREPARE several_near(real[], bigint) AS SELECT array_agg(id) FROM (SELECT id FROM n ORDER BY v <-> $1::vector, id LIMIT $2) x;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (COSTS OFF) EXECUTE several_near(noisy(10001, 96), 3);
EXECUTE several_near(noisy(10001, 96), 3);
SELECT array_agg(id) FROM (SELECT id FROM h ORDER BY v <-> noisy(10001, 96)::vector, id LIMIT 3) x;
EXECUTE several_near(noisy(10001, 96), 0);
EXECUTE several_near(noisy(10001, 96), -1);
RESET plan_cache_mode;
RESET epiphany.vector_exact;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;
-- Row security: only rows that one may see are among the nearest.
CREATE ROLE nearest_reader;
GRANT SELECT ON h, n TO nearest_reader;
ALTER TABLE h ENABLE ROW LEVEL SECURITY;
ALTER TABLE n ENABLE ROW LEVEL SECURITY;
CREATE POLICY even ON h TO nearest_reader USING (id % 2 = 0);
CREATE POLICY even ON n TO nearest_reader USING (id % 2 = 0);
GRANT SELECT ON shapes TO nearest_reader;
SET ROLE nearest_reader;
SELECT answer(query, 'n') IS DISTINCT FROM answer(query, 'h') AS differs, count(*) FROM shapes GROUP BY 1;
RESET ROLE;
-- Other orders, ties, keys that are no distance from a column, and joins: as ever.
CREATE TABLE others (query text);
INSERT INTO others VALUES
	('SELECT id FROM @ ORDER BY v <-> noisy(10001, 96)::vector DESC NULLS LAST, id LIMIT 5'),
	('SELECT id FROM @ ORDER BY v <-> noisy(10001, 96)::vector NULLS FIRST, id LIMIT 5'),
	('SELECT id FROM @ ORDER BY -(v <#> noisy(10001, 96)::vector), id LIMIT 5'),
	('SELECT id FROM @ ORDER BY v <-> subvector(half::vector, 1, 96), id LIMIT 5'),
	('SELECT count(*) FROM (SELECT 1 FROM @ WHERE small <-> ''[0,0,0]'' < 0.5 ORDER BY small <-> ''[0,0,0]'' FETCH FIRST 5 ROWS WITH TIES) y'),
	('SELECT a.id FROM @ a JOIN @ b ON a.id = b.id + 1 WHERE b.grp = 2 ORDER BY a.v <-> noisy(10001, 96)::vector, a.id LIMIT 5'),
	('SELECT grp, min(v <-> noisy(10001, 96)::vector) FROM @ GROUP BY grp ORDER BY 2 LIMIT 3'),
	('SELECT DISTINCT grp, small <-> ''[0,0,0]'' FROM @ ORDER BY small <-> ''[0,0,0]'', 1 LIMIT 7'),
	('SELECT id FROM (SELECT *, v <-> noisy(10001, 96)::vector AS d FROM @) y WHERE d < 3 ORDER BY d, id LIMIT 5');
SELECT query FROM others WHERE answer(query, 'n') IS DISTINCT FROM answer(query, 'h');
\c regression
SET client_min_messages = warning;
DROP DATABASE nearest;
DROP ROLE nearest_reader;
