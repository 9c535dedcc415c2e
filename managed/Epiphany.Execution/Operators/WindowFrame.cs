// Execution layer, operators. A window's frame clause: which rows of its partition each row's frame has.

using System;

namespace Epiphany.Execution;

/// <summary>Numbers as in the boundary.</summary>
enum WindowFrameMode
{
    Rows = 0,
    Range = 1,
    Groups = 2,
}

/// <summary>Numbers as in the boundary.</summary>
enum WindowBound
{
    Unbounded = 0,
    CurrentRow = 1,
    Preceding = 2,
    Following = 3,
}

/// <summary>Finds frames as nodeWindowAgg.c does: head and tail only go forward within a partition.</summary>
sealed unsafe class WindowFrame
{
    readonly WindowFrameMode _mode;
    readonly WindowBound _start;
    readonly WindowBound _end;
    readonly Expression? _startOffset;
    readonly Expression? _endOffset;
    readonly WindowRows _rows;
    readonly IExecutionHost _host;
    readonly WindowRange? _range;
    long _startRows;
    long _endRows;
    long _partition;
    long _head;
    long _headGroup;
    long _tail;
    long _tailGroup;

    internal WindowFrame(ref ProgramReader reader, ExpressionBuilder expressions, WindowRows rows, IExecutionHost host)
    {
        _mode = (WindowFrameMode)reader.Int();
        _start = (WindowBound)reader.Int();
        _end = (WindowBound)reader.Int();
        _startOffset = HasOffset(_start) ? expressions.Expression(ref reader) : null;
        _endOffset = HasOffset(_end) ? expressions.Expression(ref reader) : null;
        _rows = rows;
        _host = host;
        if (_mode == WindowFrameMode.Range && (_startOffset != null || _endOffset != null))
        {
            _range = new WindowRange(ref reader, _start, _end, rows, host);
        }
    }

    /// <summary>Frames can be told only when a partition's last row has come.</summary>
    internal bool NeedsPartition => _end == WindowBound.Unbounded || (_mode != WindowFrameMode.Rows && (_startOffset != null || _endOffset != null));

    internal bool NeedsPeers => _mode != WindowFrameMode.Rows;

    /// <summary>How many rows behind the current one frames look at.</summary>
    internal long Ahead => Math.Max(_start == WindowBound.Following ? _startRows : 0, _end == WindowBound.Following ? _endRows : 0);

    /// <summary>How many rows before the current one may enter or leave its frame; long.MaxValue: any of its partition.</summary>
    internal long Behind
    {
        get
        {
            bool isRows = _mode == WindowFrameMode.Rows;
            return _start switch
            {
                WindowBound.Unbounded when _end != WindowBound.Preceding => 0,
                WindowBound.Unbounded when isRows => _endRows,
                WindowBound.Preceding when isRows => Math.Min(_startRows, long.MaxValue - 1) + 1,
                WindowBound.CurrentRow or WindowBound.Following when isRows => 1,
                _ => long.MaxValue,
            };
        }
    }

    /// <summary>Likewise of the first row of its frame.</summary>
    internal long BehindHead => _mode == WindowFrameMode.Rows && _start != WindowBound.Unbounded ? Behind : long.MaxValue;

    /// <summary>A run begins: PostgreSQL evaluates offsets before it looks for a row.</summary>
    internal void Start()
    {
        _startRows = Offset(_startOffset, "starting");
        _endRows = Offset(_endOffset, "ending");
        _range?.Start(_startOffset, _endOffset);
        _partition = -1;
    }

    internal void MarkColumns(Span<bool> columns) => _range?.MarkColumns(columns);

    internal void Fill(WindowChunk chunk)
    {
        _range?.Take(chunk);
        for (int i = 0; i < chunk.Count; i++)
        {
            if (chunk.Partition[i] != _partition)
            {
                _partition = _head = _tail = chunk.Partition[i];
                _headGroup = _tailGroup = 0;
            }

            chunk.AddFrame(i, Head(chunk, i), Tail(chunk, i));
        }
    }

    static bool HasOffset(WindowBound bound) => bound is WindowBound.Preceding or WindowBound.Following;

    long Offset(Expression? expression, string which)
    {
        if (expression == null)
        {
            return 0;
        }

        expression.Start();
        Vector value = expression.Evaluate(Batch.NoColumns, Rows.All(1));
        if (value.IsNull(0))
        {
            _host.Raise(SqlState.Pack("22004"), $"frame {which} offset must not be null");
        }

        if (_range == null && (long)value.Values[0] < 0)
        {
            _host.Raise(SqlState.Pack("22013"), $"frame {which} offset must not be negative");
        }

        return (long)value.Values[0];
    }

    long Head(WindowChunk chunk, int i)
    {
        switch (_start)
        {
            case WindowBound.Unbounded:
                return chunk.Partition[i];
            case WindowBound.CurrentRow:
                return _mode == WindowFrameMode.Rows ? chunk.Row[i] : chunk.Peers[i];
        }

        switch (_mode)
        {
            case WindowFrameMode.Rows:
                return Math.Min(Move(chunk, i, _start, _startRows), chunk.PartitionEnd[i]);
            case WindowFrameMode.Range:
                return _head = _range!.Head(_head, chunk, i);
            default:
                _head = Advance(_head, ref _headGroup, Target(chunk, i, _start, _startRows), chunk.PartitionEnd[i]);
                return _head;
        }
    }

    long Tail(WindowChunk chunk, int i)
    {
        long end = chunk.PartitionEnd[i];
        switch (_end)
        {
            case WindowBound.Unbounded:
                return end;
            case WindowBound.CurrentRow:
                return _mode == WindowFrameMode.Rows ? chunk.Row[i] + 1 : chunk.PeersEnd[i];
        }

        switch (_mode)
        {
            case WindowFrameMode.Rows:
                long last = Move(chunk, i, _end, _endRows, chunk.Partition[i] - 1);
                return last >= end ? end : last + 1;
            case WindowFrameMode.Range:
                return _tail = _range!.Tail(_tail, chunk, i);
            default:
                long target = Target(chunk, i, _end, _endRows);
                _tail = Advance(_tail, ref _tailGroup, target == long.MaxValue ? target : target + 1, end);
                return _tail;
        }
    }

    /// <summary>The row so far before or behind the current one, no less than the partition's first.</summary>
    static long Move(WindowChunk chunk, int i, WindowBound bound, long offset) => Move(chunk, i, bound, offset, chunk.Partition[i]);

    static long Move(WindowChunk chunk, int i, WindowBound bound, long offset, long least)
    {
        long row = chunk.Row[i];
        return bound == WindowBound.Preceding ? Math.Max(least, row - offset) : offset > long.MaxValue - row ? long.MaxValue : row + offset;
    }

    static long Target(WindowChunk chunk, int i, WindowBound bound, long offset)
    {
        long group = chunk.Group[i];
        return bound == WindowBound.Preceding ? group - offset : offset > long.MaxValue - group ? long.MaxValue : group + offset;
    }

    /// <summary>The first row from there on whose group is no less than that.</summary>
    long Advance(long row, ref long group, long target, long end)
    {
        while (group < target && row < end)
        {
            row = Math.Min(_rows.Find(WindowChunk.PeersMark, row + 1), end);
            group++;
        }

        return row;
    }
}
