# The random tables: made once in schema "plain" (heap) and once in "columns" (epiphany_column), by the same changes, so both hold the
# same rows; schema "mixed" has views of some of either. The column tables have row groups, rows in the delta, deleted, updated and moved
# rows, and columns that came and went after the load.
#
# A table here is { name, rows, columns => [{ name, type, peak }] }; peak is how many rows at most share a value.
package Tables;
use strict;
use warnings FATAL => 'all';

use Values qw(%types @types any upto chance);

# A column's values, in the order of rows.
sub fill
{
	my ($type, $rows) = @_;
	my $value = $types{$type}{value};
	my $nth = $types{$type}{nth};
	my $shape = any(qw(free free free dictionary dictionary skewed clustered sorted sorted), chance(0.3) ? 'constant' : 'free');
	my @few = map { $value->() } 1 .. any(2, 5, 20);
	my ($run, @values) = ('');
	for my $i (0 .. $rows - 1)
	{
		$run = $value->() if $i == 0 or chance(0.01);
		push @values, $shape eq 'dictionary' ? any(@few) : $shape eq 'skewed' ? (chance(0.95) ? $few[0] : $value->())
		  : $shape eq 'clustered' ? $run : $shape eq 'constant' ? $few[0] : $shape eq 'sorted' && $nth ? $nth->($i) : $value->();
	}
	my $nulls = any(0, 0, 0, 0.05, 0.05, 0.5, chance(0.2) ? 1 : 0);
	# NULLs here and there, or all in a row.
	my $from = chance(0.7) ? -1 : upto($rows);
	my $null = sub { my ($i) = @_; return $from < 0 ? chance($nulls) : $i >= $from && $i < $from + $nulls * $rows };
	@values = map { $null->($_) ? undef : $values[$_] } 0 .. $#values;
	return \@values;
}

