// Kernels layer. Packs 64-bit lanes into width bits each, less a base. Must be given values whose difference to the base fits.

namespace Epiphany.Kernels;

/// <summary>Writes the layout of <see cref="BitPacking"/>.</summary>
public static unsafe class BitPack
{
    /// <summary>
    /// Packs values[i] - baseValue (modulo 2^64) and writes exactly <see cref="BitPacking.Bytes"/> bytes.
    /// The caller guarantees that each difference fits <paramref name="width"/> bits (0 to 64).
    /// </summary>
    public static void Run(ulong* values, int count, ulong baseValue, int width, byte* destination)
    {
        byte* end = destination + BitPacking.Bytes(count, width);
        ulong pending = 0;
        int bits = 0;
        if (width == 0)
        {
            return;
        }

        // As many at a time as fill no more than a word: the words depend on each other, what is in one does not.
        int together = width <= 16 ? 4 : width <= 32 ? 2 : 1;
        for (int i = 0; i < count;)
        {
            ulong value = values[i++] - baseValue;
            int added = width;
            if (together > 1 && i <= count - together + 1)
            {
                value |= (values[i++] - baseValue) << width;
                added = together * width;
                if (together > 2)
                {
                    value |= ((values[i] - baseValue) | ((values[i + 1] - baseValue) << width)) << (2 * width);
                    i += 2;
                }
            }

            pending |= value << bits;
            bits += added;
            if (bits >= 64)
            {
                *(ulong*)destination = pending;
                destination += 8;
                bits -= 64;
                // bits < added here, so the shift is 1..64; C# would take 64 as 0, hence the test.
                pending = bits == 0 ? 0 : value >> (added - bits);
            }
        }

        while (destination < end)
        {
            *destination++ = (byte)pending;
            pending >>= 8;
        }
    }
}
