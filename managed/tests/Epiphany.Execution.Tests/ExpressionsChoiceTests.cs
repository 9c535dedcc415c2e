// CASE and its like against plain models.

using System;
using System.Linq;
using Xunit;

namespace Epiphany.Execution.Tests;

/// <summary>CASE, COALESCE, NULLIF, IS DISTINCT FROM, GREATEST and LEAST, lists of constants.</summary>
public class ExpressionsChoiceTests
{
    const uint Int4Equal = 65;
    const uint Int4NotEqual = 144;
    const uint Int4Less = 66;
    const uint Int4Divide = 154;
    const uint Int4Compare = 351;
    const uint Float8Compare = 355;
    const uint TextEqual = 67;
    const uint TextNotEqual = 157;

    static readonly ValueType s_array = new(1007, -1, 0, -1, false);

    static ulong?[] Ints(int seed, int count, double nulls, int range = 4) => Values.Mix(new Random(seed), count, nulls, r => (ulong)r.Next(range));

    /// <summary>CASE WHEN a = 0 THEN b WHEN a = 1 THEN b / c ELSE a END</summary>
    [Theory]
    [InlineData(10, 0.3)]
    [InlineData(2048, 0.1)]
    [InlineData(2048, 0)]
    public void Case_evaluates_only_what_it_takes(int count, double nulls)
    {
        using var check = new ExpressionsCheck(new FakeHost(), w =>
        {
            w.Expression(ExpressionKind.Case, ProgramWriter.Int4).Add(2);
            w.Call(ProgramWriter.Bool, Int4Equal, 2).Column(ProgramWriter.Int4, 0).Const(ProgramWriter.Int4, 0).Column(ProgramWriter.Int4, 1);
            w.Call(ProgramWriter.Bool, Int4Equal, 2).Column(ProgramWriter.Int4, 0).Const(ProgramWriter.Int4, 1);
            w.Call(ProgramWriter.Int4, Int4Divide, 2).Column(ProgramWriter.Int4, 1).Column(ProgramWriter.Int4, 2).Column(ProgramWriter.Int4, 0);
        }, Ints(1, count, nulls), Ints(2, count, nulls), Ints(3, count, nulls));
        check.Agrees(v => v[0] == 0 ? v[1]
            : v[0] != 1 ? v[0]
            : v[1] == null || v[2] == null ? null
            : v[2] == 0 ? throw new RaisedException(SqlState.Pack("22012"), "division by zero") : v[1] / v[2]);
    }

    [Fact]
    public void Case_mixes_display_scales()
    {
        foreach (int scale in new[] { 2, 0 })
        {
            using var check = new ExpressionsCheck(new FakeHost(), w =>
            {
                w.Expression(ExpressionKind.Case, ProgramWriter.Numeric).Add(1);
                w.Call(ProgramWriter.Bool, Int4Equal, 2).Column(ProgramWriter.Int4, 0).Const(ProgramWriter.Int4, 0);
                w.Column(ProgramWriter.Numeric, 1).Call(ProgramWriter.Numeric, 1740, 1).Column(ProgramWriter.Int4, 0);
            }, Ints(1, 500, 0.1), Ints(2, 500, 0.1, 1000));
            check.Column(1).Form = VectorForm.Decimal;
            check.Column(1).Scale = scale;
            check.Column(1).Bound = 1000;
            check.Agrees(v => v[0] == 0 ? (v[1] is { } d ? Values.Decimal((long)d, scale) : null) : v[0] is { } i ? Values.Decimal((long)i, 0)
                : null);
        }
    }

    [Theory]
    [InlineData(10, 0.9)]
    [InlineData(2048, 0.5)]
    [InlineData(2048, 0)]
    public void Coalesce(int count, double nulls)
    {
        ulong?[][] columns = [Ints(1, count, nulls), Ints(2, count, nulls / 2), Ints(3, count, nulls)];
        using var check = new ExpressionsCheck(new FakeHost(), w =>
        {
            w.Expression(ExpressionKind.Coalesce, ProgramWriter.Int4).Add(3).Column(ProgramWriter.Int4, 0);
            w.Call(ProgramWriter.Int4, Int4Divide, 2).Column(ProgramWriter.Int4, 1).Column(ProgramWriter.Int4, 2).Column(ProgramWriter.Int4, 1);
        }, columns);
        check.Agrees(v => v[0] != null ? v[0]
            : v[1] == null || v[2] == null ? v[1]
            : v[2] == 0 ? throw new RaisedException(SqlState.Pack("22012"), "division by zero") : v[1] / v[2]);
    }

    [Fact]
    public void NullIf_and_distinct()
    {
        foreach (double nulls in new[] { 0, 0.3 })
        {
            ulong?[][] columns = [Ints(1, 700, nulls), Ints(2, 700, nulls)];
            foreach (ExpressionKind kind in new[] { ExpressionKind.NullIf, ExpressionKind.Distinct })
            {
                ValueType type = kind == ExpressionKind.NullIf ? ProgramWriter.Int4 : ProgramWriter.Bool;
                using var check = new ExpressionsCheck(new FakeHost(),
                    w => w.Expression(kind, type).Add(Int4Equal, 0).Column(ProgramWriter.Int4, 0).Column(ProgramWriter.Int4, 1), columns);
                check.Agrees(v => kind == ExpressionKind.Distinct ? v[0] != v[1] : v[0] == v[1] ? null : v[0]);
            }
        }
    }

