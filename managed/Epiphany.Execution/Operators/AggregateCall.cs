// Execution layer, operators. One aggregate of a node as the program describes it, and the values of a batch that it takes in. Who computes it
// is decided here: the engine, or the host's own functions.

using System;

namespace Epiphany.Execution;

/// <summary>Numbers as in the boundary.</summary>
enum DistinctKind
{
    None = 0,
    ByDefault = 1,
    Sorted = 2,
}

/// <summary>An integer column of the child, such as a time: only rows where it is the greatest of their group, or the least, are looked at.</summary>
readonly record struct AggregateEnd(int Column, bool IsLatest);

/// <summary>Evaluates filter and argument, and leaves out what does not count: rows that the filter refuses, and nulls.</summary>
sealed unsafe class AggregateCall
{
    readonly Expression? _argument;
    readonly Expression? _filter;
    readonly bool _isDistinct;
    readonly AggregateKind _kind;

    /// <summary>Its state takes numerics with display scales of their own.</summary>
    readonly bool _isExact;
    readonly uint _collation;
    readonly EngineContext _context;
    readonly VectorBuffer _buffer;
    readonly Vector _vector = new();
    ushort* _selected;
    AggregateRows? _rows;

    internal AggregateCall(ref ProgramReader reader, ExpressionBuilder expressions, int split, EngineContext context)
    {
        uint function = reader.Oid();
        _collation = reader.Oid();
        Type = reader.Type();
        var distinct = (DistinctKind)reader.Int();
        Expression[] arguments = expressions.Expressions(ref reader);
        _filter = reader.Flag() ? expressions.Expression(ref reader) : null;
        int id = reader.Int();
        int transition = reader.Int();
        bool isOrderedSet = reader.Flag();
        OrderPart[] orders = OrderPart.Read(ref reader);
        KeyPart[] keys = KeyPart.Read(ref reader);
        Expression[] direct = expressions.Expressions(ref reader);
        _kind = AggregateCatalog.Find(function, out AggregateResult result);
        bool isKnown = distinct == DistinctKind.ByDefault ? KeyKinds.Equality(arguments[0].Type.Oid) != 0 : orders.Length == 0;
        if (_kind == AggregateKind.None || arguments.Length > 1 || !isKnown)
        {
            Host = new AggregateHostCall(id, transition, isOrderedSet, arguments, direct, orders, keys, context)
            {
                Own = AggregateFirstLast.Find(function, split, arguments, orders.Length > 0 || distinct != DistinctKind.None),
                End = AggregateFirstLast.EndOf(function, split, arguments, orders.Length > 0 || distinct != DistinctKind.None || _filter != null),
            };
        }

        _isDistinct = distinct == DistinctKind.ByDefault;
        _argument = arguments.Length == 0 ? null : arguments[0];
        _isExact = !_isDistinct && _kind is AggregateKind.NumericSum or AggregateKind.NumericMoments;
        Result = AggregateCatalog.Result(_kind, result, split);
        _context = context;
        _buffer = new VectorBuffer(context.Host.Memory);
        Values = _vector;
    }

    internal ValueType Type { get; }

    /// <summary>Null: the engine computes it, and what is said here of values, states and DISTINCT is about that.</summary>
    internal AggregateHostCall? Host { get; }

    /// <summary>What must be known of all values of <see cref="Column"/> to take them in at once.</summary>
    internal AggregateNeed Need => Host == null && _filter == null && !_isDistinct && _argument is null or ColumnReference
        ? AggregateCatalog.Need(_kind, _collation) : AggregateNeed.Values;

    /// <summary>The child's column that is its argument; null: it has none, or that is none.</summary>
    internal int? Column => (_argument as ColumnReference)?.Column;

    /// <summary>Null: it looks at other rows, too.</summary>
    internal AggregateEnd? End => Host != null ? Host.End
        : Need is AggregateNeed.Least or AggregateNeed.Greatest && AggregateFirstLast.IsInteger(_argument!.Type)
            ? new AggregateEnd(Column!.Value, Need == AggregateNeed.Greatest) : null;

    internal AggregateResult Result { get; }

    /// <summary>The number of the aggregate, made before it, whose states serve it, too; null: none does.</summary>
    internal int? Shared { get; private set; }

    /// <summary>The rows of the batch that count, and their values one after the other; without an argument there are none.</summary>
    internal Rows Rows { get; private set; }

    internal Vector Values { get; private set; }

