// Execution layer, operators. Both sides' rows of one part of a join that memory has no room for.

using System;

namespace Epiphany.Execution;

/// <summary>Rows whose keys' hashes end alike; of each level of parts, other bits. Rows of both sides that match are in the same part.</summary>
readonly record struct JoinPart(RowFile Inner, RowFile Outer, int Level)
{
    internal const int Count = 1 << Bits;

    /// <summary>Where even this does not help, many rows have one key, and it must do with more memory.</summary>
    internal const int MaxLevel = 4;

    const int Bits = 4;

    /// <summary>The tables of keys look at the high bits.</summary>
    internal static int Of(ulong hash, int level) => (int)(hash >> (Bits * level)) & (Count - 1);
}

/// <summary>Deals the rows of one side out to parts.</summary>
sealed unsafe class JoinDealer(Expression[] keys, KeyBatch side, IExecutionHost host)
{
    readonly Vector[] _vectors = new Vector[keys.Length];
    readonly ushort* _rows = (ushort*)host.Memory.Allocate(Batch.Capacity * sizeof(ushort));

    internal void Deal(Batch batch, RowFile[] files, int level)
    {
        Rows all = Rows.All(batch.Rows);
        for (int i = 0; i < keys.Length; i++)
        {
            _vectors[i] = keys[i].Evaluate(batch, all);
        }

        side.Load(_vectors, all);
        for (int part = 0; part < JoinPart.Count; part++)
        {
            int count = 0;
            for (int row = 0; row < batch.Rows; row++)
            {
                _rows[count] = (ushort)row;
                count += JoinPart.Of(side.Hashes[row], level) == part ? 1 : 0;
            }

            if (count > 0)
            {
                files[part].Write(batch, new Rows(_rows, count));
            }
        }
    }

    internal static RowFile[] Files(ReadOnlySpan<ValueType> types, bool[] wanted, IExecutionHost host)
    {
        var files = new RowFile[JoinPart.Count];
        for (int i = 0; i < files.Length; i++)
        {
            files[i] = new RowFile(types, wanted, host);
        }

        return files;
    }
}
