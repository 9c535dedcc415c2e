// Execution layer, expressions. replace: every occurrence of one string in another by a third.

using System;

namespace Epiphany.Execution;

sealed unsafe class TextReplace(CallSite call) : Kernel(call.Type, call.Arguments)
{
    /// <summary>What a varlena can hold; longer results are errors, which are PostgreSQL's.</summary>
    const long MaxBytes = 0x3FFFFFFF - 4;

    readonly HostCall _onHost = call.OnHost();
    readonly Output _output = new(call.Host);
    readonly TextRoom _room = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector text = Arguments[0].Evaluate(batch, rows);
        Vector from = Arguments[1].Evaluate(batch, rows);
        Vector to = Arguments[2].Evaluate(batch, rows);
        Vector result = _output.Strict(text, from, to, rows);
        ulong bytes = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (!result.IsNull(row))
            {
                long length = Length(Varlena.Payload(text.Values[row]), Varlena.Payload(from.Values[row]), Varlena.Payload(to.Values[row]));
                if (length > MaxBytes)
                {
                    return _onHost.Evaluate(batch, rows);
                }

                bytes += (ulong)length;
            }
        }

        _room.Begin(rows.Count, bytes);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (!result.IsNull(row))
            {
                result.Values[row] = Replaced(Varlena.Payload(text.Values[row]), Varlena.Payload(from.Values[row]), Varlena.Payload(to.Values[row]));
            }
        }

        return result;
    }

    /// <summary>Of the result. Nothing occurs nowhere.</summary>
    static long Length(ReadOnlySpan<byte> text, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to) =>
        from.IsEmpty ? text.Length : text.Length + ((long)text.Count(from) * (to.Length - from.Length));

    ulong Replaced(ReadOnlySpan<byte> text, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        ulong datum = _room.New((int)Length(text, from, to), out Span<byte> result);
        for (int at; !from.IsEmpty && (at = text.IndexOf(from)) >= 0;)
        {
            text[..at].CopyTo(result);
            to.CopyTo(result[at..]);
            result = result[(at + to.Length)..];
            text = text[(at + from.Length)..];
        }

        text.CopyTo(result);
        return datum;
    }
}
