# What is known of reads of row groups lives on: over a restart, a crash, with the library preloaded and without; not over a failover, where another
# server's reads count for nothing. And what policies could not do is told of, until they can.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $settings = "autovacuum = off\nepiphany.maintenance = off\nepiphany.jobs = on\nepiphany.maintenance_naptime = 1s\nmax_parallel_workers_per_gather = 0\n";
my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', $settings);
$node->start;
my $dir = $node->basedir . '/lake';
mkdir $dir or die;

sub sql { my ($statement) = @_; return $node->safe_psql('postgres', $statement) }
my $reads = q{SELECT string_agg(reads || ' ' || (last_read IS NOT NULL), ', ' ORDER BY group_id) FROM epiphany.group_access('t')};
my $since = q{SELECT max(known_since) FROM epiphany.group_access('t')};

sql(qq{
	CREATE EXTENSION epiphany_columnstore;
	CREATE EXTENSION epiphany_timeseries;
	CREATE EXTENSION epiphany_tiering;
	CREATE SERVER lake FOREIGN DATA WRAPPER epiphany_object_store OPTIONS (url 'file://$dir');
	CREATE TABLE t (k int, w text) USING epiphany_column WITH (epiphany.row_group_rows = 5000);
	INSERT INTO t SELECT g, md5(g::text) FROM generate_series(1, 20000) g;
	VACUUM (FREEZE) t});
my $groups = sql(q{SELECT count(*) FROM epiphany.group_access('t')});
cmp_ok($groups, '>', 2, 'there are row groups');
sql('SELECT count(w) FROM t WHERE k BETWEEN 8000 AND 8100') for 1 .. 3;
my $known = sql($reads);
like($known, qr/^0 false, 3 true, 0 false/, 'reads are counted');
my $known_since = sql($since);

# ---- What lives on ----
# The last session to end writes, once a second has gone by.
sleep 2;
sql('SELECT count(w) FROM t WHERE k BETWEEN 8000 AND 8100');
$known =~ s/3 true/4 true/;
$node->restart;
is(sql($reads), $known, 'not preloaded: reads are known after a restart');
is(sql($since), $known_since, 'and since when');
$node->append_conf('postgresql.conf', 'shared_preload_libraries = pg_epiphany');
$node->restart;
sql('SELECT count(w) FROM t WHERE k BETWEEN 8000 AND 8100') for 1 .. 3;
$known =~ s/4 true/7 true/;
$node->restart;
is(sql($reads), $known, 'preloaded: all of them');
sleep 2;
my $file = $node->data_dir . '/pg_stat/pg_epiphany_groups.stat';
my $written = slurp_file($file);
sql('SELECT count(w) FROM t WHERE k BETWEEN 8000 AND 8100');
$known =~ s/7 true/8 true/;
# The client is gone before its session is.
for (1 .. 1800)
{
	last if slurp_file($file) ne $written;
	usleep(100_000);
}
$node->stop('immediate');
$node->start;
is(sql($reads), $known, 'after a crash what had been written');

