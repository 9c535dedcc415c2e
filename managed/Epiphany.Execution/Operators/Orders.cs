// Execution layer, operators. Orders of values that need no call of PostgreSQL's: whose they are, and how two values compare.

using System;

namespace Epiphany.Execution;

/// <summary>How values compare.</summary>
enum Order
{
    /// <summary>PostgreSQL's comparison function.</summary>
    Host,
    Signed,
    Unsigned32,
    Float4,
    Float8,

    /// <summary>A varlena's bytes, the shorter first.</summary>
    Bytes,

    /// <summary>Likewise, without blanks at the end.</summary>
    Padded,

    /// <summary>16 bytes.</summary>
    Fixed16,

    /// <summary>As integers while they are integers of one scale, else by value.</summary>
    Numeric,
}

/// <summary>Built-in ordering operators, by OID (pg_operator.dat).</summary>
static class Orders
{
    internal const uint CollationC = 950;
    const uint CollationPosix = 951;

    internal static Order Of(uint orderingOperator, uint collation) => orderingOperator switch
    {
        // bool, int2, int4, int8, date, time, timestamp, timestamptz
        58 or 59 or 95 or 520 or 97 or 521 or 412 or 413 or 1095 or 1097 or 1110 or 1112 or 2062 or 2064 or 1322 or 1324 => Order.Signed,
        609 or 610 => Order.Unsigned32,
        622 or 623 => Order.Float4,
        672 or 674 => Order.Float8,
        664 or 666 when collation is CollationC or CollationPosix => Order.Bytes,
        1058 or 1060 when collation is CollationC or CollationPosix => Order.Padded,
        1957 or 1959 => Order.Bytes,
        2974 or 2975 => Order.Fixed16,
        1754 or 1756 => Order.Numeric,
        _ => Order.Host,
    };

    /// <summary>Values of this order are compared by what their datums point to.</summary>
    internal static bool HasDatumOrder(Order order) => order is Order.Bytes or Order.Padded or Order.Fixed16 or Order.Numeric;

    /// <summary>Below 0 where the first comes first; of orders for which that can be told from datums.</summary>
    internal static unsafe int Compare(Order order, ulong left, ulong right) => order switch
    {
        Order.Bytes => Varlena.Payload(left).SequenceCompareTo(Varlena.Payload(right)),
        Order.Padded => Varlena.Payload(left).TrimEnd((byte)' ').SequenceCompareTo(Varlena.Payload(right).TrimEnd((byte)' ')),
        Order.Fixed16 => new ReadOnlySpan<byte>((byte*)left, 16).SequenceCompareTo(new ReadOnlySpan<byte>((byte*)right, 16)),
        _ => NumericParts.Compare(NumericParts.Of(left), NumericParts.Of(right)),
    };
}
