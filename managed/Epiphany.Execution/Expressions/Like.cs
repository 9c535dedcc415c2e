// Execution layer, expressions. LIKE and ILIKE with a pattern that is the same for all rows; others are PostgreSQL's.

using System;

namespace Epiphany.Execution;

/// <summary>Where ASCII letters alone have a case, ILIKE is LIKE of pattern and text in small letters.</summary>
sealed unsafe class Like(CallSite call, bool isNot, bool ignoresCase) : Kernel(call.Type, call.Arguments)
{
    readonly HostCall _onHost = call.OnHost();
    readonly Output _output = new(call.Host);
    readonly TextRoom _room = new(call.Host);
    readonly ulong _matched = isNot ? 0UL : 1;
    LikePattern? _pattern;

    /// <summary>PostgreSQL's LIKE complains of patterns that end in a backslash.</summary>
    public override bool IsTotal => AreArgumentsTotal && Arguments[1].IsConstant && Arguments[1].Evaluate(Batch.NoColumns, Rows.All(1)) is var pattern
        && !pattern.IsNull(0) && Pattern(Varlena.Payload(pattern.Values[0])) != null;

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector text = Arguments[0].Evaluate(batch, rows);
        Vector pattern = Arguments[1].Evaluate(batch, rows);
        if (rows.Count == 0 || !pattern.IsConstant || pattern.IsNull(0) || Pattern(Varlena.Payload(pattern.Values[0])) is not { } matcher)
        {
            return _onHost.Evaluate(batch, rows);
        }

        if (ignoresCase)
        {
            _room.Begin(rows.Count, TextRoom.Bytes(text, text.Nulls, rows));
        }

        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (!text.IsNull(row))
            {
                ulong datum = ignoresCase ? AsciiLower.Of(Varlena.Payload(text.Values[row]), _room) : text.Values[row];
                _output.Values[row] = matcher.Matches(Varlena.Payload(datum)) ? _matched : _matched ^ 1;
            }
        }

        return _output.Strict(text);
    }

    LikePattern? Pattern(ReadOnlySpan<byte> text) =>
        _pattern != null && _pattern.IsOf(text) ? _pattern : _pattern = LikePattern.Of(text, ignoresCase);
}
