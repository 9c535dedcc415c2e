# Logical decoding of column tables: changes of rows in row groups and in the delta are decoded as heap's are, one by one, and subscribers,
# heap or column, end with the publisher's rows.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $rounds = $ENV{PGE_LOGICAL_ROUNDS} // 60;
srand($ENV{PGE_LOGICAL_SEED} // 20245);
sub one_of { return $_[ int(rand(@_)) ] }
sub from_to { return $_[0] + int(rand($_[1] - $_[0] + 1)) }

my $publisher = PostgreSQL::Test::Cluster->new('publisher');
$publisher->init(allows_streaming => 'logical');
$publisher->append_conf('postgresql.conf', "autovacuum = off\nmax_prepared_transactions = 10\nlogical_decoding_work_mem = '64kB'\n"
	. "wal_consistency_checking = 'heap,heap2'\nwal_level = replica\n");
$publisher->start;
# Loaded before anybody thought of decoding.
$publisher->safe_psql('postgres', q{
	CREATE EXTENSION epiphany_columnstore;
	CREATE TABLE early (k int PRIMARY KEY, v int) USING epiphany_column;
	INSERT INTO early SELECT g, g FROM generate_series(1, 10000) g;
});
cmp_ok($publisher->safe_psql('postgres', q{SELECT sum(rows) FROM epiphany.row_groups('early')}), '>', 5000, 'loads make row groups');
$publisher->adjust_conf('postgresql.conf', 'wal_level', 'logical');
$publisher->restart;
my $subscriber = PostgreSQL::Test::Cluster->new('subscriber');
$subscriber->init;
$subscriber->append_conf('postgresql.conf', "autovacuum = off\nmax_prepared_transactions = 10\nmax_logical_replication_workers = 12\nwal_retrieve_retry_interval = '200ms'\n");
$subscriber->start;
my %access_method = (postgres => 'heap', columns => 'epiphany_column');
$subscriber->safe_psql('postgres', 'CREATE DATABASE columns');
$subscriber->safe_psql('columns', 'CREATE EXTENSION epiphany_columnstore');

# Each table, and a heap twin "heap_..." on the publisher that gets the same statements.
my %tables = (
	keyed => '(k int PRIMARY KEY, v int NOT NULL, s text, big text)',
	by_index => '(v int NOT NULL, k int NOT NULL, s text, big text, EXCLUDE USING btree (v WITH =) WHERE (v < 0))',
	whole => '(k int, v int, s text, big text)',
	parts => '(k int PRIMARY KEY, v int NOT NULL, s text, big text) PARTITION BY RANGE (k)',
);
my $with_options = 'WITH (epiphany.row_group_rows = 4096)';

sub create
{
	my ($am, $prefix) = @_;
	my $options = $am eq 'heap' ? '' : $with_options;
	my $sql = '';
	for my $name (sort keys %tables)
	{
		my $table = "$prefix$name";
		$sql .= "CREATE TABLE $table $tables{$name}" . ($name eq 'parts' ? '' : " USING $am $options") . ";\n";
		if ($name eq 'parts')
		{
			my @am = $am eq 'heap' ? ('heap') x 3 : ('epiphany_column', 'heap', 'epiphany_column');
			for my $i (0 .. 2)
			{
				my ($low, $high) = ($i ? $i * 3000 : 'MINVALUE', $i < 2 ? ($i + 1) * 3000 : 'MAXVALUE');
				$sql .= "CREATE TABLE $table$i PARTITION OF $table FOR VALUES FROM ($low) TO ($high) USING $am[$i] "
					. ($am[$i] eq 'heap' ? '' : $with_options) . ";\n";
			}
		}
		$sql .= "ALTER TABLE $table ALTER big SET STORAGE EXTERNAL;\n";
		$sql .= "CREATE UNIQUE INDEX ${table}_k ON $table (k); ALTER TABLE $table REPLICA IDENTITY USING INDEX ${table}_k;\n" if $name eq 'by_index';
		$sql .= "ALTER TABLE $table REPLICA IDENTITY FULL;\n" if $name eq 'whole';
	}
	return $sql;
}

my $rows = q{SELECT g AS k, g AS v, 's' || g AS s, CASE WHEN g % 50 = 0 THEN repeat(md5(g::text), 150) END AS big FROM generate_series(1, 9000) g};
$publisher->safe_psql('postgres', create('heap', 'heap_') . create('epiphany_column', ''));
$publisher->safe_psql('postgres', join ';', map { my $t = $_; map { "INSERT INTO $_$t (k, v, s, big) $rows" } ('', 'heap_') } sort keys %tables);
# Loaded rows stay in the delta while they are to be decoded; a rewrite is not decoded, and makes groups.
my $groups = q{SELECT coalesce(sum(g.rows), 0) FROM pg_class c JOIN pg_am a ON a.oid = c.relam AND amname = 'epiphany_column', epiphany.row_groups(c.oid) g WHERE relkind = 'r'};
my $early = $publisher->safe_psql('postgres', q{SELECT sum(rows) FROM epiphany.row_groups('early')});
is($publisher->safe_psql('postgres', $groups), $early, 'decoded loads make none');
for my $table (qw(keyed by_index whole parts0 parts2))
{
	$publisher->safe_psql('postgres', "ALTER TABLE $table SET ACCESS METHOD heap; ALTER TABLE $table SET ACCESS METHOD epiphany_column");
}
is($publisher->safe_psql('postgres', $groups), $early + 33000, 'rewrites do');

$publisher->safe_psql('postgres', q{
	CREATE TABLE filtered (k int PRIMARY KEY, v int);
	INSERT INTO filtered SELECT g, g FROM generate_series(1, 5000) g;
	ALTER TABLE filtered SET ACCESS METHOD epiphany_column;
	ALTER TABLE filtered REPLICA IDENTITY FULL;
	CREATE TABLE listed (k int PRIMARY KEY, s text, v int);
	INSERT INTO listed SELECT g, 's' || g, g FROM generate_series(1, 5000) g;
	ALTER TABLE listed SET ACCESS METHOD epiphany_column;
	CREATE PUBLICATION p FOR TABLE keyed, by_index, whole, parts, filtered WHERE (v < 2500), listed (k, v), early;
	SELECT pg_create_logical_replication_slot('all_changes', 'test_decoding', false, true);
});
for my $database (sort keys %access_method)
{
	my $am = $access_method{$database};
	$subscriber->safe_psql($database, create($am, '') . "CREATE TABLE filtered (k int PRIMARY KEY, v int) USING $am;\n"
		. join('', map { "CREATE TABLE $_ (k int PRIMARY KEY, v int) USING $am;\n" } qw(listed early))
		. "CREATE SUBSCRIPTION s_$database CONNECTION '" . $publisher->connstr . q{ dbname=postgres' PUBLICATION p WITH (two_phase = on, streaming = }
		. ($am eq 'heap' ? 'on' : 'parallel') . ')');
	$subscriber->wait_for_subscription_sync($publisher, "s_$database", $database);
}
cmp_ok($subscriber->safe_psql('columns', $groups), '>', 20000, 'initial copies make row groups');
$publisher->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($publisher, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', 'hot_standby_feedback = on');
$standby->start;
$standby->create_logical_slot_on_standby($publisher, 'all_changes', 'postgres');

# Statements; TABLE stands for the table. Keys are up to 12000, so that they hit rows of groups, of the delta, and none.
sub statement
{
	my $name = shift;
	my $k = from_to(1, 12000);
	my $to = $k + one_of(0, 1, 10, 100);
	my $unique = $name ne 'whole';
	my @kinds = (
		"UPDATE TABLE SET v = v + 1 WHERE k BETWEEN $k AND $to",
		"UPDATE TABLE SET s = s || 'x', big = CASE WHEN k % 3 = 0 THEN repeat(md5(k::text || 'new'), 160) ELSE big END WHERE k BETWEEN $k AND $to",
		"UPDATE TABLE SET v = v WHERE k BETWEEN $k AND $to",
		"DELETE FROM TABLE WHERE k BETWEEN $k AND $to",
		"UPDATE TABLE SET big = big || 'y', v = v - 1 WHERE k BETWEEN $k AND $k + 100 AND big IS NOT NULL",
	);
	push @kinds, (
		# Moves rows, between partitions too.
		"UPDATE TABLE t SET k = 12001 - k WHERE k BETWEEN $k AND $to AND NOT EXISTS (SELECT FROM TABLE o WHERE o.k = 12001 - t.k)",
		"INSERT INTO TABLE (k, v, s) SELECT g, g, 'upsert' FROM generate_series($k, $to) g ON CONFLICT (k) DO UPDATE SET v = t.v + EXCLUDED.v",
		"INSERT INTO TABLE (k, v, s) SELECT g, g, 'nothing' FROM generate_series($k, $to) g ON CONFLICT (k) DO NOTHING",
		"MERGE INTO TABLE t USING generate_series($k, $to) g ON t.k = g WHEN MATCHED AND g % 3 = 0 THEN DELETE "
			. "WHEN MATCHED THEN UPDATE SET v = t.v * 2 % 1000000 WHEN NOT MATCHED THEN INSERT (k, v, s) VALUES (g, g, 'merge')",
	) if $unique;
	push @kinds, "INSERT INTO TABLE (k, v, s) VALUES ($k, 0, 'more')" unless $unique;
	my $statement = one_of(@kinds);
	$statement =~ s/INSERT INTO TABLE/INSERT INTO TABLE AS t/ if $statement =~ /upsert/;
	return map { my $table = $_; (my $one = $statement) =~ s/TABLE/$table/g; $one } ("heap_$name", $name);
}

for my $round (1 .. $rounds)
{
	my $name = one_of(sort keys %tables);
	my @sql = ('BEGIN ISOLATION LEVEL ' . one_of('READ COMMITTED', 'REPEATABLE READ'));
	for my $step (1 .. from_to(1, 5))
	{
		my $undo = one_of(0, 0, 1);
		push @sql, "SAVEPOINT s$step" if $undo || one_of(0, 1);
		push @sql, statement($name);
		# Right after the change: the next command sees nothing that was only meant for decoding.
		push @sql, "DO 'BEGIN ASSERT (SELECT count(*) FROM $name) = (SELECT count(*) FROM heap_$name), ''as many rows''; END'";
		push @sql, "ROLLBACK TO s$step" if $undo;
	}
	my $end = one_of('COMMIT', 'COMMIT', 'COMMIT', 'ROLLBACK', 'PREPARE');
	push @sql, $end eq 'PREPARE' ? ("PREPARE TRANSACTION 'p$round'", one_of('COMMIT', 'ROLLBACK') . " PREPARED 'p$round'") : ($end);
	push @sql, one_of("VACUUM $name", "SELECT epiphany.compact(oid) FROM pg_class WHERE relname LIKE '$name%' AND relkind = 'r' AND relam <> "
		. "(SELECT oid FROM pg_am WHERE amname = 'heap')", '', '');
	$publisher->safe_psql('postgres', join(";\n", @sql));
	$publisher->stop('immediate'), $publisher->start if $round == int($rounds / 2);
}

# What is made for decoding alone is seen by nobody: earlier and later commands, other transactions, ANALYZE, index builds.
my $other = $publisher->background_psql('postgres');
my $count = "SELECT count(*), sum(v) FROM unseen";
$publisher->safe_psql('postgres', q{
	CREATE FUNCTION checked(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN ASSERT $1 IS NOT NULL; RETURN $1; END';
	CREATE TABLE unseen (k int PRIMARY KEY, v int NOT NULL);
	INSERT INTO unseen SELECT g, g FROM generate_series(1, 1000) g;
	ALTER TABLE unseen SET ACCESS METHOD epiphany_column;
});
$other->query_safe("BEGIN ISOLATION LEVEL REPEATABLE READ; $count");
my $session = $publisher->background_psql('postgres');
$session->query_safe('BEGIN; DECLARE before CURSOR FOR SELECT v FROM unseen; DELETE FROM unseen WHERE k <= 100');
is($session->query_safe($count), '900|495450', 'the next command');
$session->query_safe('DECLARE between CURSOR FOR SELECT v FROM unseen');
$session->query_safe('SAVEPOINT a; UPDATE unseen SET v = v + 1 WHERE k <= 200; ROLLBACK TO a; UPDATE unseen SET v = v + 2 WHERE k <= 200');
is($session->query_safe($count), '900|495650', 'the next command after an update');
is($session->query_safe('MOVE FORWARD ALL IN before') . $session->query_safe("SELECT count(*) FROM cursor_to_xml('between', 2000, true, false, '') x"), '1',
	'cursors are read');
is($other->query_safe($count), '1000|500500', 'others, before the commit');
is($publisher->safe_psql('postgres', "ANALYZE unseen; SELECT reltuples FROM pg_class WHERE relname = 'unseen'"), '1000', 'ANALYZE of another transaction');
is($session->query_safe("ANALYZE unseen; SELECT reltuples FROM pg_class WHERE relname = 'unseen'"), '900', 'ANALYZE of this one');
$session->query_safe('CLOSE ALL; CREATE INDEX checked ON unseen (checked(v)); CREATE UNIQUE INDEX one ON unseen (k, v)');
is($session->query_safe('SET enable_seqscan = off; SELECT count(*) FROM unseen WHERE checked(v) BETWEEN 1 AND 150'), '48', 'an index built by this one');
$session->query_safe('COMMIT');
is($other->query_safe($count), '1000|500500', 'a snapshot from before the commit');
is($publisher->psql('postgres', 'CREATE INDEX ON unseen (checked(v))'), 0, 'an index built while that snapshot is there');
$other->query_safe('COMMIT');
is($publisher->safe_psql('postgres', $count), '900|495650', 'after the commit');
is($publisher->safe_psql('postgres', "VACUUM unseen; ANALYZE unseen; SELECT reltuples FROM pg_class WHERE relname = 'unseen'"), '900', 'after VACUUM');
is($publisher->safe_psql('postgres', "VACUUM FULL unseen; $count"), '900|495650', 'after VACUUM FULL');
$_->quit for $other, $session;

# A transaction large enough to be streamed, and TRUNCATE.
for my $prefix ('', 'heap_')
{
	$publisher->safe_psql('postgres', qq{
		UPDATE ${prefix}keyed SET v = v + 1, s = s || repeat('long', 20) WHERE k % 2 = 0;
		BEGIN; DELETE FROM ${prefix}whole WHERE k % 40 = 3; SAVEPOINT a; UPDATE ${prefix}whole SET v = -1 WHERE k % 40 = 5; RELEASE a;
		UPDATE ${prefix}whole SET v = -2 WHERE k % 40 = 5; COMMIT;
		TRUNCATE ${prefix}parts2;
	});
}
for my $table (qw(filtered listed early))
{
	$publisher->safe_psql('postgres', qq{
		UPDATE $table SET v = v + 100 WHERE k % 7 = 0; UPDATE $table SET v = v - 300 WHERE k % 11 = 0; DELETE FROM $table WHERE k % 13 = 0;
	});
}

# The publisher's own tables are their twins', by scan and by index.
my $content = sub { "SELECT count(*), md5(string_agg(t::text, ',' ORDER BY t::text)) FROM (SELECT k, v, s, big FROM $_[0]) t" };
for my $name (sort keys %tables)
{
	my $expected = $publisher->safe_psql('postgres', $content->("heap_$name"));
	is($publisher->safe_psql('postgres', $content->($name)), $expected, "$name: publisher");
	is($publisher->safe_psql('postgres', 'SET enable_seqscan = off; SET enable_bitmapscan = off; ' . $content->("$name WHERE k > 0")), $expected,
		"$name: publisher, by index") if $name ne 'whole';
}

# What decoding shows of a table and of its twin, line by line, transaction by transaction. Rows of a statement come in any order; heap does
# not show values of a new row that it left in TOAST, ours are always there.
sub decoded
{
	my ($node, $prefix) = @_;
	my @lines = split /\n/, $node->safe_psql('postgres',
		"SELECT data FROM pg_logical_slot_peek_changes('all_changes', NULL, NULL, 'include-xids', '1', 'skip-empty-xacts', '1')");
	my @transactions;
	for (@lines)
	{
		push @transactions, [] if /^BEGIN/;
		next unless /^table public\.(heap_)?(keyed|by_index|whole|parts)/ && ($1 // '') eq $prefix;
		s/^table public\.heap_/table public./;
		s/big\[text\]:(unchanged-toast-datum|null|'[^']*')//g;
		push @{ $transactions[-1] }, $_;
	}
	return join "\n--\n", map { join "\n", sort @$_ } grep { @$_ } @transactions;
}
$publisher->wait_for_catchup($standby, 'replay', $publisher->lsn('insert'));
for my $node ($publisher, $standby)
{
	my $expected = decoded($node, 'heap_');
	cmp_ok(scalar(() = $expected =~ /(?:UPDATE|DELETE)/g), '>', 1000, $node->name . ': many changes were decoded');
	ok(decoded($node, '') eq $expected, $node->name . ': as those of the heap twins are');
}

# Compaction is not decoded. The standby's feedback would keep it from moving rows.
$standby->stop;
my $changes = q{SELECT count(*), md5(string_agg(data, '' ORDER BY lsn)) FROM pg_logical_slot_peek_changes('all_changes', NULL, NULL, 'include-xids', '0', 'skip-empty-xacts', '1')};
my $before = $publisher->safe_psql('postgres', $changes);
my $rows_before = $publisher->safe_psql('postgres', $groups);
$publisher->safe_psql('postgres', "SELECT epiphany.compact('$_')") for qw(keyed by_index whole parts0 parts2);
is($publisher->safe_psql('postgres', $changes), $before, 'compaction is not decoded');
cmp_ok($publisher->safe_psql('postgres', $groups), '>', $rows_before, 'but moves rows to groups');

# A client that streams gets the same as a query.
my $queried = $publisher->safe_psql('postgres', "SELECT data FROM pg_logical_slot_peek_changes('all_changes', NULL, NULL, 'include-xids', '0', 'skip-empty-xacts', '1')");
my $streamed = $publisher->pg_recvlogical_upto('postgres', 'all_changes', $publisher->lsn('insert'), 180, 'include-xids' => '0', 'skip-empty-xacts' => '1');
chomp $streamed;
ok($streamed eq $queried && length($queried) > 100000, 'pg_recvlogical');

# Subscribers have the publisher's rows.
for my $database (sort keys %access_method)
{
	$publisher->wait_for_catchup("s_$database");
	for my $name (sort keys %tables)
	{
		is($subscriber->safe_psql($database, $content->($name)), $publisher->safe_psql('postgres', $content->($name)), "$name: subscriber $database");
	}
	my $sums = 'SELECT count(*), sum(k), sum(v) FROM ';
	is($subscriber->safe_psql($database, $sums . 'filtered'), $publisher->safe_psql('postgres', $sums . 'filtered WHERE v < 2500'),
		"row filter: subscriber $database");
	is($subscriber->safe_psql($database, $sums . $_), $publisher->safe_psql('postgres', $sums . $_), "$_: subscriber $database")
		for qw(listed early);
}

# Somebody on the subscriber is in the way: he has deleted the row, or he is loading one that looks the same.
$session = $subscriber->background_psql('columns');
my $log_before = -s $subscriber->logfile;
$publisher->safe_psql('postgres', q{INSERT INTO whole VALUES (77777, 1, 'twice', NULL); INSERT INTO keyed VALUES (20001, 1, 'x', NULL)});
$publisher->wait_for_catchup('s_columns');
my $key = $subscriber->safe_psql('columns', q{SELECT max(k) FROM keyed WHERE ctid > '(2147483648,0)'});
$session->query_safe(qq{BEGIN; DELETE FROM keyed WHERE k = $key; INSERT INTO whole SELECT 77777, 1, 'twice', NULL FROM generate_series(1, 3000)});
$subscriber->safe_psql('columns', q{INSERT INTO whole SELECT g, 1, 'other', NULL FROM generate_series(100001, 103000) g});
$publisher->safe_psql('postgres', qq{DELETE FROM whole WHERE k = 77777; UPDATE keyed SET v = 4711 WHERE k = $key});
ok($subscriber->poll_query_until('columns', q{SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type LIKE 'logical replication%' AND wait_event_type = 'Lock'}),
	'the apply worker waits for a row that somebody else has stored');
$session->query_safe('ROLLBACK');
$publisher->wait_for_catchup('s_columns');
is($subscriber->safe_psql('columns', qq{SELECT count(*) FILTER (WHERE k = 77777) FROM whole}), '0', 'and deletes the right one');
$session->query_safe(qq{BEGIN; UPDATE keyed SET v = 1 WHERE k = $key});
$publisher->safe_psql('postgres', qq{UPDATE keyed SET v = 4712 WHERE k = $key});
ok($subscriber->poll_query_until('columns', q{SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type LIKE 'logical replication%' AND wait_event_type = 'Lock'}),
	'it waits for a row that somebody is changing');
$session->query_safe('COMMIT');
$session->quit;
$publisher->wait_for_catchup('s_columns');
is($subscriber->safe_psql('columns', qq{SELECT v FROM keyed WHERE k = $key}), '4712', 'and changes its new version');
unlike(slurp_file($subscriber->logfile, $log_before), qr/ERROR/, 'no worker failed');

$subscriber->stop;
$publisher->stop;
done_testing();
