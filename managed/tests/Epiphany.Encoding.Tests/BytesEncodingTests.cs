// Segments of byte strings.

using System;
using System.Linq;
using Xunit;

namespace Epiphany.Encoding.Tests;

public unsafe class BytesEncodingTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 100)]
    [InlineData(9, 3)]
    [InlineData(2048, 0)]
    [InlineData(2048, 1)]
    [InlineData(2048, 50)]
    [InlineData(65536, 20)]
    public void Strings_come_back(int count, int maxLength)
    {
        Random random = new(count + maxLength);
        uint[] lengths = [.. Enumerable.Range(0, count).Select(_ => (uint)random.Next(maxLength + 1))];
        using Strings strings = new(random, lengths);
        PlainBytesPlan plan = PlainBytesEncoder.Measure(strings.Lengths, count);
        using Native segment = new((long)plan.Bytes);
        using Native scratch = new(new ulong[count]);
        PlainBytesEncoder.Write(plan, strings.Addresses, strings.Lengths, scratch.Lanes, segment.Bytes);
        Assert.Equal(Fault.None, PlainBytesDecoder.Decode(segment.Bytes, plan.Bytes, count, scratch.Lanes, out byte* data));
        ulong start = 0;
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> expected = new((byte*)strings.Addresses[i], (int)lengths[i]);
            Assert.Equal(start + lengths[i], scratch.Lanes[i]);
            Assert.True(expected.SequenceEqual(new ReadOnlySpan<byte>(data + start, (int)lengths[i])));
            Assert.Equal(Fault.None, PlainBytesDecoder.DecodeOne(segment.Bytes, plan.Bytes, count, i, out byte* one, out ulong length));
            Assert.Equal((nint)(data + start), (nint)one);
            Assert.Equal(lengths[i], length);
            start += lengths[i];
        }

        Assert.Equal(Fault.SegmentTooShort, PlainBytesDecoder.Decode(segment.Bytes, plan.Bytes - 1, count, scratch.Lanes, out _));
    }

    /// <summary>Strings that lie one behind the other are copied at once.</summary>
    [Fact]
    public void Where_strings_lie_does_not_matter()
    {
        Random random = new(3);
        uint[] lengths = [.. Enumerable.Range(0, 2048).Select(_ => (uint)random.Next(30))];
        using Strings strings = new(random, lengths);
        using Native scattered = new(2048 * 32);
        ulong[] places = [.. Enumerable.Range(0, 2048).Select(i => (ulong)(scattered.Bytes + ((2047 - i) * 32)))];
        ulong[] joined = [.. Enumerable.Range(0, 2048).Select(i => (ulong)(scattered.Bytes + lengths.Take(i).Sum(length => length)))];
        PlainBytesPlan plan = PlainBytesEncoder.Measure(strings.Lengths, 2048);
        using Native scratch = new(new ulong[2048]);
        byte[] Written(ulong[] addresses)
        {
            for (int i = 0; i < 2048; i++)
            {
                new ReadOnlySpan<byte>((byte*)strings.Addresses[i], (int)lengths[i]).CopyTo(new Span<byte>((byte*)addresses[i], (int)lengths[i]));
            }

            using Native segment = new((long)plan.Bytes);
            fixed (ulong* at = addresses)
            {
                PlainBytesEncoder.Write(plan, at, strings.Lengths, scratch.Lanes, segment.Bytes);
            }

            return new ReadOnlySpan<byte>(segment.Bytes, (int)plan.Bytes).ToArray();
        }

        Assert.Equal(Written(places), Written(joined));
    }

    [Fact]
    public void Strings_of_one_length_need_no_offsets()
    {
        uint[] lengths = [.. Enumerable.Repeat(12U, 2048)];
        fixed (uint* l = lengths)
        {
            PlainBytesPlan plan = PlainBytesEncoder.Measure(l, lengths.Length);
            Assert.Equal(0, plan.Width);
            Assert.Equal(32UL + (12 * 2048), plan.Bytes);
        }
    }

    [Fact]
    public void The_longest_strings_do_not_overflow()
    {
        // Measured only: the strings themselves would take two terabytes.
        uint[] lengths = [.. Enumerable.Range(0, 2048).Select(i => i % 3 == 0 ? 0U : (1U << 30) - 1)];
        fixed (uint* l = lengths)
        {
            PlainBytesPlan plan = PlainBytesEncoder.Measure(l, lengths.Length);
            Assert.Equal((ulong)lengths.Sum(length => (long)length), plan.DataLength);
            Assert.InRange(plan.Width, 30, 33);
        }
    }

    [Fact]
    public void Offsets_out_of_order_are_refused()
    {
        Random random = new(4);
        uint[] lengths = [5, 0, 7, 9];
        using Strings strings = new(random, lengths);
        PlainBytesPlan plan = PlainBytesEncoder.Measure(strings.Lengths, 4);
        using Native segment = new((long)plan.Bytes);
        using Native scratch = new(new ulong[4]);
        PlainBytesEncoder.Write(plan, strings.Addresses, strings.Lengths, scratch.Lanes, segment.Bytes);
        ulong* header = (ulong*)segment.Bytes;
        (int, ulong)[] damages = [(0, 20), (0, 0), (1, header[1] + 1), (1, ulong.MaxValue - 100), (2, 0), (2, ulong.MaxValue)];
        foreach ((int word, ulong value) in damages)
        {
            ulong right = header[word];
            header[word] = value;
            Assert.NotEqual(Fault.None, PlainBytesDecoder.Decode(segment.Bytes, plan.Bytes, 4, scratch.Lanes, out _));
            header[word] = right;
        }

        header[0] = ulong.MaxValue;
        Assert.Equal(Fault.SegmentTooShort, PlainBytesDecoder.Decode(segment.Bytes, plan.Bytes, 4, scratch.Lanes, out _));
    }

    sealed class Strings : IDisposable
    {
        readonly Native _data;
        readonly Native _addresses;
        readonly Native _lengths;

        internal Strings(Random random, uint[] lengths)
        {
            _data = new Native(lengths.Sum(length => (long)length));
            random.NextBytes(new Span<byte>(_data.Bytes, (int)lengths.Sum(length => (long)length)));
            _addresses = new Native(new ulong[lengths.Length]);
            _lengths = new Native(lengths.Length * 4L);
            lengths.CopyTo(new Span<uint>(_lengths.Bytes, lengths.Length));
            ulong at = (ulong)_data.Bytes;
            for (int i = 0; i < lengths.Length; i++)
            {
                _addresses.Lanes[i] = at;
                at += lengths[i];
            }
        }

        internal ulong* Addresses => _addresses.Lanes;

        internal uint* Lengths => (uint*)_lengths.Bytes;

        public void Dispose()
        {
            _data.Dispose();
            _addresses.Dispose();
            _lengths.Dispose();
        }
    }
}
