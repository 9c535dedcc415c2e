// Execution layer, operators. A scan below one that wants the first row of each series alone: vectors all of whose series have an earlier row stay
// where they are, which is told by the codes or integers and the times that bound them. In groups that are sorted by series and time these are all
// but the vectors where series end.

using System;
using System.Numerics;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary><paramref name="series"/> and <paramref name="time"/> are the table's columns.</summary>
sealed unsafe class ScanSeries(int[] series, int time, SeriesFirsts firsts, IMemory memory)
{
    /// <summary>Of dictionaries that are a larger part of a group than that nothing is asked.</summary>
    const int LeastRowsPerEntry = 8;

    /// <summary>Nor of more series than these, which columns that bound them would make if all went together.</summary>
    const int MaxCombinations = 1 << 16;

    /// <summary>The number of a series that nobody has looked for yet.</summary>
    const uint Unasked = KeyTable.None - 1;

    readonly SeriesColumn[] _columns = new SeriesColumn[series.Length];
    readonly Vector[] _vectors = Array.ConvertAll(series, _ => new Vector());
    readonly Vector[] _names = new Vector[series.Length];
    readonly VectorBuffer[] _lanes = Array.ConvertAll(series, _ => new VectorBuffer(memory));
    readonly int* _pending = (int*)memory.Allocate(Batch.Capacity * sizeof(int));
    readonly uint* _numbers = (uint*)memory.Allocate(Batch.Capacity * sizeof(uint));

    /// <summary>Numbers of the group's series by their codes, the last column's running fastest.</summary>
    uint* _byCode;
    int _room;
    int _count;
    ScanUnit _unit;

    internal int[] Series => series;

    internal int Time => time;

    internal bool IsOn => firsts.IsOn;

    /// <summary>Another group.</summary>
    internal void Enter(in ScanUnit unit)
    {
        _unit = unit;
        _count = 0;
        long count = 1;
        for (int i = 0; i < series.Length; i++)
        {
            if (!firsts.IsOn || Math.Max(series[i], time) >= unit.Columns || !_columns[i].TryEnter(unit, series[i], LeastRowsPerEntry))
            {
                return;
            }

            count *= _columns[i].Count;
            if (count > MaxCombinations)
            {
                return;
            }
        }

        if (count > _room)
        {
            _byCode = (uint*)memory.Grow((byte*)_byCode, 0, (nuint)count * sizeof(uint));
            _room = (int)count;
        }

        _count = (int)count;
        new Span<uint>(_byCode, _count).Fill(Unasked);
    }

    /// <summary>Those of some vectors that may have the first row of a series.</summary>
    internal ulong Vectors(ulong vectors)
    {
        ulong left = vectors;
        for (ulong rest = _count > 0 ? vectors : 0; rest != 0; rest &= rest - 1)
        {
            int vector = BitOperations.TrailingZeroCount(rest);
            left &= RulesOut(vector) ? ~(1UL << vector) : ulong.MaxValue;
        }

        return left;
    }

    /// <summary>Of those the one that is likely to have the firsts.</summary>
    internal int Next(ulong vectors) => firsts.Descending ? BitOperations.Log2(vectors) : BitOperations.TrailingZeroCount(vectors);

    /// <summary>The rows of a vector of the group that may be the first of their series. The columns have been loaded.</summary>
    internal Rows Keep(Batch raw, Rows rows, ushort* selected)
    {
        Rows kept = KeepDelta(raw, rows, selected);
        for (int i = 0; _count > 0 && i < kept.Count; i++)
        {
            Learn(kept[i]);
        }

        return kept;
    }

    /// <summary>Likewise of rows of the heap region.</summary>
    internal Rows KeepDelta(Batch raw, Rows rows, ushort* selected)
    {
        for (int i = 0; i < series.Length; i++)
        {
            _names[i] = raw.Columns[series[i]];
        }

        return firsts.Keep(_names, raw.Columns[time], raw.Rows, rows, selected);
    }

    /// <summary>All series that the vector can have are known to have a row before all of its own.</summary>
    bool RulesOut(int vector)
    {
        VectorBounds times = _unit.Reader!.Bounds(time, vector);
        if (times.Kind != BoundsKind.Integers)
        {
            return false;
        }

        for (int i = 0; i < series.Length; i++)
        {
            if (!_columns[i].TryBound(_unit.Reader!.Bounds(series[i], vector)))
            {
                return false;
            }
        }

        long rank = firsts.LeastRank(times.Min, times.Max, times.Nulls > 0);
        int pending = 0;
        bool rulesOut = true;
        do
        {
            int code = Code();
            if (_byCode[code] != Unasked)
            {
                rulesOut = firsts.IsBefore(_byCode[code], rank);
                continue;
            }

            _pending[pending++] = code;
            if (pending == Batch.Capacity)
            {
                rulesOut = AreBefore(pending, rank);
                pending = 0;
            }
        }
        while (rulesOut && MoveOn());
        return rulesOut && AreBefore(pending, rank);
    }

