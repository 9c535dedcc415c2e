# The managed library as a guest in server processes: its start and end, its thread, and what a user reads when it cannot start.
use strict;
use warnings FATAL => 'all';

use File::Copy;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = PostgreSQL::Test::Cluster->new('main');
$node->init;
$node->append_conf('postgresql.conf', 'log_statement = none');

# What whoever starts the server has in the environment must not reach our runtime, nor ours a program that the server runs.
$ENV{DOTNET_gcServer} = 1;
$ENV{DOTNET_GCHeapHardLimit} = '100000';
$node->start;
delete $ENV{DOTNET_gcServer};
delete $ENV{DOTNET_GCHeapHardLimit};

my $pkglibdir = $node->config_data('--pkglibdir');

# functions(library): the self tests, from that library.
sub functions
{
	my ($library) = @_;
	return join ';',
	  "DROP FUNCTION IF EXISTS call, nest, launch",
	  "CREATE FUNCTION call(int, bigint DEFAULT 0) RETURNS bigint AS '$library', 'pge_test_call' LANGUAGE C STRICT",
	  "CREATE FUNCTION nest(int, int, int, bigint DEFAULT 0) RETURNS bigint AS '$library', 'pge_test_nest' LANGUAGE C STRICT",
	  "CREATE FUNCTION launch(int) RETURNS void AS '$library', 'pge_test_launch' LANGUAGE C STRICT";
}

sub fails_like
{
	my ($sql, $pattern, $name) = @_;
	my ($rc, $out, $err) = $node->psql('postgres', $sql);
	isnt($rc, 0, "$name: fails");
	like($err, $pattern, "$name: says why");
}

my $variant_sql = q{SELECT value FROM epiphany.build_info() WHERE name = 'managed variant'};

$node->safe_psql('postgres', "CREATE EXTENSION pg_epiphany CASCADE;" . functions('$libdir/pg_epiphany'));

# ---- The one thread ----

my $status = $node->safe_psql('postgres', q{
	SELECT pg_read_file('/proc/self/status') \gset before_
	SELECT call(0) \g /dev/null
	SELECT 'MAIN' || (regexp_match(:'before_pg_read_file', 'SigBlk:\s+(\w+)'))[1]
		= 'MAIN' || (regexp_match(pg_read_file('/proc/self/status'), 'SigBlk:\s+(\w+)'))[1];
	SELECT (regexp_match(pg_read_file('/proc/self/task/' || tid || '/status'), 'SigBlk:\s+(\w+)'))[1]
		FROM pg_ls_dir('/proc/self/task') tid WHERE tid::int <> pg_backend_pid();
});
my ($same, @threads) = split /\n/, $status;
is($same, 't', 'the main thread blocks what it blocked before');
is(scalar @threads, 1, 'one thread more');
no warnings 'portable';
my $blocked = hex $threads[0];
# Faults, the runtime's own signal, and those that cannot be blocked or belong to the C library.
my %open = map { $_ => 1 } (4, 5, 6, 7, 8, 11, 34, 9, 19, 32, 33);
my @stray = grep { !$open{$_} && !($blocked & (1 << ($_ - 1))) } 1 .. 64;
is("@stray", '', 'no signal of PostgreSQL can reach it');

# ---- The environment ----

# With the 1 MB that the environment asks for, this would not start.
is($node->safe_psql('postgres', 'SELECT call(0)'), '1', 'a limit in the server\'s environment is not ours');
is( $node->safe_psql('postgres', q{
		CREATE TEMP TABLE seen (line text);
		SELECT call(0) \g /dev/null
		COPY seen FROM PROGRAM 'env | grep -i ^DOTNET_gc | sort';
		SELECT string_agg(line, ' ' ORDER BY line) FROM seen;
	}),
	'DOTNET_GCHeapHardLimit=100000 DOTNET_gcServer=1',
	'programs of the server see its environment, not ours');

# ---- Ends ----

my $offset = -s $node->logfile;
$node->safe_psql('postgres', 'SELECT call(0)');
$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'client backend'");
is(slurp_file($node->logfile, $offset), '', 'a session that used it ends without a trace');

