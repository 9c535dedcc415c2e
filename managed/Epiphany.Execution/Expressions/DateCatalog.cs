// Execution layer, expressions. Kernels of date and timestamp. Where the session's time zone matters PostgreSQL's functions are called.

namespace Epiphany.Execution;

static class DateCatalog
{
    internal static Expression? Find(CallSite call)
    {
        switch (call.Function)
        {
            case 1140:
                return new DateDifference(call);
            case 1141:
                return new DateDays(call, subtracts: false);
            case 1142:
                return new DateDays(call, subtracts: true);
            case 2024:
                return new DateToTimestamp(call);
            case 2029:
                return new TimestampToDate(call);
            case 2071:
                return new TimestampInterval(call, isDate: true, subtracts: false);
            case 2072:
                return new TimestampInterval(call, isDate: true, subtracts: true);
            case 2032:
                return new TimestampInterval(call, isDate: false, subtracts: false);
            case 2033:
                return new TimestampInterval(call, isDate: false, subtracts: true);
            case 6177 or 6178:
                return TimeBucketCatalog.OfBins(call);
            default:
                return OfField(call);
        }
    }

    static Expression? OfField(CallSite call)
    {
        if (call.Function is not (6199 or 6202 or 2021 or 2020 or 1217 or 1284))
        {
            return null;
        }

        DateField field = DateFields.Of(call.Arguments[0]);
        switch (call.Function)
        {
            case 6199 when field >= DateField.Day:
                return new DatePart(call, field);
            case 6202 or 2021 when field is not (DateField.None or DateField.Julian):
                return new TimestampPart(call, field, toFloat: call.Function == 2021);
            case 2020 when IsUnit(field):
                return new TimestampTruncate(call, field);
            case 1217 or 1284 when IsUnit(field):
                return new ZonedRounding(call, Rounding.LongestUnit(field));
            default:
                return null;
        }
    }

    /// <summary>Can times be rounded to it?</summary>
    static bool IsUnit(DateField field) => field is >= DateField.Microseconds and <= DateField.Millennium
        and not (DateField.DayOfWeek or DateField.IsoDayOfWeek or DateField.DayOfYear or DateField.IsoYear);
}