    /// <summary>Looks for series that nobody has looked for.</summary>
    bool AreBefore(int pending, long rank)
    {
        if (pending == 0)
        {
            return true;
        }

        int step = 1;
        for (int i = series.Length - 1; i >= 0; i--)
        {
            ref SeriesColumn column = ref _columns[i];
            ulong* table = column.IsCoded ? _unit.Reader!.Coded(series[i]).Table : null;
            for (int p = 0; p < pending; p++)
            {
                int code = _pending[p] / step % column.Count;
                _lanes[i].Values[p] = table != null ? table[code] : (ulong)(column.First + code);
            }

            _vectors[i].SetDatums(_lanes[i].Values, null);
            step *= column.Count;
        }

        firsts.Find(_vectors, pending, _numbers);
        bool areBefore = true;
        for (int p = 0; p < pending; p++)
        {
            _byCode[_pending[p]] = _numbers[p];
            areBefore &= firsts.IsBefore(_numbers[p], rank);
        }

        return areBefore;
    }

    int Code()
    {
        int code = 0;
        foreach (SeriesColumn column in _columns)
        {
            code = (code * column.Count) + column.At;
        }

        return code;
    }

    /// <summary>To the next series within the bounds; false: there is none.</summary>
    bool MoveOn()
    {
        for (int i = series.Length - 1; i >= 0; i--)
        {
            if (_columns[i].MoveOn())
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A series that the group is the first to have is known from now on.</summary>
    void Learn(int row)
    {
        int code = 0;
        for (int i = 0; i < series.Length; i++)
        {
            int at = _columns[i].CodeOf(_names[i], row);
            if (at < 0)
            {
                return;
            }

            code = (code * _columns[i].Count) + at;
        }

        _byCode[code] = firsts.Numbers[row];
    }
}

/// <summary>A column of the series' names in a group: its values as integers from 0; and the range of them that a vector has.</summary>
unsafe struct SeriesColumn
{
    int _low;
    int _high;

    /// <summary>Codes are a dictionary's; else they are what integers are above the first.</summary>
    internal bool IsCoded { get; private set; }

    internal long First { get; private set; }

    internal int Count { get; private set; }

    /// <summary>The code at hand within the vector's range.</summary>
    internal int At { get; private set; }

    /// <summary>False: there are no codes, or too many.</summary>
    internal bool TryEnter(in ScanUnit unit, int column, int leastRowsPerEntry)
    {
        int most = Math.Max(1, unit.Rows / leastRowsPerEntry);
        ChunkInfo chunk = unit.Reader!.CheckedChunk(column);
        if (chunk.Kind is >= ColumnKind.Bool and <= ColumnKind.Int64)
        {
            IsCoded = false;
            First = chunk.MinLength == sizeof(long) ? *(long*)chunk.Min : 0;
            Int128 count = chunk.MaxLength == sizeof(long) ? (Int128)(*(long*)chunk.Max) - First + 1 : 0;
            Count = (int)Int128.Min(count, most + 1);
            return count > 0 && count <= most;
        }

        CodedColumn coded = unit.Reader!.Coded(column);
        IsCoded = true;
        Count = coded.Count;
        return coded.Form == CodedForm.Entries && !coded.IsDecimal && Count <= most;
    }

    internal bool TryBound(VectorBounds bounds)
    {
        long first = IsCoded ? 0 : First;
        BoundsKind kind = IsCoded ? BoundsKind.Codes : BoundsKind.Integers;
        ulong low = (ulong)(bounds.Min - first);
        ulong high = (ulong)(bounds.Max - first);
        if (bounds.Kind != kind || bounds.Nulls > 0 || low > high || high >= (ulong)Count)
        {
            return false;
        }

        At = _low = (int)low;
        _high = (int)high;
        return true;
    }

    /// <summary>False: it was at the last, and is at the first again.</summary>
    internal bool MoveOn()
    {
        bool isLast = At == _high;
        At = isLast ? _low : At + 1;
        return !isLast;
    }

    /// <summary>Negative: it has none.</summary>
    internal readonly int CodeOf(Vector names, int row)
    {
        if (names.IsNull(row))
        {
            return -1;
        }

        long code = !IsCoded ? unchecked((long)names.Values[row] - First) : names.Codes != null ? names.Codes[row] : Count == 1 ? 0 : -1;
        return (ulong)code < (ulong)Count ? (int)code : -1;
    }
}
