// Execution layer, expressions. What EXTRACT and date_trunc know of days: fields of PostgreSQL's names.

using System;

namespace Epiphany.Execution;

enum DateField
{
    None,
    Microseconds,
    Milliseconds,
    Second,
    Minute,
    Hour,
    Day,
    DayOfWeek,
    IsoDayOfWeek,
    DayOfYear,
    Week,
    Month,
    Quarter,
    Year,
    IsoYear,
    Decade,
    Century,
    Millennium,
    Julian,
    Epoch,
}

static class DateFields
{
    /// <summary>None for names that are left to PostgreSQL: abbreviations, and those that are errors.</summary>
    internal static unsafe DateField Of(Expression name)
    {
        if (name is not Constant { IsNull: false } constant)
        {
            return DateField.None;
        }

        ReadOnlySpan<byte> text = Varlena.Payload(constant.Value);
        return text switch
        {
            _ when text.SequenceEqual("microseconds"u8) => DateField.Microseconds,
            _ when text.SequenceEqual("milliseconds"u8) => DateField.Milliseconds,
            _ when text.SequenceEqual("second"u8) => DateField.Second,
            _ when text.SequenceEqual("minute"u8) => DateField.Minute,
            _ when text.SequenceEqual("hour"u8) => DateField.Hour,
            _ when text.SequenceEqual("day"u8) => DateField.Day,
            _ when text.SequenceEqual("dow"u8) => DateField.DayOfWeek,
            _ when text.SequenceEqual("isodow"u8) => DateField.IsoDayOfWeek,
            _ when text.SequenceEqual("doy"u8) => DateField.DayOfYear,
            _ when text.SequenceEqual("week"u8) => DateField.Week,
            _ when text.SequenceEqual("month"u8) => DateField.Month,
            _ when text.SequenceEqual("quarter"u8) => DateField.Quarter,
            _ when text.SequenceEqual("year"u8) => DateField.Year,
            _ when text.SequenceEqual("isoyear"u8) => DateField.IsoYear,
            _ when text.SequenceEqual("decade"u8) => DateField.Decade,
            _ when text.SequenceEqual("century"u8) => DateField.Century,
            _ when text.SequenceEqual("millennium"u8) => DateField.Millennium,
            _ when text.SequenceEqual("julian"u8) => DateField.Julian,
            _ when text.SequenceEqual("epoch"u8) => DateField.Epoch,
            _ => DateField.None,
        };
    }

    /// <summary>A field of a day, from Day to Julian.</summary>
    internal static long Extract(DateField field, long day)
    {
        switch (field)
        {
            case DateField.DayOfWeek:
                return Calendar.DayOfWeek(day);
            case DateField.IsoDayOfWeek:
                return ((Calendar.DayOfWeek(day) + 6) % 7) + 1;
            case DateField.Julian:
                return day + Calendar.JulianOfEpoch;
            case DateField.Week or DateField.IsoYear:
                // A week is of the year that its Thursday is in.
                long thursday = Calendar.Monday(day) + 3;
                int isoYear = Calendar.Of(thursday).Year;
                return field == DateField.Week ? ((thursday - Calendar.DayOf(isoYear, 1, 1)) / 7) + 1 : WithoutYearZero(isoYear);
            default:
                return OfName(field, day, Calendar.Of(day));
        }
    }

    static long OfName(DateField field, long day, CalendarDay name) => field switch
    {
        DateField.Day => name.Day,
        DateField.Month => name.Month,
        DateField.Quarter => ((name.Month - 1) / 3) + 1,
        DateField.DayOfYear => day - Calendar.DayOf(name.Year, 1, 1) + 1,
        DateField.Year => WithoutYearZero(name.Year),

        // There is a decade 0, from 1 BC to the year 9, but neither a century nor a millennium.
        DateField.Decade => Calendar.FloorDivide(name.Year, 10),
        DateField.Century => Hundreds(name.Year, 100),
        _ => Hundreds(name.Year, 1000),
    };

    /// <summary>The first day of the time that a day is in, from Day to Millennium.</summary>
    internal static long Truncate(DateField field, long day)
    {
        if (field == DateField.Day)
        {
            return day;
        }

        if (field == DateField.Week)
        {
            return Calendar.Monday(day);
        }

        CalendarDay name = Calendar.Of(day);
        return field switch
        {
            DateField.Month => day - name.Day + 1,
            DateField.Quarter => Calendar.DayOf(name.Year, ((name.Month - 1) / 3 * 3) + 1, 1),
            DateField.Year => Calendar.DayOf(name.Year, 1, 1),
            DateField.Decade => Calendar.DayOf(Calendar.FloorDivide(name.Year, 10) * 10, 1, 1),
            DateField.Century => Calendar.DayOf((Calendar.FloorDivide(name.Year - 1, 100) * 100) + 1, 1, 1),
            _ => Calendar.DayOf((Calendar.FloorDivide(name.Year - 1, 1000) * 1000) + 1, 1, 1),
        };
    }

    /// <summary>The year before 1 is 1 BC, which is told as -1.</summary>
    static long WithoutYearZero(long year) => year > 0 ? year : year - 1;

    /// <summary>The first is of the years 1 to 100 (1000), the one before it of 100 BC (1000 BC) to 1 BC, and told as -1.</summary>
    static long Hundreds(long year, long size) => year > 0 ? (year + size - 1) / size : -((size - 1 - (year - 1)) / size);
}
