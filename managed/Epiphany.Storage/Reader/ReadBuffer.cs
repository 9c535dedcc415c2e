// Storage layer, reader. Memory that grows to what was needed most and is then used again: no allocation once a scan is warm.

using Epiphany.Kernels;

namespace Epiphany.Storage;

/// <summary>One reusable piece of the host's memory, with the slack that the kernels may read past its end.</summary>
struct ReadBuffer
{
    /// <summary>So much is kept for what comes next; of more, only what is in use.</summary>
    const ulong KeptCapacity = 1024 * 1024;

    unsafe byte* _bytes;
    ulong _capacity;

    /// <summary>Room for so many bytes; what was in it before is lost when that takes other memory.</summary>
    internal unsafe byte* Ensure(IMemory memory, ulong bytes)
    {
        if (_bytes == null || bytes > _capacity || (_capacity > KeptCapacity && bytes < _capacity / 2))
        {
            Free(memory);
            // A little more than asked for: the next vector is seldom exactly as large.
            ulong capacity = bytes + ulong.Min(bytes / 8, KeptCapacity / 8) + 64;
            _bytes = memory.AllocateRoom((nuint)(capacity + BitPacking.Slack));
            _capacity = capacity;
        }

        return _bytes;
    }

    /// <summary>What was in it is of no use any more.</summary>
    internal void Release(IMemory memory)
    {
        if (_capacity > KeptCapacity)
        {
            Free(memory);
        }
    }

    internal unsafe void Free(IMemory memory)
    {
        if (_bytes != null)
        {
            memory.Free(_bytes);
        }

        _bytes = null;
        _capacity = 0;
    }
}
