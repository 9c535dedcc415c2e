// Storage layer, contract. Arrays in the host's memory that grow.

using System.Runtime.InteropServices;

namespace Epiphany.Storage;

public static unsafe class Growth
{
    /// <summary>A larger block that begins with what the old one (null: none) held; the rest is zero, and the old one is gone.</summary>
    public static byte* Grow(this IMemory memory, byte* old, nuint used, nuint room) => Move(memory, old, used, memory.Allocate(room));

    /// <summary>Likewise, but the rest is arbitrary.</summary>
    public static byte* GrowRoom(this IMemory memory, byte* old, nuint used, nuint room) => Move(memory, old, used, memory.AllocateRoom(room));

    static byte* Move(IMemory memory, byte* old, nuint used, byte* grown)
    {
        if (old != null)
        {
            NativeMemory.Copy(old, grown, used);
            memory.Free(old);
        }

        return grown;
    }
}
