// Tiering layer, encodings. Writes runs and bit-packed values in turn: eight equal values or more, from a multiple of eight on, are a run.

using System.Numerics;
using Epiphany.Kernels;
using Epiphany.Storage;

namespace Epiphany.Tiering;

/// <summary>Values come as bytes (levels) or as lanes (codes), all of one width.</summary>
static unsafe class HybridEncoder
{
    const int Group = 8;

    /// <summary>Packed values that share a head; one byte of it does.</summary>
    const int MostGroups = 63;

    internal static void Levels(byte* levels, int count, int width, ByteSink sink) => Write(levels, count, width, true, sink);

    internal static void Codes(ulong* codes, int count, int width, ByteSink sink) => Write(codes, count, width, false, sink);

    /// <summary><paramref name="endsInRun"/>: equal values at the end are a run, however few.</summary>
    static void Write<T>(T* values, int count, int width, bool endsInRun, ByteSink sink) where T : unmanaged, IBinaryInteger<T>
    {
        ulong* lanes = stackalloc ulong[MostGroups * Group];
        for (int at = 0; at < count;)
        {
            int run = 1;
            while (at + run < count && values[at + run] == values[at])
            {
                run++;
            }

            if (run >= Group || (endsInRun && at + run == count))
            {
                Repeat((uint)run, ulong.CreateTruncating(values[at]), width, sink);
                at += run;
                continue;
            }

            int packed = 0;
            while (at < count && packed < MostGroups * Group && !(packed % Group == 0 && packed > 0 && IsRun(values, at, count)))
            {
                lanes[packed++] = ulong.CreateTruncating(values[at++]);
            }

            Packed(lanes, packed, width, sink);
        }
    }

    static bool IsRun<T>(T* values, int at, int count) where T : unmanaged, IBinaryInteger<T>
    {
        if (count - at < Group)
        {
            return false;
        }

        for (int i = 1; i < Group; i++)
        {
            if (values[at + i] != values[at])
            {
                return false;
            }
        }

        return true;
    }

    static void Repeat(uint count, ulong value, int width, ByteSink sink)
    {
        CompactWriter.Varint(sink, (ulong)count << 1);
        int length = (width + 7) / 8;
        byte* at = sink.Reserve(8);
        for (int i = 0; i < length; i++)
        {
            at[i] = (byte)(value >> (8 * i));
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
