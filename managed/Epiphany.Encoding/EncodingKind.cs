// Encoding layer. How a chunk's values are laid out. The numbers are on disk; new encodings take new numbers, none is ever reused.

using System;

namespace Epiphany.Encoding;

/// <summary>Encoding of a chunk.</summary>
public enum EncodingKind
{
    /// <summary>One value for every row that is not null.</summary>
    Constant = 1,

    /// <summary>Runs of equal values, each as its end and its value.</summary>
    RunLength = 2,

    /// <summary>Each vector's smallest value, and the differences to it in as few bits as the largest needs.</summary>
    FrameOfReference = 3,

    /// <summary>Differences between neighbours, themselves in a frame of reference.</summary>
    Delta = 4,

    /// <summary>The distinct values once, and a bit-packed code for each row.</summary>
    Dictionary = 5,

    /// <summary>One bit a row.</summary>
    Bitmap = 6,

    /// <summary>The values as they are.</summary>
    Plain = 7,

    /// <summary>Decimal numbers as integers of one power of ten, which are encoded in turn.</summary>
    Decimal = 8,

    /// <summary>Floats as integers times a power of ten, but for those that are none.</summary>
    Alp = 9,

    /// <summary>Strings as codes of frequent byte strings.</summary>
    Fsst = 10,

    /// <summary>Differences, or differences of differences, of which some are kept apart.</summary>
    DeltaOfDelta = 11,

    /// <summary>Frame of reference for most values; the others are kept apart.</summary>
    Patched = 12,

    /// <summary>Floats as the bits in which each differs from the one before.</summary>
    Gorilla = 13,

    /// <summary>Of a decimal's integers only: 128 bits in a frame of reference.</summary>
    Wide = 14,

    /// <summary>Vectors of as many elements each, one after another, so that any is read by itself.</summary>
    Matrix = 15,
}

/// <summary>Names of the encodings.</summary>
public static class EncodingNames
{
    /// <summary>ASCII; the byte after the last is NUL, as with every u8 literal.</summary>
    public static ReadOnlySpan<byte> Of(EncodingKind kind) => kind switch
    {
        EncodingKind.Constant => "constant"u8,
        EncodingKind.RunLength => "run length"u8,
        EncodingKind.FrameOfReference => "frame of reference"u8,
        EncodingKind.Delta => "delta"u8,
        EncodingKind.Dictionary => "dictionary"u8,
        EncodingKind.Bitmap => "bitmap"u8,
        EncodingKind.Plain => "plain"u8,
        EncodingKind.Decimal => "decimal"u8,
        EncodingKind.Alp => "alp"u8,
        EncodingKind.Fsst => "fsst"u8,
        EncodingKind.DeltaOfDelta => "delta of delta"u8,
        EncodingKind.Patched => "patched"u8,
        EncodingKind.Gorilla => "gorilla"u8,
        EncodingKind.Wide => "wide"u8,
        EncodingKind.Matrix => "matrix"u8,
        _ => "unknown"u8,
    };
}
