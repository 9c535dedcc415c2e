# Row groups in a bucket, on a real S3 server: what is moved comes back, what is not wanted is not asked for, and whatever the store does, a query has
# the rows that were stored or an error that names object and table. The machine's files as a store have their own test.
use strict;
use warnings FATAL => 'all';

use IPC::Run;
use ObjectStore;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = PostgreSQL::Test::Cluster->new('lake');
my $store = ObjectStore->new($node->basedir . '/s3', 'lake');
plan skip_all => 's3rver is not here: npm cannot install it' unless $store;

delete @ENV{qw(http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY)};
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\nlog_statement = none");
$node->start;
my $cache = $node->data_dir . '/base/pgsql_tmp/pgsql_tmp_epiphany_cold';

sub sql { my ($statement) = @_; return $node->safe_psql('postgres', $statement) }
sub forget_cached { unlink glob("$cache/*"); return }

# How often the store was asked since the last call, by method.
sub asked
{
	my %count;
	$count{ (split ' ')[0] }++ foreach $store->requests;
	return join ' ', map { "$_ $count{$_}" } sort keys %count;
}

sub objects { return sql(q{SELECT count(*) FROM epiphany.tiering_objects('lake')}) }

my $endpoint = $store->endpoint;
sql(qq{
	CREATE EXTENSION epiphany_columnstore;
	CREATE EXTENSION epiphany_tiering;
	CREATE SERVER lake FOREIGN DATA WRAPPER epiphany_object_store OPTIONS (url 's3://lake/tables', endpoint '$endpoint', retries '2', timeout '2');
	CREATE USER MAPPING FOR CURRENT_USER SERVER lake OPTIONS (access_key_id 'test', secret_access_key 'secret');
	CREATE TABLE model (k int PRIMARY KEY, v int, w text);
	INSERT INTO model SELECT g, g % 7, md5(g::text) FROM generate_series(1, 8192) g;
	CREATE TABLE t (k int PRIMARY KEY, v int, w text) USING epiphany_column WITH (epiphany.row_group_rows = 2048);
	INSERT INTO t SELECT * FROM model;
	SELECT epiphany.compact('t');
});
my $differences = q{SELECT count(*) FROM ((TABLE model EXCEPT ALL TABLE t) UNION ALL (TABLE t EXCEPT ALL TABLE model)) d};
my $groups = sql(q{SELECT count(*) FROM epiphany.row_groups('t') WHERE tier = 'warm'});
cmp_ok($groups, '>=', 3, 'there are row groups');

# ---- There ----
asked();
is(sql(q{SELECT groups, groups_left FROM epiphany.move_groups('t', 'cold', store => 'lake')}), "$groups|0", 'row groups are moved');
like(asked(), qr/^GET \d+ PUT $groups$/, 'each is written once, and read back');
is(sql($differences), '0', 'rows are the model\'s');
forget_cached();
asked();
is(sql('SELECT count(*) FROM t WHERE k < 0'), '0', 'conditions that rule out all groups');
is(sql('SELECT count(*), sum(k), max(k) FROM t'), sql('SELECT count(*), sum(k), max(k) FROM model'), 'what groups say of themselves');
is(asked(), '', 'cost no request');
is(sql('SELECT sum(length(w)) FROM t WHERE k < 10'), 32 * 9, 'one group, two columns');
is(asked(), 'GET 2', 'are two requests');
is(sql('SELECT sum(length(w)) FROM t WHERE k < 10'), 32 * 9, 'again, in another session');
is(asked(), '', 'none: they are cached');

# ---- Changes ----
sql($_) foreach map { my $s = $_; map { $s =~ s/TABLE/$_/r } qw(model t) } 'UPDATE TABLE SET v = v + 1 WHERE k % 100 = 0', 'DELETE FROM TABLE WHERE k BETWEEN 3000 AND 3100',
	q{INSERT INTO TABLE VALUES (5, 1, 'x'), (9000, 2, 'y') ON CONFLICT (k) DO UPDATE SET w = EXCLUDED.w};
is(sql($differences), '0', 'rows that were changed');

