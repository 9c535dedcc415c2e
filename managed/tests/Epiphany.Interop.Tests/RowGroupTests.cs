// Tests of Interop. Row groups through the two tables: a writer's bytes come back from a reader.

using System;
using Epiphany.Storage;
using Xunit;

namespace Epiphany.Interop.Tests;

public sealed unsafe class RowGroupTests : IDisposable
{
    private const int Rows = 5000;

    private readonly FakeHost _host = new();

    public RowGroupTests() => _host.Start();

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData(PgeCodec.None)]
    [InlineData(PgeCodec.Lz4)]
    [InlineData(PgeCodec.Zstd)]
    public void Come_back_as_they_were_written(PgeCodec codec)
    {
        FakeHost.HasCodecs = true;
        var group = Write(codec);
        var column = Int64Column();
        ulong reader;
        Assert.Equal(PgeStatus.Ok, _host.Managed->ReaderOpen(null, &group, &column, 1, &reader));
        var values = stackalloc ulong[2048];
        var nulls = stackalloc byte[2048];
        var row = 0;
        for (var vector = 0; row < Rows; vector++)
        {
            int count;
            Assert.Equal(PgeStatus.Ok, _host.Managed->ReaderDecode(reader, 0, vector, values, nulls, &count));
            for (var i = 0; i < count; i++, row++)
            {
                Assert.Equal(row % 5 == 0, nulls[i] != 0);
                Assert.True(nulls[i] != 0 || values[i] == (ulong)row * 7);
            }
        }

        PgeChunkInfo chunk;
        Assert.Equal(PgeStatus.Ok, _host.Managed->ReaderChunkInfo(reader, 0, &chunk));
        Assert.Equal(Rows / 5, chunk.Nulls);
        Assert.Equal(PgeStatus.ManagedError, _host.Managed->ReaderDecode(reader, 1, 0, values, nulls, &row));
        _host.Managed->HandleFree(reader);
        Assert.Equal(PgeStatus.ManagedError, _host.Managed->ReaderDecode(reader, 0, 0, values, nulls, &row));
    }

    [Fact]
    public void Zone_tests_are_laid_out_as_the_boundary_says()
    {
        Assert.Equal((sizeof(PgeZoneTest), sizeof(PgeZoneRange)), (sizeof(ZoneTest), sizeof(ZoneRange)));
        var range = new PgeZoneRange { Low = 1, High = 2, LowBytes = (byte*)3, HighBytes = (byte*)4, LowLength = 5, HighLength = 6 };
        var test = new PgeZoneTest { Column = 7, Order = (int)PgeZoneOrder.Bytes, Ranges = &range, Count = 8 };
        var seen = (ZoneTest*)&test;
        Assert.Equal((7, ZoneOrder.Bytes, 8), (seen->Column, seen->Order, seen->Count));
        Assert.Equal((1UL, 2UL, 5, 6), (seen->Ranges->Low, seen->Ranges->High, seen->Ranges->LowLength, seen->Ranges->HighLength));
        Assert.True(seen->Ranges->LowBytes == (byte*)3 && seen->Ranges->HighBytes == (byte*)4);
    }

    [Fact]
    public void A_codec_that_the_host_lacks_is_named()
    {
        var options = new PgeWriterOptions { Codec = (int)PgeCodec.Lz4, MaxRows = 10, MaxBytes = 1000 };
        var column = Int64Column();
        ulong writer;
        Assert.Equal(PgeStatus.ManagedError, _host.Managed->WriterCreate(null, &column, 1, &options, &writer));
        Assert.Equal(SqlState.FeatureNotSupported, _host.Error->SqlState);
        Assert.Contains("LZ4", _host.Message, StringComparison.Ordinal);
        Assert.Contains("liblz4", _host.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1601)]
    [InlineData(int.MaxValue)]
    public void A_column_count_beyond_reason_is_an_error(int count)
    {
        var options = new PgeWriterOptions { MaxRows = 10, MaxBytes = 1000 };
        var column = Int64Column();
        ulong writer;
        Assert.Equal(PgeStatus.ManagedError, _host.Managed->WriterCreate(null, &column, count, &options, &writer));
        Assert.Equal(SqlState.InternalError, _host.Error->SqlState);
    }

    [Fact]
    public void The_end_of_the_hosts_memory_ends_a_writer_and_a_reader()
    {
        var group = Write(PgeCodec.None);
        FakeHost.MemoryIsOut = true;
        var column = Int64Column();
        ulong reader;
        Assert.Equal(PgeStatus.ManagedError, _host.Managed->ReaderOpen(null, &group, &column, 1, &reader));
        Assert.Equal(SqlState.OutOfMemory, _host.Error->SqlState);
        Assert.StartsWith("Failed on a request of", _host.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Bad_bytes_are_an_error_of_stored_data()
    {
        var group = Write(PgeCodec.None);
        var column = Int64Column();
        for (var i = 0; i < 32; i++)
        {
            FakeHost.Stored[(int)group.FooterOffset + i] ^= 0x55;
        }

        ulong reader;
        Assert.Equal(PgeStatus.ManagedError, _host.Managed->ReaderOpen(null, &group, &column, 1, &reader));
        Assert.Equal(SqlState.DataCorrupted, _host.Error->SqlState);
    }

    [Fact]
    public void An_error_of_the_source_is_the_hosts()
    {
        var group = Write(PgeCodec.None);
        group.Token = 2;
        var column = Int64Column();
        ulong reader;
        Assert.Equal(PgeStatus.PgError, _host.Managed->ReaderOpen(null, &group, &column, 1, &reader));
    }

    private static PgeColumnDesc Int64Column() => new() { Kind = (int)PgeColumnKind.Int64, TypeOid = 20, TypeMod = -1 };

    private PgeGroupRef Write(PgeCodec codec)
    {
        var options = new PgeWriterOptions { Codec = (int)codec, Level = 1, MaxRows = Rows, MaxBytes = 1 << 20 };
        var column = Int64Column();
        ulong writer;
        PgeWriterState state;
        PgeGroupImage image;
        var values = stackalloc ulong[Rows];
        var nulls = stackalloc byte[Rows];
        for (var i = 0; i < Rows; i++)
        {
            values[i] = (ulong)i * 7;
            nulls[i] = i % 5 == 0 ? (byte)1 : (byte)0;
        }

        Assert.Equal(PgeStatus.Ok, _host.Managed->WriterCreate(null, &column, 1, &options, &writer));
        Assert.Equal(PgeStatus.Ok, _host.Managed->WriterAppend(writer, values, nulls, Rows, &state));
        Assert.Equal((Rows, 1), (state.Rows, state.Full));
        Assert.Equal(PgeStatus.Ok, _host.Managed->WriterFinish(writer, &image));
        Assert.True(image.Length <= image.SegmentBytes);
        FakeHost.Stored = new Span<byte>((byte*)image.Segments[0], (int)image.Length).ToArray();
        _host.Managed->HandleFree(writer);
        return new PgeGroupRef
        {
            Token = 1,
            Length = image.Length,
            FooterOffset = image.FooterOffset,
            FooterLength = image.FooterLength,
            Rows = image.Rows,
            Columns = 1,
        };
    }
}
