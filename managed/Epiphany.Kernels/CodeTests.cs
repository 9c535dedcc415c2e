// Kernels layer. What packed numbers can be asked: do they lie in a range, are they in a set. One number at a time, or a register of eight.

using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Epiphany.Kernels;

internal interface ICodeTest
{
    bool Holds(ulong code);

    /// <summary>A bit for each lane.</summary>
    uint Holds(Vector256<uint> codes);
}

/// <summary>The numbers low to low + span.</summary>
internal readonly struct CodeRange(ulong low, ulong span) : ICodeTest
{
    // Numbers below the least one wrap to the top, above any span. Unsigned comparisons are signed ones with the top bit turned.
    readonly Vector256<uint> _least = Vector256.Create((uint)low - 0x80000000);
    readonly Vector256<int> _most = Vector256.Create((int)((uint)span ^ 0x80000000));

    public bool Holds(ulong code) => code - low <= span;

    public uint Holds(Vector256<uint> codes) =>
        Vector256.LessThanOrEqual((codes - _least).AsInt32(), _most).ExtractMostSignificantBits();
}

/// <summary>A bit for each number of a width; 256 of them are a register of eight words.</summary>
internal readonly unsafe struct CodeSet : ICodeTest
{
    internal const int MaxWidth256 = 8;

    readonly ulong* _set;
    readonly Vector256<uint> _words;

    internal CodeSet(ulong* set, int width)
    {
        _set = set;
        _words = width switch
        {
            <= 6 => Vector256.Create(*set, 0, 0, 0).AsUInt32(),
            7 => Vector256.Create(set[0], set[1], 0, 0).AsUInt32(),
            _ => Vector256.Load(set).AsUInt32(),
        };
    }

    public bool Holds(ulong code) => ((_set[code / 64] >> (int)(code % 64)) & 1) != 0;

    public uint Holds(Vector256<uint> codes)
    {
        Vector256<uint> words = Avx2.PermuteVar8x32(_words, codes >>> 5);
        return Avx2.ShiftLeftLogicalVariable(words, Vector256.Create(31U) - (codes & Vector256.Create(31U))).ExtractMostSignificantBits();
    }
}
