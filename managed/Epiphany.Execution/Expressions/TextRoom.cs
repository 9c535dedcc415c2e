// Execution layer, expressions. Memory for the varlenas that a kernel makes of one batch.

using System;

namespace Epiphany.Execution;

/// <summary>Taken anew for each batch; what was made before is then overwritten.</summary>
sealed unsafe class TextRoom(IExecutionHost host)
{
    const int HeaderBytes = 4;

    byte* _bytes;
    nuint _room;
    nuint _used;

    /// <summary>Before the first varlena of a batch: how many there can be, and of how many bytes together.</summary>
    internal void Begin(int count, ulong bytes)
    {
        // Each with its header, and aligned to 4.
        nuint needed = (nuint)bytes + ((nuint)count * 8);
        if (_room < needed)
        {
            if (_bytes != null)
            {
                host.Memory.Free(_bytes);
                _bytes = null;
            }

            _room = Math.Max(needed, 2 * _room);
            _bytes = host.Memory.Allocate(_room);
        }

        _used = 0;
    }

    /// <summary>A varlena of so many bytes, which the caller fills in.</summary>
    internal ulong New(int length, out Span<byte> payload)
    {
        byte* datum = _bytes + _used;
        *(uint*)datum = (uint)(length + HeaderBytes) << 2;
        payload = new Span<byte>(datum + HeaderBytes, length);
        _used += (nuint)((length + HeaderBytes + 3) & ~3);
        return (ulong)datum;
    }

    internal ulong Copy(ReadOnlySpan<byte> payload)
    {
        ulong datum = New(payload.Length, out Span<byte> copy);
        payload.CopyTo(copy);
        return datum;
    }

    /// <summary>Bytes of the strings of rows that are not null.</summary>
    internal static ulong Bytes(Vector text, byte* nulls, Rows rows)
    {
        ulong bytes = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            bytes += nulls == null || nulls[row] == 0 ? (ulong)Varlena.Payload(text.Values[row]).Length : 0;
        }

        return bytes;
    }
}
