// Tiering layer, format. Logical types, and the converted types that came before them, both ways.

namespace Epiphany.Tiering;

static class LogicalTypes
{
    internal const int ConvertedList = 3;

    /// <summary>A file's LogicalType: a union, of which one field is there.</summary>
    internal static ColumnType Read(ref CompactReader reader, out bool isList)
    {
        ColumnType result = default;
        isList = false;
        int id = 0;
        while (reader.Field(ref id, out ThriftType type))
        {
            CompactReader.Expect(type, ThriftType.Struct);
            isList |= id == 3;
            result = new ColumnType(default, id switch
            {
                1 => Annotation.String,
                4 => Annotation.Enum,
                5 => Annotation.Decimal,
                6 => Annotation.Date,
                7 => Annotation.Time,
                8 => Annotation.Timestamp,
                10 => Annotation.Integer,
                12 => Annotation.Json,
                13 => Annotation.Bson,
                14 => Annotation.Uuid,
                15 => Annotation.Float16,
                11 => Annotation.None,
                _ => Annotation.Other,
            });
            switch (id)
            {
                case 5:
                    ReadDecimal(ref reader, ref result);
                    break;
                case 7:
                case 8:
                    ReadTime(ref reader, ref result);
                    break;
                case 10:
                    ReadInteger(ref reader, ref result);
                    break;
                default:
                    reader.SkipStruct();
                    break;
            }
        }

        return result;
    }

