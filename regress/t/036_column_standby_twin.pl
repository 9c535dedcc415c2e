# Standbys of column tables under random work on the primary, restarts and crashes of either: at every snapshot of a query there, column
# tables hold what their heap twins hold; so they do after failover, prepared transactions included.
#   PGE_TWIN_SECONDS=600 PGE_TWIN_SEED=7   longer, and with other random numbers
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);
use Twin;

my $until = time + ($ENV{PGE_TWIN_SECONDS} // 20);

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1, extra => ['--data-checksums']);
$primary->append_conf('postgresql.conf', "autovacuum = off\nmax_prepared_transactions = 20\nmax_wal_size = 64MB\nmin_wal_size = 32MB
deadlock_timeout = 50ms\nlock_timeout = 2s\nlog_statement = none\nlog_min_messages = fatal\nmax_locks_per_transaction = 256\nwal_keep_size = 1GB
max_standby_streaming_delay = 300ms\nwal_retrieve_retry_interval = 100ms");
$primary->start;
my $twin = Twin->new($primary, $ENV{PGE_TWIN_SEED} // 36);
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
my $cascade = PostgreSQL::Test::Cluster->new('cascade');
$cascade->init_from_backup($primary, 'base');
$cascade->enable_streaming($standby);
$cascade->start;

sub caught_up
{
	my ($name) = @_;
	my $lsn = $primary->lsn('insert');
	foreach my $node ($standby, $cascade)
	{
		$node->poll_query_until('postgres', "SELECT pg_last_wal_replay_lsn() >= '$lsn'") or die 'timed out';
		$twin->compare("$name, " . $node->name, $node);
	}
}

for (my $round = 1; time < $until and Test::More->builder->is_passing; $round++)
{
	$standby->append_conf('postgresql.conf', 'hot_standby_feedback = ' . ($round % 2 ? 'off' : 'on'));
	$standby->reload;
	$twin->start(peaceful => $round % 2);
	$twin->start(node => $_, readers => 1) foreach $standby, $cascade;
	usleep(1_000_000 + int rand 2_000_000);
	# The standby in the middle, the last one, or the primary dies.
	my $victim = $round % 3 == 0 ? $primary : $round % 3 == 1 ? $standby : $cascade;
	$victim->stop('immediate');
	$victim->start unless $victim == $primary;
	usleep(500_000);
	$primary->stop('immediate') unless $victim == $primary;
	$twin->finish("round $round");
	$primary->start;
	$twin->compare("round $round, primary");
	caught_up("round $round");
	$twin->settle;
}

# Failover: changes of row groups that were prepared on the old primary end on the new one.
$primary->safe_psql('postgres', q{
	BEGIN; UPDATE m.keyed SET v = 777 WHERE k BETWEEN 1 AND 500; UPDATE c.keyed SET v = 777 WHERE k BETWEEN 1 AND 500; PREPARE TRANSACTION 'kept';
	BEGIN; DELETE FROM m.hot WHERE k > 3000; DELETE FROM c.hot WHERE k > 3000;
		INSERT INTO m.plain SELECT g FROM generate_series(1, 5000) g; INSERT INTO c.plain SELECT g FROM generate_series(1, 5000) g;
		PREPARE TRANSACTION 'dropped';
	CHECKPOINT;
});
caught_up('prepared');
$primary->stop('immediate');
$standby->promote;
isnt($standby->psql('postgres', q{SET lock_timeout = '100ms'; DELETE FROM c.hot WHERE k > 3000}), 0, 'the new primary holds what was prepared');
$standby->safe_psql('postgres', q{COMMIT PREPARED 'kept'; ROLLBACK PREPARED 'dropped'; VACUUM (FREEZE, ANALYZE)});
$twin->compare('promoted', $standby);
my $lsn = $standby->lsn('insert');
$cascade->poll_query_until('postgres', "SELECT pg_last_wal_replay_lsn() >= '$lsn'") or die 'timed out';
$twin->compare('its standby', $cascade);
cmp_ok($standby->safe_psql('postgres', 'SELECT count(*) FROM c.keyed WHERE v = 777'), '>', 100, 'with what was prepared');
foreach my $node ($cascade, $standby)
{
	$node->stop;
	command_ok([ 'pg_checksums', '--check', '-D', $node->data_dir ], 'checksums: ' . $node->name);
	unlike(slurp_file($node->logfile), qr/TRAP|PANIC|server process .* was terminated by signal/, 'no crash: ' . $node->name);
}

done_testing();
