// What a writer takes of its host's memory: never more than it was told, group after group, whatever the values are.

using System;
using System.Linq;
using Xunit;

namespace Epiphany.Storage.Tests;

public unsafe class MemoryTests
{
    const ulong MaxBytes = 24 * 1024 * 1024;

    /// <summary>The quarter of all that the shim keeps back: scratch for the rows of a group, growing arrays, one value too many.</summary>
    const ulong Allowed = MaxBytes / 3 * 4;

    const int Groups = 3;

    /// <summary>Values of one row, by group and row.</summary>
    delegate byte[][] RowOf(int group, int row);

    public static TheoryData<string, Codec> Cases()
    {
        TheoryData<string, Codec> cases = new() { { "wide", Codec.None }, { "dictionary", Codec.None } };
        foreach (string name in (string[])["wide", "huge", "sentences", "dictionary", "narrow", "turning"])
        {
            cases.Add(name, Codec.Lz4);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Groups_take_no_more_than_they_may(string name, Codec codec)
    {
        Random random = new(11);
        byte[] Wide(int length) => Samples.RandomBytes(random, length);
        byte[][] dictionary = [.. Enumerable.Range(0, 60_000).Select(_ => Wide(400))];
        RowOf rowOf = name switch
        {
            "wide" => (_, row) => [BitConverter.GetBytes(row), Wide(9_000)],
            "huge" => (_, row) => [Wide(700_000 + (row % 5 * 100_000)), Wide(3)],
            "sentences" => (_, _) => [Sentences(random, 4_000), Sentences(random, 30)],
            "dictionary" => (_, row) => [dictionary[row / 2 % dictionary.Length]],
            "narrow" => (_, row) => [BitConverter.GetBytes(row), Wide(6), Wide(3), BitConverter.GetBytes(row / 7), Wide(2)],
            _ => (group, row) => [Wide(group == 0 ? 5_000 : 5), Wide(group == 1 ? 5_000 : 5), Wide(group == 2 ? 900 : 5)],
        };
        using GuardedMemory memory = new();
        RowGroupWriter? writer = null;
        for (int group = 0; group < Groups; group++)
        {
            int rows = 0;
            ulong bytes = 0;
            do
            {
                byte[][] row = rowOf(group, rows);
                writer ??= Writer(row.Length, memory, codec);
                bytes += Append(writer, row);
                rows++;
            }
            while (!writer.Full);

            Assert.Equal(rows, writer.Finish().Rows);
            Assert.True(memory.Peak <= Allowed, $"group {group} took {memory.Peak} bytes for {bytes} of values");
            Assert.True(rows == GroupFormat.MaxRows || bytes >= MaxBytes / 6, $"group {group} was full at {bytes} bytes");
        }
    }

    static RowGroupWriter Writer(int columns, GuardedMemory memory, Codec codec)
    {
        ColumnShape[] shapes = new ColumnShape[columns];
        Array.Fill(shapes, new ColumnShape(ColumnKind.VarBytes, 0));
        return new RowGroupWriter(
            shapes, new WriterOptions(codec, 1, GroupFormat.MaxRows, MaxBytes), memory, new TestCodec(), new CountingInterrupts());
    }

    static ulong Append(RowGroupWriter writer, byte[][] row)
    {
        ulong* values = stackalloc ulong[row.Length];
        NativeHeap heap = new();
        ulong bytes = 0;
        for (int i = 0; i < row.Length; i++)
        {
            values[i] = TestColumn.OfStrings(ColumnKind.VarBytes, [row[i]]).Datum(0, heap);
            bytes += (ulong)row[i].Length;
        }

        writer.Append(values, null, 1);
        heap.FreeAll();
        return bytes;
    }

    static byte[] Sentences(Random random, int length)
    {
        byte[] text = new byte[length];
        for (int at = 0; at < length;)
        {
            byte[] sentence = Samples.Sentence(random);
            int share = Math.Min(sentence.Length, length - at);
            sentence.AsSpan(0, share).CopyTo(text.AsSpan(at));
            at += share;
        }

        return text;
    }
}
