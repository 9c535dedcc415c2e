// Integration tests: what every test stands on, a schema of its own on the server that EPIPHANY_TEST_CONNECTION names.
// Promise: a test sees only its own tables and backends. It must not use what an application could not.
using System;
using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;
using Npgsql;
using Xunit;

// A backend, a pool or a timing that another test disturbs would prove nothing.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Epiphany.Integration.Tests;

public abstract class ServerTest : IAsyncLifetime
{
    /// <summary>Rows of a filled table: first a bulk load, which makes a row group, then single rows, which stay in the delta.</summary>
    protected const int BulkRows = 5000, SingleRows = 20, Rows = BulkRows + SingleRows;

    static readonly string s_connection = Environment.GetEnvironmentVariable("EPIPHANY_TEST_CONNECTION")
        ?? throw new InvalidOperationException("EPIPHANY_TEST_CONNECTION is not set: run `make check-integration`.");
    static int s_schemas;

    readonly string _schema = $"app_{Interlocked.Increment(ref s_schemas)}";
    NpgsqlDataSource? _source;

    /// <summary>The oracle first.</summary>
    public static TheoryData<string> AccessMethods => ["heap", "epiphany_row", "epiphany_column"];

    protected NpgsqlDataSource Source => _source!;

    public async Task InitializeAsync()
    {
        _source = Configure(new NpgsqlDataSourceBuilder(ConnectionString())).Build();
        await ExecuteAsync($"""
            SET client_min_messages = warning;
            CREATE EXTENSION IF NOT EXISTS pg_epiphany CASCADE;
            DROP SCHEMA IF EXISTS {_schema} CASCADE;
            CREATE SCHEMA {_schema};
            """);
    }

    public async Task DisposeAsync()
    {
        await ExecuteAsync($"SET client_min_messages = warning; DROP SCHEMA {_schema} CASCADE");
        await Source.DisposeAsync();
    }

    protected virtual NpgsqlDataSourceBuilder Configure(NpgsqlDataSourceBuilder builder) => builder;

    string ConnectionString()
    {
        // A busy machine is no failure: by default the driver gives up a connection whose cancelled statement goes on for two seconds.
        var builder = new NpgsqlConnectionStringBuilder(s_connection)
        {
            SearchPath = _schema,
            Timeout = 120,
            CommandTimeout = 300,
            CancellationTimeout = 120_000,
        };
        return builder.ConnectionString;
    }

    protected async Task<NpgsqlConnection> OpenAsync() => await Source.OpenConnectionAsync();

    protected async Task ExecuteAsync(string sql)
    {
        await using var connection = await OpenAsync();
        await connection.RunAsync(sql);
    }

    protected async Task<T> ScalarAsync<T>(string sql)
    {
        await using var connection = await OpenAsync();
        return await connection.ScalarAsync<T>(sql);
    }

    protected Task CreateAsync(string table, string accessMethod) =>
        ExecuteAsync($"CREATE TABLE {table} (id int, label text, amount numeric) USING {accessMethod}");

    /// <summary>A table with ids 1 to <see cref="Rows"/>, in both regions where its access method has two.</summary>
    protected async Task CreateFilledAsync(string table, string accessMethod)
    {
        const string Row = "n, CASE WHEN n % 10 > 0 THEN 'label ' || n % 7 END, n / 4.0";
        await CreateAsync(table, accessMethod);
        await ExecuteAsync($"INSERT INTO {table} SELECT {Row} FROM generate_series(1, {BulkRows}) n");
        for (int id = BulkRows + 1; id <= Rows; id++)
        {
            await ExecuteAsync($"INSERT INTO {table} SELECT {Row} FROM (VALUES ({id})) one(n)");
        }
        if (accessMethod == "epiphany_column")
        {
            Assert.Equal(BulkRows, await GroupRowsAsync(table));
        }
    }

    protected Task<long> GroupRowsAsync(string table) =>
        ScalarAsync<long>($"SELECT coalesce(sum(rows), 0)::int8 FROM epiphany.row_groups('{table}')");

    /// <summary>How many rows one table has that the other lacks, judged by each row's text: scale, sign of zero and all.</summary>
    protected Task<long> DifferencesAsync(string left, string right) => ScalarAsync<long>($"""
        WITH l AS (SELECT t::text FROM {left} t), r AS (SELECT t::text FROM {right} t)
        SELECT (SELECT count(*) FROM (TABLE l EXCEPT ALL TABLE r) a) + (SELECT count(*) FROM (TABLE r EXCEPT ALL TABLE l) b)
        """);
}

static class ConnectionExtensions
{
    /// <summary>Returns how many rows were inserted or changed.</summary>
    public static async Task<int> RunAsync(this NpgsqlConnection connection, string sql, CancellationToken cancellation = default)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteNonQueryAsync(cancellation);
    }

    public static async Task<T> ScalarAsync<T>(this NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        Assert.True(await reader.ReadAsync());
        T value = await reader.GetFieldValueAsync<T>(0);
        Assert.False(await reader.ReadAsync());
        return value;
    }

    public static async Task<List<T>> ColumnAsync<T>(this NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var values = new List<T>();
        while (await reader.ReadAsync())
        {
            values.Add(await reader.GetFieldValueAsync<T>(0));
        }
        return values;
    }

    /// <summary>The statement fails with this SQLSTATE.</summary>
    public static async Task<PostgresException> FailsAsync(this NpgsqlConnection connection, string sqlState, string sql)
    {
        var error = await Assert.ThrowsAsync<PostgresException>(() => connection.RunAsync(sql));
        Assert.Equal(sqlState, error.SqlState);
        return error;
    }
}
