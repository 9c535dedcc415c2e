// The heap of the nearest: what it keeps, and whom it turns away.

using System;
using System.Linq;
using Xunit;

namespace Epiphany.Execution.Tests;

public unsafe class NearestTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    [InlineData(999)]
    [InlineData(5000)]
    public void It_keeps_the_nearest_and_turns_away_who_is_further_than_all_of_them(int wanted)
    {
        FakeHost host = new();
        Random random = new(wanted);
        double[] distances = [.. Enumerable.Range(0, 3000).Select(i => i % 100 == 7 ? double.NaN : i % 50 == 3 ? -0.0 : random.Next(500) / 4.0)];
        var nearest = new Nearest(host.Memory);
        for (int run = 0; run < 2; run++)
        {
            nearest.Begin(wanted);
            double[] sorted = [];
            for (int i = 0; i < distances.Length; i++)
            {
                // NaN is above all, and equal to NaN.
                double last = sorted.Length < wanted ? double.NaN : sorted[^1];
                bool isNear = double.IsNaN(last) || distances[i] <= last;
                Assert.Equal(isNear, nearest.MayBeAmong(distances[i]));
                Assert.Equal(isNear, nearest.Add(distances[i], (ulong)i));
                if (i % 97 == 0 || i < 20)
                {
                    sorted = [.. distances.Take(i + 1).OrderBy(d => double.IsNaN(d) ? 1 : 0).ThenBy(d => d).Take(wanted)];
                }
                else if (sorted.Length < wanted || isNear)
                {
                    sorted = [.. sorted.Append(distances[i]).OrderBy(d => double.IsNaN(d) ? 1 : 0).ThenBy(d => d).Take(wanted)];
                }
            }

            Assert.Equal(wanted <= distances.Length, nearest.IsFull);
            int count = nearest.Show(out ulong* ids, out double* shown);
            Assert.Equal(sorted.Length, count);
            for (int i = 0; i < count; i++)
            {
                Assert.Equal(sorted[i], shown[i]);
                Assert.Equal(sorted[i], distances[ids[i]]);
                Assert.True(i == 0 || shown[i - 1] < shown[i] || ids[i - 1] < ids[i] || double.IsNaN(shown[i]));
            }
        }
    }
}
