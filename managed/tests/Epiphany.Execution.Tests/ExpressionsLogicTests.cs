// Three-valued logic against a plain model.

using System;
using System.Linq;
using Xunit;

namespace Epiphany.Execution.Tests;

/// <summary>AND, OR, NOT, tests of nulls and booleans.</summary>
public class ExpressionsLogicTests
{
    const uint Int4Equal = 65;
    const uint Int4Divide = 154;

    static ulong?[] Booleans(int seed, int count, double nulls) => Values.Mix(new Random(seed), count, nulls, r => (ulong)r.Next(2));

    static bool? And(params bool?[] values) => values.Contains(false) ? false : values.Contains(null) ? null : true;

    static bool? Or(params bool?[] values) => values.Contains(true) ? true : values.Contains(null) ? null : false;

    static bool? Truth(ulong? value) => value == null ? null : value != 0;

    [Theory]
    [InlineData(9, 0.3)]
    [InlineData(2048, 0.0)]
    [InlineData(2048, 0.4)]
    public void Junctions_have_three_values(int count, double nulls)
    {
        ulong?[][] columns = [.. Enumerable.Range(0, 3).Select(i => Booleans(i, count, i == 1 ? nulls / 2 : nulls))];
        foreach (ExpressionKind kind in new[] { ExpressionKind.And, ExpressionKind.Or })
        {
            for (int arguments = 1; arguments <= 3; arguments++)
            {
                int length = arguments;
                using var check = new ExpressionsCheck(new FakeHost(), w =>
                {
                    w.Expression(kind, ProgramWriter.Bool).Add(length);
                    Enumerable.Range(0, length).ToList().ForEach(c => w.Column(ProgramWriter.Bool, c));
                }, columns);
                check.Agrees(v => kind == ExpressionKind.And ? And([.. v.Take(length).Select(Truth)]) : Or([.. v.Take(length).Select(Truth)]));
            }
        }
    }

    [Fact]
    public void Junctions_nest()
    {
        ulong?[][] columns = [.. Enumerable.Range(0, 4).Select(i => Booleans(i, 500, 0.2))];
        using var check = new ExpressionsCheck(new FakeHost(), w =>
        {
            w.Expression(ExpressionKind.Or, ProgramWriter.Bool).Add(2);
            w.Expression(ExpressionKind.And, ProgramWriter.Bool).Add(2).Column(ProgramWriter.Bool, 0).Column(ProgramWriter.Bool, 1);
            w.Expression(ExpressionKind.And, ProgramWriter.Bool).Add(2);
            w.Expression(ExpressionKind.Not, ProgramWriter.Bool).Column(ProgramWriter.Bool, 2);
            w.Expression(ExpressionKind.Or, ProgramWriter.Bool).Add(2).Column(ProgramWriter.Bool, 3).Column(ProgramWriter.Bool, 0);
        }, columns);
        check.Agrees(v => Or(And(Truth(v[0]), Truth(v[1])), And(Truth(v[2] ^ 1), Or(Truth(v[3]), Truth(v[0])))));
    }

    /// <summary>(a &lt; 3 OR b &gt;= $0) AND a &lt;&gt; 1 AND n &lt;= 2.5, by bits and by lists.</summary>
    [Theory]
    [InlineData(5, 0.3)]
    [InlineData(70, 0.3)]
    [InlineData(2048, 0.0)]
    [InlineData(2048, 0.2)]
    public void Junctions_of_comparisons(int count, double nulls)
    {
        const uint Less = 66;
        const uint AtLeast = 150;
        const uint NotEqual = 144;
        const uint NumericAtMost = 1723;
        var host = new FakeHost();
        host.Parameters.Add(2);
        using var check = new ExpressionsCheck(host, w =>
        {
            w.Expression(ExpressionKind.And, ProgramWriter.Bool).Add(3);
            w.Expression(ExpressionKind.Or, ProgramWriter.Bool).Add(2);
            w.Call(ProgramWriter.Bool, Less, 2).Column(ProgramWriter.Int4, 0).Const(ProgramWriter.Int4, 3);
            w.Call(ProgramWriter.Bool, AtLeast, 2).Column(ProgramWriter.Int4, 1).Expression(ExpressionKind.Param, ProgramWriter.Int4).Add(0);
            w.Call(ProgramWriter.Bool, NotEqual, 2).Column(ProgramWriter.Int4, 0).Const(ProgramWriter.Int4, 1);
            w.Call(ProgramWriter.Bool, NumericAtMost, 2).Column(ProgramWriter.Numeric, 2).Const(ProgramWriter.Numeric, Values.NumericOf(25, 1));
        }, [.. Enumerable.Range(0, 3).Select(i => Values.Mix(new Random(i), count, nulls, r => (ulong)r.Next(i == 2 ? 500 : 6)))]);
        check.Column(2).Form = VectorForm.Decimal;
        check.Column(2).Scale = 2;
        check.Column(2).Bound = 500;
        for (int run = 0; run < 2; run++)
        {
            ulong? parameter = host.Parameters[0];
            bool? AtLeastParameter(ulong? b) => b == null || parameter == null ? null : b >= parameter;
            check.Agrees(v => And(
                Or(v[0] == null ? null : v[0] < 3, AtLeastParameter(v[1])),
                v[0] == null ? null : v[0] != 1,
                v[2] == null ? null : v[2] <= 250));
            host.Parameters[0] = null;
        }
    }

