# A database of time series goes through pg_dump: tables, options, policies, jobs, continuous aggregates; as a script, as an archive, in two
# halves. What comes out answers as the original does, and no job runs before the restore is over.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\ntimezone = UTC\nshared_preload_libraries = pg_epiphany\nepiphany.maintenance_naptime = 1s");
$node->start;
# Programs say their own names, as they do for users.
delete $ENV{PGAPPNAME};
$node->safe_psql('postgres', 'CREATE DATABASE src');
$node->safe_psql('src', 'CREATE EXTENSION pg_epiphany CASCADE; ALTER DATABASE src SET search_path = public, epiphany');
$node->safe_psql(
	'src', q{
	CREATE TABLE readings (gone int, ts timestamptz NOT NULL, host text, v float8) USING epiphany_timeseries
		WITH (epiphany.segment_by = 'host', epiphany.chunk_interval = '1 day', epiphany.compression = zstd);
	ALTER TABLE readings DROP COLUMN gone;
	INSERT INTO readings SELECT '2024-01-01'::timestamptz + i * interval '1 min', 'host ' || i % 5, i FROM generate_series(0, 19999) i;
	SELECT compact('readings');
	INSERT INTO readings SELECT '2024-01-03'::timestamptz + i * interval '7 min', 'late', i FROM generate_series(0, 99) i;
	DELETE FROM readings WHERE host = 'host 4' AND ts < '2024-01-02';
	CREATE INDEX ON readings (host, ts);
	CREATE TABLE ticks (tick bigint NOT NULL, v int) WITH (timescaledb.hypertable, timescaledb.partition_column = 'tick', timescaledb.chunk_interval = 1000);
	INSERT INTO ticks SELECT i, i % 7 FROM generate_series(0, 9999) i;
	CREATE FUNCTION now_tick() RETURNS bigint LANGUAGE sql STABLE AS 'SELECT 10000::bigint';
	SELECT set_integer_now_func('ticks', 'now_tick');
	CREATE TABLE columns (ts timestamp NOT NULL, v int) USING epiphany_column WITH (epiphany.time_column = 'ts');
	INSERT INTO columns SELECT '2024-01-01'::timestamp + i * interval '1 min', i FROM generate_series(0, 9999) i;
	CREATE TABLE hosts (host text PRIMARY KEY, place text);
	INSERT INTO hosts SELECT 'host ' || i, 'place ' || i % 2 FROM generate_series(0, 4) i;
	SET client_min_messages = error;
	CREATE MATERIALIZED VIEW hours WITH (epiphany.continuous) AS
		SELECT time_bucket('1 hour', ts) AS hour, place, count(*), sum(v), hyperloglog(64, host) AS hosts FROM readings JOIN hosts USING (host) GROUP BY 1, 2;
	CREATE MATERIALIZED VIEW days WITH (timescaledb.continuous) AS SELECT time_bucket('1 day', hour) AS day, sum(count) AS count, rollup(hosts) AS hosts FROM hours GROUP BY 1;
	CREATE MATERIALIZED VIEW thousands WITH (epiphany.continuous, epiphany.materialized_only) AS SELECT time_bucket(1000, tick) AS t, sum(v) FROM ticks GROUP BY 1;
	INSERT INTO readings VALUES ('2024-01-05 12:30', 'host 1', 1000000);
	INSERT INTO ticks VALUES (500, 100);
	SELECT add_retention_policy('readings', INTERVAL '1000 years', initial_start => '2200-01-01');
	SELECT add_retention_policy('ticks', 20000, initial_start => '2200-01-01');
	SELECT add_compression_policy('readings', INTERVAL '7 days', initial_start => '2200-01-01', timezone => 'Europe/Berlin');
	SELECT add_reorder_policy('readings', 'readings_host_ts_idx', initial_start => '2200-01-01');
	SELECT add_continuous_aggregate_policy('hours', INTERVAL '30 years', INTERVAL '1 hour', INTERVAL '1 hour', initial_start => '2200-01-01');
	CREATE TABLE daily (day timestamptz, n bigint);
	SELECT add_downsampling_policy('readings', 'daily', 'SELECT epiphany.time_bucket(''1 day'', ts), count(*) FROM public.readings WHERE ts >= $1 AND ts < $2 GROUP BY 1',
		bucket_width => '1 day', initial_start => '2200-01-01');
	CREATE TABLE ran (job int, complete bool);
	CREATE PROCEDURE note(job_id int, config jsonb) LANGUAGE sql AS $$
		INSERT INTO public.ran SELECT job_id, EXISTS (SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relname = 'slow_index') $$;
	-- A restore takes its time with this one, after all data is there.
	CREATE FUNCTION slow(i int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.2); RETURN i; END $$;
	CREATE TABLE zz (i int);
	CREATE INDEX slow_index ON zz (slow(i));
	INSERT INTO zz SELECT generate_series(1, 30);
	SELECT add_job('note', '1 s', initial_start => '2200-01-01');
});
# Here it waits for ever, in a copy it is due at once.
$node->safe_psql('src', q{UPDATE epiphany.job SET initial_start = '2020-01-01' WHERE proc_name = 'note'});

