// Interop layer. Managed objects as numbers that C can hold. A handle dies with a memory context (the shim calls HandleFree), so no
// object behind one has a finalizer. A number carries the generation of its slot: a stale one is an error, not another object.

using System;

namespace Epiphany.Interop;

internal static class Handles
{
    private static object?[] s_objects = new object?[16];
    private static uint[] s_generations = new uint[16];

    /// <summary>For a free slot, the next free one; ends with the number of slots in use so far.</summary>
    private static int[] s_next = new int[16];

    private static int s_free;
    private static int s_used;

    internal static int Count { get; private set; }

    internal static ulong Add(object target)
    {
        if (s_free == s_used)
        {
            Grow();
        }

        var slot = s_free;
        s_free = s_next[slot];
        s_objects[slot] = target;
        Count++;
        return (ulong)s_generations[slot] << 32 | (uint)(slot + 1);
    }

    internal static T Get<T>(ulong handle) where T : class
    {
        var slot = Slot(handle);
        if (slot < 0 || s_objects[slot] is not T target)
        {
            Throw.NotAHandle();
            return null;
        }

        return target;
    }

    /// <summary>Allocates nothing and cannot fail; a number that is no handle is let go.</summary>
    internal static void Free(ulong handle)
    {
        var slot = Slot(handle);
        if (slot < 0)
        {
            return;
        }

        s_objects[slot] = null;
        s_generations[slot]++;
        s_next[slot] = s_free;
        s_free = slot;
        Count--;
    }

    private static int Slot(ulong handle)
    {
        var slot = (long)(uint)handle - 1;
        var live = slot >= 0 && slot < s_used && s_generations[slot] == handle >> 32 && s_objects[slot] != null;
        return live ? (int)slot : -1;
    }

    /// <summary>Takes one more slot into use. The arrays are all made before one is replaced: running out of memory changes nothing.</summary>
    private static void Grow()
    {
        if (s_used == s_objects.Length)
        {
            var objects = new object?[s_used * 2];
            var generations = new uint[s_used * 2];
            var next = new int[s_used * 2];
            Array.Copy(s_objects, objects, s_used);
            Array.Copy(s_generations, generations, s_used);
            Array.Copy(s_next, next, s_used);
            (s_objects, s_generations, s_next) = (objects, generations, next);
        }

        s_next[s_used] = s_used + 1;
        s_used++;
    }
}
