// Execution layer, expressions. GREATEST and LEAST of types that are passed by reference. Nulls are passed over; of equal values the first one is
// taken, with its display scale.

using System;

namespace Epiphany.Execution;

/// <summary>The datums themselves, compared by what they point to; numerics as integers where they are such.</summary>
sealed unsafe class MinMaxDatums(ValueType type, Order order, bool isGreatest, Expression[] arguments, IExecutionHost host)
    : ExactKernel(type, arguments, host)
{
    readonly VectorBuffer _buffer = new(host.Memory);
    readonly Vector _result = new();
    readonly Vector[] _vectors = new Vector[arguments.Length];
    readonly Vector[] _decimals = new Vector[arguments.Length];
    readonly DecimalForm[] _exact = Array.ConvertAll(arguments, _ => new DecimalForm(host));
    readonly DatumForm[] _datums = Array.ConvertAll(arguments, _ => new DatumForm(host.Memory));

    public override Vector EvaluateExact(Batch batch, Rows rows)
    {
        for (int a = 0; a < _vectors.Length; a++)
        {
            _vectors[a] = Arguments[a].EvaluateExact(batch, rows);
        }

        _result.SetDatums(_buffer.Values, _buffer.Nulls);
        if (order == Order.Numeric && TryDecimals(rows))
        {
            return _result;
        }

        Begin(rows);
        for (int a = 0; a < _vectors.Length; a++)
        {
            Vector argument = _datums[a].Of(_vectors[a], rows);
            for (int i = 0; i < rows.Count; i++)
            {
                int row = rows[i];
                if (!argument.IsNull(row) && (_buffer.Nulls[row] != 0 || IsBetter(Orders.Compare(order, argument.Values[row], _buffer.Values[row]))))
                {
                    _buffer.Values[row] = argument.Values[row];
                    _buffer.Nulls[row] = 0;
                }
            }
        }

        return _result;
    }

    /// <summary>At the greatest scale of all; false: not all of them are integers that have room for it.</summary>
    bool TryDecimals(Rows rows)
    {
        int scale = 0;
        ulong bound = 0;
        for (int a = 0; a < _vectors.Length; a++)
        {
            if (_exact[a].Of(_vectors[a], rows) is not { } decimals)
            {
                return false;
            }

            _decimals[a] = decimals;
            scale = Math.Max(scale, decimals.Scale);
        }

        Begin(rows);
        bool isEven = true;
        for (int a = 0; a < _vectors.Length; a++)
        {
            if (_exact[a].AtScale(_decimals[a], scale, rows) is not { } scaled)
            {
                return false;
            }

            bound = Math.Max(bound, scaled.Bound);
            isEven &= _decimals[a].Displays == null && _decimals[a].Scale == scale;
            Choose(scaled, _decimals[a], rows);
        }

        (_result.Form, _result.Scale, _result.Bound) = (VectorForm.Decimal, scale, bound);
        _result.Displays = isEven ? null : _buffer.Displays;
        return true;
    }

    void Choose(Vector scaled, Vector shown, Rows rows)
    {
        byte* displays = _buffer.Displays;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            long value = (long)scaled.Values[row];
            if (!scaled.IsNull(row) && (_buffer.Nulls[row] != 0 || IsBetter(value.CompareTo((long)_buffer.Values[row]))))
            {
                _buffer.Values[row] = (ulong)value;
                _buffer.Nulls[row] = 0;
                displays[row] = (byte)shown.Display(row);
            }
        }
    }

    void Begin(Rows rows)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            _buffer.Nulls[rows[i]] = 1;
        }
    }

    bool IsBetter(int compared) => isGreatest ? compared > 0 : compared < 0;
}
