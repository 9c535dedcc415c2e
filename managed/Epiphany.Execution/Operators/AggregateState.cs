// Execution layer, operators. What an aggregate keeps for each group.

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>What is asked of a state. One state may serve several aggregates of the same argument.</summary>
enum AggregateResult
{
    /// <summary>What the aggregate is about: a count, a sum, a least value.</summary>
    Value,
    Average,
    PopulationVariance,
    SampleVariance,
    PopulationDeviation,
    SampleDeviation,

    /// <summary>PostgreSQL's own transition value, serialised where its type is internal.</summary>
    Transition,
}

/// <summary>States of all groups, by number; a new group's is that of no rows.</summary>
abstract unsafe class AggregateState
{
    internal abstract ulong Bytes { get; }

    /// <summary>Told of each aggregate that takes a result from the state, before values come. Who is told of none may be asked for any.</summary>
    internal virtual void Serve(AggregateResult what)
    {
    }

    /// <summary>Room for so many groups.</summary>
    internal abstract void Reserve(int groups);

    /// <summary>Takes in rows.Count values, none of them null, which belong to the groups that <paramref name="rows"/> says.</summary>
    internal abstract void Add(Vector values, AggregateRows rows);

    /// <summary>
    /// Takes in so many values of group 0, more than none, of which no more is known than their sum: an integer, divided by 10^scale where it is one
    /// of NUMERIC, whose values have that display scale. Of states that count or sum.
    /// </summary>
    internal virtual void AddWhole(long values, Int128 sum, int scale) => Throw.BadProgram("an aggregate that needs values is to do without");

    /// <summary>Results of some groups; by-reference ones in the arena.</summary>
    internal abstract void Show(AggregateResult what, int* groups, int count, VectorBuffer buffer, Arena arena, Vector result);

    /// <summary>A group becomes what another one is.</summary>
    internal abstract void Copy(int from, int to);

    /// <summary>Can values be taken out again, most times at least? Not where a result depends on the order of rows.</summary>
    internal virtual bool Removes => false;

    /// <summary>Takes values out of a group that have come in before. False: it could not, and the group is spoilt.</summary>
    internal virtual bool Remove(Vector values, int count, int group) => false;

    internal abstract void Clear();
}

/// <summary>Something of each group; zeros to begin with.</summary>
sealed unsafe class GroupArray<T>(IMemory memory)
    where T : unmanaged
{
    const int First = 64;
    int _room;

    internal T* At { get; private set; }

    internal ulong Bytes => (ulong)_room * (ulong)sizeof(T);

    internal void Reserve(int groups)
    {
        if (groups <= _room)
        {
            return;
        }

        int room = System.Math.Max(groups, System.Math.Max(First, 2 * _room));
        At = (T*)memory.Grow((byte*)At, (nuint)Bytes, (nuint)room * (nuint)sizeof(T));
        _room = room;
    }

    internal void Clear()
    {
        if (At != null)
        {
            memory.Free((byte*)At);
        }

        At = null;
        _room = 0;
    }
}
