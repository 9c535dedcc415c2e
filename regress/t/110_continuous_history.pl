# Continuous aggregates equal their queries at every instant: step by step in one session; under concurrent writers, refreshes and readers,
# with the engine and without; and after the server was killed in the middle of that.
use strict;
use warnings FATAL => 'all';

use ContinuousHistory;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $steps = $ENV{PGE_HISTORY_STEPS} // 60;
my $seconds = $ENV{PGE_HISTORY_SECONDS} // 8;
my $seed = $ENV{PGE_HISTORY_SEED} // 6;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\nmax_prepared_transactions = 10\ntimezone = UTC\ndeadlock_timeout = 100ms\nrestart_after_crash = on");
$node->start;
my ($setup, @aggregates) = ContinuousHistory::setup();
$node->safe_psql('postgres', $setup);
is($node->safe_psql('postgres', 'SELECT * FROM differences'), '', 'after they were made');

# ---- one session, step by step ----

srand($seed);
my $look = 'SELECT * FROM differences;';
my $script = "SET client_min_messages = warning; SELECT setseed(0.$seed);\n";
for my $step (1 .. $steps)
{
	my $aggregate = $aggregates[ rand @aggregates ];
	my $kind = int(rand 8);
	my $change = ContinuousHistory::change();
	my $more = ContinuousHistory::change();
	my $from = int(rand 140);

	$script .= "\\echo step $step\n";
	$script .= 'SET epiphany.debug_vectorize = ' . ($step % 2 ? 'force' : 'off') . ";\n";
	$script .= "$change\n" if $kind < 3;
	$script .= "BEGIN; $change\n$look\nSAVEPOINT a; $more\n$look\nSAVEPOINT b; $change\nRELEASE b;\n$look\nROLLBACK TO a;\n$look\nCOMMIT;\n" if $kind == 3;
	$script .= "BEGIN; $change\nCALL epiphany.refresh_continuous_aggregate('$aggregate', NULL, NULL);\n$look\n$more\n$look\n" .
		($step % 2 ? "COMMIT;\n" : "ROLLBACK;\n") if $kind == 4;
	$script .= "BEGIN; $change\nPREPARE TRANSACTION 'p';\n$look\nCALL epiphany.refresh_continuous_aggregate('$aggregate', NULL, NULL);\n" .
		"COMMIT PREPARED 'p';\n" if $kind == 5;
	$script .= 'TRUNCATE ' . (@ContinuousHistory::sources, 'rooms', 'floors')[ rand 5 ] . ";\n$look\n$change\n$more\n" if $kind == 6 && $step % 4 == 0;
	$script .= "ALTER MATERIALIZED VIEW $aggregate SET (epiphany.materialized_only);\n$change\n" .
		"ALTER MATERIALIZED VIEW $aggregate SET (epiphany.materialized_only = false);\n" if $kind == 7;
	$script .= "$look\nCALL epiphany.refresh_continuous_aggregate('$aggregate', " .
		($step % 3 ? "'2024-10-30 00:00Z'::timestamptz + $from * interval '1 hour', '2025-01-02 00:00Z')" : 'NULL, NULL)') . ";\n$look\n";
}
my ($out, $err) = ('', '');
my $status = $node->psql('postgres', $script, stdout => \$out, stderr => \$err, on_error_stop => 1);
is($status, 0, "no error in $steps steps") or diag($err);
is(join("\n", grep { !/^step \d+$|^$/ } split(/\n/, $out)), '', 'no difference at any step') or diag("seed $seed\n$out");
cmp_ok($node->safe_psql('postgres', 'SELECT sum(refreshes) FROM epiphany.continuous_aggregate_stats'), '>', $steps / 2, 'refreshes had something to do');

# ---- all at once, and a crash at the end of each round ----

my %scripts = ContinuousHistory::scripts(@aggregates);
my @files;
for my $name (sort keys %scripts)
{
	my $file = $node->basedir . "/$name.sql";
	append_to_file($file, $scripts{$name});
	push @files, '-f', $file . ($name =~ /^check/ ? '@8' : '@1');
}
for my $round (1 .. 3)
{
	my ($said, $complained) = ('', '');
	my $clients = IPC::Run::start(
		[ 'pgbench', '-n', '-c', 6, '-T', $seconds * ($round < 3 ? 10 : 1), '--max-tries=1000', '--random-seed=' . ($seed + $round), @files,
		  '-h', $node->host, '-p', $node->port, 'postgres' ], '<', \undef, '>', \$said, '2>', \$complained);
	if ($round < 3)
	{
		my $until = time() + $seconds;
		$clients->pump_nb and select(undef, undef, undef, 0.1) while time() < $until;
		$round == 1 ? $node->stop('immediate') : kill_backend();
		$clients->finish;
		$node->start if $round == 1;
		$node->poll_query_until('postgres', 'SELECT true') if $round == 2;
	}
	else
	{
		$clients->finish;
		like($said, qr/number of failed transactions: 0 /, "round $round: every transaction went through in the end") or diag("$said$complained");
	}
	note($complained);
	unlike($complained, qr/aggregate \w+ differs|XX000|unexpected|concurrently/, "round $round: no client saw a difference");
	is($node->safe_psql('postgres', 'SELECT * FROM differences'), '', "round $round: no difference afterwards");
}
is($node->safe_psql('postgres', 'SELECT count(*) FROM epiphany.continuous_pending WHERE first = last'), '0', 'ranges are of buckets');
for my $aggregate (@aggregates)
{
	$node->safe_psql('postgres', "SET client_min_messages = warning; CALL epiphany.refresh_continuous_aggregate('$aggregate', NULL, NULL)");
}
is($node->safe_psql('postgres', 'SELECT * FROM differences'), '', 'no difference after refreshing all');
is($node->safe_psql('postgres', 'SELECT sum(pending_rows) FROM epiphany.continuous_aggregate_stats'), '0', 'nothing is pending');
$node->stop;
done_testing();

# kill -9 of a client's backend takes the others with it; the server starts again by itself.
sub kill_backend
{
	my $pid = $node->safe_psql('postgres',
		"SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY query LIKE '%CALL%' DESC LIMIT 1");
	return ok($pid, 'a client was there to be killed') && kill('KILL', $pid);
}
