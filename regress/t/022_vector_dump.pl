# Vectors travel with pg_dump, plain and in parallel, from row and column tables; and a database where pgvector's types are used is dumped so
# that pgvector is there first. Without pgvector on the machine an extension with its name and types stands for it, as far as that goes.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'autovacuum = off');
$node->start;
my $dir = $node->basedir;

my $tables = q{
	CREATE TABLE h (id int PRIMARY KEY, v vector(8), h halfvec(8), s sparsevec(8), free vector, many vector[]);
	INSERT INTO h SELECT i, a::vector, a::vector, a::vector, a::vector || '[1]', ARRAY[a::vector] FROM
		(SELECT i, (SELECT array_agg(((i * g) % 13 - 6)::real / 3) FROM generate_series(1, 8) g) FROM generate_series(1, 3000) i) x(i, a);
	CREATE TABLE c (LIKE h) USING epiphany_column;
	INSERT INTO c SELECT * FROM h;
	CREATE TABLE e (LIKE h) USING epiphany_vector WITH (epiphany.row_group_rows = 2048);
	INSERT INTO e SELECT * FROM h;
	CREATE INDEX ON h (v);
	CREATE TABLE shape (v vector(3) DEFAULT '[1,2,3]' CHECK (v <-> '[0,0,0]' < 10), d float8 GENERATED ALWAYS AS (vector_norm(v)) STORED);
	INSERT INTO shape DEFAULT VALUES;
	CREATE VIEW near AS SELECT id FROM c ORDER BY v <=> '[1,2,3,4,5,6,7,8]', id LIMIT 5;
};
my $query = q{
	SELECT count(*), md5(string_agg(h::text, '' ORDER BY id)) FROM h;
	SELECT count(*), md5(string_agg(c::text, '' ORDER BY id)) FROM c;
	SELECT count(*), md5(string_agg(e::text, '' ORDER BY id)) FROM e;
	SELECT amname, epiphany.table_stats('e') FROM pg_class c JOIN pg_am a ON c.relam = a.oid WHERE c.oid = 'e'::regclass;
	SELECT attrelid::regclass::text, attname, format_type(atttypid, atttypmod) FROM pg_attribute
		WHERE attnum > 0 AND attrelid IN ('h'::regclass, 'c'::regclass, 'shape'::regclass) ORDER BY 1, attnum;
	SELECT array_agg(id) FROM near;
	SELECT * FROM shape;
	SELECT extname FROM pg_extension WHERE extname ~ 'vector' ORDER BY 1;
	SELECT sum(v), avg(h) FROM c;
};

sub dump_and_restore
{
	my ($name) = @_;
	my $expected = $node->safe_psql($name, $query);
	$node->command_ok([ 'pg_dump', '-f', "$dir/$name.sql", $name ], "$name: plain dump");
	$node->command_ok([ 'pg_dump', '-Fc', '-f', "$dir/$name.custom", $name ], "$name: custom dump");
	$node->safe_psql('postgres', "CREATE DATABASE ${name}_plain");
	$node->command_ok([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-f', "$dir/$name.sql", "${name}_plain" ], "$name: plain restore");
	is($node->safe_psql("${name}_plain", $query), $expected, "$name: plain restore brings all back");
	$node->safe_psql('postgres', "CREATE DATABASE ${name}_parallel");
	$node->command_ok([ 'pg_restore', '-e', '-j2', '-d', "${name}_parallel", "$dir/$name.custom" ], "$name: parallel restore");
	is($node->safe_psql("${name}_parallel", $query), $expected, "$name: parallel restore brings all back");
}

$node->safe_psql('postgres', 'CREATE DATABASE ours');
$node->safe_psql('ours', "CREATE EXTENSION epiphany_columnstore; CREATE EXTENSION epiphany_vectorstore; $tables");
dump_and_restore('ours');

# Whoever comes first in the alphabet must not come first in the dump.
$node->safe_psql('postgres', 'CREATE DATABASE named TEMPLATE ours');
$node->safe_psql('named', q{
	-- pgvector has none of our access methods.
	DO $$
	DECLARE
		method record;
	BEGIN
		FOR method IN SELECT a.amname, a.amhandler::regprocedure AS handler FROM pg_am a
			JOIN pg_depend d ON d.classid = 'pg_am'::regclass AND d.objid = a.oid
			JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid WHERE e.extname = 'epiphany_vectorstore'
				AND a.amtype = 't'
		LOOP
			EXECUTE format('ALTER EXTENSION epiphany_vectorstore DROP ACCESS METHOD %I', method.amname);
			EXECUTE format('ALTER EXTENSION epiphany_vectorstore DROP FUNCTION %s', method.handler);
			EXECUTE format('DROP FUNCTION %s CASCADE', method.handler);
		END LOOP;
	END$$;
	UPDATE pg_extension SET extname = 'vector' WHERE extname = 'epiphany_vectorstore';
	UPDATE pg_am SET amname = 'its ' || amname WHERE amtype = 'i' AND amname ~ '^epiphany_';
	CREATE SCHEMA other;
	CREATE EXTENSION epiphany_vectorstore SCHEMA other;
});
my ($dump) = run_command([ 'pg_dump', '-d', $node->connstr('named') ]);
like($dump, qr/CREATE EXTENSION IF NOT EXISTS vector .*CREATE EXTENSION IF NOT EXISTS epiphany_vectorstore /s, 'pgvector is dumped first');
unlike($dump, qr/CREATE TYPE/, 'types belong to their extension');

SKIP:
{
	skip 'pgvector is not installed', 8
		if $node->safe_psql('postgres', q{SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'}) eq '0';
	$node->safe_psql('postgres', 'CREATE DATABASE theirs');
	$node->safe_psql('theirs', "CREATE EXTENSION vector; CREATE EXTENSION pg_epiphany CASCADE; CREATE EXTENSION epiphany_vectorstore; $tables");
	dump_and_restore('theirs');

	# The same rows, on either's types.
	is($node->safe_psql('theirs', "COPY (SELECT id, v, h, s, free, many FROM c ORDER BY id) TO STDOUT"),
		$node->safe_psql('ours', "COPY (SELECT id, v, h, s, free, many FROM c ORDER BY id) TO STDOUT"), 'rows are the same text');
	my ($rc, $out, $err) = $node->psql('ours', 'CREATE EXTENSION vector');
	like($err, qr/type "vector" already exists/, 'pgvector after us, in the same schema, is refused');
}
$node->stop;
done_testing();
