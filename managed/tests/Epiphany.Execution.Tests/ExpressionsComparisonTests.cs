// Comparisons against plain models.

using System;
using System.Linq;
using Xunit;

namespace Epiphany.Execution.Tests;

/// <summary>Comparisons of by-value types against plain ones.</summary>
public class ExpressionsComparisonTests
{
    static readonly ValueType s_date = new(TypeOid.Date, -1, 0, 4, true);
    static readonly ValueType s_timestamp = new(TypeOid.Timestamp, -1, 0, 8, true);
    static readonly ValueType s_float4 = new(TypeOid.Float4, -1, 0, 4, true);
    static readonly ValueType s_oid = new(TypeOid.Oid, -1, 0, 4, true);
    static readonly ValueType s_char = new(TypeOid.Char, -1, 0, 1, true);

    /// <summary>In the order =, <>, <, <=, >, >=.</summary>
    static bool Holds(int relation, int order) => relation switch
    {
        0 => order == 0,
        1 => order != 0,
        2 => order < 0,
        3 => order <= 0,
        4 => order > 0,
        _ => order >= 0,
    };

    static void Check(uint[] functions, ValueType left, ValueType right, ulong[] edges, Func<Random, ulong> any, ulong[] rightEdges,
        Func<Random, ulong> rightAny, Func<ulong, ulong, int> order)
    {
        for (int i = 0; i < functions.Length; i++)
        {
            int relation = i % 6;
            uint function = functions[i];
            foreach ((int count, double nulls) in new[] { (1, 0.0), (77, 0.3), (1000, 0), (2048, 0.1) })
            {
                var random = new Random(count);
                ulong?[] a = Values.Mix(random, count, nulls, any, edges);
                ulong?[] b = Values.Mix(random, count, nulls / 2, rightAny, rightEdges);
                using var check = new ExpressionsCheck(new FakeHost(),
                    w => w.Call(ProgramWriter.Bool, function, 2).Column(left, 0).Column(right, 1), a, b);
                check.Agrees(v => v[0] == null || v[1] == null ? null : Holds(relation, order(v[0]!.Value, v[1]!.Value)));
            }

            foreach (ulong? constant in rightEdges.Select(e => (ulong?)e).Append(null))
            {
                ulong?[] a = Values.Mix(new Random(3), 300, 0.1, any, edges);
                using var onRight = new ExpressionsCheck(new FakeHost(),
                    w => w.Call(ProgramWriter.Bool, function, 2).Column(left, 0).Const(right, constant), a);
                onRight.Agrees(v => v[0] == null || constant == null ? null : Holds(relation, order(v[0]!.Value, constant.Value)));
            }

            foreach (ulong? constant in edges.Select(e => (ulong?)e).Append(null))
            {
                ulong?[] b = Values.Mix(new Random(4), 300, 0.1, rightAny, rightEdges);
                using var onLeft = new ExpressionsCheck(new FakeHost(),
                    w => w.Call(ProgramWriter.Bool, function, 2).Const(left, constant).Column(right, 0), b);
                onLeft.Agrees(v => v[0] == null || constant == null ? null : Holds(relation, order(constant.Value, v[0]!.Value)));
            }
        }
    }

    static void Check(uint[] functions, ValueType type, ulong[] edges, Func<Random, ulong> any, Func<ulong, ulong, int> order) =>
        Check(functions, type, type, edges, any, edges, any, order);

    [Fact]
    public void Integers()
    {
        ulong[] edges = [0, 1, ulong.MaxValue, 5, Values.Of(short.MinValue), (ulong)short.MaxValue];
        ulong[] edges8 = [.. edges, (ulong)long.MaxValue, 1UL << 63, (ulong)int.MaxValue];
        static ulong Small(Random r) => (ulong)r.NextInt64(-9, 9);
        static int Order(ulong a, ulong b) => ((long)a).CompareTo((long)b);
        Check([63, 145, 64, 148, 146, 151, 158, 164, 160, 166, 162, 168, 159, 165, 161, 167, 163, 169], ProgramWriter.Int4, edges, Small, Order);
        Check([65, 144, 66, 149, 147, 150], ProgramWriter.Int4, edges, Small, Order);
        Check([467, 468, 469, 471, 470, 472, 474, 475, 476, 478, 477, 479], ProgramWriter.Int8, edges8, Small, Order);
        Check([852, 853, 854, 856, 855, 857, 1850, 1851, 1852, 1854, 1853, 1855], ProgramWriter.Int8, edges8, Small, Order);
        Check([1856, 1857, 1858, 1860, 1859, 1861], ProgramWriter.Int8, edges8, Small, Order);
        Check([60, 84, 56, 1691, 57, 1692], ProgramWriter.Bool, [0, 1], r => (ulong)r.Next(2), Order);
        Check([1086, 1091, 1087, 1088, 1089, 1090], s_date, [.. edges, (ulong)int.MaxValue, Values.Of(int.MinValue)], Small, Order);
        Check([1145, 1106, 1102, 1103, 1104, 1105], ProgramWriter.Int8, edges8, Small, Order);
        Check([2052, 2053, 2054, 2055, 2057, 2056, 1152, 1153, 1154, 1155, 1157, 1156], s_timestamp, edges8, Small, Order);
    }

