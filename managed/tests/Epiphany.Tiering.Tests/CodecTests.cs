// Decoders of gzip, Snappy, runs and differences: against the framework's or our own encoders, and against bytes that are anything.

using System;
using System.IO;
using System.IO.Compression;
using Epiphany.Storage;
using Epiphany.Storage.Tests;
using Xunit;
using Text = System.Text.Encoding;

namespace Epiphany.Tiering.Tests;

public unsafe class CodecTests
{
    static byte[] Sample(Random random, int length)
    {
        byte[] bytes = new byte[length];
        int kind = random.Next(3);
        for (int i = 0; i < length; i++)
        {
            bytes[i] = (byte)(kind == 0 ? random.Next(256) : kind == 1 ? "abcdefgh"[random.Next(8)] : i / 300);
        }

        return bytes;
    }

    static byte[] Gzip(byte[] bytes, CompressionLevel level)
    {
        using var stream = new MemoryStream();
        using (var gzip = new GZipStream(stream, level))
        {
            gzip.Write(bytes);
        }

        return stream.ToArray();
    }

    [Fact]
    public void Gzip_as_the_framework_writes_it()
    {
        var random = new Random(1);
        for (int i = 0; i < 300; i++)
        {
            byte[] bytes = Sample(random, random.Next(100_000));
            byte[] packed = Gzip(bytes, (CompressionLevel)random.Next(4));
            byte[] output = new byte[bytes.Length];
            Assert.True(Inflate.Gunzip(packed, output));
            Assert.Equal(bytes, output);
            Assert.False(Inflate.Gunzip(packed, new byte[bytes.Length + 1]));
            Assert.False(Inflate.Gunzip(packed.AsSpan(0, packed.Length - 1), output));
            if (bytes.Length > 0)
            {
                Assert.False(Inflate.Gunzip(packed, new byte[bytes.Length - 1]));
            }
        }
    }

    [Fact]
    public void Gzip_members_follow_each_other()
    {
        byte[] packed = [.. Gzip([1, 2, 3], CompressionLevel.Fastest), .. Gzip([4], CompressionLevel.NoCompression)];
        byte[] output = new byte[4];
        Assert.True(Inflate.Gunzip(packed, output));
        Assert.Equal([1, 2, 3, 4], output);
    }

