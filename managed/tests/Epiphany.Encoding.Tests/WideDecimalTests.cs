// 128-bit integers, and numerics made of them: every value comes back; damaged segments are refused.

using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Epiphany.Encoding.Tests;

public unsafe class WideDecimalTests
{
    public static TheoryData<int> Counts => [1, 2, 7, 8, 9, 100, 2048];

    [Theory]
    [MemberData(nameof(Counts))]
    public void Integers_come_back(int count)
    {
        foreach (Int128[] values in Shapes(count))
        {
            using Native lows = new([.. values.Select(v => (ulong)v)]);
            using Native highs = new([.. values.Select(v => (ulong)(v >> 64))]);
            using Native scratch = new(new ulong[count]);
            WidePlan plan = WideIntegers.Measure(lows.Lanes, highs.Lanes, count);
            using Native segment = new(plan.Bytes);
            WideIntegers.Write(plan, lows.Lanes, highs.Lanes, scratch.Lanes, segment.Bytes);
            using Native decodedLows = new(new ulong[count]);
            Assert.Equal(Fault.None, WideIntegers.Decode(segment.Bytes, (ulong)plan.Bytes, count, decodedLows.Lanes, scratch.Lanes));
            for (int i = 0; i < count; i++)
            {
                Assert.Equal(values[i], WideIntegers.Value(decodedLows.Lanes, scratch.Lanes, i));
                Assert.Equal(Fault.None, WideIntegers.DecodeOne(segment.Bytes, (ulong)plan.Bytes, count, i, out ulong low, out ulong high));
                Assert.Equal(values[i], new Int128(high, low));
            }

            Assert.Equal(Fault.SegmentTooShort, WideIntegers.Decode(segment.Bytes, (ulong)plan.Bytes - 1, count, lows.Lanes, highs.Lanes));
            Assert.Equal(Fault.SegmentTooShort, WideIntegers.Decode(segment.Bytes, 23, count, lows.Lanes, highs.Lanes));
            segment.Bytes[16] = 129;
            Assert.Equal(Fault.WidthTooLarge, WideIntegers.Decode(segment.Bytes, (ulong)plan.Bytes, count, lows.Lanes, highs.Lanes));
            // The most that a reader takes a vector for.
            Assert.InRange(plan.Bytes, 24, (24 * 1024) + (9 * 2048));
        }
    }

    [Fact]
    public void Widths_are_those_of_the_differences()
    {
        ulong[] lows = [ulong.MaxValue, 0, 5];
        ulong[] highs = [ulong.MaxValue, 0, 1];
        fixed (ulong* l = lows, h = highs)
        {
            Assert.Equal(1, WideIntegers.Measure(l, h, 2).Width);
            Assert.Equal(65, WideIntegers.Measure(l, h, 3).Width);
        }
    }

    static IEnumerable<Int128[]> Shapes(int count)
    {
        Random random = new(count);
        Int128 Any() => new((ulong)random.NextInt64(long.MinValue, long.MaxValue), (ulong)random.NextInt64(long.MinValue, long.MaxValue));
        Int128[] Of(Func<int, Int128> value) => [.. Enumerable.Range(0, count).Select(value)];
        yield return Of(_ => 0);
        yield return Of(i => i - 3);
        yield return Of(_ => Any());
        yield return Of(i => i % 2 == 0 ? Int128.MinValue : Int128.MaxValue);
        yield return Of(i => (Int128.One << (i % 127)) - i);
        yield return Of(i => (Int128.One << 100) + i);
        yield return Of(_ => Any() >> 60);
    }
}
