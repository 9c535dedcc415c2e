// Storage layer, writer. One column's values as they came, until the group is encoded: by-value kinds as 64-bit lanes, others as
// addresses of copied payloads and their lengths. Knows PostgreSQL's varlena headers, and drops them.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Epiphany.Storage;

/// <summary>Rows of a column. Null rows hold 0 and length 0.</summary>
sealed unsafe class ColumnBuffer
{
    const int FirstCapacity = 1024;

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

    internal int Rows { get; private set; }

    internal int NullCount { get; private set; }

    /// <summary>Bytes of the values that are not null.</summary>
    internal ulong RawBytes { get; private set; }

    /// <summary>Copies every <paramref name="stride"/>-th value; says how many bytes are held for them.</summary>
    internal ulong Append(ulong* values, byte* nulls, int rows, int stride)
    {
        Reserve(Rows + rows);
        ulong rawBefore = RawBytes;
        if (nulls != null)
        {
            AppendNulls(nulls, rows, stride);
        }

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
        return _arena == null ? 8 * (ulong)rows : (12 * (ulong)rows) + RawBytes - rawBefore;
    }

    /// <summary>No rows; the memory stays for those to come.</summary>
    internal void Clear()
    {
        FreeNulls();
        _arena?.Clear();
        Rows = 0;
        NullCount = 0;
        RawBytes = 0;
    }

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
        switch (Shape.Kind)
        {
            case ColumnKind.Bool:
                for (int i = 0; i < rows; i++, values += stride)
                {
                    to[i] = (byte)*values != 0 ? 1UL : 0UL;
                }

                break;

            case ColumnKind.Int8:
                for (int i = 0; i < rows; i++, values += stride)
                {
                    to[i] = (ulong)(sbyte)*values;
                }

                break;

            case ColumnKind.Int16:
                for (int i = 0; i < rows; i++, values += stride)
                {
                    to[i] = (ulong)(short)*values;
                }

                break;

            case ColumnKind.Int32 or ColumnKind.Float32:
                for (int i = 0; i < rows; i++, values += stride)
                {
                    to[i] = (ulong)(int)*values;
                }

                break;

            default:
                for (int i = 0; i < rows; i++, values += stride)
                {
                    to[i] = *values;
                }

                break;
        }
    }

    void AppendPayloads(ulong* values, byte* isNull, int rows, int stride)
    {
        ulong* addresses = Values + Rows;
        uint* lengths = Lengths + Rows;
        ulong bytes = 0;
        for (int i = 0; i < rows; i++)
        {
            if (isNull != null && isNull[i] != 0)
            {
                addresses[i] = 0;
                lengths[i] = 0;
                continue;
            }

            byte* payload = Payload((byte*)values[(long)i * stride], out uint length);
            byte* copy = _arena!.Take(length);
            Copy(payload, copy, length);
            addresses[i] = (ulong)copy;
            lengths[i] = length;
            bytes += length;
        }

        RawBytes += bytes;
    }

    /// <summary>Most values are short: two moves that may overlap, and no call.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static void Copy(byte* from, byte* to, uint length)
    {
        if (length > 32)
        {
            NativeMemory.Copy(from, to, length);
        }
        else if (length >= 16)
        {
            Vector128<byte> last = Vector128.Load(from + length - 16);
            Vector128.Load(from).Store(to);
            last.Store(to + length - 16);
        }
        else if (length >= 8)
        {
            ulong last = *(ulong*)(from + length - 8);
            *(ulong*)to = *(ulong*)from;
            *(ulong*)(to + length - 8) = last;
        }
        else if (length >= 4)
        {
            uint last = *(uint*)(from + length - 4);
            *(uint*)to = *(uint*)from;
            *(uint*)(to + length - 4) = last;
        }
        else
        {
            for (uint i = 0; i < length; i++)
            {
                to[i] = from[i];
            }
        }
    }

    byte* Payload(byte* datum, out uint length)
    {
        switch (Shape.Kind)
        {
            case ColumnKind.FixedBytes:
                length = (uint)Shape.FixedLength;
                return datum;

            case ColumnKind.CString:
                length = (uint)MemoryMarshal.CreateReadOnlySpanFromNullTerminated(datum).Length;
                return datum;

            default:
                if ((*datum & 1) != 0)
                {
                    // One byte: total length, header included, in its upper seven bits. 0 there marks a TOAST pointer.
                    if (*datum == 1)
                    {
                        Throw.Argument("a value lies outside the row: it must be fetched before it is stored");
                    }

                    length = ((uint)*datum >> 1) - 1;
                    return datum + 1;
                }

                uint header = *(uint*)datum;
                if ((header & 3) != 0 || header >> 2 < 4)
                {
                    Throw.Argument("a value is compressed or has no valid header: it must be plain before it is stored");
                }

                length = (header >> 2) - 4;
                return datum + 4;
        }
    }

    void Reserve(int rows)
    {
        if (rows <= _capacity)
        {
            return;
        }

        int capacity = int.Max(rows, int.Min(_maxRows, int.Max(FirstCapacity, _capacity * 2)));
        Values = (ulong*)Grow((byte*)Values, 8, capacity);
        if (_arena != null)
        {
            Lengths = (uint*)Grow((byte*)Lengths, 4, capacity);
        }

        if (Nulls != null)
        {
            Nulls = Grow(Nulls, 1, capacity);
        }

        _capacity = capacity;
    }

    byte* Grow(byte* old, int width, int capacity)
    {
        byte* grown = _memory.Allocate((nuint)capacity * (nuint)width);
        if (old != null)
        {
            NativeMemory.Copy(old, grown, (nuint)Rows * (nuint)width);
            _memory.Free(old);
        }

        return grown;
    }
}
