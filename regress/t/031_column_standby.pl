# Standbys replay column tables: with queries running, up to promotion, and without our library being there at all.
use strict;
use warnings FATAL => 'all';

use File::Basename;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = PostgreSQL::Test::Cluster->new('primary');
$primary->init(allows_streaming => 1);
$primary->append_conf('postgresql.conf', "autovacuum = off\nmax_standby_streaming_delay = 300s\nhot_standby_feedback = off\nmax_prepared_transactions = 5");
$primary->start;
$primary->safe_psql(
	'postgres', q{
	CREATE EXTENSION epiphany_columnstore;
	CREATE TABLE loaded (i int PRIMARY KEY, s text) USING epiphany_column;
	CREATE TABLE plain (i int) USING epiphany_column;
	INSERT INTO loaded SELECT g, md5(g::text) FROM generate_series(1, 10000) g;
	INSERT INTO plain SELECT g FROM generate_series(1, 5000) g;
	VACUUM loaded;
});
$primary->backup('base');

my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;

# A second copy of the staged server, less our library, for a standby that can only replay.
my $stage = dirname($primary->config_data('--bindir'));
$stage = dirname($stage) until -e "$stage/.server" or $stage eq '/';
my ($path) = $primary->config_data('--bindir') =~ m{^\Q$stage\E(.*)/bin$};
my $copy = $primary->basedir . '/pg';
system_or_bail('cp', '-a', $stage, $copy);
my $pkglibdir = $primary->config_data('--pkglibdir');
(my $copied_libraries = $pkglibdir) =~ s/^\Q$stage\E/$copy/;
unlink glob "$copied_libraries/pg_epiphany*";
my $bare = PostgreSQL::Test::Cluster->new('bare', install_path => "$copy$path");
$bare->init_from_backup($primary, 'base', has_streaming => 1);
$bare->start;

my $all = q{
	SELECT count(*), sum(i), md5(string_agg(s, '' ORDER BY i)) FROM loaded;
	SELECT count(*), sum(i) FROM plain;
	SET enable_seqscan = off; SELECT i, s FROM loaded WHERE i IN (1, 5000, 15000, 25000, 60000) ORDER BY i;
};
sub same
{
	my ($node, $name) = @_;
	$primary->wait_for_catchup($node, 'replay', $primary->lsn('insert'));
	is($node->safe_psql('postgres', $all), $primary->safe_psql('postgres', $all), $name);
}
same($standby, 'after the base backup');

# Loads, aborted loads and VACUUM while a query on the standby keeps its snapshot.
my $session = $standby->background_psql('postgres', on_error_stop => 0);
$session->query('BEGIN ISOLATION LEVEL REPEATABLE READ');
is($session->query('SELECT count(*) FROM plain'), '5000', 'a snapshot on the standby');
$primary->safe_psql(
	'postgres', q{
	INSERT INTO loaded SELECT g, md5(g::text) FROM generate_series(10001, 30000) g;
	INSERT INTO plain SELECT g FROM generate_series(5001, 9000) g;
	BEGIN; INSERT INTO plain SELECT g FROM generate_series(1, 9000) g; ROLLBACK;
	BEGIN; SAVEPOINT s; INSERT INTO plain SELECT g FROM generate_series(1, 4000) g; RELEASE s; INSERT INTO plain VALUES (0); COMMIT;
});
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));
is($session->query('SELECT count(*) FROM plain'), '5000', 'the snapshot does not see loads that came later');
is($standby->safe_psql('postgres', 'SELECT count(*) FROM plain'), '13001', 'a new one does');
# Freezing makes a group visible to all: replay waits for the snapshot.
$primary->safe_psql('postgres', 'VACUUM plain');
is($primary->safe_psql('postgres', "SELECT string_agg(DISTINCT state, ',' ORDER BY state) FROM epiphany.row_groups('plain')"), 'frozen,removed', 'frozen or removed on the primary');
my $frozen = $primary->lsn('insert');
ok($standby->poll_query_until('postgres', "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event LIKE 'RecoveryConflict%'"), 'replay waits for the snapshot');
is($session->query('SELECT count(*) FROM plain'), '5000', 'which sees what it saw');
$session->query('COMMIT');
$session->quit;
$primary->wait_for_catchup($standby, 'replay', $frozen);
same($standby, 'after loads and VACUUM');

# Rewrites, truncation, prepared transactions.
$primary->safe_psql(
	'postgres', q{
	ALTER TABLE loaded ADD COLUMN d int DEFAULT 7;
	VACUUM FULL loaded;
	TRUNCATE plain;
	INSERT INTO plain SELECT g FROM generate_series(1, 3000) g;
	BEGIN; INSERT INTO loaded SELECT g, md5(g::text) FROM generate_series(50001, 60000) g; PREPARE TRANSACTION 'load';
});
same($standby, 'after a rewrite');
is($standby->safe_psql('postgres', 'SELECT count(d), sum(d) FROM loaded'), '30000|210000', 'the default of an added column survives the rewrite');

# The standby without a library has replayed all of it; given the library, it answers.
$primary->wait_for_catchup($bare, 'replay', $primary->lsn('insert'));
my ($rc, $out, $err) = $bare->psql('postgres', 'SELECT count(*) FROM plain');
like($err, qr/could not access file .*pg_epiphany/, 'without the library a standby cannot read the table');
system_or_bail('cp', '-p', glob("$pkglibdir/pg_epiphany*"), $copied_libraries);
same($bare, 'but has replayed it');

# Promotion in the middle of a load.
my $load = $primary->background_psql('postgres', on_error_stop => 0);
$load->query_until(qr/started/, "\\echo started\nINSERT INTO plain SELECT g FROM generate_series(1, 3000000) g;\n");
$primary->poll_query_until('postgres', "SELECT count(*) > 2 FROM epiphany.row_groups('plain')");
$primary->wait_for_catchup($standby, 'write', $primary->lsn('insert'));
$primary->stop('immediate');
$load->{run}->finish;
$standby->promote;
is($standby->safe_psql('postgres', 'SELECT count(*), sum(i) FROM plain'), '3000|4501500', 'a load that promotion cut off is not there');
$standby->safe_psql('postgres', "COMMIT PREPARED 'load'; INSERT INTO plain SELECT g FROM generate_series(3001, 8000) g; VACUUM plain, loaded;");
is($standby->safe_psql('postgres', 'SELECT count(*), sum(i) FROM plain'), '8000|32004000', 'the promoted standby loads on');
is($standby->safe_psql('postgres', 'SET enable_seqscan = off; SELECT s = md5(60000::text) FROM loaded WHERE i = 60000'), 't', 'and commits what was prepared');
$standby->stop;
$bare->stop;

done_testing();
