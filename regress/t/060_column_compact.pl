# Compaction beside everything else: rows are the model's at any moment, after the server dies, on a standby, and at the end.
use strict;
use warnings FATAL => 'all';

use Clients;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $rounds = $ENV{PGE_CRASH_ROUNDS} // 3;
srand($ENV{PGE_CRASH_SEED} // 6060);

# Every change is made to a heap table in the same transaction: the model. At READ COMMITTED even two heap tables would differ where rows
# come and go while others search for them, so changers of the same fifty keys queue first; but for the first fifty, which stay.
sub both { return Clients::on_both([ '\set b random(1, 120)', '\set k random(:b * 50, :b * 50 + 40)', '\set hot random(1, 40)' ], @_) }

my $queue = 'SELECT pg_advisory_xact_lock(:b)';
my $same = q{SELECT 1 / (SELECT ((SELECT (count(*), sum(k), sum(v)) FROM model %1$s) = (SELECT (count(*), sum(k), sum(v)) FROM t %1$s))::int)};
my %scripts = (
	update => both('', $queue, 'UPDATE TABLE SET v = v + 1 WHERE k BETWEEN :k AND :k + 5'),
	update_rr => both(' ISOLATION LEVEL REPEATABLE READ', 'UPDATE TABLE SET v = v + 1 WHERE k = :k', 'DELETE FROM TABLE WHERE k = :k + 1'),
	delete => both('', $queue, 'DELETE FROM TABLE WHERE k BETWEEN :k AND :k + 9'),
	upsert => both('', $queue,
		'INSERT INTO TABLE SELECT g, 0 FROM generate_series(:k, :k + 9) g ON CONFLICT (k) DO UPDATE SET v = TABLE.v + 10'),
	hot1 => both('', 'UPDATE TABLE SET v = v + 1 WHERE k = :hot'),
	hot2 => both('', 'SELECT FROM TABLE WHERE k = :hot FOR UPDATE', 'UPDATE TABLE SET v = v + 100 WHERE k = :hot'),
	hot3 => both('', 'SELECT FROM TABLE WHERE k BETWEEN :hot AND :hot + 3 FOR KEY SHARE'),
	undo => both('', 'SELECT FROM TABLE WHERE k = :hot FOR UPDATE', 'SAVEPOINT a', 'UPDATE TABLE SET v = -1 WHERE k = :hot', 'ROLLBACK TO a'),
	compact => "SELECT epiphany.compact('t');\n\\sleep 20 ms\n",
	compact_undone => "BEGIN;\nSELECT epiphany.compact('t');\n\\sleep 5 ms\nROLLBACK;\n\\sleep 50 ms\n",
	vacuum => "VACUUM t;\n\\sleep 100 ms\n",
	check => "BEGIN ISOLATION LEVEL REPEATABLE READ;\n" . sprintf($same, '') . ";\n\\sleep 20 ms\nSET LOCAL enable_seqscan = off;\n"
		. sprintf($same, 'WHERE k BETWEEN 1000 AND 4000') . ";\nCOMMIT;\n",
);

my $differences = q{SELECT count(*) FROM ((TABLE model EXCEPT ALL TABLE t) UNION ALL (TABLE t EXCEPT ALL TABLE model)) d};
my $by_index = q{SET enable_seqscan = off; SELECT count(*), sum(k), sum(v) FROM t WHERE k BETWEEN 1 AND 100000};
my $by_scan = q{SET enable_indexscan = off; SET enable_bitmapscan = off; SELECT count(*), sum(k), sum(v) FROM t WHERE k BETWEEN 1 AND 100000};

my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1, extra => ['-k']);
$node->append_conf('postgresql.conf', "fsync = on\nautovacuum = off\ncheckpoint_timeout = 1h\nmax_connections = 40\nmax_prepared_transactions = 5\nmax_standby_streaming_delay = -1\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION epiphany_columnstore;
	CREATE TABLE model (k int PRIMARY KEY, v int);
	CREATE TABLE t (k int PRIMARY KEY, v int) USING epiphany_column WITH (epiphany.row_group_rows = 2048);
	INSERT INTO model SELECT g, 0 FROM generate_series(1, 6000) g;
	INSERT INTO t SELECT g, 0 FROM generate_series(1, 6000) g;
});
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;

