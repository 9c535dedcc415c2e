// Execution layer, core. What an operator is.

using System;

namespace Epiphany.Execution;

/// <summary>Produces batches. Made once for a program; Rescan starts it anew, with parameters as they are then.</summary>
abstract class Operator(Tail tail, EngineContext context, NodeStats? stats = null)
{
    bool _ended;

    /// <summary>Types of the columns it gives.</summary>
    public ReadOnlySpan<ValueType> Types => Tail.Types;

    public NodeStats Stats { get; } = stats ?? new();

    /// <summary>Rows that the planner expects of it.</summary>
    public double Expected { get; set; }

    protected Tail Tail { get; } = tail;

    protected EngineContext Context { get; } = context;

    /// <summary>The next rows, at least one; null at the end, and from then on.</summary>
    public Batch? Next()
    {
        if (_ended)
        {
            return null;
        }

        Context.Host.Poll();
        ulong begun = Context.Options.Timing ? Context.Host.Now() : 0;
        Batch? batch = Produce();
        _ended = batch == null;
        if (Context.Options.Timing)
        {
            Stats.Time += Context.Host.Now() - begun;
        }

        return batch;
    }

    /// <summary>Starts anew, and so do the operators below.</summary>
    public void Rescan()
    {
        _ended = false;
        Tail.Start();
        Restart();
    }

    /// <summary>Nobody will ask for more rows than these (-1: no bound); told before the first Next after a start or Rescan.</summary>
    public virtual void Bound(long rows)
    {
    }

    /// <summary>
    /// Rows whose value in that column is no key of the filter need not come in this run: whoever asks drops them. Says whether anybody here
    /// is going to look at the filter, which is filled in before the first Next.
    /// </summary>
    public virtual bool Offer(int column, KeyFilter keys) => false;

    /// <summary>
    /// An aggregate, to which all rows go as they are, may take in whole row groups by what is known of them; the operator need not give their rows
    /// then. Told once, before the first start.
    /// </summary>
    public virtual void OfferWhole(AggregateWhole whole)
    {
    }

    /// <summary>
    /// Rows whose value in that column, a distance, is further than the nearest that were told need not come in this run: whoever asks drops them.
    /// All rows go to him as they are; those that are told are given.
    /// </summary>
    public virtual void OfferNearest(int column, Nearest nearest)
    {
    }

    /// <summary>
    /// Rows whose value in that column, an integer, comes after the first that were told need not come in this run: whoever asks drops them. Where
    /// <paramref name="tells"/>, all rows go to him as they are, and those that are told are given; else somebody between him and the scan tells.
    /// </summary>
    public virtual void OfferFirst(int column, FirstRanks first, bool tells)
    {
    }

    /// <summary>Of neighbours that are equal by those columns only the first is looked at. Told once, before the first start.</summary>
    public virtual void OnlyFirsts(KeyPart[] keys)
    {
    }

    /// <summary>
    /// Rows that are not the first of their series, by an integer, need not come: whoever asks drops them. Which columns have the series, which
    /// the integer. All rows go to him as they are, and those that are told of are given. Told once, before the first start.
    /// </summary>
    public virtual void OfferSeries(int[] series, int time, SeriesFirsts firsts)
    {
    }

    /// <summary>
    /// Whoever sorts by that column, then by <paramref name="next"/> (-1: by another that is no integer, or none), asks for rows by ranges of it: who
    /// can give them so attaches itself. All rows go to him as they are. Before the first Next after a start or Rescan.
    /// </summary>
    public virtual void OfferRanges(int column, int next, ScanRanges ranges)
    {
    }

    /// <summary>
    /// Joins that this one's rows go through are to take in inner sides that are expected to have fewer rows than that, so that they can tell what
    /// they know. Before the first Next after a start or Rescan.
    /// </summary>
    public virtual void Prepare(double rows)
    {
    }

    /// <summary>The values that a column is going to have beside nulls are among these keys; null: nothing is known.</summary>
    public virtual KeyFilter? Known(int column) => null;

    /// <summary>The next rows that conditions and projection leave, or null; not asked again after a null.</summary>
    protected abstract Batch? Produce();

    protected abstract void Restart();
}
