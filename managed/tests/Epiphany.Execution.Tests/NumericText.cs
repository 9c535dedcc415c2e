// NUMERIC between text and datums, for tests: written here by the layout of numeric.c, without the code under test.

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace Epiphany.Execution.Tests;

internal static unsafe class NumericText
{
    public static ulong Datum(FakeHost host, string text)
    {
        var bytes = new List<byte>();
        void Add(int value) => bytes.AddRange(BitConverter.GetBytes((ushort)value));
        if (text is "NaN" or "Infinity" or "-Infinity")
        {
            Add(text == "NaN" ? 0xC000 : text == "Infinity" ? 0xD000 : 0xF000);
            return Varlena(host, bytes);
        }

        bool isNegative = text[0] == '-';
        string[] split = text.TrimStart('-').Split('e');
        string digits = split[0];
        int exponent = split.Length > 1 ? int.Parse(split[1], CultureInfo.InvariantCulture) : 0;
        int point = digits.IndexOf('.', StringComparison.Ordinal) is var at and >= 0 ? at : digits.Length;
        string whole = digits.Replace(".", "", StringComparison.Ordinal);
        int scale = Math.Max(0, whole.Length - point - exponent);
        point += exponent;
        whole = point < 0 ? new string('0', -point) + whole : whole.PadRight(Math.Max(whole.Length, point), '0');
        point = Math.Max(0, point);
        string before = whole[..point].PadLeft((point + 3) / 4 * 4, '0');
        string after = whole[point..].PadRight((whole.Length - point + 3) / 4 * 4, '0');
        int[] words = [.. (before + after).Chunk(4).Select(c => int.Parse(c, CultureInfo.InvariantCulture))];
        int weight = (before.Length / 4) - 1;
        int first = Array.FindIndex(words, w => w != 0);
        int last = Array.FindLastIndex(words, w => w != 0);
        words = first < 0 ? [] : words[first..(last + 1)];
        weight = first < 0 ? 0 : weight - first;
        isNegative &= first >= 0;
        if (scale <= 63 && weight is >= -64 and <= 63)
        {
            Add(0x8000 | (isNegative ? 0x2000 : 0) | (scale << 7) | (weight & 0x7F));
        }
        else
        {
            Add((isNegative ? 0x4000 : 0) | scale);
            Add(weight);
        }

        Array.ForEach(words, Add);
        return Varlena(host, bytes);
    }

    public static string? Text(ulong? datum)
    {
        if (datum == null)
        {
            return null;
        }

        ReadOnlySpan<byte> bytes = Execution.Varlena.Payload(datum.Value);
        int header = BitConverter.ToUInt16(bytes);
        if ((header & 0xC000) == 0xC000)
        {
            return (header & 0xF000) switch { 0xC000 => "NaN", 0xD000 => "Infinity", _ => "-Infinity" };
        }

        bool isShort = (header & 0x8000) != 0;
        bool isNegative = (header & (isShort ? 0x2000 : 0x4000)) != 0;
        int scale = isShort ? (header >> 7) & 0x3F : header & 0x3FFF;
        int weight = isShort ? (header & 0x7F) - ((header & 0x40) << 1) : BitConverter.ToInt16(bytes[2..]);
        var words = new List<int>();
        for (int i = isShort ? 2 : 4; i < bytes.Length; i += 2)
        {
            words.Add(BitConverter.ToUInt16(bytes[i..]));
        }

        int Word(int position) => weight - position is var i && i >= 0 && i < words.Count ? words[i] : 0;
        var text = new StringBuilder();
        for (int position = Math.Max(weight, 0); position >= -((scale + 3) / 4); position--)
        {
            text.Append(Word(position).ToString("D4", CultureInfo.InvariantCulture));
        }

        int whole = (Math.Max(weight, 0) + 1) * 4;
        string before = text.ToString()[..whole].TrimStart('0');
        string after = text.ToString()[whole..(whole + scale)];
        return (isNegative ? "-" : "") + (before.Length == 0 ? "0" : before) + (scale == 0 ? "" : "." + after);
    }

    /// <summary>A datum with a 4-byte header, which lives as long as the process.</summary>
    public static ulong Varlena(FakeHost host, IReadOnlyCollection<byte> payload)
    {
        byte* datum = host.Allocate((nuint)(payload.Count + 4));
        *(uint*)datum = (uint)(payload.Count + 4) << 2;
        payload.ToArray().CopyTo(new Span<byte>(datum + 4, payload.Count));
        return (ulong)datum;
    }
}
