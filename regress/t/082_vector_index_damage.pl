# Damaged files of vector indexes, checksums off: an error that says that the index is damaged, or rows of the table in the order of their
# distances (twice, where a page is there twice). Never a crash, a wrong order or a loop. REINDEX mends all of it. Each damage has a table of its own.
#   PGE_DAMAGE_VICTIMS=500 PGE_DAMAGE_SEED=7   more tables, and with other random numbers
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use constant { PAGE => 8192, ROWS => 400 };
my $victims = $ENV{PGE_DAMAGE_VICTIMS} // 40;
my $seed = $ENV{PGE_DAMAGE_SEED} // 82;
note("seed $seed");
srand($seed);

my $node = PostgreSQL::Test::Cluster->new('damaged');
$node->init;
$node->append_conf('postgresql.conf',
	"autovacuum = off\nfsync = off\nlog_statement = none\nlog_min_messages = fatal\nstatement_timeout = 20s\nenable_seqscan = off");
$node->start;

# Halves have other records than floats, long vectors others than short ones, sparse ones no codes at all.
my @shapes = (
	[ 'epiphany_hnsw (e vector_l2_ops) WITH (m = 8)', 'vector(24)' ],
	[ 'epiphany_hnsw (e sparsevec_l2_ops)', 'sparsevec(24)' ],
	[ 'epiphany_hnsw (e bit_hamming_ops)', 'bit(96)' ],
	[ 'epiphany_ivf (e vector_l2_ops) WITH (lists = 5)', 'vector(24)' ],
	[ 'epiphany_ivf (e halfvec_cosine_ops) WITH (lists = 3, bits = 1)', 'halfvec(300)' ]);
