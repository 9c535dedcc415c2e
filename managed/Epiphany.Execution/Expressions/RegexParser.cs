// Execution layer, expressions. Reads regular expressions that are plain sequences: characters, sets of them, ?, * and + on one of these or on a
// group of characters, one pair of parentheses that is remembered, ^ in front and $ at the end. Of all else it says that it does not know it.

using System;
using System.Buffers;
using System.Collections.Generic;

namespace Epiphany.Execution;

/// <summary>Bytes as they are, or one character of a set; <see cref="Min"/> times at least, once or any number of times at most.</summary>
sealed record RegexItem(byte[]? Bytes, bool[]? Set, int Min, bool IsMany)
{
    /// <summary>Index in a set of whatever is not ASCII.</summary>
    internal const int Other = 128;

    internal bool IsFixed => Min == 1 && !IsMany;

    /// <summary>The bytes of a set's characters.</summary>
    internal SearchValues<byte>? Values { get; } = Set == null ? null : SearchValues.Create(BytesOf(Set));

    /// <summary>Can a match begin with that?</summary>
    internal bool Begins(int character) => Set != null ? Set[character] : Math.Min((int)Bytes![0], Other) == character;

    internal bool Overlaps(RegexItem other)
    {
        bool overlaps = false;
        for (int c = 0; c <= Other; c++)
        {
            overlaps |= Begins(c) && other.Begins(c);
        }

        return overlaps;
    }

    static byte[] BytesOf(bool[] set)
    {
        var bytes = new List<byte>();
        for (int b = 0; b < 256; b++)
        {
            if (set[Math.Min(b, Other)])
            {
                bytes.Add((byte)b);
            }
        }

        return bytes.ToArray();
    }
}

/// <summary>One pass from left to right.</summary>
ref struct RegexParser(ReadOnlySpan<byte> pattern)
{
    const int MaxItems = 64;

    readonly ReadOnlySpan<byte> _pattern = pattern;
    readonly List<RegexItem> _items = [];
    readonly List<byte> _bytes = [];
    int _at;
    int _captureFrom = -1;
    int _captureTo = -1;

    /// <summary>Null: not a plain sequence.</summary>
    internal RegexPattern? Parse()
    {
        bool fromStart = Take('^');
        bool toEnd = false;
        while (_at < _pattern.Length)
        {
            toEnd = _at == _pattern.Length - 1 && _pattern[_at] == '$';
            if (toEnd)
            {
                break;
            }

            if (!TryPart())
            {
                return null;
            }
        }

        Flush();
        bool isOpen = _captureFrom >= 0 && _captureTo < 0;
        return _items.Count is 0 or > MaxItems || isOpen ? null : new RegexPattern(_items.ToArray(), fromStart, toEnd, _captureFrom, _captureTo);
    }

    bool TryPart()
    {
        if (Take('('))
        {
            return Take('?') ? Take(':') && TryGroup() : TryOpen();
        }

        if (_captureFrom >= 0 && _captureTo < 0 && Take(')'))
        {
            Flush();
            _captureTo = _items.Count;
            return _captureTo > _captureFrom && !IsQuantifier();
        }

        if (Take('['))
        {
            Flush();
            return TrySet();
        }

        if (Take('.'))
        {
            Flush();
            bool[] all = new bool[RegexItem.Other + 1];
            Array.Fill(all, true);
            return TryQuantified(null, all);
        }

        if (!TryCharacter(out byte[] character))
        {
            return false;
        }

        if (!IsQuantifier())
        {
            _bytes.AddRange(character);
            return true;
        }

        Flush();
        return TryQuantified(character, null);
    }

    bool TryOpen()
    {
        Flush();
        if (_captureFrom >= 0)
        {
            return false;
        }

        _captureFrom = _items.Count;
        return true;
    }

    /// <summary>(?:characters)</summary>
    bool TryGroup()
    {
        Flush();
        var group = new List<byte>();
        while (!Take(')'))
        {
            if (!TryCharacter(out byte[] character) || IsQuantifier())
            {
                return false;
            }

            group.AddRange(character);
        }

        return group.Count > 0 && TryQuantified(group.ToArray(), null);
    }

    bool TrySet()
    {
        bool isNot = Take('^');
        bool[] set = new bool[RegexItem.Other + 1];
        bool isEmpty = true;
        for (int last = -1; isEmpty || !Take(']'); isEmpty = false)
        {
            bool isDash = _at + 1 < _pattern.Length && _pattern[_at] == '-' && _pattern[_at + 1] != ']';
            if (isDash && last >= 0)
            {
                _at++;
                if (!TryMember(out int end) || end < last || end == '-')
                {
                    return false;
                }

                Array.Fill(set, true, last, end - last + 1);
                last = -1;
            }
            else if ((!isDash || isEmpty) && TryMember(out last))
            {
                set[last] = true;
            }
            else
            {
                return false;
            }
        }

        for (int c = 0; c <= RegexItem.Other && isNot; c++)
        {
            set[c] = !set[c];
        }

        return TryQuantified(null, set);
    }

    /// <summary>An ASCII character of a set that means itself.</summary>
    bool TryMember(out int member)
    {
        member = _at < _pattern.Length ? _pattern[_at++] : RegexItem.Other;
        if (member == '\\' && _at < _pattern.Length)
        {
            member = _pattern[_at++];
            return member < RegexItem.Other && !char.IsAsciiLetterOrDigit((char)member);
        }

        return member < RegexItem.Other && member is not ('[' or ']' or '\\');
    }

    /// <summary>A character that means itself, or is made to by a backslash.</summary>
    bool TryCharacter(out byte[] character)
    {
        character = [];
        if (_at >= _pattern.Length)
        {
            return false;
        }

        bool isEscaped = Take('\\');
        if (_at >= _pattern.Length || (isEscaped && (_pattern[_at] >= RegexItem.Other || char.IsAsciiLetterOrDigit((char)_pattern[_at]))))
        {
            return false;
        }

        if (!isEscaped && "^$.[]()|*+?{}\\"u8.Contains(_pattern[_at]))
        {
            return false;
        }

        int end = Utf8.Next(_pattern, _at);
        character = _pattern[_at..end].ToArray();
        _at = end;
        return true;
    }

    bool TryQuantified(byte[]? bytes, bool[]? set)
    {
        bool isQuantified = IsQuantifier();
        byte quantifier = isQuantified ? _pattern[_at++] : (byte)0;
        _items.Add(new RegexItem(bytes, set, quantifier is (byte)'?' or (byte)'*' ? 0 : 1, quantifier is (byte)'*' or (byte)'+'));

        // A second one would make it frugal, or be an error.
        return quantifier != (byte)'{' && !(isQuantified && IsQuantifier());
    }

    readonly bool IsQuantifier() => _at < _pattern.Length && "?*+{"u8.Contains(_pattern[_at]);

    bool Take(char wanted)
    {
        bool isHere = _at < _pattern.Length && _pattern[_at] == wanted;
        _at += isHere ? 1 : 0;
        return isHere;
    }

    void Flush()
    {
        if (_bytes.Count > 0)
        {
            _items.Add(new RegexItem(_bytes.ToArray(), null, 1, false));
            _bytes.Clear();
        }
    }
}