# in_managed_loop(sql, action): runs sql, and once it does, action on its process; returns what psql wrote.
sub in_managed_loop
{
	my ($sql, $action) = @_;
	my ($out, $err) = ('', '');
	my $psql = IPC::Run::start(
		[ 'psql', '-XqAt', '-v', 'ON_ERROR_STOP=0', '-d', $node->connstr('postgres'), '-c', $sql, '-c', "SELECT 'alive'" ],
		'>', \$out, '2>', \$err, IPC::Run::timeout($PostgreSQL::Test::Utils::timeout_default));
	$node->poll_query_until('postgres',
		"SELECT count(*) = 1 FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid() AND query ~ '60000'");
	$node->safe_psql('postgres', "SELECT $action(pid) FROM pg_stat_activity WHERE query ~ '60000' AND pid <> pg_backend_pid()")
	  if $action =~ /^pg_/;
	$node->stop($action) if $action !~ /^pg_/;
	$psql->finish;
	return $out . $err;
}

for my $sql ('SELECT call(11, 60000)', 'SELECT nest(5, 8, 11, 60000)')
{
	like(in_managed_loop($sql, 'pg_cancel_backend'),
		qr/^alive.*canceling statement due to user request/s, "$sql can be cancelled");
	$offset = -s $node->logfile;
	like(in_managed_loop($sql, 'pg_terminate_backend'),
		qr/terminating connection due to administrator command/, "$sql can be terminated");
	unlike(slurp_file($node->logfile, $offset), qr/PANIC|was terminated by signal|exited with exit code [^1]/,
		'which the server takes as a matter of course');
}
for my $mode ('fast', 'immediate')
{
	$offset = -s $node->logfile;
	unlike(in_managed_loop('SELECT nest(5, 8, 11, 60000)', $mode), qr/alive/, "the loop does not keep the server from a $mode shutdown");
	unlike(slurp_file($node->logfile, $offset), qr/PANIC|was terminated by signal (?!3|9)|SIGKILL/, 'and nobody had to be killed');
	$node->start;
}

# ---- Background workers ----

$offset = -s $node->logfile;
$node->safe_psql('postgres', 'SELECT launch(0)');
like(slurp_file($node->logfile, $offset), qr/background worker got 42/, 'a background worker can use it');
$offset = -s $node->logfile;
$node->safe_psql('postgres', 'SELECT launch(2)');
like(slurp_file($node->logfile, $offset), qr/ERROR:  provoked message/, 'and its errors are reported as ever');
is($node->safe_psql('postgres', 'SELECT call(0)'), '1', 'the server lives on');

# ---- Builds for the levels of processors ----

my @variants = grep { -e "$pkglibdir/pg_epiphany_managed-v$_.so" } 2, 3, 4;
my $best = $node->safe_psql('postgres', $variant_sql);
my ($rc, $out, $err);
for my $level (@variants)
{
	($rc, $out, $err) = $node->psql('postgres', "SET epiphany.instruction_set = 'v$level'; $variant_sql");
	if ("v$level" le $best)
	{
		is($out, "v$level", "the v$level build runs when asked for");
	}
	else
	{
		like($err, qr/this CPU cannot run the x86-64-v$level build/, "the v$level build is refused");
	}
}
is($best, 'v' . (sort grep { "v$_" le $best } @variants)[-1], 'the best one runs unasked');

# ---- Who may set what ----

$node->safe_psql('postgres', 'CREATE ROLE guest LOGIN');
fails_like(q{SELECT epiphany.version(); SET ROLE guest; SET epiphany.managed_heap_limit = '64GB'},
	qr/permission denied to set parameter "epiphany.managed_heap_limit"/, 'a guest who wants more memory');
($rc, $out, $err) = $node->psql('postgres', q{
		SET epiphany.managed_heap_limit = '32GB';
		SELECT epiphany.version() \\g /dev/null
		SHOW epiphany.managed_heap_limit}, connstr => $node->connstr('postgres') . ' user=guest');
is($out, '256MB', 'nor may it be set before the library is there to refuse');
like($err, qr/WARNING:  permission denied/, 'which is said');
$node->safe_psql('postgres', q{ALTER ROLE guest SET epiphany.managed_heap_limit = '32MB'});
($rc, $out, $err) = $node->psql('postgres', 'SELECT call(12, 31000000)', connstr => $node->connstr('postgres') . ' user=guest');
like($err, qr/out of memory\nDETAIL:  The managed heap of this session/, 'a role can have a limit of its own');

# ---- Not enough address space ----

