# A scan of a large column table leaves other tables' pages in the buffers, and reads neighbouring pages together.
use strict;
use warnings;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('read');
$node->init;
$node->append_conf('postgresql.conf', "shared_buffers = 16MB\nautovacuum = off\nmax_parallel_workers_per_gather = 0\n");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION epiphany_columnstore CASCADE;
	CREATE EXTENSION pg_buffercache;
	CREATE TABLE hot AS SELECT g AS i, repeat('x', 500) AS filler FROM generate_series(1, 4000) g;
	CREATE TABLE large (a int8, b int8, c text) USING epiphany_column;
	INSERT INTO large SELECT (random() * 1e15)::int8, g, md5(g::text) FROM generate_series(1, 400000) g;
	CREATE TABLE small (a int8, c text) USING epiphany_column;
	INSERT INTO small SELECT g, md5(g::text) FROM generate_series(1, 20000) g;
	VACUUM hot});

sub buffers_of
{
	my $table = shift;
	return $node->safe_psql('postgres', "SELECT count(*) FROM pg_buffercache WHERE relfilenode = pg_relation_filenode('$table')");
}

my $blocks = $node->safe_psql('postgres', q{SELECT pg_relation_size('large') / 8192});
cmp_ok($blocks, '>', 1024, 'the table is larger than half of the buffers');
$node->restart;
my $hot = $node->safe_psql('postgres', q{SELECT count(filler) FROM hot; SELECT count(*) FROM pg_buffercache WHERE relfilenode = pg_relation_filenode('hot')});
$hot =~ s/.*\n//s;
for (1 .. 2)
{
	is($node->safe_psql('postgres', q{SELECT count(*), sum(b), max(length(c)), sum(a) > 0 FROM large}), '400000|80000200000|32|t', 'a scan of it all');
}
cmp_ok(buffers_of('large'), '<=', 512 + 300, 'what a quarter of the buffers does not hold stays within its ring');
is(buffers_of('hot'), $hot, '... and others keep their buffers');
$node->restart;
$node->safe_psql('postgres', 'CREATE INDEX ON large (b)');
cmp_ok(buffers_of('large'), '<=', 400, 'the making of an index keeps nothing but its ring');
my $columns = 'SELECT count(*) FROM large WHERE a % 2 = 0';
$node->safe_psql('postgres', $columns);
unlike($node->safe_psql('postgres', "EXPLAIN (ANALYZE, BUFFERS, COSTS off, TIMING off, SUMMARY off) $columns"), qr/shared[^\n]* read=/, 'a scan that reads less finds it again');
cmp_ok($node->safe_psql('postgres', q{SELECT sum(reads) FROM pg_stat_io WHERE context = 'bulkread' AND object = 'relation'}), '>', $blocks / 2, 'its reads count as bulk reads');
is($node->safe_psql('postgres', q{SET effective_io_concurrency = 0; SELECT count(*), sum(b), max(length(c)), sum(a) > 0 FROM large}),
	'400000|80000200000|32|t', 'the same without prefetching');
is($node->safe_psql('postgres', q{SET io_combine_limit = 1; SELECT count(*), sum(b), max(length(c)), sum(a) > 0 FROM large}),
	'400000|80000200000|32|t', 'the same page by page');

my $small_blocks = $node->safe_psql('postgres', q{SELECT count(length(c)) + sum(a + 0) * 0 FROM small; SELECT pg_relation_size('small') / 8192});
$small_blocks =~ s/.*\n//s;
cmp_ok(buffers_of('small'), '>=', $small_blocks - 4, 'a small table is kept in the buffers');

# A temporary table has buffers of its own, fewer than a group has pages.
is($node->safe_psql('postgres', q{
	SET temp_buffers = '800kB';
	CREATE TEMP TABLE t USING epiphany_column AS SELECT * FROM large LIMIT 100000;
	SELECT count(*), count(length(c)), count(a + 0) FROM t}), '100000|100000|100000', 'a temporary table');
$node->stop;
done_testing();
