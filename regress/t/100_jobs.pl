# The scheduler of jobs: it runs what is due as its owner, notes what came of it, comes again after errors, crashes, restarts and a failover,
# does nothing on a standby, and is in nobody's way.
use strict;
use warnings FATAL => 'all';

use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $settings = join("\n", 'epiphany.jobs = on', 'epiphany.maintenance = off', 'epiphany.max_running_jobs = 2', 'max_worker_processes = 12',
	'autovacuum = off',
	'restart_after_crash = on', 'epiphany.maintenance_naptime = 1s');
my $prepare = q{
	CREATE EXTENSION epiphany_timeseries CASCADE;
	CREATE ROLE worker LOGIN;
	GRANT CREATE ON SCHEMA public TO worker;
	CREATE TABLE seen (id int, who name DEFAULT session_user, backend text, at timestamptz DEFAULT clock_timestamp());
	GRANT ALL ON seen TO worker;
	CREATE PROCEDURE note(job_id int, config jsonb) LANGUAGE plpgsql AS $$
	BEGIN
		INSERT INTO seen (id, backend) SELECT job_id, backend_type || '/' || application_name FROM pg_stat_activity WHERE pid = pg_backend_pid();
		COMMIT;
		RESET SESSION AUTHORIZATION;
		INSERT INTO seen (id, backend) VALUES (job_id, 'after commit');
	END $$;
	CREATE PROCEDURE fail(job_id int, config jsonb) LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'it fails'; END $$;
	CREATE PROCEDURE wait(job_id int, config jsonb) LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(600); END $$;
};

sub value { return $_[0]->safe_psql('postgres', $_[1]); }
sub soon
{
	my ($node, $query, $what) = @_;
	ok($node->poll_query_until('postgres', $query), $what);
}
my $running = q{SELECT count(*) = %d FROM pg_stat_activity WHERE backend_type = 'pg_epiphany job'};

# ---- Not preloaded: whoever adds a job starts the launcher, and it ends when nothing is left ----
my $plain = PostgreSQL::Test::Cluster->new('plain');
$plain->init;
$plain->append_conf('postgresql.conf', $settings);
$plain->start;
value($plain, $prepare);
my $id = value($plain, "SELECT epiphany.add_job('note', '1 s')");
soon($plain, "SELECT count(*) >= 4 FROM seen WHERE id = $id", 'a job runs again and again');
value($plain, "SELECT epiphany.delete_job($id)");
soon($plain, q{SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'pg_epiphany launcher'}, 'the launcher ends after the last job');
$id = value($plain, "SELECT epiphany.add_job('note', '1 h')");
soon($plain, "SELECT count(*) = 2 FROM seen WHERE id = $id", 'and comes back with the next one');
$plain->stop;

# ---- Preloaded, with a standby ----
my $node = PostgreSQL::Test::Cluster->new('primary');
$node->init(allows_streaming => 1);
$node->append_conf('postgresql.conf', "$settings\nshared_preload_libraries = pg_epiphany");
$node->start;
value($node, $prepare);

$id = $node->safe_psql('postgres', "SELECT epiphany.add_job('note', '1 h', job_name => 'Noting')", extra_params => [ '-U', 'worker' ]);
soon($node, "SELECT count(*) = 2 FROM seen WHERE id = $id", 'a job runs, and commits on its way');
is(value($node, "SELECT string_agg(backend, ', ' ORDER BY at) FROM seen"), "pg_epiphany job/Noting [$id], after commit", 'it says what it is');
is(value($node, "SELECT DISTINCT who FROM seen"), 'worker', 'its session is its owner\'s and no other');
soon($node, "SELECT last_run_status = 'Success' AND total_runs = 1 FROM epiphany.job_stats WHERE job_id = $id", 'success is noted');
is(value($node, "SELECT next_start = initial_start + '1 h' FROM epiphany.jobs WHERE job_id = $id"), 't', 'the next start is an interval after the first');

