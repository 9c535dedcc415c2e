// Integration tests: vectors in the binary form that pgvector's clients write and read. Promise: the bytes come back as they went in, from
// every access method, and text, arrays and distances are those of the values. No client library is needed, so none is trusted.
using System;
using System.Buffers.Binary;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Npgsql;
using Xunit;

namespace Epiphany.Integration.Tests;

public sealed class VectorTests : ServerTest
{
    const int Dimensions = 24, Load = 3000;

    static readonly string[] s_badData = ["22000", "22P03", "22P04", "54000", "08P01"];

    [Theory]
    [MemberData(nameof(AccessMethods))]
    public async Task Vectors_come_back_as_they_went_in(string accessMethod)
    {
        await using var connection = await OpenAsync();
        await connection.RunAsync($"""
            SET client_min_messages = warning;
            CREATE EXTENSION epiphany_vectorstore;
            CREATE TABLE t (id int, v vector({Dimensions}), h halfvec({Dimensions}), s sparsevec({Dimensions})) USING {accessMethod};
            """);
        byte[] written = File(0, Load);
        await using (var copy = await connection.BeginRawBinaryCopyAsync("COPY t FROM STDIN BINARY"))
        {
            await copy.WriteAsync(written);
        }

        Assert.Equal(written, await ReadAsync(connection, "COPY (SELECT * FROM t ORDER BY id) TO STDOUT BINARY"));
        if (accessMethod == "epiphany_column")
        {
            Assert.Equal(Load, await GroupRowsAsync("t"));
        }

        // As text, from arrays, and as parameters.
        await using (var insert = new NpgsqlCommand("INSERT INTO t VALUES ($1, $2::text::vector, $3::real[]::halfvec, $4)", connection))
        {
            insert.Parameters.Add(new() { Value = Load });
            insert.Parameters.Add(new() { Value = $"[{string.Join(',', Numbers(Load))}]" });
            insert.Parameters.Add(new() { Value = Numbers(Load) });
            insert.Parameters.Add(new() { Value = Sparse(Load), NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Unknown });
            Assert.Equal(1, await insert.ExecuteNonQueryAsync());
        }

        Assert.Equal(File(Load, 1), await ReadAsync(connection, $"COPY (SELECT * FROM t WHERE id = {Load}) TO STDOUT BINARY"));
        int row = 0;
        await using (var select = new NpgsqlCommand(
            "SELECT v::real[], s::text, v <-> $1::real[]::vector, h <-> $1::real[]::halfvec, s <-> $1::real[]::sparsevec FROM t ORDER BY id",
            connection))
        {
            select.Parameters.Add(new() { Value = Numbers(7) });
            await using var reader = await select.ExecuteReaderAsync();
            for (; await reader.ReadAsync(); row++)
            {
                Assert.Equal(Numbers(row), await reader.GetFieldValueAsync<float[]>(0));
                Assert.Equal(Sparse(row), reader.GetString(1));
                for (int column = 2; column < 5; column++)
                {
                    Assert.Equal(Distance(row, 7), reader.GetDouble(column), 1e-6);
                }
            }
        }

        Assert.Equal(Load + 1, row);
        Assert.Equal(
            Enumerable.Range(0, Dimensions).Select(d => (float)Enumerable.Range(0, 8).Average(r => (double)Number(r, d))),
            await connection.ScalarAsync<float[]>("SELECT avg(v)::real[] FROM t WHERE id < 8"));
        await connection.FailsAsync("22000", "INSERT INTO t (v) VALUES ('[1,2]')");
        await connection.RunAsync("DROP EXTENSION epiphany_vectorstore CASCADE");
    }

