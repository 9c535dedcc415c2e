// Execution layer, expressions. time_bucket. Values that are infinite or whose bucket begins out of range are the function's, with their batch.

using System;
using System.Runtime.Intrinsics;

namespace Epiphany.Execution;

/// <summary>What values there are, and so may begin a bucket. Dates are looked at as the timestamps of their midnights.</summary>
readonly record struct BucketRange(long First, long Last, bool IsDate)
{
    internal bool Has(long value) => value >= First && value <= Last;
}

/// <summary>The bucket found last is looked at first: times come nearly in order.</summary>
abstract unsafe class TimeBucket(CallSite call, BucketRange range) : Kernel(call.Type, call.Arguments)
{
    readonly HostCall _onHost = call.OnHost();
    readonly Output _output = new(call.Host);
    long _start;
    long _length;

    public override int? SourceColumn => Arguments[1].SourceColumn;

    /// <summary>A bucket of dates is named by the day in which it begins; the last that begins in that day is the one that ends last.</summary>
    public override bool TrySources(long value, out long first, out long last)
    {
        long moment = range.IsDate ? DateView.Of((ulong)value) + Calendar.MicrosecondsPerDay - 1 : value;
        if (!range.Has(moment) || !TryFind(moment, out long start, out long length))
        {
            first = last = value;
            return false;
        }

        last = start > long.MaxValue - length ? long.MaxValue : start + length - 1;
        last = range.IsDate ? Calendar.FloorDivide(last, Calendar.MicrosecondsPerDay) : last;
        return Rounding.TryThrough(Arguments[1], value, last, out first, out last);
    }

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector times = Arguments[1].Evaluate(batch, rows);
        bool isPlain = rows.IsAll && !range.IsDate;
        int known = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            if (isPlain && i >= known)
            {
                i = Repeat(times.Values, i, rows.Count);
                known = i + Vector512<ulong>.Count;
                if (i == rows.Count)
                {
                    break;
                }
            }

            int row = rows[i];
            long time = range.IsDate ? DateView.Of(times.Values[row]) : (long)times.Values[row];
            if ((ulong)(time - _start) >= (ulong)_length)
            {
                if (!range.Has(time) || !TryFind(time, out long start, out long length) || start < range.First)
                {
                    if (times.IsNull(row))
                    {
                        continue;
                    }

                    return _onHost.Evaluate(batch, rows);
                }

                (_start, _length) = (start, length);
            }

            _output.Values[row] = (ulong)(range.IsDate ? Calendar.FloorDivide(_start, Calendar.MicrosecondsPerDay) : _start);
        }

        return _output.Strict(times);
    }

    /// <summary>From that row on, those that lie in the bucket found last, eight by eight; says where another one may come.</summary>
    int Repeat(ulong* times, int row, int rows)
    {
        Vector512<ulong> start = Vector512.Create((ulong)_start);
        Vector512<ulong> length = Vector512.Create((ulong)_length);
        ulong* buckets = _output.Values;
        int step = Vector512<ulong>.Count;
        for (; row + step <= rows && Vector512.LessThanAll(Vector512.Load(times + row) - start, length); row += step)
        {
            start.Store(buckets + row);
        }

        return row;
    }

    /// <summary>False: it begins beyond 64 bits.</summary>
    protected abstract bool TryFind(long time, out long start, out long length);
}

/// <summary>Buckets of so many microseconds, or of so many integers. The width is at most 2^61, the origin less than twice it.</summary>
sealed class LengthBucket(CallSite call, BucketRange range, long width, long origin) : TimeBucket(call, range)
{
    readonly long _origin = origin % width;

    protected override bool TryFind(long time, out long start, out long length)
    {
        long over = ((time % width) - _origin) % width;
        over += over < 0 ? width : 0;
        (start, length) = (unchecked(time - over), width);
        return start <= time;
    }
}

/// <summary>Buckets of so many months from the first of one.</summary>
sealed class MonthBucket(CallSite call, BucketRange range, int width, CalendarDay origin) : TimeBucket(call, range)
{
    protected override bool TryFind(long time, out long start, out long length)
    {
        CalendarDay day = Calendar.Of(Calendar.FloorDivide(time, Calendar.MicrosecondsPerDay));
        long months = ((day.Year - (long)origin.Year) * 12) + day.Month - origin.Month;
        long first = Calendar.FloorDivide(months, width) * width;
        start = Start(first);
        length = Start(first + width) - start;
        return true;
    }

    long Start(long months)
    {
        long month = origin.Month - 1 + months;
        long year = Calendar.FloorDivide(month, 12);
        return Calendar.DayOf(origin.Year + year, (int)(month - (year * 12)) + 1, 1) * Calendar.MicrosecondsPerDay;
    }
}
