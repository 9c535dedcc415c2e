// Floats as what differs from the one before: every bit comes back, whole and one by one; damaged segments are refused.

using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Epiphany.Encoding.Tests;

public unsafe class GorillaTests
{
    public static TheoryData<int> Counts => [1, 2, 7, 8, 9, 33, 100, 2047, 2048];

    [Theory]
    [MemberData(nameof(Counts))]
    public void Doubles_come_back(int count)
    {
        foreach (double[] values in Shapes(count))
        {
            RoundTrip([.. values.Select(BitConverter.DoubleToUInt64Bits)], 8, lane => lane);
        }
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void Floats_come_back_in_their_bits(int count)
    {
        foreach (double[] values in Shapes(count))
        {
            RoundTrip([.. values.Select(v => (ulong)BitConverter.SingleToInt32Bits((float)v))], 4, lane => (uint)lane);
        }
    }

    [Fact]
    public void Values_that_stay_take_next_to_nothing()
    {
        using Native lanes = new([.. Enumerable.Range(0, 2048).Select(i => BitConverter.DoubleToUInt64Bits(Math.Sqrt(i / 256)))]);
        // 16 bytes of header, 512 of tags, at most seven changes.
        Assert.InRange(GorillaEncoder.Measure(lanes.Lanes, 2048, 8).Bytes, 528, 528 + 16 + 56);
    }

    [Fact]
    public void Damaged_segments_are_refused()
    {
        ulong[] values = [.. Enumerable.Range(0, 100).Select(i => BitConverter.DoubleToUInt64Bits(i < 50 ? Math.PI : Math.E))];
        using Native lanes = new(values);
        using Native scratch = new(values);
        GorillaPlan plan = GorillaEncoder.Measure(lanes.Lanes, 100, 8);
        Assert.Equal(1, plan.Windows);
        using Native segment = new(plan.Bytes);
        GorillaEncoder.Write(plan, lanes.Lanes, 8, scratch.Lanes, segment.Bytes);
        void Refused(Fault fault, int at, byte value)
        {
            byte right = segment.Bytes[at];
            segment.Bytes[at] = value;
            Assert.Equal(fault, GorillaDecoder.Decode(segment.Bytes, (ulong)plan.Bytes, 100, 100, scratch.Lanes));
            segment.Bytes[at] = right;
        }

        // Header, 26 bytes of tags padded to 32, the window, the bits. Row 50 has the tag 2 at bit 100.
        Assert.Equal(0x20, segment.Bytes[16 + 12]);
        Assert.Equal(plan.Bits, segment.Bytes[49]);
        Refused(Fault.None, 0, 1);
        Refused(Fault.SegmentTooShort, 8, 1);
        Refused(Fault.CountOutOfRange, 11, 1);
        Refused(Fault.WidthTooLarge, 12, 0);
        Refused(Fault.CountOutOfRange, 12, 101);
        Refused(Fault.SegmentTooShort, 12, 5);
        Refused(Fault.WidthTooLarge, 16 + 12, 0x60 >> 1);
        Refused(Fault.WidthTooLarge, 16 + 12, 0xA0);
        Refused(Fault.WidthTooLarge, 48, 64);
        Refused(Fault.WidthTooLarge, 49, 65);
        Assert.Equal(Fault.SegmentTooShort, GorillaDecoder.Decode(segment.Bytes, (ulong)plan.Bytes - 1, 100, 100, scratch.Lanes));
        Assert.Equal(Fault.SegmentTooShort, GorillaDecoder.Decode(segment.Bytes, 15, 100, 100, scratch.Lanes));
    }

    static void RoundTrip(ulong[] values, int width, Func<ulong, ulong> kept)
    {
        using Native lanes = new(values);
        using Native scratch = new(new ulong[values.Length]);
        GorillaPlan plan = GorillaEncoder.Measure(lanes.Lanes, values.Length, width);
        using Native segment = new(plan.Bytes);
        GorillaEncoder.Write(plan, lanes.Lanes, width, scratch.Lanes, segment.Bytes);
        for (int wanted = 1; wanted <= values.Length; wanted = wanted < values.Length ? Math.Min(values.Length, wanted * 3) : wanted + 1)
        {
            using Native decoded = new(new ulong[values.Length]);
            Assert.Equal(Fault.None, GorillaDecoder.Decode(segment.Bytes, (ulong)plan.Bytes, values.Length, wanted, decoded.Lanes));
            Assert.Equal(values.Take(wanted).Select(kept), decoded.ToLanes(wanted).Select(kept));
        }

        // The most that a reader takes a vector for.
        Assert.InRange(plan.Bytes, 16, 24 * 1024);
    }

    static IEnumerable<double[]> Shapes(int count)
    {
        Random random = new(count);
        double[] Of(Func<int, double> value) => [.. Enumerable.Range(0, count).Select(value)];
        yield return Of(_ => 0);
        yield return Of(i => i % 2 == 0 ? -0.0 : 0.0);
        yield return Of(i => i % 5 == 0 ? double.NaN : double.NegativeInfinity);
        yield return Of(i => 20 + Math.Sin(i / 100.0));
        yield return Of(i => i);
        yield return Of(_ => random.NextDouble());
        yield return Of(i => i % 7 == 0 ? random.NextDouble() : 1.5);
        yield return Of(_ => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)));
    }
}
