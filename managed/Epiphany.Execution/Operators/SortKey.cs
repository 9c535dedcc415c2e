// Execution layer, operators. One column to sort by: what its values begin with as a number, and how two of them compare.

using System;
using System.Buffers.Binary;

namespace Epiphany.Execution;

/// <summary>A column, an ordering operator, and where nulls go.</summary>
sealed unsafe class SortKey
{
    readonly IExecutionHost _host;
    readonly Order _order;
    readonly bool _descending;
    readonly int _comparer;

    internal SortKey(ref ProgramReader reader, ReadOnlySpan<ValueType> types, IExecutionHost host)
    {
        Column = reader.Int();
        uint orderingOperator = reader.Oid();
        uint collation = reader.Oid();
        _descending = reader.Flag();
        NullsFirst = reader.Flag();
        _host = host;
        _order = Orders.Of(orderingOperator, collation);
        if (_order is Order.Host or Order.Numeric)
        {
            _comparer = host.PrepareOrder(orderingOperator, collation);
        }

        Type = types[Column];
    }

    internal int Column { get; }

    internal ValueType Type { get; }

    internal bool NullsFirst { get; }

    /// <summary>Do equal prefixes mean equal values? Of numerics only while they are integers.</summary>
    internal bool IsDecisive(VectorForm form) =>
        _order is Order.Signed or Order.Unsigned32 or Order.Float4 or Order.Float8 || form == VectorForm.Decimal;

    /// <summary>Orders as the values do, as far as it goes; the value is not null.</summary>
    internal ulong Prefix(ulong value, VectorForm form)
    {
        ulong prefix = form == VectorForm.Decimal ? value ^ 1UL << 63 : _order switch
        {
            Order.Signed => value ^ 1UL << 63,
            Order.Unsigned32 => (uint)value,
            Order.Float8 => FloatPrefix(BitConverter.UInt64BitsToDouble(value)),
            Order.Float4 => FloatPrefix(BitConverter.Int32BitsToSingle((int)value)),
            Order.Bytes => BytesPrefix(Varlena.Payload(value)),
            Order.Padded => BytesPrefix(Varlena.Payload(value).TrimEnd((byte)' ')),
            Order.Fixed16 => BinaryPrimitives.ReadUInt64BigEndian(new ReadOnlySpan<byte>((byte*)value, 16)),
            _ => 0,
        };
        return _descending && _order != Order.Host && (form == VectorForm.Decimal || _order != Order.Numeric) ? ~prefix : prefix;
    }

    /// <summary>Below 0 where the first comes first. Neither is null; both are datums, or integers of one scale.</summary>
    internal int Compare(ulong left, ulong right, VectorForm form)
    {
        int result;
        switch (_order)
        {
            case Order.Bytes:
                result = Varlena.Payload(left).SequenceCompareTo(Varlena.Payload(right));
                break;
            case Order.Padded:
                result = Varlena.Payload(left).TrimEnd((byte)' ').SequenceCompareTo(Varlena.Payload(right).TrimEnd((byte)' '));
                break;
            case Order.Fixed16:
                result = new ReadOnlySpan<byte>((byte*)left, 16).SequenceCompareTo(new ReadOnlySpan<byte>((byte*)right, 16));
                break;
            case Order.Host:
            case Order.Numeric when form == VectorForm.Datum:
                // The operator's own direction.
                _host.CompareRows(_comparer, &left, &right, 1, &result);
                return result;
            default:
                // The direction is in the prefixes.
                return Prefix(left, form).CompareTo(Prefix(right, form));
        }

        return _descending ? -result : result;
    }

    /// <summary>NaN is above everything and equal to itself, -0 is 0.</summary>
    static ulong FloatPrefix(double value)
    {
        if (double.IsNaN(value))
        {
            return ulong.MaxValue;
        }

        long bits = BitConverter.DoubleToInt64Bits(value == 0 ? 0 : value);
        return (ulong)(bits < 0 ? ~bits : bits | long.MinValue);
    }

    /// <summary>The first eight bytes; shorter values are filled up with zeros, which may make them equal to others, never misplaces them.</summary>
    static ulong BytesPrefix(ReadOnlySpan<byte> value)
    {
        if (value.Length >= sizeof(ulong))
        {
            return BinaryPrimitives.ReadUInt64BigEndian(value);
        }

        ulong prefix = 0;
        for (int i = 0; i < value.Length; i++)
        {
            prefix |= (ulong)value[i] << (56 - (8 * i));
        }

        return prefix;
    }
}

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

    /// <summary>As integers while they are integers of one scale, else PostgreSQL's.</summary>
    Numeric,
}

/// <summary>Built-in ordering operators, by OID (pg_operator.dat).</summary>
static class Orders
{
    const uint CollationC = 950;
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
}
