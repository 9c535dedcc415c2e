// Programs with one window over one source, for tests.

using System;
using System.Collections.Generic;

namespace Epiphany.Execution.Tests;

/// <summary>A frame clause; offsets only for bounds that have one.</summary>
internal readonly record struct TestFrame(
    WindowFrameMode Mode = WindowFrameMode.Range, WindowBound Start = WindowBound.Unbounded, WindowBound End = WindowBound.CurrentRow,
    long? StartOffset = 0, long? EndOffset = 0);

/// <summary>A function of columns of the source; <paramref name="Filter"/>: a bool column, of an aggregate.</summary>
internal sealed record TestFunction(uint Function, ValueType Result, bool IsAggregate, int? Filter, params int[] Arguments)
{
    public static TestFunction Rank(uint function) => new(function, ProgramWriter.Int8, false, null);

    public static TestFunction Value(uint function, ValueType result, params int[] arguments) => new(function, result, false, null, arguments);

    public static TestFunction Aggregate(uint function, ValueType result, params int[] arguments) => new(function, result, true, null, arguments);
}

internal static class WindowWriter
{
    public const uint Int4Equal = 65;

    /// <summary>The functions' results alone. Keys are columns of int4; <paramref name="inRange"/>: a function for RANGE with offsets.</summary>
    public static ProgramWriter Window(
        FakeHost host, ValueType[] types, ulong?[][] columns, int[] partition, int[] order, TestFrame frame, TestFunction[] functions,
        uint equality = Int4Equal, uint inRange = 0)
    {
        var raw = new List<ValueType>(types);
        Array.ForEach(functions, f => raw.Add(f.Result));
        ProgramWriter program = new ProgramWriter().Node(PlanKind.Window, [.. raw]).Add(types.Length);
        Keys(program, partition, equality);
        Keys(program, order, equality);
        program.Add((long)frame.Mode, (long)frame.Start, (long)frame.End);
        Offset(program, frame.Start, frame.StartOffset);
        Offset(program, frame.End, frame.EndOffset);
        if (inRange != 0)
        {
            program.Add(order[0], inRange, inRange, 0, 1, 0);
        }

        program.Add(functions.Length);
        Array.ForEach(functions, f => Function(program, types, f));
        program.Add(0).Source(host.AddSource(columns), types).Add(0, functions.Length);
        for (int i = 0; i < functions.Length; i++)
        {
            program.Column(functions[i].Result, types.Length + i);
        }

        return program;
    }

    static void Keys(ProgramWriter program, int[] columns, uint equality)
    {
        program.Add(columns.Length);
        Array.ForEach(columns, c => program.Add(c, equality, 0));
    }

    static void Offset(ProgramWriter program, WindowBound bound, long? offset)
    {
        if (bound is WindowBound.Preceding or WindowBound.Following)
        {
            program.Const(ProgramWriter.Int8, (ulong?)offset);
        }
    }

    static void Function(ProgramWriter program, ValueType[] types, TestFunction function)
    {
        program.Add(function.IsAggregate ? 1 : 0, function.Function);
        if (function.IsAggregate)
        {
            program.Add(0).Type(function.Result).Add(0);
        }
        else
        {
            program.Type(function.Result);
        }

        program.Add(function.Arguments.Length);
        Array.ForEach(function.Arguments, a => program.Column(types[a], a));
        if (function.IsAggregate)
        {
            program.Add(function.Filter == null ? 0 : 1);
            if (function.Filter is int filter)
            {
                program.Column(types[filter], filter);
            }

            program.Add(-1, -1, 0, 0, 0, 0);
        }
    }
}
