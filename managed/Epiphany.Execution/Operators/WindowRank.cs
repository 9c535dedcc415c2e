// Execution layer, operators. Window functions that count rows: row_number, rank, dense_rank, percent_rank, cume_dist, ntile.

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>By function OID.</summary>
enum WindowRankKind
{
    RowNumber = 3100,
    Rank = 3101,
    DenseRank = 3102,
    PercentRank = 3103,
    CumulativeDistribution = 3104,
}

sealed unsafe class WindowRank(WindowRankKind kind, ValueType type, IMemory memory) : WindowFunction(type)
{
    readonly ulong* _values = (ulong*)memory.Allocate(Batch.Capacity * sizeof(ulong));

    internal override bool NeedsPartition => kind is WindowRankKind.PercentRank or WindowRankKind.CumulativeDistribution;

    internal override void Evaluate(WindowChunk chunk, Vector result)
    {
        for (int i = 0; i < chunk.Count; i++)
        {
            long before = chunk.Partition[i];
            long rank = chunk.Peers[i] - before;
            double rows = chunk.PartitionEnd[i] - before;
            _values[i] = kind switch
            {
                WindowRankKind.RowNumber => (ulong)(chunk.Row[i] - before + 1),
                WindowRankKind.Rank => (ulong)(rank + 1),
                WindowRankKind.DenseRank => (ulong)(chunk.Group[i] + 1),
                WindowRankKind.PercentRank => BitConverter.DoubleToUInt64Bits(rows <= 1 ? 0 : rank / (rows - 1)),
                _ => BitConverter.DoubleToUInt64Bits((chunk.PeersEnd[i] - before) / rows),
            };
        }

        result.SetDatums(_values, null);
    }
}

/// <summary>ntile: buckets of as equal a size as can be, the larger ones first. How many says the first row that has no null there.</summary>
sealed unsafe class WindowTile(ValueType type, Expression buckets, WindowRows rows, IExecutionHost host) : WindowFunction(type, buckets)
{
    readonly WindowArgument _buckets = new(buckets, rows, host);
    readonly VectorBuffer _buffer = new(host.Memory);
    long _tile;
    long _rows;
    long _boundary;
    long _remainder;
    long _partition;

    internal override bool NeedsPartition => true;

    internal override void Start()
    {
        base.Start();
        _partition = -1;
    }

    internal override void Evaluate(WindowChunk chunk, Vector result)
    {
        byte anyNull = 0;
        for (int i = 0; i < chunk.Count; i++)
        {
            if (chunk.Partition[i] != _partition)
            {
                _partition = chunk.Partition[i];
                _tile = 0;
            }

            bool isNull = _tile == 0 && !Begin(chunk, i);
            anyNull |= _buffer.Nulls[i] = isNull ? (byte)1 : (byte)0;
            _buffer.Values[i] = isNull ? 0 : Next();
        }

        result.SetDatums(_buffer.Values, anyNull != 0 ? _buffer.Nulls : null);
    }

    bool Begin(WindowChunk chunk, int i)
    {
        Vector value = _buckets.At(chunk.Row + i, 1);
        if (value.IsNull(0))
        {
            return false;
        }

        int wanted = (int)value.Values[0];
        if (wanted <= 0)
        {
            host.Raise(SqlState.Pack("22014"), "argument of ntile must be greater than zero");
        }

        long total = chunk.PartitionEnd[i] - chunk.Partition[i];
        _tile = 1;
        _rows = 0;
        _boundary = total / wanted;
        _remainder = _boundary == 0 ? 0 : total % wanted;
        _boundary = Math.Max(1, _boundary + (_remainder == 0 ? 0 : 1));
        return true;
    }

    ulong Next()
    {
        if (++_rows > _boundary)
        {
            if (_remainder != 0 && _tile == _remainder)
            {
                _remainder = 0;
                _boundary--;
            }

            _tile++;
            _rows = 1;
        }

        return (ulong)_tile;
    }
}
