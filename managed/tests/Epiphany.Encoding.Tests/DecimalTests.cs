// NUMERIC payloads as integers: what is taken comes back byte for byte, what is not PostgreSQL's own form is left alone.

using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Numerics;
using Xunit;

namespace Epiphany.Encoding.Tests;

public unsafe class DecimalTests
{
    /// <summary>Payload of a number written out, as PostgreSQL's numeric_in makes it: the display scale is that of the text.</summary>
    internal static byte[] Payload(string text)
    {
        bool negative = text.StartsWith('-');
        string[] parts = text.TrimStart('-').Split('.');
        string fraction = parts.Length > 1 ? parts[1] : "";
        int scale = fraction.Length;
        string digits = parts[0].PadLeft((parts[0].Length + 3) / 4 * 4, '0') + fraction.PadRight((scale + 3) / 4 * 4, '0');
        int weight = ((parts[0].Length + 3) / 4) - 1;
        List<ushort> groups = [.. digits.Chunk(4).Select(g => ushort.Parse(g, CultureInfo.InvariantCulture))];
        while (groups.Count > 0 && groups[0] == 0)
        {
            groups.RemoveAt(0);
            weight--;
        }

        while (groups.Count > 0 && groups[^1] == 0)
        {
            groups.RemoveAt(groups.Count - 1);
        }

        if (groups.Count == 0)
        {
            (weight, negative) = (0, false);
        }

        ushort[] header = scale <= 63 && weight is >= -64 and <= 63
            ? [(ushort)(0x8000 | (negative ? 0x2000 : 0) | (scale << 7) | (weight & 0x7F))]
            : [(ushort)((negative ? 0x4000 : 0) | scale), (ushort)weight];
        return [.. header.Concat(groups).SelectMany(BitConverter.GetBytes)];
    }

    [Theory]
    [InlineData("0", "0080")]
    [InlineData("0.00", "0081")]
    [InlineData("1.50", "0081" + "0100" + "8813")]
    [InlineData("-12345.6", "81A0" + "0100" + "2909" + "7017")]
    [InlineData("0.0001", "7F82" + "0100")]
    public void Payloads_are_postgres_own(string text, string hex) => Assert.Equal(hex, Convert.ToHexString(Payload(text)));

