// Execution layer, operators. first(value, time) and last(value, time), where values are passed by value and times are integers to the processor.
// Others are the host's.

using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>Keeps each group's value at its least or greatest time; of rows at the same time that which came first.</summary>
sealed unsafe class AggregateFirstLast(AggregateCall call, AggregateHostCall host, IMemory memory) : AggregateTotals
{
    struct State
    {
        internal long Time;
        internal ulong Value;
        internal byte Has;
        internal byte IsNull;
    }

    readonly GroupArray<State> _states = new(memory);

    internal override ulong Bytes => _states.Bytes;

    /// <summary><paramref name="isOrdered"/>: rows are to come in an order of the aggregate's own, or repeated ones are left out.</summary>
    internal static OwnAggregate Find(uint function, int split, Expression[] arguments, bool isOrdered)
    {
        if (function is not ((uint)OwnAggregate.First or (uint)OwnAggregate.Last) || split != 0 || arguments.Length != 2 || isOrdered)
        {
            return OwnAggregate.None;
        }

        return arguments[0].Type.ByValue && IsInteger(arguments[1].Type) ? (OwnAggregate)function : OwnAggregate.None;
    }

    /// <summary>Whoever computes it. Of transition states it looks at all.</summary>
    internal static AggregateEnd? EndOf(uint function, int split, Expression[] arguments, bool isRestricted)
    {
        const int Combine = 1;
        bool isKnown = function is (uint)OwnAggregate.First or (uint)OwnAggregate.Last && (split & Combine) == 0 && !isRestricted;
        return isKnown && arguments.Length == 2 && arguments[1] is ColumnReference time && IsInteger(time.Type)
            ? new AggregateEnd(time.Column, function == (uint)OwnAggregate.Last) : null;
    }

    internal static bool IsInteger(ValueType type) => type.Oid is TypeOid.Int2 or TypeOid.Int4 or TypeOid.Int8 or TypeOid.Date or TypeOid.Time
        or TypeOid.Timestamp or TypeOid.TimestampTz;

    internal override void Reserve(int groups) => _states.Reserve(groups);

    internal override void Add(AggregateRows groups)
    {
        if (call.Counted(groups) is not { } counted)
        {
            return;
        }

        // The greatest of complements belongs to the least of times.
        long turn = host.Own == OwnAggregate.First ? -1 : 0;
        Vector values = host.Loaded.Columns[0];
        Vector times = host.Loaded.Columns[1];
        for (int i = 0; i < counted.Count; i++)
        {
            State* state = _states.At + (counted.IsOne ? 0 : counted.Groups[i]);
            long time = (long)times.Values[i] ^ turn;
            if ((state->Has != 0 && time <= state->Time) || (times.Nulls != null && times.Nulls[i] != 0))
            {
                continue;
            }

            state->Time = time;
            state->Value = values.Values[i];
            state->Has = 1;
            state->IsNull = values.Nulls == null ? (byte)0 : values.Nulls[i];
        }
    }

    internal override void Show(Batch shown, int* groups, int count, VectorBuffer buffer, Arena arena, Vector result)
    {
        byte anyNull = 0;
        for (int i = 0; i < count; i++)
        {
            State* state = _states.At + groups[i];
            buffer.Values[i] = state->Value;
            anyNull |= buffer.Nulls[i] = (byte)(state->IsNull | (state->Has ^ 1));
        }

        result.SetDatums(buffer.Values, anyNull != 0 ? buffer.Nulls : null);
    }

    internal override void Clear() => _states.Clear();
}
