# Continuous aggregates over a heap, a column and a time series table and joined tables, random changes to all of them, and the one question:
# does each aggregate show what its query shows?
package ContinuousHistory;
use strict;
use warnings FATAL => 'all';

our @sources = qw(on_heap on_column on_series);

# The view "differences" has a row for each aggregate that is not its query; "fail" makes an error of it. Times lie around the night in
# which New York's clocks go back.
sub setup
{
	my $sql = q{
	CREATE EXTENSION pg_epiphany CASCADE;
	CREATE TABLE devices (dev int PRIMARY KEY, place text);
	INSERT INTO devices SELECT i, 'place ' || i % 3 FROM generate_series(0, 9) i;
	CREATE TABLE rooms (dev int, room int, least int) USING epiphany_column;
	INSERT INTO rooms SELECT i % 10, i % 4, i * 37 % 1000 FROM generate_series(0, 19) i;
	CREATE TABLE floors (room int, floor text);
	INSERT INTO floors SELECT i, 'floor ' || i % 2 FROM generate_series(0, 3) i;
	CREATE TABLE owners (place text, owner text);
	INSERT INTO owners SELECT 'place ' || i, 'owner ' || i % 2 FROM generate_series(0, 2) i;
	CREATE FUNCTION fail(aggregate text, rows int8) RETURNS int LANGUAGE plpgsql AS $$
		BEGIN RAISE EXCEPTION 'aggregate % differs in % rows', aggregate, rows; END $$;
	CREATE FUNCTION a_time() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$
		SELECT '2024-10-31 00:00Z'::timestamptz + random() * CASE WHEN random() < 0.7 THEN interval '1 day' ELSE interval '6 days' END $$;
	};
	my %using = (on_heap => 'heap', on_column => 'epiphany_column', on_series => 'epiphany_timeseries');
	my @aggregates;
	for my $source (@sources)
	{
		$sql .= qq{
		CREATE TABLE $source (ts timestamptz NOT NULL, dev int, v int) USING $using{$source};
		INSERT INTO $source SELECT a_time(), i % 10, i FROM generate_series(1, 3000) i;
		CREATE MATERIALIZED VIEW ${source}_quarters WITH (epiphany.continuous) AS
			SELECT epiphany.time_bucket('15 minutes', ts, 'America/New_York') AS bucket, dev, sum(v), count(*) AS n, min(v) FROM $source GROUP BY 1, 2;
		CREATE MATERIALIZED VIEW ${source}_hours WITH (epiphany.continuous, epiphany.create_group_indexes = false) AS
			SELECT epiphany.time_bucket('1 hour', ts) AS bucket, count(*) AS n, max(v) - min(v) AS spread, count(DISTINCT dev) AS devs
			FROM $source WHERE v % 5 <> 0 GROUP BY 1 HAVING count(*) > 1 WITH NO DATA;
		CREATE MATERIALIZED VIEW ${source}_days WITH (epiphany.continuous) AS
			SELECT epiphany.time_bucket('1 day', bucket) AS bucket, sum(n) AS n, max(spread) FROM ${source}_hours GROUP BY 1;
		CREATE MATERIALIZED VIEW ${source}_places WITH (epiphany.continuous) AS
			SELECT epiphany.time_bucket('1 month', s.ts) AS bucket, d.place, sum(s.v) FROM $source s LEFT JOIN devices d USING (dev) GROUP BY 1, 2;
		};
		push @aggregates, map { "${source}_$_" } qw(quarters hours days places);
		next if $source eq 'on_series';
		$sql .= qq{
		CREATE MATERIALIZED VIEW ${source}_owners WITH (epiphany.continuous) AS
			SELECT epiphany.time_bucket('6 hours', s.ts) AS bucket, o.owner, count(*) FROM $source s JOIN devices d USING (dev)
				JOIN devices e ON s.dev = e.dev AND d.place = e.place LEFT JOIN owners o ON o.place = d.place GROUP BY 1, 2;
		CREATE MATERIALIZED VIEW ${source}_rooms WITH (epiphany.continuous) AS
			SELECT epiphany.time_bucket('15 minutes', s.ts) AS bucket, r.room, sum(s.v), count(*) AS n FROM $source s, rooms r
				WHERE r.dev = s.dev AND s.v >= r.least GROUP BY 1, 2;
		CREATE MATERIALIZED VIEW ${source}_floors WITH (epiphany.continuous) AS
			SELECT epiphany.time_bucket('1 hour', r.bucket) AS bucket, f.floor, sum(r.n) FROM ${source}_rooms r JOIN floors f USING (room) GROUP BY 1, 2;
		};
		push @aggregates, map { "${source}_$_" } qw(owners rooms floors);
	}
	$sql .= 'CREATE VIEW differences AS ' . join(' UNION ALL ',
		map { "SELECT '$_' AS aggregate, count(*) AS rows FROM ((TABLE $_ EXCEPT ALL TABLE ${_}_definition) UNION ALL (TABLE ${_}_definition EXCEPT ALL TABLE $_)) x HAVING count(*) > 0" }
			@aggregates) . ';';
	return ($sql, @aggregates);
}

