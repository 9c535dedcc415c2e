// Kernels of integers against arithmetic without limits.

using System;
using System.Numerics;
using Xunit;

namespace Epiphany.Execution.Tests;

/// <summary>Arithmetic and comparisons of integers against 128-bit arithmetic and plain comparisons.</summary>
public class ExpressionsIntegerTests
{
    static readonly ValueType[] s_types = [new(TypeOid.Int2, -1, 0, 2, true), ProgramWriter.Int4, ProgramWriter.Int8];
    static readonly string[] s_names = ["smallint", "integer", "bigint"];

    static (long Low, long High) Range(int type) => type switch
    {
        0 => (short.MinValue, short.MaxValue),
        1 => (int.MinValue, int.MaxValue),
        _ => (long.MinValue, long.MaxValue),
    };

    static ulong?[] Sample(int seed, int type, int count, double nulls, int bits)
    {
        (long low, long high) = Range(type);
        return Values.Mix(new Random(seed), count, nulls, r => (ulong)(r.NextInt64(low, high) >> Math.Max(0, 63 - bits)),
            0, 1, 2, ulong.MaxValue, (ulong)low, (ulong)high, (ulong)(low + 1), (ulong)(high - 1), (ulong)(low / 2), (ulong)(high / 2));
    }

    static ulong Fit(BigInteger value, int type) => value < Range(type).Low || value > Range(type).High
        ? throw new RaisedException(SqlState.Pack("22003"), $"{s_names[type]} out of range")
        : (ulong)(long)value;

    static BigInteger Operate(char operation, long a, long b)
    {
        if (operation is '/' or '%' && b == 0)
        {
            throw new RaisedException(SqlState.Pack("22012"), "division by zero");
        }

        return operation switch
        {
            '+' => (BigInteger)a + b,
            '-' => (BigInteger)a - b,
            '*' => (BigInteger)a * b,
            '/' => BigInteger.Divide(a, b),
            _ => BigInteger.Remainder(a, b),
        };
    }

    [Theory]
    [InlineData('+', 176, 0, 0)]
    [InlineData('+', 177, 1, 1)]
    [InlineData('+', 178, 0, 1)]
    [InlineData('+', 179, 1, 0)]
    [InlineData('+', 463, 2, 2)]
    [InlineData('+', 1274, 2, 1)]
    [InlineData('+', 1278, 1, 2)]
    [InlineData('+', 837, 2, 0)]
    [InlineData('+', 841, 0, 2)]
    [InlineData('-', 180, 0, 0)]
    [InlineData('-', 181, 1, 1)]
    [InlineData('-', 182, 0, 1)]
    [InlineData('-', 183, 1, 0)]
    [InlineData('-', 464, 2, 2)]
    [InlineData('-', 1275, 2, 1)]
    [InlineData('-', 1279, 1, 2)]
    [InlineData('-', 838, 2, 0)]
    [InlineData('-', 942, 0, 2)]
    [InlineData('*', 152, 0, 0)]
    [InlineData('*', 141, 1, 1)]
    [InlineData('*', 170, 0, 1)]
    [InlineData('*', 171, 1, 0)]
    [InlineData('*', 465, 2, 2)]
    [InlineData('*', 1276, 2, 1)]
    [InlineData('*', 1280, 1, 2)]
    [InlineData('*', 839, 2, 0)]
    [InlineData('*', 943, 0, 2)]
    [InlineData('/', 153, 0, 0)]
    [InlineData('/', 154, 1, 1)]
    [InlineData('/', 172, 0, 1)]
    [InlineData('/', 173, 1, 0)]
    [InlineData('/', 466, 2, 2)]
    [InlineData('/', 1277, 2, 1)]
    [InlineData('/', 1281, 1, 2)]
    [InlineData('/', 840, 2, 0)]
    [InlineData('/', 948, 0, 2)]
    [InlineData('%', 155, 0, 0)]
    [InlineData('%', 940, 0, 0)]
    [InlineData('%', 156, 1, 1)]
    [InlineData('%', 941, 1, 1)]
    [InlineData('%', 945, 2, 2)]
    [InlineData('%', 947, 2, 2)]
    public void Arithmetic(char operation, uint function, int left, int right)
    {
        int type = Math.Max(left, right);
        foreach ((int count, double nulls, int bits) in new[] { (3, 0, 63), (61, 0.3, 63), (600, 0.1, 63), (2048, 0.1, 12), (2048, 0, 12) })
        {
            ulong?[] a = Sample(1, left, count, nulls, bits);
            ulong?[] b = Sample(2, right, count, nulls / 2, bits);
            using var check = new ExpressionsCheck(new FakeHost(),
                w => w.Call(s_types[type], function, 2).Column(s_types[left], 0).Column(s_types[right], 1), a, b);
            check.Agrees(v => v[0] == null || v[1] == null ? null : Fit(Operate(operation, (long)v[0]!, (long)v[1]!), type));
            foreach (ulong? constant in new ulong?[] { null, 0, 7, ulong.MaxValue, (ulong)Range(right).Low })
            {
                using var one = new ExpressionsCheck(new FakeHost(),
                    w => w.Call(s_types[type], function, 2).Column(s_types[left], 0).Const(s_types[right], constant), a);
                one.Agrees(v => v[0] == null || constant == null ? null : Fit(Operate(operation, (long)v[0]!, (long)constant), type));
            }
        }
    }

    [Theory]
    [InlineData("-", 213, 0, 0)]
    [InlineData("-", 212, 1, 1)]
    [InlineData("-", 462, 2, 2)]
    [InlineData("abs", 1253, 0, 0)]
    [InlineData("abs", 1398, 0, 0)]
    [InlineData("abs", 1251, 1, 1)]
    [InlineData("abs", 1397, 1, 1)]
    [InlineData("abs", 1230, 2, 2)]
    [InlineData("abs", 1396, 2, 2)]
    [InlineData("cast", 314, 1, 0)]
    [InlineData("cast", 714, 2, 0)]
    [InlineData("cast", 480, 2, 1)]
    [InlineData("cast", 313, 0, 1)]
    [InlineData("cast", 481, 1, 2)]
    [InlineData("cast", 754, 0, 2)]
    public void Functions_of_one(string name, uint function, int from, int to)
    {
        foreach ((int count, double nulls, int bits) in new[] { (5, 0, 63), (300, 0.3, 63), (2048, 0.1, 14) })
        {
            ulong?[] a = Sample(5, from, count, nulls, bits);
            using var check = new ExpressionsCheck(new FakeHost(), w => w.Call(s_types[to], function, 1).Column(s_types[from], 0), a);
            check.Agrees(v => v[0] == null ? null : Fit(name switch
            {
                "-" => -(BigInteger)(long)v[0]!,
                "abs" => BigInteger.Abs((long)v[0]!),
                _ => (long)v[0]!,
            }, to));
        }
    }
}
