// Execution layer, expressions. What has no kernel: PostgreSQL's function for each row, or PostgreSQL's evaluation of the whole expression.

using System;

namespace Epiphany.Execution;

/// <summary>A function of PostgreSQL's, called for each row that counts. Strict ones are not called where an argument is null.</summary>
sealed unsafe class HostCall(
    ValueType type, uint function, uint collation, bool strict, Expression[] arguments, int id, IExecutionHost host) : Expression(type)
{
    readonly int _call = host.PrepareCall(function, collation, id);
    readonly VectorBuffer _buffer = new(host.Memory);
    readonly Vector _vector = new();
    readonly ulong** _values = (ulong**)host.Memory.Allocate((nuint)(Math.Max(arguments.Length, 1) * sizeof(ulong*)));
    readonly byte** _nulls = (byte**)host.Memory.Allocate((nuint)(Math.Max(arguments.Length, 1) * sizeof(byte*)));
    readonly ushort* _rows = (ushort*)host.Memory.Allocate(Batch.Capacity * sizeof(ushort));
    readonly DatumForm[] _forms = Array.ConvertAll(arguments, _ => new DatumForm(host.Memory));

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        bool mayBeNull = false;
        for (int i = 0; i < arguments.Length; i++)
        {
            Vector argument = _forms[i].Of(arguments[i].Evaluate(batch, rows), rows);
            _values[i] = argument.Values;
            _nulls[i] = argument.Nulls;
            mayBeNull |= argument.Nulls != null;
        }

        if (strict && mayBeNull)
        {
            rows = NotNull(rows);
        }

        host.CallRows(_call, _values, _nulls, rows, _buffer.Values, _buffer.Nulls);
        _vector.SetDatums(_buffer.Values, _buffer.Nulls);
        return _vector;
    }

    public override void MarkColumns(Span<bool> columns)
    {
        foreach (Expression argument in arguments)
        {
            argument.MarkColumns(columns);
        }
    }

    public override void Start() => Array.ForEach(arguments, e => e.Start());

    /// <summary>Rows without a null argument; the others get a null result.</summary>
    Rows NotNull(Rows rows)
    {
        int count = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            byte isNull = 0;
            for (int a = 0; a < arguments.Length; a++)
            {
                isNull |= _nulls[a] == null ? (byte)0 : _nulls[a][row];
            }

            _buffer.Nulls[row] = isNull;
            _rows[count] = (ushort)row;
            count += isNull == 0 ? 1 : 0;
        }

        return new Rows(_rows, count);
    }
}

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
