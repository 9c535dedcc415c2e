// Execution layer, operators. One column to sort by: what its values begin with as a number, and how two of them compare.

using System;
using System.Buffers.Binary;

namespace Epiphany.Execution;

/// <summary>As the program has it; <paramref name="Descending"/> says which operator of its type it is.</summary>
readonly record struct OrderPart(int Column, uint Operator, uint Collation, bool Descending, bool NullsFirst)
{
    /// <summary>A list of them.</summary>
    internal static OrderPart[] Read(ref ProgramReader reader)
    {
        var orders = new OrderPart[reader.Count()];
        for (int i = 0; i < orders.Length; i++)
        {
            orders[i] = new OrderPart(reader.Int(), reader.Oid(), reader.Oid(), reader.Flag(), reader.Flag());
        }

        return orders;
    }
}

/// <summary>A column, an ordering operator, and where nulls go.</summary>
sealed unsafe class SortKey
{
    readonly IExecutionHost _host;
    readonly Order _order;
    readonly int _comparer;

    internal SortKey(OrderPart part, ReadOnlySpan<ValueType> types, IExecutionHost host)
    {
        Part = part;
        _host = host;
        _order = Orders.Of(part.Operator, part.Collation);
        if (_order == Order.Host)
        {
            _comparer = host.PrepareOrder(part.Operator, part.Collation);
        }

        Type = types[Column];
    }

    internal OrderPart Part { get; }

    internal int Column => Part.Column;

    internal ValueType Type { get; }

    internal bool NullsFirst => Part.NullsFirst;

    /// <summary>As distances are sorted, the nearest first and nulls last.</summary>
    internal bool IsAscendingFloat8 => _order == Order.Float8 && !Descending && !NullsFirst;

    internal bool IsInteger => _order == Order.Signed;

    internal bool Descending => Part.Descending;

    /// <summary>Do equal prefixes mean equal values? Of numerics only while they are integers.</summary>
    internal bool IsDecisive(VectorForm form) =>
        _order is Order.Signed or Order.Unsigned32 or Order.Float4 or Order.Float8 || form == VectorForm.Decimal;

    /// <summary>Can values be told apart by what follows their prefix, eight bytes at a time?</summary>
    internal bool IsLong => _order is Order.Bytes or Order.Padded;

    /// <summary>As <see cref="Prefix"/>, of what comes after so many bytes, of values that are equal up to there.</summary>
    internal ulong PrefixAfter(ulong value, int bytes, out int length)
    {
        ReadOnlySpan<byte> payload = Varlena.Payload(value);
        payload = _order == Order.Padded ? payload.TrimEnd((byte)' ') : payload;
        length = payload.Length;
        ulong prefix = BytesPrefix(payload[Math.Min(bytes, length)..]);
        return Descending ? ~prefix : prefix;
    }

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
        return Descending && _order != Order.Host && (form == VectorForm.Decimal || _order != Order.Numeric) ? ~prefix : prefix;
    }

    /// <summary>Below 0 where the first comes first. Neither is null; both are datums, or integers of one scale.</summary>
    internal int Compare(ulong left, ulong right, VectorForm form)
    {
        int result;
        if (_order == Order.Host)
        {
            // The operator's own direction.
            _host.CompareRows(_comparer, &left, &right, 1, &result);
            return result;
        }

        if (form == VectorForm.Decimal || !Orders.HasDatumOrder(_order))
        {
            // The direction is in the prefixes.
            return Prefix(left, form).CompareTo(Prefix(right, form));
        }

        result = Orders.Compare(_order, left, right);
        return Descending ? -result : result;
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
