// Execution layer, search. A scan for the nearest rows that is run again for one query after another, as the inner side of a nested loop is: what a
// run reads for its own query it holds against those of the next runs, too, which then find their rows here.

using System;
using System.Collections.Generic;
using Epiphany.Storage;
using Epiphany.Vector.Codes;

namespace Epiphany.Execution;

/// <summary>
/// Knows rows of groups only; rows of the heap region each run looks at itself. What a run finds here are all rows of groups that may be among its
/// first: of those that pass the conditions, which are the same for all runs. A run whose query, or number of rows, is not the one that was expected
/// finds nothing here and searches alone; so does one that has not rows enough in groups, or too many that are as near as the last.
/// </summary>
sealed unsafe class NearestAhead(int scan, DistanceForm form, EngineContext context, NodeStats stats)
{
    readonly List<Query> _queries = [];
    CandidateRoom? _room;

    /// <summary>The number that the host has given to the first query; how many have been searched for.</summary>
    ulong _first;
    int _count;
    bool _isSearching;
    bool _isComplete;
    bool _isEntered;
    int _group;
    Query? _found;

    /// <summary>Are the rows of this run known?</summary>
    internal bool IsFound => _found != null;

    /// <summary>The queries of this run and of the next ones; 0: the host knows nothing of them.</summary>
    internal int Coming(out ulong first, out ulong* queries) => context.Host.ScanAhead(scan, out first, out queries);

    /// <summary>A run begins, with that query (null: none), of which the host has told as the first of those.</summary>
    internal void Begin(byte* elements, int dimensions, int wanted, ulong first, ulong* coming, int count)
    {
        _group = -1;
        _found = null;
        _isSearching = false;
        if (elements == null || count == 0)
        {
            return;
        }

        if (first - _first >= (ulong)_count)
        {
            Collect(first + 1, coming + 1, count - 1, dimensions, wanted);
        }
        else if (_isComplete && _queries[(int)(first - _first)] is var query && query.Answers(elements, dimensions, wanted))
        {
            query.Finish();
            _found = query;
        }
    }

    /// <summary>On to a group; groups come in the same order in each run.</summary>
    internal void Enter()
    {
        _group++;
        _isEntered = false;
    }

    /// <summary>The last row of the run has come.</summary>
    internal void End() => _isComplete |= _isSearching;

    /// <summary>Rows of a vector that are set in <paramref name="wanted"/>, of a group with codes of that shape.</summary>
    internal void AddByCodes(RowGroupReader reader, int column, int vector, in VectorCodes codes, int rows, int asked, ulong* wanted)
    {
        if (!_isSearching)
        {
            return;
        }

        if (!_isEntered)
        {
            _isEntered = true;
            reader.CodesOf(column, out CodeShape shape);
            for (int i = 0; i < _count; i++)
            {
                _queries[i].IsLost |= !_queries[i].TryEnter(shape);
            }
        }

        for (int i = 0; i < _count; i++)
        {
            if (!_queries[i].IsLost)
            {
                context.Host.Poll();
                stats.Estimated += (ulong)asked;
                stats.Measured += (ulong)_queries[i].AddByCodes(reader, column, vector, codes, rows, wanted, (ulong)_group << 32, _room!);
            }
        }
    }

    /// <summary>All rows of a batch, whose numbers in the vector are these (null: they count from 0).</summary>
    internal void AddRows(Vector values, int rows, int vector, ushort* numbers)
    {
        for (int i = 0; i < rows && _isSearching; i++)
        {
            if (values.IsNull(i))
            {
                continue;
            }

            context.Host.Poll();
            int row = (vector * Batch.Capacity) + (numbers == null ? i : numbers[i]);
            byte* elements = Distance.Elements(values.Values[i], form.ElementBytes, out int dimensions);
            for (int q = 0; q < _count; q++)
            {
                if (!_queries[q].IsLost)
                {
                    stats.Measured++;
                    _queries[q].AddRow(elements, dimensions, ((ulong)_group << 32) | (uint)row);
                }
            }
        }
    }

    /// <summary>Of the group: a bit for each vector that rows were found in.</summary>
    internal ulong Vectors() => _found!.Vectors(_group);

    /// <summary>The rows that were found in a vector of the group; vectors are asked for in their order, those that have rows.</summary>
    internal int Rows(int vector, ushort* selected) => _found!.Rows(_group, vector, selected);

