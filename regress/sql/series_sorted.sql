-- Sorts by series and time: groups are sorted so, and the scan gives rows by ranges of series, each of which is sorted by itself: nothing is spilled, and
-- who wants the first rows alone reads few vectors. Answers are those of PostgreSQL's own executor.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_epiphany CASCADE;
CREATE EXTENSION IF NOT EXISTS epiphany_timeseries CASCADE;
CREATE EXTENSION IF NOT EXISTS epiphany_tiering CASCADE;
RESET client_min_messages;
CREATE SCHEMA series_sorted;
SET search_path = series_sorted, epiphany;
SET timezone = 'UTC';
SET max_parallel_workers_per_gather = 0;
SET epiphany.debug_vectorize = force;
SET work_mem = '1MB';
\getenv here PG_ABS_SRCDIR
\set by_engine :here '/include/by_engine.sql'
\i :by_engine
-- How a query was sorted: in several ranges or one, with files or without, having read each vector so many times on average at most.
CREATE FUNCTION sorted(query text) RETURNS TABLE (by_ranges bool, spilled bool, reads numeric) LANGUAGE plpgsql AS $$
DECLARE line text; vectors numeric;
BEGIN
	by_ranges := false;
	spilled := false;
	SELECT count(*) / 2048.0 INTO vectors FROM cpu;
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
		by_ranges := by_ranges OR coalesce(substring(line, 'Sorted Ranges: (\d+)')::int > 1, false);
		spilled := spilled OR line ~ 'Spilled:';
		reads := coalesce(reads, 0) + coalesce(round(substring(line, 'Vectors: read=(\d+)')::numeric / vectors, 1), 0);
	END LOOP;
	RETURN NEXT;
END $$;

-- 40 hosts, one of them without a name, a row in a minute for two days.
CREATE TABLE cpu (ts timestamptz NOT NULL, host text, v int, extra float8) USING epiphany_timeseries
	WITH (epiphany.segment_by = host, epiphany.chunk_interval = '1 day', epiphany.row_group_rows = 10240);
INSERT INTO cpu SELECT timestamptz '2024-03-28' + i * interval '1 minute', CASE WHEN h <> 30 THEN 'host ' || h END, i * 31 % 977 + h, i % 7
FROM generate_series(0, 2879) i, generate_series(0, 39) h;
ANALYZE cpu;
SELECT count(*) FROM row_groups('cpu');
SELECT * FROM sorted('SELECT * FROM cpu ORDER BY host, ts');
SELECT * FROM sorted('SELECT host, ts, lag(v) OVER (PARTITION BY host ORDER BY ts DESC) FROM cpu');
SELECT * FROM sorted('SELECT * FROM cpu WHERE extra = 3 ORDER BY host DESC NULLS LAST, ts');
SELECT * FROM sorted('SELECT * FROM cpu ORDER BY host, ts LIMIT 10');
SELECT * FROM sorted('SELECT * FROM (SELECT host, ts, lag(v) OVER (PARTITION BY host ORDER BY ts) FROM cpu) x LIMIT 10');
-- Not by parallel workers, who would each go through their groups; they are for other orders.
SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT * FROM cpu ORDER BY host, ts LIMIT 10;
EXPLAIN (COSTS OFF) SELECT * FROM cpu ORDER BY host COLLATE "en-x-icu" DESC, ts LIMIT 10;
EXPLAIN (COSTS OFF) SELECT * FROM cpu ORDER BY extra, ts LIMIT 10;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
SET max_parallel_workers_per_gather = 0;
-- Of a column that groups are not sorted by, a range has rows in all vectors. Some ranges are worth that.
SELECT * FROM sorted('SELECT * FROM cpu ORDER BY v, ts');
CREATE FUNCTION all_kinds() RETURNS TABLE (query text, rows bigint, only_engine bigint, only_postgres bigint) LANGUAGE sql AS $$ SELECT * FROM wrong(
	'SELECT host, ts, v FROM cpu ORDER BY host, ts, v',
	'SELECT host, ts, v FROM cpu ORDER BY host DESC, ts DESC, v',
	'SELECT host, ts, v FROM cpu ORDER BY host NULLS FIRST, ts, v',
	'SELECT host, ts, v FROM cpu ORDER BY host DESC NULLS LAST, ts, v',
	'SELECT host, ts, v FROM cpu ORDER BY host COLLATE "en-x-icu", ts DESC, v',
	'SELECT ts, v FROM cpu WHERE v % 3 = 1 ORDER BY host, ts, v',
	'SELECT ts, host, v FROM cpu ORDER BY ts, host, v',
	'SELECT ts, host, v FROM cpu ORDER BY ts DESC, host, v',
	'SELECT host, ts, v FROM cpu ORDER BY host, ts, v LIMIT 10',
	'SELECT host, ts, v FROM cpu ORDER BY host DESC, ts, v OFFSET 9000 LIMIT 12000',
	'SELECT upper(host) || v, ts FROM cpu WHERE host > ''host 7'' ORDER BY host, ts, v',
	'SELECT host, ts, sum(v) OVER (PARTITION BY host ORDER BY ts, v ROWS 3 PRECEDING) FROM cpu WHERE extra <> 2') $$;
