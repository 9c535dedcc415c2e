-- The nearest rows of each outer row: searched for several at once, and the same rows as one by one, and as by PostgreSQL itself.
CREATE DATABASE ahead;
\c ahead
SET client_min_messages = warning;
CREATE EXTENSION epiphany_vectorstore CASCADE;
RESET client_min_messages;
SET epiphany.vectorize_min_rows = 0;
SET max_parallel_workers_per_gather = 0;
CREATE FUNCTION noise(i int, g int) RETURNS real LANGUAGE sql IMMUTABLE AS $$SELECT (hashint8(i * 1000::bigint + g) % 1000)::real / 1000$$;
CREATE FUNCTION noisy(i int, dims int) RETURNS real[] LANGUAGE sql IMMUTABLE AS
	$$SELECT array_agg(noise(i % 50, g) - 0.5 + 0.3 * noise(i, -g)) FROM generate_series(1, dims) g$$;
CREATE TABLE n (id int, grp int, v vector(96), half halfvec(64), few vector(3), free vector) USING epiphany_vector WITH (epiphany.row_group_rows = 4096);
INSERT INTO n SELECT i, i % 10, CASE WHEN i % 37 > 0 THEN noisy(i, 96)::vector END, noisy(-i, 64)::vector, ARRAY[i % 2, 0, 0]::real[]::vector,
	noisy(i, 8 + (i > 6000)::int)::vector FROM generate_series(1, 9000) i;
VACUUM ANALYZE n;
CREATE TABLE q AS SELECT i AS id, i % 4 AS k, CASE WHEN i % 9 > 0 THEN noisy(20000 + i, 96)::vector END AS v, noisy(20000 + i, 64)::vector::halfvec AS half,
	ARRAY[1, 0, i % 3]::real[]::vector AS few, noisy(i, CASE WHEN i = 20 THEN 7 ELSE 8 END)::vector AS free FROM generate_series(1, 40) i;
VACUUM ANALYZE q;

EXPLAIN (COSTS OFF, VERBOSE) SELECT q.id, x.id, x.d FROM q CROSS JOIN LATERAL (SELECT i.id, i.v <-> q.v AS d FROM n i WHERE i.grp < 7 ORDER BY i.v <-> q.v LIMIT 3) x;
SET epiphany.enable_look_ahead = off;
EXPLAIN (COSTS OFF) SELECT q.id, x.id, x.d FROM q CROSS JOIN LATERAL (SELECT i.id, i.v <-> q.v AS d FROM n i WHERE i.grp < 7 ORDER BY i.v <-> q.v LIMIT 3) x;
RESET epiphany.enable_look_ahead;

-- What a query does: rows are read ahead so many times, distances estimated and computed, vectors of rows read.
CREATE FUNCTION work(query text, OUT reads bigint, OUT estimated bigint, OUT computed bigint, OUT vectors bigint) LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, FORMAT json, TIMING off) ' || query INTO plan;
	reads = substring(plan::text FROM '"Reads": (\d+)');
	estimated = substring(plan::text FROM '"Distances Estimated": (\d+)');
	computed = substring(plan::text FROM '"Distances Computed": (\d+)');
	vectors = substring(plan::text FROM '"Vectors Read": (\d+)');
