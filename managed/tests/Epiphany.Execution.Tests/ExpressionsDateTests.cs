// Kernels of dates against another calendar.

using System;
using System.Collections.Generic;
using Xunit;

namespace Epiphany.Execution.Tests;

/// <summary>Dates and timestamps against .NET's calendar, and against values that a PostgreSQL server gave where that has none.</summary>
public class ExpressionsDateTests
{
    const long Day = 86_400_000_000;

    static readonly ValueType s_date = new(TypeOid.Date, -1, 0, 4, true);
    static readonly ValueType s_timestamp = new(TypeOid.Timestamp, -1, 0, 8, true);
    static readonly ValueType s_interval = new(TypeOid.Interval, -1, 0, 16, false);
    static readonly ulong s_onHost = 4711;

    static readonly DateTime s_epoch = new(2000, 1, 1, 0, 0, 0, DateTimeKind.Unspecified);

    static DateTime DateOf(ulong? days) => s_epoch.AddDays((long)days!);

    static DateTime TimeOf(ulong? micros) => s_epoch.AddTicks((long)micros! * 10);

    static ulong?[] Dates(int seed) => Values.Mix(new Random(seed), 2000, 0.05, r => Values.Of(r.Next(-730119, 2921939)));

    static ulong?[] Times(int seed) => Values.Mix(new Random(seed), 2000, 0.05, r => Values.Of(r.NextInt64(-730119 * Day, 2921939 * Day)), 0,
        ulong.MaxValue, (ulong)Day);

    static FakeHost Host(params uint[] functions)
    {
        var host = new FakeHost();
        Array.ForEach(functions, f => host.AddFunction(f, _ => s_onHost));
        return host;
    }

    static long Field(string field, DateTime d) => field switch
    {
        "day" => d.Day,
        "dow" => (int)d.DayOfWeek,
        "isodow" => d.DayOfWeek == 0 ? 7 : (int)d.DayOfWeek,
        "doy" => d.DayOfYear,
        "week" => System.Globalization.ISOWeek.GetWeekOfYear(d),
        "month" => d.Month,
        "quarter" => ((d.Month - 1) / 3) + 1,
        "year" => d.Year,
        "isoyear" => System.Globalization.ISOWeek.GetYear(d),
        "decade" => d.Year / 10,
        "century" => (d.Year + 99) / 100,
        "millennium" => (d.Year + 999) / 1000,
        "hour" => d.Hour,
        "minute" => d.Minute,
        "second" => ((long)d.TimeOfDay.TotalMicroseconds) % 60_000_000,
        "milliseconds" => ((long)d.TimeOfDay.TotalMicroseconds) % 60_000_000,
        "microseconds" => ((long)d.TimeOfDay.TotalMicroseconds) % 60_000_000,
        "julian" => (d.Date - s_epoch).Days + 2451545,
        _ => ((d.Ticks - DateTime.UnixEpoch.Ticks) / 10),
    };

    [Theory]
    [InlineData("day")]
    [InlineData("dow")]
    [InlineData("isodow")]
    [InlineData("doy")]
    [InlineData("week")]
    [InlineData("month")]
    [InlineData("quarter")]
    [InlineData("year")]
    [InlineData("isoyear")]
    [InlineData("decade")]
    [InlineData("century")]
    [InlineData("millennium")]
    [InlineData("julian")]
    [InlineData("epoch")]
    public void Extract_from_dates(string field)
    {
        using var check = new ExpressionsCheck(Host(),
            w => w.Call(ProgramWriter.Numeric, 6199, 2).Const(ProgramWriter.Text, Values.Of(field)).Column(s_date, 0), Dates(1));
        check.Agrees(v => v[0] == null ? null : Values.Decimal(field == "epoch" ? Field(field, DateOf(v[0])) / 1_000_000 : Field(field,
            DateOf(v[0])), 0));
    }

