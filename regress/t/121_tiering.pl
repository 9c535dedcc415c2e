# Row groups in a store, beside everything else: rows are the model's at any moment, after the server dies, on a standby that reads the same
# objects, and after objects that nobody wants have gone. Then: a copy of the server, a full disk of the cache, and damage everywhere.
#   PGE_CRASH_ROUNDS=20 PGE_CRASH_SEED=7   more crashes, and with other random numbers
use strict;
use warnings FATAL => 'all';

use Clients;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $rounds = $ENV{PGE_CRASH_ROUNDS} // 3;
my $seed = $ENV{PGE_CRASH_SEED} // 121;
srand($seed);

sub both { return Clients::on_both([ '\set b random(1, 120)', '\set k random(:b * 50, :b * 50 + 40)' ], @_) }

my $queue = 'SELECT pg_advisory_xact_lock(:b)';
my $same = q{SELECT 1 / (SELECT ((SELECT (count(*), sum(k), sum(v), max(w)) FROM model %1$s) = (SELECT (count(*), sum(k), sum(v), max(w)) FROM t %1$s))::int)};

my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1, extra => ['-k']);
$node->append_conf('postgresql.conf', "autovacuum = off\ncheckpoint_timeout = 1h\nmax_connections = 40\nmax_standby_streaming_delay = -1\nepiphany.cold_cache_size = 1\n");
$node->start;
my $dir = $node->basedir . '/lake';
mkdir $dir or die;

sub sql { my ($statement) = @_; return $node->safe_psql('postgres', $statement) }
sub objects { my @found = sort glob("$dir/*/*/*/*"); return @found }

my %scripts = (
	update => both('', $queue, 'UPDATE TABLE SET v = v + 1 WHERE k BETWEEN :k AND :k + 5'),
	delete => both('', $queue, 'DELETE FROM TABLE WHERE k BETWEEN :k AND :k + 3'),
	upsert => both('', $queue, "INSERT INTO TABLE SELECT g, 0, 'w' || g FROM generate_series(:k, :k + 9) g ON CONFLICT (k) DO UPDATE SET v = TABLE.v + 10"),
	cold => "SELECT epiphany.move_groups('t', 'cold', store => 'lake');\n\\sleep 30 ms\n",
	warm => "SELECT epiphany.move_groups('t', 'warm', max_groups => 1);\n\\sleep 70 ms\n",
	cold_undone => "BEGIN;\nSELECT epiphany.move_groups('t', 'cold', store => 'lake');\nROLLBACK;\n\\sleep 200 ms\n",
	compact => "SELECT epiphany.compact('t');\n\\sleep 100 ms\n",
	vacuum => "VACUUM t;\n\\sleep 60 ms\n",
	gc => "SELECT epiphany.tiering_gc('lake', '1 s');\n\\sleep 300 ms\n",
	check => "BEGIN ISOLATION LEVEL REPEATABLE READ;\n" . sprintf($same, '') . ";\n\\sleep 20 ms\nSET LOCAL enable_seqscan = off;\n"
		. sprintf($same, 'WHERE k BETWEEN 1000 AND 4000') . ";\nCOMMIT;\n",
);
# Objects that a standby still wants are a matter of epiphany.tiering_retention, which is longer than a second.
my %beside_standby = map { $_ => $scripts{$_} } grep { $_ ne 'gc' } keys %scripts;

my $differences = q{SELECT count(*) FROM ((TABLE model EXCEPT ALL TABLE t) UNION ALL (TABLE t EXCEPT ALL TABLE model)) d};
my $by_index = q{SET enable_seqscan = off; SELECT count(*), sum(k), sum(v), max(w) FROM t WHERE k BETWEEN 1 AND 100000};
my $by_scan = q{SET enable_indexscan = off; SET enable_bitmapscan = off; SELECT count(*), sum(k), sum(v), max(w) FROM t WHERE k BETWEEN 1 AND 100000};

sql(qq{
	CREATE EXTENSION epiphany_columnstore;
	CREATE EXTENSION epiphany_tiering;
	CREATE SERVER lake FOREIGN DATA WRAPPER epiphany_object_store OPTIONS (url 'file://$dir');
	CREATE TABLE model (k int PRIMARY KEY, v int, w text);
	CREATE TABLE t (k int PRIMARY KEY, v int, w text) USING epiphany_column WITH (epiphany.row_group_rows = 2048);
	INSERT INTO model SELECT g, 0, md5(g::text) FROM generate_series(1, 20000) g;
	INSERT INTO t SELECT * FROM model;
});
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;

my $moved = q{SELECT EXISTS (SELECT FROM epiphany.cold_groups('t'))};
for my $round (1 .. $rounds)
{
	Clients::crash($node, $standby, \%beside_standby, 1.5, $moved, $round);
	is(sql($differences), '0', "round $round: rows are the model's after the crash");
	is(sql($by_index), sql($by_scan), "round $round: so by the index");
	$node->wait_for_catchup($standby);
	is($standby->safe_psql('postgres', $differences), '0', "round $round: rows are the model's on the standby");
}

