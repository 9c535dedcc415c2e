// Integration tests: statements that are stopped from outside. Promise: they stop soon, leave nothing behind, and the connection
// goes on, or is replaced where the server ended it.
using System;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;
using Npgsql;
using NpgsqlTypes;
using Xunit;

namespace Epiphany.Integration.Tests;

public sealed class CancellationTests : ServerTest
{
    /// <summary>Would run for hours.</summary>
    const string Endless = "SELECT count(*) FROM t a, t b, t c WHERE a.amount + b.amount + c.amount < 0";

    static readonly TimeSpan s_soon = TimeSpan.FromMilliseconds(150), s_atOnce = TimeSpan.FromSeconds(60);

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task A_token_stops_a_query(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await using var connection = await OpenAsync();
        await StopsAsync<OperationCanceledException>(token => connection.RunAsync(Endless, token));
        await GoesOnAsync(connection);
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task A_token_stops_a_bulk_insert(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await using var connection = await OpenAsync();
        await StopsAsync<OperationCanceledException>(
            token => connection.RunAsync("INSERT INTO t SELECT n, 'x', n FROM generate_series(1, 2000000000) n", token));
        await GoesOnAsync(connection);
    }

    [Fact]
    public async Task A_token_stops_managed_code()
    {
        await CreateFilledAsync("t", "epiphany_column");
        await ExecuteAsync("""
            CREATE FUNCTION managed(operation int, argument int8 DEFAULT 0) RETURNS int8
                AS '$libdir/pg_epiphany', 'pge_test_call' LANGUAGE C STRICT
            """);
        await using var connection = await OpenAsync();
        await connection.RunAsync("SELECT managed(0, 41)");
        await StopsAsync<OperationCanceledException>(token => connection.RunAsync("SELECT managed(11, 600000)", token));
        Assert.Equal(42, await connection.ScalarAsync<long>("SELECT managed(0, 41)"));
        await GoesOnAsync(connection);
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task A_token_stops_copy_out(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await using var connection = await OpenAsync();
        await StopsAsync<OperationCanceledException>(
            token => connection.RunAsync("COPY (SELECT a.* FROM t a, t b, t c) TO '/dev/null' BINARY", token));
        await GoesOnAsync(connection);
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task A_copy_that_is_not_completed_brings_nothing(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await using var connection = await OpenAsync();
        await using (var importer = await connection.BeginBinaryImportAsync("COPY t (id) FROM STDIN BINARY"))
        {
            for (int row = 0; row < BulkRows; row++)
            {
                await importer.StartRowAsync();
                await importer.WriteAsync(row, NpgsqlDbType.Integer);
            }
        }
        await GoesOnAsync(connection);
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task Statement_timeout_stops_reading_and_writing(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await using var connection = await OpenAsync();
        await connection.RunAsync("SET statement_timeout = '150ms'");
        foreach (string statement in new[]
        {
            Endless,
            "INSERT INTO t SELECT n, 'x', n FROM generate_series(1, 2000000000) n",
            "CREATE TABLE copy AS SELECT a.* FROM t a, t b, t c",
        })
        {
            var clock = Stopwatch.StartNew();
            await connection.FailsAsync(PostgresErrorCodes.QueryCanceled, statement);
            Assert.True(clock.Elapsed < s_atOnce);
        }
        await connection.RunAsync("RESET statement_timeout");
        await GoesOnAsync(connection);
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task A_command_timeout_stops_a_query(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand(Endless, connection) { CommandTimeout = 1 };
        var error = await Assert.ThrowsAsync<NpgsqlException>(command.ExecuteScalarAsync);
        Assert.IsType<TimeoutException>(error.InnerException);
        await GoesOnAsync(connection);
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task A_terminated_backend_is_replaced_and_its_rows_are_gone(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        int backend;
        await using (var connection = await OpenAsync())
        {
            backend = connection.ProcessID;
            await connection.RunAsync($"BEGIN; INSERT INTO t (id) SELECT n FROM generate_series(1, {BulkRows}) n");
            var query = connection.RunAsync(Endless);
            await ExecuteAsync($"SELECT pg_terminate_backend({backend}, 10000)");
            var error = await Assert.ThrowsAsync<PostgresException>(() => query);
            Assert.Equal(PostgresErrorCodes.AdminShutdown, error.SqlState);
            Assert.Equal(System.Data.ConnectionState.Closed, connection.State);
        }
        await using var next = await OpenAsync();
        Assert.NotEqual(backend, next.ProcessID);
        await GoesOnAsync(next);
    }

    static async Task StopsAsync<TException>(Func<CancellationToken, Task> work)
        where TException : Exception
    {
        using var stop = new CancellationTokenSource(s_soon);
        var clock = Stopwatch.StartNew();
        await Assert.ThrowsAnyAsync<TException>(() => work(stop.Token));
        Assert.True(clock.Elapsed < s_atOnce, $"stopped after {clock.Elapsed}");
    }

    static async Task GoesOnAsync(NpgsqlConnection connection)
    {
        Assert.Equal(Rows, await connection.ScalarAsync<long>("SELECT count(*) FROM t"));
        await connection.RunAsync($"INSERT INTO t (id) SELECT n FROM generate_series(1, {BulkRows}) n");
        Assert.Equal(Rows + BulkRows, await connection.ScalarAsync<long>("SELECT count(*) FROM t"));
        await connection.RunAsync("TRUNCATE t");
        await connection.RunAsync($"INSERT INTO t SELECT n, 'again', n FROM generate_series(1, {Rows}) n");
    }
}
