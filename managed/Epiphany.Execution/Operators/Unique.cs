// Execution layer, operators. Of rows that come sorted, the first one of each key.

namespace Epiphany.Execution;

sealed class Unique : Operator
{
    readonly Operator _child;
    readonly Neighbours _neighbours;

    internal Unique(Operator child, KeyPart[] keys, Tail tail, EngineContext context) : base(tail, context)
    {
        _child = child;
        _neighbours = new Neighbours(keys, child.Types, context.Host);
        child.OnlyFirsts(keys);
    }

    protected override Batch? Produce()
    {
        while (_child.Next() is { } raw)
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
        _child.Rescan();
    }
}
