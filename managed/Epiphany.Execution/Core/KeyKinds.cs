// Execution layer, core. How values of a key are equal: which equality functions the engine knows. OIDs are those of pg_proc.dat.

namespace Epiphany.Execution;

/// <summary>What equality looks at.</summary>
enum KeyKind
{
    /// <summary>PostgreSQL's hash and equality functions.</summary>
    Host,

    /// <summary>The datum itself, sign-extended: integers of any width, bool, dates and times.</summary>
    Datum,

    /// <summary>The datum's low bytes, as many as the type has: OIDs and the like, which come with either extension.</summary>
    Narrow,
    Float4,
    Float8,

    /// <summary>The bytes of a varlena.</summary>
    Bytes,

    /// <summary>Likewise, without blanks at the end.</summary>
    Padded,

    /// <summary>The bytes up to a zero byte.</summary>
    Name,

    /// <summary>16 bytes.</summary>
    Fixed16,

    /// <summary>Numeric value; display scales do not count.</summary>
    Numeric,
}

static class KeyKinds
{
    /// <summary>Collations below are made by initdb, which makes none that is not deterministic.</summary>
    const uint FirstUserOid = 16384;

    /// <summary>
    /// Of one side of a key. Functions of two types have one kind for each side; lanes of both sides compare. Host: the sides have to be
    /// of the same type.
    /// </summary>
    internal static KeyKind Of(uint equality, uint collation, uint type) => equality switch
    {
        // bool, int2, int4, int8 and all pairs of these, date, time, timestamp, timestamptz, money, pg_lsn, xid8
        60 or 63 or 65 or 467 or 158 or 159 or 474 or 852 or 1850 or 1856 or 1086 or 1145 or 2052 or 1152 or 888 or 3233 or 5084 => KeyKind.Datum,
        // "char", oid, xid, cid
        61 or 184 or 68 or 69 => KeyKind.Narrow,
        287 or 293 or 299 or 305 => type == TypeOid.Float4 ? KeyKind.Float4 : KeyKind.Float8,
        67 when collation < FirstUserOid => KeyKind.Bytes,
        62 or 240 or 247 when collation < FirstUserOid => type == TypeOid.Name ? KeyKind.Name : KeyKind.Bytes,
        1048 when collation < FirstUserOid => KeyKind.Padded,
        1948 => KeyKind.Bytes,
        2956 => KeyKind.Fixed16,
        1718 => KeyKind.Numeric,
        _ => KeyKind.Host,
    };

    /// <summary>The equality function of a type's default operator class; 0: not known here.</summary>
    internal static uint Equality(uint type) => type switch
    {
        TypeOid.Bool => 60,
        TypeOid.Char => 61,
        TypeOid.Int2 => 63,
        TypeOid.Int4 => 65,
        TypeOid.Int8 => 467,
        TypeOid.Oid => 184,
        TypeOid.Date => 1086,
        TypeOid.Time => 1145,
        TypeOid.Timestamp => 2052,
        TypeOid.TimestampTz => 1152,
        TypeOid.Float4 => 287,
        TypeOid.Float8 => 293,
        TypeOid.Text or TypeOid.Varchar => 67,
        TypeOid.BpChar => 1048,
        TypeOid.Name => 62,
        TypeOid.Bytea => 1948,
        TypeOid.Uuid => 2956,
        TypeOid.Numeric => 1718,
        _ => 0,
    };
}
