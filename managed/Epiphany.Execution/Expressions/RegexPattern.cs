// Execution layer, expressions. Matches of regular expressions that are plain sequences (RegexParser), by going back where more was taken than is
// good for what follows.

using System;

namespace Epiphany.Execution;

/// <summary>
/// That there is a match, and where the first one begins, does not depend on how it is looked for. What the parentheses hold and where a match
/// ends does: PostgreSQL takes the longest match, and in it the longest for what comes first. Where that is not plain, <see cref="IsPlain"/> says so.
/// </summary>
sealed class RegexPattern(RegexItem[] items, bool fromStart, bool toEnd, int captureFrom, int captureTo)
{
    /// <summary>Of longer texts, going back could take too long.</summary>
    internal const int MaxText = 1 << 15;

    int _captureStart;

    /// <summary>Items that give way to what follows are one at most, so that the time is bounded by the square of the text's length.</summary>
    internal bool IsBounded { get; } = Wavering(items, items.Length) <= 1;

    /// <summary>
    /// Matches end where they have to: all are of one length, or go to the end of the text. So the parentheses do: they hold one item, and before
    /// them only the last item may give way.
    /// </summary>
    internal bool IsPlain { get; } = (toEnd || Array.TrueForAll(items, i => i.IsFixed))
        && (captureFrom < 0 || (captureTo == captureFrom + 1 && Wavering(items, captureFrom - 1) == 0));

    internal int Start { get; private set; }

    internal int End { get; private set; }

    /// <summary>What the parentheses hold; without any, nothing.</summary>
    internal Range Capture { get; private set; }

    /// <summary>Finds the first match.</summary>
    internal bool Find(ReadOnlySpan<byte> text)
    {
        Capture = default;
        for (Start = 0; Start <= text.Length; Start = Utf8.Next(text, Start))
        {
            if (!fromStart && items[0] is { Min: 1, Bytes: { } bytes })
            {
                int found = text[Start..].IndexOf(bytes);
                if (found < 0)
                {
                    return false;
                }

                Start += found;
            }

            if (Matches(text, 0, Start))
            {
                return true;
            }

            if (fromStart || Start == text.Length)
            {
                return false;
            }
        }

        return false;
    }

    /// <summary>Of the first so many items, those that could also leave to what follows what they take.</summary>
    static int Wavering(RegexItem[] items, int count)
    {
        int wavering = 0;
        for (int i = 0; i < count; i++)
        {
            bool gives = false;
            for (int next = i + 1; next < items.Length && !items[i].IsFixed; next++)
            {
                gives |= items[i].Overlaps(items[next]);
                if (items[next].Min > 0)
                {
                    break;
                }
            }

            wavering += gives ? 1 : 0;
        }

        return wavering;
    }

    bool Matches(ReadOnlySpan<byte> text, int number, int at)
    {
        if (number == captureFrom)
        {
            _captureStart = at;
        }

        if (number == captureTo)
        {
            Capture = _captureStart..at;
        }

        if (number == items.Length)
        {
            End = at;
            return !toEnd || at == text.Length;
        }

        RegexItem item = items[number];
        return item.Bytes != null ? MatchesBytes(text, number, at, item) : MatchesSet(text, number, at, item);
    }

    bool MatchesBytes(ReadOnlySpan<byte> text, int number, int at, RegexItem item)
    {
        int times = 0;
        int end = at;
        while ((times == 0 || item.IsMany) && text[end..].StartsWith(item.Bytes))
        {
            end += item.Bytes!.Length;
            times++;
        }

        for (; times >= item.Min; times--, end -= item.Bytes!.Length)
        {
            if (Matches(text, number + 1, end))
            {
                return true;
            }
        }

        return false;
    }

    bool MatchesSet(ReadOnlySpan<byte> text, int number, int at, RegexItem item)
    {
        int taken = item.IsMany ? text[at..].IndexOfAnyExcept(item.Values!) : at < text.Length && item.Values!.Contains(text[at])
            ? Utf8.Next(text, at) - at : 0;
        int end = taken < 0 ? text.Length : at + taken;
        int least = item.Min == 0 ? at : at < text.Length ? Utf8.Next(text, at) : at + 1;
        while (end >= least)
        {
            if (Matches(text, number + 1, end))
            {
                return true;
            }

            do
            {
                end--;
            }
            while (end > at && !Utf8.IsFirst(text[end]));
        }

        return false;
    }
}
