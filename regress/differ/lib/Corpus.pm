# Fixed statements: TPC-H's queries (bench/tpch), those of corpus/store, and corpus/cases: a file for each bug that was found.
#
# A statement ends with a semicolon at the end of a line. Its rows are compared as a bag, their texts exactly. A comment before it may say
# otherwise: "-- compare: sorted 2 1, rough 5": the rows come sorted by these columns; these are sums of floats.
# A case may make tables: they are the access method's of the settings it runs under, in a schema of its own that is dropped after it.
package Corpus;
use strict;
use warnings FATAL => 'all';

use FindBin;

use constant SCALE => 0.01;	# of TPC-H

my $corpus = "$FindBin::Bin/corpus";
my $tpch = "$FindBin::Bin/../../bench/tpch";

sub text { my ($path) = @_; local $/; open my $file, '<', $path or die "$path: $!\n"; return <$file> }

# A file's statements.
sub statements
{
	my ($path) = @_;
	my @statements;
	my $scale = SCALE;
	foreach my $sql (split /;[ \t]*(?:\n|\z)/, text($path) =~ s/:scale\b/$scale/r)
	{
		next unless $sql =~ /^\s*[^\s-]/m;
		my @columns = map { { type => 'any', kind => 'exact' } } 1 .. 100;
		my ($compare) = $sql =~ /^-- compare: (.*)$/m;
		my %how = map { my ($word, @columns) = split; $word => [ map { $_ - 1 } @columns ] } split /, */, $compare // '';
		$columns[$_]{kind} = 'rough' foreach @{ delete $how{rough} // [] };
		my $order = delete $how{sorted};
		die "$path: unknown: " . join(' ', keys %how) . "\n" if %how;
		push @statements, { sql => $sql, columns => \@columns, order => $order };
	}
	return @statements;
}

# The tables of TPC-H and of the store, on both sides.
sub prepare
{
	my ($connection) = @_;
	my ($schema, $keys) = map { text("$tpch/$_.sql") =~ s/^SET .*$//mr } qw(schema keys);
	my @tables = $schema =~ /^CREATE TABLE (\w+)/mg;
	foreach my $side ([ 'plain', 'heap' ], [ 'columns', 'epiphany_column' ])
	{
		$connection->must("SET search_path = $side->[0], public; SET default_table_access_method = $side->[1]");
		$connection->must($schema);
		foreach my $table (@tables)
		{
			if ($side->[0] eq 'columns') { $connection->must("INSERT INTO $table SELECT * FROM plain.$table") }
			else
			{
				system("$tpch/generate $table @{[SCALE]} | psql -qXc 'COPY plain.$table FROM STDIN'") == 0 or die "COPY of $table failed\n";
			}
		}
		$connection->must($keys);
		$connection->must($_->{sql}) foreach statements("$corpus/store/tables.sql");
		$connection->must('ANALYZE');
	}
	# Every table that has no view yet, from one side or the other in turn.
	my ($result) = $connection->must("SELECT relname FROM pg_class WHERE relnamespace = 'plain'::regnamespace AND relkind = 'r'"
		  . " AND NOT relispartition AND to_regclass('mixed.' || relname) IS NULL ORDER BY relname");
	my $n = 0;
	foreach my $name (map { Wire::values($_) } @{ $result->{rows} })
	{
		$connection->must("CREATE VIEW mixed.$name AS SELECT * FROM " . ($n++ % 2 ? 'plain' : 'columns') . ".$name");
	}
}

# Calls $try->(name, statement) for each statement; $everywhere->(sql) runs SQL on every connection before and after each case.
sub each
{
	my ($try, $everywhere) = @_;
	foreach my $path (sort glob "$tpch/queries/*.sql")
	{
		my ($number) = $path =~ m{/(\d+)\.sql$} or next;
		$try->("TPC-H $number", $_) foreach statements($path);
	}
	my $n = 0;
	$try->('store ' . ++$n, $_) foreach statements("$corpus/store/queries.sql");
	foreach my $path (sort glob "$corpus/cases/*.sql")
	{
		my $number = 0;
		$everywhere->('CREATE SCHEMA own_%s');
		$try->($path =~ s{.*/}{}r . ', statement ' . ++$number, $_) foreach statements($path);
		$everywhere->('DROP SCHEMA own_%s CASCADE');
	}
}

1;
