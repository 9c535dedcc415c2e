// Execution layer, operators. INTERSECT and EXCEPT, once it is known how often each row is on either side.

using System;

namespace Epiphany.Execution;

/// <summary>Numbers as in the boundary.</summary>
enum SetCommand
{
    Intersect = 0,
    IntersectAll = 1,
    Except = 2,
    ExceptAll = 3,
}

/// <summary>The child's rows are distinct; two of its columns are the counts. Each row comes as often as it is in the result.</summary>
sealed unsafe class SetOperation : Operator
{
    readonly Operator _child;
    readonly SetCommand _command;
    readonly int _left;
    readonly int _right;
    readonly Batch _copies;
    readonly VectorBuffer[] _buffers;
    readonly int* _rows;
    Batch? _batch;
    int _row;

    /// <summary>How often the row in hand is still to come.</summary>
    long _more;

    internal SetOperation(Operator child, SetCommand command, int left, int right, Tail tail, EngineContext context) : base(tail, context)
    {
        _child = child;
        _command = command;
        _left = left;
        _right = right;
        _copies = new Batch(child.Types.Length);
        _buffers = new VectorBuffer[child.Types.Length];
        for (int i = 0; i < _buffers.Length; i++)
        {
            _buffers[i] = new VectorBuffer(context.Host.Memory);
        }

        _rows = (int*)context.Host.Memory.Allocate(Batch.Capacity * sizeof(int));
    }

    protected override Batch? Produce()
    {
        for (; ; )
        {
            if (_batch == null)
            {
                _batch = _child.Next();
                _row = 0;
                if (_batch == null)
                {
                    return null;
                }

                _more = Copies(_batch, 0);
            }

            int count = NextRows(_batch);
            Batch raw = _batch;
            _batch = _row == raw.Rows ? null : raw;
            if (count == 0)
            {
                continue;
            }

            _copies.Rows = count;
            for (int i = 0; i < _buffers.Length; i++)
            {
                Compaction.Pick(raw.Columns[i], _rows, count, _buffers[i], _copies.Columns[i]);
            }

            // PostgreSQL puts no conditions on this node.
            return Tail.Project(_copies, Rows.All(count), Stats);
        }
    }

    protected override void Restart()
    {
        _batch = null;
        _child.Rescan();
    }

    /// <summary>Rows by number, each as often as it comes, as many as fit.</summary>
    int NextRows(Batch batch)
    {
        int count = 0;
        while (_row < batch.Rows && count < Batch.Capacity)
        {
            int copies = (int)Math.Min(_more, Batch.Capacity - count);
            new Span<int>(_rows + count, copies).Fill(_row);
            count += copies;
            _more -= copies;
            if (_more == 0 && ++_row < batch.Rows)
            {
                _more = Copies(batch, _row);
            }
        }

        return count;
    }

    long Copies(Batch batch, int row)
    {
        long left = (long)batch.Columns[_left].Values[row];
        long right = (long)batch.Columns[_right].Values[row];
        return _command switch
        {
            SetCommand.Intersect => left > 0 && right > 0 ? 1 : 0,
            SetCommand.IntersectAll => Math.Min(left, right),
            SetCommand.Except => left > 0 && right == 0 ? 1 : 0,
            _ => Math.Max(left - right, 0),
        };
    }
}
