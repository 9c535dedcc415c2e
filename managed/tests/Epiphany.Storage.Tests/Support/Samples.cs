// Test support. Columns that lead to every encoding of every kind.

using System;
using System.Collections.Generic;
using System.Linq;

namespace Epiphany.Storage.Tests;

public enum NullPattern
{
    None,
    All,
    First,
    Last,
    Alternating,
    Rare,
    Most,

    /// <summary>Whole vectors are null, and the others have no null.</summary>
    Vectors,
}

static class Samples
{
    internal static bool IsNull(NullPattern pattern, Random random, int row, int rows) => pattern switch
    {
        NullPattern.None => false,
        NullPattern.All => true,
        NullPattern.First => row == 0,
        NullPattern.Last => row == rows - 1,
        NullPattern.Alternating => row % 2 == 0,
        NullPattern.Rare => random.Next(500) == 0,
        NullPattern.Most => random.Next(20) != 0,
        _ => row / GroupFormat.VectorRows % 2 == 0,
    };

    internal static long?[] Longs(Random random, int rows, NullPattern nulls, Func<int, long> value) =>
        [.. Enumerable.Range(0, rows).Select(row => IsNull(nulls, random, row, rows) ? (long?)null : value(row))];

    internal static byte[]?[] Strings(Random random, int rows, NullPattern nulls, Func<int, byte[]> value) =>
        [.. Enumerable.Range(0, rows).Select(row => IsNull(nulls, random, row, rows) ? null : value(row))];

    internal static byte[] RandomBytes(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }

    /// <summary>As pgvector has it: dimensions, zero, elements.</summary>
    internal static byte[] Vector(Random random, short dimensions, int elementBytes) =>
        [.. BitConverter.GetBytes((int)dimensions), .. RandomBytes(random, dimensions * elementBytes)];

    /// <summary>Likewise, of floats, which get codes.</summary>
    internal static byte[] Floats(short dimensions, Func<int, float> element) =>
        [.. BitConverter.GetBytes((int)dimensions), .. Enumerable.Range(0, dimensions).SelectMany(i => BitConverter.GetBytes(element(i)))];

    /// <summary>Some words, seldom twice the same.</summary>
    internal static byte[] Sentence(Random random)
    {
        string[] words = ["carefully", "furiously", "final", "deposits", "sleep", "above the", "ironic", "requests", "boost", "pending"];
        return System.Text.Encoding.ASCII.GetBytes(string.Join(' ', Enumerable.Range(0, 6).Select(_ => words[random.Next(words.Length)])));
    }

    internal static TestColumn[] All(Random random, int rows, NullPattern nulls) =>
        [.. Lanes(random, rows, nulls), .. Floats(random, rows, nulls), .. ByReference(random, rows, nulls), .. Decimals(random, rows, nulls)];

    static IEnumerable<TestColumn> Lanes(Random random, int rows, NullPattern nulls)
    {
        TestColumn Of(ColumnKind kind, Func<int, long> value) => TestColumn.OfLongs(kind, Longs(random, rows, nulls, value));
        yield return Of(ColumnKind.Bool, row => random.Next(2));
        yield return Of(ColumnKind.Bool, row => row < rows / 2 ? 1 : 0);
        yield return Of(ColumnKind.Bool, row => 1);
        yield return Of(ColumnKind.Int8, row => (sbyte)random.Next());
        yield return Of(ColumnKind.Int8, row => row % 2 == 0 ? sbyte.MinValue : sbyte.MaxValue);
        yield return Of(ColumnKind.Int16, row => (short)random.Next());
        yield return Of(ColumnKind.Int16, row => short.MinValue + (row % 60000));
        yield return Of(ColumnKind.Int32, row => random.Next(int.MinValue, int.MaxValue));
        yield return Of(ColumnKind.Int32, row => random.Next(2) == 0 ? int.MinValue : int.MaxValue);
        yield return Of(ColumnKind.Int32, row => row);
        yield return Of(ColumnKind.Int32, row => row / 300);
        yield return Of(ColumnKind.Int32, row => random.Next(5) * 100_000_000);
        yield return Of(ColumnKind.Int64, row => random.NextInt64(long.MinValue, long.MaxValue));
        yield return Of(ColumnKind.Int64, row => random.Next(3) switch { 0 => long.MinValue, 1 => long.MaxValue, _ => 0 });
        yield return Of(ColumnKind.Int64, row => 1_700_000_000_000_000L + (row * 1_000_000L) + random.Next(1000));
        yield return Of(ColumnKind.Int64, row => -row * 3_000_000_000L);
        yield return Of(ColumnKind.Int64, row => 1_700_000_000_000_000L + (row * 1_000_000L) + (row / 600 * 77_777_777L));
        yield return Of(ColumnKind.Int64, row => (long)row * row * 50);
        yield return Of(ColumnKind.Int64, row => random.Next(200) == 0 ? random.NextInt64(long.MinValue, long.MaxValue) : random.Next(8));
        yield return Of(ColumnKind.Int16, row => (short)(random.Next(300) == 0 ? random.Next() : 5));
        yield return Of(ColumnKind.Int64, row => 42);
        yield return Of(ColumnKind.Int64, row => random.Next(100));
    }

