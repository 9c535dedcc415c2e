// Ranges of integers against sets of small integers; bounds of numerics against decimals.

using System;
using System.Collections.Generic;
using System.Linq;
using Epiphany.Encoding;
using Xunit;

namespace Epiphany.Execution.Tests;

public unsafe class RangeSetTests
{
    const int Least = -20;
    const int Count = 41;

    static IEnumerable<int> Domain => Enumerable.Range(Least, Count);

    /// <summary>Now and then without end.</summary>
    static RangeSet Some(Random random)
    {
        var set = new RangeSet();
        long next = random.Next(4) == 0 ? long.MinValue : Least + random.Next(5);
        for (int i = random.Next(5); i > 0 && next < Least + Count; i--)
        {
            long high = Math.Max(next, Least) + random.Next(4);
            Assert.True(set.TryAdd(next, i == 1 && random.Next(3) == 0 ? long.MaxValue : high));
            next = high + 1 + random.Next(4);
        }

        return set;
    }

    static bool[] Members(RangeSet set)
    {
        long* room = stackalloc long[2 * LaneRanges.MaxCount];
        LaneRanges ranges = set.Show(room);
        for (int i = 0; i < ranges.Count; i++)
        {
            Assert.True(ranges.Low(i) <= ranges.High(i) && (i == 0 || (Int128)ranges.High(i - 1) + 1 < ranges.Low(i)));
        }

        return [ranges.Has(long.MinValue), .. Domain.Select(v => ranges.Has(v)), ranges.Has(long.MaxValue)];
    }

    [Fact]
    public void Sets_join_and_turn()
    {
        Random random = new(1);
        for (int i = 0; i < 2000; i++)
        {
            RangeSet a = Some(random);
            RangeSet b = Some(random);
            bool[] inA = Members(a);
            bool[] inB = Members(b);
            RangeSet both = Some(random);
            both.SetAll();
            Assert.True(both.TryIntersect(a) && both.TryIntersect(b));
            Assert.Equal(inA.Zip(inB, (x, y) => x && y), Members(both));
            Assert.True(a.TryUnite(b));
            Assert.Equal(inA.Zip(inB, (x, y) => x || y), Members(a));
            Assert.True(b.TryTurn());
            Assert.Equal(inB.Select(x => !x), Members(b));
        }
    }

    [Fact]
    public void More_ranges_than_there_is_room_for_are_refused()
    {
        var set = new RangeSet();
        Assert.True(Enumerable.Range(0, LaneRanges.MaxCount).All(i => set.TryAdd(3 * i, 3 * i)));
        Assert.False(set.TryAdd(1000, 1000));
    }

    [Fact]
    public void What_compares_so_is_found_for_every_relation()
    {
        foreach (long constant in (long[])[long.MinValue, -3, 0, 7, long.MaxValue])
        {
            Int128 equal = LaneOrder<SignedView>.First(8, constant);
            Assert.Equal(constant, (long)equal);
            foreach (long value in (long[])[long.MinValue, -4, -3, -2, 0, 1, 7, 8, long.MaxValue])
            {
                Assert.Equal(value < constant, Has<Less>(equal, value));
                Assert.Equal(value <= constant, Has<LessOrEqual>(equal, value));
                Assert.Equal(value == constant, Has<Equal>(equal, value));
                Assert.Equal(value != constant, Has<NotEqual>(equal, value));
                Assert.Equal(value >= constant, Has<GreaterOrEqual>(equal, value));
                Assert.Equal(value > constant, Has<Greater>(equal, value));
            }
        }
    }

    static bool Has<TComparison>(Int128 equal, long value)
        where TComparison : struct, IComparison
    {
        var set = new RangeSet();
        Assert.True(set.TryAdd<TComparison>(equal, equal + 1));
        long* room = stackalloc long[2 * LaneRanges.MaxCount];
        return set.Show(room).Has(value);
    }

    [Theory]
    [InlineData(long.MinValue, int.MinValue)]
    [InlineData(-1826 * 86_400_000_000L, -1826)]
    [InlineData((-1826 * 86_400_000_000L) + 1, -1825)]
    [InlineData(long.MaxValue, int.MaxValue)]
    public void Days_are_found_by_timestamps(long timestamp, long day) => Assert.Equal(day, (long)LaneOrder<DateView>.First(4, timestamp));

    [Theory]
    [InlineData("0.05", 2, 5, 6)]
    [InlineData("0.055", 2, 6, 6)]
    [InlineData("-0.055", 2, -5, -5)]
    [InlineData("-0.05", 2, -5, -4)]
    [InlineData("24", 2, 2400, 2401)]
    [InlineData("24", 0, 24, 25)]
    [InlineData("0", 40, 0, 1)]
    [InlineData("0.000000000000000000000000000001", 2, 1, 1)]
    [InlineData("-0.000000000000000000000000000001", 2, 0, 0)]
    [InlineData("9223372036854775807", 0, long.MaxValue, long.MaxValue)]
    public void Constants_lie_between_integers(string text, int places, long equal, long greater)
    {
        var host = new FakeHost();
        var constant = new Constant(ProgramWriter.Numeric, false, NumericText.Datum(host, text), host);
        Assert.True(DecimalBounds.TryFind(constant.Evaluate(new Batch(0), Rows.All(1)), places, out Int128 e, out Int128 g));
        Assert.Equal((equal, greater), ((long)e, (long)Int128.Min(g, long.MaxValue)));
    }

    [Theory]
    [InlineData("5", 30, true)]
    [InlineData("-5", 30, false)]
    public void Constants_may_lie_beyond_all_integers(string text, int places, bool isAbove)
    {
        var host = new FakeHost();
        var constant = new Constant(ProgramWriter.Numeric, false, NumericText.Datum(host, text), host);
        Assert.True(DecimalBounds.TryFind(constant.Evaluate(new Batch(0), Rows.All(1)), places, out Int128 equal, out Int128 greater));
        Assert.Equal((isAbove, isAbove), (equal > long.MaxValue, greater > long.MaxValue));
        Assert.Equal((!isAbove, !isAbove), (equal < long.MinValue, greater < long.MinValue));
    }

    [Theory]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("123456789012345678901234567890")]
    public void What_is_no_integer_is_not_told(string text)
    {
        var host = new FakeHost();
        var constant = new Constant(ProgramWriter.Numeric, false, NumericText.Datum(host, text), host);
        Assert.False(DecimalBounds.TryFind(constant.Evaluate(new Batch(0), Rows.All(1)), 2, out _, out _));
    }
}