SELECT * FROM all_kinds();
-- Rows of the heap region: of known series and new ones, before and after all others; and such as are gone.
INSERT INTO cpu SELECT timestamptz '2024-03-28 12:00:01' + i * interval '20 seconds', (ARRAY['a', 'host 5', 'host 30', 'z', NULL])[1 + i % 5], i, 8 FROM generate_series(1, 900) i;
DELETE FROM cpu WHERE host = 'host 33' OR v % 50 = 3;
UPDATE cpu SET host = 'host 34' WHERE host = 'host 35' AND ts < '2024-03-28 02:00';
SELECT * FROM all_kinds();
SELECT * FROM sorted('SELECT * FROM cpu ORDER BY host, ts');
-- A scan that is run again is cut anew.
SELECT * FROM wrong($$SELECT h, n.* FROM (VALUES ('host 3'), ('host 25')) x(h), LATERAL (SELECT count(l), min(l), max(l) FROM
	(SELECT lag(ts) OVER (ORDER BY host, ts, v) AS l FROM cpu WHERE cpu.host >= h) y) n$$);
-- A condition is asked once for each row.
CREATE SEQUENCE asked;
SELECT count(l) FROM (SELECT lag(v) OVER (PARTITION BY host ORDER BY ts, v) AS l FROM cpu WHERE nextval('asked') > 0) x;
SELECT last_value = (SELECT count(*) FROM cpu) FROM asked;
-- Strings that are equal but not the same cannot be put in places of one another; many distinct ones are compared one by one.
CREATE COLLATION insensitive (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE words (word text COLLATE insensitive, number text, n int) USING epiphany_column;
INSERT INTO words SELECT (ARRAY['Ab', 'aB', 'c', 'C'])[1 + n / 20 % 4], 'number ' || n, n FROM generate_series(1, 30000) n;
SELECT * FROM wrong('SELECT word, n FROM words ORDER BY word, n', 'SELECT number, n FROM words ORDER BY number DESC', 'SELECT n FROM words ORDER BY number COLLATE "en-x-icu"');
-- A column that older groups lack, and cold groups: not by ranges.
ALTER TABLE cpu ADD COLUMN place text DEFAULT 'here';
SELECT * FROM wrong('SELECT place, ts, host, v FROM cpu ORDER BY place, ts, host, v');
SELECT current_setting('data_directory') || '/series_sorted' AS dir \gset
\set command 'cat > /dev/null; rm -rf ' :dir '; mkdir ' :dir
COPY (SELECT) TO PROGRAM :'command';
SELECT groups > 0 AS moved FROM move_groups('cpu', 'cold', store => 'file://' || :'dir');
SELECT * FROM sorted('SELECT * FROM cpu ORDER BY host, ts LIMIT 10');
SELECT * FROM wrong('SELECT host, ts, v FROM cpu ORDER BY host, ts, v LIMIT 20000');
DROP SCHEMA series_sorted CASCADE;
