// Keys of all kinds: equal values get one number, others get others.

using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Epiphany.Execution.Tests;

public sealed unsafe class KeyTableTests
{
    const uint TextEqual = 67;
    const uint PaddedEqual = 1048;
    const uint NumericEqual = 1718;
    const uint Float8Equal = 293;
    const uint Float48Equal = 299;
    const uint Int48Equal = 852;
    const uint OtherEqual = 99999;

    static readonly ValueType s_float4 = new(TypeOid.Float4, -1, 0, 4, true);
    static readonly ValueType s_padded = new(TypeOid.BpChar, -1, 950, -1, false);

    readonly FakeHost _host = new();

    [Fact]
    public void Strings_are_equal_by_their_bytes_whatever_their_header()
    {
        string[] texts =
        [
            "", "a", "b", "ab", "ba", "1234567", "12345678", "12345679", "a longer string, longer than a lane", "a longer string, longer than a lame",
        ];
        ulong[] values = [.. texts.Select(Text), .. texts.Select(ShortText)];
        KeyTable table = Table(TextEqual, ProgramWriter.Text);
        Assert.Equal(Enumerable.Range(0, 10).Concat(Enumerable.Range(0, 10)).Select(i => (uint)i), Insert(table, values));
        Assert.Equal(10, table.Count);
    }

    [Fact]
    public void Blanks_at_the_end_of_padded_strings_do_not_count()
    {
        KeyTable table = Table(PaddedEqual, s_padded);
        string[] texts = ["a", "a      ", "a long one ", "a long one", " a", "  "];
        Assert.Equal([0, 0, 1, 1, 2, 3], Insert(table, [.. texts.Select(Text)]));
    }

    [Fact]
    public void Numerics_are_equal_by_value_in_either_form()
    {
        string[] texts =
        [
            "1.0", "1.00", "1", "-1", "0", "0.000", "0.1", "1e30", "1000000000000000000000000000000", "123456789012345678.5", "NaN", "NaN",
            "Infinity", "-Infinity", "1e-20", "576460752303423488", "576460752303423487", "100000000000000000",
        ];
        KeyTable table = Table(NumericEqual, ProgramWriter.Numeric);
        Assert.Equal(
            [0, 0, 0, 1, 2, 2, 3, 4, 4, 5, 6, 6, 7, 8, 9, 10, 11, 12], Insert(table, [.. texts.Select(t => NumericText.Datum(_host, t))]));

        // 1.00, -1.00, 0.00, 0.10; then integers beside the largest that lanes hold.
        Assert.Equal([0, 1, 2, 3], Insert(table, [100, unchecked((ulong)-100), 0, 10], 2));
        Assert.Equal([10, 11, 12], Insert(table, [576460752303423488, 576460752303423487, 100000000000000000], 0));
        Assert.Equal([9, 13], Insert(table, [1, 2], 20));
        Assert.Equal(14, table.Count);
    }

    [Fact]
    public void Zeros_of_either_sign_are_one_float_and_so_is_NaN()
    {
        KeyTable table = Table(Float8Equal, ProgramWriter.Float8);
        double other = BitConverter.UInt64BitsToDouble(0xFFF8000000000001);
        double[] values = [0.0, -0.0, double.NaN, other, double.PositiveInfinity, 1.5];
        Assert.Equal([0, 0, 1, 1, 2, 3], Insert(table, [.. values.Select(BitConverter.DoubleToUInt64Bits)]));
    }

