# Damaged files of vector indexes, checksums off: an error that says what is damaged, or some answer. Never a crash, never a search without end.
#   PGE_DAMAGE_VICTIMS=500 PGE_DAMAGE_SEED=7   more of them, and with other random numbers
package VectorDamage;
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# check(index => 'METHOD (columns) WITH (...)', victims => 30, seed => 82, timeout => '10s', filtered => 'SET ...;', also => qr/.../): indexes of
# tables with an id, a tenant and a vector v; what a filtered query is preceded by; what errors, beside those of damage, may be raised.
sub check
{
	my %how = (filtered => '', also => qr/(?!)/, @_);
	my $victims = $ENV{PGE_DAMAGE_VICTIMS} // $how{victims};
	my $seed = $ENV{PGE_DAMAGE_SEED} // $how{seed};
	note("seed $seed");
	srand($seed);

	my $node = PostgreSQL::Test::Cluster->new('damaged');
	$node->init;
	$node->append_conf('postgresql.conf', "autovacuum = off\nlog_statement = none\nlog_min_messages = error\nstatement_timeout = $how{timeout}");
	$node->start;
	$node->safe_psql('postgres', q{
		CREATE EXTENSION epiphany_vectorstore CASCADE;
		CREATE TABLE rows AS SELECT i AS id, i % 5 AS tenant,
			(SELECT array_agg((hashint8extended(i * 1000 + j, 2) & 127)::float4 ORDER BY j)::vector(12) AS v FROM generate_series(1, 12) j)
			FROM generate_series(1, 600) i;
		CREATE PROCEDURE make(n int) LANGUAGE plpgsql AS $$
		BEGIN
			EXECUTE format('CREATE TABLE victim_%s (id int, tenant int, v vector(12))', n);
			EXECUTE format('INSERT INTO victim_%s SELECT * FROM rows', n);
			EXECUTE format('CREATE INDEX victim_%s_v ON victim_%1$s USING } . $how{index} . q{', n);
			EXECUTE format('INSERT INTO victim_%s SELECT * FROM rows WHERE id < 100', n);
			COMMIT;
		END $$;
		SET client_min_messages = warning;
		DO $$ BEGIN FOR n IN 1..} . $victims . q{ LOOP CALL make(n); END LOOP; END $$;
	});
	my @files = map { $node->data_dir . '/' . $node->safe_psql('postgres', "SELECT pg_relation_filepath('victim_${_}_v')") } 1 .. $victims;
	$node->stop;

	# Some bytes of a page, most often where pages say what they are; a page of another place; the file's end.
	foreach my $file (@files)
	{
		open my $handle, '+<', $file or die "$file: $!";
		binmode $handle;
		my $pages = (-s $file) / 8192;
		my $kind = int rand 10;
		my $page = int rand $pages;
		my ($at, $bytes);
		if ($kind == 0)
		{
			truncate $handle, 8192 * (1 + int rand($pages - 1)) or die $!;
			close $handle;
			next;
		}
		elsif ($kind == 1)
		{
			sysseek $handle, 8192 * int(rand $pages), 0;
			sysread $handle, $bytes, 8192;
			$at = 0;
		}
		elsif ($kind < 5)
		{
			$at = 8176 + int rand 15;
			$bytes = pack 'C', int rand 256;
		}
		elsif ($kind < 8)
		{
			$page = int rand 2;
			$at = 24 + int rand 60;
			$bytes = pack 'C', int rand 256;
		}
		else
		{
			$at = 24 + int rand 8000;
			$bytes = pack 'C*', map { int rand 256 } 1 .. 1 + int rand 100;
		}
		sysseek $handle, 8192 * $page + $at, 0;
		syswrite $handle, substr($bytes, 0, 8192 - $at);
		close $handle;
	}

	$node->start;
	my %codes;
	foreach my $n (1 .. $victims)
	{
		foreach my $statement (
			"SELECT count(*) FROM (SELECT id FROM victim_$n ORDER BY v <-> '[1,2,3,4,5,6,7,8,9,10,11,12]' LIMIT 10) s",
			"$how{filtered} SELECT count(*) FROM (SELECT id FROM victim_$n WHERE tenant = 2 ORDER BY v <-> '[1,2,3,4,5,6,7,8,9,10,11,12]' LIMIT 1000) s",
			"INSERT INTO victim_$n SELECT * FROM rows",
			"DELETE FROM victim_$n WHERE id % 3 = 0",
			"VACUUM victim_$n",
			"SELECT count(*) FROM (SELECT id FROM victim_$n ORDER BY v <-> '[1,2,3,4,5,6,7,8,9,10,11,12]' LIMIT 2000) s",
			"REINDEX INDEX victim_${n}_v",
			"SELECT count(*) = (SELECT count(*) FROM victim_$n) FROM (SELECT id FROM victim_$n ORDER BY v <-> '[1,2,3,4,5,6,7,8,9,10,11,12]' OFFSET 0) s")
		{
			my ($rc, $out, $err) = $node->psql('postgres', "\\set VERBOSITY verbose\nSET enable_seqscan = off; SET enable_sort = off; SET epiphany.vector_iterative_scan = relaxed_order; $statement");
			my ($code) = $err =~ /ERROR:  (\w{5}):/;
			$codes{$code}++ if defined $code;
			# damaged index, damaged or missing page, and what else reading a page too few is called
			ok($rc == 0 || (defined $code && ($code =~ /^(XX001|XX002)$/ || $err =~ $how{also}) && $statement !~ /REINDEX|OFFSET/), "$n: $statement") or diag($err);
			is($out, 't', "$n: all rows are there again") if $statement =~ /OFFSET/;
		}
	}
	note(join ', ', map { "$_: $codes{$_}" } sort keys %codes);
	cmp_ok($codes{XX002} // 0, '>', 0, 'damage was noticed');
	$node->stop;
	done_testing();
}

1;
