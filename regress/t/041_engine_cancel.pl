# Queries of the engine that are cancelled in the middle of each operator, by timeout, by another session, with their session: they end with the
# error that is due, leave no temporary file and no parallel worker, and the session gives right answers afterwards.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('cancelled');
$node->init;
$node->append_conf('postgresql.conf', q{
	autovacuum = off
	fsync = off
	max_parallel_workers_per_gather = 0
	hash_mem_multiplier = 1
	epiphany.debug_vectorize = force
	min_parallel_table_scan_size = 0
	parallel_setup_cost = 0
	parallel_tuple_cost = 0
	jit = off
});
$node->start;

# Enough rows that no query below ends before it is cancelled.
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_epiphany CASCADE;
	CREATE TABLE t (k int, g int, s text) USING epiphany_column;
	INSERT INTO t SELECT i, i % 200000, md5(i::text) FROM generate_series(1, 600000) i;
	CREATE TABLE u (k int, s text) USING epiphany_column;
	INSERT INTO u SELECT i, md5((-i)::text) FROM generate_series(1, 400000) i;
	ANALYZE t, u;
});
# Those that processes share are in directories.
my $files = q{SELECT count(*) FROM pg_ls_dir('base/pgsql_tmp', true, false)};
my $ample = "SET work_mem = '256MB'";
my $little = "SET work_mem = '1MB'";
my $workers = "SET work_mem = '1MB'; SET max_parallel_workers_per_gather = 2; SET enable_hashagg = off";

# By name: what is set, the query.
my %queries = (
	'scan'              => [ $ample, q{SELECT count(*) FROM t WHERE md5(s || k) || md5(k || s) LIKE '%77777777%'} ],
	'sort'              => [ $ample, q{SELECT sum(n) FROM (SELECT row_number() OVER () AS n FROM (SELECT s FROM t ORDER BY reverse(s), k OFFSET 0) x) y} ],
	'spilled sort'      => [ $little, q{SELECT sum(n) FROM (SELECT row_number() OVER () AS n FROM (SELECT s FROM t ORDER BY reverse(s), k OFFSET 0) x) y} ],
	'join, build'       => [ $ample, q{SELECT count(*) FROM u JOIN t ON reverse(md5(u.s)) = reverse(md5(t.s))} ],
	'join, probe'       => [ $ample, q{SELECT count(*) FROM t JOIN (SELECT * FROM u WHERE k < 1000) v ON t.k % 997 = v.k AND md5(t.s || v.s) LIKE '7777%'} ],
	'spilled join'      => [ $little, q{SELECT count(*), sum(hashtext(u.s)) FROM u JOIN t ON u.k = t.g} ],
	'aggregate'         => [ $ample, q{SELECT sum(n) FROM (SELECT count(*) AS n, max(md5(s)) FROM t GROUP BY md5(s) OFFSET 0) x} ],
	'spilled aggregate' => [ $little, q{SELECT sum(n) FROM (SELECT count(*) AS n, max(s) AS m FROM t GROUP BY g, md5(s) OFFSET 0) x} ],
	'ordered aggregate' => [ $little, q{SELECT sum(length(a)) FROM (SELECT string_agg(s, ',' ORDER BY reverse(s)) AS a FROM t GROUP BY g OFFSET 0) x} ],
	'ordered set'       => [ $little, q{SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY md5(s)) FROM t} ],
	'distinct'          => [ $little, q{SELECT count(DISTINCT md5(s)), count(DISTINCT s) FROM t} ],
	'window'            => [ $little, q{SELECT sum(n) FROM (SELECT max(k) OVER (PARTITION BY k % 3 ORDER BY k ROWS BETWEEN 9000 PRECEDING AND 1 FOLLOWING) AS n FROM t OFFSET 0) x} ],
	'set operation'     => [ $little, q{SELECT count(*) FROM (SELECT md5(s) FROM t INTERSECT SELECT md5(s) FROM u) x} ],
	'shared rows'       => [ $workers, q{SELECT count(*), sum(hashtext(t.s)) FROM u JOIN t ON md5(u.s) = md5(t.s)} ],
);
my $small = 'SELECT count(*), sum(k), max(s), string_agg(s, $$,$$ ORDER BY k) FILTER (WHERE k < 5) FROM t WHERE k <= 1000';
my $answer = $node->safe_psql('postgres', "SET epiphany.enable_vectorized = off; $small");

sub complaint
{
	my ($session) = @_;
	my $said = $session->{stderr};
	$session->{stderr} = '';
	return $said;
}

sub nothing_is_left
{
	my ($what) = @_;
	ok($node->poll_query_until('postgres', q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'parallel worker'}), "$what: no worker is left");
	is($node->safe_psql('postgres', $files), '0', "$what: no file is left");
	return;
}

my $session = $node->background_psql('postgres', on_error_stop => 0);
foreach my $kind (sort keys %queries)
{
	my ($settings, $query) = @{ $queries{$kind} };
	my $operator = $kind eq 'shared rows' ? qr/Shared Rows/ : qr/Epiphany Engine/;
	like($node->safe_psql('postgres', "$settings; EXPLAIN $query"), $operator, "$kind: the engine runs it");

	# Early, and when more of it is done.
	foreach my $timeout (20, 120)
	{
		$session->query("$settings; SET statement_timeout = $timeout");
		$session->query($query);
		like(complaint($session), qr/ERROR:  canceling statement due to statement timeout/, "$kind: cancelled after $timeout ms");
		$session->query('RESET ALL');
		nothing_is_left($kind);
		is($session->query($small), $answer, "$kind: the session goes on");
	}
}

# What has begun to write files, cancelled by somebody else.
my $pid = $session->query('SELECT pg_backend_pid()');
foreach my $kind (grep { /spilled|shared|ordered aggregate/ } sort keys %queries)
{
	my ($settings, $query) = @{ $queries{$kind} };
	$session->query($settings);
	$session->query_until(qr/begun/, "\\echo begun\n$query;\n");
	ok($node->poll_query_until('postgres', $files =~ s/count\(\*\)/count(*) > 0/r), "$kind: it writes files");
	$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
	$session->query('RESET ALL');
	like(complaint($session), qr/ERROR:  canceling statement due to user request/, "$kind: cancelled by another session");
	nothing_is_left($kind);
	is($session->query($small), $answer, "$kind: the session goes on");
}
$session->quit;

# The session itself, workers and all.
foreach my $kind ('spilled sort', 'shared rows')
{
	my ($settings, $query) = @{ $queries{$kind} };
	my $doomed = $node->background_psql('postgres', on_error_stop => 0);
	my $leader = $doomed->query('SELECT pg_backend_pid()');
	$doomed->query($settings);
	$doomed->query_until(qr/begun/, "\\echo begun\n$query;\n");
	ok($node->poll_query_until('postgres', $files =~ s/count\(\*\)/count(*) > 0/r), "$kind: it writes files");
	$node->safe_psql('postgres', "SELECT pg_terminate_backend($leader)");
	ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $leader"), "$kind: the session ends");
	nothing_is_left("$kind, terminated");
	eval { $doomed->{run}->finish };
}
is($node->safe_psql('postgres', $small), $answer, 'other sessions go on');
$node->stop;
unlike(slurp_file($node->logfile), qr/TRAP|PANIC|terminated by signal/, 'nothing has died');
done_testing();