sub new_table
{
	my ($name, $rows) = @_;
	my @columns = { name => 'id', type => 'key', peak => 1, values => [ 1 .. $rows ], constraint => ' NOT NULL' };
	foreach my $type (@types)
	{
		my $copies = any(0, 1, 1, 1, 1, 2);
		$copies = 2 if $type =~ /^(key|small)$/;
		for my $copy (1 .. $copies)
		{
			my $values = fill($type, $rows);
			my %count;
			$count{ $_ // '' }++ foreach @$values;
			my ($peak) = sort { $b <=> $a } 1, values %count;
			my $constraint = $rows && !exists $count{''} && chance(0.5) ? ' NOT NULL' : '';
			push @columns, { name => $type . '_' . $copy, type => $type, peak => $peak, values => $values, constraint => $constraint };
		}
	}
	# id stays in front or goes among the others: what lies before a column matters to a row store.
	@columns = (@columns[ 1 .. $#columns ], $columns[0]) if chance(0.5);
	return { name => $name, rows => $rows, columns => \@columns };
}

sub definition
{
	my ($table, $more) = @_;
	return "($more" . join(', ', map { "$_->{name} $types{$_->{type}}{sql}$_->{constraint}" } @{ $table->{columns} }) . ')';
}

# Changes of a loaded table, as statements with @ for the schema.
sub changes
{
	my ($table) = @_;
	my ($name, $rows) = @$table{qw(name rows)};
	my @columns = grep { $_->{name} ne 'id' and !$_->{constraint} } @{ $table->{columns} };
	my $range = sub { my $low = upto($rows); "id BETWEEN $low AND " . ($low + any(0, 10, $rows / 10, $rows / 3)) };
	my @changes;
	for (1 .. any(0, 3, 6))
	{
		my ($one, $other) = (any(@columns), any(@columns));
		my ($same) = grep { $_->{type} eq $one->{type} and $_ != $one } @columns;
		my $where = chance(0.5) ? $range->() : 'id % ' . any(7, 50, 333) . ' = 3';
		push @changes, any(
			"DELETE FROM \@$name WHERE $where",
			"UPDATE \@$name SET $one->{name} = " . ($same ? $same->{name} : 'NULL') . " WHERE $where",
			"UPDATE \@$name SET $other->{name} = " . Values::literal($other->{type}) . " WHERE $where");
	}
	return @changes;
}

# insert_all($connection, $table): the rows, as SQL of bounded size, into plain.
sub insert_all
{
	my ($connection, $table) = @_;
	my @columns = @{ $table->{columns} };
	my $names = join ', ', map { $_->{name} } @columns;
	for (my $from = 0; $from < $table->{rows}; $from += 500)
	{
		my $to = $from + 499 < $table->{rows} ? $from + 499 : $table->{rows} - 1;
		$connection->must("INSERT INTO plain.$table->{name} ($names) VALUES "
			  . join ",\n", map { my $i = $_; '(' . join(', ', map { Values::quoted($_->{values}[$i]) } @columns) . ')' } $from .. $to);
	}
}

# make($connection): the tables, random by srand(). The same in both schemas at the end, or it dies.
sub make
{
	my ($connection) = @_;
	my @tables = map { new_table(@$_) } [ none => 0 ], [ tiny => 9 ], [ mid => 400 ], [ parts => 900 ], [ big => 1800 ], [ huge => 5000 ];

	$connection->must($_) foreach @Values::setup, 'CREATE SCHEMA plain', 'CREATE SCHEMA columns', 'CREATE SCHEMA mixed';
	foreach my $table (@tables)
	{
		my $name = $table->{name};
		my $by = $name eq 'parts' ? 'PARTITION BY RANGE (id)' : '';
		my $gone = chance(0.5) ? "gone text DEFAULT 'gone', " : '';
		my $both = sub {
			my ($statement) = @_;
			foreach my $schema (qw(plain columns)) { (my $one = $statement) =~ s/\@/$schema./g; $connection->must($one) }
		};
		my $options = 'epiphany.row_group_rows = ' . any(2048, 4096) . ', epiphany.compression = ' . any(qw(none lz4 zstd));
		if ($by)
		{
			$both->("CREATE TABLE \@$name " . definition($table, $gone) . " $by");
			foreach ([ 1, 0, 300, 'epiphany_column' ], [ 2, 300, 600, 'heap' ], [ 3, 600, 10000, 'epiphany_column' ])
			{
				my ($part, $from, $to, $am) = @$_;
				$connection->must("CREATE TABLE plain.parts_$part PARTITION OF plain.parts FOR VALUES FROM ($from) TO ($to) USING heap");
				$connection->must("CREATE TABLE columns.parts_$part PARTITION OF columns.parts FOR VALUES FROM ($from) TO ($to) USING $am");
			}
		}
		else
		{
			$connection->must("CREATE TABLE plain.$name " . definition($table, $gone) . ' USING heap');
			$connection->must("CREATE TABLE columns.$name " . definition($table, $gone) . ' USING ' . any(qw(epiphany_column epiphany_vector)) . " WITH ($options)");
		}
		insert_all($connection, $table);
		# In portions: each is a row group, or rows of the delta.
		for (my $from = 1; $from <= $table->{rows};)
		{
			my $to = $from + any(300, 2100, 2100, 5000);
			$connection->must('BEGIN; SET LOCAL epiphany.debug_force_row_groups = ' . any(qw(on on off))
				  . "; INSERT INTO columns.$name SELECT * FROM plain.$name WHERE id >= $from AND id < $to ORDER BY id; COMMIT");
			$from = $to;
		}
		$both->($_) foreach changes($table);
		$both->("ALTER TABLE \@$name DROP COLUMN gone") if $gone;
		$both->("ALTER TABLE \@$name ADD COLUMN late_1 integer DEFAULT 7, ADD COLUMN late_2 text") if chance(0.5) and $table->{late} = 1;
		$connection->must("SELECT epiphany.compact('columns.$name')") if chance(0.3);
		$both->($_) foreach changes($table);
		$both->("CREATE INDEX ON \@$name (id)") if chance(0.7);
		my $indexed = any(map { $_->{name} } @{ $table->{columns} });
		$both->("CREATE INDEX ON \@$name ($indexed)") if chance(0.7);
		$both->("ANALYZE \@$name");
		my @late = map { { name => $_->[0], type => $_->[1], peak => $table->{rows} } } [ 'late_1', 'small' ], [ 'late_2', 'text' ];
		push @{ $table->{columns} }, @late if $table->{late};
		delete @$_{qw(values constraint)} foreach @{ $table->{columns} };
		my ($count) = $connection->must("SELECT count(*) FROM plain.$name");
		($table->{rows}) = Wire::values($count->{rows}[0]);
		$connection->must("CREATE VIEW mixed.$name AS SELECT * FROM " . any(qw(plain columns)) . ".$name");
	}
	return @tables;
}

1;
