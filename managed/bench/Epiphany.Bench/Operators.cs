// Micro-benchmarks. Operators over a million rows of a source in memory; each run builds what a query would build, in memory of its own.

using System;
using System.Runtime.InteropServices;
using Epiphany.Execution.Tests;

namespace Epiphany.Execution.Bench;

static unsafe class Operators
{
    internal const int Count = 1 << 20;
    internal const uint Int8Equal = 467;
    const int Lane = sizeof(ulong);
    const uint TextEqual = 67;
    const uint CountAll = 2803;
    const uint CountAny = 2147;
    const uint SumInt4 = 2108;
    const uint SumNumeric = 2114;

    static readonly ValueType s_int4 = ProgramWriter.Int4;
    static readonly ValueType s_int8 = ProgramWriter.Int8;
    static readonly ValueType s_text = ProgramWriter.Text;

    /// <summary>Nothing is kept from being computed by a lack of memory.</summary>
    static readonly EngineOptions s_options = new(1UL << 33, 1UL << 33, false);

    internal static void Run(Measure measure)
    {
        ulong[] numbers = Data.Integers(Count, 1_000_000_000);
        Time(measure, "source", "one column", Read(1), Count, (h, w) => w.Source(h.AddSource(numbers), s_int8));
        Time(measure, "source", "a tenth passes a filter", Read(1), Count, (h, w) => w.Node(PlanKind.RowSource, s_int8)
            .Add(h.AddSource(numbers), 1).Call(ProgramWriter.Bool, 469, 2).Column(s_int8, 0).Const(s_int8, 100_000_000).Add(-1));
        Aggregates(measure);
        Joins(measure);
        Sorts(measure, numbers);
        Passing.Run(measure, numbers);
        Windows.Run(measure);
    }

    /// <summary>Columns come from memory, by way of the batch.</summary>
    internal static Touched Read(int columns, double loads = 0) => new(2 * columns * Lane, columns * Lane, loads);

    static void Aggregates(Measure measure)
    {
        const string Family = "aggregate";
        ulong[] values = Data.Integers(Count, 1000);
        ulong[] numerics = Data.Numerics(Count, 1_000_000, 2);
        void Of(string name, Touched touched, ValueType key, ulong[]? keys, uint equality, uint function, ValueType type, ulong[] column) =>
            Time(measure, Family, name, touched, Count, (host, w) =>
            {
                w = Head(w, key, keys == null ? 0 : 1, equality, function, type);
                int source = keys == null ? host.AddSource(column) : host.AddSource(keys, column);
                _ = keys == null ? w.Source(source, type) : w.Source(source, key, type);
                w.NoTail();
            });
        Of("sum(int4)", Read(1), s_int8, null, 0, SumInt4, s_int4, values);
        Of("sum(numeric), from datums", new Touched(2 * Lane, Lane + 16), s_int8, null, 0, SumNumeric, ProgramWriter.Numeric, numerics);
        Of("sum(int4) by 4 integers", Read(2), s_int8, Data.Integers(Count, 4), Int8Equal, SumInt4, s_int4, values);
        Of("sum(int4) by 10,000 integers", Read(2), s_int8, Data.Integers(Count, 10_000), Int8Equal, SumInt4, s_int4, values);
        Of("sum(int4) by 1 M integers far apart", Read(2, 2), s_int8, Data.Of(Count, (r, _) => (ulong)r.Next() * 1_000_003), Int8Equal,
            SumInt4, s_int4, values);
        Of("sum(int4) by 1,000 texts", Read(2, 1), s_text, Data.Texts(Count, 1000), TextEqual, SumInt4, s_int4, values);
        Time(measure, Family, "count by a, by b and of all: grouping sets", Read(2), Count, (host, w) => w
            .Node(PlanKind.Aggregate, s_int8, s_int8, s_int8).Add(0, BitConverter.DoubleToInt64Bits(2000), 2, 0, Int8Equal, 0, 1, Int8Equal, 0)
            .Add(3, 1, 1, 0, 0, 1, 1, 1, 0, 0, 0, 0)
            .Add(1, CountAll, 0).Type(s_int8).Add(0, 0, 0, -1, -1, 0, 0, 0, 0, 0, 0)
            .Source(host.AddSource(values, Data.Integers(Count, 1000)), s_int8, s_int8).NoTail());
        Time(measure, Family, "count(DISTINCT) of 1 M integers", Read(1, 1), Count, (host, w) => w
            .Node(PlanKind.Aggregate, s_int8).Add(0, BitConverter.DoubleToInt64Bits(1), 0, 1, 0, 0, 0)
            .Add(1, CountAny, 0).Type(s_int8).Add(1, 1).Column(s_int8, 0).Add(0, -1, -1, 0, 0, 1, 0, Int8Equal, 0, 0, 0, 0)
            .Source(host.AddSource(Data.Integers(Count, Count)), s_int8).NoTail());
    }