    static IEnumerable<TestColumn> Floats(Random random, int rows, NullPattern nulls)
    {
        ulong?[] bits = [.. Longs(random, rows, nulls, row => random.NextInt64(long.MinValue, long.MaxValue)).Select(v => (ulong?)v)];
        yield return TestColumn.OfLanes(ColumnKind.Float64, bits);
        yield return TestColumn.OfLanes(ColumnKind.Float32, [.. bits.Select(v => v is ulong lane ? (ulong)(int)lane : (ulong?)null)]);
        double[] special = [0.0, -0.0, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, 1.5, double.MinValue];
        yield return TestColumn.OfDoubles(
            [.. Longs(random, rows, nulls, row => random.Next(special.Length)).Select(v => v is long i ? special[i] : (double?)null)]);
        yield return TestColumn.OfDoubles([.. Longs(random, rows, nulls, row => 1).Select(v => v is null ? (double?)null : -0.0)]);
        TestColumn Doubles(Func<int, long> value, Func<long, double> convert) =>
            TestColumn.OfDoubles([.. Longs(random, rows, nulls, value).Select(v => v is long i ? convert(i) : (double?)null)]);
        yield return Doubles(row => random.Next(-10_000_000, 10_000_000), i => i / 100.0);
        yield return Doubles(row => row % 9 == 0 ? -1 : random.Next(), i => i < 0 ? -0.0 : i * 0.5);
        yield return Doubles(row => row / 40, i => 20 + Math.Sin(i));
        yield return Doubles(row => row, i => Math.BitIncrement(1e9 + (i * 16)));
        long?[] tenths = Longs(random, rows, nulls, row => row % 50 == 7 ? -1 : random.Next(9999));
        yield return TestColumn.OfFloats([.. tenths.Select(v => v is long i ? (i < 0 ? float.NaN : i / 10f) : (float?)null)]);
        yield return TestColumn.OfFloats([.. Longs(random, rows, nulls, row => row / 999).Select(v => v is long i ? i / 7f : (float?)null)]);
    }

    static IEnumerable<TestColumn> ByReference(Random random, int rows, NullPattern nulls)
    {
        TestColumn Of(ColumnKind kind, Func<int, byte[]> value, int length = 0) =>
            TestColumn.OfStrings(kind, Strings(random, rows, nulls, value), length);
        byte[][] words = [.. Enumerable.Range(0, 300).Select(i => System.Text.Encoding.ASCII.GetBytes("word" + new string('x', i % 40) + i))];
        yield return Of(ColumnKind.FixedBytes, row => RandomBytes(random, 16), 16);
        yield return Of(ColumnKind.FixedBytes, row => RandomBytes(random, 6), 6);
        yield return Of(ColumnKind.FixedBytes, row => BitConverter.GetBytes((long)random.Next(9)).Concat(new byte[4]).ToArray(), 12);
        yield return Of(ColumnKind.FixedBytes, row => [1, 2, 3], 3);
        yield return Of(ColumnKind.VarBytes, row => RandomBytes(random, random.Next(40)));
        yield return Of(ColumnKind.VarBytes, row => RandomBytes(random, 9));
        yield return Of(ColumnKind.VarBytes, row => RandomBytes(random, row % 1000 == 5 ? 3000 : 3));
        yield return Of(ColumnKind.VarBytes, row => words[random.Next(words.Length)]);
        yield return Of(ColumnKind.VarBytes, row => []);
        yield return Of(ColumnKind.VarBytes, row => Vector(random, 3, 4));
        yield return Of(ColumnKind.VarBytes, row => Vector(random, 40, 2));
        yield return Of(ColumnKind.VarBytes, row => Floats(70, i => random.NextSingle() - 0.5f));
        yield return Of(ColumnKind.VarBytes, row => Floats(123, i => random.NextSingle() - 0.5f));
        yield return Of(ColumnKind.VarBytes, row => new byte[row % 2]);
        yield return Of(ColumnKind.VarBytes, row => Sentence(random));
        yield return Of(ColumnKind.VarBytes, row => row % 700 == 9 ? RandomBytes(random, 2000) : Sentence(random));
        yield return Of(ColumnKind.CString, row => Sentence(random));
        yield return Of(ColumnKind.CString, row => System.Text.Encoding.ASCII.GetBytes("c" + row));
        yield return Of(ColumnKind.CString, row => words[random.Next(4)]);
        yield return Of(ColumnKind.CString, row => words[7]);
    }

    static IEnumerable<TestColumn> Decimals(Random random, int rows, NullPattern nulls)
    {
        TestColumn Of(Func<int, byte[]> value) => TestColumn.OfStrings(ColumnKind.Numeric, Strings(random, rows, nulls, value));
        yield return Of(row => Numerics.Of(random.Next(-1_000_000, 1_000_000), 2));
        yield return Of(row => Numerics.Of(random.NextInt64(-long.MaxValue, long.MaxValue), random.Next(12)));
        yield return Of(row => Numerics.Of(row * 25L, row % 4));
        yield return Of(row => Numerics.Of(row / 500, 3));
        yield return Of(row => Numerics.Of(1_000_000_000_000 + (row * 7), 0));
        yield return Of(row => Numerics.Of(new System.Numerics.BigInteger(random.NextInt64()) * random.NextInt64(long.MinValue, 1L << 60), row % 3));
        yield return Of(row => Numerics.Of(System.Numerics.BigInteger.Pow(10, 30) + row, 12));
        yield return Of(row => Numerics.Of(row % 11, 2));
        yield return Of(row => Numerics.Of(random.Next(100) == 0 ? random.NextInt64(1L << 60) : random.Next(50), 2));
        yield return Of(row => Numerics.Of(42, 1));
        yield return Of(row => row % 100 == 99 ? Numerics.NaN : Numerics.Of(random.Next(), 4));
        yield return Of(row => row % 2 == 0 ? Numerics.Of(random.Next(), 63) : RandomBytes(random, random.Next(30)));
    }
}
