// Tiering layer, writer. Indexes of pages, row groups and the footer, as Thrift.

using System;
using System.Collections.Generic;
using Epiphany.Storage;

namespace Epiphany.Tiering;

static unsafe class FooterWriter
{
    const int FormatVersion = 2;

    static ReadOnlySpan<byte> CreatedBy => "pg_epiphany version 0.1.0 (build 0)"u8;

    /// <summary>Appends it and returns its length.</summary>
    internal static int OffsetIndex(ByteSink sink, WrittenChunk chunk)
    {
        ulong before = sink.Length;
        var writer = new CompactWriter(sink);
        writer.Begin();
        writer.List(1, ThriftType.Struct, chunk.Pages.Count);
        foreach (WrittenPage page in chunk.Pages)
        {
            writer.Begin();
            writer.Int64(1, page.Offset);
            writer.Int32(2, page.Bytes);
            writer.Int64(3, page.FirstRow);
            writer.End();
        }

        writer.End();
        return chunk.OffsetIndexLength = (int)(sink.Length - before);
    }

    /// <summary>Likewise; nothing where bounds of a page are not known, since the format has no way to say so of one alone.</summary>
    internal static int ColumnIndex(ByteSink sink, WrittenChunk chunk)
    {
        chunk.ColumnIndexLength = 0;
        foreach (WrittenPage page in chunk.Pages)
        {
            if (!page.Bounds.Known && page.Values > 0)
            {
                return 0;
            }
        }

        ulong before = sink.Length;
        var writer = new CompactWriter(sink);
        writer.Begin();
        writer.List(1, ThriftType.True, chunk.Pages.Count);
        foreach (WrittenPage page in chunk.Pages)
        {
            writer.ListBool(!page.Bounds.Known);
        }

        writer.List(2, ThriftType.Binary, chunk.Pages.Count);
        foreach (WrittenPage page in chunk.Pages)
        {
            writer.Binary(Min(chunk, page.Bounds));
        }

        writer.List(3, ThriftType.Binary, chunk.Pages.Count);
        foreach (WrittenPage page in chunk.Pages)
        {
            writer.Binary(Max(chunk, page.Bounds));
        }

        writer.Int32(4, 0);
        writer.List(5, ThriftType.Int64, chunk.Pages.Count);
        foreach (WrittenPage page in chunk.Pages)
        {
            writer.Number(page.Nulls);
        }

        writer.End();
        return chunk.ColumnIndexLength = (int)(sink.Length - before);
    }

    static ReadOnlySpan<byte> Min(WrittenChunk chunk, in WrittenBounds bounds) => new(chunk.BoundBytes.Bytes + bounds.MinAt, bounds.MinLength);

    static ReadOnlySpan<byte> Max(WrittenChunk chunk, in WrittenBounds bounds) => new(chunk.BoundBytes.Bytes + bounds.MaxAt, bounds.MaxLength);

    /// <summary>One row group's part of the footer.</summary>
    internal static void Group(CompactWriter writer, WrittenColumn[] columns, WrittenChunk[] chunks, int rows, int ordinal, long end)
    {
        long uncompressed = 0;
        foreach (WrittenChunk chunk in chunks)
        {
            uncompressed += chunk.Uncompressed;
        }

        long start = chunks.Length > 0 ? chunks[0].Start : end;
        writer.Begin();
        writer.List(1, ThriftType.Struct, chunks.Length);
        for (int i = 0; i < chunks.Length; i++)
        {
            Chunk(writer, columns[i], chunks[i]);
        }

        writer.Int64(2, uncompressed);
        writer.Int64(3, rows);
        writer.Int64(5, start);
        writer.Int64(6, end - start);
        if (ordinal <= short.MaxValue)
        {
            writer.Int16(7, ordinal);
        }

        writer.End();
    }

