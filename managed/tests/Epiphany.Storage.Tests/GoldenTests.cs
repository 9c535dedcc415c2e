// Bytes on disk never change: a small group of each encoding, kept as hexadecimal text. What is written today must equal it, and what is
// kept must decode. The fields are read here at the offsets that README.md gives, not through the layer's own structures.

using System;
using System.Buffers.Binary;
using System.IO;
using System.Linq;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text;
using Xunit;

namespace Epiphany.Storage.Tests;

public class GoldenTests
{
    static readonly double s_payloadNaN = BitConverter.UInt64BitsToDouble(0xFFF80000_0000BEEF);

    /// <summary>Groups from before numerics had sums, and vectors of strings least and greatest codes: not written any more, but read.</summary>
    static readonly string[] s_older = ["decimal-unsummed", "decimal-scales-unsummed", "dictionary-text-uncoded"];

    public static TheoryData<string> NamesToRead => [.. Enumerable.Select(s_all, golden => golden.Name), .. s_older];

    public static TheoryData<string> Names => [.. Enumerable.Select(s_all, golden => golden.Name)];

    /// <summary>Name, encoding on disk, the column.</summary>
    static readonly (string Name, byte Encoding, TestColumn Column)[] s_all =
    [
        ("constant", 1, TestColumn.OfLongs(ColumnKind.Int32, [null, -2, -2])),
        ("all-null", 1, TestColumn.OfStrings(ColumnKind.VarBytes, [null, null, null])),
        ("constant-text", 1, TestColumn.OfStrings(ColumnKind.CString, [Ascii("hi"), Ascii("hi")])),
        ("run-length", 2, TestColumn.OfLongs(ColumnKind.Int64, Generate(1000, i => i < 60 ? -1 : 1_000_000_000_000))),
        ("frame-of-reference", 3, TestColumn.OfLongs(ColumnKind.Int16, [100, 107, null, 102])),
        ("delta", 4, TestColumn.OfLongs(ColumnKind.Int64, Generate(50, i => (i * 1000) + (i % 2) + 7))),
        ("dictionary", 5, TestColumn.OfLongs(ColumnKind.Int32, Generate(64, i => ((i % 3) - 1) * 2_000_000_000L))),
        ("dictionary-text", 5, TestColumn.OfStrings(ColumnKind.VarBytes, [.. Enumerable.Range(0, 32).Select(Mode)])),
        ("bitmap", 6, TestColumn.OfLongs(ColumnKind.Bool, [1, 0, 0, 1, 1, null, 0, 1, 0, 1])),
        ("plain-float", 7, TestColumn.OfDoubles([-0.0, null, s_payloadNaN, 1.5])),
        ("plain-fixed", 7, TestColumn.OfStrings(ColumnKind.FixedBytes, [[1, 2, 3], null, [9, 8, 7]], 3)),
        ("alp", 9, TestColumn.OfDoubles([.. Enumerable.Range(0, 64).Select(i => i == 5 ? -0.0 : i == 9 ? s_payloadNaN : (double?)Degrees(i))])),
        ("alp-float", 9, TestColumn.OfFloats([.. Enumerable.Range(0, 64).Select(i => i == 3 ? float.NaN : (float?)Degrees(i))])),
        ("decimal", 8, TestColumn.OfStrings(ColumnKind.Numeric, Prices)),
        ("decimal-scales", 8, TestColumn.OfStrings(ColumnKind.Numeric, [.. Enumerable.Range(0, 40).Select(i => Numerics.Of(i * 37, i % 3))])),
        ("decimal-wide", 8, TestColumn.OfStrings(ColumnKind.Numeric, [.. Enumerable.Range(0, 40).Select(Fortune)])),
        ("plain-numeric", 7, TestColumn.OfStrings(ColumnKind.Numeric, [Numerics.NaN, Numerics.Of(15, 1), null])),
        ("fsst", 10, TestColumn.OfStrings(ColumnKind.VarBytes, [.. Enumerable.Range(0, 48).Select(Verse)])),
        ("delta-of-delta", 11, TestColumn.OfLongs(ColumnKind.Int64, Generate(200, i => (i * 1000L) + (i < 100 ? 0 : 77_777) + 7))),
        ("patched", 12, TestColumn.OfLongs(ColumnKind.Int64, Generate(200, i => i % 80 == 50 ? -1L << 60 : 100 + (i * 37 % 8)))),
        ("gorilla", 13, TestColumn.OfDoubles([.. Enumerable.Range(0, 96).Select(i => (double?)NearPi(i))])),
        ("matrix", 15, TestColumn.OfStrings(ColumnKind.VarBytes, [Point(1, 2, 3), null, Point(4, 5, -6)])),
        ("matrix-codes", 15, TestColumn.OfStrings(ColumnKind.VarBytes, [.. Enumerable.Range(0, 3).Select(row => Slope(row, 64))])),
        ("matrix-refined", 15, TestColumn.OfStrings(ColumnKind.VarBytes, [.. Enumerable.Range(0, 3).Select(row => Slope(row, 128))])),
        ("plain-text", 7, TestColumn.OfStrings(ColumnKind.VarBytes, [Ascii("abc"), null, Ascii(""), Ascii("defgh")])),
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void What_is_written_equals_what_was_written(string name)
    {
        (_, _, TestColumn column) = s_all.Single(golden => golden.Name == name);
        string written = ToText(Group.WriteOne(column).Bytes);
        string path = PathOf(name);
        Assert.True(File.Exists(path), $"no {path}; the bytes written are{Environment.NewLine}{written}");
        Assert.Equal(File.ReadAllText(path), written);
    }

    [Theory]
    [MemberData(nameof(NamesToRead))]
    public void What_was_written_can_be_read(string name)
    {
        string today = Array.IndexOf(s_older, name) >= 0 ? name[..name.LastIndexOf('-')] : name;
        (_, byte encoding, TestColumn column) = s_all.Single(golden => golden.Name == today);
        byte[] bytes = Read(name);
        int rows = column.Rows;

        // The footer of one column is 64 + 160 + 8 bytes, at the end.
        ReadOnlySpan<byte> footer = bytes.AsSpan(bytes.Length - 232);
        Assert.Equal("45505247", Convert.ToHexString(footer[..4]));
        Assert.Equal((1, 64), (footer[4] | (footer[5] << 8), footer[6] | (footer[7] << 8)));
        Assert.Equal((rows, 1, 2048, 160), (Int(footer, 8), Int(footer, 12), Int(footer, 16), Int(footer, 20)));
        Assert.Equal(bytes.Length - 232, Int(footer, 24));
        ReadOnlySpan<byte> entry = footer[64..];
        Assert.Equal(((byte)column.Shape.Kind, encoding, (byte)0), (entry[0], entry[1], entry[2]));
        Assert.Equal(column.Shape.FixedLength, Int(entry, 4));
        Assert.Equal(0, Int(entry, 8));
        Assert.Equal(Enumerable.Range(0, rows).Count(column.IsNull), Int(entry, 40));
        // Two blocks and one vector, 32 bytes each.
        Assert.Equal(96, Int(entry, 48));

        Group group = new(bytes, new GroupLocation((ulong)bytes.Length, (ulong)bytes.Length - 232, 232, rows, 1), [column.Shape]);
        group.Check([column]);
    }

    [Fact]
    public void Segments_are_as_described()
    {
        // Rows 100, 107, null (holding 107), 102: bitmap 0b0100 in 8 bytes; base 100, width 3; 0, 7, 7, 2 = 0b010_111_111_000.
        Assert.Equal("0400000000000000" + "6400000000000000" + "0300000000000000" + "F805" + "00", Block(Read("frame-of-reference"), 1)[..54]);

        // First -1, smallest -1, two runs ending at 60 and 1000, width of 10^12 + 1 = 40 bits.
        Assert.Equal(
            "FFFFFFFFFFFFFFFF" + "0200" + "28" + "0000000000" + "3C00" + "E803" + "00000000" + "0000000000" + "0110A5D4E8",
            Block(Read("run-length"), 1)[..68]);

        // First 7, differences 1001 and 999 in turn: smallest 999, width 2, rows 0 (0), 1 (2), 2 (0), 3 (2): 0b10001000.
        Assert.Equal("0700000000000000" + "E703000000000000" + "0200000000000000" + "8888", Block(Read("delta"), 1)[..52]);

        // Three entries of 4 bytes: -2,000,000,000, 0, 2,000,000,000. Codes of rows 0, 1, 2: 0, 1, 2, then again: 0b00_10_01_00.
        Assert.Equal("03000000" + "04" + "000000" + "006CCA88" + "00000000" + "00943577", Block(Read("dictionary"), 0)[..40]);
        Assert.Equal("2449922449922449", Block(Read("dictionary"), 1)[..16]);

        // 1 0 0 1 1 null (holding 1) 0 1 | 0 1.
        Assert.Equal("2000000000000000" + "B902", Block(Read("bitmap"), 1)[..20]);

        // Nulls take no room; NaN keeps its payload and zero its sign.
        Assert.Equal("0200000000000000" + "0000000000000080" + "EFBE00000000F8FF" + "000000000000F83F", Block(Read("plain-float"), 1));
        Assert.Equal("0200000000000000" + "010203" + "090807", Block(Read("plain-fixed"), 1)[..28]);

        // 8 bytes in 4 rows: slope 2 << 16; ends 3, 3, 3, 8 less the line 2, 4, 6, 8 are 1, -1, -3, 0: base -3, width 3, packed 4, 2, 0, 3.
        Assert.Equal(
            "0200000000000000" + "0800000000000000" + "FDFFFFFFFFFFFFFF" + "0000020000000000" + "0300000000000000" + "140600"
                + "6162636465666768",
            Block(Read("plain-text"), 1)[..102]);

        // Two entries in byte order, ends 7 and 12 against the line 6 and 12: base 0, width 1, packed 1, 0.
        Assert.Equal(
            "0200000000000000" + "0C00000000000000" + "0000000000000000" + "0000060000000000" + "0100000000000000" + "01"
                + "7261696C776179747275636B",
            Block(Read("dictionary-text"), 0)[..106]);

        // The vector's entry in the index: offset 0, no nulls, flag 2, codes 0 and 1.
        Assert.Equal(
            "0000000000000000" + "00000000" + "02000000" + "0000000000000000" + "0100000000000000",
            Convert.ToHexString(Read("dictionary-text").AsSpan(64, 32)));

        // 29 symbols; the first row is "green bo", "ttles ", "0 hangin", "g on the", " wall", its end 1 below the line of 283 / 48 bytes.
        Assert.Equal("1D00000000000000" + "010108010605080108", Block(Read("fsst"), 0)[..34]);
        Assert.Equal("6774" + "67206F6E20746865" + "20" + "74746C657320" + "2077616C6C" + "677265656E20626F", Block(Read("fsst"), 0)[74..134]);
        Assert.Equal("0604180205" + "0804101302", Block(Read("fsst"), 1)[76..96]);

        // Differences of 1,000 but for row 100's 78,777: order 1, base 1000, first 7, no bits, one exception.
        Assert.Equal(
            "E803000000000000" + "0700000000000000" + "0000000000000000" + "0100010000000000" + "6400000000000000" + "B933010000000000",
            Block(Read("delta-of-delta"), 1));

        // Order 0, base 100, width 3, rows 50 and 130 apart: 0, 5, 2, 7, 4, 1, 6, 3.
        Assert.Equal(
            "6400000000000000" + "0000000000000000" + "0000000000000000" + "0003020000000000" + "A8CE78", Block(Read("patched"), 1)[..70]);
        Assert.Equal("3200820000000000" + "00000000000000F0" + "00000000000000F0", Block(Read("patched"), 1)[^48..]);

        // Rows 0 and 1 are the first value, row 2 differs in a bit of its own, row 3 not, row 4 in bits 0 to 12: windows (0, 1), (0, 13).
        Assert.Equal("182D4454FB210940" + "2F040000" + "0900" + "0000" + "205A65", Block(Read("gorilla"), 1)[..38]);
        Assert.Equal("0001" + "000D", Block(Read("gorilla"), 1)[80..88]);

        // (15.0 + 37 i / 10 mod 6.4) as integers at 10^13 / 10^14: base 150, 6 bits; -0 in row 5 and NaN in row 9 are kept.
        Assert.Equal("0E0D020000000000" + "9600000000000000" + "0600000000000000" + "40A9BC14E50D", Block(Read("alp"), 1)[..60]);
        Assert.Equal("0500090000000000" + "0000000000000080" + "EFBE00000000F8FF", Block(Read("alp"), 1)[144..]);
        Assert.Equal("0300000000000000" + "0000C0FF00000000", Block(Read("alp-float"), 1)[144..]);

        // Two places, one display scale of 2, integers in a frame of reference: -150, 1000, 1014, 1042: base -150, 11 bits: 0, 1150, 1164, 1192.
        Assert.Equal("0201030000000000" + "02", Block(Read("decimal"), 0)[..18]);
        Assert.Equal("6AFFFFFFFFFFFFFF" + "0B00000000000000" + "00F023235129", Block(Read("decimal"), 1)[..44]);

        // 128-bit integers 2^70 * (7 i mod 40) - i: base 0, 76 bits; the lower 64 are 0, -1, -2; the upper 12 are 0, 7 * 64 - 1, 14 * 64 - 1.
        Assert.Equal("02010E0000000000" + "02", Block(Read("decimal-wide"), 0)[..18]);
        Assert.Equal(
            "00000000000000000000000000000000" + "4C00000000000000" + "0000000000000000" + "FFFFFFFFFFFFFFFF" + "FEFFFFFFFFFFFFFF",
            Block(Read("decimal-wide"), 1)[..96]);
        Assert.Equal("00F01B7FF3", Block(Read("decimal-wide"), 1)[(2 * (24 + 320))..(2 * (24 + 325))]);

        // Two places, display scales 0, 1, 2 with codes 0, 1, 2, 0: 10 bytes, padded to 16. Then 0, 3.7 and 0.74 as 0, 370, 74.
        Assert.Equal("0203030000000000" + "000102", Block(Read("decimal-scales"), 0)[..22]);
        Assert.Equal("24499224499224499224" + "000000000000" + "0000000000000000" + "1200000000000000", Block(Read("decimal-scales"), 1)[..64]);

        // Rows of 12 bytes, 3 dimensions, no codes; rows behind the blocks, after a null bitmap and two checksums.
        Assert.Equal("0C000000" + "03000000" + new string('0', 48), Block(Read("matrix"), 0));
        Assert.Equal("0200000000000000", Block(Read("matrix"), 1)[..16]);
        Assert.Equal(32, Block(Read("matrix"), 1).Length);
        Assert.Equal("0000803F0000004000004040" + "000080400000A0400000C0C0", Behind(Read("matrix")));

        // Rows of 256 bytes, 64 dimensions, one-bit codes of that seed, 64 floats of the centroid; a block of codes, 768 bytes, before the rows.
        Assert.Equal("00010000" + "40000000" + "0100000000000000" + "464F524D56495245" + "0000000000000000", Block(Read("matrix-codes"), 0)[..64]);
        Assert.Equal(2 * (32 + 256), Block(Read("matrix-codes"), 0).Length);
        Assert.Equal(2 * (8 + 16), Block(Read("matrix-codes"), 1).Length);
        Assert.Equal(2 * (768 + (3 * 256)), Behind(Read("matrix-codes")).Length);
        Assert.Equal("00000000" + "0000803F" + "00000040", Behind(Read("matrix-codes"))[(2 * 768)..][..24]);

        // The same of 128 dimensions: between the block of codes, 1024 bytes, and the rows, 512 each, 24 + 64 bytes of each row's own code; in these
        // a square after three factors, a checksum of these 16 bytes and the code, 4 zero bytes.
        Assert.Equal("00020000" + "80000000" + "0200000000000000" + "464F524D56495245" + "0000000000000000", Block(Read("matrix-refined"), 0)[..64]);
        byte[] behind = Convert.FromHexString(Behind(Read("matrix-refined")));
        Assert.Equal(1024 + (3 * (24 + 64)) + (3 * 512), behind.Length);
        for (int row = 0; row < 3; row++)
        {
            ReadOnlySpan<byte> code = behind.AsSpan(1024 + (row * 88), 88);
            Assert.Equal(Enumerable.Range(0, 128).Sum(i => Math.Pow((row + 1) * i % 7, 2)), BinaryPrimitives.ReadSingleLittleEndian(code[12..]));
            Assert.Equal(Castagnoli([.. code[..16], .. code[24..]]), BinaryPrimitives.ReadUInt32LittleEndian(code[16..]));
            Assert.Equal(0, Int(code, 20));
        }

        Assert.Equal("FEFFFFFFFFFFFFFF", Block(Read("constant"), 0));
        Assert.Equal("6869", Block(Read("constant-text"), 0));
        Assert.Equal("", Block(Read("all-null"), 0) + Block(Read("all-null"), 1));
    }

    static uint Castagnoli(byte[] bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte one in bytes)
        {
            crc = BitOperations.Crc32C(crc, one);
        }

        return ~crc;
    }

