// Storage layer, format. What follows from a column's kind.

using Epiphany.Encoding;

namespace Epiphany.Storage;

static class Kinds
{
    internal static bool IsKnown(ColumnKind kind) => kind is >= ColumnKind.Bool and <= ColumnKind.Numeric;

    /// <summary>Values travel in the 64-bit lane itself, not behind a pointer.</summary>
    internal static bool IsByValue(ColumnKind kind) => kind <= ColumnKind.Float64;

    /// <summary>In memory with a 4-byte header; stored without it.</summary>
    internal static bool IsVarlena(ColumnKind kind) => kind is ColumnKind.VarBytes or ColumnKind.Numeric;

    /// <summary>Whether a chunk of one kind can be read as a column of another. A type may turn into another of the same bytes.</summary>
    internal static bool CanRead(ColumnKind stored, ColumnKind wanted) => stored == wanted || (IsVarlena(stored) && IsVarlena(wanted));

    internal static bool IsFloat(ColumnKind kind) => kind is ColumnKind.Float32 or ColumnKind.Float64;

    /// <summary>A numeric's sum is that of its scaled integers.</summary>
    internal static bool HasSum(ColumnKind kind) => kind is (>= ColumnKind.Int8 and <= ColumnKind.Int64) or ColumnKind.Numeric;

    /// <summary>Bytes of a by-value kind.</summary>
    internal static int Width(ColumnKind kind) => kind switch
    {
        ColumnKind.Bool or ColumnKind.Int8 => 1,
        ColumnKind.Int16 => 2,
        ColumnKind.Int32 or ColumnKind.Float32 => 4,
        _ => 8,
    };

    internal static LaneDomain Domain(ColumnKind kind) => kind switch
    {
        ColumnKind.Bool => LaneDomain.Bits,
        ColumnKind.Float32 or ColumnKind.Float64 => LaneDomain.Floats,
        _ => LaneDomain.Integers,
    };

    /// <summary>Whether the encoding can hold the kind at all; anything else in a footer is damage.</summary>
    internal static bool Allows(ColumnKind kind, EncodingKind encoding) => encoding switch
    {
        EncodingKind.Constant => true,
        EncodingKind.Bitmap => kind == ColumnKind.Bool,
        EncodingKind.RunLength => IsByValue(kind),
        EncodingKind.Dictionary or EncodingKind.Plain => kind != ColumnKind.Bool,
        EncodingKind.FrameOfReference or EncodingKind.Delta or EncodingKind.DeltaOfDelta or EncodingKind.Patched
            => IsByValue(kind) && kind != ColumnKind.Bool,
        EncodingKind.Alp or EncodingKind.Gorilla => IsFloat(kind),
        EncodingKind.Fsst => !IsByValue(kind) && kind != ColumnKind.FixedBytes,
        EncodingKind.Decimal => kind == ColumnKind.Numeric,
        EncodingKind.Matrix => kind == ColumnKind.VarBytes,
        _ => false,
    };
}
