// IN and NOT IN a subquery, against LINQ, with nulls on either side and subqueries without rows.

using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Epiphany.Execution.Tests;

public class SubqueryMembershipTests
{
    const uint Int4Eq = 65;
    const uint Int48Eq = 852;
    const uint TextEq = 67;

    /// <summary>SQL's x = ANY (values).</summary>
    static bool? IsIn<T>(T? value, List<T?> values) =>
        values.Count == 0 ? false
            : value == null ? null
            : values.Contains(value) ? true
            : values.Contains(default) ? null : false;

    static ProgramWriter Membership(ProgramWriter program, int subquery, ValueType inner, uint equality, ValueType outer) =>
        program.Expression(ExpressionKind.Subquery, ProgramWriter.Bool).Add(subquery).Type(inner).Add(equality, inner.Collation).Column(outer, 0);

    [Theory]
    [InlineData(true, true, 3000)]
    [InlineData(true, false, 3000)]
    [InlineData(false, true, 3000)]
    [InlineData(false, false, 5)]
    [InlineData(true, false, 0)]
    public void Integers_of_two_types(bool outerNulls, bool innerNulls, int innerRows)
    {
        ulong?[] outer = [.. Enumerable.Range(0, 9000).Select(i => outerNulls && i % 7 == 0 ? (ulong?)null : (ulong)(long)(i - 100))];
        ulong?[] inner = [.. Enumerable.Range(0, innerRows).Select(i => innerNulls && i % 5 == 0 ? (ulong?)null : (ulong)(long)((i * 3) - 200))];
        List<ulong?> values = [.. inner];
        var host = new FakeHost();
        int source = host.AddSource(outer);
        int subquery = host.AddSource(inner);
        var program = new ProgramWriter();
        program.Node(PlanKind.RowSource, ProgramWriter.Int4).Add(source, 0, 2).Column(ProgramWriter.Int4, 0);
        Membership(program, subquery, ProgramWriter.Int8, Int48Eq, ProgramWriter.Int4);

        IEnumerable<(ulong?, bool?)> expected = outer.Select(v => (v, v == null && values.Count > 0 ? null : IsIn(v, values)));
        Assert.Equal(expected, program.Run(host).Select(r => (r[0], r[1] == null ? (bool?)null : r[1] != 0)));
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void A_condition_of_strings(bool isNot, bool innerNull)
    {
        string?[] outer = [.. Enumerable.Range(0, 5000).Select(i => i % 11 == 0 ? null : "string number " + (i % 300))];
        List<string?> values = [.. Enumerable.Range(0, 100).Select(i => innerNull && i == 50 ? null : "string number " + (i * 2))];
        var host = new FakeHost();
        int source = host.AddSource([.. outer.Select(Datum)]);
        int subquery = host.AddSource([.. values.Select(Datum)]);
        var program = new ProgramWriter();
        program.Node(PlanKind.RowSource, ProgramWriter.Text).Add(source, 1);
        if (isNot)
        {
            program.Expression(ExpressionKind.Not, ProgramWriter.Bool);
        }

        Membership(program, subquery, ProgramWriter.Text, TextEq, ProgramWriter.Text).Add(-1);
        Assert.Equal(outer.Count(v => v != null && IsIn(v, values) == !isNot), program.Run(host).Count);
        static ulong? Datum(string? value) => value == null ? null : Values.Of(value, value.Length % 2 == 0);
    }

    /// <summary>A subquery may fail, or cost much.</summary>
    [Fact]
    public void No_row_asks_for_nothing()
    {
        var host = new FakeHost();
        int source = host.AddSource([]);
        var program = new ProgramWriter();
        program.Node(PlanKind.RowSource, ProgramWriter.Int4).Add(source, 1);
        const int NoSuchSource = 99;
        Membership(program, NoSuchSource, ProgramWriter.Int4, Int4Eq, ProgramWriter.Int4).Add(-1);
        Assert.Empty(program.Run(host));
    }
}
