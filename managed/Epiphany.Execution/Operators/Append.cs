// Execution layer, operators. One input after the other.

using System;

namespace Epiphany.Execution;

sealed class Append(Operator[] children, Tail tail, EngineContext context) : Operator(tail, context)
{
    int _child;

    public override void Bound(long rows)
    {
        if (Tail.Conditions.IsEmpty)
        {
            Array.ForEach(children, c => c.Bound(rows));
        }
    }

    public override bool Offer(int column, KeyFilter keys)
    {
        bool isTaken = false;
        for (int i = 0; Tail.RawColumn(column) is { } raw && i < children.Length; i++)
        {
            isTaken |= children[i].Offer(raw, keys);
        }

        return isTaken;
    }

    public override void OfferFirst(int column, FirstRanks first, bool tells)
    {
        if (Tail.Conditions.IsEmpty && Tail.RawColumn(column) is { } raw)
        {
            Array.ForEach(children, c => c.OfferFirst(raw, first, tells));
        }
    }

    public override void OfferSeries(int[] series, int time, SeriesFirsts firsts)
    {
        if (Tail.Conditions.IsEmpty && Tail.RawColumns(series) is { } rawSeries && Tail.RawColumn(time) is { } rawTime)
        {
            Array.ForEach(children, c => c.OfferSeries(rawSeries, rawTime, firsts));
        }
    }

    public override void OfferNearest(int column, Nearest nearest)
    {
        if (Tail.Conditions.IsEmpty && Tail.RawColumn(column) is { } raw)
        {
            Array.ForEach(children, c => c.OfferNearest(raw, nearest));
        }
    }

    public override void OfferWhole(AggregateWhole whole)
    {
        if (Tail.IsPlain)
        {
            Array.ForEach(children, c => c.OfferWhole(whole));
        }
    }

    protected override Batch? Produce()
    {
        for (; _child < children.Length; _child++)
        {
            while (children[_child].Next() is { } raw)
            {
                if (Tail.Apply(raw, Stats) is { } batch)
                {
                    return batch;
                }
            }
        }

        return null;
    }

    protected override void Restart()
    {
        _child = 0;
        Array.ForEach(children, c => c.Rescan());
    }
}
