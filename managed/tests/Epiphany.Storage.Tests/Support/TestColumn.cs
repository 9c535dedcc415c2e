// Test support. A column's values as a test writes them down, and as PostgreSQL would hand them over.

using System;
using System.Linq;
using System.Runtime.InteropServices;

namespace Epiphany.Storage.Tests;

/// <summary>Lanes or byte strings; null where the row is null.</summary>
sealed unsafe class TestColumn
{
    TestColumn(ColumnShape shape, ulong?[]? lanes, byte[]?[]? strings)
    {
        Shape = shape;
        Lanes = lanes;
        Strings = strings;
    }

    internal ColumnShape Shape { get; }

    internal ulong?[]? Lanes { get; }

    internal byte[]?[]? Strings { get; }

    internal int Rows => Lanes?.Length ?? Strings!.Length;

    internal static TestColumn OfLanes(ColumnKind kind, ulong?[] lanes) => new(new ColumnShape(kind, 0), lanes, null);

    internal static TestColumn OfLongs(ColumnKind kind, long?[] values) =>
        OfLanes(kind, [.. values.Select(value => (ulong?)value)]);

    internal static TestColumn OfDoubles(double?[] values) =>
        OfLanes(ColumnKind.Float64, [.. values.Select(v => v is double d ? BitConverter.DoubleToUInt64Bits(d) : (ulong?)null)]);

    internal static TestColumn OfFloats(float?[] values) =>
        OfLanes(ColumnKind.Float32, [.. values.Select(v => v is float f ? (ulong)BitConverter.SingleToInt32Bits(f) : (ulong?)null)]);

    internal static TestColumn OfStrings(ColumnKind kind, byte[]?[] strings, int fixedLength = 0) =>
        new(new ColumnShape(kind, fixedLength), null, strings);

    internal bool IsNull(int row) => Lanes is null ? Strings![row] is null : Lanes[row] is null;

    /// <summary>A lane, or a numeric as an integer of 10^-places; 0 for null.</summary>
    internal long Integer(int row, int places)
    {
        if (Lanes is not null)
        {
            return (long)(Lanes[row] ?? 0);
        }

        fixed (byte* payload = Strings![row])
        {
            long value = 0;
            return payload == null || Epiphany.Encoding.DecimalEncoder.ToInteger(payload, (uint)Strings[row]!.Length, places, out value) ? value
                : throw new InvalidOperationException("no integer");
        }
    }

    /// <summary>The datum of a row; by-reference ones in memory of the host.</summary>
    internal ulong Datum(int row, IMemory memory)
    {
        if (Lanes is not null)
        {
            // What a null row holds is nobody's business: a writer must not look at it.
            return Lanes[row] ?? 0xDEADBEEFDEADBEEF;
        }

        byte[]? value = Strings![row];
        if (value is null)
        {
            return 0xDEADBEEFDEADBEEF;
        }

        byte* datum;
        switch (Shape.Kind)
        {
            case ColumnKind.VarBytes or ColumnKind.Numeric when value.Length <= 126 && row % 2 == 0:
                datum = memory.Allocate((nuint)value.Length + 1);
                *datum = (byte)(((value.Length + 1) << 1) | 1);
                Marshal.Copy(value, 0, (nint)datum + 1, value.Length);
                return (ulong)datum;
            case ColumnKind.VarBytes or ColumnKind.Numeric:
                datum = memory.Allocate((nuint)value.Length + 4);
                *(uint*)datum = (uint)(value.Length + 4) << 2;
                Marshal.Copy(value, 0, (nint)datum + 4, value.Length);
                return (ulong)datum;
            default:
                datum = memory.Allocate((nuint)value.Length + 1);
                Marshal.Copy(value, 0, (nint)datum, value.Length);
                return (ulong)datum;
        }
    }

    /// <summary>Whether a decoded datum is the row's value, header, alignment and terminator included.</summary>
    internal bool Matches(int row, ulong value, bool isNull)
    {
        if (isNull || IsNull(row))
        {
            return isNull && IsNull(row) && value == 0;
        }

        if (Lanes is not null)
        {
            return Lanes[row] == value;
        }

        byte[] expected = Strings![row]!;
        byte* datum = (byte*)value;
        if (value % 8 != 0)
        {
            return false;
        }

        switch (Shape.Kind)
        {
            case ColumnKind.VarBytes or ColumnKind.Numeric:
                return *(uint*)datum == (uint)(expected.Length + 4) << 2
                    && new ReadOnlySpan<byte>(datum + 4, expected.Length).SequenceEqual(expected);
            case ColumnKind.CString:
                return new ReadOnlySpan<byte>(datum, expected.Length).SequenceEqual(expected) && datum[expected.Length] == 0;
            default:
                return new ReadOnlySpan<byte>(datum, expected.Length).SequenceEqual(expected);
        }
    }
}
