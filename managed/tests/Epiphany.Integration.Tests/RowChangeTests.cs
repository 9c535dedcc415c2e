// Integration tests: changes and locks of rows in row groups and of the delta beside them. Promise: they do what they do to heap's rows.
using System.Threading.Tasks;
using Npgsql;
using Xunit;

namespace Epiphany.Integration.Tests;

public sealed class RowChangeTests : ServerTest
{
    /// <summary>The same change on a heap table beside it must leave the same rows, and its rollback none of it.</summary>
    [Theory]
    [InlineData("UPDATE {0} SET label = 'x' WHERE id = 1")]
    [InlineData("UPDATE {0} SET id = id")]
    [InlineData("DELETE FROM {0} WHERE id = 5000")]
    [InlineData("DELETE FROM {0}")]
    [InlineData("MERGE INTO {0} USING (VALUES (9)) v(n) ON id = n WHEN MATCHED THEN UPDATE SET label = 'x'")]
    [InlineData("INSERT INTO {0} (id) VALUES (3) ON CONFLICT (id) DO UPDATE SET label = 'x'")]
    public async Task A_row_of_a_row_group_is_changed(string statement)
    {
        await CreateFilledAsync("t", "epiphany_column");
        await ExecuteAsync("CREATE UNIQUE INDEX ON t (id); CREATE TABLE before USING heap AS TABLE t; CREATE UNIQUE INDEX ON before (id)");
        await using var connection = await OpenAsync();
        await using (var transaction = await connection.BeginTransactionAsync())
        {
            await connection.RunAsync("INSERT INTO t (id) VALUES (-1)");
            await transaction.SaveAsync("point");
            await connection.RunAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, statement, "t"));
            await transaction.RollbackAsync("point");
            Assert.Equal(Rows + 1, await connection.ScalarAsync<long>("SELECT count(*) FROM t"));
            await connection.RunAsync("DELETE FROM t WHERE id = -1");
            await transaction.CommitAsync();
        }
        Assert.Equal(0, await DifferencesAsync("before", "t"));
        foreach (var table in new[] { "t", "before" })
        {
            await connection.RunAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, statement, table));
        }
        Assert.Equal(0, await DifferencesAsync("before", "t"));
    }

    [Theory]
    [InlineData("SELECT FROM t WHERE id = 7 FOR UPDATE")]
    [InlineData("SELECT FROM t FOR KEY SHARE")]
    public async Task A_row_of_a_row_group_is_locked(string statement)
    {
        await CreateFilledAsync("t", "epiphany_column");
        await using var connection = await OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await connection.RunAsync(statement);
        await using var other = await OpenAsync();
        await other.FailsAsync(PostgresErrorCodes.LockNotAvailable, "SELECT FROM t WHERE id = 7 FOR UPDATE NOWAIT");
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
    public async Task A_row_of_a_row_group_is_referenced()
    {
        await CreateFilledAsync("t", "epiphany_column");
        await ExecuteAsync("ALTER TABLE t ADD PRIMARY KEY (id); CREATE TABLE referring (t int REFERENCES t)");
        await using var connection = await OpenAsync();
        Assert.Equal(1, await connection.RunAsync("INSERT INTO referring VALUES (1)"));
        await connection.FailsAsync(PostgresErrorCodes.ForeignKeyViolation, "INSERT INTO referring VALUES (-1)");
        Assert.Equal(1, await connection.RunAsync($"INSERT INTO referring VALUES ({Rows})"));
        await connection.FailsAsync(PostgresErrorCodes.ForeignKeyViolation, "DELETE FROM t WHERE id = 1");
        await connection.FailsAsync(PostgresErrorCodes.ForeignKeyViolation, $"DELETE FROM t WHERE id = {Rows}");
        Assert.Equal(1, await connection.RunAsync("DELETE FROM t WHERE id = 2"));
    }
}
