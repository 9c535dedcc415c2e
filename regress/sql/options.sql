-- Options of namespace "epiphany": given, changed, checked, kept.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_epiphany CASCADE;
RESET client_min_messages;
CREATE SCHEMA options;
SET search_path = options;

CREATE VIEW labels AS SELECT c.relname, l.label, c.reloptions FROM pg_class c LEFT JOIN pg_seclabel l
ON l.objoid = c.oid AND l.classoid = 'pg_class'::regclass AND l.objsubid = 0 AND l.provider = 'epiphany'
WHERE c.relnamespace = 'options'::regnamespace AND c.relkind IN ('r', 'm', 'p') AND c.relname <> 'labels' ORDER BY 1;

-- Given at creation, beside the server's own, in any order; the label is sorted and in one spelling.
CREATE TABLE t (a int, b text) USING epiphany_column
WITH (epiphany.row_group_rows = '4e3', fillfactor = 70, epiphany.compression = 'ZSTD', toast.autovacuum_enabled = off);
CREATE TABLE ctas USING epiphany_column WITH (epiphany.compression_level = 7) AS SELECT 1 AS a;
CREATE TABLE IF NOT EXISTS ctas USING epiphany_column WITH (epiphany.compression_level = 8) AS SELECT 2 AS a;
CREATE MATERIALIZED VIEW mv USING epiphany_column WITH (epiphany.row_group_rows = 2048) AS SELECT 1 AS a;
CREATE TABLE IF NOT EXISTS t (a int) USING epiphany_column WITH (epiphany.compression = none);
CREATE TABLE plain (LIKE t INCLUDING ALL) USING epiphany_column;
CREATE TABLE heir () INHERITS (t) USING epiphany_column;
SELECT * INTO into_ FROM t;
EXPLAIN (COSTS OFF) CREATE TABLE explained USING epiphany_column WITH (epiphany.compression = none) AS SELECT 1 AS a;
EXPLAIN (COSTS OFF, ANALYZE, TIMING OFF, SUMMARY OFF) CREATE TABLE analyzed USING epiphany_column WITH (epiphany.compression = none) AS SELECT 1 AS a;
PREPARE q AS SELECT 1 AS a;
CREATE TABLE executed USING epiphany_column WITH (epiphany.compression_level = 9) AS EXECUTE q;
CREATE SCHEMA options_inner CREATE TABLE inner_table (a serial PRIMARY KEY) USING epiphany_column WITH (epiphany.compression_level = 4);
SELECT name, value FROM epiphany.table_options('options_inner.inner_table') WHERE NOT is_default;
DROP SCHEMA options_inner CASCADE;
TABLE labels;
SELECT * FROM epiphany.table_options('t');
SELECT * FROM epiphany.table_options('into_');
SELECT * FROM epiphany.table_options('labels');
SELECT * FROM epiphany.table_options(0);

-- The name in pg_temp is not the name in options.
CREATE TEMP TABLE twice (a int) USING epiphany_column WITH (epiphany.compression_level = 1);
CREATE TABLE twice (a int) USING epiphany_column WITH (epiphany.compression_level = 2);
SELECT value FROM epiphany.table_options('pg_temp.twice') WHERE name = 'epiphany.compression_level';
SELECT value FROM epiphany.table_options('options.twice') WHERE name = 'epiphany.compression_level';
DROP TABLE pg_temp.twice, options.twice;

