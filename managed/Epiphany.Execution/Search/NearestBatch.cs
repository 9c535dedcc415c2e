// Execution layer, search. The nearest rows of many queries, in one pass over codes and rows.

using System;
using System.Collections.Generic;
using System.Numerics;
using Epiphany.Encoding;
using Epiphany.Kernels;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>
/// Each query has a heap of its own; codes of a vector are read once, and looked at for one query after another while they are in the cache.
/// </summary>
sealed unsafe class NearestBatch
{
    readonly DistanceForm _form;
    readonly IExecutionHost _host;
    readonly int _wanted;
    readonly bool _estimates;
    readonly List<Query> _queries = [];
    readonly ulong* _seen;
    readonly CandidateRoom _room;
    readonly VectorBuffer _buffer;

    internal NearestBatch(DistanceForm form, int wanted, bool estimates, IExecutionHost host)
    {
        _form = form;
        _host = host;
        _wanted = wanted;
        _estimates = estimates && NearestCodes.Knows(form);
        _seen = Mask.Room(host);
        _room = new CandidateRoom(host.Memory);
        _buffer = new VectorBuffer(host.Memory);
    }

    /// <summary>The next query, copied; 0: none, which nothing is near.</summary>
    internal void AddQuery(ulong datum)
    {
        var query = new Query(_form, _estimates, _host);
        int dimensions = 0;
        byte* elements = datum == 0 ? null : Distance.Elements(datum, _form.ElementBytes, out dimensions);
        byte* copy = null;
        if (elements != null)
        {
            nuint bytes = (nuint)(dimensions * _form.ElementBytes);
            copy = _host.Memory.Allocate(bytes);
            Buffer.MemoryCopy(elements, copy, bytes, bytes);
        }

        query.Begin(copy, dimensions, _wanted);
        _queries.Add(query);
    }

    internal void AddGroup(in ScanUnit unit, int column, ulong first)
    {
        RowGroupReader reader = unit.Reader!;
        bool hasCodes = _estimates && reader.CodesOf(column, out CodeShape shape) && EnterAll(shape);
        for (int vector = 0; vector * Batch.Capacity < unit.Rows; vector++)
        {
            _host.Poll();
            int row = vector * Batch.Capacity;
            int count = Math.Min(Batch.Capacity, unit.Rows - row);
            LaneRanges.Fill(_seen, count, true);
            for (int word = 0; unit.Gone != null && word < BitSelect.Words(count); word++)
            {
                _seen[word] &= ~unit.Gone[(row / 64) + word];
            }

            if (hasCodes)
            {
                AddByCodes(reader, column, vector, count, first);
            }
            else
            {
                AddVector(reader, column, vector, count, first);
            }
        }
    }

    internal void AddRow(ulong datum, ulong id)
    {
        byte* elements = Distance.Elements(datum, _form.ElementBytes, out int dimensions);
        foreach (Query query in _queries)
        {
            if (query.Elements != null)
            {
                query.AddRow(elements, dimensions, id);
            }
        }
    }

    internal int Result(int query, out ulong* ids, out double* distances) => _queries[query].Nearest.Show(out ids, out distances);

    /// <summary>False: for some query the codes are of no use.</summary>
    bool EnterAll(in CodeShape shape)
    {
        foreach (Query query in _queries)
        {
            if (!query.TryEnter(shape))
            {
                return false;
            }
        }

        return true;
    }

    void AddByCodes(RowGroupReader reader, int column, int vector, int count, ulong first)
    {
        VectorCodes codes = reader.Codes(column, vector);
        foreach (Query query in _queries)
        {
            if (query.Elements != null && !codes.IsEmpty)
            {
                _host.Poll();
                query.AddByCodes(reader, column, vector, codes, count, _seen, first, _room);
            }
        }
    }

    void AddVector(RowGroupReader reader, int column, int vector, int count, ulong first)
    {
        DecodedVector decoded = reader.DecodeVector(column, vector, _buffer.Values, _buffer.Nulls, _buffer.Codes);
        for (int word = 0; word < BitSelect.Words(count); word++)
        {
            for (ulong left = _seen[word]; left != 0; left &= left - 1)
            {
                int row = (64 * word) + BitOperations.TrailingZeroCount(left);
                if (!decoded.HasNulls || _buffer.Nulls[row] == 0)
                {
                    AddRow(_buffer.Values[row], first + (ulong)((vector * Batch.Capacity) + row));
                }
            }
        }
    }

    sealed class Query(DistanceForm form, bool estimates, IExecutionHost host) : NearestQuery(form, estimates, host.Memory)
    {
        protected override void Add(double distance, ulong id) => Nearest.Add(distance, id);

        protected override void Differs(int dimensions)
        {
            string type = Form.ElementBytes == sizeof(float) ? "vector" : "halfvec";
            host.Raise(SqlState.DataException, $"different {type} dimensions {dimensions} and {Dimensions}");
        }
    }
}