    /// <summary>Queries to search for in this run, as many as memory is for.</summary>
    void Collect(ulong first, ulong* coming, int count, int dimensions, int wanted)
    {
        int padded = Rotation.Padded(dimensions);
        long codes = QueryCodes.Bytes(padded) + (2 * padded * sizeof(float));
        ulong each = (ulong)((Query.Most(wanted) * Query.RowBytes) + (2L * wanted * sizeof(ulong)) + codes);
        _first = first;
        _count = (int)Math.Min((ulong)count, context.Options.SortMemory / 2 / each);
        _isSearching = _count > 0;
        _isComplete = false;
        _room ??= new CandidateRoom(context.Host.Memory);
        for (int i = 0; i < _count; i++)
        {
            if (i == _queries.Count)
            {
                _queries.Add(new Query(form, context));
            }

            int own = 0;
            byte* elements = coming[i] == 0 ? null : Distance.Elements(coming[i], form.ElementBytes, out own);
            _queries[i].Start(elements, own, wanted);
        }
    }

    sealed class Query(DistanceForm form, EngineContext context) : NearestQuery(form, context.Options.Estimates, context.Host.Memory)
    {
        internal const int RowBytes = 2 * sizeof(ulong);

        ulong* _rows;
        int _room;
        int _count;
        int _next;
        int _wanted;

        /// <summary>Its run is to search alone.</summary>
        internal bool IsLost { get; set; }

        double* Distances => (double*)(_rows + _room);

        /// <summary>Rows that are kept: those that may be among the first as far as is known, and some that no longer may.</summary>
        internal static long Most(int wanted) => (2L * wanted) + 128;

        internal void Start(byte* elements, int dimensions, int wanted)
        {
            IsLost = elements == null;
            _count = 0;
            _wanted = wanted;
            Begin(elements, dimensions, wanted);
        }

        internal bool Answers(byte* elements, int dimensions, int wanted)
        {
            int bytes = dimensions * Form.ElementBytes;
            return !IsLost && Nearest.IsFull && wanted == _wanted && dimensions == Dimensions
                && new ReadOnlySpan<byte>(elements, bytes).SequenceEqual(new ReadOnlySpan<byte>(Elements, bytes));
        }

        /// <summary>No more rows come: they are put in order.</summary>
        internal void Finish()
        {
            DropFar();
            new Span<ulong>(_rows, _count).Sort();
            _next = 0;
        }

        internal ulong Vectors(int group)
        {
            ulong vectors = 0;
            for (int i = _next; i < _count && _rows[i] >> 32 == (ulong)group; i++)
            {
                vectors |= 1UL << ((int)_rows[i] / Batch.Capacity);
            }

            return vectors;
        }

        internal int Rows(int group, int vector, ushort* selected)
        {
            int count = 0;
            for (; _next < _count && _rows[_next] >> 32 == (ulong)group && (int)_rows[_next] / Batch.Capacity == vector; _next++)
            {
                selected[count++] = (ushort)((int)_rows[_next] % Batch.Capacity);
            }

            return count;
        }

        protected override void Add(double distance, ulong id)
        {
            if (!Nearest.Add(distance) || (_count == _room && !TryMakeRoom()))
            {
                return;
            }

            _rows[_count] = id;
            Distances[_count++] = distance;
        }

        protected override void Differs(int dimensions) => IsLost = true;

        bool TryMakeRoom()
        {
            DropFar();
            if (_count * 2 <= _room && _room > 0)
            {
                return true;
            }

            int most = (int)Most(_wanted);
            if (_room >= most)
            {
                IsLost = true;
                return false;
            }

            int room = Math.Min(most, Math.Max(2 * _room, 64));
            ulong* rows = (ulong*)context.Host.Memory.Allocate((nuint)room * RowBytes);
            if (_rows != null)
            {
                new Span<ulong>(_rows, _count).CopyTo(new Span<ulong>(rows, _count));
                new Span<double>(Distances, _count).CopyTo(new Span<double>(rows + room, _count));
                context.Host.Memory.Free((byte*)_rows);
            }

            _rows = rows;
            _room = room;
            return true;
        }

        void DropFar()
        {
            int left = 0;
            for (int i = 0; i < _count; i++)
            {
                if (Nearest.MayBeAmong(Distances[i]))
                {
                    _rows[left] = _rows[i];
                    Distances[left++] = Distances[i];
                }
            }

            _count = left;
        }
    }
}
