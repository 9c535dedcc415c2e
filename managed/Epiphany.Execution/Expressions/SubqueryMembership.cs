// Execution layer, expressions. value = ANY (subquery): the subquery's values in a hash table.

namespace Epiphany.Execution;

/// <summary>
/// The subquery is the same for all runs; it is read when a row first asks. No row of it: false, also for a null. Else what is not among its
/// values gets null where one of those is null, as does a null. So NOT of it is NOT IN, a null-aware anti join.
/// </summary>
sealed unsafe class SubqueryMembership : Kernel
{
    readonly int _source;
    readonly IExecutionHost _host;
    readonly RawColumns _columns;
    readonly KeyTable _table;
    readonly KeyBatch _sought;
    readonly Vector[] _keys = new Vector[1];
    readonly Vector _dense = new();
    readonly VectorBuffer _denseBuffer;
    readonly uint* _numbers;
    readonly Output _output;
    bool _isRead;
    bool _isEmpty = true;
    bool _hasNull;

    internal SubqueryMembership(
        ValueType type, int source, ValueType column, uint equality, uint collation, Expression value, IExecutionHost host) : base(type, value)
    {
        _source = source;
        _host = host;
        _columns = new RawColumns([true], host.Memory);
        _table = new KeyTable(Side(column), [equality], [collation], nullsEqual: false, host);
        _sought = Side(value.Type);
        _denseBuffer = new VectorBuffer(host.Memory);
        _numbers = (uint*)host.Memory.Allocate(Batch.Capacity * sizeof(uint));
        _output = new Output(host);
        KeyBatch Side(ValueType side) => KeyBatch.Of([new KeyPart(0, equality, collation)], [side], host);
    }

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        bool hasNulls = Find(batch, rows);
        ulong* values = _output.Values;
        byte* nulls = _output.Nulls;
        for (int i = 0; i < rows.Count; i++)
        {
            bool isFound = _numbers[i] != KeyTable.None;
            values[rows[i]] = isFound ? 1UL : 0;
            nulls[rows[i]] = !isFound && !_isEmpty && (_hasNull || _dense.IsNull(i)) ? (byte)1 : (byte)0;
        }

        return _output.Finish(_hasNull || hasNulls ? nulls : null);
    }

    public override int Filter(Batch batch, Rows rows, ushort* selected)
    {
        Find(batch, rows);
        int count = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            selected[count] = (ushort)rows[i];
            count += _numbers[i] != KeyTable.None ? 1 : 0;
        }

        return count;
    }

    /// <summary>The numbers of the rows' values in the table, in the order of the rows. Is one of them null?</summary>
    bool Find(Batch batch, Rows rows)
    {
        if (rows.Count == 0)
        {
            return false;
        }

        if (!_isRead)
        {
            Read();
        }

        Compaction.Gather(Arguments[0].Evaluate(batch, rows), rows, _denseBuffer, _dense);
        _keys[0] = _dense;
        _table.Find(_sought, _keys, rows.Count, _numbers);
        return _dense.Nulls != null;
    }

    void Read()
    {
        int rows;
        while ((rows = _host.SourceRows(_source, _columns.Values, _columns.Nulls, Batch.Capacity)) > 0)
        {
            _host.Poll();
            _keys[0] = _columns.Show(rows).Columns[0];
            _table.Insert(_keys, rows, _numbers);
            _isEmpty = false;
            _hasNull |= _keys[0].Nulls != null;
        }

        _isRead = true;
    }
}
