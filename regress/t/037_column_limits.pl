# A disk that is full, and memory that runs out, in the middle of loads, changes, compaction and rewrites of column tables: an ERROR each time,
# nothing lost, nothing half done, and the table goes on as if nothing had been when there is room again.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('limited');
# Small WAL segments, so that a limit on the size of files does not meet them first.
$node->init(extra => [ '--wal-segsize=1', '--data-checksums' ]);
$node->append_conf('postgresql.conf', "autovacuum = off\nlog_statement = none\nmax_parallel_workers_per_gather = 0\nshared_buffers = 16MB\nmax_wal_size = 32MB");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION epiphany_columnstore;
	CREATE EXTENSION amcheck;
	CREATE TABLE model (k int PRIMARY KEY, s text);
	CREATE TABLE t (k int PRIMARY KEY, s text) USING epiphany_column WITH (epiphany.row_group_rows = 8192);
	CREATE TABLE plain (k int, s text) USING epiphany_column;
	CREATE FUNCTION data(int, int) RETURNS TABLE (k int, s text) LANGUAGE sql AS $$
		SELECT k, CASE WHEN k % 500 = 0 THEN (SELECT string_agg(md5((k * x)::text), '') FROM generate_series(1, 300) x) ELSE md5(k::text) || md5((-k)::text) END
		FROM generate_series($1, $2) k $$;
	INSERT INTO model SELECT * FROM data(1, 36000);
	INSERT INTO t SELECT * FROM data(1, 36000);
	INSERT INTO plain SELECT * FROM data(1, 36000);
});
my $postmaster = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/ ? $1 : die;
my $sums = 'SELECT count(*), sum(k), sum(hashtextextended(s, k)) FROM';
my $compare = "SELECT count(DISTINCT d) FROM ($sums model UNION ALL $sums t UNION ALL $sums plain) d;
	SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT count(DISTINCT d) FROM ($sums model WHERE k > 0 UNION ALL $sums t WHERE k > 0) d;";

# The largest file that new sessions may write; 0 for any. Who compares has no limit: he may have to write what others left in memory.
my $limit = 0;
sub limit_files
{
	my ($bytes) = @_;
	system_or_bail('prlimit', '--pid', $postmaster, '--fsize=' . ($bytes || 'unlimited') . ':unlimited');
	return;
}

# Lines that do not compress.
my $copy = q{COPY plain FROM PROGRAM 'head -c 8000000 /dev/urandom | base64 -w 64 | sed s/^/2000000,/' (DELIMITER ',')};

sub unchanged
{
	my ($name) = @_;
	limit_files(0);
	is($node->safe_psql('postgres', $compare), "1\n1", $name);
	limit_files($limit);
	return;
}

# Each of these needs more than there is. What fails takes its whole transaction with it.
sub refused
{
	my ($what, $sql, $message) = @_;
	my ($rc, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\n$sql", on_error_stop => 0);
	like($err, $message, "$what: an error");
	unchanged("$what: and nothing else");
	return;
}

my $size = $node->safe_psql('postgres', q{SELECT greatest(pg_relation_size('t'), pg_relation_size('plain'))});
my $full = qr/ERROR:  (53100|58030|54000|\w{5}): could not (extend|write|read)/;
$node->safe_psql('postgres', 'CHECKPOINT');
# Room for a few blocks; for part of a group; for a group and a half.
foreach my $room (0, 130)
{
	limit_files($limit = $size + $room * 8192);
	refused("$room blocks: INSERT with index", 'INSERT INTO t SELECT * FROM data(100001, 200000)', $full);
	refused("$room blocks: INSERT without", 'INSERT INTO plain SELECT * FROM data(100001, 200000)', $full);
	refused("$room blocks: COPY", $copy, $full);
	refused("$room blocks: UPDATE", 'UPDATE t SET s = s || s', $full);
	refused("$room blocks: a savepoint does not help", 'BEGIN; SAVEPOINT a; INSERT INTO t SELECT * FROM data(100001, 200000); ROLLBACK TO a; DELETE FROM t WHERE k = 1; ROLLBACK', $full);
}
# No room at all: even a delete of a row of a group may need a page for its mark.
limit_files($limit = $size);
my ($rc, $out, $err) = $node->psql('postgres', 'BEGIN; DELETE FROM t; ROLLBACK', on_error_stop => 0);
note("DELETE without any room: $err");
unchanged('a delete without room');
limit_files($limit = 1536 * 1024);
refused('rewriting', 'VACUUM FULL t', $full);
refused('another access method', 'ALTER TABLE t SET ACCESS METHOD heap', $full);
refused('CREATE TABLE AS', 'CREATE TABLE u USING epiphany_column AS TABLE t', $full);

# Rows of the delta on their way into a group that finds no room.
limit_files($limit = 0);
$node->safe_psql('postgres', 'UPDATE model SET s = s || 1 WHERE k % 2 = 0; UPDATE t SET s = s || 1 WHERE k % 2 = 0; UPDATE plain SET s = s || 1 WHERE k % 2 = 0');
$size = $node->safe_psql('postgres', q{SELECT pg_relation_size('t')});
foreach my $room (0, 10, 30)
{
	limit_files($limit = $size + $room * 8192);
	refused("$room blocks: compaction", q{SELECT epiphany.compact('t')}, qr/^$|$full/);
}
limit_files($limit = 0);
$node->safe_psql('postgres', q{SELECT epiphany.compact('t'), epiphany.compact('plain')});
unchanged('compaction with room');

# There is room again.
$node->safe_psql('postgres', 'INSERT INTO model SELECT * FROM data(100001, 120000); INSERT INTO t SELECT * FROM data(100001, 120000); INSERT INTO plain SELECT * FROM data(100001, 120000)');
unchanged('loads with room');
$node->safe_psql('postgres', 'VACUUM t, plain');
unchanged('VACUUM of what was left behind');

# A session that may not have more memory: whatever it was doing, it says so, and the server stays up.
foreach my $more (8, 64)
{
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $session->query('SELECT pg_backend_pid()');
	$session->query('SELECT count(*) FROM t; INSERT INTO plain SELECT * FROM data(1000001, 1003000); DELETE FROM plain WHERE k > 1000000');
	my ($pages) = split / /, slurp_file("/proc/$pid/statm");
	system_or_bail('prlimit', '--pid', $pid, '--as=' . ($pages * 4096 + $more * 1048576) . ':unlimited');
	$session->query("INSERT INTO t SELECT k, repeat(md5(k::text), 200000) FROM generate_series(2000001, 2000100) k");
	$session->query($copy);
	$session->query('SELECT max(s), count(DISTINCT s) FROM t');
	note("$more MB: " . ($session->{stderr} =~ s/.*(ERROR[^\n]*).*/$1/sr));
	system('prlimit', '--pid', $pid, '--as=unlimited:unlimited');
	is($session->query("SELECT 'alive'"), 'alive', "$more MB more: the session lives on");
	$session->query("DELETE FROM t WHERE k > 1000000; DELETE FROM plain WHERE k > 1000000");
	$session->quit;
	unchanged("$more MB more: the tables are as they were");
}
is($node->safe_psql('postgres', q{SELECT bt_index_check('t_pkey', true, true)}), '', 'the index is sound');
unlike(slurp_file($node->logfile), qr/TRAP|PANIC|was terminated by signal/, 'no crash');
$node->stop;
command_ok([ 'pg_checksums', '--check', '-D', $node->data_dir ], 'checksums');
done_testing();
