// Execution layer, core. NUMERIC's datums taken apart; NumericDatums has the layout, and the way back.

using System;
using System.Runtime.InteropServices;

namespace Epiphany.Execution;

/// <summary>What a numeric datum consists of; digits without zeros first or last.</summary>
readonly ref struct NumericParts
{
    const ushort Short = 0x8000;
    const ushort ShortSign = 0x2000;
    const ushort Special = 0xC000;
    const ushort LongSign = 0x4000;
    const ushort LongScale = 0x3FFF;

    NumericParts(ReadOnlySpan<ushort> digits, int weight, uint sign, int scale)
    {
        Digits = digits;
        Weight = digits.IsEmpty ? 0 : weight;
        Sign = digits.IsEmpty && sign <= LongSign ? 0 : sign;
        Scale = scale;
    }

    public ReadOnlySpan<ushort> Digits { get; }

    /// <summary>The first digit counts 10,000 to the power of it.</summary>
    public int Weight { get; }

    /// <summary>0, 0x4000 (negative), 0xC000 (NaN), 0xD000 (infinity), 0xF000 (its negative).</summary>
    public uint Sign { get; }

    /// <summary>The display scale.</summary>
    public int Scale { get; }

    public bool IsSpecial => Sign >= Special;

    public bool IsNegative => Sign == LongSign;

    public static unsafe NumericParts Of(ulong datum)
    {
        ReadOnlySpan<byte> payload = Varlena.Payload(datum);
        ushort header = MemoryMarshal.Read<ushort>(payload);
        if ((header & Special) == Special)
        {
            return new NumericParts([], 0, header & 0xF000U, 0);
        }

        if ((header & Short) != 0)
        {
            ReadOnlySpan<ushort> digits = Trim(MemoryMarshal.Cast<byte, ushort>(payload[2..]), (header << 25) >> 25, out int weight);
            return new NumericParts(digits, weight, (header & ShortSign) != 0 ? LongSign : 0U, (header & ~(Short | ShortSign)) >> 7);
        }

        ReadOnlySpan<ushort> all = Trim(MemoryMarshal.Cast<byte, ushort>(payload[4..]), MemoryMarshal.Read<short>(payload[2..]), out int longWeight);
        return new NumericParts(all, longWeight, header & (uint)LongSign, header & LongScale);
    }

    /// <summary>cmp_numerics: -infinity, numbers, infinity, NaN.</summary>
    public static int Compare(NumericParts left, NumericParts right)
    {
        int leftClass = Class(left);
        int rightClass = Class(right);
        if (leftClass != rightClass || left.IsSpecial)
        {
            return leftClass.CompareTo(rightClass);
        }

        int magnitudes = left.Weight != right.Weight ? left.Weight.CompareTo(right.Weight) : left.Digits.SequenceCompareTo(right.Digits);
        return left.IsNegative ? -magnitudes : magnitudes;
    }

    static int Class(NumericParts parts) => parts.Sign switch
    {
        0xC000 => 3,
        0xD000 => 2,
        0xF000 => -2,
        _ => parts.Digits.IsEmpty ? 0 : parts.IsNegative ? -1 : 1,
    };

    /// <summary>PostgreSQL takes such zeros away itself; equality does not rely on it.</summary>
    static ReadOnlySpan<ushort> Trim(ReadOnlySpan<ushort> digits, int weight, out int trimmed)
    {
        while (!digits.IsEmpty && digits[0] == 0)
        {
            digits = digits[1..];
            weight--;
        }

        trimmed = weight;
        return digits.TrimEnd((ushort)0);
    }
}
