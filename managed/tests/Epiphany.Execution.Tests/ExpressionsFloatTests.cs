// Kernels of floats against plain arithmetic and the rules of float.h.

using System;
using System.Linq;
using Xunit;

namespace Epiphany.Execution.Tests;

/// <summary>Floats: results as the processor's, errors as float.h's.</summary>
public class ExpressionsFloatTests
{
    static readonly ValueType s_float4 = new(TypeOid.Float4, -1, 0, 4, true);
    static readonly ValueType s_int2 = new(TypeOid.Int2, -1, 0, 2, true);

    static readonly double[] s_edges = [0, -0.0, 1, -1, 0.5, 1.5, 2.5, -2.5, 1e300, -1e300, 1e-300, double.NaN, double.PositiveInfinity,
        double.NegativeInfinity, double.MaxValue,
        double.Epsilon, 3e38, 1e-38, 1e-45, 32767.5, 32767.4, -32768.5, 2147483647.5, 2147483647.4, -2147483648.5, 9.3e18, -9223372036854775808.0,
            9223372036854774784.0];

    static ulong?[] Float8s(int seed) => Values.Mix(new Random(seed), 700, 0.1, r => Values.Of((r.NextDouble() - 0.5) * 1000),
        [.. s_edges.Select(Values.Of)]);

    static ulong?[] Float4s(int seed) => Values.Mix(new Random(seed), 700, 0.1, r => Values.Of((r.NextSingle() - 0.5f) * 1000),
        [.. s_edges.Select(e => Values.Of((float)e))]);

    static double Read(ulong lane, bool isSingle) => isSingle ? BitConverter.UInt32BitsToSingle((uint)lane) : BitConverter.UInt64BitsToDouble(lane);

    static RaisedException Range(string what) => new(SqlState.Pack("22003"), $"value out of range: {what}");

    [Theory]
    [InlineData('+', 218, 204, 281, 285)]
    [InlineData('-', 219, 205, 282, 286)]
    [InlineData('*', 216, 202, 279, 283)]
    [InlineData('/', 217, 203, 280, 284)]
    public void Arithmetic(char operation, uint wide, uint single, uint singleAndWide, uint wideAndSingle)
    {
        foreach ((uint function, bool leftIsSingle, bool rightIsSingle) in new[] { (wide, false, false), (single, true, true), (singleAndWide, true,
            false), (wideAndSingle, false, true) })
        {
            bool isSingle = leftIsSingle && rightIsSingle;
            using var check = new ExpressionsCheck(new FakeHost(), w => w.Call(isSingle ? s_float4 : ProgramWriter.Float8, function, 2)
                .Column(leftIsSingle ? s_float4 : ProgramWriter.Float8, 0).Column(rightIsSingle ? s_float4 : ProgramWriter.Float8, 1),
                leftIsSingle ? Float4s(1) : Float8s(1), rightIsSingle ? Float4s(2) : Float8s(2));
            check.Agrees(v =>
            {
                if (v[0] == null || v[1] == null)
                {
                    return null;
                }

                double a = Read(v[0]!.Value, leftIsSingle);
                double b = Read(v[1]!.Value, rightIsSingle);
                if (operation == '/' && b == 0 && !double.IsNaN(a))
                {
                    throw new RaisedException(SqlState.Pack("22012"), "division by zero");
                }

                // Single operations rounded from the exact result of two singles are the same by way of double.
                double result = operation switch { '+' => a + b, '-' => a - b, '*' => a * b, _ => a / b };
                result = isSingle ? (float)result : result;
                if (double.IsInfinity(result) && !double.IsInfinity(a) && (operation == '/' || !double.IsInfinity(b)))
                {
                    throw Range("overflow");
                }

                if (result == 0 && a != 0 && ((operation == '*' && b != 0) || (operation == '/' && !double.IsInfinity(b))))
                {
                    throw Range("underflow");
                }

                return isSingle ? Values.Of((float)result) : Values.Of(result);
            });
        }
    }

