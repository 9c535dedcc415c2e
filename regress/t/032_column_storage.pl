# Column tables through whatever happens to their files: backups, dumps, prepared transactions across a crash, and new xid epochs.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 1, extra => ['--data-checksums']);
$node->append_conf('postgresql.conf', "autovacuum = off\nmax_prepared_transactions = 5\nshared_buffers = 1MB");
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION epiphany_columnstore;
	CREATE TABLE loaded (i int PRIMARY KEY, s text, n numeric) USING epiphany_column;
	INSERT INTO loaded SELECT g, md5(g::text), NULLIF(g % 1000, 5) / 8.0 FROM generate_series(1, 50000) g;
	CREATE TABLE plain (i int, s text) USING epiphany_column;
	INSERT INTO plain SELECT g, md5(g::text) FROM generate_series(1, 30000) g;
	ALTER TABLE plain ADD COLUMN d int DEFAULT 7;
	INSERT INTO plain SELECT g, 'delta' FROM generate_series(1, 100) g;
	CREATE MATERIALIZED VIEW view_ USING epiphany_column AS SELECT i % 100 AS k, count(*) FROM loaded GROUP BY 1;
	CREATE TABLE parts (i int) PARTITION BY RANGE (i);
	CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (5000) USING epiphany_column;
	CREATE TABLE parts_2 PARTITION OF parts FOR VALUES FROM (5000) TO (9000);
	INSERT INTO parts SELECT g FROM generate_series(0, 8999) g;
	BEGIN; INSERT INTO plain SELECT g, 'aborted' FROM generate_series(1, 30000) g; ROLLBACK;
});
my $all = q{
	SELECT count(*), sum(i), md5(string_agg(s, '' ORDER BY i)), sum(n) FROM loaded;
	SELECT count(*), sum(i), md5(string_agg(s, '' ORDER BY i, s)), sum(d) FROM plain;
	SELECT count(*), sum(k) FROM view_;
	SELECT tableoid::regclass, count(*), sum(i) FROM parts GROUP BY 1 ORDER BY 1;
	SELECT relname, amname FROM pg_class c JOIN pg_am a ON a.oid = relam WHERE relname ~ 'loaded$|plain|view_|parts' ORDER BY 1;
};
my $expected = $node->safe_psql('postgres', $all);
my $dir = $node->basedir;

# Base backup, verified and run.
$node->command_ok([ 'pg_basebackup', '-D', $node->backup_dir . '/verified', '-h', $node->host, '-p', $node->port, '-c', 'fast' ], 'base backup');
$node->command_ok([ 'pg_verifybackup', $node->backup_dir . '/verified' ], 'which verifies');
my $restored = PostgreSQL::Test::Cluster->new('restored');
$restored->init_from_backup($node, 'verified');
$restored->start;
is($restored->safe_psql('postgres', $all), $expected, 'and holds the tables');
$restored->stop;

# Dumps.
$node->command_ok([ 'pg_dump', '-f', "$dir/plain.sql", 'postgres' ], 'plain dump');
$node->command_ok([ 'pg_dump', '-Fd', '-j2', '-f', "$dir/parallel", 'postgres' ], 'parallel dump');
$node->safe_psql('postgres', 'CREATE DATABASE from_plain; CREATE DATABASE from_parallel');
$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/plain.sql", 'from_plain' ], 'plain restore');
$node->command_ok([ 'pg_restore', '-e', '-j2', '-d', 'from_parallel', "$dir/parallel" ], 'parallel restore');
is($node->safe_psql('from_plain', $all), $expected, 'the plain restore holds the tables');
is($node->safe_psql('from_parallel', $all), $expected, 'the parallel one, too');
is( $node->safe_psql('from_parallel', "SELECT row_groups > 0 FROM epiphany.table_stats('plain')"), 't', 'in row groups');
$node->safe_psql('postgres', 'CREATE DATABASE copied TEMPLATE from_plain STRATEGY wal_log');
is($node->safe_psql('copied', $all), $expected, 'and so does a copy of the database');
$node->safe_psql('postgres', "DROP DATABASE $_") foreach qw(from_plain from_parallel copied);

# Prepared transactions survive a crash with their rows and their keys.
$node->safe_psql(
	'postgres', q{
	BEGIN; INSERT INTO loaded SELECT g, 'kept' FROM generate_series(60001, 70000) g; PREPARE TRANSACTION 'kept';
	BEGIN; INSERT INTO loaded SELECT g, 'dropped' FROM generate_series(70001, 80000) g; PREPARE TRANSACTION 'dropped';
	CHECKPOINT;
	BEGIN; INSERT INTO plain SELECT g, 'kept' FROM generate_series(1, 4000) g; PREPARE TRANSACTION 'unchecked';
});
$node->stop('immediate');
$node->start;
is($node->safe_psql('postgres', $all), $expected, 'rows of prepared transactions are not visible after a crash');
my ($rc, $out, $err) = $node->psql('postgres', "SET lock_timeout = '200ms'; INSERT INTO loaded VALUES (65000, '')");
like($err, qr/lock timeout/, 'but their keys are taken');
$node->safe_psql('postgres', 'VACUUM (FREEZE) loaded');
$node->safe_psql('postgres', "COMMIT PREPARED 'kept'; ROLLBACK PREPARED 'dropped'; COMMIT PREPARED 'unchecked'");
is($node->safe_psql('postgres', 'SELECT count(*), sum(i), max(i) FROM loaded'), '60000|1900030000|70000', 'and they come with the commit');
is($node->safe_psql('postgres', 'SELECT count(*) FROM plain'), '34100', 'written before a checkpoint or after');
$node->safe_psql('postgres', "INSERT INTO loaded VALUES (75000, 'free again')");

