// Window functions and frames, against the definition computed row by row.

using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;
using Xunit;

namespace Epiphany.Execution.Tests;

public class WindowTests
{
    const int Part = 0;
    const int Order = 1;
    const int Number = 2;
    const int Float = 3;
    const int Odd = 4;

    static readonly ValueType[] s_types = [ProgramWriter.Int4, ProgramWriter.Int4, ProgramWriter.Int4, ProgramWriter.Float8, ProgramWriter.Bool];
    static readonly EngineOptions s_ample = new(1UL << 26, 1UL << 26, false);
    static readonly EngineOptions s_none = new(1, 1, false);

    /// <summary>Sorted by the first two columns; nulls come last.</summary>
    static ulong?[][] Rows(int count, int partitions, int orders)
    {
        var random = new Random(count + partitions);
        int? Or(int value) => random.Next(12) == 0 ? null : value;
        var rows = Enumerable.Range(0, count)
            .Select(i => (Part: Or(random.Next(partitions)), Order: Or(random.Next(orders)), Number: Or(random.Next(-50, 50)),
                Float: (random.Next(1000) / 7.0) * Math.Pow(10, random.Next(12)), Odd: random.Next(2)))
            .OrderBy(r => r.Part ?? int.MaxValue).ThenBy(r => r.Order ?? int.MaxValue).ToArray();
        ulong?[] Of(Func<int, int?> value) => [.. Enumerable.Range(0, count).Select(i => (ulong?)(long?)value(i))];
        return
        [
            Of(i => rows[i].Part), Of(i => rows[i].Order), Of(i => rows[i].Number), [.. rows.Select(r => (ulong?)Values.Of(r.Float))],
            Of(i => rows[i].Odd),
        ];
    }

    static List<string> Engine(ulong?[][] columns, TestFrame frame, TestFunction[] functions, EngineOptions options, int batch, int[] order)
    {
        var host = new FakeHost { BatchRows = batch };
        return [.. WindowWriter.Window(host, s_types, columns, [Part], order, frame, functions).Run(host, options).Select(Values.Show)];
    }

    /// <summary>By the first row of each partition and the row behind it; peers likewise.</summary>
    static (int Start, int End)[] Spans(ulong?[][] columns, params int[] keys)
    {
        int count = columns[0].Length;
        var spans = new (int Start, int End)[count];
        for (int start = 0; start < count;)
        {
            int end = start + 1;
            while (end < count && keys.All(k => columns[k][end] == columns[k][start]))
            {
                end++;
            }

            Array.Fill(spans, (start, end), start, end - start);
            start = end;
        }

        return spans;
    }

    static (int Head, int Tail)[] Frames(ulong?[][] columns, TestFrame frame)
    {
        var parts = Spans(columns, Part);
        var peers = Spans(columns, Part, Order);
        var frames = new (int Head, int Tail)[parts.Length];
        for (int i = 0; i < frames.Length; i++)
        {
            (int start, int end) = parts[i];
            int[] groups = [.. peers[start..end].Select(p => p.Start).Distinct().Order()];
            int group = Array.IndexOf(groups, peers[i].Start);
            int Bound(WindowBound bound, long offset, bool isHead)
            {
                long sign = bound == WindowBound.Preceding ? -1 : 1;
                switch (bound)
                {
                    case WindowBound.Unbounded:
                        return isHead ? start : end;
                    case WindowBound.CurrentRow when frame.Mode == WindowFrameMode.Rows:
                        return isHead ? i : i + 1;
                    case WindowBound.CurrentRow:
                        return isHead ? peers[i].Start : peers[i].End;
                    default:
                        Int128 target = (frame.Mode == WindowFrameMode.Rows ? i : group) + (sign * (Int128)offset) + (isHead ? 0 : 1);
                        return frame.Mode == WindowFrameMode.Rows ? (int)Int128.Clamp(target, start, end)
                            : target >= groups.Length ? end : groups[(int)Int128.Max(target, 0)];
                }
            }

            int head = Bound(frame.Start, frame.StartOffset ?? 0, true);
            frames[i] = (head, Math.Max(head, Bound(frame.End, frame.EndOffset ?? 0, false)));
        }

        return frames;
    }

