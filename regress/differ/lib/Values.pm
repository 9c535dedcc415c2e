# The types of the random tables, and their values: ordinary ones, and those that break things. Knows nothing of tables or queries.
#
# A tame type is one whose values may be calculated with: small numbers, floats that are multiples of 1/4 (so that sums do not depend on
# their order), dates of our time. Its wild brother has the ends of the range, NaN, infinities, -0, odd scales.
package Values;
use strict;
use warnings FATAL => 'all';

use Exporter 'import';
our @EXPORT_OK = qw(%types @types any upto chance literal canonical @setup);

sub any { return $_[ int rand @_ ] }
sub upto { return int rand($_[0] + 1) }
sub chance { return rand() < $_[0] }

# What the types need in the database.
our @setup = (
	q{CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'very happy', 'Sad')},
	q{CREATE DOMAIN posint AS integer CHECK (VALUE >= 0)},
	q{CREATE DOMAIN label AS varchar(30)},
	q{CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)});

my @words = qw(apple Apple pear fig banana kiwi plum PLUM grape melon a b ab abc zebra zoo);
my @odd = ('', ' ', 'a ', ' a', 'a%b', 'a_b', 'back\\slash', "quote'quote", "tab\tnew\nline",
	"stra\xc3\x9fe", "\xc3\xa9t\xc3\xa9", "e\xcc\x81",
	"\xe6\xbc\xa2\xe5\xad\x97", "\xf0\x9f\x98\x80", "\xc4\xb0", 'NULL', '0', '-1', 'x' x 300, 'fig' x 900, "\xc3\x84pfel");

sub word { return any(@words) }
sub text { return chance(0.2) ? any(@odd) : chance(0.5) ? word() : word() . ' ' . any(@words, upto(999)) }
sub whole { my ($bits) = @_; my $n = int rand 2**$bits; return chance(0.5) ? $n : -$n }
sub wild { my ($tame, @special) = @_; return chance(0.3) ? any(@special) : $tame }
sub quarter { return (upto(2 * $_[0]) - $_[0]) / 4 }
sub digits { return join '', map { upto(9) } 1 .. $_[0] }
sub numeric
{
	my @special = qw(NaN Infinity -Infinity 0 0.0 0.000 -0.00 1 1.0 1.00 1.000 -1.0
		1e300 -1e300 1e-300 1e20 9999999999999999999 10000 0.1 0.10 1e4000);
	return any(@special) if chance(0.3);
	return (chance(0.3) ? '-' : '') . upto(any(9, 99, 100000)) . (chance(0.6) ? '.' . digits(any(1, 1, 2, 2, 5, 20)) : '');
}
sub date { return sprintf '%04d-%02d-%02d', $_[0] + upto($_[1]), 1 + upto(11), 1 + upto(27) }
sub clock { return sprintf '%02d:%02d:%02d%s', upto(23), upto(59), upto(59), any('', '', '.5', '.123456') }
sub interval
{
	return any('1 mon', '30 days', '720 hours', '0', '-1 day', '1 day -24 hours', upto(90) . ' days', upto(50) . ' hours',
		'1 year 2 mons 3 days 04:05:06.789');
}
sub uuid
{
	return '00000000-0000-0000-0000-00000000000' . upto(9) if chance(0.5);
	my $d = join '', map { sprintf '%x', upto(15) } 1 .. 4;
	return "$d$d-0000-4000-8000-00000000$d";
}
sub json
{
	return any('{}', '[]', 'null', 'true', upto(9), '"' . word() . '"', '{"a": ' . upto(9) . '}',
		'{"a": "' . word() . '", "b": [' . upto(9) . ', null]}', '[1, 2, {"a": null}]');
}
# Elements are multiples of 1/4, so that sums of their products do not depend on their order. Many lie around few places.
my @places = map { [ map { upto(12) - 6 } 1 .. 24 ] } 1 .. 6;
sub vector
{
	my @v = chance(0.05) ? (0) x 24 : map { $_ + (chance(0.3) ? quarter(4) : 0) } @{ any(@places) };
	return '[' . join(',', @v) . ']';
}
# The ends of what timestamps can say.
my @ages = ('infinity', '-infinity', '294276-12-31 23:59:59.999999');

