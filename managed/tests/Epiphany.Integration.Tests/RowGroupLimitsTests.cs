// Integration tests: what rows in a row group refuse, and what the delta beside them allows. Promise: a refusal says so by SQLSTATE
// and hint, changes nothing, and the connection goes on.
using System.Threading.Tasks;
using Npgsql;
using Xunit;

namespace Epiphany.Integration.Tests;

public sealed class RowGroupLimitsTests : ServerTest
{
    [Theory]
    [InlineData("UPDATE t SET label = 'x' WHERE id = 1")]
    [InlineData("UPDATE t SET id = id")]
    [InlineData("DELETE FROM t WHERE id = 5000")]
    [InlineData("DELETE FROM t")]
    [InlineData("SELECT FROM t WHERE id = 7 FOR UPDATE")]
    [InlineData("SELECT FROM t FOR KEY SHARE")]
    [InlineData("MERGE INTO t USING (VALUES (9)) v(n) ON id = n WHEN MATCHED THEN UPDATE SET label = 'x'")]
    [InlineData("INSERT INTO t (id) VALUES (3) ON CONFLICT (id) DO UPDATE SET label = 'x'")]
    public async Task A_row_of_a_row_group_is_not_changed(string statement)
    {
        await CreateFilledAsync("t", "epiphany_column");
        await ExecuteAsync("CREATE UNIQUE INDEX ON t (id); CREATE TABLE before AS TABLE t");
        await using var connection = await OpenAsync();
        var error = await connection.FailsAsync(PostgresErrorCodes.FeatureNotSupported, statement);
        Assert.Contains("column table \"t\"", error.MessageText);
        Assert.False(string.IsNullOrEmpty(error.Hint));

        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await connection.RunAsync("INSERT INTO t (id) VALUES (-1)");
            await transaction.SaveAsync("point");
            await connection.FailsAsync(PostgresErrorCodes.FeatureNotSupported, statement);
            await transaction.RollbackAsync("point");
            Assert.Equal(Rows + 1, await connection.ScalarAsync<long>("SELECT count(*) FROM t"));
            await connection.RunAsync("DELETE FROM t WHERE id = -1");
            await transaction.CommitAsync();
        }
        Assert.Equal(0, await DifferencesAsync("before", "t"));
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task Rows_that_came_singly_are_changed(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await ExecuteAsync("CREATE UNIQUE INDEX ON t (id)");
        await using var connection = await OpenAsync();
        Assert.Equal(SingleRows, await connection.RunAsync($"UPDATE t SET amount = -1 WHERE id > {BulkRows}"));
        Assert.Equal(1, await connection.RunAsync($"UPDATE t SET id = 0 WHERE id = {Rows}"));
        Assert.Equal(1, await connection.RunAsync($"DELETE FROM t WHERE id = {Rows - 1}"));
        Assert.Equal(1, await connection.RunAsync("INSERT INTO t (id) VALUES (0) ON CONFLICT (id) DO UPDATE SET label = 'again'"));
        Assert.Equal(0, await connection.RunAsync("INSERT INTO t (id) VALUES (0), (1) ON CONFLICT DO NOTHING"));
        await connection.FailsAsync(PostgresErrorCodes.UniqueViolation, "UPDATE t SET id = 1 WHERE id = 0");
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            Assert.Equal([0], await connection.ColumnAsync<int>("SELECT id FROM t WHERE id < 1 FOR UPDATE"));
            await using var other = await OpenAsync();
            await other.FailsAsync(PostgresErrorCodes.LockNotAvailable, "SELECT FROM t WHERE id = 0 FOR SHARE NOWAIT");
            Assert.Empty(await other.ColumnAsync<int>("SELECT id FROM t WHERE id < 1 FOR UPDATE SKIP LOCKED"));
        }
        Assert.Equal($"{Rows - 1} -{SingleRows - 1} again", await connection.ScalarAsync<string>(
            "SELECT concat_ws(' ', count(*), sum(amount) FILTER (WHERE amount < 0), min(label)) FROM t"));
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task An_update_that_meets_no_row_of_a_group_passes(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await using var connection = await OpenAsync();
        Assert.Equal(0, await connection.RunAsync("UPDATE t SET label = 'x' WHERE id < 0"));
        Assert.Equal(0, await connection.RunAsync("DELETE FROM t WHERE label = 'none such'"));
        Assert.Equal(SingleRows, await connection.RunAsync($"DELETE FROM t WHERE id > {BulkRows}"));
        Assert.Equal(BulkRows, await connection.ScalarAsync<long>("SELECT count(*) FROM t"));
    }

    [Fact]
    public async Task A_row_of_a_row_group_is_not_referenced()
    {
        await CreateFilledAsync("t", "epiphany_column");
        await ExecuteAsync("ALTER TABLE t ADD PRIMARY KEY (id); CREATE TABLE referring (t int REFERENCES t)");
        await using var connection = await OpenAsync();
        // A foreign key locks the row that it refers to.
        await connection.FailsAsync(PostgresErrorCodes.FeatureNotSupported, "INSERT INTO referring VALUES (1)");
        await connection.FailsAsync(PostgresErrorCodes.ForeignKeyViolation, "INSERT INTO referring VALUES (-1)");
        Assert.Equal(1, await connection.RunAsync($"INSERT INTO referring VALUES ({Rows})"));
        await connection.FailsAsync(PostgresErrorCodes.ForeignKeyViolation, $"DELETE FROM t WHERE id = {Rows}");
        Assert.Equal(1, await connection.RunAsync($"DELETE FROM t WHERE id = {Rows - 1}"));
    }
}
