// Storage layer, reader. What a by-reference value looks like in memory: fixed bytes as they are, a varlena with a 4-byte header,
// a C string with its NUL.

using System.Runtime.InteropServices;

namespace Epiphany.Storage;

static unsafe class Datums
{
    /// <summary>Bytes that a datum takes, aligned to 8 for the one after it.</summary>
    internal static ulong Bytes(ColumnKind kind, ulong payload) => GroupFormat.Align(kind switch
    {
        ColumnKind.VarBytes => payload + 4,
        ColumnKind.CString => payload + 1,
        _ => payload,
    });

    internal static void Write(ColumnKind kind, byte* payload, ulong length, byte* datum)
    {
        if (kind == ColumnKind.VarBytes)
        {
            // Total length, header included, in the upper 30 bits; 00 in the lower two.
            *(uint*)datum = (uint)(length + 4) << 2;
            datum += 4;
        }

        NativeMemory.Copy(payload, datum, (nuint)length);
        if (kind == ColumnKind.CString)
        {
            datum[length] = 0;
        }
    }
}