# ---- A standby reads what is cold, and its cache is its own ----
sql('VACUUM t');
sql(q{SELECT epiphany.move_groups('t', 'cold', store => 'lake')});
cmp_ok(sql(q{SELECT count(*) FROM epiphany.row_groups('t') WHERE tier = 'cold'}), '>', 3, 'groups are cold');
$node->wait_for_catchup($standby);
is($standby->safe_psql('postgres', $differences), '0', 'a standby reads cold groups');
cmp_ok($standby->safe_psql('postgres', 'SELECT requests FROM epiphany.tiering_counters()'), '>', 0, 'from the store');
my ($status, $out, $err) = $standby->psql('postgres', q{SELECT epiphany.move_groups('t', 'warm')});
like($err, qr/cannot execute epiphany\.move_groups\(\) (during recovery|in a read-only)/, 'but it moves nothing');
($status, $out, $err) = $standby->psql('postgres', q{SELECT epiphany.tiering_gc('lake')});
like($err, qr/cannot execute|read-only/, 'and removes nothing');
$standby->stop;

# ---- Objects go while others come, and the server dies ----
for my $round (1 .. $rounds)
{
	Clients::crash($node, undef, \%scripts, 2, $moved, "$round, with gc");
	is(sql($differences), '0', "round $round, with gc: rows are the model's after the crash");
	is(sql($by_index), sql($by_scan), "round $round, with gc: so by the index");
}
is(sql(q{SELECT count(*) FROM epiphany.verify('t')}), '0', 'nothing is damaged');
sql('VACUUM t') for 1 .. 3;
sql(q{SELECT epiphany.tiering_gc('lake', '0')});
is(scalar(objects()), sql(q{SELECT count(*) FROM epiphany.cold_groups('t')}), 'what is left in the store is what groups name');

# ---- A copy of the server reads the objects and never takes them for its own ----
sql(q{SELECT epiphany.move_groups('t', 'cold', store => 'lake')});
sql('CREATE DATABASE twin TEMPLATE postgres');
my $wanted = scalar objects();
is($node->safe_psql('twin', $differences), '0', 'a database that was copied reads cold groups');
$node->safe_psql('twin', 'TRUNCATE t; VACUUM t');
$node->safe_psql('twin', q{SELECT epiphany.tiering_gc('lake', '0')});
is(scalar(objects()), $wanted, 'and removes no object that it did not write');
is(sql($differences), '0', 'so the other still has them');

