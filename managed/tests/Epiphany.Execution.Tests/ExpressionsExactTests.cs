// Numerics whose display scales differ from row to row: what choices and arithmetic make of them, and what sums do.

using System;
using System.Linq;
using System.Numerics;
using Xunit;

namespace Epiphany.Execution.Tests;

/// <summary>Against big integers; where the engine falls back to PostgreSQL's functions, the test fails for want of them.</summary>
public class ExpressionsExactTests
{
    const uint Int4Equal = 65;

    /// <summary>value / 10^scale; what is shown is part of the value.</summary>
    readonly record struct Shown(BigInteger Value, int Scale)
    {
        internal Shown At(int scale) => new(Value * BigInteger.Pow(10, scale - Scale), scale);

        public static Shown operator +(Shown a, Shown b) =>
            Math.Max(a.Scale, b.Scale) is var s ? new(a.At(s).Value + b.At(s).Value, s) : default;

        public static Shown operator -(Shown a, Shown b) => a + new Shown(-b.Value, b.Scale);

        public static Shown operator *(Shown a, Shown b) => new(a.Value * b.Value, a.Scale + b.Scale);

        public override string ToString() => Values.Decimal(Value, Scale);
    }

    static ulong?[] Ints(int seed, int count, double nulls, int range = 4) => Values.Mix(new Random(seed), count, nulls, r => (ulong)r.Next(range));

    /// <summary>CASE flag WHEN 0 THEN a (scale 4) WHEN 1 THEN 0 WHEN 2 THEN 2.5 WHEN 3 THEN NULL ELSE b (datums of any scale) END</summary>
    static ProgramWriter Choose(ProgramWriter w, int flag = 0)
    {
        w.Expression(ExpressionKind.Case, ProgramWriter.Numeric).Add(4);
        ulong?[] arms = [null, Values.NumericOf(0, 0), Values.NumericOf(25, 1), null];
        for (int i = 0; i < 4; i++)
        {
            w.Call(ProgramWriter.Bool, Int4Equal, 2).Column(ProgramWriter.Int4, flag).Const(ProgramWriter.Int4, (ulong)i);
            _ = i == 0 ? w.Column(ProgramWriter.Numeric, 1) : w.Const(ProgramWriter.Numeric, arms[i]);
        }

        return w.Column(ProgramWriter.Numeric, 2);
    }

    static Shown? Chosen(ulong? flag, ulong? a, ulong? b) => flag switch
    {
        0 => a == null ? null : new Shown((long)a, 4),
        1 => new Shown(0, 0),
        2 => new Shown(25, 1),
        3 => null,
        _ => b == null ? null : Read(b.Value),
    };

    static Shown Read(ulong datum)
    {
        string text = Values.Numeric(datum);
        int point = text.IndexOf('.', StringComparison.Ordinal);
        return new Shown(BigInteger.Parse(text.Replace(".", "", StringComparison.Ordinal), provider: null), point < 0 ? 0 : text.Length - point - 1);
    }

    static ulong?[][] Columns(int count, double nulls, int most = 1_000_000) =>
    [
        Ints(1, count, nulls, 6), Values.Mix(new Random(2), count, nulls, r => Values.Of(r.NextInt64(-most, most))),
        Values.Mix(new Random(3), count, nulls, r => Values.NumericOf(r.NextInt64(-most, most), r.Next(6)), Values.NumericOf(0, 5)),
    ];

    static ExpressionsCheck Check(Action<ProgramWriter> program, ulong?[][] columns)
    {
        var check = new ExpressionsCheck(new FakeHost(), program, columns);
        check.Column(1).Form = VectorForm.Decimal;
        check.Column(1).Scale = 4;
        check.Column(1).Bound = 1_000_000;
        return check;
    }

    [Theory]
    [InlineData(20, 0.2)]
    [InlineData(2048, 0)]
    public void Arithmetic_keeps_the_display_scale_of_each_row(int count, double nulls)
    {
        foreach (uint function in new uint[] { 1724, 1725, 1726 })
        {
            foreach (bool swaps in new[] { false, true })
            {
                using ExpressionsCheck check = Check(w =>
                {
                    w.Call(ProgramWriter.Numeric, function, 2);
                    _ = swaps ? Choose(w.Column(ProgramWriter.Numeric, 2)) : Choose(w).Column(ProgramWriter.Numeric, 2);
                }, Columns(count, nulls, 3000));
                check.Agrees(v =>
                {
                    Shown? chosen = Chosen(v[0], v[1], v[2]);
                    Shown? other = v[2] == null ? null : Read(v[2]!.Value);
                    (Shown? a, Shown? b) = swaps ? (other, chosen) : (chosen, other);
                    return (function == 1724 ? a + b : function == 1725 ? a - b : a * b)?.ToString();
                });
            }
        }
    }

