// Execution layer, expressions. Which calls of time_bucket and date_bin have kernels: those whose width, origin and offset are constants, by the
// UTC clock.

namespace Epiphany.Execution;

static unsafe class TimeBucketCatalog
{
    /// <summary>2000-01-03, from which days and weeks count.</summary>
    const long Monday = 2 * Calendar.MicrosecondsPerDay;

    /// <summary>Differences of two remainders stay within 64 bits.</summary>
    const long MaxWidth = 1L << 61;

    /// <summary>Ten thousand years: a bucket's length is less than 2^63 microseconds, wherever it ends.</summary>
    const int MaxMonths = 120_000;

    internal static Expression? Find(CallSite call)
    {
        var function = (OwnFunction)call.Function;
        if (function == OwnFunction.TimeBucketZone)
        {
            return OfZone(call);
        }

        if (function is OwnFunction.None or > OwnFunction.TimeBucketInteger || call.Arguments[0] is not Constant { IsNull: false } width)
        {
            return null;
        }

        ulong third = 0;
        if (call.Arguments.Length > 2)
        {
            if (call.Arguments[2] is not Constant { IsNull: false } constant)
            {
                return null;
            }

            third = constant.Value;
        }

        return function == OwnFunction.TimeBucketInteger
            ? OfIntegers(call, (long)width.Value, (long)third)
            : OfTimes(call, function, *(Interval*)width.Value, third);
    }

    /// <summary>
    /// date_bin, whose buckets have no months, either. Differences between time and origin that PostgreSQL calls out of range are left to it.
    /// </summary>
    internal static Expression? OfBins(CallSite call)
    {
        var range = new BucketRange(DateView.FirstDate * Calendar.MicrosecondsPerDay, 1L << 62, false);
        return call.Arguments[0] is Constant { IsNull: false } width && call.Arguments[2] is Constant { IsNull: false } origin
            && TryLength(*(Interval*)width.Value, out long length) && length > 0 && range.Has((long)origin.Value)
            ? new LengthBucket(call, range, length, (long)origin.Value) : null;
    }

    /// <summary>By a zone's clock; an offset of months moves days that other months do not have.</summary>
    static ZonedRounding? OfZone(CallSite call)
    {
        if (call.Arguments[0] is not Constant { IsNull: false } constant)
        {
            return null;
        }

        Interval width = *(Interval*)constant.Value;
        bool isLength = TryLength(width with { Month = 0 }, out long length) && length >= 0 && width.Month is >= 0 and <= MaxMonths;
        return isLength ? new ZonedRounding(call, length + (((width.Month * 31L) + 4) * Calendar.MicrosecondsPerDay)) : null;
    }

    static LengthBucket? OfIntegers(CallSite call, long width, long offset)
    {
        int bits = 8 * call.Type.Length;
        return width is > 0 and <= MaxWidth
            ? new LengthBucket(call, new BucketRange(-1L << (bits - 1), ~(-1L << (bits - 1)), false), width, offset) : null;
    }

    static Expression? OfTimes(CallSite call, OwnFunction function, Interval width, ulong third)
    {
        bool isDate = function >= OwnFunction.TimeBucketDate;
        const long Start = DateView.FirstDate * Calendar.MicrosecondsPerDay;
        const long Last = (DateView.EndOfTimestamps * Calendar.MicrosecondsPerDay) - 1;
        var range = new BucketRange(Start, Last, isDate);
        bool hasOrigin = function is OwnFunction.TimeBucketOrigin or OwnFunction.TimeBucketDateOrigin;
        bool hasOffset = function is OwnFunction.TimeBucketOffset or OwnFunction.TimeBucketDateOffset;
        long origin = !hasOrigin ? Monday : isDate ? DateView.Of(third) : (long)third;
        if (!range.Has(origin))
        {
            return null;
        }

        if (width.Month != 0)
        {
            bool isPlain = width is { Day: 0, Time: 0, Month: > 0 and <= MaxMonths } && !hasOffset;
            CalendarDay first = hasOrigin ? Calendar.Of(Calendar.FloorDivide(origin, Calendar.MicrosecondsPerDay)) : new CalendarDay(2000, 1, 1);
            bool atMidnight = !hasOrigin || origin % Calendar.MicrosecondsPerDay == 0;
            return isPlain && first.Day == 1 && atMidnight ? new MonthBucket(call, range, width.Month, first) : null;
        }

        long moved = 0;
        return TryLength(width, out long length) && length > 0 && (!hasOffset || TryLength(*(Interval*)third, out moved))
            ? new LengthBucket(call, range, length, (origin % length) + (moved % length)) : null;
    }

    /// <summary>Days are 24 hours to timestamps.</summary>
    static bool TryLength(Interval interval, out long length)
    {
        System.Int128 sum = ((System.Int128)interval.Day * Calendar.MicrosecondsPerDay) + interval.Time;
        length = (long)sum;
        return interval.Month == 0 && sum > -MaxWidth && sum <= MaxWidth;
    }
}
