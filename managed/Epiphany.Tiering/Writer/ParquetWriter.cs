// Tiering layer, writer. One file: rows are kept until they are a row group, which then comes out column by column, so that memory is bounded by
// the rows of one group and the bytes of one encoded column.

using System;
using System.Collections.Generic;
using Epiphany.Storage;

namespace Epiphany.Tiering;

/// <summary>A column to be written; <paramref name="SqlType"/>, if any, goes into the file's key-value metadata.</summary>
public sealed record WrittenColumn(byte[] Name, ColumnType Type, bool IsList, byte[] SqlType);

/// <summary>A row group ends at so many rows, or where its values take so many bytes of memory.</summary>
public readonly record struct ParquetWriterOptions(Codec Codec, int Level, int MaxRows, ulong MaxBytes);

public sealed unsafe class ParquetWriter
{
    readonly WrittenColumn[] _columns;
    readonly ParquetWriterOptions _options;
    readonly ColumnBuffer[] _buffers;
    readonly ChunkEncoder _encoder;
    readonly WrittenChunk[] _chunks;
    readonly ByteSink _out;
    readonly CompactWriter _groups;
    readonly IInterrupts _interrupts;
    readonly List<(byte[] Key, byte[] Value)> _notes = [];
    long _position;
    long _rows;
    int _groupCount;

    /// <summary>Rows of the group in the making, and the column of it that comes out next.</summary>
    int _pending;
    int _next;

    public ParquetWriter(
        ReadOnlySpan<WrittenColumn> columns,
        in ParquetWriterOptions options,
        IMemory memory,
        IBlockCodec codec,
        IInterrupts interrupts)
    {
        _columns = columns.ToArray();
        _options = options;
        _interrupts = interrupts;
        _buffers = new ColumnBuffer[columns.Length];
        _chunks = new WrittenChunk[columns.Length];
        for (int i = 0; i < columns.Length; i++)
        {
            _buffers[i] = new ColumnBuffer(columns[i], memory);
            _chunks[i] = new WrittenChunk(memory);
        }

        _out = new ByteSink(memory);
        _encoder = new ChunkEncoder(_out, memory, codec, options);
        _groups = new CompactWriter(new ByteSink(memory));
        uint magic = ParquetFormat.Magic;
        _out.Append((byte*)&magic, sizeof(uint));
        _position = sizeof(uint);
    }

    /// <summary>Adds rows, at most a batch; true: the group is full and has to be flushed.</summary>
    public bool Append(ParquetVector* vectors, int rows)
    {
        ulong bytes = 0;
        for (int i = 0; i < _buffers.Length; i++)
        {
            _buffers[i].Append(vectors[i], rows);
            bytes += _buffers[i].Bytes;
        }

        _pending += rows;
        return _pending >= _options.MaxRows || bytes >= _options.MaxBytes;
    }

    /// <summary>The next bytes of the file, valid until the next call; false: the group has come out as a whole.</summary>
    public bool Flush(out byte* bytes, out ulong length)
    {
        bytes = null;
        length = 0;
        if (_pending == 0)
        {
            return false;
        }

        if (_position > sizeof(uint))
        {
            _out.Clear();
        }

        if (_next < _buffers.Length)
        {
            _interrupts.Poll();
            ulong before = _out.Length;
            WrittenChunk chunk = _chunks[_next];
            _encoder.Run(_buffers[_next], _position, chunk);
            chunk.Length = (long)(_out.Length - before);
            _position += chunk.Length;
            _buffers[_next++].Clear();
        }
        else
        {
            EndGroup();
        }

        bytes = _out.Bytes;
        length = _out.Length;
        return true;
    }

    /// <summary>Indexes of pages lie right behind their row group, so that nothing of it need be kept but its part of the footer.</summary>
    void EndGroup()
    {
        long start = _position;
        foreach (WrittenChunk chunk in _chunks)
        {
            chunk.OffsetIndexAt = _position;
            _position += FooterWriter.OffsetIndex(_out, chunk);
            chunk.ColumnIndexAt = _position;
            _position += FooterWriter.ColumnIndex(_out, chunk);
        }

        FooterWriter.Group(_groups, _columns, _chunks, _pending, _groupCount++, start);
        _rows += _pending;
        _pending = 0;
        _next = 0;
    }

    /// <summary>Metadata of the whole file, by key.</summary>
    public void Note(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => _notes.Add((key.ToArray(), value.ToArray()));

    /// <summary>The file's end; nothing may be pending.</summary>
    public void Finish(out byte* bytes, out ulong length)
    {
        if (_pending != 0)
        {
            Throw.Argument("a row group is not flushed");
        }

        if (_position > sizeof(uint))
        {
            _out.Clear();
        }

        FooterWriter.File(_out, _columns, _notes, _groups.Sink, _groupCount, _rows);
        bytes = _out.Bytes;
        length = _out.Length;
    }
}
