# Loads, compaction and rewrites take no more memory than maintenance_work_mem, also where rows are wide and their values do not compress.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('bounded');
$node->init;
# Few buffers: what a session has touched of them counts as its memory, too.
$node->append_conf('postgresql.conf', "autovacuum = off\nshared_buffers = 4MB\nmax_wal_size = 4GB\nfsync = off\nmaintenance_work_mem = 64MB");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION epiphany_columnstore;
	-- Bytes that no codec makes smaller, and text that all do.
	CREATE FUNCTION noise(seed bigint, kb int) RETURNS bytea LANGUAGE sql AS $$
		SELECT string_agg(sha512((seed * 1000 + g)::text::bytea), '') FROM generate_series(1, kb * 16) g $$;
	CREATE FUNCTION prose(seed bigint, kb int) RETURNS text LANGUAGE sql AS $$
		SELECT string_agg('row ' || seed * g || ' of prose that says the same ', '') FROM generate_series(1, kb * 25) g $$;
	CREATE TABLE source AS SELECT g AS k, noise(g, 8) AS n, prose(g, 8) AS p FROM generate_series(1, 6000) g;
});

# What a session takes more than at rest, at most, for a statement; in kB. A smaller one before it has loaded and started what is needed.
sub taken
{
	my ($warm_up, $sql) = @_;
	my $session = $node->background_psql('postgres');
	my $pid = $session->query('SELECT pg_backend_pid()');
	$session->query($warm_up);
	append_to_file("/proc/$pid/clear_refs", '5');
	my ($rest) = slurp_file("/proc/$pid/status") =~ /^VmRSS:\s+(\d+)/m;
	$session->query($sql);
	my ($most) = slurp_file("/proc/$pid/status") =~ /^VmHWM:\s+(\d+)/m;
	$session->quit;
	return $most - $rest;
}

# $besides: what the executor, which reads the rows, and the server's own buffers may take, in MB.
sub bounded
{
	my ($what, $sql, $besides) = @_;
	my $kb = taken(q{CREATE TABLE small (k int) USING epiphany_column; INSERT INTO small SELECT generate_series(1, 5000);
		DELETE FROM small WHERE k > 1000; SELECT epiphany.compact('small'); SELECT count(*) FROM source; DROP TABLE small}, $sql);
	cmp_ok($kb, '<=', (64 + $besides) * 1024, "$what: $kb kB");
	return;
}

foreach my $kind ([ 'noise', 'k, n' ], [ 'prose', 'k, p' ], [ 'columns', join(', ', 'k', map { "substr(n, 1 + 1000 * $_, 1000) AS n$_" } 0 .. 7) ])
{
	my ($table, $columns) = @$kind;
	$node->safe_psql('postgres', "CREATE TABLE $table USING epiphany_column AS SELECT $columns FROM source LIMIT 0");
	bounded("$table: a load", "INSERT INTO $table SELECT $columns FROM source", 10);
	my $sums = $node->safe_psql('postgres', "DELETE FROM $table WHERE k % 4 = 0; SELECT count(*), sum(hashtextextended(t::text, 0)) FROM $table t");
	bounded("$table: sparse groups are rewritten", "SELECT epiphany.compact('$table')", 0);
	is($node->safe_psql('postgres', "SELECT count(*), sum(hashtextextended(t::text, 0)) FROM $table t"), $sums, "$table: nothing is lost");
	is($node->safe_psql('postgres', "SELECT sum(rows) FROM epiphany.row_groups('$table') WHERE state = 'committed'"), '4500', "$table: all rows have moved");
	$node->safe_psql('postgres', "DELETE FROM $table WHERE k % 4 = 1");
	bounded("$table: VACUUM FULL", "VACUUM FULL $table", 0);
}

# Vectors that take more than there is: they are read all the same, each into groups of its own.
$node->safe_psql('postgres', q{
	CREATE TABLE tight (k int PRIMARY KEY, a bytea, b bytea) USING epiphany_column;
	INSERT INTO tight SELECT k, substr(n, 1, 3000), substr(n, 3001, 3000) FROM source;
	DELETE FROM tight WHERE k % 4 = 0;
});
my $sums = $node->safe_psql('postgres', 'SELECT count(*), sum(hashtextextended(t::text, 0)) FROM tight t');
$node->safe_psql('postgres', q{SET maintenance_work_mem = '4MB'; SELECT epiphany.compact('tight')});
is($node->safe_psql('postgres', 'SELECT count(*), sum(hashtextextended(t::text, 0)) FROM tight t'), $sums, 'a tenth of the memory: nothing is lost');
is($node->safe_psql('postgres', 'SET enable_seqscan = off; SET enable_bitmapscan = off; SELECT count(*), sum(hashtextextended(t::text, 0)) FROM tight t WHERE k > 0'),
	$sums, 'nor by the index');
is($node->safe_psql('postgres', q{SELECT * FROM epiphany.verify('tight')}), '', 'and all is sound');
$node->stop;
done_testing();
