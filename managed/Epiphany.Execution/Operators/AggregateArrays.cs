// Execution layer, operators. Transition values that are arrays of PostgreSQL's (array.h): one dimension, no nulls.

using System;

namespace Epiphany.Execution;

static unsafe class AggregateArrays
{
    /// <summary>Varlena header, dimensions, offset of data (0: no nulls), element type; then length and lower bound of the one dimension.</summary>
    const int HeaderBytes = 24;

    /// <summary>An int8[].</summary>
    internal static ulong Make(Arena arena, long first, long second)
    {
        long* elements = Array(arena, TypeOid.Int8, 2);
        elements[0] = first;
        elements[1] = second;
        return (ulong)elements - HeaderBytes;
    }

    /// <summary>A float8[].</summary>
    internal static ulong Make(Arena arena, double first, double second, double third)
    {
        double* elements = (double*)Array(arena, TypeOid.Float8, 3);
        elements[0] = first;
        elements[1] = second;
        elements[2] = third;
        return (ulong)elements - HeaderBytes;
    }

    static long* Array(Arena arena, uint type, int count)
    {
        int bytes = HeaderBytes + (count * sizeof(long));
        uint* header = (uint*)arena.Take((nuint)bytes);
        header[0] = (uint)bytes << 2;
        header[1] = 1;
        header[2] = 0;
        header[3] = type;
        header[4] = (uint)count;
        header[5] = 1;
        return (long*)(header + 6);
    }
}