# ---- Cached columns that are lost, cut or changed are fetched again; where there is no room they stay in memory ----
my $cache = $node->data_dir . '/base/pgsql_tmp/pgsql_tmp_epiphany_cold';
my @cached = glob("$cache/*");
cmp_ok(scalar(@cached), '>', 0, 'columns are cached');
append_to_file($_, 'x') for @cached;
is(sql($differences), '0', 'files of the cache that grew');
truncate($_, 40) for glob("$cache/*");
is(sql($differences), '0', 'that were cut');
my $session = $node->background_psql('postgres');
$session->query_safe('SET epiphany.enable_vectorized = off');
my $count = $session->query_safe('SELECT count(w), sum(v) FROM t');
unlink glob("$cache/*");
is($session->query_safe('SELECT count(w), sum(v) FROM t'), $count, 'that went while a session had them');
$session->quit;
unlink glob("$cache/*");
rmdir $cache;
append_to_file($cache, '');
is(sql($differences), '0', 'a cache that cannot be written');
like(slurp_file($node->logfile), qr/could not (create|write) file "base\/pgsql_tmp/, 'is told of in the log');
unlink $cache;
$node->restart;
ok(!-e $cache, 'the cache is empty after a start');

# ---- Objects of any bytes: the values that were stored, or an error ----
sql(q{CREATE TABLE s (k int, w text, n numeric, a int[]) USING epiphany_column;
	INSERT INTO s SELECT g, md5(g::text), g * 0.1, ARRAY[g, g + 1] FROM generate_series(1, 3000) g;
	SELECT epiphany.move_groups('s', 'cold', store => 'lake')});
# The stub, read by this test as layout.h says: it is on disk, and stays what it is.
sub crc32c
{
	my ($bytes) = @_;
	my $crc = 0xFFFFFFFF;
	for my $byte (unpack 'C*', $bytes)
	{
		$crc ^= $byte;
		$crc = $crc & 1 ? ($crc >> 1) ^ 0x82F63B78 : $crc >> 1 for 1 .. 8;
	}
	return $crc ^ 0xFFFFFFFF;
}

sql('CHECKPOINT');
my ($stub_block, $stub_blocks) = split /\|/, sql(q{SELECT first_block, blocks FROM epiphany.row_groups('s') WHERE tier = 'cold'});
my $file = slurp_file($node->data_dir . '/' . sql(q{SELECT pg_relation_filepath('s')}));
my $stub = join '', map { substr $file, $_ * 8192 + 48, 8144 } $stub_block .. $stub_block + $stub_blocks - 1;
my ($magic, $version, $columns, $crc, $head, $length, $footer_at, $object_length, $tail_at, $tail_length, $tail_crc, $rows, @texts) =
	unpack 'a4 v v V V V V Q V V V V v v v v', $stub;
is("$magic $version $columns $rows", 'PGSU 1 4 3000', 'a stub begins as it always will');
is($crc, crc32c(substr $stub, 12, $head - 12), 'its head has a checksum');
is($head, 56 + 56 * $columns + $texts[0] + $texts[1] + $texts[2] + $texts[3], 'of itself, columns and text');
my ($server, $store_url, $key, $etag) = unpack 'a' . join(' a', @texts), substr $stub, 56 + 56 * $columns;
is("$server/$store_url", 'lake/', 'it names the server');
my $object = "$dir/$key";
my $bytes = slurp_file($object);
is($object_length, length $bytes, 'the object, and its length');
is(substr($stub, $tail_at, $tail_length), substr($bytes, -$tail_length), 'and has its last bytes');
is($tail_crc, crc32c(substr $bytes, -$tail_length), 'with their checksum');
is(substr($stub, $footer_at, 4), 'EPRG', 'and the footer of the row group');
my @forms;
for my $column (0 .. $columns - 1)
{
	my ($chunk, $index, $index_at, $at, $bytes_of, $chunk_crc, $values_crc, $type, $number, $typlen, $kind, $form, $byval) =
		unpack 'Q V V Q Q V V V s< s< C C C', substr $stub, 56 + 56 * $column, 56;
	is($chunk_crc, crc32c(substr $bytes, $at, $bytes_of), "column $column: its chunk has the checksum that is said");
	push @forms, "$number:$type:$typlen:$kind:$form:$byval";
	next if $column > 0;
	# Of each row a byte that it is there, and eight of the value.
	is($values_crc, crc32c(pack '(CQ)*', map { (1, $_) } 1 .. $rows), 'and its values theirs');
	is($index_at + $index <= $length && $index, 32 * (1 + 1) + 32 * 2, 'its index has entries of two blocks and two vectors');
}
is("@forms", '0:23:4:4:1:1 1:25:-1:9:1:0 2:1700:-1:11:3:0 3:1007:-1:9:4:0', 'columns say of which type they are, how stored, and how they are in the object');

my $query = q{SELECT md5(string_agg(s::text, ',' ORDER BY k)) FROM s};
my $right = sql($query);
my ($refused, $wrong) = (0, 0);
for my $damage (1 .. 60)
{
	my $hurt = $bytes;
	my $at = int(rand(length $hurt));
	substr($hurt, $at, 1) = chr(ord(substr($hurt, $at, 1)) ^ (1 << int(rand(8))));
	$hurt = substr($bytes, 0, $at) if $damage % 6 == 0;
	unlink $object;
	append_to_file($object, $hurt);
	unlink glob("$cache/*");
	($status, $out, $err) = $node->psql('postgres', $query);
	$refused += $status != 0 && $err =~ /ERROR:.*(changed|not the one)/;
	$wrong += $status == 0 ? $out ne $right : $err !~ /ERROR:/;
}
is($wrong, 0, 'no damage of an object makes other values');
cmp_ok($refused, '>', 40, 'most of it is refused');
unlink $object;
append_to_file($object, $bytes);
is(sql($query), $right, 'an object that is right again');
unlike(slurp_file($_->logfile), qr/TRAP:|PANIC:|terminated by signal/, $_->name . ': no process died') for $node, $standby;

# ---- Stubs of any bytes: likewise. Their pages have checksums, which would find it first. ----
my $path = $node->data_dir . '/' . sql(q{SELECT pg_relation_filepath('s')});
my ($first, $blocks) = split /\|/, sql(q{SELECT first_block, blocks FROM epiphany.row_groups('s') WHERE tier = 'cold'});
sql('CHECKPOINT');
$node->stop;
system('pg_checksums', '--disable', '-D', $node->data_dir) == 0 or die;
my $table = slurp_file($path);
($refused, $wrong) = (0, 0);
for my $damage (1 .. 12)
{
	my $hurt = $table;
	my $at = $first * 8192 + 48 + int(rand($blocks * 8192 - 4000));
	substr($hurt, $at, 1) = chr(ord(substr($hurt, $at, 1)) ^ (1 << int(rand(8))));
	open my $file, '+<:raw', $path or die;
	print $file $hurt;
	close $file;
	$node->start;
	($status, $out, $err) = $node->psql('postgres', $query);
	$refused += $status != 0 && $err =~ /ERROR:/;
	$wrong += $status == 0 ? $out ne $right : $err !~ /ERROR:/;
	$node->stop;
}
is($wrong, 0, 'no damage of a stub makes other values');
cmp_ok($refused, '>', 0, 'some of it is refused');
unlike(slurp_file($node->logfile), qr/TRAP:|PANIC:|terminated by signal/, 'no process died');
done_testing;
