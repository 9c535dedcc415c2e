// Execution layer, operators. Of rows that come sorted, the first one of each key.

namespace Epiphany.Execution;

sealed class Unique(Operator child, KeyPart[] keys, Tail tail, EngineContext context) : Operator(tail, context)
{
    readonly Neighbours _neighbours = new(keys, child.Types, context.Host);

    protected override Batch? Produce()
    {
        while (child.Next() is { } raw)
        {
            // PostgreSQL puts no conditions on this node.
            Rows firsts = _neighbours.Firsts(raw);
            if (firsts.Count > 0)
            {
                return Tail.Project(raw, firsts, Stats);
            }
        }

        return null;
    }

    protected override void Restart()
    {
        _neighbours.Forget();
        child.Rescan();
    }
}