my @changes = (
	q{INSERT INTO %s SELECT a_time(), random() * 9, random() * 1000 FROM generate_series(1, 1 + (random() * 20)::int);},
	q{INSERT INTO %s SELECT a_time(), random() * 9, random() * 1000 FROM generate_series(1, 2500);},
	q{INSERT INTO %s VALUES (a_time(), 3, 7);},
	q{UPDATE %s SET ts = ts + interval '7 minutes' WHERE v % 97 = (random() * 96)::int AND dev = (random() * 9)::int;},
	q{UPDATE %s SET v = v + 1 WHERE ts BETWEEN '2024-11-03 05:00Z' AND '2024-11-03 06:30Z' AND dev = 4;},
	q{WITH t AS (SELECT a_time() AS t) DELETE FROM %s USING t WHERE ts BETWEEN t.t AND t.t + interval '9 minutes';},
	q{DELETE FROM %s WHERE v % 31 = (random() * 30)::int;},
	q{MERGE INTO %s s USING (SELECT a_time() AS t) t ON s.ts BETWEEN t.t AND t.t + interval '30 s'
		WHEN MATCHED AND v % 2 = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET ts = s.ts - interval '1 day' WHEN NOT MATCHED THEN INSERT VALUES (t.t, 1, 1);});

my @changes_of_joined = (
	q{UPDATE devices SET place = 'place ' || (random() * 3)::int WHERE dev = (SELECT (random() * 9)::int);},
	q{INSERT INTO devices SELECT (random() * 12)::int, 'place 1' ON CONFLICT (dev) DO UPDATE SET place = 'place 2';},
	q{DELETE FROM devices WHERE dev = (SELECT (random() * 9)::int);},
	q{UPDATE rooms SET least = least + 1 WHERE room = (SELECT (random() * 3)::int);},
	q{INSERT INTO rooms SELECT random() * 9, random() * 3, random() * 1000 FROM generate_series(1, 2);},
	q{DELETE FROM rooms WHERE least = (SELECT max(least) FROM rooms);},
	q{MERGE INTO rooms r USING (SELECT (random() * 12)::int AS dev) n ON r.dev = n.dev WHEN MATCHED AND r.room = 2 THEN DELETE
		WHEN MATCHED THEN UPDATE SET dev = (r.dev + 1) % 10 WHEN NOT MATCHED THEN INSERT VALUES (n.dev, 1, 500);},
	q{UPDATE floors SET room = (room + 1) % 5 WHERE room = (SELECT (random() * 4)::int);},
	q{UPDATE owners SET owner = 'owner ' || (random() * 2)::int WHERE place = 'place 1';});

# A random change to a random source or, of each three, to a joined table, by Perl's random numbers; "%s" may stand beside SQL's %.
sub change
{
	return $changes_of_joined[ rand @changes_of_joined ] if rand 3 < 1;
	my $source = $sources[ rand @sources ];
	my $change = $changes[ rand @changes ];
	$change =~ s/%s/$source/;
	return $change;
}

# pgbench scripts that do all of this at once, by name; each check is one statement, or two by one snapshot.
sub scripts
{
	my @aggregates = @_;
	my %scripts;
	my $check = 'SELECT fail(aggregate, rows) FROM differences';
	for my $source (@sources)
	{
		for my $n (0 .. $#changes)
		{
			my ($change, $undone) = map { (my $c = $changes[$_]) =~ s/%s/$source/; $c } $n, ($n + 4) % @changes;
			$scripts{"write_${source}_$n"} = "BEGIN;\n$change\nSAVEPOINT a;\n$undone\nROLLBACK TO a;\n" .
				"SELECT fail(aggregate, rows) FROM differences WHERE aggregate LIKE '$source%';\nCOMMIT;\n";
		}
	}
	for my $n (0 .. $#changes_of_joined)
	{
		my ($change, $undone) = map { $changes_of_joined[ $_ % @changes_of_joined ] } $n, $n + 5;
		$scripts{"join_$n"} = "BEGIN;\n$change\nSAVEPOINT a;\n$undone\nROLLBACK TO a;\n" .
			"SELECT fail(aggregate, rows) FROM differences WHERE aggregate LIKE 'on_heap%';\nCOMMIT;\n";
	}
	for my $n (0 .. $#aggregates)
	{
		my $window = $n % 2 ? 'NULL, NULL' :
			q{'2024-10-30 00:00Z'::timestamptz + :from * interval '1 hour', '2025-01-02 00:00Z'};
		$scripts{"refresh_$n"} = "\\set from random(0, 140)\nCALL epiphany.refresh_continuous_aggregate('$aggregates[$n]', $window);\n";
	}
	$scripts{check} = "$check;\n";
	$scripts{check_engine} = "SET epiphany.debug_vectorize = force;\n$check;\nRESET epiphany.debug_vectorize;\n";
	$scripts{check_snapshot} = "BEGIN ISOLATION LEVEL REPEATABLE READ;\n$check;\n\\sleep 30 ms\n$check;\nCOMMIT;\n";
	$scripts{compact} = "SELECT epiphany.compact('on_column'), epiphany.compact('on_series'), epiphany.compact('rooms');\n\\sleep 100 ms\n";
	$scripts{vacuum} = "VACUUM on_heap, on_column, on_series, rooms, epiphany.continuous_pending;\n\\sleep 200 ms\n";
	return %scripts;
}

1;