my $everything = q{
	SET client_min_messages = error;
	SELECT job_id, job_name, schedule_interval, proc_name, owner, scheduled, fixed_schedule, initial_start, timezone, relation, config FROM epiphany.job ORDER BY 1;
	SELECT nextval('epiphany.job_id_seq') > 1006;
	TABLE epiphany.integer_now;
	SELECT objname, label FROM pg_seclabels WHERE provider = 'epiphany' ORDER BY 1;
	SELECT c.relname, a.amname FROM pg_class c JOIN pg_am a ON a.oid = c.relam WHERE c.relnamespace = 'public'::regnamespace ORDER BY 1;
	SELECT hypertable_name, num_dimensions, primary_dimension, primary_dimension_type, segment_by FROM epiphany.hypertables ORDER BY 1;
	SELECT hypertable_name, column_name, time_interval, integer_interval, integer_now_func FROM epiphany.dimensions ORDER BY 1;
	SELECT hypertable_name, view_name, materialized_only, materialization_hypertable_name, view_definition FROM epiphany.continuous_aggregates ORDER BY 2;
	SELECT hypertable_name, range_start, range_end, range_start_integer, range_end_integer FROM epiphany.chunks ORDER BY 1, 2, 4;
	SELECT count(*), sum(v), min(ts), max(ts), sum(hashtext(host || ts)) FROM public.readings;
	SELECT count(*), sum(v), sum(tick) FROM public.ticks;
	SELECT count(*), sum(v), min(ts), max(ts) FROM public.columns;
	SELECT hour, place, count, sum, epiphany.distinct_count(hosts) FROM public.hours ORDER BY 1, 2;
	SELECT day, count, epiphany.distinct_count(hosts) FROM public.days ORDER BY 1;
	SELECT * FROM public.thousands ORDER BY 1;
	SELECT count(*) FROM (SELECT hour, place, count, sum FROM public.hours EXCEPT ALL SELECT hour, place, count, sum FROM public.hours_definition) x;
	SELECT time_bucket_gapfill('1 day', ts) AS d, host, locf(count(*)) FROM readings WHERE ts >= '2024-01-01' AND ts < '2024-01-20' GROUP BY 1, 2 ORDER BY 1, 2;
	SELECT count(*) FROM public.ran;
};
my $expected = $node->safe_psql('src', $everything);
my $dir = $node->basedir;
$node->command_ok([ 'pg_dump', '-C', '-f', "$dir/plain.sql", 'src' ], 'plain dump');
$node->command_ok([ 'pg_dump', '-C', '-Fc', '-f', "$dir/custom", 'src' ], 'custom dump');
$node->command_ok([ 'pg_dump', '-s', '-f', "$dir/schema.sql", 'src' ], 'schema only');
$node->command_ok([ 'pg_dump', '-a', '-f', "$dir/data.sql", 'src' ], 'data only');
$node->safe_psql('src', q{SELECT epiphany.delete_job(job_id) FROM epiphany.jobs WHERE proc_name = 'note'});

