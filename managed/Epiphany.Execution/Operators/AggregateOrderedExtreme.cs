// Execution layer, operators. min and max of types whose values have to be compared: strings, numeric, interval and the like.

using System;

namespace Epiphany.Execution;

/// <summary>Keeps a copy of each group's value. Of equal values, which may look different, PostgreSQL's functions take the later one.</summary>
sealed unsafe class AggregateOrderedExtreme : AggregateState
{
    struct State
    {
        /// <summary>A datum's copy, or an integer while all values are such of one scale.</summary>
        internal ulong Value;
        internal uint Room;
        internal bool Has;
    }

    const uint MinRoom = 32;

    readonly ValueType _type;
    readonly Order _order;
    readonly bool _isGreatest;
    readonly int _comparer;
    readonly IExecutionHost _host;
    readonly GroupArray<State> _states;
    readonly Arena _values;
    readonly DatumForm _datums;
    bool _isDecimal;
    bool _isDatum;
    int _scale;
    int _groups;

    /// <summary><paramref name="less"/>: the ordering operator, for who asks PostgreSQL.</summary>
    internal AggregateOrderedExtreme(ValueType type, Order order, bool isGreatest, uint less, uint collation, IExecutionHost host)
    {
        _type = type;
        _order = order;
        _isGreatest = isGreatest;
        _host = host;
        _states = new GroupArray<State>(host.Memory);
        _values = new Arena(host.Memory);
        _datums = new DatumForm(host.Memory);
        _comparer = order == Order.Host ? host.PrepareOrder(less, collation) : -1;
    }

    internal override ulong Bytes => _states.Bytes + _values.Bytes;

    internal override void Reserve(int groups)
    {
        _groups = Math.Max(_groups, groups);
        _states.Reserve(groups);
    }

    internal override void Add(Vector values, AggregateRows rows)
    {
        if (values.Form == VectorForm.Decimal && !_isDatum && (!_isDecimal || _scale == values.Scale))
        {
            _isDecimal = true;
            _scale = values.Scale;
            AddIntegers(values.Values, rows);
            return;
        }

        BecomeDatums();
        values = _datums.Of(values, Rows.All(rows.Count));
        for (int i = 0; i < rows.Count; i++)
        {
            State* state = _states.At + (rows.IsOne ? 0 : rows.Groups[i]);
            ulong value = values.Values[i];
            if (!state->Has || !Stays(state->Value, value))
            {
                Keep(state, value);
            }
        }
    }

    internal override void Show(AggregateResult what, int* groups, int count, VectorBuffer buffer, Arena arena, Vector result)
    {
        byte anyNull = 0;
        ulong bound = 0;
        for (int i = 0; i < count; i++)
        {
            State* state = _states.At + groups[i];
            buffer.Values[i] = state->Value;
            anyNull |= buffer.Nulls[i] = state->Has ? (byte)0 : (byte)1;
            bound = Math.Max(bound, (long)state->Value < 0 ? 0 - state->Value : state->Value);
        }

        result.SetDatums(buffer.Values, anyNull != 0 ? buffer.Nulls : null);
        if (_isDecimal)
        {
            result.Form = VectorForm.Decimal;
            result.Scale = _scale;
            result.Bound = bound;
        }
    }

    internal override void Copy(int from, int to)
    {
        State* source = _states.At + from;
        State* state = _states.At + to;
        if (source->Has && !_isDecimal)
        {
            Keep(state, source->Value);
            return;
        }

        state->Value = _isDecimal ? source->Value : state->Value;
        state->Has = source->Has;
    }

    internal override void Clear()
    {
        _states.Clear();
        _values.Reset();
        _isDecimal = _isDatum = false;
        _groups = 0;
    }

    void AddIntegers(ulong* values, AggregateRows rows)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            State* state = _states.At + (rows.IsOne ? 0 : rows.Groups[i]);
            long value = (long)values[i];
            long kept = (long)state->Value;
            bool stays = state->Has && (_isGreatest ? kept > value : kept < value);
            state->Value = (ulong)(stays ? kept : value);
            state->Has = true;
        }
    }

    /// <summary>From now on values are datums.</summary>
    void BecomeDatums()
    {
        byte* datum = stackalloc byte[NumericDatums.MaxBytes];
        for (int g = 0; _isDecimal && g < _groups; g++)
        {
            State* state = _states.At + g;
            if (state->Has)
            {
                NumericDatums.Write((long)state->Value, _scale, datum);
                Keep(state, (ulong)datum);
            }
        }

        _isDecimal = false;
        _isDatum = true;
    }

    bool Stays(ulong value, ulong other)
    {
        int compared;
        if (_order == Order.Host)
        {
            _host.CompareRows(_comparer, &value, &other, 1, &compared);
        }
        else
        {
            compared = Orders.Compare(_order, value, other);
        }

        return _isGreatest ? compared > 0 : compared < 0;
    }

    /// <summary>Copies a value over the one before, if there is room; else to a new place of the arena.</summary>
    void Keep(State* state, ulong value)
    {
        uint bytes = (uint)Varlena.DatumBytes(_type, (byte*)value);
        if (state->Room < bytes)
        {
            state->Room = Math.Max(MinRoom, System.Numerics.BitOperations.RoundUpToPowerOf2(bytes));
            state->Value = (ulong)_values.Take(state->Room);
        }

        new ReadOnlySpan<byte>((byte*)value, (int)bytes).CopyTo(new Span<byte>((byte*)state->Value, (int)bytes));
        state->Has = true;
    }
}
