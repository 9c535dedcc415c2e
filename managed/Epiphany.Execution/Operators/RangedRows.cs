// Execution layer, operators. The sort's side of rows that come by ranges: each range is sorted by itself, strings of the first key by their ranks.
// Rows that are of any range wait in a sort of their own until it is their range's turn.

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>
/// Takes batches, and gives the rows of a range in order once it is complete; <paramref name="wanted"/> has the keys' columns. Rows that are not
/// sorted by rank are sorted by <paramref name="byValue"/>, the sort's own.
/// </summary>
sealed unsafe class RangedRows(
    SortKey[] keys, ValueType[] types, bool[] wanted, OrderedRows byValue, ScanRanges ranges, EngineContext context)
{
    /// <summary>What rows that wait may take of the sort's memory, beside it.</summary>
    const int LateShare = 4;

    const uint Int8Less = 412;

    static readonly ValueType s_int8 = new(TypeOid.Int8, -1, 0, sizeof(long), true);

    /// <summary>Numbers of dictionaries; readers and expressions count from elsewhere.</summary>
    static ulong s_tables = 3UL << 62;

    readonly int _key = keys[0].Column;
    readonly Batch _slice = new(types.Length);
    readonly Batch _wide = new(types.Length + 1);
    readonly Batch _output = new(types.Length);
    readonly VectorBuffer _ranks = new(context.Host.Memory);
    readonly VectorBuffer _lateRanks = new(context.Host.Memory);
    readonly VectorBuffer _strings = new(context.Host.Memory);
    OrderedRows? _byRank;
    OrderedRows? _late;

    /// <summary>Of the range in hand; one of those by value and by rank.</summary>
    OrderedRows? _rows;
    Batch? _lateBatch;
    int _lateRow;
    int _range;
    bool _isEmpty;

    /// <summary>There may be late rows that have not been taken; they are in order once the first range begins.</summary>
    bool _isWaiting;
    bool _isLateSorted;
    long _bound;
    ulong _table;

    internal ulong Peak => (_rows?.Peak ?? 0) + (_late?.Peak ?? 0);

    internal ulong SpilledBytes => (_rows?.SpilledBytes ?? 0) + (_late?.SpilledBytes ?? 0);

    internal ulong SpilledParts => (_rows?.SpilledParts ?? 0) + (_late?.SpilledParts ?? 0);

    /// <summary>A run begins; of at most so many rows anybody is going to ask, -1: of all.</summary>
    internal void Begin(long bound)
    {
        _rows?.Reset();
        _late?.Reset();
        _rows = null;
        _lateBatch = null;
        _isWaiting = _isLateSorted = false;
        _isEmpty = true;
        _bound = bound;
        _table = ++s_tables;
    }

    /// <summary>False: the batch is of another range than the rows so far, which can be taken now.</summary>
    internal bool TryAdd(Batch batch)
    {
        if (ranges.Now == ScanRanges.State.Survey)
        {
            AddLate(batch);
            return true;
        }

        if (!_isEmpty && ranges.Range != _range)
        {
            return false;
        }

        if (_isEmpty)
        {
            Clear();
        }

        _range = ranges.Range;
        _isEmpty = false;
        _rows!.Add(ranges.IsRanked ? Widen(batch) : batch);
        return true;
    }

    /// <summary>No more rows are coming of the range in hand, or at all.</summary>
    internal void Finish(bool isLast)
    {
        if (_isEmpty)
        {
            Clear();
        }

        while (_isWaiting && TakeLate(isLast))
        {
        }

        _rows!.Finish();
        _isEmpty = true;
    }

    /// <summary>The next rows of the range; null: there are no more. Good until the next call.</summary>
    internal Batch? Next() => _rows!.Next() is not { } sorted ? null : ranges.IsRanked ? Narrow(sorted) : sorted;

    /// <summary>Another range begins.</summary>
    void Clear()
    {
        _rows = ranges.IsRanked ? _byRank ??= ByRank() : byValue;
        _rows.Reset();
        _rows.Bound = _bound;
    }

    OrderedRows ByRank()
    {
        ValueType[] rankTypes = [.. types, s_int8];
        SortKey[] rankKeys = [.. keys];
        rankKeys[0] = new SortKey(new OrderPart(types.Length, Int8Less, 0, false, keys[0].NullsFirst), rankTypes, context.Host);
        bool[] rankWanted = [.. wanted, true];
        rankWanted[_key] = false;
        return new OrderedRows(rankKeys, rankTypes, rankWanted, context.Options.SortMemory, context);
    }

    void AddLate(Batch batch)
    {
        _late ??= new OrderedRows(keys, types, wanted, context.Options.SortMemory / LateShare, context);
        ranges.AddLate(batch.Columns[_key], batch.Rows);
        _late.Add(batch);
        _isWaiting = true;
    }

    /// <summary>The next of the rows that have waited go to the range in hand, if it is theirs; false: they are to wait, or there are none.</summary>
    bool TakeLate(bool isLast)
    {
        if (_lateBatch == null)
        {
            if (!_isLateSorted)
            {
                _late!.Finish();
                _isLateSorted = true;
            }

            _lateBatch = _late!.Next();
            _lateRow = 0;
            if (_lateBatch == null)
            {
                _isWaiting = false;
                return false;
            }

            if (ranges.IsRanked)
            {
                ranges.Ranks!.Find(_lateBatch.Columns[_key], _lateBatch.Rows, _lateRanks.Values);
            }
        }

        Vector strings = _lateBatch.Columns[_key];
        ulong* values = ranges.IsRanked ? _lateRanks.Values : strings.Values;
        int end = _lateRow;
        while (end < _lateBatch.Rows && (isLast || !ranges.IsLater((long)values[end], strings.IsNull(end), _range)))
        {
            end++;
        }

        if (end > _lateRow)
        {
            Batch slice = Slice(_lateBatch, _lateRow, end - _lateRow);
            _rows!.Add(ranges.IsRanked ? Wide(slice, _lateRanks.Values + _lateRow) : slice);
        }

        bool isThrough = end == _lateBatch.Rows;
        _lateRow = end;
        _lateBatch = isThrough ? null : _lateBatch;
        return isThrough;
    }

    Batch Slice(Batch batch, int first, int rows)
    {
        for (int i = 0; i < types.Length; i++)
        {
            if (wanted[i])
            {
                _slice.Columns[i].Refer(batch.Columns[i], first);
            }
        }

        _slice.Rows = rows;
        return _slice;
    }

    /// <summary>With ranks as one more column.</summary>
    Batch Widen(Batch batch)
    {
        ranges.RanksOf(batch.Columns[_key], batch.Rows, _ranks.Values);
        return Wide(batch, _ranks.Values);
    }

    Batch Wide(Batch batch, ulong* ranks)
    {
        for (int i = 0; i < types.Length; i++)
        {
            _wide.Columns[i].Refer(batch.Columns[i]);
        }

        _wide.Columns[types.Length].SetDatums(ranks, batch.Columns[_key].Nulls);
        _wide.Rows = batch.Rows;
        return _wide;
    }

    /// <summary>With strings in place of ranks.</summary>
    Batch Narrow(Batch sorted)
    {
        for (int i = 0; i < types.Length; i++)
        {
            _output.Columns[i].Refer(sorted.Columns[i]);
        }

        Vector ranks = sorted.Columns[types.Length];
        ulong* table = ranges.Ranks!.Values;
        for (int i = 0; i < sorted.Rows; i++)
        {
            bool isNull = ranks.IsNull(i);
            _strings.Codes[i] = isNull ? (ushort)0 : (ushort)ranks.Values[i];
            _strings.Values[i] = isNull ? 0 : table[ranks.Values[i]];
        }

        Vector strings = _output.Columns[_key];
        strings.SetDatums(_strings.Values, ranks.Nulls);
        if (ranges.Ranks.Count > 0)
        {
            strings.Codes = _strings.Codes;
            strings.Table = table;
            strings.Entries = ranges.Ranks.Count;
            strings.TableId = _table;
        }

        _output.Rows = sorted.Rows;
        return _output;
    }
}
