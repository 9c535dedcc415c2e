// Kernels of numeric against integers without limits.

using System;
using System.Globalization;
using System.Linq;
using System.Numerics;
using Xunit;

namespace Epiphany.Execution.Tests;

/// <summary>Kernels of numeric against big integers, in form Decimal, as datums, and where only PostgreSQL's functions will do.</summary>
public class ExpressionsNumericTests
{
    /// <summary>Stands for what PostgreSQL's function would have been called for.</summary>
    static readonly ulong s_onHost = Values.Of("on host");

    static FakeHost Host(params uint[] functions)
    {
        var host = new FakeHost();
        Array.ForEach(functions, f => host.AddFunction(f, _ => s_onHost, f == 1744 ? 1 : 2));
        return host;
    }

    static ulong?[] Sample(int seed, int count, double nulls, int bits) =>
        Values.Mix(new Random(seed), count, nulls, r => Values.Of(r.NextInt64(-(1L << bits), 1L << bits) >> r.Next(bits)));

    static void Decimals(ExpressionsCheck check, int column, int scale, int bits)
    {
        check.Column(column).Form = VectorForm.Decimal;
        check.Column(column).Scale = scale;
        check.Column(column).Bound = 1UL << bits;
    }

    static BigInteger Scaled(ulong value, int from, int to) => (long)value * BigInteger.Pow(10, to - from);

    [Theory]
    [InlineData(0, 0, 20)]
    [InlineData(2, 2, 30)]
    [InlineData(2, 0, 20)]
    [InlineData(1, 6, 30)]
    [InlineData(9, 0, 10)]
    public void Arithmetic_and_comparisons(int leftScale, int rightScale, int bits)
    {
        int scale = Math.Max(leftScale, rightScale);
        foreach (uint function in new uint[] { 1724, 1725, 1726, 1718, 1719, 1720, 1721, 1722, 1723 })
        {
            bool isComparison = function < 1724;
            ValueType type = isComparison ? ProgramWriter.Bool : ProgramWriter.Numeric;
            object? Model(ulong? l, ulong? r)
            {
                if (l == null || r == null)
                {
                    return null;
                }

                BigInteger a = Scaled(l.Value, leftScale, scale);
                BigInteger b = Scaled(r.Value, rightScale, scale);
                return function switch
                {
                    1724 => Values.Decimal(a + b, scale),
                    1725 => Values.Decimal(a - b, scale),
                    1726 => Values.Decimal((BigInteger)(long)l * (long)r, leftScale + rightScale),
                    1718 => a == b,
                    1719 => a != b,
                    1720 => a > b,
                    1721 => a >= b,
                    1722 => a < b,
                    _ => a <= b,
                };
            }

            ulong?[] left = Sample(1, 1000, 0.1, bits);
            ulong?[] right = Sample(2, 1000, 0.1, bits);
            using var both = new ExpressionsCheck(Host(),
                w => w.Call(type, function, 2).Column(ProgramWriter.Numeric, 0).Column(ProgramWriter.Numeric, 1),
                left, right);
            Decimals(both, 0, leftScale, bits);
            Decimals(both, 1, rightScale, bits);
            both.Agrees(v => Model(v[0], v[1]));

            // A bound that proves nothing, though the values fit.
            both.Column(0).Bound = ulong.MaxValue;
            both.Agrees(v => Model(v[0], v[1]));

            foreach (long constant in new long[] { 0, 1, -1, 7, (1 << bits) - 1 })
            {
                ulong datum = Values.NumericOf(constant, rightScale);
                using var one = new ExpressionsCheck(Host(),
                    w => w.Call(type, function, 2).Column(ProgramWriter.Numeric, 0).Const(ProgramWriter.Numeric, datum), left);
                Decimals(one, 0, leftScale, bits);
                one.Agrees(v => Model(v[0], Values.Of(constant)));
            }

            // Datums of one display scale, as a row source gives them.
            using var datums = new ExpressionsCheck(Host(),
                w => w.Call(type, function, 2).Column(ProgramWriter.Numeric, 0).Column(ProgramWriter.Numeric, 1),
                left, [.. right.Select(r => r == null ? (ulong?)null : Values.NumericOf((long)r, rightScale))]);
            Decimals(datums, 0, leftScale, bits);
            datums.Agrees(v => Model(v[0], v[1] == null ? null : Integer(v[1]!.Value)));
        }
    }

    static ulong Integer(ulong datum) => (ulong)long.Parse(Values.Numeric(datum).Replace(".", "", StringComparison.Ordinal),
        CultureInfo.InvariantCulture);

