// Micro-benchmarks. Decoding of a row group's vectors, by encoding: what a scan does for each column that it needs.

using System;
using Epiphany.Encoding;
using Epiphany.Storage;

namespace Epiphany.Execution.Bench;

static unsafe class Scans
{
    const int Rows = GroupFormat.MaxRows;
    const string DecodeFamily = "decode a vector";
    const string TestFamily = "test a vector";

    internal static void Run(Measure measure)
    {
        Columns(measure, DecodeFamily);
        Columns(measure, TestFamily);
    }

    static void Columns(Measure measure, string family)
    {
        Lanes(measure, family, ColumnKind.Int32, "same value", (_, _) => 42);
        Lanes(measure, family, ColumnKind.Bool, "booleans", (r, _) => r.Next(2));
        Lanes(measure, family, ColumnKind.Int32, "runs of 300", (_, i) => i / 300 * 7919 % 1000);
        Lanes(measure, family, ColumnKind.Int32, "10 bits", (r, _) => r.Next(1000));
        Lanes(measure, family, ColumnKind.Int64, "rising", (r, i) => (i * 100L) + r.Next(50));
        Lanes(measure, family, ColumnKind.Int64, "regular times", (_, i) => 1_700_000_000_000_000 + (i * 1_000_000L) + (i / 600 * 77_777_777L));
        Lanes(measure, family, ColumnKind.Int32, "5 values far apart", (r, _) => r.Next(5) * 100_000_000);
        Lanes(measure, family, ColumnKind.Int64, "few outliers", (r, _) => r.Next(200) == 0 ? r.NextInt64() : r.Next(8));
        Lanes(measure, family, ColumnKind.Int64, "random", (r, _) => r.NextInt64(long.MinValue, long.MaxValue));
        Lanes(measure, family, ColumnKind.Float64, "floats of 2 decimals", (r, _) => BitConverter.DoubleToInt64Bits(r.Next(10_000_000) / 100.0));
        Lanes(measure, family, ColumnKind.Float64, "floats that repeat", (_, i) => BitConverter.DoubleToInt64Bits(20 + Math.Sin(i / 40)));
        Lanes(measure, family, ColumnKind.Float64, "random floats", (r, _) => BitConverter.DoubleToInt64Bits(r.NextDouble()));
        Column(measure, family, new ColumnShape(ColumnKind.Numeric, 0), "prices, as integers", Data.Numerics(Rows, 10_000_000, 2));
        Column(measure, family, new ColumnShape(ColumnKind.VarBytes, 0), "300 texts", Data.Texts(Rows, 300));
        Column(measure, family, new ColumnShape(ColumnKind.VarBytes, 0), "texts of words", Data.Texts(Rows, Rows));
    }

    static void Lanes(Measure measure, string family, ColumnKind kind, string name, Func<Random, int, long> value) =>
        Column(measure, family, new ColumnShape(kind, 0), name, Data.Of(Rows, (r, i) => (ulong)value(r, i)));

    static void Column(Measure measure, string family, ColumnShape shape, string name, ulong[] values)
    {
        if (!measure.Wants(family, name))
        {
            return;
        }

        var host = new BenchHost();
        byte[] bytes = Write(shape, values, host, out GroupLocation location);
        var reader = new RowGroupReader(location, [shape], new Bytes(bytes), host, new Codecs(), host);
        string encoding = System.Runtime.InteropServices.Marshal.PtrToStringUTF8((nint)reader.Chunk(0).EncodingName)!;
        ulong* lanes = (ulong*)host.Allocate(GroupFormat.VectorRows * sizeof(ulong));
        byte* nulls = host.Allocate(GroupFormat.VectorRows);
        ushort* codes = (ushort*)host.Allocate(GroupFormat.VectorRows * sizeof(ushort));
        double stored = (double)reader.ChunkBytes(0) / Rows;

        if (family == TestFamily)
        {
            Test(measure, reader, $"{name}: {encoding}", stored);
            host.Reset();
            return;
        }

        // Read where it is stored, written as a lane.
        measure.Time(family, $"{name}: {encoding}, {stored:0.0} bytes/row", Rows, new Touched(stored + sizeof(ulong)), () =>
        {
            for (int vector = 0; vector < Rows / GroupFormat.VectorRows; vector++)
            {
                reader.DecodeVector(0, vector, lanes, nulls, codes);
            }
        });
        host.Reset();
    }

    /// <summary>A range of integers, or a tenth of the entries, tested as it is encoded.</summary>
    static void Test(Measure measure, RowGroupReader reader, string name, double stored)
    {
        CodedColumn coded = reader.Coded(0);
        long* bounds = stackalloc long[2];
        (bounds[0], bounds[1]) = (3, 1000);
        ulong* bits = stackalloc ulong[GroupFormat.VectorRows / 64];
        ulong[] set = new ulong[1024];
        for (int i = 0; i < coded.Count; i += 10)
        {
            set[i / 64] |= 1UL << (i % 64);
        }

        nint room = (nint)bits;
        var ranges = new LaneRanges(bounds, 1);
        void Of(Action<int> select) => measure.Time(TestFamily, name, Rows, new Touched(stored), () =>
        {
            for (int vector = 0; vector < Rows / GroupFormat.VectorRows; vector++)
            {
                select(vector);
            }
        });
        switch (coded.Form)
        {
            case CodedForm.Integers:
                Of(vector => reader.Select(0, vector, ranges, false, (ulong*)room));
                break;
            case CodedForm.Entries:
                fixed (ulong* entries = set)
                {
                    nint its = (nint)entries;
                    Of(vector => reader.Select(0, vector, (ulong*)its, false, (ulong*)room));
                }

                break;
        }
    }

    static byte[] Write(ColumnShape shape, ulong[] values, BenchHost host, out GroupLocation location)
    {
        var writer = new RowGroupWriter([shape], new WriterOptions(Codec.None, 1, Rows, ulong.MaxValue), host, new Codecs(), host);
        fixed (ulong* from = values)
        {
            writer.Append(from, null, Rows);
        }

        GroupImage image = writer.Finish();
        byte[] bytes = new byte[image.Length];
        for (ulong at = 0; at < image.Length; at += GroupImage.SegmentBytes)
        {
            int share = (int)Math.Min(GroupImage.SegmentBytes, image.Length - at);
            new ReadOnlySpan<byte>((byte*)image.Segments[at / GroupImage.SegmentBytes], share).CopyTo(bytes.AsSpan((int)at));
        }

        location = new GroupLocation(image.Length, image.FooterOffset, image.FooterLength, Rows, 1);
        return bytes;
    }

    sealed class Bytes(byte[] bytes) : IGroupSource
    {
        public void Read(ulong offset, byte* destination, ulong length) =>
            bytes.AsSpan((int)offset, (int)length).CopyTo(new Span<byte>(destination, (int)length));
    }

    /// <summary>Groups are measured as they are encoded, without a codec on top.</summary>
    sealed class Codecs : IBlockCodec
    {
        public bool Available(Codec c) => false;

        public long Bound(Codec c, long n) => throw new NotSupportedException();

        public long Compress(Codec c, int level, byte* src, long n, byte* dst, long cap) => throw new NotSupportedException();

        public long Decompress(Codec c, byte* src, long n, byte* dst, long cap) => throw new NotSupportedException();
    }
}
