// Execution layer, expressions. Functions that make an integer of a string.

using System;

namespace Epiphany.Execution;

interface ITextInteger
{
    static abstract int Of(ReadOnlySpan<byte> text);
}

/// <summary>length of text: characters.</summary>
readonly struct CharacterLength : ITextInteger
{
    public static int Of(ReadOnlySpan<byte> text) => Utf8.Count(text);
}

/// <summary>length of char(n): characters, but for trailing blanks.</summary>
readonly struct TrimmedLength : ITextInteger
{
    public static int Of(ReadOnlySpan<byte> text) => Utf8.Count(text.TrimEnd((byte)' '));
}

readonly struct ByteLength : ITextInteger
{
    public static int Of(ReadOnlySpan<byte> text) => text.Length;
}

sealed unsafe class TextInteger<TFunction>(CallSite call) : Kernel(call.Type, call.Arguments)
    where TFunction : struct, ITextInteger
{
    readonly Output _output = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector text = Arguments[0].Evaluate(batch, rows);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (!text.IsNull(row))
            {
                _output.Values[row] = (ulong)TFunction.Of(Varlena.Payload(text.Values[row]));
            }
        }

        return _output.Strict(text);
    }
}

/// <summary>position and strpos: the number of the first character of the first match, from 1; 0: there is none.</summary>
sealed unsafe class TextPosition(CallSite call) : Kernel(call.Type, call.Arguments)
{
    readonly Output _output = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector text = Arguments[0].Evaluate(batch, rows);
        Vector wanted = Arguments[1].Evaluate(batch, rows);
        Vector result = _output.Strict(text, wanted, rows);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (!result.IsNull(row))
            {
                ReadOnlySpan<byte> bytes = Varlena.Payload(text.Values[row]);
                int at = bytes.IndexOf(Varlena.Payload(wanted.Values[row]));
                result.Values[row] = at < 0 ? 0 : (ulong)Utf8.Count(bytes[..at]) + 1;
            }
        }

        return result;
    }
}

/// <summary>starts_with, and the operator ^@.</summary>
sealed unsafe class StartsWith(CallSite call) : Kernel(call.Type, call.Arguments)
{
    readonly Output _output = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector text = Arguments[0].Evaluate(batch, rows);
        Vector prefix = Arguments[1].Evaluate(batch, rows);
        Vector result = _output.Strict(text, prefix, rows);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (!result.IsNull(row))
            {
                result.Values[row] = Varlena.Payload(text.Values[row]).StartsWith(Varlena.Payload(prefix.Values[row])) ? 1UL : 0;
            }
        }

        return result;
    }
}
