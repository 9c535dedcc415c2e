// Writes programs for tests, as the shim does for plans.

using System;
using System.Collections.Generic;

namespace Epiphany.Execution.Tests;

/// <summary>Words of a program; README.md of the layer has their order.</summary>
internal sealed class ProgramWriter
{
    int _node;
    int _expression;

    public List<long> Words { get; } = [];

    /// <summary>Rows expected of the nodes that follow.</summary>
    public double Expected { get; set; } = 1000;

    public static ValueType Int4 { get; } = new(TypeOid.Int4, -1, 0, 4, true);

    public static ValueType Int8 { get; } = new(TypeOid.Int8, -1, 0, 8, true);

    public static ValueType Bool { get; } = new(TypeOid.Bool, -1, 0, 1, true);

    public static ValueType Float8 { get; } = new(TypeOid.Float8, -1, 0, 8, true);

    public static ValueType Numeric { get; } = new(TypeOid.Numeric, -1, 0, -1, false);

    public static ValueType Text { get; } = new(TypeOid.Text, -1, 950, -1, false);

    public ProgramWriter Add(params long[] words)
    {
        Words.AddRange(words);
        return this;
    }

    public ProgramWriter Type(ValueType type) => Add(type.Oid, type.TypeMod, type.Collation, type.Length, type.ByValue ? 1 : 0);

    /// <summary>A node's head; then follow its payload, conditions and projection. Nodes are numbered in the order they are begun.</summary>
    public ProgramWriter Node(PlanKind kind, params ValueType[] raw)
    {
        Add((long)kind, _node++, BitConverter.DoubleToInt64Bits(Expected), raw.Length);
        Array.ForEach(raw, t => Type(t));
        return this;
    }

    public ProgramWriter Source(int source, params ValueType[] raw) => Node(PlanKind.RowSource, raw).Add(source).NoTail();

    public ProgramWriter Scan(int scan, params ValueType[] raw) => Node(PlanKind.ColumnScan, raw).Add(scan).NoTail();

    /// <summary>No conditions, and the raw columns as they are.</summary>
    public ProgramWriter NoTail() => Add(0, -1);

    public ProgramWriter Column(ValueType type, int column) => Expression(ExpressionKind.Column, type).Add(column);

    public ProgramWriter Const(ValueType type, ulong? value) => Expression(ExpressionKind.Const, type).Add(value == null ? 1 : 0, (long)(value ?? 0));

    /// <summary>A strict function; it looks at no encoding but UTF-8.</summary>
    public ProgramWriter Call(ValueType type, uint function, int arguments, uint collation = 0) =>
        Expression(ExpressionKind.Call, type).Add(function, collation, (long)(CallFlags.Strict | CallFlags.Utf8), arguments);

    public ProgramWriter Expression(ExpressionKind kind, ValueType type) => Add((long)kind, _expression++).Type(type);

    /// <summary>All rows that an engine gives, each a list of datums.</summary>
    public unsafe List<ulong?[]> Run(FakeHost host, EngineOptions? options = null)
    {
        fixed (long* words = Words.ToArray())
        {
            return Rows(new Engine(host, options ?? new EngineOptions(1UL << 26, 1UL << 26, false), words, Words.Count));
        }
    }

    /// <summary>Each row as it comes, while by-reference values are there to be looked at.</summary>
    public unsafe void Run(FakeHost host, Action<ulong?[]> see, EngineOptions? options = null)
    {
        fixed (long* words = Words.ToArray())
        {
            Rows(new Engine(host, options ?? new EngineOptions(1UL << 26, 1UL << 26, false), words, Words.Count), see);
        }
    }

    public static List<ulong?[]> Rows(Engine engine)
    {
        List<ulong?[]> rows = [];
        Rows(engine, rows.Add);
        return rows;
    }

    /// <summary>Likewise, each as it comes.</summary>
    public static unsafe void Rows(Engine engine, Action<ulong?[]> see)
    {
        int count;
        while ((count = engine.Next(out ulong** values, out byte** nulls)) > 0)
        {
            for (int i = 0; i < count; i++)
            {
                var row = new ulong?[engine.Columns];
                for (int c = 0; c < row.Length; c++)
                {
                    row[c] = nulls[c] != null && nulls[c][i] != 0 ? null : values[c][i];
                }

                see(row);
            }
        }
    }
}
