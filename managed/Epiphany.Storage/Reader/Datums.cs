// Storage layer, reader. What a by-reference value looks like in memory: fixed bytes as they are, a varlena with a 4-byte header,
// a C string with its NUL.

using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Epiphany.Storage;

static unsafe class Datums
{
    /// <summary>Up to here as many bytes are copied always: lengths vary, and a mispredicted branch costs more than the bytes.</summary>
    const ulong ShortPayload = 64;

    /// <summary>Bytes that a datum takes, aligned to 8 for the one after it.</summary>
    internal static ulong Bytes(ColumnKind kind, ulong payload) => GroupFormat.Align(kind switch
    {
        ColumnKind.VarBytes or ColumnKind.Numeric => payload + 4,
        ColumnKind.CString => payload + 1,
        _ => payload,
    });

    /// <summary>
    /// Writes a datum. Up to 64 bytes past its end are overwritten: datums are written in the order of their addresses, and their
    /// buffers end in so much slack. As many bytes past the payload are read, which the slack of the block allows for.
    /// </summary>
    internal static void Write(ColumnKind kind, byte* payload, ulong length, byte* datum)
    {
        byte* to = datum + HeaderBytes(kind);
        if (length <= ShortPayload)
        {
            Vector512.Load(payload).Store(to);
        }
        else
        {
            NativeMemory.Copy(payload, to, (nuint)length);
        }

        Close(kind, length, datum);
    }

    /// <summary>Where a datum's payload begins.</summary>
    internal static int HeaderBytes(ColumnKind kind) => Kinds.IsVarlena(kind) ? 4 : 0;

    /// <summary>Writes what is around a payload that is in its place.</summary>
    internal static void Close(ColumnKind kind, ulong length, byte* datum)
    {
        if (Kinds.IsVarlena(kind))
        {
            // Total length, header included, in the upper 30 bits; 00 in the lower two.
            *(uint*)datum = (uint)(length + 4) << 2;
        }
        else if (kind == ColumnKind.CString)
        {
            datum[length] = 0;
        }
    }
}
