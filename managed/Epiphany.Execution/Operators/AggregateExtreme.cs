// Execution layer, operators. min and max of by-value types; bool_and and bool_or, which are those of booleans.

using System;
using Epiphany.Kernels;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>How two datums compare. Of equal values PostgreSQL's functions take the later one.</summary>
interface IExtremeOrder
{
    /// <summary>Does the value that a group has stay, when another one comes?</summary>
    static abstract bool Stays(ulong value, ulong other);

    /// <summary>Can any of these be compared many at once?</summary>
    static virtual unsafe bool AreComparable(ulong* values, int count) => false;

    /// <summary>The value of one group, of some that can.</summary>
    static virtual unsafe ulong OfAll(ulong* values, int count)
    {
        Throw.BadProgram("values of this type are compared one by one");
        return 0;
    }
}

struct LeastSigned : IExtremeOrder
{
    public static bool Stays(ulong value, ulong other) => (long)value < (long)other;

    public static unsafe bool AreComparable(ulong* values, int count) => true;

    public static unsafe ulong OfAll(ulong* values, int count)
    {
        MinMax.Run((long*)values, count, out long least, out _);
        return (ulong)least;
    }
}

struct GreatestSigned : IExtremeOrder
{
    public static bool Stays(ulong value, ulong other) => (long)value > (long)other;

    public static unsafe bool AreComparable(ulong* values, int count) => true;

    public static unsafe ulong OfAll(ulong* values, int count)
    {
        MinMax.Run((long*)values, count, out _, out long greatest);
        return (ulong)greatest;
    }
}

struct LeastUnsigned : IExtremeOrder
{
    public static bool Stays(ulong value, ulong other) => value < other;
}

struct GreatestUnsigned : IExtremeOrder
{
    public static bool Stays(ulong value, ulong other) => value > other;
}

struct LeastUnsigned32 : IExtremeOrder
{
    public static bool Stays(ulong value, ulong other) => (uint)value < (uint)other;
}

struct GreatestUnsigned32 : IExtremeOrder
{
    public static bool Stays(ulong value, ulong other) => (uint)value > (uint)other;
}

struct LeastFloat8 : IExtremeOrder
{
    public static bool Stays(ulong value, ulong other) => IsBelow(BitConverter.UInt64BitsToDouble(value), BitConverter.UInt64BitsToDouble(other));

    public static unsafe bool AreComparable(ulong* values, int count) => !MinMax.HasNaN((double*)values, count);

    public static unsafe ulong OfAll(ulong* values, int count) => Later(MinMax.Least((double*)values, count), (double*)values, count);

    /// <summary>The bits of the value that was found: of zeros, which are equal, the last one's.</summary>
    internal static unsafe ulong Later(double found, double* values, int count)
    {
        for (int i = count - 1; found == 0 && i >= 0; i--)
        {
            if (values[i] == 0)
            {
                return BitConverter.DoubleToUInt64Bits(values[i]);
            }
        }

        return BitConverter.DoubleToUInt64Bits(found);
    }

    /// <summary>NaN is above everything and equal to itself.</summary>
    internal static bool IsBelow(double value, double other) => value < other || (double.IsNaN(other) && !double.IsNaN(value));
}

struct GreatestFloat8 : IExtremeOrder
{
    public static bool Stays(ulong value, ulong other) => LeastFloat8.Stays(other, value);

    public static unsafe bool AreComparable(ulong* values, int count) => LeastFloat8.AreComparable(values, count);

    public static unsafe ulong OfAll(ulong* values, int count) => LeastFloat8.Later(MinMax.Greatest((double*)values, count), (double*)values, count);
}

struct LeastFloat4 : IExtremeOrder
{
    public static bool Stays(ulong value, ulong other) =>
        LeastFloat8.IsBelow(BitConverter.Int32BitsToSingle((int)value), BitConverter.Int32BitsToSingle((int)other));
}

struct GreatestFloat4 : IExtremeOrder
{
    public static bool Stays(ulong value, ulong other) => LeastFloat4.Stays(other, value);
}

sealed unsafe class AggregateExtreme<TOrder>(IMemory memory) : AggregateState
    where TOrder : struct, IExtremeOrder
{
    readonly GroupArray<ulong> _values = new(memory);
    readonly GroupArray<byte> _has = new(memory);

    internal override ulong Bytes => _values.Bytes + _has.Bytes;

    internal override void Reserve(int groups)
    {
        _values.Reserve(groups);
        _has.Reserve(groups);
    }

    internal override void Add(Vector values, AggregateRows rows)
    {
        // Neighbours of one group are compared without going through what it has.
        ulong* lanes = values.Values;
        bool areComparable = TOrder.AreComparable(lanes, rows.Count);
        Rows heads = rows.Runs();
        for (int i = 0; i < heads.Count; i++)
        {
            int first = heads[i];
            Take(rows.Of(first), OfRun(lanes + first, KeyRuns.End(heads, i, rows.Count) - first, areComparable));
        }

        for (int i = 0, first = 0; heads.Count == 0 && i < rows.Count; first = i)
        {
            uint group = rows.Groups[i];
            while (++i < rows.Count && rows.Groups[i] == group)
            {
            }

            Take(group, OfRun(lanes + first, i - first, areComparable));
        }
    }

    internal override void Show(AggregateResult what, int* groups, int count, VectorBuffer buffer, Arena arena, Vector result)
    {
        byte anyNull = 0;
        for (int i = 0; i < count; i++)
        {
            buffer.Values[i] = _values.At[groups[i]];
            anyNull |= buffer.Nulls[i] = (byte)(_has.At[groups[i]] ^ 1);
        }

        result.SetDatums(buffer.Values, anyNull != 0 ? buffer.Nulls : null);
    }

    internal override void Copy(int from, int to)
    {
        _values.At[to] = _values.At[from];
        _has.At[to] = _has.At[from];
    }

    internal override void Clear()
    {
        _values.Clear();
        _has.Clear();
    }

    static ulong OfRun(ulong* values, int count, bool areComparable)
    {
        if (areComparable)
        {
            return TOrder.OfAll(values, count);
        }

        ulong best = *values;
        for (int i = 1; i < count; i++)
        {
            best = TOrder.Stays(best, values[i]) ? best : values[i];
        }

        return best;
    }

    void Take(uint group, ulong value)
    {
        ulong* kept = _values.At + group;
        *kept = _has.At[group] != 0 && TOrder.Stays(*kept, value) ? *kept : value;
        _has.At[group] = 1;
    }
}
