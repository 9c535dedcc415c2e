// Storage layer, writer. One column's values as they came, until the group is encoded: by-value kinds as 64-bit lanes, others as
// addresses of copied payloads and their lengths.

using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Epiphany.Storage;

/// <summary>Rows of a column. Null rows hold the number 0, or no bytes.</summary>
sealed unsafe class ColumnBuffer
{
    const int FirstCapacity = 64;

    /// <summary>So many bytes of one call lie together: what an arena's segment may leave unused.</summary>
    const ulong SmallBatch = 16 * 1024;

    readonly IMemory _memory;
    readonly Arena? _arena;
    readonly int _maxRows;
    int _capacity;

    internal ColumnBuffer(ColumnShape shape, IMemory memory, int maxRows)
    {
        Shape = shape;
        _memory = memory;
        _maxRows = maxRows;
        _arena = Kinds.IsByValue(shape.Kind) ? null : new Arena(memory);
    }

    internal ColumnShape Shape { get; }

    internal ulong* Values { get; private set; }

    /// <summary>By-reference kinds only.</summary>
    internal uint* Lengths { get; private set; }

    /// <summary>A byte a row, 1 for null; null as long as no row is.</summary>
    internal byte* Nulls { get; private set; }

    /// <summary>
    /// All rows came as numbers of a dictionary: each row's, else null. <see cref="Values"/> and <see cref="Lengths"/> are then those of the
    /// <see cref="Entries"/>, not of rows.
    /// </summary>
    internal uint* Numbers { get; private set; }

    internal int Entries { get; private set; }

    /// <summary>All rows came as integers of a NUMERIC of this display scale, which <see cref="Values"/> are then; else -1.</summary>
    internal int Scale { get; private set; } = -1;

    internal int Rows { get; private set; }

    internal int NullCount { get; private set; }

    /// <summary>Bytes of the values that are not null.</summary>
    internal ulong RawBytes { get; private set; }

    /// <summary>Memory of its own, be it in use or kept for rows to come.</summary>
    internal ulong Held => ((ulong)_capacity * (ulong)RowBytes) + (_arena?.Held ?? 0);

    /// <summary>Bytes of what it has now; encoded they are hardly more.</summary>
    internal ulong Used => ((ulong)Rows * (ulong)RowBytes) + (_arena == null ? 0 : RawBytes);

    /// <summary>A row's place in the arrays: value, null, length.</summary>
    int RowBytes => _arena == null ? 9 : 13;

    /// <summary>All rows come, by some calls: nothing that is there moves then.</summary>
    internal void ReserveAll() => Reserve(_maxRows);

    /// <summary>Copies every <paramref name="stride"/>-th value.</summary>
    internal void Append(ulong* values, byte* nulls, int rows, int stride)
    {
        Open(nulls, rows, stride);
        byte* isNull = Nulls == null ? null : Nulls + Rows;
        if (_arena == null)
        {
            AppendLanes(values, isNull, rows, stride);
        }
        else
        {
            AppendPayloads(values, isNull, rows, stride);
        }

        Rows += rows;
    }

    /// <summary>Values that stay where they are until the group is finished, and for a while after; eight bytes past each can be read.</summary>
    internal void Refer(ulong* addresses, uint* lengths, byte* nulls, int rows, ulong bytes)
    {
        Expand();
        Open(nulls, rows, 1);
        NativeMemory.Copy(addresses, Values + Rows, (nuint)rows * sizeof(ulong));
        NativeMemory.Copy(lengths, Lengths + Rows, (nuint)rows * sizeof(uint));
        RawBytes += bytes;
        Rows += rows;
    }

    /// <summary>
    /// Likewise, values of which each is an entry of a dictionary, the same in all calls; of null rows the number does not matter.
    /// </summary>
    internal void ReferEntries(ulong* addresses, uint* lengths, int entries, uint* numbers, byte* nulls, int rows, ulong bytes)
    {
        if (Rows == 0)
        {
            Reserve(int.Max(entries, _maxRows));
            NativeMemory.Copy(addresses, Values, (nuint)entries * sizeof(ulong));
            NativeMemory.Copy(lengths, Lengths, (nuint)entries * sizeof(uint));
            FreeNumbers();
            Numbers = (uint*)_memory.AllocateRoom((nuint)_maxRows * sizeof(uint));
            Entries = entries;
        }

        Open(nulls, rows, 1);
        if (Numbers != null)
        {
            NativeMemory.Copy(numbers, Numbers + Rows, (nuint)rows * sizeof(uint));
        }
        else
        {
            Spread(addresses, lengths, numbers, Rows, rows);
        }

        RawBytes += bytes;
        Rows += rows;
    }

    /// <summary>Rows that came as numbers get their values.</summary>
    internal void Expand()
    {
        if (Numbers == null)
        {
            return;
        }

        nuint count = (nuint)Entries;
        var addresses = (ulong*)_memory.AllocateRoom(count * (sizeof(ulong) + sizeof(uint)));
        var lengths = (uint*)(addresses + count);
        NativeMemory.Copy(Values, addresses, count * sizeof(ulong));
        NativeMemory.Copy(Lengths, lengths, count * sizeof(uint));
        Spread(addresses, lengths, Numbers, 0, Rows);
        _memory.Free((byte*)addresses);
        FreeNumbers();
    }

    void Spread(ulong* addresses, uint* lengths, uint* numbers, int first, int rows)
    {
        for (int i = 0; i < rows; i++)
        {
            bool isNull = Nulls != null && Nulls[first + i] != 0;
            Values[first + i] = isNull ? 0 : addresses[numbers[i]];
            Lengths[first + i] = isNull ? 0 : lengths[numbers[i]];
        }
    }

