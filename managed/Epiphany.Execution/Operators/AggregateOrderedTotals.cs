// Execution layer, operators. An aggregate of the host's in one grouping set, whose rows it takes in in an order of its own.

using System;

namespace Epiphany.Execution;

/// <summary>
/// Rows wait, sorted by group and order, until their group is to be shown: there are states only of the groups that are shown together. DISTINCT
/// leaves out rows that are equal to the one before.
/// </summary>
sealed unsafe class AggregateOrderedTotals : AggregateTotals
{
    /// <summary>What a state that sorts for itself takes at least, beside its rows.</summary>
    const ulong SorterBytes = 64 << 10;

    readonly AggregateCall _call;
    readonly AggregateHostCall _host;
    readonly AggregateHostStates _states;
    readonly OrderedRows _rows;
    readonly Neighbours? _neighbours;
    readonly GroupArray<long> _counts;
    readonly VectorBuffer _lanes;
    readonly VectorBuffer[] _buffers;
    readonly Batch _dense;
    readonly uint* _groups;
    readonly int* _shown;

    /// <summary>Sorted rows in hand, and the next one of them.</summary>
    Batch? _batch;
    int _next;

    internal AggregateOrderedTotals(AggregateCall call, AggregateHostCall host, bool hasKeys, ulong sortMemory, EngineContext context)
    {
        _call = call;
        _host = host;
        _states = new AggregateHostStates(host, null, context.Host);
        bool[] wanted = new bool[host.Types.Length];
        Array.Fill(wanted, true);
        _rows = new OrderedRows(host.SortKeys(hasKeys), host.Types, wanted, sortMemory, context);
        _neighbours = host.IsDistinct ? host.MakeNeighbours() : null;
        _counts = new GroupArray<long>(context.Host.Memory);
        _lanes = new VectorBuffer(context.Host.Memory);
        _buffers = Array.ConvertAll(host.Types, _ => new VectorBuffer(context.Host.Memory));
        _dense = new Batch(host.Types.Length);
        _groups = (uint*)context.Host.Memory.Allocate(Batch.Capacity * sizeof(uint));
        _shown = (int*)context.Host.Memory.Allocate(Batch.Capacity * sizeof(int));
        for (int i = 0; i < Batch.Capacity; i++)
        {
            _shown[i] = i;
        }
    }

    internal override AggregateHostStates States => _states;

    internal override ulong Bytes => _counts.Bytes;

    internal override ulong SortPeak => _rows.Peak;

    internal override void Reserve(int groups) => _counts.Reserve(groups);

    internal override void Add(AggregateRows groups)
    {
        Rows rows = _call.Rows;
        if (rows.Count == 0)
        {
            return;
        }

        for (int i = 0; i < rows.Count; i++)
        {
            uint group = groups.IsOne ? 0 : groups.Groups[rows[i]];
            _lanes.Values[i] = group;
            _counts.At[group]++;
        }

        _host.Loaded.Columns[^1].SetDatums(_lanes.Values, null);
        _rows.Add(_host.Loaded);
    }

    internal override void Finish(ulong memory, NodeStats stats)
    {
        _rows.Finish();
        stats.SpilledBytes += _rows.SpilledBytes;
        stats.SpilledParts += _rows.SpilledParts;
    }

    internal override int Fit(int first, int count)
    {
        ulong bytes = 0;
        for (int i = 0; i < count; i++)
        {
            bytes += ((ulong)_counts.At[first + i] * _rows.RowBytes) + (_host.IsOrderedSet ? SorterBytes : 0);
            if (bytes > AggregateHostTotals.ShownBytes && i > 0)
            {
                return i;
            }
        }

        return count;
    }

    internal override void Show(Batch shown, int* groups, int count, VectorBuffer buffer, Arena arena, Vector result)
    {
        ulong first = (ulong)groups[0];
        ulong end = first + (ulong)count;
        _states.Clear();
        while (Fill() is { } batch)
        {
            ulong* lanes = batch.Columns[^1].Values;
            int from = _next;
            for (; _next < batch.Rows && lanes[_next] < end; _next++)
            {
                _groups[_next - from] = (uint)(lanes[_next] - first);
            }

            if (_next == from)
            {
                break;
            }

            _states.Add(batch, from, _next - from, _groups);
        }

        _states.Show(shown, Numbers(groups), count, buffer, result);
    }

    internal override int* Numbers(int* groups) => _shown;

    internal override void Clear()
    {
        _states.Clear();
        _rows.Reset();
        _neighbours?.Forget();
        _counts.Clear();
        _batch = null;
        _next = 0;
    }

    /// <summary>Sorted rows of which some have not been taken in; null: all have.</summary>
    Batch? Fill()
    {
        while (_batch == null || _next == _batch.Rows)
        {
            _next = 0;
            _batch = _rows.Next();
            if (_batch == null)
            {
                return null;
            }

            if (_neighbours != null)
            {
                _batch = Distinct(_batch);
            }
        }

        return _batch;
    }

    Batch Distinct(Batch batch)
    {
        Rows firsts = _neighbours!.Firsts(batch);
        if (firsts.Count == batch.Rows)
        {
            return batch;
        }

        _dense.Rows = firsts.Count;
        for (int i = 0; i < _buffers.Length; i++)
        {
            Compaction.Gather(batch.Columns[i], firsts, _buffers[i], _dense.Columns[i]);
        }

        return _dense;
    }
}
