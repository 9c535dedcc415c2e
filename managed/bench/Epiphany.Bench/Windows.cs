// Micro-benchmarks. Window functions over sorted rows, a thousand partitions.

using Epiphany.Execution.Tests;

namespace Epiphany.Execution.Bench;

static class Windows
{
    const uint RowNumber = 3100;
    const uint Rank = 3101;
    const uint Lag = 3106;
    const uint SumInt8 = 2107;
    const uint MaxInt8 = 2115;

    static readonly ValueType s_int8 = ProgramWriter.Int8;

    internal static void Run(Measure measure)
    {
        const int Count = Operators.Count;
        ulong[] parts = Data.Of(Count, (_, i) => (ulong)i / 1000);
        ulong[] orders = Data.Of(Count, (_, i) => (ulong)i / 3);
        ulong[] values = Data.Integers(Count, 1000);
        void Of(string name, WindowFrameMode mode, long? around, bool aggregate, uint function, params int[] arguments) =>
            Operators.Time(measure, "window", name, Operators.Read(3), Count, (host, w) =>
            {
                ValueType result = function == SumInt8 ? ProgramWriter.Numeric : s_int8;
                w.Node(PlanKind.Window, s_int8, s_int8, s_int8, result).Add(3, 1, 0, Operators.Int8Equal, 0, 1, 1, Operators.Int8Equal, 0);
                w.Add((long)mode);
                _ = around is long rows
                    ? w.Add((long)WindowBound.Preceding, (long)WindowBound.Following).Const(s_int8, (ulong)rows).Const(s_int8, (ulong)rows)
                    : w.Add((long)WindowBound.Unbounded, (long)WindowBound.CurrentRow);
                w.Add(1, aggregate ? 1 : 0, function);
                _ = aggregate ? w.Add(0).Type(result).Add(0) : w.Type(result);
                w.Add(arguments.Length);
                System.Array.ForEach(arguments, a => w.Column(s_int8, a));
                if (aggregate)
                {
                    w.Add(0, -1, -1, 0, 0, 0, 0);
                }

                w.Add(0).Source(host.AddSource(parts, orders, values), s_int8, s_int8, s_int8).Add(0, 1).Column(result, 3);
            });
        Of("row_number()", WindowFrameMode.Range, null, false, RowNumber);
        Of("rank()", WindowFrameMode.Range, null, false, Rank);
        Of("lag(v)", WindowFrameMode.Range, null, false, Lag, 2);
        Of("sum(v) so far", WindowFrameMode.Rows, null, true, SumInt8, 2);
        Of("sum(v) of 21 rows", WindowFrameMode.Rows, 10, true, SumInt8, 2);
        Of("max(v) of 21 rows", WindowFrameMode.Rows, 10, true, MaxInt8, 2);
    }
}
