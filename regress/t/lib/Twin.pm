# A test's model: every change goes to a heap table (schema m) and to a column table (schema c) in one transaction, so at any snapshot, and
# after any crash, both hold the same rows. Makes random client scripts for psql, runs them, and compares. Same seed, same scripts.
#
# Statements are written once, with @ for the schema. At READ COMMITTED the two statements of a change have snapshots of their own: there a
# client keeps to keys that nobody else touches (abs(k) % 8 is its number), or to the table hot, whose rows are updated and locked, but never
# come or go. At REPEATABLE READ and above clients meet on the other keys; ON CONFLICT DO NOTHING looks past the snapshot there, and is left out.
package Twin;
use strict;
use warnings FATAL => 'all';

use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

use constant { CLIENTS => 4, KEYS => 12000 };

# What a client may run into when others change the same rows, are in its way, cancel it or pull down the server.
my $expected_errors = join '|', qw(
	40001 40P01 55P03 57014 57P01 57P02 57P03 25P02 23505 24000 34000 3B001 42704 42P07 55006);

my $setup = q{
	CREATE EXTENSION amcheck;
	CREATE EXTENSION pg_visibility;
	CREATE SCHEMA m;
	CREATE SCHEMA c;
	CREATE FUNCTION twin_text(k int8, salt int) RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql AS $$
		SELECT CASE WHEN k % 97 = 0 THEN (SELECT string_agg(md5((x + salt)::text), '') FROM generate_series(k, k + 300) x)
			WHEN k % 13 = 0 THEN NULL ELSE md5((k + salt)::text) END $$;
	CREATE FUNCTION twin_numbers(k int8, salt int) RETURNS int[] IMMUTABLE PARALLEL SAFE LANGUAGE sql AS
		$$ SELECT ARRAY[(k % 50)::int, salt % 20] $$;
	CREATE PROCEDURE on_both(statement text) LANGUAGE plpgsql AS $$
	BEGIN
		EXECUTE replace(replace(statement, '@am', 'heap'), '@', 'm.');
		EXECUTE replace(replace(statement, '@am', 'epiphany_column'), '@', 'c.');
	END $$;
	CALL on_both('CREATE TABLE @keyed (k int8 PRIMARY KEY, v int, s text, n numeric, a int[]) USING @am');
	CALL on_both('CREATE INDEX keyed_v ON @keyed (v)');
	CALL on_both('CREATE INDEX keyed_s ON @keyed USING hash (s)');
	CALL on_both('CREATE INDEX keyed_a ON @keyed USING gin (a)');
	CALL on_both('CREATE INDEX keyed_n ON @keyed (n) WHERE v % 2 = 0');
	CALL on_both('CREATE TABLE @plain (k int8, v int, s text) USING @am');
	CALL on_both('CREATE TABLE @hot (k int8, v int, s text) USING @am');
	CALL on_both('CREATE INDEX hot_k ON @hot (k)');
	CALL on_both('CREATE TABLE @parts (k int8, p int, v int, s text, PRIMARY KEY (p, k)) PARTITION BY LIST (p)');
	CALL on_both('CREATE TABLE @parts_0 PARTITION OF @parts FOR VALUES IN (0)');
	CALL on_both('CREATE TABLE @parts_1 PARTITION OF @parts FOR VALUES IN (1) USING @am');
	CALL on_both('CREATE TABLE @parts_2 PARTITION OF @parts FOR VALUES IN (2) USING @am');
	DO $$ DECLARE t regclass; BEGIN
		FOR t IN SELECT c.oid FROM pg_class c JOIN pg_am a ON a.oid = relam WHERE amname = 'epiphany_column' LOOP
			EXECUTE format('ALTER TABLE %s SET (epiphany.row_group_rows = 4096)', t);
		END LOOP; END $$;
	CALL on_both('INSERT INTO @keyed SELECT k, k % 1000, twin_text(k, 0), k / 4.0, twin_numbers(k, 0) FROM generate_series(1, 12000) k');
	CALL on_both('INSERT INTO @plain SELECT k, k % 1000, twin_text(k, 0) FROM generate_series(1, 12000) k');
	CALL on_both('INSERT INTO @hot SELECT k, 0, twin_text(k, 0) FROM generate_series(1, 6000) k');
	CALL on_both('INSERT INTO @parts SELECT k, k % 3, k % 1000, md5(k::text) FROM generate_series(1, 12000) k');
};

# Lines of the files that are copied.
my @copied = (1, 100, 2500, 9000);