# Failures: again after the retry period and longer each time, until there were enough.
my $fail = value($node, "SELECT epiphany.add_job('fail', '1 h', fixed_schedule => false, scheduled => false)");
value($node, "SELECT epiphany.alter_job($fail, max_retries => 2, retry_period => '100 ms', scheduled => true)");
soon($node, "SELECT job_status = 'Paused' AND total_failures = 3 FROM epiphany.job_stats WHERE job_id = $fail", 'a job that fails is paused after its retries');
is(value($node, "SELECT DISTINCT sqlerrcode || ' ' || split_part(err_message, chr(10), 1) FROM epiphany.job_errors WHERE job_id = $fail"),
	'P0001 it fails', 'its errors are kept');
is( value($node, qq{SELECT bool_and(gap >= wanted) FROM
		(SELECT start_time - lag(finish_time) OVER (ORDER BY id) AS gap, interval '100 ms' * 2 ^ (row_number() OVER (ORDER BY id) - 2) AS wanted
			FROM epiphany.job_history WHERE job_id = $fail) x}),
	't', 'each retry waits twice as long');

# Too long.
my $wait = value($node, "SELECT epiphany.add_job('wait', '1 h', scheduled => false)");
value($node, "SELECT epiphany.alter_job($wait, max_runtime => '200 ms', max_retries => 0, scheduled => true)");
soon($node, "SELECT total_failures = 1 FROM epiphany.job_stats WHERE job_id = $wait", 'max_runtime ends a run');
is(value($node, "SELECT sqlerrcode, err_message FROM epiphany.job_errors WHERE job_id = $wait"),
	'57014|the job was canceled since it ran longer than its max_runtime', 'and says so');
value($node, "SELECT epiphany.alter_job($wait, max_runtime => '0', max_retries => -1, retry_period => '1 h', scheduled => true, next_start => now())");
soon($node, sprintf($running, 1), 'it runs again, without a bound');

# The same job is not run twice at a time, and its owner may change it meanwhile.
my $by_hand = $node->background_psql('postgres', on_error_stop => 0);
$by_hand->query_until(qr/begun/, "\\echo begun\nCALL epiphany.run_job($wait);\n");
soon($node, q{SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted}, 'who runs it by hand waits');
is(value($node, "SELECT job_status FROM epiphany.job_stats WHERE job_id = $wait"), 'Running', 'it is shown as running');
is(value($node, "SELECT max_retries FROM epiphany.alter_job($wait, max_retries => 9)"), '9', 'it can be altered while it runs');
value($node, q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query ~ '^CALL epiphany.run_job' AND pid <> pg_backend_pid()});
$by_hand->quit;

# Ended from outside: a failure.
value($node, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'pg_epiphany job'});
soon($node, "SELECT total_failures = 2 FROM epiphany.job_stats WHERE job_id = $wait", 'a run whose process was ended has failed');
is(value($node, "SELECT err_message FROM epiphany.job_errors WHERE job_id = $wait ORDER BY start_time DESC LIMIT 1"),
	'job crash detected, see server logs', 'and says so');

# As many as may run at once; the others follow.
my @many = map { value($node, "SELECT epiphany.add_job('wait', '1 h')") } 1 .. 4;
soon($node, sprintf($running, 2), 'as many run as may');
sleep 2;
is(value($node, sprintf($running, 2)), 't', 'and no more');
value($node, "SELECT epiphany.alter_job($_, retry_period => '1 h') FROM epiphany.jobs") foreach @many;
value($node, q{SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE backend_type = 'pg_epiphany job'});
soon($node, 'SELECT count(*) = 2 FROM epiphany.job_errors WHERE job_id >= ' . $many[0], 'two are canceled');
soon($node, sprintf($running, 2), 'the other two take their places');
is(value($node, "SELECT string_agg((total_runs)::text, ' ' ORDER BY job_id) FROM epiphany.job_stats WHERE job_id >= $many[0]"), '1 1 1 1', 'each ran once');

