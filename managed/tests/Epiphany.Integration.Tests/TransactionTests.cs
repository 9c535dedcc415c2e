// Integration tests: what transactions, savepoints and prepared transactions do to bulk loads and single rows. Promise: heap's.
using System.Data;
using System.Threading.Tasks;
using Npgsql;
using NpgsqlTypes;
using Xunit;

namespace Epiphany.Integration.Tests;

public sealed class TransactionTests : ServerTest
{
    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task Rollback_of_a_bulk_copy_leaves_nothing(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await using var connection = await OpenAsync();
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await CopyAsync(connection, BulkRows);
            Assert.Equal(Rows + BulkRows, await CountAsync(connection));
            Assert.Equal(Rows, await ScalarAsync<long>("SELECT count(*) FROM t"));
            await transaction.RollbackAsync();
        }
        Assert.Equal(Rows, await CountAsync(connection));
        await connection.RunAsync("VACUUM t");
        Assert.Equal(Rows, await CountAsync(connection));
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task Savepoints_keep_what_came_before_them(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await using var connection = await OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await CopyAsync(connection, BulkRows);
        await transaction.SaveAsync("outer_point");
        await CopyAsync(connection, BulkRows + 1);
        await connection.RunAsync("INSERT INTO t (id) VALUES (0)");
        await transaction.SaveAsync("inner_point");
        await CopyAsync(connection, BulkRows + 2);
        Assert.Equal(Rows + (3 * BulkRows) + 4, await CountAsync(connection));
        await transaction.RollbackAsync("inner_point");
        Assert.Equal(Rows + (2 * BulkRows) + 2, await CountAsync(connection));
        await transaction.ReleaseAsync("inner_point");
        await connection.FailsAsync(PostgresErrorCodes.DivisionByZero, "SELECT sum(id / (id - 4000)) FROM t");
        await transaction.RollbackAsync("outer_point");
        Assert.Equal(Rows + BulkRows, await CountAsync(connection));
        await CopyAsync(connection, 3);
        await transaction.CommitAsync();
        Assert.Equal(Rows + BulkRows + 3, await ScalarAsync<long>("SELECT count(*) FROM t"));
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task A_prepared_transaction_is_ended_by_another_connection(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        foreach (var (ending, added) in new[] { ("ROLLBACK", 0), ("COMMIT", BulkRows + 1) })
        {
            await using (var connection = await OpenAsync())
            {
                await connection.RunAsync("BEGIN");
                await CopyAsync(connection, BulkRows);
                await connection.RunAsync("INSERT INTO t (id) VALUES (0)");
                await connection.RunAsync("PREPARE TRANSACTION 'app'");
                Assert.Equal(Rows, await CountAsync(connection));
                await connection.RunAsync("INSERT INTO t (id) VALUES (-1); DELETE FROM t WHERE id = -1");
            }
            NpgsqlConnection.ClearAllPools();
            await using var other = await OpenAsync();
            await other.RunAsync($"{ending} PREPARED 'app'");
            Assert.Equal(Rows + added, await CountAsync(other));
        }
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task A_snapshot_does_not_see_later_loads(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await using var connection = await OpenAsync();
        await using (var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead))
        {
            Assert.Equal(Rows, await CountAsync(connection));
            await ExecuteAsync($"INSERT INTO t (id) SELECT n FROM generate_series(1, {BulkRows}) n");
            await ExecuteAsync("INSERT INTO t (id) VALUES (0)");
            Assert.Equal(Rows, await CountAsync(connection));
            await connection.RunAsync($"INSERT INTO t (id) SELECT n FROM generate_series(1, {BulkRows}) n");
            Assert.Equal(Rows + BulkRows, await CountAsync(connection));
            await transaction.CommitAsync();
        }
        Assert.Equal(Rows + (2 * BulkRows) + 1, await CountAsync(connection));
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task Write_skew_is_refused_when_serializable(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await using var one = await OpenAsync();
        await using var two = await OpenAsync();
        await one.RunAsync("BEGIN ISOLATION LEVEL SERIALIZABLE");
        await two.RunAsync("BEGIN ISOLATION LEVEL SERIALIZABLE");
        // Each adds what the other should have counted.
        Assert.Equal(Rows, await CountAsync(one));
        Assert.Equal(Rows, await CountAsync(two));
        await one.RunAsync($"INSERT INTO t (id) SELECT n FROM generate_series(1, {BulkRows}) n");
        await two.RunAsync($"INSERT INTO t (id) SELECT n FROM generate_series(1, {BulkRows}) n");
        await one.RunAsync("COMMIT");
        await two.FailsAsync(PostgresErrorCodes.SerializationFailure, "COMMIT");
        Assert.Equal(Rows + BulkRows, await CountAsync(one));
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task A_statement_does_not_see_its_own_rows(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await using var connection = await OpenAsync();
        Assert.Equal(Rows, await connection.RunAsync("INSERT INTO t SELECT * FROM t"));
        Assert.Equal(2 * Rows, await connection.RunAsync("INSERT INTO t SELECT * FROM t"));
        Assert.Equal([$"{Rows} 4"], await connection.ColumnAsync<string>(
            "SELECT concat_ws(' ', count(*), copies) FROM (SELECT count(*) copies FROM t GROUP BY id) c GROUP BY copies"));
        Assert.Equal(4 * Rows, await connection.ScalarAsync<long>(
            "WITH new AS (INSERT INTO t SELECT * FROM t RETURNING id) SELECT count(*) FROM t"));
        Assert.Equal(8 * Rows, await CountAsync(connection));
    }

    static Task<long> CountAsync(NpgsqlConnection connection) => connection.ScalarAsync<long>("SELECT count(*) FROM t");

    static async Task CopyAsync(NpgsqlConnection connection, int rows)
    {
        await using var importer = await connection.BeginBinaryImportAsync("COPY t (id) FROM STDIN BINARY");
        for (int row = 1; row <= rows; row++)
        {
            await importer.StartRowAsync();
            await importer.WriteAsync(row, NpgsqlDbType.Integer);
        }
        await importer.CompleteAsync();
    }
}