# Rows of either side that the other has not, table by table; by every kind of access path.
my $differences = join ' UNION ALL ', map {
	"SELECT '$_' AS tab, count(*) AS different FROM ((TABLE m.$_ EXCEPT ALL TABLE c.$_) UNION ALL (TABLE c.$_ EXCEPT ALL TABLE m.$_)) d"
} qw(keyed plain hot parts);
my @by_index = map {
	my ($name, $condition) = @$_;
	"SELECT '$name', count(*) FROM ((SELECT * FROM m.$condition EXCEPT ALL SELECT * FROM c.$condition)
		UNION ALL (SELECT * FROM c.$condition EXCEPT ALL SELECT * FROM m.$condition)) d"
} (
	[ 'key', 'keyed WHERE k > -100000000' ],
	[ 'value', 'keyed WHERE v BETWEEN 0 AND 100000' ],
	[ 'partial', 'keyed WHERE v % 2 = 0 AND n > -1e9' ],
	[ 'hash', "keyed WHERE s = md5('77')" ],
	[ 'gin', 'keyed WHERE a @> ARRAY[7]' ],
	[ 'hot', 'hot WHERE k BETWEEN 10 AND 5990' ],
	[ 'partition', 'parts WHERE k > 0' ]);
push @by_index, "SELECT 'lookup', count(*) FROM m.keyed x LEFT JOIN c.keyed y ON x.k = y.k WHERE x::text IS DISTINCT FROM y::text";
push @by_index, "SELECT 'only', ((SELECT sum(k) FROM m.keyed WHERE k > 0) IS DISTINCT FROM (SELECT sum(k) FROM c.keyed WHERE k > 0))::int";
my $by_index = join ' UNION ALL ', @by_index;
my $by_index_only = 'SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;';

# The delta as heap's own checks see it. They refuse other access methods: they are told that it is heap, in a transaction that is undone.
my @column_tables = qw(keyed plain hot parts_1 parts_2);
my $delta_damage = q{
	SET client_min_messages = error; SET allow_system_table_mods = on;
	BEGIN; UPDATE pg_class SET relam = (SELECT oid FROM pg_am WHERE amname = 'heap') WHERE relnamespace = 'c'::regnamespace AND relkind = 'r';
} . join(' UNION ALL ', map { "SELECT '$_', blkno, offnum, msg FROM verify_heapam('c.$_', check_toast => true)" } @column_tables)
  . '; ROLLBACK;' . join ' UNION ALL ', map { ("SELECT '$_', t_ctid FROM pg_check_frozen('c.$_') t_ctid", "SELECT '$_', t_ctid FROM pg_check_visible('c.$_') t_ctid") } @column_tables;

# For whoever looks for the reason.
my $rows_that_differ = join ' UNION ALL ', map {
	"(SELECT CASE WHEN m.k IS NULL THEN 'only in c.$_' WHEN c.k IS NULL THEN 'only in m.$_' ELSE 'other in c.$_' END, m::text, m.ctid, m.xmin, m.xmax,
		c::text, c.ctid, c.xmin, c.xmax FROM m.$_ m FULL JOIN c.$_ c ON m.k = c.k WHERE m::text IS DISTINCT FROM c::text LIMIT 20)"
} qw(keyed hot);

sub new
{
	my ($class, $node, $seed) = @_;
	note("seed $seed");
	srand($seed);
	my $self = bless { node => $node, dir => $node->basedir . '/twin', serial => 0, starts => 0, clients => [], errors => {} }, $class;
	mkdir $self->{dir};
	foreach my $rows (@copied)
	{
		append_to_file("$self->{dir}/$rows.csv", join '', map { 200000000 + $_ . ",$_," . ($_ % 7 ? "line $_" : '') . "\n" } 1 .. $rows);
	}
	$node->safe_psql('postgres', 'CREATE EXTENSION epiphany_columnstore');
	$node->safe_psql('postgres', $setup);
	return $self;
}

sub any { return $_[ int rand @_ ] }
sub upto { return 1 + int rand $_[0] }

