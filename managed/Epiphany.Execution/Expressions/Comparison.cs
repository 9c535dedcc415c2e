// Execution layer, expressions. Comparisons of lanes; SIMD where all rows count.

using System;
using System.Runtime.Intrinsics;

namespace Epiphany.Execution;

interface IComparison
{
    static abstract bool Holds(long left, long right);

    /// <summary>All bits of a lane set where it holds.</summary>
    static abstract Vector512<long> Holds(Vector512<long> left, Vector512<long> right);
}

readonly struct Equal : IComparison
{
    public static bool Holds(long left, long right) => left == right;

    public static Vector512<long> Holds(Vector512<long> left, Vector512<long> right) => Vector512.Equals(left, right);
}

readonly struct NotEqual : IComparison
{
    public static bool Holds(long left, long right) => left != right;

    public static Vector512<long> Holds(Vector512<long> left, Vector512<long> right) => ~Vector512.Equals(left, right);
}

readonly struct Less : IComparison
{
    public static bool Holds(long left, long right) => left < right;

    public static Vector512<long> Holds(Vector512<long> left, Vector512<long> right) => Vector512.LessThan(left, right);
}

readonly struct LessOrEqual : IComparison
{
    public static bool Holds(long left, long right) => left <= right;

    public static Vector512<long> Holds(Vector512<long> left, Vector512<long> right) => Vector512.LessThanOrEqual(left, right);
}

readonly struct Greater : IComparison
{
    public static bool Holds(long left, long right) => left > right;

    public static Vector512<long> Holds(Vector512<long> left, Vector512<long> right) => Vector512.GreaterThan(left, right);
}

readonly struct GreaterOrEqual : IComparison
{
    public static bool Holds(long left, long right) => left >= right;

    public static Vector512<long> Holds(Vector512<long> left, Vector512<long> right) => Vector512.GreaterThanOrEqual(left, right);
}

/// <summary>With left and right changed about.</summary>
readonly struct Turned<TComparison> : IComparison
    where TComparison : struct, IComparison
{
    public static bool Holds(long left, long right) => TComparison.Holds(right, left);

    public static Vector512<long> Holds(Vector512<long> left, Vector512<long> right) => TComparison.Holds(right, left);
}

/// <summary>The two passes: booleans for rows, and the numbers of rows. They never fault, whatever the lanes of null rows hold.</summary>
static unsafe class Compare<TLeft, TRight, TComparison>
    where TLeft : struct, ILaneView
    where TRight : struct, ILaneView
    where TComparison : struct, IComparison
{
    const int Step = 8;

    internal static void Evaluate(Vector left, Vector right, Rows rows, ulong* results)
    {
        ulong* a = left.Values;
        ulong* b = right.Values;
        if (!rows.IsAll)
        {
            for (int i = 0; i < rows.Count; i++)
            {
                int row = rows.Index[i];
                results[row] = One(a[row], b[row]);
            }

            return;
        }

        Vector512<ulong> one = Vector512.Create(1UL);
        int r = 0;
        if (right.IsConstant)
        {
            Vector512<long> constant = TRight.Of(Vector512.Create(*b));
            for (; r <= rows.Count - Step; r += Step)
            {
                (TComparison.Holds(TLeft.Of(Vector512.Load(a + r)), constant).AsUInt64() & one).Store(results + r);
            }
        }

        for (; r <= rows.Count - Step; r += Step)
        {
            (TComparison.Holds(TLeft.Of(Vector512.Load(a + r)), TRight.Of(Vector512.Load(b + r))).AsUInt64() & one).Store(results + r);
        }

        for (; r < rows.Count; r++)
        {
            results[r] = One(a[r], b[r]);
        }
    }

    internal static int Filter(Vector left, Vector right, Rows rows, ushort* selected)
    {
        if (!rows.IsAll)
        {
            return Narrow(left, right, rows, selected);
        }

        ulong* a = left.Values;
        ulong* b = right.Values;
        byte* aNulls = left.Nulls;
        byte* bNulls = right.Nulls;
        ushort* table = RowNumbers.Table;
        int count = 0;
        int r = 0;
        if (right.IsConstant)
        {
            if (right.IsNull(0))
            {
                return 0;
            }

            Vector512<long> constant = TRight.Of(Vector512.Create(*b));
            for (; r <= rows.Count - Step; r += Step)
            {
                uint bits = (uint)TComparison.Holds(TLeft.Of(Vector512.Load(a + r)), constant).ExtractMostSignificantBits();
                bits &= aNulls == null ? ~0U : ~NullMath.Bits8(aNulls + r);
                count = RowNumbers.Append(table, bits, r, selected, count);
            }
        }

        for (; r <= rows.Count - Step; r += Step)
        {
            Vector512<long> holds = TComparison.Holds(TLeft.Of(Vector512.Load(a + r)), TRight.Of(Vector512.Load(b + r)));
            uint bits = (uint)holds.ExtractMostSignificantBits();
            bits &= aNulls == null ? ~0U : ~NullMath.Bits8(aNulls + r);
            bits &= bNulls == null ? ~0U : ~NullMath.Bits8(bNulls + r);
            count = RowNumbers.Append(table, bits, r, selected, count);
        }

        for (; r < rows.Count; r++)
        {
            selected[count] = (ushort)r;
            count += One(a[r], b[r]) != 0 && !left.IsNull(r) && !right.IsNull(r) ? 1 : 0;
        }

        return count;
    }

    /// <summary>Bits of rows for which it is true.</summary>
    internal static void Mask(Vector left, Vector right, int count, ulong* bits)
    {
        ulong* a = left.Values;
        ulong* b = right.Values;
        bits[(count - 1) / 64] = 0;
        byte* bytes = (byte*)bits;
        Vector512<long> constant = TRight.Of(Vector512.Create(*b));
        int r = 0;
        for (; r <= count - Step; r += Step)
        {
            Vector512<long> other = right.IsConstant ? constant : TRight.Of(Vector512.Load(b + r));
            uint holds = (uint)TComparison.Holds(TLeft.Of(Vector512.Load(a + r)), other).ExtractMostSignificantBits();
            holds &= left.Nulls == null ? ~0U : ~NullMath.Bits8(left.Nulls + r);
            holds &= right.Nulls == null ? ~0U : ~NullMath.Bits8(right.Nulls + r);
            bytes[r / 8] = (byte)holds;
        }

        uint last = 0;
        for (; r < count; r++)
        {
            last |= left.IsNull(r) || right.IsNull(r) ? 0U : (uint)One(a[r], b[r]) << (r % 8);
        }

        if (count % 8 != 0)
        {
            bytes[count / 8] = (byte)last;
        }
    }

    static int Narrow(Vector left, Vector right, Rows rows, ushort* selected)
    {
        ulong* a = left.Values;
        ulong* b = right.Values;
        int count = 0;
        if (left.Nulls == null && right.Nulls == null)
        {
            for (int i = 0; i < rows.Count; i++)
            {
                int row = rows.Index[i];
                selected[count] = (ushort)row;
                count += (int)One(a[row], b[row]);
            }

            return count;
        }

        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows.Index[i];
            selected[count] = (ushort)row;
            count += left.IsNull(row) || right.IsNull(row) ? 0 : (int)One(a[row], b[row]);
        }

        return count;
    }

    static ulong One(ulong left, ulong right) => TComparison.Holds(TLeft.Of(left), TRight.Of(right)) ? 1UL : 0UL;
}

