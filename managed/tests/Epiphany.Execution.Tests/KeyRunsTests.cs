// Runs of rows with one key: found where they are, and not where nulls or short runs make it vain.

using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Epiphany.Execution.Tests;

public unsafe class KeyRunsTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(7, 1)]
    [InlineData(Batch.Capacity, 1)]
    [InlineData(Batch.Capacity, 33)]
    [InlineData(1999, 500)]
    [InlineData(2043, 64)]
    public void Heads_are_rows_that_differ_in_some_column(int rows, int most)
    {
        FakeHost host = new();
        var runs = new KeyRuns(host.Memory);
        Random random = new(rows + most);
        ulong[] lanes = new ulong[rows];
        ushort[] codes = new ushort[rows];
        List<int> expected = [0];
        for (int row = 1; row < rows; row++)
        {
            bool lane = random.Next(3 * most) == 0;
            bool code = random.Next(3 * most) == 0;
            lanes[row] = lane ? lanes[row - 1] + (1UL << random.Next(64)) : lanes[row - 1];
            codes[row] = (ushort)(code ? codes[row - 1] + 1 : codes[row - 1]);
            if (lane || code)
            {
                expected.Add(row);
            }
        }

        fixed (ulong* l = lanes)
        fixed (ushort* c = codes)
        {
            Vector coded = new() { Codes = c };
            Vector constant = new() { IsConstant = true };
            Rows heads = runs.Find([Lanes(l), constant, coded], rows);
            int[] found = new int[heads.Count];
            for (int i = 0; i < found.Length; i++)
            {
                found[i] = heads[i];
            }

            Assert.Equal(expected.Count <= rows / 4 ? [.. expected] : [], found);
            Vector withNulls = Lanes(l);
            byte none = 0;
            withNulls.Nulls = &none;
            Assert.Equal(0, runs.Find([withNulls, coded], rows).Count);
            if (found.Length == 0)
            {
                return;
            }

            uint[] numbers = new uint[rows];
            fixed (uint* n = numbers)
            {
                foreach (int head in found)
                {
                    numbers[head] = (uint)head + 1;
                }

                KeyRuns.Spread(heads, rows, n);
            }

            Assert.Equal(Enumerable.Range(0, rows).Select(row => (uint)expected.Last(head => head <= row) + 1), numbers);
        }
    }

    static Vector Lanes(ulong* lanes)
    {
        Vector vector = new();
        vector.SetDatums(lanes, null);
        return vector;
    }
}
