// Integration tests: many connections at work on one table. Promise: each reader sees whole transactions only, and nothing is lost.
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Npgsql;
using Xunit;

namespace Epiphany.Integration.Tests;

public sealed class ConcurrencyTests : ServerTest
{
    const int Writers = 4, Readers = 3, Turns = 6, TurnRows = 4000;

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task Readers_see_whole_transactions_of_many_writers(string accessMethod)
    {
        await ExecuteAsync($"CREATE TABLE t (writer int, turn int, amount int8) USING {accessMethod}");
        await ExecuteAsync("CREATE INDEX ON t (writer, turn)");
        int writing = Writers;

        // A turn: a bulk load, single rows, and every other time all of it taken back. Its amounts sum up to zero.
        async Task WriteAsync(int writer)
        {
            await using var connection = await OpenAsync();
            for (int turn = 0; turn < Turns; turn++)
            {
                await using var transaction = await connection.BeginTransactionAsync();
                await using (var importer = await connection.BeginBinaryImportAsync("COPY t FROM STDIN BINARY"))
                {
                    for (int row = 1; row < TurnRows; row++)
                    {
                        await importer.StartRowAsync();
                        await importer.WriteAsync(writer);
                        await importer.WriteAsync(turn);
                        await importer.WriteAsync((long)row);
                    }
                    await importer.CompleteAsync();
                }
                await connection.RunAsync($"INSERT INTO t VALUES ({writer}, {turn}, -{TurnRows / 2 * (TurnRows - 1L)})");
                await (turn % 2 == 0 ? transaction.CommitAsync() : transaction.RollbackAsync());
            }
            Interlocked.Decrement(ref writing);
        }

        async Task<int> ReadAsync()
        {
            await using var connection = await OpenAsync();
            int reads = 0;
            do
            {
                Assert.Equal("0 0", await connection.ScalarAsync<string>(
                    $"SELECT concat_ws(' ', coalesce(sum(amount), 0), count(*) % {TurnRows}) FROM t"));
                Assert.Equal(0, await connection.ScalarAsync<long>(
                    $"SELECT count(*) FROM (SELECT FROM t GROUP BY writer, turn HAVING count(*) <> {TurnRows} OR turn % 2 = 1) torn"));
                reads++;
            }
            while (Volatile.Read(ref writing) > 0);
            return reads;
        }

        var readers = Enumerable.Range(0, Readers).Select(_ => ReadAsync()).ToArray();
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(WriteAsync));
        Assert.All(await Task.WhenAll(readers), reads => Assert.True(reads > 0));
        Assert.Equal(Writers * Turns / 2 * TurnRows, await ScalarAsync<long>("SELECT count(*) FROM t"));
        await ExecuteAsync("VACUUM t");
        Assert.Equal($"{Turns / 2 * TurnRows} 0", await ScalarAsync<string>(
            "SELECT concat_ws(' ', count(*), sum(amount)) FROM t WHERE writer = 1"));
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task One_of_two_loads_of_the_same_keys_wins(string accessMethod)
    {
        await ExecuteAsync($"CREATE TABLE t (id int PRIMARY KEY, loader int) USING {accessMethod}");
        async Task<string> LoadAsync(int loader)
        {
            try
            {
                await ExecuteAsync($"INSERT INTO t SELECT n, {loader} FROM generate_series(1, {BulkRows}) n");
                return "";
            }
            catch (PostgresException error)
            {
                return error.SqlState;
            }
        }
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 4).Select(LoadAsync));
        Assert.Single(outcomes, outcome => outcome == "");
        Assert.All(outcomes, outcome => Assert.True(outcome is "" or PostgresErrorCodes.UniqueViolation, outcome));
        Assert.Equal($"{BulkRows} 1", await ScalarAsync<string>("SELECT concat_ws(' ', count(*), count(DISTINCT loader)) FROM t"));
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task A_table_is_altered_between_the_turns_of_a_reader(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        int changes = 0;
        var reader = Task.Run(async () =>
        {
            await using var connection = await OpenAsync();
            while (Volatile.Read(ref changes) < 10)
            {
                Assert.Equal(Rows, await connection.ScalarAsync<long>("SELECT count(*) FROM (SELECT * FROM t OFFSET 0) s WHERE id > 0"));
            }
        });
        for (; changes < 10; Interlocked.Increment(ref changes))
        {
            await ExecuteAsync($"ALTER TABLE t ADD COLUMN c{changes} int DEFAULT {changes}");
        }
        await reader;
        Assert.Equal(45 * Rows, await ScalarAsync<long>("SELECT sum(c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7 + c8 + c9) FROM t"));
    }
}