END$$;
CREATE TABLE shapes (n int GENERATED ALWAYS AS IDENTITY, query text);
INSERT INTO shapes (query) VALUES
	('SELECT q.id, x.* FROM q, LATERAL (SELECT i.id, i.v <-> q.v AS d FROM n i ORDER BY i.v <-> q.v, i.id LIMIT 5) x'),
	('SELECT q.id, x.* FROM q, LATERAL (SELECT i.id, i.v <=> q.v AS d FROM n i WHERE grp = 3 ORDER BY q.v <=> i.v, i.id LIMIT 7 OFFSET 2) x'),
	('SELECT q.id, x.* FROM q, LATERAL (SELECT i.id, i.half <#> q.half AS d FROM n i WHERE v IS NOT NULL ORDER BY i.half <#> q.half, i.id LIMIT 4) x'),
	('SELECT q.id, x.* FROM q, LATERAL (SELECT i.id, i.v <+> q.v AS d FROM n i WHERE grp = 2 ORDER BY 2, i.id LIMIT 4) x'),
	('SELECT q.id, x.* FROM q LEFT JOIN LATERAL (SELECT i.id, i.v FROM n i WHERE id < 40 ORDER BY i.v <-> q.v, i.id LIMIT 5) x ON x.id % 2 = q.id % 2'),
	('SELECT q.id, x.* FROM q LEFT JOIN LATERAL (SELECT i.id FROM n i WHERE id < 0 ORDER BY i.v <-> q.v, i.id LIMIT 5) x ON true'),
	-- As many equal distances as there are rows, and rows without a distance.
	('SELECT q.id, x.* FROM q, LATERAL (SELECT i.id FROM n i ORDER BY i.few <-> q.few, i.id LIMIT 5) x'),
	('SELECT q.id, x.* FROM q, LATERAL (SELECT i.id, i.few <-> q.few FROM n i WHERE id BETWEEN 100 AND 180 ORDER BY 2, i.id LIMIT 90) x'),
	('SELECT q.id, x.* FROM q, LATERAL (SELECT i.id, i.v <-> q.v FROM n i WHERE id BETWEEN 4000 AND 4100 ORDER BY 2, i.id LIMIT 99) x'),
	-- Rows of the join are filtered, sorted, counted; what the inner side gives depends on other columns of the outer row.
	('SELECT count(*), sum(x.id), max(x.k) FROM q, LATERAL (SELECT i.id, i.v <-> q.v AS d, q.k + grp AS k FROM n i ORDER BY i.v <-> q.v LIMIT 20) x WHERE d > 1'),
	('SELECT q.id, x.a FROM q, LATERAL (SELECT array_agg(id ORDER BY id) AS a FROM (SELECT id FROM n i ORDER BY i.v <-> q.v LIMIT 3) y) x ORDER BY q.id DESC'),
	('SELECT q.id, x.* FROM (SELECT * FROM q ORDER BY id DESC LIMIT 30) q, LATERAL (SELECT i.id FROM n i ORDER BY i.v <-> q.v, i.id LIMIT 2) x LIMIT 17'),
	-- The whole join is run again, with other conditions on both sides.
	('SELECT o, (SELECT string_agg(q.id || '':'' || x.id, '' '') FROM q, LATERAL
		(SELECT i.id FROM n i WHERE grp > o ORDER BY i.v <-> q.v, i.id LIMIT 2) x WHERE q.k <> o) FROM generate_series(1, 4) o'),
	('SELECT o, (SELECT string_agg(q || '':'' || id, '' '') FROM (SELECT q.id AS q, x.id FROM q, LATERAL
		(SELECT i.id FROM n i WHERE grp >= o ORDER BY i.v <-> q.v, i.id LIMIT 2) x LIMIT 5) y) FROM generate_series(5, 8) o'),
	('SELECT o.k, q.id, x.id FROM (VALUES (1), (2), (2), (0)) o(k), LATERAL (SELECT * FROM q WHERE q.k = o.k OFFSET 0) q, LATERAL
		(SELECT i.id FROM n i WHERE grp >= 5 ORDER BY i.v <-> q.v, i.id LIMIT 2) x'),
	('SELECT q.id, x.* FROM q, LATERAL (SELECT i.id FROM n i WHERE grp = (SELECT min(k) + 3 FROM q) ORDER BY i.v <-> q.v, i.id LIMIT 2) x'),
	-- The nearest of the nearest.
	('SELECT q.id, x.id, y.id FROM q, LATERAL (SELECT i.id, i.v FROM n i ORDER BY i.v <-> q.v, i.id LIMIT 3) x,
		LATERAL (SELECT j.id FROM n j WHERE j.grp = 4 ORDER BY j.v <-> x.v, j.id LIMIT 2) y'),
	-- These are not read ahead.
	('SELECT q.id, x.* FROM q, LATERAL (SELECT i.id FROM n i WHERE grp <> q.k ORDER BY i.v <-> q.v, i.id LIMIT 5) x'),
	('SELECT q.id, x.* FROM q, LATERAL (SELECT i.id FROM n i ORDER BY i.v <-> q.v, i.id LIMIT q.k) x'),
	('SELECT q.id, x.* FROM q, LATERAL (SELECT i.id FROM n i ORDER BY i.v <-> (q.v + q.v), i.id LIMIT 5) x'),
	('SELECT q.id, x.* FROM q, LATERAL (SELECT i.id FROM n i WHERE grp = (SELECT min(k) FROM q r WHERE r.id > q.id) ORDER BY i.v <-> q.v, i.id LIMIT 2) x'),
	('SELECT q.id, x.* FROM (SELECT *, random() AS r FROM q OFFSET 0) q, LATERAL (SELECT i.id, q.r > 2 FROM n i ORDER BY i.v <-> q.v, i.id LIMIT 5) x');
CREATE FUNCTION is_ahead(query text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
	RETURN plan::text LIKE '%LookAhead%';
END$$;
CREATE FUNCTION answer(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text;
BEGIN
	EXECUTE 'SELECT count(*) || '' rows '' || md5(string_agg(x::text, '' '')) FROM (' || query || ') x' INTO result;
	RETURN result;
END$$;
SELECT n, is_ahead(query) FROM shapes ORDER BY n;
CREATE FUNCTION answers() RETURNS TABLE (n int, answer text) LANGUAGE sql AS $$SELECT n, answer(query) FROM shapes$$;
-- Rows read ahead, and with little memory, against one by one; and without codes, which may miss a row, against PostgreSQL's own nodes.
CREATE FUNCTION wrong() RETURNS TABLE (how text, n int) LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL epiphany.enable_look_ahead = off;
	CREATE TEMP TABLE alone AS SELECT * FROM answers();
	SET LOCAL epiphany.enable_vectorized = off;
	CREATE TEMP TABLE good AS SELECT * FROM answers();
	SET LOCAL epiphany.enable_vectorized = on;
	SET LOCAL epiphany.enable_look_ahead = on;
	RETURN QUERY SELECT 'codes', a.n FROM answers() a JOIN alone b ON a.n = b.n AND a.answer IS DISTINCT FROM b.answer;
	SET LOCAL work_mem = '64kB';
	RETURN QUERY SELECT 'memory', a.n FROM answers() a JOIN alone b ON a.n = b.n AND a.answer IS DISTINCT FROM b.answer;
	SET LOCAL work_mem = '4MB';
	SET LOCAL epiphany.vector_exact = on;
	RETURN QUERY SELECT 'exact', a.n FROM answers() a JOIN good b ON a.n = b.n AND a.answer IS DISTINCT FROM b.answer;
	SET LOCAL epiphany.vector_exact = off;
	DROP TABLE alone, good;
END$$;
SELECT * FROM wrong();
-- Deleted rows, and rows of the heap region, committed or not.
BEGIN;
UPDATE n SET v = noisy(id + 20000, 96) WHERE id % 9 = 1;
DELETE FROM n WHERE id % 13 = 2;
INSERT INTO n SELECT 9000 + i, 3, noisy(20000 + i, 96), noisy(20000 + i, 64)::vector, '[1,0,1]', NULL FROM generate_series(1, 5) i;
SELECT * FROM wrong();
COMMIT;
-- A column that groups do not have.
ALTER TABLE n ADD COLUMN late vector(3) DEFAULT '[1,1,1]';
INSERT INTO n SELECT 9100 + i, 3, NULL, NULL, NULL, NULL, ARRAY[1, i, 0]::real[]::vector FROM generate_series(1, 5) i;
SELECT q.id, array_agg(x.id) FROM q, LATERAL (SELECT i.id FROM n i WHERE id > 8990 ORDER BY i.late <-> q.few, i.id LIMIT 3) x WHERE q.id < 12 GROUP BY 1 ORDER BY 1;

-- Few passes for many rows. They are read as they are wanted: one, eight, sixty-four.
ALTER TABLE n DROP COLUMN late;
VACUUM FULL n;
SELECT reads, vectors < 150 AS few FROM work('SELECT q.id, x.id FROM q, LATERAL (SELECT i.id FROM n i ORDER BY i.half <-> q.half LIMIT 3) x');
SELECT reads, estimated, vectors FROM work('SELECT q.id, x.id FROM q, LATERAL (SELECT i.id FROM n i ORDER BY i.half <-> q.half LIMIT 3) x LIMIT 3');
SELECT reads, estimated FROM work('SELECT q.id, x.id FROM q, LATERAL (SELECT i.id FROM n i ORDER BY i.half <-> q.half LIMIT 3) x LIMIT 4');
SELECT reads, estimated FROM work('SELECT q.id, x.id FROM q, LATERAL (SELECT i.id FROM n i ORDER BY i.half <-> q.half LIMIT 3) x LIMIT 28');
-- Memory is bounded: fewer are searched for at once.
SET work_mem = '64kB';
SELECT reads > 3 AS several FROM work('SELECT q.pad, x.id FROM (SELECT *, repeat(v::text, 2) AS pad FROM q OFFSET 0) q, LATERAL (SELECT i.id FROM n i ORDER BY i.half <-> q.half LIMIT 3) x');
RESET work_mem;
-- One that cannot be compared is complained of when its turn comes.
SELECT count(*) FROM (SELECT x.id FROM q, LATERAL (SELECT i.id FROM n i WHERE id <= 6000 ORDER BY i.free <-> q.free LIMIT 1) x LIMIT 19) y;
SELECT count(*) FROM (SELECT x.id FROM q, LATERAL (SELECT i.id FROM n i WHERE id <= 6000 ORDER BY i.free <-> q.free LIMIT 1) x LIMIT 20) y;
SELECT count(*) FROM (SELECT x.id FROM q, LATERAL (SELECT i.id FROM n i ORDER BY i.free <-> q.free LIMIT 1) x LIMIT 1) y;

-- Prepared: one plan, other values each time.
SET plan_cache_mode = force_generic_plan;
PREPARE each(int, int, int) AS SELECT q.id, array_agg(x.id) FROM q, LATERAL (SELECT i.id FROM n i WHERE grp <> $1 ORDER BY i.half <-> q.half, i.id LIMIT $2) x
	WHERE q.id > $3 GROUP BY q.id ORDER BY q.id LIMIT 4;
EXPLAIN (COSTS OFF) EXECUTE each(5, 3, 10);
EXECUTE each(5, 3, 10);
EXECUTE each(4, 2, 30);
EXECUTE each(4, 0, 30);
SET epiphany.enable_vectorized = off;
DEALLOCATE each;
PREPARE each(int, int, int) AS SELECT q.id, array_agg(x.id) FROM q, LATERAL (SELECT i.id FROM n i WHERE grp <> $1 ORDER BY i.half <-> q.half, i.id LIMIT $2) x
	WHERE q.id > $3 GROUP BY q.id ORDER BY q.id LIMIT 4;
EXECUTE each(5, 3, 10);
EXECUTE each(4, 2, 30);
RESET epiphany.enable_vectorized;
RESET plan_cache_mode;
-- Cursors: rows that are changed meanwhile are not seen.
BEGIN;
DECLARE several CURSOR FOR SELECT q.id AS query, x.id FROM q, LATERAL (SELECT i.id FROM n i ORDER BY i.half <-> q.half, i.id LIMIT 2) x;
FETCH 3 FROM several;
DELETE FROM n WHERE id % 2 = 0;
DELETE FROM q WHERE id < 4;
FETCH 3 FROM several;
ROLLBACK;
BEGIN;
DECLARE back SCROLL CURSOR FOR SELECT q.id AS query, x.id FROM q, LATERAL (SELECT i.id FROM n i ORDER BY i.half <-> q.half, i.id LIMIT 2) x;
FETCH 5 FROM back;
FETCH BACKWARD 2 FROM back;
COMMIT;
-- Parallel plans are left alone.
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET max_parallel_workers_per_gather = 2;
ALTER TABLE q SET (parallel_workers = 2);
SELECT count(*) AS ahead FROM shapes WHERE query LIKE '%SELECT i.id, i.v <-> q.v AS d FROM n i ORDER BY%' AND is_ahead(query);
\c regression
DROP DATABASE ahead;
