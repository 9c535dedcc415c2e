// Strings as codes of symbols: every byte of every string comes back; damaged tables and codes are refused.

using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Epiphany.Encoding.Tests;

public sealed unsafe class FsstTests : IDisposable
{
    readonly Native _builderMemory = new(FsstBuilder.Bytes);
    readonly Native _decoderMemory = new(FsstDecoder.Bytes);

    public static TheoryData<string> Names => [.. Shapes().Select(shape => shape.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Strings_come_back(string name)
    {
        byte[][] strings = Shapes().Single(shape => shape.Name == name).Strings;
        FsstEncoder encoder = Build(strings, out _, out _);
        FsstDecoder decoder = Load(encoder);
        foreach (byte[] value in strings)
        {
            byte[] codes = Encode(encoder, value);
            Assert.InRange(codes.Length, 0, (int)Fsst.MaxEncoded((ulong)value.Length));
            Assert.Equal(Fault.None, Decode(decoder, codes, out byte[] decoded));
            Assert.Equal(value, decoded);
        }
    }

    /// <summary>However many there are, and whatever stands behind the end of one.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Coded_together_strings_have_the_codes_that_each_has(string name)
    {
        byte[][] strings = Shapes().Single(shape => shape.Name == name).Strings;
        FsstEncoder encoder = Build(strings, out _, out _);
        foreach (int count in (int[])[0, 1, 3, 4, 5, strings.Length])
        {
            byte[][] some = [.. strings.Take(count)];
            int bytes = some.Sum(value => value.Length);
            using Native memory = new(bytes + 8);
            using Native codes = new((int)Fsst.MaxEncoded((ulong)bytes));
            using Native addresses = new(8 * (some.Length + 1));
            using Native lengths = new(4 * (some.Length + 1));
            some.SelectMany(value => value).ToArray().CopyTo(new Span<byte>(memory.Bytes, bytes));
            byte* at = memory.Bytes;
            for (int i = 0; i < some.Length; i++)
            {
                ((ulong*)addresses.Bytes)[i] = (ulong)at;
                ((uint*)lengths.Bytes)[i] = (uint)some[i].Length;
                at += some[i].Length;
            }

            encoder.Encode((ulong*)addresses.Bytes, (uint*)lengths.Bytes, some.Length, codes.Bytes);
            for (int i = 0; i < some.Length; i++)
            {
                byte* coded = (byte*)((ulong*)addresses.Bytes)[i];
                Assert.Equal(Encode(encoder, some[i]), new Span<byte>(coded, (int)((uint*)lengths.Bytes)[i]).ToArray());
            }
        }
    }

    /// <summary>A table made for one kind of strings codes every other, too.</summary>
    [Fact]
    public void Any_string_can_be_coded_with_any_table()
    {
        Random random = new(3);
        foreach ((_, byte[][] strings) in Shapes())
        {
            FsstEncoder encoder = Build(strings, out _, out _);
            FsstDecoder decoder = Load(encoder);
            for (int length = 0; length < 40; length++)
            {
                byte[] value = new byte[length];
                random.NextBytes(value);
                Assert.Equal(Fault.None, Decode(decoder, Encode(encoder, value), out byte[] decoded));
                Assert.Equal(value, decoded);
            }
        }
    }

    [Fact]
    public void Text_takes_less_than_half()
    {
        FsstEncoder encoder = Build(Shapes().Single(shape => shape.Name == "text").Strings, out int sampled, out int coded);
        Assert.InRange(sampled, FsstBuilder.SampleBytes, FsstBuilder.SampleBytes + FsstBuilder.MaxPiece);
        Assert.InRange(coded, 1, sampled * 2 / 5);
        Assert.InRange(encoder.TableBytes, 300, Fsst.MaxTableBytes);
    }

    [Fact]
    public void The_same_sample_gives_the_same_table()
    {
        byte[][] text = Shapes().Single(shape => shape.Name == "text").Strings;
        byte[] first = Table(Build(text, out _, out _));
        Build(Shapes().Single(shape => shape.Name == "bytes").Strings, out _, out _);
        Assert.Equal(first, Table(Build(text, out _, out _)));
    }

    [Fact]
    public void A_string_is_read_no_further_than_it_goes()
    {
        // Symbols that go on after each string's end must not be found there.
        FsstEncoder encoder = Build([.. Enumerable.Repeat("abcdefghijklmnop"u8.ToArray(), 100)], out _, out _);
        FsstDecoder decoder = Load(encoder);
        using Native memory = new(32);
        "abcdefghijklmnopabcdefghijklmnop"u8.CopyTo(new Span<byte>(memory.Bytes, 32));
        for (int start = 0; start < 16; start++)
        {
            for (int length = 0; length <= 16; length++)
            {
                byte[] codes = Encode(encoder, memory.Bytes + start, length);
                Assert.Equal(Fault.None, Decode(decoder, codes, out byte[] decoded));
                Assert.Equal(new Span<byte>(memory.Bytes + start, length).ToArray(), decoded);
            }
        }
    }

    [Fact]
    public void Damaged_tables_and_codes_are_refused()
    {
        byte[] table = [2, 0, 0, 0, 0, 0, 0, 0, 3, 8, .. "abc12345678"u8];
        Assert.Equal(Fault.None, Load(table, out FsstDecoder decoder));
        Assert.Equal(Fault.None, Decode(decoder, [0, 1, 255, 255, 0, 255, 0], out byte[] decoded));
        Assert.Equal([.. "abc12345678"u8, 255, .. "abc"u8, 0], decoded);
        Assert.Equal(Fault.CodeOutOfRange, Decode(decoder, [2], out _));
        Assert.Equal(Fault.CodeOutOfRange, Decode(decoder, [0, 0, 254, 0], out _));
        Assert.Equal(Fault.CodeOutOfRange, Decode(decoder, [0, 0, 0, 255, 7, 0, 0, 2, 1], out _));
        Assert.Equal(Fault.CodeOutOfRange, Decode(decoder, [255], out _));
        Assert.Equal(Fault.CodeOutOfRange, Decode(decoder, [0, 0, 0, 0, 255], out _));

        Assert.Equal(Fault.SegmentTooShort, Load(table[..7], out _));
        Assert.Equal(Fault.SegmentTooShort, Load(table[..9], out _));
        Assert.Equal(Fault.SegmentTooShort, Load(table[..^1], out _));
        Assert.Equal(Fault.CountOutOfRange, Load([0, .. table[1..]], out _));
        Assert.Equal(Fault.SegmentTooShort, Load([255, .. table[1..]], out _));
        Assert.Equal(Fault.WidthTooLarge, Load([.. table[..8], 0, .. table[9..]], out _));
        Assert.Equal(Fault.WidthTooLarge, Load([.. table[..8], 9, .. table[9..]], out _));
    }

    [Fact]
    public void Random_codes_and_tables_do_no_harm()
    {
        Random random = new(9);
        for (int i = 0; i < 2000; i++)
        {
            byte[] table = new byte[random.Next(600)];
            random.NextBytes(table);
            for (int at = 8; at < table.Length && i % 2 == 0; at++)
            {
                table[at] = (byte)(1 + (table[at] % 8));
            }

            if (Load(table, out FsstDecoder decoder) == Fault.None)
            {
                byte[] codes = new byte[random.Next(50)];
                random.NextBytes(codes);
                Decode(decoder, codes, out byte[] decoded);
                Assert.InRange(decoded.Length, 0, (int)Fsst.MaxDecoded((ulong)codes.Length));
            }
        }
    }

    public void Dispose()
    {
        _builderMemory.Dispose();
        _decoderMemory.Dispose();
    }

    static IEnumerable<(string Name, byte[][] Strings)> Shapes()
    {
        Random random = new(17);
        string[] words = ["carefully", "final", "deposits", "sleep", "quickly", "above", "the", "ironic", "requests", "ought to", "x-ray"];
        byte[][] Of(int count, Func<int, byte[]> value) => [.. Enumerable.Range(0, count).Select(value)];
        byte[] Bytes(int length, int distinct) => [.. Enumerable.Range(0, length).Select(_ => (byte)random.Next(distinct))];
        byte[] Words(int count) =>
            System.Text.Encoding.ASCII.GetBytes(string.Join(' ', Enumerable.Range(0, count).Select(_ => words[random.Next(words.Length)])));
        yield return ("text", Of(1000, _ => Words(random.Next(1, 8))));
        yield return ("bytes", Of(300, _ => Bytes(random.Next(100), 256)));
        yield return ("pairs", Of(1000, _ => Bytes(random.Next(3), 256)));
        yield return ("zeros", Of(100, i => new byte[i]));
        yield return ("few", Of(500, _ => Bytes(random.Next(60), 3)));
        yield return ("escapes", Of(200, i => [.. Enumerable.Repeat((byte)255, i % 20), (byte)i]));
        yield return ("long", Of(3, _ => Words(2000)));
        yield return ("one", [[42]]);
        yield return ("addresses", Of(400, i => System.Text.Encoding.ASCII.GetBytes($"https://example.org/items/{i * 7}?page={i % 10}")));
    }

    FsstEncoder Build(byte[][] strings, out int sampled, out int coded)
    {
        FsstBuilder builder = new(_builderMemory.Bytes);
        builder.Clear();
        foreach (byte[] value in strings)
        {
            fixed (byte* v = value)
            {
                if (!builder.Add(v, (uint)value.Length))
                {
                    break;
                }
            }
        }

        return builder.Build(out sampled, out coded);
    }

    static byte[] Table(FsstEncoder encoder)
    {
        byte[] table = new byte[encoder.TableBytes];
        fixed (byte* t = table)
        {
            encoder.WriteTable(t);
        }

        return table;
    }

    FsstDecoder Load(FsstEncoder encoder)
    {
        Assert.Equal(Fault.None, Load(Table(encoder), out FsstDecoder decoder));
        return decoder;
    }

    Fault Load(byte[] table, out FsstDecoder decoder)
    {
        using Native copy = new(table.Length);
        table.CopyTo(new Span<byte>(copy.Bytes, table.Length));
        return FsstDecoder.Load(copy.Bytes, (ulong)table.Length, _decoderMemory.Bytes, out decoder);
    }

    static byte[] Encode(FsstEncoder encoder, byte[] value)
    {
        using Native memory = new(value.Length);
        value.CopyTo(new Span<byte>(memory.Bytes, value.Length));
        return Encode(encoder, memory.Bytes, value.Length);
    }

    static byte[] Encode(FsstEncoder encoder, byte* value, int length)
    {
        using Native codes = new((int)Fsst.MaxEncoded((ulong)length));
        ulong address = (ulong)value;
        uint coded = (uint)length;
        encoder.Encode(&address, &coded, 1, codes.Bytes);
        return new Span<byte>((byte*)address, (int)coded).ToArray();
    }

    static Fault Decode(FsstDecoder decoder, byte[] codes, out byte[] decoded)
    {
        using Native source = new(codes.Length);
        codes.CopyTo(new Span<byte>(source.Bytes, codes.Length));
        using Native room = new((codes.Length * 8) + FsstDecoder.Slack);
        Fault fault = decoder.Decode(source.Bytes, (ulong)codes.Length, room.Bytes, out byte* end);
        decoded = new Span<byte>(room.Bytes, (int)(end - room.Bytes)).ToArray();
        return fault;
    }
}
