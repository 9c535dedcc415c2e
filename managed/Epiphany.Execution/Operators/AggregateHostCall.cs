// Execution layer, operators. One aggregate of a node that the host computes: what is loaded of a batch, and how rows are to be ordered.

using System;

namespace Epiphany.Execution;

/// <summary>Evaluates arguments, those that rows are only sorted by included. Which of them the host's function gets, the host knows.</summary>
sealed unsafe class AggregateHostCall
{
    /// <summary>Of int8.</summary>
    const uint Less = 412;
    const uint Equal = 467;

    readonly Expression[] _arguments;
    readonly Expression[] _direct;
    readonly OrderPart[] _orders;
    readonly KeyPart[] _distinct;
    readonly EngineContext _context;
    readonly VectorBuffer[] _buffers;

    internal AggregateHostCall(
        int id, int transition, bool isOrderedSet, Expression[] arguments, Expression[] direct, OrderPart[] orders, KeyPart[] distinct,
        EngineContext context)
    {
        Id = id;
        Transition = transition;
        IsOrderedSet = isOrderedSet;
        _arguments = arguments;
        _direct = direct;
        _orders = orders;
        _distinct = distinct;
        _context = context;
        _buffers = Array.ConvertAll(arguments, _ => new VectorBuffer(context.Host.Memory));
        Loaded = new Batch(arguments.Length + 1);
        Types = [.. Array.ConvertAll(arguments, a => a.Type), AggregateRows.NumberType];
    }

    /// <summary>The host's number for it.</summary>
    internal int Id { get; }

    /// <summary>The planner's number for its states; aggregates that have the same one differ in what they make of those.</summary>
    internal int Transition { get; }

    /// <summary>One of the extension's own, whose states the engine has although the host could compute it, too.</summary>
    internal OwnAggregate Own { get; init; }

    /// <summary>As <see cref="AggregateCall.End"/>.</summary>
    internal AggregateEnd? End { get; init; }

    /// <summary>Its states sort for themselves; few of them are to be at work at a time.</summary>
    internal bool IsOrderedSet { get; }

    /// <summary>Arguments, and the group's number.</summary>
    internal ValueType[] Types { get; }

    internal int Arguments => _arguments.Length;

    internal int Direct => _direct.Length;

    /// <summary>The rows that count of the batch, arguments as they are evaluated; good until the next batch.</summary>
    internal Batch Loaded { get; }

    internal bool IsDistinct => _distinct.Length > 0;

    /// <summary>Are rows kept until all have come? Else they are taken in as they come.</summary>
    internal bool IsSorted(bool hasKeys) => _orders.Length > 0 || (IsOrderedSet && hasKeys);

    /// <summary>By group, then as the aggregate wants it.</summary>
    internal SortKey[] SortKeys(bool hasKeys)
    {
        var orders = new OrderPart[_orders.Length + (hasKeys ? 1 : 0)];
        _orders.CopyTo(orders, orders.Length - _orders.Length);
        if (hasKeys)
        {
            orders[0] = new OrderPart(Arguments, Less, 0, false, false);
        }

        return Array.ConvertAll(orders, o => new SortKey(o, Types, _context.Host));
    }

    /// <summary>What makes rows that come sorted distinct.</summary>
    internal Neighbours MakeNeighbours() => new([new KeyPart(Arguments, Equal, 0), .. _distinct], Types, _context.Host);

    internal void MarkColumns(Span<bool> columns)
    {
        foreach (Expression argument in _arguments)
        {
            argument.MarkColumns(columns);
        }
    }

    internal void Start()
    {
        Array.ForEach(_arguments, a => a.Start());
        Array.ForEach(_direct, d => d.Start());
    }

    internal void Load(Batch batch, Rows rows)
    {
        Loaded.Rows = rows.Count;
        for (int i = 0; i < _arguments.Length && rows.Count > 0; i++)
        {
            Compaction.Gather(_arguments[i].Evaluate(batch, rows), rows, _buffers[i], Loaded.Columns[i]);
        }
    }

    /// <summary>Of each row shown, which are groups.</summary>
    internal Vector EvaluateDirect(int number, Batch shown) => _direct[number].Evaluate(shown, Rows.All(shown.Rows));
}
