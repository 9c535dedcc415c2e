// Storage layer, writer. Zone maps of byte strings: prefixes in byte order (memcmp), which is not the order of a collation.

using System.Buffers.Binary;
using Epiphany.Encoding;

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

        min = max = first;
        ulong low = Head(column, first);
        ulong high = low;
        for (int row = first + 1; row < column.Rows; row++)
        {
            if (keys.Skip(row))
            {
                continue;
            }

            // The first bytes tell nearly always.
            ulong head = Head(column, row);
            if (head > low && head < high)
            {
                continue;
            }

            if (head < low || (head == low && keys.Compare(row, min) < 0))
            {
                min = row;
                low = head;
            }
            else if (head > high || (head == high && keys.Compare(row, max) > 0))
            {
                max = row;
                high = head;
            }
        }
    }

    /// <summary>The first eight bytes as a number in their order; zeros where there are fewer, as the arena lets us read on.</summary>
    static ulong Head(ColumnBuffer column, int row)
    {
        uint length = column.Lengths[row];
        if (length == 0)
        {
            return 0;
        }

        ulong bytes = BinaryPrimitives.ReverseEndianness(*(ulong*)column.Values[row]);
        return length >= 8 ? bytes : bytes & (ulong.MaxValue << (int)(64 - (8 * length)));
    }

    internal static void Store(ColumnBuffer column, ColumnEntry* entry, int min, int max)
    {
        entry->Flags |= ColumnFlags.HasZone;
        entry->MinLength = Prefix(column, min, entry->Min);
        entry->MaxLength = Prefix(column, max, entry->Max);
        entry->Flags |= column.Lengths[min] > GroupFormat.ZoneBytes ? ColumnFlags.MinTruncated : ColumnFlags.None;
        entry->Flags |= column.Lengths[max] > GroupFormat.ZoneBytes ? ColumnFlags.MaxTruncated : ColumnFlags.None;
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
