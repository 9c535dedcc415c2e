// Execution layer, expressions. Numerics as decimals, for those who compute with them.

using System;
using System.Runtime.Intrinsics;
using Epiphany.Kernels;

namespace Epiphany.Execution;

/// <summary>
/// Shows a vector in form Decimal; display scales may differ from row to row (<see cref="Vector.Displays"/>). What is no decimal (NaN, too many
/// digits) is PostgreSQL's, with the rest of its batch. What it has to make lives until its next call.
/// </summary>
unsafe class DecimalForm(IExecutionHost host)
{
    readonly Vector _read = new();
    readonly Vector _scaled = new();
    VectorBuffer? _readBuffer;
    VectorBuffer? _scaledBuffer;

    /// <summary>Null: they are no decimals.</summary>
    internal Vector? Of(Vector source, Rows rows)
    {
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

    /// <summary>What two values' display scales make, row by row; null: that of the result's scale, everywhere.</summary>
    internal static byte* Displays(Vector left, Vector right, bool adds, Rows rows, VectorBuffer room)
    {
        bool isEven = left.Displays == null && right.Displays == null;
        if (isEven || (!adds && IsAlwaysShown(left, right.Scale)) || (!adds && IsAlwaysShown(right, left.Scale)))
        {
            return null;
        }

        byte* displays = room.Displays;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            int a = left.Display(row);
            int b = right.Display(row);
            displays[row] = (byte)(adds ? a + b : Math.Max(a, b));
        }

        return displays;
    }

    /// <summary>All values have a display scale that no other's exceeds.</summary>
    static bool IsAlwaysShown(Vector vector, int other) => vector.Displays == null && vector.Scale >= other;

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
            greatest = source.IsNull(row) ? greatest : Math.Max(greatest, Lanes.Magnitude((long)source.Values[row]));
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

        SetRead(source.Nulls, scale, Lanes.Magnitude(value));
        _read.IsConstant = true;
        return _read;
    }

    bool Read(Vector source, Rows rows)
    {
        VectorBuffer buffer = _readBuffer ??= new VectorBuffer(host.Memory);
        byte* displays = buffer.Displays;
        int scale = 0;
        int least = NumericDatums.MaxScale;
        ulong bound = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (source.IsNull(row))
            {
                continue;
            }

            if (!NumericReader.TryRead(source.Values[row], out long value, out int itsScale))
            {
                return false;
            }

            scale = Math.Max(scale, itsScale);
            least = Math.Min(least, itsScale);
            bound = Math.Max(bound, Lanes.Magnitude(value));
            buffer.Values[row] = (ulong)value;
            displays[row] = (byte)itsScale;
        }

        SetRead(source.Nulls, scale, bound);
        return least >= scale || Agree(source, scale, rows);
    }

    /// <summary>Brings what was read to the greatest of the scales.</summary>
    bool Agree(Vector source, int scale, Rows rows)
    {
        long* values = (long*)_readBuffer!.Values;
        byte* displays = _readBuffer.Displays;
        ulong bound = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (source.IsNull(row) || values[row] == 0)
            {
                continue;
            }

            long factor = NumericReader.PowerOfTen(scale - displays[row]);
            ulong magnitude = Lanes.Magnitude(values[row]);
            if (factor == 0 || magnitude > long.MaxValue / (ulong)factor)
            {
                return false;
            }

            values[row] *= factor;
            bound = Math.Max(bound, magnitude * (ulong)factor);
        }

        _read.Bound = bound;
        _read.Displays = displays;
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
