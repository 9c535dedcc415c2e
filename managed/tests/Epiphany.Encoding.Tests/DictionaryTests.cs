// Building dictionaries: entries ascend, codes point to them, and hopeless or hostile columns are given up.

using System;
using System.Linq;
using Xunit;

namespace Epiphany.Encoding.Tests;

public unsafe class DictionaryTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(100, 7)]
    [InlineData(131072, 1)]
    [InlineData(131072, 2000)]
    public void Codes_lead_to_the_values(int rows, int distinct)
    {
        Random random = new(rows);
        ulong[] values = [.. Enumerable.Range(0, rows).Select(_ => (ulong)((random.Next(distinct) - (distinct / 2)) * 1_000_003L))];
        using Native lanes = new(values);
        using Native memory = new((long)DictionaryScratch.Bytes(rows));
        DictionaryScratch scratch = new(memory.Bytes, rows);
        int entries = DictionaryBuilder.Build(new LaneKeys(lanes.Lanes), rows, scratch);
        long[] expected = [.. values.Select(value => (long)value).Distinct().Order()];
        Assert.Equal(expected, Enumerable.Range(0, entries).Select(i => (long)values[new DictionaryScratch(memory.Bytes, rows).EntryRows[i]]));
        for (int row = 0; row < rows; row++)
        {
            Assert.Equal(expected[scratch.Codes[row]], (long)values[row]);
        }
    }

    [Fact]
    public void Too_many_values_are_given_up()
    {
        const int Rows = 131072;
        using Native lanes = new([.. Enumerable.Range(0, Rows).Select(i => (ulong)i)]);
        using Native memory = new((long)DictionaryScratch.Bytes(Rows));
        Assert.Equal(0, DictionaryBuilder.Build(new LaneKeys(lanes.Lanes), Rows, new DictionaryScratch(memory.Bytes, Rows)));
    }

    [Fact]
    public void Values_made_to_collide_are_given_up_in_time()
    {
        // The hash is value * K modulo 2^64, its upper 17 bits taken: these all have one slot.
        const int Rows = 20000;
        ulong inverse = Inverse(0x9E3779B97F4A7C15);
        using Native lanes = new([.. Enumerable.Range(0, Rows).Select(i => inverse * (ulong)i)]);
        using Native memory = new((long)DictionaryScratch.Bytes(Rows));
        Assert.Equal(0UL, new LaneKeys(lanes.Lanes).Hash(Rows - 1) >> 47);
        DictionaryScratch scratch = new(memory.Bytes, Rows);
        Assert.Equal(0, DictionaryBuilder.Build(new LaneKeys(lanes.Lanes), 2000, scratch));
    }

    [Fact]
    public void Stored_numbers_come_back_and_bad_counts_are_refused()
    {
        ulong[] values = [3, unchecked((ulong)-4), 3, 100];
        uint[] entryRows = [1, 0, 3];
        using Native lanes = new(values);
        using Native dictionary = new(DictionaryOfLanes.Bytes(3, 2));
        fixed (uint* rows = entryRows)
        {
            DictionaryOfLanes.Write(lanes.Lanes, rows, 3, 2, dictionary.Bytes);
        }

        Assert.Equal("0300000002000000FCFF03006400", Convert.ToHexString(new ReadOnlySpan<byte>(dictionary.Bytes, 14)));
        Assert.Equal(Fault.None, DictionaryOfLanes.Check(dictionary.Bytes, 14, 4, out int entries, out int width));
        Assert.Equal((3, 2), (entries, width));
        ulong[] loaded = new ulong[3];
        fixed (ulong* to = loaded)
        {
            DictionaryOfLanes.Load(dictionary.Bytes, entries, width, to);
        }

        Assert.Equal([unchecked((ulong)-4), 3, 100], loaded);
        Assert.Equal(Fault.SegmentTooShort, DictionaryOfLanes.Check(dictionary.Bytes, 13, 4, out _, out _));
        Assert.Equal(Fault.SegmentTooShort, DictionaryOfLanes.Check(dictionary.Bytes, 7, 4, out _, out _));
        Assert.Equal(Fault.CountOutOfRange, DictionaryOfLanes.Check(dictionary.Bytes, 14, 2, out _, out _));
        dictionary.Bytes[4] = 3;
        Assert.Equal(Fault.WidthTooLarge, DictionaryOfLanes.Check(dictionary.Bytes, 14, 4, out _, out _));
        dictionary.Bytes[0] = 0;
        Assert.Equal(Fault.CountOutOfRange, DictionaryOfLanes.Check(dictionary.Bytes, 14, 4, out _, out _));
        Assert.Equal(Fault.CountOutOfRange, DictionaryOfBytes.Check(dictionary.Bytes, 14, 4, out _));
        Assert.Equal(Fault.SegmentTooShort, DictionaryOfBytes.Check(dictionary.Bytes, 7, 4, out _));
    }

    static ulong Inverse(ulong odd)
    {
        ulong inverse = odd;
        for (int i = 0; i < 6; i++)
        {
            inverse *= 2 - (odd * inverse);
        }

        return inverse;
    }
}
