// Test support. What can be asked of a group's vectors besides their values: some of the rows, and which rows pass a test.

using System;
using System.Collections.Generic;
using System.Linq;
using Epiphany.Encoding;
using Epiphany.Kernels;
using Xunit;

namespace Epiphany.Storage.Tests;

sealed unsafe class GroupPicks(RowGroupReader reader, IMemory memory, int groupRows, int column)
{
    readonly ulong* _values = (ulong*)memory.Allocate(GroupFormat.VectorRows * 8);
    readonly ulong* _all = (ulong*)memory.Allocate(GroupFormat.VectorRows * 8);
    readonly byte* _nulls = memory.Allocate(GroupFormat.VectorRows);
    readonly ushort* _codes = (ushort*)memory.Allocate(GroupFormat.VectorRows * 2);
    readonly ushort* _rows = (ushort*)memory.Allocate(GroupFormat.VectorRows * 2);
    readonly ulong* _bits = (ulong*)memory.Allocate(GroupFormat.VectorRows / 8);
    readonly long* _bounds = (long*)memory.Allocate(LaneRanges.MaxCount * 16);

    internal delegate bool Matches(int row, in DecodedVector decoded, ulong value, bool isNull);

    int Vectors => (groupRows + GroupFormat.VectorRows - 1) / GroupFormat.VectorRows;

    /// <summary>Few rows, half of them, nearly all, the first and the last alone.</summary>
    internal void CheckRows(Random random, Matches matches)
    {
        for (int vector = 0; vector < Vectors; vector++)
        {
            int count = RowsOf(vector);
            foreach (Func<int, bool> isWanted in (Func<int, bool>[])
                [r => r == 0, r => r == count - 1, _ => random.Next(40) == 0, r => r % 2 == 1, r => r != 3])
            {
                int wanted = Choose(count, isWanted);
                if (wanted == 0)
                {
                    continue;
                }

                DecodedVector decoded = reader.DecodeRows(column, vector, _rows, wanted, _values, _nulls, _codes);
                Assert.Equal(wanted, decoded.Rows);
                for (int i = 0; i < wanted; i++)
                {
                    bool isNull = decoded.HasNulls && _nulls[i] != 0;
                    Assert.True(isNull || decoded.Table == null || decoded.Table[_codes[i]] == _values[i]);
                    int row = (vector * GroupFormat.VectorRows) + _rows[i];
                    Assert.True(matches(row, decoded, _values[i], isNull), $"column {column}, row {row}");
                }
            }
        }
    }

    /// <summary>Random tests, against <paramref name="integer"/> of a row at so many places, and whether it is null.</summary>
    internal void CheckTests(Random random, Func<int, int, long> integer, Func<int, bool> isNull)
    {
        CodedColumn coded = reader.Coded(column);
        for (int vector = 0; coded.Form != CodedForm.None && vector < Vectors; vector++)
        {
            int first = vector * GroupFormat.VectorRows;
            int count = RowsOf(vector);
            for (int i = 0; i < 6; i++)
            {
                bool nullsPass = i % 2 == 0;
                Func<int, bool> passes;
                if (coded.Form == CodedForm.Integers)
                {
                    LaneRanges ranges = Ranges(random, i, row => integer(first + row, coded.Places), count, row => isNull(first + row));
                    reader.Select(column, vector, ranges, nullsPass, _bits);
                    passes = row => ranges.Has(integer(first + row, coded.Places));
                }
                else
                {
                    ulong[] set = Set(random, i, coded.Count);
                    fixed (ulong* s = set)
                    {
                        reader.Select(column, vector, s, nullsPass, _bits);
                    }

                    int[] entries = Entries(coded, vector, count);
                    passes = row => (set[entries[row] / 64] >> (entries[row] % 64) & 1) != 0;
                }

                for (int row = 0; row < BitSelect.Words(count) * 64; row++)
                {
                    bool expected = row < count && (isNull(first + row) ? nullsPass : passes(row));
                    Assert.True(expected == ((_bits[row / 64] >> (row % 64) & 1) != 0), $"column {column}, test {i}, row {row} of {vector}");
                }
            }
        }
    }

    /// <summary>Of damaged bytes: anything but a crash.</summary>
    internal void Pry(Random random)
    {
        CodedColumn coded = reader.Coded(column);
        for (int vector = 0; vector < Vectors; vector++)
        {
            int count = RowsOf(vector);
            LaneRanges ranges = Ranges(random, vector + 2, row => random.Next(100), count, _ => false);
            if (coded.Form == CodedForm.Integers)
            {
                reader.Select(column, vector, ranges, false, _bits);
            }
            else if (coded.Form == CodedForm.Entries)
            {
                fixed (ulong* set = Set(random, 3, coded.Count))
                {
                    reader.Select(column, vector, set, true, _bits);
                }
            }

            reader.DecodeRows(column, vector, _rows, Choose(count, row => row == 0 || random.Next(30) == 0), _values, _nulls, _codes);
        }
    }

    int RowsOf(int vector) => Math.Min(GroupFormat.VectorRows, groupRows - (vector * GroupFormat.VectorRows));

    int Choose(int count, Func<int, bool> isWanted)
    {
        int wanted = 0;
        for (int row = 0; row < count; row++)
        {
            if (isWanted(row))
            {
                _rows[wanted++] = (ushort)row;
            }
        }

        return wanted;
    }

    LaneRanges Ranges(Random random, int number, Func<int, long> integer, int count, Func<int, bool> isNull)
    {
        long[] present = [.. Enumerable.Range(0, count).Where(row => !isNull(row)).Select(integer)];
        SortedSet<long> bounds = [];
        for (int i = 0; i < Math.Min(2 * number, 2 * LaneRanges.MaxCount) && present.Length > 0; i++)
        {
            bounds.Add(random.Next(9) switch { 0 => long.MinValue, 1 => long.MaxValue, _ => present[random.Next(present.Length)] });
        }

        long[] ordered = [.. bounds];
        int ranges = 0;
        for (int i = 0; i + 1 < ordered.Length; i += 2)
        {
            // Ranges do not meet.
            if (ranges == 0 || (Int128)_bounds[(2 * ranges) - 1] + 1 < ordered[i])
            {
                (_bounds[2 * ranges], _bounds[(2 * ranges) + 1]) = (ordered[i], random.Next(3) == 0 ? ordered[i] : ordered[i + 1]);
                ranges++;
            }
        }

        return new LaneRanges(_bounds, ranges);
    }

    static ulong[] Set(Random random, int number, int entries)
    {
        ulong[] set = new ulong[Math.Max(64, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)entries)) / 64];
        for (int i = 0; i < entries; i++)
        {
            set[i / 64] |= random.Next(5) < number ? 1UL << (i % 64) : 0;
        }

        return set;
    }

    /// <summary>By row; of nulls any.</summary>
    int[] Entries(in CodedColumn coded, int vector, int count)
    {
        DecodedVector decoded = reader.DecodeVector(column, vector, _all, _nulls, _codes);
        var places = new Dictionary<ulong, int>();
        for (int i = 0; i < coded.Count; i++)
        {
            places[coded.Table[i]] = i;
        }

        int[] entries = new int[count];
        for (int row = 0; coded.Count > 1 && row < count; row++)
        {
            entries[row] = decoded.HasNulls && _nulls[row] != 0 ? 0 : decoded.Table != null ? _codes[row] : places[_all[row]];
        }

        return entries;
    }
}
