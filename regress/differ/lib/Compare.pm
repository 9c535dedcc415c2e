# Whether two results of a statement are the same, as far as SQL says what they are.
#
# Exact columns must have the same text. "value" columns hold one of several equal values (-0 and 0, 1.0 and 1.00): the same canonical text.
# "rough" columns are sums of floats, which depend on the order of rows: |a - b| <= 1e-9 * max(|a|, |b|, 1).
# Rows are a bag; where the statement sorts them, the sorted columns must also come in the same sequence (which leaves ties free).
#
# Errors: the same SQLSTATE, or both of class 22: which bad row is met first cannot be told. A statement where it cannot be told whether a
# bad row is met at all ("lazy") may raise such an error on one side only; it is "undecided".
package Compare;
use strict;
use warnings FATAL => 'all';

use Wire;

use constant TOLERANCE => 1e-9;

sub canonical
{
	my ($type, $text) = @_;
	return $text unless defined $text;
	if ($type =~ /^(float[48]|exact[48]|special8|rough8)$/) { return $text eq '-0' ? '0' : $text }
	if ($type =~ /^(numeric|cents|scale5)$/) { $text =~ s/0+$// if $text =~ /\./; $text =~ s/\.$//; return $text }
	if ($type eq 'bpchar') { $text =~ s/ +$//; return $text }
	return lc $text if $type eq 'nocase';
	if ($type =~ /^(interval|span)$/) { return interval($text) }
	return $text;
}

# The length of an interval in PostgreSQL's order, where a month has 30 days and a day 24 hours: days and microseconds.
sub interval
{
	my ($text) = @_;
	return $text unless $text =~ /\d/;
	my ($days, $micros, $rest) = (0, 0, $text);
	$days += $1 * { year => 360, mon => 30, day => 1 }->{$2} while $rest =~ s/(-?\d+) (year|mon|day)s?//;
	if ($rest =~ /(-?)(\d+):(\d\d):(\d\d)(?:\.(\d+))?/)
	{
		$micros = (($2 * 60 + $3) * 60 + $4) * 1000000 + substr(($5 // '') . '000000', 0, 6);
		$micros = -$micros if $1;
	}
	$days += int($micros / 86400000000);
	$micros -= int($micros / 86400000000) * 86400000000;
	if ($days > 0 && $micros < 0) { $days--; $micros += 86400000000 }
	if ($days < 0 && $micros > 0) { $days++; $micros -= 86400000000 }
	return "$days days $micros";
}

sub near
{
	my ($one, $other) = @_;
	return !defined $one && !defined $other unless defined $one and defined $other;
	return 1 if $one eq $other;
	return 0 if $one =~ /[a-z]{3}/i or $other =~ /[a-z]{3}/i;
	my ($size) = sort { $b <=> $a } abs $one, abs $other, 1;
	return abs($one - $other) <= TOLERANCE * $size;
}

sub text { return join ' | ', map { $_ // '<null>' } @_ }

# Rows as comparable texts, with those of rough columns apart: [ text, [rough values] ].
sub comparable
{
	my ($rows, $columns) = @_;
	return map {
		my @values = Wire::values($_);
		my (@rough, @key);
		for my $i (0 .. $#values)
		{
			my $column = $columns->[$i];
			if (!$column || $column->{kind} eq 'exact') { push @key, $values[$i] }
			elsif ($column->{kind} eq 'rough') { push @rough, $values[$i]; push @key, '~' }
			else { push @key, canonical($column->{type}, $values[$i]) }
		}
		[ text(@key), \@rough, \@values ]
	} @$rows;
}

sub by_text { return $a->[0] cmp $b->[0] || by_number($a->[1][0], $b->[1][0]) || by_number($a->[1][1], $b->[1][1]) }
sub by_number
{
	my ($one, $other) = map { !defined $_ ? -9e300 : /[a-z]{3}/i ? 9e300 : $_ } @_;
	return $one <=> $other;
}

# What is different in two sets of rows; nothing if they are the same.
sub rows_differ
{
	my ($expected, $got, $columns, $order) = @_;
	return if join('', @$expected) eq join '', @$got;
	return if !$order && join('', sort @$expected) eq join '', sort @$got;
	my @expected = comparable($expected, $columns);
	my @got = comparable($got, $columns);
	if ($order)
	{
		my $sequence = sub {
			return map { my $row = $_; text(map { canonical($columns->[$_]{type}, $row->[2][$_]) } @$order) } @_;
		};
		my @e = $sequence->(@expected);
		my @g = $sequence->(@got);
		foreach my $i (0 .. ($#e < $#g ? $#e : $#g))
		{
			return "row $i sorts differently: expected $e[$i], got $g[$i]" if $e[$i] ne $g[$i];
		}
	}
	@expected = sort by_text @expected;
	@got = sort by_text @got;
	my (@missing, @surplus);
	while (@expected or @got)
	{
		my $sign = !@got ? -1 : !@expected ? 1 : $expected[0][0] cmp $got[0][0];
		if ($sign == 0)
		{
			my ($e, $g) = (shift @expected, shift @got);
			next unless grep { !near($e->[1][$_], $g->[1][$_]) } 0 .. $#{ $e->[1] };
			push @missing, $e;
			push @surplus, $g;
		}
		elsif ($sign < 0) { push @missing, shift @expected }
		else { push @surplus, shift @got }
	}
	return unless @missing or @surplus;
	my $show = sub {
		my ($sign, @rows) = @_;
		return map { substr("  $sign " . text(@{ $_->[2] }), 0, 400) . "\n" } @rows[ 0 .. ($#rows < 4 ? $#rows : 4) ];
	};
	return scalar(@missing) . ' rows missing, ' . scalar(@surplus) . " too many; the first of them:\n"
	  . join '', $show->('-', @missing), $show->('+', @surplus);
}

# differ(statement, expected results, results): what is different, '' if nothing, undef if it cannot be told.
sub differ
{
	my ($statement, $expected, $got) = @_;
	my ($wanted) = grep { $_->{code} } @$expected;
	my ($error) = grep { $_->{code} } @$got;
	return 'the server broke down' if $error and $error->{code} eq 'gone';
	return 'another process broke down' if $error and $error->{code} eq '57P02';
	if ($wanted or $error)
	{
		my ($one, $other) = map { $_ ? $_->{code} : '' } $wanted, $error;
		return '' if $one eq $other or "$one $other" =~ /^22... 22...$/;
		return undef if $statement->{lazy} and "$one$other" =~ /^22...$/;
		return 'expected ' . ($wanted ? "error $one: $wanted->{message}" : 'no error')
		  . ', got ' . ($error ? "error $other: $error->{message}" : 'none');
	}
	my @expected = grep { $_->{tag} =~ /^(SELECT|FETCH|EXECUTE)/ } @$expected;
	my @got = grep { $_->{tag} =~ /^(SELECT|FETCH|EXECUTE)/ } @$got;
	return scalar(@expected) . ' results expected, got ' . scalar(@got) if @expected != @got;
	if ($statement->{together})
	{
		@expected = { rows => [ map { @{ $_->{rows} } } @expected ] };
		@got = { rows => [ map { @{ $_->{rows} } } @got ] };
	}
	foreach my $i (0 .. $#expected)
	{
		my $difference = rows_differ($expected[$i]{rows}, $got[$i]{rows}, $statement->{columns}, $statement->{order});
		return (@expected > 1 ? 'result ' . ($i + 1) . ': ' : '') . $difference if $difference;
	}
	return '';
}

1;
