// Micro-benchmarks. Operators that rows pass through one by one: projection, Append, LIMIT, neighbours, membership.

using Epiphany.Execution.Tests;

namespace Epiphany.Execution.Bench;

static class Passing
{
    const string Family = "passing rows";
    const uint Int8Plus = 463;
    const int Pieces = 4;

    static readonly ValueType s_int8 = ProgramWriter.Int8;

    internal static void Run(Measure measure, ulong[] numbers)
    {
        const int Count = Operators.Count;
        Touched one = Operators.Read(1);
        Operators.Time(measure, Family, "projection: int8 + constant", one, Count, (h, w) => w.Node(PlanKind.RowSource, s_int8)
            .Add(h.AddSource(numbers), 0, 1).Call(s_int8, Int8Plus, 2).Column(s_int8, 0).Const(s_int8, 1));
        Operators.Time(measure, Family, "Append of four", one, Count, (h, w) =>
        {
            w.Node(PlanKind.Append, s_int8).Add(Pieces);
            for (int i = 0; i < Pieces; i++)
            {
                w.Source(h.AddSource(numbers[(i * Count / Pieces)..((i + 1) * Count / Pieces)]), s_int8);
            }

            w.NoTail();
        });
        Operators.Time(measure, Family, "LIMIT with an offset of half", one, Count, (h, w) => w.Node(PlanKind.Limit, s_int8)
            .Add(1).Const(s_int8, Count / 2).Add(1).Const(s_int8, Count).Add(0).Source(h.AddSource(numbers), s_int8).NoTail());
        ulong[] sorted = Data.Of(Count, (_, i) => (ulong)i / 8);
        Operators.Time(measure, Family, "first of eight neighbours", one, Count, (h, w) => w.Node(PlanKind.Unique, s_int8)
            .Add(1, 0, Operators.Int8Equal, 0).Source(h.AddSource(sorted), s_int8).NoTail());
        ulong[] counts = Data.Integers(Count, 3);
        Operators.Time(measure, Family, "INTERSECT ALL by two counts", Operators.Read(3), Count, (h, w) => w
            .Node(PlanKind.SetOperation, s_int8, s_int8, s_int8).Add(1, 1, 2)
            .Source(h.AddSource(numbers, counts, counts), s_int8, s_int8, s_int8).NoTail());
        ulong[] few = Data.Of(1000, (_, i) => (ulong)i * 1000);
        Operators.Time(measure, Family, "NOT IN a subquery of 1,000", one, Count, (h, w) => w.Node(PlanKind.RowSource, s_int8)
            .Add(h.AddSource(numbers), 1).Expression(ExpressionKind.Not, ProgramWriter.Bool).Expression(ExpressionKind.Subquery, ProgramWriter.Bool)
            .Add(h.AddSource(few)).Type(s_int8).Add(Operators.Int8Equal, 0).Column(s_int8, 0).Add(-1));
    }
}
