// Test support. Plain memory for the datums of many rows, where a page for each would be too slow.

using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Epiphany.Storage.Tests;

sealed unsafe class NativeHeap : IMemory
{
    readonly List<nint> _pieces = [];

    public byte* Allocate(nuint bytes)
    {
        byte* piece = (byte*)NativeMemory.AllocZeroed(bytes == 0 ? 1 : bytes);
        _pieces.Add((nint)piece);
        return piece;
    }

    public byte* AllocateRoom(nuint bytes) => Allocate(bytes);

    public void Free(byte* p)
    {
    }

    internal void FreeAll()
    {
        foreach (nint piece in _pieces)
        {
            // What a writer still pointed to would show.
            NativeMemory.Free((void*)piece);
        }

        _pieces.Clear();
    }
}