    [Fact]
    public async Task Bad_bytes_are_refused_and_the_server_lives()
    {
        await ExecuteAsync("CREATE EXTENSION epiphany_vectorstore; CREATE TABLE t (id int, v vector, h halfvec, s sparsevec)");
        var started = await ScalarAsync<DateTime>("SELECT pg_postmaster_start_time()");
        byte[] good = File(0, 1);
        int refused = 0;
        for (int at = 21; at < good.Length - 2; at++)
        {
            byte[] bad = [.. good];
            bad[at] ^= 0xFF;
            // The driver gives up a connection whose raw copy failed.
            await using var connection = await OpenAsync();
            try
            {
                await using var copy = await connection.BeginRawBinaryCopyAsync("COPY t FROM STDIN BINARY");
                await copy.WriteAsync(bad);
            }
            catch (PostgresException e)
            {
                Assert.Contains(e.SqlState, s_badData);
                refused++;
            }
        }

        Assert.Equal(started, await ScalarAsync<DateTime>("SELECT pg_postmaster_start_time()"));
        Assert.Equal(good.Length - 23 - refused, await ScalarAsync<long>("SELECT count(*) FROM t"));
        Assert.InRange(refused, 20, good.Length - 43);
        Assert.Equal(0, await ScalarAsync<long>(
            "SELECT count(*) FROM t WHERE v <> v::text::vector OR h <> h::text::halfvec OR s <> s::text::sparsevec"));
        await ExecuteAsync("DROP EXTENSION epiphany_vectorstore CASCADE");
    }

    /// <summary>Multiples of 1/4, which halves have as well; a third of them zero.</summary>
    static float Number(int row, int dimension) => (row + dimension) % 3 == 0 ? 0 : (((row * 7) + (dimension * 5)) % 33 - 16) / 4f;

    static float[] Numbers(int row) => [.. Enumerable.Range(0, Dimensions).Select(d => Number(row, d))];

    static string Sparse(int row) =>
        "{" + string.Join(',', Enumerable.Range(0, Dimensions).Where(d => Number(row, d) != 0).Select(d => $"{d + 1}:{Number(row, d)}")) +
        $"}}/{Dimensions}";

    static double Distance(int left, int right) =>
        Math.Sqrt(Enumerable.Range(0, Dimensions).Sum(d => Math.Pow(Number(left, d) - Number(right, d), 2)));

    static async Task<byte[]> ReadAsync(NpgsqlConnection connection, string copy)
    {
        await using var stream = await connection.BeginRawBinaryCopyAsync(copy);
        using var bytes = new MemoryStream();
        await stream.CopyToAsync(bytes);
        return bytes.ToArray();
    }

    /// <summary>The file that COPY reads and writes: signature, rows of four fields, the end.</summary>
    static byte[] File(int first, int count)
    {
        using var file = new MemoryStream();
        file.Write("PGCOPY\n"u8);
        file.Write([0xFF, (byte)'\r', (byte)'\n', 0]);
        Write32(file, 0);
        Write32(file, 0);
        for (int row = first; row < first + count; row++)
        {
            float[] numbers = Numbers(row);
            int[] present = [.. Enumerable.Range(0, Dimensions).Where(d => numbers[d] != 0)];
            Write16(file, 4);
            Write32(file, 4);
            Write32(file, row);
            Write32(file, 4 + (4 * Dimensions));
            Write16(file, Dimensions);
            Write16(file, 0);
            Array.ForEach(numbers, n => Write32(file, BitConverter.SingleToInt32Bits(n)));
            Write32(file, 4 + (2 * Dimensions));
            Write16(file, Dimensions);
            Write16(file, 0);
            Array.ForEach(numbers, n => Write16(file, BitConverter.HalfToInt16Bits((Half)n)));
            Write32(file, 12 + (8 * present.Length));
            Write32(file, Dimensions);
            Write32(file, present.Length);
            Write32(file, 0);
            Array.ForEach(present, d => Write32(file, d));
            Array.ForEach(present, d => Write32(file, BitConverter.SingleToInt32Bits(numbers[d])));
        }

        Write16(file, -1);
        return file.ToArray();
    }

    static void Write16(MemoryStream file, short value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteInt16BigEndian(bytes, value);
        file.Write(bytes);
    }

    static void Write32(MemoryStream file, int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        file.Write(bytes);
    }
}
