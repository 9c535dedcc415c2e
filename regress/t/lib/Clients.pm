# pgbench clients in the background, each running a script of its own over and over until it fails or its server dies.
package Clients;
use strict;
use warnings FATAL => 'all';

use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

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

# on_both(\@variables, $begin, @statements): a script of one transaction; statements that name TABLE are asked of "model" and of "t".
sub on_both
{
	my ($variables, $begin, @statements) = @_;
	return join "\n", @$variables, "BEGIN$begin;",
		(map { my $s = $_; $s =~ /TABLE/ ? map { (my $t = $s) =~ s/TABLE/$_/g; "$t;" } ('model', 't') : "$s;" } @statements), "COMMIT;\n";
}

# crash($node, $standby, \%scripts, $least, $until, $round): all scripts at work, and "check" on the standby as well if there is one, until the
# server dies after some seconds, at least so many, and not before the query $until says that what is to be tested has begun, however slow the
# machine; then it is started again.
sub crash
{
	my ($node, $standby, $scripts, $least, $until, $round) = @_;
	my @how = (options => [ '-T', 120, '--max-tries=1000' ]);
	my @clients = start($node, $scripts, @how);
	push @clients, start($node, $scripts, @how, names => ['check'], on => $standby) if $standby;
	usleep($least * 1_000_000 + int(rand(2_000_000)));
	ok($node->poll_query_until('postgres', $until), "round $round: what is to be tested has begun");
	$node->stop('immediate');
	$_->{run}->signal('TERM') for grep { $_->{err} eq '' } @clients;
	$_->{run}->finish for @clients;
	my @failed = grep { $_->{err} =~ /ERROR|too many clients/ && $_->{err} !~ /deadlock|terminat|starting up|recovery/ } @clients;
	is(join("\n", map { "$_->{name}: $_->{err}" } @failed), '', "round $round: no client failed, no check found a difference");
	$node->start;
}

1;
