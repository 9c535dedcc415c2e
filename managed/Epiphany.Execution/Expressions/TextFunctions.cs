// Execution layer, expressions. Functions that make a string of strings.

using System;
using System.Runtime.Intrinsics;

namespace Epiphany.Execution;

/// <summary>substring (text from integer for integer), by characters of UTF-8. Without a length it goes to the end.</summary>
sealed unsafe class Substring(CallSite call) : Kernel(call.Type, call.Arguments)
{
    readonly Output _output = new(call.Host);
    readonly TextRoom _room = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector text = Arguments[0].Evaluate(batch, rows);
        Vector start = Arguments[1].Evaluate(batch, rows);
        Vector result = _output.Strict(text, start, rows);
        Vector? length = Arguments.Length > 2 ? Arguments[2].Evaluate(batch, rows) : null;
        if (length != null)
        {
            result.Nulls = NullMath.Either(result.Nulls, length.Nulls, rows, _output.Nulls);
        }

        _room.Begin(rows.Count, TextRoom.Bytes(text, result.Nulls, rows));
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (!result.IsNull(row))
            {
                long end = length == null ? long.MaxValue : End((int)start.Values[row], (int)length.Values[row]);
                result.Values[row] = _room.Copy(Part(Varlena.Payload(text.Values[row]), (int)start.Values[row], end));
            }
        }

        return result;
    }

    /// <summary>The first character after the part.</summary>
    long End(int start, int length)
    {
        if (length < 0)
        {
            SqlErrors.NegativeLength(call.Host);
        }

        long end = (long)start + length;
        return end > int.MaxValue ? long.MaxValue : end;
    }

    static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> text, int start, long end)
    {
        int first = Math.Max(start, 1);
        ReadOnlySpan<byte> rest = text[Utf8.Offset(text, first - 1)..];
        return end <= first ? default : end == long.MaxValue ? rest : rest[..Utf8.Offset(rest, end - first)];
    }
}

/// <summary>text || text.</summary>
sealed unsafe class Concatenation(CallSite call) : Kernel(call.Type, call.Arguments)
{
    readonly Output _output = new(call.Host);
    readonly TextRoom _room = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector left = Arguments[0].Evaluate(batch, rows);
        Vector right = Arguments[1].Evaluate(batch, rows);
        Vector result = _output.Strict(left, right, rows);
        _room.Begin(rows.Count, TextRoom.Bytes(left, result.Nulls, rows) + TextRoom.Bytes(right, result.Nulls, rows));
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (!result.IsNull(row))
            {
                ReadOnlySpan<byte> a = Varlena.Payload(left.Values[row]);
                ReadOnlySpan<byte> b = Varlena.Payload(right.Values[row]);
                result.Values[row] = _room.New(a.Length + b.Length, out Span<byte> both);
                a.CopyTo(both);
                b.CopyTo(both[a.Length..]);
            }
        }

        return result;
    }
}

interface ITextFunction
{
    /// <summary>No result is longer than its argument.</summary>
    static abstract ulong Of(ReadOnlySpan<byte> text, TextRoom room);
}

/// <summary>Of ASCII letters: what the collation "C" knows.</summary>
static class AsciiCase
{
    /// <summary>The other case of the 26 letters from <paramref name="first"/> on.</summary>
    internal static void Flip(ReadOnlySpan<byte> text, byte first, Span<byte> result)
    {
        int i = 0;
        for (; i <= text.Length - Vector128<byte>.Count; i += Vector128<byte>.Count)
        {
            Vector128<byte> bytes = Vector128.Create(text[i..]);
            Vector128<byte> isLetter = Vector128.LessThan(bytes - Vector128.Create(first), Vector128.Create((byte)26));
            (bytes ^ (isLetter & Vector128.Create((byte)0x20))).CopyTo(result[i..]);
        }

        for (; i < text.Length; i++)
        {
            result[i] = (byte)(text[i] ^ ((uint)(text[i] - first) < 26 ? 0x20 : 0));
        }
    }
}

readonly struct AsciiUpper : ITextFunction
{
    public static ulong Of(ReadOnlySpan<byte> text, TextRoom room)
    {
        ulong datum = room.New(text.Length, out Span<byte> result);
        AsciiCase.Flip(text, (byte)'a', result);
        return datum;
    }
}

readonly struct AsciiLower : ITextFunction
{
    public static ulong Of(ReadOnlySpan<byte> text, TextRoom room)
    {
        ulong datum = room.New(text.Length, out Span<byte> result);
        AsciiCase.Flip(text, (byte)'A', result);
        return datum;
    }
}

/// <summary>rtrim without a second argument, and char(n) as text.</summary>
readonly struct WithoutTrailingBlanks : ITextFunction
{
    public static ulong Of(ReadOnlySpan<byte> text, TextRoom room) => room.Copy(text.TrimEnd((byte)' '));
}

readonly struct WithoutLeadingBlanks : ITextFunction
{
    public static ulong Of(ReadOnlySpan<byte> text, TextRoom room) => room.Copy(text.TrimStart((byte)' '));
}

readonly struct WithoutBlanksAround : ITextFunction
{
    public static ulong Of(ReadOnlySpan<byte> text, TextRoom room) => room.Copy(text.Trim((byte)' '));
}

sealed unsafe class TextFunction<TFunction>(CallSite call) : Kernel(call.Type, call.Arguments)
    where TFunction : struct, ITextFunction
{
    readonly Output _output = new(call.Host);
    readonly TextRoom _room = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector text = Arguments[0].Evaluate(batch, rows);
        _room.Begin(rows.Count, TextRoom.Bytes(text, text.Nulls, rows));
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (!text.IsNull(row))
            {
                _output.Values[row] = TFunction.Of(Varlena.Payload(text.Values[row]), _room);
            }
        }

        return _output.Strict(text);
    }
}
