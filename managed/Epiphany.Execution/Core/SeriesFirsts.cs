// Execution layer, core. What who wants the first row of each series alone, by an integer such as a time, tells the scans below: which rows can
// still be the first of theirs.

using System;
using Epiphany.Kernels;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>
/// The least rank so far of each series, by number. All rows that are kept here go to who asks, so nobody whose rank is greater is the first of his
/// series. Equal ranks are kept: what else there is to sort by decides among them.
/// </summary>
sealed unsafe class SeriesFirsts
{
    /// <summary>After so many rows there must be fewer series than a quarter of them, and half must have gone, or looking is in vain.</summary>
    const long Trial = 1 << 18;

    readonly KeyBatch _keys;
    readonly KeyTable _table;
    readonly IMemory _memory;
    readonly ulong _bytes;
    readonly uint* _numbers;
    readonly KeyRuns _runs;
    readonly long* _ranks;
    readonly bool _descending;

    /// <summary>By exclusive or it makes ranks of values.</summary>
    readonly long _flip;
    readonly bool _nullsFirst;
    long* _least;
    int _room;
    int _count;
    long _asked;
    long _kept;

    /// <summary><paramref name="types"/>: of the columns that <paramref name="series"/> are.</summary>
    internal SeriesFirsts(KeyPart[] series, ReadOnlySpan<ValueType> types, bool descending, bool nullsFirst, EngineContext context)
    {
        _keys = KeyBatch.Of(series, types, context.Host);
        uint[] equalities = Array.ConvertAll(series, k => k.Equality);
        _table = new KeyTable(_keys, equalities, Array.ConvertAll(series, k => k.Collation), nullsEqual: true, context.Host);
        _memory = context.Host.Memory;
        _bytes = context.Options.HashMemory;
        _numbers = (uint*)_memory.Allocate(Batch.Capacity * sizeof(uint));
        _runs = new KeyRuns(_memory);
        _ranks = (long*)_memory.Allocate(Batch.Capacity / KeyRuns.LeastOfNumbers * sizeof(long));
        _descending = descending;
        _flip = descending ? -1 : 0;
        _nullsFirst = nullsFirst;
    }

    /// <summary>False: too many series to remember, or for it to pay; nobody need ask in this run any more.</summary>
    internal bool IsOn => _table.Bytes <= _bytes && (_asked < Trial || (_count < _asked / 4 && _kept < _asked / 2));

    /// <summary>The greatest value goes first.</summary>
    internal bool Descending => _descending;

    /// <summary>The series' numbers of the rows that <see cref="Keep"/> saw last, by row.</summary>
    internal uint* Numbers => _numbers;

    /// <summary>A run begins.</summary>
    internal void Begin()
    {
        _table.Clear();
        _count = 0;
        _asked = 0;
        _kept = 0;
    }

    /// <summary>Those of a batch's rows that may be the first of their series; <paramref name="selected"/> may be where the rows lie.</summary>
    internal Rows Keep(ReadOnlySpan<Vector> series, Vector times, int batchRows, Rows rows, ushort* selected)
    {
        _asked += batchRows;
        _table.Insert(series, batchRows, _numbers);
        Reserve();
        Rows heads = rows.IsAll && times.Nulls == null ? _runs.Find(_numbers, rows.Count) : default;
        int kept = heads.Count > 0 ? KeepOfRuns((long*)times.Values, heads, rows.Count, selected) : KeepOfEach(times, rows, selected);
        _kept += kept;
        return kept == rows.Count ? rows : new Rows(selected, kept);
    }

    int KeepOfEach(Vector times, Rows rows, ushort* selected)
    {
        Learn(times, rows);
        int kept = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            bool isKept = RankOf(times, row) <= _least[_numbers[row]];
            selected[kept] = (ushort)row;
            kept += isKept ? 1 : 0;
        }

        return kept;
    }

    /// <summary>Where rows of one series follow one another, most of these runs have none that is the first, which their extremes tell.</summary>
    int KeepOfRuns(long* times, Rows heads, int rows, ushort* selected)
    {
        for (int i = 0; i < heads.Count; i++)
        {
            int head = heads[i];
            MinMax.Run(times + head, KeyRuns.End(heads, i, rows) - head, out long min, out long max);
            _ranks[i] = _descending ? ~max : min;
            long* least = _least + _numbers[head];
            *least = Math.Min(*least, _ranks[i]);
        }

        int kept = 0;
        for (int i = 0; i < heads.Count; i++)
        {
            long least = _least[_numbers[heads[i]]];
            for (int row = heads[i], end = _ranks[i] <= least ? KeyRuns.End(heads, i, rows) : row; row < end; row++)
            {
                selected[kept] = (ushort)row;
                kept += (times[row] ^ _flip) <= least ? 1 : 0;
            }
        }

        return kept;
    }

    /// <summary>Numbers of series, at most a batch of them; None of those that no row had yet.</summary>
    internal void Find(ReadOnlySpan<Vector> series, int count, uint* numbers) => _table.Find(_keys, series, count, numbers);

    /// <summary>The least rank that a value between two, or a null where there are some, can have.</summary>
    internal long LeastRank(long min, long max, bool hasNulls) => hasNulls && _nullsFirst ? long.MinValue : _descending ? ~max : min;

    /// <summary>The series has a row before any of that rank.</summary>
    internal bool IsBefore(uint series, long rank) => series != KeyTable.None && _least[series] < rank;

    /// <summary>Rows of one series often follow one another: their least rank is written once.</summary>
    void Learn(Vector times, Rows rows)
    {
        uint number = KeyTable.None;
        long least = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (_numbers[row] != number)
            {
                if (number != KeyTable.None)
                {
                    _least[number] = least;
                }

                number = _numbers[row];
                least = _least[number];
            }

            least = Math.Min(least, RankOf(times, row));
        }

        if (number != KeyTable.None)
        {
            _least[number] = least;
        }
    }

    long RankOf(Vector times, int row) =>
        times.IsNull(row) ? (_nullsFirst ? long.MinValue : long.MaxValue) : (long)times.Values[row] ^ _flip;

    void Reserve()
    {
        if (_table.Count > _room)
        {
            int room = Math.Max(2 * _room, Math.Max(_table.Count, Batch.Capacity));
            _least = (long*)_memory.Grow((byte*)_least, (nuint)_count * sizeof(long), (nuint)room * sizeof(long));
            _room = room;
        }

        for (; _count < _table.Count; _count++)
        {
            _least[_count] = long.MaxValue;
        }
    }
}
