// Execution layer, core. How PostgreSQL lays out values of varying length (varatt.h). None here is compressed or out of line.

using System;

namespace Epiphany.Execution;

/// <summary>Reads both headers: 4 bytes (length, itself included, times 4), or 1 byte (the same, times 2, plus 1).</summary>
static unsafe class Varlena
{
    internal static ReadOnlySpan<byte> Payload(ulong datum)
    {
        byte* bytes = (byte*)datum;
        return (bytes[0] & 1) != 0
            ? new ReadOnlySpan<byte>(bytes + 1, (bytes[0] >> 1) - 1)
            : new ReadOnlySpan<byte>(bytes + 4, (int)(*(uint*)bytes >> 2) - 4);
    }

    /// <summary>All bytes of a by-reference datum.</summary>
    internal static nuint DatumBytes(ValueType type, byte* datum) => type.Length switch
    {
        -1 => (datum[0] & 1) != 0 ? (nuint)(datum[0] >> 1) : *(uint*)datum >> 2,
        -2 => (nuint)System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated(datum).Length + 1,
        _ => (nuint)type.Length,
    };
}
