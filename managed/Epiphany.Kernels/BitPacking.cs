// Kernels layer. The layout of bit-packed integers, shared by packer and unpackers: value i occupies the bits
// [i * width, (i + 1) * width) of a little-endian bit string. Eight values fill width whole bytes, and a run is padded with zero bits
// to a multiple of eight values, so that each group of eight starts on a byte.

using System.Numerics;

namespace Epiphany.Kernels;

/// <summary>Sizes of bit-packed runs.</summary>
public static class BitPacking
{
    /// <summary>Unpackers may read (never use) so many bytes past the packed bytes; whoever owns the buffer provides them.</summary>
    public const int Slack = 64;

    /// <summary>Bytes of <paramref name="count"/> packed values. At most 2^31 / 8 * 64 for any int count: no overflow.</summary>
    public static long Bytes(int count, int width) => ((long)count + 7) / 8 * width;

    /// <summary>Bits that hold every value up to <paramref name="max"/>.</summary>
    public static int Width(ulong max) => 64 - BitOperations.LeadingZeroCount(max);

    internal static ulong Mask(int width) => width == 64 ? ulong.MaxValue : (1UL << width) - 1;
}
