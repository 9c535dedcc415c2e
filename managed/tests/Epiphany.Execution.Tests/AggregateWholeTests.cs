// Aggregates of whole row groups by their footers: the same answers as from rows, and from footers where those know them.

using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Epiphany.Storage;
using Epiphany.Storage.Tests;
using Xunit;

namespace Epiphany.Execution.Tests;

public unsafe class AggregateWholeTests
{
    const int InitialSerial = 6;
    const int PriceScale = 2;

    static readonly ValueType s_int2 = new(TypeOid.Int2, -1, 0, 2, true);
    static readonly ValueType s_float4 = new(TypeOid.Float4, -1, 0, 4, true);
    static readonly ValueType s_date = new(TypeOid.Date, -1, 0, 4, true);
    static readonly ValueType s_price = ProgramWriter.Numeric with { TypeMod = (10 << 16) + PriceScale + 4 };
    static readonly ValueType s_localText = ProgramWriter.Text with { Collation = 100 };
    static readonly ValueType s_bytea = new(TypeOid.Bytea, -1, 0, -1, false);

    /// <summary>Functions of a type: count, sum, avg, min, max as far as there are such; their results, and transition values.</summary>
    static readonly (ValueType Type, (uint Function, ValueType Result, ValueType Transition)[] Functions)[] s_columns =
    [
        (ProgramWriter.Int4, [(2147, ProgramWriter.Int8, ProgramWriter.Int8), (2108, ProgramWriter.Int8, ProgramWriter.Int8),
            (2101, ProgramWriter.Numeric, s_bytea), (2132, ProgramWriter.Int4, ProgramWriter.Int4), (2116, ProgramWriter.Int4, ProgramWriter.Int4)]),
        (s_int2, [(2109, ProgramWriter.Int8, ProgramWriter.Int8), (2133, s_int2, s_int2), (2117, s_int2, s_int2)]),
        (ProgramWriter.Int8, [(2107, ProgramWriter.Numeric, s_bytea), (2100, ProgramWriter.Numeric, s_bytea),
            (2131, ProgramWriter.Int8, ProgramWriter.Int8), (2115, ProgramWriter.Int8, ProgramWriter.Int8)]),
        (s_date, [(2138, s_date, s_date), (2122, s_date, s_date)]),
        (ProgramWriter.Bool, [(2517, ProgramWriter.Bool, ProgramWriter.Bool), (2518, ProgramWriter.Bool, ProgramWriter.Bool)]),
        (s_price, [(2114, ProgramWriter.Numeric, s_bytea), (2103, ProgramWriter.Numeric, s_bytea),
            (2146, ProgramWriter.Numeric, ProgramWriter.Numeric), (2130, ProgramWriter.Numeric, ProgramWriter.Numeric)]),
        (ProgramWriter.Float8, [(2136, ProgramWriter.Float8, ProgramWriter.Float8), (2120, ProgramWriter.Float8, ProgramWriter.Float8)]),
        (s_float4, [(2135, s_float4, s_float4), (2119, s_float4, s_float4)]),
        (ProgramWriter.Text, [(2145, ProgramWriter.Text, ProgramWriter.Text), (2129, ProgramWriter.Text, ProgramWriter.Text)]),
    ];

    static readonly NativeHeap s_memory = new();

