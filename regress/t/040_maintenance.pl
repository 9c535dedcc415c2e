# Column tables that are left alone end in row groups, their file as small as those, without anybody's help: with the library preloaded, and
# without, where autovacuum sets it going.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $load = q{
	CREATE EXTENSION epiphany_columnstore;
	CREATE TABLE busy (id int PRIMARY KEY, n int, s text) USING epiphany_column;
	CREATE TABLE twin (LIKE busy INCLUDING ALL) USING heap;
	CREATE TABLE by_hand (id int) USING epiphany_column WITH (epiphany.compaction = manual);
	CREATE TABLE switched_off (id int) USING epiphany_column WITH (autovacuum_enabled = off);
	CREATE FUNCTION add(first int, last int) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		FOR i IN first .. last LOOP
			INSERT INTO busy VALUES (i, i % 100, 'row ' || i);
			INSERT INTO twin VALUES (i, i % 100, 'row ' || i);
			INSERT INTO by_hand VALUES (i);
			INSERT INTO switched_off VALUES (i);
		END LOOP;
	END $$;
	SELECT add(1, 20000);
	UPDATE busy SET n = n + 1 WHERE id % 3 = 0;
	UPDATE twin SET n = n + 1 WHERE id % 3 = 0;
	DELETE FROM busy WHERE id % 10 = 0;
	DELETE FROM twin WHERE id % 10 = 0;
};
# A column row's block has the high bit set.
my $in_delta = 'SELECT count(*) FROM %s WHERE ctid < \'(2147483648,0)\'::tid';

sub check_rest
{
	my ($node, $what) = @_;

	ok($node->poll_query_until('postgres', sprintf($in_delta, 'busy') . ' HAVING count(*) = 0', '0'), "$what: all rows end in row groups");
	ok( $node->poll_query_until(
			'postgres', q{SELECT total_bytes <= 2 * group_bytes + 16 * 8192 FROM epiphany.table_stats('busy')}),
		"$what: in a file not much larger than they are");
	is($node->safe_psql('postgres', 'SELECT count(*) FROM (TABLE busy EXCEPT TABLE twin) x'), '0', "$what: no row is wrong");
	is( $node->safe_psql('postgres', 'SELECT count(*), sum(n), md5(string_agg(s, \'\' ORDER BY id)) FROM busy'),
		$node->safe_psql('postgres', 'SELECT count(*), sum(n), md5(string_agg(s, \'\' ORDER BY id)) FROM twin'),
		"$what: none is lost");
	is( $node->safe_psql('postgres', 'SET enable_seqscan = off; SELECT count(*) FROM busy b JOIN twin t USING (id, n, s)'),
		$node->safe_psql('postgres', 'SELECT count(*) FROM twin'), "$what: the index finds all");
}

for my $preload (0, 1)
{
	my $what = $preload ? 'preloaded' : 'not preloaded';
	my $node = PostgreSQL::Test::Cluster->new($preload ? 'preloaded' : 'plain');

	$node->init;
	$node->append_conf('postgresql.conf', join("\n",
		'epiphany.maintenance = on',
		'epiphany.maintenance_naptime = 1s',
		'autovacuum_naptime = 1s',
		$preload ? ('shared_preload_libraries = pg_epiphany', 'autovacuum = off') : ()));
	$node->start;
	$node->safe_psql('postgres', $load);
	check_rest($node, $what);

	# More rows, and changes of rows that are in groups by now.
	$node->safe_psql('postgres', 'SELECT add(20001, 40000)');
	$node->safe_psql('postgres', "UPDATE $_ SET s = s || '!' WHERE id % 2 = 0; DELETE FROM $_ WHERE id BETWEEN 3000 AND 15000") foreach qw(busy twin);
	check_rest($node, "$what, once more");

	is($node->safe_psql('postgres', sprintf($in_delta, 'by_hand')), '40000', "$what: a table with compaction = manual is left alone");
	is($node->safe_psql('postgres', sprintf($in_delta, 'switched_off')), '40000', "$what: so is one with autovacuum_enabled = off");

	# VACUUM retires pages of delete vectors, which only a later one can give back, unless it cuts the table and is alone with it: the worker
	# has another one come for them, and no more.
	if ($preload)
	{
		$node->safe_psql('postgres', q{
			CREATE TABLE some_dead (id int) USING epiphany_column WITH (epiphany.row_group_rows = 20000, vacuum_truncate = off);
			INSERT INTO some_dead SELECT g FROM generate_series(1, 20000) g;
			DELETE FROM some_dead WHERE id % 20 = 0;
			DO $$ BEGIN FOR i IN 20001 .. 26000 LOOP INSERT INTO some_dead VALUES (i); END LOOP; END $$;
		});
		ok( $node->poll_query_until('postgres', q{SELECT vacuum_count >= 2 FROM pg_stat_user_tables WHERE relname = 'some_dead'}),
			"$what: maintenance has VACUUM come again");
		my ($ret, $stdout, $verbose) = $node->psql('postgres', 'VACUUM (VERBOSE) some_dead');
		like($verbose, qr/Pages: 0 given back/, "$what: nothing is left for others to give back");
		is($node->safe_psql('postgres', 'SELECT count(*), sum(id) FROM some_dead'), '25000|328003000', "$what: no row is lost by that");
		sleep 3;
		is($node->safe_psql('postgres', q{SELECT vacuum_count FROM pg_stat_user_tables WHERE relname = 'some_dead'}), '3',
			"$what: and has it come no more, but for ours");
	}

	# Nobody is in the way of who wants the database or the table for himself.
	$node->safe_psql('postgres', 'CREATE DATABASE passing');
	$node->safe_psql('passing', q{
		CREATE EXTENSION epiphany_columnstore;
		CREATE TABLE t (i int) USING epiphany_column;
		INSERT INTO t SELECT g FROM generate_series(1, 5000) g;
		VACUUM t;
	});
	$node->safe_psql('postgres', 'DROP DATABASE passing');
	pass("$what: a database can be dropped");
	$node->safe_psql('postgres', 'ALTER TABLE busy ADD COLUMN x int DEFAULT 1; TRUNCATE busy; DROP TABLE busy');
	$node->stop;
	unlike(slurp_file($node->logfile), qr/PANIC|TRAP|automatic maintenance of column table/, "$what: no error of the maintenance in the log");
}

done_testing();
