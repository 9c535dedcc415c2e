// Storage layer, writer. Zone maps of byte strings: prefixes in byte order (memcmp), which is not the order of a collation.

using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using Epiphany.Encoding;
using Epiphany.Kernels;

namespace Epiphany.Storage;

static unsafe class BytesZones
{
    /// <summary>Rows of the smallest and the largest string; there is one that is not null.</summary>
    internal static void Find(ColumnBuffer column, BytesKeys keys, out int min, out int max)
    {
        int first = 0;
        while (keys.Skip(first))
        {
            first++;
        }

        int lowest = first;
        int highest = first;
        ulong low = Head(column.Values[first], column.Lengths[first]);
        ulong high = low;
        ulong* values = column.Values;
        uint* lengths = column.Lengths;
        for (int row = first + 1; row < column.Rows; row++)
        {
            // The first bytes tell nearly always. A null row's are zeros.
            ulong head = Head(values[row], lengths[row]);
            if ((head > low && head < high) || keys.Skip(row))
            {
                continue;
            }

            if (head < low || (head == low && keys.Compare(row, lowest) < 0))
            {
                lowest = row;
                low = head;
            }
            else if (head > high || (head == high && keys.Compare(row, highest) > 0))
            {
                highest = row;
                high = head;
            }
        }

        min = lowest;
        max = highest;
    }

    /// <summary>The first eight bytes as a number in their order; zeros where there are fewer, as the arena lets us read on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static ulong Head(ulong address, uint length)
    {
        if (length == 0)
        {
            return 0;
        }

        ulong bytes = BinaryPrimitives.ReverseEndianness(*(ulong*)address);
        return bytes & (ulong.MaxValue << (int)(64 - (8 * uint.Min(length, 8))));
    }

    internal static void Store(ColumnBuffer column, ColumnEntry* entry, int min, int max)
    {
        entry->Flags |= ColumnFlags.HasZone;
        entry->MinLength = Prefix(column, min, entry->Min);
        entry->MaxLength = Prefix(column, max, entry->Max);
        entry->Flags |= column.Lengths[min] > GroupFormat.ZoneBytes ? ColumnFlags.MinTruncated : ColumnFlags.None;
        entry->Flags |= column.Lengths[max] > GroupFormat.ZoneBytes ? ColumnFlags.MaxTruncated : ColumnFlags.None;
    }

    /// <summary>Each vector's least and greatest code: as entries ascend, these bound its values.</summary>
    internal static void StoreCodes(ColumnBuffer column, uint* codes, VectorEntry* vectors)
    {
        for (int vector = 0; vector < GroupFormat.Vectors(column.Rows); vector++)
        {
            int first = vector * GroupFormat.VectorRows;
            int rows = GroupFormat.RowsOf(column.Rows, vector);
            if (vectors[vector].Nulls == rows)
            {
                continue;
            }

            uint min;
            uint max;
            if (vectors[vector].Nulls == 0)
            {
                MinMax.Run(codes + first, rows, out min, out max);
            }
            else
            {
                min = uint.MaxValue;
                max = 0;
                for (int row = first; row < first + rows; row++)
                {
                    if (column.Nulls[row] == 0)
                    {
                        min = uint.Min(min, codes[row]);
                        max = uint.Max(max, codes[row]);
                    }
                }
            }

            vectors[vector].Flags = VectorFlags.HasCodes;
            vectors[vector].Min = min;
            vectors[vector].Max = max;
        }
    }

    static byte Prefix(ColumnBuffer column, int row, byte* destination)
    {
        uint length = uint.Min(column.Lengths[row], GroupFormat.ZoneBytes);
        for (uint i = 0; i < length; i++)
        {
            destination[i] = ((byte*)column.Values[row])[i];
        }

        return (byte)length;
    }
}
