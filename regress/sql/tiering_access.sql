-- Which row groups are read: counted where a query reads values, and nowhere else; policies that go by it.
CREATE DATABASE tiering_access;
\c tiering_access
SET client_min_messages = warning;
CREATE EXTENSION epiphany_columnstore;
CREATE EXTENSION epiphany_tiering;
RESET client_min_messages;
\set VERBOSITY terse
SELECT current_setting('data_directory') || '/tiering_access' AS dir \gset
\set command 'cat > /dev/null; rm -rf ' :dir '; mkdir ' :dir
COPY (SELECT) TO PROGRAM :'command';
SELECT 'file://' || :'dir' AS url \gset
CREATE SERVER lake FOREIGN DATA WRAPPER epiphany_object_store OPTIONS (url :'url');
SET max_parallel_workers_per_gather = 0;
CREATE TABLE events (id int PRIMARY KEY, kind text, other text) USING epiphany_column WITH (epiphany.row_group_rows = 10000);
INSERT INTO events SELECT i, 'kind ' || i % 7, md5(i::text) FROM generate_series(0, 39999) i;
-- The reads of each group, in its turn.
CREATE FUNCTION reads() RETURNS text LANGUAGE sql AS $$ SELECT string_agg(reads::text, ' ' ORDER BY group_id) FROM epiphany.group_access('events') $$;

-- ---- No reads: maintenance, footers, zone maps, plans ----
VACUUM (ANALYZE) events;
CREATE INDEX ON events (kind);
SELECT count(*), min(id), max(id) FROM events;
SELECT count(*) FROM events WHERE other = 'x' AND id > 1000000;
EXPLAIN (COSTS OFF) SELECT id FROM events WHERE id > 1000000;
SELECT count(*) FROM epiphany.verify('events');
SELECT reads();
SELECT bool_and(last_read IS NULL AND known_since <= now() AND requests = 0) FROM epiphany.group_access('events');

-- ---- Reads: the engine's, the executor's, by TID ----
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SELECT count(other) FROM events WHERE id BETWEEN 15000 AND 25000;
SELECT reads();
SET epiphany.enable_vectorized = off;
SELECT count(other || id) FROM events WHERE id BETWEEN 15000 AND 25000;
SELECT reads();
RESET epiphany.enable_vectorized;
RESET enable_indexscan;
SET enable_seqscan = off;
BEGIN;
SELECT kind FROM events WHERE id = 5000;
SELECT kind FROM events WHERE id = 5001;
COMMIT;
SELECT reads();
SELECT kind FROM events WHERE id = 5002;
RESET enable_bitmapscan;
SET enable_indexscan = off;
SELECT kind FROM events WHERE id = 39000;
SELECT reads();
RESET enable_indexscan;
RESET enable_seqscan;
SELECT bool_and(last_read > now() - interval '1 hour' AND last_read <= now()) FROM epiphany.group_access('events');
CREATE TEMP TABLE brief (i int) USING epiphany_column;
INSERT INTO brief SELECT generate_series(1, 5000);
SELECT sum(i) FROM brief WHERE i % 2 = 0;
SELECT sum(reads) FROM epiphany.group_access('brief');

-- ---- By what was read ----
SELECT groups FROM epiphany.move_groups('events', 'cold', store => 'lake', not_read_for => '1 hour');
SELECT count(*) FROM epiphany.groups_to_move('events', 'cold', not_read_for => '1 hour');
SELECT clock_timestamp() AS before \gset
SELECT count(other) FROM events WHERE id < 5000 AND kind > '';
SELECT group_id, rows FROM epiphany.groups_to_move('events', 'cold', not_read_for => now() - :'before');
SELECT groups, rows FROM epiphany.move_groups('events', 'cold', store => 'lake', not_read_for => now() - :'before');
SELECT tier, count(*) FROM epiphany.tiering_groups('events') GROUP BY 1 ORDER BY 1;
-- A group keeps what is known of it, whatever becomes of its place; what was asked of the store counts, too.
SELECT reads();
SET enable_indexscan = off;
SET enable_bitmapscan = off;
SELECT sum(requests) AS before FROM epiphany.group_access('events') \gset
SELECT count(other) FROM events WHERE id BETWEEN 15000 AND 15010;
SELECT count(other) FROM events WHERE id BETWEEN 15000 AND 15010;
SELECT sum(requests) - :before AS requests, sum(cache_hits) > 0 AS hits, sum(bytes_read) > 1000 AS bytes FROM epiphany.group_access('events');
VACUUM FULL events;
SELECT reads();
SELECT tier, groups, rows, last_read IS NOT NULL AS read, requests > 0 AS requests, bytes_read > 0 AS bytes, cache_hits > 0 AS hits, pending
FROM epiphany.tiering_status WHERE "table" = 'events'::regclass ORDER BY 1;

-- ---- Policies ----
SET client_min_messages = warning;
CREATE EXTENSION epiphany_timeseries;
RESET client_min_messages;
SELECT epiphany.add_tiering_policy('events', 'cold');
SELECT epiphany.add_tiering_policy('events', 'cold', store => 'lake', not_read_for => '1 hour') AS job \gset
SELECT config FROM epiphany.jobs WHERE job_id = :job;
CALL epiphany.run_job(:job);
SELECT tier, groups, pending, store, failures, last_error FROM epiphany.tiering_status WHERE "table" = 'events'::regclass ORDER BY 1;
SELECT a.config FROM epiphany.alter_job(:job, config => '{"store": "lake", "not_read_for": "0"}') a;
SELECT tier, groups, pending, store FROM epiphany.tiering_status WHERE "table" = 'events'::regclass ORDER BY 1;
CALL epiphany.run_job(:job);
SELECT tier, groups, pending, store, next_start IS NOT NULL AS planned FROM epiphany.tiering_status WHERE "table" = 'events'::regclass ORDER BY 1;

-- ---- Who may ----
CREATE ROLE access_user;
SET ROLE access_user;
SELECT count(*) FROM epiphany.group_access('events');
SELECT count(*) FROM epiphany.groups_to_move('events', 'warm');
SELECT tier, groups, pending FROM epiphany.tiering_status;
RESET ROLE;
DROP ROLE access_user;
SELECT count(*) FROM epiphany.group_access('pg_class');
SELECT count(*) FROM epiphany.groups_to_move('events', 'tepid');
\c postgres
DROP DATABASE tiering_access;
