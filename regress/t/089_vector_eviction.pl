# Indexes of vectors with fewer buffers than they have pages, while rows come and go: where pages and values were last is wrong most of the time.
# Searches look at pages without a pin (native/indexam/hnsw_access.c), and at leaves of the TOAST table's index by guess (toast_fetch.c):
# rows must be right and in order all the same. In strict_order, since a pass that finds too few rows, many of them being dead, is followed by
# another, whose rows may be nearer.
use strict;
use warnings FATAL => 'all';

use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('crowded');
$node->init;
$node->append_conf('postgresql.conf',
	"autovacuum = off\nshared_buffers = 1MB\nmax_wal_size = 4GB\nfsync = off\njit = off\nmax_parallel_workers_per_gather = 0");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION epiphany_vectorstore CASCADE;
	-- 50 clusters; 600 dimensions are 2 chunks of the TOAST table.
	CREATE FUNCTION made(i int) RETURNS vector LANGUAGE sql AS $$
		SELECT array_agg(sin((i % 50) * 7.1 + j) * 3 + random())::vector FROM generate_series(1, 600) j $$;
	CREATE TABLE t (id int PRIMARY KEY, v vector(600)) WITH (fillfactor = 80);
	INSERT INTO t SELECT i, made(i) FROM generate_series(1, 1500) i;

	-- How many of the nearest ten are found for each of some rows, how often the nearest is not the row itself, and how often ten are out of order.
	-- What is found and what is right are one statement's, of one snapshot.
	CREATE FUNCTION judged(queries int, OUT hits bigint, OUT lost bigint, OUT disordered bigint) LANGUAGE plpgsql AS $$
	DECLARE
		q vector;
		n bigint;
		is_first boolean;
		is_ordered boolean;
	BEGIN
		hits := 0; lost := 0; disordered := 0;
		FOR i IN 1..queries LOOP
			SELECT v INTO q FROM t WHERE id = i * 7;
			WITH nearest AS MATERIALIZED (
				SELECT row_number() OVER () AS place, s.* FROM (SELECT id, v FROM t ORDER BY v <-> q LIMIT 10) s),
			exact AS MATERIALIZED (SELECT id FROM t ORDER BY (v <-> q) + 0 LIMIT 10)
			SELECT (SELECT count(*) FROM nearest JOIN exact USING (id)),
				(SELECT (array_agg(id ORDER BY place))[1] = i * 7 FROM nearest),
				(SELECT array_agg(v <-> q ORDER BY place) = array_agg(v <-> q ORDER BY v <-> q) FROM nearest)
			INTO n, is_first, is_ordered;
			hits := hits + n;
			lost := lost + (NOT is_first)::int;
			disordered := disordered + (NOT is_ordered)::int;
		END LOOP;
	END $$;
});

# Rows beyond the first thousand get new values, and space of old ones is used again.
my $churn = '';
for my $round (1 .. 400)
{
	my $id = 1001 + ($round * 37) % 500;
	$churn .= "UPDATE t SET v = made(id) WHERE id BETWEEN $id AND $id + 9;\n";
	$churn .= "DELETE FROM t WHERE id = $id; INSERT INTO t VALUES ($id, made($id));\n" if $round % 3 == 0;
	$churn .= "VACUUM (INDEX_CLEANUP on) t;\n" if $round % 10 == 0;
}
my $file = PostgreSQL::Test::Utils::tempdir() . '/churn.sql';
append_to_file($file, $churn);

my $queries = 40;
for my $method ('epiphany_hnsw', 'epiphany_ivf')
{
	$node->safe_psql('postgres', "CREATE INDEX nearest ON t USING $method (v vector_l2_ops); VACUUM ANALYZE t");
	like($node->safe_psql('postgres', "SET enable_seqscan = off; EXPLAIN (COSTS off) SELECT id FROM t ORDER BY v <-> (SELECT v FROM t WHERE id = 7) LIMIT 10"),
		qr/nearest/, "$method: the index is asked");
	my ($output, $errors) = ('', '');
	my $other = IPC::Run::start([ $node->installed_command('psql'), '-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('postgres'), '-f', $file ],
		'>', \$output, '2>', \$errors);
	my ($hits, $lost, $disordered) = split /\|/,
		$node->safe_psql('postgres', "SET enable_seqscan = off; SET epiphany.vector_iterative_scan = strict_order;
			SELECT hits, lost, disordered FROM judged($queries)");
	$other->kill_kill;
	is($errors, '', "$method: who changes rows meanwhile meets no error");
	is($lost, 0, "$method: a row is the nearest to itself");
	is($disordered, 0, "$method: rows are in order");
	cmp_ok($hits, '>=', 9 * $queries, "$method: at least nine in ten of the nearest are found");
	$node->safe_psql('postgres', 'DROP INDEX nearest');
}

$node->stop;
done_testing();