-- Changed, with other commands in one statement; absent ones may be reset.
ALTER TABLE t SET (epiphany.compression = lz4, fillfactor = 80), ADD COLUMN c int DEFAULT 1, RESET (epiphany.row_group_rows, toast.autovacuum_enabled);
ALTER TABLE t RESET (epiphany.compression_level);
ALTER MATERIALIZED VIEW mv SET (epiphany.compression = none);
REFRESH MATERIALIZED VIEW mv;
ALTER TABLE ctas RESET (epiphany.compression_level);
ALTER TABLE IF EXISTS nowhere SET (epiphany.compression = none);
ALTER TABLE executed RENAME TO renamed;
SELECT * FROM labels WHERE relname IN ('t', 'mv', 'ctas', 'renamed');
BEGIN;
ALTER TABLE t SET (epiphany.compression = zstd);
SELECT value FROM epiphany.table_options('t') WHERE name = 'epiphany.compression';
SAVEPOINT s;
ALTER TABLE t SET (epiphany.compression = none);
SELECT value FROM epiphany.table_options('t') WHERE name = 'epiphany.compression';
ROLLBACK TO s;
SELECT value FROM epiphany.table_options('t') WHERE name = 'epiphany.compression';
ROLLBACK;
SELECT value FROM epiphany.table_options('t') WHERE name = 'epiphany.compression';
DO $$
BEGIN
	FOR i IN 1..3 LOOP
		CREATE TABLE options.in_loop (a int) USING epiphany_column WITH (epiphany.compression_level = 5);
		ALTER TABLE options.in_loop SET (epiphany.compression = none);
		RAISE NOTICE '%', (SELECT label FROM options.labels WHERE relname = 'in_loop');
		DROP TABLE options.in_loop;
	END LOOP;
	BEGIN
		CREATE TABLE options.failed (a int DEFAULT 1 / 0 CHECK (nonsense)) USING epiphany_column WITH (epiphany.compression_level = 6);
	EXCEPTION WHEN undefined_column THEN
		CREATE TABLE options.failed (a int) USING epiphany_column;
	END;
END $$;
SELECT * FROM labels WHERE relname = 'failed';
SELECT count(*) FROM pg_seclabel WHERE provider = 'epiphany' AND objoid NOT IN (SELECT oid FROM pg_class);

-- The rows that a statement writes go by the options that it gives, also where they go to a copy of the table that takes its place.
CREATE FUNCTION groups(regclass) RETURNS TABLE (rows bigint, groups bigint, compressed bool) LANGUAGE sql AS
	'SELECT rows, count(*), (SELECT bool_or(compression = $$zstd$$) FROM epiphany.column_chunks($1)) FROM epiphany.row_groups($1) GROUP BY 1 ORDER BY 1';
CREATE TABLE wide USING epiphany_column WITH (epiphany.row_group_rows = 4096, epiphany.compression = zstd)
	AS SELECT repeat(md5((i % 7)::text), 5) AS a FROM generate_series(1, 12288) i;
SELECT * FROM groups('wide');
CREATE MATERIALIZED VIEW wide_mv USING epiphany_column WITH (epiphany.row_group_rows = 2048, epiphany.compression = none) AS TABLE wide;
SELECT * FROM groups('wide_mv');
ALTER MATERIALIZED VIEW wide_mv SET (epiphany.row_group_rows = 6144, epiphany.compression = zstd);
REFRESH MATERIALIZED VIEW wide_mv;
SELECT * FROM groups('wide_mv');
CREATE TABLE was_heap USING heap AS TABLE wide;
ALTER TABLE was_heap SET ACCESS METHOD epiphany_column, SET (epiphany.row_group_rows = 3072, epiphany.compression = none);
SELECT * FROM groups('was_heap');
BEGIN;
ALTER TABLE was_heap SET (epiphany.row_group_rows = 12288, epiphany.compression = zstd);
INSERT INTO was_heap TABLE wide;
SELECT * FROM groups('was_heap');
ROLLBACK;
DROP TABLE wide, was_heap CASCADE;

