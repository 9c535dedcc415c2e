// Execution layer, operators. A row group by what its footer says of whole columns. Footers are checked when a group is opened; nothing else of
// it is read here. What would not be exactly a value of PostgreSQL's, display scale and sign of zero included, is not known.

using System;
using Epiphany.Encoding;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>What is known of a column's values that are not null, of all rows of a group. Numbers are lanes of a vector in this form.</summary>
unsafe struct ColumnFacts
{
    internal long Values;
    internal VectorForm Form;
    internal int Scale;

    /// <summary>No value is less or greater, and some are equal to these, but may look different ...</summary>
    internal bool HasBounds;

    /// <summary>... unless the very bound is in some row.</summary>
    internal bool IsLeastExact;
    internal bool IsGreatestExact;
    internal ulong Least;
    internal ulong Greatest;
    internal bool HasSum;
    internal Int128 Sum;

    /// <summary>Shows lanes that lie within the bounds.</summary>
    internal readonly void Show(Vector vector, ulong* lanes)
    {
        vector.SetDatums(lanes, null);
        if (Form == VectorForm.Decimal)
        {
            vector.Form = Form;
            vector.Scale = Scale;
            vector.Bound = ulong.Max(Kernels.Lanes.Magnitude((long)Least), Kernels.Lanes.Magnitude((long)Greatest));
        }
    }
}

/// <summary>The group that a scan has come to. Values behind pointers are good until the next group.</summary>
sealed unsafe class GroupFacts(int scan, ValueType[] types, IExecutionHost host)
{
    const int HeaderBytes = sizeof(uint);
    const int Room = 64;

    /// <summary>Room for a least and a greatest string of each column, where there is one.</summary>
    readonly byte*[] _strings = new byte*[types.Length];
    ScanUnit _unit;

    internal int Rows => _unit.Rows;

    /// <summary>Rows that the snapshot sees.</summary>
    internal int Seen { get; private set; }

    internal void Enter(in ScanUnit unit)
    {
        _unit = unit;
        Seen = unit.Rows;
        for (int word = 0; unit.Gone != null && word < (unit.Rows + 63) / 64; word++)
        {
            Seen -= System.Numerics.BitOperations.PopCount(unit.Gone[word]);
        }
    }

    /// <summary>Of a column of the table, that it has still.</summary>
    internal ColumnFacts Of(int column)
    {
        if (column >= _unit.Columns)
        {
            return Missing(column);
        }

        ChunkInfo chunk = _unit.Reader!.CheckedChunk(column);
        var facts = new ColumnFacts { Values = _unit.Rows - chunk.Nulls };
        bool hasLanes = chunk.MinLength == sizeof(ulong) && chunk.MaxLength == sizeof(ulong);
        switch (chunk.Kind)
        {
            case ColumnKind.Numeric when types[column].IsNumeric:
                FindNumeric(chunk, types[column].TypeMod, ref facts);
                break;
            case ColumnKind.Float32 or ColumnKind.Float64 when hasLanes:
                facts.HasBounds = true;
                facts.IsLeastExact = IsExact(*(double*)chunk.Min, chunk.Kind, out facts.Least);
                facts.IsGreatestExact = IsExact(*(double*)chunk.Max, chunk.Kind, out facts.Greatest);
                break;
            case >= ColumnKind.Bool and <= ColumnKind.Int64:
                facts.HasBounds = facts.IsLeastExact = facts.IsGreatestExact = hasLanes;
                facts.Least = hasLanes ? *(ulong*)chunk.Min : 0;
                facts.Greatest = hasLanes ? *(ulong*)chunk.Max : 0;
                facts.HasSum = chunk.HasSum;
                facts.Sum = chunk.Sum;
                break;
            case ColumnKind.VarBytes when chunk.Min != null && !types[column].IsNumeric:
                facts.IsLeastExact = !chunk.MinTruncated;
                facts.IsGreatestExact = !chunk.MaxTruncated;
                facts.HasBounds = facts.IsLeastExact && facts.IsGreatestExact;
                byte* room = _strings[column] = _strings[column] == null ? host.Memory.Allocate(2 * Room) : _strings[column];
                facts.Least = String(chunk.Min, chunk.MinLength, room);
                facts.Greatest = String(chunk.Max, chunk.MaxLength, room + Room);
                break;
        }

        return facts;
    }

    /// <summary>All rows have the value that the column was added with.</summary>
    ColumnFacts Missing(int column)
    {
        if (!host.ScanMissing(scan, column, out ulong value))
        {
            return default;
        }

        bool isInteger = types[column].Oid is TypeOid.Int2 or TypeOid.Int4 or TypeOid.Int8;
        return new ColumnFacts
        {
            Values = _unit.Rows,
            HasBounds = true,
            IsLeastExact = true,
            IsGreatestExact = true,
            Least = value,
            Greatest = value,
            HasSum = isInteger,
            Sum = isInteger ? (Int128)(long)value * _unit.Rows : 0,
        };
    }

    /// <summary>
    /// Footers have the places that values need, not those that are displayed: these are of the type, or not known. Sums and exact bounds are at the
    /// display scale.
    /// </summary>
    static void FindNumeric(in ChunkInfo chunk, int typeMod, ref ColumnFacts facts)
    {
        facts.Form = VectorForm.Decimal;
        facts.Scale = chunk.ZoneScale;
        facts.HasBounds = chunk.Min != null;
        facts.Least = facts.HasBounds ? *(ulong*)chunk.Min : 0;
        facts.Greatest = facts.HasBounds ? *(ulong*)chunk.Max : 0;
        int scale = Math.Max(0, NumericTypeMod.Scale(typeMod));
        int more = scale - chunk.ZoneScale;
        if (!NumericTypeMod.IsGiven(typeMod) || scale > NumericDatums.MaxScale || more is < 0 or > PowersOfTen.Max)
        {
            return;
        }

        Int128 power = (Int128)PowersOfTen.Of(more);
        if (!Fits((long)facts.Least, long.MaxValue / power) || !Fits((long)facts.Greatest, long.MaxValue / power))
        {
            return;
        }

        facts.Scale = scale;
        facts.Least *= (ulong)power;
        facts.Greatest *= (ulong)power;
        facts.IsLeastExact = facts.IsGreatestExact = facts.HasBounds;
        facts.HasSum = chunk.HasSum && Fits(chunk.Sum, Int128.MaxValue / power);
        facts.Sum = facts.HasSum ? chunk.Sum * power : 0;
    }

    static bool Fits(Int128 value, Int128 most) => value >= -most && value <= most;

    /// <summary>Zero has two signs, and NaN many forms, which footers do not tell apart.</summary>
    static bool IsExact(double value, ColumnKind kind, out ulong lane)
    {
        lane = kind == ColumnKind.Float32 ? (ulong)BitConverter.SingleToInt32Bits((float)value) : BitConverter.DoubleToUInt64Bits(value);
        return value != 0 && !double.IsNaN(value);
    }

    static ulong String(byte* bytes, int length, byte* room)
    {
        *(uint*)room = (uint)(HeaderBytes + length) << 2;
        new ReadOnlySpan<byte>(bytes, length).CopyTo(new Span<byte>(room + HeaderBytes, length));
        return (ulong)room;
    }
}
