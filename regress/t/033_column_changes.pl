# Updates and deletes of rows in row groups: whole or absent after the server dies, the same on a standby, carried by prepared transactions.
use strict;
use warnings FATAL => 'all';

use Clients;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $rounds = $ENV{PGE_CRASH_ROUNDS} // 3;
srand($ENV{PGE_CRASH_SEED} // 20242);

# Every change is made to a heap table in the same transaction: the model.
my %scripts = (
	update => q{
\set k random(1, 30000)
BEGIN;
UPDATE model SET v = v + 1 WHERE k BETWEEN :k AND :k + 20;
UPDATE t SET v = v + 1 WHERE k BETWEEN :k AND :k + 20;
COMMIT;
},
	delete => q{
\set k random(1, 300000)
BEGIN;
DELETE FROM model WHERE k = :k;
DELETE FROM t WHERE k = :k;
COMMIT;
},
	undo => q{
\set k random(1, 30000)
BEGIN;
SELECT FROM model WHERE k = :k FOR UPDATE;
DELETE FROM t WHERE k BETWEEN :k AND :k + 50;
SAVEPOINT a;
UPDATE t SET v = -1 WHERE k = :k + 60;
ROLLBACK TO a;
ROLLBACK;
},
	load => q{
\set k random(1, 1000000)
BEGIN;
INSERT INTO model SELECT 1000000 + :k, g FROM generate_series(1, 4000) g;
INSERT INTO t SELECT 1000000 + :k, g FROM generate_series(1, 4000) g;
COMMIT;
},
	vacuum => "VACUUM t;\nCHECKPOINT;\n\\sleep 100 ms\n");

my $differences = q{SELECT count(*) FROM ((TABLE model EXCEPT ALL TABLE t) UNION ALL (TABLE t EXCEPT ALL TABLE model)) d};
my $by_index = q{SET enable_seqscan = off; SELECT count(*), coalesce(sum(v), 0) FROM t WHERE k BETWEEN 1 AND 30000};
my $by_scan = q{SET enable_indexscan = off; SELECT count(*), coalesce(sum(v), 0) FROM t WHERE k BETWEEN 1 AND 30000};

my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1, extra => ['-k']);
$node->append_conf('postgresql.conf', "fsync = on\nautovacuum = off\nmax_prepared_transactions = 5\ncheckpoint_timeout = 1h\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION epiphany_columnstore;
	CREATE TABLE model (k int, v int);
	CREATE TABLE t (k int, v int) USING epiphany_column WITH (epiphany.row_group_rows = 8192);
	INSERT INTO model SELECT g, 0 FROM generate_series(1, 30000) g;
	INSERT INTO t SELECT g, 0 FROM generate_series(1, 30000) g;
	CREATE INDEX ON model (k);
	CREATE INDEX ON t (k);
});

# Somebody does change rows of groups.
my $changed = q{SELECT sum(dead_rows) > 0 FROM epiphany.table_stats('t')};
for my $round (1 .. $rounds)
{
	Clients::crash($node, undef, \%scripts, 0.7, $changed, $round);
	is($node->safe_psql('postgres', $differences), '0', "round $round: rows are the model's after the crash");
	is($node->safe_psql('postgres', $by_index), $node->safe_psql('postgres', $by_scan), "round $round: so by the index");
}

# Somebody did change rows of groups.
$node->safe_psql('postgres', 'VACUUM t');
cmp_ok($node->safe_psql('postgres', q{SELECT dead_rows FROM epiphany.table_stats('t')}), '>', 0, 'rows of groups were changed');

# A prepared transaction keeps its deletes, and its row locks, over a crash.
my $group_row = $node->safe_psql('postgres', q{SELECT k FROM t WHERE ctid > '(2147483648,0)' AND k BETWEEN 1 AND 30000 ORDER BY k LIMIT 2});
my ($deleted, $locked) = split /\n/, $group_row;
$node->safe_psql('postgres', qq{
	BEGIN;
	DELETE FROM t WHERE k = $deleted;
	SELECT FROM t WHERE k = $locked FOR UPDATE;
	PREPARE TRANSACTION 'changes';
});
$node->stop('immediate');
$node->start;
is($node->safe_psql('postgres', "SELECT count(*) FROM t WHERE k IN ($deleted, $locked)"), '2', 'prepared: nothing is visible yet');
isnt($node->psql('postgres', "SELECT FROM t WHERE k = $locked FOR SHARE NOWAIT"), 0, 'prepared: the lock is held after the crash');
isnt($node->psql('postgres', "SET lock_timeout = '200ms'; UPDATE t SET v = 0 WHERE k = $deleted"), 0, 'prepared: so is the deleted row');
$node->safe_psql('postgres', "COMMIT PREPARED 'changes'; DELETE FROM model WHERE k = $deleted");
is($node->psql('postgres', "SELECT FROM t WHERE k = $locked FOR SHARE NOWAIT"), 0, 'prepared: committed, the lock is gone');
is($node->safe_psql('postgres', $differences), '0', 'prepared: committed, the row is gone');

# A standby sees the same, before and after VACUUM and promotion.
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$node->safe_psql('postgres', q{
	BEGIN;
	UPDATE model SET v = v + 100 WHERE k % 10 = 0; UPDATE t SET v = v + 100 WHERE k % 10 = 0;
	DELETE FROM model WHERE k % 13 = 0; DELETE FROM t WHERE k % 13 = 0;
	COMMIT;
});
$node->wait_for_catchup($standby);
is($standby->safe_psql('postgres', $differences), '0', 'standby: the same rows');
$node->safe_psql('postgres', 'VACUUM FREEZE t');
$node->wait_for_catchup($standby);
is($standby->safe_psql('postgres', $differences), '0', 'standby: the same rows after VACUUM');
is($standby->safe_psql('postgres', $by_index), $standby->safe_psql('postgres', $by_scan), 'standby: so by the index');
$node->stop;
$standby->promote;
$standby->safe_psql('postgres', 'UPDATE model SET v = 5 WHERE k = 17; UPDATE t SET v = 5 WHERE k = 17; VACUUM FULL t');
is($standby->safe_psql('postgres', $differences), '0', 'promoted: changes and VACUUM FULL');
$standby->stop;
command_ok([ 'pg_checksums', '--check', '-D', $standby->data_dir ], 'checksums are right');
done_testing();