    [Fact]
    public void Oids_and_characters_have_no_sign()
    {
        // Lanes of stored columns are sign-extended; those of PostgreSQL's own datums of OIDs are not.
        Check([184, 185, 716, 717, 1638, 1639], s_oid, [0, 1, 0xFFFFFFFF, ulong.MaxValue, 0x80000000, 0xFFFFFFFF80000000],
            r => (ulong)r.Next(5), (a, b) => ((uint)a).CompareTo((uint)b));
        Check([61, 70, 1246, 72, 73, 74], s_char, [0, 1, 0x7F, Values.Of(-1), Values.Of(sbyte.MinValue)],
            r => (ulong)r.Next(5), (a, b) => ((byte)a).CompareTo((byte)b));
    }

    /// <summary>NaN is equal to NaN and above all else.</summary>
    static int Order(double a, double b) =>
        double.IsNaN(a) || double.IsNaN(b) ? double.IsNaN(a).CompareTo(double.IsNaN(b)) : a == b ? 0 : a < b ? -1 : 1;

    [Fact]
    public void Floats()
    {
        double[] edges = [0, -0.0, 1, -1, 0.1f, 0.1, double.NaN, -double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.MaxValue,
            double.MinValue, double.Epsilon, -double.Epsilon, 1e-30f, BitConverter.UInt64BitsToDouble(0x7FF0000000000001)];
        ulong[] edges8 = [.. edges.Select(Values.Of)];
        ulong[] edges4 = [.. edges.Select(e => Values.Of((float)e)), 0xFFFFFFFF, 0x80000000];
        static double D(ulong v) => BitConverter.UInt64BitsToDouble(v);
        static double F(ulong v) => BitConverter.UInt32BitsToSingle((uint)v);
        static ulong Any8(Random r) => Values.Of((r.NextDouble() - 0.5) * 10);
        static ulong Any4(Random r) => Values.Of((r.NextSingle() - 0.5f) * 10);
        Check([293, 294, 295, 296, 297, 298], ProgramWriter.Float8, edges8, Any8, (a, b) => Order(D(a), D(b)));
        Check([287, 288, 289, 290, 291, 292], s_float4, edges4, Any4, (a, b) => Order(F(a), F(b)));
        Check([299, 300, 301, 302, 303, 304], s_float4, ProgramWriter.Float8, edges4, Any4, edges8, Any8, (a, b) => Order(F(a), D(b)));
        Check([305, 306, 307, 308, 309, 310], ProgramWriter.Float8, s_float4, edges8, Any8, edges4, Any4, (a, b) => Order(D(a), F(b)));
    }

    /// <summary>date_cmp_timestamp_internal: midnight, or later than all finite timestamps.</summary>
    static int Order(long date, long timestamp)
    {
        Int128 day = date switch
        {
            int.MaxValue => long.MaxValue,
            int.MinValue => long.MinValue,
            >= 106751983 => timestamp == long.MaxValue ? timestamp - 1 : long.MaxValue,
            _ => (Int128)date * 86400000000,
        };
        return day.CompareTo(timestamp);
    }

    [Fact]
    public void Dates_beside_timestamps()
    {
        ulong[] dates = [0, 1, ulong.MaxValue, 8000, (ulong)int.MaxValue, Values.Of(int.MinValue),
            106751982, 106751983, 2147483493, Values.Of(-2451545)];
        ulong[] timestamps = [0, 1, ulong.MaxValue, 8000UL * 86400000000, (8000UL * 86400000000) + 1, (8000UL * 86400000000) - 1,
            (ulong)long.MaxValue, 1UL << 63, 9223371331199999999, Values.Of(-211813488000000000)];
        static ulong AnyDate(Random r) => (ulong)r.Next(7998, 8003);
        static ulong AnyTime(Random r) => (ulong)((r.Next(7998, 8003) * 86400000000L) + r.Next(-1, 2));
        Check([2340, 2343, 2338, 2339, 2341, 2342], s_date, s_timestamp, dates, AnyDate, timestamps, AnyTime, (a, b) => Order((long)a, (long)b));
        Check([2366, 2369, 2364, 2365, 2367, 2368], s_timestamp, s_date, timestamps, AnyTime, dates, AnyDate, (a, b) => -Order((long)b, (long)a));
    }
}
