// Integration tests: tables that change under rows of every type. Promise: heap's answers after each change.
using System.Threading.Tasks;
using Xunit;

namespace Epiphany.Integration.Tests;

public sealed class SchemaChangeTests : ServerTest
{
    const string Definition = """
        (id int, b bool, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric(12,2), s text, v varchar(40), c char(9),
         d date, ts timestamptz, iv interval, u uuid, j jsonb, a int[], ch "char", nm name, xs xid8)
        """;

    const string Load = """
        INSERT INTO {0} (id, b, i2, i4, i8, f4, f8, n, s, v, c, d, ts, iv, u, j, a, ch, nm, xs)
        SELECT n, n % 2 = 0, n, n, n, n / 8.0, n / 3.0, n / 100.0, 'text ' || n, n, n, date '2000-01-01' + n, timestamptz 'epoch' + n * interval '1h',
            n * interval '1 day', md5(n::text)::uuid, jsonb_build_object('n', n), ARRAY[n], 'x', n, n::text::xid8
        FROM generate_series(1, 3000) n
        """;

    [Theory]
    [InlineData("epiphany_row")]
    [InlineData("epiphany_column")]
    public async Task Each_column_in_turn_is_dropped(string accessMethod)
    {
        await CreateBothAsync(accessMethod);
        foreach (string column in "b i2 i4 i8 f4 f8 n s v c d ts iv u j a ch nm xs".Split(' '))
        {
            await BothAsync($"ALTER TABLE {{0}} DROP COLUMN {column}");
            Assert.Equal(0, await DifferencesAsync("original", "t"));
        }
        await BothAsync("ALTER TABLE {0} ADD COLUMN late int DEFAULT 5");
        await BothAsync("INSERT INTO {0} SELECT n FROM generate_series(1, 3000) n");
        Assert.Equal(0, await DifferencesAsync("original", "t"));
        await BothAsync("ALTER TABLE {0} DROP COLUMN id");
        Assert.Equal(0, await DifferencesAsync("original", "t"));
    }

    [Theory]
    [InlineData("epiphany_row", "ALTER COLUMN i4 TYPE int8")]
    [InlineData("epiphany_row", "ALTER COLUMN b TYPE text USING b::text")]
    [InlineData("epiphany_column", "ALTER COLUMN i4 TYPE int8")]
    [InlineData("epiphany_column", "ALTER COLUMN i8 TYPE numeric")]
    [InlineData("epiphany_column", "ALTER COLUMN b TYPE text USING b::text")]
    [InlineData("epiphany_column", "ALTER COLUMN f8 TYPE float4")]
    [InlineData("epiphany_column", "ALTER COLUMN n TYPE numeric(14,4)")]
    [InlineData("epiphany_column", "ALTER COLUMN n TYPE numeric(14,2)")]
    [InlineData("epiphany_column", "ALTER COLUMN s TYPE int USING length(s)")]
    [InlineData("epiphany_column", "ALTER COLUMN v TYPE text")]
    [InlineData("epiphany_column", "ALTER COLUMN c TYPE varchar(20)")]
    [InlineData("epiphany_column", "ALTER COLUMN d TYPE timestamp")]
    [InlineData("epiphany_column", "ALTER COLUMN i4 TYPE oid")]
    [InlineData("epiphany_column", "ALTER COLUMN id TYPE int2, DROP COLUMN b, ADD COLUMN z float8 DEFAULT random() * 0")]
    [InlineData("epiphany_column", "ALTER COLUMN b TYPE text USING i4 || s, ALTER COLUMN i4 TYPE bool USING b")]
    [InlineData("epiphany_column", "SET UNLOGGED")]
    [InlineData("epiphany_column", "SET ACCESS METHOD heap")]
    [InlineData("heap", "SET ACCESS METHOD epiphany_column")]
    [InlineData("epiphany_row", "SET ACCESS METHOD epiphany_column")]
    public async Task A_change_keeps_the_rows(string accessMethod, string change)
    {
        await CreateBothAsync(accessMethod);
        await ExecuteAsync("CREATE INDEX t_id ON t (id)");
        if (change.StartsWith("SET ACCESS"))
        {
            await ExecuteAsync($"ALTER TABLE t {change}");
        }
        else
        {
            await BothAsync($"ALTER TABLE {{0}} {change}");
        }
        Assert.Equal(0, await DifferencesAsync("original", "t"));
        Assert.Equal("77", await ScalarAsync<string>("SELECT t.id::text FROM t WHERE id = 77 LIMIT 1"));
        await BothAsync("INSERT INTO {0} (id) SELECT n FROM generate_series(1, 3000) n");
        Assert.Equal(0, await DifferencesAsync("original", "t"));
    }

    async Task CreateBothAsync(string accessMethod)
    {
        await ExecuteAsync($"CREATE TABLE original {Definition} USING heap; CREATE TABLE t {Definition} USING {accessMethod}");
        await BothAsync(Load);
        await BothAsync("INSERT INTO {0} (id) VALUES (0)");
        if (accessMethod == "epiphany_column")
        {
            Assert.Equal(3000, await GroupRowsAsync("t"));
        }
        Assert.Equal(0, await DifferencesAsync("original", "t"));
    }

    async Task BothAsync(string sql)
    {
        foreach (string table in new[] { "original", "t" })
        {
            await ExecuteAsync(sql.Replace("{0}", table));
        }
    }
}