    /// <summary>b = 0 OR a / b = 1; and NOT b = 0 AND a / b = 1.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_decided_row_raises_nothing(bool isOr)
    {
        ulong?[] a = Values.Mix(new Random(1), 1000, 0.1, r => (ulong)r.Next(3));
        ulong?[] b = Values.Mix(new Random(2), 1000, 0.1, r => (ulong)r.Next(3));
        using var check = new ExpressionsCheck(new FakeHost(), w =>
        {
            w.Expression(isOr ? ExpressionKind.Or : ExpressionKind.And, ProgramWriter.Bool).Add(2);
            if (!isOr)
            {
                w.Expression(ExpressionKind.Not, ProgramWriter.Bool);
            }

            w.Call(ProgramWriter.Bool, Int4Equal, 2).Column(ProgramWriter.Int4, 1).Const(ProgramWriter.Int4, 0);
            w.Call(ProgramWriter.Bool, Int4Equal, 2);
            w.Call(ProgramWriter.Int4, Int4Divide, 2).Column(ProgramWriter.Int4, 0).Column(ProgramWriter.Int4, 1).Const(ProgramWriter.Int4, 1);
        }, a, b);
        check.Agrees(v =>
        {
            bool? first = v[1] == null ? null : v[1] == 0;
            bool? second = v[1] is 0 or null || v[0] == null ? null : v[0] / v[1] == 1;
            return isOr ? Or(first, second) : And(!first, second);
        });
    }

    [Theory]
    [InlineData(0, true, false, false)]
    [InlineData(1, false, true, true)]
    [InlineData(2, false, true, false)]
    [InlineData(3, true, false, true)]
    [InlineData(4, false, false, true)]
    [InlineData(5, true, true, false)]
    public void Boolean_tests(int test, bool ofTrue, bool ofFalse, bool ofNull)
    {
        foreach (double nulls in new[] { 0, 0.3 })
        {
            using var check = new ExpressionsCheck(new FakeHost(),
                w => w.Expression(ExpressionKind.BooleanTest, ProgramWriter.Bool).Add(test).Column(ProgramWriter.Bool, 0), Booleans(1, 300, nulls));
            check.Agrees(v => v[0] == null ? ofNull : v[0] != 0 ? ofTrue : ofFalse);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.4)]
    [InlineData(1)]
    public void Null_tests_and_not(double nulls)
    {
        ulong?[] column = Booleans(1, 700, nulls);
        using var isNull = new ExpressionsCheck(new FakeHost(),
            w => w.Expression(ExpressionKind.IsNull, ProgramWriter.Bool).Column(ProgramWriter.Bool, 0), column);
        isNull.Agrees(v => v[0] == null);
        using var isNotNull = new ExpressionsCheck(new FakeHost(),
            w => w.Expression(ExpressionKind.IsNotNull, ProgramWriter.Bool).Column(ProgramWriter.Bool, 0), column);
        isNotNull.Agrees(v => v[0] != null);
        using var not = new ExpressionsCheck(new FakeHost(),
            w => w.Expression(ExpressionKind.Not, ProgramWriter.Bool).Column(ProgramWriter.Bool, 0), column);
        not.Agrees(v => Truth(v[0] ^ 1));
    }

    [Fact]
    public void Booleans_and_integers()
    {
        ulong?[] integers = Values.Mix(new Random(1), 300, 0.1, r => Values.Of(r.Next(-2, 3)));
        using var toBool = new ExpressionsCheck(new FakeHost(), w => w.Call(ProgramWriter.Bool, 2557, 1).Column(ProgramWriter.Int4, 0), integers);
        toBool.Agrees(v => Truth(v[0]));
        using var toInteger = new ExpressionsCheck(new FakeHost(),
            w => w.Call(ProgramWriter.Int4, 2558, 1).Column(ProgramWriter.Bool, 0), Booleans(1, 300, 0.1));
        toInteger.Agrees(v => v[0]);
    }

    [Fact]
    public void Parameters_are_asked_for_once_a_run()
    {
        var host = new FakeHost();
        host.Parameters.Add(4);
        using var check = new ExpressionsCheck(host, w => w.Call(ProgramWriter.Bool, Int4Equal, 2).Column(ProgramWriter.Int4, 0)
            .Call(ProgramWriter.Int4, 177, 2).Const(ProgramWriter.Int4, 3).Expression(ExpressionKind.Param, ProgramWriter.Int4).Add(0),
            Values.Mix(new Random(1), 100, 0.1, r => (ulong)r.Next(6, 9)));
        check.Agrees(v => v[0] == null ? null : v[0] == 7);
        host.Parameters[0] = 5;
        check.Agrees(v => v[0] == null ? null : v[0] == 8);
        host.Parameters[0] = null;
        check.Agrees(v => null);
    }
}
