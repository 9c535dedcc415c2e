// Filters of keys: never without a key that is there, seldom with one that is not.

using System;
using System.Linq;
using Xunit;

namespace Epiphany.Execution.Tests;

public unsafe class KeyFilterTests
{
    readonly FakeHost _host = new();

    int[] Kept(KeyFilter filter, ulong[] values, byte[]? nulls = null, ushort[]? index = null)
    {
        ushort* selected = stackalloc ushort[Batch.Capacity];
        fixed (ulong* v = values)
        fixed (byte* n = nulls)
        fixed (ushort* i = index)
        {
            var column = new Vector();
            column.SetDatums(v, n);
            int count = filter.Keep(column, index == null ? Rows.All(values.Length) : new Rows(i, index.Length), selected);
            return [.. new ReadOnlySpan<ushort>(selected, count).ToArray().Select(row => (int)row)];
        }
    }

    KeyFilter Of(params ulong[] keys)
    {
        var filter = new KeyFilter(_host.Memory);
        fixed (ulong* lanes = keys)
        {
            filter.Fill(lanes, keys.Length);
        }

        return filter;
    }

    [Fact]
    public void Keys_that_lie_close_together_are_told_exactly()
    {
        KeyFilter filter = Of(5, unchecked((ulong)-3), 900);
        Assert.Equal((-3, 900), (filter.Low, filter.High));
        ulong[] values = [5, 4, unchecked((ulong)-3), unchecked((ulong)-4), 900, 901, ulong.MaxValue, 1UL << 63, long.MaxValue, 0, 5];
        Assert.Equal([0, 2, 4, 10], Kept(filter, values));
        Assert.Equal([4, 10], Kept(filter, values, index: [1, 3, 4, 6, 10]));
        Assert.Equal([2, 10], Kept(filter, values, [1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 1_000_000_007)]
    [InlineData(100_000, 97)]
    [InlineData(100_000, 1L << 32)]
    [InlineData(100_000, 184_467_440_737_095)]
    public void No_key_is_missed_and_few_others_pass(int count, long step)
    {
        ulong[] keys = [.. Enumerable.Range(0, count).Select(i => (ulong)((2 * i * step) + long.MinValue))];
        KeyFilter filter = Of(keys);
        int others = 0;
        foreach (ulong[] some in keys.Chunk(Batch.Capacity))
        {
            Assert.Equal(Enumerable.Range(0, some.Length), Kept(filter, some));
            others += Kept(filter, [.. some.Select(k => k + (ulong)step)]).Length;
        }

        Assert.InRange(others, 0, (count / 10) + 1);
    }

    [Fact]
    public void All_of_64_bits_is_a_range()
    {
        KeyFilter filter = Of(1UL << 63, long.MaxValue);
        Assert.Equal((long.MinValue, long.MaxValue), (filter.Low, filter.High));
        Assert.Equal([0, 2], Kept(filter, [long.MaxValue, 17, 1UL << 63]));
    }

    [Fact]
    public void Its_memory_comes_back()
    {
        ulong before = _host.Allocated;
        KeyFilter filter = Of([.. Enumerable.Range(0, 1000).Select(i => (ulong)i)]);
        filter.Clear();
        Assert.Equal(before, _host.Allocated);
        Assert.Equal(0UL, filter.Bytes);
    }
}
