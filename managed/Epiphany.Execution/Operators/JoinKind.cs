// Execution layer, operators. Kinds of joins; numbers as in the boundary, which are PostgreSQL's.

namespace Epiphany.Execution;

/// <summary>Outer is the side that probes, inner the one that is kept.</summary>
enum JoinKind
{
    Inner = 0,

    /// <summary>Outer rows without a match come with nulls.</summary>
    Left = 1,
    Full = 2,

    /// <summary>Inner rows without a match come with nulls.</summary>
    Right = 3,

    /// <summary>Outer rows that have a match, once.</summary>
    Semi = 4,

    /// <summary>Outer rows that have none.</summary>
    Anti = 5,

    /// <summary>Inner rows that have none.</summary>
    RightAnti = 6,

    /// <summary>Inner rows that have a match, once.</summary>
    RightSemi = 7,
}
