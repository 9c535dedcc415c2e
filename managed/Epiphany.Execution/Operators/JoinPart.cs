// Execution layer, operators. Both sides' rows of one part of a join that memory has no room for.

using System;

namespace Epiphany.Execution;

/// <summary>Rows whose keys' hashes end alike; of each level of parts, other bits. Rows of both sides that match are in the same part.</summary>
readonly record struct JoinPart(RowFile Inner, RowFile Outer, int Level)
{
    /// <summary>Where even this does not help, many rows have one key, and it must do with more memory.</summary>
    internal const int MaxLevel = 4;
}

/// <summary>Deals the rows of one side out to parts.</summary>
sealed unsafe class JoinDealer(Expression[] keys, KeyBatch side, IExecutionHost host)
{
    readonly Vector[] _vectors = new Vector[keys.Length];
    readonly HashParts _hashes = new(host.Memory);

    internal void Deal(Batch batch, RowFile[] files, int level)
    {
        Rows all = Rows.All(batch.Rows);
        for (int i = 0; i < keys.Length; i++)
        {
            _vectors[i] = keys[i].Evaluate(batch, all);
        }

        side.Load(_vectors, all);
        for (int part = 0; part < HashParts.Count; part++)
        {
            Rows some = _hashes.Of(part, level, side.Hashes, all);
            if (some.Count > 0)
            {
                files[part].Write(batch, some);
            }
        }
    }

    internal static RowFile[] Files(ReadOnlySpan<ValueType> types, bool[] wanted, IExecutionHost host)
    {
        var files = new RowFile[HashParts.Count];
        for (int i = 0; i < files.Length; i++)
        {
            files[i] = new RowFile(types, wanted, host);
        }

        return files;
    }
}