    static void ReadDecimal(ref CompactReader reader, ref ColumnType result)
    {
        int id = 0;
        while (reader.Field(ref id, out ThriftType type))
        {
            switch (id)
            {
                case 1:
                    result = result with { Scale = reader.Int32(type) };
                    break;
                case 2:
                    result = result with { Precision = reader.Int32(type) };
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }
    }

    static void ReadTime(ref CompactReader reader, ref ColumnType result)
    {
        int id = 0;
        while (reader.Field(ref id, out ThriftType type))
        {
            switch (id)
            {
                case 1:
                    result = result with { Utc = CompactReader.Bool(type) };
                    break;
                case 2:
                    CompactReader.Expect(type, ThriftType.Struct);
                    int unit = 0;
                    while (reader.Field(ref unit, out ThriftType member))
                    {
                        result = result with { Unit = (TimeUnit)int.Clamp(unit - 1, 0, 2) };
                        reader.Skip(member);
                    }

                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }
    }

    static void ReadInteger(ref CompactReader reader, ref ColumnType result)
    {
        int id = 0;
        while (reader.Field(ref id, out ThriftType type))
        {
            switch (id)
            {
                case 1:
                    // One byte, as it is.
                    CompactReader.Expect(type, ThriftType.Byte);
                    result = result with { Bits = reader.Byte() };
                    break;
                case 2:
                    result = result with { Unsigned = !CompactReader.Bool(type) };
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }
    }

    internal static ColumnType Converted(int converted, int precision, int scale) => converted switch
    {
        0 => new ColumnType(default, Annotation.String),
        4 => new ColumnType(default, Annotation.Enum),
        5 => new ColumnType(default, Annotation.Decimal, Precision: precision, Scale: scale),
        6 => new ColumnType(default, Annotation.Date),
        7 => new ColumnType(default, Annotation.Time, Unit: TimeUnit.Milliseconds, Utc: true),
        8 => new ColumnType(default, Annotation.Time, Utc: true),
        9 => new ColumnType(default, Annotation.Timestamp, Unit: TimeUnit.Milliseconds, Utc: true),
        10 => new ColumnType(default, Annotation.Timestamp, Utc: true),
        >= 11 and <= 14 => new ColumnType(default, Annotation.Integer, Bits: 8 << (converted - 11), Unsigned: true),
        >= 15 and <= 18 => new ColumnType(default, Annotation.Integer, Bits: 8 << (converted - 15)),
        19 => new ColumnType(default, Annotation.Json),
        20 => new ColumnType(default, Annotation.Bson),
        21 => new ColumnType(default, Annotation.Interval),
        _ => default,
    };

    /// <summary>An annotation that its physical type cannot have is damage: what came of it would be wrong values.</summary>
    internal static ColumnType Fitting(in ColumnType type)
    {
        bool fits = type.Annotation switch
        {
            Annotation.String or Annotation.Enum or Annotation.Json or Annotation.Bson => type.Physical == PhysicalType.ByteArray,
            Annotation.Uuid => type is { Physical: PhysicalType.FixedBytes, Length: 16 },
            Annotation.Interval => type is { Physical: PhysicalType.FixedBytes, Length: 12 },
            Annotation.Float16 => type is { Physical: PhysicalType.FixedBytes, Length: 2 },
            Annotation.Date => type.Physical == PhysicalType.Int32,
            Annotation.Time => type.Physical == (type.Unit == TimeUnit.Milliseconds ? PhysicalType.Int32 : PhysicalType.Int64),
            Annotation.Timestamp => type.Physical == PhysicalType.Int64,
            Annotation.Integer => type.Physical is PhysicalType.Int32 or PhysicalType.Int64 && type.Bits is 8 or 16 or 32 or 64 &&
                (type.Bits == 64) == (type.Physical == PhysicalType.Int64),
            Annotation.Decimal => type.Physical is PhysicalType.Int32 or PhysicalType.Int64 or PhysicalType.ByteArray or
                PhysicalType.FixedBytes && type.Precision is > 0 and <= 1000 && type.Scale >= 0 && type.Scale <= type.Precision,
            _ => true,
        };
        if (!fits)
        {
            Throw.Bad($"its schema has {type.Annotation} values as {type.Physical}");
        }

        return type;
    }

    /// <summary>Both, where there are both; older readers know converted types alone.</summary>
    internal static void Write(CompactWriter writer, in ColumnType type)
    {
        int converted = type.Annotation switch
        {
            Annotation.String => 0,
            Annotation.Enum => 4,
            Annotation.Decimal => 5,
            Annotation.Date => 6,
            Annotation.Time when type.Utc => type.Unit == TimeUnit.Milliseconds ? 7 : 8,
            Annotation.Timestamp when type.Utc => type.Unit == TimeUnit.Milliseconds ? 9 : 10,
            Annotation.Integer => (type.Unsigned ? 11 : 15) + System.Numerics.BitOperations.Log2((uint)type.Bits / 8),
            Annotation.Json => 19,
            _ => -1,
        };
        if (converted >= 0)
        {
            writer.Int32(6, converted);
        }

        if (type.Annotation == Annotation.Decimal)
        {
            writer.Int32(7, type.Scale);
            writer.Int32(8, type.Precision);
        }

        if (type.Annotation == Annotation.None)
        {
            return;
        }

        writer.Struct(10);
        switch (type.Annotation)
        {
            case Annotation.Decimal:
                writer.Struct(5);
                writer.Int32(1, type.Scale);
                writer.Int32(2, type.Precision);
                writer.End();
                break;
            case Annotation.Time:
            case Annotation.Timestamp:
                writer.Struct(type.Annotation == Annotation.Time ? (short)7 : (short)8);
                writer.Bool(1, type.Utc);
                writer.Struct(2);
                writer.Empty((short)(1 + (int)type.Unit));
                writer.End();
                writer.End();
                break;
            case Annotation.Integer:
                writer.Struct(10);
                writer.Int8(1, type.Bits);
                writer.Bool(2, !type.Unsigned);
                writer.End();
                break;
            default:
                writer.Empty(type.Annotation switch
                {
                    Annotation.String => 1,
                    Annotation.Enum => 4,
                    Annotation.Date => 6,
                    Annotation.Json => 12,
                    Annotation.Uuid => 14,
                    _ => 15,
                });
                break;
        }

        writer.End();
    }
}
