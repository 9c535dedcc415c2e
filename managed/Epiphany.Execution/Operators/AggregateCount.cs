// Execution layer, operators. count(*), count(x).

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

sealed unsafe class AggregateCount(IMemory memory) : AggregateState
{
    readonly GroupArray<long> _counts = new(memory);

    internal override ulong Bytes => _counts.Bytes;

    internal override void Reserve(int groups) => _counts.Reserve(groups);

    internal override void Add(Vector values, AggregateRows rows)
    {
        long* counts = _counts.At;
        if (rows.IsFew)
        {
            for (int g = 0; g < rows.GroupCount; g++)
            {
                counts[g] += rows.Counts[g];
            }

            return;
        }

        for (int i = 0; i < rows.Count; i++)
        {
            counts[rows.Groups[i]]++;
        }
    }

    internal override void AddWhole(long values, Int128 sum, int scale) => *_counts.At += values;

    internal override void Show(AggregateResult what, int* groups, int count, VectorBuffer buffer, Arena arena, Vector result)
    {
        for (int i = 0; i < count; i++)
        {
            buffer.Values[i] = (ulong)_counts.At[groups[i]];
        }

        result.SetDatums(buffer.Values, null);
    }

    internal override void Copy(int from, int to) => _counts.At[to] = _counts.At[from];

    internal override bool Removes => true;

    internal override bool Remove(Vector values, int count, int group)
    {
        _counts.At[group] -= count;
        return true;
    }

    internal override void Clear() => _counts.Clear();
}
