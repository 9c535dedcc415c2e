// Execution layer, expressions. What depends on no row is computed once a run, when a row first asks for it.

namespace Epiphany.Execution;

/// <summary>An expression of constants and parameters.</summary>
sealed unsafe class RunConstant : Kernel
{
    readonly Expression _expression;
    readonly Vector _vector = new();
    readonly VectorBuffer _buffer;
    bool _ready;

    internal RunConstant(Expression expression, IExecutionHost host) : base(expression.Type, expression)
    {
        _expression = expression;
        _buffer = new VectorBuffer(host.Memory);
    }

    public override bool IsConstant => true;

    /// <summary>Once it is known in this run.</summary>
    public override bool IsTotal => _ready;

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        if (!_ready && rows.Count > 0)
        {
            Vector result = _expression.Evaluate(Batch.NoColumns, Rows.All(1));
            ulong value = result.Values[0];
            bool isNull = result.IsNull(0);
            var form = (result.Form, result.Scale, result.Bound);
            Constant.Fill(_vector, _buffer, isNull, value);
            (_vector.Form, _vector.Scale, _vector.Bound) = form;
            _ready = true;
        }

        return _vector;
    }

    public override void Start()
    {
        base.Start();
        _ready = false;
    }
}
