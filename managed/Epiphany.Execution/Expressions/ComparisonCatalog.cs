// Execution layer, expressions. Which of PostgreSQL's functions compare by-value types, and how.

namespace Epiphany.Execution;

/// <summary>What a comparison asks.</summary>
enum Relation
{
    None,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

static class ComparisonCatalog
{
    internal static Expression? Find(CallSite call)
    {
        // A constant is on the right, where passes look for it.
        bool swaps = call.Arguments.Length == 2 && call.Arguments[0].IsConstant && !call.Arguments[1].IsConstant;
        uint function = call.Function;
        return Integers(function) is var integers and not Relation.None ? Make<SignedView, SignedView>(integers, call, swaps)
            : Float8s(function) is var float8s and not Relation.None ? Make<Float8View, Float8View>(float8s, call, swaps)
            : Float4s(function) is var float4s and not Relation.None ? Make<Float4View, Float4View>(float4s, call, swaps)
            : Float48s(function) is var float48s and not Relation.None ? Make<Float4View, Float8View>(float48s, call, swaps)
            : Float84s(function) is var float84s and not Relation.None ? Make<Float8View, Float4View>(float84s, call, swaps)
            : DateTimestamps(function) is var dates and not Relation.None ? Make<DateView, SignedView>(dates, call, swaps)
            : TimestampDates(function) is var timestamps and not Relation.None ? Make<SignedView, DateView>(timestamps, call, swaps)
            : Oids(function) is var oids and not Relation.None ? Make<OidView, OidView>(oids, call, swaps)
            : Chars(function) is var chars and not Relation.None ? Make<CharView, CharView>(chars, call, swaps)
            : null;
    }

    /// <summary>int2, int4, int8 and their mixtures; bool; date; time; timestamp; timestamptz.</summary>
    internal static Relation Integers(uint function) => function switch
    {
        63 or 65 or 158 or 159 or 467 or 474 or 852 or 1850 or 1856 or 60 or 1086 or 1145 or 2052 or 1152 => Relation.Equal,
        145 or 144 or 164 or 165 or 468 or 475 or 853 or 1851 or 1857 or 84 or 1091 or 1106 or 2053 or 1153 => Relation.NotEqual,
        64 or 66 or 160 or 161 or 469 or 476 or 854 or 1852 or 1858 or 56 or 1087 or 1102 or 2054 or 1154 => Relation.Less,
        148 or 149 or 166 or 167 or 471 or 478 or 856 or 1854 or 1860 or 1691 or 1088 or 1103 or 2055 or 1155 => Relation.LessOrEqual,
        146 or 147 or 162 or 163 or 470 or 477 or 855 or 1853 or 1859 or 57 or 1089 or 1104 or 2057 or 1157 => Relation.Greater,
        151 or 150 or 168 or 169 or 472 or 479 or 857 or 1855 or 1861 or 1692 or 1090 or 1105 or 2056 or 1156 => Relation.GreaterOrEqual,
        _ => Relation.None,
    };

    static Relation Float4s(uint function) => function switch
    {
        287 => Relation.Equal,
        288 => Relation.NotEqual,
        289 => Relation.Less,
        290 => Relation.LessOrEqual,
        291 => Relation.Greater,
        292 => Relation.GreaterOrEqual,
        _ => Relation.None,
    };

    static Relation Float8s(uint function) => function switch
    {
        293 => Relation.Equal,
        294 => Relation.NotEqual,
        295 => Relation.Less,
        296 => Relation.LessOrEqual,
        297 => Relation.Greater,
        298 => Relation.GreaterOrEqual,
        _ => Relation.None,
    };

    static Relation Float48s(uint function) => function switch
    {
        299 => Relation.Equal,
        300 => Relation.NotEqual,
        301 => Relation.Less,
        302 => Relation.LessOrEqual,
        303 => Relation.Greater,
        304 => Relation.GreaterOrEqual,
        _ => Relation.None,
    };

    static Relation Float84s(uint function) => function switch
    {
        305 => Relation.Equal,
        306 => Relation.NotEqual,
        307 => Relation.Less,
        308 => Relation.LessOrEqual,
        309 => Relation.Greater,
        310 => Relation.GreaterOrEqual,
        _ => Relation.None,
    };

    static Relation DateTimestamps(uint function) => function switch
    {
        2338 => Relation.Less,
        2339 => Relation.LessOrEqual,
        2340 => Relation.Equal,
        2341 => Relation.Greater,
        2342 => Relation.GreaterOrEqual,
        2343 => Relation.NotEqual,
        _ => Relation.None,
    };

    static Relation TimestampDates(uint function) => function switch
    {
        2364 => Relation.Less,
        2365 => Relation.LessOrEqual,
        2366 => Relation.Equal,
        2367 => Relation.Greater,
        2368 => Relation.GreaterOrEqual,
        2369 => Relation.NotEqual,
        _ => Relation.None,
    };

    static Relation Oids(uint function) => function switch
    {
        184 => Relation.Equal,
        185 => Relation.NotEqual,
        716 => Relation.Less,
        717 => Relation.LessOrEqual,
        1638 => Relation.Greater,
        1639 => Relation.GreaterOrEqual,
        _ => Relation.None,
    };

    static Relation Chars(uint function) => function switch
    {
        61 => Relation.Equal,
        70 => Relation.NotEqual,
        1246 => Relation.Less,
        72 => Relation.LessOrEqual,
        73 => Relation.Greater,
        74 => Relation.GreaterOrEqual,
        _ => Relation.None,
    };

    static Expression Make<TLeft, TRight>(Relation relation, CallSite call, bool swaps)
        where TLeft : struct, ILaneView
        where TRight : struct, ILaneView
    {
        Expression left = call.Arguments[0];
        Expression right = call.Arguments[1];
        return swaps ? Made<TRight, TLeft>(Swapped(relation), call, right, left) : Made<TLeft, TRight>(relation, call, left, right);
    }

    static Expression Made<TLeft, TRight>(Relation relation, CallSite call, Expression left, Expression right)
        where TLeft : struct, ILaneView
        where TRight : struct, ILaneView => relation switch
        {
            Relation.Equal => new Comparison<TLeft, TRight, Equal>(call.Type, left, right, call.Host),
            Relation.NotEqual => new Comparison<TLeft, TRight, NotEqual>(call.Type, left, right, call.Host),
            Relation.Less => new Comparison<TLeft, TRight, Less>(call.Type, left, right, call.Host),
            Relation.LessOrEqual => new Comparison<TLeft, TRight, LessOrEqual>(call.Type, left, right, call.Host),
            Relation.Greater => new Comparison<TLeft, TRight, Greater>(call.Type, left, right, call.Host),
            _ => new Comparison<TLeft, TRight, GreaterOrEqual>(call.Type, left, right, call.Host),
        };

    /// <summary>a relation b is b swapped a.</summary>
    internal static Relation Swapped(Relation relation) => relation switch
    {
        Relation.Less => Relation.Greater,
        Relation.LessOrEqual => Relation.GreaterOrEqual,
        Relation.Greater => Relation.Less,
        Relation.GreaterOrEqual => Relation.LessOrEqual,
        _ => relation,
    };
}
