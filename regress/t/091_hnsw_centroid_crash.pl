# epiphany_hnsw made on an empty table: a crash while its codes are moved to be around the first thousand vectors' mean. Whoever inserts next ends that.
use strict;
use warnings FATAL => 'all';

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use constant { SETTLED => 0, MOVING => 2 };

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\nwal_consistency_checking = 'generic'");
$node->start;
$node->safe_psql(
	'postgres', q{
	CREATE EXTENSION epiphany_vectorstore CASCADE;
	CREATE EXTENSION pageinspect;
	CREATE FUNCTION point(i bigint) RETURNS vector LANGUAGE sql AS
		$$ SELECT array_agg((-400 + (hashint8extended(i % 20 * 10000 + j, 1) & 1023) + (hashint8extended(i * 10000 + j, 2) & 127))::float4 ORDER BY j)::vector
			FROM generate_series(1, 9000) j $$;
	-- HnswMeta.centroid_state; and of the pages of vertices, how many have been moved.
	CREATE FUNCTION centroid() RETURNS int LANGUAGE sql AS $$ SELECT get_byte(get_raw_page('t_v', 0), 84) $$;
	CREATE FUNCTION moved(OUT moved bigint, OUT pages bigint) LANGUAGE sql AS $$
		SELECT count(*) FILTER (WHERE right(encode(page, 'hex'), 8) = '00000000'), count(*)
		FROM generate_series(0, pg_relation_size('t_v'::text::regclass) / 8192 - 1) b, get_raw_page('t_v', b) page WHERE get_byte(page, 8184) = 4 $$;
	CREATE TABLE points AS SELECT i AS id, point(i) AS v FROM generate_series(1, 1100) i;
	CREATE TABLE t (id bigint, v vector(9000));
	-- Kills who inserts, as soon as codes are moved and the log has been written that far.
	CREATE PROCEDURE kill_in_move() LANGUAGE plpgsql AS $$
	DECLARE inserts int;
	BEGIN
		WHILE inserts IS NULL LOOP
			SELECT pid INTO inserts FROM pg_stat_activity WHERE application_name = 'inserts';
			PERFORM pg_stat_clear_snapshot();
		END LOOP;
		WHILE centroid() = 1 LOOP END LOOP;
		PERFORM pg_current_xact_id();
		COMMIT;
		EXECUTE format('COPY (SELECT) TO PROGRAM ''kill -KILL %s''', inserts);
	END $$;
});
my $script = $node->basedir . '/inserts.sql';
my @inserts = map { "INSERT INTO t SELECT * FROM points WHERE id = $_;\n" } 1 .. 1100;
# Codes are moved in the transaction at the end, so that nothing but kill_in_move() writes the log.
append_to_file($script, join '', @inserts[ 0 .. 979 ], 'BEGIN;', @inserts[ 980 .. 1099 ], 'SELECT pg_sleep(180);');

# Inserts row by row, until the session is killed with codes on their way. True: the log had some of them moved, not all.
sub crash
{
	my ($out, $err) = ('', '');
	$node->safe_psql('postgres', 'DROP INDEX IF EXISTS t_v; TRUNCATE t; CREATE INDEX t_v ON t USING epiphany_hnsw (v vector_l2_ops) WITH (m = 8, ef_construction = 32)');
	my $inserts = IPC::Run::start([ 'psql', '-Xq', '-d', $node->connstr('postgres') . ' application_name=inserts', '-f', $script ],
		'<', \undef, '>', \$out, '2>', \$err);
	$node->psql('postgres', "SET statement_timeout = '170s'; CALL kill_in_move()");
	$inserts->finish;
	$node->stop('immediate', fail_ok => 1);
	$node->start;
	return $node->safe_psql('postgres', 'SELECT centroid() = ' . MOVING . ' AND moved > 0 AND moved < pages FROM moved()') eq 't';
}

sub check
{
	my ($when) = @_;
	my $settings = 'SET epiphany.vector_iterative_scan = relaxed_order; SET enable_sort = off; SET enable_seqscan = off';
	my $found = $node->safe_psql('postgres',
		"$settings; SELECT count(*), count(DISTINCT id), sum(id) FROM (SELECT id FROM t ORDER BY v <-> (SELECT v FROM points WHERE id = 7) OFFSET 0) s");
	is($found, $node->safe_psql('postgres', 'SELECT count(*), count(DISTINCT id), sum(id) FROM t'), "$when: each row is found once");
	return $node->safe_psql('postgres',
		"$settings; SELECT count(*) FROM generate_series(1001, 1020) q, LATERAL (
			SELECT id FROM t ORDER BY v <-> (SELECT v FROM points WHERE id = q) LIMIT 5) a WHERE id % 20 = q % 20");
}

my $tries = 1;
$tries++ until crash() || $tries == 60;
cmp_ok($tries, '<', 60, 'the server died with codes half moved');
check('half moved');

$node->safe_psql('postgres', 'INSERT INTO t SELECT id, v FROM points p WHERE NOT EXISTS (SELECT FROM t WHERE t.id = p.id)');
is($node->safe_psql('postgres', 'SELECT centroid()'), SETTLED, 'the next insert moves the rest');
cmp_ok(check('moved'), '>=', 90, 'searches find what is near');
is($node->safe_psql('postgres', 'SELECT count(*) FROM t'), 1100, 'all rows are there');
$node->stop;
done_testing();