    static void Chunk(CompactWriter writer, WrittenColumn column, WrittenChunk chunk)
    {
        writer.Begin();
        writer.Int64(2, 0);
        writer.Struct(3);
        writer.Int32(1, (int)column.Type.Physical);
        writer.List(2, ThriftType.Int32, chunk.DictionaryAt != 0 ? 3 : 2);
        writer.Number((int)PageEncoding.Rle);
        writer.Number((int)chunk.Encoding);
        if (chunk.DictionaryAt != 0)
        {
            writer.Number((int)PageEncoding.Plain);
        }

        writer.List(3, ThriftType.Binary, column.IsList ? 3 : 1);
        writer.Binary(column.Name);
        if (column.IsList)
        {
            writer.Binary("list"u8);
            writer.Binary("element"u8);
        }

        writer.Int32(4, (int)chunk.Codec);
        writer.Int64(5, chunk.Values);
        writer.Int64(6, chunk.Uncompressed);
        writer.Int64(7, chunk.Length);
        writer.Int64(9, chunk.Pages[0].Offset);
        if (chunk.DictionaryAt != 0)
        {
            writer.Int64(11, chunk.DictionaryAt);
        }

        writer.Struct(12);
        writer.Int64(3, chunk.Nulls);
        if (chunk.Bounds.Known)
        {
            writer.Binary(5, Max(chunk, chunk.Bounds));
            writer.Binary(6, Min(chunk, chunk.Bounds));
            writer.Bool(7, chunk.Bounds.MaxExact);
            writer.Bool(8, chunk.Bounds.MinExact);
        }

        writer.End();
        writer.End();
        writer.Int64(4, chunk.OffsetIndexAt);
        writer.Int32(5, chunk.OffsetIndexLength);
        if (chunk.ColumnIndexLength > 0)
        {
            writer.Int64(6, chunk.ColumnIndexAt);
            writer.Int32(7, chunk.ColumnIndexLength);
        }

        writer.End();
    }

    /// <summary>The footer, its length and the magic.</summary>
    internal static void File(
        ByteSink sink, WrittenColumn[] columns, List<(byte[] Key, byte[] Value)> notes, ByteSink groups, int groupCount, long rows)
    {
        ulong before = sink.Length;
        var writer = new CompactWriter(sink);
        writer.Begin();
        writer.Int32(1, FormatVersion);
        Schema(writer, columns);
        writer.Int64(3, rows);
        writer.List(4, ThriftType.Struct, groupCount);
        sink.Append(groups.Bytes, groups.Length);
        Keys(writer, columns, notes);
        writer.Binary(6, CreatedBy);
        writer.List(7, ThriftType.Struct, columns.Length);
        for (int i = 0; i < columns.Length; i++)
        {
            // Of each column: bounds are in the order that its type has.
            writer.Begin();
            writer.Empty(1);
            writer.End();
        }

        writer.End();
        uint* tail = stackalloc uint[2];
        tail[0] = (uint)(sink.Length - before);
        tail[1] = ParquetFormat.Magic;
        sink.Append((byte*)tail, ParquetFormat.TailBytes);
    }

    static void Schema(CompactWriter writer, WrittenColumn[] columns)
    {
        int elements = 1;
        foreach (WrittenColumn column in columns)
        {
            elements += column.IsList ? 3 : 1;
        }

        writer.List(2, ThriftType.Struct, elements);
        writer.Begin();
        writer.Binary(4, "schema"u8);
        writer.Int32(5, columns.Length);
        writer.End();
        foreach (WrittenColumn column in columns)
        {
            if (column.IsList)
            {
                writer.Begin();
                writer.Int32(3, (int)Repetition.Optional);
                writer.Binary(4, column.Name);
                writer.Int32(5, 1);
                writer.Int32(6, LogicalTypes.ConvertedList);
                writer.Struct(10);
                writer.Empty(3);
                writer.End();
                writer.End();
                writer.Begin();
                writer.Int32(3, (int)Repetition.Repeated);
                writer.Binary(4, "list"u8);
                writer.Int32(5, 1);
                writer.End();
            }

            writer.Begin();
            writer.Int32(1, (int)column.Type.Physical);
            if (column.Type.Physical == PhysicalType.FixedBytes)
            {
                writer.Int32(2, column.Type.Length);
            }

            writer.Int32(3, (int)Repetition.Optional);
            writer.Binary(4, column.IsList ? "element"u8 : column.Name);
            LogicalTypes.Write(writer, column.Type);
            writer.End();
        }
    }

    static void Keys(CompactWriter writer, WrittenColumn[] columns, List<(byte[] Key, byte[] Value)> notes)
    {
        int count = notes.Count;
        foreach (WrittenColumn column in columns)
        {
            count += column.SqlType.Length > 0 ? 1 : 0;
        }

        if (count == 0)
        {
            return;
        }

        writer.List(5, ThriftType.Struct, count);
        foreach (WrittenColumn column in columns)
        {
            if (column.SqlType.Length > 0)
            {
                Key(writer, [.. ParquetFormat.TypeKey, .. column.Name], column.SqlType);
            }
        }

        foreach ((byte[] key, byte[] value) in notes)
        {
            Key(writer, key, value);
        }
    }

    static void Key(CompactWriter writer, byte[] key, byte[] value)
    {
        writer.Begin();
        writer.Binary(1, key);
        writer.Binary(2, value);
        writer.End();
    }
}
