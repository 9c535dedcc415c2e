// Execution layer, operators. A scan below one that wants the first row of each series alone: vectors all of whose series have an earlier row stay
// where they are, which is told by the codes and times that bound them. In groups that are sorted by series and time these are all but the
// vectors where series end.

using System;
using System.Numerics;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary><paramref name="series"/> and <paramref name="time"/> are the table's columns.</summary>
sealed unsafe class ScanSeries(int series, int time, SeriesFirsts firsts, IMemory memory)
{
    /// <summary>Of dictionaries that are a larger part of a group than that nothing is asked.</summary>
    const int LeastRowsPerEntry = 8;

    readonly Vector _entries = new();
    uint* _byCode;
    int _room;
    int _codes;
    ScanUnit _unit;

    internal int Series => series;

    internal int Time => time;

    internal bool IsOn => firsts.IsOn;

    /// <summary>Another group.</summary>
    internal void Enter(in ScanUnit unit)
    {
        _unit = unit;
        _codes = 0;
        if (!firsts.IsOn || Math.Max(series, time) >= unit.Columns)
        {
            return;
        }

        CodedColumn coded = unit.Reader!.Coded(series);
        if (coded.Form != CodedForm.Entries || coded.IsDecimal || coded.Count > Math.Max(1, unit.Rows / LeastRowsPerEntry))
        {
            return;
        }

        if (coded.Count > _room)
        {
            _byCode = (uint*)memory.Grow((byte*)_byCode, 0, (nuint)coded.Count * sizeof(uint));
            _room = coded.Count;
        }

        for (int first = 0; first < coded.Count; first += Batch.Capacity)
        {
            _entries.SetDatums(coded.Table + first, null);
            firsts.Find(_entries, Math.Min(Batch.Capacity, coded.Count - first), _byCode + first);
        }

        _codes = coded.Count;
    }

    /// <summary>Those of some vectors that may have the first row of a series.</summary>
    internal ulong Vectors(ulong vectors)
    {
        ulong left = vectors;
        for (ulong rest = _codes > 0 ? vectors : 0; rest != 0; rest &= rest - 1)
        {
            int vector = BitOperations.TrailingZeroCount(rest);
            left &= RulesOut(vector) ? ~(1UL << vector) : ulong.MaxValue;
        }

        return left;
    }

    /// <summary>Of those the one that is likely to have the firsts.</summary>
    internal int Next(ulong vectors) => firsts.Descending ? BitOperations.Log2(vectors) : BitOperations.TrailingZeroCount(vectors);

    /// <summary>All series that the vector can have are known to have a row before all of its own.</summary>
    internal bool RulesOut(int vector)
    {
        if (_codes == 0)
        {
            return false;
        }

        VectorBounds codes = _unit.Reader!.Bounds(series, vector);
        VectorBounds times = _unit.Reader!.Bounds(time, vector);
        if (codes.Kind != BoundsKind.Codes || codes.Nulls > 0 || codes.Max >= _codes || times.Kind != BoundsKind.Integers)
        {
            return false;
        }

        long rank = firsts.LeastRank(times.Min, times.Max, times.Nulls > 0);
        bool rulesOut = true;
        for (long code = codes.Min; code <= codes.Max && rulesOut; code++)
        {
            rulesOut = firsts.IsBefore(_byCode[code], rank);
        }

        return rulesOut;
    }

    /// <summary>The rows that may be the first of their series. Both columns have been loaded.</summary>
    internal Rows Keep(Batch raw, Rows rows, ushort* selected)
    {
        Vector names = raw.Columns[series];
        Rows kept = firsts.Keep(names, raw.Columns[time], raw.Rows, rows, selected);
        if (_codes > 0)
        {
            Learn(names, kept);
        }

        return kept;
    }

    /// <summary>Series that the group is the first to have are known from now on.</summary>
    void Learn(Vector names, Rows rows)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (names.IsNull(row))
            {
                continue;
            }

            if (names.Codes != null)
            {
                _byCode[names.Codes[row]] = firsts.Numbers[row];
            }
            else if (_codes == 1)
            {
                _byCode[0] = firsts.Numbers[row];
            }
        }
    }
}
