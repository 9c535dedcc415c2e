// Execution layer, core. A list in the host's memory.

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>Elements by number, in one block that grows; what was taken of it stays where it is until the next Add.</summary>
sealed unsafe class HostList<T>(IMemory memory)
    where T : unmanaged
{
    const int FirstRoom = 256;

    T* _items;
    int _room;

    internal int Count { get; private set; }

    internal ulong Bytes => (ulong)_room * (ulong)sizeof(T);

    internal T* Items => _items;

    internal ref T this[int number] => ref _items[number];

    internal Span<T> Span => new(_items, Count);

    internal void Add(T item)
    {
        if (Count == _room)
        {
            int room = Math.Max(FirstRoom, checked(_room * 2));
            _items = (T*)memory.GrowRoom((byte*)_items, (nuint)Count * (nuint)sizeof(T), (nuint)room * (nuint)sizeof(T));
            _room = room;
        }

        _items[Count++] = item;
    }

    /// <summary>Forgets all, and gives the block back.</summary>
    internal void Clear()
    {
        if (_items != null)
        {
            memory.Free((byte*)_items);
        }

        _items = null;
        _room = 0;
        Count = 0;
    }
}