    /// <summary>Room for the groups of those rows, taken when it is first asked for.</summary>
    internal AggregateRows Selected => _rows ??= new AggregateRows(_context.Host.Memory);

    /// <summary>Likewise for the rows.</summary>
    ushort* List =>
        _selected != null ? _selected : _selected = (ushort*)_context.Host.Memory.Allocate(Batch.Capacity * sizeof(ushort));

    /// <summary>Uses the states of the other, whose number that is, where they are the same.</summary>
    internal void Share(AggregateCall other, int number)
    {
        if (other.Shared != null || (Host == null) != (other.Host == null) || Host is { Own: not OwnAggregate.None })
        {
            return;
        }

        if (Host == null ? HasStateOf(other) : Host.Transition == other.Host!.Transition)
        {
            Shared = number;
        }
    }

    /// <summary>Are the states of the two the same?</summary>
    internal bool HasStateOf(AggregateCall other)
    {
        bool isPlain = _filter == null && other._filter == null && !_isDistinct && !other._isDistinct;
        return isPlain && _kind == other._kind && _collation == other._collation && IsSame(_argument, other._argument);
    }

    internal AggregateState MakeState() => AggregateCatalog.Make(_kind, Type, _collation, _context.Host);

    /// <summary>Null: all values count. <paramref name="hasKeys"/>: there may be more groups than one.</summary>
    internal AggregateDistinct? MakeDistinct(bool hasKeys) =>
        _isDistinct ? new AggregateDistinct(_argument!.Type, _collation, hasKeys, _context) : null;

    internal void MarkColumns(Span<bool> columns)
    {
        _argument?.MarkColumns(columns);
        Host?.MarkColumns(columns);
        _filter?.MarkColumns(columns);
    }

    internal void Start()
    {
        _argument?.Start();
        Host?.Start();
        _filter?.Start();
    }

    /// <summary>Rows and values are good until the next batch.</summary>
    internal void Load(Batch batch)
    {
        if (Host != null)
        {
            Rows = Filtered(batch);
            Host.Load(batch, Rows);
            return;
        }

        Values = Take(batch, _isExact, out Rows rows);
        Rows = rows;
    }

    /// <summary>Among all values of the column the bound is the only one that matters: it becomes the one value, of the one group.</summary>
    internal void LoadBound(in ColumnFacts facts)
    {
        _buffer.Values[0] = Need == AggregateNeed.Least ? facts.Least : facts.Greatest;
        facts.Show(_vector, _buffer.Values);
        Values = _vector;
        Selected.Set(1, 1);
    }

    /// <summary>
    /// The rows of a batch that count, and the argument's values for them, one after the other. isExact: numerics of several display scales may
    /// come as integers.
    /// </summary>
    internal Vector Take(Batch batch, bool isExact, out Rows rows)
    {
        rows = Filtered(batch);
        Vector values = _vector;
        if (_argument != null && rows.Count > 0)
        {
            values = isExact ? _argument.EvaluateExact(batch, rows) : _argument.Evaluate(batch, rows);
            rows = WithoutNulls(values, rows);
        }

        return rows.IsAll || rows.Count == 0 ? values : Dense(values, rows);
    }

    /// <summary>Of the groups of a batch's rows, those of the rows that count; null: none does.</summary>
    internal AggregateRows? Counted(AggregateRows groups)
    {
        if (Rows.Count == 0 || Rows.IsAll)
        {
            return Rows.Count == 0 ? null : groups;
        }

        Selected.Select(groups, Rows);
        return Selected;
    }

    Rows Filtered(Batch batch)
    {
        var rows = Execution.Rows.All(batch.Rows);
        if (_filter == null)
        {
            return rows;
        }

        int count = _filter.Filter(batch, rows, List);
        return count == batch.Rows ? rows : new Rows(List, count);
    }

    Vector Dense(Vector values, Rows rows)
    {
        if (_argument != null)
        {
            Compaction.Gather(values, rows, _buffer, _vector);
            _vector.Nulls = null;
        }

        return _vector;
    }

    Rows WithoutNulls(Vector values, Rows rows)
    {
        if (values.Nulls == null)
        {
            return rows;
        }

        int count = rows.WithoutNulls(values.Nulls, List);
        return count == rows.Count ? rows : new Rows(List, count);
    }

    static bool IsSame(Expression? left, Expression? right) =>
        (left == null && right == null) || (left is ColumnReference a && right is ColumnReference b && a.Column == b.Column);
}
