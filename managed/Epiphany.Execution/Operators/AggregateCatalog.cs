// Execution layer, operators. Which aggregates the engine has. OIDs are those of pg_proc.dat, fixed for all servers.

using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>Kinds of states; those of one kind and one argument are shared.</summary>
enum AggregateKind
{
    None,
    Count,
    IntegerSum,
    IntegerMoments,
    Int8Sum,
    Int8Moments,
    NumericSum,
    NumericMoments,
    Float4Sum,
    Float8Sum,
    Float4Moments,
    Float8Moments,
    LeastSigned,
    GreatestSigned,
    LeastUnsigned,
    GreatestUnsigned,
    LeastUnsigned32,
    GreatestUnsigned32,
    LeastFloat4,
    GreatestFloat4,
    LeastFloat8,
    GreatestFloat8,
    LeastNumeric,
    GreatestNumeric,
    LeastText,
    GreatestText,
    LeastBpChar,
    GreatestBpChar,
    LeastInterval,
    GreatestInterval,
    LeastTimeTz,
    GreatestTimeTz,
    LeastInet,
    GreatestInet,
}

/// <summary>What has to be known of a column's values for a state to take them all in at once.</summary>
enum AggregateNeed
{
    /// <summary>The values themselves.</summary>
    Values,
    Count,
    Sum,
    Least,
    Greatest,
}

static class AggregateCatalog
{
    const int Simple = 0;

    /// <summary>AGGSPLIT_INITIAL_SERIAL: transition values, serialised where their type is internal.</summary>
    const int InitialSerial = 6;

    /// <summary>Is it computed here, not by the host? <paramref name="split"/>: PostgreSQL's AggSplit.</summary>
    internal static bool Has(uint function, int split) => split is Simple or InitialSerial && Find(function, out _) != AggregateKind.None;

    /// <summary>Can footers of row groups tell it for plain columns of a table, whatever their collation?</summary>
    internal static bool HasByFooters(uint function) => Need(Find(function, out _), collation: 0) != AggregateNeed.Values;

    /// <summary>What is kept for a function's groups, and what of that is its result.</summary>
    internal static AggregateKind Find(uint function, out AggregateResult result)
    {
        result = function switch
        {
            >= 2100 and <= 2105 => AggregateResult.Average,
            >= 2718 and <= 2723 => AggregateResult.PopulationVariance,
            (>= 2641 and <= 2646) or (>= 2148 and <= 2153) => AggregateResult.SampleVariance,
            >= 2724 and <= 2729 => AggregateResult.PopulationDeviation,
            (>= 2712 and <= 2717) or (>= 2154 and <= 2159) => AggregateResult.SampleDeviation,
            _ => AggregateResult.Value,
        };
        return function switch
        {
            2803 or 2147 => AggregateKind.Count,
            2108 or 2109 or 2101 or 2102 => AggregateKind.IntegerSum,
            2719 or 2720 or 2642 or 2643 or 2149 or 2150 or 2725 or 2726 or 2713 or 2714 or 2155 or 2156 => AggregateKind.IntegerMoments,
            2107 or 2100 => AggregateKind.Int8Sum,
            2718 or 2641 or 2148 or 2724 or 2712 or 2154 => AggregateKind.Int8Moments,
            2114 or 2103 => AggregateKind.NumericSum,
            2723 or 2646 or 2153 or 2729 or 2717 or 2159 => AggregateKind.NumericMoments,
            2110 => AggregateKind.Float4Sum,
            2111 => AggregateKind.Float8Sum,
            2104 or 2721 or 2644 or 2151 or 2727 or 2715 or 2157 => AggregateKind.Float4Moments,
            2105 or 2722 or 2645 or 2152 or 2728 or 2716 or 2158 => AggregateKind.Float8Moments,

            // int8, int4, int2, date, time, timestamp, timestamptz, money; bool_and, every
            2131 or 2132 or 2133 or 2138 or 2139 or 2142 or 2143 or 2141 or 2517 or 2519 => AggregateKind.LeastSigned,
            2115 or 2116 or 2117 or 2122 or 2123 or 2126 or 2127 or 2125 or 2518 => AggregateKind.GreatestSigned,

            // pg_lsn, xid8
            4190 or 5100 => AggregateKind.LeastUnsigned,
            4189 or 5099 => AggregateKind.GreatestUnsigned,
            2134 => AggregateKind.LeastUnsigned32,
            2118 => AggregateKind.GreatestUnsigned32,
            2135 => AggregateKind.LeastFloat4,
            2119 => AggregateKind.GreatestFloat4,
            2136 => AggregateKind.LeastFloat8,
            2120 => AggregateKind.GreatestFloat8,
            2146 => AggregateKind.LeastNumeric,
            2130 => AggregateKind.GreatestNumeric,
            2145 => AggregateKind.LeastText,
            2129 => AggregateKind.GreatestText,
            2245 => AggregateKind.LeastBpChar,
            2244 => AggregateKind.GreatestBpChar,
            2144 => AggregateKind.LeastInterval,
            2128 => AggregateKind.GreatestInterval,
            2140 => AggregateKind.LeastTimeTz,
            2124 => AggregateKind.GreatestTimeTz,
            3565 => AggregateKind.LeastInet,
            3564 => AggregateKind.GreatestInet,
            _ => AggregateKind.None,
        };
    }

