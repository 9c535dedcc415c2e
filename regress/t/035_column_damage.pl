# Damaged files of column tables, checksums off: an error that says what is damaged, or the right answer. Never a crash; never a wrong
# answer where a check covers the bytes. Each damage has a table of its own, so that the server stops once for all of them.
#   PGE_DAMAGE_VICTIMS=500 PGE_DAMAGE_SEED=7   more tables, and with other random numbers
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use constant { PAGE => 8192, ROOT => 1, DIRECTORY => 3, GROUP => 4, DELETE_MAP => 5, DELETE => 6 };
my %kinds = (1 => 'root', 3 => 'directory', 4 => 'group', 5 => 'delete map', 6 => 'delete vector');
my $victims = $ENV{PGE_DAMAGE_VICTIMS} // 84;
my $seed = $ENV{PGE_DAMAGE_SEED} // 35;
note("seed $seed");
srand($seed);

my $node = PostgreSQL::Test::Cluster->new('damaged');
$node->init;
$node->append_conf('postgresql.conf', "autovacuum = off\nlog_statement = none\nmax_parallel_workers_per_gather = 0\nlog_min_messages = error");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION epiphany_columnstore;
	CREATE PROCEDURE make(n int) LANGUAGE plpgsql AS $$
	BEGIN
		EXECUTE format('CREATE TABLE victim_%s (i int PRIMARY KEY, s text, f float8, b bool) USING epiphany_column WITH (epiphany.row_group_rows = 2048)', n);
		EXECUTE format('INSERT INTO victim_%s SELECT g, md5((g + %1$s)::text), sqrt(g), g %% 3 = 0 FROM generate_series(1, 7000) g', n);
		EXECUTE format('DELETE FROM victim_%s WHERE i %% 100 = 7', n);
		EXECUTE format('UPDATE victim_%s SET f = -f WHERE i %% 100 = 8', n);
		COMMIT;
	END $$;
	DO $$ BEGIN FOR n IN 1..} . $victims . q{ LOOP CALL make(n); END LOOP; END $$;
	SELECT count(*) FROM victim_1;
});

# What is asked of each table: everything, row by row and by the engine, a few rows by key, what the catalogue functions say.
sub questions
{
	my ($n) = @_;
	return (
		"SELECT 'scan', count(*), sum(i), md5(string_agg(s, '' ORDER BY i)), sum(f), count(*) FILTER (WHERE b) FROM victim_$n",
		"SET epiphany.debug_vectorize = force; SELECT 'engine', count(*), sum(i), md5(string_agg(s, '' ORDER BY i)), sum(f), count(*) FILTER (WHERE b) FROM victim_$n; RESET epiphany.debug_vectorize",
		"SET enable_seqscan = off; SELECT 'keys', i, s, f, b FROM victim_$n WHERE i IN (7, 8, 1000, 2500, 4500, 6000, 6999) ORDER BY i; SET enable_seqscan = on",
		"SELECT 'groups', count(*) FROM epiphany.row_groups('victim_$n')",
		"SELECT 'chunks', count(*) FROM epiphany.column_chunks('victim_$n')");
}
my (@files, @answers);
foreach my $n (1 .. $victims)
{
	$files[$n] = $node->data_dir . '/' . $node->safe_psql('postgres', "SELECT pg_relation_filepath('victim_$n')");
}
$answers[$_] = [ split /\n--\n/, $node->safe_psql('postgres', join ";\\echo --\n", questions($_)) ] foreach 1 .. $victims;
$node->stop;

sub contents { return slurp_file($_[0]) }
sub replace
{
	my ($file, $bytes) = @_;
	open my $fh, '>:raw', $file or die;
	print $fh $bytes;
	close $fh;
}
sub pages_of
{
	my ($bytes, $kind) = @_;
	return grep { unpack('V', substr($$bytes, $_ * PAGE + 24, 4)) == 0x43454750 && unpack('v', substr($$bytes, $_ * PAGE + 30, 2)) == $kind }
	  0 .. length($$bytes) / PAGE - 1;
}
sub any { return $_[ int rand @_ ] }
sub flip
{
	my ($bytes, $offset) = @_;
	substr($$bytes, $offset, 1) = chr(ord(substr($$bytes, $offset, 1)) ^ (1 + int rand 255));
	return;
}

# Bytes of a page kind that something covers: the header that core and we put there, and ours behind it.
my %covered = (
	ROOT, [ 12 .. 17, 24 .. 31 ], DIRECTORY, [ 12 .. 17, 24 .. 31, 48 .. 51 ], GROUP, [ 12 .. 17, 24 .. 39, 48 .. 2000 ],
	DELETE_MAP, [ 12 .. 17, 24 .. 39 ], DELETE, [ 12 .. 17, 24 .. 39 ]);
# ... and bytes of which only a part can be checked: any answer is allowed, but no crash.
my %loose = (ROOT, [ 48 .. 51, 112 .. 116 ], DIRECTORY, [ 52 .. 48 + 3 * 128 - 1 ], DELETE_MAP, [ 48 .. 67 ], DELETE, [ 48 .. 48 + 16 * 400 ]);

