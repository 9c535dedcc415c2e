// Tiering layer, encodings. Reads runs and bit-packed values in turn (RLE of Parquet): levels, booleans, codes of dictionaries. Bytes are hostile;
// eight bytes past them can be read, since pages have BitPacking.Slack behind them.

using System;
using System.Numerics;
using System.Runtime.Intrinsics;
using Epiphany.Kernels;

namespace Epiphany.Tiering;

static unsafe class HybridDecoder
{
    const int Step = 512;

    /// <summary>Exactly <paramref name="count"/> values, none above <paramref name="most"/>; returns where they end.</summary>
    internal static byte* Run<T>(byte* at, byte* end, int width, int count, ulong most, T* destination) where T : unmanaged, IBinaryInteger<T>
    {
        if (width is < 0 or > 32)
        {
            Throw.Bad("a page has values of an impossible width");
        }

        int done = 0;
        while (done < count)
        {
            ulong head = Head(ref at, end);
            ulong length = head >> 1;
            if (length == 0)
            {
                Throw.Bad("a page has an empty run");
            }

            if ((head & 1) == 0)
            {
                T value = T.CreateTruncating(RunValue(ref at, end, width, most));
                int rows = (int)ulong.Min(length, (ulong)(count - done));
                new Span<T>(destination + done, rows).Fill(value);
                done += rows;
            }
            else
            {
                int rows = (int)ulong.Min(length > int.MaxValue / 8 ? int.MaxValue : length * 8, (ulong)(count - done));
                long needed = ((long)rows * width + 7) / 8;
                if (needed > end - at)
                {
                    Throw.Bad("a page's packed values end early");
                }

                Unpack(at, width, rows, most, destination + done);
                done += rows;
                at += long.Min(end - at, (long)ulong.Min(length, int.MaxValue) * width);
            }
        }

        return at;
    }

    static ulong Head(ref byte* at, byte* end)
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            if (at == end || shift > 35)
            {
                Throw.Bad("a page's runs end early");
            }

            byte b = *at++;
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                return value;
            }
        }
    }

    static ulong RunValue(ref byte* at, byte* end, int width, ulong most)
    {
        int bytes = (width + 7) / 8;
        if (end - at < bytes)
        {
            Throw.Bad("a page's runs end early");
        }

        ulong value = 0;
        for (int i = 0; i < bytes; i++)
        {
            value |= (ulong)at[i] << (8 * i);
        }

        at += bytes;
        if (value > most)
        {
            Throw.Bad("a page has a level or code out of range");
        }

        return value;
    }

    static void Unpack<T>(byte* source, int width, int count, ulong most, T* destination) where T : unmanaged, IBinaryInteger<T>
    {
        ulong* lanes = stackalloc ulong[Step];
        for (int done = 0; done < count; done += Step)
        {
            int rows = int.Min(Step, count - done);
            BitUnpack.Run(source + (long)done / 8 * width, rows, width, 0, lanes);
            ulong highest = 0;
            int i = 0;
            if (typeof(T) == typeof(uint))
            {
                Vector256<uint> top = Vector256<uint>.Zero;
                for (; i <= rows - Vector256<uint>.Count; i += Vector256<uint>.Count)
                {
                    // No value has more than 32 bits.
                    Vector256<uint> eight = Vector256.Narrow(Vector256.Load(lanes + i), Vector256.Load(lanes + i + Vector256<ulong>.Count));
                    top = Vector256.Max(top, eight);
                    eight.Store((uint*)destination + done + i);
                }

                for (int lane = 0; lane < Vector256<uint>.Count; lane++)
                {
                    highest = ulong.Max(highest, top[lane]);
                }
            }

            for (; i < rows; i++)
            {
                highest = ulong.Max(highest, lanes[i]);
                destination[done + i] = T.CreateTruncating(lanes[i]);
            }

            if (highest > most)
            {
                Throw.Bad("a page has a level or code out of range");
            }
        }
    }

    /// <summary>Levels of very old files: packed from the highest bit down, without runs.</summary>
    internal static byte* BitPacked(byte* at, byte* end, int width, int count, int most, byte* destination)
    {
        long needed = ((long)count * width + 7) / 8;
        if (needed > end - at)
        {
            Throw.Bad("a page's levels end early");
        }

        for (int i = 0; i < count; i++)
        {
            int value = 0;
            for (int bit = 0; bit < width; bit++)
            {
                long place = (long)i * width + bit;
                value = value << 1 | (at[place >> 3] >> (int)(7 - (place & 7)) & 1);
            }

            if (value > most)
            {
                Throw.Bad("a page has a level out of range");
            }

            destination[i] = (byte)value;
        }

        return at + needed;
    }
}
