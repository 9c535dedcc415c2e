// Storage layer, writer. Zone maps and sums of by-value kinds. Floats are ordered as PostgreSQL orders them: NaN above all numbers,
// -0 equal to 0.

using System;
using Epiphany.Kernels;

namespace Epiphany.Storage;

static unsafe class LaneZones
{
    /// <summary>For a column with a row that is not null, whose null rows repeat a neighbour within the chunk.</summary>
    internal static void Fill(
        ulong* lanes, byte* isNull, int count, ColumnKind kind, ColumnEntry* entry, VectorEntry* vectors, WriterScratch scratch)
    {
        bool isFloat = Kinds.IsFloat(kind);
        long chunkMin = long.MaxValue;
        long chunkMax = long.MinValue;
        Int128 sum = 0;
        for (int vector = 0; vector < GroupFormat.Vectors(count); vector++)
        {
            int rows = GroupFormat.RowsOf(count, vector);
            if (vectors[vector].Nulls == rows)
            {
                continue;
            }

            long start = (long)vector * GroupFormat.VectorRows;
            byte* nulls = vectors[vector].Nulls == 0 ? null : isNull + start;
            long* keys = (long*)(lanes + start);
            if (isFloat || nulls != null)
            {
                keys = (long*)scratch.Lanes;
                rows = Present(lanes + start, nulls, rows, kind, keys);
            }

            MinMax.Run(keys, rows, out long min, out long max);
            chunkMin = Math.Min(chunkMin, min);
            chunkMax = Math.Max(chunkMax, max);
            vectors[vector].Flags = VectorFlags.HasZone;
            vectors[vector].Min = ToStored(min, isFloat);
            vectors[vector].Max = ToStored(max, isFloat);
            if (Kinds.HasSum(kind))
            {
                sum += Sum(keys, rows, min, max);
            }
        }

        entry->Flags |= ColumnFlags.HasZone;
        entry->MinLength = entry->MaxLength = sizeof(ulong);
        *(ulong*)entry->Min = ToStored(chunkMin, isFloat);
        *(ulong*)entry->Max = ToStored(chunkMax, isFloat);
        if (Kinds.HasSum(kind))
        {
            entry->Flags |= ColumnFlags.HasSum;
            entry->SumLow = (ulong)sum;
            entry->SumHigh = (ulong)(sum >> 64);
        }
    }

    /// <summary>At most 2^17 values below 2^63 each: far from 128 bits, and mostly those of a vector are as far from 64.</summary>
    static Int128 Sum(long* values, int rows, long min, long max)
    {
        const long Small = long.MaxValue / GroupFormat.VectorRows;
        if (min >= -Small && max <= Small)
        {
            return (long)Lanes.Sum((ulong*)values, rows);
        }

        Int128 sum = 0;
        for (int i = 0; i < rows; i++)
        {
            sum += values[i];
        }

        return sum;
    }

    /// <summary>Ordered keys of the rows that are not null; says how many.</summary>
    static int Present(ulong* values, byte* nulls, int rows, ColumnKind kind, long* keys)
    {
        if (kind == ColumnKind.Float64 && nulls == null)
        {
            FloatKey.FromDoubles(values, rows, keys);
            return rows;
        }

        int kept = 0;
        for (int i = 0; i < rows; i++)
        {
            long key = kind switch
            {
                ColumnKind.Float32 => FloatKey.FromDouble(BitConverter.Int32BitsToSingle((int)values[i])),
                ColumnKind.Float64 => FloatKey.FromDouble(BitConverter.UInt64BitsToDouble(values[i])),
                _ => (long)values[i],
            };
            keys[kept] = key;
            kept += nulls == null ? 1 : 1 - nulls[i];
        }

        return kept;
    }

    static ulong ToStored(long key, bool isFloat) =>
        isFloat ? BitConverter.DoubleToUInt64Bits(FloatKey.ToDouble(key)) : (ulong)key;
}