my %operators = (vector => '<->', sparsevec => '<->', bit => '<~>', halfvec => '<=>');
sub value
{
	my ($type, $i) = @_;
	return "(SELECT string_agg(((hashint4($i + g) >> 3) & 1)::text, '')::bit(96) FROM generate_series(1, 96) g)" if $type =~ /^bit/;
	my ($dims) = $type =~ /(\d+)/;
	return "(SELECT array_agg(hashint4($i * 1000 + g) / 2e9) FROM generate_series(1, $dims) g)::vector::$type" if $type =~ /^sparsevec/;
	return "(SELECT array_agg(hashint4($i * 1000 + g) / 2e9) FROM generate_series(1, $dims) g)::$type";
}
my (@file, @operator, @type);
my $script = "SET client_min_messages = warning;\nCREATE EXTENSION epiphany_vectorstore CASCADE;\n";
foreach my $n (1 .. $victims)
{
	my ($index, $type) = @{ $shapes[ $n % @shapes ] };
	$type[$n] = $type;
	$operator[$n] = $operators{ $type =~ s/\(.*//r };
	$script .= "CREATE TABLE victim_$n (i int, e $type); INSERT INTO victim_$n SELECT i, " . value($type, 'i') . ' FROM generate_series(1, ' . ROWS . ") i;\n"
	  . "CREATE INDEX index_$n ON victim_$n USING $index; INSERT INTO victim_$n SELECT i, " . value($type, 'i') . ' FROM generate_series(' . (ROWS + 1)
	  . ', ' . (ROWS + 20) . ") i;\n";
}
$node->safe_psql('postgres', $script . 'CHECKPOINT');
$file[$_] = $node->data_dir . '/' . $node->safe_psql('postgres', "SELECT pg_relation_filepath('index_$_')") foreach 1 .. $victims;
$node->stop;

# ---- Damage ----

my @words = (0, 1, 2, 0x7F, 0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0x80000000, 0xFFFFFFFE, 1000, 100000);
sub any { return $_[ int rand @_ ] }
sub damage
{
	my ($bytes) = @_;
	my $pages = length($$bytes) / PAGE;
	my $page = int rand $pages;
	my $what = rand;
	if ($what < 0.35)
	{
		for (1 .. 1 + int rand 12)
		{
			my $at = $page * PAGE + int rand PAGE;
			substr($$bytes, $at, 1) = chr(ord(substr($$bytes, $at, 1)) ^ (1 + int rand 255));
		}
		return "bytes of page $page";
	}
	elsif ($what < 0.65)
	{
		# Heads of pages and of what is in them, where counts and links are.
		for (1 .. 1 + int rand 3)
		{
			my $at = $page * PAGE + 4 * (rand() < 0.7 ? any(3 .. 40, 2044 .. 2047) : int rand PAGE / 4);
			substr($$bytes, $at, 4) = pack 'V', any(@words);
		}
		return "words of page $page";
	}
	elsif ($what < 0.75)
	{
		substr($$bytes, $page * PAGE, PAGE) = "\0" x PAGE;
		return "page $page is zeros";
	}
	elsif ($what < 0.9)
	{
		my $other = int rand $pages;
		substr($$bytes, $page * PAGE, PAGE) = substr($$bytes, $other * PAGE, PAGE);
		return "page $page is page $other";
	}
	elsif ($what < 0.95)
	{
		$$bytes = substr($$bytes, 0, $page * PAGE);
		return "the file ends before page $page";
	}
	substr($$bytes, $page * PAGE + 24, PAGE - 24) = join '', map { chr int rand 256 } 1 .. PAGE - 24;
	return "page $page is noise";
}
my @damage;
foreach my $n (1 .. $victims)
{
	my $bytes = slurp_file($file[$n]);
	$damage[$n] = damage(\$bytes);
	open my $fh, '>:raw', $file[$n] or die;
	print $fh $bytes;
	close $fh;
}
$node->start;

# ---- What is asked of it ----

my ($errors, $answers) = (0, 0);
foreach my $n (1 .. $victims)
{
	my $query = value($type[$n], 7);
	my $ordered = "SELECT i, e $operator[$n] $query AS d, row_number() OVER () AS r FROM victim_$n ORDER BY e $operator[$n] $query";
	my $judged = q{SELECT count(*) >= 0, bool_and(d >= before OR before IS NULL), bool_and(i BETWEEN 1 AND 999)
		FROM (SELECT i, d, lag(d) OVER (ORDER BY r) AS before FROM (%s) o) s};
	my @asked = (
		sprintf($judged, "$ordered LIMIT 10"),
		'SET epiphany.vector_iterative_scan = strict_order', sprintf($judged, $ordered), 'RESET epiphany.vector_iterative_scan',
		"INSERT INTO victim_$n VALUES (" . (ROWS + 21) . ", $query)",
		"DELETE FROM victim_$n WHERE i % 3 = 0", "VACUUM (INDEX_CLEANUP on) victim_$n",
		"INSERT INTO victim_$n VALUES (" . (ROWS + 22) . ", $query)",
		sprintf($judged, "$ordered LIMIT 10"));
	my ($out, $err) = ('', '');
	my $status = $node->psql('postgres', "\\set VERBOSITY verbose\n" . join(";\n", @asked), stdout => \$out, stderr => \$err, on_error_stop => 0);
	my @wrong = grep { $_ ne 't|t|t' && $_ ne 't||' } split /\n/, $out;
	my @alien = grep { !/XX00[12]: / } $err =~ /^psql:.*?ERROR:\s+(.*)$/mg;
	$answers += () = $out =~ /^t/mg;
	$errors += () = $err =~ /ERROR: /g;
	ok($status == 0 && !@wrong && !@alien, "$type[$n], $n: $damage[$n]") or diag(join("\n", "status $status", @wrong, @alien, substr($err, 0, 3000)));
}
note("$answers answers, $errors errors");
cmp_ok($errors, '>', $victims / 4, 'damage is noticed');
cmp_ok($answers, '>', $victims / 2, 'what is not damaged is found');

# Anew from the table.
my $expected = 0;
foreach my $n (1 .. $victims)
{
	my $query = value($type[$n], 8);
	my $nearest = "SELECT string_agg(i::text, ',' ORDER BY d) FROM (SELECT i, e $operator[$n] $query AS d FROM victim_$n ORDER BY e $operator[$n] $query LIMIT 1) s";
	$expected++ if $node->safe_psql('postgres', "REINDEX INDEX index_$n; $nearest") eq '8';
}
is($expected, $victims, 'REINDEX mends them');
$node->stop;
done_testing();
