// The kernels of time_bucket against buckets that are counted off one by one, and what they leave to the function itself.

using System;
using System.Linq;
using System.Runtime.InteropServices;
using Xunit;

namespace Epiphany.Execution.Tests;

public class ExpressionsTimeBucketTests
{
    const long Day = 86_400_000_000;
    const long FirstTimestamp = -2451545 * Day;
    static readonly ValueType s_int2 = new(21, -1, 0, 2, true);
    static readonly ValueType s_date = new(TypeOid.Date, -1, 0, 4, true);
    static readonly ValueType s_timestamp = new(TypeOid.Timestamp, -1, 0, 8, true);
    static readonly ValueType s_interval = new(TypeOid.Interval, -1, 0, 16, false);
    static readonly DateTime s_epoch = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Unspecified);

    static unsafe ulong Interval(int months, int days, long time)
    {
        byte* interval = (byte*)NativeMemory.Alloc(16);
        *(long*)interval = time;
        *(int*)(interval + 8) = days;
        *(int*)(interval + 12) = months;
        return (ulong)interval;
    }

    static ExpressionsCheck Check(FakeHost host, OwnFunction function, ValueType type, ulong?[] values, ValueType widthType, ulong width,
        ValueType? thirdType = null, ulong third = 0) => new(host, w =>
        {
            w.Call(type, (uint)function, thirdType == null ? 2 : 3).Const(widthType, width).Column(type, 0);
            if (thirdType is ValueType t)
            {
                w.Const(t, third);
            }
        }, values);

    static ulong?[] Times(int seed) => Values.Mix(new Random(seed), 2000, 0.05,
        r => Values.Of(r.Next(3) > 0 ? r.NextInt64(-3 * Day, 3 * Day) : r.NextInt64(-700_000 * Day, 2_900_000 * Day)), 0, ulong.MaxValue, (ulong)Day);

    [Theory]
    [InlineData(0, 300_000_000L, 0, 0L)]
    [InlineData(0, 1L, 0, 0L)]
    [InlineData(1, 0L, 0, 0L)]
    [InlineData(7, 0L, 0, 0L)]
    [InlineData(1, 3_600_000_000L, 0, 0L)]
    [InlineData(7, 0L, 1, 5L * Day + 77)]
    [InlineData(7, 0L, 1, -5000L * Day)]
    [InlineData(1, 0L, 2, 3_600_000_000L)]
    [InlineData(1, 0L, 2, -30L * 3_600_000_000L)]
    public void Times_of_a_width(int days, long time, int third, long value)
    {
        (OwnFunction function, ValueType? type, ulong datum) = third switch
        {
            0 => (OwnFunction.TimeBucket, (ValueType?)null, 0UL),
            1 => (OwnFunction.TimeBucketOrigin, s_timestamp, Values.Of(value)),
            _ => (OwnFunction.TimeBucketOffset, s_interval, Interval(0, 0, value)),
        };
        long width = (days * Day) + time;
        long origin = third == 1 ? value : (2 * Day) + value;
        var host = new FakeHost();
        using ExpressionsCheck check = Check(host, function, s_timestamp, Times(days), s_interval, Interval(0, days, time), type, datum);
        check.Agrees(row => row[0] is not ulong t ? null : (object)Values.Of((long)(Floor((Int128)(long)t - origin, width) + origin)));
        check.SourcesHold(1000);
        Assert.Equal(0, host.HostRows);
    }

    /// <summary>Many rows of a bucket one after another, and buckets that begin anywhere among them.</summary>
    [Fact]
    public void Times_at_a_pace()
    {
        const long Width = 3_600_000_000;
        var host = new FakeHost();
        ulong? At(int i) => i % 301 == 7 ? null : Values.Of((i % 588 * 10_000_000L) - (i / 588 * 77L) - Day);
        ulong?[] times = [.. Enumerable.Range(0, 2000).Select(At)];
        using ExpressionsCheck check = Check(host, OwnFunction.TimeBucket, s_timestamp, times, s_interval, Interval(0, 0, Width));
        check.Agrees(row => row[0] is not ulong t ? null : (object)Values.Of((long)(Floor((long)t - (2 * Day), Width) + (2 * Day))));
        Assert.Equal(0, host.HostRows);
    }

    static Int128 Floor(Int128 value, long width) => value - ((((value % width) + width) % width));

    [Theory]
    [InlineData(1, null)]
    [InlineData(3, null)]
    [InlineData(12, null)]
    [InlineData(7, null)]
    [InlineData(5, "2001-04-01")]
    [InlineData(5, "1888-12-01")]
    public void Times_of_months(int months, string? origin)
    {
        DateTime first = origin == null ? s_epoch : DateTime.Parse(origin, System.Globalization.CultureInfo.InvariantCulture);
        ulong start = Values.Of((first - s_epoch).Ticks / 10);
        var host = new FakeHost();
        using ExpressionsCheck check = Check(host, origin == null ? OwnFunction.TimeBucket : OwnFunction.TimeBucketOrigin, s_timestamp, Times(months),
            s_interval, Interval(months, 0, 0), origin == null ? null : s_timestamp, start);
        check.Agrees(row =>
        {
            if (row[0] is not ulong t)
            {
                return null;
            }

            DateTime at = s_epoch.AddTicks((long)t * 10);
            int count = ((at.Year - first.Year) * 12) + at.Month - first.Month;
            return Values.Of((first.AddMonths((int)Floor(count, months)) - s_epoch).Ticks / 10);
        });
        check.SourcesHold(1000);
        Assert.Equal(0, host.HostRows);
    }

    [Fact]
    public void Dates()
    {
        ulong?[] dates = Values.Mix(new Random(5), 2000, 0.05, r => Values.Of(r.Next(-730119, 2921939)));
        var host = new FakeHost();
        using ExpressionsCheck weeks = Check(host, OwnFunction.TimeBucketDate, s_date, dates, s_interval, Interval(0, 7, 0));
        weeks.Agrees(row => row[0] is not ulong d ? null : (object)Values.Of((long)Floor((long)d - 2, 7) + 2));
        weeks.SourcesHold(1000);

        // Buckets of 36 hours begin at noon as often as at midnight: the day of that.
        using ExpressionsCheck hours = Check(host, OwnFunction.TimeBucketDate, s_date, dates, s_interval, Interval(0, 0, 36 * 3_600_000_000L));
        hours.Agrees(row => row[0] is not ulong d ? null
            : (object)Values.Of((long)Floor(Floor(((long)d * (Int128)Day) - (2 * Day), 36 * 3_600_000_000L) + (2 * Day), Day) / Day));
        hours.SourcesHold(1000);
        Assert.Equal(0, host.HostRows);
    }

    [Theory]
    [InlineData(10L, 0L)]
    [InlineData(1L, 0L)]
    [InlineData(1000L, 7L)]
    [InlineData(1000L, -123_456L)]
    [InlineData(1L << 61, 3L)]
    public void Integers(long width, long offset)
    {
        ulong?[] values = Values.Mix(new Random(6), 2000, 0.05, r => Values.Of(r.NextInt64(long.MinValue / 2, long.MaxValue)), 0, ulong.MaxValue);
        var host = new FakeHost();
        using ExpressionsCheck check = Check(
            host, OwnFunction.TimeBucketInteger, ProgramWriter.Int8, values, ProgramWriter.Int8, (ulong)width, ProgramWriter.Int8, (ulong)offset);
        check.Agrees(row => row[0] is not ulong v ? null : (object)Values.Of((long)(Floor((Int128)(long)v - offset, width) + offset)));
        check.SourcesHold(1000);
        Assert.Equal(0, host.HostRows);
    }

    [Fact]
    public void What_has_no_bucket_is_the_functions()
    {
        static void OnHost(OwnFunction function, ValueType type, ulong value, ValueType widthType, ulong width)
        {
            var host = new FakeHost();
            host.AddFunction((uint)function, _ => 4711UL);
            using ExpressionsCheck check = Check(host, function, type, [value], widthType, width);
            check.Agrees(_ => 4711UL);
            Assert.NotEqual(0, host.HostRows);
        }

        OnHost(OwnFunction.TimeBucketInteger, s_int2, Values.Of(short.MinValue), s_int2, 10);
        OnHost(OwnFunction.TimeBucketInteger, ProgramWriter.Int8, Values.Of(long.MinValue), ProgramWriter.Int8, 10);
        OnHost(OwnFunction.TimeBucketInteger, ProgramWriter.Int8, 5, ProgramWriter.Int8, 0);
        OnHost(OwnFunction.TimeBucket, s_timestamp, Values.Of(long.MinValue), s_interval, Interval(0, 1, 0));
        OnHost(OwnFunction.TimeBucket, s_timestamp, Values.Of(long.MaxValue), s_interval, Interval(1, 0, 0));
        OnHost(OwnFunction.TimeBucket, s_timestamp, Values.Of(FirstTimestamp), s_interval, Interval(0, 0, 5 * 3_600_000_000L));
        OnHost(OwnFunction.TimeBucket, s_timestamp, Values.Of(FirstTimestamp), s_interval, Interval(12, 0, 0));
        OnHost(OwnFunction.TimeBucket, s_timestamp, 0, s_interval, Interval(1, 1, 0));
        OnHost(OwnFunction.TimeBucket, s_timestamp, 0, s_interval, Interval(0, -1, 0));
        OnHost(OwnFunction.TimeBucketDate, s_date, Values.Of(int.MaxValue), s_interval, Interval(0, 1, 0));
    }
}
