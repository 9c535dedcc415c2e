// Execution layer, expressions. left, right, split_part and trimming of given characters: parts of a string, by characters of UTF-8.

using System;

namespace Epiphany.Execution;

interface ITextPart
{
    static abstract ReadOnlySpan<byte> Of(ReadOnlySpan<byte> text, int number);
}

/// <summary>The first characters; below 0 all but so many at the end.</summary>
readonly struct LeftPart : ITextPart
{
    public static ReadOnlySpan<byte> Of(ReadOnlySpan<byte> text, int number) =>
        text[..Utf8.Offset(text, number < 0 ? (long)Utf8.Count(text) + number : number)];
}

/// <summary>The last characters; below 0 all but so many at the beginning. The smallest integer has no negative: then it is all.</summary>
readonly struct RightPart : ITextPart
{
    public static ReadOnlySpan<byte> Of(ReadOnlySpan<byte> text, int number) =>
        text[Utf8.Offset(text, number < 0 ? unchecked(-number) : (long)Utf8.Count(text) - number)..];
}

sealed unsafe class TextPart<TPart>(CallSite call) : Kernel(call.Type, call.Arguments)
    where TPart : struct, ITextPart
{
    readonly Output _output = new(call.Host);
    readonly TextRoom _room = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector text = Arguments[0].Evaluate(batch, rows);
        Vector number = Arguments[1].Evaluate(batch, rows);
        Vector result = _output.Strict(text, number, rows);
        _room.Begin(rows.Count, TextRoom.Bytes(text, result.Nulls, rows));
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (!result.IsNull(row))
            {
                result.Values[row] = _room.Copy(TPart.Of(Varlena.Payload(text.Values[row]), (int)number.Values[row]));
            }
        }

        return result;
    }
}

/// <summary>split_part. Field 0 is an error, which is PostgreSQL's.</summary>
sealed unsafe class SplitPart(CallSite call) : Kernel(call.Type, call.Arguments)
{
    readonly HostCall _onHost = call.OnHost();
    readonly Output _output = new(call.Host);
    readonly TextRoom _room = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector text = Arguments[0].Evaluate(batch, rows);
        Vector separator = Arguments[1].Evaluate(batch, rows);
        Vector field = Arguments[2].Evaluate(batch, rows);
        Vector result = _output.Strict(text, separator, field, rows);
        _room.Begin(rows.Count, TextRoom.Bytes(text, result.Nulls, rows));
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (result.IsNull(row))
            {
                continue;
            }

            if ((int)field.Values[row] == 0)
            {
                return _onHost.Evaluate(batch, rows);
            }

            result.Values[row] = _room.Copy(Part(Varlena.Payload(text.Values[row]), Varlena.Payload(separator.Values[row]), (int)field.Values[row]));
        }

        return result;
    }

    /// <summary>Separators are found from the left, none within another; below 0, fields count from the last.</summary>
    static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> text, ReadOnlySpan<byte> separator, int field)
    {
        if (separator.IsEmpty)
        {
            return field is 1 or -1 ? text : default;
        }

        long skipped = field > 0 ? field - 1L : text.Count(separator) + 1L + field;
        if (skipped < 0)
        {
            return default;
        }

        int at = text.IndexOf(separator);
        for (; skipped > 0 && at >= 0; skipped--)
        {
            text = text[(at + separator.Length)..];
            at = text.IndexOf(separator);
        }

        return skipped > 0 ? default : at < 0 ? text : text[..at];
    }
}

/// <summary>btrim, ltrim and rtrim of a set of ASCII characters; other sets are PostgreSQL's.</summary>
sealed unsafe class TrimSet(CallSite call, bool fromLeft, bool fromRight) : Kernel(call.Type, call.Arguments)
{
    readonly HostCall _onHost = call.OnHost();
    readonly Output _output = new(call.Host);
    readonly TextRoom _room = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector text = Arguments[0].Evaluate(batch, rows);
        Vector set = Arguments[1].Evaluate(batch, rows);
        Vector result = _output.Strict(text, set, rows);
        _room.Begin(rows.Count, TextRoom.Bytes(text, result.Nulls, rows));
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (result.IsNull(row))
            {
                continue;
            }

            ReadOnlySpan<byte> characters = Varlena.Payload(set.Values[row]);
            if (!System.Text.Ascii.IsValid(characters))
            {
                return _onHost.Evaluate(batch, rows);
            }

            ReadOnlySpan<byte> trimmed = Varlena.Payload(text.Values[row]);
            trimmed = fromLeft ? trimmed.TrimStart(characters) : trimmed;
            trimmed = fromRight ? trimmed.TrimEnd(characters) : trimmed;
            result.Values[row] = _room.Copy(trimmed);
        }

        return result;
    }
}