# One change, as statements with @ in place of the schema.
sub change
{
	my ($self, $id, $mine) = @_;
	my $salt = upto(100000);
	my $low = upto(KEYS);
	my $high = $low + any(0, 1, 10, 100, 1000);
	my $filter = 'abs(k) % 8 ' . ($mine ? "= $id" : '>= ' . CLIENTS);
	my $range = "k BETWEEN $low AND $high AND $filter";
	my $rows = "generate_series($low, " . ($low + any(0, 0, 5, 50, 3000, 7000)) . ") r (k) WHERE $filter";
	my $fresh = $self->{serial} += 10000;
	my $values = 'k, k % 1000, twin_text(k, ' . $salt . ')';
	my $numbers = "k / 4.0, twin_numbers(k, $salt)";
	my @changes = (
		"INSERT INTO \@keyed SELECT $values, $numbers FROM $rows" . ($mine ? ' ON CONFLICT DO NOTHING' : ' AND NOT EXISTS (SELECT FROM @keyed t WHERE t.k = r.k)'),
		"INSERT INTO \@keyed SELECT $values, $numbers FROM $rows ON CONFLICT (k) DO UPDATE SET v = keyed.v + 1, s = excluded.s",
		"INSERT INTO \@keyed SELECT $values, $numbers FROM generate_series(100000000 + $fresh, 100000000 + $fresh + " . upto(9000) . ") k WHERE $filter",
		"INSERT INTO \@plain SELECT $values FROM $rows",
		"INSERT INTO \@parts SELECT k, k % 3, $salt, s FROM (SELECT $values FROM $rows) r (k, v, s)"
		  . ($mine ? ' ON CONFLICT DO NOTHING' : ' WHERE NOT EXISTS (SELECT FROM @parts t WHERE t.k = r.k AND t.p = r.k % 3)'),
		"UPDATE \@keyed SET v = v + 1 WHERE $range",
		"UPDATE \@keyed SET s = twin_text(k, $salt), a = twin_numbers(k, $salt), n = -n WHERE $range",
		"UPDATE \@keyed SET k = -k WHERE $range",
		"UPDATE \@plain SET v = v + 1, s = twin_text(k, $salt) WHERE $range",
		"UPDATE \@parts SET p = (p + 1) % 3, v = v + 1 WHERE $range",
		"DELETE FROM \@keyed WHERE $range",
		"DELETE FROM \@keyed WHERE v BETWEEN $low % 1000 AND $low % 1000 + 9 AND $filter",
		"DELETE FROM \@keyed WHERE k > 12000 AND $filter",
		"DELETE FROM \@plain WHERE $range",
		"DELETE FROM \@parts WHERE $range",
		"MERGE INTO \@keyed t USING (SELECT $values, $numbers FROM $rows) r (k, v, s, n, a) ON t.k = r.k WHEN MATCHED AND t.v % 3 = 0 THEN DELETE"
		  . ' WHEN MATCHED AND t.v % 3 = 1 THEN UPDATE SET s = r.s, v = t.v + 1 WHEN MATCHED THEN DO NOTHING'
		  . ' WHEN NOT MATCHED THEN INSERT VALUES (r.k, r.v, r.s, r.n, r.a)',
		"DECLARE cur CURSOR FOR SELECT * FROM \@keyed WHERE k = " . ($low - $low % 8 + ($mine ? $id : CLIENTS + $id)) . ' FOR UPDATE; FETCH cur;'
		  . any(' UPDATE @keyed SET v = v + 1', ' DELETE FROM @keyed') . ' WHERE CURRENT OF cur; CLOSE cur',
		"UPDATE \@hot SET v = v + 1 WHERE k BETWEEN $low / 2 AND $low / 2 + " . any(0, 1, 20),
		"UPDATE \@hot SET v = v + 1 WHERE k BETWEEN $low / 2 AND $low / 2 + " . any(0, 1, 500));
	push @changes, 'TRUNCATE @plain' if rand() < 0.1;
	return any(@changes) if rand() > 0.1;

	return "COPY \@plain FROM '$self->{dir}/" . any(@copied) . ".csv' CSV";
}

# A transaction of a client, as psql runs it.
sub transaction
{
	my ($self, $id) = @_;
	my $level = any('READ COMMITTED', 'READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE');
	my $text = "BEGIN ISOLATION LEVEL $level;\n\\if :ERROR\n\\else\n";
	my $gid = "twin_${id}_" . $self->{serial}++;

	$text .= 'SET LOCAL epiphany.debug_force_row_groups = on;' if rand() < 0.2;
	$text .= 'SET LOCAL statement_timeout = ' . upto(200) . ';' if rand() < 0.1;
	for (1 .. any(1, 1, 2, 4))
	{
		my $change = $self->change($id, $level eq 'READ COMMITTED');
		my $save = rand() < 0.3;
		$text .= "SAVEPOINT s;\n" if $save;
		$text .= 'SELECT count(*) FROM (SELECT FROM c.' . any(qw(keyed plain hot parts)) . ' WHERE k BETWEEN ' . upto(KEYS) . ' AND ' . upto(KEYS)
		  . ' LIMIT ' . any(1, 20, 1500) . any(' FOR UPDATE', ' FOR NO KEY UPDATE', ' FOR SHARE', ' FOR KEY SHARE') . ' SKIP LOCKED) q;' . "\n"
		  if rand() < 0.2;
		foreach my $schema (rand() < 0.5 ? ('m.', 'c.') : ('c.', 'm.'))
		{
			(my $one = $change) =~ s/@(?=[a-z])/$schema/g;
			$text .= "$one;\n";
		}
		$text .= any("ROLLBACK TO s;\n", "RELEASE s;\n") if $save;
	}
	my $end = rand();
	if ($end < 0.1)
	{
		$text .= "PREPARE TRANSACTION '$gid';\n" . any("COMMIT PREPARED '$gid';\n", "ROLLBACK PREPARED '$gid';\n", "SELECT pg_sleep(0.1);\nCOMMIT PREPARED '$gid';\n");
	}
	else
	{
		$text .= $end < 0.2 ? "ROLLBACK;\n" : "COMMIT;\n";
	}
	return "$text\\endif\nROLLBACK;\n";
}

