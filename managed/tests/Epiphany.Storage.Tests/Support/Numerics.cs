// Test support. NUMERIC payloads as PostgreSQL writes them, from an integer and its scale.

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Numerics;

namespace Epiphany.Storage.Tests;

static class Numerics
{
    internal static readonly byte[] NaN = [0x00, 0xC0];

    internal static readonly byte[] Infinity = [0x00, 0xD0];

    /// <summary>The value of <paramref name="digits"/> / 10^<paramref name="scale"/>, shown with so many places.</summary>
    internal static byte[] Of(BigInteger digits, int scale)
    {
        string text = BigInteger.Abs(digits).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        string whole = text[..^scale];
        whole = whole.PadLeft((whole.Length + 3) / 4 * 4, '0');
        string all = whole + text[^scale..].PadRight((scale + 3) / 4 * 4, '0');
        int weight = (whole.Length / 4) - 1;
        List<byte> payload = [];
        for (int i = 0; i < all.Length; i += 4)
        {
            ushort digit = ushort.Parse(all.AsSpan(i, 4), CultureInfo.InvariantCulture);
            if (payload.Count == 0 && digit == 0)
            {
                weight--;
                continue;
            }

            payload.AddRange(BitConverter.GetBytes(digit));
        }

        while (payload.Count > 0 && payload[^1] == 0 && payload[^2] == 0)
        {
            payload.RemoveRange(payload.Count - 2, 2);
        }

        int header = 0x8000 | (scale << 7) | (payload.Count == 0 ? 0 : (digits < 0 ? 0x2000 : 0) | (weight & 0x7F));
        return [.. BitConverter.GetBytes((ushort)header), .. payload];
    }
}
