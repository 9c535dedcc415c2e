// Execution layer, expressions. Patterns of LIKE over UTF-8, cut at their % signs. A literal's bytes cannot match in the middle of a character.

using System;
using System.Collections.Generic;

namespace Epiphany.Execution;

/// <summary>A pattern, taken to pieces once.</summary>
sealed class LikePattern
{
    readonly byte[] _text;
    readonly Piece[] _pieces;

    LikePattern(byte[] text, Piece[] pieces)
    {
        _text = text;
        _pieces = pieces;
    }

    /// <summary>Null for a pattern that ends in an escape: an error, but only where a match comes so far.</summary>
    internal static LikePattern? Of(ReadOnlySpan<byte> pattern, bool inSmallLetters)
    {
        byte[] text = pattern.ToArray();
        if (inSmallLetters)
        {
            AsciiCase.Flip(text, (byte)'A', text);
        }

        var pieces = new List<Piece>();
        var bytes = new List<byte>();
        var wild = new List<bool>();
        for (int i = 0; i < text.Length; i++)
        {
            byte next = text[i];
            if (next == '%')
            {
                pieces.Add(new Piece(bytes, wild));
                bytes.Clear();
                wild.Clear();
                continue;
            }

            bool isEscape = next == '\\';
            if (isEscape && ++i == text.Length)
            {
                return null;
            }

            bytes.Add(text[i]);
            wild.Add(!isEscape && next == '_');
        }

        pieces.Add(new Piece(bytes, wild));
        return new LikePattern(pattern.ToArray(), pieces.ToArray());
    }

    /// <summary>Made of that text.</summary>
    internal bool IsOf(ReadOnlySpan<byte> pattern) => pattern.SequenceEqual(_text);

    /// <summary>The first piece begins the text, the last one ends it, and those between follow each other, as far ahead as they can.</summary>
    internal bool Matches(ReadOnlySpan<byte> text)
    {
        Piece[] pieces = _pieces;
        int begin = pieces[0].MatchAt(text, 0);
        if (begin < 0 || pieces.Length == 1)
        {
            return begin == text.Length;
        }

        for (int i = 1; i < pieces.Length - 1; i++)
        {
            begin = pieces[i].FindFrom(text, begin);
            if (begin < 0)
            {
                return false;
            }
        }

        return pieces[^1].MatchesEnd(text, begin);
    }

    /// <summary>What lies between two % signs: bytes, some of which stand for any character.</summary>
    sealed class Piece
    {
        readonly byte[] _bytes;
        readonly bool[]? _isAny;
        readonly int _characters;

        internal Piece(List<byte> bytes, List<bool> wild)
        {
            _bytes = bytes.ToArray();
            _isAny = wild.Contains(true) ? wild.ToArray() : null;
            for (int i = 0; i < _bytes.Length; i++)
            {
                _characters += wild[i] || Utf8.IsFirst(_bytes[i]) ? 1 : 0;
            }
        }

        /// <summary>Where the match ends that begins there; -1: there is none.</summary>
        internal int MatchAt(ReadOnlySpan<byte> text, int at)
        {
            if (_isAny == null)
            {
                return text[at..].StartsWith(_bytes) ? at + _bytes.Length : -1;
            }

            for (int i = 0; i < _bytes.Length; i++)
            {
                if (at >= text.Length || (!_isAny[i] && text[at] != _bytes[i]))
                {
                    return -1;
                }

                at = _isAny[i] ? Utf8.Next(text, at) : at + 1;
            }

            return at;
        }

        /// <summary>Where the first match ends; -1: there is none.</summary>
        internal int FindFrom(ReadOnlySpan<byte> text, int at)
        {
            if (_isAny == null)
            {
                int found = text[at..].IndexOf(_bytes);
                return found < 0 ? -1 : at + found + _bytes.Length;
            }

            for (; at < text.Length; at = Utf8.Next(text, at))
            {
                if (MatchAt(text, at) is var end and >= 0)
                {
                    return end;
                }
            }

            return -1;
        }

        internal bool MatchesEnd(ReadOnlySpan<byte> text, int from)
        {
            if (_isAny == null)
            {
                return _bytes.Length == 0 || text[from..].EndsWith(_bytes);
            }

            int at = text.Length;
            for (int i = 0; i < _characters; i++)
            {
                do
                {
                    if (--at < from)
                    {
                        return false;
                    }
                }
                while (!Utf8.IsFirst(text[at]));
            }

            return MatchAt(text, at) == text.Length;
        }
    }
}