# The server goes down with jobs running.
my $pid = value($node, q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'pg_epiphany job' LIMIT 1});
kill 'KILL', $pid;
sleep 1;
sleep 1 until PostgreSQL::Test::Utils::run_log([ 'pg_isready', '-q', '-d', $node->connstr('postgres') ]);
ok($node->poll_query_until('postgres', "SELECT count(*) = 2 FROM epiphany.job_errors WHERE err_message ~ 'crash' AND job_id >= $many[0]"),
	'runs that a crash ended have failed');
$node->stop('immediate');
$node->start;
value($node, "SELECT epiphany.delete_job(job_id) FROM epiphany.jobs WHERE job_id <> $id");
value($node, "TRUNCATE seen; SELECT epiphany.alter_job($id, next_start => now() + interval '3 s')");
$node->restart;
soon($node, "SELECT count(*) = 2 FROM seen", 'jobs go on after a restart');
is(value($node, "SELECT count(*) FROM epiphany.job WHERE job_id = $id"), '1', 'none is lost');

# A database can be dropped while a job of it runs.
$node->safe_psql('postgres', 'CREATE DATABASE other');
$node->safe_psql('other', $prepare =~ s/CREATE ROLE worker LOGIN;//r);
$node->safe_psql('other', "SELECT epiphany.add_job('wait', '1 h')");
soon($node, q{SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'pg_epiphany job' AND datname = 'other'}, 'a job runs in another database');
$node->safe_psql('postgres', 'DROP DATABASE other');
is(value($node, q{SELECT count(*) FROM pg_database WHERE datname = 'other'}), '0', 'that is no obstacle to its end');

# ---- Standby: nothing until it is promoted ----
value($node, "SELECT epiphany.alter_job($id, schedule_interval => '1 s')");
my $standby = PostgreSQL::Test::Cluster->new('standby');
$node->backup('second');
$standby->init_from_backup($node, 'second', has_streaming => 1);
$standby->start;
my $before = value($node, 'SELECT count(*) FROM seen');
soon($node, "SELECT count(*) >= $before + 4 FROM seen", 'the primary runs its jobs');
is($standby->safe_psql('postgres', q{SELECT count(*) FROM pg_stat_activity WHERE backend_type ~ 'pg_epiphany'}), '0', 'the standby runs none');
$node->wait_for_catchup($standby);
$node->stop('immediate');
$before = value($standby, 'SELECT count(*) FROM seen');
sleep 2;
is(value($standby, 'SELECT count(*) FROM seen'), $before, 'nor without its primary');
$standby->promote;
soon($standby, "SELECT count(*) >= $before + 4 FROM seen", 'once promoted it goes on with them');

# Switched off, and on.
$standby->append_conf('postgresql.conf', 'epiphany.jobs = off');
$standby->reload;
sleep 2;
$before = value($standby, 'SELECT count(*) FROM seen');
sleep 2;
is(value($standby, 'SELECT count(*) FROM seen'), $before, 'epiphany.jobs = off stops them');
$standby->append_conf('postgresql.conf', 'epiphany.jobs = on');
$standby->reload;
soon($standby, "SELECT count(*) > $before FROM seen", 'on lets them go on');

# Dumped and restored.
my $dump = PostgreSQL::Test::Utils::tempdir . '/dump.sql';
$standby->command_ok([ 'pg_dump', '-f', $dump, '-d', $standby->connstr('postgres') ], 'dump');
value($standby, 'CREATE DATABASE restored');
$standby->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-f', $dump, '-d', $standby->connstr('restored') ], 'restore');
is($standby->safe_psql('restored', "SELECT job_id, proc_name, owner FROM epiphany.jobs"), "$id|note|worker", 'a dump has the jobs');
ok($standby->poll_query_until('restored', 'SELECT total_runs > 0 FROM epiphany.job_stats'), 'and they run');
$standby->stop;
$plain->clean_node;
unlike(slurp_file($_->logfile), qr/TRAP|PANIC/, 'no assertion failed') foreach ($node, $standby);

done_testing();
