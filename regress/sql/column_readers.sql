-- Readers of row groups are kept from statement to statement: what a small scan has opened is not opened again, and nobody gets in another's way.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS epiphany_timeseries CASCADE;
RESET client_min_messages;
CREATE SCHEMA column_readers;
SET search_path = column_readers;
SET max_parallel_workers_per_gather = 0;
SET timezone = 'UTC';

CREATE PROCEDURE on_both(statement text) LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE replace(replace(statement, '#am', 'heap'), '#', 'on_heap');
	EXECUTE replace(replace(statement, '#am', 'epiphany_timeseries WITH (epiphany.chunk_interval = ''1 day'', epiphany.segment_by = ''host'')'), '#', 'on_column');
END $$;
CREATE FUNCTION same(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	sums text := format('SELECT count(q.q) || '' rows, '' || coalesce(sum(hashtextextended(q.q, 0)), 0) FROM (SELECT q::text FROM (%s) q) q (q)', query);
	ours text;
	heaps text;
BEGIN
	EXECUTE replace(sums, '#', 'on_column') INTO ours;
	EXECUTE replace(sums, '#', 'on_heap') INTO heaps;
	RETURN CASE WHEN ours = heaps THEN split_part(ours, ',', 1) ELSE format('%s, on heap %s', ours, heaps) END;
END $$;
-- Pages that a query looks at.
CREATE FUNCTION pages(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	plan json;
BEGIN
	EXECUTE 'EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ' || replace(query, '#', 'on_column') INTO plan;
	RETURN (plan->0->'Plan'->>'Shared Hit Blocks')::bigint + (plan->0->'Plan'->>'Shared Read Blocks')::bigint;
END $$;

-- 20 days of 10,000 rows, a group a day, and some rows beside.
CALL on_both('CREATE TABLE # (at timestamptz, host text, n int, note text) USING #am');
CALL on_both('INSERT INTO # SELECT timestamptz ''2024-01-01'' + g % 200000 * interval ''8.64 s'', ''host '' || g % 20, g, repeat(''note '', g % 7) || g FROM generate_series(1, 200000) g');
CALL on_both('INSERT INTO # VALUES (NULL, ''host 1'', 0, ''never''), (''infinity'', ''host 1'', 0, ''at last''), (''-infinity'', ''host 2'', 0, ''at first'')');
SELECT epiphany.compact('on_column') > 0 AS compacted;
VACUUM ANALYZE on_column;
VACUUM ANALYZE on_heap;
SELECT count(*) >= 20 AS "a group a day" FROM epiphany.row_groups('on_column');

-- By the descriptors' times alone most groups are out: nothing of them is read.
\c -
SET search_path = column_readers;
SET max_parallel_workers_per_gather = 0;
SET timezone = 'UTC';
SELECT pages($$SELECT count(note) FROM # WHERE at = '2030-01-01'$$) <= 4 AS "none of the groups";
-- Footers of groups without such a host, and what was read of those with one, are kept.
CREATE TEMP TABLE asked AS
	SELECT run, pages($$SELECT max(note) FROM # WHERE host = 'host 7' AND at >= '2024-01-05' AND at < '2024-01-07'$$) FROM generate_series(1, 3) run;
SELECT max(pages) FILTER (WHERE run > 1) < max(pages) FILTER (WHERE run = 1) / 2 AS "half the pages, and less" FROM asked;
SET epiphany.enable_vectorized = off;
SELECT pages($$SELECT max(note) FROM # WHERE host = 'host 7' AND at >= '2024-01-05' AND at < '2024-01-07'$$) < max(pages) * 3 / 4 AS "by row, too" FROM asked;
RESET epiphany.enable_vectorized;

CREATE TABLE queries (number int, query text);
INSERT INTO queries VALUES
	(1, $$SELECT * FROM # WHERE at >= '2024-01-03 12:00' AND at < '2024-01-04'$$),
	(2, $$SELECT * FROM # WHERE at < '2024-01-01 00:10' AND host = 'host 3'$$),
	(3, $$SELECT * FROM # WHERE at IS NULL$$),
	(4, $$SELECT * FROM # WHERE at = 'infinity'$$),
	(5, $$SELECT * FROM # WHERE at <= '-infinity'$$),
	(6, $$SELECT * FROM # WHERE at > '2024-01-20 23:00'$$),
	(7, $$SELECT * FROM # WHERE at IN ('2024-01-02 00:00', '2024-01-09 00:00')$$),
	(8, $$SELECT * FROM # WHERE at = NULL$$),
	(9, $$SELECT a.n, b.note FROM # a JOIN # b ON b.at = a.at AND b.n <> a.n + 1 WHERE a.at < '2024-01-01 01:00' AND b.at < '2024-01-01 02:00'$$),
	(10, $$SELECT host, max(note), count(*) FROM # WHERE at >= '2024-01-10' AND at < '2024-01-10 08:00' GROUP BY host$$),
	(11, $$SELECT * FROM # WHERE note = 'note 1' OR n % 20000 = 77$$);
SELECT number, same(query), same(query) = same(query) AS again FROM queries ORDER BY 1;
SET epiphany.enable_vectorized = off;
SELECT number, same(query), same(query) = same(query) AS again FROM queries ORDER BY 1;
RESET epiphany.enable_vectorized;
SET epiphany.group_cache_size = '64kB';
SELECT number, same(query), same(query) = same(query) AS again FROM queries ORDER BY 1;
RESET epiphany.group_cache_size;

-- Rows and the engine by turns, with the same readers: what the one has decoded lies where the other decodes something else.
SELECT turn, set_config('epiphany.enable_vectorized', (turn % 2 = 0)::text, false) AS engine,
	same(format('SELECT host, note FROM # WHERE at >= %L AND at < %L', at, at + interval '20 minutes'))
FROM (VALUES (1, timestamptz '2024-01-03 02:00'), (2, '2024-01-03 20:00'), (3, '2024-01-03 02:00'), (4, '2024-01-03 12:00'), (5, '2024-01-03 02:00'), (6, '2024-01-03 02:00'),
	(7, '2024-01-03 12:00')) turns (turn, at);
RESET epiphany.enable_vectorized;

-- Two scans of the same groups at a time, of which the one is in another vector, and fetches by an index between their rows.
CALL on_both('CREATE INDEX ON # (n)');
CREATE FUNCTION in_turn(query text, vectorized bool) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	one refcursor;
	other refcursor;
	a record;
	b record;
	found text;
	text text := '';
BEGIN
	PERFORM set_config('epiphany.enable_vectorized', vectorized::text, true);
	PERFORM set_config('enable_indexscan', 'off', true);
	PERFORM set_config('enable_bitmapscan', 'off', true);
	OPEN one FOR EXECUTE query;
	OPEN other FOR EXECUTE query;
	MOVE FORWARD 3000 IN other;
	PERFORM set_config('enable_indexscan', 'on', true);
	FOR i IN 1..2500 LOOP
		FETCH one INTO a;
		FETCH other INTO b;
		IF i % 100 = 0 THEN
			EXECUTE format('SELECT note FROM %s WHERE n = %s', substring(query FROM 'on_\w+'), a.n + 7) INTO found;
		END IF;
		text := md5(text || concat(a.note, a.host, b.note, b.host, found));
	END LOOP;
	CLOSE one;
	CLOSE other;
	RETURN text;
END $$;
CREATE FUNCTION ordered(relation text) RETURNS text IMMUTABLE RETURN
	format($$SELECT * FROM (SELECT * FROM %s WHERE at >= '2024-01-03' AND at < '2024-01-04' OFFSET 0) q$$, relation);
CREATE TABLE on_heap_as_stored AS SELECT * FROM on_column WHERE at >= '2024-01-03' AND at < '2024-01-04';
CREATE INDEX ON on_heap_as_stored (n);
SELECT in_turn(ordered('on_column'), true) = in_turn(ordered('on_heap_as_stored'), true) AS engine,
	in_turn(ordered('on_column'), false) = in_turn(ordered('on_heap_as_stored'), false) AS rows;

-- An error in the middle of a scan, undone by a savepoint; and outside of one.
BEGIN;
SAVEPOINT before;
SELECT sum(1 / (n - 33000)) FROM on_column WHERE at >= '2024-01-04' AND at < '2024-01-05';
ROLLBACK TO before;
SELECT number, same(query) FROM queries WHERE number IN (1, 9, 10) ORDER BY 1;
COMMIT;
SELECT sum(1 / (n - 33000)) FROM on_column WHERE at >= '2024-01-04' AND at < '2024-01-05';
SELECT number, same(query) FROM queries WHERE number IN (1, 9, 10) ORDER BY 1;

-- Groups that change, go and come between statements.
CALL on_both($$DELETE FROM # WHERE n % 3 = 0 AND at < '2024-01-06'$$);
SELECT number, same(query) FROM queries ORDER BY 1;
CALL on_both($$UPDATE # SET note = 'changed', host = 'host 3' WHERE n % 100 = 1$$);
SELECT epiphany.compact('on_column') >= 0;
SELECT number, same(query) FROM queries ORDER BY 1;
VACUUM on_column;
SELECT number, same(query) FROM queries ORDER BY 1;
CALL on_both('ALTER TABLE # ADD COLUMN more int DEFAULT 5');
CALL on_both('ALTER TABLE # DROP COLUMN host CASCADE');
SELECT number, same(query) FROM queries WHERE number NOT IN (2, 10) ORDER BY 1;
BEGIN;
CALL on_both('TRUNCATE #');
CALL on_both('INSERT INTO # (at, n, note) SELECT timestamptz ''2024-01-01'' + g % 20000 * interval ''86.4 s'', g, ''anew '' || g FROM generate_series(1, 20000) g');
SELECT number, same(query) FROM queries WHERE number NOT IN (2, 10) ORDER BY 1;
ROLLBACK;
SELECT number, same(query) FROM queries WHERE number NOT IN (2, 10) ORDER BY 1;
VACUUM FULL on_column;
SELECT number, same(query) FROM queries WHERE number NOT IN (2, 10) ORDER BY 1;

-- Times that are dates, and numbers.
CREATE TABLE dates (d date, n int) USING epiphany_timeseries WITH (epiphany.chunk_interval = '10 days');
INSERT INTO dates SELECT date '2024-01-01' + g / 300, g FROM generate_series(0, 29999) g;
INSERT INTO dates VALUES ('infinity', 1), ('-infinity', 2), (NULL, 3);
SELECT epiphany.compact('dates') > 0 AS compacted;
SELECT count(*) FROM dates WHERE d = '2024-02-01';
SELECT count(*) FROM dates WHERE d < '2024-01-11';
SELECT n FROM dates WHERE d = 'infinity';
SELECT n FROM dates WHERE d = '-infinity';
SELECT n FROM dates WHERE d IS NULL;
SELECT count(*) FROM dates WHERE d >= timestamp '2024-04-09 00:00' AND d < 'infinity';
CREATE TABLE numbers (k int, n int) USING epiphany_column WITH (epiphany.time_column = 'k', epiphany.chunk_interval = '1000');
INSERT INTO numbers SELECT g - 10000, g FROM generate_series(0, 29999) g;
SELECT epiphany.compact('numbers') >= 0 AS compacted;
SELECT count(*), min(n) FROM numbers WHERE k BETWEEN -5000 AND -4990;
SELECT count(*), min(n) FROM numbers WHERE k > 19990::bigint;

SET client_min_messages = warning;
DROP SCHEMA column_readers CASCADE;
