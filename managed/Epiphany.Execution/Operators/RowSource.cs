// Execution layer, operators. Rows that PostgreSQL produces, a batch at a time.

using System;

namespace Epiphany.Execution;

/// <summary>Whatever PostgreSQL's executor gives, by way of the host.</summary>
sealed unsafe class RowSource : Operator
{
    readonly int _source;
    readonly RawColumns _columns;
    int _capacity = Batch.Capacity;

    internal RowSource(int source, Tail tail, EngineContext context) : base(tail, context)
    {
        _source = source;
        bool[] wanted = tail.Wanted.ToArray();
        foreach (Expression condition in tail.Conditions)
        {
            condition.MarkColumns(wanted);
        }

        _columns = new RawColumns(wanted, context.Host.Memory);
    }

    /// <summary>No row is taken in vain: to make one may cost much, or fail.</summary>
    public override void Bound(long rows) =>
        _capacity = rows >= 0 && Tail.Conditions.IsEmpty ? (int)Math.Clamp(rows, 1, Batch.Capacity) : Batch.Capacity;

    protected override Batch? Produce()
    {
        for (; ; )
        {
            int rows = Context.Host.SourceRows(_source, _columns.Values, _columns.Nulls, _capacity);
            if (rows == 0)
            {
                return null;
            }

            Batch? batch = Tail.Apply(_columns.Show(rows), Stats);
            if (batch != null)
            {
                return batch;
            }
        }
    }

    /// <summary>The host has started its own side.</summary>
    protected override void Restart() => _capacity = Batch.Capacity;
}