    [Fact]
    public void Keys_of_two_types_meet_by_value()
    {
        var floats = new KeyTable(Side(Float48Equal, ProgramWriter.Float8), [Float48Equal], [0], nullsEqual: false, _host);
        double[] doubles = [1.5, 0.1, -0.0];
        float[] singles = [1.5F, 0.1F, 0.0F];
        Insert(floats, [.. doubles.Select(BitConverter.DoubleToUInt64Bits)]);
        ulong[] datums = [.. singles.Select(f => (ulong)BitConverter.SingleToInt32Bits(f))];
        Assert.Equal([0, KeyTable.None, 2], Find(floats, Side(Float48Equal, s_float4), datums));

        var integers = new KeyTable(Side(Int48Equal, ProgramWriter.Int8), [Int48Equal], [0], nullsEqual: false, _host);
        Insert(integers, [7, unchecked((ulong)-7), 1UL << 40]);
        Assert.Equal([1, 0, KeyTable.None], Find(integers, Side(Int48Equal, ProgramWriter.Int4), [unchecked((ulong)-7), 7, 8]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Nulls_are_one_key_or_none(bool nullsEqual)
    {
        var table = new KeyTable(Side(TextEqual, ProgramWriter.Text), [TextEqual], [950], nullsEqual, _host);
        ulong[] values = [Text("a"), 0, Text(""), 0, Text("a")];
        uint none = nullsEqual ? 1 : KeyTable.None;
        Assert.Equal(nullsEqual ? [0, 1, 2, 1, 0] : [0, none, 1, none, 0], Insert(table, values, nulls: [0, 1, 0, 1, 0]));
    }

    [Fact]
    public void Unknown_types_are_hashed_and_compared_by_the_host()
    {
        // The hash of the fake host is that of the datum; equality looks at it, too.
        _host.AddFunction(OtherEqual, a => a[0] == a[1] ? 1UL : 0UL);
        var type = new ValueType(77777, -1, 0, 8, true);
        KeyTable table = Table(OtherEqual, type);
        Assert.Equal([0, 1, 0, 2, 1], Insert(table, [5, 6, 5, 7, 6]));
        Assert.Equal([2, 3], Insert(table, [7, 8]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(9)]
    [InlineData(700)]
    public void Dictionary_codes_lead_to_the_numbers_of_their_values(int run)
    {
        var random = new Random(5);
        KeyTable table = Table(TextEqual, ProgramWriter.Text);
        var numbers = new Dictionary<string, uint>();
        for (int tableId = 1; tableId < 6; tableId++)
        {
            string[] entries = [.. Enumerable.Range(0, 50).Select(_ => "entry " + random.Next(100)).Distinct()];
            ulong[] datums = [.. entries.Select(Text)];
            for (int batch = 0; batch < 3; batch++)
            {
                ushort last = 0;
                ushort[] codes = new ushort[Batch.Capacity];
                for (int i = 0; i < codes.Length; i++)
                {
                    last = i % run > 0 ? last : (ushort)random.Next(entries.Length);
                    codes[i] = last;
                }

                byte[] nulls = [.. codes.Select(c => batch > 0 && random.Next(10) == 0 ? (byte)1 : (byte)0)];
                ulong[] values = [.. codes.Select(c => datums[c])];
                fixed (ushort* code = codes)
                fixed (ulong* entry = datums)
                {
                    var coded = new Vector { Codes = code, Table = entry, Entries = datums.Length, TableId = (ulong)tableId };
                    uint[] found = Insert(table, values, nulls: nulls, dictionary: coded);
                    for (int i = 0; i < found.Length; i++)
                    {
                        string key = nulls[i] != 0 ? "null" : entries[codes[i]];
                        Assert.Equal(numbers.TryGetValue(key, out uint number) ? number : numbers[key] = found[i], found[i]);
                    }
                }
            }
        }

        Assert.Equal(table.Count, numbers.Values.Distinct().Count());
    }

    [Fact]
    public void Codes_of_values_that_are_not_in_the_table_have_their_hashes()
    {
        KeyTable table = Table(TextEqual, ProgramWriter.Text);
        Insert(table, [Text("b"), Text("d")]);
        ulong[] datums = [Text("a"), Text("b"), Text("c"), Text("d")];
        ushort[] codes = [0, 0, 1, 1, 0, 2, 2, 2, 3, 0];
        KeyBatch plain = Side(TextEqual, ProgramWriter.Text);
        KeyBatch side = Side(TextEqual, ProgramWriter.Text);
        uint[] numbers = new uint[codes.Length];
        ulong[] values = [.. codes.Select(c => datums[c])];
        for (int again = 0; again < 2; again++)
        {
            fixed (ushort* code = codes)
            fixed (ulong* entry = datums)
            fixed (ulong* value = values)
            fixed (uint* number = numbers)
            {
                var coded = new Vector { Values = value, Codes = code, Table = entry, Entries = datums.Length, TableId = 7 };
                table.Find(side, [coded], codes.Length, number);
                var vector = new Vector();
                vector.SetDatums(value, null);
                plain.Load([vector], Rows.All(codes.Length));
            }

            Assert.Equal([.. codes.Select(c => c == 1 ? 0 : c == 3 ? 1 : KeyTable.None)], numbers);
            for (int row = 0; row < codes.Length; row++)
            {
                Assert.True(numbers[row] != KeyTable.None || side.Hashes[row] == plain.Hashes[row]);
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1000)]
    [InlineData(1L << 40)]
    public void Many_integers_are_found_again(long step)
    {
        const int Count = 100_000;
        KeyTable table = Table(467, ProgramWriter.Int8);
        ulong[] keys = [.. Enumerable.Range(0, Count).Select(i => (ulong)(((long)i * 7919 % Count) * step) - 5000)];
        for (int i = 0; i < Count; i += 2000)
        {
            Assert.Equal(Enumerable.Range(i, 2000).Select(n => (uint)n), Insert(table, keys[i..(i + 2000)]));
        }

        Assert.Equal(Enumerable.Range(3000, 2000).Select(n => (uint)n), Find(table, Side(467, ProgramWriter.Int8), keys[3000..5000]));
        Assert.Equal([KeyTable.None], Find(table, Side(467, ProgramWriter.Int8), [unchecked((ulong)-5001)]));
        ulong before = _host.Allocated;
        table.Clear();
        Assert.True(_host.Allocated < before);
        Assert.Equal([0, 1], Insert(table, keys[5..7]));
    }

    KeyBatch Side(uint equality, ValueType type) =>
        new([new KeyColumn(type, KeyKinds.Of(equality, type.Collation, type.Oid), type.Collation, _host)], _host);

    KeyTable Table(uint equality, ValueType type) => new(Side(equality, type), [equality], [type.Collation], nullsEqual: true, _host);

    /// <summary><paramref name="scale"/>: values are integers of that scale; -1: datums.</summary>
    static uint[] Insert(KeyTable table, ulong[] values, int scale = -1, byte[]? nulls = null, Vector? dictionary = null)
    {
        uint[] numbers = new uint[values.Length];
        fixed (ulong* value = values)
        fixed (byte* isNull = nulls)
        fixed (uint* number = numbers)
        {
            Vector vector = dictionary ?? new Vector();
            vector.Values = value;
            vector.Nulls = isNull;
            vector.Form = scale < 0 ? VectorForm.Datum : VectorForm.Decimal;
            vector.Scale = scale;
            vector.Bound = long.MaxValue;
            table.Insert([vector], values.Length, number);
        }

        return numbers;
    }

    static uint[] Find(KeyTable table, KeyBatch side, ulong[] values)
    {
        uint[] numbers = new uint[values.Length];
        fixed (ulong* value = values)
        fixed (uint* number = numbers)
        {
            var vector = new Vector();
            vector.SetDatums(value, null);
            table.Find(side, [vector], values.Length, number);
        }

        return numbers;
    }

    ulong Text(string text) => NumericText.Varlena(_host, System.Text.Encoding.UTF8.GetBytes(text));

    ulong ShortText(string text)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
        byte* datum = _host.Allocate((nuint)bytes.Length + 1);
        datum[0] = (byte)(((bytes.Length + 1) << 1) | 1);
        bytes.CopyTo(new Span<byte>(datum + 1, bytes.Length));
        return (ulong)datum;
    }
}