# VACUUM FULL beside others is for tables without TOAST: as in heap, it may find the chunks of a row gone that it counts as recently dead,
# once the last one who could see the row has ended meanwhile. REINDEX CONCURRENTLY names an index, since with the table it makes the TOAST
# table's index anew, too, which then lacks what is dead to everybody; amcheck, if something older is prepared, misses that, as with heap.
my @maintenance = (
	('VACUUM') x 4, 'VACUUM (FREEZE)', 'VACUUM (ANALYZE) c.keyed', 'VACUUM (INDEX_CLEANUP OFF) c.keyed', 'VACUUM (PARALLEL 2, INDEX_CLEANUP ON) c.keyed',
	'ANALYZE', 'CHECKPOINT', 'REINDEX TABLE c.keyed', 'REINDEX INDEX CONCURRENTLY c.hot_k', 'VACUUM FULL c.parts_1',
	'VACUUM FULL c.parts_2', 'DROP INDEX IF EXISTS c.more; CREATE INDEX CONCURRENTLY more ON c.keyed (n, v)', 'CREATE INDEX ON c.plain (k); DROP INDEX c.plain_k_idx');

# The client that keeps house; with compaction, once there is such a thing.
sub upkeep
{
	my ($self) = @_;
	my $compacts = $self->{compacts} //= $self->{node}->safe_psql('postgres', q{SELECT to_regprocedure('epiphany.compact(regclass)') IS NOT NULL});
	my $compact = "SELECT epiphany.compact('c." . any(qw(keyed plain hot parts_1 parts_2)) . "')";
	my $what = $compacts eq 't' && rand() < 0.5 ? $compact : any(@maintenance);
	$what =~ s/^VACUUM$/'VACUUM c.' . any(qw(keyed plain hot parts_1 parts_2))/e;
	return join ";\n", split(/; /, $what), 'SELECT pg_sleep(' . any(0, 0.02, 0.1) . ");\n";
}

# Somebody who cancels and ends others, who may hold any lock at that moment.
sub chaos
{
	my $deed = any('pg_cancel_backend', 'pg_cancel_backend', 'pg_terminate_backend');
	return "SELECT $deed(pid) IS NULL FROM pg_stat_activity WHERE application_name ~ '^twin (?!chaos)' ORDER BY random() LIMIT 1;\nSELECT pg_sleep(0.1 * random());\n";
}

# A reader: at any snapshot the two are the same.
sub reading
{
	return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;\n\\if :ERROR\n\\else\n" . any('', $by_index_only, 'SET LOCAL enable_indexscan = off;')
	  . "SELECT 'DIFFERENT', * FROM (" . any($differences, $differences, $by_index) . ") d (name, n) WHERE n::int <> 0;\n\\endif\nROLLBACK;\n";
}

# Starts the clients on the node (or on another one, for readers only); they run until stop(), or as far as their scripts go.
sub start
{
	my ($self, %more) = @_;
	my $node = $more{node} // $self->{node};
	my @who = $more{readers} ? ('reader') : (0 .. CLIENTS - 1, 'upkeep', 'chaos', 'reader');
	my $chunks = $more{chunks} // 40;

	$self->{starts}++;
	foreach my $who (@who)
	{
		next if $who eq 'chaos' and $more{peaceful};
		my $base = "$self->{dir}/$self->{starts}-$who";
		foreach my $chunk (1 .. $chunks)
		{
			my $text = "\\set VERBOSITY verbose\n";
			$text .= $who eq 'chaos' ? chaos() : $who eq 'upkeep' ? $self->upkeep : $who eq 'reader' ? reading() : $self->transaction($who)
			  for 1 .. ($who eq 'reader' ? 2 : 20);
			append_to_file("$base.$chunk.sql", $text);
		}
		my $connection = $node->connstr('postgres') . " application_name='twin $who'";
		my $loop = "for i in \$(seq $chunks); do [ ! -e $base.stop ] || break; psql -XqAt -f $base.\$i.sql \"$connection\" || sleep 0.1; done >> $base.log 2>&1";
		push @{ $self->{clients} }, { log => "$base.log", stop => "$base.stop", run => IPC::Run::start([ 'sh', '-c', $loop ], '<', \undef) };
	}
}

