// Execution layer, operators. Which aggregates the engine has. OIDs are those of pg_proc.dat, fixed for all servers.

using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>Kinds of states; those of one kind and one argument are shared.</summary>
enum AggregateKind
{
    None,
    Count,
    IntegerSum,
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
}

static class AggregateCatalog
{
    const int Simple = 0;

    /// <summary>AGGSPLIT_INITIAL_SERIAL: transition values, serialised where their type is internal.</summary>
    const int InitialSerial = 6;

    /// <summary><paramref name="argument"/>: type OID of the argument, 0 for none; <paramref name="split"/>: PostgreSQL's AggSplit.</summary>
    internal static bool Has(uint function, uint argument, int split) =>
        split is Simple or InitialSerial && Find(function, out _) != AggregateKind.None;

    /// <summary>What is kept for a function's groups, and what of that is its result.</summary>
    internal static AggregateKind Find(uint function, out AggregateResult result)
    {
        result = function switch
        {
            2101 or 2102 or 2104 or 2105 => AggregateResult.Average,
            2721 or 2722 => AggregateResult.PopulationVariance,
            2644 or 2645 or 2151 or 2152 => AggregateResult.SampleVariance,
            2727 or 2728 => AggregateResult.PopulationDeviation,
            2715 or 2716 or 2157 or 2158 => AggregateResult.SampleDeviation,
            _ => AggregateResult.Value,
        };
        return function switch
        {
            2803 or 2147 => AggregateKind.Count,
            2108 or 2109 or 2101 or 2102 => AggregateKind.IntegerSum,
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
            _ => AggregateKind.None,
        };
    }

    /// <summary>Of a split: sums, counts and extremes are their own transition values, where those are not internal.</summary>
    internal static AggregateResult Result(AggregateKind kind, AggregateResult result, int split) =>
        split == InitialSerial && result != AggregateResult.Value ? AggregateResult.Transition : result;

    internal static AggregateState Make(AggregateKind kind, IExecutionHost host)
    {
        IMemory memory = host.Memory;
        switch (kind)
        {
            case AggregateKind.Count:
                return new AggregateCount(memory);
            case AggregateKind.IntegerSum:
                return new AggregateIntegerSum(memory);
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
            default:
                Throw.BadProgram($"aggregate kind {(int)kind}");
                return null;
        }
    }
}
