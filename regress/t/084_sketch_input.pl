# Hostile input of sketches and summaries, binary and text: refused as bad data, or a value that every function takes. Never a crash.
#   PGE_FUZZ_ROUNDS=20 PGE_FUZZ_SEED=7   more of it, and with other random numbers
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $rounds = $ENV{PGE_FUZZ_ROUNDS} // 1;
my $seed = $ENV{PGE_FUZZ_SEED} // 84;
note("seed $seed");
srand($seed);

my $node = PostgreSQL::Test::Cluster->new('fuzzed');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\nlog_statement = none\nlog_min_messages = fatal\ntimezone = UTC\nsearch_path = 'public, epiphany'");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION epiphany_timeseries CASCADE');

my $points = q{(SELECT '2024-01-01'::timestamptz + i * i * interval '1 s' AS ts, (i * 37 % 11)::float8 AS v FROM generate_series(0, N) i) p};
my $both = q{delta(v), rate(v), time_delta(v), idelta_left(v), idelta_right(v), irate_left(v), irate_right(v), num_changes(v), num_elements(v), first_time(v),
	last_time(v), first_val(v), last_val(v), (SELECT rollup(w) FROM (SELECT v) y (w)), with_bounds(v, '[2023-12-31, 2024-02-01)'), extrapolated_delta(v), extrapolated_rate(v),
	extrapolated_delta(with_bounds(v, '[2023-12-31, 2024-02-01)'))};
# Good values, and what takes them.
my %types = (
	hyperloglog => [
		[ 'hyperloglog(64, ts)', 'hyperloglog(1024, ts)', 'hyperloglog(16, v)' ],
		'distinct_count(v), stderror(v), (SELECT rollup(w) FROM (SELECT v) y (w))' ],
	uddsketch => [
		[ 'uddsketch(20, 0.01, v)', 'uddsketch(8, 0.001, v * 1e9)', q{uddsketch(100, 0.05, CASE WHEN v > 9 THEN 'NaN' WHEN v > 8 THEN '-inf' ELSE -v END)} ],
		q{approx_percentile(0.5, v), approx_percentile(1, v), approx_percentile_array('{0,0.1,0.99}', v), approx_percentile_rank(3, v), approx_percentile_rank('-inf', v),
		approx_percentile_rank('NaN', v), error(v), mean(v), num_vals(v), (SELECT rollup(w) FROM (SELECT v) y (w))} ],
	countersummary => [ [ 'counter_agg(ts, v)', q{counter_agg(ts, v, '[2023-01-01, 2025-01-01)')} ], "num_resets(v), $both" ],
	gaugesummary => [ [ 'gauge_agg(ts, v)', q{gauge_agg(ts, v, '[2023-01-01, 2025-01-01)')} ], $both ],
	timeweightsummary => [
		[ q{time_weight('linear', ts, v)}, q{time_weight('locf', ts, v)} ],
		q{average(v), integral(v), integral(v, 'hour'), first_time(v), last_time(v), first_val(v), last_val(v), (SELECT rollup(w) FROM (SELECT v) y (w))} ],
	stateagg => [
		[ q{state_agg(ts, 'state ' || v)}, 'state_agg(ts, v::bigint)' ],
		q{duration_in(v, 'state 3'), duration_in(v, 3::bigint), state_at(v, '2024-01-01 00:01'), state_at(v, '-infinity'),
		(SELECT count(*) FROM state_timeline(v)), (SELECT rollup(w) FROM (SELECT v) y (w))} ]);
my @pieces = ("\0", "\1", "\xff", "\x7f", "\0\0\0\0", "\xff\xff\xff\xff", "\xff\xff\xff\x7f", "\0\0\0\0\0\0\xf0\x7f", "\0\0\0\0\0\0\xf8\x7f", "\0\0\0\0\0\0\0\x80",
	"\xff\xff\xff\xff\xff\xff\xff\x7f");

# A value with some of its bytes changed, put in, taken out or doubled.
sub mutate
{
	my ($bytes) = @_;
	for (1 .. 1 + int rand 3)
	{
		my $at = int rand(1 + length $bytes);
		my $what = rand;
		if ($what < 0.35) { substr($bytes, $at, 1) = chr(int rand 256) if $at < length $bytes }
		elsif ($what < 0.65) { my $put = $pieces[rand @pieces]; substr($bytes, $at, length $put) = $put if $at + length $put <= length $bytes }
		elsif ($what < 0.75) { substr($bytes, $at, 0) = $pieces[rand @pieces] }
		elsif ($what < 0.85) { substr($bytes, $at, 1 + int rand 16) = '' if $at < length $bytes }
		elsif ($what < 0.9) { $bytes = substr($bytes, 0, $at) }
		else { substr($bytes, $at, 0) = substr($bytes, int rand(1 + length $bytes), 16) }
	}
	return $bytes;
}

