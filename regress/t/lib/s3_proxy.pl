# Stands between the server under test and an S3 server, and is as strict as S3 itself about signatures, which that is not; and fails when told
# to. Requests are noted in a file, a line each.
#   s3_proxy.pl FOLDER PORT-OF-S3-SERVER
# In FOLDER: `port` (written), `log` (written), `keys` (access key, secret, region and token, a line each; no file: nothing is checked), `faults` (a
# line each: ACTION COUNT PATTERN [ARGUMENT]; PATTERN is matched with "METHOD URL").
# Actions: status (ARGUMENT: 503,Code,region), die (no answer), swallow (carried out, no answer), truncate (half of the body), stall (half, then
# nothing), spoil (other bytes), whole (all of the object whatever range is asked for), cut (the answer's text up to ARGUMENT), few (a list
# has ARGUMENT keys at most, and the rest must be asked for).
# What is written with the class GLACIER cannot be read: `archive` has a line for each such object, its path and "frozen", "asked" once it is to be
# restored, or "restored".
use strict;
use warnings FATAL => 'all';

use Digest::SHA qw(sha256_hex hmac_sha256 hmac_sha256_hex);
use Fcntl qw(:flock);
use IO::Socket::INET;

my ($dir, $backend) = @ARGV;
my $parent = $$;
$SIG{CHLD} = 'IGNORE';
$SIG{PIPE} = 'IGNORE';
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 64, ReuseAddr => 1) or die "listen: $!";
write_file("$dir/port.new", $listener->sockport);
rename "$dir/port.new", "$dir/port";
my $connections = 0;
while (my $client = $listener->accept)
{
	$connections++;
	my $pid = fork // next;
	if ($pid == 0)
	{
		1 while serve($client);
		exit 0;
	}
	close $client;
}

sub write_file { my ($path, $text) = @_; open my $file, '>', $path or die "$path: $!"; print $file $text; close $file; return }

sub lines_of
{
	my ($path) = @_;
	open my $file, '<', $path or return;
	chomp(my @lines = <$file>);
	return @lines;
}

sub note_request
{
	my ($line) = @_;
	open my $file, '>>', "$dir/log" or die;
	flock $file, LOCK_EX;
	syswrite $file, "$line\n";
	return;
}