# name => what SQL calls it, a random value, and where there is an order to sort a column by: the i-th value.
our %types = (
	bool => { sql => 'boolean', value => sub { any('t', 'f') } },
	int2 => { sql => 'smallint', value => sub { wild(whole(7), 32767, -32768, 0, -1) }, nth => sub { $_[0] - 3000 } },
	small => { sql => 'integer', value => sub { upto(200) - 100 }, nth => sub { int $_[0] / 10 } },
	int4 => {
		sql => 'integer', value => sub { wild(whole(any(4, 10, 31)), 2147483647, -2147483648, 0, -1) },
		nth => sub { $_[0] * 300000 } },
	posint => { sql => 'posint', value => sub { upto(50) }, nth => sub { $_[0] } },
	int8 => {
		sql => 'bigint', value => sub { wild(whole(any(5, 20, 40)), '9223372036854775807', '-9223372036854775808', 0, -1, 4294967296) },
		nth => sub { $_[0] * 1000000007 } },
	key => { sql => 'bigint', value => sub { upto(400) }, nth => sub { $_[0] } },
	float4 => { sql => 'real', value => sub { wild(quarter(400), qw(NaN Infinity -Infinity -0 0 3.4e38 -3.4e38 1e-45 0.1)) } },
	exact4 => { sql => 'real', value => sub { quarter(60) }, nth => sub { int($_[0] / 8) / 4 } },
	float8 => {
		sql => 'double precision',
		value => sub { wild(quarter(4000), qw(NaN Infinity -Infinity -0 0 1.7e308 -1.7e308 5e-324 0.1 1e15)) } },
	exact8 => {
		sql => 'double precision', value => sub { wild(quarter(400), qw(-0 0 1 1)) }, nth => sub { $_[0] / 4 } },
	special8 => { sql => 'double precision', value => sub { wild(quarter(400), qw(NaN Infinity -Infinity -0 0)) } },
	rough8 => { sql => 'double precision', value => sub { rand(1000) } },
	numeric => { sql => 'numeric', value => \&numeric },
	cents => {
		sql => 'numeric(12,2)', value => sub { (upto(2000000) - 1000000) / 100 }, nth => sub { $_[0] / 100 } },
	scale5 => { sql => 'numeric(30,5)', value => sub { wild(whole(40) . '.' . digits(5), 'NaN', '9' x 25, 0) } },
	date => {
		sql => 'date',
		value => sub { wild(date(1900, 200), 'infinity', '-infinity', '4713-01-01 BC', '5874897-12-31', '2000-02-29') } },
	day => {
		sql => 'date', value => sub { date(2020, 3) },
		nth => sub { sprintf '%04d-%02d-%02d', 2001 + $_[0] / 336, 1 + $_[0] / 28 % 12, 1 + $_[0] % 28 } },
	timestamp => { sql => 'timestamp', value => sub { wild(date(1900, 200) . ' ' . clock(), @ages, '4713-01-01 BC') } },
	moment => { sql => 'timestamp(3)', value => sub { date(2020, 3) . ' ' . clock() } },
	timestamptz => { sql => 'timestamptz', value => sub { wild(date(1900, 200) . ' ' . clock() . any('', '+00', '-11'), @ages) } },
	# Berlin's clocks go forward and back.
	instant => {
		sql => 'timestamptz',
		value => sub {
			wild(date(2020, 3) . ' ' . clock(), '2021-03-28 01:59:59+01', '2021-10-31 02:30:00+02', '2021-10-31 02:30:00+01');
		} },
	interval => { sql => 'interval', value => sub { wild(interval(), 'infinity', '-infinity', '178000000 years', '-178000000 years') } },
	span => { sql => 'interval', value => \&interval },
	text => { sql => 'text', value => \&text, nth => sub { sprintf 'row %06d', $_[0] } },
	word => { sql => 'text', value => \&word },
	varchar => { sql => 'varchar(20)', value => sub { my $t = text(); length $t < 20 ? $t : word() } },
	label => { sql => 'label', value => \&word },
	bpchar => { sql => 'char(8)', value => sub { any(@words, 'a ', '', ' a', "\xc3\xa9t\xc3\xa9") } },
	text_c => { sql => 'text COLLATE "C"', value => \&text },
	text_libc => { sql => 'text COLLATE "C.utf8"', value => \&text },
	text_icu => { sql => 'text COLLATE "en-x-icu"', value => \&text },
	nocase => { sql => 'text COLLATE nocase', value => sub { any(@words, 'FIG', 'Fig', 'fIg', '') } },
	uuid => { sql => 'uuid', value => \&uuid },
	bytea => { sql => 'bytea', value => sub { '\x' . any('', '00', 'ff', '0001', 'deadbeef', sprintf('%08x', upto(9999)), 'ab' x 500) } },
	ints => { sql => 'integer[]', value => sub { '{' . join(',', map { chance(0.1) ? 'NULL' : upto(9) } 1 .. upto(4)) . '}' } },
	words => { sql => 'text[]', value => sub { '{' . join(',', map { word() } 1 .. upto(3)) . '}' } },
	jsonb => { sql => 'jsonb', value => \&json },
	# As long as it takes to have codes in a table that has them, and shorter.
	vector => { sql => 'vector(24)', value => \&vector },
	halfvec => { sql => 'halfvec(24)', value => \&vector },
	mood => { sql => 'mood', value => sub { any('sad', 'ok', 'happy', 'very happy', 'Sad') } });
our @types = sort keys %types;

# Of a type whose equal values can be told apart (-0 and 0, 1.0 and 1.00, a month and 30 days, A and a): the same text for all of them.
# Which of them GROUP BY, DISTINCT, min() or UNION hand out depends on the order of rows.
sub canonical
{
	my ($type, $sql) = @_;
	return "($sql + 0::real)" if $type =~ /^(float4|exact4)$/;
	return "($sql + 0::float8)" if $type =~ /^(float8|exact8|special8|rough8)$/;
	return "trim_scale($sql)" if $type =~ /^(numeric|cents|scale5)$/;
	return "justify_interval($sql)" if $type =~ /^(interval|span)$/;
	return "(lower($sql COLLATE \"C\") COLLATE nocase)" if $type eq 'nocase';
	return "$sql\::text" if $type eq 'bpchar';
	return $sql;
}

sub quoted
{
	my ($value) = @_;
	return 'NULL' unless defined $value;
	$value =~ s/'/''/g;
	return "'$value'";
}

# A constant of the type. Type names with a collation or a length are for columns.
sub literal
{
	my ($type) = @_;
	(my $sql = $types{$type}{sql}) =~ s/ COLLATE.*|\(.*\)//;
	$sql = 'bpchar' if $type eq 'bpchar';
	return quoted($types{$type}{value}->()) . "::$sql" . ($type eq 'nocase' ? ' COLLATE nocase' : '');
}

1;
