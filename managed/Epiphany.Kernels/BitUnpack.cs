// Kernels layer. Bit unpacking into 64-bit lanes, the base added: picks the widest path that the machine has. The choice folds at
// compile time under NativeAOT. Reads up to BitPacking.Slack bytes past the packed bytes.

using System.Runtime.Intrinsics.X86;

namespace Epiphany.Kernels;

/// <summary>Reads the layout of <see cref="BitPacking"/>.</summary>
public static unsafe class BitUnpack
{
    /// <summary>destination[i] = value i + baseValue (modulo 2^64), for a width of 0 to 64.</summary>
    public static void Run(byte* source, int count, int width, ulong baseValue, ulong* destination)
    {
        if (width == 0)
        {
            new System.Span<ulong>(destination, count).Fill(baseValue);
            return;
        }

        int done = 0;
        if (Avx512BW.IsSupported && width <= BitUnpackAvx512.MaxWidth)
        {
            done = BitUnpackAvx512.Run(source, count, width, baseValue, destination);
        }
        else if (Avx2.IsSupported && width <= BitUnpackAvx2.MaxWidth)
        {
            done = BitUnpackAvx2.Run(source, count, width, baseValue, destination);
        }

        BitUnpackScalar.Run(source, done, count, width, baseValue, destination);
    }

    /// <summary>Likewise of some rows: destination[i] = value rows[i] + baseValue.</summary>
    public static void Pick(byte* source, ushort* rows, int count, int width, ulong baseValue, ulong* destination)
    {
        ulong mask = BitPacking.Mask(width);
        if (width is 0 or > BitUnpackScalar.MaxWordWidth)
        {
            for (int i = 0; i < count; i++)
            {
                destination[i] = One(source, rows[i], width) + baseValue;
            }

            return;
        }

        for (int i = 0; i < count; i++)
        {
            int bit = rows[i] * width;
            destination[i] = ((*(ulong*)(source + (bit >> 3)) >> (bit & 7)) & mask) + baseValue;
        }
    }

    /// <summary>Value <paramref name="index"/> alone, without a base.</summary>
    public static ulong One(byte* source, long index, int width) => width == 0 ? 0 : BitUnpackScalar.One(source, index, width);
}
