// Execution layer, program. Words to operators.

using System.Collections.Generic;

namespace Epiphany.Execution;

/// <summary>Builds the operators of one engine, from the root down.</summary>
sealed class PlanBuilder(EngineContext context)
{
    readonly ExpressionBuilder _expressions = new(context.Host);

    /// <summary>By node id.</summary>
    internal Dictionary<int, Operator> Nodes { get; } = [];

    internal Operator Build(ref ProgramReader reader)
    {
        var kind = (PlanKind)reader.Word();
        int id = reader.Int();
        double rows = reader.Double();
        ValueType[] raw = reader.Types();
        Operator node = Node(ref reader, kind, raw);
        node.Expected = rows;
        Nodes.Add(id, node);
        return node;
    }

    Operator Node(ref ProgramReader reader, PlanKind kind, ValueType[] raw)
    {
        switch (kind)
        {
            case PlanKind.ColumnScan:
                int scan = reader.Int();
                return new ColumnScan(scan, Tail(ref reader, raw), context);
            case PlanKind.RowSource:
                int source = reader.Int();
                return new RowSource(source, Tail(ref reader, raw), context);
            case PlanKind.Aggregate:
                return Aggregate(ref reader, raw);
            case PlanKind.HashJoin:
                return HashJoin(ref reader, raw);
            case PlanKind.Sort:
                return Sort(ref reader, raw);
            case PlanKind.Limit:
                Expression? offset = reader.Flag() ? _expressions.Expression(ref reader) : null;
                Expression? count = reader.Flag() ? _expressions.Expression(ref reader) : null;
                KeyPart[] ties = KeyPart.Read(ref reader);
                Operator limited = Build(ref reader);
                return new Limit(limited, offset, count, ties, Tail(ref reader, raw), context);
            case PlanKind.Append:
                var children = new Operator[reader.Count()];
                for (int i = 0; i < children.Length; i++)
                {
                    children[i] = Build(ref reader);
                }

                return new Append(children, Tail(ref reader, raw), context);
            case PlanKind.Window:
                return Window(ref reader, raw);
            case PlanKind.Project:
                Operator child = Build(ref reader);
                return new Project(child, Tail(ref reader, raw), context);
            case PlanKind.SharedRows:
                int share = reader.Int();
                Operator own = Build(ref reader);
                return new SharedRows(share, own, Tail(ref reader, raw), context);
            case PlanKind.Unique:
                KeyPart[] keys = KeyPart.Read(ref reader);
                Operator sorted = Build(ref reader);
                return new Unique(sorted, keys, Tail(ref reader, raw), context);
            case PlanKind.SetOperation:
                var command = (SetCommand)reader.Int();
                int left = reader.Int();
                int right = reader.Int();
                Operator counted = Build(ref reader);
                return new SetOperation(counted, command, left, right, Tail(ref reader, raw), context);
            default:
                Throw.BadProgram($"node kind {(int)kind}");
                return null;
        }
    }

    Aggregate Aggregate(ref ProgramReader reader, ValueType[] raw)
    {
        var program = new AggregateProgram(ref reader, _expressions, context);
        SortKey[] orders = Orders(ref reader, raw);
        Operator child = Build(ref reader);
        return new Aggregate(child, program, orders, Tail(ref reader, raw), context);
    }

    HashJoin HashJoin(ref ProgramReader reader, ValueType[] raw)
    {
        var kind = (JoinKind)reader.Word();
        int count = reader.Count();
        var outerKeys = new Expression[count];
        var innerKeys = new Expression[count];
        var equalities = new uint[count];
        var collations = new uint[count];
        for (int i = 0; i < count; i++)
        {
            outerKeys[i] = _expressions.Expression(ref reader);
            innerKeys[i] = _expressions.Expression(ref reader);
            equalities[i] = reader.Oid();
            collations[i] = reader.Oid();
        }

        Expression[] conditions = _expressions.Expressions(ref reader);
        Operator outer = Build(ref reader);
        Operator inner = Build(ref reader);
        var plan = new HashJoinPlan(kind, outer, inner, outerKeys, innerKeys, equalities, collations, conditions);
        return new HashJoin(plan, Tail(ref reader, raw), context);
    }

    SortKey[] Orders(ref ProgramReader reader, ValueType[] raw) =>
        System.Array.ConvertAll(OrderPart.Read(ref reader), o => new SortKey(o, raw, context.Host));

    Sort Sort(ref ProgramReader reader, ValueType[] raw)
    {
        SortKey[] keys = Orders(ref reader, raw);
        Operator child = Build(ref reader);
        return new Sort(child, keys, Tail(ref reader, raw), context);
    }

    Window Window(ref ProgramReader reader, ValueType[] raw)
    {
        var stats = new NodeStats();
        var program = new WindowProgram(ref reader, raw, _expressions, stats, context);
        Operator child = Build(ref reader);
        return new Window(child, program, stats, Tail(ref reader, raw), context);
    }

    Tail Tail(ref ProgramReader reader, ValueType[] raw)
    {
        Expression[] conditions = _expressions.Conditions(ref reader);
        long count = reader.Word();
        Expression[]? projection = null;
        if (count >= 0)
        {
            projection = new Expression[count];
            for (int i = 0; i < projection.Length; i++)
            {
                projection[i] = _expressions.Expression(ref reader);
            }
        }

        return new Tail(raw, conditions, projection, context.Host.Memory);
    }
}
