// Execution layer, core. Arrays in the host's memory that grow.

using System.Runtime.InteropServices;
using Epiphany.Storage;

namespace Epiphany.Execution;

static unsafe class Growth
{
    /// <summary>A larger block that begins with what the old one (null: none) held; the rest is zero, and the old one is gone.</summary>
    internal static byte* Grow(this IMemory memory, byte* old, nuint used, nuint room)
    {
        byte* grown = memory.Allocate(room);
        if (old != null)
        {
            NativeMemory.Copy(old, grown, used);
            memory.Free(old);
        }

        return grown;
    }
}