-- Refused.
CREATE TABLE bad (a int) USING epiphany_column WITH (epiphany.compresion = zstd);
CREATE TABLE bad (a int) USING epiphany_column WITH (epiphany.compression = gzip);
CREATE TABLE bad (a int) USING epiphany_column WITH (epiphany.compression);
CREATE TABLE bad (a int) USING epiphany_column WITH (epiphany.compression_level = many);
CREATE TABLE bad (a int) USING epiphany_column WITH (epiphany.compression_level = 20);
CREATE TABLE bad (a int) USING epiphany_column WITH (epiphany.row_group_rows = 2047);
CREATE TABLE bad (a int) USING epiphany_column WITH (epiphany.compression = none, epiphany.compression = zstd);
CREATE TABLE bad (a int) USING epiphany_row WITH (epiphany.compression = none);
CREATE TABLE bad (a int) USING heap WITH (epiphany.compression = none);
CREATE TABLE bad (a int) PARTITION BY LIST (a) WITH (epiphany.compression = none);
CREATE TABLE bad (a int) USING epiphany_column WITH (epiphanie.compression = none);
CREATE TABLE bad (a int) USING epiphany_column WITH (nonsense = 1, epiphany.compression = none);
CREATE VIEW bad WITH (epiphany.compression = none) AS SELECT 1;
CREATE INDEX bad ON t (a) WITH (epiphany.compression = none);
ALTER TABLE t SET (epiphany.nonsense = 1);
ALTER TABLE t RESET (epiphany.nonsense);
ALTER TABLE t RESET (epiphany.compression = lz4);
ALTER TABLE into_ SET (epiphany.compression = none);
ALTER TABLE labels SET (epiphany.compression = none);
ALTER TABLE nowhere SET (epiphany.compression = none);
BEGIN READ ONLY;
ALTER TABLE t SET (epiphany.compression = none);
ROLLBACK;
CREATE ROLE regress_pge_other;
GRANT ALL ON SCHEMA options TO regress_pge_other;
GRANT ALL ON t TO regress_pge_other;
SET ROLE regress_pge_other;
ALTER TABLE t SET (epiphany.compression = none);
SECURITY LABEL FOR epiphany ON TABLE t IS 'compression=none';
RESET ROLE;
SELECT * FROM labels WHERE relname IN ('bad', 't', 'into_');

-- Labels given by hand: the same checks, one spelling.
SECURITY LABEL FOR epiphany ON TABLE t IS 'compression=none, compression_level=2';
SELECT name, value FROM epiphany.table_options('t') WHERE NOT is_default;
SECURITY LABEL FOR epiphany ON TABLE t IS 'compression_level=2, compression=none';
SECURITY LABEL FOR epiphany ON TABLE t IS 'compression=NONE';
SECURITY LABEL FOR epiphany ON TABLE t IS 'compression=gzip';
SECURITY LABEL FOR epiphany ON TABLE t IS 'nonsense=1';
SECURITY LABEL FOR epiphany ON TABLE t IS 'nonsense';
SECURITY LABEL FOR epiphany ON TABLE t IS '';
SECURITY LABEL FOR epiphany ON TABLE into_ IS 'compression=none';
SECURITY LABEL FOR epiphany ON VIEW labels IS 'compression=none';
SECURITY LABEL FOR epiphany ON COLUMN t.a IS 'compression=none';
SECURITY LABEL FOR epiphany ON SCHEMA options IS 'compression=none';
SECURITY LABEL FOR epiphany ON TABLE t IS NULL;
SELECT name, value FROM epiphany.table_options('t') WHERE NOT is_default;

-- Another access method: options that it has not are dropped, those of the same statement are checked against it.
ALTER TABLE renamed SET ACCESS METHOD heap;
ALTER TABLE renamed SET ACCESS METHOD epiphany_column, SET (epiphany.compression = zstd);
ALTER TABLE renamed SET ACCESS METHOD epiphany_row, SET (epiphany.compression = none);
SELECT * FROM labels WHERE relname = 'renamed';

