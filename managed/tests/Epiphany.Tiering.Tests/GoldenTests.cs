// Files that are kept: what was written once is read for ever, and what is written now is what was written then.

using System;
using System.Collections.Generic;
using System.IO;
using Epiphany.Storage;
using Xunit;

namespace Epiphany.Tiering.Tests;

public class GoldenTests
{
    static readonly string s_file = Path.Combine(AppContext.BaseDirectory, "Golden", "columns.parquet");

    static TestColumn[] Columns()
    {
        var random = new Random(77);
        return
        [
            RoundTripTests.Column("c0", new ColumnType(PhysicalType.Int64, Annotation.Timestamp, Utc: true), 300, 1 << 30, false, random),
            RoundTripTests.Column("c1", new ColumnType(PhysicalType.ByteArray, Annotation.String), 300, 5, true, random),
            RoundTripTests.Column("c2", new ColumnType(PhysicalType.ByteArray), 300, 1 << 30, false, random),
            RoundTripTests.Column("c3", new ColumnType(PhysicalType.Boolean), 300, 2, false, random),
            RoundTripTests.Column("c4", new ColumnType(PhysicalType.Double), 300, 1 << 30, false, random),
            RoundTripTests.Column("c5", new ColumnType(PhysicalType.FixedBytes, Annotation.Uuid, Length: 16), 300, 1 << 30, false, random),
            RoundTripTests.Column("c6", new ColumnType(PhysicalType.Int32, Annotation.Decimal, Precision: 9, Scale: 2), 300, 9, true, random),
        ];
    }

    /// <summary>A new writer needs a new file beside this one, which stays: PGE_GOLDEN=directory writes it.</summary>
    [Fact]
    public void Bytes_are_the_ones_that_were_written()
    {
        byte[] file = ParquetFiles.Write(Columns(), Codec.None, 200);
        if (Environment.GetEnvironmentVariable("PGE_GOLDEN") is string directory)
        {
            File.WriteAllBytes(Path.Combine(directory, "columns.parquet"), file);
        }

        Assert.Equal(File.ReadAllBytes(s_file), file);
    }

    [Fact]
    public void Values_are_the_ones_that_were_written()
    {
        List<object?>[] read = ParquetFiles.Read(File.ReadAllBytes(s_file), out ParquetReader reader);
        TestColumn[] columns = Columns();
        Assert.Equal(2, reader.Groups);
        for (int i = 0; i < columns.Length; i++)
        {
            Assert.Equal(columns[i].Rows, read[i]);
        }
    }
}
