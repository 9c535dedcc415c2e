// Execution layer, expressions. ~, !~ and regexp_replace with a pattern that is the same for all rows and a plain sequence; others are
// PostgreSQL's, and so are long texts, with the rest of their batch.

using System;

namespace Epiphany.Execution;

/// <summary>The pattern of a call, taken to pieces when it is another than before.</summary>
sealed unsafe class RegexArgument
{
    byte[]? _text;
    RegexPattern? _pattern;

    /// <summary>Null: it is PostgreSQL's.</summary>
    internal RegexPattern? Of(Vector argument, Rows rows)
    {
        if (rows.Count == 0 || !argument.IsConstant || argument.IsNull(0))
        {
            return null;
        }

        ReadOnlySpan<byte> text = Varlena.Payload(argument.Values[0]);
        if (_text == null || !text.SequenceEqual(_text))
        {
            _text = text.ToArray();
            _pattern = new RegexParser(_text).Parse();
        }

        return _pattern is { IsBounded: true } ? _pattern : null;
    }
}

sealed unsafe class RegexMatch(CallSite call, bool isNot) : Kernel(call.Type, call.Arguments)
{
    readonly HostCall _onHost = call.OnHost();
    readonly Output _output = new(call.Host);
    readonly RegexArgument _pattern = new();

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector text = Arguments[0].Evaluate(batch, rows);
        if (_pattern.Of(Arguments[1].Evaluate(batch, rows), rows) is not { } pattern)
        {
            return _onHost.Evaluate(batch, rows);
        }

        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (text.IsNull(row))
            {
                continue;
            }

            ReadOnlySpan<byte> bytes = Varlena.Payload(text.Values[row]);
            if (bytes.Length > RegexPattern.MaxText)
            {
                return _onHost.Evaluate(batch, rows);
            }

            _output.Values[row] = pattern.Find(bytes) != isNot ? 1UL : 0;
        }

        return _output.Strict(text);
    }
}

/// <summary>regexp_replace (text, pattern, replacement): the first match is replaced.</summary>
sealed unsafe class RegexReplace(CallSite call) : Kernel(call.Type, call.Arguments)
{
    readonly HostCall _onHost = call.OnHost();
    readonly Output _output = new(call.Host);
    readonly TextRoom _room = new(call.Host);
    readonly RegexArgument _pattern = new();

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector text = Arguments[0].Evaluate(batch, rows);
        Vector replacement = Arguments[2].Evaluate(batch, rows);
        return _pattern.Of(Arguments[1].Evaluate(batch, rows), rows) is { IsPlain: true } pattern && replacement.IsConstant && !replacement.IsNull(0)
            && TryReplace(text, pattern, Varlena.Payload(replacement.Values[0]), rows) ? _output.Strict(text) : _onHost.Evaluate(batch, rows);
    }

    bool TryReplace(Vector text, RegexPattern pattern, ReadOnlySpan<byte> replacement, Rows rows)
    {
        // Each backslash may stand for as much as the text has.
        ulong copies = (ulong)replacement.Count((byte)'\\') + 1;
        _room.Begin(rows.Count, (TextRoom.Bytes(text, text.Nulls, rows) * copies) + ((ulong)replacement.Length * (ulong)rows.Count));
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (text.IsNull(row))
            {
                continue;
            }

            ReadOnlySpan<byte> bytes = Varlena.Payload(text.Values[row]);
            if (bytes.Length > RegexPattern.MaxText)
            {
                return false;
            }

            _output.Values[row] = pattern.Find(bytes) ? Replaced(bytes, pattern, replacement) : _room.Copy(bytes);
        }

        return true;
    }

    ulong Replaced(ReadOnlySpan<byte> text, RegexPattern pattern, ReadOnlySpan<byte> replacement)
    {
        int length = Expand(text, pattern, replacement, default);
        ulong datum = _room.New(pattern.Start + length + text.Length - pattern.End, out Span<byte> result);
        text[..pattern.Start].CopyTo(result);
        Expand(text, pattern, replacement, result[pattern.Start..]);
        text[pattern.End..].CopyTo(result[(pattern.Start + length)..]);
        return datum;
    }

    /// <summary>\1 is what the parentheses hold, \2 to \9 are nothing, \&amp; is the match, \\ a backslash; says how long it gets.</summary>
    static int Expand(ReadOnlySpan<byte> text, RegexPattern pattern, ReadOnlySpan<byte> replacement, Span<byte> result)
    {
        int length = 0;
        for (int i = 0; i < replacement.Length; i++)
        {
            ReadOnlySpan<byte> part = replacement.Slice(i, 1);
            if (part[0] == '\\' && i + 1 < replacement.Length)
            {
                byte next = replacement[i + 1];
                i += next is (>= (byte)'1' and <= (byte)'9') or (byte)'&' or (byte)'\\' ? 1 : 0;
                part = next switch
                {
                    (byte)'1' => text[pattern.Capture],
                    >= (byte)'2' and <= (byte)'9' => default,
                    (byte)'&' => text[pattern.Start..pattern.End],
                    _ => part,
                };
            }

            if (!result.IsEmpty)
            {
                part.CopyTo(result[length..]);
            }

            length += part.Length;
        }

        return length;
    }
}
