// Tiering layer, format. Numbers of the Parquet format that files hold, and what a column is, in our words. Public: who hosts us maps SQL types.

namespace Epiphany.Tiering;

/// <summary>What a column's values are in the file.</summary>
public enum PhysicalType
{
    Boolean = 0,
    Int32 = 1,
    Int64 = 2,
    Int96 = 3,
    Float = 4,
    Double = 5,
    ByteArray = 6,
    FixedBytes = 7,
}

/// <summary>What they mean: logical type, or the converted type of older files.</summary>
public enum Annotation
{
    None = 0,
    String = 1,
    Enum = 2,
    Json = 3,
    Bson = 4,
    Uuid = 5,
    Decimal = 6,
    Date = 7,
    Time = 8,
    Timestamp = 9,
    Integer = 10,
    Interval = 11,
    Float16 = 12,

    /// <summary>One that this reader does not know: the physical values are what there is.</summary>
    Other = 13,
}

/// <summary>Of Time and Timestamp.</summary>
public enum TimeUnit
{
    Milliseconds = 0,
    Microseconds = 1,
    Nanoseconds = 2,
}

/// <summary>
/// Of a column's elements. <paramref name="Length"/> counts for FixedBytes, <paramref name="Precision"/> and <paramref name="Scale"/> for
/// Decimal, <paramref name="Unit"/> and <paramref name="Utc"/> for times, <paramref name="Bits"/> and <paramref name="Unsigned"/> for Integer.
/// </summary>
public readonly record struct ColumnType(
    PhysicalType Physical,
    Annotation Annotation = Annotation.None,
    int Length = 0,
    int Precision = 0,
    int Scale = 0,
    TimeUnit Unit = TimeUnit.Microseconds,
    bool Utc = false,
    int Bits = 0,
    bool Unsigned = false)
{
    /// <summary>Values come as address and length, not as a lane.</summary>
    public bool IsBytes => Physical is PhysicalType.ByteArray or PhysicalType.FixedBytes or PhysicalType.Int96;

    /// <summary>Bytes of a value in PLAIN encoding, 0 where each has its own length.</summary>
    internal int PlainBytes => Physical switch
    {
        PhysicalType.Int32 or PhysicalType.Float => 4,
        PhysicalType.Int64 or PhysicalType.Double => 8,
        PhysicalType.Int96 => 12,
        PhysicalType.FixedBytes => Length,
        _ => 0,
    };
}

enum Repetition
{
    Required = 0,
    Optional = 1,
    Repeated = 2,
}

enum PageEncoding
{
    Plain = 0,
    PlainDictionary = 2,
    Rle = 3,
    BitPacked = 4,
    DeltaBinaryPacked = 5,
    DeltaLengthByteArray = 6,
    DeltaByteArray = 7,
    RleDictionary = 8,
    ByteStreamSplit = 9,
}

/// <summary>Compression of pages.</summary>
public enum PageCodec
{
    None = 0,
    Snappy = 1,
    Gzip = 2,
    Lzo = 3,
    Brotli = 4,
    Lz4Hadoop = 5,
    Zstd = 6,
    Lz4Raw = 7,
}

enum PageType
{
    Data = 0,
    Index = 1,
    Dictionary = 2,
    DataV2 = 3,
}

static class ParquetFormat
{
    /// <summary>"PAR1", first and last in a file.</summary>
    internal const uint Magic = 0x31524150;

    /// <summary>"PARE": the footer is encrypted.</summary>
    internal const uint EncryptedMagic = 0x45524150;

    /// <summary>Footer's length and the magic.</summary>
    internal const int TailBytes = 8;

    /// <summary>Rows that are handed over at once.</summary>
    internal const int BatchRows = 1024;

    /// <summary>Fewer where they are long: about so many bytes.</summary>
    internal const int BatchBytes = 16 << 20;

    /// <summary>Larger ones are no files that anybody writes, but would cost memory before they are found out.</summary>
    internal const int MostFooterBytes = 256 << 20;
    internal const int MostPageBytes = 512 << 20;
    internal const int MostPageValues = 16 << 20;
    internal const int MostBatchElements = 64 << 20;
    internal const int MostSchemaElements = 65536;

    /// <summary>Key-value metadata: this and a column's name is the key of its SQL type.</summary>
    internal static System.ReadOnlySpan<byte> TypeKey => "postgresql.type."u8;
}