    /// <summary>Of a split: sums, counts and extremes are their own transition values, where those are not internal.</summary>
    internal static AggregateResult Result(AggregateKind kind, AggregateResult result, int split) =>
        split == InitialSerial && (result != AggregateResult.Value || kind is AggregateKind.Int8Sum or AggregateKind.NumericSum)
            ? AggregateResult.Transition : result;

    /// <summary>Footers know bounds of integers as signed ones, and of strings by their bytes.</summary>
    internal static AggregateNeed Need(AggregateKind kind, uint collation) => kind switch
    {
        AggregateKind.Count => AggregateNeed.Count,
        AggregateKind.IntegerSum or AggregateKind.Int8Sum or AggregateKind.NumericSum => AggregateNeed.Sum,
        AggregateKind.LeastSigned or AggregateKind.LeastFloat4 or AggregateKind.LeastFloat8 or AggregateKind.LeastNumeric => AggregateNeed.Least,
        AggregateKind.GreatestSigned or AggregateKind.GreatestFloat4 or AggregateKind.GreatestFloat8 or AggregateKind.GreatestNumeric
            => AggregateNeed.Greatest,
        AggregateKind.LeastText when IsByBytes(collation) => AggregateNeed.Least,
        AggregateKind.GreatestText when IsByBytes(collation) => AggregateNeed.Greatest,
        _ => AggregateNeed.Values,
    };

    /// <summary><paramref name="type"/> is that of the result, <paramref name="collation"/> that of the argument.</summary>
    internal static AggregateState Make(AggregateKind kind, ValueType type, uint collation, IExecutionHost host)
    {
        IMemory memory = host.Memory;
        switch (kind)
        {
            case AggregateKind.Count:
                return new AggregateCount(memory);
            case AggregateKind.IntegerSum:
                return new AggregateIntegerSum(memory);
            case AggregateKind.IntegerMoments:
                return new AggregateDecimals(isInteger: true, isPoly: true, hasSquares: true, host);
            case AggregateKind.Int8Sum:
                return new AggregateDecimals(isInteger: true, isPoly: true, hasSquares: false, host);
            case AggregateKind.Int8Moments:
                return new AggregateDecimals(isInteger: true, isPoly: false, hasSquares: true, host);
            case AggregateKind.NumericSum:
                return new AggregateDecimals(isInteger: false, isPoly: false, hasSquares: false, host);
            case AggregateKind.NumericMoments:
                return new AggregateDecimals(isInteger: false, isPoly: false, hasSquares: true, host);
            case AggregateKind.Float4Sum:
                return new AggregateFloatSum(true, host);
            case AggregateKind.Float8Sum:
                return new AggregateFloatSum(false, host);
            case AggregateKind.Float4Moments:
                return new AggregateFloatMoments(true, host);
            case AggregateKind.Float8Moments:
                return new AggregateFloatMoments(false, host);
            case AggregateKind.LeastSigned:
                return new AggregateExtreme<LeastSigned>(memory);
            case AggregateKind.GreatestSigned:
                return new AggregateExtreme<GreatestSigned>(memory);
            case AggregateKind.LeastUnsigned:
                return new AggregateExtreme<LeastUnsigned>(memory);
            case AggregateKind.GreatestUnsigned:
                return new AggregateExtreme<GreatestUnsigned>(memory);
            case AggregateKind.LeastUnsigned32:
                return new AggregateExtreme<LeastUnsigned32>(memory);
            case AggregateKind.GreatestUnsigned32:
                return new AggregateExtreme<GreatestUnsigned32>(memory);
            case AggregateKind.LeastFloat4:
                return new AggregateExtreme<LeastFloat4>(memory);
            case AggregateKind.GreatestFloat4:
                return new AggregateExtreme<GreatestFloat4>(memory);
            case AggregateKind.LeastFloat8:
                return new AggregateExtreme<LeastFloat8>(memory);
            case AggregateKind.GreatestFloat8:
                return new AggregateExtreme<GreatestFloat8>(memory);
            case AggregateKind.LeastNumeric or AggregateKind.GreatestNumeric:
                return Ordered(Order.Numeric, 1754);
            case AggregateKind.LeastText or AggregateKind.GreatestText:
                return Ordered(IsByBytes(collation) ? Order.Bytes : Order.Host, 664);
            case AggregateKind.LeastBpChar or AggregateKind.GreatestBpChar:
                return Ordered(IsByBytes(collation) ? Order.Padded : Order.Host, 1058);
            case AggregateKind.LeastInterval or AggregateKind.GreatestInterval:
                return Ordered(Order.Host, 1332);
            case AggregateKind.LeastTimeTz or AggregateKind.GreatestTimeTz:
                return Ordered(Order.Host, 1552);
            case AggregateKind.LeastInet or AggregateKind.GreatestInet:
                return Ordered(Order.Host, 1203);
            default:
                Throw.BadProgram($"aggregate kind {(int)kind}");
                return null;
        }

        AggregateOrderedExtreme Ordered(Order order, uint less) => new(
            type, order, kind is AggregateKind.GreatestNumeric or AggregateKind.GreatestText or AggregateKind.GreatestBpChar
                or AggregateKind.GreatestInterval or AggregateKind.GreatestTimeTz or AggregateKind.GreatestInet, less, collation, host);
    }

    /// <summary>"C" and "POSIX".</summary>
    static bool IsByBytes(uint collation) => collation is 950 or 951;
}
