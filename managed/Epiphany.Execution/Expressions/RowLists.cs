// Execution layer, expressions. Sets of rows, as lists of ascending numbers.

namespace Epiphany.Execution;

static unsafe class RowLists
{
    /// <summary>No row's number.</summary>
    const ushort End = ushort.MaxValue;

    /// <summary>For a batch, and for the end that <see cref="Without"/> marks.</summary>
    internal static ushort* Room(IExecutionHost host) => (ushort*)host.Memory.Allocate((Batch.Capacity + 1) * sizeof(ushort));

    /// <summary>
    /// The rows that are not among <paramref name="taken"/>, all of which are rows; it is a <see cref="Room"/>. <paramref name="rest"/> may be
    /// where the rows lie.
    /// </summary>
    internal static Rows Without(Rows rows, ushort* taken, int takenCount, ushort* rest)
    {
        taken[takenCount] = End;
        int count = 0;
        int next = 0;
        if (rows.IsAll)
        {
            for (int row = 0; row < rows.Count; row++)
            {
                int isTaken = taken[next] == row ? 1 : 0;
                rest[count] = (ushort)row;
                next += isTaken;
                count += isTaken ^ 1;
            }

            return new Rows(rest, count);
        }

        for (int i = 0; i < rows.Count; i++)
        {
            ushort row = rows.Index[i];
            int isTaken = taken[next] == row ? 1 : 0;
            rest[count] = row;
            next += isTaken;
            count += isTaken ^ 1;
        }

        return new Rows(rest, count);
    }

    /// <summary>The rows for which a boolean is true.</summary>
    internal static int True(Vector boolean, Rows rows, ushort* selected)
    {
        int count = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            selected[count] = (ushort)row;
            count += (boolean.Values[row] & 1) != 0 && !boolean.IsNull(row) ? 1 : 0;
        }

        return count;
    }

    /// <summary>The same set as a part of other rows; those rows themselves if it is all of them, so that passes over all rows stay such.</summary>
    internal static Rows Part(Rows rows, ushort* part, int count) => count == rows.Count ? rows : new Rows(part, count);
}
