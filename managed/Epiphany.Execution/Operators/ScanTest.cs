// Execution layer, operators. A scan's conditions of one column, tested as the column is encoded: its rows are not decoded for them. Only conditions
// that raise no error are: they may be tested before others, and of values that no row has.

using System;
using System.Collections.Generic;
using System.Numerics;
using Epiphany.Encoding;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>Finds out in each group what the column's encoding allows; the conditions that it does not allow are evaluated like all others.</summary>
sealed unsafe class ScanTest
{
    /// <summary>Sets that are not tested at the pace of ranges are left to rows where one in so many is left.</summary>
    const int FewShare = 16;

    /// <summary>So many are judged for a single row.</summary>
    const int LeastEntries = 64;

    readonly int _column;
    readonly Expression[] _conditions;
    readonly int[] _numbers;
    readonly bool[] _isPart;
    readonly IMemory _memory;
    readonly Batch _entries;
    readonly ushort* _selected;
    readonly RangeSet _ranges = new();
    readonly RangeSet _more = new();
    readonly long* _bounds;
    readonly byte* _null;
    ulong* _set;
    int _setWords;
    LaneRanges _shown;
    CodedForm _form;
    bool _isOpen;
    bool _isQuick;
    bool _nullsPass;

    ScanTest(int column, Expression[] conditions, int[] numbers, IExecutionHost host)
    {
        _column = column;
        _conditions = conditions;
        _numbers = numbers;
        _isPart = new bool[conditions.Length];
        _memory = host.Memory;
        _entries = new Batch(column + 1);
        _selected = (ushort*)_memory.Allocate(Batch.Capacity * sizeof(ushort));
        _bounds = (long*)_memory.Allocate(2 * LaneRanges.MaxCount * sizeof(long));
        _null = _memory.Allocate(1);
        *_null = 1;
    }

    internal int Column => _column;

    /// <summary>Those of a list's conditions that may be tested so, in the order of the first of each column.</summary>
    internal static List<ScanTest> Find(ReadOnlySpan<Expression> conditions, IExecutionHost host)
    {
        var numbers = new List<(int Column, List<int> Conditions)>();
        for (int i = 0; i < conditions.Length; i++)
        {
            if (DictionaryMaps.SoleColumn(conditions[i]) is not { } column)
            {
                continue;
            }

            int at = numbers.FindIndex(n => n.Column == column);
            if (at < 0)
            {
                at = numbers.Count;
                numbers.Add((column, []));
            }

            numbers[at].Conditions.Add(i);
        }

        var tests = new List<ScanTest>();
        foreach ((int column, List<int> its) in numbers)
        {
            var expressions = new Expression[its.Count];
            for (int i = 0; i < expressions.Length; i++)
            {
                expressions[i] = conditions[its[i]];
            }

            tests.Add(new ScanTest(column, expressions, [.. its], host));
        }

        return tests;
    }

    /// <summary>The scan has come to another group.</summary>
    internal void Enter() => _isOpen = false;

    /// <summary>
    /// A bit for each row of a vector that conditions leave, and a mark in <paramref name="isTested"/> for each of these. False: none was tested.
    /// </summary>
    /// <param name="unit">The group.</param>
    /// <param name="vector">Which one of it.</param>
    /// <param name="left">Its rows that are asked about.</param>
    /// <param name="vectors">The vectors of the group that are still to be looked at, with this one.</param>
    /// <param name="isTested">By the number of a condition.</param>
    /// <param name="bits">Room for the bits.</param>
    /// <param name="wasRead">Something of the column had to be read.</param>
    internal bool TrySelect(in ScanUnit unit, int vector, int left, ulong vectors, bool[] isTested, ulong* bits, out bool wasRead)
    {
        wasRead = false;
        bool isOpen = _isOpen || TryOpen(unit, left * BitOperations.PopCount(vectors), vectors);
        if (!isOpen || _form == CodedForm.None || (!_isQuick && left < Batch.Capacity / FewShare))
        {
            return false;
        }

        wasRead = _form == CodedForm.Integers
            ? unit.Reader!.Select(_column, vector, _shown, _nullsPass, bits)
            : unit.Reader!.Select(_column, vector, _set, _nullsPass, bits);
        for (int i = 0; i < _numbers.Length; i++)
        {
            isTested[_numbers[i]] |= _isPart[i];
        }

        return true;
    }