    [Fact]
    public void Greatest_and_least_pass_over_nulls()
    {
        ulong?[][] ints = [.. Enumerable.Range(0, 3).Select(i => Values.Mix(new Random(i), 700, 0.4, r => Values.Of(r.Next(-5, 5))))];
        double[] edges = [double.NaN, -0.0, 0, double.NegativeInfinity, double.PositiveInfinity];
        ulong?[][] floats = [.. Enumerable.Range(0, 2).Select(i => Values.Mix(new Random(i), 700, 0.2, r => Values.Of(edges[r.Next(5)])))];
        foreach (bool isGreatest in new[] { true, false })
        {
            using var ofInts = new ExpressionsCheck(new FakeHost(), w => w.Expression(ExpressionKind.MinMax, ProgramWriter.Int4)
                .Add(isGreatest ? 1 : 0, Int4Compare, 0, 0, 3).Column(ProgramWriter.Int4, 0).Column(ProgramWriter.Int4, 1).Column(ProgramWriter.Int4,
                    2), ints);
            ofInts.Agrees(v => v.All(x => x == null) ? null
                : Values.Of(isGreatest ? v.Where(x => x != null).Max(x => (long)x!) : v.Where(x => x != null).Min(x => (long)x!)));
            using var ofFloats = new ExpressionsCheck(new FakeHost(), w => w.Expression(ExpressionKind.MinMax, ProgramWriter.Float8)
                .Add(isGreatest ? 1 : 0, Float8Compare, 0, 0, 2).Column(ProgramWriter.Float8, 0).Column(ProgramWriter.Float8, 1), floats);
            ofFloats.Agrees(v => Best(v[0], v[1], isGreatest));
        }
    }

    /// <summary>Strings, numerics of several display scales, and numerics that are no decimals.</summary>
    [Fact]
    public void Greatest_and_least_of_what_is_passed_by_reference()
    {
        string[] texts = ["", "a", "a ", "ab", "b", "\u00e9"];
        ulong?[][] strings = [.. Enumerable.Range(0, 3).Select(i => Values.Mix(new Random(i), 700, 0.3,
            r => Values.Of(texts[r.Next(6)], r.Next(2) == 0)))];
        var host = new FakeHost();
        string[] numbers = ["0", "0.00", "-1.5", "2", "2.0", "2.000", "1e30", "NaN", "-Infinity", "Infinity"];
        foreach (bool isGreatest in new[] { true, false })
        {
            T? Best<T>(ulong?[] row, Func<ulong, T> read, Comparison<T> compare)
                where T : class
            {
                T? best = null;
                foreach (ulong? value in row)
                {
                    T? next = value == null ? null : read(value.Value);
                    best = next != null && (best == null || (isGreatest ? compare(next, best) > 0 : compare(next, best) < 0)) ? next : best;
                }

                return best;
            }

            using var ofTexts = new ExpressionsCheck(new FakeHost(), w => w.Expression(ExpressionKind.MinMax, ProgramWriter.Text)
                .Add(isGreatest ? 1 : 0, 360, 950, 0, 3).Column(ProgramWriter.Text, 0).Column(ProgramWriter.Text, 1).Column(ProgramWriter.Text,
                    2), strings);
            ofTexts.Agrees(v => Best(v, Values.Text, string.CompareOrdinal));
            foreach (int known in new[] { 6, 10 })
            {
                ulong?[][] numerics = [.. Enumerable.Range(0, 3).Select(i => Values.Mix(new Random(i), 700, 0.3,
                    r => NumericText.Datum(host, numbers[r.Next(known)])))];
                using var ofNumerics = new ExpressionsCheck(new FakeHost(), w => w.Expression(ExpressionKind.MinMax, ProgramWriter.Numeric)
                    .Add(isGreatest ? 1 : 0, 1769, 0, 0, 3).Column(ProgramWriter.Numeric, 0).Column(ProgramWriter.Numeric, 1).Column(
                        ProgramWriter.Numeric, 2), numerics);
                ofNumerics.Agrees(v => Best(v, Values.Numeric, (a, b) => Rank(a).CompareTo(Rank(b))));
            }
        }
    }

    static double Rank(string numeric) => numeric switch
    {
        "NaN" => double.MaxValue,
        "Infinity" => 1e300,
        "-Infinity" => -1e300,
        _ => double.Parse(numeric, System.Globalization.CultureInfo.InvariantCulture),
    };