    [Fact]
    public void What_needs_more_than_64_bits_is_PostgreSQLs()
    {
        FakeHost host = Host(1724, 1726);
        ulong?[] large = [.. Enumerable.Repeat((ulong?)(1UL << 62), 100)];
        foreach (uint function in new uint[] { 1724, 1726 })
        {
            using var check = new ExpressionsCheck(host,
                w => w.Call(ProgramWriter.Text, function, 2).Column(ProgramWriter.Numeric, 0).Column(ProgramWriter.Numeric, 1),
                large, large);
            Decimals(check, 0, 2, 63);
            Decimals(check, 1, 2, 63);
            check.Agrees(_ => "on host");
        }
    }

    [Fact]
    public void Other_datums_are_PostgreSQLs()
    {
        byte[] nan = [0x00, 0xC0];
        byte[] infinite = [0x00, 0xD0];
        foreach (ulong datum in new[] { Values.Of(nan), Values.Of(infinite) })
        {
            FakeHost host = Host(1724);
            using var check = new ExpressionsCheck(host,
                w => w.Call(ProgramWriter.Text, 1724, 2).Column(ProgramWriter.Numeric, 0).Column(ProgramWriter.Numeric, 1),
                [Values.NumericOf(1, 2), Values.NumericOf(1, 2)], [Values.NumericOf(3, 2), datum]);
            check.Evaluates([0, 1], _ => "on host");
            Assert.Equal(2, host.HostRows);
        }
    }

    [Fact]
    public void Datums_are_read_as_they_are_written()
    {
        var random = new Random(5);
        for (int i = 0; i < 20000; i++)
        {
            long value = random.NextInt64(long.MinValue, long.MaxValue) >> random.Next(64) << random.Next(10);
            int scale = random.Next(NumericDatums.MaxScale + 1);
            ulong datum = Values.NumericOf(value, scale);
            Assert.Equal(Values.Decimal(value, scale), Values.Numeric(datum));

            // Digits in base 10,000 may be one more than 64 bits hold.
            bool isRead = NumericReader.TryRead(datum, out long read, out int readScale);
            Assert.True(isRead ? (read, readScale) == (value, scale) : BigInteger.Abs(value) > BigInteger.Pow(10, 16),
                $"{value} {scale} {read} {readScale}");
        }
    }

    [Theory]
    [InlineData(1771, 3)]
    [InlineData(1704, 3)]
    [InlineData(1705, 0)]
    [InlineData(1915, 3)]
    public void Signs(uint function, int scale)
    {
        using var check = new ExpressionsCheck(Host(),
            w => w.Call(ProgramWriter.Numeric, function, 1).Column(ProgramWriter.Numeric, 0), Sample(1, 800, 0.1, 40));
        Decimals(check, 0, scale, 40);
        check.Agrees(v => v[0] == null ? null : Values.Decimal(function switch
        {
            1771 => -(long)v[0]!,
            1915 => (long)v[0]!,
            _ => Math.Abs((long)v[0]!),
        }, scale));
    }

    /// <summary>round and trunc to a number of places, casts to numeric(p, s) and to integers.</summary>
    [Theory]
    [InlineData(1707, 4, 2)]
    [InlineData(1707, 4, 4)]
    [InlineData(1707, 1, 5)]
    [InlineData(1707, 3, 0)]
    [InlineData(1709, 4, 2)]
    [InlineData(1709, 4, 0)]
    [InlineData(1709, 1, 5)]
    [InlineData(1703, 4, 2)]
    [InlineData(1703, 2, 4)]
    [InlineData(1744, 2, 0)]
    [InlineData(1744, 0, 0)]
    [InlineData(1779, 5, 0)]
    public void Other_scales(uint function, int from, int to)
    {
        bool isInteger = function is 1744 or 1779;
        ValueType type = function == 1744 ? ProgramWriter.Int4 : function == 1779 ? ProgramWriter.Int8 : ProgramWriter.Numeric;
        ulong?[] sample = [.. Sample(9, 1000, 0.1, 28), .. new long[] { 5, -5, 15, -15, 50, -50, 150, 4999, 5000, -5000, -4999, 49,
            -49 }.Select(v => (ulong?)v)];
        long second = function == 1703 ? (((15 << 16) | to) + 4) : to;
        using var check = new ExpressionsCheck(Host(), w =>
        {
            w.Call(type, function, isInteger ? 1 : 2).Column(ProgramWriter.Numeric, 0);
            if (!isInteger)
            {
                w.Const(ProgramWriter.Int4, (ulong)second);
            }
        }, sample);
        Decimals(check, 0, from, 29);
        check.Agrees(v =>
        {
            if (v[0] == null)
            {
                return null;
            }

            BigInteger unit = BigInteger.Pow(10, Math.Max(from - to, 0));
            BigInteger value = (long)v[0]! * BigInteger.Pow(10, Math.Max(to - from, 0));
            BigInteger half = function == 1709 ? 0 : unit / 2;
            value = (value + (value.Sign * half)) / unit;
            return isInteger ? (ulong)(long)value : Values.Decimal(value, to);
        });
    }