    /// <summary>
    /// False: not yet. What conditions need may not be known before a row asks for it; and entries are not judged if there may be fewer
    /// <paramref name="rows"/> to be.
    /// </summary>
    bool TryOpen(in ScanUnit unit, int rows, ulong vectors)
    {
        bool isAny = false;
        for (int i = 0; i < _conditions.Length; i++)
        {
            _isPart[i] = _conditions[i].IsTotal;
            isAny |= _isPart[i];
        }

        if (!isAny)
        {
            return false;
        }

        _form = CodedForm.None;
        CodedColumn coded = unit.Columns > _column ? unit.Reader!.Coded(_column) : default;
        (int first, int end) = coded.Form == CodedForm.Entries ? EntriesOf(unit, coded.Count, vectors) : (0, 0);
        if (end - first > Math.Max(rows, LeastEntries))
        {
            return false;
        }

        _isOpen = true;
        switch (coded.Form)
        {
            case CodedForm.Integers:
                OpenIntegers(coded.Places);
                break;
            case CodedForm.Entries:
                OpenEntries(coded, first, end);
                break;
        }

        return true;
    }

    void OpenIntegers(int places)
    {
        _ranges.SetAll();
        for (int i = 0; i < _conditions.Length; i++)
        {
            _isPart[i] = _isPart[i] && _conditions[i].TryRanges(places, _more);
            if (!_isPart[i])
            {
                continue;
            }

            if (!_ranges.TryIntersect(_more))
            {
                _form = CodedForm.None;
                return;
            }

            _form = CodedForm.Integers;
        }

        _shown = _ranges.Show(_bounds);
        _isQuick = true;
        _nullsPass = false;
    }

    /// <summary>The entries that some vectors can have, from the first to before the end: of sorted series a few.</summary>
    (int First, int End) EntriesOf(in ScanUnit unit, int count, ulong vectors)
    {
        long first = count;
        long end = 0;
        for (; vectors != 0; vectors &= vectors - 1)
        {
            VectorBounds bounds = unit.Reader!.Bounds(_column, BitOperations.TrailingZeroCount(vectors));
            bool isKnown = bounds.Kind == BoundsKind.Codes && bounds.Min >= 0 && bounds.Max < count;
            first = isKnown ? Math.Min(first, bounds.Min) : 0;
            end = isKnown ? Math.Max(end, bounds.Max + 1) : count;
        }

        return ((int)first, (int)end);
    }

    void OpenEntries(in CodedColumn coded, int from, int end)
    {
        int words = Math.Max(64, (int)BitOperations.RoundUpToPowerOf2((uint)coded.Count)) / 64;
        if (_setWords < words)
        {
            if (_set != null)
            {
                _memory.Free((byte*)_set);
            }

            _set = (ulong*)_memory.Allocate((nuint)words * sizeof(ulong));
            _setWords = words;
        }

        new Span<ulong>(_set, words).Clear();
        for (int first = from; first < end; first += Batch.Capacity)
        {
            int count = Judge(coded, coded.Table + first, Math.Min(Batch.Capacity, end - first), null);
            for (int i = 0; i < count; i++)
            {
                int entry = first + _selected[i];
                _set[entry / 64] |= 1UL << (entry % 64);
            }
        }

        ulong nothing = 0;
        _nullsPass = Judge(coded, &nothing, 1, _null) > 0;
        _isQuick = words * 64 <= 1 << Kernels.BitSelect.QuickSetWidth;
        _form = CodedForm.Entries;
    }

    /// <summary>How many of some values meet the conditions, of which there are some; their places are selected.</summary>
    int Judge(in CodedColumn coded, ulong* values, int count, byte* nulls)
    {
        Vector vector = _entries.Columns[_column];
        vector.SetDatums(values, nulls);
        if (coded.IsDecimal)
        {
            (vector.Form, vector.Scale, vector.Bound) = (VectorForm.Decimal, coded.Scale, coded.Bound);
        }

        _entries.Rows = count;
        Rows rows = Rows.All(count);
        for (int i = 0; i < _conditions.Length && rows.Count > 0; i++)
        {
            if (_isPart[i])
            {
                rows = new Rows(_selected, _conditions[i].Filter(_entries, rows, _selected));
            }
        }

        return rows.Count;
    }
}
