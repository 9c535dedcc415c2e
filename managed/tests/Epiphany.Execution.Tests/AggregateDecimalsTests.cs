// Sums of integers of several scales and of datums, against big integers; transition values, against their layout.

using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;
using Xunit;

namespace Epiphany.Execution.Tests;

public sealed unsafe class AggregateDecimalsTests
{
    readonly FakeHost _host = new();

    [Theory]
    [InlineData(1, false, 40)]
    [InlineData(5, false, 62)]
    [InlineData(100, false, 62)]
    [InlineData(5, true, 30)]
    [InlineData(5, true, 62)]
    [InlineData(300, true, 50)]
    public void Sums_are_exact_whatever_scales_come(int groups, bool mixesScales, int bits)
    {
        const int Scale = 30;
        var random = new Random(groups + bits);
        var state = new AggregateDecimals(isInteger: false, isPoly: false, hasSquares: true, _host);
        var sums = new BigInteger[groups];
        var displays = new int[groups];
        var rows = new AggregateRows(_host.Memory);
        for (int batch = 0; batch < 40; batch++)
        {
            int scale = mixesScales ? random.Next(batch < 20 ? 6 : 28) : 2;
            bool isDatums = mixesScales && random.Next(4) == 0;
            int count = random.Next(1, Batch.Capacity + 1);
            ulong[] values = new ulong[count];
            state.Reserve(groups);
            for (int i = 0; i < count; i++)
            {
                int group = random.Next(groups);
                long value = random.NextInt64(-(1L << bits), 1L << bits);
                rows.Groups[i] = (uint)group;
                values[i] = (ulong)value;
                sums[group] += value * BigInteger.Pow(10, Scale - scale);
                displays[group] = Math.Max(displays[group], scale);
                if (isDatums)
                {
                    byte* datum = _host.Allocate(NumericDatums.MaxBytes);
                    NumericDatums.Write(value, scale, datum);
                    values[i] = (ulong)datum;
                }
            }

            rows.Set(count, groups);
            fixed (ulong* at = values)
            {
                state.Add(
                    new Vector
                    {
                        Values = at,
                        Form = isDatums ? VectorForm.Datum : VectorForm.Decimal,
                        Scale = scale,
                        Bound = 1UL << bits,
                    },
                    rows);
            }
        }

        int[] all = [.. Enumerable.Range(0, groups)];
        var shown = new Vector();
        fixed (int* numbers = all)
        {
            state.Show(AggregateResult.Value, numbers, groups, new VectorBuffer(_host.Memory), new Arena(_host.Memory), shown);
        }

        shown = new DatumForm(_host.Memory).Of(shown, Rows.All(groups));
        for (int g = 0; g < groups; g++)
        {
            NumericParts parts = NumericParts.Of(shown.Values[g]);
            BigInteger sum = AggregateNumerics.Integer(parts, out int scale);
            Assert.Equal((sums[g], displays[g]), (AggregateNumerics.Scaled(sum, scale, Math.Max(scale, Scale)), parts.Scale));
        }
    }

    [Theory]
    [InlineData("10000.50 NaN -3", 2114U, "2|2 0 0 2|9997.50|2 1|1 0 0")]
    [InlineData("10000 20000", 2107U, "2|2 1 0 0|30000")]
    [InlineData("10000 -10000", 2107U, "2|0 0 0 0|")]
    [InlineData("-5 2", 2718U, "2|1 0 4000 0|-3|1 0 0 0|29|0 2|0 0 0")]
    [InlineData("-5 2", 2719U, "2|1 0 4000 0|-3|1 0 0 0|29")]
    public void Partial_states_are_those_of_PostgreSQL(string values, uint function, string expected)
    {
        bool isNumeric = function == 2114;
        ValueType type = isNumeric ? ProgramWriter.Numeric : ProgramWriter.Int8;
        ulong?[] column = [.. values.Split(' ').Select(
            v => (ulong?)(isNumeric ? NumericText.Datum(_host, v) : (ulong)long.Parse(v, System.Globalization.CultureInfo.InvariantCulture)))];
        const int InitialSerial = 6;
        var bytea = new ValueType(TypeOid.Bytea, -1, 0, -1, false);
        List<byte[]> found = [];
        AggregateWriter.Aggregate(_host, [type], [column], [], [new(function, bytea, 0)], InitialSerial)
            .Run(_host, r => found.Add(Varlena.Payload(r[0]!.Value).ToArray()));
        Assert.Equal(Bytes(expected), found.Single());
    }

    /// <summary>
    /// The count; then of each sum: digits, weight, sign (hexadecimal) and scale, and the number; then the greatest scale, how many have it, and the
    /// numbers of NaN and infinities.
    /// </summary>
    static byte[] Bytes(string text)
    {
        List<byte> bytes = [];
        void Add(long value, int size) => bytes.AddRange(BitConverter.GetBytes(value).Take(size).Reverse());
        string[] parts = text.Split('|');
        Add(long.Parse(parts[0], null), 8);
        int at = 1;
        for (; at < parts.Length && parts[at].Split(' ').Length == 4; at += 2)
        {
            string[] head = parts[at].Split(' ');
            Add(int.Parse(head[0], null), 4);
            Add(int.Parse(head[1], null), 4);
            Add(int.Parse(head[2], System.Globalization.NumberStyles.HexNumber, null), 4);
            Add(int.Parse(head[3], null), 4);
            string digits = parts[at + 1].TrimStart('-');
            string whole = digits.Split('.')[0];
            string fraction = digits.Contains('.', StringComparison.Ordinal) ? digits.Split('.')[1].PadRight(4, '0') : "";
            string all = whole.PadLeft((whole.Length + 3) / 4 * 4, '0') + fraction;
            foreach (char[] digit in all.Chunk(4))
            {
                Add(int.Parse(digit, null), 2);
            }
        }

        for (; at < parts.Length; at++)
        {
            string[] numbers = parts[at].Split(' ');
            for (int i = 0; i < numbers.Length; i++)
            {
                Add(long.Parse(numbers[i], null), numbers.Length == 2 && i == 0 ? 4 : 8);
            }
        }

        return [.. bytes];
    }
}
