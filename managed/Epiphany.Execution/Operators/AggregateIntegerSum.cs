// Execution layer, operators. sum and avg of int2 and int4: sums of 64 bits, as PostgreSQL has them.

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

sealed unsafe class AggregateIntegerSum(IMemory memory) : AggregateState
{
    struct State
    {
        internal long Sum;
        internal long Count;
    }

    readonly GroupArray<State> _states = new(memory);

    internal override ulong Bytes => _states.Bytes;

    internal override void Reserve(int groups) => _states.Reserve(groups);

    internal override void Add(Vector values, AggregateRows rows)
    {
        State* states = _states.At;
        if (rows.IsOne)
        {
            states->Sum += AggregateLanes.Sum(values.Values, rows.Count);
            states->Count += rows.Count;
        }
        else if (rows.IsFew)
        {
            long* sums = stackalloc long[AggregateRows.Few];
            AggregateLanes.Sum(values.Values, rows.Lanes, rows.Count, rows.GroupCount, sums);
            for (int g = 0; g < rows.GroupCount; g++)
            {
                states[g].Sum += sums[g];
                states[g].Count += rows.Counts[g];
            }
        }
        else
        {
            for (int i = 0; i < rows.Count; i++)
            {
                State* state = states + rows.Groups[i];
                state->Sum += (long)values.Values[i];
                state->Count++;
            }
        }
    }

    internal override void AddWhole(long values, Int128 sum, int scale)
    {
        _states.At->Sum += (long)sum;
        _states.At->Count += values;
    }

    internal override void Show(AggregateResult what, int* groups, int count, VectorBuffer buffer, Arena arena, Vector result)
    {
        byte anyNull = 0;
        for (int i = 0; i < count; i++)
        {
            State* state = _states.At + groups[i];
            bool isNull = state->Count == 0 && what != AggregateResult.Transition;
            anyNull |= buffer.Nulls[i] = isNull ? (byte)1 : (byte)0;
            buffer.Values[i] = isNull ? 0 : what switch
            {
                AggregateResult.Value => (ulong)state->Sum,
                AggregateResult.Average => AggregateNumerics.Average(state->Sum, 0, 0, state->Count, arena),
                _ => AggregateArrays.Make(arena, state->Count, state->Sum),
            };
        }

        result.SetDatums(buffer.Values, anyNull != 0 ? buffer.Nulls : null);
    }

    internal override void Copy(int from, int to) => _states.At[to] = _states.At[from];

    internal override bool Removes => true;

    internal override bool Remove(Vector values, int count, int group)
    {
        State* state = _states.At + group;
        for (int i = 0; i < count; i++)
        {
            state->Sum -= (long)values.Values[i];
        }

        state->Count -= count;
        return true;
    }

    internal override void Clear() => _states.Clear();
}
