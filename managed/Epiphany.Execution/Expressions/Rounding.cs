// Execution layer, expressions. Times that are rounded down: what is known of the times that give one.

namespace Epiphany.Execution;

static class Rounding
{
    /// <summary>Where zones change their clocks, local times jump by no more than a day: what is rounded by them is off by less than this.</summary>
    internal const long ClockJump = 2 * Calendar.MicrosecondsPerDay;

    /// <summary>No unit that date_trunc rounds to is longer.</summary>
    internal static long LongestUnit(DateField field) => field switch
    {
        DateField.Microseconds => 1,
        DateField.Milliseconds => 1000,
        DateField.Second => 1_000_000,
        DateField.Minute => 60_000_000,
        DateField.Hour => 3_600_000_000,
        DateField.Day => Calendar.MicrosecondsPerDay,
        DateField.Week => 7 * Calendar.MicrosecondsPerDay,
        DateField.Month => 31 * Calendar.MicrosecondsPerDay,
        DateField.Quarter => 92 * Calendar.MicrosecondsPerDay,
        DateField.Year => 366 * Calendar.MicrosecondsPerDay,
        DateField.Decade => 3660 * Calendar.MicrosecondsPerDay,
        DateField.Century => 36_600 * Calendar.MicrosecondsPerDay,
        _ => 366_000 * Calendar.MicrosecondsPerDay,
    };

    /// <summary>
    /// Of a value that lies at most <paramref name="before"/> after its time, and less than <paramref name="unit"/> and that before it.
    /// </summary>
    internal static bool TrySources(Expression time, long value, long unit, long before, out long first, out long last)
    {
        // Infinite values are their own times.
        if (value is < long.MinValue / 2 or > long.MaxValue / 2)
        {
            first = last = value;
            return false;
        }

        return TryThrough(time, value - before, value + unit - 1 + before, out first, out last);
    }

    /// <summary>The sources of all that an argument may be.</summary>
    internal static bool TryThrough(Expression argument, long from, long to, out long first, out long last)
    {
        bool isKnown = argument.TrySources(from, out first, out _);
        return argument.TrySources(to, out _, out last) && isKnown;
    }
}

/// <summary>A call of a function that rounds times down by the clock of a zone, by no more than <paramref name="unit"/>.</summary>
sealed class ZonedRounding(CallSite call, long unit) : Kernel(call.Type, call.Arguments)
{
    readonly HostCall _onHost = call.OnHost();

    public override int? SourceColumn => Arguments[1].SourceColumn;

    public override bool TrySources(long value, out long first, out long last) =>
        Rounding.TrySources(Arguments[1], value, unit, Rounding.ClockJump, out first, out last);

    public override Vector Evaluate(Batch batch, Rows rows) => _onHost.Evaluate(batch, rows);
}
