# pgbench clients in the background, each running a script of its own over and over until it fails or its server dies.
package Clients;
use strict;
use warnings FATAL => 'all';

use IPC::Run;
use PostgreSQL::Test::Utils;

# start($node, \%scripts, names => [...], on => $standby, options => [...]): the scripts named, or all. Files are kept with the node; the
# clients connect to "on" if it is another. Each client is a hash: name, out, err, and run, to be finished.
sub start
{
	my ($node, $scripts, %how) = @_;
	my $server = $how{on} // $node;
	my @clients;
	for my $name (@{ $how{names} // [ sort keys %$scripts ] })
	{
		my $file = $node->basedir . "/$name.sql";
		append_to_file($file, $scripts->{$name}) unless -e $file;
		my %client = (name => $name, out => '', err => '');
		$client{run} = IPC::Run::start(
			[ 'pgbench', '-n', '-c', 1, '-T', 60, @{ $how{options} // [] }, '-f', $file, '-h', $server->host, '-p', $server->port, 'postgres' ],
			'<', \undef, '>', \$client{out}, '2>', \$client{err});
		push @clients, \%client;
	}
	return @clients;
}

1;
