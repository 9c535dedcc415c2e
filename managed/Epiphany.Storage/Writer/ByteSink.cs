// Storage layer, writer. A growing run of bytes in the host's memory. Sizes are 64-bit: a group may pass 2 GB.

using System.Runtime.InteropServices;

namespace Epiphany.Storage;

/// <summary>Appends bytes; a pointer into it is good until the next <see cref="Reserve"/>.</summary>
sealed unsafe class ByteSink(IMemory memory)
{
    const ulong FirstCapacity = 64 * 1024;

    ulong _capacity;

    internal byte* Bytes { get; private set; }

    internal ulong Length { get; private set; }

    /// <summary>Room for so many bytes more, not yet counted in <see cref="Length"/>; what is in it is arbitrary.</summary>
    internal byte* Reserve(ulong bytes)
    {
        ulong needed = checked(Length + bytes);
        if (needed > _capacity)
        {
            ulong capacity = ulong.Max(needed, ulong.Max(FirstCapacity, _capacity * 2));
            byte* grown = memory.Allocate((nuint)capacity);
            if (Bytes != null)
            {
                NativeMemory.Copy(Bytes, grown, (nuint)Length);
                memory.Free(Bytes);
            }

            Bytes = grown;
            _capacity = capacity;
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

    internal void Clear() => Length = 0;

    internal void Free()
    {
        if (Bytes != null)
        {
            memory.Free(Bytes);
        }

        Bytes = null;
        Length = _capacity = 0;
    }
}
