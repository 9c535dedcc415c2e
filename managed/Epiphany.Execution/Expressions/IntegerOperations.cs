// Execution layer, expressions. Integer arithmetic of lanes, and what PostgreSQL calls out of range.

using System;
using System.Runtime.Intrinsics;

namespace Epiphany.Execution;

/// <summary>
/// Results modulo 2^64. <see cref="Suspect"/> leaves a bit in lanes whose result modulo 2^64 may not be the true one, and in some others;
/// <see cref="Wraps"/> is exact.
/// </summary>
interface IIntegerOperation
{
    static abstract long Of(long left, long right);

    static abstract Vector512<long> Of(Vector512<long> left, Vector512<long> right);

    static abstract Vector512<long> Suspect(Vector512<long> left, Vector512<long> right, Vector512<long> result);

    static abstract bool Wraps(long left, long right, long result);
}

readonly struct Add : IIntegerOperation
{
    public static long Of(long left, long right) => left + right;

    public static Vector512<long> Of(Vector512<long> left, Vector512<long> right) => left + right;

    public static Vector512<long> Suspect(Vector512<long> left, Vector512<long> right, Vector512<long> result) =>
        ((left ^ result) & (right ^ result)) >>> 63;

    public static bool Wraps(long left, long right, long result) => ((left ^ result) & (right ^ result)) < 0;
}

readonly struct Subtract : IIntegerOperation
{
    public static long Of(long left, long right) => left - right;

    public static Vector512<long> Of(Vector512<long> left, Vector512<long> right) => left - right;

    public static Vector512<long> Suspect(Vector512<long> left, Vector512<long> right, Vector512<long> result) =>
        ((left ^ right) & (left ^ result)) >>> 63;

    public static bool Wraps(long left, long right, long result) => ((left ^ right) & (left ^ result)) < 0;
}

readonly struct Multiply : IIntegerOperation
{
    public static long Of(long left, long right) => left * right;

    public static Vector512<long> Of(Vector512<long> left, Vector512<long> right) => left * right;

    /// <summary>Factors that are not both of 32 bits.</summary>
    public static Vector512<long> Suspect(Vector512<long> left, Vector512<long> right, Vector512<long> result)
    {
        Vector512<long> half = Vector512.Create(1L << 31);
        return ((left + half) | (right + half)) >>> 32;
    }

    public static bool Wraps(long left, long right, long result) => Math.BigMul(left, right, out _) != result >> 63;
}

/// <summary>A result type: its range, and its name in errors.</summary>
interface IIntegerRange
{
    static abstract int Bits { get; }

    static abstract string Name { get; }
}

readonly struct Int2Range : IIntegerRange
{
    public static int Bits => 16;

    public static string Name => "smallint";
}

readonly struct Int4Range : IIntegerRange
{
    public static int Bits => 32;

    public static string Name => "integer";
}

readonly struct Int8Range : IIntegerRange
{
    public static int Bits => 64;

    public static string Name => "bigint";
}

/// <summary>Whether results are in range. Arguments of narrower results never wrap: their lanes are in the range themselves.</summary>
static class Range<TRange>
    where TRange : struct, IIntegerRange
{
    internal static bool Has(long value) => TRange.Bits == 64 || value == value << (64 - TRange.Bits) >> (64 - TRange.Bits);

    /// <summary>Bits where a value is not in the range.</summary>
    internal static Vector512<long> Outside(Vector512<long> values) =>
        TRange.Bits == 64 ? Vector512<long>.Zero : (values + Vector512.Create(1L << (TRange.Bits - 1))) >>> TRange.Bits;
}