    static byte[] Point(params float[] elements) => Samples.Floats((short)elements.Length, i => elements[i]);

    static byte[] Slope(int row, short dimensions) => Samples.Floats(dimensions, i => (row + 1) * i % 7);

    static double NearPi(int i) => BitConverter.UInt64BitsToDouble(0x400921FB_54442D18 + (ulong)(i < 4 ? i / 2 : i * i * 256));

    static double Degrees(int i) => ((i * 37 % 64) + 150) / 10.0;

    static byte[] Fortune(int i) => Numerics.Of((BigInteger.Pow(2, 70) * (i * 7 % 40)) - i, 2);

    static byte[]?[] Prices => [.. Enumerable.Range(0, 40).Select(i => Numerics.Of(i == 0 ? -150 : 1000 + ((i - 1) * i * 7 % 640), 2))];

    /// <summary>A block of the only chunk: its place stands in the index, at 32 bytes each.</summary>
    static string Block(byte[] group, int block)
    {
        int offset = Int(group, block * 32);
        int length = Int(group, (block * 32) + 8);
        return Convert.ToHexString(group.AsSpan(offset, length));
    }

    /// <summary>What of the only chunk lies behind its blocks.</summary>
    static string Behind(byte[] group)
    {
        int end = (Int(group, 32) + Int(group, 40) + 7) / 8 * 8;
        long length = BinaryPrimitives.ReadInt64LittleEndian(group.AsSpan(group.Length - 232 + 64 + 16));
        return Convert.ToHexString(group.AsSpan(end, (int)length - end));
    }

    static int Int(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadInt32LittleEndian(bytes[offset..]);

    static long?[] Generate(int rows, Func<int, long> value) => [.. Enumerable.Range(0, rows).Select(i => (long?)value(i))];

    static byte[] Verse(int row) => Ascii($"{(row % 2 == 0 ? "green" : "brown")} bottles {row * 37 % 100} hanging on the wall");

    static byte[] Mode(int row) => Ascii(row % 3 == 0 ? "truck" : "railway");

    static byte[] Ascii(string text) => System.Text.Encoding.ASCII.GetBytes(text);

    static byte[] Read(string name) => Convert.FromHexString(File.ReadAllText(PathOf(name)).ReplaceLineEndings(""));

    static string ToText(byte[] bytes)
    {
        StringBuilder text = new();
        foreach (byte[] line in bytes.Chunk(32))
        {
            text.Append(Convert.ToHexString(line)).Append('\n');
        }

        return text.ToString();
    }

    static string PathOf(string name, [CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "Golden", name + ".hex");
}
