// Execution layer, expressions. Dates and days, dates as timestamps and back.

using System;

namespace Epiphany.Execution;

/// <summary>date + integer, date - integer: infinite dates stay what they are.</summary>
sealed unsafe class DateDays(CallSite call, bool subtracts) : Kernel(call.Type, call.Arguments)
{
    /// <summary>The first date that is not valid; the earliest one has Julian day 0.</summary>
    const long End = 2147483494 - Calendar.JulianOfEpoch;

    readonly Output _output = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector dates = Arguments[0].Evaluate(batch, rows);
        Vector days = Arguments[1].Evaluate(batch, rows);
        Vector result = _output.Strict(dates, days, rows);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            long date = (long)dates.Values[row];
            long moved = subtracts ? date - (long)days.Values[row] : date + (long)days.Values[row];
            bool isInfinite = date is int.MinValue or int.MaxValue;
            if (!isInfinite && moved is < -Calendar.JulianOfEpoch or >= End && !result.IsNull(row))
            {
                SqlErrors.DateOutOfRange(call.Host);
            }

            result.Values[row] = (ulong)(isInfinite ? date : moved);
        }

        return result;
    }
}

/// <summary>date - date.</summary>
sealed unsafe class DateDifference(CallSite call) : Kernel(call.Type, call.Arguments)
{
    readonly Output _output = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector left = Arguments[0].Evaluate(batch, rows);
        Vector right = Arguments[1].Evaluate(batch, rows);
        Vector result = _output.Strict(left, right, rows);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            int a = (int)left.Values[row];
            int b = (int)right.Values[row];
            if ((a is int.MinValue or int.MaxValue || b is int.MinValue or int.MaxValue) && !result.IsNull(row))
            {
                SqlErrors.InfiniteDates(call.Host);
            }

            result.Values[row] = (ulong)(long)unchecked(a - b);
        }

        return result;
    }
}

/// <summary>A date as the timestamp of its midnight.</summary>
sealed unsafe class DateToTimestamp(CallSite call) : Kernel(call.Type, call.Arguments)
{
    readonly Output _output = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector dates = Arguments[0].Evaluate(batch, rows);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            ulong date = dates.Values[row];
            if ((long)date is >= DateView.EndOfTimestamps and not int.MaxValue && !dates.IsNull(row))
            {
                SqlErrors.DateOutOfRangeForTimestamp(call.Host);
            }

            _output.Values[row] = (ulong)DateView.Of(date);
        }

        return _output.Strict(dates);
    }
}

/// <summary>The day of a timestamp.</summary>
sealed unsafe class TimestampToDate(CallSite call) : Kernel(call.Type, call.Arguments)
{
    readonly Output _output = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector timestamps = Arguments[0].Evaluate(batch, rows);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            _output.Values[row] = (ulong)((long)timestamps.Values[row] switch
            {
                long.MinValue => int.MinValue,
                long.MaxValue => int.MaxValue,
                var timestamp => Calendar.FloorDivide(timestamp, Calendar.MicrosecondsPerDay),
            });
        }

        return _output.Strict(timestamps);
    }
}