    [Fact]
    public void What_is_taken_comes_back()
    {
        Random random = new(1);
        for (int round = 0; round < 400; round++)
        {
            int scale = round % 21;
            int digits = random.Next(1, 19);
            string[] texts = [.. Enumerable.Range(0, 50).Select(_ => Random(random, digits, scale))];
            byte[][] payloads = [.. texts.Select(Payload)];
            int places = payloads.Max(p => Measured(p).Places);
            ulong[] integers = new ulong[texts.Length];
            bool fits = true;
            for (int i = 0; i < texts.Length; i++)
            {
                BigInteger exact = BigInteger.Parse(texts[i].Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
                exact = scale > places ? exact / BigInteger.Pow(10, scale - places) : exact;
                fixed (byte* p = payloads[i])
                {
                    bool taken = DecimalEncoder.ToInteger(p, (uint)payloads[i].Length, places, out long value);
                    Assert.Equal(BigInteger.Abs(exact) <= long.MaxValue, taken);
                    fits &= taken;
                    Assert.True(!taken || exact == value);
                    integers[i] = (ulong)value;
                }
            }

            if (fits)
            {
                CheckBuilt(places, [(byte)scale], integers, null, payloads);
            }
        }
    }

    [Fact]
    public void Every_number_of_places_and_digits_comes_back()
    {
        List<long> values = [0, 1, -1, long.MaxValue, -long.MaxValue, 9999, 10000, 10001, 99_999_999, 100_000_000, 999_999_999_999];
        for (long power = 1; power < long.MaxValue / 10; power *= 10)
        {
            values.AddRange([power, power - 1, power + 1, -power * 9, power * 5]);
        }

        for (int places = 0; places <= DecimalShape.MaxScale; places++)
        {
            byte[][] payloads = [.. values.Select(v => Payload(Text(v, places)))];
            CheckBuilt(places, [(byte)places], [.. values.Select(v => (ulong)v)], null, payloads);
            foreach ((long value, byte[] payload) in values.Zip(payloads))
            {
                fixed (byte* p = payload)
                {
                    Assert.True(DecimalEncoder.Measure(p, (uint)payload.Length, out int scale, out int needed));
                    Assert.Equal(places, scale);
                    Assert.InRange(needed, 0, places);
                    Assert.True(DecimalEncoder.ToInteger(p, (uint)payload.Length, places, out long back));
                    Assert.Equal(value, back);
                }
            }
        }
    }

    /// <summary>What is read at once is what measuring and reading give; nearly all numbers of money are, and nothing that those refuse.</summary>
    [Fact]
    public void Reading_at_once_agrees_with_measuring_first()
    {
        Random random = new(5);
        using Native memory = new(32);
        int money = 0;
        for (int round = 0; round < 20_000; round++)
        {
            byte[] payload = Payload(Random(random, random.Next(1, 14), random.Next(0, 9)));
            bool isMoney = round % 2 == 0;
            if (isMoney)
            {
                payload = Payload(Random(random, random.Next(1, 9), 2));
            }
            else if (round % 3 == 0)
            {
                payload[random.Next(payload.Length)] ^= (byte)(1 << random.Next(8));
            }

            int places = isMoney ? 2 : random.Next(0, 12);
            new Span<byte>(memory.Bytes, 32).Fill((byte)round);
            payload.CopyTo(new Span<byte>(memory.Bytes, 32));
            uint length = (uint)payload.Length;
            if (DecimalEncoder.TryRead(memory.Bytes, length, places, out int scale, out long value))
            {
                Assert.True(DecimalEncoder.Measure(memory.Bytes, length, out int measured, out int needed));
                Assert.InRange(needed, 0, places);
                Assert.True(DecimalEncoder.ToInteger(memory.Bytes, length, places, out long exact));
                Assert.Equal((measured, exact), (scale, value));
                money += isMoney ? 1 : 0;
            }
        }

        Assert.Equal(10_000, money);
    }

    [Fact]
    public void Display_scales_are_kept_apart()
    {
        string[] texts = ["1.50", "1.5", "2", "0.0", "-0.25", "1.500"];
        byte[] scales = [0, 1, 2, 3];
        ulong[] codes = [2, 1, 0, 1, 2, 3];
        CheckBuilt(2, scales, [150, 150, 200, 0, unchecked((ulong)-25), 150], codes, [.. texts.Select(Payload)]);
    }

    [Theory]
    [InlineData("00C0")]
    [InlineData("00D0")]
    [InlineData("00F0")]
    [InlineData("02000000" + "0100")]
    [InlineData("02400000" + "0100")]
    [InlineData("0080" + "0000")]
    [InlineData("0180" + "0100" + "0000")]
    [InlineData("0080" + "1027")]
    [InlineData("00A0")]
    [InlineData("0180")]
    [InlineData("0080" + "01")]
    [InlineData("00")]
    [InlineData("")]
    [InlineData("7080" + "0100")]
    [InlineData("0680" + "0100010001000100010001000100")]
    public void What_is_not_a_small_number_in_its_one_form_is_refused(string hex)
    {
        byte[] payload = [.. Convert.FromHexString(hex), 0];
        fixed (byte* p = payload)
        {
            bool taken = DecimalEncoder.Measure(p, (uint)payload.Length - 1, out _, out int places)
                && DecimalEncoder.ToInteger(p, (uint)payload.Length - 1, places, out _);
            Assert.False(taken);
        }
    }

    [Fact]
    public void Whatever_is_taken_of_random_bytes_comes_back()
    {
        Random random = new(2);
        int kept = 0;
        for (int round = 0; round < 200_000; round++)
        {
            byte[] payload = new byte[2 + (2 * random.Next(4))];
            random.NextBytes(payload);
            payload[1] = (byte)(0x80 | (payload[1] & 0x3F));
            for (int i = 2; i < payload.Length; i += 2)
            {
                BitConverter.TryWriteBytes(payload.AsSpan(i), (ushort)(random.Next(12) == 0 ? random.Next(65536) : random.Next(10000)));
            }

            fixed (byte* p = payload)
            {
                if (DecimalEncoder.Measure(p, (uint)payload.Length, out int scale, out int places)
                    && DecimalEncoder.ToInteger(p, (uint)payload.Length, places, out long value))
                {
                    CheckBuilt(places, [(byte)scale], [(ulong)value], null, [payload]);
                    kept++;
                }
            }
        }

        Assert.InRange(kept, 5_000, 150_000);
    }

    [Fact]
    public void Shapes_that_cannot_be_are_refused()
    {
        using Native shape = new(80);
        void Check(Fault fault, byte places, byte scales, byte integers, ulong length, byte scale = 0)
        {
            (shape.Bytes[0], shape.Bytes[1], shape.Bytes[2], shape.Bytes[8]) = (places, scales, integers, scale);
            Assert.Equal(fault, DecimalShape.Read(shape.Bytes, length, out _));
        }

        Check(Fault.None, 63, 1, 3, 9, 63);
        Check(Fault.None, 0, 64, 2, 72);
        Check(Fault.None, 0, 1, 4, 9);
        Check(Fault.ScaleOutOfRange, 64, 1, 3, 9);
        Check(Fault.ScaleOutOfRange, 2, 0, 3, 9);
        Check(Fault.ScaleOutOfRange, 2, 65, 3, 80);
        Check(Fault.ScaleOutOfRange, 2, 1, 3, 9, 64);
        Check(Fault.ScaleOutOfRange, 2, 1, 1, 9);
        Check(Fault.ScaleOutOfRange, 2, 1, 5, 9);
        Check(Fault.SegmentTooShort, 2, 2, 3, 9);
        Check(Fault.SegmentTooShort, 2, 1, 3, 7);
    }

    static (int Scale, int Places) Measured(byte[] payload)
    {
        fixed (byte* p = payload)
        {
            Assert.True(DecimalEncoder.Measure(p, (uint)payload.Length, out int scale, out int places));
            return (scale, places);
        }
    }

    static void CheckBuilt(int places, byte[] scales, ulong[] integers, ulong[]? codes, byte[][] expected)
    {
        using Native shared = new(DecimalShape.Bytes(scales.Length));
        using Native values = new(integers);
        using Native lanes = new(codes ?? []);
        using Native datums = new(integers.Length * DecimalShape.DatumBytes);
        fixed (byte* s = scales)
        {
            DecimalShape.Write(places, EncodingKind.FrameOfReference, s, scales.Length, shared.Bytes);
        }

        Assert.Equal(Fault.None, DecimalShape.Read(shared.Bytes, (ulong)DecimalShape.Bytes(scales.Length), out DecimalShape shape));
        if (scales.Length == 1)
        {
            CheckWritten(shape, values.Lanes, expected);
        }

        DecimalDecoder.Build(shape, values.Lanes, lanes.Lanes, integers.Length, datums.Bytes);
        for (int i = 0; i < integers.Length; i++)
        {
            byte* datum = (byte*)values.Lanes[i];
            Assert.Equal((nint)(datums.Bytes + (i * DecimalShape.DatumBytes)), (nint)datum);
            byte[] payload = new ReadOnlySpan<byte>(datum + 4, (*(int*)datum >> 2) - 4).ToArray();
            Assert.True(expected[i].AsSpan().SequenceEqual(payload), $"{(long)integers[i]} at {places}: {Convert.ToHexString(payload)}");
        }
    }

    /// <summary>Payloads one after another, of which every third is not there.</summary>
    static void CheckWritten(in DecimalShape shape, ulong* values, byte[][] payloads)
    {
        using Native nulls = new(payloads.Length);
        using Native room = new((payloads.Length * DecimalPayloads.Most) + DecimalPayloads.Slack);
        for (int i = 0; i < payloads.Length; i++)
        {
            nulls.Bytes[i] = (byte)(i % 3 == 1 ? 1 : 0);
        }

        foreach (bool some in (bool[])[false, true])
        {
            byte[] all = [.. payloads.SelectMany((p, i) => some && i % 3 == 1 ? [0] : (byte[])[1, .. BitConverter.GetBytes(p.Length), .. p])];
            int bytes = payloads.Where((_, i) => !some || i % 3 != 1).Sum(p => p.Length);
            byte* end = DecimalPayloads.Write(shape, (long*)values, some ? nulls.Bytes : null, payloads.Length, room.Bytes, out ulong counted);
            Assert.Equal((ulong)bytes, counted);
            Assert.Equal(Convert.ToHexString(all), Convert.ToHexString(new ReadOnlySpan<byte>(room.Bytes, (int)(end - room.Bytes))));
        }
    }

    static string Random(Random random, int digits, int scale)
    {
        string text = string.Concat(Enumerable.Range(0, random.Next(1, digits + 1)).Select(_ => (char)('0' + random.Next(10))));
        return (random.Next(2) == 0 ? "-" : "") + Dotted(text, scale);
    }

    static string Text(long value, int places) =>
        (value < 0 ? "-" : "") + Dotted(BigInteger.Abs(value).ToString(CultureInfo.InvariantCulture), places);

    static string Dotted(string digits, int places)
    {
        digits = digits.PadLeft(places + 1, '0');
        return places == 0 ? digits : digits[..^places] + "." + digits[^places..];
    }
}