/// <summary>A comparison of two by-value arguments.</summary>
sealed unsafe class Comparison<TLeft, TRight, TComparison>(ValueType type, Expression left, Expression right, IExecutionHost host)
    : Kernel(type, left, right), IMaskable
    where TLeft : struct, ILaneView
    where TRight : struct, ILaneView
    where TComparison : struct, IComparison
{
    readonly Output _output = new(host);

    /// <summary>Zone maps order lanes as signed integers, or as floats.</summary>
    public override bool IsConvex => left is ColumnReference && right.IsConstant && typeof(TComparison) != typeof(NotEqual)
        && typeof(TLeft) != typeof(OidView) && typeof(TLeft) != typeof(CharView);

    public override bool IsTotal => AreArgumentsTotal;

    public override void Ask() => AskArguments();

    /// <summary>Lanes that are ordered as their views are.</summary>
    public override bool TryRanges(int places, RangeSet ranges)
    {
        ranges.Clear();
        bool isOrdered = typeof(TLeft) == typeof(SignedView) || typeof(TLeft) == typeof(DateView);
        if (!isOrdered || left is not ColumnReference || !right.IsConstant)
        {
            return false;
        }

        Vector constant = right.Evaluate(Batch.NoColumns, Rows.All(1));
        if (constant.IsNull(0))
        {
            return true;
        }

        long value = TRight.Of(*constant.Values);
        Int128 equal = LaneOrder<TLeft>.First(left.Type.Length, value);
        return ranges.TryAdd<TComparison>(equal, value == long.MaxValue ? Int128.MaxValue : LaneOrder<TLeft>.First(left.Type.Length, value + 1));
    }

    public bool MayMask => Mask.MayBeAtHand(left) && Mask.MayBeAtHand(right);

    public bool TryMask(Batch batch, int count, ulong* bits)
    {
        if (!Mask.IsAtHand(left) || !Mask.IsAtHand(right))
        {
            return false;
        }

        Rows rows = Rows.All(count);
        Compare<TLeft, TRight, TComparison>.Mask(left.Evaluate(batch, rows), right.Evaluate(batch, rows), count, bits);
        return true;
    }

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector a = left.Evaluate(batch, rows);
        Vector b = right.Evaluate(batch, rows);
        Compare<TLeft, TRight, TComparison>.Evaluate(a, b, rows, _output.Values);
        return _output.Strict(a, b, rows);
    }

    public override int Filter(Batch batch, Rows rows, ushort* selected)
    {
        Vector a = left.Evaluate(batch, rows);
        Vector b = right.Evaluate(batch, rows);
        return Compare<TLeft, TRight, TComparison>.Filter(a, b, rows, selected);
    }
}
