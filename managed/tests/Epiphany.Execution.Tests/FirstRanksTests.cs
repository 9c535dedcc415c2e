// The heap of the first: what it keeps, and whom it turns away.

using System;
using System.Collections.Generic;
using System.Linq;
using Xunit;

namespace Epiphany.Execution.Tests;

public unsafe class FirstRanksTests
{
    [Theory]
    [InlineData(1, false, false)]
    [InlineData(10, true, true)]
    [InlineData(999, true, false)]
    [InlineData(5000, false, true)]
    public void It_turns_away_who_comes_after_the_first(int wanted, bool descending, bool nullsFirst)
    {
        FakeHost host = new();
        Random random = new(wanted);
        long?[] values = [.. Enumerable.Range(0, 3000).Select(i =>
            i % 100 == 7 ? (long?)null : i % 500 == 3 ? long.MinValue : i % 500 == 5 ? long.MaxValue : random.Next(-250, 250))];
        var first = new FirstRanks(host.Memory, descending, nullsFirst);
        var order = Comparer<long?>.Create((a, b) => (a, b) switch
        {
            (null, null) => 0,
            (null, _) => nullsFirst ? -1 : 1,
            (_, null) => nullsFirst ? 1 : -1,
            _ => descending ? b!.Value.CompareTo(a!.Value) : a!.Value.CompareTo(b!.Value),
        });
        for (int run = 0; run < 2; run++)
        {
            first.Begin(wanted);
            for (int i = 0; i < values.Length; i++)
            {
                long?[] sorted = [.. values.Take(i).Order(order).Take(wanted)];
                bool isLate = sorted.Length == wanted && order.Compare(values[i], sorted[^1]) > 0;
                bool isKept = values[i] is { } value ? first.Add(value) : first.AddNull();
                Assert.True(isKept || isLate, "one of the first was turned away");

                // A null ranks as the number that it stands beside.
                Assert.True(!isKept || !isLate || values[i] == null || sorted[^1] == null, "one that is too late was kept");
                Assert.Equal(i + 1 >= wanted, first.IsFull);
            }
        }
    }
}
