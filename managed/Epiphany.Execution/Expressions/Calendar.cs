// Execution layer, expressions. The proleptic Gregorian calendar: days since 2000-01-01, as PostgreSQL counts them, and years, months, days.

using System.Runtime.CompilerServices;

namespace Epiphany.Execution;

/// <summary>A day by its name. Year 0 is 1 BC.</summary>
readonly record struct CalendarDay(int Year, int Month, int Day);

static class Calendar
{
    internal const long MicrosecondsPerDay = DateView.MicrosecondsPerDay;

    /// <summary>Julian day of 2000-01-01.</summary>
    internal const int JulianOfEpoch = 2451545;

    /// <summary>From 1970-01-01 to 2000-01-01.</summary>
    internal const int UnixDays = 10957;

    /// <summary>Years are counted from March: then the day that leap years add is the last one.</summary>
    const int DaysToMarch = 60;
    const int DaysOf400Years = 146097;

    internal static CalendarDay Of(long day)
    {
        long fromMarch = day - DaysToMarch;
        long cycle = FloorDivide(fromMarch, DaysOf400Years);
        uint inCycle = (uint)(fromMarch - (cycle * DaysOf400Years));

        // Every 4 years but each 100th, and the 400th year, have one day more than 365.
        uint year = (inCycle - (inCycle / 1460) + (inCycle / 36524) - (inCycle / 146096)) / 365;
        uint inYear = inCycle - ((365 * year) + (year / 4) - (year / 100));

        // March, April, ... have 31, 30, 31, 30, 31 days and the same again: 153 in five months.
        uint month = ((5 * inYear) + 2) / 153;
        uint inMonth = inYear - (((153 * month) + 2) / 5);
        bool isNextYear = month >= 10;
        return new CalendarDay(
            (int)(2000 + (cycle * 400) + year + (isNextYear ? 1 : 0)), (int)(isNextYear ? month - 9 : month + 3), (int)inMonth + 1);
    }

    internal static long DayOf(long year, int month, int day)
    {
        long fromMarch = month > 2 ? year - 2000 : year - 2001;
        long cycle = FloorDivide(fromMarch, 400);
        long inCycle = fromMarch - (cycle * 400);
        int inYear = ((153 * (month > 2 ? month - 3 : month + 9)) + 2) / 5;
        return (cycle * DaysOf400Years) + (365 * inCycle) + (inCycle / 4) - (inCycle / 100) + inYear + (day - 1) + DaysToMarch;
    }

    internal static int DaysOfMonth(long year, int month) => month switch
    {
        4 or 6 or 9 or 11 => 30,
        2 => IsLeap(year) ? 29 : 28,
        _ => 31,
    };

    /// <summary>0 for Sunday.</summary>
    internal static int DayOfWeek(long day) => (int)(day + 6 - (FloorDivide(day + 6, 7) * 7));

    /// <summary>The Monday of the same week.</summary>
    internal static long Monday(long day) => day - ((DayOfWeek(day) + 6) % 7);

    /// <summary>Inlined for units that are constants: then it is a multiplication.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static long FloorDivide(long value, long unit)
    {
        long quotient = value / unit;
        return quotient - (quotient * unit > value ? 1 : 0);
    }

    static bool IsLeap(long year) => year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}