    static ProgramWriter Head(ProgramWriter w, ValueType key, int keys, uint equality, uint function, ValueType type)
    {
        ValueType result = type.IsNumeric ? type : s_int8;
        _ = keys == 0 ? w.Node(PlanKind.Aggregate, result) : w.Node(PlanKind.Aggregate, key, result);
        w.Add(0, BitConverter.DoubleToInt64Bits(1000), keys);
        if (keys > 0)
        {
            w.Add(0, equality, key.Collation);
        }

        // One grouping set, of all keys: whether it is hashed, their numbers, no GROUPING().
        _ = keys > 0 ? w.Add(1, 1, 1, 0, 0) : w.Add(1, 0, 0, 0);

        // One aggregate of the last column; no other columns, no order.
        return w.Add(1, function, 0).Type(result).Add(0, 1).Column(type, keys).Add(0, -1, -1, 0, 0, 0, 0, 0, 0);
    }

    static void Joins(Measure measure)
    {
        ulong[] outer = Data.Integers(Count, Count);
        ulong[] few = Data.Of(1000, (_, i) => (ulong)i * 1000);
        ulong[] many = Data.Of(Count, (_, i) => (ulong)i);
        ulong[] apart = Data.Of(Count, (_, i) => (ulong)i * 1_000_003);
        void Of(string name, Touched touched, ulong[] probe, ulong[] build, JoinKind kind = JoinKind.Inner) =>
            Time(measure, "hash join", name, touched, Count, (host, w) =>
            {
                // Pairs are counted, not shown.
                w.Node(PlanKind.Aggregate, s_int8).Add(0, 0, 0, 1, 0, 0, 0, 1, CountAll, 0).Type(s_int8).Add(0, 0, 0, -1, -1, 0, 0, 0, 0, 0, 0);
                w.Node(PlanKind.HashJoin, s_int8, s_int8).Add((long)kind, 1).Column(s_int8, 0).Column(s_int8, 0).Add(Int8Equal, 0, 0);
                w.Source(host.AddSource(probe), s_int8).Source(host.AddSource(build), s_int8);
                w.Add(0, 1).Column(s_int8, 1).NoTail();
            });
        Of("probe of 1,000 integers", Read(1), outer, few);
        Of("probe of 1 M integers, and its build", Read(2, 1), outer, many);
        Of("probe of 1 M integers far apart, and its build", Read(2, 2), Data.Of(Count, (r, _) => (ulong)r.Next(Count) * 1_000_003), apart);
        Of("build of 1 M integers far apart", Read(1, 1), few, apart);
        Of("left, probe of 1,000 integers", Read(1), outer, few, JoinKind.Left);
        Of("semi, probe of 1,000 integers", Read(1), outer, few, JoinKind.Semi);
        Of("anti, probe of 1,000 integers", Read(1), outer, few, JoinKind.Anti);
        Of("full, probe of 1 M integers, and its build", Read(2, 1), outer, many, JoinKind.Full);
    }

    static void Sorts(Measure measure, ulong[] numbers)
    {
        void Of(string name, Touched touched, ValueType type, long order, ulong[] column, bool top) =>
            Time(measure, "sort", name, touched, Count, (host, w) =>
            {
                if (top)
                {
                    w.Node(PlanKind.Limit, type).Add(0, 1).Const(s_int8, 10).Add(0);
                }

                w.Node(PlanKind.Sort, type).Add(1, 0, order, type.Collation, 0, 0).Source(host.AddSource(column), type).NoTail();
                if (top)
                {
                    w.NoTail();
                }
            });

        // Bytes of a key that differ, each a pass of reading and writing an entry of 16 bytes; then each row from where it lies.
        Of("1 M integers", new Touched(0, 4 * 2 * 16, 1), s_int8, 412, numbers, top: false);
        Of("1 M texts", new Touched(0, 8 * 2 * 16, 2), s_text, 664, Data.Texts(Count, Count), top: false);
        Of("first 10 of 1 M integers", Read(1), s_int8, 412, numbers, top: true);
    }

    internal static void Time(Measure measure, string family, string name, Touched touched, long rows, Action<BenchHost, ProgramWriter> program)
    {
        if (!measure.Wants(family, name))
        {
            return;
        }

        var host = new BenchHost();
        var writer = new ProgramWriter();
        program(host, writer);
        long[] words = writer.Words.ToArray();
        measure.Time(family, name, rows, touched, () =>
        {
            fixed (long* at = words)
            {
                var engine = new Engine(host, s_options, at, words.Length);
                while (engine.Next(out _, out _) > 0)
                {
                }
            }

            host.Reset();
        });
    }
}
