# drop_chunks is all or nothing: a server that is killed in the middle has each drop with its transaction, with VACUUM beside, and its standby sees the same.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use IPC::Run;

my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "epiphany.maintenance = off\nautovacuum = off\ncheckpoint_timeout = 1h\nrestart_after_crash = on");
$node->start;
$node->safe_psql('postgres', q{
	CREATE EXTENSION epiphany_timeseries CASCADE;
	CREATE TABLE t (ts timestamptz NOT NULL, k int PRIMARY KEY, v text) USING epiphany_timeseries WITH (epiphany.chunk_interval = '1 hour');
	INSERT INTO t SELECT '2024-01-01'::timestamptz + i * interval '2 s', i, 'row ' || i FROM generate_series(0, 199999) i;
	SELECT epiphany.compact('t');
	CREATE TABLE done (bound timestamptz, rows bigint);
	INSERT INTO done VALUES ('2024-01-01', 200000);
});
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->append_conf('postgresql.conf', 'hot_standby_feedback = on');
$standby->start;

# What the log of drops says must be there, and nothing else: by scan and by index.
my $check = q{
	SELECT count(*) = rows AND count(*) = count(*) FILTER (WHERE ts >= bound) AND max(k) = 199999 AND count(DISTINCT k) = rows
	FROM t, (SELECT bound, rows FROM done ORDER BY bound DESC LIMIT 1) d GROUP BY rows;
};
my $by_index = 'SET enable_seqscan = off; SET epiphany.enable_vectorized = off; SELECT count(*) - (SELECT count(*) FROM t WHERE k >= 0) FROM t;';
sub whole
{
	my ($server, $what) = @_;
	is($server->safe_psql('postgres', $check), 't', "$what: rows and log agree");
	is($server->safe_psql('postgres', $by_index), '0', "$what: so does the index");
}

# Not committed when the server dies.
my $session = $node->background_psql('postgres');
$session->query_safe(q{BEGIN; SELECT epiphany.drop_chunks('t', timestamptz '2024-01-02')});
$node->safe_psql('postgres', 'CHECKPOINT');
$node->stop('immediate');
eval { $session->quit };
$node->start;
whole($node, 'a drop that was not committed');
is($node->safe_psql('postgres', 'SELECT count(*) FROM t'), '200000', 'it has not happened');

# Committed.
$node->safe_psql('postgres', q{
	BEGIN;
	SELECT count(*) FROM epiphany.drop_chunks('t', timestamptz '2024-01-01 05:30:01');
	INSERT INTO done SELECT '2024-01-01 05:30:01', count(*) FROM t;
	COMMIT;
});
$node->stop('immediate');
$node->start;
whole($node, 'a committed drop');
cmp_ok($node->safe_psql('postgres', q{SELECT count(*) FROM epiphany.row_groups('t') WHERE state = 'dropped'}), '>', 2, 'whole groups went');
$node->wait_for_catchup($standby);
whole($standby, 'on the standby');

# Killed at any moment, one drop after the other, VACUUM among them.
my $work = q{
	DO $$
	DECLARE
		bound timestamptz := (SELECT max(d.bound) FROM done d);
	BEGIN
		FOR i IN 1 .. 40 LOOP
			bound := bound + '17 min';
			PERFORM epiphany.drop_chunks('t', bound);
			INSERT INTO done SELECT bound, count(*) FROM t;
			COMMIT;
		END LOOP;
	END $$;
};
for my $round (1 .. 4)
{
	my ($out, $err) = ('', '');
	my @clients = map {
		my $sql = $_;
		IPC::Run::start([ 'psql', '-X', '-q', '-d', $node->connstr('postgres'), '-c', $sql ], '>', \$out, '2>', \$err)
	} ($work, 'VACUUM t');
	select(undef, undef, undef, 0.15 + rand(0.5));
	my $victim = $node->safe_psql('postgres', q{SELECT pid FROM pg_stat_activity WHERE query ~ '^\s*DO' AND backend_type = 'client backend' LIMIT 1});
	if ($victim ne '') { kill 'KILL', $victim; sleep 1; }
	sleep 1 until PostgreSQL::Test::Utils::run_log([ 'pg_isready', '-q', '-d', $node->connstr('postgres') ]);
	eval { $_->finish } foreach @clients;
	whole($node, "round $round");
	is($node->safe_psql('postgres', q{SELECT * FROM epiphany.verify('t')}), '', "round $round: no damage");
}
ok($node->safe_psql('postgres', 'SELECT count(*) > 5 FROM done'), 'drops there were');
$node->safe_psql('postgres', 'VACUUM t; VACUUM t');
is($node->safe_psql('postgres', q{SELECT count(*) FROM epiphany.row_groups('t') WHERE state = 'dropped'}), '0', 'VACUUM clears groups away');
whole($node, 'after VACUUM');
$node->wait_for_catchup($standby);
whole($standby, 'on the standby after VACUUM');
$standby->promote;
$standby->safe_psql('postgres', q{INSERT INTO done SELECT '2024-01-05 15:00', 1800; SELECT epiphany.drop_chunks('t', timestamptz '2024-01-05 15:00');
	UPDATE done SET rows = (SELECT count(*) FROM t) WHERE bound = '2024-01-05 15:00'});
whole($standby, 'the promoted standby drops on');
$standby->stop;
$node->stop;

done_testing();
