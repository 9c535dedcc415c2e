// Execution layer, operators. Conditions and projection over another operator's rows.

namespace Epiphany.Execution;

sealed class Project(Operator child, Tail tail, EngineContext context) : Operator(tail, context)
{
    public override void Bound(long rows)
    {
        if (Tail.Conditions.IsEmpty)
        {
            child.Bound(rows);
        }
    }

    public override bool Offer(int column, KeyFilter keys) => Tail.RawColumn(column) is { } raw && child.Offer(raw, keys);

    public override void OfferFirst(int column, FirstRanks first, bool tells)
    {
        if (Tail.Conditions.IsEmpty && Tail.RawColumn(column) is { } raw)
        {
            child.OfferFirst(raw, first, tells);
        }
    }

    public override void OfferSeries(int[] series, int time, SeriesFirsts firsts)
    {
        if (Tail.Conditions.IsEmpty && Tail.RawColumns(series) is { } rawSeries && Tail.RawColumn(time) is { } rawTime)
        {
            child.OfferSeries(rawSeries, rawTime, firsts);
        }
    }

    public override void OfferNearest(int column, Nearest nearest)
    {
        if (Tail.Conditions.IsEmpty && Tail.RawColumn(column) is { } raw)
        {
            child.OfferNearest(raw, nearest);
        }
    }

    public override void Prepare(double rows) => child.Prepare(rows);

    public override KeyFilter? Known(int column) => Tail.RawColumn(column) is { } raw ? child.Known(raw) : null;

    protected override Batch? Produce()
    {
        while (child.Next() is { } raw)
        {
            if (Tail.Apply(raw, Stats) is { } batch)
            {
                return batch;
            }
        }

        return null;
    }

    protected override void Restart() => child.Rescan();
}
