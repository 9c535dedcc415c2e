// Tiering layer, writer. One column of a row group: chooses the encoding, cuts pages, compresses them.

using System;
using Epiphany.Kernels;
using Epiphany.Storage;

namespace Epiphany.Tiering;

sealed unsafe class ChunkEncoder(ByteSink sink, IMemory memory, IBlockCodec codec, in ParquetWriterOptions options)
{
    /// <summary>A page ends at so many rows, or at about so many bytes before compression: what a reader skips or holds at once.</summary>
    const int PageRows = 20_000;
    const ulong PageBytes = 1 << 20;

    readonly ParquetWriterOptions _options = options;
    readonly ByteSink _page = new(memory);
    readonly ByteSink _packed = new(memory);
    readonly CompactWriter _head = new(sink);
    readonly DictionaryMaker _dictionary = new(memory);

    /// <summary>Appends the chunk, which will lie at <paramref name="position"/> of the file.</summary>
    internal void Run(ColumnBuffer buffer, long position, WrittenChunk chunk)
    {
        chunk.Clear();
        long shift = position - (long)sink.Length;
        chunk.Codec = PageCompressor.Of(_options.Codec);
        chunk.Values = buffer.Levels;
        chunk.Nulls = buffer.Levels - buffer.Values;
        chunk.Start = position;
        bool coded = _dictionary.Run(buffer);
        chunk.Encoding = coded ? PageEncoding.RleDictionary : ValueEncoder.Choose(buffer.Column.Type);
        if (coded)
        {
            chunk.DictionaryAt = position;
            _page.Clear();
            ValueEncoder.Entries(buffer, _dictionary.Entries, _dictionary.Count, _page);
            EndPage(PageType.Dictionary, _dictionary.Count, PageEncoding.Plain, chunk);
        }

        int rowsPerPage = (int)ulong.Clamp(PageBytes / (buffer.Raw / (ulong)buffer.Rows + 1), 1, PageRows);
        int value = 0;
        int level = 0;
        for (long row = 0; row < buffer.Rows; row += rowsPerPage)
        {
            int rows = (int)long.Min(rowsPerPage, buffer.Rows - row);
            int levels = Levels(buffer, level, rows);
            int values = Present(buffer, level, levels);
            _page.Clear();
            AppendLevels(buffer, level, levels);
            if (coded)
            {
                AppendCodes(_dictionary.Codes + value, values);
            }
            else
            {
                ValueEncoder.Run(chunk.Encoding, buffer, value, values, _page);
            }

            long at = (long)sink.Length + shift;
            EndPage(PageType.Data, levels, chunk.Encoding, chunk);
            WrittenBounds bounds = BoundsBuilder.Run(buffer, value, value + values, chunk.BoundBytes);
            chunk.Pages.Add(new WrittenPage(at, (int)((long)sink.Length + shift - at), row, levels - values, values, bounds));
            value += values;
            level += levels;
        }

        MergeBounds(buffer, chunk);
    }

    /// <summary>Of all pages; nothing is known where nothing is known of one that has values.</summary>
    static void MergeBounds(ColumnBuffer buffer, WrittenChunk chunk)
    {
        WrittenBounds all = default;
        foreach (WrittenPage page in chunk.Pages)
        {
            if (page.Bounds.Known)
            {
                all = all.Known ? BoundsBuilder.Merge(all, page.Bounds, buffer.Column.Type, chunk.BoundBytes) : page.Bounds;
            }
            else if (page.Values > 0)
            {
                return;
            }
        }

        chunk.Bounds = all;
    }

    static int Levels(ColumnBuffer buffer, int from, int rows)
    {
        if (!buffer.Column.IsList)
        {
            return rows;
        }

        int at = from;
        while (at < buffer.Levels && (buffer.Repetitions[at] != 0 || rows-- > 0))
        {
            at++;
        }

        return at - from;
    }

    static int Present(ColumnBuffer buffer, int from, int levels)
    {
        int present = 0;
        byte most = (byte)buffer.MostDefinition;
        foreach (byte level in new ReadOnlySpan<byte>(buffer.Definitions + from, levels))
        {
            present += level == most ? 1 : 0;
        }

        return present;
    }

    void AppendLevels(ColumnBuffer buffer, int from, int count)
    {
        if (buffer.Column.IsList)
        {
            AppendLevel(buffer.Repetitions + from, count, 1);
        }

        AppendLevel(buffer.Definitions + from, count, buffer.Column.IsList ? 2 : 1);
    }

    void AppendLevel(byte* levels, int count, int width)
    {
        ulong before = _page.Length;
        _page.AppendZeros(sizeof(uint));
        HybridEncoder.Levels(levels, count, width, _page);
        *(uint*)(_page.Bytes + before) = (uint)(_page.Length - before - sizeof(uint));
    }

    void AppendCodes(ulong* codes, int count)
    {
        // Some readers want a bit where there is nothing to tell.
        int width = int.Max(1, BitPacking.Width((ulong)(_dictionary.Count - 1)));
        *_page.Reserve(1) = (byte)width;
        _page.Commit(1);
        HybridEncoder.Codes(codes, count, width, _page);
    }

    void EndPage(PageType type, int values, PageEncoding encoding, WrittenChunk chunk)
    {
        if (_page.Length > ParquetFormat.MostPageBytes)
        {
            Throw.Argument("a page of one row is too large for a Parquet file");
        }

        byte* bytes = _page.Bytes;
        int length = (int)_page.Length;
        if (_options.Codec != Codec.None)
        {
            long bound = codec.Bound(_options.Codec, length);
            _packed.Clear();
            byte* packed = _packed.Reserve((ulong)long.Max(bound, 0) + 1);
            long written = codec.Compress(_options.Codec, _options.Level, bytes, length, packed, bound);
            if (bound < 0 || written < 0 || written > int.MaxValue)
            {
                Throw.Argument("a page cannot be compressed");
            }

            bytes = packed;
            _packed.Commit((ulong)written);
            length = (int)written;
        }

        long before = (long)sink.Length;
        _head.Begin();
        _head.Int32(1, (int)type);
        _head.Int32(2, (int)_page.Length);
        _head.Int32(3, length);
        _head.Int32(4, (int)Crc32.Of(new ReadOnlySpan<byte>(bytes, length)));
        _head.Struct(type == PageType.Data ? (short)5 : (short)7);
        _head.Int32(1, values);
        _head.Int32(2, (int)encoding);
        if (type == PageType.Data)
        {
            _head.Int32(3, (int)PageEncoding.Rle);
            _head.Int32(4, (int)PageEncoding.Rle);
        }

        _head.End();
        _head.End();
        chunk.Uncompressed += (long)sink.Length - before + (long)_page.Length;
        sink.Append(bytes, (ulong)length);
    }
}
