// Execution layer, core. Memory for many small things that go together.

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>Hands out pieces of large blocks; all of it is given back at once.</summary>
sealed unsafe class Arena(IMemory memory)
{
    const nuint FirstBlock = 8 << 10;
    const nuint LargestBlock = 1 << 20;

    /// <summary>The block in hand; its first word is the address of the one before it.</summary>
    byte* _block;
    byte* _next;
    byte* _end;
    nuint _size = FirstBlock;

    /// <summary>Bytes taken from the host.</summary>
    internal ulong Bytes { get; private set; }

    /// <summary>Bytes handed out.</summary>
    internal ulong Used { get; private set; }

    /// <summary>Aligned to 8.</summary>
    internal byte* Take(nuint bytes)
    {
        bytes = (bytes + 7) & ~(nuint)7;
        if ((nuint)(_end - _next) < bytes)
        {
            Grow(bytes);
        }

        byte* piece = _next;
        _next += bytes;
        Used += bytes;
        return piece;
    }

    /// <summary>A copy of a by-reference datum.</summary>
    internal ulong Copy(ValueType type, ulong datum)
    {
        nuint length = Varlena.DatumBytes(type, (byte*)datum);
        byte* copy = Take(length);
        new ReadOnlySpan<byte>((byte*)datum, checked((int)length)).CopyTo(new Span<byte>(copy, (int)length));
        return (ulong)copy;
    }

    internal void Reset()
    {
        while (_block != null)
        {
            byte* before = *(byte**)_block;
            memory.Free(_block);
            _block = before;
        }

        _next = _end = null;
        _size = FirstBlock;
        Bytes = 0;
        Used = 0;
    }

    void Grow(nuint bytes)
    {
        nuint size = Math.Max(_size, bytes + 8);
        byte* block = memory.Allocate(size);
        *(byte**)block = _block;
        _block = block;
        _next = block + 8;
        _end = block + size;
        _size = Math.Min(_size * 2, LargestBlock);
        Bytes += size;
    }
}
