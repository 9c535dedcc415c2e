// ALP segments: every bit of every float comes back, whole and one by one; damaged segments are refused.

using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Epiphany.Encoding.Tests;

public unsafe class AlpTests
{
    const int VectorRows = 2048;

    public static TheoryData<int> Counts => [1, 2, 7, 8, 9, 33, 100, 2047, 2048];

    [Theory]
    [MemberData(nameof(Counts))]
    public void Doubles_come_back(int count)
    {
        foreach (double[] values in Shapes(count))
        {
            RoundTrip([.. values.Select(BitConverter.DoubleToUInt64Bits)], 8);
        }
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void Floats_come_back(int count)
    {
        foreach (double[] values in Shapes(count))
        {
            RoundTrip([.. values.Select(v => (ulong)BitConverter.SingleToInt32Bits((float)v))], 4);
        }
    }

    [Fact]
    public void Short_decimals_take_the_bits_of_their_digits()
    {
        Random random = new(1);
        ulong[] values = [.. Enumerable.Range(0, VectorRows).Select(_ => BitConverter.DoubleToUInt64Bits(random.Next(1 << 20) / 100.0))];
        AlpPlan plan = RoundTrip(values, 8);
        Assert.Equal(0, plan.Exceptions);
        Assert.Equal(20, plan.Integers.Width);
        values = [.. Enumerable.Range(0, VectorRows).Select(_ => (ulong)BitConverter.SingleToInt32Bits(random.Next(1 << 12) / 10f))];
        plan = RoundTrip(values, 4);
        Assert.Equal((0, 12), (plan.Exceptions, plan.Integers.Width));
    }

    [Fact]
    public void What_is_no_decimal_is_kept_as_it_is()
    {
        ulong[] values = [.. Enumerable.Range(0, 200).Select(i => BitConverter.DoubleToUInt64Bits(i / 4.0))];
        ulong[] odd =
        [
            0x8000000000000000, 0x7FF0000000000000, 0xFFF0000000000000, 0x7FF8000000000000, 0xFFF800000000BEEF, 0x7FF0000000000001,
            1, BitConverter.DoubleToUInt64Bits(double.MaxValue), BitConverter.DoubleToUInt64Bits(Math.PI),
        ];
        for (int i = 0; i < odd.Length; i++)
        {
            values[i * 20] = odd[i];
        }

        Assert.Equal(odd.Length, RoundTrip(values, 8).Exceptions);
    }

    [Fact]
    public void Noise_is_not_tried()
    {
        Random random = new(2);
        using Native doubles = new([.. Enumerable.Range(0, 10000).Select(_ => BitConverter.DoubleToUInt64Bits(random.NextDouble()))]);
        Assert.False(AlpEncoder.TryCreate(doubles.Lanes, 10000, VectorRows, 8, out _));
        using Native floats = new([.. Enumerable.Range(0, 10000).Select(_ => (ulong)BitConverter.SingleToInt32Bits(random.NextSingle()))]);
        Assert.False(AlpEncoder.TryCreate(floats.Lanes, 10000, VectorRows, 4, out _));
    }

    [Fact]
    public void Damaged_segments_are_refused()
    {
        ulong[] values = [.. Enumerable.Range(0, 100).Select(i => BitConverter.DoubleToUInt64Bits(i % 30 == 7 ? Math.E * i : i / 10.0))];
        using Native segment = Encode(values, 8, out AlpPlan plan);
        Assert.Equal(4, plan.Exceptions);
        using Native decoded = new(new ulong[100]);
        ulong length = (ulong)plan.Bytes;
        void Refused(Fault fault, int at, byte value)
        {
            byte right = segment.Bytes[at];
            segment.Bytes[at] = value;
            Assert.Equal(fault, AlpDecoder.Decode(segment.Bytes, length, 100, 8, decoded.Lanes));
            segment.Bytes[at] = right;
        }

        int rows = (int)(plan.Bytes - (4 * 8) - 8);
        Assert.Equal(7, segment.Bytes[rows]);
        Refused(Fault.None, 4, 1);
        Refused(Fault.WidthTooLarge, 0, 19);
        Refused(Fault.WidthTooLarge, 1, (byte)(plan.Exponent + 1));
        Refused(Fault.WidthTooLarge, 16, 65);
        Refused(Fault.ExceptionsOutOfOrder, 2, 101);
        Refused(Fault.SegmentTooShort, 2, 100);
        Refused(Fault.ExceptionsOutOfOrder, rows, 37);
        Refused(Fault.ExceptionsOutOfOrder, rows + 6, 100);
        Refused(Fault.ExceptionsOutOfOrder, rows + 7, 255);
        Assert.Equal(Fault.SegmentTooShort, AlpDecoder.Decode(segment.Bytes, length - 1, 100, 8, decoded.Lanes));
        Assert.Equal(Fault.SegmentTooShort, AlpDecoder.Decode(segment.Bytes, 23, 100, 8, decoded.Lanes));
        Assert.Equal(Fault.SegmentTooShort, AlpDecoder.DecodeOne(segment.Bytes, length - 1, 100, 8, 0, out _));
    }

    static AlpPlan RoundTrip(ulong[] values, int width)
    {
        using Native segment = Encode(values, width, out AlpPlan plan);
        using Native decoded = new(new ulong[values.Length]);
        Assert.Equal(Fault.None, AlpDecoder.Decode(segment.Bytes, (ulong)plan.Bytes, values.Length, width, decoded.Lanes));
        Assert.Equal(values, decoded.ToLanes(values.Length));
        for (int i = 0; i < values.Length; i += Math.Max(1, values.Length / 100))
        {
            Assert.Equal(Fault.None, AlpDecoder.DecodeOne(segment.Bytes, (ulong)plan.Bytes, values.Length, width, i, out ulong one));
            Assert.Equal(values[i], one);
        }

        // The most that a reader takes a vector for.
        Assert.InRange(plan.Bytes, 1, 24 * 1024);
        return plan;
    }

    static Native Encode(ulong[] values, int width, out AlpPlan plan)
    {
        using Native lanes = new(values);
        using Native integers = new(new ulong[values.Length]);
        AlpEncoder.TryCreate(lanes.Lanes, values.Length, VectorRows, width, out AlpEncoder encoder);
        plan = encoder.Measure(lanes.Lanes, values.Length, integers.Lanes);
        Native segment = new(plan.Bytes);
        encoder.Write(plan, lanes.Lanes, integers.Lanes, segment.Bytes);
        return segment;
    }

    static IEnumerable<double[]> Shapes(int count)
    {
        Random random = new(count);
        double[] Of(Func<int, double> value) => [.. Enumerable.Range(0, count).Select(value)];
        yield return Of(i => 0);
        yield return Of(i => -0.0);
        yield return Of(i => double.NaN);
        yield return Of(i => i / 10.0);
        yield return Of(i => -i * 1e15);
        yield return Of(i => i * 1e-12);
        yield return Of(i => i % 3 == 0 ? double.NaN : i * 0.01);
        yield return Of(i => i < count / 2 ? random.NextDouble() : i * 0.5);
        yield return Of(i => i < 3 ? double.PositiveInfinity : i * 1.001);
        yield return Of(i => random.NextDouble());
        yield return Of(i => Math.Round(random.NextDouble() * 1000, random.Next(12)));
        yield return Of(i => BitConverter.Int64BitsToDouble(random.NextInt64(long.MinValue, long.MaxValue)));
        yield return Of(i => i % 2 == 0 ? 2251799813685248 - i : random.NextDouble() * 1e18);
        yield return Of(i => i % 2 == 0 ? (i % 4 == 0 ? 1L << 51 : -(1L << 51)) : Math.PI * i);
    }
}
