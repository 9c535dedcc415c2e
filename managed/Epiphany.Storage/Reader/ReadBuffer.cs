// Storage layer, reader. Memory that grows to what was needed most and is then used again: no allocation once a scan is warm.

using Epiphany.Kernels;

namespace Epiphany.Storage;

/// <summary>One reusable piece of the host's memory, with the slack that the kernels may read past its end.</summary>
struct ReadBuffer
{
    unsafe byte* _bytes;
    ulong _capacity;

    /// <summary>Room for so many bytes; what was in it before is lost when it has to grow.</summary>
    internal unsafe byte* Ensure(IMemory memory, ulong bytes)
    {
        if (_bytes == null || bytes > _capacity)
        {
            if (_bytes != null)
            {
                memory.Free(_bytes);
                _bytes = null;
            }

            // A little more than asked for: the next vector is seldom exactly as large.
            ulong capacity = bytes + (bytes / 8) + 64;
            _bytes = memory.Allocate((nuint)(capacity + BitPacking.Slack));
            _capacity = capacity;
        }

        return _bytes;
    }
}
