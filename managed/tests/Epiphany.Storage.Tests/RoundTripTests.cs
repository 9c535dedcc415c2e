// What is written comes back, for every kind, encoding, pattern of nulls and number of rows.

using System;
using Xunit;

namespace Epiphany.Storage.Tests;

public class RoundTripTests
{
    /// <summary>Around every boundary: one row, one vector, the last row of a group.</summary>
    public static TheoryData<int> Sizes => [1, 2, 7, 8, 9, 64, 65, 2047, 2048, 2049, 4100];

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Every_kind_and_pattern_comes_back(int rows)
    {
        Random random = new(rows);
        foreach (NullPattern nulls in Enum.GetValues<NullPattern>())
        {
            TestColumn[] columns = Samples.All(random, rows, nulls);
            Group group = Group.Write(columns);
            group.Check(columns);
        }
    }

    [Theory]
    [InlineData(NullPattern.None)]
    [InlineData(NullPattern.Rare)]
    public void The_largest_group_comes_back(NullPattern nulls)
    {
        TestColumn[] columns = Samples.All(new Random(1), GroupFormat.MaxRows, nulls);
        Group.Write(columns, batch: 4096).Check(columns);
    }
}
