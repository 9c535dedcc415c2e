// Execution layer, operators. One aggregate of a node as the program describes it, and the rows of a batch that it takes in.

using System;

namespace Epiphany.Execution;

/// <summary>Evaluates filter and argument, and leaves out what does not count: rows that the filter refuses, nulls.</summary>
sealed unsafe class AggregateCall
{
    readonly Expression? _argument;
    readonly Expression? _filter;
    readonly AggregateKind _kind;
    readonly AggregateRows _rows;
    readonly ushort* _selected;
    readonly VectorBuffer _buffer;
    readonly Vector _vector = new();

    internal AggregateCall(ref ProgramReader reader, ExpressionBuilder expressions, int split, EngineContext context)
    {
        uint function = reader.Oid();
        reader.Oid();
        reader.Oid();
        Type = reader.Type();
        bool isDistinct = reader.Flag();
        Expression[] arguments = expressions.Expressions(ref reader);
        _filter = reader.Flag() ? expressions.Expression(ref reader) : null;
        _kind = AggregateCatalog.Find(function, out AggregateResult result);
        if (_kind == AggregateKind.None || arguments.Length > 1 || isDistinct)
        {
            Throw.BadProgram($"aggregate {function}");
        }

        _argument = arguments.Length == 0 ? null : arguments[0];
        Result = AggregateCatalog.Result(_kind, result, split);
        _rows = new AggregateRows(context.Host.Memory);
        _buffer = new VectorBuffer(context.Host.Memory);
        _selected = (ushort*)context.Host.Memory.Allocate(Batch.Capacity * sizeof(ushort));
        State = AggregateCatalog.Make(_kind, context.Host);
    }

    internal ValueType Type { get; }

    internal AggregateResult Result { get; }

    internal AggregateState State { get; private set; }

    /// <summary>Does its state serve another aggregate, too, that has been made before it?</summary>
    internal bool IsShared { get; private set; }

    /// <summary>Uses the other's state where it is the same.</summary>
    internal void Share(AggregateCall other)
    {
        if (_kind == other._kind && _filter == null && other._filter == null && IsSame(_argument, other._argument))
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

    /// <summary>Takes in a batch, whose rows belong to those groups.</summary>
    internal void Add(Batch batch, AggregateRows groups)
    {
        Rows rows = Rows.All(batch.Rows);
        if (_filter != null)
        {
            rows = new Rows(_selected, _filter.Filter(batch, rows, _selected));
        }

        Vector values = _vector;
        if (_argument != null && rows.Count > 0)
        {
            values = _argument.Evaluate(batch, rows);
            rows = WithoutNulls(values, rows);
        }

        if (rows.Count == 0)
        {
            return;
        }

        if (rows.IsAll)
        {
            State.Add(values, groups);
            return;
        }

        if (_argument != null)
        {
            Compaction.Gather(values, rows, _buffer, _vector);
            _vector.Nulls = null;
        }

        _rows.Select(groups, rows);
        State.Add(_vector, _rows);
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
