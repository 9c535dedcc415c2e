// Integration tests: a pooled backend serves one user after another. Promise: nothing of one user is left for the next,
// whatever happened, and the backend lives on.
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Npgsql;
using Xunit;

namespace Epiphany.Integration.Tests;

public sealed class PoolingTests : ServerTest
{
    const int PoolSize = 4;

    protected override NpgsqlDataSourceBuilder Configure(NpgsqlDataSourceBuilder builder)
    {
        builder.ConnectionStringBuilder.MaxPoolSize = PoolSize;
        return builder;
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task One_backend_serves_many_short_connections(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        var backends = new HashSet<int>();
        for (int id = 1; id <= Rows; id += 25)
        {
            await using var connection = await OpenAsync();
            backends.Add(connection.ProcessID);
            Assert.Equal(id / 4.0m, await connection.ScalarAsync<decimal>($"SELECT amount FROM t WHERE id = {id}"));
        }
        Assert.Single(backends);
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task A_small_pool_serves_many_users_at_once(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        var backends = await Task.WhenAll(Enumerable.Range(0, 24).Select(async user =>
        {
            var seen = new List<int>();
            for (int turn = 0; turn < 5; turn++)
            {
                await using var connection = await OpenAsync();
                seen.Add(connection.ProcessID);
                Assert.Equal(Rows, await connection.ScalarAsync<long>("SELECT count(*) FROM t"));
            }
            return seen;
        }));
        Assert.InRange(backends.SelectMany(seen => seen).Distinct().Count(), 1, PoolSize);
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task State_of_one_user_is_gone_for_the_next(string accessMethod)
    {
        int backend;
        await using (var connection = await OpenAsync())
        {
            backend = connection.ProcessID;
            await connection.RunAsync($"""
                SET default_table_access_method = {accessMethod};
                SET epiphany.debug_force_gc = on;
                CREATE TEMP TABLE mine AS SELECT n FROM generate_series(1, {BulkRows}) n;
                """);
            Assert.Equal(BulkRows, await connection.ScalarAsync<long>("SELECT count(*) FROM mine"));
        }
        await using var next = await OpenAsync();
        Assert.Equal(backend, next.ProcessID);
        Assert.Equal("heap", await next.ScalarAsync<string>("SHOW default_table_access_method"));
        Assert.Equal("off", await next.ScalarAsync<string>("SHOW epiphany.debug_force_gc"));
        await next.FailsAsync(PostgresErrorCodes.UndefinedTable, "TABLE mine");
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task A_connection_closed_in_a_transaction_leaves_nothing(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        int backend;
        await using (var connection = await OpenAsync())
        {
            backend = connection.ProcessID;
            await connection.RunAsync($"BEGIN; INSERT INTO t (id) SELECT n FROM generate_series(1, {BulkRows}) n");
        }
        await using var next = await OpenAsync();
        Assert.Equal(backend, next.ProcessID);
        Assert.Equal(Rows, await next.ScalarAsync<long>("SELECT count(*) FROM t"));
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task Discard_all_between_bulk_loads_changes_no_answer(string accessMethod)
    {
        await CreateAsync("t", accessMethod);
        await using var connection = await OpenAsync();
        for (int load = 1; load <= 5; load++)
        {
            await connection.RunAsync($"INSERT INTO t (id) SELECT n FROM generate_series(1, {BulkRows}) n");
            await connection.RunAsync("DISCARD ALL");
            Assert.Equal(load * BulkRows, await connection.ScalarAsync<long>("SELECT count(*) FROM t"));
        }
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task A_backend_lives_on_after_an_error_in_managed_code(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await ExecuteAsync("""
            CREATE FUNCTION managed(operation int, argument int8 DEFAULT 0) RETURNS int8
                AS '$libdir/pg_epiphany', 'pge_test_call' LANGUAGE C STRICT
            """);
        var backends = new HashSet<int>();
        for (int turn = 0; turn < 20; turn++)
        {
            await using var connection = await OpenAsync();
            backends.Add(connection.ProcessID);
            Assert.Equal(42, await connection.ScalarAsync<long>("SELECT managed(0, 41)"));
            await using var transaction = await connection.BeginTransactionAsync();
            await connection.RunAsync($"INSERT INTO t (id) SELECT n FROM generate_series(1, {BulkRows}) n");
            await Assert.ThrowsAsync<PostgresException>(() => connection.RunAsync("SELECT managed(2) FROM t"));
            await connection.FailsAsync(PostgresErrorCodes.InFailedSqlTransaction, "TABLE t");
            if (turn % 2 == 0)
            {
                await transaction.RollbackAsync();
                Assert.Equal(Rows, await connection.ScalarAsync<long>("SELECT count(*) FROM t"));
            }
        }
        Assert.Single(backends);
        Assert.Equal(Rows, await ScalarAsync<long>("SELECT count(*) FROM t"));
    }
}
