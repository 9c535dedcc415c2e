# Continuous aggregates on a standby, and of a table that a subscription fills; the log of changes is not published.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init(allows_streaming => 'logical');
$node->append_conf('postgresql.conf', "autovacuum = off\ntimezone = UTC");
$node->start;
my $tables = q{
	CREATE EXTENSION epiphany_timeseries CASCADE;
	CREATE TABLE on_heap (id int PRIMARY KEY, ts timestamptz NOT NULL, v int) USING heap;
	CREATE TABLE on_column (id int PRIMARY KEY, ts timestamptz NOT NULL, v int) USING epiphany_column;
	CREATE TABLE names (v int PRIMARY KEY, name text);
};
my $aggregates = join '', map { qq{
	CREATE MATERIALIZED VIEW ${_}_hours WITH (epiphany.continuous) AS
		SELECT epiphany.time_bucket('1 hour', ts) AS bucket, count(*), sum(v) FROM $_ GROUP BY 1;
} } qw(on_heap on_column);
$aggregates .= q{
	CREATE MATERIALIZED VIEW named_hours WITH (epiphany.continuous) AS
		SELECT epiphany.time_bucket('1 hour', ts) AS bucket, name, count(*) FROM on_column LEFT JOIN names USING (v) GROUP BY 1, 2;
};
my $differences = join ' UNION ALL ', map {
	"SELECT '$_', x::text FROM ((TABLE $_ EXCEPT ALL TABLE ${_}_definition) UNION ALL (TABLE ${_}_definition EXCEPT ALL TABLE $_)) x" } qw(on_heap_hours on_column_hours named_hours);
my $pending = q{SELECT count(*) FROM epiphany.pending('on_heap_hours', NULL::timestamptz); SELECT count(*) FROM epiphany.pending('on_column_hours', NULL::timestamptz)};
my $refresh = q{SET client_min_messages = warning; CALL epiphany.refresh_continuous_aggregate('on_heap_hours', NULL, NULL);
	CALL epiphany.refresh_continuous_aggregate('on_column_hours', NULL, NULL);
	CALL epiphany.refresh_continuous_aggregate('named_hours', NULL, NULL)};
sub change
{
	my ($from) = @_;
	return join '', map { "INSERT INTO $_ SELECT i, '2024-01-01'::timestamptz + i * interval '1 minute', i FROM generate_series($from, $from + 999) i;
		UPDATE $_ SET ts = ts + interval '1 day' WHERE id = $from + 10; DELETE FROM $_ WHERE id = $from + 700;" } qw(on_heap on_column);
}
# Of rows of on_column that came before.
sub rename_some
{
	my ($from) = @_;
	return "INSERT INTO names SELECT i, 'name ' || i % 3 FROM generate_series($from, $from + 99) i; UPDATE names SET name = 'other' WHERE v = $from + 5;
		DELETE FROM names WHERE v = $from + 6;";
}

$node->safe_psql('postgres', $tables . $aggregates . change(1) . rename_some(1));

# ---- a standby ----

$node->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'backup', has_streaming => 1);
$standby->start;
$node->safe_psql('postgres', $refresh . ';' . change(2001));
$node->wait_for_catchup($standby);
is($standby->safe_psql('postgres', $differences), '', 'a standby shows what the query shows');
is($standby->safe_psql('postgres', $pending), $node->safe_psql('postgres', $pending), 'the same is pending there');
unlike($standby->safe_psql('postgres', $pending), qr/^0$/m, 'and something is');
my ($out, $err);
isnt($standby->psql('postgres', $refresh, stdout => \$out, stderr => \$err), 0, 'no refresh on a standby');
like($err, qr/read-only|recovery/, 'which it says');
$standby->promote;
$standby->safe_psql('postgres', change(4001));
is($standby->safe_psql('postgres', "$differences; $refresh; $differences"), '', 'promoted, it records changes and refreshes');
$standby->stop;

# ---- a subscriber, which has aggregates of its own ----

my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init;
$subscriber->append_conf('postgresql.conf', "autovacuum = off\ntimezone = UTC");
$subscriber->start;
$subscriber->safe_psql('postgres', $tables . $aggregates);
$node->safe_psql('postgres', 'CREATE PUBLICATION everything FOR ALL TABLES');
$node->safe_psql('postgres', 'CREATE PUBLICATION sources FOR TABLE on_heap, on_column, names');
$node->safe_psql('postgres', q{SELECT pg_create_logical_replication_slot('log', 'test_decoding')});
$subscriber->safe_psql('postgres', "CREATE SUBSCRIPTION sub CONNECTION '" . $node->connstr . " dbname=postgres' PUBLICATION sources");
$subscriber->wait_for_subscription_sync($node, 'sub');
is($subscriber->safe_psql('postgres', $differences), '', 'the first copy is noticed');
$subscriber->safe_psql('postgres', $refresh);
is($subscriber->safe_psql('postgres', $pending), "0\n0", 'nothing is pending after a refresh');
$node->safe_psql('postgres', rename_some(6001));
$node->safe_psql('postgres', change(6001));
$node->wait_for_catchup('sub');
$subscriber->safe_psql('postgres', "INSERT INTO names VALUES (6200, 'own'); $refresh");
is($subscriber->safe_psql('postgres', $differences), '', 'a joined table of both');
$node->safe_psql('postgres', rename_some(6301));
$node->wait_for_catchup('sub');
is($subscriber->safe_psql('postgres', "SELECT count(*) FROM epiphany.pending('named_hours', NULL::timestamptz); $differences"), '1',
	'changes of a joined table that come by replication are noticed');
$node->safe_psql('postgres', change(8001));
$node->wait_for_catchup('sub');
is($subscriber->safe_psql('postgres', $differences), '', 'changes that come by replication are noticed');
unlike($subscriber->safe_psql('postgres', $pending), qr/^0$/m, 'by both kinds of tables');
is($node->safe_psql('postgres', "$refresh; $differences"), '', 'a refresh where all tables are published');
is($node->safe_psql('postgres', q{SELECT count(*) FROM pg_logical_slot_get_changes('log', NULL, NULL) WHERE data LIKE '%continuous_pending%' AND data NOT LIKE '%(no-tuple-data)'}), '0',
	'rows of the log are not decoded');
$node->stop;
$subscriber->stop;
done_testing();
