# Parquet files beside DuckDB, which reads what we write and writes what we read, in all its codecs and versions of pages; a session and a server that
# end in the middle of an export; and files of any bytes.
#   PGE_FUZZ_ROUNDS=20 PGE_FUZZ_SEED=7   more damaged files, and with other random numbers
use strict;
use warnings FATAL => 'all';

use Cwd qw(abs_path);
use File::Basename qw(dirname);
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $rounds = $ENV{PGE_FUZZ_ROUNDS} // 1;
my $seed = $ENV{PGE_FUZZ_SEED} // 90;
note("seed $seed");
srand($seed);

my $node = PostgreSQL::Test::Cluster->new('lake');
$node->init(extra => [ '--encoding=UTF8', '--locale=C' ]);
$node->append_conf('postgresql.conf', "autovacuum = off\nlog_statement = none\nlog_min_messages = fatal\nrestart_after_crash = on");
$node->start;
$node->safe_psql('postgres', 'CREATE EXTENSION epiphany_tiering');
my $dir = $node->basedir . '/lake';
mkdir $dir or die;
my $url = "file://$dir";

sub sql { my ($statement) = @_; return $node->safe_psql('postgres', $statement) }
sub files { my @found = sort map { s/.*\///r } glob("$dir/*"); return join ' ', @found }

# ---- A session that is ended, cancelled or killed leaves no file ----
# Computed row by row: a function in FROM would be run to its end first.
my $endless = "SELECT generate_series(1, 1000000000) AS i, md5(random()::text)";

sub interrupt
{
	my ($name, $how) = @_;
	my $client = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('postgres'), '-c',
		"SELECT epiphany.export_parquet('$endless', '$url/never.parquet', row_group_rows => 10000)" ], '<', \'', '>', \my $out, '2>', \my $err);
	usleep(100_000) until grep { -s $_ } glob("$dir/never.parquet.*.tmp");
	unlike(files(), qr/never\.parquet( |$)/, "$name: the file has no name before it is complete");
	$how->(sql("SELECT pid FROM pg_stat_activity WHERE query LIKE '%never.parquet%' AND pid <> pg_backend_pid()"));
	return $client;
}

my $client = interrupt('cancelled', sub { sql("SELECT pg_cancel_backend($_[0])") });
$client->finish;
is(files(), '', 'cancelled: nothing is left');
$client = interrupt('ended', sub { sql("SELECT pg_terminate_backend($_[0], 60000)") });
$client->finish;
is(files(), '', 'ended: nothing is left');
$client = interrupt('killed', sub { kill KILL => $_[0] });
$client->finish;
$node->poll_query_until('postgres', 'SELECT true') or die;
unlike(files(), qr/never\.parquet( |$)/, 'killed: no file of that name');
unlink glob("$dir/*.tmp");

# ---- Beside DuckDB ----
my $home = dirname(abs_path($0)) . '/../../build/duckdb';
my $duckdb = -d "$home/node_modules/\@duckdb/node-api" && -e "$home/run.js";
if (!$duckdb)
{
	$home = $node->basedir . '/duckdb';
	mkdir $home;
	my $source = dirname(abs_path($0)) . '/../../bench/duckdb';
	local $ENV{npm_config_cache} = "$home/cache";
	local $ENV{HOME} = $home;
	$duckdb = system("cp $source/* $home && cd $home && npm install --no-package-lock --no-audit --no-fund --silent > log 2>&1 && node run.js :memory: execute 'SELECT 1'") == 0;
}

sub duckdb_do
{
	my ($statement) = @_;
	system('node', "$home/run.js", ':memory:', 'execute', $statement) == 0 or die "DuckDB: $statement";
}

# Rows of one text column.
sub duckdb_rows
{
	my ($query) = @_;
	append_to_file("$dir/../query", '');
	open my $file, '>', "$dir/../query" or die;
	print $file $query;
	close $file;
	system("node '$home/run.js' :memory: query 2 60 0 '$dir/../query' '$dir/../answer' > /dev/null") == 0 or die "DuckDB: $query";
	my $answer = slurp_file("$dir/../answer");
	chomp $answer;
	return $answer;
}

