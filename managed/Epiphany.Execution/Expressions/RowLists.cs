// Execution layer, expressions. Sets of rows, as lists of ascending numbers.

namespace Epiphany.Execution;

static unsafe class RowLists
{
    internal static ushort* Room(IExecutionHost host) => (ushort*)host.Memory.Allocate(Batch.Capacity * sizeof(ushort));

    /// <summary>
    /// The rows that are not among <paramref name="taken"/>, all of which are rows. <paramref name="rest"/> may be where the rows lie.
    /// </summary>
    internal static Rows Without(Rows rows, ushort* taken, int takenCount, ushort* rest)
    {
        int count = 0;
        int next = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            bool isTaken = next < takenCount && taken[next] == row;
            rest[count] = (ushort)row;
            next += isTaken ? 1 : 0;
            count += isTaken ? 0 : 1;
        }

        return new Rows(rest, count);
    }

    /// <summary>The same set as a part of other rows; those rows themselves if it is all of them, so that passes over all rows stay such.</summary>
    internal static Rows Part(Rows rows, ushort* part, int count) => count == rows.Count ? rows : new Rows(part, count);
}
