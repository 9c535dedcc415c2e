// Execution layer, core. What an expression is.

namespace Epiphany.Execution;

/// <summary>Computes a vector from a batch. Made once for a program; its output memory is its own and reused.</summary>
abstract unsafe class Expression(ValueType type)
{
    public ValueType Type { get; } = type;

    /// <summary>Of the same value for all rows of a run: evaluated at one row, it stands for all.</summary>
    public virtual bool IsConstant => false;

    /// <summary>A condition of one column that, if true of two values, is true of all that zone maps order between them.</summary>
    public virtual bool IsConvex => false;

    /// <summary>
    /// Raises no error and costs little, whatever columns hold: it may be asked about values that no row has. Asked when it may be, as that can
    /// depend on parameters.
    /// </summary>
    public virtual bool IsTotal => false;

    /// <summary>
    /// A condition of one column whose lanes are integers, or NUMERIC's integers of 10^-<paramref name="places"/>: the lanes for which it is true;
    /// of null it is not. False: it cannot be told so. Asked of what is total.
    /// </summary>
    public virtual bool TryRanges(int places, RangeSet ranges) => false;

    /// <summary>
    /// The integer column, such as a time, that this integer is rounded from: it alone decides the value, null gives null, and
    /// <see cref="TrySources"/> can be asked. Null: there is none.
    /// </summary>
    public virtual int? SourceColumn => null;

    /// <summary>
    /// Nothing in the source column before <paramref name="first"/> gives the value or more, nothing after <paramref name="last"/> the value or
    /// less. False: it is not known for this value.
    /// </summary>
    public virtual bool TrySources(long value, out long first, out long last)
    {
        first = last = value;
        return false;
    }

    /// <summary>
    /// Values at the rows that count, by row number; of others the result says nothing. What it returns is good until the next call.
    /// </summary>
    public abstract Vector Evaluate(Batch batch, Rows rows);

    /// <summary>
    /// As <see cref="Evaluate"/>, for those who compute with numerics: where display scales differ from row to row, values may come in form
    /// Decimal all the same, with <see cref="Vector.Displays"/>.
    /// </summary>
    public virtual Vector EvaluateExact(Batch batch, Rows rows) => Evaluate(batch, rows);

    /// <summary>
    /// Bool only: writes the numbers of those rows for which it is true, ascending, and says how many. <paramref name="selected"/> has room
    /// for a batch and may be where <paramref name="rows"/> lie.
    /// </summary>
    public virtual int Filter(Batch batch, Rows rows, ushort* selected) =>
        RowLists.True(Evaluate(batch, rows), rows, selected);

    /// <summary>Marks the columns of the batch that it looks at.</summary>
    public abstract void MarkColumns(System.Span<bool> columns);

    /// <summary>
    /// There is a row to evaluate it for: parameters that it looks at whatever the row has, and that it compares with, are evaluated now.
    /// </summary>
    public virtual void Ask()
    {
    }

    /// <summary>A run begins: parameters may have changed.</summary>
    public virtual void Start()
    {
    }
}