    [Fact]
    public void Damaged_gzip_is_refused_or_harmless()
    {
        var random = new Random(2);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] packed = Gzip(Sample(random, 200), CompressionLevel.Optimal);
            packed[random.Next(10, packed.Length)] ^= (byte)(1 << random.Next(8));
            Inflate.Gunzip(packed, new byte[200]);
        }
    }

    [Fact]
    public void Snappy_of_each_kind_of_element()
    {
        // Length 20; literal "abcd"; a copy of 6 from 4 back with one byte, which overlaps; of 5 with two bytes; of 5 with four.
        byte[] packed = [20, 3 << 2, .. "abcd"u8, (6 - 4) << 2 | 1, 4, (5 - 1) << 2 | 2, 10, 0, (5 - 1) << 2 | 3, 1, 0, 0, 0];
        byte[] output = new byte[20];
        Assert.True(Snappy.Decompress(packed, output));
        Assert.Equal("abcdabcdababcdabbbbb"u8.Length, output.Length);
        Assert.Equal("abcdabcdababcdaaaaaa", Text.ASCII.GetString(output));
        byte[] literal = [100, 60 << 2, 99, .. new byte[100]];
        Assert.True(Snappy.Decompress(literal, new byte[100]));
        Assert.False(Snappy.Decompress(literal, new byte[99]));
    }

    [Fact]
    public void Any_bytes_are_refused_or_harmless()
    {
        var random = new Random(3);
        using var memory = new GuardedMemory();
        byte* bytes = memory.Allocate(64 + 64);
        ulong* lanes = stackalloc ulong[300];
        int* lengths = stackalloc int[300];
        for (int i = 0; i < 100_000; i++)
        {
            int length = random.Next(65);
            var input = new Span<byte>(bytes, length);
            random.NextBytes(input);
            if (random.Next(2) == 0)
            {
                input[..(length / 2)].Fill((byte)random.Next(4));
            }

            Snappy.Decompress(input, new byte[random.Next(300)]);
            var own = new PageMemory(memory);
            try
            {
                var type = new ColumnType((PhysicalType)random.Next(8), Length: 5);
                var values = new DecodedValues((ulong)lanes, (ulong)lengths);
                ValueDecoder.Run((PageEncoding)random.Next(10), type, bytes, bytes + length, random.Next(300), values, own);
            }
            catch (Exception e) when (e is StoredDataException or ParquetUnsupportedException)
            {
            }
            finally
            {
                own.Free();
            }

            try
            {
                HybridDecoder.Run(bytes, bytes + length, random.Next(33), random.Next(300), 1UL << random.Next(32), lanes);
            }
            catch (StoredDataException)
            {
            }
        }
    }

    [Fact]
    public void A_code_out_of_range_is_refused_wherever_it_is()
    {
        const int Count = 40;
        byte* packed = stackalloc byte[1 + Count + 64];
        uint* codes = stackalloc uint[Count];
        for (int bad = 0; bad < Count; bad++)
        {
            packed[0] = (Count / 8 << 1) | 1;
            for (int i = 0; i < Count; i++)
            {
                packed[1 + i] = (byte)(i == bad ? 201 : 200 - i);
            }

            byte* end = packed + 1 + Count;
            Assert.Throws<StoredDataException>(() => HybridDecoder.Run(packed, end, 8, Count, 200, codes));
            HybridDecoder.Run(packed, end, 8, Count, 201, codes);
            Assert.Equal(201u, codes[bad]);
        }
    }

    [Fact]
    public void Checksum_is_the_one_of_gzip() => Assert.Equal(0xCBF43926, Crc32.Of("123456789"u8));

    [Fact]
    public void Differences_of_extremes_come_back()
    {
        using var memory = new GuardedMemory();
        var random = new Random(4);
        for (int round = 0; round < 500; round++)
        {
            int count = random.Next(600);
            bool narrow = round % 2 == 0;
            ulong[] values = new ulong[count];
            for (int i = 0; i < count; i++)
            {
                ulong value = random.Next(4) switch { 0 => ulong.MaxValue, 1 => 1UL << 63, 2 => (ulong)random.NextInt64(), _ => (ulong)i };
                values[i] = narrow ? (ulong)(int)value : value;
            }

            var sink = new ByteSink(memory);
            fixed (ulong* at = values)
            {
                DeltaEncoder.Run(at, count, narrow, sink);
            }

            ulong length = sink.Length;
            sink.AppendZeros(64);
            ulong[] read = new ulong[count + 1];
            fixed (ulong* at = read)
            {
                Assert.True(DeltaDecoder.Run(sink.Bytes, sink.Bytes + length, count, narrow, at) == sink.Bytes + length);
            }

            Assert.Equal(values, read[..count]);
            sink.Free();
        }
    }

    [Fact]
    public void Runs_and_packed_codes_come_back()
    {
        using var memory = new GuardedMemory();
        var random = new Random(5);
        for (int round = 0; round < 500; round++)
        {
            int count = random.Next(3000);
            int width = random.Next(1, 20);
            ulong[] values = new ulong[count];
            for (int i = 0; i < count; i++)
            {
                values[i] = i > 0 && random.Next(20) < round % 20 ? values[i - 1] : (ulong)random.Next(1 << width);
            }

            var sink = new ByteSink(memory);
            ulong[] read = new ulong[count + 1];
            fixed (ulong* from = values, to = read)
            {
                HybridEncoder.Codes(from, count, width, sink);
                ulong length = sink.Length;
                sink.AppendZeros(64);
                HybridDecoder.Run(sink.Bytes, sink.Bytes + length, width, count, (1UL << width) - 1, to);
            }

            Assert.Equal(values, read[..count]);
            sink.Free();
        }
    }
}
