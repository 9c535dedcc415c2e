// Integration tests: prepared statements, by the application or by the driver, with plans that outlive a change of the table.
// Promise: the answer is that of an unprepared statement, and of heap.
using System.Threading.Tasks;
using Npgsql;
using Xunit;

namespace Epiphany.Integration.Tests;

public sealed class PreparedStatementTests : ServerTest
{
    /// <summary>The server takes a generic plan from the sixth execution on where it is not dearer.</summary>
    const int Executions = 12;

    protected override NpgsqlDataSourceBuilder Configure(NpgsqlDataSourceBuilder builder)
    {
        builder.ConnectionStringBuilder.MaxAutoPrepare = 10;
        builder.ConnectionStringBuilder.AutoPrepareMinUsages = 3;
        return builder;
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task Explicit_prepare_comes_to_a_generic_plan(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await using var connection = await OpenAsync();
        await using var select = Select(connection, "SELECT count(*), sum(amount), min(label) FROM t WHERE id % 50 = $1");
        await select.PrepareAsync();
        for (int i = 0; i < Executions; i++)
        {
            select.Parameters[0].Value = i + 21;
            await using var reader = await select.ExecuteReaderAsync();
            Assert.True(await reader.ReadAsync());
            Assert.Equal(Rows / 50, reader.GetInt64(0));
            Assert.Equal(((i + 21) * 100 + (50 * 99 * 50)) / 4.0m, reader.GetDecimal(1));
            Assert.Equal((i + 21) % 10 == 0, reader.IsDBNull(2));
        }
        Assert.True(select.IsPrepared);
        Assert.True(await connection.ScalarAsync<long>("SELECT generic_plans FROM pg_prepared_statements WHERE statement LIKE '%FROM t%'") > 0);
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task The_driver_prepares_what_it_sees_often(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await using var connection = await OpenAsync();
        for (int i = 1; i <= Executions; i++)
        {
            await using var select = Select(connection, "SELECT amount FROM t WHERE id = $1");
            select.Parameters[0].Value = Rows - i;
            Assert.Equal((Rows - i) / 4.0m, await select.ExecuteScalarAsync());
            Assert.Equal(i >= 3, select.IsPrepared);
        }
        Assert.Equal(Executions - 2, await connection.ScalarAsync<long>(
            "SELECT generic_plans + custom_plans FROM pg_prepared_statements WHERE statement LIKE 'SELECT amount%'"));
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task Prepared_single_inserts_and_changes(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await using var connection = await OpenAsync();
        await using var insert = Select(connection, "INSERT INTO t (id, label) VALUES ($1, 'new') RETURNING id");
        await using var update = Select(connection, "UPDATE t SET label = 'changed' WHERE id = $1 RETURNING label");
        await using var delete = Select(connection, "DELETE FROM t WHERE id = $1");
        await insert.PrepareAsync();
        await update.PrepareAsync();
        await delete.PrepareAsync();
        for (int id = Rows + 1; id <= Rows + 20; id++)
        {
            insert.Parameters[0].Value = update.Parameters[0].Value = delete.Parameters[0].Value = id;
            Assert.Equal(id, await insert.ExecuteScalarAsync());
            Assert.Equal("changed", await update.ExecuteScalarAsync());
            Assert.Equal(id % 2, id % 2 == 1 ? await delete.ExecuteNonQueryAsync() : 0);
        }
        Assert.Equal(10, await connection.ScalarAsync<long>("SELECT count(*) FROM t WHERE label = 'changed'"));
        Assert.Equal(Rows + 10, await connection.ScalarAsync<long>("SELECT count(*) FROM t"));
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task A_plan_survives_added_and_dropped_columns(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await using var connection = await OpenAsync();
        await using var select = Select(connection, "SELECT sum(amount) FROM t WHERE id > $1");
        await select.PrepareAsync();
        var expected = await connection.ScalarAsync<decimal>("SELECT sum(amount) FROM t");
        foreach (string change in new[]
        {
            "SELECT 1",
            "ALTER TABLE t ADD COLUMN plain int",
            "ALTER TABLE t ADD COLUMN fixed text DEFAULT 'before'",
            $"INSERT INTO t (id, amount) SELECT n, 0 FROM generate_series(1, {BulkRows}) n",
            "ALTER TABLE t ALTER COLUMN fixed SET DEFAULT 'after'",
            $"INSERT INTO t (id, amount) SELECT n, 0 FROM generate_series(1, {BulkRows}) n",
            "ALTER TABLE t DROP COLUMN label",
            $"INSERT INTO t (id, amount) SELECT n, 0 FROM generate_series(1, {BulkRows}) n",
            "ALTER TABLE t ADD COLUMN rewritten int8 DEFAULT (random() * 0)::int8",
            "ALTER TABLE t ALTER COLUMN id TYPE int8",
        })
        {
            await ExecuteAsync(change);
            for (int i = 0; i < Executions; i++)
            {
                select.Parameters[0].Value = 0;
                Assert.Equal(expected, await select.ExecuteScalarAsync());
            }
        }
        Assert.Equal(
            [$"after {2 * BulkRows} 0 0", $"before {Rows + BulkRows} 0 0"],
            await connection.ColumnAsync<string>(
                "SELECT concat_ws(' ', fixed, count(*), count(plain), max(rewritten)) FROM t GROUP BY fixed ORDER BY 1"));
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task A_changed_result_is_refused_once_and_then_prepared_anew(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await using var connection = await OpenAsync();
        await using var select = Select(connection, "SELECT * FROM t WHERE id = $1");
        await select.PrepareAsync();
        select.Parameters[0].Value = 3;
        await using (var reader = await select.ExecuteReaderAsync())
        {
            Assert.Equal(3, reader.FieldCount);
        }
        await ExecuteAsync("ALTER TABLE t ADD COLUMN extra int DEFAULT 7");
        var error = await Assert.ThrowsAsync<PostgresException>(select.ExecuteScalarAsync);
        Assert.Equal(PostgresErrorCodes.FeatureNotSupported, error.SqlState);
        await using (var reader = await select.ExecuteReaderAsync())
        {
            Assert.True(await reader.ReadAsync());
            Assert.Equal(7, reader.GetInt32(3));
            Assert.False(await reader.ReadAsync());
        }
    }

    static NpgsqlCommand Select(NpgsqlConnection connection, string sql) =>
        new(sql, connection) { Parameters = { new NpgsqlParameter { NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Integer, Value = 0 } } };
}
