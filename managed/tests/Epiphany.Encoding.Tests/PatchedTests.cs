// Patched segments of each order: what is encoded comes back, whole and one by one; short or damaged segments are refused.

using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Epiphany.Encoding.Tests;

public unsafe class PatchedTests
{
    public static TheoryData<int, int> Cases
    {
        get
        {
            TheoryData<int, int> cases = [];
            foreach (int count in new[] { 1, 2, 3, 7, 8, 9, 64, 100, 2047, 2048 })
            {
                cases.Add(count, 0);
                cases.Add(count, 1);
                cases.Add(count, 2);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Values_come_back(int count, int order)
    {
        foreach (ulong[] values in Shapes(count))
        {
            using Native lanes = new(values);
            using Native scratch = new(new ulong[count]);
            PatchedPlan plan = PatchedEncoder.Measure(lanes.Lanes, count, order, scratch.Lanes);
            using Native segment = new(plan.Bytes);
            PatchedEncoder.Write(plan, lanes.Lanes, scratch.Lanes, segment.Bytes);
            using Native decoded = new(new ulong[count]);
            Assert.Equal(Fault.None, PatchedDecoder.Decode(segment.Bytes, (ulong)plan.Bytes, count, decoded.Lanes));
            Assert.Equal(values, decoded.ToLanes(count));
            for (int i = 0; i < count; i += Math.Max(1, count / 100))
            {
                Assert.Equal(Fault.None, PatchedDecoder.DecodeOne(segment.Bytes, (ulong)plan.Bytes, count, i, scratch.Lanes, out ulong one));
                Assert.Equal(values[i], one);
            }

            Assert.Equal(Fault.SegmentTooShort, PatchedDecoder.Decode(segment.Bytes, (ulong)plan.Bytes - 1, count, decoded.Lanes));
            Assert.Equal(values, lanes.ToLanes(count));
            // The most that a reader takes a vector for.
            Assert.InRange(plan.Bytes, 32, 24 * 1024);
        }
    }

    [Fact]
    public void What_is_rare_does_not_widen_the_rest()
    {
        Random random = new(1);
        Assert.Equal((4, 20), Measure(0, i => i % 100 == 50 ? 1 << 30 : 700 + random.Next(16)));
        Assert.Equal((0, 1), Measure(0, i => i == 9 ? -1 : 5));
        // A beat of 1,000 that is left out once: one difference is odd, and two differences of differences.
        Assert.Equal((0, 1), Measure(1, i => (1000 * i) + (i < 1200 ? 0 : 77)));
        Assert.Equal((0, 2), Measure(2, i => (1000 * i) + (i < 1200 ? 0 : 77)));
        Assert.Equal((0, 0), Measure(2, i => i * i));
    }

    [Fact]
    public void Damaged_segments_are_refused()
    {
        ulong[] values = [.. Enumerable.Range(0, 100).Select(i => (ulong)(i % 40 == 7 ? 1 << 20 : i % 4))];
        using Native lanes = new(values);
        using Native scratch = new(values);
        PatchedPlan plan = PatchedEncoder.Measure(lanes.Lanes, 100, 0, scratch.Lanes);
        Assert.Equal((2, 3), (plan.Width, plan.Exceptions));
        using Native segment = new(plan.Bytes);
        PatchedEncoder.Write(plan, lanes.Lanes, scratch.Lanes, segment.Bytes);
        void Refused(Fault fault, int at, byte value)
        {
            byte right = segment.Bytes[at];
            segment.Bytes[at] = value;
            Assert.Equal(fault, PatchedDecoder.Decode(segment.Bytes, (ulong)plan.Bytes, 100, scratch.Lanes));
            segment.Bytes[at] = right;
        }

        // 32 bytes of header, 26 of packed lanes and 6 of padding; three rows: 7, 47, 87.
        Assert.Equal((7, 47, 87), (segment.Bytes[64], segment.Bytes[66], segment.Bytes[68]));
        Refused(Fault.WidthTooLarge, 24, 3);
        Refused(Fault.WidthTooLarge, 25, 65);
        Refused(Fault.SegmentTooShort, 25, 4);
        Refused(Fault.SegmentTooShort, 26, 4);
        Refused(Fault.ExceptionsOutOfOrder, 26, 101);
        Refused(Fault.ExceptionsOutOfOrder, 66, 7);
        Refused(Fault.ExceptionsOutOfOrder, 68, 100);
        Refused(Fault.None, 0, 1);
        Assert.Equal(Fault.SegmentTooShort, PatchedDecoder.Decode(segment.Bytes, 31, 100, scratch.Lanes));
    }

    /// <summary>Where differences are the same but for exceptions', these are looked at one by one.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Damaged_exceptions_to_a_fixed_pace_are_refused(int order)
    {
        ulong[] values = [.. Enumerable.Range(0, 100).Select(i => (ulong)((10 * i) + (i < 50 ? 0 : 77)))];
        using Native lanes = new(values);
        using Native scratch = new(values);
        PatchedPlan plan = PatchedEncoder.Measure(lanes.Lanes, 100, order, scratch.Lanes);
        Assert.Equal((0, order), (plan.Width, plan.Exceptions));
        using Native segment = new(plan.Bytes);
        PatchedEncoder.Write(plan, lanes.Lanes, scratch.Lanes, segment.Bytes);
        ushort* rows = (ushort*)(segment.Bytes + 32);
        Fault With(int at, ushort row)
        {
            ushort right = rows[at];
            rows[at] = row;
            Fault fault = PatchedDecoder.Decode(segment.Bytes, (ulong)plan.Bytes, 100, scratch.Lanes);
            rows[at] = right;
            return fault;
        }

        Assert.Equal(50, rows[0]);
        Assert.Equal(Fault.ExceptionsOutOfOrder, With(order - 1, 100));
        Assert.Equal(order == 1 ? Fault.None : Fault.ExceptionsOutOfOrder, With(order - 1, 49));
        // What the first values stand for is no difference; who says otherwise is not believed.
        Assert.Equal(Fault.None, With(0, 0));
        Assert.Equal((values[0], values[1]), (scratch.Lanes[0], scratch.Lanes[1]));
    }

    static (int Width, int Exceptions) Measure(int order, Func<int, long> value)
    {
        using Native lanes = new([.. Enumerable.Range(0, 2048).Select(i => (ulong)value(i))]);
        using Native scratch = new(new ulong[2048]);
        PatchedPlan plan = PatchedEncoder.Measure(lanes.Lanes, 2048, order, scratch.Lanes);
        return (plan.Width, plan.Exceptions);
    }

    static IEnumerable<ulong[]> Shapes(int count)
    {
        Random random = new(count);
        ulong[] Of(Func<int, long> value) => [.. Enumerable.Range(0, count).Select(i => (ulong)value(i))];
        yield return Of(_ => 0);
        yield return Of(i => i);
        yield return Of(i => -i * 1000L);
        yield return Of(_ => random.Next(2) == 0 ? long.MinValue : long.MaxValue);
        yield return Of(_ => random.NextInt64(long.MinValue, long.MaxValue));
        yield return Of(i => i % 10 == 3 ? random.NextInt64(long.MinValue, long.MaxValue) : random.Next(100));
        yield return Of(i => i % 3 == 0 ? -5 : 1L << (i % 64));
        yield return Of(i => 1_700_000_000_000_000 + (i * 1_000_000L) + (i > count / 2 ? 3_600_000_000 : 0) + random.Next(50));
        yield return Of(i => (long)i * i * i);
        // Series one after another, each at a fixed pace, some of which had a pause: all that is packed is what differs from it.
        yield return Of(i => 1_700_000_000_000_000 + (i % 588 * 10_000_000L) + (i % 588 > 200 + (i / 588 * 100) ? 77 : 0));
        yield return Of(i => i % 9 == 0 ? long.MinValue + i : (long)(ulong)i * -7);
    }
}
