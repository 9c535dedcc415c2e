// Integration tests: an application with vectors, through the driver's types (VectorClient.cs). Promise: parameters and results in binary and
// text form, arrays, prepared statements and COPY BINARY are what was sent; order by distance comes through indexes. It runs for each access
// method, and for the types in the schema of the tables, in one of their own, and in "public".
using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using System.Threading.Tasks;
using Npgsql;
using NpgsqlTypes;
using Xunit;

namespace Epiphany.Integration.Tests;

public sealed class VectorClientTests : ServerTest
{
    const int Dimensions = 12, Load = 600;

    const string Columns = "v, h, s, b";

    static readonly string[] s_refused = ["22000", "22P03"];

    protected override NpgsqlDataSourceBuilder Configure(NpgsqlDataSourceBuilder builder)
    {
#pragma warning disable NPG9001 // The driver's interface for types may change.
        builder.AddTypeInfoResolverFactory(new VectorTypes());
#pragma warning restore NPG9001
        return builder;
    }

    public static TheoryData<string, string> Places => new()
    {
        { "heap", "" }, { "heap", "Types of \"ours\"" }, { "epiphany_row", "public" }, { "epiphany_column", "" }, { "epiphany_column", "types" },
        { "epiphany_vector", "" },
    };

    [Theory]
    [MemberData(nameof(Places))]
    public async Task Values_go_and_come(string accessMethod, string schema)
    {
        await using var connection = await CreateAsync(accessMethod, schema, Load);

        // Out again, by COPY and by SELECT: the type says what the value is.
        await using (var exporter = await connection.BeginBinaryExportAsync($"COPY (SELECT id, {Columns} FROM t ORDER BY id) TO STDOUT BINARY"))
        {
            for (int row = 0; row < Load; row++)
            {
                Assert.Equal(5, await exporter.StartRowAsync());
                Assert.Equal(row, await exporter.ReadAsync<int>());
                Assert.Equal(new FloatVector(Numbers(row)), await exporter.ReadAsync<FloatVector>());
                Assert.Equal(Halves(row), await exporter.ReadAsync<HalfVector>());
                Assert.Equal(SparseVector.Of(Numbers(row)), await exporter.ReadAsync<SparseVector>());
                Assert.Equal(Bits(row).Cast<bool>(), (await exporter.ReadAsync<BitArray>()).Cast<bool>());
            }

            Assert.Equal(-1, await exporter.StartRowAsync());
        }

        await using (var select = new NpgsqlCommand($"SELECT {Columns}, v * v + h::vector FROM t ORDER BY id LIMIT 40", connection))
        {
            await using var reader = await select.ExecuteReaderAsync();
            for (int row = 0; await reader.ReadAsync(); row++)
            {
                Assert.Equal(new FloatVector(Numbers(row)), reader.GetValue(0));
                Assert.Equal(Halves(row), reader.GetValue(1));
                Assert.Equal(SparseVector.Of(Numbers(row)), reader.GetValue(2));
                Assert.Equal(new FloatVector([.. Numbers(row).Select(n => (n * n) + n)]), reader.GetFieldValue<FloatVector>(4));
                Assert.EndsWith(".vector", reader.GetDataTypeName(0), StringComparison.Ordinal);
            }
        }

        // Parameters that are null, arrays, and elements that are null.
        await using (var insert = Command(connection, "INSERT INTO t (id, v, h, s) VALUES (-1, $1, $2, $3)"))
        {
            insert.Parameters.Add(new NpgsqlParameter<FloatVector?> { TypedValue = null });
            insert.Parameters.Add(new() { Value = DBNull.Value, DataTypeName = "halfvec" });
            insert.Parameters.Add(new() { Value = SparseVector.Of(Numbers(3)) });
            Assert.Equal(1, await insert.ExecuteNonQueryAsync());
        }

        Assert.Equal(1, await connection.ScalarAsync<long>("SELECT count(*) FROM t WHERE v IS NULL AND h IS NULL AND s IS NOT NULL"));
        FloatVector?[] several = [new(Numbers(5)), null, new(Numbers(7))];
        await using (var find = Command(connection, "SELECT array_agg(id ORDER BY id), $1 FROM t WHERE v = ANY ($1)", (object)several))
        {
            await using var reader = await find.ExecuteReaderAsync();
            Assert.True(await reader.ReadAsync());
            Assert.Equal([5, 7], reader.GetFieldValue<int[]>(0));
            Assert.Equal(several, reader.GetFieldValue<FloatVector?[]>(1));
        }

        // Longer than the driver's buffer.
        FloatVector wide = new([.. Enumerable.Range(0, 5000).Select(i => i / 8f)]);
        await using (var echo = Command(connection, "SELECT $1, vector_dims($1), $1 <-> $1", wide))
        {
            await using var reader = await echo.ExecuteReaderAsync();
            Assert.True(await reader.ReadAsync());
            Assert.Equal((wide, 5000, 0.0), (reader.GetFieldValue<FloatVector>(0), reader.GetInt32(1), reader.GetDouble(2)));
        }

        Assert.Equal(
            [Halves(1), Halves(2)], await connection.ScalarAsync<HalfVector[]>("SELECT array_agg(h ORDER BY id) FROM t WHERE id IN (1, 2)"));
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task Text_is_as_good_as_binary(string accessMethod, string schema)
    {
        await using var connection = await CreateAsync(accessMethod, schema, 0);
        string bits = string.Concat(Bits(1).Cast<bool>().Select(b => b ? '1' : '0'));
        string[] texts =
        [
            $"[{string.Join(',', Numbers(1))}]", $"[{string.Join(',', Numbers(1))}]",
            "{" + string.Join(',', SparseVector.Of(Numbers(1)).Indices.Select(i => $"{i + 1}:{Numbers(1)[i]}")) + $"}}/{Dimensions}", bits,
        ];
        await using (var insert = Command(connection, "INSERT INTO t VALUES (0, $1, $2, $3, $4)"))
        {
            foreach (string text in texts)
            {
                insert.Parameters.Add(new() { Value = text, NpgsqlDbType = NpgsqlDbType.Unknown });
            }

            await insert.ExecuteNonQueryAsync();
        }

        await using (var insert = Command(
            connection, "INSERT INTO t VALUES (1, $1, $2, $3, $4)",
            new FloatVector(Numbers(1)), Halves(1), SparseVector.Of(Numbers(1)), Bits(1)))
        {
            await insert.ExecuteNonQueryAsync();
        }

        await using (var select = new NpgsqlCommand($"SELECT {Columns} FROM t ORDER BY id", connection) { AllResultTypesAreUnknown = true })
        {
            await using var reader = await select.ExecuteReaderAsync();
            int rows = 0;
            for (; await reader.ReadAsync(); rows++)
            {
                Assert.Equal(texts, Enumerable.Range(0, 4).Select(reader.GetString));
            }

            Assert.Equal(2, rows);
        }

        Assert.Equal(1, await connection.ScalarAsync<long>($"SELECT count(*) FROM (SELECT DISTINCT {Columns} FROM t) d"));
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task The_nearest_come_through_an_index(string accessMethod, string schema)
    {
        await using var connection = await CreateAsync(accessMethod, schema, Load);
        await connection.RunAsync("""
            SET enable_seqscan = off; SET enable_sort = off;
            SET epiphany.hnsw_ef_search = 1000; SET epiphany.ivf_probes = 1000; SET epiphany.vector_iterative_scan = strict_order;
            SET plan_cache_mode = force_generic_plan;
            """);
        await NearestAsync(connection, "epiphany_hnsw", "v", "vector_l2_ops", "<->", row => new FloatVector(Numbers(row)), (a, b) =>
            Math.Sqrt(a.Zip(b, (x, y) => Math.Pow(x - y, 2)).Sum()));
        await NearestAsync(connection, "epiphany_ivf", "v", "vector_ip_ops", "<#>", row => new FloatVector(Numbers(row)), (a, b) =>
            -a.Zip(b, (x, y) => (double)x * y).Sum());
        await NearestAsync(connection, "epiphany_ivf", "h", "halfvec_l2_ops", "<->", Halves, (a, b) =>
            Math.Sqrt(a.Zip(b, (x, y) => Math.Pow(x - y, 2)).Sum()));
        await NearestAsync(connection, "epiphany_hnsw", "s", "sparsevec_l1_ops", "<+>", row => SparseVector.Of(Numbers(row)), (a, b) =>
            a.Zip(b, (x, y) => (double)Math.Abs(x - y)).Sum());
        await NearestAsync(connection, "epiphany_hnsw", "b", "bit_hamming_ops", "<~>", Bits, (a, b) =>
            a.Zip(b, (x, y) => x > 0 != y > 0 ? 1.0 : 0).Sum());
    }

    [Fact]
    public async Task What_does_not_fit_is_refused()
    {
        await using var connection = await CreateAsync("heap", "", 1);
        object[] values = [new FloatVector([1, 2]), new FloatVector([]), new HalfVector([(Half)1]), new FloatVector([float.NaN])];
        foreach (object value in values)
        {
            await using var insert = Command(connection, $"INSERT INTO t ({(value is HalfVector ? "h" : "v")}) VALUES ($1)", value);
            var error = await Assert.ThrowsAsync<PostgresException>(() => insert.ExecuteNonQueryAsync());
            Assert.Contains(error.SqlState, s_refused);
        }

        await using (var select = Command(connection, "SELECT v <-> $1 FROM t", new FloatVector([1, 2, 3])))
        {
            var error = await Assert.ThrowsAsync<PostgresException>(() => select.ExecuteScalarAsync());
            Assert.Equal("22000", error.SqlState);
        }

        Assert.Equal(1, await connection.ScalarAsync<long>("SELECT count(*) FROM t"));
    }

    /// <summary>A table with an index of its own kind: the distances of the nearest rows to several parameters, by a prepared statement.</summary>
    static async Task NearestAsync<T>(
        NpgsqlConnection connection, string method, string column, string operators, string distance, Func<int, T> value,
        Func<float[], float[], double> measure)
        where T : class
    {
        await connection.RunAsync($"CREATE INDEX nearest ON t USING {method} ({column} {operators})");
        string query = $"SELECT id, {column} {distance} $1 FROM t ORDER BY {column} {distance} $1 LIMIT 20";
        await using (var explain = Command(connection, "EXPLAIN (COSTS off) " + query, value(Load)))
        {
            var lines = new List<string>();
            await using var reader = await explain.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                lines.Add(reader.GetString(0));
            }

            Assert.Contains(lines, l => l.Contains("using nearest", StringComparison.Ordinal));
        }

        await using var select = new NpgsqlCommand(query, connection);
        var parameter = new NpgsqlParameter<T> { TypedValue = value(0) };
        select.Parameters.Add(parameter);
        await select.PrepareAsync();
        int right = 0;
        for (int turn = 0; turn < 10; turn++)
        {
            float[] asked = Numbers(Load + turn);
            parameter.TypedValue = value(Load + turn);
            double last = Enumerable.Range(0, Load).Select(row => measure(Numbers(row), asked)).Order().ElementAt(19);
            double before = double.NegativeInfinity;
            int rank = 0;
            await using var reader = await select.ExecuteReaderAsync();
            for (; await reader.ReadAsync(); rank++)
            {
                double found = reader.GetDouble(1);
                Assert.Equal(measure(Numbers(reader.GetInt32(0)), asked), found, 1e-5);
                Assert.True(found >= before, $"{found} after {before}");
                before = found;
                right += found <= last + 1e-5 ? 1 : 0;
            }

            Assert.Equal(20, rank);
        }

        // Both indexes are approximate.
        Assert.InRange(right, 190, 200);
        await connection.RunAsync("DROP INDEX nearest");
    }

    /// <summary>A filled table, and a connection that knows its types; an empty schema: that of the tables.</summary>
    async Task<NpgsqlConnection> CreateAsync(string accessMethod, string schema, int rows)
    {
        var connection = await OpenAsync();
        string quoted = "\"" + schema.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";
        await connection.RunAsync($"""
            SET client_min_messages = warning;
            DROP EXTENSION IF EXISTS epiphany_vectorstore CASCADE;
            {(schema.Length == 0 ? "" : $"CREATE SCHEMA IF NOT EXISTS {quoted};")}
            CREATE EXTENSION epiphany_vectorstore {(schema.Length == 0 ? "" : $"SCHEMA {quoted}")};
            {(schema.Length == 0 ? "" : $"SELECT set_config('search_path', current_setting('search_path') || ', ' || {Literal(quoted)}, false);")}
            CREATE TABLE t (id int, v vector({Dimensions}), h halfvec({Dimensions}), s sparsevec({Dimensions}), b bit({Dimensions}))
                USING {accessMethod};
            """);
        await connection.ReloadTypesAsync();
        if (rows == 0)
        {
            return connection;
        }

        await using var importer = await connection.BeginBinaryImportAsync($"COPY t (id, {Columns}) FROM STDIN BINARY");
        for (int row = 0; row < rows; row++)
        {
            await importer.StartRowAsync();
            await importer.WriteAsync(row);
            await importer.WriteAsync(new FloatVector(Numbers(row)));
            await importer.WriteAsync(Halves(row));
            await importer.WriteAsync(SparseVector.Of(Numbers(row)), "sparsevec");
            await importer.WriteAsync(Bits(row), NpgsqlDbType.Bit);
        }

        Assert.Equal((ulong)rows, await importer.CompleteAsync());
        return connection;
    }

    static string Literal(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";

    static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params object[] values)
    {
        var command = new NpgsqlCommand(sql, connection);
        Array.ForEach(values, value => command.Parameters.Add(new() { Value = value }));
        return command;
    }

    /// <summary>Multiples of 1/4, which halves have as well; a third of them zero.</summary>
    static float[] Numbers(int row) =>
        [.. Enumerable.Range(0, Dimensions).Select(d => (row + d) % 3 == 0 ? 0 : (((row * 7) + (row / 33 * d * 5)) % 41 - 16) / 4f)];

    static HalfVector Halves(int row) => new([.. Numbers(row).Select(n => (Half)n)]);

    static BitArray Bits(int row) => new(Numbers(row).Select(n => n > 0).ToArray());
}
