// Execution layer, operators. Rows of a window, wherever those are, as a batch for an expression to look at.

using System;

namespace Epiphany.Execution;

/// <summary>Has the columns that were marked. Good until it is loaded again, or until rows are written away.</summary>
sealed unsafe class WindowBatch
{
    readonly WindowRows _rows;
    readonly bool[] _wanted;
    readonly Batch _batch;
    readonly VectorBuffer?[] _buffers;
    readonly IExecutionHost _host;

    internal WindowBatch(WindowRows rows, IExecutionHost host)
    {
        _rows = rows;
        _host = host;
        _wanted = new bool[rows.Types.Length];
        _batch = new Batch(_wanted.Length);
        _buffers = new VectorBuffer?[_wanted.Length];
    }

    /// <summary>To be marked before the first rows are loaded.</summary>
    internal Span<bool> Wanted => _wanted;

    /// <summary>The rows of those numbers; a negative one is a row of nulls.</summary>
    internal Batch Load(long* numbers, int count)
    {
        _rows.Trim();
        _batch.Rows = count;
        for (int c = 0; c < _wanted.Length; c++)
        {
            if (_wanted[c])
            {
                _rows.Gather(c, numbers, count, _buffers[c] ??= new VectorBuffer(_host.Memory), _batch.Columns[c]);
            }
        }

        return _batch;
    }
}
