# pg_upgrade carries our tables (row groups, deleted rows, the delta, indexes, TOAST, vectors), their options, and the event trigger that makes
# options known. Transactions of the old cluster keep their outcome in the new one.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $old = PostgreSQL::Test::Cluster->new('old');
$old->init(extra => ['--data-checksums']);
$old->append_conf('postgresql.conf', 'autovacuum = off');
$old->start;
$old->safe_psql(
	'postgres', q{
	CREATE EXTENSION pg_epiphany CASCADE;
	CREATE EXTENSION amcheck;
	CREATE TABLE on_column (a int PRIMARY KEY, b text) USING epiphany_column WITH (epiphany.compression = zstd, epiphany.row_group_rows = 4096);
	CREATE TABLE on_row (a int PRIMARY KEY, b text) USING epiphany_row;
	INSERT INTO on_column SELECT i, repeat(md5(i::text), CASE WHEN i % 100 = 0 THEN 500 ELSE 1 END) FROM generate_series(1, 1000) i;
	INSERT INTO on_row TABLE on_column;
	DELETE FROM on_row WHERE a % 10 = 0;

	CREATE TABLE grouped (a int, gone text, b text, n numeric, j jsonb, PRIMARY KEY (a)) USING epiphany_column WITH (epiphany.row_group_rows = 4096);
	CREATE INDEX grouped_hash ON grouped USING hash (b);
	CREATE INDEX grouped_gin ON grouped USING gin (j);
	CREATE INDEX grouped_expression ON grouped (lower(b)) WHERE a % 2 = 0;
	INSERT INTO grouped SELECT i, 'x', repeat(md5(i::text), CASE WHEN i % 1000 = 0 THEN 500 ELSE 1 END), i / 8.0, jsonb_build_object('k', i % 50)
		FROM generate_series(1, 20000) i;
	ALTER TABLE grouped DROP COLUMN gone, ADD COLUMN later int DEFAULT 7;
	VACUUM (FREEZE) grouped;
	INSERT INTO grouped SELECT i, md5(i::text), i, NULL, i FROM generate_series(20001, 30000) i;
	UPDATE grouped SET b = 'updated ' || a WHERE a % 500 = 1;
	DELETE FROM grouped WHERE a % 500 = 2;
	BEGIN; DELETE FROM grouped WHERE a % 500 = 3; INSERT INTO grouped SELECT i FROM generate_series(50001, 60000) i; ROLLBACK;
	BEGIN; SAVEPOINT s; UPDATE grouped SET n = -1 WHERE a % 500 = 4; RELEASE s; SAVEPOINT s; DELETE FROM grouped WHERE a % 500 = 4; ROLLBACK TO s; COMMIT;
	CREATE TABLE parts (i int, s text) PARTITION BY RANGE (i);
	CREATE TABLE parts_heap PARTITION OF parts FOR VALUES FROM (0) TO (5000);
	CREATE TABLE parts_column PARTITION OF parts FOR VALUES FROM (5000) TO (10000) USING epiphany_column;
	INSERT INTO parts SELECT i, md5(i::text) FROM generate_series(0, 9999) i;
	CREATE MATERIALIZED VIEW view_ USING epiphany_column AS SELECT a, b FROM grouped;
	CREATE EXTENSION epiphany_vectorstore CASCADE;
	CREATE TABLE vectors (a int, v vector(3), s sparsevec) USING epiphany_column;
	INSERT INTO vectors SELECT i, ARRAY[i, 1, -i], ARRAY[i, 0, 0, i] FROM generate_series(1, 5000) i;
	CREATE INDEX vectors_v ON vectors (v);
	CREATE UNLOGGED TABLE unlogged (i int PRIMARY KEY) USING epiphany_column;
	INSERT INTO unlogged SELECT i FROM generate_series(1, 5000) i;
});
my $tables = q{
	SELECT objname, label FROM pg_seclabels ORDER BY 1;
	SELECT relname, amname FROM pg_class c JOIN pg_am m ON m.oid = relam WHERE relname ~ '^(on_|grouped$|parts_|view_|unlogged$)' AND relkind IN ('r', 'm') ORDER BY 1;
	SELECT count(*), sum(a), md5(string_agg(b, '' ORDER BY a)) FROM on_column;
	SELECT count(*), sum(a), md5(string_agg(b, '' ORDER BY a)) FROM on_row;
	SELECT count(*), md5(string_agg(g::text, '' ORDER BY a)) FROM grouped g;
	SELECT tableoid::regclass, count(*), md5(string_agg(s, '' ORDER BY i)) FROM parts GROUP BY 1 ORDER BY 1;
	SELECT count(*), md5(string_agg(b, '' ORDER BY a)) FROM view_;
	SELECT count(*), sum(i) FROM unlogged;
	SELECT count(*), md5(string_agg(t::text, '' ORDER BY a)), sum(v <-> '[1,2,3]') FROM vectors t;
	SET enable_seqscan = off;
	SELECT a, length(b) FROM on_column WHERE a = 300 UNION ALL SELECT a, length(b) FROM on_row WHERE a = 301;
	SELECT count(*), md5(string_agg(g::text, '' ORDER BY a)) FROM grouped g WHERE a > 0;
	SELECT a FROM grouped WHERE b = md5('777') UNION ALL SELECT a FROM grouped WHERE lower(b) = md5('778') AND a % 2 = 0;
	SELECT count(*), sum(a) FROM grouped WHERE j @> '{"k": 7}';
	SELECT i FROM unlogged WHERE i = 4321;
	SELECT a FROM vectors WHERE v = '[4321,1,-4321]';
};
my $groups = q{
	SELECT group_id, state, rows, dead_rows FROM epiphany.row_groups('grouped') ORDER BY 1;
	SELECT group_id, column_name, encoding, stored_bytes FROM epiphany.column_chunks('grouped') ORDER BY 1, 2;
};
my $expected = $old->safe_psql('postgres', $tables);
my $expected_groups = $old->safe_psql('postgres', $groups);
$old->stop;

