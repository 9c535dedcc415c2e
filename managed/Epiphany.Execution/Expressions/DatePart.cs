// Execution layer, expressions. EXTRACT and date_part of dates and timestamps. Infinite ones are PostgreSQL's, with the rest of their batch.

using System;

namespace Epiphany.Execution;

/// <summary>EXTRACT from a date: an integer, as numeric.</summary>
sealed unsafe class DatePart(CallSite call, DateField field) : Kernel(call.Type, call.Arguments)
{
    /// <summary>No field is greater: the epoch's seconds of the last date.</summary>
    const ulong MaxField = 1UL << 48;
    const int SecondsPerDay = 86400;

    readonly HostCall _onHost = call.OnHost();
    readonly Output _output = new(call.Host);

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector dates = Arguments[1].Evaluate(batch, rows);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            long day = (int)dates.Values[row];
            if (day is int.MinValue or int.MaxValue && !dates.IsNull(row))
            {
                return _onHost.Evaluate(batch, rows);
            }

            _output.Values[row] = (ulong)(field == DateField.Epoch ? (day + Calendar.UnixDays) * SecondsPerDay : DateFields.Extract(field, day));
        }

        Vector result = _output.Strict(dates);
        (result.Form, result.Scale, result.Bound) = (VectorForm.Decimal, 0, MaxField);
        return result;
    }
}

/// <summary>EXTRACT from a timestamp, as numeric, or date_part of one, as float8.</summary>
sealed unsafe class TimestampPart(CallSite call, DateField field, bool toFloat) : Kernel(call.Type, call.Arguments)
{
    const long PerSecond = 1_000_000;
    const long PerMinute = 60 * PerSecond;
    const long PerHour = 60 * PerMinute;
    const long UnixEpoch = Calendar.UnixDays * Calendar.MicrosecondsPerDay;

    readonly HostCall _onHost = call.OnHost();
    readonly Output _output = new(call.Host);
    readonly int _scale = field switch
    {
        DateField.Milliseconds => 3,
        DateField.Second or DateField.Epoch => 6,
        _ => 0,
    };

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector timestamps = Arguments[1].Evaluate(batch, rows);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            long timestamp = (long)timestamps.Values[row];

            // Close to the last timestamp, microseconds since 1970 are more than 64 bits hold; there lies the infinite one, too.
            if ((timestamp == long.MinValue || timestamp > long.MaxValue - UnixEpoch) && !timestamps.IsNull(row))
            {
                return _onHost.Evaluate(batch, rows);
            }

            _output.Values[row] = toFloat ? BitConverter.DoubleToUInt64Bits(AsFloat(timestamp)) : (ulong)Part(timestamp);
        }

        Vector result = _output.Strict(timestamps);
        if (!toFloat)
        {
            (result.Form, result.Scale, result.Bound) = (VectorForm.Decimal, _scale, long.MaxValue);
        }

        return result;
    }

    /// <summary>An integer of 10^-scale.</summary>
    long Part(long timestamp)
    {
        long day = Calendar.FloorDivide(timestamp, Calendar.MicrosecondsPerDay);
        long time = timestamp - (day * Calendar.MicrosecondsPerDay);
        return field switch
        {
            DateField.Microseconds or DateField.Milliseconds or DateField.Second => time % PerMinute,
            DateField.Minute => time % PerHour / PerMinute,
            DateField.Hour => time / PerHour,
            DateField.Epoch => timestamp + UnixEpoch,
            _ => DateFields.Extract(field, day),
        };
    }

    /// <summary>Rounded where PostgreSQL rounds.</summary>
    double AsFloat(long timestamp)
    {
        long part = Part(timestamp);
        return field switch
        {
            DateField.Second => (part / PerSecond) + (part % PerSecond / 1000000.0),
            DateField.Milliseconds => (part / PerSecond * 1000.0) + (part % PerSecond / 1000.0),
            DateField.Epoch => part / 1000000.0,
            _ => part,
        };
    }
}
