// Test support. Host memory whose every piece ends at a page that may not be touched: a read or write past the end kills the run.

using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

namespace Epiphany.Storage.Tests;

sealed unsafe partial class GuardedMemory : IMemory, IDisposable
{
    const nuint Page = 4096;

    readonly Dictionary<nint, (nint Start, nuint Length, nuint Asked)> _pieces = [];

    /// <summary>Bytes in all pieces now.</summary>
    internal ulong Held { get; private set; }

    /// <summary>Most that there ever were.</summary>
    internal ulong Peak { get; private set; }

    /// <summary>Largest single piece ever asked for.</summary>
    internal ulong Largest { get; private set; }

    internal int Allocations { get; private set; }

    internal ulong Limit { get; init; } = 1UL << 31;

    public byte* Allocate(nuint bytes)
    {
        Largest = Math.Max(Largest, bytes);
        if (bytes > Limit)
        {
            throw new OutOfMemoryException();
        }

        nuint rounded = (bytes + 7) & ~(nuint)7;
        nuint body = (rounded + Page - 1) / Page * Page;
        const int ReadWrite = 3;
        const int PrivateAnonymous = 0x22;
        nint start = Map(0, body + Page, ReadWrite, PrivateAnonymous, -1, 0);
        if (start == -1 || Protect(start + (nint)body, Page, 0) != 0)
        {
            throw new OutOfMemoryException();
        }

        nint at = start + (nint)(body - rounded);
        _pieces.Add(at, (start, body + Page, bytes));
        Held += bytes;
        Peak = Math.Max(Peak, Held);
        Allocations++;
        return (byte*)at;
    }

    /// <summary>What lies there is not zero.</summary>
    public byte* AllocateRoom(nuint bytes)
    {
        byte* room = Allocate(bytes);
        NativeMemory.Fill(room, bytes, 0xA7);
        return room;
    }

    public void Free(byte* p)
    {
        if (!_pieces.Remove((nint)p, out (nint Start, nuint Length, nuint Asked) piece))
        {
            throw new InvalidOperationException("memory is freed that was not taken");
        }

        Held -= piece.Asked;
        _ = Unmap(piece.Start, piece.Length);
    }

    public void Dispose()
    {
        foreach ((nint start, nuint length, _) in _pieces.Values)
        {
            _ = Unmap(start, length);
        }

        _pieces.Clear();
    }

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);
}
