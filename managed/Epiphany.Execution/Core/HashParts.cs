// Execution layer, core. Rows by what their hashes end in, for operators that go on part by part.

using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>Tables of keys look at the high bits of a hash; of the low ones, each level of parts has its own.</summary>
sealed unsafe class HashParts(IMemory memory)
{
    internal const int Count = 1 << Bits;

    const int Bits = 4;

    readonly ushort* _rows = (ushort*)memory.Allocate(Batch.Capacity * sizeof(ushort));

    /// <summary>Those of the rows that are in the part, by the hashes of all; good until the next call.</summary>
    internal Rows Of(int part, int level, ulong* hashes, Rows rows)
    {
        int count = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            _rows[count] = (ushort)row;
            count += ((int)(hashes[row] >> (Bits * level)) & (Count - 1)) == part ? 1 : 0;
        }

        return new Rows(_rows, count);
    }
}
