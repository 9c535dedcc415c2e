# A connection to the server: PostgreSQL's protocol as far as the simple query goes, over the Unix socket that PGHOST names.
# Results come as text. Several connections may have a query under way at once: send() to each, then receive() from each.
package Wire;
use strict;
use warnings FATAL => 'all';

use IO::Socket::UNIX;

# new(name => ..., settings => [[name, value], ...])
sub new
{
	my ($class, %how) = @_;
	my $self = bless { %how, buffer => '' }, $class;
	my $path = "$ENV{PGHOST}/.s.PGSQL.$ENV{PGPORT}";
	$self->{socket} = IO::Socket::UNIX->new(Type => SOCK_STREAM, Peer => $path) or die "$path: $!\n";
	my $startup = join "\0", user => $ENV{PGUSER}, database => $ENV{PGDATABASE}, application_name => $how{name}, '', '';
	$self->write(pack('NN', length($startup) + 8, 196608) . $startup);
	my ($result) = $self->receive;
	die "$result->{code}: $result->{message}\n" if $result and $result->{code};
	# What the library defines is known once it is loaded.
	$self->must("LOAD 'pg_epiphany'");
	$self->must("SET $_->[0] = $_->[1]") foreach @{ $how{settings} // [] };
	return $self;
}

sub write
{
	my ($self, $bytes) = @_;
	my $done = 0;
	local $SIG{PIPE} = 'IGNORE';
	while ($done < length $bytes)
	{
		$done += syswrite($self->{socket}, $bytes, length($bytes) - $done, $done) // return;
	}
}

# At least so many bytes in the buffer; false when the server is gone.
sub fill
{
	my ($self, $length) = @_;
	while (length $self->{buffer} < $length)
	{
		sysread($self->{socket}, $self->{buffer}, 65536, length $self->{buffer}) or return 0;
	}
	return 1;
}

sub send
{
	my ($self, $sql) = @_;
	$self->write('Q' . pack('N', length($sql) + 5) . "$sql\0");
}

# The results of what was sent: for each statement { tag, rows } or, last, { code, message }. A row is the bytes of its DataRow message.
# The code of a connection that broke is 'gone', or '57P02' where the server ended it because another process crashed. A transaction
# left open is rolled back.
sub receive
{
	my ($self) = @_;
	my (@results, @rows, $bystander);
	while (1)
	{
		if (!$self->fill(5) || !$self->fill(1 + unpack 'x N', $self->{buffer}))
		{
			return (@results, { code => $bystander ? '57P02' : 'gone', message => 'the connection is gone', rows => [] });
		}
		my ($type, $length) = unpack 'a N', $self->{buffer};
		my $body = substr $self->{buffer}, 5, $length - 4;
		substr($self->{buffer}, 0, $length + 1, '');
		if ($type eq 'D') { push @rows, $body }
		elsif ($type eq 'C') { push @results, { tag => unpack('Z*', $body), rows => [@rows] }; @rows = () }
		elsif ($type eq 'E')
		{
			my %field = map { substr($_, 0, 1) => substr $_, 1 } grep { length } split /\0/, $body;
			push @results, { code => $field{C}, message => $field{M}, rows => [@rows] };
			@rows = ();
		}
		elsif ($type eq 'N') { $bystander = 1 if $body =~ /\0C57P02\0/ }
		elsif ($type eq 'Z')
		{
			$self->run('ROLLBACK') if $body ne 'I';
			return @results;
		}
	}
}

sub run
{
	my ($self, $sql) = @_;
	$self->send($sql);
	return $self->receive;
}

# Like run(), for what must succeed.
sub must
{
	my ($self, $sql) = @_;
	my @results = $self->run($sql);
	foreach (@results) { die "$self->{name}: $_->{code} $_->{message}\n" . substr($sql, 0, 2000) . "\n" if $_->{code} }
	return @results;
}

# A row's values; undef for NULL.
sub values
{
	my ($row) = @_;
	my ($count, $at, @values) = (unpack('n', $row), 2);
	for (1 .. $count)
	{
		my $length = unpack 'l>', substr $row, $at, 4;
		push @values, $length < 0 ? undef : substr $row, $at + 4, $length;
		$at += 4 + ($length < 0 ? 0 : $length);
	}
	return @values;
}

1;
