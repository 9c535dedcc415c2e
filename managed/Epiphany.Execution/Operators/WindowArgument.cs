// Execution layer, operators. An expression at rows of a window, wherever those are.

using System;

namespace Epiphany.Execution;

/// <summary>Evaluated at those rows only that a function asks for, as PostgreSQL does: at others it might be an error.</summary>
sealed unsafe class WindowArgument
{
    readonly Expression _expression;
    readonly WindowBatch _batch;
    readonly ushort* _selected;
    readonly VectorBuffer _none;
    readonly Vector _result = new();

    internal WindowArgument(Expression expression, WindowRows rows, IExecutionHost host)
    {
        _expression = expression;
        _batch = new WindowBatch(rows, host);
        expression.MarkColumns(_batch.Wanted);
        _selected = (ushort*)host.Memory.Allocate(Batch.Capacity * sizeof(ushort));
        _none = new VectorBuffer(host.Memory);
    }

    /// <summary>Values at the rows of those numbers, null where one is negative. Good until the next call, or until rows are written away.</summary>
    internal Vector At(long* numbers, int count)
    {
        int present = 0;
        for (int i = 0; i < count; i++)
        {
            _selected[present] = (ushort)i;
            present += numbers[i] >= 0 ? 1 : 0;
            _none.Nulls[i] = numbers[i] < 0 ? (byte)1 : (byte)0;
        }

        if (present == 0)
        {
            _result.SetDatums(_none.Values, _none.Nulls);
            return _result;
        }

        Vector values = _expression.Evaluate(_batch.Load(numbers, count), present == count ? Rows.All(count) : new Rows(_selected, present));
        _result.Refer(values);
        if (present < count)
        {
            for (int i = 0; i < count; i++)
            {
                _none.Nulls[i] |= values.IsNull(i) ? (byte)1 : (byte)0;
            }

            _result.Nulls = _none.Nulls;
            _result.IsConstant = false;
        }

        return _result;
    }
}
