// Tiering layer, writer. What the footer and the indexes will say of a column chunk.

using System.Collections.Generic;
using Epiphany.Storage;

namespace Epiphany.Tiering;

/// <summary>
/// One page; <paramref name="Offset"/> is in the file, <paramref name="Bytes"/> with its head, <paramref name="Values"/> without nulls.
/// </summary>
readonly record struct WrittenPage(long Offset, int Bytes, long FirstRow, int Nulls, int Values, WrittenBounds Bounds);

sealed class WrittenChunk(IMemory memory)
{
    internal List<WrittenPage> Pages { get; } = [];

    /// <summary>The bytes of bounds, which outlive their values.</summary>
    internal ByteSink BoundBytes { get; } = new(memory);

    internal WrittenBounds Bounds { get; set; }

    internal PageEncoding Encoding { get; set; }

    internal PageCodec Codec { get; set; }

    /// <summary>0: none.</summary>
    internal long DictionaryAt { get; set; }

    internal long Start { get; set; }

    internal long Length { get; set; }

    internal long Uncompressed { get; set; }

    internal long Values { get; set; }

    internal long Nulls { get; set; }

    internal long OffsetIndexAt { get; set; }

    internal int OffsetIndexLength { get; set; }

    internal long ColumnIndexAt { get; set; }

    internal int ColumnIndexLength { get; set; }

    internal void Clear()
    {
        Pages.Clear();
        BoundBytes.Clear();
        Bounds = default;
        DictionaryAt = 0;
        Uncompressed = Values = Nulls = 0;
    }
}

/// <summary>Places of min and max in <see cref="WrittenChunk.BoundBytes"/>; none where nothing is known.</summary>
readonly record struct WrittenBounds(bool Known, int MinAt, int MinLength, bool MinExact, int MaxAt, int MaxLength, bool MaxExact);
