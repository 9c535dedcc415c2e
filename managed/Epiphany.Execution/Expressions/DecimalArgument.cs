// Execution layer, expressions. A numeric argument as decimals, at the scale that a kernel needs.

using System;
using System.Runtime.Intrinsics;

namespace Epiphany.Execution;

/// <summary>
/// Asks its expression once a batch. What is no decimal (other display scales in one batch, NaN, too many digits) it says so: such a batch is
/// PostgreSQL's.
/// </summary>
sealed unsafe class DecimalArgument(Expression expression, IExecutionHost host)
{
    readonly Vector _read = new();
    readonly Vector _scaled = new();
    VectorBuffer? _readBuffer;
    VectorBuffer? _scaledBuffer;

    /// <summary>Null: they are no decimals.</summary>
    internal Vector? Evaluate(Batch batch, Rows rows)
    {
        Vector source = expression.Evaluate(batch, rows);
        if (source.Form == VectorForm.Decimal)
        {
            return source;
        }

        if (source.IsConstant)
        {
            return ReadConstant(source);
        }

        return Read(source, rows) ? _read : null;
    }

    /// <summary>The same values as integers of 10^-scale, which is no smaller than theirs; null: some of them need more than 64 bits.</summary>
    internal Vector? AtScale(Vector source, int scale, Rows rows)
    {
        if (source.Scale == scale)
        {
            return source;
        }

        long factor = NumericReader.PowerOfTen(scale - source.Scale);
        if (factor == 0 || !Fits(source, rows, (ulong)factor, out ulong bound))
        {
            return null;
        }

        VectorBuffer buffer = _scaledBuffer ??= new VectorBuffer(host.Memory);
        if (source.IsConstant)
        {
            new Span<ulong>(buffer.Values, Batch.Capacity).Fill(source.Values[0] * (ulong)factor);
        }
        else
        {
            Scale((long*)source.Values, rows, factor, (long*)buffer.Values);
        }

        _scaled.Refer(source);
        _scaled.Values = buffer.Values;
        _scaled.Scale = scale;
        _scaled.Bound = bound;
        return _scaled;
    }

    /// <summary>The greatest magnitude of values that count.</summary>
    internal static ulong Greatest(Vector source, Rows rows)
    {
        ulong greatest = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            greatest = source.IsNull(row) ? greatest : Math.Max(greatest, Magnitude((long)source.Values[row]));
        }

        return greatest;
    }

    /// <summary>What is known suffices nearly always; else the values are looked at.</summary>
    static bool Fits(Vector source, Rows rows, ulong factor, out ulong bound)
    {
        ulong most = long.MaxValue / factor;
        bound = source.Bound <= most ? source.Bound : Greatest(source, rows);
        bool fits = bound <= most;
        bound *= fits ? factor : 0;
        return fits;
    }

    static ulong Magnitude(long value) => value < 0 ? 0 - (ulong)value : (ulong)value;

    static void Scale(long* source, Rows rows, long factor, long* result)
    {
        if (!rows.IsAll)
        {
            for (int i = 0; i < rows.Count; i++)
            {
                int row = rows.Index[i];
                result[row] = source[row] * factor;
            }

            return;
        }

        int r = 0;
        for (; r <= rows.Count - Vector512<long>.Count; r += Vector512<long>.Count)
        {
            (Vector512.Load(source + r) * factor).Store(result + r);
        }

        for (; r < rows.Count; r++)
        {
            result[r] = source[r] * factor;
        }
    }

    Vector? ReadConstant(Vector source)
    {
        bool isNull = source.IsNull(0);
        long value = 0;
        int scale = 0;
        if (!isNull && !NumericReader.TryRead(source.Values[0], out value, out scale))
        {
            return null;
        }

        if (_readBuffer == null || _read.Values[0] != (ulong)value)
        {
            _readBuffer ??= new VectorBuffer(host.Memory);
            new Span<ulong>(_readBuffer.Values, Batch.Capacity).Fill((ulong)value);
        }

        SetRead(source.Nulls, scale, Magnitude(value));
        _read.IsConstant = true;
        return _read;
    }

    bool Read(Vector source, Rows rows)
    {
        _readBuffer ??= new VectorBuffer(host.Memory);
        int scale = -1;
        ulong bound = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (source.IsNull(row))
            {
                continue;
            }

            if (!NumericReader.TryRead(source.Values[row], out long value, out int itsScale) || (scale >= 0 && itsScale != scale))
            {
                return false;
            }

            scale = itsScale;
            bound = Math.Max(bound, Magnitude(value));
            _readBuffer.Values[row] = (ulong)value;
        }

        SetRead(source.Nulls, Math.Max(scale, 0), bound);
        return true;
    }

    void SetRead(byte* nulls, int scale, ulong bound)
    {
        _read.SetDatums(_readBuffer!.Values, nulls);
        _read.Form = VectorForm.Decimal;
        _read.Scale = scale;
        _read.Bound = bound;
    }
}
