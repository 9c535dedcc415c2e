// Execution layer, core. Which rows of a batch count.

namespace Epiphany.Execution;

/// <summary>Rows 0 to Count - 1 where <see cref="Index"/> is null, else the Count rows that it names, ascending.</summary>
readonly unsafe struct Rows(ushort* index, int count)
{
    public readonly ushort* Index = index;
    public readonly int Count = count;

    public bool IsAll => Index == null;

    public static Rows All(int count) => new(null, count);

    public int this[int i] => Index == null ? i : Index[i];

    /// <summary>Those whose byte is 0, into a list that may be where these lie; says how many.</summary>
    public int WithoutNulls(byte* nulls, ushort* list)
    {
        int count = 0;
        for (int i = 0; i < Count; i++)
        {
            int row = this[i];
            list[count] = (ushort)row;
            count += nulls[row] ^ 1;
        }

        return count;
    }
}
