// Execution layer, expressions. One result out of several vectors, each of which has some of the rows: what CASE and COALESCE end in.

namespace Epiphany.Execution;

/// <summary>Branches are given one after the other, then merged. Numerics stay decimals if all branches have one scale.</summary>
sealed unsafe class Choice
{
    readonly Output _output;
    readonly Vector[] _vectors;
    readonly Rows[] _rows;
    readonly ushort*[] _lists;
    readonly DatumForm[] _forms;
    int _count;

    internal Choice(int branches, IExecutionHost host)
    {
        _output = new Output(host);
        _vectors = new Vector[branches];
        _rows = new Rows[branches];
        _lists = new ushort*[branches];
        _forms = new DatumForm[branches];
        for (int i = 0; i < branches; i++)
        {
            _lists[i] = RowLists.Room(host);
            _forms[i] = new DatumForm(host.Memory);
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

        bool isDecimal = _count > 0 && _vectors[0].Form == VectorForm.Decimal;
        bool mayBeNull = false;
        ulong bound = 0;
        for (int i = 0; i < _count; i++)
        {
            Vector vector = _vectors[i];
            isDecimal &= vector.Form == VectorForm.Decimal && vector.Scale == _vectors[0].Scale;
            mayBeNull |= vector.Nulls != null;
            bound = System.Math.Max(bound, vector.Bound);
        }

        for (int i = 0; i < _count; i++)
        {
            Copy(isDecimal ? _vectors[i] : _forms[i].Of(_vectors[i], _rows[i]), _rows[i], mayBeNull);
        }

        Vector result = _output.Finish(mayBeNull ? _output.Nulls : null);
        if (isDecimal)
        {
            (result.Form, result.Scale, result.Bound) = (VectorForm.Decimal, _vectors[0].Scale, bound);
        }

        return result;
    }

    void Copy(Vector source, Rows rows, bool mayBeNull)
    {
        ulong* values = _output.Values;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            values[row] = source.Values[row];
        }

        for (int i = 0; mayBeNull && i < rows.Count; i++)
        {
            int row = rows[i];
            _output.Nulls[row] = source.Nulls == null ? (byte)0 : source.Nulls[row];
        }
    }
}
