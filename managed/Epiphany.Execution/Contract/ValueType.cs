// Execution layer, contract. A column's SQL type as far as execution looks at it.

namespace Epiphany.Execution;

/// <summary><paramref name="Length"/> is typlen: -1 a varlena, -2 a C string.</summary>
readonly record struct ValueType(uint Oid, int TypeMod, uint Collation, short Length, bool ByValue)
{
    public bool IsVarlena => Length == -1;

    public bool IsNumeric => Oid == TypeOid.Numeric;
}

/// <summary>The type modifier of NUMERIC(precision, scale): above a varlena's header, precision in 16 bits, scale in the lower 11, signed.</summary>
static class NumericTypeMod
{
    const int HeaderBytes = 4;

    internal static bool IsGiven(int typeMod) => typeMod >= HeaderBytes;

    internal static int Precision(int typeMod) => (typeMod - HeaderBytes) >> 16;

    internal static int Scale(int typeMod) => (((typeMod - HeaderBytes) & 0x7FF) ^ 0x400) - 0x400;
}

/// <summary>OIDs of built-in types (pg_type.dat); fixed for all servers.</summary>
static class TypeOid
{
    public const uint Bool = 16;
    public const uint Bytea = 17;
    public const uint Char = 18;
    public const uint Name = 19;
    public const uint Int8 = 20;
    public const uint Int2 = 21;
    public const uint Int4 = 23;
    public const uint Text = 25;
    public const uint Oid = 26;
    public const uint Float4 = 700;
    public const uint Float8 = 701;
    public const uint BpChar = 1042;
    public const uint Varchar = 1043;
    public const uint Date = 1082;
    public const uint Time = 1083;
    public const uint Timestamp = 1114;
    public const uint TimestampTz = 1184;
    public const uint Interval = 1186;
    public const uint Numeric = 1700;
    public const uint Uuid = 2950;
    public const uint Internal = 2281;
}
