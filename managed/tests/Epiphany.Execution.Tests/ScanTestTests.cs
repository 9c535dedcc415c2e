// Scans that test conditions on encoded data, against the same conditions asked of each row.

using System;
using System.Collections.Generic;
using System.Linq;
using Epiphany.Storage;
using Xunit;

namespace Epiphany.Execution.Tests;

public class ScanTestTests
{
    const int Rows = 9000;
    const int GroupRows = 5000;

    static readonly ValueType s_int2 = new(TypeOid.Int2, -1, 0, 2, true);
    static readonly ValueType s_date = new(TypeOid.Date, -1, 0, 4, true);
    static readonly ValueType s_timestamp = new(TypeOid.Timestamp, -1, 0, 8, true);

    /// <summary>Functions of =, &lt;&gt;, &lt;, &lt;=, &gt;, &gt;= in that order; values in the order of their type, and as datums.</summary>
    sealed record Column(
        ColumnKind Kind, ValueType Type, uint[] Functions, ValueType ConstantType, IComparable?[] Values, Func<IComparable, ulong> Datum,
        Func<IComparable, ulong> Constant);

    [Theory]
    [InlineData(1, 0.0, false)]
    [InlineData(2, 0.1, false)]
    [InlineData(3, 0.9, false)]
    [InlineData(4, 0.0, true)]
    [InlineData(5, 0.05, true)]
    public void Rows_are_those_for_which_conditions_hold(int seed, double nulls, bool isSomeGone)
    {
        Random random = new(seed);
        for (int i = 0; i < 12; i++)
        {
            Check(random, nulls, isSomeGone, conditions: 1 + (i % 4));
        }
    }

    static void Check(Random random, double nulls, bool isSomeGone, int conditions)
    {
        var host = new FakeHost();
        Column[] columns = Columns(random, nulls, host);
        ulong?[] numbers = [.. Enumerable.Range(0, Rows).Select(i => (ulong?)i)];
        var table = new FakeTable(
            host.Memory, [.. columns.Select(c => c.Kind), ColumnKind.Int32],
            [.. columns.Select(c => c.Values.Select(v => v == null ? (ulong?)null : c.Datum(v)).ToArray()), numbers], GroupRows);
        bool[] isGone = [.. Enumerable.Range(0, Rows).Select(_ => isSomeGone && random.Next(7) == 0)];
        if (isSomeGone)
        {
            table.Hide(row => isGone[row]);
        }

        var asked = Enumerable.Range(0, conditions)
            .Select(_ => (Column: random.Next(columns.Length), Relation: random.Next(6), Value: Of(columns, random))).ToList();
        var w = new ProgramWriter().Node(PlanKind.ColumnScan, [.. columns.Select(c => c.Type), ProgramWriter.Int4])
            .Add(host.AddTable(table), conditions);
        var expected = Enumerable.Range(0, Rows).Where(row => !isGone[row]);
        foreach ((int column, int relation, Func<int, IComparable> value) in asked)
        {
            Column its = columns[column];
            IComparable constant = value(column);
            w.Call(ProgramWriter.Bool, its.Functions[relation], 2).Column(its.Type, column).Const(its.ConstantType, its.Constant(constant));
            expected = expected.Where(row => its.Values[row] is { } v && Holds(relation, v.CompareTo(constant)));
        }

        int[] rows = [.. expected];
        w.Add(2).Column(ProgramWriter.Int4, columns.Length).Column(columns[3].Type, 3);
        List<ulong?[]> found = w.Run(host);
        string what = string.Join("; ", asked.Select(a => $"column {a.Column}, relation {a.Relation}, {a.Value(a.Column)}"));
        Assert.True(rows.SequenceEqual(found.Select(r => (int)r[0]!)), what);
        Assert.Equal(rows.Select(row => columns[3].Values[row] is { } v ? columns[3].Datum(v) : (ulong?)null), found.Select(r => r[1]));
    }