    /// <summary>PostgreSQL's order: NaN above all; of equals the first.</summary>
    static ulong? Best(ulong? a, ulong? b, bool isGreatest)
    {
        if (a == null || b == null)
        {
            return a ?? b;
        }

        double x = BitConverter.UInt64BitsToDouble(a.Value);
        double y = BitConverter.UInt64BitsToDouble(b.Value);
        bool isLess = !double.IsNaN(x) && (double.IsNaN(y) || x < y);
        bool isMore = !double.IsNaN(y) && (double.IsNaN(x) || x > y);
        return (isGreatest ? isLess : isMore) ? b : a;
    }

    /// <summary>PostgreSQL's array of int4 or text.</summary>
    static ulong ArrayOf(uint elementType, byte[]?[] elements)
    {
        bool hasNulls = elements.Contains(null);
        int bitmap = hasNulls ? (elements.Length + 7) / 8 : 0;
        byte[] bytes = new byte[(24 + bitmap + 7) / 8 * 8];
        BitConverter.GetBytes(1).CopyTo(bytes, 4);
        BitConverter.GetBytes(hasNulls ? bytes.Length : 0).CopyTo(bytes, 8);
        BitConverter.GetBytes(elementType).CopyTo(bytes, 12);
        BitConverter.GetBytes(elements.Length).CopyTo(bytes, 16);
        BitConverter.GetBytes(1).CopyTo(bytes, 20);
        for (int i = 0; i < elements.Length; i++)
        {
            if (elements[i] is not { } element)
            {
                continue;
            }

            if (hasNulls)
            {
                bytes[24 + (i / 8)] |= (byte)(1 << (i % 8));
            }

            bool isShortVarlena = elementType == TypeOid.Text && (element[0] & 1) != 0;
            bytes = [.. bytes, .. new byte[isShortVarlena ? 0 : (4 - (bytes.Length % 4)) % 4], .. element];
        }

        return Values.Of(bytes[4..]);
    }

    static byte[] TextElement(string text, bool isShort) => isShort
        ? [(byte)(((text.Length + 1) << 1) | 1), .. System.Text.Encoding.UTF8.GetBytes(text)]
        : [.. BitConverter.GetBytes((text.Length + 4) << 2), .. System.Text.Encoding.UTF8.GetBytes(text)];

    static ExpressionsCheck ArrayCheck(bool isAny, uint function, ValueType element, ulong array, ulong?[] column) => new(new FakeHost(),
        w => w.Expression(ExpressionKind.ArrayCompare, ProgramWriter.Bool).Add(isAny ? 1 : 0, function, 100, 1).Type(element).Add('i')
            .Column(element, 0).Const(s_array, array), column);

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(40)]
    [InlineData(1000)]
    public void Lists_of_integers(int length)
    {
        foreach (bool hasNull in new[] { false, true })
        {
            int?[] list = [.. Enumerable.Range(0, length).Select(i => hasNull && i == length / 2 ? (int?)null : (i * 7) - 7)];
            ulong array = ArrayOf(TypeOid.Int4, [.. list.Select(i => i == null ? null : BitConverter.GetBytes(i.Value))]);
            ulong?[] column = Values.Mix(new Random(length), 900, 0.1, r => Values.Of(r.Next(-20, 7 * length)));
            using var any = ArrayCheck(true, Int4Equal, ProgramWriter.Int4, array, column);
            any.Agrees(v => v[0] == null ? null : list.Contains((int)v[0]!) ? true : hasNull ? null : false);
            using var all = ArrayCheck(false, Int4NotEqual, ProgramWriter.Int4, array, column);
            all.Agrees(v => v[0] == null ? null : list.Contains((int)v[0]!) ? false : hasNull ? null : true);
            if (length <= 16)
            {
                using var less = ArrayCheck(true, Int4Less, ProgramWriter.Int4, array, column);
                less.Agrees(v => v[0] == null ? null : list.Any(i => (int)v[0]! < i) ? true : hasNull ? null : false);
            }
        }
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(50, false)]
    [InlineData(50, true)]
    public void Lists_of_strings(int length, bool hasNull)
    {
        string?[] list = [.. Enumerable.Range(0, length).Select(i => hasNull && i == 3 ? null : new string((char)('a' + (i % 26)), i / 3))];
        ulong array = ArrayOf(TypeOid.Text, [.. list.Select((t, i) => t == null ? null : TextElement(t, i % 2 == 0))]);
        string[] texts = [.. Enumerable.Range(0, 80).Select(i => new string((char)('a' + (i % 26)), i % 17))];
        ulong[] datums = [.. texts.Select((t, i) => Values.Of(t, i % 3 == 0))];
        ulong?[] column = Values.Mix(new Random(length), 900, 0.1, r => datums[r.Next(80)]);
        using var any = ArrayCheck(true, TextEqual, ProgramWriter.Text, array, column);
        any.Agrees(v => v[0] == null ? null : list.Contains(Values.Text(v[0]!.Value)) ? true : hasNull ? null : false);
        using var all = ArrayCheck(false, TextNotEqual, ProgramWriter.Text, array, column);
        all.Agrees(v => v[0] == null ? null : list.Contains(Values.Text(v[0]!.Value)) ? false : hasNull ? null : true);
    }
}