    public static TheoryData<int, int, int> Cases
    {
        get
        {
            var cases = new TheoryData<int, int, int>();
            for (int column = 0; column < s_columns.Length; column++)
            {
                for (int nulls = 0; nulls <= 100; nulls += 50)
                {
                    cases.Add(column, 0, nulls);
                    cases.Add(column, InitialSerial, nulls);
                }
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Footers_give_what_rows_give(int column, int split, int nullPercent)
    {
        (ValueType type, (uint Function, ValueType Result, ValueType Transition)[] functions) = s_columns[column];
        TestAggregate[] aggregates = [new(2803, ProgramWriter.Int8),
            .. functions.Select(f => new TestAggregate(f.Function, split == 0 ? f.Result : f.Transition, 0))];
        var random = new Random(column + nullPercent);
        TestColumn Rows(int rows) => Column(type, random, rows, nullPercent);
        TestColumn[] groups = [Rows(1), Rows(2048), Rows(5000)];
        Assert.Equal(groups.Length, Check(type, aggregates, split, groups));
        // Rows that are gone leave nothing of that group's footer but the number of its rows.
        Assert.Equal(groups.Length - 1, Check(type, aggregates, split, groups, group => group == 1 ? row => row % 7 == 0 : null));
        Assert.Equal(groups.Length, Check(type, aggregates[..1], split, groups, group => group == 1 ? row => row % 7 == 0 : null));
        Assert.Equal(groups.Length, Check(type, aggregates, split, groups, group => _ => true));
        Assert.Equal(0, Check(type, aggregates, split, []));
    }

    [Fact]
    public void What_footers_do_not_tell_is_read()
    {
        TestColumn texts = Texts("a", "b", new string('c', 33));
        TestAggregate least = new(2145, ProgramWriter.Text, 0);
        TestAggregate greatest = new(2129, ProgramWriter.Text, 0);
        Assert.Equal(1, Check(ProgramWriter.Text, [least], 0, [texts]));
        Assert.Equal(0, Check(ProgramWriter.Text, [greatest], 0, [texts]));
        Assert.Equal(1, Check(ProgramWriter.Text, [greatest], 0, [Texts("a", new string('c', 32))]));
        Assert.Equal(0, Check(s_localText, [least], 0, [texts]));

        // Zeros have signs, a NaN has a payload.
        TestColumn zeros = TestColumn.OfDoubles([3, -0.0, 0]);
        TestAggregate leastFloat = new(2136, ProgramWriter.Float8, 0);
        TestAggregate greatestFloat = new(2120, ProgramWriter.Float8, 0);
        Assert.Equal(0, Check(ProgramWriter.Float8, [leastFloat], 0, [zeros]));
        Assert.Equal(1, Check(ProgramWriter.Float8, [greatestFloat], 0, [zeros]));
        TestColumn notNumbers = TestColumn.OfDoubles([3, double.NaN, double.NegativeInfinity]);
        Assert.Equal(1, Check(ProgramWriter.Float8, [leastFloat], 0, [notNumbers]));
        Assert.Equal(0, Check(ProgramWriter.Float8, [greatestFloat], 0, [notNumbers]));

        // Sums of floats depend on their order, and numerics without a scale of their type on what is displayed.
        Assert.Equal(0, Check(ProgramWriter.Float8, [new(2111, ProgramWriter.Float8, 0)], 0, [TestColumn.OfDoubles([1, 2])]));
        TestColumn numbers = TestColumn.OfStrings(ColumnKind.Numeric, [Numerics.Of(150, 2), Numerics.Of(15, 1), Numerics.Of(1, 0)]);
        Assert.Equal(0, Check(ProgramWriter.Numeric, [new(2146, ProgramWriter.Numeric, 0)], 0, [numbers]));
        Assert.Equal(0, Check(ProgramWriter.Numeric, [new(2114, ProgramWriter.Numeric, 0)], 0, [numbers]));
        Assert.Equal(1, Check(ProgramWriter.Numeric, [new(2147, ProgramWriter.Int8, 0)], 0, [numbers]));
        Assert.Equal(0, Check(s_price, [new(2114, ProgramWriter.Numeric, 0)], 0, [TestColumn.OfStrings(ColumnKind.Numeric, [Numerics.NaN])]));

        // DISTINCT and FILTER look at values; so does what is no column.
        TestColumn integers = TestColumn.OfLongs(ColumnKind.Int32, [1, 1, 2]);
        Assert.Equal(0, Check(ProgramWriter.Int4, [new(2108, ProgramWriter.Int8, 0, IsDistinct: true)], 0, [integers]));
        TestColumn flags = TestColumn.OfLongs(ColumnKind.Bool, [1, 0, 1]);
        Assert.Equal(0, Check(ProgramWriter.Bool, [new(2147, ProgramWriter.Int8, 0, 0)], 0, [flags]));
    }

    [Fact]
    public void Sums_beyond_64_bits_and_scales_beyond_the_footers_are_exact()
    {
        TestColumn large = TestColumn.OfLongs(ColumnKind.Int64, [.. Enumerable.Repeat<long?>(long.MaxValue, 3000), long.MinValue]);
        Assert.Equal(2, Check(ProgramWriter.Int8, [new(2107, ProgramWriter.Numeric, 0), new(2100, ProgramWriter.Numeric, 0)], 0, [large, large]));

        // 38 digits: no bounds in the footer, but a sum.
        ValueType wide = ProgramWriter.Numeric with { TypeMod = (38 << 16) + PriceScale + 4 };
        TestColumn fortunes = TestColumn.OfStrings(
            ColumnKind.Numeric, [.. Enumerable.Range(1, 100).Select(i => Numerics.Of(System.Numerics.BigInteger.Pow(10, 30) * i, PriceScale))]);
        Assert.Equal(2, Check(wide, [new(2114, ProgramWriter.Numeric, 0), new(2103, ProgramWriter.Numeric, 0)], 0, [fortunes, fortunes]));
        Assert.Equal(0, Check(wide, [new(2146, ProgramWriter.Numeric, 0)], 0, [fortunes]));

        // 1.00 and 2.00 need no places in the footer.
        TestColumn whole = TestColumn.OfStrings(ColumnKind.Numeric, [Numerics.Of(100, 2), Numerics.Of(200, 2)]);
        Assert.Equal(1, Check(s_price, [new(2114, ProgramWriter.Numeric, 0), new(2146, ProgramWriter.Numeric, 0)], 0, [whole]));
    }

    [Fact]
    public void Columns_that_a_group_lacks_have_their_missing_value()
    {
        var host = new FakeHost();
        Group group = Group.WriteOne(TestColumn.OfLongs(ColumnKind.Int32, [.. Enumerable.Repeat<long?>(5, 3000)]));
        int scan = AddTable(host, Unit(group, null));
        host.Missing.Add(1, 7);
        host.Missing.Add(3, Values.Of("new"));
        ValueType[] types = [ProgramWriter.Int4, ProgramWriter.Int4, ProgramWriter.Int8, ProgramWriter.Text];
        TestAggregate[] aggregates =
        [
            new(2803, ProgramWriter.Int8), new(2108, ProgramWriter.Int8, 0), new(2108, ProgramWriter.Int8, 1), new(2116, ProgramWriter.Int4, 1),
            new(2147, ProgramWriter.Int8, 2), new(2131, ProgramWriter.Int8, 2), new(2129, ProgramWriter.Text, 3), new(2147, ProgramWriter.Int8, 3),
        ];
        ulong known = Run(host, Program(types, aggregates, 0, p => Scan(p, scan, types)), aggregates, out string[] found);
        Assert.Equal(1UL, known);
        Assert.Equal(["3000", "15000", "21000", "7", "0", "null", "new", "3000"], found);
    }

    [Fact]
    public void Groups_are_taken_through_an_append_and_again_after_a_rescan()
    {
        var host = new FakeHost();
        Group group = Group.WriteOne(TestColumn.OfLongs(ColumnKind.Int32, [.. Enumerable.Range(1, 3000).Select(i => (long?)i)]));
        int first = AddTable(host, Unit(group, null));
        int second = AddTable(host, Unit(group, null), Unit(group, null));
        ValueType[] types = [ProgramWriter.Int4];
        TestAggregate[] aggregates = [new(2108, ProgramWriter.Int8, 0)];
        ProgramWriter program = Program(types, aggregates, 0, p =>
        {
            p.Node(PlanKind.Append, types).Add(2);
            Scan(p, first, types);
            Scan(p, second, types);
            p.NoTail();
        });
        fixed (long* words = program.Words.ToArray())
        {
            var engine = new Engine(host, new EngineOptions(1UL << 26, 1UL << 26, false), words, program.Words.Count);
            List<ulong?[]> rows = ProgramWriter.Rows(engine);
            host.Rewind();
            engine.Rescan();
            Assert.Equal(rows, ProgramWriter.Rows(engine));
            Assert.Equal(3UL * 3000 * 3001 / 2, rows.Single()[0]);
            Assert.Equal(2UL, engine.Stats(2)!.GroupsKnown);
            Assert.Equal(4UL, engine.Stats(3)!.GroupsKnown);
            Assert.Equal(0UL, engine.Stats(3)!.VectorsRead);
        }
    }

    [Theory]
    [InlineData(147, 2999, 2, 6000)]
    [InlineData(147, 3000, 1, 5999)]
    [InlineData(150, 0, 3, 9000)]
    [InlineData(66, 3000, 1, 3000)]
    [InlineData(66, 9001, 3, 9000)]
    [InlineData(144, 10000, 0, 9000)]
    [InlineData(65, 5, 0, 1)]
    public void Conditions_that_a_groups_bounds_meet_are_met_by_all_its_rows(uint function, int constant, int groups, int rows)
    {
        static TestColumn From(int first) => TestColumn.OfLongs(ColumnKind.Int32, [.. Enumerable.Range(first, 3000).Select(i => (long?)i)]);
        TestColumn[] thousands = [From(0), From(3000), From(6000)];
        Assert.Equal(((ulong)groups, (ulong)rows), Count(ProgramWriter.Int4, thousands, function, (ulong)constant));
    }

    [Fact]
    public void Conditions_are_asked_of_rows_where_bounds_prove_nothing()
    {
        const uint Int4Greater = 147;
        const uint Int4NotEqual = 144;
        const uint OidGreater = 1638;

        // Nulls meet no condition; all values the same meet any or none.
        Assert.Equal((0UL, 1UL), Count(ProgramWriter.Int4, [TestColumn.OfLongs(ColumnKind.Int32, [7, null])], Int4Greater, 0));
        Assert.Equal((1UL, 2UL), Count(ProgramWriter.Int4, [TestColumn.OfLongs(ColumnKind.Int32, [7, 7])], Int4NotEqual, 5));
        Assert.Equal((0UL, 1UL), Count(ProgramWriter.Int4, [TestColumn.OfLongs(ColumnKind.Int32, [4, 5])], Int4NotEqual, 5));

        // Zone maps have the greatest OID as the least integer.
        var oid = new ValueType(TypeOid.Oid, -1, 0, 4, true);
        Assert.Equal((0UL, 2UL), Count(oid, [TestColumn.OfLongs(ColumnKind.Int32, [-1, 0, 1])], OidGreater, 0));
    }

    /// <summary>Groups that were not read, and rows for which the function is true with the constant.</summary>
    static (ulong Groups, ulong Rows) Count(ValueType type, TestColumn[] groups, uint function, ulong constant)
    {
        var host = new FakeHost();
        int scan = AddTable(host, [.. groups.Select(g => Unit(Group.WriteOne(g), null))]);
        TestAggregate[] aggregates = [new(2803, ProgramWriter.Int8)];
        ProgramWriter program = Program([type], aggregates, 0, p => p.Node(PlanKind.ColumnScan, type).Add(scan)
            .Add(1).Call(ProgramWriter.Bool, function, 2).Column(type, 0).Const(type, constant).Add(-1));
        ulong known = Run(host, program, aggregates, out string[] found);
        return (known, ulong.Parse(found[0], provider: null));
    }

    [Fact]
    public void Damage_is_told()
    {
        var host = new FakeHost();
        Group group = Group.WriteOne(TestColumn.OfLongs(ColumnKind.Int32, [1, 2, 3]));
        group.Bytes[(int)group.Location.FooterOffset + 64 + 80] ^= 1;
        Assert.Throws<StoredDataException>(() => Unit(group, null));
    }

    /// <summary>The same answer from groups and from rows; says how many groups were not read.</summary>
    static int Check(ValueType type, TestAggregate[] aggregates, int split, TestColumn[] groups, Func<int, Func<int, bool>?>? gone = null)
    {
        var host = new FakeHost();
        var rows = new List<ulong?>();
        var units = new List<ScanUnit>();
        for (int g = 0; g < groups.Length; g++)
        {
            Func<int, bool>? isGone = gone?.Invoke(g);
            units.Add(Unit(Group.WriteOne(groups[g]), isGone));
            rows.AddRange(Enumerable.Range(0, groups[g].Rows).Where(r => isGone == null || !isGone(r))
                .Select(r => groups[g].IsNull(r) ? (ulong?)null : groups[g].Datum(r, s_memory)));
        }

        int source = host.AddSource([.. rows]);
        int scan = AddTable(host, [.. units]);
        ValueType[] types = [type];
        Run(host, Program(types, aggregates, split, p => p.Source(source, types)), aggregates, out string[] expected);
        ulong known = Run(host, Program(types, aggregates, split, p => Scan(p, scan, types)), aggregates, out string[] found);
        Assert.Equal(expected, found);
        return (int)known;
    }

    static ProgramWriter Program(ValueType[] types, TestAggregate[] aggregates, int split, Action<ProgramWriter> child)
    {
        ProgramWriter program = new ProgramWriter().Node(PlanKind.Aggregate, [.. aggregates.Select(a => a.Result)])
            .Add(split, BitConverter.DoubleToInt64Bits(1), 0, 1, 0, 0, 0, aggregates.Length);
        foreach (TestAggregate aggregate in aggregates)
        {
            ValueType? argument = aggregate.Argument is int a ? types[a] : null;
            program.Add(aggregate.Function, argument?.Collation ?? 0).Type(aggregate.Result)
                .Add(aggregate.IsDistinct ? 1 : 0, argument == null ? 0 : 1);
            if (argument is { } type)
            {
                program.Column(type, aggregate.Argument!.Value);
            }

            program.Add(aggregate.Filter == null ? 0 : 1);
            if (aggregate.Filter is int filter)
            {
                program.Column(ProgramWriter.Bool, filter);
            }

            program.Add(-1, -1, 0, 0, 0, 0);
        }

        program.Add(0, 0);
        child(program);
        return program.NoTail();
    }

    static void Scan(ProgramWriter program, int scan, ValueType[] types) => program.Node(PlanKind.ColumnScan, types).Add(scan).NoTail();

    /// <summary>Runs a program with one row of results; says how many groups node 1 did not read.</summary>
    static ulong Run(FakeHost host, ProgramWriter program, TestAggregate[] aggregates, out string[] results)
    {
        fixed (long* words = program.Words.ToArray())
        {
            var engine = new Engine(host, new EngineOptions(1UL << 26, 1UL << 26, false), words, program.Words.Count);
            Assert.Equal(1, engine.Next(out ulong** values, out byte** nulls));
            results = new string[aggregates.Length];
            for (int i = 0; i < results.Length; i++)
            {
                bool isNull = nulls[i] != null && nulls[i][0] != 0;
                results[i] = isNull ? "null" : Convert.ToString(Values.Read(aggregates[i].Result, values[i][0]), provider: null)!;
            }

            Assert.Equal(0, engine.Next(out _, out _));
            return engine.Stats(1)!.GroupsKnown;
        }
    }

    static ScanUnit Unit(Group group, Func<int, bool>? isGone)
    {
        int rows = group.Location.Rows;
        ulong* gone = null;
        if (isGone != null)
        {
            gone = (ulong*)NativeMemory.AllocZeroed((nuint)((rows + 63) / 64) * sizeof(ulong));
            for (int row = 0; row < rows; row++)
            {
                gone[row / 64] |= isGone(row) ? 1UL << (row % 64) : 0;
            }
        }

        return FakeTable.Unit(group.Location, group.Open(s_memory)) with { Gone = gone };
    }

    static int AddTable(FakeHost host, params ScanUnit[] groups) => host.AddTable(new FakeTable(host, groups));

    static TestColumn Texts(params string[] values) =>
        TestColumn.OfStrings(ColumnKind.VarBytes, [.. values.Select(System.Text.Encoding.UTF8.GetBytes)]);

    static TestColumn Column(ValueType type, Random random, int rows, int nullPercent)
    {
        bool IsNull(int _) => random.Next(100) < nullPercent;
        long?[] Longs(Func<long> next) => [.. Enumerable.Range(0, rows).Select(i => IsNull(i) ? (long?)null : next())];
        byte[]?[] Strings(Func<byte[]> next) => [.. Enumerable.Range(0, rows).Select(i => IsNull(i) ? null : next())];
        return type.Oid switch
        {
            TypeOid.Int4 or TypeOid.Date => TestColumn.OfLongs(ColumnKind.Int32, Longs(() => random.Next(int.MinValue, int.MaxValue))),
            TypeOid.Int2 => TestColumn.OfLongs(ColumnKind.Int16, Longs(() => random.Next(short.MinValue, short.MaxValue))),
            TypeOid.Int8 => TestColumn.OfLongs(ColumnKind.Int64, Longs(() => random.NextInt64(long.MinValue, long.MaxValue))),
            TypeOid.Bool => TestColumn.OfLongs(ColumnKind.Bool, Longs(() => random.Next(2))),
            TypeOid.Numeric => TestColumn.OfStrings(ColumnKind.Numeric, Strings(() => Numerics.Of(random.Next(-1000000, 1000000), PriceScale))),
            TypeOid.Float8 => TestColumn.OfDoubles([.. Longs(() => 1 + random.Next(1000)).Select(v => v / -7.0)]),
            TypeOid.Float4 => TestColumn.OfFloats([.. Longs(() => 1 + random.Next(1000)).Select(v => (float?)(v / 7.0))]),
            _ => TestColumn.OfStrings(
                ColumnKind.VarBytes, Strings(() => System.Text.Encoding.UTF8.GetBytes("key " + random.Next(100000).ToString(provider: null)))),
        };
    }
}
