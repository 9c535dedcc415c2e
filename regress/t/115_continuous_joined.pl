# Between its look at the source and its commit, a transaction that has changed a joined table keeps refreshes waiting: what is stored then would
# have new rows of the source with the joined row as it was, and no log row would tell. Here such a transaction waits for a standby.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "autovacuum = off\nsynchronous_commit = local\nsynchronous_standby_names = 'nobody'");
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION pg_epiphany CASCADE;
	CREATE TABLE readings (t int NOT NULL, dev int, v int);
	CREATE TABLE devices (dev int PRIMARY KEY, place text);
	INSERT INTO devices VALUES (1, 'here'), (2, 'there');
	INSERT INTO readings VALUES (1, 1, 1), (11, 2, 2);
	CREATE MATERIALIZED VIEW tens WITH (epiphany.continuous) AS
		SELECT epiphany.time_bucket(10, t) AS b, place, sum(v) FROM readings JOIN devices USING (dev) GROUP BY 1, 2;
	CREATE MATERIALIZED VIEW hundreds WITH (epiphany.continuous) AS
		SELECT epiphany.time_bucket(100, b) AS b, place, sum(sum) FROM tens GROUP BY 1, 2;
	CREATE VIEW differences AS
		(TABLE tens EXCEPT TABLE tens_definition) UNION ALL (TABLE tens_definition EXCEPT TABLE tens) UNION ALL
		(TABLE hundreds EXCEPT TABLE hundreds_definition) UNION ALL (TABLE hundreds_definition EXCEPT TABLE hundreds);
});

my $waits = q{SELECT count(*) = %d FROM pg_stat_activity WHERE wait_event = '%s'};
my $changer = $node->background_psql('postgres');
$changer->query_until(qr/sent/, q{\echo sent
	BEGIN; SET LOCAL synchronous_commit = on; UPDATE devices SET place = 'moved' WHERE dev = 1; COMMIT;
});
ok($node->poll_query_until('postgres', sprintf($waits, 1, 'SyncRep')), 'a change of a joined table is not committed yet');
$node->safe_psql('postgres', q{INSERT INTO readings VALUES (25, 1, 10)});
my @refreshers = map { $node->background_psql('postgres') } 1 .. 2;
$refreshers[0]->query_until(qr/sent/, qq{\\echo sent\nCALL epiphany.refresh_continuous_aggregate('tens', NULL, NULL);\n});
$refreshers[1]->query_until(qr/sent/, qq{\\echo sent\nCALL epiphany.refresh_continuous_aggregate('hundreds', NULL, NULL);\n});
ok($node->poll_query_until('postgres', sprintf($waits, 2, 'object')), 'refreshes of the aggregate and of one above it wait');
is($node->safe_psql('postgres', 'TABLE tens ORDER BY 1'), "0|here|1\n10|there|2\n20|here|10", 'readers do not, and see the joined row as it was');
is($node->safe_psql('postgres', 'TABLE differences'), '', 'as the queries do');
$node->safe_psql('postgres', 'INSERT INTO readings VALUES (35, 1, 20)');
pass('nor do writers');

$node->safe_psql('postgres', q{ALTER SYSTEM SET synchronous_standby_names = ''});
$node->reload;
$_->quit for $changer, @refreshers;
is($node->safe_psql('postgres', 'SELECT sum(pending_rows) FROM epiphany.continuous_aggregate_stats'), '0', 'the refreshes have seen all');
is($node->safe_psql('postgres', 'TABLE tens ORDER BY 1'), "0|moved|1\n10|there|2\n20|moved|10\n30|moved|20", 'the change is in each bucket');
is($node->safe_psql('postgres', 'TABLE differences'), '', 'no difference');

# A refresh that took one snapshot for all would miss what it waits for. What sessions of the database begin with is not what policies do.
$node->safe_psql('postgres', q{ALTER DATABASE postgres SET default_transaction_isolation = 'repeatable read'});
my ($code, undef, $err) = $node->psql('postgres', q{CALL epiphany.refresh_continuous_aggregate('tens', NULL, NULL)});
like($err, qr/"tens" cannot be refreshed under REPEATABLE READ/, 'by hand it is refused under REPEATABLE READ');
my $job = $node->safe_psql('postgres', q{SELECT epiphany.add_continuous_aggregate_policy('tens', NULL, NULL, '1 hour')});
ok($node->poll_query_until('postgres', "SELECT last_run_status = 'Success' FROM epiphany.job_stats WHERE job_id = $job"), 'by its policy it is refreshed');
$node->stop;
done_testing();
