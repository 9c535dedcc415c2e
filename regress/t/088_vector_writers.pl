# Vector indexes while many change them at once: inserts into an empty index, then writers, searches and VACUUM beside each other, and a build with
# writers beside it. Afterwards each row of the table is found once through the index, and nothing else is.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('writers');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\nfsync = off\njit = off\nmax_connections = 40");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION epiphany_vectorstore CASCADE;
	CREATE FUNCTION point(i bigint) RETURNS vector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
		$$ SELECT array_agg(((hashint8extended(i % 20 * 1000 + j, 1) & 1023) + (hashint8extended(i * 1000 + j, 2) & 127))::float4 ORDER BY j)::vector
			FROM generate_series(1, 16) j $$;
	CREATE SEQUENCE ids;
});

sub same_rows
{
	my ($when) = @_;
	my $by_index = $node->safe_psql('postgres', q{
		SET enable_seqscan = off; SET enable_sort = off; SET epiphany.vector_iterative_scan = relaxed_order;
		SELECT count(*), count(DISTINCT ctid), sum(hashint8(id)) FROM (SELECT ctid, id FROM t ORDER BY v <-> point(7) OFFSET 0) s});
	my $by_table = $node->safe_psql('postgres', 'SET enable_indexscan = off; SELECT count(*), count(DISTINCT ctid), sum(hashint8(id)) FROM t');
	is($by_index, $by_table, "$when: all rows by the index");
}

sub clients
{
	my ($name, $clients, $transactions, %scripts) = @_;
	my $status = $node->pgbench("--no-vacuum --client=$clients --transactions=$transactions", 0, [qr/actually processed/], [qr/^$/], $name, \%scripts);
}

my $search = q{
	SET enable_seqscan = off;
	\set i random(1, 2000)
	SELECT count(*) FROM (SELECT id FROM t ORDER BY v <-> point(:i) LIMIT 10) s;
};
my $insert = q{
	INSERT INTO t SELECT i, point(i) FROM (SELECT nextval('ids') AS i FROM generate_series(1, 4)) s;
};
# Neighbours that go: the second has what VACUUM changes links of.
my $change = q{
	\set i random(1, 2000)
	DELETE FROM t WHERE id BETWEEN :i AND :i + 3;
	UPDATE t SET v = point(id + 5) WHERE id = :i + 4;
};

foreach my $method (qw(epiphany_hnsw epiphany_ivf))
{
	# Who come first find nothing to link to. A search that does not go on has them all.
	foreach my $round (1 .. 6)
	{
		$node->safe_psql('postgres', "DROP TABLE IF EXISTS t; CREATE TABLE t (id bigint, v vector(16)); CREATE INDEX t_v ON t USING $method (v vector_l2_ops)");
		clients("$method: first inserts $round", 10, 1, "088_first_${method}_$round" => "INSERT INTO t SELECT i, point(i) FROM nextval('ids') i;");
		is($node->safe_psql('postgres', q{
			SET enable_seqscan = off; SET enable_sort = off; SET epiphany.vector_iterative_scan = off;
			SELECT count(*) FROM (SELECT id FROM t ORDER BY v <-> point(7) LIMIT 20) s}), 10, "$method: first inserts $round are found");
	}

	$node->safe_psql('postgres', qq{
		DROP TABLE t;
		CREATE TABLE t (id bigint, v vector(16));
		INSERT INTO t SELECT i, point(i) FROM generate_series(1, 2000) i;
		CREATE INDEX t_v ON t USING $method (v vector_l2_ops);
		SELECT setval('ids', 10000)});
	clients("$method: writers, searches and VACUUM", 8, 60,
		"088_insert_$method\@4" => $insert, "088_change_$method\@3" => $change, "088_search_$method\@4" => $search, "088_vacuum_$method\@1" => 'VACUUM t;');
	same_rows("$method after writers");
	$node->safe_psql('postgres', 'VACUUM t');
	same_rows("$method after VACUUM");

	# Rows that come while the index is built.
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query_until(qr/started/, "\\echo started\nREINDEX INDEX CONCURRENTLY t_v;\nREINDEX INDEX CONCURRENTLY t_v;\n");
	clients("$method: built beside writers", 6, 30, "088_more_$method" => $insert);
	$session->query('SELECT 1');
	is($session->{stderr}, '', "$method: built beside writers without an error");
	$session->quit;
	same_rows("$method after REINDEX CONCURRENTLY");
}
$node->stop;

done_testing();
