# Builds of vector indexes by several processes: what the log says, progress, ends by timeout, by a worker's death and without workers; a crash after
# a build that memory did not hold. Each leaves no process, no index and no file, and the next build works.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('builds');
$node->init;
$node->append_conf('postgresql.conf', q{
	autovacuum = off
	max_parallel_maintenance_workers = 2
	max_worker_processes = 8
	shared_buffers = 64MB
	jit = off
});
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION epiphany_vectorstore CASCADE;
	CREATE FUNCTION point(i bigint) RETURNS vector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
		$$ SELECT array_agg(((hashint8extended(i % 20 * 1000 + j, 1) & 1023) + (hashint8extended(i * 1000 + j, 2) & 127))::float4 ORDER BY j)::vector
			FROM generate_series(1, 16) j $$;
	CREATE TABLE t (id bigint, v vector(16)) WITH (parallel_workers = 2);
	INSERT INTO t SELECT i, point(i) FROM generate_series(1, 10000) i;
	CREATE TABLE few (id bigint, v vector(16)) WITH (parallel_workers = 2);
	INSERT INTO few SELECT * FROM t WHERE id <= 4000;
	ANALYZE t, few;
	CREATE FUNCTION slowly(v vector) RETURNS vector(16) LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS
		$$ BEGIN PERFORM pg_sleep(0.002); RETURN v; END $$;
});

# What a table gives by its index, and by itself.
sub same_rows
{
	my ($table, $when) = @_;
	my $by_index = $node->safe_psql('postgres', qq{
		SET enable_seqscan = off; SET enable_sort = off; SET epiphany.vector_iterative_scan = relaxed_order;
		SELECT count(*), count(DISTINCT ctid), sum(hashint8(id)) FROM (SELECT ctid, id FROM $table ORDER BY v <-> point(7) OFFSET 0) s});
	my $by_table = $node->safe_psql('postgres', "SET enable_indexscan = off; SELECT count(*), count(DISTINCT ctid), sum(hashint8(id)) FROM $table");
	is($by_index, $by_table, "$when: all rows by the index");
}

# Workers are gone with the build, but for the moment that the server takes to notice.
sub nothing_is_left
{
	my ($when, $indexes) = @_;
	ok($node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'parallel worker'"), "$when: no worker");
	is($node->safe_psql('postgres', "SELECT count(*) FROM pg_index WHERE indrelid IN ('t'::regclass, 'few'::regclass)"), $indexes, "$when: indexes");
	is($node->safe_psql('postgres', "SELECT count(*) FROM pg_ls_dir('base/pgsql_tmp', true, false)"), 0, "$when: no temporary file");
}

foreach my $method (qw(epiphany_ivf epiphany_hnsw))
{
	my ($status, $out, $err) = $node->psql('postgres', "SET client_min_messages = debug1; CREATE INDEX t_v ON t USING $method (v vector_l2_ops)");
	like($err, qr/using 2 parallel workers/, "$method: how many workers there are is said");
	same_rows('t', "$method by three processes");
	$node->safe_psql('postgres', 'DROP INDEX t_v');

	# Workers that cannot be had are done without.
	($status, $out, $err) = $node->psql('postgres',
		"SET client_min_messages = debug1; SET max_parallel_workers = 0; CREATE INDEX t_v ON t USING $method (v vector_l2_ops)");
	like($err, qr/using 0 parallel workers/, "$method: there is none to be had");
	same_rows('t', "$method by the leader of none");
	$node->safe_psql('postgres', 'DROP INDEX t_v');

	# Timeouts of all lengths, until one is long enough.
	my ($cancelled, $built) = (0, 0);
	for (my $time = 4; !$built && $time < 600_000; $time = int($time * 1.6))
	{
		foreach my $memory ('1MB', '64MB')
		{
			($status, $out, $err) = $node->psql('postgres',
				"SET maintenance_work_mem = '$memory'; SET statement_timeout = $time; CREATE INDEX t_v ON t USING $method (v vector_l2_ops)");
			if ($status == 0)
			{
				$built += $memory eq '64MB';
				$node->safe_psql('postgres', 'DROP INDEX t_v');
			}
			else
			{
				$cancelled += $err =~ /canceling statement due to statement timeout/;
				diag($err) if $err !~ /canceling statement due to statement timeout/;
			}
		}
	}
	cmp_ok($cancelled, '>', 5, "$method: builds were cancelled");
	is($built, 1, "$method: and one was not");
	nothing_is_left("$method after timeouts", 0);

	# A worker that dies, and progress meanwhile.
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query_until(qr/started/, "\\echo started\nCREATE INDEX ON few USING $method ((slowly(v)::vector(16)) vector_l2_ops);\n");
	ok($node->poll_query_until('postgres', 'SELECT coalesce(max(tuples_done), 0) > 100 FROM pg_stat_progress_create_index'), "$method: there is progress");
	like($node->safe_psql('postgres', 'SELECT phase FROM pg_stat_progress_create_index'), qr/^building index: /, "$method: its phase has a name");
	is($node->safe_psql('postgres', "SELECT count(pg_terminate_backend(pid)) > 0 FROM pg_stat_activity WHERE backend_type = 'parallel worker'"),
		't', "$method: workers are ended");
	$session->query('SELECT 1');
	like($session->{stderr}, qr/terminating background worker "parallel worker"|lost connection to parallel worker/, "$method: which is an error");
	$session->quit;
	nothing_is_left("$method without its worker", 0);
}

# What memory did not hold was not logged before the end: a crash right after it loses nothing.
$node->safe_psql('postgres', q{
	SET maintenance_work_mem = '1MB';
	CREATE INDEX t_v ON t USING epiphany_hnsw (v vector_l2_ops);
	CREATE INDEX few_v ON few USING epiphany_ivf (v vector_l2_ops) WITH (lists = 50);
	INSERT INTO t SELECT i, point(i) FROM generate_series(20001, 20500) i;
});
$node->stop('immediate');
$node->start;
same_rows('t', 'after a crash');
same_rows('few', 'after a crash');
$node->safe_psql('postgres', 'DELETE FROM t WHERE id % 3 = 0; VACUUM t; INSERT INTO t SELECT i, point(i) FROM generate_series(30001, 30500) i');
same_rows('t', 'after a crash, vacuumed');
$node->stop;

done_testing();
