// Execution layer, expressions. Values that do not depend on rows: constants, and parameters, which are asked for at the start of a run.

using System;

namespace Epiphany.Execution;

/// <summary>A value that was known when the program was made. Most are looked at as such: lanes are filled for who asks for a vector.</summary>
sealed unsafe class Constant(ValueType type, bool isNull, ulong value, IExecutionHost host) : Expression(type)
{
    Vector? _vector;

    public override bool IsConstant => true;

    public override bool IsTotal => true;

    internal bool IsNull => isNull;

    internal ulong Value => value;

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        if (_vector == null)
        {
            _vector = new Vector();
            Fill(_vector, new VectorBuffer(host.Memory), isNull, value);
        }

        return _vector;
    }

    public override void MarkColumns(Span<bool> columns)
    {
    }

    internal static void Fill(Vector vector, VectorBuffer buffer, bool isNull, ulong value)
    {
        new Span<ulong>(buffer.Values, Batch.Capacity).Fill(value);
        new Span<byte>(buffer.Nulls, Batch.Capacity).Fill(isNull ? (byte)1 : (byte)0);
        vector.SetDatums(buffer.Values, isNull ? buffer.Nulls : null);
        vector.IsConstant = true;
    }
}

/// <summary>A value that is known when a run begins and is first asked for.</summary>
sealed class Parameter(ValueType type, int parameter, IExecutionHost host) : Expression(type)
{
    readonly Vector _vector = new();
    readonly VectorBuffer _buffer = new(host.Memory);
    bool _ready;

    public override bool IsConstant => true;

    /// <summary>Once it is known in this run.</summary>
    public override bool IsTotal => _ready;

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        if (!_ready)
        {
            bool isNull = !host.Param(parameter, out ulong value);
            Constant.Fill(_vector, _buffer, isNull, value);
            _ready = true;
        }

        return _vector;
    }

    public override void MarkColumns(Span<bool> columns)
    {
    }

    public override void Ask() => Evaluate(Batch.NoColumns, Rows.All(1));

    public override void Start() => _ready = false;
}