    [Fact]
    public void Functions_of_one()
    {
        (uint, Func<double, double>)[] functions = [(220, v => -v), (221, Math.Abs), (1395, Math.Abs), (228, Math.Round), (1342, Math.Round), (229,
            Math.Truncate),
            (1343, Math.Truncate), (2308, Math.Ceiling), (2320, Math.Ceiling), (2309, Math.Floor)];
        foreach ((uint function, Func<double, double> model) in functions)
        {
            using var check = new ExpressionsCheck(new FakeHost(),
                w => w.Call(ProgramWriter.Float8, function, 1).Column(ProgramWriter.Float8, 0), Float8s(1));
            check.Agrees(v => v[0] == null ? null : Values.Of(model(Read(v[0]!.Value, false))));
        }

        foreach (uint function in new uint[] { 206, 207, 1394 })
        {
            using var check = new ExpressionsCheck(new FakeHost(), w => w.Call(s_float4, function, 1).Column(s_float4, 0), Float4s(1));
            check.Agrees(v => v[0] == null ? null : Values.Of(function == 206 ? -(float)Read(v[0]!.Value, true) : Math.Abs((float)Read(v[0]!.Value,
                true))));
        }
    }

    [Fact]
    public void Casts_to_integers()
    {
        (uint, bool, ValueType, decimal, string)[] casts = [(237, false, s_int2, 32768, "smallint"), (317, false, ProgramWriter.Int4, 2147483648,
            "integer"),
            (483, false, ProgramWriter.Int8, 9223372036854775808, "bigint"), (238, true, s_int2, 32768, "smallint"), (319, true, ProgramWriter.Int4,
                2147483648, "integer"),
            (653, true, ProgramWriter.Int8, 9223372036854775808, "bigint")];
        foreach ((uint function, bool isSingle, ValueType type, decimal limit, string name) in casts)
        {
            using var check = new ExpressionsCheck(new FakeHost(),
                w => w.Call(type, function, 1).Column(isSingle ? s_float4 : ProgramWriter.Float8, 0),
                isSingle ? Float4s(1) : Float8s(1));
            check.Agrees(v =>
            {
                if (v[0] == null)
                {
                    return null;
                }

                double rounded = Math.Round(Read(v[0]!.Value, isSingle));
                return rounded >= -(double)limit && rounded < (double)limit ? Values.Of((long)rounded)
                    : throw new RaisedException(SqlState.Pack("22003"), $"{name} out of range");
            });
        }
    }

    [Fact]
    public void Casts_to_floats()
    {
        ulong?[] integers = Values.Mix(new Random(1), 700, 0.1, r => (ulong)r.NextInt64(long.MinValue, long.MaxValue) >> r.Next(64), 0,
            ulong.MaxValue, 16777217, (1UL << 53) + 1);
        foreach (uint function in new uint[] { 235, 316, 482, 236, 318, 652 })
        {
            bool isSingle = function is 236 or 318 or 652;
            using var check = new ExpressionsCheck(new FakeHost(),
                w => w.Call(isSingle ? s_float4 : ProgramWriter.Float8, function, 1).Column(ProgramWriter.Int8, 0), integers);
            check.Agrees(v => v[0] == null ? null : isSingle ? Values.Of((float)(long)v[0]!) : Values.Of((double)(long)v[0]!));
        }

        using var widen = new ExpressionsCheck(new FakeHost(), w => w.Call(ProgramWriter.Float8, 311, 1).Column(s_float4, 0), Float4s(3));
        widen.Agrees(v => v[0] == null ? null : Values.Of(Read(v[0]!.Value, true)));
        using var narrow = new ExpressionsCheck(new FakeHost(), w => w.Call(s_float4, 312, 1).Column(ProgramWriter.Float8, 0), Float8s(3));
        narrow.Agrees(v =>
        {
            if (v[0] == null)
            {
                return null;
            }

            double wide = Read(v[0]!.Value, false);
            return float.IsInfinity((float)wide) && !double.IsInfinity(wide) ? throw Range("overflow")
                : (float)wide == 0 && wide != 0 ? throw Range("underflow")
                : Values.Of((float)wide);
        });
    }
}
