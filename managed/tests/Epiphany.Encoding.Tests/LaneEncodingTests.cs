// Segments of numbers: what is encoded comes back, whole and one by one, in exactly the bytes that were announced; short or damaged
// segments are refused.

using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Epiphany.Encoding.Tests;

public unsafe class LaneEncodingTests
{
    public static TheoryData<int> Counts => [1, 2, 3, 7, 8, 9, 64, 100, 2047, 2048];

    [Theory]
    [MemberData(nameof(Counts))]
    public void Frame_of_reference_comes_back(int count)
    {
        foreach (ulong[] values in Shapes(count))
        {
            using Native lanes = new(values);
            FrameOfReferencePlan plan = FrameOfReferenceEncoder.Measure(lanes.Lanes, count);
            using Native segment = new(plan.Bytes);
            FrameOfReferenceEncoder.Write(plan, lanes.Lanes, segment.Bytes);
            using Native decoded = new(new ulong[count]);
            Assert.Equal(Fault.None, FrameOfReferenceDecoder.Decode(segment.Bytes, (ulong)plan.Bytes, count, decoded.Lanes));
            Assert.Equal(values, decoded.ToLanes(count));
            for (int i = 0; i < count; i += Math.Max(1, count / 30))
            {
                Assert.Equal(Fault.None, FrameOfReferenceDecoder.DecodeOne(segment.Bytes, (ulong)plan.Bytes, count, i, out ulong one));
                Assert.Equal(values[i], one);
            }

            Assert.Equal(Fault.SegmentTooShort, FrameOfReferenceDecoder.Decode(segment.Bytes, (ulong)plan.Bytes - 1, count, decoded.Lanes));
        }
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void Delta_comes_back(int count)
    {
        foreach (ulong[] values in Shapes(count))
        {
            using Native lanes = new(values);
            using Native scratch = new(new ulong[count]);
            DeltaPlan plan = DeltaEncoder.Measure(lanes.Lanes, count);
            using Native segment = new(plan.Bytes);
            DeltaEncoder.Write(plan, lanes.Lanes, scratch.Lanes, segment.Bytes);
            using Native decoded = new(new ulong[count]);
            Assert.Equal(Fault.None, DeltaDecoder.Decode(segment.Bytes, (ulong)plan.Bytes, count, decoded.Lanes));
            Assert.Equal(values, decoded.ToLanes(count));
            for (int i = 0; i < count; i += Math.Max(1, count / 30))
            {
                Assert.Equal(Fault.None, DeltaDecoder.DecodeOne(segment.Bytes, (ulong)plan.Bytes, count, i, scratch.Lanes, out ulong one));
                Assert.Equal(values[i], one);
            }

            Assert.Equal(Fault.SegmentTooShort, DeltaDecoder.Decode(segment.Bytes, (ulong)plan.Bytes - 1, count, decoded.Lanes));
        }
    }

    [Theory]
    [MemberData(nameof(Counts))]
    public void Runs_come_back(int count)
    {
        foreach (ulong[] values in Shapes(count))
        {
            using Native lanes = new(values);
            using Native scratch = new(new ulong[count]);
            RunLengthPlan plan = RunLengthEncoder.Measure(lanes.Lanes, count);
            using Native segment = new(plan.Bytes);
            RunLengthEncoder.Write(plan, lanes.Lanes, scratch.Lanes, segment.Bytes);
            using Native decoded = new(new ulong[count]);
            Assert.Equal(Fault.None, RunLengthDecoder.Decode(segment.Bytes, (ulong)plan.Bytes, count, decoded.Lanes));
            Assert.Equal(values, decoded.ToLanes(count));
            for (int i = 0; i < count; i += Math.Max(1, count / 30))
            {
                Assert.Equal(Fault.None, RunLengthDecoder.DecodeOne(segment.Bytes, (ulong)plan.Bytes, count, i, out ulong one));
                Assert.Equal(values[i], one);
            }

            Assert.Equal(Fault.SegmentTooShort, RunLengthDecoder.Decode(segment.Bytes, (ulong)plan.Bytes - 1, count, decoded.Lanes));
        }
    }

    [Fact]
    public void Sorted_numbers_take_few_bits_as_deltas()
    {
        using Native lanes = new([.. Enumerable.Range(0, 2048).Select(i => 1_700_000_000_000_000UL + ((ulong)i * 1_000_000))]);
        Assert.Equal(0, DeltaEncoder.Measure(lanes.Lanes, 2048).Width);
        Assert.Equal(31, FrameOfReferenceEncoder.Measure(lanes.Lanes, 2048).Width);
    }

    [Fact]
    public void Impossible_widths_and_runs_are_refused()
    {
        using Native segment = new(4096 + 16384 + 64);
        using Native decoded = new(new ulong[2048]);
        ulong length = 4096 + 16384;
        segment.Bytes[8] = 65;
        Assert.Equal(Fault.WidthTooLarge, FrameOfReferenceDecoder.Decode(segment.Bytes, length, 2048, decoded.Lanes));
        segment.Bytes[16] = 255;
        Assert.Equal(Fault.WidthTooLarge, DeltaDecoder.Decode(segment.Bytes, length, 2048, decoded.Lanes));
        segment.Bytes[8] = 0;
        Assert.Equal(Fault.RunsOutOfOrder, RunLengthDecoder.Decode(segment.Bytes, length, 2048, decoded.Lanes));
        segment.Bytes[8] = 2;
        segment.Bytes[10] = 65;
        Assert.Equal(Fault.WidthTooLarge, RunLengthDecoder.Decode(segment.Bytes, length, 2048, decoded.Lanes));
        segment.Bytes[10] = 1;
        ushort* ends = (ushort*)(segment.Bytes + 16);
        foreach ((ushort first, ushort second) in ((ushort, ushort)[])[(0, 2048), (5, 5), (5, 4), (5, 2047), (5, 2049), (2048, 2048)])
        {
            (ends[0], ends[1]) = (first, second);
            Assert.Equal(Fault.RunsOutOfOrder, RunLengthDecoder.Decode(segment.Bytes, length, 2048, decoded.Lanes));
        }

        (ends[0], ends[1]) = (5, 2048);
        Assert.Equal(Fault.None, RunLengthDecoder.Decode(segment.Bytes, length, 2048, decoded.Lanes));
        Assert.Equal(Fault.RunsOutOfOrder, RunLengthDecoder.Decode(segment.Bytes, length, 1, decoded.Lanes));
    }

    [Fact]
    public void Codes_past_the_limit_are_refused()
    {
        ulong[] codes = [.. Enumerable.Range(0, 100).Select(i => (ulong)i % 5)];
        using Native lanes = new(codes);
        int width = PackedLanes.CodeWidth(5);
        Assert.Equal(3, width);
        using Native segment = new(PackedLanes.Bytes(100, width));
        PackedLanes.Encode(lanes.Lanes, 100, width, segment.Bytes);
        ulong length = (ulong)PackedLanes.Bytes(100, width);
        using Native decoded = new(new ulong[100]);
        Assert.Equal(Fault.None, PackedLanes.Decode(segment.Bytes, length, 100, width, 5, decoded.Lanes));
        Assert.Equal(codes, decoded.ToLanes(100));
        Assert.Equal(Fault.CodeOutOfRange, PackedLanes.Decode(segment.Bytes, length, 100, width, 4, decoded.Lanes));
        Assert.Equal(Fault.CodeOutOfRange, PackedLanes.DecodeOne(segment.Bytes, length, 100, width, 4, 4, out _));
        Assert.Equal(Fault.SegmentTooShort, PackedLanes.Decode(segment.Bytes, length - 1, 100, width, 5, decoded.Lanes));
    }

    static IEnumerable<ulong[]> Shapes(int count)
    {
        Random random = new(count);
        ulong[] Of(Func<int, long> value) => [.. Enumerable.Range(0, count).Select(i => (ulong)value(i))];
        yield return Of(i => 0);
        yield return Of(i => -1);
        yield return Of(i => i);
        yield return Of(i => -i * 12345678901L);
        yield return Of(i => i % 2 == 0 ? long.MinValue : long.MaxValue);
        yield return Of(i => i == count - 1 ? long.MaxValue : long.MinValue);
        yield return Of(i => random.NextInt64(long.MinValue, long.MaxValue));
        yield return Of(i => random.Next(2) - 1);
        yield return Of(i => i / 37);
        for (int bits = 1; bits < 64; bits += 3)
        {
            yield return Of(i => (random.NextInt64() >> (63 - bits)) - 5);
        }
    }
}