my $new = PostgreSQL::Test::Cluster->new('new');
$new->init(extra => ['--data-checksums']);
$new->append_conf('postgresql.conf', 'autovacuum = off');
# pg_upgrade writes where it is started.
chdir $new->basedir or die $!;
my $bin = $new->config_data('--bindir');
command_ok(
	[
		'pg_upgrade', '--no-sync', '-d', $old->data_dir, '-D', $new->data_dir, '-b', $bin, '-B', $bin, '-s', $new->host,
		'-p', $old->port, '-P', $new->port
	],
	'pg_upgrade');
$new->start;
is($new->safe_psql('postgres', $tables), $expected, 'tables, rows, indexes and options came along');
is($new->safe_psql('postgres', $groups), $expected_groups, 'row groups are the same to the byte');
is($new->safe_psql('postgres', q{SELECT bt_index_check(i, true, true) FROM unnest(ARRAY['grouped_pkey', 'grouped_expression']::regclass[]) i}),
	"\n", 'indexes are sound');
# Life goes on: what the old cluster left undecided is frozen now; rows of old groups change.
$new->safe_psql('postgres', 'VACUUM (FREEZE) grouped');
is($new->safe_psql('postgres', $tables), $expected, 'the same after VACUUM FREEZE');
$new->safe_psql('postgres', 'CREATE TABLE later (a int) USING epiphany_column WITH (epiphany.compression = none)');
is($new->safe_psql('postgres', q{SELECT value FROM epiphany.table_options('later') WHERE NOT is_default}),
	'none', 'a fresh session knows options at once');
$new->safe_psql('postgres', q{
	UPDATE grouped SET later = 8 WHERE a % 1000 = 0;
	DELETE FROM grouped WHERE a BETWEEN 5000 AND 5999;
	INSERT INTO grouped SELECT i, 'new' FROM generate_series(5000, 5999) i;
	REFRESH MATERIALIZED VIEW view_;
	VACUUM FULL grouped;
});
is($new->safe_psql('postgres', q{SELECT count(*), count(*) FILTER (WHERE later = 8), count(*) FILTER (WHERE b = 'new') FROM grouped}),
	'29942|29|1000', 'changes, and a rewrite');
$new->stop;
command_ok([ 'pg_checksums', '--check', '-D', $new->data_dir ], 'checksums');
done_testing();
