// Vector layer, codes. What a code means, and how long things are. Layouts are on disk (README.md).

using System.Runtime.InteropServices;

namespace Epiphany.Vector.Codes;

/// <summary>What is estimated. Cosine distance is the inner product of vectors that were given length 1. Values are on disk.</summary>
public enum CodeMetric
{
    /// <summary>The square of the Euclidean distance.</summary>
    L2Squared = 1,

    /// <summary>The inner product with its sign changed, so that less is nearer.</summary>
    NegativeInnerProduct = 2,
}

/// <summary>
/// With u the code's levels as odd halves (code - (2^bits - 1) / 2), q the rotated query and c the rotated centroid: distance = Add + what the
/// query adds for the centroid + Rescale * (u . q), and off by more than epsilon * Error * |q - c| with a probability that falls with the
/// square of epsilon.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct CodeFactors
{
    public float Add;

    /// <summary>Never above zero.</summary>
    public float Rescale;

    public float Error;
}

public static class CodeLayout
{
    public const int BlockVectors = 32;
    public const int MinBits = 1;
    public const int MaxBits = 8;

    /// <summary>The probability to be further off is about 5 in 100; the papers' choice.</summary>
    public const float Epsilon = 1.9f;

    /// <summary>Of a code alone, whatever its bits.</summary>
    public static int CodeBytes(int padded, int bits) => padded / 8 * bits;

    /// <summary>The one-bit codes of 32 vectors, without factors.</summary>
    public static int BlockBytes(int padded) => BlockVectors * padded / 8;

    /// <summary>Three arrays, Add, Rescale and Error, of a block's vectors.</summary>
    public const int BlockFactorBytes = 3 * BlockVectors * sizeof(float);
}
