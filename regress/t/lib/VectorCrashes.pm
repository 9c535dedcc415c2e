# Vector indexes through crashes and on a standby: whatever VACUUM, inserts and deletes were at, each row of the table is found once through the
# index, and nothing else is.
package VectorCrashes;
use strict;
use warnings FATAL => 'all';

use Clients;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

# Rows by the index and by the table are the same. Zero vectors have no direction.
sub same_rows
{
	my ($node, $when, $settings) = @_;
	$settings .= " SET epiphany.vector_iterative_scan = relaxed_order; SET enable_sort = off; SET enable_seqscan = off";
	foreach my $case (
		[ 't', 'true', "v <-> '[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]'" ],
		[ 't', 'tenant = 3', "v <-> '[900,2,3,4,5,600,7,8,9,10,110,12,130,14,15,16]'" ],
		[ 'wide', 'v <> array_fill(0::float4, array[2500])::vector', "v <=> array_fill(1::float4, array[2500])::vector" ])
	{
		my ($table, $filter, $distance) = @$case;
		my $by_index = $node->safe_psql('postgres',
			"$settings; SELECT count(*), count(DISTINCT ctid), sum(hashint8(id)), sum(hashtext(v::text)) FROM (SELECT ctid, id, v FROM $table WHERE $filter ORDER BY $distance OFFSET 0) s");
		my $by_table = $node->safe_psql('postgres',
			"SET enable_indexscan = off; SELECT count(*), count(DISTINCT ctid), sum(hashint8(id)), sum(hashtext(v::text)) FROM $table WHERE $filter");
		is($by_index, $by_table, "$when: $table where $filter");
		like($node->safe_psql('postgres', "$settings; EXPLAIN SELECT id FROM $table WHERE $filter ORDER BY $distance OFFSET 0"),
			qr/Order By/, "$when: $table by its index");
	}
}

# check(index => 'METHOD (v, ...) ...', wide => 'METHOD (v ...) ...', seed => 81, settings => 'SET ...;', setup => SQL, restarted => sub { ($node,
# $when) }, same_size => sub { ($before, $after) }): the indexes of t (id, tenant, v vector(16)) and of wide (id, v vector(2500)); what makes
# scans go on to the end; what else there is, and what is asked of it after each crash; what is demanded of a file that was emptied and filled again.
sub check
{
	my %how = (settings => '', setup => '', restarted => sub { }, @_);
	my $rounds = $ENV{PGE_CRASH_ROUNDS} // 3;
	srand($ENV{PGE_CRASH_SEED} // $how{seed});

	my $primary = PostgreSQL::Test::Cluster->new('primary');
	$primary->init(allows_streaming => 1);
	$primary->append_conf('postgresql.conf', "autovacuum = off\nmax_standby_streaming_delay = 300s\nwal_consistency_checking = 'generic'");
	$primary->start;
	$primary->safe_psql(
		'postgres', q{
		CREATE EXTENSION epiphany_vectorstore CASCADE;
		CREATE TABLE t (id bigint, tenant int, v vector(16));
		CREATE FUNCTION point(i bigint) RETURNS vector LANGUAGE sql AS
			$$ SELECT array_agg(((hashint8extended(i % 20 * 1000 + j, 1) & 1023) + (hashint8extended(i * 1000 + j, 2) & 127))::float4 ORDER BY j)::vector
				FROM generate_series(1, 16) j $$;
		INSERT INTO t SELECT i, i % 5, point(i) FROM generate_series(1, 4000) i;
		CREATE INDEX t_v ON t USING } . $how{index} . q{;
		CREATE TABLE wide (id bigint, v vector(2500));
		INSERT INTO wide SELECT i, array_fill((i % 7)::float4, '{2500}')::vector FROM generate_series(1, 200) i;
		CREATE INDEX wide_v ON wide USING } . $how{wide} . ";\n$how{setup}");
	$primary->backup('base');
	my $standby = PostgreSQL::Test::Cluster->new('standby');
	$standby->init_from_backup($primary, 'base', has_streaming => 1);
	$standby->start;

	my %scripts = (
		insert => "\\set i random(1, 1000000000)\nINSERT INTO t SELECT g, g % 5, point(g) FROM generate_series(:i, :i + 20) g;\n",
		delete => "\\set i random(0, 40)\nDELETE FROM t WHERE id % 41 = :i;\n",
		replace => "\\set i random(0, 200)\nUPDATE t SET v = point(id + 1) WHERE id % 201 = :i;\n",
		vacuum => "VACUUM t;\nSELECT pg_sleep(0.05);\n",
		wide => "\\set i random(1, 7)\nDELETE FROM wide WHERE id % 7 = :i;\nINSERT INTO wide SELECT i, array_fill((i % 9)::float4, '{2500}')::vector FROM generate_series(1, 20) i;\nVACUUM wide;\n",
	);

	same_rows($primary, 'at first', $how{settings});
	for my $round (1 .. $rounds)
	{
		my @clients = Clients::start($primary, \%scripts);
		usleep(800_000 + int rand 800_000);
		$primary->stop('immediate');
		$_->{run}->finish foreach @clients;
		$primary->start;
		$how{restarted}->($primary, "crash $round");
		same_rows($primary, "crash $round", $how{settings});
		$primary->safe_psql('postgres', 'VACUUM t; VACUUM wide');
		same_rows($primary, "crash $round, vacuumed", $how{settings});
		$primary->wait_for_catchup($standby);
		same_rows($standby, "standby $round", $how{settings});
	}

	# Deleted, vacuumed and put in again, the rows need no more room.
	my @sizes;
	for (1 .. 3)
	{
		$primary->safe_psql('postgres', 'DELETE FROM t');
		$primary->safe_psql('postgres', 'VACUUM t');
		$primary->safe_psql('postgres', 'INSERT INTO t SELECT i, i % 5, point(i) FROM generate_series(1, 4000) i');
		$primary->safe_psql('postgres', 'VACUUM t');
		push @sizes, $primary->safe_psql('postgres', q{SELECT pg_relation_size('t_v')});
	}
	$how{same_size}->(@sizes[ 1, 2 ]);
	same_rows($primary, 'in the end', $how{settings});
	$primary->wait_for_catchup($standby);
	$standby->promote;
	$standby->safe_psql('postgres', 'INSERT INTO t SELECT i, i % 5, point(i) FROM generate_series(5001, 5300) i; VACUUM t');
	same_rows($standby, 'promoted', $how{settings});
	$standby->stop;
	$primary->stop;
	done_testing();
}

1;