# ---- A file that is none ----
$node->stop;
my $bytes = slurp_file($file);
foreach my $damage (substr($bytes, 0, length($bytes) - 1), substr($bytes, 0, -8) . 'damaged!', '', 'x' x 1000)
{
	unlink $file;
	append_to_file($file, $damage);
	$node->start;
	like(sql($reads), qr/^0 false, 0 false/, 'a damaged file is not used');
	isnt(sql($since), $known_since, 'nothing is taken for unread for that');
	$node->stop;
}
like(slurp_file($node->logfile), qr/pg_epiphany_groups\.stat" cannot be used/, 'the log says so');
unlink $file;
append_to_file($file, $bytes);
$node->start;
is(sql($reads), $known, 'the right one is');

# ---- More groups than there is room for: those go that were read longest ago, and whatever is not known counts as read then ----
sub crc32c
{
	my ($text) = @_;
	my @table = map { my $c = $_; $c = $c & 1 ? ($c >> 1) ^ 0x82F63B78 : $c >> 1 for 1 .. 8; $c } 0 .. 255;
	my $crc = 0xFFFFFFFF;
	$crc = $table[ ($crc ^ $_) & 255 ] ^ ($crc >> 8) for unpack 'C*', $text;
	return $crc ^ 0xFFFFFFFF;
}

$node->stop;
my $most = 57343;
my ($timeline, $start) = unpack 'x12 V q', $bytes;
for my $apart (1000, 0)
{
	my $when = $apart > 0 ? 'read one after the other' : 'read at one moment';
	my $known_file = pack 'V q Q', $timeline, $start - 1_000_000_000, $most;
	$known_file .= pack 'V V q Q q Q3', 1, $_, $_, 1, $start - $apart * $_ - 1000, 0, 0, 0 for 1 .. $most;
	unlink $file;
	append_to_file($file, pack('a4 V V', 'EPGA', 1, crc32c($known_file)) . $known_file);
	$node->start;
	sql(q{SELECT count(w) FROM t WHERE w > ''});
	is(sql($reads), join(', ', ('1 true') x $groups), "$when: a table that is full takes in what is read");
	$node->stop;
	my ($magic, undef, undef, undef, $then, $count) = unpack 'a4 V V V q Q', slurp_file($file);
	is($magic, 'EPGA', 'the file is written');
	cmp_ok($count, '<', $most * 0.6, "$when: half of it has gone");
	cmp_ok($count, '>', $most * 0.4, "$when: and half has not");
	cmp_ok(abs($start - $then - $apart * $most / 2), '<=', 1000 * $most * 0.1, "$when: of what is not in it nothing is known before the last read of what has gone");
}
unlink $file;
append_to_file($file, $bytes);
$node->start;

# ---- Failover ----
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;
$standby->safe_psql('postgres', 'SELECT count(w) FROM t WHERE k BETWEEN 3000 AND 3100');
like($standby->safe_psql('postgres', $reads), qr/^1 true/, 'a standby counts its own reads');
my $before = $node->safe_psql('postgres', 'SELECT clock_timestamp()');
$node->wait_for_catchup($standby);
$standby->promote;
is($standby->safe_psql('postgres', qq{SELECT min(known_since) > '$before' FROM epiphany.group_access('t')}), 't', 'from its promotion on all reads are known');
is($standby->safe_psql('postgres', q{SELECT groups FROM epiphany.move_groups('t', 'cold', not_read_for => '1 hour')}), '0', 'so nothing is taken for unread that the primary has read');
$standby->stop;

# ---- What policies could not do ----
rename $dir, "$dir.gone" or die;
my $job = sql(q{SELECT epiphany.add_tiering_policy('t', 'cold', store => 'lake', not_read_for => '0', schedule_interval => '1 h')});
ok($node->poll_query_until('postgres', q{SELECT failures > 0 FROM epiphany.tiering_status WHERE tier = 'cold'}), 'a policy fails');
my $status = sql(q{SELECT "table", tier, groups, pending, store, last_error, last_failure <= now(), next_start > now() - interval '1 h' FROM epiphany.tiering_status WHERE tier = 'cold'});
like($status, qr/^t\|cold\|0\|$groups\|lake\|row group \d+ of table \"t\" could not be moved: could not .*lake.*, and @{[ $groups - 1 ]} before it.*\|t\|t$/s, 'what failed, of which table and store, why, when, when next');
rename "$dir.gone", $dir or die;
sql("SELECT epiphany.alter_job($job, next_start => now())");
ok($node->poll_query_until('postgres', q{SELECT failures = 0 AND pending = 0 FROM epiphany.tiering_status WHERE tier = 'cold'}), 'until it succeeds');
is(sql(q{SELECT groups, last_error IS NULL FROM epiphany.tiering_status WHERE tier = 'cold'}), "$groups|t", 'and then all has gone there');
unlike(slurp_file($_->logfile), qr/TRAP:|PANIC:|terminated by signal/, $_->name . ': no process died') for $node, $standby;
done_testing;