    [Fact]
    public void A_choice_by_itself_shows_what_was_chosen()
    {
        using ExpressionsCheck check = Check(w => Choose(w), Columns(1000, 0.1));
        check.Agrees(v => Chosen(v[0], v[1], v[2])?.ToString());
        using ExpressionsCheck negated = Check(w => Choose(w.Call(ProgramWriter.Numeric, 1771, 1)), Columns(1000, 0.1));
        negated.Agrees(v => Chosen(v[0], v[1], v[2]) is { } s ? new Shown(-s.Value, s.Scale).ToString() : null);
        using ExpressionsCheck first = Check(w => Choose(w.Expression(ExpressionKind.Coalesce, ProgramWriter.Numeric).Add(2))
            .Const(ProgramWriter.Numeric, Values.NumericOf(0, 0)), Columns(1000, 0.3));
        first.Agrees(v => (Chosen(v[0], v[1], v[2]) ?? new Shown(0, 0)).ToString());
    }

    [Fact]
    public void Comparisons_and_rounding_look_at_the_value()
    {
        using ExpressionsCheck less = Check(w => Choose(w.Call(ProgramWriter.Bool, 1722, 2)).Column(ProgramWriter.Numeric, 2), Columns(1000, 0.1));
        less.Agrees(v => Chosen(v[0], v[1], v[2]) is { } a && v[2] != null ? a.At(5).Value < Read(v[2]!.Value).At(5).Value : null);
        using ExpressionsCheck cut = Check(
            w => Choose(w.Call(ProgramWriter.Numeric, 1709, 2)).Const(ProgramWriter.Int4, 1), Columns(1000, 0.1));
        cut.Agrees(v => Chosen(v[0], v[1], v[2]) is { } a
            ? new Shown(a.At(5).Value / BigInteger.Pow(10, 4), 1).ToString() : null);
    }

    [Fact]
    public void What_has_no_room_at_one_scale_stays_as_it_is()
    {
        ulong huge = Values.NumericOf(9_000_000_000_000_000_000, 0);
        using ExpressionsCheck check = Check(w => Choose(w), [[0, 4, 1, 5], [1, 2, 3, null], [huge, huge, huge, null]]);
        check.Agrees(v => Chosen(v[0], v[1], v[2])?.ToString());
    }

    /// <summary>Quotients have more digits than 64 bits hold; what is left of them when they are rounded has not.</summary>
    [Fact]
    public void Rounding_of_many_digits()
    {
        var host = new FakeHost();
        string[] texts = ["33.33333333333333333333", "-0.6666666666666666666666", "12345678.00500000000000000000", "0.00000000000000000000", "-7",
            "1e-20", "99999999999.9949999999999999", "-99999999999.9950000000000000", "4e15"];
        ulong?[] column = Values.Mix(new Random(1), 400, 0.1, r => NumericText.Datum(host, texts[r.Next(texts.Length)]));
        foreach (uint function in new uint[] { 1707, 1709 })
        {
            using var check = new ExpressionsCheck(new FakeHost(),
                w => w.Call(ProgramWriter.Numeric, function, 2).Column(ProgramWriter.Numeric, 0).Const(ProgramWriter.Int4, 2), column);
            check.Agrees(v =>
            {
                if (v[0] == null)
                {
                    return null;
                }

                Shown value = Read(v[0]!.Value);
                BigInteger unit = BigInteger.Pow(10, 28);
                BigInteger exact = value.At(30).Value;
                return Values.Decimal((exact + (function == 1707 ? exact.Sign * unit / 2 : 0)) / unit, 2);
            });
        }
    }

    /// <summary>sum(CASE ...), of all and by groups: the greatest display scale of a group's values is shown.</summary>
    [Theory]
    [InlineData(1, 0.1)]
    [InlineData(7, 0.1)]
    [InlineData(5000, 0)]
    public void Sums_show_the_greatest_display_scale(int groups, double nulls)
    {
        var host = new FakeHost();
        ulong?[][] columns = Columns(20000, nulls);
        columns[1] = [.. columns[1].Select(v => v == null ? v : Values.NumericOf((long)v, 4))];
        ulong?[] keys = Ints(5, 20000, 0, groups);
        ValueType int4 = ProgramWriter.Int4;
        ValueType numeric = ProgramWriter.Numeric;
        ProgramWriter program = new ProgramWriter().Node(PlanKind.Aggregate, int4, numeric, numeric)
            .Add(0, 0, 1).Add(3, Int4Equal, 0).Add(1, 1, 1, 0, 0).Add(2);
        foreach (uint function in new uint[] { 2114, 2103 })
        {
            Choose(program.Add(function, 0).Type(numeric).Add(0, 1)).Add(0, -1, -1, 0, 0, 0, 0);
        }

        program.Add(0, 0).Source(host.AddSource([.. columns, keys]), int4, numeric, numeric, int4).NoTail();
        ILookup<ulong, Shown> values = Enumerable.Range(0, 20000)
            .Select(i => (Key: keys[i]!.Value, A: columns[1][i] is { } a ? (ulong)(long)Read(a).Value : (ulong?)null, Row: i))
            .Select(p => (p.Key, Value: Chosen(columns[0][p.Row], p.A, columns[2][p.Row])))
            .Where(p => p.Value != null).ToLookup(p => p.Key, p => p.Value!.Value);
        int seen = 0;
        program.Run(host, row =>
        {
            seen++;
            Shown[] all = [.. values[row[0]!.Value]];
            string? expected = all.Length == 0 ? null : all.Aggregate((a, b) => a + b).ToString();
            Assert.Equal(expected, row[1] == null ? null : Values.Numeric(row[1]!.Value));
        });
        Assert.Equal(keys.Distinct().Count(), seen);
    }
}