# ---- Ahead ----
my $two = 'SELECT sum(length(w)), sum(v) FROM';
forget_cached();
$store->requests;
is(sql("$two t"), sql("$two model"), 'two columns of all groups');
my @reads = $store->requests;
is(scalar @reads, 2 * $groups, 'are as many requests');
my %connections = map { /(connection=\d+)/ ? ($1 => 1) : () } @reads;
cmp_ok(scalar(keys %connections), '>', 1, 'some of which wait for each other\'s answers no more');
# Of groups so large that no column is in what is fetched with the end, nor many are in what is asked for at least.
sql(q{
	CREATE TABLE many (k int, w text, x text) USING epiphany_column WITH (epiphany.row_group_rows = 2048);
	INSERT INTO many SELECT g, (SELECT string_agg(md5(i || ' ' || g), '') FROM generate_series(1, 14) i),
			(SELECT string_agg(md5(g || ' ' || i), '') FROM generate_series(1, 18) i)
		FROM generate_series(1, 40960) g;
	SELECT epiphany.compact('many');
	SELECT epiphany.move_groups('many', 'cold', store => 'lake')});
my $far = sql(q{SELECT count(*) FROM epiphany.cold_groups('many')});
my $answer = sql('SELECT count(*), sum(length(w)), max(x) FROM many');
cmp_ok($far, '>', 15, 'a table of many groups');
forget_cached();
$store->requests;
is(sql('SELECT count(*), sum(length(w)), max(x) FROM many'), $answer, 'two columns of all');
@reads = $store->requests;
is(scalar @reads, 2 * $far, 'are as many requests');
my $first = sql(q{SELECT object FROM epiphany.cold_groups('many') ORDER BY group_id LIMIT 1});
my ($one, $other) = map { (split ' ')[3] } grep { /\Q$first\E/ } @reads;
isnt($one // '', $other // $one // '', 'those of the first group at once, over two connections: its columns are known from the plan');
forget_cached();
{
	my $session = $node->background_psql('postgres');
	$session->query_safe('BEGIN; DECLARE c CURSOR FOR SELECT w FROM many');
	$store->requests;
	$session->query_safe('MOVE 5000 FROM c');
	my $asked = 0;
	for (1 .. 1800)
	{
		$asked += $store->requests;
		last if $asked > 4;
		usleep(20_000);
	}
	cmp_ok($asked, '>', 4, 'who is in the third group has asked for more than the fourth');
	cmp_ok($asked, '<', 16, 'but not for all');
	$session->quit;
}
forget_cached();
$store->requests;
like(sql('SELECT w > x, x FROM many LIMIT 1'), qr/[tf]/, 'who wants a few rows');
cmp_ok(scalar($store->requests), '<=', 12, 'asks for little more than that');
sql('CREATE INDEX many_k ON many (k)');
forget_cached();
{
	my $session = $node->background_psql('postgres');
	$session->query_safe('SELECT w > x FROM many LIMIT 1');
	forget_cached();
	$store->requests;
	is(length($session->query_safe('SET enable_seqscan = off; SELECT w FROM many WHERE k = 5')), 32 * 14, 'who looks for one row of that group after that');
	cmp_ok(scalar($store->requests), '<=', 2, 'asks for nothing else');
	$session->quit;
}
my $parallel = 'SET max_parallel_workers_per_gather = 2; SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;';
like(sql("$parallel EXPLAIN (COSTS OFF) SELECT sum(length(w)), max(x) FROM many"), qr/Workers Planned: 2/, 'a parallel scan');
forget_cached();
$store->requests;
is(sql("$parallel SELECT count(*), sum(length(w)), max(x) FROM many"), $answer, 'has the same rows');
is(scalar($store->requests), 2 * $far, 'of which each is asked for once');
# Requests ahead that nobody waits for: of a query that is cancelled while some of them wait, of a cursor that is closed.
{
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $session->query_safe('SELECT pg_backend_pid()');
	my $sockets = sub { return scalar grep { (readlink // '') =~ /^socket:/ } glob("/proc/$pid/fd/*") };
	my $all = 'SELECT count(*), sum(length(w)), max(x) FROM many';
	forget_cached();
	is($session->query_safe($all), $answer, 'a session that reads all groups');
	for my $time (1 .. 3)
	{
		forget_cached();
		$store->faults('stall 6 ^GET');
		my $from = $time * 2;
		$session->query_safe("SET statement_timeout = '700ms'");
		$session->query("SELECT count(*), max(x) FROM many WHERE k > $from");
		like($session->{stderr}, qr/canceling statement due to statement timeout/, "is cancelled in the midst of it: $time");
		$session->{stderr} = '';
		$store->faults();
		$session->query_safe('RESET statement_timeout');
		forget_cached();
		$session->query_safe('BEGIN; DECLARE c CURSOR FOR SELECT w, x FROM many; MOVE 3000 FROM c; ROLLBACK');
		forget_cached();
		is($session->query_safe($all), $answer, "and reads all of it after that: $time");
		cmp_ok($sockets->(), '<', 30, 'over connections that it keeps, and no more');
	}
	$session->quit;
}

# Groups that are moved, and moved again as other objects, while a scan has asked for them.
{
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	my $open = 'BEGIN; DECLARE c CURSOR FOR SELECT k, w, x FROM many; MOVE 3000 FROM c';
	sql(q{
		CREATE FUNCTION rest(c refcursor) RETURNS text LANGUAGE plpgsql AS $$
		DECLARE
			r record;
			digest text := '';
		BEGIN
			LOOP
				FETCH c INTO r;
				EXIT WHEN NOT FOUND;
				digest := md5(digest || r.k || r.w || r.x);
			END LOOP;
			RETURN digest;
		END $$});
	my $rest = sql("$open; SELECT rest('c')");
	forget_cached();
	$session->query_safe($open);
	sql(q{SELECT epiphany.move_groups('many', 'warm')});
	sql(q{SELECT epiphany.move_groups('many', 'cold', store => 'lake')});
	sql(q{SELECT epiphany.tiering_gc('lake', '0')}) for 1 .. 2;
	forget_cached();
	is($session->query_safe(q{SELECT rest('c')}), $rest, 'groups that are moved, and moved again, meanwhile: the rows of before');
	$session->query_safe('ROLLBACK');
	forget_cached();
	is($session->query_safe('SELECT count(*), sum(length(w)), max(x) FROM many'), $answer, 'and the same ones, of the new objects');
	$session->quit;
}
sql('DROP TABLE many; DROP FUNCTION rest');
sql(q{SELECT epiphany.tiering_gc('lake', '0')}) for 1 .. 2;

# ---- What a store can do ----
my $right = sql('SELECT md5(string_agg(t::text, NULL ORDER BY k)) FROM t');
my $query = 'SELECT md5(string_agg(t::text, NULL ORDER BY k)) FROM t';

# The error of the query, without what is cached, while that goes wrong.
sub told
{
	my ($name, $expected, @faults) = @_;
	forget_cached();
	$store->faults(@faults);
	my ($status, $out, $err) = $node->psql('postgres', $query);
	$store->faults();
	isnt($status, 0, "$name: an error") or diag($out);
	like($err, $expected, "$name: which");
	like($err, qr/tables\/.*parquet/, "$name: of which object");
	like($err, qr/table "t"/, "$name: of which table");
	is(sql(q{INSERT INTO model VALUES (20000, 0, ''); DELETE FROM model WHERE k = 20000; SELECT 1}), '1', "$name: others go on");
	return;
}

foreach my $fault ('status 2 ^GET 503,SlowDown', 'die 2 ^GET', 'truncate 2 ^GET', 'stall 1 ^GET')
{
	forget_cached();
	$store->faults($fault);
	is(sql($query), $right, "what passes: $fault");
	$store->faults();
}
# Those that are under way before they are wanted: the session knows its columns from the query before.
foreach my $fault ('status 2 ^GET 503,SlowDown', 'die 2 ^GET', 'truncate 2 ^GET', 'stall 1 ^GET', 'whole 1 ^GET')
{
	my $session = $node->background_psql('postgres');
	$session->query($query);
	forget_cached();
	$store->faults($fault);
	is($session->query($query), $right, "what passes, ahead: $fault");
	$store->faults();
	$session->quit;
}
told('a store that is busy', qr/the store fails|503/, 'status 99 ^GET 503,SlowDown');
told('connections that end', qr/cannot be reached|connection/i, 'die 99 ^GET');
told('other bytes', qr/changed|not the one|checksum/, 'spoil 99 ^GET');
told('no right', qr/access is refused/, 'status 99 ^GET 403,AccessDenied');
told('no such object', qr/does not exist/, 'status 99 ^GET 404,NoSuchKey');
# Statistics are those of what can be read, but of no other bytes.
forget_cached();
$store->faults('die 99 ^GET');
my ($analyzed, undef, $warned) = $node->psql('postgres', 'ANALYZE t');
$store->faults();
is($analyzed, 0, 'ANALYZE of a table whose store is dead');
like($warned, qr/WARNING:  statistics of table "t" leave out cold rows: store "lake" could not be read/, 'says so');
unlike($warned, qr/WARNING.*WARNING/s, 'and leaves nothing behind');
is(sql(q{SELECT reltuples FROM pg_class WHERE relname = 't'}), sql('SELECT count(*) FROM t'), 'rows are counted');
forget_cached();
$store->faults('spoil 99 ^GET');
$analyzed = $node->psql('postgres', 'ANALYZE t');
$store->faults();
isnt($analyzed, 0, 'ANALYZE of rows that are not the right ones');
sql(q{ALTER USER MAPPING FOR CURRENT_USER SERVER lake OPTIONS (SET secret_access_key 'another')});
told('a wrong key', qr/access is refused/);
sql(q{ALTER USER MAPPING FOR CURRENT_USER SERVER lake OPTIONS (SET secret_access_key 'secret')});
forget_cached();
is(sql($query), $right, 'a store that is well again');

# ---- A server that dies while it moves ----
sql(q{SELECT epiphany.move_groups('t', 'warm')});
is(sql(q{SELECT count(*) FROM epiphany.cold_groups('t')}), '0', 'all groups are warm');
is(sql($query), $right, 'with the same rows');
$store->requests;
$store->faults('stall 1 ^GET');
my $mover = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', q{SELECT epiphany.move_groups('t', 'cold', store => 'lake')} ],
	'<', \'', '>', \my $moved, '2>', \my $complaint);
my @seen;
until (grep { /^GET/ } @seen)
{
	push @seen, $store->requests;
	usleep(20_000);
}
$node->stop('immediate');
$mover->finish;
$store->faults();
$node->start;
is(sql($query), $right, 'killed within a move: the same rows');
sql(q{SELECT epiphany.move_groups('t', 'cold', store => 'lake')});
is(sql($query), $right, 'moved then: the same rows');

# ---- An archive ----
sql(q{ALTER SERVER lake OPTIONS (ADD frozen_storage_class 'GLACIER', ADD restore_days '3')});
sub methods { return join ' ', map { (split ' ')[0] } $store->requests }
sub freeze_one { return sql(q{SELECT groups FROM epiphany.move_groups('t', 'frozen', store => 'lake', max_groups => 1)}) }
my $rows = sql(q{SELECT count(*) FROM t});
my $id = sql(q{SELECT min(group_id) FROM epiphany.cold_groups('t')});
my $restore = "SELECT coalesce(epiphany.restore_group('t', $id)::text, 'under way')";
$store->faults('status 9 ^PUT 403,AccessDenied');
my ($status, $out, $err) = $node->psql('postgres', q{SELECT epiphany.move_groups('t', 'frozen')});
like($err, qr/could not archive object "s3:.*access is refused/s, 'a store that does not allow it');
$store->faults();
is(sql($query), $right, 'changes nothing');
methods();
is(freeze_one(), '1', 'a cold group is frozen');
is(methods(), 'HEAD PUT HEAD', 'by a copy that the store makes');
($status, $out, $err) = $node->psql('postgres', $query);
like($err, qr/row group $id of table "t" is frozen.*restore_group\('t', $id\)/s, 'it is not to be read');
is(sql('SELECT count(*) FROM t'), $rows, 'but for what is known of it');
forget_cached();
methods();
($status, $out, $err) = $node->psql('postgres', $restore);
is($out, 'under way', 'its store is asked for it');
is(methods(), 'GET POST', 'as it cannot be read');
like($err, qr/NOTICE:  row group $id of table "t" is being restored by its store\nDETAIL:  Object ".*parquet" of server "lake" is in an archive.*again later/s, 'what takes time is told');
($status, $out, $err) = $node->psql('postgres', $restore);
is("$status $out", '0 under way', 'to ask again is no error');
like($err, qr/is being restored by its store/, 'and tells the same');
is($store->archive('asked', 'restored'), 1, 'the store has restored it');
is(sql($restore), 'true', 'then the group can be read');
is(sql($query), $right, 'the same rows');
$store->archive('restored', 'frozen');
told('an object that is in the archive again', qr/the store has it in an archive.*InvalidObjectState.*restore_group/s);
is(sql($restore), 'under way', 'of a group that is not frozen any more the store is asked, too');
$store->archive('asked', 'restored');
is(sql($restore), 'false', 'until it can be read');
is(sql($query), $right, 'the same rows once more');
methods();
is(freeze_one(), '1', 'frozen again');
is(methods(), 'HEAD', 'without another copy');
sql(q{SELECT epiphany.move_groups('t', 'warm', max_groups => 1)});
methods();
is(freeze_one(), '1', 'a warm group is frozen');
like(methods(), qr/^PUT( GET)+ PUT HEAD DELETE$/, 'written, read back, copied into the archive, and not kept twice');
is($store->archive('frozen', 'restored'), 1, 'there are two');
sql(q{SELECT epiphany.restore_group('t', group_id) FROM epiphany.tiering_groups('t') WHERE tier = 'frozen'});
forget_cached();
is(sql($query), $right, 'all rows can be read');
{
	my $session = $node->background_psql('postgres');
	$session->query_safe('BEGIN; DECLARE c CURSOR FOR SELECT k FROM t');
	my $fetched = $session->query_safe('FETCH 1 FROM c');
	cmp_ok(sql(q{SELECT groups FROM epiphany.move_groups('t', 'frozen')}), '>', 2, 'all groups are frozen');
	forget_cached();
	$fetched .= "\n" . $session->query_safe('FETCH ALL FROM c');
	is(scalar(split /\n/, $fetched), $rows, 'who began to read before goes on with the objects of before');
	$session->quit;
}
$store->archive('frozen', 'restored');
sql(q{SELECT epiphany.restore_group('t', group_id) FROM epiphany.tiering_groups('t') WHERE tier = 'frozen'});
is(sql($query), $right, 'and all are restored');

# ---- Objects that nobody names ----
sql('VACUUM t') for 1 .. 2;
sql(q{SELECT epiphany.tiering_gc('lake', '0')});
my $wanted = sql(q{SELECT count(*) FROM epiphany.cold_groups('t')});
cmp_ok($wanted, '>', 0, 'groups are cold');
is(objects(), $wanted, 'orphans are found and removed, others are not');
forget_cached();
is(sql($query), $right, 'so the rows are there');
sql('DROP TABLE t');
sql(q{SELECT epiphany.tiering_gc('lake', '1 hour')});
is(objects(), $wanted, 'objects of a table that is gone stay for the time that is asked for');
sql(q{SELECT epiphany.tiering_gc('lake', '0')});
is(objects(), '0', 'and go');

# ---- Policies: a group that cannot be moved holds no other up ----
my $job = sql(q{
	SET client_min_messages = error;
	CREATE EXTENSION epiphany_timeseries;
	CREATE TABLE old (k int, w text) USING epiphany_column WITH (epiphany.row_group_rows = 2048);
	INSERT INTO old SELECT g, md5(g::text) FROM generate_series(1, 10240) g;
	SELECT FROM epiphany.compact('old');
	SELECT epiphany.add_tiering_policy('old', 'cold', older_than => '0 s', store => 'lake', schedule_interval => '1 year', initial_start => now() + interval '1 year')});
$job =~ s/.*\n//s;
my $old = sql(q{SELECT count(*) FROM epiphany.row_groups('old') WHERE tier = 'warm'});
cmp_ok($old, '>', 3, 'a policy has row groups to move');
my $policy = q{SELECT groups, pending, failures, last_error FROM epiphany.tiering_status WHERE "table" = 'old'::regclass AND tier = 'cold'};
sub run_policy { my ($status, undef, $err) = $node->psql('postgres', "CALL epiphany.run_job($job)"); return "$status $err" }
$store->faults('status 1 ^PUT 403,AccessDenied');
my $told = run_policy();
$store->faults();
like($told, qr/^3 .*WARNING:  row group 0 of table "old" could not be moved: could not write object .*access is refused/s, 'one that cannot be written is told of');
unlike($told, qr/WARNING.*WARNING/s, 'alone');
like($told, qr/ERROR:  row group 0 of table "old" could not be moved: could not write/, 'and fails the run');
like(sql($policy), qr/^@{[ $old - 1 ]}\|1\|/, 'the others have been moved');
$store->faults('status 99 ^PUT 503,SlowDown');
like(run_policy(), qr/^3 .*the store fails|503/s, 'a store that fails');
$store->faults();
is(run_policy(), '0 ', 'the next run tries again');
like(sql($policy), qr/^$old\|0\|/, 'and all have been moved');
sql(q{SELECT epiphany.move_groups('old', 'warm')});
$store->requests;
$store->faults('status 99 ^PUT 503,SlowDown');
run_policy();
$store->faults();
is(scalar(grep { /^PUT/ } $store->requests), 3, 'a store that fails is asked for one group, and its retries');
sql('DROP TABLE old');
unlike(slurp_file($node->logfile), qr/TRAP:|PANIC:|terminated by signal/, 'no process died');

done_testing();
