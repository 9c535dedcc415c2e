# The engine when temporary files find no room, memory runs out, or its process is killed while it has spilled: an ERROR with its code, no file
# left behind, the session and the server go on, and the next answer is right.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('limited');
$node->init;
$node->append_conf('postgresql.conf', q{
	autovacuum = off
	fsync = off
	restart_after_crash = on
	max_parallel_workers_per_gather = 0
	work_mem = 256kB
	hash_mem_multiplier = 1
	epiphany.debug_vectorize = force
	jit = off
});
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_epiphany CASCADE;
	CREATE TABLE t (k int, g int, s text) USING epiphany_column;
	INSERT INTO t SELECT i, i % 60000, md5(i::text) || md5((-i)::text) FROM generate_series(1, 120000) i;
	CREATE TABLE u (k int, s text) USING epiphany_column;
	INSERT INTO u SELECT i, md5(i::text) FROM generate_series(1, 60000) i;
	ANALYZE t, u;
});
my $postmaster = slurp_file($node->data_dir . '/postmaster.pid') =~ /^(\d+)/ ? $1 : die;
my $files = 'SELECT count(*) FROM pg_ls_tmpdir()';

# What each spills, and an answer that needs all of it.
my %queries = (
	sort      => 'SELECT sum(k * n) FROM (SELECT k, row_number() OVER () AS n FROM (SELECT k, s FROM t ORDER BY s, k OFFSET 0) x) y',
	aggregate => 'SELECT count(*), sum(n), sum(hashtext(m)) FROM (SELECT g, count(*) AS n, max(s) AS m FROM t GROUP BY g OFFSET 0) x',
	join      => 'SELECT count(*), sum(t.k), sum(hashtext(u.s)) FROM t JOIN u ON t.g = u.k',
);
my %answers = map { $_ => $node->safe_psql('postgres', "SET epiphany.enable_vectorized = off; SET work_mem = '64MB'; $queries{$_}") } keys %queries;

sub answers
{
	my ($session, $what) = @_;
	foreach my $kind (sort keys %queries)
	{
		is($session->query($queries{$kind}), $answers{$kind}, "$what: $kind");
	}
	return;
}

# Takes what the session has said against it so far.
sub complaint
{
	my ($session) = @_;
	my $said = $session->{stderr};
	$session->{stderr} = '';
	return $said;
}

# An engine plan that spills, as a cursor that has been read from.
sub spilled_cursor
{
	my ($session) = @_;
	$session->query('BEGIN; DECLARE c CURSOR FOR SELECT k, s FROM t ORDER BY s, k');
	$session->query('FETCH 1 FROM c');
	return;
}

# ---- they do spill ----

foreach my $kind (sort keys %queries)
{
	my $plan = $node->safe_psql('postgres', "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) $queries{$kind}");
	like($plan, qr/Epiphany Engine.*Spilled/s, "$kind: the engine spills");
}

# ---- no room for temporary files ----

my $session = $node->background_psql('postgres', on_error_stop => 0);
$session->query('\set VERBOSITY verbose');
$session->query("SET temp_file_limit = '1MB'");
foreach my $kind (sort keys %queries)
{
	$session->query($queries{$kind});
	like(complaint($session), qr/ERROR:  53400: temporary file size exceeds/, "$kind: past temp_file_limit");
	is($node->safe_psql('postgres', $files), '0', "$kind: no file is left");
}
$session->query('RESET temp_file_limit');
answers($session, 'with room again');

# As a subtransaction's error.
is( $session->query(q{
	BEGIN;
	SET LOCAL temp_file_limit = '1MB';
	SAVEPOINT a;
	} . $queries{sort} . q{;
	ROLLBACK TO a;
	} . $files . q{;
	}), '0', 'in a subtransaction: no file is left after it');
like(complaint($session), qr/53400/, 'and that was its error');
$session->query('ROLLBACK');
$session->quit;

# A file system that takes no more, to a process that began under the limit.
system_or_bail('prlimit', '--pid', $postmaster, '--fsize=' . 64 * 1024 . ':unlimited');
$session = $node->background_psql('postgres', on_error_stop => 0);
system_or_bail('prlimit', '--pid', $postmaster, '--fsize=unlimited:unlimited');
foreach my $kind (sort keys %queries)
{
	$session->query($queries{$kind});
	like(complaint($session), qr/ERROR:  could not write to (temporary )?file/, "$kind: the disk is full");
	is($node->safe_psql('postgres', $files), '0', "$kind: no file is left by a full disk");
}
my $pid = $session->query('SELECT pg_backend_pid()');
system_or_bail('prlimit', '--pid', $pid, '--fsize=unlimited:unlimited');
answers($session, 'once the disk has room');

# ---- cursors, cancelled queries ----

spilled_cursor($session);
cmp_ok($node->safe_psql('postgres', $files), '>', 0, 'a cursor that has spilled has files');
$session->query('CLOSE c');
is($node->safe_psql('postgres', $files), '0', 'until it is closed');
$session->query('ROLLBACK');
spilled_cursor($session);
$session->query('SELECT 1 / 0');
is($node->safe_psql('postgres', $files), '0', 'or its transaction fails');
$session->query('ROLLBACK');
complaint($session);

# ---- memory ----

foreach my $more (0, 2, 12)
{
	$session->query("SET work_mem = '1GB'; $queries{join}");
	my ($pages) = split / /, slurp_file("/proc/$pid/statm");
	system_or_bail('prlimit', '--pid', $pid, '--as=' . ($pages * 4096 + $more * 1048576) . ':unlimited');
	$session->query('SELECT count(*) FROM (SELECT k, g, s, repeat(s, 3) AS r FROM t UNION ALL SELECT -k, g, s, repeat(s, 2) FROM t) x JOIN t y USING (s)');
	my $said = complaint($session);
	system('prlimit', '--pid', $pid, '--as=unlimited:unlimited');
	like($said, qr/ERROR:  out of memory/, "$more MB more: out of memory");
	$session->query("SET work_mem = '256kB'");
	answers($session, "$more MB more: the session lives on");
}

# The managed heap: a program larger than it may be.
my $managed = $node->background_psql('postgres', on_error_stop => 0);
$managed->query("SET epiphany.managed_heap_limit = '32MB'");
foreach my $time ('once', 'and again')
{
	$managed->query('SELECT count(*) FROM t WHERE ' . join(' AND ', map { "(k + $_) % 7 <> $_ * (k - $_)" } 1 .. 20000));
	like(complaint($managed), qr/ERROR:  out of memory\nDETAIL:  The managed heap/, "more expressions than the managed heap holds, $time");
	answers($managed, "the session lives on, $time");
}
$managed->quit;

# ---- killed ----

spilled_cursor($session);
cmp_ok($node->safe_psql('postgres', $files), '>', 0, 'files of a session that is going to be killed');
kill 'KILL', $pid;
$session->{run}->finish;
$node->poll_query_until('postgres', 'SELECT true');
is($node->safe_psql('postgres', $files), '0', 'they are gone with it');

$session = $node->background_psql('postgres', on_error_stop => 0);
spilled_cursor($session);
cmp_ok($node->safe_psql('postgres', $files), '>', 0, 'files of a server that is going to crash');
$node->stop('immediate');
eval { $session->{run}->finish };
$node->start;
is($node->safe_psql('postgres', $files), '0', 'they are gone when it has started again');
$session = $node->background_psql('postgres', on_error_stop => 0);
answers($session, 'after the crash');
$session->quit;
$node->stop;
unlike(slurp_file($node->logfile), qr/TRAP|PANIC|terminated by signal (?!9)/, 'nothing else has died');
done_testing();