-- A new partition takes its parent's options, but for those it is given and those its access method lacks; later changes stay where they are made.
CREATE TABLE parent (a int, b text) PARTITION BY LIST (a) USING epiphany_column WITH (epiphany.compression = zstd, epiphany.compression_level = 12);
CREATE TABLE p1 PARTITION OF parent FOR VALUES IN (1);
CREATE TABLE p2 PARTITION OF parent FOR VALUES IN (2) WITH (epiphany.compression = none);
CREATE TABLE p3 PARTITION OF parent FOR VALUES IN (3) PARTITION BY LIST (b);
CREATE TABLE p31 PARTITION OF p3 DEFAULT USING heap;
CREATE TABLE p32 PARTITION OF p3 FOR VALUES IN ('x');
CREATE TABLE p4 (a int, b text) USING epiphany_column;
ALTER TABLE parent ATTACH PARTITION p4 FOR VALUES IN (4);
ALTER TABLE parent SET (epiphany.compression_level = 13);
CREATE TABLE p5 PARTITION OF parent FOR VALUES IN (5);
SELECT * FROM labels WHERE relname ~ '^pa|^p\d';
ALTER TABLE parent SET ACCESS METHOD DEFAULT;
SELECT * FROM labels WHERE relname = 'parent';

-- Event triggers see the statement once, and commands of their own keep theirs apart.
CREATE FUNCTION tell() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
	IF tg_event = 'ddl_command_start' AND current_setting('options.telling', true) IS DISTINCT FROM 'yes' THEN
		SET options.telling = yes;
		CREATE TABLE IF NOT EXISTS options.log (a int) USING epiphany_column WITH (epiphany.compression_level = 1);
		SET options.telling = no;
	END IF;
	RAISE NOTICE '% %', tg_event, tg_tag;
END $$;
CREATE EVENT TRIGGER aaa_start ON ddl_command_start WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE') EXECUTE FUNCTION tell();
CREATE EVENT TRIGGER zzz_end ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'ALTER TABLE') EXECUTE FUNCTION tell();
CREATE TABLE seen (a int) USING epiphany_column WITH (epiphany.compression = none);
ALTER TABLE seen SET (epiphany.compression = zstd);
DROP EVENT TRIGGER aaa_start;
DROP EVENT TRIGGER zzz_end;
SELECT * FROM labels WHERE relname IN ('seen', 'log');
SELECT epiphany.ddl_command_start();

-- A session that has not loaded the library: each kind of statement as its first.
\c
CREATE TABLE options.first (a int) USING epiphany_column WITH (epiphany.compression = none, fillfactor = 50);
\c
ALTER TABLE options.first SET (epiphany.compression_level = 2), SET (fillfactor = 51);
\c
CREATE TABLE IF NOT EXISTS options.first (a int) USING epiphany_column WITH (epiphany.compression_level = 3);
DROP TABLE options.first;
CREATE TABLE options.first (a int) USING epiphany_column WITH (epiphany.compression_level = 4);
\c
CREATE TABLE options.first_ctas USING epiphany_column WITH (epiphany.compression = none) AS SELECT 1 AS a;
\c
CREATE MATERIALIZED VIEW options.first_mv USING epiphany_column WITH (epiphany.compression = none) AS SELECT 1 AS a;
\c
ALTER MATERIALIZED VIEW options.first_mv SET (epiphany.compression_level = 5);
\c
CREATE SCHEMA options_first CREATE TABLE first_inner (a int) USING epiphany_column WITH (epiphany.compression = none);
\c
SECURITY LABEL FOR epiphany ON TABLE options.first_ctas IS 'compression=zstd';
\c
CREATE TABLE options.first_partition PARTITION OF options.p3 FOR VALUES IN ('y');
\c
DO $$ BEGIN CREATE TABLE options.first_do (a int) USING epiphany_column WITH (epiphany.compression = none); END $$;
\c
CREATE TABLE options.first_bad (a int) USING epiphany_column WITH (epiphany.nonsense = 1);
CREATE TABLE options.first_bad (a int) USING heap WITH (epiphany.compression = none);
\c
ALTER TABLE options.first SET ACCESS METHOD heap;
SELECT * FROM options.labels WHERE relname ~ '^first';
SELECT name, value FROM epiphany.table_options('options_first.first_inner') WHERE NOT is_default;

SET client_min_messages = warning;
DROP SCHEMA options, options_first CASCADE;
DROP ROLE regress_pge_other;
SELECT count(*) FROM pg_seclabel WHERE provider = 'epiphany' AND objoid NOT IN (SELECT oid FROM pg_class);
