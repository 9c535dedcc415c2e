// Integration tests: values of every common type through COPY, in and out. Promise: each comes back as it went in, from the delta
// and from row groups, and the bytes that COPY writes are those it writes for heap.
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Npgsql;
using Xunit;

namespace Epiphany.Integration.Tests;

public sealed class CopyTypesTests : ServerTest
{
    /// <summary>Row counts that stay in the delta, and that make a row group of more than one vector.</summary>
    public static TheoryData<string, int> Loads => new()
    {
        { "heap", 12 }, { "epiphany_row", 12 }, { "epiphany_column", 12 },
        { "heap", 3000 }, { "epiphany_row", 3000 }, { "epiphany_column", 3000 },
    };

    [Theory]
    [MemberData(nameof(Loads))]
    public async Task Binary_copy_brings_back_what_went_in(string accessMethod, int rows)
    {
        await CreateAllTypesAsync("t", accessMethod);
        await using var connection = await OpenAsync();
        await using (var importer = await connection.BeginBinaryImportAsync("COPY t FROM STDIN BINARY"))
        {
            for (int row = 0; row < rows; row++)
            {
                await importer.StartRowAsync();
                await importer.WriteAsync(row, NpgsqlTypes.NpgsqlDbType.Integer);
                foreach (var column in CopyColumn.All)
                {
                    await column.WriteAsync(importer, row);
                }
            }
            Assert.Equal((ulong)rows, await importer.CompleteAsync());
        }
        if (accessMethod == "epiphany_column")
        {
            Assert.Equal(rows < 2048 ? 0 : rows, await GroupRowsAsync("t"));
        }
        await using var exporter = await connection.BeginBinaryExportAsync("COPY t TO STDOUT BINARY");
        for (int row = 0; row < rows; row++)
        {
            Assert.Equal(1 + CopyColumn.All.Count, await exporter.StartRowAsync());
            Assert.Equal(row, await exporter.ReadAsync<int>());
            foreach (var column in CopyColumn.All)
            {
                await column.CheckAsync(exporter, row);
            }
        }
        Assert.Equal(-1, await exporter.StartRowAsync());
    }

    [Theory]
    [InlineData("epiphany_row", "BINARY")]
    [InlineData("epiphany_row", "CSV")]
    [InlineData("epiphany_column", "BINARY")]
    [InlineData("epiphany_column", "CSV")]
    [InlineData("epiphany_column", "TEXT")]
    public async Task What_heap_writes_is_read_and_written_the_same(string accessMethod, string format)
    {
        await CreateAllTypesAsync("original", "heap");
        await CreateAllTypesAsync("t", accessMethod);
        await ExecuteAsync(ExoticRows("original"));
        await using var connection = await OpenAsync();
        if (format == "BINARY")
        {
            byte[] before = await BytesAsync(connection, "original");
            await using (var import = await connection.BeginRawBinaryCopyAsync("COPY t FROM STDIN BINARY"))
            {
                await import.WriteAsync(before);
            }
            Assert.Equal(before, await BytesAsync(connection, "t"));
        }
        else
        {
            string before = await TextAsync(connection, "original", format);
            await using (var import = await connection.BeginTextImportAsync($"COPY t FROM STDIN (FORMAT {format})"))
            {
                await import.WriteAsync(before);
            }
            Assert.Equal(before, await TextAsync(connection, "t", format));
        }
        Assert.Equal(0, await DifferencesAsync("original", "t"));
    }

    [Theory]
    [InlineData("epiphany_row")]
    [InlineData("epiphany_column")]
    public async Task Values_that_dotnet_has_no_name_for(string accessMethod)
    {
        await CreateAllTypesAsync("original", "heap");
        await CreateAllTypesAsync("t", accessMethod);
        await ExecuteAsync(ExoticRows("original"));
        await ExecuteAsync("INSERT INTO t SELECT * FROM original ORDER BY id");
        Assert.Equal(0, await DifferencesAsync("original", "t"));
        foreach (string condition in new[]
        {
            "c_numeric = 'NaN'", "c_numeric > 'Infinity'", "c_numeric < 0", "c_float8 = 'NaN'", "c_date = '-infinity'",
            "c_timestamptz = 'infinity'", "c_interval > '100 years'", "c_bool IS NULL", "c_text > 'm'", "c_jsonb @> '{\"a\": 1}'",
            "c_enum < 'happy'", "c_ints @> ARRAY[3]", "c_char = '00042'", "id % 10 = 7",
        })
        {
            string query = $"SELECT concat_ws(' ', count(*), min(id), max(id), sum(id)) FROM {{0}} WHERE {condition}";
            string expected = await ScalarAsync<string>(query.Replace("{0}", "original"));
            Assert.NotEqual("0", expected);
            Assert.Equal(expected, await ScalarAsync<string>(query.Replace("{0}", "t")));
        }
    }

