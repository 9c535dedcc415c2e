# Table options travel with pg_dump and pg_restore: plain and parallel, into sessions that have and have not preloaded the library.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;

$node->safe_psql('postgres', 'CREATE DATABASE src');
$node->safe_psql(
	'src', q{
	CREATE EXTENSION pg_epiphany CASCADE;
	CREATE SCHEMA "Odd schema";
	CREATE TABLE plain (a int) USING epiphany_column;
	CREATE TABLE given (a int PRIMARY KEY, b text) USING epiphany_column
		WITH (epiphany.compression = zstd, epiphany.compression_level = 7, fillfactor = 90);
	CREATE TABLE "Odd schema"."It's a table" USING epiphany_column WITH (epiphany.row_group_rows = 4096)
		AS SELECT i AS a FROM generate_series(1, 100) i;
	CREATE TABLE parent (a int) PARTITION BY LIST (a) USING epiphany_column WITH (epiphany.compression = none);
	CREATE TABLE child PARTITION OF parent FOR VALUES IN (1) WITH (epiphany.compression_level = 2);
	CREATE TABLE on_row (a int) USING epiphany_row;
	INSERT INTO given SELECT i, i::text FROM generate_series(1, 100) i;
	INSERT INTO parent SELECT 1;
	INSERT INTO on_row SELECT 1;
	CREATE MATERIALIZED VIEW view_ USING epiphany_column WITH (epiphany.row_group_rows = 2048) AS SELECT * FROM given;
	CREATE INDEX ON given (b);
});

# Everything that options come to, and that the rows and access methods came along.
my $query = q{
	SELECT c.oid::regclass, am.amname, c.reloptions, o.* FROM pg_class c LEFT JOIN pg_am am ON am.oid = c.relam
		LEFT JOIN LATERAL epiphany.table_options(c.oid) o ON true
		WHERE c.relkind IN ('r', 'p', 'm') AND c.relnamespace IN ('public'::regnamespace, '"Odd schema"'::regnamespace)
		ORDER BY c.relname, o.name;
	SELECT objtype, objname, label FROM pg_seclabels ORDER BY 1, 2;
	SELECT (SELECT count(*) FROM given), (SELECT count(*) FROM "Odd schema"."It's a table"), (SELECT count(*) FROM parent),
		(SELECT count(*) FROM on_row), (SELECT count(*) FROM view_);
};
my $expected = $node->safe_psql('src', $query);
is(scalar(() = $expected =~ /^(?:table|materialized view)\|/mg), 5, 'five tables have a label');

my $dir = $node->basedir;
$node->command_ok([ 'pg_dump', '-f', "$dir/plain.sql", 'src' ], 'plain dump');
$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/custom", 'src' ], 'custom dump');
$node->command_ok([ 'pg_dump', '--no-security-labels', '-f', "$dir/bare.sql", 'src' ], 'dump without labels');

sub restore_all
{
	my ($name) = @_;
	$node->safe_psql('postgres', "CREATE DATABASE ${name}_plain");
	$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/plain.sql", "${name}_plain" ], "$name: plain restore");
	is($node->safe_psql("${name}_plain", $query), $expected, "$name: plain restore brings all back");

	$node->safe_psql('postgres', "CREATE DATABASE ${name}_parallel");
	$node->command_ok([ 'pg_restore', '-e', '-j2', '-d', "${name}_parallel", "$dir/custom" ], "$name: parallel restore");
	is($node->safe_psql("${name}_parallel", $query), $expected, "$name: parallel restore brings all back");

	# Definitions first, rows and the rest in another session with triggers off.
	$node->safe_psql('postgres', "CREATE DATABASE ${name}_parts");
	$node->command_ok([ 'pg_restore', '-e', '--schema-only', '-d', "${name}_parts", "$dir/custom" ], "$name: definitions");
	$node->command_ok([ 'pg_restore', '-e', '--data-only', '--disable-triggers', '-d', "${name}_parts", "$dir/custom" ],
		"$name: rows");
	# Which pg_restore refreshes with the definitions.
	$node->safe_psql("${name}_parts", 'REFRESH MATERIALIZED VIEW view_');
	is($node->safe_psql("${name}_parts", $query), $expected, "$name: restore in parts brings all back");

	$node->safe_psql('postgres', "CREATE DATABASE ${name}_bare");
	$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/bare.sql", "${name}_bare" ], "$name: without labels");
	is($node->safe_psql("${name}_bare", 'SELECT count(*) FROM pg_seclabels'), '0', "$name: no labels, no options");
}

restore_all('lazy');
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_epiphany'");
$node->restart;
restore_all('preloaded');

# A label alone in a session that has not loaded the library.
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
$node->safe_psql('src', q{SECURITY LABEL FOR epiphany ON TABLE plain IS 'compression=zstd'});
is($node->safe_psql('src', q{SELECT value FROM epiphany.table_options('plain') WHERE NOT is_default}), 'zstd', 'label alone');

$node->stop;
done_testing();
