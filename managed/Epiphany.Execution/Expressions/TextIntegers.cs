// Execution layer, expressions. Functions that make an integer, or a truth, of strings.

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

interface ITextPair
{
    static abstract ulong Of(ReadOnlySpan<byte> text, ReadOnlySpan<byte> other);
}

/// <summary>position and strpos: the number of the first character of the first match, from 1; 0: there is none.</summary>
readonly struct TextPosition : ITextPair
{
    public static ulong Of(ReadOnlySpan<byte> text, ReadOnlySpan<byte> other)
    {
        int at = text.IndexOf(other);
        return at < 0 ? 0 : (ulong)Utf8.Count(text[..at]) + 1;
    }
}

/// <summary>starts_with, and the operator ^@.</summary>
readonly struct StartsWith : ITextPair
{
    public static ulong Of(ReadOnlySpan<byte> text, ReadOnlySpan<byte> other) => text.StartsWith(other) ? 1UL : 0;
}

sealed unsafe class TextPair<TFunction>(CallSite call) : Kernel(call.Type, call.Arguments)
    where TFunction : struct, ITextPair
{
    readonly Output _output = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector text = Arguments[0].Evaluate(batch, rows);
        Vector other = Arguments[1].Evaluate(batch, rows);
        Vector result = _output.Strict(text, other, rows);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (!result.IsNull(row))
            {
                result.Values[row] = TFunction.Of(Varlena.Payload(text.Values[row]), Varlena.Payload(other.Values[row]));
            }
        }

        return result;
    }
}
