// Execution layer, operators. Rows of groups that memory has no room for, by the hash of their keys in temporary files.

using System;
using System.Collections.Generic;

namespace Epiphany.Execution;

/// <summary>A file of rows whose keys' hashes end alike, and how many levels of such files it is below the child's rows.</summary>
readonly record struct AggregatePart(RowFile Rows, int Level);

/// <summary>Deals rows out to files, which are taken out again one by one, the deepest first.</summary>
sealed unsafe class AggregateSpill(ValueType[] types, bool[] wanted, IExecutionHost host)
{
    const int MaxLevel = 8;

    readonly Stack<AggregatePart> _parts = new();
    readonly RowFile?[] _files = new RowFile?[HashParts.Count];
    readonly HashParts _hashes = new(host.Memory);

    /// <summary>Rows of that level must be taken in, whatever memory they need: their hashes have no more bits to tell them apart.</summary>
    internal static bool IsLast(int level) => level == MaxLevel;

    /// <summary>Writes some rows of a batch.</summary>
    internal void Write(Batch batch, Rows rows, ulong* hashes, int level)
    {
        for (int part = 0; part < HashParts.Count; part++)
        {
            Rows some = _hashes.Of(part, level, hashes, rows);
            if (some.Count > 0)
            {
                (_files[part] ??= new RowFile(types, wanted, host)).Write(batch, some);
            }
        }
    }

    /// <summary>All rows of a level have been written.</summary>
    internal void Finish(int level, NodeStats stats)
    {
        for (int i = 0; i < HashParts.Count; i++)
        {
            if (_files[i] is { } file)
            {
                file.Rewind();
                stats.SpilledBytes += file.Bytes;
                stats.SpilledParts++;
                _parts.Push(new AggregatePart(file, level + 1));
                _files[i] = null;
            }
        }
    }

    /// <summary>The caller closes its file.</summary>
    internal bool TryTake(out AggregatePart part) => _parts.TryPop(out part);

    internal void Clear()
    {
        while (_parts.TryPop(out AggregatePart part))
        {
            part.Rows.Close();
        }

        for (int i = 0; i < HashParts.Count; i++)
        {
            _files[i]?.Close();
            _files[i] = null;
        }
    }
}