# Transaction ids go round: nothing asks what became of the old ones.
my $sums = 'SELECT count(*), sum(i), md5(string_agg(s, \'\' ORDER BY i, s)) FROM loaded UNION ALL SELECT count(*), sum(i), md5(string_agg(s, \'\' ORDER BY i, s)) FROM plain
	UNION ALL SELECT count(*), sum(i), md5(string_agg(s, \'\' ORDER BY i, s)) FROM rewritten
	UNION ALL SELECT count(*), sum(i), md5(string_agg(s, \'\' ORDER BY i, s)) FROM changed ORDER BY 1';
my $by_index = 'SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT count(*), sum(i), md5(string_agg(s, \'\' ORDER BY i, s)) FROM changed WHERE i > 0';
$node->safe_psql(
	'postgres', q{
	CREATE TABLE rewritten (i int, s text) USING epiphany_column;
	INSERT INTO rewritten SELECT g, md5(g::text) FROM generate_series(1, 5000) g;
	INSERT INTO rewritten SELECT g, 'delta' FROM generate_series(1, 50) g;
	ALTER TABLE rewritten ADD COLUMN d int DEFAULT 7;
	VACUUM (FULL, FREEZE) rewritten;
	BEGIN; SAVEPOINT a; INSERT INTO plain SELECT g, 'aborted' FROM generate_series(1, 5000) g; ROLLBACK TO a; INSERT INTO plain VALUES (0, 'kept'); COMMIT;
	CREATE TABLE changed (i int PRIMARY KEY, s text) USING epiphany_column WITH (epiphany.row_group_rows = 4096);
	INSERT INTO changed SELECT g, md5(g::text) FROM generate_series(1, 20000) g;
	UPDATE pg_database SET datallowconn = true WHERE datname = 'template0';
});
$expected = $node->safe_psql('postgres', $sums);
my $before = $node->safe_psql('postgres', "SELECT max(age(relfrozenxid)) FROM pg_class WHERE relname IN ('loaded', 'plain')");
# Groups, deletes and updates of either outcome, which no VACUUM has seen yet.
sub change
{
	$node->safe_psql('postgres', q{
		INSERT INTO plain SELECT g, 'later' FROM generate_series(1, 3000) g;
		DELETE FROM changed WHERE i IN (SELECT i FROM changed WHERE ctid > '(2147483648,0)' ORDER BY i LIMIT 500);
		UPDATE changed SET s = s || 'x' WHERE i % 1000 = 0;
		BEGIN; DELETE FROM changed WHERE i % 7 = 0; INSERT INTO changed SELECT -g FROM generate_series(1, 5000) g; ROLLBACK;
		BEGIN; UPDATE changed SET s = 'kept' WHERE i % 2000 = 1; SAVEPOINT a; DELETE FROM changed WHERE i % 11 = 0; ROLLBACK TO a; COMMIT;
	});
	$expected = $node->safe_psql('postgres', $sums);
}
change();
foreach my $xid (1400 * 1048576, 2800 * 1048576, 3900 * 1048576)
{
	$node->command_ok([ 'vacuumdb', '-a', '-F', '-q' ], 'VACUUM FREEZE of all');
	is( $node->safe_psql('postgres', "SELECT max(age(relfrozenxid)) < 50 FROM pg_class WHERE relname IN ('loaded', 'plain')"),
		't', "relfrozenxid moves (it was $before old at first)");
	$node->stop;
	command_ok([ 'pg_resetwal', '-x', $xid, '-D', $node->data_dir ], "on to transaction $xid");
	$node->start;
	is($node->safe_psql('postgres', $sums), $expected, 'all rows are visible');
	is($node->safe_psql('postgres', "SET enable_seqscan = off; SELECT string_agg(s, ',' ORDER BY i) FROM loaded WHERE i IN (1, 65000, 75000)"),
		'c4ca4238a0b923820dcc509a6f75849b,kept,free again', 'through the index, too');
	is((grep { $_ eq $node->safe_psql('postgres', $by_index) } split /\n/, $expected), 1, 'rows that were deleted stay so');
	change();
}

# With autovacuum off, somebody has to freeze all the same, before ids are used again: rows and deletes that no VACUUM has seen.
$node->stop;
command_ok([ 'pg_resetwal', '-e', 1, '-x', 1204 * 1048576, '-D', $node->data_dir ], 'on to the next epoch, nothing frozen');
$node->start;
is($node->safe_psql('postgres', $sums), $expected, 'rows that are 1.4 billion transactions old');
is((grep { $_ eq $node->safe_psql('postgres', $by_index) } split /\n/, $expected), 1, 'through the index, too');
ok($node->poll_query_until('postgres', q{SELECT max(age(relfrozenxid)) < 100000000 FROM pg_class WHERE relname IN ('loaded', 'plain', 'changed')}),
	'autovacuum freezes the tables to prevent wraparound');
ok($node->poll_query_until('postgres', q{SELECT max(age(datfrozenxid)) < 100000000 FROM pg_database}), 'so that the database is safe');
is($node->safe_psql('postgres', $sums), $expected, 'the rows are the same');
is((grep { $_ eq $node->safe_psql('postgres', $by_index) } split /\n/, $expected), 1, 'through the index, too');
$node->safe_psql('postgres', 'VACUUM FULL plain');
is($node->safe_psql('postgres', $sums), $expected, 'after a rewrite, too');
$node->stop;
$node->command_ok([ 'pg_checksums', '--check', '-D', $node->data_dir ], 'checksums');

done_testing();