    [Theory]
    [InlineData(0, 1, 1)]
    [InlineData(1, 1, 1)]
    [InlineData(2048, 1, 5)]
    [InlineData(9000, 1, 3)]
    [InlineData(9000, 40, 30)]
    [InlineData(6000, 5000, 2)]
    public void Ranks_are_those_of_the_definition(int count, int partitions, int orders)
    {
        ulong?[][] columns = Rows(count, partitions, orders);
        var parts = Spans(columns, Part);
        var peers = Spans(columns, Part, Order);
        string Row(int i)
        {
            (int start, int end) = parts[i];
            int groups = peers[start..(i + 1)].Select(p => p.Start).Distinct().Count();
            double rows = end - start;
            ulong percent = Values.Of(rows <= 1 ? 0.0 : (peers[i].Start - start) / (rows - 1));
            return Values.Show(
            [
                (ulong)(i - start + 1), (ulong)(peers[i].Start - start + 1), (ulong)groups, percent, Values.Of((peers[i].End - start) / rows),
            ]);
        }

        TestFunction[] functions = [.. new uint[] { 3100, 3101, 3102, 3103, 3104 }.Select(TestFunction.Rank)];
        List<string> expected = [.. Enumerable.Range(0, count).Select(Row)];
        Assert.Equal(expected, Engine(columns, new TestFrame(), functions, s_ample, Batch.Capacity, [Order]));
        Assert.Equal(expected, Engine(columns, new TestFrame(), functions, s_none, 100, [Order]));
        Assert.Equal(
            expected.Select(r => r.Split(',')[0]), Engine(columns, new TestFrame(), [TestFunction.Rank(3100)], s_none, 2000, [Order]));
    }

