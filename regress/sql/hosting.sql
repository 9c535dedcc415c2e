-- The managed library in a backend: what runs, errors both ways, interrupts, memory, handles, threads, parallel workers.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_epiphany CASCADE;
RESET client_min_messages;
CREATE SCHEMA hosting;
SET search_path = hosting;
SET max_stack_depth = '500kB';

CREATE FUNCTION call(operation int, argument bigint DEFAULT 0) RETURNS bigint
    AS '$libdir/pg_epiphany', 'pge_test_call' LANGUAGE C STRICT PARALLEL SAFE;
CREATE FUNCTION nest(levels int, nest int, bottom int, argument bigint DEFAULT 0) RETURNS bigint
    AS '$libdir/pg_epiphany', 'pge_test_nest' LANGUAGE C STRICT;
CREATE FUNCTION host_memory() RETURNS bigint AS '$libdir/pg_epiphany', 'pge_test_memory' LANGUAGE C;
CREATE FUNCTION handles(handles int, fate text) RETURNS bigint AS '$libdir/pg_epiphany', 'pge_test_handles' LANGUAGE C STRICT;
CREATE FUNCTION holdoff() RETURNS int AS '$libdir/pg_epiphany', 'pge_test_holdoff' LANGUAGE C;
CREATE FUNCTION in_worker() RETURNS bool AS '$libdir/pg_epiphany', 'pge_test_in_worker' LANGUAGE C PARALLEL SAFE;

-- A session that has not used it has one thread and does not have it mapped.
CREATE VIEW threads AS SELECT count(*) FROM pg_ls_dir('/proc/self/task');
CREATE VIEW mapped AS SELECT count(*) > 0 AS managed_library_is_mapped
    FROM regexp_split_to_table(pg_read_file('/proc/self/maps'), '\n') line WHERE line LIKE '%pg_epiphany_managed%';
SELECT holdoff();
TABLE threads;
TABLE mapped;
SELECT call(0, 41);
TABLE threads;
TABLE mapped;

SELECT epiphany.version();
SELECT name, CASE WHEN name IN ('version', 'managed library') THEN value END AS value FROM epiphany.build_info();
SELECT epiphany.version() = extversion AS one_version FROM pg_extension WHERE extname = 'pg_epiphany';

-- Settings.
SET epiphany.no_such_setting = 1;
SET epiphany.instruction_set = 'v9';
SET epiphany.instruction_set = 'v2';
SET epiphany.managed_heap_limit = '1GB';

-- Errors that start in managed code, with all their texts.
CREATE FUNCTION outcome(statement text) RETURNS TABLE (item text, value text) LANGUAGE plpgsql AS $$
DECLARE state text; message text; detail text; hint text; context text;
BEGIN
    EXECUTE statement;
    RETURN QUERY VALUES ('ok', '');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL,
        hint = PG_EXCEPTION_HINT, context = PG_EXCEPTION_CONTEXT;
    RETURN QUERY VALUES ('sqlstate', state), ('message', message), ('detail', detail), ('hint', hint),
        ('levels', (SELECT count(*)::text FROM regexp_matches(context, 'level \d+ of the tower', 'g')));
END $$;
SELECT * FROM outcome('SELECT call(1)') WHERE item <> 'detail';
SELECT * FROM outcome('SELECT call(2)');
SELECT item, length(value) FROM outcome('SELECT call(3, 5000)') WHERE item IN ('message', 'detail', 'hint');
SELECT * FROM outcome('SELECT call(4)') WHERE item <> 'detail';
SELECT * FROM outcome('SELECT call(5)');
SELECT * FROM outcome('SELECT call(99)');
-- Errors that start in PostgreSQL, below managed frames.
SELECT * FROM outcome('SELECT call(6)');
SELECT * FROM outcome('SELECT nest(1, 8, -1)');
SELECT * FROM outcome('SELECT nest(5, 8, -1)');
-- Managed code may neither swallow one nor put its own in its place.
SELECT * FROM outcome('SELECT nest(5, 9, -1)');
SELECT * FROM outcome('SELECT nest(5, 10, -1)');
-- A managed error below PostgreSQL frames below managed frames.
SELECT * FROM outcome('SELECT nest(5, 8, 2)');
SELECT nest(5, 8, 0, 1), holdoff();
-- Reports below ERROR; one at ERROR is an error.
SELECT call(7, 17), call(7, 18), call(7, 19);
SELECT call(7, 21);

-- The same ten thousand times, with a garbage collection at each call: nothing may survive that is not held.
SET epiphany.debug_force_gc = on;
CREATE TABLE tally (outcome text, count int);
DO $$
DECLARE seen text; tally jsonb = '{}';
BEGIN
    FOR i IN 1 .. 10000 LOOP
        BEGIN
            PERFORM nest(1 + i % 4, 8 + i % 3, CASE i % 2 WHEN 0 THEN -1 ELSE 2 END);
            seen = 'ok';
        EXCEPTION WHEN OTHERS THEN
            seen = SQLSTATE || ' ' || SQLERRM;
        END;
        tally = tally || jsonb_build_object(seen, coalesce((tally ->> seen)::int, 0) + 1);
    END LOOP;
    INSERT INTO tally SELECT key, value::int FROM jsonb_each_text(tally);
END $$;
SELECT * FROM tally ORDER BY outcome;
RESET epiphany.debug_force_gc;
SELECT holdoff(), call(18) > 10000 AS collected;
TABLE threads;

-- Interrupts stop managed loops, however deep.
SET statement_timeout = '200ms';
SELECT call(11, 60000);
SELECT nest(4, 8, 11, 60000);
RESET statement_timeout;
SELECT call(11, 20) > 0 AS ran;

-- Out of managed memory, of host memory, of stack: errors, and the session lives on.
SELECT call(12, 1 << 20);
SELECT call(12, 1000);
SELECT host_memory();
SELECT call(14);
\set SHOW_CONTEXT never
SELECT nest(1000000, 8, 0);
\set SHOW_CONTEXT errors
SELECT call(0, 41);

-- Handles die with their memory context: deleted in time, at the end of the query, after an error. A dead one is an error to use.
SELECT handles(100, 'delete');
SELECT handles(100, 'keep');
SELECT call(17);
SELECT handles(100, 'error');
SELECT call(17);
SELECT handles(100, 'use');
SELECT call(16, 12345);

-- Parallel workers have a runtime of their own.
CREATE TABLE numbers AS SELECT n FROM generate_series(1, 1000) n;
SET debug_parallel_query = on;
EXPLAIN (COSTS OFF) SELECT bool_and(in_worker()), sum(call(0, n)) FROM numbers;
SELECT bool_and(in_worker()), sum(call(0, n)) FROM numbers;
SELECT sum(CASE n WHEN 500 THEN call(2) ELSE call(0, n) END) FROM numbers;
RESET debug_parallel_query;

SET client_min_messages = warning;
DROP SCHEMA hosting CASCADE;
