// Execution layer, core. Rows that come in order: which of them have another key than the row before.

using System;

namespace Epiphany.Execution;

/// <summary>Keys of several columns, batch after batch of one run. Nulls are equal to each other.</summary>
sealed class KeyChanges
{
    readonly KeyPart[] _keys;
    readonly KeyChange[] _columns;

    internal KeyChanges(KeyPart[] keys, ReadOnlySpan<ValueType> types, IExecutionHost host)
    {
        _keys = keys;
        _columns = new KeyChange[keys.Length];
        for (int i = 0; i < keys.Length; i++)
        {
            _columns[i] = new KeyChange(keys[i], types[keys[i].Column], host);
        }
    }

    /// <summary>Sets the mark of rows whose key is not that of the row before. A run's first row is left as it is.</summary>
    internal unsafe void Mark(Batch batch, byte mark, byte* marks)
    {
        for (int i = 0; i < _columns.Length; i++)
        {
            _columns[i].Mark(batch.Columns[_keys[i].Column], batch.Rows, mark, marks);
        }
    }

    internal void Start() => Array.ForEach(_columns, c => c.Start());
}

/// <summary>One column of a key, and the value that its last row had.</summary>
sealed unsafe class KeyChange
{
    readonly ValueType _type;
    readonly IExecutionHost _host;
    readonly KeyColumn? _lanes;
    readonly DatumForm _form;
    readonly Arena _kept;
    readonly VectorBuffer? _results;
    readonly ushort* _pairs;
    readonly int _call;
    bool _hasLast;
    bool _isNull;
    ulong _lane;
    ulong _value;

    internal KeyChange(KeyPart key, ValueType type, IExecutionHost host)
    {
        _type = type;
        _host = host;
        _form = new DatumForm(host.Memory);
        _kept = new Arena(host.Memory);
        KeyKind kind = KeyKinds.Of(key.Equality, key.Collation, type.Oid);
        if (kind != KeyKind.Host)
        {
            _lanes = new KeyColumn(type, kind, key.Collation, host);
            return;
        }

        _call = host.PrepareCall(key.Equality, key.Collation, -1);
        _results = new VectorBuffer(host.Memory);
        _pairs = (ushort*)host.Memory.Allocate(Batch.Capacity * sizeof(ushort));
    }

    internal void Start() => _hasLast = false;

    internal void Mark(Vector values, int rows, byte mark, byte* marks)
    {
        if (_lanes == null)
        {
            MarkByHost(_form.Of(values, Rows.All(rows)), rows, mark, marks);
        }
        else
        {
            MarkByLanes(_lanes, values, rows, mark, marks);
        }
    }

    void MarkByLanes(KeyColumn column, Vector values, int rows, byte mark, byte* marks)
    {
        column.Load(values, Rows.All(rows));
        if (column.HasDigests)
        {
            column.Datums();
        }

        ulong* lanes = column.Lanes;
        byte* nulls = column.Nulls;
        ulong* datums = column.Source.Values;
        bool firstNull = nulls != null && nulls[0] != 0;
        bool same = _isNull == firstNull
            && (firstNull || (_lane == lanes[0] && (!column.IsDigest(_lane) || !_hasLast || column.Same(_value, datums[0]))));
        marks[0] |= _hasLast && !same ? mark : (byte)0;
        for (int i = 1; i < rows; i++)
        {
            marks[i] |= lanes[i] != lanes[i - 1] ? mark : (byte)0;
        }

        for (int i = 1; nulls != null && i < rows; i++)
        {
            marks[i] |= nulls[i] != nulls[i - 1] ? mark : (byte)0;
        }

        for (int i = 1; column.HasDigests && i < rows; i++)
        {
            if ((marks[i] & mark) == 0 && column.IsDigest(lanes[i]) && (nulls == null || nulls[i] == 0))
            {
                marks[i] |= column.Same(datums[i - 1], datums[i]) ? (byte)0 : mark;
            }
        }

        bool lastNull = nulls != null && nulls[rows - 1] != 0;
        _lane = lanes[rows - 1];
        Keep(lastNull, !lastNull && column.IsDigest(_lane) ? datums[rows - 1] : 0);
    }

    void MarkByHost(Vector values, int rows, byte mark, byte* marks)
    {
        if (_hasLast)
        {
            bool isNull = values.IsNull(0);
            marks[0] |= _isNull == isNull && (isNull || IsEqual(_value, values.Values[0])) ? (byte)0 : mark;
        }

        int pairs = 0;
        for (int i = 1; i < rows; i++)
        {
            bool before = values.IsNull(i - 1);
            bool isNull = values.IsNull(i);
            marks[i] |= before != isNull ? mark : (byte)0;
            _pairs[pairs] = (ushort)(i - 1);
            pairs += before || isNull ? 0 : 1;
        }

        Call(values.Values, values.Values + 1, new Rows(_pairs, pairs));
        for (int i = 0; i < pairs; i++)
        {
            int row = _pairs[i];
            marks[row + 1] |= (_results!.Values[row] & 1) == 0 || _results.Nulls[row] != 0 ? mark : (byte)0;
        }

        Keep(values.IsNull(rows - 1), values.Values[rows - 1]);
    }

    bool IsEqual(ulong left, ulong right)
    {
        Call(&left, &right, Rows.All(1));
        return (_results!.Values[0] & 1) != 0 && _results.Nulls[0] == 0;
    }

    void Call(ulong* left, ulong* right, Rows rows)
    {
        ulong** values = stackalloc ulong*[2];
        byte** nulls = stackalloc byte*[2];
        values[0] = left;
        values[1] = right;
        nulls[0] = nulls[1] = null;
        if (rows.Count > 0)
        {
            _host.CallRows(_call, values, nulls, rows, _results!.Values, _results.Nulls);
        }
    }

    /// <summary>What the next batch's first row is compared with; 0 for a value that its lane says all of.</summary>
    void Keep(bool isNull, ulong value)
    {
        _kept.Reset();
        _hasLast = true;
        _isNull = isNull;
        _value = isNull || value == 0 || _type.ByValue ? value : _kept.Copy(_type, value);
    }
}