    async Task CreateAllTypesAsync(string table, string accessMethod)
    {
        await ExecuteAsync("""
            DO $$ BEGIN CREATE TYPE mood AS ENUM ('sad', 'calm', 'happy'); EXCEPTION WHEN duplicate_object THEN END $$
            """);
        await ExecuteAsync($"CREATE TABLE {table} (id int, {string.Join(", ", CopyColumn.All.Select(c => c.Declaration))}) USING {accessMethod}");
    }

    static string ExoticRows(string table) => $$"""
        INSERT INTO {{table}} SELECT n,
            nullif(n % 3, 0) = 1, n % 30000, (ARRAY[-2147483648, 2147483647, n])[1 + n % 3], n::int8 << 40,
            (ARRAY['NaN', 'Infinity', '-Infinity', '-0', '1e-45', n::text])[1 + n % 6]::float4,
            (ARRAY['NaN', 'Infinity', '-Infinity', '-0', '5e-324', n::text])[1 + n % 6]::float8,
            (ARRAY['NaN', 'Infinity', '-Infinity', '0.00', '-0.000', '1e2000', '-1e-2000', n || '.500'])[1 + n % 8]::numeric,
            (ARRAY[n / 100.0, -9999999999.99, 'NaN'])[1 + n % 3]::numeric,
            CASE n % 4 WHEN 0 THEN '' WHEN 1 THEN repeat(md5(n::text), 1 + n % 200) WHEN 2 THEN 'm' || n END,
            n, lpad((n % 100)::text, 5, '0'), decode(md5(n::text), 'hex'),
            (ARRAY['-infinity', 'infinity', '4713-01-01 BC', '5874897-12-31', '2000-01-01'])[1 + n % 5]::date,
            (ARRAY['24:00', '00:00', '12:34:56.789012'])[1 + n % 3]::time,
            (ARRAY['-infinity', 'infinity', '4713-01-01 BC', '294276-12-31 23:59:59.999999'])[1 + n % 4]::timestamp,
            (ARRAY['-infinity', 'infinity', '4713-02-01 BC', '294276-12-30'])[1 + n % 4]::timestamptz,
            (ARRAY['178000000 years', '-178000000 years', '1 mon -1 day 00:00:00.000001', '0'])[1 + n % 4]::interval,
            md5(n::text)::uuid,
            CASE n % 3 WHEN 0 THEN '[-2:0][5:6]={{"{{1,NULL},{3,4},{5,6}}"}}'::int[] WHEN 1 THEN ARRAY[n, n + 1] END,
            ARRAY[n::text, NULL, 'NULL', '"'],
            (ARRAY['{"a": 1, "b": [1.10, null, {}]}', '"text"', '1e400'])[1 + n % 3]::jsonb,
            (ARRAY['sad', 'calm', 'happy'])[1 + n % 3]::mood,
            (ARRAY['::ffff:1.2.3.4/128', '10.0.0.0/8'])[1 + n % 2]::inet,
            point(n, 'NaN'), repeat('10', n % 70)::varbit, (ARRAY['empty', '(,)', '[1,1]', '(,5]'])[1 + n % 4]::int4range
        FROM generate_series(1, 3000) n
        """;

    static async Task<byte[]> BytesAsync(NpgsqlConnection connection, string table)
    {
        await using var export = await connection.BeginRawBinaryCopyAsync($"COPY {table} TO STDOUT BINARY");
        using var bytes = new MemoryStream();
        await export.CopyToAsync(bytes);
        return bytes.ToArray();
    }

    static async Task<string> TextAsync(NpgsqlConnection connection, string table, string format)
    {
        using var export = await connection.BeginTextExportAsync($"COPY {table} TO STDOUT (FORMAT {format})");
        return await export.ReadToEndAsync();
    }
}
