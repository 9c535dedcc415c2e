// Operators that look at a row's neighbours or at how often it comes: Unique, LIMIT WITH TIES, INTERSECT and EXCEPT. Against plain models.

using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Epiphany.Execution.Tests;

public class NeighbourTests
{
    const uint Int8Equal = 467;

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(9000, 1)]
    [InlineData(9000, 3)]
    [InlineData(9000, 3000)]
    [InlineData(9000, 100000)]
    public void The_first_row_of_each_key_comes(int count, int groupRows)
    {
        ulong?[] keys = [.. Enumerable.Range(0, count).Select(i => i / groupRows % 50 == 7 ? (ulong?)null : (ulong)(i / groupRows))];
        ulong?[] others = [.. Enumerable.Range(0, count).Select(i => (ulong?)i)];
        var host = new FakeHost();
        List<ulong?[]> rows = new ProgramWriter().Node(PlanKind.Unique, ProgramWriter.Int8, ProgramWriter.Int8)
            .Add(1).Add(0, Int8Equal, 0)
            .Source(host.AddSource(keys, others), ProgramWriter.Int8, ProgramWriter.Int8).NoTail().Run(host);
        Assert.Equal(Enumerable.Range(0, count).Where(i => i == 0 || keys[i] != keys[i - 1]).Select(i => (ulong?)i), rows.Select(r => r[1]));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(0, 2048)]
    [InlineData(5, 2043)]
    [InlineData(2048, 1)]
    [InlineData(2999, 1)]
    [InlineData(2999, 2)]
    [InlineData(8999, 5)]
    [InlineData(0, 9000)]
    [InlineData(9000, 1)]
    public void Rows_equal_to_the_last_one_come_too(int offset, int limit)
    {
        foreach (int groupRows in (int[])[1, 3, 1000, 3000, 9000])
        {
            ulong?[] keys = [.. Enumerable.Range(0, 9000).Select(i => i / groupRows == 1 ? (ulong?)null : (ulong)(i / groupRows))];
            ulong?[] others = [.. Enumerable.Range(0, 9000).Select(i => (ulong?)i)];
            var host = new FakeHost();
            List<ulong?[]> rows = new ProgramWriter().Node(PlanKind.Limit, ProgramWriter.Int8, ProgramWriter.Int8)
                .Add(1).Const(ProgramWriter.Int8, (ulong)offset).Add(1).Const(ProgramWriter.Int8, (ulong)limit).Add(1).Add(0, Int8Equal, 0)
                .Source(host.AddSource(keys, others), ProgramWriter.Int8, ProgramWriter.Int8).NoTail().Run(host);
            int end = Math.Min(offset + limit, 9000);
            while (limit > 0 && end < 9000 && offset < 9000 && keys[end] == keys[end - 1])
            {
                end++;
            }

            Assert.Equal(Enumerable.Range(0, 9000).Take(end).Skip(offset).Select(i => (ulong?)i), rows.Select(r => r[1]));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Rows_come_as_often_as_the_set_operation_says(int command)
    {
        var random = new Random(command);
        ulong?[] values = [.. Enumerable.Range(0, 5000).Select(i => i == 77 ? (ulong?)null : (ulong)i)];
        ulong?[] left = [.. values.Select(_ => (ulong?)(ulong)(random.Next(3) == 0 ? 0 : random.Next(6000) == 0 ? 5000 : random.Next(4)))];
        ulong?[] right = [.. values.Select(_ => (ulong?)(ulong)(random.Next(2) == 0 ? 0 : random.Next(4)))];
        left[2] = 10000;
        right[2] = 3000;
        var host = new FakeHost();
        List<ulong?[]> rows = new ProgramWriter().Node(PlanKind.SetOperation, ProgramWriter.Int8, ProgramWriter.Int8, ProgramWriter.Int8)
            .Add(command, 1, 2)
            .Source(host.AddSource(values, left, right), ProgramWriter.Int8, ProgramWriter.Int8, ProgramWriter.Int8).NoTail().Run(host);
        IEnumerable<ulong?> expected = Enumerable.Range(0, 5000).SelectMany(i =>
        {
            (long l, long r) = ((long)left[i]!, (long)right[i]!);
            long copies = command switch
            {
                0 => l > 0 && r > 0 ? 1 : 0,
                1 => Math.Min(l, r),
                2 => l > 0 && r == 0 ? 1 : 0,
                _ => Math.Max(0, l - r),
            };
            return Enumerable.Repeat(values[i], (int)copies);
        });
        Assert.Equal(expected, rows.Select(r => r[0]));
    }
}
