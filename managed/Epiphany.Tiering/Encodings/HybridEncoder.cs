// Tiering layer, encodings. Writes runs and bit-packed values in turn: eight equal values or more, from a multiple of eight on, are a run.

using Epiphany.Kernels;
using Epiphany.Storage;

namespace Epiphany.Tiering;

/// <summary>Values come as bytes (levels) or as lanes (codes), all of one width.</summary>
static unsafe class HybridEncoder
{
    const int Group = 8;

    /// <summary>Packed values that share a head; one byte of it does.</summary>
    const int MostGroups = 63;

    internal static void Levels(byte* levels, int count, int width, ByteSink sink)
    {
        ulong* lanes = stackalloc ulong[MostGroups * Group];
        for (int at = 0; at < count;)
        {
            int run = 1;
            while (at + run < count && levels[at + run] == levels[at])
            {
                run++;
            }

            if (run >= Group || at + run == count)
            {
                Repeat((uint)run, levels[at], width, sink);
                at += run;
                continue;
            }

            int packed = 0;
            while (at < count && packed < MostGroups * Group && !(packed % Group == 0 && packed > 0 && IsRun(levels, at, count)))
            {
                lanes[packed++] = levels[at++];
            }

            Packed(lanes, packed, width, sink);
        }
    }

    internal static void Codes(ulong* codes, int count, int width, ByteSink sink)
    {
        ulong* lanes = stackalloc ulong[MostGroups * Group];
        for (int at = 0; at < count;)
        {
            int run = 1;
            while (at + run < count && codes[at + run] == codes[at])
            {
                run++;
            }

            if (run >= Group)
            {
                Repeat((uint)run, codes[at], width, sink);
                at += run;
                continue;
            }

            int packed = 0;
            while (at < count && packed < MostGroups * Group && !(packed % Group == 0 && packed > 0 && IsRun(codes, at, count)))
            {
                lanes[packed++] = codes[at++];
            }

            Packed(lanes, packed, width, sink);
        }
    }

    static bool IsRun<T>(T* values, int at, int count) where T : unmanaged, System.IEquatable<T>
    {
        if (count - at < Group)
        {
            return false;
        }

        for (int i = 1; i < Group; i++)
        {
            if (!values[at + i].Equals(values[at]))
            {
                return false;
            }
        }

        return true;
    }

    static void Repeat(uint count, ulong value, int width, ByteSink sink)
    {
        byte* at = sink.Reserve(16);
        int length = 0;
        for (ulong head = (ulong)count << 1; ; head >>= 7)
        {
            at[length++] = (byte)(head >= 0x80 ? head | 0x80 : head);
            if (head < 0x80)
            {
                break;
            }
        }

        for (int i = 0; i < (width + 7) / 8; i++)
        {
            at[length++] = (byte)(value >> (8 * i));
        }

        sink.Commit((ulong)length);
    }

    /// <summary>The last group of all may have fewer values; zeros fill it.</summary>
    static void Packed(ulong* lanes, int count, int width, ByteSink sink)
    {
        int groups = (count + Group - 1) / Group;
        byte* at = sink.Reserve((ulong)(1 + groups * width + BitPacking.Slack));
        *at = (byte)(groups << 1 | 1);
        BitPack.Run(lanes, count, 0, width, at + 1);
        sink.Commit((ulong)(1 + groups * width));
    }
}
