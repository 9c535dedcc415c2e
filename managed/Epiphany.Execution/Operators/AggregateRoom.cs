// Execution layer, operators. Room that an aggregate's grouping sets use in turn, for as long as one batch takes.

using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>Nothing in it outlives the call that fills it, but what is shown: that is good until something else is.</summary>
sealed unsafe class AggregateRoom
{
    readonly IMemory _memory;
    readonly bool[] _wanted;
    readonly Batch _dense;
    readonly VectorBuffer?[] _denseBuffers;
    ushort* _missing;
    ushort* _present;

    /// <summary><paramref name="wanted"/>: the columns of the child that are looked at; <paramref name="shown"/>: how many there are above.</summary>
    internal AggregateRoom(bool[] wanted, int shown, IMemory memory)
    {
        _memory = memory;
        _wanted = wanted;
        _dense = new Batch(wanted.Length);
        _denseBuffers = new VectorBuffer?[wanted.Length];
        Rows = new AggregateRows(memory);
        Results = new Arena(memory);
        Firsts = (ushort*)memory.Allocate(Batch.Capacity * sizeof(ushort));
        Numbers = (int*)memory.Allocate(Batch.Capacity * sizeof(int));
        Shown = new Batch(shown);
        Buffers = new VectorBuffer[shown];
        for (int i = 0; i < shown; i++)
        {
            Buffers[i] = new VectorBuffer(memory);
        }
    }

    /// <summary>The groups of a batch's rows.</summary>
    internal AggregateRows Rows { get; }

    internal ushort* Firsts { get; }

    /// <summary>Like the next one taken when first asked for: by who has not all groups in memory.</summary>
    internal ushort* Missing => _missing != null ? _missing : _missing = (ushort*)_memory.Allocate(Batch.Capacity * sizeof(ushort));

    internal ushort* Present => _present != null ? _present : _present = (ushort*)_memory.Allocate(Batch.Capacity * sizeof(ushort));

    internal int* Numbers { get; }

    /// <summary>Groups as rows, by-reference results in the arena.</summary>
    internal Batch Shown { get; }

    internal VectorBuffer[] Buffers { get; }

    internal Arena Results { get; }

    /// <summary>Some rows of a batch, one after the other.</summary>
    internal Batch Dense(Batch batch, Rows rows)
    {
        _dense.Rows = rows.Count;
        for (int i = 0; i < _wanted.Length; i++)
        {
            if (_wanted[i])
            {
                Compaction.Gather(batch.Columns[i], rows, _denseBuffers[i] ??= new VectorBuffer(_memory), _dense.Columns[i]);
            }
        }

        return _dense;
    }
}
