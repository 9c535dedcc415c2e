// Vector layer, inverted lists. What an index keeps of a vector, and where in a record and in a block it lies; on disk (README.md). The
// structs are the boundary's, field by field (native/abi/pge_abi.def).

using System.Runtime.InteropServices;
using Epiphany.Vector.Codes;

namespace Epiphany.Vector.Ivf;

/// <summary>What an index is like. The upper fields are given, the lower ones <see cref="IvfLayout.Complete"/> computes.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IvfShape
{
    public int Dimensions;
    public Metric Metric;
    public int Bits;
    public int Lists;

    /// <summary>Columns to filter by, 8 bytes each.</summary>
    public int Attributes;
    public int Reserved;
    public ulong Seed;

    public int Padded;

    /// <summary>A vector by itself, as inserts leave it and builds sort it.</summary>
    public int RecordBytes;

    /// <summary>Where in a record its one-bit factors begin; the extended part (factors and code) follows them.</summary>
    public int RecordFactors;
    public int ExtendedBytes;

    /// <summary>32 vectors: what all but their extended parts take, and where their row addresses and those of the parts begin.</summary>
    public int BlockBytes;
    public int BlockTids;
    public int BlockParts;
    public int BlockCodes;
    public int BlockFactors;
    public int BlockAttributes;

    /// <summary>Of <see cref="IvfRecords"/>, and what a query takes.</summary>
    public int ScratchBytes;
    public int QueryBytes;
}

/// <summary>A record's head; attributes, factors and the code follow.</summary>
[StructLayout(LayoutKind.Sequential, Size = Bytes)]
public unsafe struct IvfRecord
{
    public const int Bytes = 8;
    public const int Live = 6;
    public const int Nulls = 7;
    public const int Attributes = 8;
}

public static unsafe class IvfLayout
{
    public const int MaxAttributes = 8;
    internal const int TidBytes = 6;
    internal const int FactorBytes = 12;

    /// <summary>Of a block: a bit for each vector that is there, and for each attribute the bits of its NULLs.</summary>
    private const int BlockHead = sizeof(uint);

    public static bool HasExtended(in IvfShape shape) => shape.Bits > 1;

    public static void Complete(ref IvfShape shape)
    {
        const int Vectors = CodeLayout.BlockVectors;
        shape.Padded = Rotation.Padded(shape.Dimensions);
        shape.RecordFactors = IvfRecord.Attributes + (8 * shape.Attributes);
        int code = CodeLayout.CodeBytes(shape.Padded, shape.Bits);
        shape.ExtendedBytes = HasExtended(shape) ? FactorBytes + code : 0;
        int record = shape.RecordFactors + FactorBytes + (HasExtended(shape) ? shape.ExtendedBytes : code);
        shape.RecordBytes = (record + 7) & ~7;
        int at = (BlockHead + (sizeof(uint) * shape.Attributes) + 7) & ~7;
        shape.BlockFactors = at;
        at += CodeLayout.BlockFactorBytes;
        shape.BlockAttributes = at;
        at += Vectors * 8 * shape.Attributes;
        shape.BlockTids = at;
        at += Vectors * TidBytes;
        shape.BlockParts = at;
        at += HasExtended(shape) ? Vectors * TidBytes : 0;
        shape.BlockCodes = at;
        shape.BlockBytes = at + CodeLayout.BlockBytes(shape.Padded);
        shape.ScratchBytes = Encoder.ScratchBytes(shape.Padded) + code + shape.Padded;
        shape.QueryBytes = IvfScan.QueryBytes(shape);
    }

    /// <summary>Where in a record the code begins.</summary>
    internal static int RecordCode(in IvfShape shape) => shape.RecordFactors + FactorBytes + (HasExtended(shape) ? FactorBytes : 0);
}