# Waits for the clients' ends, and looks at what they had to say.
sub finish
{
	my ($self, $name) = @_;
	my @surprises;

	append_to_file($_->{stop}, '') foreach @{ $self->{clients} };
	foreach my $client (@{ $self->{clients} })
	{
		$client->{run}->finish;
		my $log = slurp_file($client->{log});
		$self->{errors}{$1}++ while $log =~ /(?:ERROR|FATAL|PANIC):  (\w{5}):/g;
		push @surprises, $log =~ /^(.*(?:ERROR|FATAL|PANIC):  (?!$expected_errors)\w{5}:.*(?:\n[A-Z]+:.*)*|DIFFERENT.*)$/mg;
	}
	$self->{clients} = [];
	is(join("\n", @surprises), '', "$name: no error but those of concurrency, no snapshot at which the tables differ");
}

# Transactions whose clients died before they could end them. Of a table that such a one has truncated nobody can read.
sub end_prepared
{
	my ($node, $condition) = @_;

	$node->safe_psql('postgres', any('COMMIT', 'ROLLBACK') . " PREPARED '$_'")
	  foreach split /\n/, $node->safe_psql('postgres', "SELECT gid FROM pg_prepared_xacts p WHERE $condition");
}

# Both tables the same, by every path; the indexes sound.
sub compare
{
	my ($self, $name, $node) = @_;
	$node //= $self->{node};
	end_prepared($node, q{EXISTS (SELECT FROM pg_locks l WHERE l.virtualtransaction = '-1/' || p.transaction AND mode = 'AccessExclusiveLock')})
	  if $node == $self->{node};
	my $filter = 'SELECT * FROM (%s) d (name, n) WHERE n::int <> 0';

	is($node->safe_psql('postgres', sprintf $filter, $differences), '', "$name: the column tables hold the model's rows");
	is($node->safe_psql('postgres', $by_index_only . sprintf $filter, $by_index), '', "$name: so by every index");
	diag($node->safe_psql('postgres', $rows_that_differ)) unless Test::More->builder->is_passing;
	my ($rc, $out, $err) = $node->psql('postgres', q{
		SELECT bt_index_check(i.indexrelid, true, true) FROM pg_index i JOIN pg_class x ON x.oid = indexrelid JOIN pg_am a ON a.oid = x.relam
			JOIN pg_class t ON t.oid = indrelid WHERE t.relnamespace = 'c'::regnamespace AND amname = 'btree' AND x.relkind = 'i' AND indisvalid});
	is($err, '', "$name: the indexes are sound");
	is($node->safe_psql('postgres', join ' UNION ALL ', map { "SELECT '$_', v::text FROM epiphany.verify('c.$_') v" } @column_tables),
		'', "$name: the tables verify");
	return if $node->safe_psql('postgres', 'SELECT pg_is_in_recovery()') eq 't';
	is($node->safe_psql('postgres', $delta_damage), '', "$name: so are the heap pages, and the visibility map");
}

# What the dead left prepared ends now, one way or the other; indexes that were being built go.
sub settle
{
	my ($self) = @_;
	my $node = $self->{node};

	end_prepared($node, 'true');
	$node->safe_psql('postgres', "DROP INDEX $_")
	  foreach split /\n/, $node->safe_psql('postgres', 'SELECT indexrelid::regclass FROM pg_index WHERE NOT indisvalid AND indexrelid::regclass::text ~ \'^c\.\'');
}

sub summary
{
	my ($self) = @_;
	my $node = $self->{node};
	note('errors that clients met: ' . join ', ', map { "$_ ($self->{errors}{$_})" } sort keys %{ $self->{errors} });
	note('groups: ' . join ', ', split /\n/,
		$node->safe_psql('postgres', q{SELECT t || ' ' || state || ' ' || count(*) FROM unnest(ARRAY['keyed', 'plain', 'hot', 'parts_1']) t,
			epiphany.row_groups(('c.' || t)::regclass) GROUP BY t, state ORDER BY 1}));
	return;
}

1;
