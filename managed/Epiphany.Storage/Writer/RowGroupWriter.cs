// Storage layer, writer. Collects rows of a group, then turns them into its bytes, group after group. Decides nothing about pages, WAL or
// visibility.

using System;
using Epiphany.Encoding;

namespace Epiphany.Storage;

/// <summary>
/// Writes row groups of the same columns, one after another. One thread; big memory from the host; no finalizer, as all of it dies with
/// the host's context.
/// </summary>
public sealed unsafe partial class RowGroupWriter
{
    readonly ColumnBuffer[] _columns;
    readonly WriterOptions _options;
    readonly int _maxRows;
    readonly IMemory _memory;
    readonly ChunkWriter _chunks;
    readonly IInterrupts _interrupts;
    readonly ImageSink _image;
    bool _finished;

    public RowGroupWriter(
        ReadOnlySpan<ColumnShape> columns, WriterOptions options, IMemory memory, IBlockCodec codec, IInterrupts interrupts)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(codec);
        ArgumentNullException.ThrowIfNull(interrupts);
        if (options.MaxRows < 1)
        {
            Throw.Argument("a row group holds one row at least");
        }

        if (options.Codec != Codec.None && !codec.Available(options.Codec))
        {
            Throw.CodecUnavailable(options.Codec);
        }

        _options = options;
        _maxRows = Math.Min(options.MaxRows, GroupFormat.MaxRows);
        _memory = memory;
        _image = new ImageSink(memory);
        _chunks = new ChunkWriter(options, _image, memory, codec, interrupts);
        _interrupts = interrupts;
        _columns = new ColumnBuffer[columns.Length];
        for (int i = 0; i < columns.Length; i++)
        {
            if (!Kinds.IsKnown(columns[i].Kind) || (columns[i].Kind == ColumnKind.FixedBytes && columns[i].FixedLength < 1))
            {
                Throw.Argument($"column {i + 1} has no kind that can be stored");
            }

            _columns[i] = new ColumnBuffer(columns[i], memory, _maxRows);
        }
    }

    public int Rows { get; private set; }

    /// <summary>
    /// Memory that the group will have taken at most when it is finished. That is the values, and for the column in work its share of the image
    /// and, where that is one block of wide values or a dictionary, the block once more. As columns get their share of the image they
    /// give up their values, if there is no room for both.
    /// </summary>
    public ulong Bytes { get; private set; }

    /// <summary>No row more is wanted; <see cref="Finish"/> is next.</summary>
    public bool Full => Rows >= _maxRows || Bytes >= _options.MaxBytes;

    /// <summary>
    /// Copies rows: <paramref name="values"/> and <paramref name="nulls"/> (which may be null) hold one entry a column, row after row.
    /// Never more rows than MaxRows leaves room for; MaxBytes may be passed by one call. The first rows after <see cref="Finish"/> begin
    /// the next group, in the memory of the last one.
    /// </summary>
    public void Append(ulong* values, byte* nulls, int rows)
    {
        if (_finished)
        {
            Restart();
        }

        if (rows < 0 || rows > _maxRows - Rows)
        {
            Throw.InvalidOperation("more rows than the row group has room for");
        }

        for (int i = 0; i < _columns.Length; i++)
        {
            _columns[i].Append(values + i, nulls == null ? null : nulls + i, rows, _columns.Length);
        }

        _interrupts.Poll();
        Rows += rows;
        Bytes = Needed();
        if (Bytes >= _options.MaxBytes)
        {
            // Not for want of what the last group has left.
            foreach (ColumnBuffer column in _columns)
            {
                column.Trim();
            }

            Bytes = Needed();
        }
    }

    /// <summary>The column of a writer that has one.</summary>
    internal ColumnShape Shape => _columns[0].Shape;

    /// <summary>The column of a writer that has one takes integers for NUMERICs.</summary>
    internal bool TakesIntegers => Shape.Kind == ColumnKind.Numeric && _options.Known == EncodingKind.Decimal;

    /// <summary>To the only column all rows come that the group can have, by some calls.</summary>
    internal void ReserveAll() => _columns[0].ReserveAll();

    /// <summary>
    /// As <see cref="Append"/>, to the only column, which is none that is passed by value: payloads that the writer does not copy, so many bytes.
    /// Addresses of nulls do not matter, their lengths are 0.
    /// </summary>
    internal void Refer(ulong* addresses, uint* lengths, byte* nulls, int rows, ulong bytes)
    {
        CheckRoom(rows);
        _columns[0].Refer(addresses, lengths, nulls, rows, bytes);
        Rows += rows;
    }

    /// <summary>Likewise, each value by its number in a dictionary (<see cref="ColumnBuffer.ReferEntries"/>).</summary>
    internal void ReferEntries(ulong* addresses, uint* lengths, int entries, uint* numbers, byte* nulls, int rows, ulong bytes)
    {
        CheckRoom(rows);
        _columns[0].ReferEntries(addresses, lengths, entries, numbers, nulls, rows, bytes);
        Rows += rows;
    }

    /// <summary>NUMERICs of one display scale, where <see cref="TakesIntegers"/> says so; as payloads they have that many bytes.</summary>
    internal void AppendIntegers(ulong* integers, byte* nulls, int rows, int scale, ulong bytes)
    {
        CheckRoom(rows);
        _columns[0].AppendIntegers(integers, nulls, rows, scale, bytes);
        Rows += rows;
    }

    void CheckRoom(int rows)
    {
        if (_finished || rows > _maxRows - Rows || _columns.Length != 1)
        {
            Throw.InvalidOperation("more rows than the row group has room for");
        }
    }

    ulong Needed()
    {
        ulong held = 0;
        ulong largest = 0;
        foreach (ColumnBuffer column in _columns)
        {
            held += column.Held;
            largest = ulong.Max(largest, column.Used);
        }

        // A vector of wide values may be as large as the column: it counts with its symbols, then as a block and compressed.
        return held + (largest * (Rows < 2 * GroupFormat.VectorRows ? 3UL : 2UL));
    }

    void Restart()
    {
        foreach (ColumnBuffer column in _columns)
        {
            column.Clear();
        }

        _image.Free();
        Rows = 0;
        Bytes = 0;
        _finished = false;
    }
}
