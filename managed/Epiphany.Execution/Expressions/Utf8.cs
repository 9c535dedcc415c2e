// Execution layer, expressions. Characters of UTF-8 text, which the server has checked.

using System;
using System.Runtime.Intrinsics;

namespace Epiphany.Execution;

static class Utf8
{
    /// <summary>Not a continuation.</summary>
    internal static bool IsFirst(byte b) => (b & 0xC0) != 0x80;

    /// <summary>Where the next character begins.</summary>
    internal static int Next(ReadOnlySpan<byte> text, int at)
    {
        at++;
        while (at < text.Length && !IsFirst(text[at]))
        {
            at++;
        }

        return at;
    }

    internal static int Count(ReadOnlySpan<byte> text)
    {
        int count = 0;
        int i = 0;
        for (; i <= text.Length - Vector128<byte>.Count; i += Vector128<byte>.Count)
        {
            // As signed numbers, continuations are those below -64.
            Vector128<sbyte> bytes = Vector128.Create(text.Slice(i, Vector128<byte>.Count)).AsSByte();
            Vector128<sbyte> isFirst = Vector128.GreaterThanOrEqual(bytes, Vector128.Create((sbyte)-64));
            count += System.Numerics.BitOperations.PopCount(isFirst.ExtractMostSignificantBits());
        }

        for (; i < text.Length; i++)
        {
            count += IsFirst(text[i]) ? 1 : 0;
        }

        return count;
    }

    /// <summary>Where the character of that number begins, counted from 0; the end where there are not so many.</summary>
    internal static int Offset(ReadOnlySpan<byte> text, long character)
    {
        int at = 0;
        for (; character > 0 && at < text.Length; character--)
        {
            at = Next(text, at);
        }

        return at;
    }
}