    [Theory]
    [InlineData("day", 0)]
    [InlineData("dow", 0)]
    [InlineData("week", 0)]
    [InlineData("month", 0)]
    [InlineData("year", 0)]
    [InlineData("century", 0)]
    [InlineData("hour", 0)]
    [InlineData("minute", 0)]
    [InlineData("second", 6)]
    [InlineData("milliseconds", 3)]
    [InlineData("microseconds", 0)]
    [InlineData("epoch", 6)]
    public void Extract_from_timestamps(string field, int scale)
    {
        using var numeric = new ExpressionsCheck(Host(),
            w => w.Call(ProgramWriter.Numeric, 6202, 2).Const(ProgramWriter.Text, Values.Of(field)).Column(s_timestamp, 0), Times(1));
        numeric.Agrees(v => v[0] == null ? null : Values.Decimal(Field(field, TimeOf(v[0])), scale));
        using var floats = new ExpressionsCheck(Host(),
            w => w.Call(ProgramWriter.Float8, 2021, 2).Const(ProgramWriter.Text, Values.Of(field)).Column(s_timestamp, 0), Times(1));
        floats.Agrees(v =>
        {
            if (v[0] == null)
            {
                return null;
            }

            long part = Field(field, TimeOf(v[0]));
            return Values.Of(field switch
            {
                "second" => (part / 1_000_000) + (part % 1_000_000 / 1e6),
                "milliseconds" => (part / 1_000_000 * 1e3) + (part % 1_000_000 / 1e3),
                "epoch" => part / 1e6,
                _ => part,
            });
        });
    }

    /// <summary>Years before Christ, as a server answers: extract from the first days of 1 BC, 2 BC, 101 BC, of 1 AD and of 4713 BC.</summary>
    [Theory]
    [InlineData("year", -730485, -1)]
    [InlineData("year", -730850, -2)]
    [InlineData("year", -730119, 1)]
    [InlineData("century", -730485, -1)]
    [InlineData("century", -767009, -2)]
    [InlineData("millennium", -730485, -1)]
    [InlineData("decade", -730485, 0)]
    [InlineData("decade", -730850, -1)]
    [InlineData("julian", -2451545, 0)]
    [InlineData("dow", -2451545, 1)]
    [InlineData("year", 2145031948, 5874897)]
    public void Extract_from_far_dates(string field, long date, long expected)
    {
        using var check = new ExpressionsCheck(Host(),
            w => w.Call(ProgramWriter.Numeric, 6199, 2).Const(ProgramWriter.Text, Values.Of(field)).Column(s_date, 0),
            [Values.Of(date)]);
        check.Agrees(_ => Values.Decimal(expected, 0));
    }

    [Fact]
    public void Days_have_one_name_and_names_one_day()
    {
        CalendarDay before = Calendar.Of(-2451546);
        for (long day = -2451545; day < 3_000_000; day++)
        {
            CalendarDay name = Calendar.Of(day);
            bool isNextDay = name with { Day = name.Day - 1 } == before;
            bool isNextMonth = name.Day == 1 && before.Day == Calendar.DaysOfMonth(before.Year, before.Month)
                && ((name.Year == before.Year && name.Month == before.Month + 1)
                    || (name.Year == before.Year + 1 && name.Month == 1 && before.Month == 12));
            Assert.True(isNextDay || isNextMonth, $"{before} and {name}");
            Assert.Equal(day, Calendar.DayOf(name.Year, name.Month, name.Day));
            before = name;
        }

        Assert.Equal(new CalendarDay(2000, 1, 1), Calendar.Of(0));
        Assert.Equal(new CalendarDay(-4713, 11, 24), Calendar.Of(-2451545));
    }

    [Fact]
    public void Infinite_dates_and_timestamps_are_PostgreSQLs()
    {
        foreach ((uint function, ValueType type, ulong infinite) in new[] { (6199U, s_date, (ulong)int.MaxValue), (6202U, s_timestamp, 1UL << 63),
            (2020U, s_timestamp, (ulong)long.MaxValue) })
        {
            using var check = new ExpressionsCheck(Host(function),
                w => w.Call(ProgramWriter.Int8, function, 2).Const(ProgramWriter.Text, Values.Of("year")).Column(type, 0),
                [infinite, null]);
            check.Agrees(v => v[0] == null ? null : s_onHost);
        }
    }

