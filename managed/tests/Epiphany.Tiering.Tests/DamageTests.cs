// Files that are damaged anywhere: an error that says so, or rows that come back; never more memory than bounded, never a read past the end.

using System;
using System.Collections.Generic;
using Epiphany.Storage;
using Xunit;

namespace Epiphany.Tiering.Tests;

public class DamageTests
{
    static byte[] Good(Codec codec)
    {
        var random = new Random(9);
        return ParquetFiles.Write(
            [
                RoundTripTests.Column("c0", new ColumnType(PhysicalType.Int64), 500, 1000, false, random),
                RoundTripTests.Column("c1", new ColumnType(PhysicalType.ByteArray, Annotation.String), 500, 3, true, random),
                RoundTripTests.Column("c2", new ColumnType(PhysicalType.ByteArray, Annotation.String), 500, 1 << 30, false, random),
                RoundTripTests.Column("c3", new ColumnType(PhysicalType.Boolean), 500, 3, false, random),
                RoundTripTests.Column("c4", new ColumnType(PhysicalType.Double), 500, 1 << 30, true, random),
            ],
            codec,
            200);
    }

    static bool Survives(byte[] file)
    {
        try
        {
            ParquetFiles.Read(file, out _);
            return true;
        }
        catch (Exception e) when (e is StoredDataException or ParquetUnsupportedException or OutOfMemoryException)
        {
            return false;
        }
    }

    [Theory]
    [InlineData(Codec.None)]
    [InlineData(Codec.Zstd)]
    public void Each_byte_changed(Codec codec)
    {
        byte[] good = Good(codec);
        List<object?>[] rows = ParquetFiles.Read(good, out _);
        Assert.Equal(500, rows[0].Count);
        var random = new Random(10);
        for (int at = random.Next(3); at < good.Length; at += random.Next(1, 4))
        {
            byte[] bad = (byte[])good.Clone();
            bad[at] ^= (byte)random.Next(1, 256);
            Survives(bad);
        }
    }

    [Fact]
    public void Cut_anywhere()
    {
        byte[] good = Good(Codec.None);
        for (int length = 0; length < good.Length; length += 3)
        {
            Assert.False(Survives(good[..length]));
        }
    }

    [Fact]
    public void A_changed_page_is_found_out()
    {
        byte[] good = Good(Codec.None);
        List<object?>[] rows = ParquetFiles.Read(good, out _);
        var random = new Random(11);
        int found = 0;
        for (int i = 0; i < 1000; i++)
        {
            byte[] bad = (byte[])good.Clone();
            bad[random.Next(40, 2000)] ^= (byte)random.Next(1, 256);
            if (!Survives(bad))
            {
                found++;
                continue;
            }

            // Bytes of heads that are not used may differ; values may not.
            Assert.Equal(rows, ParquetFiles.Read(bad, out _));
        }

        Assert.True(found > 500);
    }

    [Fact]
    public void Not_Parquet_at_all()
    {
        Assert.Contains("too short", Assert.Throws<StoredDataException>(() => ParquetFiles.Read([1, 2, 3], out _)).Message, StringComparison.Ordinal);
        Assert.Throws<StoredDataException>(() => ParquetFiles.Read(new byte[100], out _));
        byte[] encrypted = [.. new byte[50], .. "PARE"u8];
        Assert.Throws<ParquetUnsupportedException>(() => ParquetFiles.Read(encrypted, out _));
        byte[] huge = [.. new byte[50], 255, 255, 255, 127, .. "PAR1"u8];
        Assert.Throws<StoredDataException>(() => ParquetFiles.Read(huge, out _));
    }
}
