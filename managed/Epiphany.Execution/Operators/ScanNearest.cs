// Execution layer, operators. A scan below a bounded sort by distance: rows that are too far to be among the first stay where they are. Where
// the column has codes, most rows are known to be too far by these, and are not read.

using System;
using System.Numerics;
using Epiphany.Encoding;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>A distance of the scan's projection, between a column and what is the same for all rows.</summary>
sealed unsafe class ScanNearest
{
    /// <summary>Fewer rows of a vector are read without asking their codes, which are read by the vector.</summary>
    const int LeastRows = 32;

    readonly Distance _distance;
    readonly Expression _query;
    readonly EngineContext _context;
    readonly NodeStats _stats;
    readonly NearestAhead _ahead;
    readonly NearestCodes? _codes;
    readonly ulong* _wanted;
    readonly CandidateRoom? _room;
    readonly double* _distances;
    Nearest? _nearest;
    byte* _elements;
    int _dimensions;
    bool _isPrepared;
    bool _isBegun;
    bool _isEntered;
    bool _hasCodes;
    ScanUnit _unit;

    ScanNearest(Distance distance, int column, Expression query, int scan, EngineContext context, NodeStats stats)
    {
        _distance = distance;
        Column = column;
        _query = query;
        _context = context;
        _stats = stats;
        _ahead = new NearestAhead(scan, distance.Form, context, stats);
        IMemory memory = context.Host.Memory;
        if (!context.Options.Estimates || !NearestCodes.Knows(distance.Form))
        {
            return;
        }

        _codes = new NearestCodes(distance.Form, memory);
        _wanted = Mask.Room(context.Host);
        _room = new CandidateRoom(memory);
        _distances = (double*)memory.Allocate(Batch.Capacity * sizeof(double));
    }

    internal int Column { get; }

    /// <summary>Null: the sort key is none that the scan can make use of.</summary>
    internal static ScanNearest? Of(Expression? key, int scan, EngineContext context, NodeStats stats) =>
        key is Distance distance && distance.TrySides(out int column, out Expression query)
            ? new ScanNearest(distance, column, query, scan, context, stats) : null;

    /// <summary>A run begins; null: nobody asks for the nearest.</summary>
    internal void Begin(Nearest? nearest)
    {
        _nearest = nearest;
        _isPrepared = false;
        _isBegun = false;
    }

    internal bool IsAsked => _nearest != null;

    /// <summary>An earlier run has found the rows of groups; asked after a group was entered.</summary>
    internal bool IsFound => _nearest != null && _ahead.IsFound;

    /// <summary>The scan has come to another group. Says in which of its vectors rows may be among the first.</summary>
    internal ulong Enter(in ScanUnit unit)
    {
        _unit = unit;
        _isEntered = false;
        if (!_isBegun)
        {
            _isBegun = true;
            int coming = _ahead.Coming(out ulong first, out ulong* queries);
            bool hasQuery = coming > 0 && HasQuery();
            _ahead.Begin(hasQuery ? _elements : null, _dimensions, _nearest!.Wanted, first, queries, coming);
        }

        _ahead.Enter();
        return _ahead.IsFound ? _ahead.Vectors() : ulong.MaxValue;
    }

    /// <summary>The scan has come to its end.</summary>
    internal void End() => _ahead.End();

    /// <summary>The rows of a vector that were found.</summary>
    internal Rows Found(int vector, ushort* selected) => new(selected, _ahead.Rows(vector, selected));

    /// <summary>Are rows of a vector of the group, at least one, to be asked for by <see cref="KeepByCodes"/>, not by <see cref="Keep"/>?</summary>
    internal bool AsksCodes(int rows)
    {
        if (!_isEntered)
        {
            _isEntered = true;
            _hasCodes = _codes != null && Column < _unit.Columns && HasQuery()
                && _unit.Reader!.CodesOf(Column, out CodeShape shape) && _codes.TryEnter(shape);
        }

        return _hasCodes && rows >= LeastRows;
    }

    /// <summary>Computes it where it has not been in this run. False: it is null, or no vector.</summary>
    bool HasQuery()
    {
        if (!_isPrepared)
        {
            _isPrepared = true;
            Vector query = _query.Evaluate(Batch.NoColumns, Rows.All(1));
            _elements = query.IsNull(0) ? null : Distance.Elements(query.Values[0], _distance.Form.ElementBytes, out _dimensions);
            if (_elements != null)
            {
                _codes?.Begin(_elements, _dimensions, _nearest!.Wanted);
            }
        }

        return _elements != null;
    }

