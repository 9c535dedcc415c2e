// Execution layer, operators. Aggregates over frames.

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>
/// The frames of a chunk are groups of the aggregate's state. A frame is begun as a copy of the one before where that only takes rows in, or has
/// rows taken out that can be; else it takes in its rows from the first to the last, in that order, as PostgreSQL would.
/// </summary>
sealed unsafe class WindowAggregate : WindowFunction
{
    /// <summary>The group that has no rows, the one that is the last frame of the chunk before, and that of a chunk's first frame.</summary>
    const int Empty = 0;
    const int Carried = 1;
    const int First = 2;
    const int Groups = First + Batch.Capacity;

    readonly AggregateCall _call;
    AggregateState _state;
    bool _isShared;
    readonly WindowFrame _frame;
    readonly IExecutionHost _host;
    readonly WindowBatch _batch;
    readonly AggregateRows _taken;
    readonly Vector _view = new();
    readonly Vector _shown = new();
    readonly VectorBuffer _frames;
    readonly VectorBuffer _output;
    readonly Arena _results;
    readonly int* _numbers;

    // Rows on their way into frames or out of them, and whether a frame is new.
    readonly long* _pending;
    readonly int* _pendingFrame;
    readonly bool* _leaves;
    readonly bool* _isFresh;
    int _count;

    /// <summary>The frame that takes rows in, and the next one to be begun.</summary>
    int _open;
    int _next;

    /// <summary>The last frame's rows; _tail is 0 where there is none to go on from.</summary>
    long _head;
    long _tail;

    internal WindowAggregate(AggregateCall call, WindowFrame frame, WindowRows rows, IExecutionHost host) : base(call.Type)
    {
        _call = call;
        _state = call.MakeState();
        _frame = frame;
        _host = host;
        _batch = new WindowBatch(rows, host);
        call.MarkColumns(_batch.Wanted);
        _taken = new AggregateRows(host.Memory);
        _frames = new VectorBuffer(host.Memory);
        _output = new VectorBuffer(host.Memory);
        _results = new Arena(host.Memory);
        _numbers = (int*)host.Memory.Allocate(Batch.Capacity * sizeof(int));
        _pending = (long*)host.Memory.Allocate(Batch.Capacity * sizeof(long));
        _pendingFrame = (int*)host.Memory.Allocate(Batch.Capacity * sizeof(int));
        _leaves = (bool*)host.Memory.Allocate(Batch.Capacity);
        _isFresh = (bool*)host.Memory.Allocate(Batch.Capacity);
    }

    internal override bool NeedsFrame => true;

    internal override long Behind => _frame.Behind;

    internal override ulong Bytes => (_isShared ? 0 : _state.Bytes) + _results.Bytes;

    /// <summary>Uses the state of another one before it where it is the same.</summary>
    internal void Share(WindowAggregate other)
    {
        if (!_isShared && _call.HasStateOf(other._call))
        {
            _state = other._state;
            _isShared = true;
        }
    }

    internal override void MarkColumns(Span<bool> columns) => _call.MarkColumns(columns);

    internal override void Start()
    {
        _call.Start();
        _state.Clear();
        _head = _tail = 0;
    }

    internal override void Evaluate(WindowChunk chunk, Vector result)
    {
        if (!_isShared)
        {
            _state.Reserve(Groups);
            for (int frame = 0; frame < chunk.Frames;)
            {
                frame = Run(chunk, frame);
            }

            _state.Copy(First + chunk.Frames - 1, Carried);
        }

        Show(chunk, result);
    }

    /// <summary>
    /// Computes the frames from there on, up to one that turns out to be computable only from its first row on: that one, or their number.
    /// </summary>
    int Run(WindowChunk chunk, int from)
    {
        _count = 0;
        _open = _next = from;
        for (int frame = from; frame < chunk.Frames; frame++)
        {
            long head = chunk.Head[frame];
            long tail = chunk.Tail[frame];
            bool goesOn = GoesOn(head, tail);
            _isFresh[frame] = !goesOn;
            if ((goesOn && !Push(_head, head, frame, true)) || !Push(goesOn ? _tail : head, tail, frame, false))
            {
                _tail = 0;
                return _open;
            }

            _head = head;
            _tail = tail;
        }

        if (Flush(chunk.Frames - 1))
        {
            return chunk.Frames;
        }

        _tail = 0;
        return _open;
    }

    /// <summary>Is it less work to go on from the last frame, and can that be done?</summary>
    bool GoesOn(long head, long tail) =>
        head >= _head && head < _tail && tail >= _tail
        && (head == _head || (_state.Removes && head - _head + tail - _tail < tail - head));

    /// <summary>Rows that enter or leave a frame. False: some could not leave.</summary>
    bool Push(long from, long to, int frame, bool leaves)
    {
        while (from < to)
        {
            if (_count == Batch.Capacity && !Flush(frame))
            {
                return false;
            }

            int count = (int)Math.Min(to - from, Batch.Capacity - _count);
            for (int i = 0; i < count; i++, _count++)
            {
                _pending[_count] = from++;
                _pendingFrame[_count] = frame;
                _leaves[_count] = leaves;
            }
        }

        return true;
    }

    /// <summary>What is pending goes into its frames; all up to that one are begun.</summary>
    bool Flush(int last)
    {
        _host.Poll();
        Vector values = _call.Take(_batch.Load(_pending, _count), isExact: false, out Rows rows);
        _count = 0;
        int at = 0;
        while (_open <= last)
        {
            Begin();
            int begun = at;
            for (; at < rows.Count && _pendingFrame[rows[at]] == _open && _leaves[rows[at]]; at++)
            {
            }

            if (at > begun && !_state.Remove(View(values, begun), at - begun, First + _open))
            {
                return false;
            }

            // Frames that are not made from the ones before take in their rows together.
            while (_open < last && _isFresh[_open + 1])
            {
                _open++;
                Begin();
            }

            begun = at;
            for (; at < rows.Count && _pendingFrame[rows[at]] <= _open; at++)
            {
                _taken.Groups[at - begun] = (uint)(First + _pendingFrame[rows[at]]);
            }

            if (at > begun)
            {
                _taken.Set(at - begun, Groups);
                _state.Add(View(values, begun), _taken);
            }

            if (_open == last)
            {
                break;
            }

            _open++;
        }

        return true;
    }

    void Begin()
    {
        if (_open == _next)
        {
            _state.Copy(_isFresh[_open] ? Empty : _open == 0 ? Carried : First + _open - 1, First + _open);
            _next++;
        }
    }

    Vector View(Vector values, int from)
    {
        _view.Refer(values);
        _view.Values = values.Values + from;
        _view.Nulls = null;
        _view.Codes = null;
        return _view;
    }

    void Show(WindowChunk chunk, Vector result)
    {
        for (int frame = 0; frame < chunk.Frames; frame++)
        {
            _numbers[frame] = First + frame;
        }

        _results.Reset();
        _state.Show(_call.Result, _numbers, chunk.Frames, _frames, _results, _shown);
        result.Refer(_shown);
        if (chunk.Frames == chunk.Count)
        {
            return;
        }

        result.Values = _output.Values;
        result.Nulls = _shown.Nulls == null ? null : _output.Nulls;
        for (int i = 0; i < chunk.Count; i++)
        {
            int frame = chunk.Frame[i];
            _output.Values[i] = _shown.Values[frame];
            _output.Nulls[i] = _shown.IsNull(frame) ? (byte)1 : (byte)0;
        }
    }
}
