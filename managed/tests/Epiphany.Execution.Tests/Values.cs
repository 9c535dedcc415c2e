// SQL values as tests like to write them: datums to and from .NET's values.

using System;
using System.Linq;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Epiphany.Execution.Tests;

internal static unsafe class Values
{
    public static ulong Of(long value) => (ulong)value;

    public static ulong Of(double value) => BitConverter.DoubleToUInt64Bits(value);

    public static ulong Of(float value) => (ulong)(long)BitConverter.SingleToInt32Bits(value);

    /// <summary>A varlena with a header of 4 bytes, or of 1. Lives until the process ends.</summary>
    public static ulong Of(string value, bool isShort = false) => Of(System.Text.Encoding.UTF8.GetBytes(value), isShort);

    public static ulong Of(byte[] value, bool isShort = false)
    {
        int header = isShort ? 1 : 4;
        byte* datum = (byte*)NativeMemory.Alloc((nuint)(value.Length + header));
        if (isShort)
        {
            *datum = (byte)(((value.Length + 1) << 1) | 1);
        }
        else
        {
            *(uint*)datum = (uint)(value.Length + 4) << 2;
        }

        value.CopyTo(new Span<byte>(datum + header, value.Length));
        return (ulong)datum;
    }

    /// <summary>A value of fixed length that is passed by reference.</summary>
    public static ulong Bytes(byte[] value)
    {
        byte* datum = (byte*)NativeMemory.Alloc((nuint)value.Length);
        value.CopyTo(new Span<byte>(datum, value.Length));
        return (ulong)datum;
    }

    public static byte[] ReadBytes(ulong datum, int length) => new ReadOnlySpan<byte>((byte*)datum, length).ToArray();

    /// <summary>A bool, a string for what text shows, else the datum.</summary>
    public static object Read(ValueType type, ulong datum) => type.Oid switch
    {
        TypeOid.Bool => datum switch { 0 => false, 1 => true, _ => $"not a bool: {datum}" },
        TypeOid.Text or TypeOid.Varchar or TypeOid.BpChar => Text(datum),
        TypeOid.Bytea => Convert.ToHexString(Varlena.Payload(datum)),
        TypeOid.Numeric => Numeric(datum),
        _ => datum,
    };

    public static string Text(ulong datum) => System.Text.Encoding.UTF8.GetString(Varlena.Payload(datum));

    public static string Show(ulong?[] row) => string.Join(", ", row.Select(v => v == null ? "null" : ((long)v).ToString(provider: null)));

    /// <summary>As numeric_out writes it: with as many decimal places as its display scale.</summary>
    public static string Numeric(ulong datum)
    {
        ReadOnlySpan<byte> payload = Varlena.Payload(datum);
        ushort header = BitConverter.ToUInt16(payload);
        if (header >= 0xC000)
        {
            return header switch { 0xC000 => "NaN", 0xD000 => "Infinity", _ => "-Infinity" };
        }

        bool isShort = (header & 0x8000) != 0;
        bool isNegative = (header & (isShort ? 0x2000 : 0x4000)) != 0;
        int scale = isShort ? (header >> 7) & 0x3F : header & 0x3FFF;
        int weight = isShort ? ((header & 0x7F) ^ 0x40) - 0x40 : BitConverter.ToInt16(payload[2..]);
        ReadOnlySpan<byte> digits = payload[(isShort ? 2 : 4)..];
        int lowest = weight - (digits.Length / 2) + 1;
        BigInteger value = 0;
        for (int i = 0; i < digits.Length / 2; i++)
        {
            value = (value * 10000) + BitConverter.ToUInt16(digits[(2 * i)..]);
        }

        // value * 10000^lowest, to an integer of 10^-scale.
        int shift = (4 * lowest) + scale;
        value = digits.Length == 0 ? 0 : shift >= 0 ? value * BigInteger.Pow(10, shift) : value / BigInteger.Pow(10, -shift);
        return Decimal(isNegative ? -value : value, scale);
    }

    /// <summary>As <see cref="Numeric"/> shows value / 10^scale.</summary>
    public static string Decimal(BigInteger value, int scale)
    {
        string text = BigInteger.Abs(value).ToString(provider: null).PadLeft(scale + 1, '0');
        return (value.Sign < 0 ? "-" : "") + (scale == 0 ? text : $"{text[..^scale]}.{text[^scale..]}");
    }

    /// <summary>A datum of value / 10^scale.</summary>
    public static ulong NumericOf(long value, int scale)
    {
        byte* datum = (byte*)NativeMemory.AllocZeroed(NumericDatums.MaxBytes);
        NumericDatums.Write(value, scale, datum);
        return (ulong)datum;
    }

    /// <summary>Edge values between random ones, some of them null.</summary>
    public static ulong?[] Mix(Random random, int count, double nulls, Func<Random, ulong> any, params ulong[] edges) =>
        [.. Enumerable.Range(0, count).Select(_ => random.NextDouble() < nulls ? (ulong?)null
            : edges.Length > 0 && random.Next(3) == 0 ? edges[random.Next(edges.Length)] : any(random))];
}
