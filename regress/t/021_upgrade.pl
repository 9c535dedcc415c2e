# pg_upgrade carries our tables, their options and the event trigger that makes options known.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $old = PostgreSQL::Test::Cluster->new('old');
$old->init;
$old->start;
$old->safe_psql(
	'postgres', q{
	CREATE EXTENSION pg_epiphany CASCADE;
	CREATE TABLE on_column (a int PRIMARY KEY, b text) USING epiphany_column WITH (epiphany.compression = zstd, epiphany.row_group_rows = 4096);
	CREATE TABLE on_row (a int PRIMARY KEY, b text) USING epiphany_row;
	INSERT INTO on_column SELECT i, repeat(md5(i::text), CASE WHEN i % 100 = 0 THEN 500 ELSE 1 END) FROM generate_series(1, 1000) i;
	INSERT INTO on_row TABLE on_column;
	DELETE FROM on_row WHERE a % 10 = 0;
});
my $query = q{
	SELECT objname, label FROM pg_seclabels;
	SELECT relname, amname FROM pg_class c JOIN pg_am m ON m.oid = relam WHERE relname ~ '^on_' AND relkind = 'r' ORDER BY 1;
	SELECT count(*), sum(a), md5(string_agg(b, '' ORDER BY a)) FROM on_column;
	SELECT count(*), sum(a), md5(string_agg(b, '' ORDER BY a)) FROM on_row;
	SET enable_seqscan = off;
	SELECT a, length(b) FROM on_column WHERE a = 300 UNION ALL SELECT a, length(b) FROM on_row WHERE a = 301;
};
my $expected = $old->safe_psql('postgres', $query);
$old->stop;

my $new = PostgreSQL::Test::Cluster->new('new');
$new->init;
# pg_upgrade writes where it is started.
chdir $new->basedir or die $!;
my $bin = $new->config_data('--bindir');
command_ok(
	[
		'pg_upgrade', '--no-sync', '-d', $old->data_dir, '-D', $new->data_dir, '-b', $bin, '-B', $bin, '-s', $new->host,
		'-p', $old->port, '-P', $new->port
	],
	'pg_upgrade');
$new->start;
is($new->safe_psql('postgres', $query), $expected, 'tables, rows and options came along');
$new->safe_psql('postgres', 'CREATE TABLE later (a int) USING epiphany_column WITH (epiphany.compression = none)');
is($new->safe_psql('postgres', q{SELECT value FROM epiphany.table_options('later') WHERE NOT is_default}),
	'none', 'a fresh session knows options at once');
$new->stop;
done_testing();
