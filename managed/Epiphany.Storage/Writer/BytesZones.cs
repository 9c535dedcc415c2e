// Storage layer, writer. Zone maps of byte strings: prefixes in byte order (memcmp), which is not the order of a collation.

using Epiphany.Encoding;

namespace Epiphany.Storage;

static unsafe class BytesZones
{
    /// <summary>Rows of the smallest and the largest string; there is one that is not null.</summary>
    internal static void Find(BytesKeys keys, int rows, out int min, out int max)
    {
        int first = 0;
        while (keys.Skip(first))
        {
            first++;
        }

        min = max = first;
        for (int row = first + 1; row < rows; row++)
        {
            if (keys.Skip(row))
            {
                continue;
            }

            if (keys.Compare(row, min) < 0)
            {
                min = row;
            }
            else if (keys.Compare(row, max) > 0)
            {
                max = row;
            }
        }
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
