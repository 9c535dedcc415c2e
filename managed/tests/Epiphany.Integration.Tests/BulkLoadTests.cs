// Integration tests: a load large enough for more than one full row group, as an application makes it. Promise: heap's answers,
// and a load that fails anywhere leaves nothing.
using System;
using System.Threading.Tasks;
using Npgsql;
using NpgsqlTypes;
using Xunit;

namespace Epiphany.Integration.Tests;

public sealed class BulkLoadTests : ServerTest
{
    const int LoadRows = 150_000, FullGroup = 131_072;

    const string Definition = "(id int8 NOT NULL, day date, quantity int2, price numeric(10,2), ratio float8, country text, note text)";

    [Fact]
    public async Task Binary_copy_of_150000_rows_gives_the_answers_of_heap()
    {
        await ExecuteAsync($"CREATE TABLE original {Definition} USING heap; CREATE TABLE t {Definition} USING epiphany_column");
        await using var connection = await OpenAsync();
        await LoadAsync(connection, "original", LoadRows);
        await LoadAsync(connection, "t", LoadRows);

        Assert.Equal(
            [FullGroup, LoadRows - FullGroup],
            await connection.ColumnAsync<long>("SELECT rows FROM epiphany.row_groups('t') ORDER BY group_id"));
        Assert.True(await ScalarAsync<bool>("SELECT pg_relation_size('t') * 2 < pg_relation_size('original')"), "smaller by half");
        foreach (var (left, right) in new[] { ("original", "t"), ("t", "original") })
        {
            Assert.Equal(0, await ScalarAsync<long>($"SELECT count(*) FROM (TABLE {left} EXCEPT ALL TABLE {right}) d"));
        }
        foreach (string query in new[]
        {
            "SELECT count(*), count(day), count(quantity), count(price), count(ratio), count(country), count(note) FROM {0}",
            "SELECT sum(id), avg(quantity), sum(price), avg(price), min(day), max(day), min(note), max(country) FROM {0}",
            "SELECT array_agg(id ORDER BY id) FROM {0} WHERE price BETWEEN 100 AND 101 AND quantity > 90",
            "SELECT count(*), sum(price) FROM {0} WHERE id > 149000 OR day = '2021-03-01'",
            "SELECT jsonb_object_agg(country, s ORDER BY country) FROM (SELECT country, sum(price * quantity) s FROM {0} GROUP BY 1) g",
            "SELECT array_agg(x) FROM (SELECT DISTINCT country x FROM {0} ORDER BY 1) g",
            "SELECT count(*) FROM {0} a JOIN {0} b ON a.id = b.id + 1 AND a.country = b.country",
            "SELECT array_agg(id) FROM (SELECT id FROM {0} ORDER BY ratio DESC NULLS LAST, id LIMIT 20 OFFSET 1000) g",
            "SELECT md5(string_agg(t::text, '/' ORDER BY id)) FROM {0} t WHERE id % 100 = 1",
            "SELECT count(*) FROM {0} WHERE note IS NULL AND country LIKE '%an%'",
        })
        {
            Assert.Equal(await AnswerAsync(connection, query, "original"), await AnswerAsync(connection, query, "t"));
        }
        await connection.RunAsync("VACUUM (ANALYZE) t");
        await connection.RunAsync("SET min_parallel_table_scan_size = 0; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0");
        Assert.Contains(
            await connection.ColumnAsync<string>("EXPLAIN SELECT count(id % 10) FROM t"), line => line.Contains("Parallel Column Scan"));
        Assert.Equal(LoadRows, await connection.ScalarAsync<long>("SELECT count(id % 10) FROM t"));
        Assert.Equal(
            await connection.ScalarAsync<decimal>("SELECT sum(hashtext(t::text)) FROM original t"),
            await connection.ScalarAsync<decimal>("SELECT sum(hashtext(t::text)) FROM t"));
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task An_index_finds_bulk_loaded_rows(string accessMethod)
    {
        await ExecuteAsync($"CREATE TABLE t {Definition} USING {accessMethod}; CREATE UNIQUE INDEX before ON t (id)");
        await using var connection = await OpenAsync();
        await LoadAsync(connection, "t", 10_000);
        await connection.RunAsync("CREATE INDEX after ON t (country, id); ANALYZE t; SET enable_seqscan = off");
        for (int id = 0; id < 10_000; id += 499)
        {
            Assert.Equal(id, await connection.ScalarAsync<long>($"SELECT id FROM t WHERE id = {id}"));
        }
        Assert.Equal([7L, 20, 33, 46, 59], await connection.ColumnAsync<long>(
            "SELECT id FROM t WHERE country = 'Japan' ORDER BY id LIMIT 5"));
        await connection.RunAsync("SET enable_indexscan = off");
        Assert.Equal(769, await connection.ScalarAsync<long>(
            "SELECT count(note) + count(*) FILTER (WHERE note IS NULL) FROM t WHERE country = 'Japan'"));
        await connection.FailsAsync(PostgresErrorCodes.UniqueViolation, "INSERT INTO t (id) VALUES (77)");
        Assert.Equal(0, await connection.RunAsync("INSERT INTO t (id) VALUES (77) ON CONFLICT DO NOTHING"));
        Assert.Equal(10_000, await connection.ScalarAsync<long>("SELECT count(*) FROM t"));
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task A_load_that_fails_at_its_last_row_leaves_nothing(string accessMethod)
    {
        await ExecuteAsync($"CREATE TABLE t {Definition} USING {accessMethod}; INSERT INTO t (id) VALUES (-1); CREATE UNIQUE INDEX ON t (id)");
        await ExecuteAsync("ALTER TABLE t ADD CHECK (quantity < 1000)");
        await using var connection = await OpenAsync();
        foreach (var (state, last) in new (string, object?[])[]
        {
            (PostgresErrorCodes.NotNullViolation, [null, null, null, null, null, null, null]),
            (PostgresErrorCodes.UniqueViolation, [4999L, null, null, null, null, null, null]),
            (PostgresErrorCodes.UniqueViolation, [-1L, null, null, null, null, null, null]),
            (PostgresErrorCodes.CheckViolation, [5000L, null, (short)1000, null, null, null, null]),
        })
        {
            var error = await Assert.ThrowsAsync<PostgresException>(() => LoadAsync(connection, "t", BulkRows, last));
            Assert.Equal(state, error.SqlState);
            Assert.Equal(1, await connection.ScalarAsync<long>("SELECT count(*) FROM t"));
        }
        await LoadAsync(connection, "t", BulkRows);
        Assert.Equal(BulkRows + 1, await connection.ScalarAsync<long>("SELECT count(*) FROM t"));
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task Truncate_and_a_new_load(string accessMethod)
    {
        await ExecuteAsync($"CREATE TABLE t {Definition} USING {accessMethod}");
        await using var connection = await OpenAsync();
        for (int load = 0; load < 3; load++)
        {
            await connection.RunAsync("TRUNCATE t");
            Assert.Equal(0, await connection.ScalarAsync<long>("SELECT count(*) FROM t"));
            await LoadAsync(connection, "t", BulkRows);
            Assert.Equal(BulkRows, await connection.ScalarAsync<long>("SELECT count(*) FROM t"));
        }
    }

    static async Task LoadAsync(NpgsqlConnection connection, string table, int rows, object?[]? last = null)
    {
        string[] countries =
            ["Poland", "Peru", "Panama", "Iran", "Ghana", "Fiji", "Chad", "Japan", "Oman", "Togo", "Niue", "Cuba", "Mali"];
        var start = new DateOnly(2020, 1, 1);
        await using var importer = await connection.BeginBinaryImportAsync($"COPY {table} FROM STDIN BINARY");
        for (int row = 0; row < rows; row++)
        {
            await importer.StartRowAsync();
            await importer.WriteAsync((long)row);
            await importer.WriteAsync(start.AddDays(row / 300), NpgsqlDbType.Date);
            await importer.WriteAsync((short)(row * 17 % 100));
            await importer.WriteAsync(row * 7919L % 100_000 / 100.00m);
            await importer.WriteAsync(Math.Sin(row));
            await importer.WriteAsync(countries[row % countries.Length]);
            if (row % 11 == 0)
            {
                await importer.WriteNullAsync();
            }
            else
            {
                await importer.WriteAsync($"note {row % 1000} of {row / 1000}");
            }
        }
        if (last is not null)
        {
            await importer.WriteRowAsync(default, last);
        }
        await importer.CompleteAsync();
    }

    static Task<string> AnswerAsync(NpgsqlConnection connection, string query, string table) =>
        connection.ScalarAsync<string>($"SELECT q::text FROM ({query.Replace("{0}", table)}) q");
}