    [Fact]
    public void Dates_and_days()
    {
        var error = new RaisedException(SqlState.Pack("22008"), "date out of range");
        ulong[] edges = [(ulong)int.MaxValue, Values.Of(int.MinValue), Values.Of(-2451545), 2145031948, 0];
        ulong?[] dates = Values.Mix(new Random(1), 900, 0.1, r => Values.Of(r.Next(-5000, 5000)), edges);
        ulong?[] days = Values.Mix(new Random(2), 900, 0.1, r => Values.Of(r.Next(-500, 500)), Values.Of(int.MinValue), (ulong)int.MaxValue, 0, 1,
            ulong.MaxValue);
        foreach (uint function in new uint[] { 1141, 1142 })
        {
            using var check = new ExpressionsCheck(Host(),
                w => w.Call(s_date, function, 2).Column(s_date, 0).Column(ProgramWriter.Int4, 1), dates, days);
            check.Agrees(v =>
            {
                if (v[0] == null || v[1] == null || (long)v[0]! is int.MinValue or int.MaxValue)
                {
                    return v[1] == null ? null : v[0];
                }

                long moved = (long)v[0]! + (function == 1141 ? (long)v[1]! : -(long)v[1]!);
                return moved is < -2451545 or > 2145031948 ? throw error : Values.Of(moved);
            });
        }

        using var difference = new ExpressionsCheck(Host(), w => w.Call(ProgramWriter.Int4, 1140, 2).Column(s_date, 0).Column(s_date, 1), dates,
            Values.Mix(new Random(3), 900, 0.1, r => Values.Of(r.Next(-5000, 5000)), edges[0], 0));
        difference.Agrees(v => v[0] == null || v[1] == null ? null
            : (long)v[0]! is int.MinValue or int.MaxValue || (long)v[1]! == int.MaxValue
                ? throw new RaisedException(SqlState.Pack("22008"), "cannot subtract infinite dates")
                : Values.Of((int)((long)v[0]! - (long)v[1]!)));
    }

    [Fact]
    public void Dates_as_timestamps_and_back()
    {
        ulong?[] dates = Values.Mix(new Random(1), 900, 0.1, r => Values.Of(r.Next(-5000, 5000)), (ulong)int.MaxValue, Values.Of(int.MinValue),
            106751982, 106751983);
        using var toTimestamp = new ExpressionsCheck(Host(), w => w.Call(s_timestamp, 2024, 1).Column(s_date, 0), dates);
        toTimestamp.Agrees(v => v[0] == null ? null : (long)v[0]! switch
        {
            int.MaxValue => Values.Of(long.MaxValue),
            int.MinValue => Values.Of(long.MinValue),
            > 106751982 => throw new RaisedException(SqlState.Pack("22008"), "date out of range for timestamp"),
            var d => Values.Of(d * Day),
        });
        ulong?[] times = Values.Mix(new Random(2), 900, 0.1, r => Values.Of(r.NextInt64(-5000 * Day, 5000 * Day)), 0, ulong.MaxValue, 1UL << 63,
            (ulong)long.MaxValue);
        using var toDate = new ExpressionsCheck(Host(), w => w.Call(s_date, 2029, 1).Column(s_timestamp, 0), times);
        toDate.Agrees(v => v[0] == null ? null : (long)v[0]! switch
        {
            long.MaxValue => (ulong)int.MaxValue,
            long.MinValue => Values.Of(int.MinValue),
            var t => Values.Of((long)Math.Floor((decimal)t / Day)),
        });
    }

    static ulong Interval(int months, int days, long time)
    {
        byte[] bytes = new byte[16];
        BitConverter.GetBytes(time).CopyTo(bytes, 0);
        BitConverter.GetBytes(days).CopyTo(bytes, 8);
        BitConverter.GetBytes(months).CopyTo(bytes, 12);
        return Values.Bytes(bytes);
    }