SKIP:
{
	skip 'DuckDB is not here: npm cannot install it', 1 unless $duckdb;

	# All codecs and versions; values that compare as text in both.
	my $query = q{SELECT range::int AS id, range % 3 = 0 AS b, (range - 50)::tinyint AS i1, range::usmallint AS u2, range::uinteger * 40000000 AS u4,
		range::ubigint * 180000000000000000 AS u8, range * -70000000000 AS i8, (range * 0.5)::float AS f4, (range * 1.25)::double AS f8,
		(range * 1.01)::decimal(4,2) AS d4, (range * -1.01)::decimal(9,2) AS d9, (range * 1.01)::decimal(18,5) AS d18, (range * -1.01)::decimal(38,5) AS d38, date '2020-01-31' + range::int AS d,
		time '01:02:03.456' AS t, timestamp '1969-12-31 23:59:59.123456' AS ts, timestamp_ns '1969-12-31 23:59:59.123456789' AS ns,
		timestamp_ms '2020-01-01 00:00:00.123' AS ms, 'text ' || (range % 17) AS s,
		CASE WHEN range % 5 > 0 THEN repeat('lång ', (range % 50)::int) || range END AS ls, md5(range::varchar)::uuid AS u,
		[range, NULL, 3] AS l, CASE WHEN range % 4 = 1 THEN [] WHEN range % 4 > 1 THEN ['a', 'b'] END AS ll, (range % 3)::varchar::enum('0', '1', '2') AS e,
		NULL::int AS nothing, {'x': 1} AS st, map {'k': 1} AS mp, encode('b' || range) AS bl FROM range(0, 99)};
	my $definition = 'id int, b bool, i1 int2, u2 int4, u4 int8, u8 numeric, i8 int8, f4 real, f8 float8, d4 numeric, d9 numeric, d18 numeric, d38 numeric, d date, t time,
		ts timestamp, ns timestamp, ms timestamp, s text, ls text, u uuid, l int[], ll text[], e text, nothing int, bl text';
	my $expected = sql(q{SELECT string_agg(concat_ws('|', i, i % 3 = 0, i - 50, i, i * 40000000::int8, i * 180000000000000000::numeric, i * -70000000000, i * 0.5::real, i * 1.25::float8, i * 1.01, i * -1.01,
		(i * 1.01)::numeric(18,5), (i * -1.01)::numeric(38,5), date '2020-01-31' + i, '01:02:03.456', '1969-12-31 23:59:59.123456', '1969-12-31 23:59:59.123456', '2020-01-01 00:00:00.123', 'text ' || i % 17,
		CASE WHEN i % 5 > 0 THEN repeat('lång ', i % 50) || i END, md5(i::text)::uuid, ARRAY[i, NULL, 3], CASE WHEN i % 4 = 1 THEN '{}'::text[] WHEN i % 4 > 1 THEN '{a,b}' END, i % 3, 'b' || i),
		E'\n' ORDER BY i) FROM generate_series(0, 98) i});
	my @written;
	foreach my $options ('COMPRESSION uncompressed', 'COMPRESSION snappy', 'COMPRESSION zstd, PARQUET_VERSION v2', 'COMPRESSION gzip, PARQUET_VERSION v2',
		'COMPRESSION lz4_raw', 'COMPRESSION snappy, PARQUET_VERSION v2', 'COMPRESSION zstd, ROW_GROUP_SIZE 20')
	{
		my $file = 'theirs' . @written . '.parquet';
		duckdb_do("COPY ($query) TO '$dir/$file' (FORMAT parquet, $options)");
		my $got = sql(qq{SELECT string_agg(concat_ws('|', id, b, i1, u2, u4, u8, i8, f4, f8, d4, d9, d18, d38, d, t, ts, ns, ms, s, ls, u, l, ll, e, nothing, bl), E'\n' ORDER BY id)
			FROM epiphany.read_parquet('$url/$file') AS f ($definition)});
		is($got, $expected, "we read DuckDB's file: $options");
		push @written, $file;
	}
	is(sql("SELECT string_agg(column_name, ' ') FROM epiphany.parquet_schema('$url/theirs0.parquet') WHERE sql_type IS NULL"), 'st mp', 'what is nested is shown as that');
	duckdb_do("COPY (SELECT range AS id, hash(range) AS h, 's' || range AS s, (hash(range) % 7)::int AS k, range * 0.1::double AS f FROM range(300000)) TO '$dir/large.parquet' (FORMAT parquet, PARQUET_VERSION v2)");
	is(sql("SELECT concat_ws('|', count(*), sum(id), sum(h), sum(length(s)), sum(k), max(s)) FROM epiphany.read_parquet('$url/large.parquet') AS f (id int, h numeric, s text, k int)"),
		duckdb_rows("SELECT concat_ws('|', count(*), sum(id), sum(h), sum(length(s)), sum(k), max(s)) FROM '$dir/large.parquet'"), 'and one of many pages');

	# Ours, read by DuckDB: types, dictionaries, differences, many groups and pages, skipping by their indexes.
	foreach my $options ("'zstd'", "'lz4'", "'none', row_group_rows => 1000")
	{
		sql(qq{SELECT epiphany.export_parquet(\$q\$SELECT i AS id, i % 2 = 0 AS b, (i % 100)::int2 AS i2, i * 100000000000 AS i8, i * 0.25::real AS f4, i * 0.5::float8 AS f8,
			(i * 1.01)::numeric(9,2) AS d9, (i * 1.01)::numeric(18,5) AS d18, (i * -1234567890123.01)::numeric(38,5) AS d38, date '2020-01-31' + i % 1000 AS d, time '01:02:03.456' AS t,
			timestamp '1999-12-31' + i * interval '1 s' AS ts, timestamptz '1999-12-31 00:00+00' + i * interval '1 s' AS tz, md5(i::text)::uuid AS u,
			CASE WHEN i % 7 > 0 THEN 'text ' || i % 50 END AS s, repeat('ö', i % 60) || i AS ls, CASE WHEN i % 3 > 0 THEN ARRAY[i, NULL, 1] END AS l, i::numeric / 3 AS n,
			jsonb_build_object('i', i) AS j, ('x' || i)::bytea AS bl FROM generate_series(1, 50000) i\$q\$, '$url/ours.parquet', $options)});
		is(duckdb_rows(qq{SELECT concat_ws('|', count(*), sum(id), sum(b::int), sum(i2), sum(i8), sum(f4::double), sum(f8), sum(d9), sum(d18), sum(d38), max(d), max(t), max(ts), max(epoch(tz)::bigint),
				min(u), count(s), max(s), sum(length(ls)), sum(list_sum(l)), sum(len(l)), sum(n::decimal(38,16)), sum((j->>'i')::int), max(decode(bl))) FROM '$dir/ours.parquet'}),
			sql(q{SELECT concat_ws('|', count(*), sum(i), 25000, sum(i % 100), sum(i * 100000000000), sum(i * 0.25::float8) || '.0', sum(i * 0.5::float8) || '.0', sum((i * 1.01)::numeric(9,2)), sum((i * 1.01)::numeric(18,5)),
				sum((i * -1234567890123.01)::numeric(38,5)), date '2020-01-31' + 999, '01:02:03.456', timestamp '1999-12-31' + 50000 * interval '1 s', extract(epoch FROM timestamptz '1999-12-31 00:00+00')::int8 + 50000,
				(SELECT md5(m::text)::uuid FROM generate_series(1, 50000) m ORDER BY 1 LIMIT 1), count(*) FILTER (WHERE i % 7 > 0), max('text ' || i % 50) FILTER (WHERE i % 7 > 0), sum(i % 60 + length(i::text)),
				sum(i + 1) FILTER (WHERE i % 3 > 0), 3 * count(*) FILTER (WHERE i % 3 > 0), sum((i::numeric / 3)::numeric(38,16)), sum(i), 'x' || 9999) FROM generate_series(1, 50000) i}),
			"DuckDB reads our file: $options");
		is(duckdb_rows("SELECT id || ls FROM '$dir/ours.parquet' WHERE id = 34567 AND ts > timestamp '1999-12-31 00:00:01'"), '34567' . ('ö' x (34567 % 60)) . '34567', 'and finds a row by our statistics');
	}

	# A table's row groups in a store, read by DuckDB, deleted rows and all.
	mkdir "$dir/store";
	my $row = q{i AS id, i % 2 = 0 AS b, i * 100000000000 AS i8, i * 0.5::float8 AS f8, (i * 1.01)::numeric(9,2) AS d9, date '2020-01-31' + i % 1000 AS d,
		timestamptz '1999-12-31 00:00+00' + i * interval '1 s' AS tz, md5(i::text)::uuid AS u, CASE WHEN i % 7 > 0 THEN 'text ' || i % 50 END AS s, ARRAY[i, NULL, 1] AS l};
	sql(qq{CREATE EXTENSION epiphany_columnstore;
		CREATE TABLE kept USING epiphany_column AS SELECT $row FROM generate_series(1, 200000) i;
		DELETE FROM kept WHERE id = 7;
		SELECT epiphany.move_groups('kept', 'cold', store => '$url/store')});
	is(duckdb_rows(qq{SELECT concat_ws('|', count(*), sum(id), sum(b::int), sum(i8), sum(f8), sum(d9), max(d), max(epoch(tz)::bigint), min(u), count(s), max(s), sum(list_sum(l)))
			FROM '$dir/store/*/*/*/*.parquet'}),
		sql(qq{SELECT concat_ws('|', count(*), sum(id), sum(b::int), sum(i8), sum(f8) || '.0', sum(d9), max(d), max(extract(epoch FROM tz)::int8), min(u::text), count(s), max(s), sum(l[1] + l[3]))
			FROM (SELECT $row FROM generate_series(1, 200000) i) AS rows}),
		'DuckDB reads cold row groups');
	is(sql('SELECT count(*) FROM kept'), '199999', 'of which the table knows what is deleted');

	# Damage to theirs, whose pages have no checksums: any answer but a crash.
	my $errors = 0;
	my $tries = 0;
	foreach my $file (@written)
	{
		my $good = slurp_file("$dir/$file");
		foreach (1 .. 40 * $rounds)
		{
			my $bad = $good;
			substr($bad, int rand length $bad, 1) = chr int rand 256 for 1 .. 1 + int rand 3;
			$bad = substr($bad, 0, int rand length $bad) if rand() < 0.1;
			open my $fh, '>:raw', "$dir/bad$tries.parquet" or die;
			print $fh $bad;
			close $fh;
			$tries++;
		}
	}
	my $outcome = sql(qq{CREATE TABLE outcomes (error text);
		DO \$\$
		DECLARE n int;
		BEGIN
			FOR i IN 0..$tries - 1 LOOP
				BEGIN
					SELECT count(f::text) INTO n FROM epiphany.read_parquet('$url/bad' || i || '.parquet') AS f ($definition);
					INSERT INTO outcomes VALUES (NULL);
				EXCEPTION WHEN OTHERS THEN INSERT INTO outcomes VALUES (SQLSTATE || ' ' || SQLERRM);
				END;
			END LOOP;
		END \$\$;
		SELECT count(*) FILTER (WHERE error IS NULL) > 0, count(*) FILTER (WHERE error ~ '^XX001') > 0, string_agg(error, E'\n') FILTER (WHERE error ~ '^(XX000|57|08)') FROM outcomes});
	is($outcome, 't|t|', 'damaged files: rows or an error of the file, nothing unexpected');
}

$node->stop;
done_testing();
