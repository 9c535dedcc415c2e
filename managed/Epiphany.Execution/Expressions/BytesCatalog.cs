// Execution layer, expressions. Comparisons of text, varchar, char(n), bytea and uuid, and under which collations bytes say it all.

namespace Epiphany.Execution;

enum BytesKind
{
    Varlena,
    BlankPadded,
    Uuid,
}

static class BytesCatalog
{
    const uint DefaultCollation = 100;
    const uint CCollation = 950;
    const uint PosixCollation = 951;

    internal static Expression? Find(CallSite call)
    {
        Relation relation = Find(call.Function, call.Collation, call.Flags, out BytesKind kind);
        if (relation == Relation.None)
        {
            return null;
        }

        Expression left = call.Arguments[0];
        Expression right = call.Arguments[1];
        return kind switch
        {
            BytesKind.Varlena => new BytesComparison<VarlenaBytes>(call.Type, relation, left, right, call.Host),
            BytesKind.BlankPadded => new BytesComparison<BlankPaddedBytes>(call.Type, relation, left, right, call.Host),
            _ => new BytesComparison<UuidBytes>(call.Type, relation, left, right, call.Host),
        };
    }

    /// <summary>Relation.None: the function does not compare by bytes, or not under that collation.</summary>
    internal static Relation Find(uint function, uint collation, CallFlags flags, out BytesKind kind)
    {
        (Relation relation, kind, bool isCollated) = function switch
        {
            67 => (Relation.Equal, BytesKind.Varlena, true),
            157 => (Relation.NotEqual, BytesKind.Varlena, true),
            740 => (Relation.Less, BytesKind.Varlena, true),
            741 => (Relation.LessOrEqual, BytesKind.Varlena, true),
            742 => (Relation.Greater, BytesKind.Varlena, true),
            743 => (Relation.GreaterOrEqual, BytesKind.Varlena, true),
            1048 => (Relation.Equal, BytesKind.BlankPadded, true),
            1053 => (Relation.NotEqual, BytesKind.BlankPadded, true),
            1049 => (Relation.Less, BytesKind.BlankPadded, true),
            1050 => (Relation.LessOrEqual, BytesKind.BlankPadded, true),
            1051 => (Relation.Greater, BytesKind.BlankPadded, true),
            1052 => (Relation.GreaterOrEqual, BytesKind.BlankPadded, true),
            1948 => (Relation.Equal, BytesKind.Varlena, false),
            1953 => (Relation.NotEqual, BytesKind.Varlena, false),
            1949 => (Relation.Less, BytesKind.Varlena, false),
            1950 => (Relation.LessOrEqual, BytesKind.Varlena, false),
            1951 => (Relation.Greater, BytesKind.Varlena, false),
            1952 => (Relation.GreaterOrEqual, BytesKind.Varlena, false),
            2956 => (Relation.Equal, BytesKind.Uuid, false),
            2959 => (Relation.NotEqual, BytesKind.Uuid, false),
            2954 => (Relation.Less, BytesKind.Uuid, false),
            2955 => (Relation.LessOrEqual, BytesKind.Uuid, false),
            2958 => (Relation.Greater, BytesKind.Uuid, false),
            2957 => (Relation.GreaterOrEqual, BytesKind.Uuid, false),
            _ => (Relation.None, default, false),
        };
        bool isEquality = relation is Relation.Equal or Relation.NotEqual;
        return !isCollated || (isEquality ? IsDeterministic(collation, flags) : IsByteOrder(collation, flags)) ? relation : Relation.None;
    }

    internal static bool IsDeterministic(uint collation, CallFlags flags) =>
        flags.HasFlag(CallFlags.Deterministic) || collation == DefaultCollation || IsByteOrder(collation, flags);

    internal static bool IsByteOrder(uint collation, CallFlags flags) =>
        flags.HasFlag(CallFlags.ByteOrder) || IsC(collation);

    /// <summary>Under the collation, only ASCII letters have a case.</summary>
    internal static bool IsAscii(uint collation, CallFlags flags) => flags.HasFlag(CallFlags.AsciiCase) || IsC(collation);

    static bool IsC(uint collation) => collation is CCollation or PosixCollation;
}