    public static TheoryData<int, int, int, long, long> AllFrames()
    {
        var data = new TheoryData<int, int, int, long, long>();
        foreach (WindowFrameMode mode in Enum.GetValues<WindowFrameMode>())
        {
            foreach (WindowBound start in Enum.GetValues<WindowBound>())
            {
                foreach (WindowBound end in Enum.GetValues<WindowBound>())
                {
                    bool hasOffset = start > WindowBound.CurrentRow || end > WindowBound.CurrentRow;
                    if (mode != WindowFrameMode.Range || !hasOffset)
                    {
                        data.Add((int)mode, (int)start, (int)end, 1, 2);
                    }

                    if (mode != WindowFrameMode.Range && hasOffset)
                    {
                        data.Add((int)mode, (int)start, (int)end, 0, long.MaxValue);
                        data.Add((int)mode, (int)start, (int)end, 300, 5);
                    }
                }
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(AllFrames))]
    public void Aggregates_and_values_are_those_of_the_frame(int mode, int start, int end, long startOffset, long endOffset)
    {
        var frame = new TestFrame((WindowFrameMode)mode, (WindowBound)start, (WindowBound)end, startOffset, endOffset);
        TestFunction[] functions =
        [
            TestFunction.Aggregate(2803, ProgramWriter.Int8),
            new TestFunction(2147, ProgramWriter.Int8, true, Odd, Number),
            TestFunction.Aggregate(2108, ProgramWriter.Int8, Number),
            TestFunction.Aggregate(2132, ProgramWriter.Int4, Number),
            TestFunction.Aggregate(2111, ProgramWriter.Float8, Float),
            TestFunction.Value(3112, ProgramWriter.Int4, Number),
            TestFunction.Value(3113, ProgramWriter.Int4, Number),
        ];
        (int Rows, int Partitions)[] sizes = startOffset == 300 ? [(2200, 15), (2900, 1)] : [(2200, 15), (2300, 700)];
        foreach ((int count, int partitions) in sizes)
        {
            ulong?[][] columns = Rows(count, partitions, 20);
            var frames = Frames(columns, frame);
            string Row(int i)
            {
                (int head, int tail) = frames[i];
                ulong?[] numbers = [.. columns[Number][head..tail].Where(v => v != null)];
                double? floats = columns[Float][head..tail].Aggregate((double?)null, (s, v) => (s ?? 0) + BitConverter.UInt64BitsToDouble(v!.Value));
                return Values.Show(
                [
                    (ulong)(tail - head),
                    (ulong)Enumerable.Range(head, tail - head).Count(r => columns[Odd][r] == 1 && columns[Number][r] != null),
                    numbers.Length == 0 ? null : (ulong)numbers.Sum(v => (long)v!.Value),
                    numbers.Length == 0 ? null : (ulong)numbers.Min(v => (long)v!.Value),
                    floats == null ? null : Values.Of(floats.Value),
                    head == tail ? null : columns[Number][head],
                    head == tail ? null : columns[Number][tail - 1],
                ]);
            }

            List<string> expected = [.. Enumerable.Range(0, count).Select(Row)];
            Assert.Equal(expected, Engine(columns, frame, functions, s_ample, Batch.Capacity, [Order]));
            Assert.Equal(expected, Engine(columns, frame, functions, s_none, 300, [Order]));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(1 << 26)]
    public void Numeric_sums_over_moving_frames_have_the_scale_of_their_rows(ulong memory)
    {
        var random = new Random(5);
        (long Value, int Scale)[] rows =
        [
            .. Enumerable.Range(0, 5000).Select(_ => ((long)random.Next(-100000, 100000), random.Next(4) == 0 ? random.Next(40) : 2)),
        ];
        ulong?[] numbers = [.. rows.Select(r => (ulong?)Values.NumericOf(r.Value, r.Scale))];
        var host = new FakeHost();
        ProgramWriter program = WindowWriter.Window(
            host, [ProgramWriter.Numeric], [numbers], [], [], new TestFrame(WindowFrameMode.Rows, WindowBound.Preceding, WindowBound.CurrentRow, 30),
            [TestFunction.Aggregate(2114, ProgramWriter.Numeric, 0)]);
        List<string> sums = [];
        program.Run(host, r => sums.Add(Values.Numeric(r[0]!.Value)), new EngineOptions(memory, memory, false));

        IEnumerable<string> expected = Enumerable.Range(0, rows.Length).Select(i =>
        {
            var frame = rows[Math.Max(0, i - 30)..(i + 1)];
            int scale = frame.Max(r => r.Scale);
            return Values.Decimal(frame.Aggregate(BigInteger.Zero, (s, r) => s + (r.Value * BigInteger.Pow(10, scale - r.Scale))), scale);
        });
        Assert.Equal(expected, sums);
    }

    [Fact]
    public void Rows_before_and_behind_are_those_of_the_partition()
    {
        ulong?[] parts = [1, 1, 1, 2, null, null];
        ulong?[] offsets = [1, 0, null, 1, ulong.MaxValue, 1];
        ulong?[] numbers = [10, null, 30, 40, 50, 60];
        var host = new FakeHost();
        ProgramWriter program = WindowWriter.Window(
            host, [ProgramWriter.Int4, ProgramWriter.Int4, ProgramWriter.Int4], [parts, offsets, numbers], [0], [], new TestFrame(),
            [
                TestFunction.Value(3106, ProgramWriter.Int4, 2), TestFunction.Value(3109, ProgramWriter.Int4, 2),
                TestFunction.Value(3107, ProgramWriter.Int4, 2, 1), TestFunction.Value(3111, ProgramWriter.Int4, 2, 1, 0),
            ]);

        Assert.Equal(
        [
            "null, null, null, null", "10, 30, null, null", "null, null, null, null", "null, null, null, 2", "null, 60, 60, null",
            "50, null, 50, null",
        ], program.Run(host).Select(Values.Show));
    }

    [Fact]
    public void Buckets_are_as_equal_as_can_be()
    {
        ulong?[] parts = [.. Enumerable.Repeat((ulong?)1, 7), 2, 2, 2];
        ulong?[] buckets = [3, 9, 9, 9, 9, 9, 9, null, 5, 1];
        var host = new FakeHost();
        ProgramWriter program = WindowWriter.Window(
            host, [ProgramWriter.Int4, ProgramWriter.Int4], [parts, buckets], [0], [], new TestFrame(),
            [TestFunction.Value(3105, ProgramWriter.Int4, 1)]);

        Assert.Equal(["1", "1", "1", "2", "2", "3", "3", "null", "1", "2"], program.Run(host).Select(Values.Show));
    }

    [Theory]
    [InlineData(-1L, "22013", "frame starting offset must not be negative")]
    [InlineData(null, "22004", "frame starting offset must not be null")]
    public void Offsets_are_checked_before_there_is_a_row(long? offset, string sqlState, string message)
    {
        var host = new FakeHost();
        ProgramWriter program = WindowWriter.Window(
            host, [ProgramWriter.Int4], [[]], [], [], new TestFrame(WindowFrameMode.Rows, WindowBound.Preceding, WindowBound.CurrentRow, offset),
            [TestFunction.Aggregate(2803, ProgramWriter.Int8)]);

        RaisedException error = Assert.Throws<RaisedException>(() => program.Run(host));
        Assert.Equal((SqlState.Pack(sqlState), message), (error.SqlState, error.Message));
    }

    [Theory]
    [InlineData(3105, "22014", "argument of ntile must be greater than zero")]
    [InlineData(3114, "22016", "argument of nth_value must be greater than zero")]
    public void Numbers_are_checked(uint function, string sqlState, string message)
    {
        var host = new FakeHost();
        int[] arguments = function == 3105 ? [0] : [0, 0];
        ProgramWriter program = WindowWriter.Window(
            host, [ProgramWriter.Int4], [[0UL]], [], [], new TestFrame(), [TestFunction.Value(function, ProgramWriter.Int4, arguments)]);

        RaisedException error = Assert.Throws<RaisedException>(() => program.Run(host));
        Assert.Equal((SqlState.Pack(sqlState), message), (error.SqlState, error.Message));
    }

    [Fact]
    public void Equality_that_the_engine_does_not_know_is_the_hosts()
    {
        ulong?[][] columns = [[.. Enumerable.Range(0, 5000).Select(i => i % 1000 == 999 ? null : (ulong?)(i / 10))]];
        List<string> Ranks(uint equality)
        {
            var host = new FakeHost { BatchRows = 333 };
            host.AddFunction(90000, a => a[0] == a[1] ? 1UL : 0UL);
            return
            [
                .. WindowWriter.Window(host, [ProgramWriter.Int4], columns, [], [0], new TestFrame(), [TestFunction.Rank(3102)], equality)
                    .Run(host).Select(Values.Show),
            ];
        }

        Assert.Equal(Ranks(WindowWriter.Int4Equal), Ranks(90000));
    }

    [Fact]
    public void Ranges_are_told_by_the_host()
    {
        ulong?[] values = [1, 2, 2, 4, 8, 9, 20, null, null];
        var host = new FakeHost();
        host.AddFunction(90001, a =>
        {
            long sum = (long)a[1]! + (a[3] == 1 ? -(long)a[2]! : (long)a[2]!);
            return (a[4] == 1 ? (long)a[0]! <= sum : (long)a[0]! >= sum) ? 1UL : 0UL;
        }, 5);
        ProgramWriter program = WindowWriter.Window(
            host, [ProgramWriter.Int4], [values], [], [0], new TestFrame(WindowFrameMode.Range, WindowBound.Preceding, WindowBound.Following, 2, 1),
            [TestFunction.Aggregate(2803, ProgramWriter.Int8)], inRange: 90001);

        Assert.Equal(["3", "3", "3", "3", "2", "2", "1", "2", "2"], program.Run(host).Select(Values.Show));
    }

    [Fact]
    public unsafe void Another_run_begins_anew()
    {
        var host = new FakeHost();
        ulong?[][] columns = Rows(5000, 7, 9);
        TestFunction[] functions =
        [
            TestFunction.Rank(3101), TestFunction.Aggregate(2108, ProgramWriter.Int8, Number), TestFunction.Value(3106, ProgramWriter.Int4, Number),
        ];
        long[] program = [.. WindowWriter.Window(host, s_types, columns, [Part], [Order], new TestFrame(), functions).Words];
        fixed (long* words = program)
        {
            var engine = new Engine(host, s_none, words, program.Length);
            Assert.True(engine.Next(out _, out _) > 0);
            host.Rewind();
            engine.Rescan();
            List<string> first = [.. ProgramWriter.Rows(engine).Select(Values.Show)];
            host.Rewind();
            engine.Rescan();
            Assert.Equal(first, ProgramWriter.Rows(engine).Select(Values.Show));
            Assert.Equal(5000, first.Count);
        }
    }
}
