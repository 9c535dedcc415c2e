// Test support. Columns of values as text, written to a Parquet file in an array and read back: what comes is what went in, or an error says why.

using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using Epiphany.Storage;
using Epiphany.Storage.Tests;
using Text = System.Text.Encoding;

namespace Epiphany.Tiering.Tests;

/// <summary>A row of a column is null, a value (ulong, byte[]) or a list of them.</summary>
sealed record TestColumn(string Name, ColumnType Type, object?[] Rows, bool IsList = false, string SqlType = "");

static unsafe class ParquetFiles
{
    internal static byte[] Write(TestColumn[] columns, Codec codec, int groupRows = 100_000, ulong groupBytes = 1 << 26)
    {
        using var guard = new GuardedMemory();
        var specs = new WrittenColumn[columns.Length];
        for (int i = 0; i < columns.Length; i++)
        {
            specs[i] = new WrittenColumn(
                Text.UTF8.GetBytes(columns[i].Name), columns[i].Type, columns[i].IsList, Text.UTF8.GetBytes(columns[i].SqlType));
        }

        var writer = new ParquetWriter(
            specs, new ParquetWriterOptions(codec, 1, groupRows, groupBytes), guard, new TestCodec(), new CountingInterrupts());
        var file = new List<byte>();
        int rows = columns[0].Rows.Length;
        for (int row = 0; row < rows;)
        {
            int batch = int.Min(rows - row, int.Min(groupRows, ParquetFormat.BatchRows));
            if (Append(writer, columns, row, batch))
            {
                Drain(writer, file);
            }

            row += batch;
        }

        Drain(writer, file);
        writer.Finish(out byte* bytes, out ulong length);
        file.AddRange(new ReadOnlySpan<byte>(bytes, (int)length));
        return [.. file];
    }

    static void Drain(ParquetWriter writer, List<byte> file)
    {
        while (writer.Flush(out byte* bytes, out ulong length))
        {
            file.AddRange(new ReadOnlySpan<byte>(bytes, (int)length));
        }
    }

    static bool Append(ParquetWriter writer, TestColumn[] columns, int from, int rows)
    {
        var pieces = new List<nint>();
        byte* Take(int bytes)
        {
            nint piece = Marshal.AllocHGlobal(bytes + 8);
            pieces.Add(piece);
            return (byte*)piece;
        }

        ParquetVector* vectors = stackalloc ParquetVector[columns.Length];
        for (int c = 0; c < columns.Length; c++)
        {
            var elements = new List<object?>();
            vectors[c] = default;
            vectors[c].Lists = (int*)Take(rows * sizeof(int));
            for (int row = 0; row < rows; row++)
            {
                object? value = columns[c].Rows[from + row];
                if (!columns[c].IsList)
                {
                    elements.Add(value);
                    continue;
                }

                vectors[c].Lists[row] = value is object?[] list ? list.Length : -1;
                elements.AddRange(value as object?[] ?? []);
            }

            vectors[c].Elements = elements.Count;
            vectors[c].Values = (ulong*)Take(elements.Count * sizeof(ulong));
            vectors[c].Lengths = (int*)Take(elements.Count * sizeof(int));
            vectors[c].Nulls = Take(elements.Count);
            for (int i = 0; i < elements.Count; i++)
            {
                vectors[c].Nulls[i] = elements[i] == null ? (byte)1 : (byte)0;
                if (elements[i] is byte[] bytes)
                {
                    byte* copy = Take(bytes.Length);
                    bytes.CopyTo(new Span<byte>(copy, bytes.Length));
                    vectors[c].Values[i] = (ulong)copy;
                    vectors[c].Lengths[i] = bytes.Length;
                }
                else
                {
                    vectors[c].Values[i] = elements[i] is ulong lane ? lane : 0;
                }
            }
        }

        bool full = writer.Append(vectors, rows);
        foreach (nint piece in pieces)
        {
            Marshal.FreeHGlobal(piece);
        }

        return full;
    }

    /// <summary>All rows of all columns that can be read, by column.</summary>
    internal static List<object?>[] Read(byte[] file, out ParquetReader reader, ReadOnlySpan<ZoneTest> tests = default, int[]? columns = null)
    {
        using var memory = new GuardedMemory { Limit = 1 << 28 };
        reader = new ParquetReader(new ArraySource(file), file.Length, memory, new TestCodec(), new CountingInterrupts());
        if (columns == null)
        {
            var all = new List<int>();
            for (int i = 0; i < reader.Columns.Length; i++)
            {
                if (reader.Columns[i].Unsupported.Length == 0)
                {
                    all.Add(i);
                }
            }

            columns = [.. all];
        }

        var result = new List<object?>[columns.Length];
        for (int i = 0; i < result.Length; i++)
        {
            result[i] = [];
        }

        reader.Begin(columns, tests);
        int rows;
        while ((rows = reader.Next(out ParquetVector* vectors)) > 0)
        {
            for (int i = 0; i < result.Length; i++)
            {
                Add(result[i], vectors[i], rows, reader.Columns[columns[i]]);
            }
        }

        return result;
    }

    static void Add(List<object?> to, in ParquetVector vector, int rows, ParquetColumn column)
    {
        int element = 0;
        for (int row = 0; row < rows; row++)
        {
            if (!column.IsList)
            {
                to.Add(Value(vector, row, column));
            }
            else if (vector.Lists[row] < 0)
            {
                to.Add(null);
            }
            else
            {
                object?[] list = new object?[vector.Lists[row]];
                for (int i = 0; i < list.Length; i++)
                {
                    list[i] = Value(vector, element++, column);
                }

                to.Add(list);
            }
        }
    }

    static object? Value(in ParquetVector vector, int at, ParquetColumn column)
    {
        if (vector.Nulls[at] != 0)
        {
            return null;
        }

        object value = vector.Values[at];
        if (column.Type.IsBytes)
        {
            value = new ReadOnlySpan<byte>((byte*)vector.Values[at], vector.Lengths[at]).ToArray();
        }

        return value;
    }
}
