# Whatever several clients do to column tables at once, whoever is cancelled or killed and whenever the server dies:
# the tables hold exactly what heap tables hold that were changed in the same transactions.
#   PGE_TWIN_SECONDS=600 PGE_TWIN_SEED=7   longer, and with other random numbers
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);
use Twin;

my $until = time + ($ENV{PGE_TWIN_SECONDS} // 30);

my $node = PostgreSQL::Test::Cluster->new('twin');
$node->init(extra => ['--data-checksums']);
$node->append_conf('postgresql.conf', "autovacuum = off\nmax_prepared_transactions = 20\nmax_wal_size = 64MB\ndeadlock_timeout = 50ms\nlock_timeout = 2s
log_statement = none\nlog_min_messages = error\nlog_line_prefix = '%b %e '\nmin_wal_size = 32MB\nmax_locks_per_transaction = 256\nrestart_after_crash = on
shared_preload_libraries = 'pg_epiphany'\nepiphany.maintenance_naptime = 1\nautovacuum_naptime = 1\nautovacuum_vacuum_threshold = 200");
$node->start;
my $twin = Twin->new($node, $ENV{PGE_TWIN_SEED} // 34);
$twin->compare('at first');

for (my $round = 1; time < $until and Test::More->builder->is_passing; $round++)
{
	# In every other round the server keeps house, too.
	my $automatic = $round % 2 ? 'off' : 'on';
	$node->append_conf('postgresql.conf', "autovacuum = $automatic\nepiphany.maintenance = $automatic");
	$node->reload;
	$twin->start;
	usleep(500_000 + int rand 3_000_000);
	if ($round % 3 == 0)
	{
		# One backend dies of a signal: the postmaster ends the others, and recovers.
		$node->safe_psql('postgres', "SELECT 'kill'");
		my $pid = $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE application_name ~ '^twin [0-9u]' ORDER BY random() LIMIT 1});
		kill 'KILL', $pid if $pid;
		usleep(1_500_000);
	}
	$node->stop('immediate');
	$twin->finish("crash $round");
	$node->start;
	$twin->compare("crash $round");
	$twin->settle;
	$twin->compare("crash $round, nothing prepared any more") if $round % 4 == 0;
}

$node->append_conf('postgresql.conf', "autovacuum = off\nepiphany.maintenance = off");
$node->reload;

# A run that ends in peace; then what VACUUM leaves.
$twin->start(chunks => 2, peaceful => 1);
$twin->finish('at peace');
$twin->settle;
$twin->compare('at peace');
$node->safe_psql('postgres', 'VACUUM (FREEZE, ANALYZE)');
$twin->compare('after VACUUM FREEZE');
$node->safe_psql('postgres', 'VACUUM FULL c.keyed, c.plain, c.hot, c.parts_1, c.parts_2');
$twin->compare('after VACUUM FULL');
$twin->summary;
$node->stop;
command_ok([ 'pg_checksums', '--check', '-D', $node->data_dir ], 'checksums');
unlike(slurp_file($node->logfile), qr/^.* XX\d{3} (?:ERROR|FATAL|PANIC).*/m, 'no internal error, in the background either');
unlike(slurp_file($node->logfile), qr/TRAP|PANIC|server process .* was terminated by signal (?!9)/, 'no crash but those asked for');

done_testing();
