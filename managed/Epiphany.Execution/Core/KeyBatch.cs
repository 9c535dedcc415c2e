// Execution layer, core. The keys of a batch's rows: all columns of a key, and a hash of each row's.

using System;

namespace Epiphany.Execution;

/// <summary>One side of a comparison of keys: those that a table keeps, or those that are looked for in it.</summary>
sealed unsafe class KeyBatch
{
    readonly KeyColumn[] _columns;
    readonly VectorBuffer _buffer;

    /// <summary><paramref name="columns"/>: those of the other side have the same kinds.</summary>
    internal KeyBatch(KeyColumn[] columns, IExecutionHost host)
    {
        _columns = columns;
        _buffer = new VectorBuffer(host.Memory);
        Selected = (ushort*)host.Memory.Allocate(Batch.Capacity * sizeof(ushort));
    }

    /// <summary>Keys that are columns of those types.</summary>
    internal static KeyBatch Of(KeyPart[] keys, ReadOnlySpan<ValueType> types, IExecutionHost host)
    {
        var columns = new KeyColumn[keys.Length];
        for (int i = 0; i < keys.Length; i++)
        {
            ValueType type = types[keys[i].Column];
            columns[i] = new KeyColumn(type, KeyKinds.Of(keys[i].Equality, keys[i].Collation, type.Oid), keys[i].Collation, host);
        }

        return new KeyBatch(columns, host);
    }

    internal ReadOnlySpan<KeyColumn> Columns => _columns;

    /// <summary>By row, at the rows that were loaded.</summary>
    internal ulong* Hashes => _buffer.Values;

    internal ushort* Selected { get; }

    /// <summary>The lanes and hashes of some rows.</summary>
    internal void Load(ReadOnlySpan<Vector> vectors, Rows rows)
    {
        for (int i = 0; i < _columns.Length; i++)
        {
            _columns[i].Load(vectors[i], rows);
        }

        Hash(rows);
    }

    /// <summary>Those of the rows that have no null.</summary>
    internal Rows WithoutNulls(Rows rows)
    {
        foreach (KeyColumn column in _columns)
        {
            rows = column.Nulls == null ? rows : new Rows(Selected, rows.WithoutNulls(column.Nulls, Selected));
        }

        return rows;
    }

    void Hash(Rows rows)
    {
        ulong* hashes = _buffer.Values;
        ulong* lanes = _columns[0].Lanes;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            hashes[row] = KeyBytes.Mix(lanes[row]);
        }

        for (int c = 1; c < _columns.Length; c++)
        {
            lanes = _columns[c].Lanes;
            for (int i = 0; i < rows.Count; i++)
            {
                int row = rows[i];
                hashes[row] = KeyBytes.Mix((hashes[row] * 0x9E3779B97F4A7C15) + lanes[row]);
            }
        }
    }
}