my $dir = $node->basedir;
foreach my $type (sort keys %types)
{
	my ($makers, $calls) = @{ $types{$type} };
	my @good;
	foreach my $make (@$makers)
	{
		foreach my $n (0, 1, 40)
		{
			(my $from = $points) =~ s/N/$n/;
			push @good, pack 'H*', $node->safe_psql('postgres', "SELECT encode(${type}_send($make), 'hex') FROM $from");
		}
	}
	my @values = (@good, map({ mutate($good[rand @good]) } 1 .. 600 * $rounds), map({ join '', map { chr int rand 256 } 1 .. int rand 60 } 1 .. 30 * $rounds));
	my $script = "\\set VERBOSITY sqlstate\nCREATE TABLE t_$type (n serial, v $type);\n";
	my $n = 0;
	foreach my $value (@values)
	{
		my $name = "$dir/$type." . $n++;
		open my $file, '>:raw', $name or die;
		print $file "PGCOPY\n\xff\r\n\0", pack('N N n N', 0, 0, 1, length $value), $value, pack('n', 0xffff);
		close $file;
		$script .= "COPY t_$type (v) FROM '$name' (FORMAT binary);\n";
	}
	my ($rc, $out, $err) = $node->psql('postgres', $script, on_error_stop => 0);
	my %states;
	$states{$_}++ foreach $err =~ /ERROR:  (\w{5})/g;
	is(join(' ', sort keys %states), '22P03', "$type: bad bytes are bad data") or diag(explain \%states);
	my $loaded = $node->safe_psql('postgres', "SELECT count(*) FROM t_$type");
	is($loaded + ($states{'22P03'} // 0), scalar @values, "$type: each value is loaded or refused: $loaded loaded");
	cmp_ok($loaded, '>', @good + 20, "$type: some that were changed are loaded");
	# By text the same are refused.
	open my $file, '>:raw', "$dir/$type.hex" or die;
	print $file unpack('H*', $_), "\n" foreach @values;
	close $file;
	is($node->safe_psql('postgres', qq{CREATE TABLE text_$type (hex text); COPY text_$type FROM '$dir/$type.hex';
		SELECT count(*) FROM text_$type WHERE pg_input_is_valid('\\x' || hex, '$type')}), $loaded, "$type: text and binary are judged alike");
	is($node->safe_psql('postgres', "SELECT count(*) FROM t_$type WHERE ${type}_send(v) <> ${type}_send(v::text::$type)"), '0', "$type: what was loaded comes back from text");
	# What was let in, every function takes: a result, or an error of class 22.
	my $judged = $node->safe_psql('postgres', qq{
		CREATE FUNCTION call_$type(value $type) RETURNS text LANGUAGE plpgsql AS \$\$
		BEGIN
			PERFORM $calls FROM (SELECT value AS v) x;
			RETURN 'ok';
		EXCEPTION WHEN OTHERS THEN
			RETURN CASE WHEN sqlstate ~ '^22' THEN 'refused' ELSE sqlstate || ' ' || sqlerrm END;
		END \$\$;
		SELECT call_$type(v), count(*) FROM t_$type GROUP BY 1 ORDER BY 2 DESC});
	my %verdicts = map { /(.*)\|(\d+)$/s ? ($1 => $2) : () } split /\n/, $judged;
	is(join(', ', grep { !/^(ok|refused)$/ } sort keys %verdicts), '', "$type: functions take what was loaded");
	cmp_ok($verdicts{ok} // 0, '>=', scalar @good, "$type: most of it without a word");
	# Pairs, and all of them.
	($rc, $out, $err) = $node->psql('postgres', "\\set VERBOSITY sqlstate\nSELECT count(rollup) FROM (SELECT rollup(v ORDER BY n) FROM t_$type GROUP BY n / 2) r;\n"
		. join('', map { "SELECT rollup(v ORDER BY n) IS NULL FROM t_$type WHERE n / 2 = $_;\n" } 0 .. 100), on_error_stop => 0);
	like($err =~ s/psql:<stdin>:\d+: ERROR:  22\w{3}\n?//gr, qr/^$/, "$type: rolled up, or refused");
}
is($node->safe_psql('postgres', 'SELECT 1'), '1', 'the server is as it was');
$node->stop;
done_testing();
