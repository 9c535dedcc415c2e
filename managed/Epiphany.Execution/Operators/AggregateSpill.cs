// Execution layer, operators. Rows of groups that memory has no room for, by the hash of their keys in temporary files.

using System;
using System.Collections.Generic;

namespace Epiphany.Execution;

/// <summary>A file of rows whose keys' hashes end alike, and how many levels of such files it is below the child's rows.</summary>
readonly record struct AggregatePart(RowFile Rows, int Level);

/// <summary>Deals rows out to files, which are taken out again one by one, the deepest first.</summary>
sealed unsafe class AggregateSpill(ValueType[] types, bool[] wanted, IExecutionHost host)
{
    /// <summary>Hash tables look at the high bits of a hash; of the low ones, each level has its own.</summary>
    const int Bits = 4;
    const int Files = 1 << Bits;
    const int MaxLevel = 8;

    readonly Stack<AggregatePart> _parts = new();
    readonly RowFile?[] _files = new RowFile?[Files];
    readonly ushort* _rows = (ushort*)host.Memory.Allocate(Batch.Capacity * sizeof(ushort));

    /// <summary>Rows of that level must be taken in, whatever memory they need: their hashes have no more bits to tell them apart.</summary>
    internal static bool IsLast(int level) => level == MaxLevel;

    /// <summary>Writes some rows of a batch.</summary>
    internal void Write(Batch batch, Rows rows, ulong* hashes, int level)
    {
        for (int file = 0; file < Files; file++)
        {
            int count = 0;
            for (int i = 0; i < rows.Count; i++)
            {
                int row = rows[i];
                _rows[count] = (ushort)row;
                count += ((int)(hashes[row] >> (Bits * level)) & (Files - 1)) == file ? 1 : 0;
            }

            if (count > 0)
            {
                (_files[file] ??= new RowFile(types, wanted, host)).Write(batch, new Rows(_rows, count));
            }
        }
    }

    /// <summary>All rows of a level have been written.</summary>
    internal void Finish(int level, NodeStats stats)
    {
        for (int i = 0; i < Files; i++)
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

        for (int i = 0; i < Files; i++)
        {
            _files[i]?.Close();
            _files[i] = null;
        }
    }
}
