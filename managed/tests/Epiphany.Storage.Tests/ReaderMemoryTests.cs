// What a reader takes of its host's memory: never more than it says before, by vector and by row, whatever the encoding.

using System;
using System.Linq;
using Xunit;

namespace Epiphany.Storage.Tests;

public unsafe class ReaderMemoryTests
{
    /// <summary>Scratch for a vector of lanes, buffers' little more and slack.</summary>
    const ulong Scratch = 512 * 1024;

    /// <summary>Buffers of up to a megabyte stay as they are.</summary>
    const ulong Kept = 2 * 1024 * 1024;

    public static TheoryData<string, Codec> Cases()
    {
        TheoryData<string, Codec> cases = [];
        foreach (string name in (string[])["all", "wide", "sentences", "dictionary", "constant", "uneven"])
        {
            cases.Add(name, Codec.None);
            cases.Add(name, Codec.Lz4);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Decoding_takes_no_more_than_was_said(string name, Codec codec)
    {
        Random random = new(5);
        const int Rows = 4_500;
        TestColumn Strings(Func<int, byte[]> value) =>
            TestColumn.OfStrings(ColumnKind.VarBytes, Samples.Strings(random, Rows, NullPattern.Rare, value));
        byte[][] dictionary = [.. Enumerable.Range(0, 400).Select(_ => Samples.RandomBytes(random, 8_000))];
        TestColumn[] columns = name switch
        {
            "all" => Samples.All(random, Rows, NullPattern.Rare),
            "wide" => [Strings(_ => Samples.RandomBytes(random, 5_000))],
            "sentences" => [Strings(_ => [.. Enumerable.Range(0, 80).SelectMany(_ => Samples.Sentence(random))])],
            "dictionary" => [Strings(row => dictionary[row % dictionary.Length])],
            "constant" => [Strings(_ => dictionary[0])],
            _ => [Strings(row => Samples.RandomBytes(random, row < GroupFormat.VectorRows ? 6_000 : 6))],
        };
        Group group = Group.Write(columns, codec);
        ulong* values = stackalloc ulong[GroupFormat.VectorRows];
        byte* nulls = stackalloc byte[GroupFormat.VectorRows];
        for (int column = 0; column < columns.Length; column++)
        {
            using GuardedMemory memory = new();
            using GuardedMemory byRow = new();
            RowGroupReader reader = group.Open(memory);
            RowGroupReader rowReader = group.Open(byRow);
            ulong most = 0;
            ulong mostByRow = 0;
            for (int vector = 0; vector < GroupFormat.Vectors(Rows); vector++)
            {
                VectorMemory said = reader.Memory(column, vector);
                most = ulong.Max(most, said.Blocks + said.Reading + said.Values);
                mostByRow = ulong.Max(mostByRow, said.Blocks + said.Reading + LargestDatum(columns[column]));
                _ = reader.Decode(column, vector, values, nulls);
                Assert.True(memory.Held <= (2 * (said.Blocks + said.Values)) + Kept, $"column {column} keeps {memory.Held} bytes");
                for (int row = vector * GroupFormat.VectorRows; row < Math.Min(Rows, (vector + 1) * GroupFormat.VectorRows); row += 7)
                {
                    rowReader.DecodeRow(column, row, out _, out _);
                }
            }

            Assert.True(memory.Peak <= most + Scratch, $"column {column} took {memory.Peak} bytes, not {most}");
            Assert.True(byRow.Peak <= mostByRow + Scratch, $"column {column} took {byRow.Peak} bytes by row, not {mostByRow}");
        }
    }

    [Theory]
    [InlineData(Codec.None)]
    [InlineData(Codec.Lz4)]
    public void A_reader_that_rests_keeps_no_block_and_goes_on_as_before(Codec codec)
    {
        const int Rows = 4_500;
        TestColumn[] columns = Samples.All(new Random(9), Rows, NullPattern.Rare);
        Group group = Group.Write(columns, codec);
        ulong* values = stackalloc ulong[GroupFormat.VectorRows];
        byte* nulls = stackalloc byte[GroupFormat.VectorRows];
        for (int column = 0; column < columns.Length; column++)
        {
            using GuardedMemory memory = new();
            RowGroupReader reader = group.Open(memory);
            reader.Rest();
            reader.DecodeRow(column, 0, out _, out _);
            reader.Rest();
            ulong opened = memory.Held;
            for (int vector = 0; vector < GroupFormat.Vectors(Rows); vector++)
            {
                int first = vector * GroupFormat.VectorRows;
                int rows = reader.Decode(column, vector, values, nulls);
                for (int i = 0; i < rows; i++)
                {
                    Assert.True(columns[column].Matches(first + i, values[i], nulls[i] != 0), $"column {column}, row {first + i}");
                }

                reader.Rest();
                reader.DecodeRow(column, first + 17, out ulong value, out bool isNull);
                Assert.True(columns[column].Matches(first + 17, value, isNull), $"column {column}, row {first + 17} alone");
                reader.Rest();
                Assert.True(memory.Held <= opened + (64 * Rows), $"column {column} keeps {memory.Held} bytes, {opened} when it was opened");
            }

            ulong rested = memory.Held;
            _ = reader.Decode(column, 0, values, nulls);
            reader.Rest();
            Assert.True(rested == memory.Held, $"column {column}, {group.EncodingOf(column)}: {memory.Held} bytes, {rested} before");
        }
    }

    /// <summary>Room for the longest value, which may be made of symbols of eight bytes.</summary>
    static ulong LargestDatum(TestColumn column) => column.Strings == null ? 0 : 8 * (ulong)column.Strings.Max(value => value?.Length ?? 0);
}
