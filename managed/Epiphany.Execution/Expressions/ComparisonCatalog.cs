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

/// <summary>As what left and right lanes are compared.</summary>
enum Views
{
    Signed,
    Float8,
    Float4,
    Float4And8,
    Float8And4,
    DateAndTimestamp,
    TimestampAndDate,
    Oid,
    Char,
}

static class ComparisonCatalog
{
    internal static Expression? Find(CallSite call)
    {
        Relation relation = Find(call.Function, out Views views);
        if (relation == Relation.None)
        {
            return null;
        }

        return views switch
        {
            Views.Signed => Make<SignedView, SignedView>(relation, call),
            Views.Float8 => Make<Float8View, Float8View>(relation, call),
            Views.Float4 => Make<Float4View, Float4View>(relation, call),
            Views.Float4And8 => Make<Float4View, Float8View>(relation, call),
            Views.Float8And4 => Make<Float8View, Float4View>(relation, call),
            Views.DateAndTimestamp => Make<DateView, SignedView>(relation, call),
            Views.TimestampAndDate => Make<SignedView, DateView>(relation, call),
            Views.Oid => Make<OidView, OidView>(relation, call),
            _ => Make<CharView, CharView>(relation, call),
        };
    }

    /// <summary>Relation.None: the function is no comparison of by-value types.</summary>
    internal static Relation Find(uint function, out Views views)
    {
        Relation relation = Integers(function);
        views = Views.Signed;
        for (; relation == Relation.None && views < Views.Char;)
        {
            relation = ++views switch
            {
                Views.Float8 => From(function, 293),
                Views.Float4 => From(function, 287),
                Views.Float4And8 => From(function, 299),
                Views.Float8And4 => From(function, 305),
                Views.DateAndTimestamp => Dates(function, 2338),
                Views.TimestampAndDate => Dates(function, 2364),
                Views.Oid => Oids(function),
                _ => Chars(function),
            };
        }

        return relation;
    }

    /// <summary>int2, int4, int8 and their mixtures; bool; date; time; timestamp; timestamptz.</summary>
    static Relation Integers(uint function) => function switch
    {
        63 or 65 or 158 or 159 or 467 or 474 or 852 or 1850 or 1856 or 60 or 1086 or 1145 or 2052 or 1152 => Relation.Equal,
        145 or 144 or 164 or 165 or 468 or 475 or 853 or 1851 or 1857 or 84 or 1091 or 1106 or 2053 or 1153 => Relation.NotEqual,
        64 or 66 or 160 or 161 or 469 or 476 or 854 or 1852 or 1858 or 56 or 1087 or 1102 or 2054 or 1154 => Relation.Less,
        148 or 149 or 166 or 167 or 471 or 478 or 856 or 1854 or 1860 or 1691 or 1088 or 1103 or 2055 or 1155 => Relation.LessOrEqual,
        146 or 147 or 162 or 163 or 470 or 477 or 855 or 1853 or 1859 or 57 or 1089 or 1104 or 2057 or 1157 => Relation.Greater,
        151 or 150 or 168 or 169 or 472 or 479 or 857 or 1855 or 1861 or 1692 or 1090 or 1105 or 2056 or 1156 => Relation.GreaterOrEqual,
        _ => Relation.None,
    };

    /// <summary>Floats' functions are in the order =, &lt;&gt;, &lt;, &lt;=, &gt;, &gt;=.</summary>
    static Relation From(uint function, uint first) => (function - first) switch
    {
        0 => Relation.Equal,
        1 => Relation.NotEqual,
        2 => Relation.Less,
        3 => Relation.LessOrEqual,
        4 => Relation.Greater,
        5 => Relation.GreaterOrEqual,
        _ => Relation.None,
    };

    /// <summary>Dates' with timestamps are in the order &lt;, &lt;=, =, &gt;, &gt;=, &lt;&gt;.</summary>
    static Relation Dates(uint function, uint first) => (function - first) switch
    {
        0 => Relation.Less,
        1 => Relation.LessOrEqual,
        2 => Relation.Equal,
        3 => Relation.Greater,
        4 => Relation.GreaterOrEqual,
        5 => Relation.NotEqual,
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

    static Expression Make<TLeft, TRight>(Relation relation, CallSite call)
        where TLeft : struct, ILaneView
        where TRight : struct, ILaneView
    {
        Expression left = call.Arguments[0];
        Expression right = call.Arguments[1];

        // A constant is on the right, where passes look for it.
        return left.IsConstant && !right.IsConstant
            ? Made<TRight, TLeft>(Swapped(relation), call, right, left)
            : Made<TLeft, TRight>(relation, call, left, right);
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