    /// <summary>NUMERICs of one display scale as integers, that many bytes as payloads. No others come before or behind.</summary>
    internal void AppendIntegers(ulong* integers, byte* nulls, int rows, int scale, ulong bytes)
    {
        Scale = scale;
        Open(nulls, rows, 1);
        NativeMemory.Copy(integers, Values + Rows, (nuint)rows * sizeof(ulong));
        RawBytes += bytes;
        Rows += rows;
    }

    /// <summary>No rows; the memory stays for those to come.</summary>
    internal void Clear()
    {
        FreeNulls();
        FreeNumbers();
        _arena?.Clear();
        Scale = -1;
        Rows = 0;
        NullCount = 0;
        RawBytes = 0;
    }

    /// <summary>Gives up memory that was kept for rows to come, but for the arrays' share of it.</summary>
    internal void Trim() => _arena?.Trim();

    /// <summary>No rows, no memory.</summary>
    internal void Free()
    {
        Clear();
        if (Values != null)
        {
            _memory.Free((byte*)Values);
        }

        if (Lengths != null)
        {
            _memory.Free((byte*)Lengths);
        }

        _arena?.Free();
        Values = null;
        Lengths = null;
        _capacity = 0;
    }

    /// <summary>The next nulls want zeroed memory.</summary>
    void FreeNulls()
    {
        if (Nulls != null)
        {
            _memory.Free(Nulls);
        }

        Nulls = null;
    }

    void FreeNumbers()
    {
        if (Numbers != null)
        {
            _memory.Free((byte*)Numbers);
        }

        Numbers = null;
    }

    /// <summary>Room for rows to come, whose nulls are noted.</summary>
    void Open(byte* nulls, int rows, int stride)
    {
        Reserve(Rows + rows);
        if (nulls != null)
        {
            AppendNulls(nulls, rows, stride);
        }
    }

    void AppendNulls(byte* nulls, int rows, int stride)
    {
        int count = 0;
        for (int i = 0; i < rows; i++)
        {
            count += nulls[(long)i * stride] != 0 ? 1 : 0;
        }

        if (count == 0)
        {
            return;
        }

        // Rows before the first null are zero bytes already: the host's memory comes zeroed.
        if (Nulls == null)
        {
            Nulls = _memory.Allocate((nuint)_capacity);
        }

        for (int i = 0; i < rows; i++)
        {
            Nulls[Rows + i] = (byte)(nulls[(long)i * stride] != 0 ? 1 : 0);
        }

        NullCount += count;
    }

    void AppendLanes(ulong* values, byte* isNull, int rows, int stride)
    {
        ulong* to = Values + Rows;
        CopyLanes(values, to, rows, stride);
        int present = rows;
        if (isNull != null)
        {
            for (int i = 0; i < rows; i++)
            {
                to[i] &= (ulong)isNull[i] - 1;
                present -= isNull[i];
            }
        }

        RawBytes += (ulong)present * (ulong)Kinds.Width(Shape.Kind);
    }

    /// <summary>The lanes that decoding gives back, whatever the caller left in the bits that its type does not use.</summary>
    void CopyLanes(ulong* values, ulong* to, int rows, nint stride)
    {
        int unused = 64 - (8 * Kinds.Width(Shape.Kind));
        int i = 0;
        if (Shape.Kind == ColumnKind.Bool)
        {
            for (; i < rows; i++, values += stride)
            {
                to[i] = (byte)*values != 0 ? 1UL : 0UL;
            }

            return;
        }

        for (; stride == 1 && i <= rows - Vector256<long>.Count; i += Vector256<long>.Count)
        {
            Vector256.ShiftRightArithmetic(Vector256.ShiftLeft(Vector256.Load((long*)values + i), unused), unused).Store((long*)to + i);
        }

        for (; i < rows; i++)
        {
            to[i] = (ulong)((long)values[i * stride] << unused >> unused);
        }
    }

    void AppendPayloads(ulong* values, byte* isNull, int rows, int stride)
    {
        ulong* addresses = Values + Rows;
        uint* lengths = Lengths + Rows;
        ulong bytes = Payloads.Locate(Shape, values, isNull, rows, stride, addresses, lengths);
        bool areSmall = bytes <= SmallBatch;
        byte* to = areSmall ? _arena!.Take((uint)bytes) : null;
        for (int i = 0; i < rows; i++)
        {
            uint length = lengths[i];
            to = areSmall ? to : _arena!.Take(length);
            Payloads.Copy((byte*)addresses[i], to, length);
            addresses[i] = (ulong)to;
            to += length;
        }

        RawBytes += bytes;
    }

    void Reserve(int rows)
    {
        if (rows <= _capacity)
        {
            return;
        }

        int capacity = int.Max(rows, int.Min(_maxRows, int.Max(FirstCapacity, _capacity * 2)));
        Values = (ulong*)Grow((byte*)Values, 8, capacity);
        if (_arena != null && Scale < 0)
        {
            Lengths = (uint*)Grow((byte*)Lengths, 4, capacity);
        }

        if (Nulls != null)
        {
            Nulls = _memory.Grow(Nulls, (nuint)Rows, (nuint)capacity);
        }

        _capacity = capacity;
    }

    byte* Grow(byte* old, int width, int capacity) => _memory.GrowRoom(old, (nuint)Rows * (nuint)width, (nuint)capacity * (nuint)width);
}