    [Fact]
    public void What_is_too_large_for_its_type_is_left_to_PostgreSQL()
    {
        using var typeMod = new ExpressionsCheck(Host(1703), w => w.Call(ProgramWriter.Text, 1703, 2).Column(ProgramWriter.Numeric, 0)
            .Const(ProgramWriter.Int4, ((5 << 16) | 2) + 4), [99999, 99999, 100000]);
        Decimals(typeMod, 0, 2, 20);
        typeMod.Evaluates([2], _ => "on host");
        using var int4 = new ExpressionsCheck(Host(1744),
            w => w.Call(ProgramWriter.Text, 1744, 1).Column(ProgramWriter.Numeric, 0), [int.MaxValue + 1UL, 1]);
        Decimals(int4, 0, 0, 40);
        int4.Evaluates([0], _ => "on host");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(11)]
    public void Numerics_as_floats(int scale)
    {
        using var check = new ExpressionsCheck(Host(),
            w => w.Call(ProgramWriter.Float8, 1746, 1).Column(ProgramWriter.Numeric, 0), Sample(1, 900, 0.1, 50));
        Decimals(check, 0, scale, 51);
        check.Agrees(v => v[0] == null ? null : Values.Of(double.Parse(Values.Decimal((long)v[0]!, scale), CultureInfo.InvariantCulture)));
    }

    /// <summary>As numeric_div gives them: places by the first digits in base 10,000, halves away from zero.</summary>
    [Theory]
    [InlineData(0, 0, 40, 40)]
    [InlineData(2, 2, 30, 12)]
    [InlineData(4, 0, 50, 30)]
    [InlineData(0, 6, 60, 62)]
    [InlineData(13, 1, 20, 5)]
    public void Quotients(int leftScale, int rightScale, int leftBits, int rightBits)
    {
        ulong?[] right = [.. Sample(2, 1000, 0.1, rightBits).Select(v => v == 0 ? 3 : v)];
        using var check = new ExpressionsCheck(Host(),
            w => w.Call(ProgramWriter.Numeric, 1727, 2).Column(ProgramWriter.Numeric, 0).Column(ProgramWriter.Numeric, 1),
            Sample(1, 1000, 0.1, leftBits), right);
        Decimals(check, 0, leftScale, leftBits);
        Decimals(check, 1, rightScale, rightBits);
        check.Agrees(v =>
        {
            if (v[0] == null || v[1] == null)
            {
                return null;
            }

            (int weight, int first) = First((long)v[0]!, leftScale);
            (int otherWeight, int otherFirst) = First((long)v[1]!, rightScale);
            int quotientWeight = weight - otherWeight - (first <= otherFirst ? 1 : 0);
            int places = Math.Max(Math.Max(16 - (4 * quotientWeight), 0), Math.Max(leftScale, rightScale));
            BigInteger numerator = BigInteger.Abs((long)v[0]!) * BigInteger.Pow(10, places + rightScale);
            BigInteger divisor = BigInteger.Abs((long)v[1]!) * BigInteger.Pow(10, leftScale);
            BigInteger quotient = ((2 * numerator) + divisor) / (2 * divisor);
            return Values.Decimal((long)(v[0]! ^ v[1]!) < 0 ? -quotient : quotient, places);
        });
    }

    /// <summary>Weight and value of the first digit in base 10,000.</summary>
    static (int Weight, int First) First(long value, int scale)
    {
        string text = BigInteger.Abs(value).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        string whole = text[..^scale];
        string digits = whole.PadLeft((whole.Length + 3) / 4 * 4, '0') + text[^scale..].PadRight((scale + 3) / 4 * 4, '0');
        int first = Enumerable.Range(0, digits.Length / 4).FirstOrDefault(i => digits.Substring(4 * i, 4) != "0000", -1);
        return first < 0 ? (0, 0) : (((whole.Length + 3) / 4) - 1 - first, int.Parse(digits.AsSpan(4 * first, 4), CultureInfo.InvariantCulture));
    }

