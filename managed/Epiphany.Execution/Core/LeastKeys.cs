// Execution layer, core. The least of many keys, for who wants so many and no more.

using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>A heap whose root is the greatest key that was kept; with an id beside each where <paramref name="withIds"/>.</summary>
sealed unsafe class LeastKeys(IMemory memory, bool withIds)
{
    int _room;

    internal long* Keys { get; private set; }

    /// <summary>Null without ids.</summary>
    internal ulong* Ids { get; private set; }

    internal int Count { get; private set; }

    internal int Wanted { get; private set; }

    internal bool IsFull => Count == Wanted;

    /// <summary>Of those kept; there must be one.</summary>
    internal long Greatest => Keys[0];

    /// <summary>Begins anew, of which so many are wanted, at least one.</summary>
    internal void Begin(int wanted)
    {
        if (wanted > _room)
        {
            if (Keys != null)
            {
                memory.Free((byte*)Keys);
                Keys = null;
                _room = 0;
            }

            Keys = (long*)memory.Allocate((nuint)wanted * (sizeof(long) + (withIds ? sizeof(ulong) : 0u)));
            Ids = withIds ? (ulong*)(Keys + wanted) : null;
            _room = wanted;
        }

        Wanted = wanted;
        Count = 0;
    }

    /// <summary>False: there are as many that are less. One that is as great as the greatest is not kept, but might as well be.</summary>
    internal bool Add(long key, ulong id)
    {
        if (!IsFull)
        {
            Rise(key, id);
            return true;
        }

        if (key < Keys[0])
        {
            Sink(key, id);
            return true;
        }

        return key == Keys[0];
    }

    void Rise(long key, ulong id)
    {
        int at = Count++;
        while (at > 0 && Keys[(at - 1) / 2] < key)
        {
            Put(at, (at - 1) / 2);
            at = (at - 1) / 2;
        }

        Put(at, key, id);
    }

    /// <summary>In place of the root.</summary>
    void Sink(long key, ulong id)
    {
        int at = 0;
        for (; ; )
        {
            int child = (2 * at) + 1;
            if (child >= Count)
            {
                break;
            }

            child += child + 1 < Count && Keys[child + 1] > Keys[child] ? 1 : 0;
            if (Keys[child] <= key)
            {
                break;
            }

            Put(at, child);
            at = child;
        }

        Put(at, key, id);
    }

    void Put(int to, int from) => Put(to, Keys[from], withIds ? Ids[from] : 0);

    void Put(int to, long key, ulong id)
    {
        Keys[to] = key;
        if (withIds)
        {
            Ids[to] = id;
        }
    }
}
