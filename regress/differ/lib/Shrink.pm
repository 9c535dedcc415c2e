# Query texts that know how to become smaller: either(FULL, SIMPLE) marks a part of a text and what may stand there instead. Parts nest.
package Shrink;
use strict;
use warnings FATAL => 'all';

use Exporter 'import';
our @EXPORT_OK = qw(either render shrink);

my ($open, $or, $close) = ("\x01", "\x02", "\x03");

sub either { my ($full, $simple) = @_; return "$open$full$or$simple$close" }

# The text as SQL: every part in full.
sub render
{
	my ($text) = @_;
	1 while $text =~ s/$open([^$open$or$close]*)$or[^$open$or$close]*$close/$1/g;
	return $text;
}

# The text with the part that opens at $at made simple.
sub simpler
{
	my ($text, $at) = @_;
	my ($depth, $middle) = (0);
	for (my $i = $at; $i < length $text; $i++)
	{
		my $c = substr $text, $i, 1;
		if ($c eq $open) { $depth++ }
		elsif ($c eq $or and $depth == 1) { $middle = $i }
		elsif ($c eq $close and --$depth == 0)
		{
			return substr($text, 0, $at) . substr($text, $middle + 1, $i - $middle - 1) . substr($text, $i + 1);
		}
	}
	die 'unbalanced text';
}

# The smallest text, of those tried, for which $holds->(text) is still true; big parts are tried first.
sub shrink
{
	my ($text, $holds, $tries) = @_;
	my $before;
	do
	{
		$before = $text;
		for (my $at = index $text, $open; $at >= 0 and $tries-- > 0;)
		{
			my $candidate = simpler($text, $at);
			my $better = $holds->($candidate);
			$text = $candidate if $better;
			$at = index $text, $open, $better ? $at : $at + 1;
		}
	} while ($text ne $before and $tries > 0);
	return $text;
}

1;