    static bool Holds(int relation, int order) => relation switch
    {
        0 => order == 0,
        1 => order != 0,
        2 => order < 0,
        3 => order <= 0,
        4 => order > 0,
        _ => order >= 0,
    };

    /// <summary>Mostly a value of the column's, or one beside it.</summary>
    static Func<int, IComparable> Of(Column[] columns, Random random)
    {
        int row = random.Next(Rows);
        int add = random.Next(-1, 2);
        return column => Enumerable.Range(row, Rows).Select(r => columns[column].Values[r % Rows]).FirstOrDefault(v => v != null) switch
        {
            long v => v + (add * (column == 8 ? 43_200_000_000 : 1)),
            decimal v => v + (add * 0.005m),
            IComparable v => v,
            null => columns[column].Type.IsNumeric ? 1m : columns[column].Type.Oid == TypeOid.Float8 ? 1.0 : 1L,
        };
    }

    static Column[] Columns(Random random, double nulls, FakeHost host)
    {
        IComparable?[] Values(Func<int, IComparable> value) =>
            [.. Enumerable.Range(0, Rows).Select(row => random.NextDouble() < nulls ? null : value(row))];
        Column Integers(ColumnKind kind, ValueType type, uint[] functions, Func<int, long> value) =>
            new(kind, type, functions, type, Values(row => value(row)), v => (ulong)(long)v, v => (ulong)(long)v);
        Column Numerics(Func<int, decimal> value) => new(
            ColumnKind.Numeric, ProgramWriter.Numeric, [1718, 1719, 1722, 1723, 1720, 1721], ProgramWriter.Numeric, Values(row => value(row)),
            v => NumericText.Datum(host, Text((decimal)v, "0.00")), v => NumericText.Datum(host, Text((decimal)v, "0.00#")));
        uint[] int8 = [467, 468, 469, 471, 470, 472];
        uint[] int4 = [65, 144, 66, 149, 147, 150];
        return
        [
            Integers(ColumnKind.Int32, ProgramWriter.Int4, int4, _ => random.Next(-3000, 3000)),
            Integers(ColumnKind.Int64, ProgramWriter.Int8, int8, _ => random.Next(5) * 10_000_000_000L),
            Integers(ColumnKind.Int64, ProgramWriter.Int8, int8,
                _ => random.Next(200) == 0 ? random.NextInt64(long.MinValue, long.MaxValue) : random.Next(9)),
            Integers(ColumnKind.Int16, s_int2, [63, 145, 64, 148, 146, 151], row => (row / 150) - 30),
            Integers(ColumnKind.Bool, ProgramWriter.Bool, [60, 84, 56, 1691, 57, 1692], _ => random.Next(2)),
            Integers(ColumnKind.Int32, s_date, [1086, 1091, 1087, 1088, 1089, 1090], _ => random.Next(-2900, 400)),
            Numerics(_ => random.Next(-100_000, 100_000) / 100m),
            Numerics(_ => random.Next(11) / 100m),
            // Dates beside timestamps, often not of midnight.
            new(ColumnKind.Int32, s_date, [2340, 2343, 2338, 2339, 2341, 2342], s_timestamp, Values(_ => random.Next(-2900, 400) * 86_400_000_000L),
                v => (ulong)((long)v / 86_400_000_000L), v => (ulong)(long)v),
            new(ColumnKind.Float64, ProgramWriter.Float8, [293, 294, 295, 296, 297, 298], ProgramWriter.Float8, Values(_ => random.Next(4) / 4.0),
                v => Execution.Tests.Values.Of((double)v), v => Execution.Tests.Values.Of((double)v)),
            Integers(ColumnKind.Int64, ProgramWriter.Int8, int8, row => row * 1000L),
        ];
    }

    static string Text(decimal value, string format) => value.ToString(format, System.Globalization.CultureInfo.InvariantCulture);
}
