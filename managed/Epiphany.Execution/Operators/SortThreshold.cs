// Execution layer, operators. What a bounded sort knows by now that it will not give.

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>
/// The last of as many rows, in order, as a sort is to give. Who comes later and is not before it, equal ones too, will never be among them.
/// </summary>
sealed unsafe class SortThreshold(SortKey[] keys, IExecutionHost host)
{
    readonly ushort* _list = (ushort*)host.Memory.Allocate(Batch.Capacity * sizeof(ushort));
    readonly byte* _isBefore = host.Memory.Allocate(Batch.Capacity);
    RowStore? _rows;
    int _row;

    /// <summary>The last row of a store is it, from now on and wherever rows are added.</summary>
    internal void Set(RowStore rows)
    {
        _rows = rows.Count > 0 ? rows : null;
        _row = rows.Count - 1;
    }

    internal void Forget() => _rows = null;

    /// <summary>The rows of a batch that may be among the first; good until the next call.</summary>
    internal Rows Before(Batch batch)
    {
        if (_rows == null)
        {
            return Rows.All(batch.Rows);
        }

        new Span<byte>(_isBefore, batch.Rows).Clear();
        Rows equal = Rows.All(batch.Rows);
        for (int i = 0; i < keys.Length && equal.Count > 0; i++)
        {
            equal = Compare(keys[i], batch.Columns[keys[i].Column], _rows[keys[i].Column], equal);
        }

        int count = 0;
        for (int row = 0; row < batch.Rows; row++)
        {
            _list[count] = (ushort)row;
            count += _isBefore[row];
        }

        return new Rows(_list, count);
    }

    /// <summary>Of rows that are equal by the keys so far: marks those before by this key; returns those that are equal by it, too.</summary>
    Rows Compare(SortKey key, Vector vector, StoredColumn column, Rows rows)
    {
        int equal = 0;
        if (vector.Form != column.Form || (vector.Form == VectorForm.Decimal && vector.Scale != column.Scale))
        {
            // What cannot be compared as it is may be before.
            for (int i = 0; i < rows.Count; i++)
            {
                _isBefore[rows[i]] = 1;
            }
        }
        else if (vector.Nulls != null || column.IsNull(_row) || !key.IsDecisive(vector.Form))
        {
            for (int i = 0; i < rows.Count; i++)
            {
                int row = rows[i];
                int result = Compare(key, vector, row, column);
                _isBefore[row] = result < 0 ? (byte)1 : (byte)0;
                _list[equal] = (ushort)row;
                equal += result == 0 ? 1 : 0;
            }
        }
        else
        {
            ulong threshold = key.Prefix(column.Value(_row), column.Form);
            for (int i = 0; i < rows.Count; i++)
            {
                int row = rows[i];
                ulong prefix = key.Prefix(vector.Values[row], vector.Form);
                _isBefore[row] = prefix < threshold ? (byte)1 : (byte)0;
                _list[equal] = (ushort)row;
                equal += prefix == threshold ? 1 : 0;
            }
        }

        return new Rows(_list, equal);
    }

    int Compare(SortKey key, Vector vector, int row, StoredColumn column)
    {
        bool isNull = vector.IsNull(row);
        bool isThresholdNull = column.IsNull(_row);
        if (isNull || isThresholdNull)
        {
            return isNull == isThresholdNull ? 0 : isNull == key.NullsFirst ? -1 : 1;
        }

        ulong value = vector.Values[row];
        ulong threshold = column.Value(_row);
        int result = key.Prefix(value, vector.Form).CompareTo(key.Prefix(threshold, column.Form));
        return result != 0 || key.IsDecisive(vector.Form) ? result : key.Compare(value, threshold, vector.Form);
    }
}
