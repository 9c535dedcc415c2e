// Integration tests: cursors that go forward and backward over both regions. Promise: heap's rows in heap's order where the query
// orders them, and a scan that runs backward over what it ran forward.
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Npgsql;
using Xunit;

namespace Epiphany.Integration.Tests;

public sealed class CursorTests : ServerTest
{
    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task A_scroll_cursor_over_a_plain_scan(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await using var connection = await OpenAsync();
        var all = await connection.ColumnAsync<int>("SELECT id FROM t");
        Assert.Equal(Enumerable.Range(1, Rows), all.Order());

        await using var transaction = await connection.BeginTransactionAsync();
        await connection.RunAsync("DECLARE c SCROLL CURSOR FOR SELECT id FROM t");
        Assert.Equal(all[..3000], await FetchAsync(connection, "FORWARD 3000"));
        Assert.Equal(Enumerable.Reverse(all[..2999]), await FetchAsync(connection, "BACKWARD ALL"));
        Assert.Equal(all, await FetchAsync(connection, "ALL"));
        Assert.Equal(Enumerable.Reverse(all), await FetchAsync(connection, "BACKWARD ALL"));
        Assert.Equal([all[4]], await FetchAsync(connection, "ABSOLUTE 5"));
        Assert.Equal([all[^1]], await FetchAsync(connection, "LAST"));
        Assert.Equal([all[^25]], await FetchAsync(connection, "RELATIVE -24"));
        Assert.Equal([all[0]], await FetchAsync(connection, "FIRST"));
        Assert.Empty(await FetchAsync(connection, "PRIOR"));
        Assert.Equal([all[0]], await FetchAsync(connection, "NEXT"));
        Assert.Equal([all[2047], all[2048]], [.. await FetchAsync(connection, "ABSOLUTE 2048"), .. await FetchAsync(connection, "NEXT")]);
        Assert.Equal([all[2047]], await FetchAsync(connection, "PRIOR"));
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task A_scroll_cursor_over_an_index(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await ExecuteAsync("CREATE INDEX ON t (id)");
        await using var connection = await OpenAsync();
        await connection.RunAsync("BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off");
        await connection.RunAsync("DECLARE c SCROLL CURSOR FOR SELECT id FROM t WHERE amount > 0 ORDER BY id");
        Assert.Equal(Enumerable.Range(1, Rows), await FetchAsync(connection, "ALL"));
        Assert.Equal(Enumerable.Range(1, Rows).Reverse(), await FetchAsync(connection, "BACKWARD ALL"));
        await connection.RunAsync("ROLLBACK");
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task A_cursor_does_not_see_what_comes_after_it(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await using var connection = await OpenAsync();
        await connection.RunAsync("BEGIN; DECLARE c CURSOR FOR SELECT id FROM t");
        Assert.Equal(100, (await FetchAsync(connection, "100")).Count);
        await connection.RunAsync($"INSERT INTO t (id) SELECT -n FROM generate_series(1, {BulkRows}) n");
        await connection.RunAsync("INSERT INTO t (id) VALUES (0)");
        var rest = await FetchAsync(connection, "ALL");
        Assert.Equal(Rows - 100, rest.Count);
        Assert.DoesNotContain(rest, id => id <= 0);
        await connection.RunAsync("COMMIT");
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task A_held_cursor_outlives_its_transaction_and_the_rows(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await using var connection = await OpenAsync();
        await connection.RunAsync("BEGIN; DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT id FROM t ORDER BY id; FETCH 10 FROM c; COMMIT");
        await connection.RunAsync("TRUNCATE t");
        Assert.Equal(Enumerable.Range(11, Rows - 10), await FetchAsync(connection, "ALL"));
        Assert.Equal([Rows], await FetchAsync(connection, "PRIOR"));
    }

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task Two_cursors_take_turns(string accessMethod)
    {
        await CreateFilledAsync("t", accessMethod);
        await using var connection = await OpenAsync();
        await connection.RunAsync("BEGIN; DECLARE c CURSOR FOR SELECT id FROM t; DECLARE d CURSOR FOR SELECT id FROM t WHERE id % 2 = 0");
        List<int> all = [], even = [];
        for (int turn = 0; turn <= Rows / 700; turn++)
        {
            all.AddRange(await FetchAsync(connection, "700"));
            even.AddRange(await FetchAsync(connection, "350", "d"));
        }
        Assert.Equal(Rows, all.Count);
        Assert.Equal(all.Where(id => id % 2 == 0), even);
        await connection.RunAsync("ROLLBACK");
    }

    static Task<List<int>> FetchAsync(NpgsqlConnection connection, string what, string cursor = "c") =>
        connection.ColumnAsync<int>($"FETCH {what} FROM {cursor}");
}
