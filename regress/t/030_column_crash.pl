# A server that dies at any moment of bulk loads into column tables comes back with the committed loads, whole, and with nothing else.
use strict;
use warnings FATAL => 'all';

use Clients;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $rounds = $ENV{PGE_CRASH_ROUNDS} // 3;
srand($ENV{PGE_CRASH_SEED} // 20241);

# Each transaction writes what it loads into a heap table, too: the model. Batch numbers are drawn from so many that none comes twice.
my %scripts = (
	insert => q{
\set batch random(1, 1000000000000000)
\set rows random(1, 12000)
BEGIN;
INSERT INTO plain SELECT :batch, g, repeat(md5(g::text), 1 + g % 5) FROM generate_series(1, :rows) g;
INSERT INTO model VALUES ('plain', :batch, :rows);
COMMIT;
},
	keyed => q{
\set batch random(1, 1000000000000000)
\set rows random(1, 9000)
BEGIN;
INSERT INTO keyed SELECT :batch, g, md5(g::text) FROM generate_series(1, :rows) g;
INSERT INTO model VALUES ('keyed', :batch, :rows);
COMMIT;
},
	nested => q{
\set batch random(1, 1000000000000000)
\set rows random(2000, 6000)
BEGIN;
SAVEPOINT a;
INSERT INTO keyed SELECT :batch + 1000000000::int8, g, 'rolled back' FROM generate_series(1, :rows) g;
ROLLBACK TO a;
INSERT INTO keyed SELECT :batch, g, md5(g::text) FROM generate_series(1, :rows) g;
SAVEPOINT b;
INSERT INTO plain SELECT :batch, g, repeat(md5(g::text), 1 + g % 5) FROM generate_series(1, :rows) g;
RELEASE b;
INSERT INTO model VALUES ('keyed', :batch, :rows), ('plain', :batch, :rows);
COMMIT;
},
	copy => q{
\set batch random(1, 1000000000000000)
\set rows random(1, 12000)
BEGIN;
CALL copy_batch(:batch, :rows);
INSERT INTO model VALUES ('copied', :batch, :rows);
COMMIT;
},
	single => q{
\set batch random(1, 1000000000000000)
BEGIN;
INSERT INTO plain VALUES (:batch, 1, md5(1::text) || md5(1::text));
INSERT INTO model VALUES ('plain', :batch, 1);
COMMIT;
},
	vacuum => "VACUUM plain, keyed, copied;\nCHECKPOINT;\n\\sleep 200 ms\n",
	created => q{
\set batch random(1, 1000000000000000)
\set rows random(1, 12000)
BEGIN;
CALL create_batch(:batch, :rows);
INSERT INTO model VALUES ('created', :batch, :rows);
COMMIT;
});

my $setup = q{
	CREATE EXTENSION epiphany_columnstore;
	CREATE EXTENSION amcheck;
	CREATE TABLE model (tab text, batch int8, rows int);
	CREATE TABLE plain (batch int8, i int, s text) USING epiphany_column;
	CREATE TABLE keyed (batch int8, i int, s text, PRIMARY KEY (batch, i)) USING epiphany_column;
	CREATE TABLE copied (batch int8, i int) USING epiphany_column WITH (epiphany.row_group_rows = 4096);
	CREATE UNLOGGED TABLE unlogged (i int) USING epiphany_column;
	CREATE PROCEDURE copy_batch(batch int8, rows int) LANGUAGE plpgsql AS $$
	BEGIN
		EXECUTE format('COPY copied FROM PROGRAM %L (DELIMITER '','')', format('seq 1 %s | sed s/^/%s,/', rows, batch));
	END $$;
	CREATE PROCEDURE create_batch(batch int8, rows int) LANGUAGE plpgsql AS $$
	BEGIN
		EXECUTE format('CREATE TABLE created_%s (batch int8, i int) USING epiphany_column', batch);
		EXECUTE format('INSERT INTO created_%s SELECT %1$s, g FROM generate_series(1, %s) g', batch, rows);
		EXECUTE format('CREATE INDEX ON created_%s (i)', batch);
		EXECUTE format('INSERT INTO created_%s SELECT %1$s, g FROM generate_series(%s + 1, %2$s + 3000) g', batch, rows);
		EXECUTE format('TRUNCATE created_%s', batch);
		EXECUTE format('INSERT INTO created_%s SELECT %1$s, g FROM generate_series(1, %s) g', batch, rows);
	END $$;
};

# Batches that differ from the model, in either direction, by sequential scan and by index.
my $differences = q{
	WITH found AS (
		SELECT 'plain' AS tab, batch, count(*) AS rows, sum(i) AS sum, bool_and(s = repeat(md5(i::text), 1 + i % 5)) AS good FROM plain GROUP BY batch
		UNION ALL SELECT 'keyed', batch, count(*), sum(i), bool_and(s = md5(i::text)) FROM keyed GROUP BY batch
		UNION ALL SELECT 'copied', batch, count(*), sum(i), true FROM copied GROUP BY batch)
	SELECT coalesce(f.tab, m.tab), coalesce(f.batch, m.batch), f.rows, m.rows
	FROM found f FULL JOIN (SELECT * FROM model WHERE tab <> 'created') m USING (tab, batch)
	WHERE f.rows IS DISTINCT FROM m.rows OR f.sum <> m.rows::int8 * (m.rows + 1) / 2 OR NOT f.good;
};
my $differences_in_created = q{
	SELECT batch, m.rows, q.q FROM model m LEFT JOIN LATERAL (SELECT (xpath('/row/t/text()', query_to_xml(format(
		'SELECT count(*) || '' '' || coalesce(sum(i), 0) AS t FROM created_%s', batch), false, true, '')))[1]::text AS q) q ON true
	WHERE tab = 'created' AND q.q IS DISTINCT FROM m.rows || ' ' || m.rows::int8 * (m.rows + 1) / 2;
};

sub check
{
	my ($node, $name) = @_;
	is($node->safe_psql('postgres', $differences), '', "$name: the committed loads, whole, and nothing else");
	is( $node->safe_psql('postgres', "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
			SELECT count(*) FROM model m, LATERAL (SELECT count(*) FROM keyed k WHERE k.batch = m.batch) f (n) WHERE m.tab = 'keyed' AND f.n <> m.rows"),
		'0', "$name: the same through the index");
	my ($rc, $out, $err) = $node->psql('postgres', "SELECT bt_index_check('keyed_pkey', true)");
	is($err, '', "$name: the index is sound");
}

sub crash_test
{
	my ($name, $created, %settings) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name);
	my @clients = qw(insert keyed nested copy single vacuum);
	my $kinds = $created ? 4 : 3;

	push @clients, 'created' if $created;
	$node->init(extra => ['--data-checksums']);
	$node->append_conf('postgresql.conf', "$_ = '$settings{$_}'") foreach sort keys %settings;
	$node->append_conf('postgresql.conf', "autovacuum = off\nmax_wal_senders = 0\nlog_statement = none\nmax_wal_size = 64MB");
	$node->start;
	$node->safe_psql('postgres', $setup);

	for my $round (1 .. $rounds)
	{
		$node->safe_psql('postgres', 'INSERT INTO unlogged SELECT g FROM generate_series(1, 5000) g');
		Clients::crash($node, undef, { %scripts{@clients} }, 0.3, "SELECT count(DISTINCT tab) = $kinds FROM model", "$name, crash $round");
		check($node, "$name, crash $round");
		is($node->safe_psql('postgres', $differences_in_created), '', "$name, crash $round: tables made with their load") if $created;
		is($node->safe_psql('postgres', 'SELECT count(*) FROM unlogged'), '0', "$name, crash $round: the unlogged table is empty");
	}
	my @done = split /\n/, $node->safe_psql('postgres', 'SELECT tab, count(*) FROM model GROUP BY tab');
	cmp_ok(scalar @done, '==', $kinds, "$name: every kind of load was committed now and then");
	note("$name: @done");
	note($node->safe_psql('postgres', "SELECT state, count(*), sum(rows) FROM epiphany.row_groups('keyed') GROUP BY 1"));

	# What dead writers left behind is in nobody's way.
	$node->safe_psql('postgres', 'VACUUM (FREEZE, ANALYZE)');
	$node->safe_psql('postgres', "INSERT INTO plain SELECT 1, g, repeat(md5(g::text), 1 + g % 5) FROM generate_series(1, 20000) g;
		INSERT INTO keyed SELECT 1, g, md5(g::text) FROM generate_series(1, 20000) g;
		INSERT INTO model VALUES ('plain', 1, 20000), ('keyed', 1, 20000)");
	check($node, "$name, after VACUUM and another load");
	$node->safe_psql('postgres', 'VACUUM FULL plain, keyed');
	check($node, "$name, after VACUUM FULL");
	is( $node->safe_psql('postgres', "SELECT count(*) FROM epiphany.row_groups('plain') WHERE state NOT IN ('committed', 'frozen')"),
		'0', "$name: VACUUM FULL leaves no dead group");
	$node->stop;
	$node->command_ok([ 'pg_checksums', '--check', '-D', $node->data_dir ], "$name: checksums");
}

crash_test('replica', 0, wal_level => 'replica', full_page_writes => 'on');
crash_test('minimal', 1, wal_level => 'minimal', full_page_writes => 'off', wal_skip_threshold => '64kB', synchronous_commit => 'off');

done_testing();
