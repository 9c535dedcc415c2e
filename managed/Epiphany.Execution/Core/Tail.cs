// Execution layer, core. What every operator does last: conditions and projection over its raw columns.

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>Conditions and projection of one node. Without either, batches pass as they are.</summary>
sealed unsafe class Tail
{
    readonly ValueType[] _raw;
    readonly Expression[] _conditions;
    readonly Expression[]? _projection;
    readonly ValueType[] _types;
    readonly bool[] _wanted;
    ushort* _selected;
    readonly VectorBuffer?[] _buffers;
    readonly Batch _dense;
    readonly Batch? _output;
    readonly IMemory _memory;

    public Tail(ValueType[] raw, Expression[] conditions, Expression[]? projection, IMemory memory)
    {
        ArgumentNullException.ThrowIfNull(raw);
        ArgumentNullException.ThrowIfNull(conditions);
        ArgumentNullException.ThrowIfNull(memory);
        _raw = raw;
        _conditions = conditions;
        _projection = projection;
        _memory = memory;
        _types = projection == null ? raw : Array.ConvertAll(projection, e => e.Type);
        _wanted = new bool[raw.Length];
        if (projection == null)
        {
            Array.Fill(_wanted, true);
        }
        else
        {
            Array.ForEach(projection, e => e.MarkColumns(_wanted));
            _output = new Batch(projection.Length);
        }

        _buffers = new VectorBuffer?[raw.Length];
        _dense = new Batch(raw.Length);
    }

    public ReadOnlySpan<ValueType> Types => _types;

    public ReadOnlySpan<ValueType> RawTypes => _raw;

    public ReadOnlySpan<Expression> Conditions => _conditions;

    /// <summary>The raw columns that the projection looks at.</summary>
    public ReadOnlySpan<bool> Wanted => _wanted;

    /// <summary>Room for rows' numbers, taken when it is first asked for.</summary>
    public ushort* Selected => _selected != null ? _selected : _selected = (ushort*)_memory.Allocate(Batch.Capacity * sizeof(ushort));

    /// <summary>The raw column that a column of the output is; null: it is computed.</summary>
    public int? RawColumn(int column) => _projection == null ? column : (_projection[column] as ColumnReference)?.Column;

    /// <summary>Likewise of several; null: one of them is computed.</summary>
    public int[]? RawColumns(int[] columns) =>
        Array.TrueForAll(columns, c => RawColumn(c) != null) ? Array.ConvertAll(columns, c => RawColumn(c)!.Value) : null;

    /// <summary>What a column of the output is, of raw columns.</summary>
    public Expression Output(int column) => _projection == null ? new ColumnReference(_raw[column], column) : _projection[column];

    /// <summary>How a column of the output is computed; null: it is a raw column.</summary>
    public Expression? Computed(int column) => _projection == null || _projection[column] is ColumnReference ? null : _projection[column];

    /// <summary>Rows pass as they are.</summary>
    public bool IsPlain => _conditions.Length == 0 && _projection == null;

    public void Start()
    {
        Array.ForEach(_conditions, e => e.Start());
        if (_projection != null)
        {
            Array.ForEach(_projection, e => e.Start());
        }
    }

    /// <summary>What is left of a raw batch; null if nothing is.</summary>
    public Batch? Apply(Batch raw, NodeStats stats)
    {
        Rows rows = Filter(raw, stats);
        return rows.Count == 0 ? null : Project(raw, rows, stats);
    }

    /// <summary>The rows of a raw batch that pass the conditions.</summary>
    public Rows Filter(Batch raw, NodeStats stats)
    {
        ArgumentNullException.ThrowIfNull(raw);
        ArgumentNullException.ThrowIfNull(stats);
        Rows rows = Rows.All(raw.Rows);
        foreach (Expression condition in _conditions)
        {
            rows = new Rows(Selected, condition.Filter(raw, rows, Selected));
            if (rows.Count == 0)
            {
                break;
            }
        }

        stats.Filtered += (ulong)(raw.Rows - rows.Count);
        return rows;
    }

    /// <summary>The projection of some rows, at least one.</summary>
    public Batch Project(Batch raw, Rows rows, NodeStats stats)
    {
        ArgumentNullException.ThrowIfNull(raw);
        ArgumentNullException.ThrowIfNull(stats);
        Batch dense = raw;
        if (rows.Count < raw.Rows)
        {
            dense = _dense;
            dense.Rows = rows.Count;
            for (int i = 0; i < _wanted.Length; i++)
            {
                if (_wanted[i])
                {
                    Compaction.Gather(raw.Columns[i], rows, _buffers[i] ??= new VectorBuffer(_memory), dense.Columns[i]);
                }
            }
        }

        stats.Rows += (ulong)rows.Count;
        stats.Batches++;
        if (_projection == null)
        {
            return dense;
        }

        Batch output = _output!;
        output.Rows = rows.Count;
        for (int i = 0; i < _projection.Length; i++)
        {
            output.Columns[i].Refer(_projection[i].Evaluate(dense, Rows.All(rows.Count)));
        }

        return output;
    }
}
