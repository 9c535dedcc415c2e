// Execution layer, operators. Window functions.

using System;

namespace Epiphany.Execution;

/// <summary>
/// Rows come sorted by the keys of partitions, and within by those of peers. They are kept as long as some function may look at them, and given
/// out a page at a time, as soon as what their functions need has come.
/// </summary>
sealed unsafe class Window : Operator
{
    readonly Operator _child;
    readonly WindowProgram _program;
    readonly WindowRows _rows;
    readonly WindowChunk _chunk;
    readonly Batch _batch;
    readonly byte* _marks;
    readonly ushort* _selected;
    bool _isBegun;
    bool _isAll;
    bool _isOver;
    long _next;

    /// <summary>The last rows that began a partition, and a group of peers.</summary>
    long _lastPartition;
    long _lastPeers;

    internal Window(Operator child, WindowProgram program, NodeStats stats, Tail tail, EngineContext context) : base(tail, context, stats)
    {
        _child = child;
        _program = program;
        program.Mark(tail);
        _rows = program.Rows;
        _chunk = new WindowChunk(_rows, context.Host.Memory);
        _batch = new Batch(tail.RawTypes.Length);
        _marks = context.Host.Memory.Allocate(Batch.Capacity);
        _selected = (ushort*)context.Host.Memory.Allocate(Batch.Capacity * sizeof(ushort));
    }

    protected override Batch? Produce()
    {
        if (!_isBegun)
        {
            _isBegun = true;
            _program.Frame.Start();
        }

        while (!_isOver && NextRows())
        {
            if (_program.IsOnePartition && _program.Stops.Length > 0)
            {
                _isOver = StopsIn(_batch);
            }

            if (Tail.Apply(_batch, Stats) is { } batch)
            {
                return batch;
            }
        }

        return null;
    }

    protected override void Restart()
    {
        _isBegun = _isAll = _isOver = false;
        _next = _lastPartition = _lastPeers = 0;
        _rows.Clear();
        _chunk.Start();
        _program.Partition.Start();
        _program.Order.Start();
        Array.ForEach(_program.Functions, f => f.Start());
        Array.ForEach(_program.Stops, s => s.Start());
        _child.Rescan();
    }

    /// <summary>Fills the batch; false: there are no more rows.</summary>
    bool NextRows()
    {
        while (!_isAll && !IsReady(_next + Batch.Capacity))
        {
            Take();
        }

        int count = (int)Math.Min(Batch.Capacity, _rows.Count - _next);
        if (count == 0)
        {
            return false;
        }

        Context.Host.Poll();
        Release();
        _rows.Trim();
        _chunk.Take(_next, count);
        if (Array.Exists(_program.Functions, f => f.NeedsFrame))
        {
            _program.Frame.Fill(_chunk);
        }

        int columns = _program.Wanted.Length;
        ulong bytes = 0;
        for (int i = 0; i < _program.Functions.Length; i++)
        {
            _program.Functions[i].Evaluate(_chunk, _batch.Columns[columns + i]);
            bytes += _program.Functions[i].Bytes;
        }

        _rows.Show(_next, count, _batch);
        Stats.PeakMemory = Math.Max(Stats.PeakMemory, _rows.Bytes + bytes);
        _batch.Rows = count;
        _next += count;
        return true;
    }

    void Take()
    {
        if (_child.Next() is not { } batch)
        {
            _isAll = true;
            return;
        }

        new Span<byte>(_marks, batch.Rows).Clear();
        _program.Partition.Mark(batch, WindowChunk.PartitionMark | WindowChunk.PeersMark, _marks);
        _program.Order.Mark(batch, WindowChunk.PeersMark, _marks);
        if (_rows.Count == 0)
        {
            _marks[0] = WindowChunk.PartitionMark | WindowChunk.PeersMark;
        }

        for (int i = 0; i < batch.Rows; i++)
        {
            _lastPartition = (_marks[i] & WindowChunk.PartitionMark) != 0 ? _rows.Count + i : _lastPartition;
            _lastPeers = (_marks[i] & WindowChunk.PeersMark) != 0 ? _rows.Count + i : _lastPeers;
        }

        _rows.Append(batch, _marks);
    }

    /// <summary>Has all come that functions need of rows before that number?</summary>
    bool IsReady(long end)
    {
        if (_lastPartition >= end)
        {
            return true;
        }

        if (_rows.Count < end)
        {
            return false;
        }

        WindowFrame frame = _program.Frame;
        foreach (WindowFunction function in _program.Functions)
        {
            long ahead = Math.Max(function.Ahead, function.NeedsFrame ? frame.Ahead : 0);
            bool needsPeers = function.NeedsPeers || (function.NeedsFrame && frame.NeedsPeers);
            bool needsPartition = function.NeedsPartition || (function.NeedsFrame && frame.NeedsPartition);
            if (needsPartition || (needsPeers && _lastPeers < end) || _rows.Count - end < ahead)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Lets rows go that no function looks at from the next row on.</summary>
    void Release()
    {
        long keep = _next;
        foreach (WindowFunction function in _program.Functions)
        {
            long behind = function.Behind;
            keep = behind >= _next ? 0 : Math.Min(keep, _next - behind);
        }

        // Rows of partitions before are of no use; which one the next row is in says its mark, or the one before it.
        bool begins = (_rows.Marks(_next)[0] & WindowChunk.PartitionMark) != 0;
        long partition = begins || _next == 0 ? _next : _chunk.Partition[_chunk.Count - 1];
        _rows.Release(Math.Max(keep, partition));
    }

    /// <summary>Is there a row that says that no other is wanted behind it?</summary>
    bool StopsIn(Batch batch)
    {
        Rows rows = Rows.All(batch.Rows);
        foreach (Expression condition in _program.Stops)
        {
            rows = new Rows(_selected, condition.Filter(batch, rows, _selected));
            if (rows.Count < batch.Rows)
            {
                return true;
            }
        }

        return false;
    }
}
