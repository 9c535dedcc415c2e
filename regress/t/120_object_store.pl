# Object stores that are buckets, on a real S3 server: what is written is there and comes back, signatures are right, whatever fails is either repeated or
# told as it is, and no secret shows.
use strict;
use warnings FATAL => 'all';

use IPC::Run;
use IO::Socket::INET;
use ObjectStore;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = PostgreSQL::Test::Cluster->new('lake');
my $store = ObjectStore->new($node->basedir . "/s3", 'lake', 'other');
plan skip_all => 's3rver is not here: npm cannot install it' unless $store;

delete @ENV{qw(http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY)};
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "autovacuum = off\nlog_statement = none\nlog_min_messages = debug2\nlog_min_error_statement = error");
$node->start;

sub sql { my ($statement) = @_; return $node->safe_psql('postgres', $statement) }

# The error of a statement, in one line: state, message, detail, hint. Ports and times are not the test's.
sub failure
{
	my ($statement) = @_;
	my ($rc, $out, $err) = $node->psql('postgres', $statement, extra_params => [ '-v', 'VERBOSITY=verbose', '-v', 'SHOW_CONTEXT=never' ]);
	my @lines = map { s/^psql:<stdin>:\d+: //r } grep { !/^(LOCATION|LINE|STATEMENT|CONTEXT)/ && /^(psql|ERROR|DETAIL|HINT)/ } split /\n/, $err;
	my $line = join ' | ', map { s/^(ERROR|DETAIL|HINT):\s+//r } @lines;
	$line =~ s/$store->{port}/PORT/g;
	$line =~ s/ after \d+ ms//;
	return $line || "no error: $out";
}

my $endpoint = $store->endpoint;
sql(qq{CREATE EXTENSION epiphany_tiering;
	CREATE SERVER lake FOREIGN DATA WRAPPER epiphany_object_store OPTIONS (url 's3://lake/tables', endpoint '$endpoint', retries '3', timeout '3');
	CREATE USER MAPPING FOR CURRENT_USER SERVER lake OPTIONS (access_key_id 'test', secret_access_key 'secret');});

# ---- There and back ----
is(sql(q{SELECT rows FROM epiphany.export_parquet('SELECT i, md5(i::text) AS t FROM generate_series(1, 1000) i', 's3://lake/tables/a/one.parquet')}), '1000', 'an object is written');
is(join(' ', map { (split ' ')[0, 1] } $store->requests), 'PUT /lake/tables/a/one.parquet', 'by one request');
my $sum = 'SELECT count(*), sum(i), md5(string_agg(t, NULL ORDER BY i))';
my $expected = sql("$sum FROM (SELECT i, md5(i::text) AS t FROM generate_series(1, 1000) i) AS rows");
is(sql("$sum FROM epiphany.read_parquet('s3://lake/tables/a/one.parquet') AS f (i int, t text)"), $expected, 'and read');
is(join(' ', map { (split ' ')[0, 2] } $store->requests), 'GET bytes=0-65535', 'by one request, as it is short');
my $odd = q{odd 'name' +&%?#=~ü "x"<y>.parquet};
my $quoted = $odd =~ s/'/''/gr;
sql("SELECT epiphany.export_parquet('SELECT 1 AS i', 'a/$quoted', server => 'lake')");
is(sql("SELECT * FROM epiphany.read_parquet('a/$quoted', 'lake') AS f (i int)"), '1', 'names of any characters');
is(sql("SELECT * FROM epiphany.read_parquet('a/odd*', 'lake') AS f (i int)"), '1', 'in lists, too');
sql("SELECT epiphany.export_parquet('SELECT $_ AS i', 'many/$_.parquet', server => 'lake') FROM generate_series(1, 3) AS g") foreach (1 .. 12);
is(sql("SELECT count(*), sum(i) FROM epiphany.read_parquet('many/*.parquet', 'lake') AS f (i int)"), '12|78', 'a pattern');
is(sql("SELECT count(*), sum(i) FROM epiphany.read_parquet('many/?.parquet', 'lake') AS f (i int)"), '9|45', 'another');
is(sql("SELECT count(*) FROM epiphany.read_parquet('*/[12].parquet', 'lake') AS f (i int)"), '2', 'in folders');

# Lists come in pieces, each with a token for the next; tokens are signed, whatever characters they have.
foreach my $keys (1, 5, 12, 13)
{
	$store->faults("few 99 list-type $keys");
	$store->requests;
	is(sql("SELECT count(*), sum(i) FROM epiphany.read_parquet('many/*.parquet', 'lake') AS f (i int)"), '12|78', "a pattern, $keys keys at a time");
	my @lists = grep { /list-type/ } $store->requests;
	is(scalar(@lists), int((12 + $keys - 1) / $keys), 'by as many lists');
	is(scalar(grep { /continuation-token=/ } @lists), @lists - 1, 'all but the first with a token');
}
$store->faults('few 99 list-type 3', 'status 2 continuation-token 503,SlowDown');
is(sql("SELECT count(*) FROM epiphany.read_parquet('many/*.parquet', 'lake') AS f (i int)"), '12', 'of which one fails for a while');
$store->faults();

# Two parts and some; a part is 8 MB.
my $large = q{SELECT i, md5(i::text) || md5((-i)::text) AS t FROM generate_series(1, 300000) i};
$store->requests;
is(sql("SELECT rows, bytes > 18000000 FROM epiphany.export_parquet('$large', 'large.parquet', server => 'lake', compression => 'none')"), '300000|t', 'a large object is written');
my @written = map { join ' ', (split ' ')[0, 1] } $store->requests;
s/uploadId=[^ ]*/uploadId=ID/ foreach @written;
is(join(', ', @written), 'POST /lake/tables/large.parquet?uploads=, ' . join('', map { "PUT /lake/tables/large.parquet?partNumber=$_&uploadId=ID, " } 1 .. 3) .
	'POST /lake/tables/large.parquet?uploadId=ID', 'in parts');
is(sql("$sum FROM epiphany.read_parquet('large.parquet', 'lake') AS f (i int, t text)"), sql("$sum FROM ($large) AS rows"), 'and read');
my @reads = $store->requests;
my %connections = map { /(connection=\d+)/ ? ($1 => 1) : () } @reads;
is(scalar(keys %connections), 1, 'a session keeps its connection over ' . @reads . ' requests');
is(sql("SELECT count(*) FROM epiphany.read_parquet('large.parquet', 'lake') AS f (i int)"), '300000', 'one column');
my $bytes = 0;
/bytes=(\d+)-(\d+)/ and $bytes += $2 - $1 foreach $store->requests;
cmp_ok($bytes, '<', 3_000_000, 'takes few bytes');

# ---- Foreign tables: what conditions rule out is not asked for, and nothing is mixed of two objects ----
sql(qq{CREATE FOREIGN TABLE large (t text, i int) SERVER lake OPTIONS (path 'lar*.parquet')});
$store->requests;
is(sql('SELECT count(*) FROM large'), '300000', 'a foreign table');
my @without = grep { !/list-type/ } $store->requests;
is(scalar(grep { (split ' ')[2] ne (split ' ', $without[0])[2] } @without), 0, 'of which no column is wanted: only the end of its file is read');
is(scalar(@without), 1, 'once, though it is planned and run');
is(sql('SELECT count(*) FROM large; SELECT count(*) FROM large'), "300000\n300000", 'again, twice in a session');
is(scalar(grep { !/list-type/ } $store->requests), 1, 'which asks once');
is(sql('SELECT count(*), min(t) FROM large WHERE i < 0'), '0|', 'a condition that no row meets');
is(scalar(grep { !/list-type/ && (split ' ')[2] ne (split ' ', $without[0])[2] } $store->requests), 0, 'and no more than that either');
is(sql("SELECT count(*), sum(i), md5(string_agg(t, NULL ORDER BY i)) FROM large WHERE i > 290000"), sql("$sum FROM ($large) AS rows WHERE i > 290000"), 'a condition that some rows meet');
$bytes = 0;
/bytes=(\d+)-(\d+)/ and $bytes += $2 - $1 foreach $store->requests;
cmp_ok($bytes, '<', 12_000_000, 'row groups of others are not read');
{
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	$session->query_safe('BEGIN; DECLARE c CURSOR FOR SELECT i, t FROM large');
	is($session->query_safe('FETCH 1 FROM c') =~ s/\|.*//sr, '1', 'a cursor');
	sql("SELECT epiphany.export_parquet('SELECT i, md5(i::text) || md5((-i)::text) AS t FROM generate_series(1, 300001) i', 'large.parquet', server => 'lake', compression => 'none')");
	$session->query('FETCH ALL FROM c');
	like($session->{stderr}, qr/could not read object "s3:\/\/lake\/tables\/large.parquet": it is not the one that was written or opened.*foreign table "large"/s, 'an object that is replaced meanwhile');
	$session->quit;
}
sql("SELECT epiphany.export_parquet('$large', 'large.parquet', server => 'lake', compression => 'none')");

# ---- What passes is tried again ----
my $read = "SELECT count(*) FROM epiphany.read_parquet('a/one.parquet', 'lake') AS f (i int, t text)";
my $write = "SELECT rows FROM epiphany.export_parquet('SELECT 1 AS i', 'again.parquet', server => 'lake')";
foreach (
	[ 'status 3 ^GET 503,SlowDown', 'the store is busy' ], [ 'status 2 ^GET 500,InternalError', 'the store has an error' ], [ 'status 1 ^GET 429,TooManyRequests', 'too many requests' ],
	[ 'status 1 ^GET 400,RequestTimeout', 'the store has waited too long' ], [ 'die 2 ^GET', 'the connection ends' ], [ 'truncate 1 ^GET', 'the connection ends within the answer' ], [ 'stall 1 ^GET', 'the store falls silent' ])
{
	my ($fault, $name) = @$_;
	$store->faults($fault);
	is(sql($read), '1000', "$name, for a while: reading");
	$store->faults($fault =~ s/GET/PUT/r);
	is(sql($write), '1', "$name, for a while: writing");
}
$store->faults('swallow 1 ^POST.*uploadId');
is(sql("SELECT rows FROM epiphany.export_parquet('$large', 'large2.parquet', server => 'lake', compression => 'none')"), '300000', 'the answer to the end of an upload is lost');
is(sql("SELECT count(*) FROM epiphany.read_parquet('large2.parquet', 'lake') AS f (i int)"), '300000', 'the object is whole');

# ---- What stays is told ----
sub told
{
	my ($fault, $statement, $error, $name) = @_;
	$store->faults($fault);
	is(failure($statement), $error, $name);
	$store->faults();
	return;
}
my $object = 'object "s3://lake/tables/a/one.parquet"';
told('status 9 ^GET 503,SlowDown', $read, "08006: could not open $object: the store fails | Server \"lake\" answered 503 SlowDown: This is SlowDown & no more. It was asked 4 times.", 'a store that is busy for ever');
told('die 9 ^GET', $read, "08006: could not open $object: server \"lake\" cannot be reached | Empty reply from server. It was tried 4 times. | Look at the server's options \"endpoint\" and \"timeout\".", 'connections that end');
told('status 1 ^GET 403,RequestTimeTooSkewed', $read, "42501: could not open $object: access is refused | Server \"lake\" answered 403 RequestTimeTooSkewed: This is RequestTimeTooSkewed & no more. | The clocks of this machine and the store differ by minutes.", 'clocks');
told('status 1 ^GET 403,AccessDenied', $read, "42501: could not open $object: access is refused | Server \"lake\" answered 403 AccessDenied: This is AccessDenied & no more. | The key in the user mapping of \"" . sql('SELECT current_user') . "\", or what the store calls its policy, does not allow it.", 'no right');
told('status 1 ^GET 301,PermanentRedirect,eu-west-9', $read, "HV024: could not open $object: its bucket is not in region \"us-east-1\" | Server \"lake\" answered 301 PermanentRedirect: This is PermanentRedirect & no more. | Set the option \"region\" of server \"lake\" to \"eu-west-9\".", 'a redirection is not followed');
told('status 1 ^GET 418,Teapot', $read, "HV000: could not open $object | Server \"lake\" answered 418 Teapot: This is Teapot & no more.", 'anything else');
told('', "SELECT * FROM epiphany.read_parquet('nothing', 'lake') AS f (i int)", '58P01: could not open object "s3://lake/tables/nothing": it does not exist | Server "lake" answered 404 NoSuchKey: The specified key does not exist.', 'no such object');
told('', "SELECT * FROM epiphany.read_parquet('no*', 'lake') AS f (i int)", '58P01: no file matches "no*"', 'no object that matches');
told('cut 1 list-type IsTruncated', "SELECT * FROM epiphany.read_parquet('many/*', 'lake') AS f (i int)", 'HV00K: object store "lake" sent a list of objects that makes no sense', 'a list that is cut');
my $whole = "$sum FROM epiphany.read_parquet('large.parquet', 'lake') AS f (i int, t text)";
told('whole 99 ^GET', $whole, 'XX001: object store "lake" sent more bytes than it was asked for', 'a store without ranges');
$store->faults('spoil 99 ^GET');
like(failure($whole), qr/^XX001: .* (is|are|does|has) /, 'other bytes are noticed');
$store->faults();

# ---- Credentials ----
my $user = sql('SELECT current_user');
sub with_mapping { my ($options, $error, $name) = @_; sql("ALTER USER MAPPING FOR CURRENT_USER SERVER lake OPTIONS ($options)"); is(failure($read), $error, $name); return }
with_mapping(q{SET secret_access_key 'hush-wrong'}, "42501: could not open $object: access is refused | Server \"lake\" answered 403 SignatureDoesNotMatch: This is SignatureDoesNotMatch & no more. | Look at access_key_id and secret_access_key in the user mapping of \"$user\".", 'wrong secret');
with_mapping(q{SET access_key_id 'nobody'}, "42501: could not open $object: access is refused | Server \"lake\" answered 403 InvalidAccessKeyId: This is InvalidAccessKeyId & no more. | Look at access_key_id and secret_access_key in the user mapping of \"$user\".", 'wrong key');
with_mapping(q{DROP access_key_id, DROP secret_access_key}, "42501: could not open $object: access is refused | Server \"lake\" answered 403 AccessDenied: This is AccessDenied & no more. | The user mapping of \"$user\" has no access_key_id, so that requests are not signed.", 'no key');
$store->keys();
is(sql($read), '1000', 'without keys from a public bucket');
$store->keys('test', 'hush-hush/+=', 'eu-central-1', 'hush-token');
with_mapping(q{ADD access_key_id 'test', ADD secret_access_key 'hush-hush/+='}, "HV024: could not open $object: its bucket is not in region \"us-east-1\" | Server \"lake\" answered 400 AuthorizationHeaderMalformed: This is AuthorizationHeaderMalformed & no more. | Set the option \"region\" of server \"lake\" to \"eu-central-1\".", 'wrong region');
sql(q{ALTER SERVER lake OPTIONS (ADD region 'eu-central-1')});
with_mapping(q{ADD session_token 'hush-old'}, "42501: could not open $object: access is refused | Server \"lake\" answered 400 InvalidToken: This is InvalidToken & no more. | Look at session_token in the user mapping of \"$user\": such keys are good for some hours only.", 'wrong token');
sql(q{ALTER USER MAPPING FOR CURRENT_USER SERVER lake OPTIONS (SET session_token 'hush-token')});
is(sql($read), '1000', 'all right, without a new session');
sql('DROP USER MAPPING FOR CURRENT_USER SERVER lake');
is(failure($read), "42704: user mapping not found for user \"$user\", server \"lake\" | CREATE USER MAPPING says with which key requests are signed; without options they are not.", 'no mapping');
sql(q{CREATE USER MAPPING FOR PUBLIC SERVER lake OPTIONS (access_key_id 'test', secret_access_key 'hush-hush/+=', session_token 'hush-token')});
is(sql($read), '1000', 'a mapping for everybody');
# Refused where they do not belong, and where they make no sense.
like(failure(q{ALTER SERVER lake OPTIONS (ADD secret_access_key 'hush')}), qr/^HV00D: invalid option "secret_access_key" of a server \| Secrets belong into CREATE USER MAPPING/, 'no secrets of servers');
like(failure(q{ALTER USER MAPPING FOR PUBLIC SERVER lake OPTIONS (SET secret_access_key E'hush\nx: y')}), qr/^HV024: keys and tokens have letters/, 'no headers in secrets');
like(failure(q{ALTER USER MAPPING FOR PUBLIC SERVER lake OPTIONS (DROP access_key_id)}), qr/^HV00J: "access_key_id" and "secret_access_key" need each other/, 'no half of a key');
like(failure(q{ALTER SERVER lake OPTIONS (SET endpoint 'http://me:hush@127.0.0.1')}), qr/^HV024: invalid value of option "endpoint"/, 'no secrets in addresses');

# ---- Other places ----
sql(qq{CREATE SERVER missing FOREIGN DATA WRAPPER epiphany_object_store OPTIONS (url 's3://missing', endpoint '$endpoint', region 'eu-central-1');
	CREATE SERVER down FOREIGN DATA WRAPPER epiphany_object_store OPTIONS (url 's3://down', endpoint 'http://127.0.0.1:1', retries '1');
	CREATE SERVER unknown FOREIGN DATA WRAPPER epiphany_object_store OPTIONS (url 's3://unknown', endpoint 'https://no-such-host.invalid', retries '0');
	CREATE USER MAPPING FOR PUBLIC SERVER missing OPTIONS (access_key_id 'test', secret_access_key 'hush-hush/+=', session_token 'hush-token');
	CREATE USER MAPPING FOR PUBLIC SERVER down; CREATE USER MAPPING FOR PUBLIC SERVER unknown});
is(failure("SELECT * FROM epiphany.read_parquet('s3://missing/x') AS f (i int)"), '42704: could not open object "s3://missing/x": bucket "missing" does not exist | Server "missing" answered 404 NoSuchBucket: The specified bucket does not exist. | Look at the options "url", "endpoint" and "region" of server "missing".', 'no bucket');
is(failure("SELECT * FROM epiphany.read_parquet('x*', 'missing') AS f (i int)"), '42704: could not list bucket "missing": bucket "missing" does not exist | Server "missing" answered 404 NoSuchBucket: The specified bucket does not exist. | Look at the options "url", "endpoint" and "region" of server "missing".', 'no bucket to list');
like(failure("SELECT epiphany.export_parquet('SELECT 1 AS i', 's3://missing/x')"), qr/^42704: could not write object "s3:\/\/missing\/x": bucket "missing" does not exist/, 'no bucket to write to');
like(failure("SELECT * FROM epiphany.read_parquet('s3://down/x') AS f (i int)"), qr/^08006: could not open object "s3:\/\/down\/x": server "down" cannot be reached \| .*It was tried 2 times/, 'nobody listens');
like(failure("SELECT * FROM epiphany.read_parquet('s3://unknown/x') AS f (i int)"), qr/^08006: could not open object "s3:\/\/unknown\/x": server "unknown" cannot be reached \| Could not resolve host/, 'no such host');
like(failure("SELECT * FROM epiphany.read_parquet('s3://nobody/x') AS f (i int)"), qr/^42704: there is no server for URL "s3:\/\/nobody\/x" \| CREATE SERVER/, 'no server');

# ---- Interrupts ----
foreach ([ 'pg_cancel_backend', 'cancelled' ], [ 'pg_terminate_backend', 'ended' ])
{
	my ($function, $name) = @$_;
	sql(q{ALTER SERVER lake OPTIONS (SET timeout '600')});
	$store->faults('stall 1 ^GET');
	$store->requests;
	my $client = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', $read ], '<', \'', '>', \my $out, '2>', \my $err);
	usleep(100_000) until -s $store->{log};
	is(sql("SELECT wait_event FROM pg_stat_activity WHERE query LIKE '%one.parquet%' AND pid <> pg_backend_pid()"), 'EpiphanyObjectStore', "$name: waits are seen");
	sql("SELECT $function(pid) FROM pg_stat_activity WHERE query LIKE '%one.parquet%' AND pid <> pg_backend_pid()");
	$client->finish;
	like($err, qr/canceling statement|terminating connection/, "$name while it waits for the store");
	$store->faults('stall 1 partNumber=2');
	$client = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c', "SELECT epiphany.export_parquet('$large', 'never.parquet', server => 'lake', compression => 'none')" ],
		'<', \'', '>', \$out, '2>', \$err);
	usleep(100_000) until -s $store->{log} && slurp_file($store->{log}) =~ /partNumber=2/;
	sql("SELECT $function(pid) FROM pg_stat_activity WHERE query LIKE '%never.parquet%' AND pid <> pg_backend_pid()");
	$client->finish;
	like($err, qr/canceling statement|terminating connection/, "$name while it writes to the store");
	# Who is ended says so before it cleans up.
	for (1 .. 100) { last if slurp_file($store->{log}) =~ /^DELETE/m; usleep(100_000) }
	like(($store->requests)[-1] // '', qr/^DELETE .*never.parquet\?uploadId=/, "$name: the upload is abandoned");
	like(failure("SELECT * FROM epiphany.read_parquet('never.parquet', 'lake') AS f (i int)"), qr/^58P01/, "$name: no object");
}
is(failure("SELECT epiphany.export_parquet('SELECT 1 / (i - 299000) AS x, md5(i::text) || md5((-i)::text) AS t FROM generate_series(1, 300000) i', 'never.parquet', server => 'lake', compression => 'none', row_group_rows => 10000)"),
	'22012: division by zero', 'a query that fails late');
like(($store->requests)[-1] // '', qr/^DELETE .*never.parquet\?uploadId=/, 'its upload is abandoned');

# A session has no threads of libcurl's left, and its descriptors do not grow.
{
	my $session = $node->background_psql('postgres', on_error_stop => 0);
	my $pid = $session->query_safe('SELECT pg_backend_pid()');
	$session->query_safe($read);
	my @before = glob "/proc/$pid/task/*";
	my @open = glob "/proc/$pid/fd/*";
	$store->faults('status 1 ^GET 403,AccessDenied');
	$session->query_safe("DO \$\$ BEGIN PERFORM * FROM epiphany.read_parquet('a/one.parquet', 'lake') AS f (i int); RAISE 'no error'; EXCEPTION WHEN insufficient_privilege THEN END \$\$");
	$session->query_safe($read) foreach (1 .. 5);
	is(scalar(my @after = glob "/proc/$pid/task/*"), scalar(@before), 'no more threads');
	is(scalar(my @still = glob "/proc/$pid/fd/*"), scalar(@open), 'no more descriptors');
	$session->quit;
}

# ---- TLS ----
SKIP:
{
	my $dir = $store->{dir};
	skip 'openssl is not here', 2 unless system("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=store -addext subjectAltName=IP:127.0.0.1 -keyout '$dir/key' -out '$dir/certificate' > '$dir/openssl.log' 2>&1") == 0;
	my $port = $store->start_tls("$dir/key", "$dir/certificate");
	sql(qq{CREATE SERVER tls FOREIGN DATA WRAPPER epiphany_object_store OPTIONS (url 's3://other', endpoint 'https://127.0.0.1:$port', retries '0'); CREATE USER MAPPING FOR PUBLIC SERVER tls});
	like(failure("SELECT epiphany.export_parquet('SELECT 1 AS i', 's3://other/x')"), qr/^08006: could not write object "s3:\/\/other\/x": server "tls" cannot be reached \| .*certificate.*The certificate must be signed by/, 'a certificate that nobody knows');
	sql("ALTER SERVER tls OPTIONS (ADD ca_file '$dir/certificate')");
	is(sql("SELECT rows FROM epiphany.export_parquet('SELECT 1 AS i', 's3://other/x'); SELECT * FROM epiphany.read_parquet('s3://other/x') AS f (i int)"), "1\n1", 'one that is made known');
}

# ---- A store that dies, and others meanwhile ----
$store->stop('server');
like(failure($read), qr/^08006: could not open object/, 'the store is dead');
is(sql('SELECT count(*) FROM pg_class WHERE false'), '0', 'nobody else notices');

# ---- Secrets ----
$node->stop;
my $log = slurp_file($node->logfile);
unlike($log, qr/hush/, 'no secret in the log');
done_testing();
