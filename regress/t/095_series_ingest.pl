# Ingest of time series beside compaction: small batches of many writers, upserts, late rows, backfill, loads. No row is lost or doubled at any
# moment, after the server dies, on a standby, nor by the worker that compacts unasked.
use strict;
use warnings FATAL => 'all';

use Clients;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $rounds = $ENV{PGE_CRASH_ROUNDS} // 3;
srand($ENV{PGE_CRASH_SEED} // 9090);

# Every change is made to a heap table in the same transaction: the model. Changers of the same series queue first.
sub both { return Clients::on_both([ '\set host random(1, 40)', '\set now random(1, 2000000)', '\set old random(1, 30000000)' ], @_) }

my $queue = 'SELECT pg_advisory_xact_lock(:host)';
my $at = q{timestamptz '2024-06-01' + };
my $set = 'ON CONFLICT (host, ts) DO UPDATE SET v = TABLE.v + EXCLUDED.v';
my $same = q{SELECT 1 / (SELECT ((SELECT (count(*), sum(v), max(ts)) FROM model %1$s) = (SELECT (count(*), sum(v), max(ts)) FROM t %1$s))::int)};
my %scripts = (
	(map { $_ => both('', $queue, "INSERT INTO TABLE SELECT :host, $at (:now + g) * interval '1 s', 1 FROM generate_series(1, 20) g $set") } qw(batch1 batch2)),
	one => both('', $queue, "INSERT INTO TABLE VALUES (:host, $at :now * interval '1 s', 1) $set"),
	late => both('', $queue, "INSERT INTO TABLE SELECT :host, $at (g * 7 - :old) * interval '1 s', 2 FROM generate_series(1, 10) g $set"),
	load => both('', 'SELECT pg_advisory_xact_lock(h) FROM generate_series(41, 44) h',
		"INSERT INTO TABLE SELECT 41 + g % 4, $at (:now + g) * interval '1 s', 3 FROM generate_series(0, 3999) g ON CONFLICT (host, ts) DO NOTHING"),
	backfill => both('', "INSERT INTO mn SELECT g % 5, $at (g * 5000 - :old) * interval '1 s', :host FROM generate_series(0, 5999) g",
		"INSERT INTO n SELECT g % 5, $at (g * 5000 - :old) * interval '1 s', :host FROM generate_series(0, 5999) g"),
	update => both('', $queue, "UPDATE TABLE SET v = v + 1 WHERE host = :host AND ts > $at :now * interval '1 s'"),
	moved => both('', $queue, "DELETE FROM TABLE WHERE host = :host AND ts BETWEEN $at :now * interval '1 s' AND $at (:now + 5000) * interval '1 s'"),
	undone => "BEGIN;\nINSERT INTO t SELECT 50, timestamptz '2024-06-01' + g * interval '1 s', 1 FROM generate_series(1, 5000) g;\n\\sleep 20 ms\nROLLBACK;\n",
	compact => "SELECT epiphany.compact('t');\nSELECT epiphany.compact('n');\n\\sleep 20 ms\n",
	compact_undone => "BEGIN;\nSELECT epiphany.compact('t');\n\\sleep 5 ms\nROLLBACK;\n\\sleep 50 ms\n",
	vacuum => "VACUUM t;\nVACUUM n;\n\\sleep 100 ms\n",
	check => "BEGIN ISOLATION LEVEL REPEATABLE READ;\n" . sprintf($same, '') . ";\n\\sleep 20 ms\nSET LOCAL enable_seqscan = off;\n"
		. sprintf($same, 'WHERE host BETWEEN 3 AND 9') . ";\nCOMMIT;\n",
);

my $differences = join ' + ', map {
	my ($model, $table) = @$_;
	"(SELECT count(*) FROM ((TABLE $model EXCEPT ALL TABLE $table) UNION ALL (TABLE $table EXCEPT ALL TABLE $model)) d)"
} ([ 'model', 't' ], [ 'mn', 'n' ]);
my $by_index = q{SET enable_seqscan = off; SELECT count(*), sum(v) FROM t WHERE host > 0 AND ts > '2000-01-01'};
my $by_scan = q{SET enable_indexscan = off; SET enable_bitmapscan = off; SELECT count(*), sum(v) FROM t WHERE host > 0 AND ts > '2000-01-01'};
my $verify = q{SELECT string_agg(t || v, E'\n') FROM (VALUES ('t'::regclass), ('n')) x (t), LATERAL epiphany.verify(t) v};

my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1, extra => ['-k']);
$node->append_conf('postgresql.conf', "fsync = on\nautovacuum = off\ncheckpoint_timeout = 1h\nmax_connections = 40\nmax_standby_streaming_delay = -1\nmaintenance_work_mem = 4MB\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION pg_epiphany CASCADE;
	CREATE TABLE model (host int, ts timestamptz, v int, PRIMARY KEY (host, ts));
	CREATE TABLE t (host int, ts timestamptz, v int, PRIMARY KEY (host, ts)) USING epiphany_timeseries
		WITH (epiphany.segment_by = host, epiphany.row_group_rows = 4096);
	CREATE TABLE mn (host int, ts timestamptz, v int);
	CREATE TABLE n (host int, ts timestamptz, v int) USING epiphany_timeseries WITH (epiphany.segment_by = host, epiphany.row_group_rows = 8192);
});
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;

