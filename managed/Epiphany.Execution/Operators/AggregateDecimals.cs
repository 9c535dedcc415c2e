// Execution layer, operators. Exact sums of numeric and int8, and of squares for variances: 128 bits for each group.

using System;
using System.Collections.Generic;
using System.Numerics;

namespace Epiphany.Execution;

/// <summary>
/// Sums are integers divided by 10^scale, one scale for all groups, which grows as values ask for it. What does not fit (a value or sum of more
/// than 128 bits, a scale that few others have, NaN, infinity) is kept aside, for those groups that have such.
/// </summary>
sealed unsafe partial class AggregateDecimals : AggregateState
{
    struct State
    {
        internal ulong Low;
        internal long High;
        internal long Count;
    }

    /// <summary>The greatest display scale of a group's values, and how many have it.</summary>
    struct Display
    {
        internal int Scale;
        internal long Count;
    }

    /// <summary>Scales beyond are not shared by all groups.</summary>
    const int MaxSharedScale = 24;

    readonly IExecutionHost _host;
    readonly bool _isInteger;
    readonly bool _isPoly;
    readonly GroupArray<State> _states;
    readonly GroupArray<UInt128>? _squares;
    readonly GroupArray<Display> _displays;
    readonly Dictionary<int, AggregateOddity> _oddities = [];
    readonly ulong* _lanes;
    readonly ulong* _lows;

    /// <summary>No group's sum is greater.</summary>
    UInt128 _most;
    int _groups;
    int _scale;
    bool _hasScale;
    bool _hasDisplays;

    /// <summary><paramref name="isPoly"/>: PostgreSQL sums these in 128 bits itself, and serialises them so.</summary>
    internal AggregateDecimals(bool isInteger, bool isPoly, bool hasSquares, IExecutionHost host)
    {
        _host = host;
        _isInteger = isInteger;
        _isPoly = isPoly;
        _states = new GroupArray<State>(host.Memory);
        _squares = hasSquares ? new GroupArray<UInt128>(host.Memory) : null;
        _displays = new GroupArray<Display>(host.Memory);
        _lanes = (ulong*)host.Memory.Allocate(Batch.Capacity * sizeof(ulong));
        _lows = (ulong*)host.Memory.Allocate(Batch.Capacity * sizeof(ulong));
    }

    internal override ulong Bytes =>
        _states.Bytes + (_squares?.Bytes ?? 0) + _displays.Bytes + ((ulong)_oddities.Count * AggregateOddity.EstimatedBytes);

    internal override void Reserve(int groups)
    {
        _groups = Math.Max(_groups, groups);
        _states.Reserve(groups);
        _squares?.Reserve(groups);
        if (_hasDisplays)
        {
            _displays.Reserve(groups);
        }
    }

    internal override void Add(Vector values, AggregateRows rows)
    {
        if (_isInteger)
        {
            _hasScale = true;
            AddLanes(values.Values, AggregateLanes.Bound(values.Values, rows.Count), rows);
        }
        else if (values.Form == VectorForm.Decimal)
        {
            AddDecimals(values, rows);
        }
        else
        {
            for (int i = 0; i < rows.Count; i++)
            {
                AddDatum(rows.IsOne ? 0 : (int)rows.Groups[i], values.Values[i]);
            }
        }
    }

    internal override void AddWhole(long values, Int128 sum, int scale) => AddOne(0, sum, scale, scale, values);

    internal override void Copy(int from, int to)
    {
        _states.At[to] = _states.At[from];
        if (_squares != null)
        {
            _squares.At[to] = _squares.At[from];
        }

        if (_hasDisplays)
        {
            _displays.At[to] = _displays.At[from];
        }

        if (_oddities.TryGetValue(from, out AggregateOddity? odd))
        {
            _oddities[to] = odd.Copy();
        }
        else if (_oddities.Count > 0)
        {
            _oddities.Remove(to);
        }
    }

    internal override void Clear()
    {
        _states.Clear();
        _squares?.Clear();
        _displays.Clear();
        _oddities.Clear();
        _most = UInt128.Zero;
        _groups = 0;
        _hasScale = _hasDisplays = false;
        _scale = 0;
    }

