// Integers cut into ranges: each has about as many rows as were wanted, and every integer lies in one.

using System;
using System.Linq;
using Xunit;

namespace Epiphany.Execution.Tests;

public class KeyRangesTests
{
    static KeyRanges Cut(KeyPiece[] pieces, double first, double most)
    {
        var ranges = new KeyRanges(new FakeHost());
        ranges.Cut(pieces, first, most);
        Assert.Equal(long.MinValue, ranges.Begin(0));
        Assert.Equal(long.MaxValue, ranges.End(ranges.Count - 1));
        for (int i = 0; i < ranges.Count; i++)
        {
            Assert.True(ranges.Begin(i) <= ranges.End(i));
            Assert.True(i == 0 || ranges.Begin(i) == ranges.End(i - 1) + 1);
            Assert.Equal(i, ranges.Of(ranges.Begin(i)));
            Assert.Equal(i, ranges.Of(ranges.End(i)));
        }

        return ranges;
    }

    /// <summary>The rows of a range, where those of a piece lie evenly.</summary>
    static double RowsOf(KeyRanges ranges, int range, KeyPiece[] pieces) => pieces.Sum(p =>
    {
        double width = (double)p.High - p.Low + 1;
        double inside = Math.Min((double)p.High, ranges.End(range)) - Math.Max((double)p.Low, ranges.Begin(range)) + 1;
        return inside <= 0 ? 0 : p.Rows * inside / width;
    });

    [Theory]
    [InlineData(1, 1000)]
    [InlineData(2, 100000)]
    [InlineData(3, 20)]
    public void Ranges_grow_to_the_most(int seed, int width)
    {
        var random = new Random(seed);
        KeyPiece[] pieces = [.. Enumerable.Range(0, 500).Select(_ => random.Next(-width, width)).Select(low =>
            new KeyPiece(low, low + random.Next(1 + (width / 10)), random.Next(1, 2049)))];
        double Density(int at) => pieces.Where(p => p.Low <= at && p.High >= at).Sum(p => p.Rows / (p.High - p.Low + 1.0));
        double densest = Enumerable.Range(-width, width * 2).Max(Density);
        KeyRanges ranges = Cut(pieces, 2000, 16000);
        double wanted = 2000;
        for (int i = 0; i < ranges.Count - 1; i++, wanted = Math.Min(wanted * 2, 16000))
        {
            Assert.InRange(RowsOf(ranges, i, pieces), wanted * 0.99, wanted + densest + 1);
        }

        Assert.True(ranges.Count > 5);
        Assert.Equal(pieces.Sum(p => (double)p.Rows), Enumerable.Range(0, ranges.Count).Sum(i => RowsOf(ranges, i, pieces)), 3);
    }

    [Fact]
    public void One_integer_is_never_parted()
    {
        KeyPiece[] pieces = [.. Enumerable.Range(0, 10).Select(_ => new KeyPiece(7, 7, 100000)), new KeyPiece(8, 8, 1)];
        KeyRanges ranges = Cut(pieces, 10, 100);
        Assert.Equal(7, ranges.End(0));
    }

    [Fact]
    public void The_ends_of_all_integers_are_bounds_like_others()
    {
        KeyPiece[] pieces = [new(long.MinValue, long.MaxValue, 1 << 20), new(long.MaxValue, long.MaxValue, 5), new(long.MinValue, long.MinValue, 5)];
        KeyRanges ranges = Cut(pieces, 1 << 10, 1 << 14);
        Assert.InRange(ranges.Count, 60, 80);
    }

    [Fact]
    public void There_are_not_more_than_so_many()
    {
        KeyRanges ranges = Cut([new(0, 1L << 40, 1L << 40)], 1, 2);
        Assert.Equal(KeyRanges.MaxRanges, ranges.Count);
    }

    [Fact]
    public void Without_pieces_there_is_one() => Assert.Equal(1, Cut([], 10, 10).Count);
}