# The database is there a while before, as users have it: the scheduler has asked it already.
sub fresh
{
	my ($db) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$node->safe_psql('postgres', "ALTER DATABASE $db SET search_path = public, epiphany");
	sleep 2;
}

sub judge
{
	my ($db, $how) = @_;
	my $rows = $node->safe_psql($db, $everything);
	$rows =~ s/\n\d+$/\n0/;
	is($rows, $expected, "$how: the same answers");
	$node->poll_query_until($db, 'SELECT count(*) > 0 FROM public.ran') or die "no job has run in $db";
	is($node->safe_psql($db, 'SELECT bool_and(complete) FROM public.ran'), 't', "$how: jobs run, and none before the restore was over");
	$node->safe_psql($db, q{SELECT epiphany.delete_job(job_id) FROM epiphany.jobs WHERE proc_name = 'note'});
	is($node->safe_psql($db, q{
		SET client_min_messages = error;
		INSERT INTO readings VALUES ('2024-01-09 01:00', 'host 2', 5), ('2024-03-01', 'host 3', 6);
		DELETE FROM readings WHERE host = 'host 0' AND ts < '2024-01-01 12:00';
		CALL refresh_continuous_aggregate('hours', NULL, NULL);
		UPDATE readings SET v = v + 1 WHERE host = 'host 1' AND ts < '2024-01-01 01:00';
		SELECT count(*) FROM (SELECT hour, place, count, sum FROM hours EXCEPT ALL SELECT hour, place, count, sum FROM hours_definition) x;
		SELECT count(*) FROM epiphany.verify('readings');
		SELECT count(*) > 0 FROM drop_chunks('readings', '2024-01-03'::timestamptz);
		SELECT min(ts) FROM readings}), "0\n0\nt\n2024-01-03 00:00:00+00", "$how: everything goes on");
	$node->safe_psql('postgres', "DROP DATABASE $db");
}

my @psql = ('psql', '-X', '-q', '-o', '/dev/null', '-v', 'ON_ERROR_STOP=1');
fresh('plain');
# -C would go to a database of its own name.
my $script = slurp_file("$dir/plain.sql");
$script =~ s/^(CREATE DATABASE|ALTER DATABASE|\\connect).*\n//mg;
append_to_file("$dir/here.sql", $script);
$node->command_ok([ @psql, '-f', "$dir/here.sql", 'plain' ], 'script restored');
judge('plain', 'script');
fresh('single');
$node->command_ok([ @psql, '-1', '-f', "$dir/here.sql", 'single' ], 'script restored in one transaction');
judge('single', 'one transaction');
fresh('custom');
$node->command_ok([ 'pg_restore', '-e', '-d', 'custom', "$dir/custom" ], 'archive restored');
judge('custom', 'archive');
fresh('parallel');
$node->command_ok([ 'pg_restore', '-e', '-j3', '-d', 'parallel', "$dir/custom" ], 'archive restored in parallel');
judge('parallel', 'parallel');
fresh('halves');
$node->command_ok([ @psql, '-f', "$dir/schema.sql", 'halves' ], 'schema restored');
is($node->safe_psql('halves', 'SELECT count(*) FROM readings'), '0', 'there is nothing in it');
$node->command_ok([ @psql, '-f', "$dir/data.sql", 'halves' ], 'data restored');
judge('halves', 'schema, then data');
$node->safe_psql('postgres', 'DROP DATABASE src');
$node->command_ok([ 'pg_restore', '-e', '-C', '-d', 'postgres', "$dir/custom" ], 'archive restored with its database');
judge('src', 'its own database');
$node->stop;
done_testing();
