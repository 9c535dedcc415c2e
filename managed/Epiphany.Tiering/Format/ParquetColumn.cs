// Tiering layer, format. A top-level column of a file, and how its leaf's levels say what is null and where lists begin.

namespace Epiphany.Tiering;

/// <summary>Values, or lists of values; what is neither (structs, maps, lists of lists) has a reason why it is not read.</summary>
public sealed class ParquetColumn
{
    internal ParquetColumn(byte[] name) => Name = name;

    /// <summary>UTF-8, as the file has it.</summary>
    public byte[] Name { get; }

    /// <summary>Of the values or the lists' elements.</summary>
    public ColumnType Type { get; internal set; }

    public bool IsList { get; internal set; }

    /// <summary>Values, or whole lists, may be null.</summary>
    public bool Nullable { get; internal set; }

    /// <summary>SQL type that the writer noted, empty where none did.</summary>
    public byte[] SqlType { get; internal set; } = [];

    /// <summary>Empty: it can be read.</summary>
    public string Unsupported { get; internal set; } = "";

    internal int Leaf { get; set; }

    /// <summary>Definition level of a value that is there.</summary>
    internal int MostDefinition { get; set; }

    /// <summary>Of lists: definition level from which on there is an element; one less is an empty list, still less a null one.</summary>
    internal int ElementDefinition { get; set; }
}

/// <summary>Where a column of a row group lies, and what is known of its values.</summary>
unsafe struct ChunkMeta
{
    internal PhysicalType Physical;
    internal PageCodec Codec;
    internal long Values;
    internal long Start;
    internal long Length;

    /// <summary>Bytes of its pages before compression; as the file says, so only a hint.</summary>
    internal long Uncompressed;
    internal long OffsetIndexAt;
    internal int OffsetIndexLength;
    internal long ColumnIndexAt;
    internal int ColumnIndexLength;

    /// <summary>-1: not known.</summary>
    internal long Nulls;

    internal ValueBounds Bounds;
}

/// <summary>Smallest and largest value as a file's statistics have them, in its footer's or index's memory; null: not known.</summary>
unsafe struct ValueBounds
{
    internal byte* Min;
    internal byte* Max;
    internal int MinLength;
    internal int MaxLength;
}

struct PageHeader
{
    internal PageType Type;
    internal int Uncompressed;
    internal int Compressed;
    internal uint? Crc;
    internal int Values;
    internal PageEncoding Encoding;
    internal PageEncoding DefinitionEncoding;
    internal PageEncoding RepetitionEncoding;

    /// <summary>Of version 2 alone.</summary>
    internal int DefinitionBytes;
    internal int RepetitionBytes;
    internal bool IsCompressed;
}
