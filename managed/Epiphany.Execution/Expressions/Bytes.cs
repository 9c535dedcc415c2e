// Execution layer, expressions. By-reference types that compare as strings of bytes.

using System;

namespace Epiphany.Execution;

/// <summary>The bytes that a datum compares by.</summary>
unsafe interface IBytes
{
    static abstract ReadOnlySpan<byte> Of(ulong datum);
}

/// <summary>text, varchar, bytea.</summary>
readonly struct VarlenaBytes : IBytes
{
    public static ReadOnlySpan<byte> Of(ulong datum) => Varlena.Payload(datum);
}

/// <summary>char(n): trailing blanks do not count.</summary>
readonly struct BlankPaddedBytes : IBytes
{
    public static ReadOnlySpan<byte> Of(ulong datum) => Varlena.Payload(datum).TrimEnd((byte)' ');
}

readonly unsafe struct UuidBytes : IBytes
{
    const int Length = 16;

    public static ReadOnlySpan<byte> Of(ulong datum) => new((byte*)datum, Length);
}

/// <summary>A comparison of bytes; null rows are not looked at.</summary>
sealed unsafe class BytesComparison<TBytes>(ValueType type, Relation relation, Expression left, Expression right, IExecutionHost host)
    : Kernel(type, left, right)
    where TBytes : struct, IBytes
{
    readonly Output _output = new(host);
    readonly bool _isEquality = relation is Relation.Equal or Relation.NotEqual;

    /// <summary>A bit for each sign of a comparison: smaller, equal, greater.</summary>
    readonly uint _answers = relation switch
    {
        Relation.Equal => 0b010,
        Relation.NotEqual => 0b101,
        Relation.Less => 0b001,
        Relation.LessOrEqual => 0b011,
        Relation.Greater => 0b100,
        _ => 0b110,
    };

    public override bool IsTotal => AreArgumentsTotal;

    public override void Ask() => AskArguments();

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector a = Arguments[0].Evaluate(batch, rows);
        Vector b = Arguments[1].Evaluate(batch, rows);
        Vector result = _output.Strict(a, b, rows);
        ReadOnlySpan<byte> constant = b.IsConstant && rows.Count > 0 && !b.IsNull(0) ? TBytes.Of(b.Values[0]) : default;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            result.Values[row] = result.IsNull(row) ? 0 : One(TBytes.Of(a.Values[row]), b.IsConstant ? constant : TBytes.Of(b.Values[row]));
        }

        return result;
    }

    ulong One(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        int order = _isEquality ? (left.SequenceEqual(right) ? 0 : 1) : Math.Sign(left.SequenceCompareTo(right));
        return (_answers >> (order + 1)) & 1;
    }
}
