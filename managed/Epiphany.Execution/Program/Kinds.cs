// Execution layer, program. Kinds of nodes and expressions; numbers as in the boundary.

namespace Epiphany.Execution;

enum PlanKind
{
    ColumnScan = 1,
    RowSource = 2,
    Aggregate = 3,
    HashJoin = 4,
    Sort = 5,
    Limit = 6,
    Append = 7,
    Project = 8,
    SharedRows = 9,
    Window = 10,
    Unique = 11,
    SetOperation = 12,
}

enum ExpressionKind
{
    Column = 1,
    Const = 2,
    Param = 3,
    Call = 4,
    And = 5,
    Or = 6,
    Not = 7,
    IsNull = 8,
    IsNotNull = 9,
    BooleanTest = 10,
    Case = 11,
    Coalesce = 12,
    MinMax = 13,
    NullIf = 14,
    Distinct = 15,
    ArrayCompare = 16,
    Other = 17,
    Subquery = 18,
}

/// <summary>Functions of the extension's own, in place of an OID.</summary>
enum OwnFunction
{
    None = 0,
    TimeBucket = 1,
    TimeBucketOrigin = 2,
    TimeBucketOffset = 3,
    TimeBucketDate = 4,
    TimeBucketDateOrigin = 5,
    TimeBucketDateOffset = 6,
    TimeBucketInteger = 7,
    VectorL2 = 8,
    VectorNegativeInnerProduct = 9,
    VectorCosine = 10,
    VectorL1 = 11,
    HalfvecL2 = 12,
    HalfvecNegativeInnerProduct = 13,
    HalfvecCosine = 14,
    HalfvecL1 = 15,
    TimeBucketZone = 16,
}

/// <summary>Aggregates of the extension's own, in place of an OID.</summary>
enum OwnAggregate
{
    None = 0,
    First = 1,
    Last = 2,
}
