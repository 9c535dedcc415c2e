# Beside TimescaleDB: in two databases of one cluster, where one script gives the same answers by either, and both in one database.
use strict;
use warnings FATAL => 'all';

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# A copy of the staged server that has TimescaleDB as well: nobody else's server gets it.
my $root = abs_path(dirname(__FILE__) . '/../..');
my $tmp = PostgreSQL::Test::Utils::tempdir;
my $stage = "$tmp/stage";
system('cp', '-a', $root . '/' . ($ENV{STAGE} // 'build/pg'), $stage) == 0 or die 'cannot copy the staged server';
$ENV{PG_CONFIG} = $ENV{PG_CONFIG} // '/usr/lib/postgresql/17/bin/pg_config';
my $peer = `STAGE=$stage WORK=$tmp/download $root/bench/timeseries/timescaledb 2>&1`;
plan skip_all => $peer if $? != 0;
note $peer;
my $install = `find $stage -path '*/bin/postgres' -printf '%h'`;

my $node = PostgreSQL::Test::Cluster->new('main', install_path => dirname($install));
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\ntimezone = UTC\ntimescaledb.telemetry_level = off\nshared_preload_libraries = 'timescaledb, pg_epiphany'");
$node->start;
$node->safe_psql('postgres', "CREATE DATABASE $_") for qw(theirs ours);
$node->safe_psql('theirs', 'CREATE EXTENSION timescaledb');
$node->safe_psql('ours', 'CREATE EXTENSION epiphany_timeseries CASCADE; ALTER DATABASE ours SET search_path = public, epiphany');

# A script for TimescaleDB, as it stands.
my $script = q{
	CREATE TABLE conditions (time timestamptz NOT NULL, location text NOT NULL, temperature float8);
	SELECT created FROM create_hypertable('conditions', by_range('time', INTERVAL '1 day'));
	CREATE TABLE ticks (tick bigint NOT NULL, v int);
	SELECT schema_name, table_name, created FROM create_hypertable('ticks', 'tick', chunk_time_interval => 1000);
	INSERT INTO conditions SELECT '2024-01-01'::timestamptz + i * interval '5 min', 'loc ' || i % 4, i % 30 FROM generate_series(0, 2999) i;
	INSERT INTO ticks SELECT i, i % 7 FROM generate_series(0, 9999) i;
	SELECT time_bucket('1 day', time) AS day, count(*), first(temperature, time), last(temperature, time), histogram(temperature, 0, 30, 3)
		FROM conditions GROUP BY 1 ORDER BY 1;
	SELECT location, last(temperature, time) FROM conditions GROUP BY 1 ORDER BY 1;
	SELECT time_bucket(2500, tick) AS b, sum(v) FROM ticks GROUP BY 1 ORDER BY 1;
	SELECT time_bucket('1 month', time, 'Europe/Berlin') AS month, count(*) FROM conditions GROUP BY 1 ORDER BY 1;
	SELECT count(*) FROM show_chunks('conditions');
	SELECT count(*) FROM show_chunks('conditions', older_than => '2024-01-04'::timestamptz);
	SELECT count(*) FROM show_chunks('ticks', newer_than => 5000);
	SELECT count(*) FROM drop_chunks('conditions', '2024-01-04'::timestamptz);
	SELECT count(*) FROM drop_chunks('ticks', older_than => 3000, newer_than => 1000);
	SELECT min(time), count(*) FROM conditions;
	SELECT count(*), sum(tick) FROM ticks;
	UPDATE conditions SET temperature = temperature + 1 WHERE location = 'loc 1';
	DELETE FROM conditions WHERE location = 'loc 2';
	SELECT location, sum(temperature) FROM conditions GROUP BY 1 ORDER BY 1;
};
my $info = q{
	SELECT hypertable_schema, hypertable_name, num_dimensions, num_chunks FROM SCHEMA.hypertables ORDER BY 2;
	SELECT hypertable_schema, hypertable_name, dimension_number, column_name, column_type, dimension_type, time_interval, integer_interval, integer_now_func, num_partitions
		FROM SCHEMA.dimensions ORDER BY 2;
	SELECT hypertable_name, primary_dimension, primary_dimension_type, range_start, range_end, range_start_integer, range_end_integer FROM SCHEMA.chunks
		ORDER BY 1, range_start, range_start_integer;
};
my $wider = q{SELECT set_chunk_time_interval('conditions', INTERVAL '2 days');
	SELECT time_interval FROM SCHEMA.dimensions WHERE column_name = 'time'};
my %answer;
for my $db (qw(theirs ours))
{
	(my $views = $info . $wider) =~ s/SCHEMA/$db eq 'ours' ? 'epiphany' : 'timescaledb_information'/ge;
	$answer{$db} = $node->safe_psql($db, $script . $views);
}
is($answer{ours}, $answer{theirs}, 'a script and its views in two databases: the same answers');

# Both in one database, created in either order.
for my $order ([ 'timescaledb', 'epiphany_timeseries' ], [ 'epiphany_timeseries', 'timescaledb' ])
{
	my $db = "both_$order->[0]";
	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$node->safe_psql($db, "CREATE EXTENSION $_ CASCADE") for @$order;
	$node->safe_psql(
		$db, q{
		CREATE TABLE theirs (time timestamptz NOT NULL, dev int, v float8);
		SELECT create_hypertable('theirs', 'time', chunk_time_interval => INTERVAL '1 day');
		CREATE TABLE ours (time timestamptz NOT NULL, dev int, v float8);
		SELECT epiphany.create_hypertable('ours', 'time', chunk_time_interval => INTERVAL '1 day');
		INSERT INTO theirs SELECT '2024-01-01'::timestamptz + i * interval '1 min', i % 5, i FROM generate_series(0, 19999) i;
		INSERT INTO ours TABLE theirs;
		SELECT epiphany.compact('ours');
	});
	my $query = q{SELECT SCHEMA.time_bucket('6 hours', time) AS b, dev, count(*), sum(v), SCHEMA.last(v, time) FROM TABLE WHERE time > '2024-01-03' GROUP BY 1, 2 ORDER BY 1, 2};
	my %rows;
	for my $side (qw(theirs ours))
	{
		for my $functions (qw(public epiphany))
		{
			for my $engine (qw(off force))
			{
				(my $sql = $query) =~ s/SCHEMA/$functions/g;
				$sql =~ s/TABLE/$side/;
				$rows{ $node->safe_psql($db, "SET epiphany.debug_vectorize = $engine; $sql") }++;
			}
		}
	}
	is_deeply([ values %rows ], [8], "$db: functions of either over tables of either, with and without the engine");
	is($node->safe_psql($db, q{SELECT count(*) FROM (SELECT * FROM theirs EXCEPT ALL SELECT * FROM ours) d}), '0', "$db: the same rows");
	is($node->safe_psql($db, q{SELECT t.v - o.v, count(*) FROM theirs t JOIN ours o USING (time, dev) GROUP BY 1}), '0|20000', "$db: joined");
	my ($rc, $out, $err) = $node->psql($db, q{ALTER TABLE theirs SET (timescaledb.compress)});
	like($err, qr/license|Apache/i, "$db: its options are its own");
	($rc, $out, $err) = $node->psql($db, q{CREATE MATERIALIZED VIEW no WITH (epiphany.continuous) AS SELECT epiphany.time_bucket('1 hour', time), count(*) FROM theirs GROUP BY 1});
	like($err, qr/hypertable of TimescaleDB|has child tables/, "$db: no continuous aggregate of ours over its tables");
	$node->safe_psql($db, q{CREATE MATERIALIZED VIEW hours WITH (epiphany.continuous) AS SELECT epiphany.time_bucket('1 hour', time) AS b, count(*) FROM ours GROUP BY 1;
		INSERT INTO ours VALUES ('2024-01-01', 9, 9)});
	is($node->safe_psql($db, 'SELECT sum(count), (SELECT count(*) FROM ours) FROM hours'), '20001|20001', "$db: but over ours");
	is($node->safe_psql($db, q{SELECT count(*) FROM epiphany.drop_chunks('ours', '2024-01-02'::timestamptz)}), '1', "$db: drop_chunks of ours");
	is($node->safe_psql($db, q{SELECT count(*) FROM public.drop_chunks('theirs', '2024-01-02'::timestamptz)}), '1', "$db: drop_chunks of theirs");
	is($node->safe_psql($db, q{SELECT (SELECT min(time) FROM ours) = (SELECT min(time) FROM theirs)}), 't', "$db: both exact");
	$node->safe_psql($db, 'DROP TABLE theirs; DROP EXTENSION timescaledb');
	is($node->safe_psql($db, 'SELECT count(*) FROM ours'), 20001 - 1441, "$db: ours stays when it goes");
	$node->safe_psql($db, q{CREATE TABLE later (t timestamptz NOT NULL) WITH (timescaledb.hypertable)});
	is($node->safe_psql($db, q{SELECT epiphany.is_hypertable('later')}), 't', "$db: then its options are ours to read");
}

# The other order of libraries.
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_epiphany, timescaledb'");
$node->restart;
is($node->safe_psql('ours', 'SELECT count(*) FROM conditions'), $node->safe_psql('theirs', 'SELECT count(*) FROM conditions'), 'after a restart with the libraries in the other order');
is($node->safe_psql('theirs', q{CREATE TABLE t2 (time timestamptz NOT NULL, v int); SELECT created FROM create_hypertable('t2', 'time');
	INSERT INTO t2 VALUES (now(), 1); SELECT v FROM t2}), "t\n1", 'theirs works');
is($node->safe_psql('ours', q{CREATE TABLE t2 (time timestamptz NOT NULL, v int); SELECT created FROM create_hypertable('t2', 'time');
	INSERT INTO t2 VALUES (now(), 1); SELECT v FROM t2}), "t\n1", 'ours works');
$node->stop;
done_testing();
