// Execution layer, expressions. One result out of several vectors, each of which has some of the rows: what CASE and COALESCE end in.

using System;

namespace Epiphany.Execution;

/// <summary>
/// Branches are given one after the other, then merged. Numerics stay decimals if all branches have one scale; for those who compute with them
/// also if they have not.
/// </summary>
sealed unsafe class Choice
{
    readonly VectorBuffer _buffer;
    readonly Vector _result = new();
    readonly Vector[] _vectors;
    readonly Rows[] _rows;
    readonly ushort*[] _lists;
    readonly DatumForm[] _forms;
    readonly DecimalForm[] _decimals;
    readonly Vector[] _exact;
    int _count;

    internal Choice(int branches, IExecutionHost host)
    {
        _buffer = new VectorBuffer(host.Memory);
        _vectors = new Vector[branches];
        _rows = new Rows[branches];
        _lists = new ushort*[branches];
        _forms = new DatumForm[branches];
        _decimals = new DecimalForm[branches];
        _exact = new Vector[branches];
        for (int i = 0; i < branches; i++)
        {
            _lists[i] = RowLists.Room(host);
            _forms[i] = new DatumForm(host.Memory);
            _decimals[i] = new DecimalForm(host);
        }
    }

    /// <summary>Room for the rows of a branch.</summary>
    internal ushort* List(int branch) => _lists[branch];

    internal void Begin() => _count = 0;

    internal void Add(Vector vector, Rows rows)
    {
        if (rows.Count > 0)
        {
            _vectors[_count] = vector;
            _rows[_count++] = rows;
        }
    }

    /// <summary>Rows that no branch had are not rows that count.</summary>
    internal Vector Merge()
    {
        if (_count == 1)
        {
            return _vectors[0];
        }

        int scale = -1;
        bool isDecimal = true;
        for (int i = 0; i < _count && isDecimal; i++)
        {
            Vector vector = _vectors[i];
            if (!IsNull(vector))
            {
                isDecimal = vector is { Form: VectorForm.Decimal, Displays: null } && (scale < 0 || vector.Scale == scale);
                scale = vector.Scale;
            }
        }

        Begin(out bool mayBeNull);
        if (isDecimal && scale >= 0)
        {
            CopyDecimals(_vectors, scale, mayBeNull);
            return _result;
        }

        for (int i = 0; i < _count; i++)
        {
            Copy(_forms[i].Of(_vectors[i], _rows[i]), _rows[i], mayBeNull);
        }

        return _result;
    }

    /// <summary>Numerics, with display scales of their own where they differ; null: they are no decimals of one scale.</summary>
    internal Vector? MergeExact()
    {
        int scale = -1;
        bool isEven = true;
        for (int i = 0; i < _count; i++)
        {
            _exact[i] = _vectors[i];
            if (IsNull(_vectors[i]))
            {
                continue;
            }

            if (_decimals[i].Of(_vectors[i], _rows[i]) is not { } decimals)
            {
                return null;
            }

            _exact[i] = decimals;
            isEven &= decimals.Displays == null && (scale < 0 || scale == decimals.Scale);
            scale = Math.Max(scale, decimals.Scale);
        }

        if (_count == 1)
        {
            return _exact[0];
        }

        Begin(out bool mayBeNull);
        for (int i = 0; i < _count && !isEven; i++)
        {
            CopyDisplays(_exact[i], _rows[i]);
            if (IsNull(_vectors[i]))
            {
                continue;
            }

            if (_decimals[i].AtScale(_exact[i], scale, _rows[i]) is not { } scaled)
            {
                return null;
            }

            _exact[i] = scaled;
        }

        CopyDecimals(_exact, Math.Max(scale, 0), mayBeNull);
        _result.Displays = isEven ? null : _buffer.Displays;
        return _result;
    }

    /// <summary>A constant null has no scale.</summary>
    static bool IsNull(Vector vector) => vector.IsConstant && vector.IsNull(0);

    void Begin(out bool mayBeNull)
    {
        mayBeNull = false;
        for (int i = 0; i < _count; i++)
        {
            mayBeNull |= _vectors[i].Nulls != null;
        }

        _result.SetDatums(_buffer.Values, mayBeNull ? _buffer.Nulls : null);
    }

    /// <summary>Integers of one scale, as they are.</summary>
    void CopyDecimals(Vector[] vectors, int scale, bool mayBeNull)
    {
        ulong bound = 0;
        for (int i = 0; i < _count; i++)
        {
            Copy(vectors[i], _rows[i], mayBeNull);
            bound = Math.Max(bound, IsNull(vectors[i]) ? 0 : vectors[i].Bound);
        }

        (_result.Form, _result.Scale, _result.Bound) = (VectorForm.Decimal, scale, bound);
    }

    void Copy(Vector source, Rows rows, bool mayBeNull)
    {
        ulong* values = _buffer.Values;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            values[row] = source.Values[row];
        }

        for (int i = 0; mayBeNull && i < rows.Count; i++)
        {
            int row = rows[i];
            _buffer.Nulls[row] = source.Nulls == null ? (byte)0 : source.Nulls[row];
        }
    }

    void CopyDisplays(Vector source, Rows rows)
    {
        byte* displays = _buffer.Displays;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            displays[row] = (byte)source.Display(row);
        }
    }
}
