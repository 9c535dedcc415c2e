// Integration tests: several statements in one round trip, several results, and notifications beside them. Promise: heap's results,
// in order; an error takes back what the batch did.
using System.Collections.Generic;
using System.Threading.Tasks;
using Npgsql;
using Xunit;

namespace Epiphany.Integration.Tests;

public sealed class BatchTests : ServerTest
{
    protected override NpgsqlDataSourceBuilder Configure(NpgsqlDataSourceBuilder builder)
    {
        builder.ConnectionStringBuilder.IncludeFailedBatchedCommand = true;
        return builder;
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task A_batch_loads_and_reads(string accessMethod)
    {
        await CreateAsync("t", accessMethod);
        await using var connection = await OpenAsync();
        for (int turn = 1; turn <= 8; turn++)
        {
            await using var batch = new NpgsqlBatch(connection);
            batch.BatchCommands.Add(Command("INSERT INTO t (id) SELECT n FROM generate_series(1, $1) n", BulkRows));
            batch.BatchCommands.Add(Command("SELECT count(*) FROM t WHERE id > $1", 0));
            batch.BatchCommands.Add(Command("INSERT INTO t (id) VALUES ($1)", -turn));
            batch.BatchCommands.Add(Command("SELECT id FROM t WHERE id < $1 ORDER BY id LIMIT 1", 0));
            if (turn == 2)
            {
                await batch.PrepareAsync();
            }
            await using var reader = await batch.ExecuteReaderAsync();
            Assert.True(await reader.ReadAsync());
            Assert.Equal((long)turn * BulkRows, reader.GetInt64(0));
            Assert.True(await reader.NextResultAsync());
            Assert.True(await reader.ReadAsync());
            Assert.Equal(-turn, reader.GetInt32(0));
            Assert.False(await reader.NextResultAsync());
            Assert.Equal((ulong)BulkRows, batch.BatchCommands[0].Rows);
        }
        Assert.Equal(8 * (BulkRows + 1), await connection.ScalarAsync<long>("SELECT count(*) FROM t"));
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task An_error_takes_back_the_whole_batch(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await using var connection = await OpenAsync();
        await using (var batch = new NpgsqlBatch(connection))
        {
            batch.BatchCommands.Add(Command("INSERT INTO t (id) SELECT n FROM generate_series(1, $1) n", BulkRows));
            batch.BatchCommands.Add(Command("SELECT count(*) FROM t WHERE id / $1 > 0", 0));
            batch.BatchCommands.Add(Command("INSERT INTO t (id) VALUES ($1)", 1));
            var error = await Assert.ThrowsAsync<PostgresException>(() => batch.ExecuteNonQueryAsync());
            Assert.Equal(PostgresErrorCodes.DivisionByZero, error.SqlState);
            Assert.Same(batch.BatchCommands[1], error.BatchCommand);
        }
        Assert.Equal(Rows, await connection.ScalarAsync<long>("SELECT count(*) FROM t"));
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task Several_results_of_one_command(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await using var connection = await OpenAsync();
        await using var command = new NpgsqlCommand("""
            SELECT id FROM t WHERE id <= 2000;
            SELECT id, label FROM t WHERE id > 5000;
            SELECT FROM t WHERE id < 0;
            SELECT count(*), max(amount) FROM t
            """, connection);
        await using var reader = await command.ExecuteReaderAsync();
        Assert.Equal(2000, await CountAsync(reader));
        Assert.True(await reader.NextResultAsync());
        // Half of a result may be left unread.
        Assert.True(await reader.ReadAsync());
        Assert.True(await reader.NextResultAsync());
        Assert.Equal(0, await CountAsync(reader));
        Assert.True(await reader.NextResultAsync());
        Assert.True(await reader.ReadAsync());
        Assert.Equal((Rows, Rows / 4.0m), (reader.GetInt64(0), reader.GetDecimal(1)));
        Assert.False(await reader.NextResultAsync());
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task Notifications_come_with_the_commit(string accessMethod)
    {
        await CreateAsync("t", accessMethod);
        await using var listener = await OpenAsync();
        await using var writer = await OpenAsync();
        var heard = new List<string>();
        listener.Notification += (_, notification) => heard.Add(notification.Payload);
        await listener.RunAsync("LISTEN loads");
        foreach (var (ending, payload) in new[] { ("ROLLBACK", "lost"), ("COMMIT", "first"), ("COMMIT", "second") })
        {
            await writer.RunAsync("BEGIN");
            await writer.RunAsync($"INSERT INTO t (id) SELECT n FROM generate_series(1, {BulkRows}) n");
            await writer.RunAsync($"NOTIFY loads, '{payload}'");
            await writer.RunAsync(ending);
        }
        while (heard.Count < 2)
        {
            Assert.True(await listener.WaitAsync(60_000));
        }
        Assert.Equal(["first", "second"], heard);
        Assert.Equal(2 * BulkRows, await listener.ScalarAsync<long>("SELECT count(*) FROM t"));
    }

    static NpgsqlBatchCommand Command(string sql, int parameter) =>
        new(sql) { Parameters = { new NpgsqlParameter<int> { TypedValue = parameter } } };

    static async Task<int> CountAsync(NpgsqlDataReader reader)
    {
        int rows = 0;
        while (await reader.ReadAsync())
        {
            rows++;
        }
        return rows;
    }
}
