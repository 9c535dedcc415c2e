// Execution layer, operators. Rows that PostgreSQL produces, a batch at a time.

namespace Epiphany.Execution;

/// <summary>Whatever PostgreSQL's executor gives, by way of the host.</summary>
sealed unsafe class RowSource : Operator
{
    readonly int _source;
    readonly RawColumns _columns;

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

    protected override Batch? Produce()
    {
        for (; ; )
        {
            int rows = Context.Host.SourceRows(_source, _columns.Values, _columns.Nulls, Batch.Capacity);
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
    protected override void Restart()
    {
    }
}