# The first fault that is meant for this request, which has one less to come.
sub fault_for
{
	my ($what) = @_;
	open my $file, '+<', "$dir/faults" or return;
	flock $file, LOCK_EX;
	my @lines = <$file>;
	my $found;
	foreach (@lines)
	{
		my ($action, $count, $pattern, $argument) = split ' ';
		next if $found || !$count || $what !~ /$pattern/;
		$found = [ $action, $argument ];
		$_ = join(' ', $action, $count - 1, $pattern, $argument // '') . "\n";
	}
	seek $file, 0, 0;
	truncate $file, 0;
	print $file @lines;
	return $found ? @$found : ();
}

sub read_bytes
{
	my ($socket, $length) = @_;
	my $bytes = '';
	while (length $bytes < $length)
	{
		sysread($socket, $bytes, $length - length $bytes, length $bytes) or return;
	}
	return $bytes;
}

# First line and headers (names in lower case).
sub read_head
{
	my ($socket) = @_;
	my $head = '';
	until ($head =~ /\r\n\r\n/)
	{
		sysread($socket, $head, 1, length $head) or return;
	}
	my ($first, @lines) = split /\r\n/, $head;
	my %headers = map { /^([^:]+):\s*(.*?)\s*$/ ? (lc $1, $2) : () } @lines;
	return ($first, \%headers);
}

sub encode { my ($text) = @_; $text =~ s/%([0-9A-Fa-f]{2})/chr hex $1/ge; $text =~ s/([^A-Za-z0-9\-._~])/sprintf '%%%02X', ord $1/ge; return $text }

# What is wrong with the signature: status, code, region; nothing if all is well.
sub refusal
{
	my ($method, $path, $query, $headers, $body) = @_;
	my ($key, $secret, $region, $token) = lines_of("$dir/keys") or return;
	my $authorization = $headers->{authorization} // '';
	my ($id, $date, $in, $signed, $signature) =
		$authorization =~ m{^AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/s3/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$}
		or return (403, 'AccessDenied');
	return (403, 'InvalidAccessKeyId') if $id ne $key;
	return (400, 'AuthorizationHeaderMalformed', $region) if $in ne $region;
	return (400, 'InvalidToken') if ($token // '') ne ($headers->{'x-amz-security-token'} // '');
	my %signed = map { $_ => 1 } split /;/, $signed;
	foreach ('host', grep { /^x-amz-/ } keys %$headers)
	{
		return (403, "NotSigned-$_") unless $signed{$_};
	}
	my $hash = $headers->{'x-amz-content-sha256'} // '';
	return (400, 'XAmzContentSHA256Mismatch') if $hash ne 'UNSIGNED-PAYLOAD' && $hash ne sha256_hex($body);
	my $canonical = join "\n", $method, join('/', map { encode($_) } split m{/}, $path, -1),
		join('&', sort map { my ($name, $value) = split /=/, $_, 2; encode($name) . '=' . encode($value // '') } split /&/, $query),
		(map { "$_:" . ($headers->{$_} // '') } split /;/, $signed), '', $signed, $hash;
	my $scope = "$date/$in/s3/aws4_request";
	my $derived = "AWS4$secret";
	$derived = hmac_sha256($_, $derived) foreach ($date, $in, 's3', 'aws4_request');
	my $expected = hmac_sha256_hex(join("\n", 'AWS4-HMAC-SHA256', $headers->{'x-amz-date'} // '', $scope, sha256_hex($canonical)), $derived);
	return $expected eq $signature ? () : (403, 'SignatureDoesNotMatch');
}

# The state of an object in the archive, nothing if it is not there. A new state is noted.
sub archived
{
	my ($path, $new) = @_;
	open my $file, '+>>', "$dir/archive" or die;
	flock $file, LOCK_EX;
	seek $file, 0, 0;
	my %state = map { split ' ' } <$file>;
	return $state{$path} unless defined $new;
	$state{$path} = $new;
	truncate $file, 0;
	print $file map { "$_ $state{$_}\n" } sort keys %state;
	return;
}

sub answer
{
	my ($client, $status, $headers, $body, $method) = @_;
	my $head = "HTTP/1.1 $status X\r\n" . join('', map { "$_: $headers->{$_}\r\n" } sort keys %$headers);
	$head .= 'Content-Length: ' . length($body) . "\r\n" unless exists $headers->{'content-length'};
	print $client "$head\r\n", $method eq 'HEAD' ? '' : $body;
	$client->flush;
	return 1;
}

sub refuse
{
	my ($client, $method, $status, $code, $region) = @_;
	my %headers = ('content-type' => 'application/xml');
	my $element = '';
	if (defined $region && $region ne '')
	{
		$headers{'x-amz-bucket-region'} = $region if $status == 301;
		$element = "<Region>$region</Region>";
	}
	return answer($client, $status, \%headers, "<?xml version=\"1.0\"?><Error><Code>$code</Code><Message>This is $code &amp; no more</Message>$element</Error>", $method);
}

# The other server's answer: status, headers, body.
sub forward
{
	my ($method, $url, $headers, $body, $without_range) = @_;
	my $server = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $backend) or return;
	my %sent = map { $_ => $headers->{$_} } grep { !/^(authorization|connection|expect|x-amz-security-token|x-amz-content-sha256)$/ } keys %$headers;
	delete $sent{range} if $without_range;
	$sent{connection} = 'close';
	print $server "$method $url HTTP/1.1\r\n", (map { "$_: $sent{$_}\r\n" } sort keys %sent), "\r\n", $body;
	my ($first, $answered) = read_head($server) or return;
	my ($status) = $first =~ / (\d+)/;
	my $got = '';
	if ($method ne 'HEAD')
	{
		local $/ = undef;
		$got = readline($server) // '';
		if (($answered->{'transfer-encoding'} // '') eq 'chunked')
		{
			my $whole = '';
			$whole .= substr $got, pos($got), hex $1 and pos($got) += 2 + hex $1 while $got =~ /\G([0-9a-fA-F]+)\r\n/gc && hex $1;
			$got = $whole;
		}
		delete @$answered{qw(transfer-encoding content-length)};
	}
	delete @$answered{qw(connection keep-alive)};
	return ($status, $answered, $got);
}

# The other server's tokens need a Node that is long gone. Ours are of characters that URLs, signatures and XML care for.
sub list_after
{
	my ($url) = @_;
	$url =~ s{continuation-token=%2B%26%2F%3D%20([0-9a-f]+)}{'start-after=' . encode(pack 'H*', $1)}e;
	return $url;
}

# A list with so many of its objects, and a token for the rest.
sub list_few
{
	my ($list, $most) = @_;
	my @objects = $list =~ m{<Contents>.*?</Contents>}gs;
	return $list if @objects <= $most;
	my ($key) = $objects[$most - 1] =~ m{<Key>(.*?)</Key>};
	my $token = '+&amp;/= ' . unpack('H*', $key);
	$list =~ s{<Contents>.*</Contents>}{join '', @objects[0 .. $most - 1]}se;
	$list =~ s{<IsTruncated>false</IsTruncated>}{<IsTruncated>true</IsTruncated><NextContinuationToken>$token</NextContinuationToken>};
	return $list;
}

# One request; false: the connection is at its end.
sub serve
{
	my ($client) = @_;
	my ($first, $headers) = read_head($client) or return 0;
	my ($method, $url) = $first =~ /^(\S+) (\S+) HTTP/ or return 0;
	print $client "HTTP/1.1 100 Continue\r\n\r\n" and $client->flush if lc($headers->{expect} // '') eq '100-continue';
	my $body = read_bytes($client, $headers->{'content-length'} // 0) // return 0;
	my ($path, $query) = split /\?/, $url, 2;
	note_request(join ' ', $method, $url, $headers->{range} // '-', "connection=$connections");
	my ($action, $argument) = fault_for("$method $url");
	$action //= '';
	return 0 if $action eq 'die';
	return refuse($client, $method, split /,/, $argument) if $action eq 'status';
	if (my @refusal = refusal($method, $path, $query // '', $headers, $body))
	{
		return refuse($client, $method, @refusal);
	}
	my $archived = archived($path);
	if ($archived && $method eq 'POST' && $query eq 'restore=')
	{
		return answer($client, 200, {}, '', $method) if $archived eq 'restored';
		return refuse($client, $method, 400, 'MalformedXML') if $body !~ m{^<RestoreRequest><Days>\d+</Days></RestoreRequest>$};
		return refuse($client, $method, 409, 'RestoreAlreadyInProgress') if $archived eq 'asked';
		archived($path, 'asked');
		return answer($client, 202, {}, '', $method);
	}
	return refuse($client, $method, 403, 'InvalidObjectState') if $archived && $archived ne 'restored' && $method eq 'GET';
	my ($status, $answered, $got) = forward($method, $action eq 'few' ? list_after($url) : $url, $headers, $body, $action eq 'whole') or return 0;
	# s3rver forgets what it has completed, and fails where S3 says so.
	return refuse($client, $method, 404, 'NoSuchUpload') if $status == 500 && "$method $url" =~ /^POST .*uploadId=/;
	return 0 if $action eq 'swallow';
	$got = list_few($got, $argument) if $action eq 'few';
	archived($path, 'frozen') if $status < 300 && ($headers->{'x-amz-storage-class'} // '') eq 'GLACIER';
	$answered->{'x-amz-storage-class'} = 'GLACIER' if $archived;
	my $wanted = ($headers->{'if-match'} // '') =~ s/"//gr;
	return refuse($client, $method, 412, 'PreconditionFailed') if $wanted ne '' && $status < 300 && $wanted ne ($answered->{etag} // '') =~ s/"//gr;
	if ($action eq 'truncate' || $action eq 'stall')
	{
		$answered->{'content-length'} = length $got;
		answer($client, $status, $answered, substr($got, 0, length($got) / 2), $method);
		while ($action eq 'stall' && getppid() == $parent) { sleep 1 }
		return 0;
	}
	substr($got, length($got) / 2, 1) ^= "\x55" if $action eq 'spoil';
	$got = substr $got, 0, index($got, $argument) if $action eq 'cut';
	return answer($client, $status, $answered, $got, $method);
}
