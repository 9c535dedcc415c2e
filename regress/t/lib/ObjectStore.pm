# An S3 server for tests: s3rver, with s3_proxy.pl before it, which checks signatures and fails when told to. Both end with the test.
package ObjectStore;
use strict;
use warnings FATAL => 'all';

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use IO::Socket::INET;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Time::HiRes qw(usleep);

my $here = dirname(abs_path(__FILE__));
my $owner = $$;
my @started;

# Where s3rver is: as .ci/deps has put it, or installed by npm into the test's folder; undef: neither.
sub _installation
{
	my ($dir) = @_;
	my $home = "$here/../../../build/s3rver";
	return $home if -e "$home/node_modules/.bin/s3rver";
	mkdir $dir;
	local $ENV{npm_config_cache} = "$dir/cache";
	local $ENV{HOME} = $dir;
	return system("cp '$here/../s3rver/package.json' '$dir' && cd '$dir' && npm install --no-package-lock --no-audit --no-fund --silent > log 2>&1") == 0 ? $dir : undef;
}

# new(FOLDER, BUCKET ...): undef where there is no s3rver. Keys are checked from the start: test, secret.
sub new
{
	my ($class, $dir, @buckets) = @_;
	mkdir $dir;
	my $home = _installation("$dir/npm") or return;
	mkdir "$dir/$_" foreach ('data', 'home', map { "data/$_" } @buckets);
	my $self = bless { dir => $dir, faults => "$dir/faults", log => "$dir/log", server_port => PostgreSQL::Test::Cluster::get_free_port() }, $class;
	$self->keys('test', 'secret', 'us-east-1');
	$self->faults();
	push @started, $self;
	$self->{program} = "$home/node_modules/.bin/s3rver";
	$self->{server} = $self->_start($self->{server_port});
	$self->{proxy} = IPC::Run::start([ $^X, "$here/s3_proxy.pl", $dir, $self->{server_port} ], '>', "$dir/proxy.log", '2>&1');
	for (1 .. 600)
	{
		last if -s "$dir/port";
		usleep(100_000);
	}
	$self->{port} = slurp_file("$dir/port");
	return $self;
}

# A server process on that port, once it listens.
sub _start
{
	my ($self, $port, @more) = @_;
	local $ENV{HOME} = "$self->{dir}/home";
	my $process = IPC::Run::start([ $self->{program}, '-s', '-a', '127.0.0.1', '-p', $port, '-d', "$self->{dir}/data", @more ], '>>', "$self->{dir}/s3rver.log", '2>&1');
	for (1 .. 600)
	{
		return $process if IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port);
		usleep(100_000);
	}
	die 's3rver does not start';
}

# The same objects by TLS, without proxy; the port.
sub start_tls
{
	my ($self, $key, $certificate) = @_;
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	$self->{tls} = $self->_start($port, '--key', $key, '--cert', $certificate);
	return $port;
}

sub endpoint { my ($self) = @_; return "http://127.0.0.1:$self->{port}" }

# keys(ACCESS KEY, SECRET, REGION, TOKEN): what requests must be signed with from now on; nothing: no signatures needed.
sub keys
{
	my ($self, @lines) = @_;
	unlink "$self->{dir}/keys";
	append_to_file("$self->{dir}/keys", join("\n", @lines) . "\n") if @lines;
	return;
}

# faults(LINE ...): what goes wrong from now on, as s3_proxy.pl says, in place of what was to go wrong before.
sub faults
{
	my ($self, @lines) = @_;
	# At once: a request that is still being answered must not write over half of it.
	unlink "$self->{faults}.new";
	append_to_file("$self->{faults}.new", join('', map { "$_\n" } @lines));
	rename "$self->{faults}.new", $self->{faults};
	return;
}

# archive(FROM, TO): objects of the archive in one state are in another one from now on; gives how many.
sub archive
{
	my ($self, $from, $to) = @_;
	my $text = slurp_file("$self->{dir}/archive");
	my $n = $text =~ s/ $from$/ $to/gm;
	unlink "$self->{dir}/archive";
	append_to_file("$self->{dir}/archive", $text);
	return $n + 0;
}

# The requests since the last call, "METHOD URL RANGE connection=N" each.
sub requests
{
	my ($self) = @_;
	return () unless -e $self->{log};
	my @lines = split /\n/, slurp_file($self->{log});
	unlink $self->{log};
	return @lines;
}

# stop('server'), stop('proxy'): dies.
sub stop
{
	my ($self, $what) = @_;
	$self->{$what}->kill_kill(grace => 1) if $self->{$what};
	delete $self->{$what};
	return;
}

# Not at the objects' own end: what runs the processes is gone by then. A child of the test's has them, too, and leaves them alone.
END
{
	local $?;
	if ($$ == $owner)
	{
		foreach my $store (@started) { $store->stop($_) foreach ('proxy', 'server', 'tls') }
	}
}

1;
