// Execution layer, expressions. What is no function and no kind that the engine knows: PostgreSQL's evaluation, row by row.

using System;

namespace Epiphany.Execution;

/// <summary>An expression that PostgreSQL evaluates, row by row.</summary>
sealed unsafe class HostExpression : Expression
{
    const int MaxColumns = 1600;

    readonly IExecutionHost _host;
    readonly int _id;
    readonly int[] _columns;
    readonly DatumForm[] _forms;
    readonly ulong** _values;
    readonly byte** _nulls;
    readonly VectorBuffer _buffer;
    readonly Vector _vector = new();

    internal HostExpression(ValueType type, int id, IExecutionHost host) : base(type)
    {
        int* columns = stackalloc int[MaxColumns];
        _host = host;
        _id = id;
        _columns = new Span<int>(columns, host.PrepareExpression(id, columns)).ToArray();
        _forms = Array.ConvertAll(_columns, _ => new DatumForm(host.Memory));
        nuint room = (nuint)Math.Max(_columns.Length, 1);
        _values = (ulong**)host.Memory.Allocate(room * (nuint)sizeof(ulong*));
        _nulls = (byte**)host.Memory.Allocate(room * (nuint)sizeof(byte*));
        _buffer = new VectorBuffer(host.Memory);
    }

    internal bool HasColumns => _columns.Length > 0;

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        for (int i = 0; i < _columns.Length; i++)
        {
            Vector column = _forms[i].Of(batch.Columns[_columns[i]], rows);
            _values[i] = column.Values;
            _nulls[i] = column.Nulls;
        }

        _host.EvaluateRows(_id, _values, _nulls, rows, _buffer.Values, _buffer.Nulls);
        _vector.SetDatums(_buffer.Values, _buffer.Nulls);
        return _vector;
    }

    public override void MarkColumns(Span<bool> columns)
    {
        foreach (int column in _columns)
        {
            columns[column] = true;
        }
    }
}
