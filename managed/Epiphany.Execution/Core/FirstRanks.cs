// Execution layer, core. What a bounded sort by an integer tells the scans below it: which values can still be among the first.

using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>
/// The ranks of the first rows so far, as many as are wanted: a heap whose root is the last of them. All rows that are told here go to the sort as
/// they are, so nobody who comes after all of them can be among its first. An aggregate below the sort tells of its groups instead: of rows
/// whose key comes after all of them it need not know.
/// </summary>
sealed class FirstRanks(IMemory memory, bool descending, bool nullsFirst)
{
    /// <summary>Who wants more rows compares all of them as well.</summary>
    internal const int MaxRows = 1 << 16;

    readonly LeastKeys _ranks = new(memory, false);

    internal bool Descending => descending;

    internal bool IsFull => _ranks.IsFull;

    /// <summary>May a null be among the first, beside those that are equal to the last of them?</summary>
    internal bool WantsNulls => !IsFull || nullsFirst || _ranks.Greatest == long.MaxValue;

    /// <summary>The last value that may be among the first, where there are enough; of equal ones nobody knows who comes first.</summary>
    internal long Last => Value(_ranks.Greatest);

    /// <summary>A run begins, of which so many rows are wanted, at least one.</summary>
    internal void Begin(int wanted) => _ranks.Begin(wanted);

    /// <summary>Tells of a row. False: it need not come.</summary>
    internal bool Add(long value) => _ranks.Add(Value(value), 0);

    internal bool AddNull() => _ranks.Add(nullsFirst ? long.MinValue : long.MaxValue, 0);

    /// <summary>A value's rank, or a rank's value.</summary>
    long Value(long value) => descending ? ~value : value;
}