    /// <summary>
    /// Of some rows of a vector those that may be among the first. <paramref name="numbers"/>: which rows of the vector they are; null: all.
    /// </summary>
    internal Rows KeepByCodes(int vector, ushort* numbers, int count, ushort* selected)
    {
        int rows = numbers == null ? count : numbers[count - 1] + 1;
        MarkWanted(numbers, count, rows);
        RowGroupReader reader = _unit.Reader!;
        VectorCodes codes = reader.Codes(Column, vector);
        if (codes.IsEmpty)
        {
            return new Rows(null, _nearest!.IsFull ? 0 : count);
        }

        _ahead.AddByCodes(reader, Column, vector, codes, rows, count, _wanted);
        _codes!.Search(codes, rows, _wanted, _nearest!.Furthest, _room!);
        _stats.Estimated += (ulong)count;
        new Span<ulong>(_wanted, Mask.Words).Clear();
        while (_codes.Next(reader, Column, vector, _room!, _nearest.Furthest, out int row))
        {
            Measure(reader, vector, row);
        }

        return new Rows(selected, Kept(codes, numbers, count, selected));
    }

    /// <summary>Of the rows those that were measured and may still be among the first, and nulls while there are not rows enough.</summary>
    int Kept(in VectorCodes codes, ushort* numbers, int count, ushort* selected)
    {
        int kept = 0;
        if (numbers == null && (codes.Nulls == null || _nearest!.IsFull))
        {
            for (int word = 0; word * 64 < count; word++)
            {
                for (ulong left = _wanted[word]; left != 0; left &= left - 1)
                {
                    int row = (64 * word) + BitOperations.TrailingZeroCount(left);
                    selected[kept] = (ushort)row;
                    kept += _nearest!.MayBeAmong(_distances[row]) ? 1 : 0;
                }
            }

            return kept;
        }

        for (int i = 0; i < count; i++)
        {
            int row = numbers == null ? i : numbers[i];
            bool isNull = codes.Nulls != null && Kernels.NullBitmap.IsNull(codes.Nulls, row);
            bool isMeasured = (_wanted[row / 64] >> (row % 64) & 1) != 0;
            selected[kept] = (ushort)i;
            kept += (isMeasured && _nearest!.MayBeAmong(_distances[row])) || (isNull && !_nearest!.IsFull) ? 1 : 0;
        }

        return kept;
    }

    /// <summary>As <see cref="Keep"/>, of a group, whose rows others may be looking for, too; which rows of the vector they are, as there.</summary>
    internal Rows KeepOfGroup(Batch raw, Rows rows, int vector, ushort* numbers, ushort* selected)
    {
        _ahead.AddRows(raw.Columns[Column], rows.Count, vector, numbers);
        return Keep(raw, rows, selected);
    }

    void Measure(RowGroupReader reader, int vector, int row)
    {
        reader.DecodeRow(Column, (vector * Batch.Capacity) + row, out ulong datum, out _);
        byte* elements = Distance.Elements(datum, _distance.Form.ElementBytes, out _);
        _distances[row] = _distance.Form.Measure(_elements, elements, _dimensions);
        _stats.Measured++;
        _wanted[row / 64] |= (_nearest!.Add(_distances[row]) ? 1UL : 0) << (row % 64);
    }

    /// <summary>The rows that may be among the first. The column has been loaded; <paramref name="selected"/> may be where the rows lie.</summary>
    internal Rows Keep(Batch raw, Rows rows, ushort* selected)
    {
        Vector distances = _distance.Evaluate(raw, rows);
        _stats.Measured += (ulong)rows.Count;
        int count = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            selected[count] = (ushort)row;
            count += (distances.IsNull(row) ? !_nearest!.IsFull : _nearest!.Add(Of(distances, row))) ? 1 : 0;
        }

        // Those that came first were held against less than is known now.
        int left = 0;
        for (int i = 0; i < count; i++)
        {
            int row = selected[i];
            selected[left] = (ushort)row;
            left += (distances.IsNull(row) ? !_nearest!.IsFull : _nearest!.MayBeAmong(Of(distances, row))) ? 1 : 0;
        }

        return new Rows(selected, left);
    }

    void MarkWanted(ushort* numbers, int count, int rows)
    {
        if (numbers == null)
        {
            LaneRanges.Fill(_wanted, rows, true);
            return;
        }

        new Span<ulong>(_wanted, Mask.Words).Clear();
        for (int i = 0; i < count; i++)
        {
            _wanted[numbers[i] / 64] |= 1UL << (numbers[i] % 64);
        }
    }

    static double Of(Vector distances, int row) => BitConverter.UInt64BitsToDouble(distances.Values[row]);
}