    [Fact]
    public void Division_by_zero_is_PostgreSQLs()
    {
        foreach (uint function in new uint[] { 1727, 1728, 1980 })
        {
            using var check = new ExpressionsCheck(Host(function),
                w => w.Call(ProgramWriter.Text, function, 2).Column(ProgramWriter.Numeric, 0).Column(ProgramWriter.Numeric, 1), [5, 0], [0, 0]);
            Decimals(check, 0, 2, 10);
            Decimals(check, 1, 0, 10);
            check.Agrees(_ => "on host");
        }
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(3, 1)]
    [InlineData(1, 4)]
    public void Whole_quotients_and_rests(int leftScale, int rightScale)
    {
        int scale = Math.Max(leftScale, rightScale);
        ulong?[] right = [.. Sample(2, 900, 0.1, 12).Select((v, i) => v == 0 ? (ulong?)(i % 2 == 0 ? -1 : 7) : v)];
        foreach (uint function in new uint[] { 1728, 1729, 1973, 1980 })
        {
            using var check = new ExpressionsCheck(Host(),
                w => w.Call(ProgramWriter.Numeric, function, 2).Column(ProgramWriter.Numeric, 0).Column(ProgramWriter.Numeric, 1),
                Sample(1, 900, 0.1, 30), right);
            Decimals(check, 0, leftScale, 30);
            Decimals(check, 1, rightScale, 12);
            check.Agrees(v =>
            {
                if (v[0] == null || v[1] == null)
                {
                    return null;
                }

                BigInteger quotient = BigInteger.DivRem(Scaled(v[0]!.Value, leftScale, scale), Scaled(v[1]!.Value, rightScale, scale),
                    out BigInteger rest);
                return function < 1900 ? Values.Decimal(rest, scale) : Values.Decimal(quotient, 0);
            });
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void Whole_numbers_around(int scale)
    {
        foreach (uint function in new uint[] { 1706, 1711, 1712, 2167 })
        {
            using var check = new ExpressionsCheck(Host(),
                w => w.Call(ProgramWriter.Numeric, function, 1).Column(ProgramWriter.Numeric, 0), Sample(1, 900, 0.1, 14));
            Decimals(check, 0, scale, 14);
            check.Agrees(v => v[0] == null ? null : Values.Decimal(function switch
            {
                1706 => Math.Sign((long)v[0]!),
                1712 => (BigInteger)Math.Floor((decimal)(long)v[0]! / (decimal)Math.Pow(10, scale)),
                _ => (BigInteger)Math.Ceiling((decimal)(long)v[0]! / (decimal)Math.Pow(10, scale)),
            }, 0));
        }
    }

    /// <summary>Of NaN, infinities and more digits than 64 bits hold, without PostgreSQL.</summary>
    [Fact]
    public void Comparisons_of_any_numerics()
    {
        string[] texts = ["-Infinity", "-1e40", "-3", "-0.5", "0", "0.00", "1e-30", "7", "7.00", "123456789012345678901234567890", "Infinity", "NaN"];
        var host = new FakeHost();
        ulong?[] left = [.. texts.SelectMany(_ => texts).Select(t => (ulong?)NumericText.Datum(host, t))];
        ulong?[] right = [.. texts.SelectMany(t => Enumerable.Repeat(t, texts.Length)).Select(t => (ulong?)NumericText.Datum(host, t))];
        int[] ranks = [0, 1, 2, 3, 4, 4, 5, 6, 6, 7, 8, 9];
        int row = 0;
        var order = texts.SelectMany((_, r) => ranks.Select(l => l.CompareTo(ranks[r]))).ToDictionary(_ => (left[row]!.Value, right[row++]!.Value));
        foreach (uint function in new uint[] { 1718, 1719, 1720, 1721, 1722, 1723 })
        {
            using var check = new ExpressionsCheck(host,
                w => w.Call(ProgramWriter.Bool, function, 2).Column(ProgramWriter.Numeric, 0).Column(ProgramWriter.Numeric, 1), left, right);
            check.Agrees(v => order[(v[0]!.Value, v[1]!.Value)] is var c && function switch
            {
                1718 => c == 0,
                1719 => c != 0,
                1720 => c > 0,
                1721 => c >= 0,
                1722 => c < 0,
                _ => c <= 0,
            });
        }
    }

    [Fact]
    public void Integers_as_numerics()
    {
        foreach (uint function in new uint[] { 1782, 1740, 1781 })
        {
            using var check = new ExpressionsCheck(Host(),
                w => w.Call(ProgramWriter.Numeric, function, 1).Column(ProgramWriter.Int4, 0), Sample(1, 500, 0.1, 14));
            check.Agrees(v => v[0] == null ? null : Values.Decimal((long)v[0]!, 0));
        }
    }
}
