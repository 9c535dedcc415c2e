// Storage layer, writer. What the datums of by-reference kinds hold. Knows PostgreSQL's varlena headers, and drops them.

using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Epiphany.Storage;

static unsafe class Payloads
{
    /// <summary>Bytes past a copy that may be overwritten.</summary>
    internal const ulong Slack = 64;

    /// <summary>The smallest there is.</summary>
    const ulong Page = 4096;

    /// <summary>Where the payload is of every <paramref name="stride"/>-th datum, and how long; says how long all are. Nulls are empty.</summary>
    internal static ulong Locate(
        ColumnShape shape, ulong* datums, byte* isNull, int rows, nint stride, ulong* addresses, uint* lengths)
    {
        bool isVarlena = shape.Kind is ColumnKind.VarBytes or ColumnKind.Numeric;
        ulong bytes = 0;
        int first = 0;
        if (isVarlena && isNull == null)
        {
            for (; first < rows; first++, datums += stride)
            {
                addresses[first] = (ulong)Varlena((byte*)*datums, out lengths[first]);
                bytes += lengths[first];
            }
        }

        for (int i = first; i < rows; i++, datums += stride)
        {
            byte* datum = (byte*)*datums;
            lengths[i] = 0;
            if (isNull != null && isNull[i] != 0)
            {
                datum = null;
            }
            else if (isVarlena)
            {
                datum = Varlena(datum, out lengths[i]);
            }
            else
            {
                lengths[i] = shape.Kind == ColumnKind.FixedBytes
                    ? (uint)shape.FixedLength
                    : (uint)MemoryMarshal.CreateReadOnlySpanFromNullTerminated(datum).Length;
            }

            addresses[i] = (ulong)datum;
            bytes += lengths[i];
        }

        return bytes;
    }

    /// <summary>
    /// Most values are short: as much as <see cref="Slack"/> is moved whatever their length, if that is in one page, where what can be read at all
    /// can be read to the end. So bytes past the value's room are overwritten. Nulls, which have no address, are no bytes.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Copy(byte* from, byte* to, uint length)
    {
        if (length - 1 < Slack && ((ulong)from & (Page - 1)) <= Page - Slack)
        {
            Vector256<byte> last = Vector256.Load(from + 32);
            Vector256.Load(from).Store(to);
            last.Store(to + 32);
        }
        else
        {
            NativeMemory.Copy(from, to, length);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static byte* Varlena(byte* datum, out uint length)
    {
        uint first = *datum;
        if ((first & 1) != 0)
        {
            // One byte: total length, header included, in its upper seven bits. 0 there marks a TOAST pointer.
            if (first == 1)
            {
                Throw.Argument("a value lies outside the row: it must be fetched before it is stored");
            }

            length = (first >> 1) - 1;
            return datum + 1;
        }

        uint header = *(uint*)datum;
        if ((header & 3) != 0 || header >> 2 < 4)
        {
            Throw.Argument("a value is compressed or has no valid header: it must be plain before it is stored");
        }

        length = (header >> 2) - 4;
        return datum + 4;
    }
}
