// Encoding layer. Layout of a chunk's dictionary of numbers: how many (u32), bytes each (u8: 1, 2, 4 or 8), three zero bytes, then the
// entries, ascending as signed numbers.

using Epiphany.Kernels;

namespace Epiphany.Encoding;

/// <summary>Distinct numbers of a chunk.</summary>
public static unsafe class DictionaryOfLanes
{
    const int HeaderSize = 8;

    public static long Bytes(int entries, int width) => HeaderSize + PlainLanes.Bytes(entries, width);

    /// <param name="values">The chunk's rows.</param>
    /// <param name="entryRows">A row for each entry.</param>
    /// <param name="entries">How many.</param>
    /// <param name="width">Bytes each.</param>
    /// <param name="destination">Room for <see cref="Bytes"/>.</param>
    public static void Write(ulong* values, uint* entryRows, int entries, int width, byte* destination)
    {
        *(ulong*)destination = (uint)entries | ((ulong)width << 32);
        for (int i = 0; i < entries; i++)
        {
            ulong value = values[entryRows[i]];
            PlainLanes.Encode(&value, 1, width, destination + HeaderSize + ((long)i * width));
        }
    }

    /// <summary>Entries and bytes each, checked against the chunk's rows and the dictionary's length.</summary>
    public static Fault Check(byte* dictionary, ulong length, int rows, out int entries, out int width)
    {
        entries = 0;
        width = 0;
        if (length < HeaderSize)
        {
            return Fault.SegmentTooShort;
        }

        uint count = *(uint*)dictionary;
        if (count == 0 || count > (uint)rows)
        {
            return Fault.CountOutOfRange;
        }

        entries = (int)count;
        width = dictionary[4];
        if (width is not (1 or 2 or 4 or 8))
        {
            return Fault.WidthTooLarge;
        }

        return length < (ulong)Bytes(entries, width) ? Fault.SegmentTooShort : Fault.None;
    }

    /// <summary>All entries of a checked dictionary.</summary>
    public static void Load(byte* dictionary, int entries, int width, ulong* destination) =>
        Lanes.Widen(dictionary + HeaderSize, entries, width, destination);
}
