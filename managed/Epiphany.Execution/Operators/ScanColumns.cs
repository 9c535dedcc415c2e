// Execution layer, operators. The columns of a vector of a row group, or of those of its rows that are left: decoded when somebody asks for them.

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>A batch that begins as a whole vector without columns. Rows can be taken out of it, columns be put in.</summary>
sealed unsafe class ScanColumns
{
    readonly int _scan;
    readonly ValueType[] _types;
    readonly EngineContext _context;
    readonly NodeStats _stats;
    readonly VectorBuffer?[] _buffers;
    readonly bool[] _touched;
    readonly bool[] _loaded;
    readonly ushort* _rows;
    ScanUnit _unit;
    int _vector;
    bool _isWhole;

    internal ScanColumns(int scan, ReadOnlySpan<ValueType> types, EngineContext context, NodeStats stats)
    {
        _scan = scan;
        _types = types.ToArray();
        _context = context;
        _stats = stats;
        _buffers = new VectorBuffer?[types.Length];
        _touched = new bool[types.Length];
        _loaded = new bool[types.Length];
        _rows = (ushort*)context.Host.Memory.Allocate(Batch.Capacity * sizeof(ushort));
        Batch = new Batch(types.Length);
    }

    /// <summary>Of the columns only those that were loaded are there.</summary>
    internal Batch Batch { get; }

    /// <summary>Which rows of the vector there are; null: all.</summary>
    internal ushort* Numbers => _isWhole ? null : _rows;

    internal void Enter(in ScanUnit unit)
    {
        _unit = unit;
        Array.Clear(_touched);
    }

    /// <summary>All rows of a vector, and no column yet.</summary>
    internal void Begin(int vector, int count)
    {
        _vector = vector;
        _isWhole = true;
        Batch.Rows = count;
        Array.Clear(_loaded);
    }

    /// <summary>Takes out all rows but those, which are at least one; columns that nobody needs any more are not asked for again.</summary>
    internal void Narrow(Rows rows, ReadOnlySpan<bool> needed)
    {
        if (rows.Count == Batch.Rows)
        {
            return;
        }

        for (int i = 0; i < needed.Length; i++)
        {
            if (_loaded[i] && needed[i])
            {
                // In place: no row comes before its place.
                Compaction.Gather(Batch.Columns[i], rows, _buffers[i]!, Batch.Columns[i]);
            }
        }

        for (int i = 0; i < rows.Count; i++)
        {
            _rows[i] = _isWhole ? rows.Index[i] : _rows[rows.Index[i]];
        }

        _isWhole = false;
        Batch.Rows = rows.Count;
    }

    internal void Load(ReadOnlySpan<bool> columns)
    {
        for (int i = 0; i < columns.Length; i++)
        {
            if (columns[i])
            {
                Load(i);
            }
        }
    }

    internal void Load(int column)
    {
        if (_loaded[column])
        {
            return;
        }

        _loaded[column] = true;
        VectorBuffer buffer = _buffers[column] ??= new VectorBuffer(_context.Host.Memory);
        if (column >= _unit.Columns)
        {
            bool isNull = !_context.Host.ScanMissing(_scan, column, out ulong value);
            Constant.Fill(Batch.Columns[column], buffer, isNull, value);
            return;
        }

        ulong begun = _context.Options.Timing ? _context.Host.Now() : 0;
        ushort* codes = _types[column].ByValue ? null : buffer.Codes;
        DecodedVector decoded = _isWhole
            ? _unit.Reader!.DecodeVector(column, _vector, buffer.Values, buffer.Nulls, codes)
            : _unit.Reader!.DecodeRows(column, _vector, _rows, Batch.Rows, buffer.Values, buffer.Nulls, codes);
        Show(Batch.Columns[column], decoded, buffer);
        Touch(column);
        if (_context.Options.Timing)
        {
            _stats.DecodeTime += _context.Host.Now() - begun;
        }
    }

    /// <summary>Somebody else is going to ask the reader for values of the column, which ends those that it has given.</summary>
    internal void Drop(int column) => _loaded[column] = false;

    /// <summary>Something of the column is read in this group.</summary>
    internal void Touch(int column)
    {
        if (!_touched[column])
        {
            _touched[column] = true;
            _stats.BytesRead += _unit.Reader!.ChunkBytes(column);
        }
    }

    static void Show(Vector result, in DecodedVector decoded, VectorBuffer buffer)
    {
        result.SetDatums(buffer.Values, decoded.HasNulls ? buffer.Nulls : null);
        // Lanes past the rows are not filled: a constant stands for a batch of this length.
        result.IsConstant = decoded.IsConstant;
        if (decoded.IsDecimal)
        {
            result.Form = VectorForm.Decimal;
            result.Scale = decoded.Scale;
            result.Bound = decoded.Bound;
        }

        if (decoded.Table != null)
        {
            result.Codes = buffer.Codes;
            result.Table = decoded.Table;
            result.Entries = decoded.Entries;
            result.TableId = decoded.TableId;
        }
    }
}