my $moved = q{SELECT EXISTS (SELECT FROM epiphany.chunks('t') WHERE state = 'sorted')};
for my $round (1 .. $rounds)
{
	Clients::crash($node, $standby, \%scripts, 2, $moved, $round);
	is($node->safe_psql('postgres', "SELECT $differences"), '0', "round $round: rows are the model's after the crash");
	is($node->safe_psql('postgres', $by_index), $node->safe_psql('postgres', $by_scan), "round $round: so by the index");
	is($node->safe_psql('postgres', $verify), '', "round $round: no damage");
	$node->wait_for_catchup($standby);
	is($standby->safe_psql('postgres', "SELECT $differences"), '0', "round $round: rows are the model's on the standby");
}
unlike(slurp_file($_->logfile), qr/TRAP:|PANIC:|terminated by signal/, $_->name . ': no process died') for $node, $standby;

# When it is quiet everything comes to lie in its bucket, in order.
for (1 .. 10)
{
	last if $node->safe_psql('postgres', q{SELECT epiphany.compact('t') + epiphany.compact('n')}) eq '0';
	$node->safe_psql('postgres', 'VACUUM t, n');
}
is($node->safe_psql('postgres', q{SELECT count(*) FROM (SELECT * FROM epiphany.chunks('t') UNION ALL SELECT * FROM epiphany.chunks('n')) c
	WHERE state <> 'sorted'}), '0', 'quiet: all rows are in sorted groups of one bucket');
# What is left of a bucket is not worth merging: each of its groups that is not full has more rows than all smaller ones together, so of 4,096
# rows there are 13 at most. There were many more compactions.
cmp_ok($node->safe_psql('postgres', q{SELECT max(groups - ceil(rows / 4096.0)) FROM epiphany.chunks('t')}), '<', 13, 'quiet: buckets have few groups');
is($node->safe_psql('postgres', "SELECT $differences"), '0', "quiet: rows are the model's");
is($node->safe_psql('postgres', $by_index), $node->safe_psql('postgres', $by_scan), 'quiet: so by the index');

# The worker: rows of single inserts and of loads with an index come to lie in order without anybody asking.
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_epiphany'\nepiphany.maintenance = on\nepiphany.maintenance_naptime = 1s\nmaintenance_work_mem = 64MB\n");
$node->restart;
$node->safe_psql('postgres', q{
	CREATE TABLE w (host int, ts timestamptz, v int, PRIMARY KEY (host, ts)) USING epiphany_timeseries WITH (epiphany.segment_by = host);
	INSERT INTO w SELECT h, timestamptz '2024-06-01' + g * interval '1 min', g FROM generate_series(1, 20000) g, generate_series(1, 5) h ORDER BY g;
	CREATE TABLE x (LIKE w) USING epiphany_timeseries WITH (epiphany.segment_by = host);
});
$node->safe_psql('postgres', join '', map { "INSERT INTO x SELECT h, timestamptz '2024-06-01' + $_ * interval '1 min', $_ FROM generate_series(1, 1000) h;\n" } 1 .. 30);
ok($node->poll_query_until('postgres', q{SELECT bool_and(state = 'sorted') FROM (SELECT * FROM epiphany.chunks('w') UNION ALL
	SELECT * FROM epiphany.chunks('x')) c}), 'the worker has sorted what was loaded and what trickled in');
is($node->safe_psql('postgres', q{SELECT (SELECT (count(*), sum(v), count(DISTINCT (host, ts))) FROM w), (SELECT (count(*), sum(v)) FROM x)}),
	'(100000,1000050000,100000)|(30000,465000)', 'and lost nothing');
$node->stop;
$standby->stop;
done_testing();
