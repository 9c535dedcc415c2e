// Execution layer, core. Rows on their way from an operator to the next.

namespace Epiphany.Execution;

/// <summary>Columns of the same rows. Belongs to the operator that gives it, and is good until that one's next call.</summary>
sealed class Batch
{
    /// <summary>As a vector of the store.</summary>
    public const int Capacity = 2048;

    public Batch(int columns)
    {
        Columns = new Vector[columns];
        for (int i = 0; i < columns; i++)
        {
            Columns[i] = new Vector();
        }
    }

    /// <summary>One row, for expressions that look at no column.</summary>
    public static Batch NoColumns { get; } = new(0) { Rows = 1 };

    public Vector[] Columns { get; }

    public int Rows { get; set; }
}