    [Fact]
    public void Timestamps_and_intervals()
    {
        var spans = new Dictionary<ulong, (int Months, int Days, long Time)>();
        foreach ((int months, int days, long time) in new[] { (0, 0, 0L), (1, 0, 0), (-1, 0, 0), (13, -40, 5 * Day), (0, 90, 0), (-25, 1, -1), (12,
            0, 0), (0, 0, 3_600_000_000) })
        {
            spans.Add(Interval(months, days, time), (months, days, time));
        }

        ulong[] datums = [.. spans.Keys];
        ulong?[] column = Values.Mix(new Random(3), 2000, 0.05, r => datums[r.Next(datums.Length)]);
        foreach ((uint function, bool isDate, int sign) in new[] { (2071U, true, 1), (2072U, true, -1), (2032U, false, 1), (2033U, false, -1) })
        {
            ulong?[] times = isDate ? Values.Mix(new Random(1), 2000, 0.05, r => Values.Of(r.Next(-70119, 70119)))
                : Values.Mix(new Random(1), 2000, 0.05, r => Values.Of(r.NextInt64(-70119 * Day, 70119 * Day)));
            using var check = new ExpressionsCheck(Host(),
                w => w.Call(s_timestamp, function, 2).Column(isDate ? s_date : s_timestamp, 0).Column(s_interval, 1), times, column);
            check.Agrees(v =>
            {
                if (v[0] == null || v[1] == null)
                {
                    return null;
                }

                (int months, int days, long time) = spans[v[1]!.Value];
                DateTime start = isDate ? DateOf(v[0]) : TimeOf(v[0]);
                return Values.Of((start.AddMonths(sign * months).AddDays(sign * days).Ticks - s_epoch.Ticks) / 10 + (sign * time));
            });
        }
    }

    [Theory]
    [InlineData(1, 0, 0L, 9223371331199999999)]
    [InlineData(0, 1, 0L, 9223371331199999999)]
    [InlineData(0, 0, 1L, 9223371331199999999)]
    [InlineData(-1, 0, 0L, -211813488000000000)]
    [InlineData(int.MaxValue, 0, 0L, 0)]
    [InlineData(int.MaxValue, int.MaxValue, long.MaxValue, 0)]
    [InlineData(int.MinValue, int.MinValue, long.MinValue, 0)]
    [InlineData(0, 1, 0L, long.MaxValue)]
    public void What_leaves_the_range_is_PostgreSQLs(int months, int days, long time, long timestamp)
    {
        using var check = new ExpressionsCheck(Host(2032), w => w.Call(s_timestamp, 2032, 2).Column(s_timestamp, 0).Column(s_interval, 1),
            [Values.Of(timestamp)], [Interval(months, days, time)]);
        check.Agrees(_ => s_onHost);
    }

    [Theory]
    [InlineData("microseconds")]
    [InlineData("milliseconds")]
    [InlineData("second")]
    [InlineData("minute")]
    [InlineData("hour")]
    [InlineData("day")]
    [InlineData("week")]
    [InlineData("month")]
    [InlineData("quarter")]
    [InlineData("year")]
    [InlineData("decade")]
    [InlineData("century")]
    [InlineData("millennium")]
    public void Date_trunc(string field)
    {
        ulong?[] times = Values.Mix(new Random(1), 2000, 0.05, r => Values.Of(r.NextInt64(-700119 * Day, 2921939 * Day)), 0, ulong.MaxValue,
            (ulong)Day);
        using var check = new ExpressionsCheck(Host(),
            w => w.Call(s_timestamp, 2020, 2).Const(ProgramWriter.Text, Values.Of(field)).Column(s_timestamp, 0), times);
        check.Agrees(v =>
        {
            if (v[0] == null)
            {
                return null;
            }

            DateTime t = TimeOf(v[0]);
            DateTime result = field switch
            {
                "microseconds" => t,
                "milliseconds" => t.AddTicks(-(t.Ticks % 10_000)),
                "second" => t.AddTicks(-(t.Ticks % TimeSpan.TicksPerSecond)),
                "minute" => t.AddTicks(-(t.Ticks % TimeSpan.TicksPerMinute)),
                "hour" => t.AddTicks(-(t.Ticks % TimeSpan.TicksPerHour)),
                "day" => t.Date,
                "week" => t.Date.AddDays(-(((int)t.DayOfWeek + 6) % 7)),
                "month" => new DateTime(t.Year, t.Month, 1),
                "quarter" => new DateTime(t.Year, ((t.Month - 1) / 3 * 3) + 1, 1),
                "year" => new DateTime(t.Year, 1, 1),
                "decade" => new DateTime(t.Year / 10 * 10, 1, 1),
                "century" => new DateTime(((t.Year - 1) / 100 * 100) + 1, 1, 1),
                _ => new DateTime(((t.Year - 1) / 1000 * 1000) + 1, 1, 1),
            };
            return Values.Of((result.Ticks - s_epoch.Ticks) / 10);
        });
        check.SourcesHold(1000);
    }
}
