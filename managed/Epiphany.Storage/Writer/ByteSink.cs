// Storage layer, writer. A growing run of bytes in the host's memory: a block in the making, or the room for it. Sizes are 64-bit.

using System.Runtime.InteropServices;

namespace Epiphany.Storage;

/// <summary>Appends bytes; a pointer into it is good until the next <see cref="Reserve"/>.</summary>
sealed unsafe class ByteSink(IMemory memory)
{
    const ulong FirstCapacity = 64 * 1024;

    /// <summary>More is not kept: only blocks of wide values need it, and beside the next one it would count twice.</summary>
    const ulong KeptCapacity = 1024 * 1024;

    ulong _capacity;

    internal byte* Bytes { get; private set; }

    internal ulong Length { get; private set; }

    /// <summary>Room for so many bytes more, not yet counted in <see cref="Length"/>; what is in it is arbitrary.</summary>
    internal byte* Reserve(ulong bytes)
    {
        ulong needed = checked(Length + bytes);
        if (needed > _capacity)
        {
            Grow(needed);
        }

        return Bytes + Length;
    }

    /// <summary>Counts bytes that were reserved and written.</summary>
    internal void Commit(ulong bytes) => Length += bytes;

    /// <summary>Appends so many zero bytes and says where they are.</summary>
    internal byte* AppendZeros(ulong bytes)
    {
        byte* at = Reserve(bytes);
        NativeMemory.Clear(at, (nuint)bytes);
        Length += bytes;
        return at;
    }

    internal void Append(byte* source, ulong bytes)
    {
        NativeMemory.Copy(source, Reserve(bytes), (nuint)bytes);
        Length += bytes;
    }

    internal void Align() => AppendZeros(GroupFormat.Align(Length) - Length);

    internal void Clear()
    {
        Length = 0;
        if (_capacity > KeptCapacity)
        {
            Free();
        }
    }

    internal void Free()
    {
        if (Bytes != null)
        {
            memory.Free(Bytes);
        }

        Bytes = null;
        Length = _capacity = 0;
    }

    /// <summary>By little where it is large: a block of wide values comes as a whole, and hardly grows after that.</summary>
    void Grow(ulong needed)
    {
        ulong length = Length;
        if (length == 0)
        {
            Free();
        }

        ulong more = needed <= KeptCapacity ? needed : length < FirstCapacity ? FirstCapacity : needed / 8;
        ulong capacity = ulong.Max(FirstCapacity, needed + more);
        byte* grown = memory.AllocateRoom((nuint)capacity);
        if (length != 0)
        {
            NativeMemory.Copy(Bytes, grown, (nuint)length);
            Free();
        }

        Bytes = grown;
        Length = length;
        _capacity = capacity;
    }
}
