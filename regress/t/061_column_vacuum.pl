# VACUUM of row groups, with all it moves, cuts and gives back: killed at any point it loses nothing and leaves nothing behind, standbys without
# feedback follow it, and a table that changes for ever does not grow for ever.
use strict;
use warnings FATAL => 'all';

use IPC::Run;
use Clients;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $rounds = $ENV{PGE_CRASH_ROUNDS} // 3;
srand($ENV{PGE_CRASH_SEED} // 4711);

# Every change is made to a heap table in the same transaction, under the same snapshot: the model.
my %scripts = (
	update => q{
\set k random(1, 40000)
BEGIN ISOLATION LEVEL REPEATABLE READ;
UPDATE model SET v = v + 1 WHERE k BETWEEN :k AND :k + 500;
UPDATE t SET v = v + 1 WHERE k BETWEEN :k AND :k + 500;
COMMIT;
},
	replace => q{
\set k random(1, 6)
BEGIN ISOLATION LEVEL REPEATABLE READ;
DELETE FROM model WHERE k BETWEEN :k * 5000 AND :k * 5000 + 4000;
DELETE FROM t WHERE k BETWEEN :k * 5000 AND :k * 5000 + 4000;
INSERT INTO model SELECT g, -1 FROM generate_series(:k * 5000, :k * 5000 + 4000) g;
INSERT INTO t SELECT g, -1 FROM generate_series(:k * 5000, :k * 5000 + 4000) g;
COMMIT;
},
	undo => q{
\set k random(1, 1000000)
BEGIN;
INSERT INTO t SELECT 1000000 + :k, g FROM generate_series(1, 6000) g;
ROLLBACK;
},
	vacuum => "SELECT epiphany.compact('t');\nVACUUM (INDEX_CLEANUP on) t;\n");

my $differences = q{SELECT count(*) FROM ((TABLE model EXCEPT ALL TABLE t) UNION ALL (TABLE t EXCEPT ALL TABLE model)) d};
my $by_index = q{SET enable_seqscan = off; SELECT count(*), sum(v), sum(k) FROM t WHERE k BETWEEN 1 AND 40000};
my $by_scan = q{SET enable_indexscan = off; SET enable_bitmapscan = off; SELECT count(*), sum(v), sum(k) FROM t WHERE k BETWEEN 1 AND 40000};

my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1, extra => ['-k']);
$node->append_conf('postgresql.conf', "fsync = on\nautovacuum = off\ncheckpoint_timeout = 1h\nwal_level = replica\n");
$node->start;
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', "hot_standby_feedback = off\nmax_standby_streaming_delay = 100ms\n");
$standby->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION epiphany_columnstore;
	CREATE TABLE model (k int, v int);
	CREATE TABLE t (k int, v int) USING epiphany_column WITH (epiphany.row_group_rows = 8192);
	INSERT INTO model SELECT g, 0 FROM generate_series(1, 40000) g;
	INSERT INTO t SELECT g, 0 FROM generate_series(1, 40000) g;
	CREATE INDEX ON model (k);
	CREATE INDEX ON t (k);
	CREATE INDEX ON t USING hash (v);
});

sub check
{
	my ($server, $what) = @_;
	is($server->safe_psql('postgres', $differences), 0, "$what: as the model");
	is($server->safe_psql('postgres', $by_index), $server->safe_psql('postgres', $by_scan), "$what: index and scan agree");
	is($server->safe_psql('postgres', q{SELECT * FROM epiphany.verify('t')}), '', "$what: nothing is damaged");
}

for my $round (1 .. $rounds)
{
	my @clients = Clients::start($node, \%scripts, options => ['--max-tries=100']);
	usleep(1_500_000 + int(rand(2_500_000)));
	$node->stop('immediate');
	$_->{run}->finish for @clients;
	$node->start;
	check($node, "crash $round");
	$node->wait_for_replay_catchup($standby);
	check($standby, "standby after crash $round");
}

# Alone, VACUUM finds what the crashes have left, and gives it back.
$node->safe_psql('postgres', $_) for q{SELECT epiphany.compact('t')}, 'VACUUM (INDEX_CLEANUP on) t', 'VACUUM (INDEX_CLEANUP on) t';
check($node, 'at rest');
my $waste = q{SELECT pg_relation_size('t') / 8192 - (SELECT sum(blocks) FROM epiphany.row_groups('t'))};
cmp_ok($node->safe_psql('postgres', $waste), '<', 40, 'and the file is about as large as its groups');

# Killed while it is alone with the table: between moving a group and cutting the file.
for my $round (1 .. $rounds)
{
	$node->safe_psql('postgres', q{
		UPDATE model SET v = v + 1 WHERE k % 3 = 0;
		UPDATE t SET v = v + 1 WHERE k % 3 = 0;
		SELECT epiphany.compact('t')});
	my ($out, $err) = ('', '');
	my $vacuum = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', 'VACUUM (INDEX_CLEANUP on) t' ],
		'>', \$out, '2>', \$err);
	usleep(20_000 + int(rand(150_000)));
	$node->stop('immediate');
	$vacuum->finish;
	$node->start;
	check($node, "killed in VACUUM $round");
}
$node->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP on) t');
check($node, 'after it could end');
$node->safe_psql('postgres', 'VACUUM (INDEX_CLEANUP on) t');
cmp_ok($node->safe_psql('postgres', $waste), '<', 40, 'nothing is left behind');

# A standby's query is cancelled or sees what it saw; it never sees half.
my $old = $standby->background_psql('postgres', on_error_stop => 0);
$old->query_safe('BEGIN ISOLATION LEVEL REPEATABLE READ');
my $seen = $old->query_safe('SELECT count(*), sum(v) FROM t');
$node->safe_psql('postgres', 'DELETE FROM t WHERE k > 20000; DELETE FROM model WHERE k > 20000');
$node->safe_psql('postgres', $_) for 'VACUUM (INDEX_CLEANUP on) t', 'VACUUM (INDEX_CLEANUP on) t';
$node->wait_for_replay_catchup($standby);
my $now = eval { $old->query('SELECT count(*), sum(v) FROM t') } // '';
ok($now eq $seen || $now eq '', 'a query of the standby with an old snapshot: the same rows, or cancelled');
eval { $old->quit };
check($standby, 'standby at the end');

# Cycles of changes, VACUUM and compaction: bounded.
my @sizes;
for my $cycle (1 .. 6)
{
	$node->safe_psql('postgres', 'UPDATE t SET v = v + 1; UPDATE model SET v = v + 1');
	$node->safe_psql('postgres', $_) for q{SELECT epiphany.compact('t')}, 'VACUUM (INDEX_CLEANUP on) t';
	push @sizes, $node->safe_psql('postgres', q{SELECT pg_relation_size('t')});
}
note("sizes: @sizes");
cmp_ok($sizes[-1], '<=', 1.5 * $sizes[1], 'updates of the whole table, again and again, do not make it grow');
check($node, 'after all cycles');
$standby->stop;
$node->stop;
command_ok([ 'pg_checksums', '--check', '-D', $node->data_dir ], 'checksums are right');
done_testing();
