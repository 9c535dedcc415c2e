# Random expressions out of the file "grammar". A scope says which columns there are; what an expression may do besides is the statement's.
#
# Scope: [ { sql, type, peak } ]. Statement: { raise, lazy, place, parameters }: whether errors may be raised; whether one was put where it
# cannot be told if a row gets there; where we are ("output" or not); values of a prepared statement's parameters.
package Expressions;
use strict;
use warnings FATAL => 'all';

use Exporter 'import';
our @EXPORT_OK = qw(expression column condition usable produce %produce);
use Values qw(%types @types any upto chance literal);
use Shrink qw(either);

# Which columns stand for a type; the type itself always does.
my %stands = (
	int4 => [qw(small posint)], int8 => [qw(key)], float4 => [qw(exact4)], float8 => [qw(exact8 special8 rough8)],
	numeric => [qw(cents scale5)], date => [qw(day)], timestamp => [qw(moment)], timestamptz => [qw(instant)],
	interval => [qw(span)], text => [qw(word varchar label)]);

# type (or "aggregate", "rough", "window", with the result's type in {type}) => productions
our %produce;
sub read_grammar
{
	my ($path) = @_;
	open my $file, '<', $path or die "$path: $!\n";
	while (<$file>)
	{
		next if /^(#|\s*$)/;
		/^(?:(aggregate|rough|window) )?(\w+)\t([^\t\n]+?)(?: (total|peers|rows))?(\t!)?$/ or die "$path:$.: not a production: $_";
		push @{ $produce{ $1 // $2 } }, { type => $2, text => $3, window => $4, raises => $5 };
	}
}

sub constant
{
	my ($statement, $type) = @_;
	my $parameters = $statement->{parameters};
	return literal($type) if !$parameters or chance(0.5) or $types{$type}{sql} =~ /COLLATE/ or @$parameters > 8;
	# Two values: the statement is executed with either.
	my $values = [ literal($type), chance(0.1) ? 'NULL' : literal($type) ];
	$values->[0] =~ /::([a-z][a-z0-9 \[\]]*)$/ or die $values->[0];
	push @$parameters, { type => $1, values => $values };
	return '$' . @$parameters;
}

# A column of the type, or undef.
sub column
{
	my ($scope, $type) = @_;
	my %fits = map { $_ => 1 } $type, @{ $stands{$type} // [] };
	my @columns = grep { $fits{ $_->{type} } } @$scope;
	return @columns ? any(@columns) : undef;
}

sub leaf
{
	my ($statement, $scope, $type) = @_;
	my $column = chance(0.85) ? column($scope, $type) : undef;
	return $column ? $column->{sql} : constant($statement, $type);
}

sub comparison
{
	my ($statement, $scope, $depth) = @_;
	my $type = @$scope && chance(0.8) ? any(@$scope)->{type} : any(@types);
	my $operator = any(qw(= = = < <= > >= <>), 'IS DISTINCT FROM');
	return expression($statement, $scope, $type, $depth - 1) . " $operator "
	  . expression($statement, $scope, $type, chance(0.6) ? 0 : $depth - 1);
}

# The text of a production with its holes filled.
sub produce
{
	my ($statement, $scope, $production, $depth) = @_;
	my $lazily = $production->{text} =~ /\b(AND|OR)\b/;
	local $statement->{place} = 'somewhere' if $lazily;
	if ($production->{raises}) { $statement->{raised} = 1; $statement->{lazy} = 1 if $statement->{place} ne 'output' }
	my @filled;
	(my $text = $production->{text}) =~ s{([@#~])([a-z_]+[0-9]?)|(\\1)}{
		my ($how, $type, $again) = ($1, $2, $3);
		$again ? $filled[0] : do {
			push @filled, $how eq '~' ? constant($statement, $type) : $how eq '#' ? leaf($statement, $scope, $type)
			  : $type eq 'comparison' ? comparison($statement, $scope, $depth) : expression($statement, $scope, $type, $depth - 1);
			$filled[-1] }
	}ge;
	return $text;
}

# Productions that may be used now.
sub usable
{
	my ($statement, $kind) = @_;
	my @all = @{ $produce{$kind} // [] };
	my @raising = grep { $_->{raises} } @all;
	return @raising if @raising and $statement->{raise} and chance(0.4);
	return grep { !$_->{raises} || $statement->{raise} } @all;
}

sub expression
{
	my ($statement, $scope, $type, $depth) = @_;
	my @productions = usable($statement, $type);
	return produce($statement, $scope, any(@productions), $depth) if $type eq 'test';
	return leaf($statement, $scope, $type) if $depth <= 0 || !@productions || chance(0.3);
	my $full = produce($statement, $scope, any(@productions), $depth);
	return either($full, leaf($statement, $scope, $type));
}

# One that is worth asking of rows: no bare constant.
sub condition
{
	my ($statement, $scope, $depth) = @_;
	local $statement->{place} = 'condition';
	return produce($statement, $scope, any(usable($statement, 'bool')), $depth // 2);
}

1;
