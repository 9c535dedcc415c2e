// Encoding layer. Layout of a chunk's dictionary of byte strings: how many (u32), four zero bytes, then a plain segment of the
// entries in byte order (strings of any length), or the entries one after another (strings of one length).

using System;

namespace Epiphany.Encoding;

/// <summary>Distinct strings of a chunk.</summary>
public static unsafe class DictionaryOfBytes
{
    public const int HeaderSize = 8;

    /// <summary>How many entries, checked against the chunk's rows. What follows the header is checked by who reads it.</summary>
    public static Fault Check(byte* dictionary, ulong length, int rows, out int entries)
    {
        entries = 0;
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
        return Fault.None;
    }

    public static void WriteHeader(int entries, byte* destination) => *(ulong*)destination = (uint)entries;

    /// <summary>Strings of one length, one after another.</summary>
    public static void WriteFixed(ulong* addresses, int entries, int length, byte* destination)
    {
        for (int i = 0; i < entries; i++)
        {
            Buffer.MemoryCopy((byte*)addresses[i], destination + ((long)i * length), length, length);
        }
    }
}
