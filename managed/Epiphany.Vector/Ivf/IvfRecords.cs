// Vector layer, inverted lists. Vectors to records, records to blocks and back.

using System;
using System.Runtime.CompilerServices;
using Epiphany.Vector.Codes;

namespace Epiphany.Vector.Ivf;

public static unsafe class IvfRecords
{
    /// <summary>Fills in a record's factors and code. <paramref name="rotated"/> is <see cref="IvfModel.Rotate"/>'s.</summary>
    public static void Encode(in IvfShape shape, float* rotated, float* centroid, byte* scratch, byte* record)
    {
        var factors = (CodeFactors*)(record + shape.RecordFactors);
        byte* code = record + IvfLayout.RecordCode(shape);
        if (shape.Metric == Metric.Hamming)
        {
            Unsafe.WriteUnaligned(factors, EncodeBits(rotated, shape.Padded, scratch, code));
            return;
        }

        CodeMetric metric = IvfModel.CodeMetricOf(shape.Metric);
        byte* oneBit = IvfLayout.HasExtended(shape) ? scratch + Encoder.ScratchBytes(shape.Padded) : code;
        Unsafe.WriteUnaligned(factors, Encoder.Encode(metric, 1, rotated, centroid, shape.Padded, scratch, oneBit));
        if (IvfLayout.HasExtended(shape))
        {
            Unsafe.WriteUnaligned(factors + 1, Encoder.Encode(metric, shape.Bits, rotated, centroid, shape.Padded, scratch, code));
        }
    }

    /// <summary>
    /// Plain bits as levels of -1/2 and 1/2: with Add = the ones, and -2 times the levels' product with the query's bits, the Hamming
    /// distance comes out, exactly.
    /// </summary>
    private static CodeFactors EncodeBits(float* bits, int padded, byte* levels, byte* code)
    {
        int ones = 0;
        for (int i = 0; i < padded; i++)
        {
            levels[i] = bits[i] > 0 ? (byte)1 : (byte)0;
            ones += levels[i];
        }

        CodeBits.Pack(levels, padded, 1, code);
        return new CodeFactors { Add = ones, Rescale = -2 };
    }

    /// <summary>
    /// Puts a record into a place of a block that is empty there. <paramref name="part"/>: where its extended part lies, 6 bytes, or null.
    /// </summary>
    public static void Put(in IvfShape shape, byte* block, int slot, byte* record, byte* part, byte* scratch)
    {
        byte* code = record + IvfLayout.RecordCode(shape);
        if (IvfLayout.HasExtended(shape))
        {
            OneBit(code, shape.Padded, shape.Bits, scratch);
            code = scratch;
            Unsafe.CopyBlockUnaligned(block + shape.BlockParts + (slot * IvfLayout.TidBytes), part, IvfLayout.TidBytes);
        }

        FastScan.Put(block + shape.BlockCodes, shape.Padded, slot, code);
        Unsafe.CopyBlockUnaligned(block + shape.BlockTids + (slot * IvfLayout.TidBytes), record, IvfLayout.TidBytes);
        var from = (float*)(record + shape.RecordFactors);
        var to = (float*)(block + shape.BlockFactors);
        for (int i = 0; i < 3; i++)
        {
            to[(i * CodeLayout.BlockVectors) + slot] = from[i];
        }

        var masks = (uint*)block;
        masks[0] |= 1u << slot;
        for (int i = 0; i < shape.Attributes; i++)
        {
            ((long*)(block + shape.BlockAttributes))[(i * CodeLayout.BlockVectors) + slot] = ((long*)(record + IvfRecord.Attributes))[i];
            masks[1 + i] |= (uint)((record[IvfRecord.Nulls] >> i) & 1) << slot;
        }
    }

    /// <summary>
    /// Takes a record out of a block. <paramref name="extended"/>: its extended part, which the block does not have, or null.
    /// </summary>
    public static void Get(in IvfShape shape, byte* block, int slot, byte* extended, byte* record)
    {
        new Span<byte>(record, shape.RecordBytes).Clear();
        Unsafe.CopyBlockUnaligned(record, block + shape.BlockTids + (slot * IvfLayout.TidBytes), IvfLayout.TidBytes);
        record[IvfRecord.Live] = 1;
        var to = (float*)(record + shape.RecordFactors);
        var from = (float*)(block + shape.BlockFactors);
        for (int i = 0; i < 3; i++)
        {
            to[i] = from[(i * CodeLayout.BlockVectors) + slot];
        }

        var masks = (uint*)block;
        for (int i = 0; i < shape.Attributes; i++)
        {
            ((long*)(record + IvfRecord.Attributes))[i] = ((long*)(block + shape.BlockAttributes))[(i * CodeLayout.BlockVectors) + slot];
            record[IvfRecord.Nulls] |= (byte)(((masks[1 + i] >> slot) & 1) << i);
        }

        if (IvfLayout.HasExtended(shape))
        {
            Unsafe.CopyBlockUnaligned(record + shape.RecordFactors + IvfLayout.FactorBytes, extended, (uint)shape.ExtendedBytes);
        }
        else
        {
            FastScan.Get(block + shape.BlockCodes, shape.Padded, slot, record + IvfLayout.RecordCode(shape));
        }
    }

    /// <summary>The highest bit of a code's levels is its one-bit code.</summary>
    private static void OneBit(byte* code, int padded, int bits, byte* to)
    {
        byte* levels = stackalloc byte[CodeBits.Unit];
        for (int at = 0; at < padded; at += CodeBits.Unit, code += 8 * bits, to += 8)
        {
            CodeBits.Unpack(code, bits, levels);
            for (int i = 0; i < CodeBits.Unit; i++)
            {
                levels[i] = (byte)(levels[i] >> (bits - 1));
            }

            CodeBits.Pack(levels, CodeBits.Unit, 1, to);
        }
    }
}