    void AddDecimals(Vector values, AggregateRows rows)
    {
        int scale = values.Scale;
        byte* displays = values.Displays;
        if (displays != null && !_hasDisplays)
        {
            SplitDisplays();
        }

        if (!TakeScale(scale, scale))
        {
            byte* datum = stackalloc byte[NumericDatums.MaxBytes];
            for (int i = 0; i < rows.Count; i++)
            {
                NumericDatums.Write(values, i, datum);
                AddDatum(rows.IsOne ? 0 : (int)rows.Groups[i], (ulong)datum);
            }

            return;
        }

        ulong* lanes = values.Values;
        ulong bound = values.Bound;
        if (scale < _scale)
        {
            UInt128 power = AggregateNumerics.PowerOfTen(_scale - scale);
            ulong factor = (ulong)power;
            if (bound > (UInt128)long.MaxValue / power)
            {
                for (int i = 0; i < rows.Count; i++)
                {
                    AddOne(rows.IsOne ? 0 : (int)rows.Groups[i], (long)lanes[i], scale, displays == null ? scale : displays[i]);
                }

                return;
            }

            for (int i = 0; i < rows.Count; i++)
            {
                _lanes[i] = lanes[i] * factor;
            }

            lanes = _lanes;
            bound *= factor;
        }

        AddLanes(lanes, bound, rows);
        for (int i = 0; _hasDisplays && i < rows.Count; i++)
        {
            CountDisplay(rows.IsOne ? 0 : (int)rows.Groups[i], displays == null ? scale : displays[i]);
        }
    }

    /// <summary>Integers of the shared scale.</summary>
    void AddLanes(ulong* lanes, ulong bound, AggregateRows rows)
    {
        Expect((UInt128)bound * (uint)rows.Count);
        bool isSmall = bound <= (ulong)long.MaxValue / Batch.Capacity;
        State* states = _states.At;
        if (!rows.IsFew)
        {
            for (int i = 0; i < rows.Count; i++)
            {
                Add(states + rows.Groups[i], (long)lanes[i]);
            }
        }
        else if (rows.IsOne)
        {
            Int128 sum = isSmall ? AggregateLanes.Sum(lanes, rows.Count) : AggregateLanes.WideSum(lanes, rows.Count);
            Add(states, sum, rows.Count);
        }
        else
        {
            long* sums = stackalloc long[AggregateRows.Few];
            long* lows = stackalloc long[AggregateRows.Few];
            new Span<long>(lows, AggregateRows.Few).Clear();
            ulong* summed = isSmall ? lanes : Split(lanes, rows.Count);
            AggregateLanes.Sum(summed, rows.Lanes, rows.Count, rows.GroupCount, sums);
            if (!isSmall)
            {
                AggregateLanes.Sum(_lows, rows.Lanes, rows.Count, rows.GroupCount, lows);
            }

            for (int g = 0; g < rows.GroupCount; g++)
            {
                Int128 sum = isSmall ? sums[g] : ((Int128)sums[g] << 32) + lows[g];
                Add(states + g, sum, rows.Counts[g]);
            }
        }

        for (int i = 0; _squares != null && i < rows.Count; i++)
        {
            ulong magnitude = Kernels.Lanes.Magnitude((long)lanes[i]);
            AddSquare(rows.IsOne ? 0 : (int)rows.Groups[i], (UInt128)magnitude * magnitude);
        }
    }

    /// <summary>High and low halves of lanes, each of which a batch's sum cannot overflow.</summary>
    ulong* Split(ulong* lanes, int count)
    {
        for (int i = 0; i < count; i++)
        {
            ulong lane = lanes[i];
            _lows[i] = (uint)lane;
            _lanes[i] = (ulong)((long)lane >> 32);
        }

        return _lanes;
    }

    static void Add(State* state, long value)
    {
        ulong low = state->Low + (ulong)value;
        state->High += (value >> 63) + (low < (ulong)value ? 1 : 0);
        state->Low = low;
        state->Count++;
    }

    static void Add(State* state, Int128 value, long count)
    {
        Int128 sum = Sum(state) + value;
        state->Low = (ulong)sum;
        state->High = (long)(sum >> 64);
        state->Count += count;
    }

    static Int128 Sum(State* state) => new((ulong)state->High, state->Low);

    void AddSquare(int group, UInt128 square)
    {
        UInt128* kept = _squares!.At + group;
        UInt128 sum = *kept + square;
        if (sum < square)
        {
            Odd(group).AddSquare((BigInteger)(*kept), 2 * _scale);
            sum = square;
        }

        *kept = sum;
    }

    AggregateOddity Odd(int group)
    {
        if (!_oddities.TryGetValue(group, out AggregateOddity? odd))
        {
            _oddities.Add(group, odd = new AggregateOddity());
        }

        return odd;
    }
}
