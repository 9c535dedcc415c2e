# Hostile input of vector types, text and binary: an error that says which type, or a value that comes back. Never a crash.
#   PGE_FUZZ_ROUNDS=20 PGE_FUZZ_SEED=7   more of it, and with other random numbers
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $rounds = $ENV{PGE_FUZZ_ROUNDS} // 1;
my $seed = $ENV{PGE_FUZZ_SEED} // 80;
note("seed $seed");
srand($seed);

# Bytes of any value are text here, but for zero.
my $node = PostgreSQL::Test::Cluster->new('fuzzed');
$node->init(extra => [ '--encoding=SQL_ASCII', '--locale=C' ]);
$node->append_conf('postgresql.conf', "autovacuum = off\nlog_statement = none\nlog_min_messages = fatal");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION epiphany_vectorstore CASCADE');

my %good = (
	vector => [ '[1,2,3]', '[ 0.25 , -1e10, 3.4e38 ]', '[0]', '[' . join(',', map { $_ / 7 } 1 .. 50) . ']' ],
	halfvec => [ '[1,2,3]', '[ 0.25 , -6e4, 6e-8 ]', '[0]', '[' . join(',', map { $_ / 7 } 1 .. 50) . ']' ],
	sparsevec => [ '{1:1.5,3:3.5}/5', '{}/1', '{5:-1e10, 2 : 7 }/1000000000', '{' . join(',', map { "$_:$_.5" } 1 .. 50) . '}/50' ]);
my @words = ('[', ']', '{', '}', ',', ':', '/', '-', '+', '.', 'e', '0x', 'nan', 'inf', ' ', "\t", '0', '9' x 12, '1e39', '65520', '1e-46', '-2147483648', '%s', '%n', '"', "'", '\\');

# A literal with some of its bytes changed, put in, taken out or doubled.
sub mutate
{
	my ($bytes, @put) = @_;
	for (1 .. 1 + int rand 4)
	{
		my $at = int rand(1 + length $bytes);
		my $what = rand;
		if ($what < 0.3) { substr($bytes, $at, 0) = $put[rand @put] }
		elsif ($what < 0.5) { substr($bytes, $at, 1) = chr(1 + int rand 255) if $at < length $bytes }
		elsif ($what < 0.7) { substr($bytes, $at, 1 + int rand 5) = '' if $at < length $bytes }
		elsif ($what < 0.8) { $bytes = substr($bytes, 0, $at) }
		else { substr($bytes, $at, 0) = substr($bytes, int rand(1 + length $bytes), 9) }
	}
	return $bytes;
}

sub random_bytes { return join '', map { chr(1 + int rand 255) } 1 .. int rand 30 }

# ---- Text ----

my $dir = $node->basedir;
foreach my $type (sort keys %good)
{
	my @literals = (map({ mutate($good{$type}[ rand @{ $good{$type} } ], @words) } 1 .. 2900 * $rounds), map({ random_bytes() } 1 .. 100 * $rounds));
	open my $file, '>:raw', "$dir/literals" or die;
	print $file unpack('H*', $_), "\n" foreach @literals;
	close $file;
	# The message is read where the error is caught; a hard error and a soft one must agree.
	my $result = $node->safe_psql('postgres', qq{
		CREATE TEMP TABLE literals (hex text);
		COPY literals FROM '$dir/literals';
		CREATE FUNCTION pg_temp.judge(literal text) RETURNS text LANGUAGE plpgsql AS \$\$
		DECLARE
			soft text := (SELECT message FROM pg_input_error_info(literal, '$type'));
			value $type;
		BEGIN
			value := literal::$type;
			RETURN CASE WHEN soft IS NULL AND value::text::$type = value AND value::text = value::text::$type\::text THEN 'accepted'
				ELSE 'accepted, but ' || literal END;
		EXCEPTION WHEN OTHERS THEN
			RETURN CASE WHEN soft = sqlerrm AND sqlerrm ~ '\\m$type\\M' AND sqlstate ~ '^(22|54)' THEN 'refused'
				ELSE sqlstate || ' ' || sqlerrm || ' for ' || literal END;
		END \$\$;
		SELECT pg_temp.judge(encode(decode(hex, 'hex'), 'escape')) AS verdict, count(*) FROM literals GROUP BY 1 ORDER BY 2 DESC LIMIT 5});
	my %verdicts = map { /(.*)\|(\d+)$/s ? ($1 => $2) : () } split /\n/, $result;
	is(join(', ', sort keys %verdicts), 'accepted, refused', "$type: text is read, or refused in the type's name") or diag($result);
	cmp_ok($verdicts{accepted} // 0, '>', 20, "$type: some of it is still right");
}

# ---- Binary, by COPY ----

my %binary = (
	vector => [ pack('n n N*', 3, 0, 0x3f800000, 0xc0000000, 0x7f7fffff), pack('n n N', 1, 0, 1) ],
	halfvec => [ pack('n n n*', 3, 0, 0x3c00, 0xc000, 0x7bff), pack('n n n', 1, 0, 1) ],
	sparsevec => [ pack('N N N N* N*', 5, 2, 0, 0, 4, 0x3f800000, 0xc0000000), pack('N N N', 1000000000, 0, 0) ]);
my @pieces = ("\0", "\x7f\xc0\0\0", "\x7f\x80\0\0", "\x7c\0", "\xff\xff\xff\xff", "\x80\0\0\0", "\0\0\x3e\x80", "\x3e\x81", "\0\0\0\1");

foreach my $type (sort keys %binary)
{
	my $many = 400 * $rounds;
	my $script = "\\set VERBOSITY sqlstate\nCREATE TABLE t_$type (v $type);\n";
	for my $n (1 .. $many)
	{
		my $value = mutate($binary{$type}[ rand @{ $binary{$type} } ], @pieces);
		open my $file, '>:raw', "$dir/$type.$n" or die;
		print $file "PGCOPY\n\xff\r\n\0", pack('N N n N', 0, 0, 1, length $value), $value, pack('n', 0xffff);
		close $file;
		$script .= "COPY t_$type FROM '$dir/$type.$n' (FORMAT binary);\n";
	}
	my ($rc, $out, $err) = $node->psql('postgres', $script, on_error_stop => 0);
	my %states;
	$states{$_}++ foreach $err =~ /ERROR:  (\w{5})/g;
	my $refused = 0;
	$refused += $_ foreach values %states;
	is(join(' ', grep { !/^(22000|22P03|54000|08P01)$/ } keys %states), '', "$type: bad bytes are bad data") or diag(explain \%states);
	my $loaded = $node->safe_psql('postgres', "SELECT count(*) FROM t_$type");
	is($refused + $loaded, $many, "$type: each value is loaded or refused: $loaded and $refused");
	is($node->safe_psql('postgres', "SELECT count(*) FROM t_$type WHERE ${type}_send(v) <> ${type}_send(v::text::$type)"), '0',
		"$type: what was loaded comes back from text");
	cmp_ok($loaded, '>', 0, "$type: some of it is still right");
}
$node->stop;
done_testing();
