# Continuous aggregates travel with pg_dump: stored rows, what is pending, options; and changes are recorded where they arrive.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\ntimezone = UTC");
$node->start;
$node->safe_psql('postgres', 'CREATE DATABASE src');
$node->safe_psql(
	'src', q{
	CREATE EXTENSION epiphany_timeseries CASCADE;
	CREATE SCHEMA "Odd schema";
	CREATE TABLE "Odd schema"."It's a ""table""" (gone int, id int PRIMARY KEY, "the time" timestamptz NOT NULL, v int) USING heap;
	ALTER TABLE "Odd schema"."It's a ""table""" DROP COLUMN gone;
	CREATE TABLE columns (gone int, ts timestamptz NOT NULL, v int) USING epiphany_column;
	ALTER TABLE columns DROP COLUMN gone;
	CREATE TABLE names (v int, name text) USING epiphany_column;
	INSERT INTO names SELECT i, 'name ' || i % 3 FROM generate_series(1, 100) i;
	INSERT INTO "Odd schema"."It's a ""table""" SELECT i, '2024-01-01'::timestamptz + i * interval '1 minute', i FROM generate_series(1, 3000) i;
	INSERT INTO columns SELECT '2024-01-01'::timestamptz + i * interval '1 minute', i FROM generate_series(1, 3000) i;
	CREATE MATERIALIZED VIEW hours WITH (epiphany.continuous, epiphany.compression = zstd) AS
		SELECT epiphany.time_bucket('1 hour', "the time") AS bucket, count(*), sum(v) FROM "Odd schema"."It's a ""table""" GROUP BY 1;
	CREATE MATERIALIZED VIEW days WITH (epiphany.continuous) AS
		SELECT epiphany.time_bucket('1 day', bucket) AS bucket, sum(count) AS count, sum(sum) AS sum FROM hours GROUP BY 1;
	CREATE MATERIALIZED VIEW "Column hours" WITH (epiphany.continuous, epiphany.materialized_only) AS
		SELECT epiphany.time_bucket('1 hour', ts) AS bucket, count(*), sum(v) FROM columns GROUP BY 1;
	CREATE MATERIALIZED VIEW named WITH (epiphany.continuous) AS
		SELECT epiphany.time_bucket('1 hour', ts) AS bucket, name, count(*) FROM columns LEFT JOIN names USING (v) GROUP BY 1, 2;
	DELETE FROM names WHERE v = 77;
	INSERT INTO "Odd schema"."It's a ""table""" VALUES (5000, '2024-01-01 10:30', 1);
	DELETE FROM columns WHERE ts < '2024-01-01 02:00';
});

my $state = q{
	SELECT user_view, definition, materialization, source, materialized_only, refreshes, total_inserted FROM epiphany.continuous_catalog ORDER BY user_view::text;
	SELECT definition, first, last FROM epiphany.continuous_pending ORDER BY definition::text, 2;
	SELECT t.tgrelid::regclass, t.tgname, t.tgenabled FROM pg_trigger t WHERE t.tgname LIKE 'epiphany%' ORDER BY t.tgrelid::regclass::text, 2;
	SELECT sum(count), sum(sum), count(*) FROM hours;
	SELECT sum(count), sum(sum), count(*) FROM days;
	SELECT sum(count), sum(sum), count(*) FROM "Column hours";
	SELECT sum(count), count(name), count(*) FROM named;
	SELECT count(*) FROM (TABLE hours EXCEPT ALL TABLE hours_definition) x;
};
my $touched = q{
	SET client_min_messages = error;
	UPDATE columns SET v = v + 1 WHERE ts BETWEEN '2024-01-02 10:00' AND '2024-01-02 10:10';
	INSERT INTO "Odd schema"."It's a ""table""" VALUES (5001, '2024-01-02 10:30', 1);
	SELECT count(*) FROM (TABLE hours EXCEPT ALL TABLE hours_definition) x;
	SELECT count(*) FROM (TABLE days EXCEPT ALL TABLE days_definition) x;
	CALL epiphany.refresh_continuous_aggregate('"Column hours"', NULL, NULL);
	CALL epiphany.refresh_continuous_aggregate('hours', NULL, NULL);
	SELECT continuous_aggregate, last_ranges, last_deleted, last_inserted, pending_rows FROM epiphany.continuous_aggregate_stats ORDER BY continuous_aggregate::text COLLATE "C";
	SELECT count(*) FROM ((TABLE "Column hours" EXCEPT ALL TABLE "Column hours_definition") UNION ALL (TABLE "Column hours_definition" EXCEPT ALL TABLE "Column hours")) x;
	UPDATE names SET name = 'other' WHERE v % 10 = 0;
	CALL epiphany.refresh_continuous_aggregate('named', NULL, NULL);
	SELECT count(*) FROM ((TABLE named EXCEPT ALL TABLE named_definition) UNION ALL (TABLE named_definition EXCEPT ALL TABLE named)) x;
};
my $before = $node->safe_psql('src', $state);
my $plain = $node->basedir . '/plain.sql';
my $directory = $node->basedir . '/directory';
my $heap = $node->basedir . '/heap.sql';
command_ok([ 'pg_dump', '-d', $node->connstr('src'), '-f', $plain ], 'dumped as a script');
command_ok([ 'pg_dump', '-d', $node->connstr('src'), '-Fd', '-f', $directory ], 'dumped into a folder');
command_ok([ 'pg_dump', '-d', $node->connstr('src'), '--no-table-access-method', '--no-security-labels', '-f', $heap ], 'dumped without access methods');

$node->safe_psql('postgres', "CREATE DATABASE $_") for qw(plain parallel heap);
command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('plain'), '-f', $plain ], 'restored by psql');
command_ok([ 'pg_restore', '-j', 2, '-d', $node->connstr('parallel'), $directory ], 'restored in parallel');
command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('heap'), '-f', $heap ], 'restored on heap');
is($node->safe_psql($_, $state), $before, "the same in $_") for qw(plain parallel);

my $after = $node->safe_psql('src', $touched);
like($after, qr/^0\n0\n"Column hours"\|2\|3\|1\|0\n/, 'a refresh touches what is pending');
is($node->safe_psql($_, $touched), $after, "the same changes do the same in $_") for qw(plain parallel);

# On heap, the source that told of changes in its write path has only its trigger on TRUNCATE: the first refresh notices.
my ($out, $err);
$node->psql('heap', $touched, stdout => \$out, stderr => \$err);
like($out, qr/\n0\n0$/, 'where a restore has lost the recording of changes, a refresh finds out');
$node->safe_psql('heap', q{DELETE FROM columns WHERE v % 100 = 0});
like($node->safe_psql('heap', q{CALL epiphany.refresh_continuous_aggregate('"Column hours"', NULL, NULL);
	SELECT count(*) FROM ((TABLE "Column hours" EXCEPT ALL TABLE "Column hours_definition") UNION ALL (TABLE "Column hours_definition" EXCEPT ALL TABLE "Column hours")) x}),
	qr/^0$/, 'and changes are recorded from then on');

$node->safe_psql('plain', 'SET client_min_messages = warning; DROP MATERIALIZED VIEW hours CASCADE; DROP MATERIALIZED VIEW "Column hours"; DROP MATERIALIZED VIEW named');
is($node->safe_psql('plain', q{SELECT count(*) FROM pg_class WHERE relname ~* 'hours|days';
	SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'epiphany%'; SELECT count(*) FROM epiphany.continuous_pending}), "0\n0\n0", 'dropped where it was restored');
$node->stop;
done_testing();