# Damages a file; says what was done, and whether a wrong answer is forgiven.
sub damage
{
	my ($n) = @_;
	my $bytes = contents($files[$n]);
	my ($what, $forgiven) = ('', 0);
	my $kind = any(ROOT, DIRECTORY, GROUP, GROUP, DELETE_MAP, DELETE);
	my @pages = pages_of(\$bytes, $kind);
	my $page = any(@pages);
	my $blocks = length($bytes) / PAGE;

	if ($n % 12 == 0)
	{
		substr($bytes, $page * PAGE, PAGE) = "\0" x PAGE;
		$what = "$kinds{$kind} page, block $page, is zero";
		# A root that was never written is that of an empty table, after a crash.
		$forgiven = $kind == ROOT;
	}
	elsif ($n % 12 == 1)
	{
		my $other = any(grep { $_ != $page } map { pages_of(\$bytes, $_) } ROOT, DIRECTORY, GROUP, DELETE_MAP, DELETE);
		my ($a, $b) = map { substr($bytes, $_ * PAGE, PAGE) } $page, $other;
		substr($bytes, $page * PAGE, PAGE) = $b;
		substr($bytes, $other * PAGE, PAGE) = $a;
		$what = "blocks $page and $other are exchanged";
	}
	elsif ($n % 12 == 2)
	{
		my @groups = pages_of(\$bytes, GROUP);
		$page = any(@groups);
		substr($bytes, $page * PAGE, PAGE) = substr(contents($files[ $n - 1 ]), $page * PAGE, PAGE);
		$what = "block $page is another table's";
	}
	elsif ($n % 12 == 3)
	{
		my $keep = any(1 .. $blocks - 1);
		$bytes = substr($bytes, 0, $keep * PAGE);
		$what = "cut to $keep blocks of $blocks";
		# The delta's pages were there as well, and nobody knows how many.
		$forgiven = 1;
	}
	elsif ($loose{$kind} && $n % 12 < 8)
	{
		my $offset = any(@{ $loose{$kind} });
		flip(\$bytes, $page * PAGE + $offset);
		$what = "byte $offset of a $kinds{$kind} page, block $page, which nothing covers";
		$forgiven = 1;
	}
	else
	{
		my $offset = any(@{ $covered{$kind} });
		flip(\$bytes, $page * PAGE + $offset);
		$what = "byte $offset of a $kinds{$kind} page, block $page";
	}
	replace($files[$n], $bytes);
	return ($what, $forgiven);
}
my @damages = map { [ $_ ? damage($_) : () ] } 0 .. $victims;
$node->start;

my ($errors, $right, $forgiven_answers) = (0, 0, 0);
foreach my $n (1 .. $victims)
{
	my ($what, $forgiven) = @{ $damages[$n] };
	my ($out, $err, $log_start) = ('', '', -s $node->logfile);
	$node->psql('postgres', "\\set VERBOSITY verbose\n" . join(";\\echo --\n", questions($n))
		  . ";\\echo --\nBEGIN; DELETE FROM victim_$n WHERE i BETWEEN 2000 AND 2100; ROLLBACK; BEGIN; UPDATE victim_$n SET s = '' WHERE i = 4500; ROLLBACK;
			VACUUM victim_$n; VACUUM FULL victim_$n; SELECT 'alive';",
		stdout => \$out, stderr => \$err, on_error_stop => 0);
	my @got = split /\n?--\n/, $out, -1;
	my $problem = '';
	$problem .= "the session died: $err\n" unless $out =~ /alive$/;
	# A transaction id that never was is what heap complains of, too.
	my $other = $forgiven ? 'XX001|58P01' : 'XX001';
	$problem .= "$1\n" while $err =~ /((?:ERROR|FATAL|PANIC):  (?!$other).*)/g;
	foreach my $message ($err =~ /(ERROR:  XX001: .*(?:\n(?!psql:).*)*)/g)
	{
		$problem .= "names no table: $message\n" unless $message =~ /"victim_$n"|base\/\d+\/\d+/;
		$problem .= "names no block: $message\n" unless $message =~ /block|row group \d|directory page|delete vector/;
	}
	$problem .= "crash\n" if slurp_file($node->logfile, $log_start) =~ /PANIC|TRAP|terminated by signal/;
	my $wrong = 0;
	foreach my $q (0 .. 2)
	{
		next if ($got[$q] // '') eq $answers[$n][$q] || ($got[$q] // '') eq '';
		$wrong++;
		$problem .= "wrong answer: $got[$q]\nexpected: $answers[$n][$q]\n" unless $forgiven;
	}
	is($problem, '', "$n: $what");
	if ($wrong) { $forgiven_answers++ }
	elsif ($err =~ /ERROR/) { $errors++; note($err =~ /(ERROR:.*)/) }
	else { $right++ }
}
cmp_ok($errors, '>', $victims / 3, "$errors damages were found, $right did no harm, $forgiven_answers where nothing tells");
$node->stop('immediate');

done_testing();