SKIP:
{
	skip 'no prlimit here', 2 if system('command -v prlimit > /dev/null') != 0;
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $session->query('SELECT pg_backend_pid()');
	# The shim is in and the runtime is not.
	$session->query('SELECT epiphany.version()');
	system_or_bail('prlimit', "--pid=$pid", '--as=1000000000:unlimited');
	$session->query('SELECT call(0)');
	like($session->{stderr}, qr/not enough address space for the managed library/, 'too little address space is an error');
	$session->{stderr} = '';
	system_or_bail('prlimit', "--pid=$pid", '--as=unlimited');
	is($session->query('SELECT call(0)'), '1', 'that goes with its cause');
	$session->quit;
}

# ---- Bad installations: a copy of the shim in a folder of its own, with bad company ----

my $folder = PostgreSQL::Test::Utils::tempdir;
chmod 0755, $folder;
copy("$pkglibdir/pg_epiphany.so", "$folder/pg_epiphany.so") or die $!;
# A session has one library: event triggers would have loaded the other.
my $elsewhere = 'SET event_triggers = off;' . functions("$folder/pg_epiphany");
my $restored = functions('$libdir/pg_epiphany');

sub put_library
{
	my ($source) = @_;
	append_to_file("$folder/library.c", $source);
	system_or_bail('gcc', '-shared', '-fPIC', '-o', "$folder/new.so", "$folder/library.c");
	unlink "$folder/library.c";
	for my $level (2 .. 4)
	{
		copy("$folder/new.so", "$folder/pg_epiphany_managed-v$level.so") or die $!;
	}
}

fails_like("$elsewhere; SELECT call(0)",
	qr{could not open managed library "\Q$folder\E/pg_epiphany_managed-v\d.so": No such file.*HINT:  Install}s, 'a missing managed library');
put_library('int pge_managed_init(void *host, unsigned *managed) { managed[0] = 8; managed[1] = 0x12345678; return 1; }');
fails_like("$elsewhere; SELECT call(0)",
	qr/is from another build of pg_epiphany\nDETAIL: .*12345678 with 8 bytes found.*HINT:  Install/s, 'a managed library from another build');
put_library('int nothing;');
fails_like("$elsewhere; SELECT call(0)", qr/is not pg_epiphany's managed library/, 'some other library');
for my $level (2 .. 4)
{
	unlink "$folder/pg_epiphany_managed-v$level.so";
	append_to_file("$folder/pg_epiphany_managed-v$level.so", 'no library');
}
fails_like("$elsewhere; SELECT call(0)", qr/could not load managed library .*HINT:  Install/s, 'a damaged one');

# The block that the server compares starts with its length and the version the library was built for.
my $image = slurp_file("$folder/pg_epiphany.so");
my $patched = $image =~ s/(.{4})\Q${\pack('l<', 1700)}\E(?=\Q${\pack('l<', 100)}\E)/$1 . pack('l<', 1600)/es;
ok($patched, 'found the version in the library');
open(my $file, '>:raw', "$folder/pg_epiphany_16.so") or die $!;
print $file $image;
close $file;
fails_like("LOAD '$folder/pg_epiphany_16'",
	qr/incompatible library .*version mismatch\nDETAIL:  Server is version 17, library is version 16/s, 'a library for another server version');
is($node->safe_psql('postgres', "$restored; SELECT call(0)"), '1', 'the server lives on');

# ---- Preloaded ----

$node->append_conf('postgresql.conf', "shared_preload_libraries = 'pg_epiphany'\nepiphany.gc_gen0_size = '2MB'");
$node->restart;
is( $node->safe_psql('postgres', q{
		SELECT pid AS postmaster FROM regexp_split_to_table(pg_read_file('postmaster.pid'), '\n') WITH ORDINALITY AS lines (pid, n) WHERE n = 1 \gset
		SELECT count(*) FROM pg_ls_dir('/proc/' || :postmaster || '/task');
		SELECT pg_read_file('/proc/' || :postmaster || '/maps') ~ 'pg_epiphany.so', pg_read_file('/proc/' || :postmaster || '/maps') ~ 'pg_epiphany_managed';
	}),
	"1\nt|f",
	'preloaded, the shim is in the postmaster, and the managed library is not');
is($node->safe_psql('postgres', 'SELECT call(0); SHOW epiphany.gc_gen0_size'), "1\n2MB", 'sessions use it all the same');
$node->safe_psql('postgres', 'SELECT launch(0)');
$node->stop;

done_testing();