my $moved = q{SELECT EXISTS (SELECT FROM epiphany.row_groups('t') WHERE state IN ('committed', 'frozen', 'replaced'))};
for my $round (1 .. $rounds)
{
	Clients::crash($node, $standby, \%scripts, 1.5, $moved, $round);
	is($node->safe_psql('postgres', $differences), '0', "round $round: rows are the model's after the crash");
	is($node->safe_psql('postgres', $by_index), $node->safe_psql('postgres', $by_scan), "round $round: so by the index");
	$node->wait_for_catchup($standby);
	is($standby->safe_psql('postgres', $differences), '0', "round $round: rows are the model's on the standby");
}
unlike(slurp_file($_->logfile), qr/TRAP:|PANIC:|terminated by signal/, $_->name . ': no process died') for $node, $standby;

# What is left when it is quiet: full groups, no rows in the delta, nothing that VACUUM cannot take away.
$node->safe_psql('postgres', q{SELECT epiphany.compact('t')});
$node->safe_psql('postgres', 'VACUUM t');
is($node->safe_psql('postgres', q{SELECT epiphany.compact('t')}), '0', 'quiet: nothing is left to be moved');
is($node->safe_psql('postgres', $differences), '0', "quiet: rows are the model's");
is($node->safe_psql('postgres', $by_index), $node->safe_psql('postgres', $by_scan), 'quiet: so by the index');
my $rows = $node->safe_psql('postgres', 'SELECT count(*) FROM t');
cmp_ok($node->safe_psql('postgres', q{SELECT group_rows - dead_rows FROM epiphany.table_stats('t')}), '>=', $rows, 'quiet: all rows are in groups');

# A prepared compaction holds its rows over a crash, and lets go of them either way.
for my $end ('COMMIT', 'ROLLBACK')
{
	$node->safe_psql('postgres', 'DELETE FROM model WHERE k % 3 = 1; DELETE FROM t WHERE k % 3 = 1');
	$node->safe_psql('postgres', 'UPDATE model SET v = v + 1 WHERE k % 3 = 2; UPDATE t SET v = v + 1 WHERE k % 3 = 2');
	cmp_ok($node->safe_psql('postgres', q{BEGIN; SELECT epiphany.compact('t'); PREPARE TRANSACTION 'moves'}), '>', 0, "prepared, $end: rows move");
	$node->stop('immediate');
	$node->start;
	is($node->safe_psql('postgres', $differences), '0', "prepared, $end: nobody sees it yet");
	isnt($node->psql('postgres', "SET lock_timeout = '100ms'; UPDATE t SET v = 0 WHERE k % 3 = 2"), 0, "prepared, $end: rows of the delta are held");
	isnt($node->psql('postgres', "SET lock_timeout = '100ms'; UPDATE t SET v = 0 WHERE k % 3 = 0"), 0, "prepared, $end: rows of groups are held");
	$node->safe_psql('postgres', "$end PREPARED 'moves'");
	$node->safe_psql('postgres', 'UPDATE model SET v = v + 1 WHERE k % 3 <> 1; UPDATE t SET v = v + 1 WHERE k % 3 <> 1');
	is($node->safe_psql('postgres', $differences), '0', "prepared, $end: rows are the model's");
	is($node->safe_psql('postgres', $by_index), $node->safe_psql('postgres', $by_scan), "prepared, $end: so by the index");
	$node->safe_psql('postgres', 'INSERT INTO model SELECT g, 0 FROM generate_series(10001, 14000) g ON CONFLICT DO NOTHING');
	$node->safe_psql('postgres', 'INSERT INTO t SELECT g, 0 FROM generate_series(10001, 14000) g ON CONFLICT DO NOTHING');
	$node->safe_psql('postgres', q{SELECT epiphany.compact('t')});
}

# The standby takes over and compacts what comes.
$node->wait_for_catchup($standby);
$node->stop;
$standby->promote;
$standby->safe_psql('postgres', "UPDATE model SET v = v + 1 WHERE k % 3 = 0; UPDATE t SET v = v + 1 WHERE k % 3 = 0");
cmp_ok($standby->safe_psql('postgres', q{SELECT epiphany.compact('t')}), '>', 0, 'promoted: rows move');
is($standby->safe_psql('postgres', $differences), '0', "promoted: rows are the model's");
is($standby->safe_psql('postgres', $by_index), $standby->safe_psql('postgres', $by_scan), 'promoted: so by the index');
$standby->stop;

done_testing();
