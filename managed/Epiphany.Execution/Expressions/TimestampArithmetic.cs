// Execution layer, expressions. Timestamps and intervals, date_trunc. What is infinite or out of range is PostgreSQL's, with the rest of its batch.

using System;

namespace Epiphany.Execution;

/// <summary>A timestamp or a date, plus or minus an interval: first its months, then its days, then its time.</summary>
sealed unsafe class TimestampInterval(CallSite call, bool isDate, bool subtracts) : Kernel(call.Type, call.Arguments)
{
    const long First = DateView.FirstDate * Calendar.MicrosecondsPerDay;
    const long End = DateView.EndOfTimestamps * Calendar.MicrosecondsPerDay;

    readonly HostCall _onHost = call.OnHost();
    readonly Output _output = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector times = Arguments[0].Evaluate(batch, rows);
        Vector spans = Arguments[1].Evaluate(batch, rows);
        Vector result = _output.Strict(times, spans, rows);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (result.IsNull(row))
            {
                continue;
            }

            long time = isDate ? DateView.Of(times.Values[row]) : (long)times.Values[row];
            if (time is < First or >= End || !TryAdd(ref time, *(Interval*)spans.Values[row]))
            {
                return _onHost.Evaluate(batch, rows);
            }

            result.Values[row] = (ulong)time;
        }

        return result;
    }

    bool TryAdd(ref long time, Interval span)
    {
        if (span.Time is long.MinValue or long.MaxValue)
        {
            return false;
        }

        long sign = subtracts ? -1 : 1;
        if (span.Month != 0)
        {
            time = AddMonths(time, sign * span.Month);
            if (time is < First or >= End)
            {
                return false;
            }
        }

        // At most 2^31 days from a valid one: less than 2^63 microseconds only if looked at before they are multiplied.
        long day = Calendar.FloorDivide(time, Calendar.MicrosecondsPerDay);
        long inDay = time - (day * Calendar.MicrosecondsPerDay);
        day += sign * span.Day;
        if (day is < -Calendar.JulianOfEpoch or >= DateView.EndOfTimestamps)
        {
            return false;
        }

        long before = (day * Calendar.MicrosecondsPerDay) + inDay;
        time = before + (sign * span.Time);
        return ((before ^ time) & ((sign * span.Time) ^ time)) >= 0 && time is >= First and < End;
    }

    /// <summary>The same day of another month, or its last.</summary>
    static long AddMonths(long time, long months)
    {
        long day = Calendar.FloorDivide(time, Calendar.MicrosecondsPerDay);
        CalendarDay name = Calendar.Of(day);
        long month = name.Month - 1 + months;
        long year = name.Year + Calendar.FloorDivide(month, 12);
        int inYear = (int)(month - (Calendar.FloorDivide(month, 12) * 12)) + 1;
        long moved = Calendar.DayOf(year, inYear, Math.Min(name.Day, Calendar.DaysOfMonth(year, inYear)));
        return moved is < -Calendar.JulianOfEpoch or >= DateView.EndOfTimestamps ? End : time + ((moved - day) * Calendar.MicrosecondsPerDay);
    }
}

/// <summary>As PostgreSQL lays it out. Its time says whether it is infinite, or may be.</summary>
readonly record struct Interval(long Time, int Day, int Month);

/// <summary>date_trunc of a timestamp.</summary>
sealed unsafe class TimestampTruncate(CallSite call, DateField field) : Kernel(call.Type, call.Arguments)
{
    readonly HostCall _onHost = call.OnHost();
    readonly Output _output = new(call.Host);
    readonly long _unit = field switch
    {
        DateField.Microseconds => 1,
        DateField.Milliseconds => 1000,
        DateField.Second => 1_000_000,
        DateField.Minute => 60_000_000,
        DateField.Hour => 3_600_000_000,
        _ => Calendar.MicrosecondsPerDay,
    };

    public override int? SourceColumn => Arguments[1].SourceColumn;

    public override bool TrySources(long value, out long first, out long last) =>
        Rounding.TrySources(Arguments[1], value, Rounding.LongestUnit(field), 0, out first, out last);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector timestamps = Arguments[1].Evaluate(batch, rows);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            long timestamp = (long)timestamps.Values[row];
            long units = Calendar.FloorDivide(timestamp, _unit);
            units = field >= DateField.Day ? DateFields.Truncate(field, units) : units;
            if (timestamp is long.MinValue or long.MaxValue || units < -Calendar.JulianOfEpoch * (Calendar.MicrosecondsPerDay / _unit))
            {
                if (!timestamps.IsNull(row))
                {
                    return _onHost.Evaluate(batch, rows);
                }
            }

            _output.Values[row] = (ulong)(units * _unit);
        }

        return _output.Strict(timestamps);
    }
}
