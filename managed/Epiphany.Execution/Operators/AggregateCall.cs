// Execution layer, operators. One aggregate of a node as the program describes it, and the rows of a batch that it takes in.

using System;

namespace Epiphany.Execution;

/// <summary>Evaluates filter and argument, and leaves out what does not count: rows that the filter refuses, nulls, repeated values.</summary>
sealed unsafe class AggregateCall
{
    readonly Expression? _argument;
    readonly Expression? _filter;
    readonly AggregateDistinct? _distinct;
    readonly AggregateKind _kind;

    /// <summary>Its state takes numerics with display scales of their own.</summary>
    readonly bool _isExact;
    readonly uint _collation;
    readonly AggregateRows _rows;
    readonly AggregateRows _fresh;
    readonly ushort* _selected;
    readonly VectorBuffer _buffer;
    readonly VectorBuffer _freshBuffer;
    readonly Vector _vector = new();
    readonly Vector _freshVector = new();

    internal AggregateCall(ref ProgramReader reader, ExpressionBuilder expressions, int split, bool hasKeys, EngineContext context)
    {
        IExecutionHost host = context.Host;
        uint function = reader.Oid();
        reader.Oid();
        _collation = reader.Oid();
        Type = reader.Type();
        bool isDistinct = reader.Flag();
        Expression[] arguments = expressions.Expressions(ref reader);
        _filter = reader.Flag() ? expressions.Expression(ref reader) : null;
        _kind = AggregateCatalog.Find(function, out AggregateResult result);
        if (_kind == AggregateKind.None || arguments.Length > 1)
        {
            Throw.BadProgram($"aggregate {function}");
        }

        _argument = arguments.Length == 0 ? null : arguments[0];
        _distinct = isDistinct ? new AggregateDistinct(_argument!.Type, _collation, hasKeys, host) : null;
        _isExact = !isDistinct && _kind is AggregateKind.NumericSum or AggregateKind.NumericMoments;
        Result = AggregateCatalog.Result(_kind, result, split);
        _rows = new AggregateRows(host.Memory);
        _fresh = new AggregateRows(host.Memory);
        _buffer = new VectorBuffer(host.Memory);
        _freshBuffer = new VectorBuffer(host.Memory);
        _selected = (ushort*)host.Memory.Allocate(Batch.Capacity * sizeof(ushort));
        State = AggregateCatalog.Make(_kind, Type, _collation, host);
    }

    internal ValueType Type { get; }

    /// <summary>What must be known of all values of <see cref="Column"/> to take them in at once.</summary>
    internal AggregateNeed Need => _filter == null && _distinct == null && _argument is null or ColumnReference
        ? AggregateCatalog.Need(_kind, _collation) : AggregateNeed.Values;

    /// <summary>The child's column that is its argument; null: it has none, or that is none.</summary>
    internal int? Column => (_argument as ColumnReference)?.Column;

    internal AggregateResult Result { get; }

    internal AggregateState State { get; private set; }

    /// <summary>Does its state serve another aggregate, too, that has been made before it?</summary>
    internal bool IsShared { get; private set; }

    internal ulong Bytes => IsShared ? 0 : State.Bytes + (_distinct?.Bytes ?? 0);

    /// <summary>Uses the other's state where it is the same.</summary>
    internal void Share(AggregateCall other)
    {
        bool isPlain = _filter == null && other._filter == null && _distinct == null && other._distinct == null;
        if (isPlain && _kind == other._kind && _collation == other._collation && IsSame(_argument, other._argument))
        {
            State = other.State;
            IsShared = true;
        }
    }

    internal void MarkColumns(Span<bool> columns)
    {
        _argument?.MarkColumns(columns);
        _filter?.MarkColumns(columns);
    }

    internal void Start()
    {
        _argument?.Start();
        _filter?.Start();
    }

    internal void Clear()
    {
        State.Clear();
        _distinct?.Clear();
    }

    /// <summary>Takes in a batch, whose rows belong to those groups.</summary>
    internal void Add(Batch batch, AggregateRows groups)
    {
        Vector values = Take(batch, _isExact, out Rows rows);
        if (rows.Count == 0)
        {
            return;
        }

        if (!rows.IsAll)
        {
            _rows.Select(groups, rows);
            groups = _rows;
        }

        if (_distinct != null)
        {
            rows = _distinct.Fresh(values, groups, _selected);
            values = Dense(values, rows, _freshBuffer, _freshVector);
            _fresh.Select(groups, rows);
            groups = _fresh;
        }

        State.Add(values, groups);
    }

    /// <summary>Takes in all values of the column, of which there are some; what it needs is known of them.</summary>
    internal void AddWhole(in ColumnFacts facts)
    {
        AggregateNeed need = Need;
        if (need is AggregateNeed.Count or AggregateNeed.Sum)
        {
            State.AddWhole(facts.Values, facts.Sum, facts.Scale);
            return;
        }

        // Among all those values the bound is the only one that matters.
        _buffer.Values[0] = need == AggregateNeed.Least ? facts.Least : facts.Greatest;
        facts.Show(_vector, _buffer.Values);
        _rows.Set(1, 1);
        State.Add(_vector, _rows);
    }

    /// <summary>
    /// The rows of a batch that count, and the argument's values for them, one after the other. isExact: numerics of several display scales may
    /// come as integers.
    /// </summary>
    internal Vector Take(Batch batch, bool isExact, out Rows rows)
    {
        rows = Rows.All(batch.Rows);
        if (_filter != null)
        {
            int count = _filter.Filter(batch, rows, _selected);
            rows = count == batch.Rows ? rows : new Rows(_selected, count);
        }

        Vector values = _vector;
        if (_argument != null && rows.Count > 0)
        {
            values = isExact ? _argument.EvaluateExact(batch, rows) : _argument.Evaluate(batch, rows);
            rows = WithoutNulls(values, rows);
        }

        return rows.IsAll || rows.Count == 0 ? values : Dense(values, rows, _buffer, _vector);
    }

    Vector Dense(Vector values, Rows rows, VectorBuffer buffer, Vector dense)
    {
        if (_argument != null)
        {
            Compaction.Gather(values, rows, buffer, dense);
            dense.Nulls = null;
        }

        return dense;
    }

    Rows WithoutNulls(Vector values, Rows rows)
    {
        if (values.Nulls == null)
        {
            return rows;
        }

        int count = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            _selected[count] = (ushort)row;
            count += values.Nulls[row] ^ 1;
        }

        return count == rows.Count ? rows : new Rows(_selected, count);
    }

    static bool IsSame(Expression? left, Expression? right) =>
        (left == null && right == null) || (left is ColumnReference a && right is ColumnReference b && a.Column == b.Column);
}
