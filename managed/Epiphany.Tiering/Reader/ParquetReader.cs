// Tiering layer, reader. One file: its columns, and batches of rows of some of them. Row groups, and pages within them, are passed over where the
// file's statistics say that no row meets the tests; rows that are given may still fail them.

using System;
using System.Collections.Generic;
using Epiphany.Storage;

namespace Epiphany.Tiering;

public sealed unsafe class ParquetReader
{
    readonly IGroupSource _source;
    readonly IMemory _memory;
    readonly IBlockCodec _codec;
    readonly IInterrupts _interrupts;
    readonly FileFooter _footer;
    readonly List<(long From, long To)> _ranges = [];

    int[] _columns = [];
    ColumnReader[] _readers = [];
    int[] _slots = [];
    ChunkMeta[] _chunks = [];
    PageIndex[] _testIndexes = [];
    ZoneTest* _tests;
    int _testCount;
    ParquetVector* _vectors;
    int _group;
    int _range;
    int _batchRows;
    long _row;
    ParquetCounts _counts;

    public ParquetReader(IGroupSource source, long length, IMemory memory, IBlockCodec codec, IInterrupts interrupts)
    {
        _source = source;
        _memory = memory;
        _codec = codec;
        _interrupts = interrupts;
        _footer = new FileFooter(source, length, memory);
    }

    public ReadOnlySpan<ParquetColumn> Columns => _footer.Columns;

    public long Rows => _footer.Rows;

    public int Groups => _footer.Groups.Length;

    public ParquetCounts Counts
    {
        get
        {
            ParquetCounts counts = _counts;
            foreach (ColumnReader reader in _readers)
            {
                counts.Bytes += reader.BytesRead;
            }

            foreach (PageIndex index in _testIndexes)
            {
                counts.Bytes += index.BytesRead;
            }

            return counts;
        }
    }

    /// <summary>
    /// Starts at the first row. Columns are numbers in <see cref="Columns"/>, of which each may be named once; tests, too, and belong to the
    /// caller, who keeps them as long as the reader.
    /// </summary>
    public void Begin(ReadOnlySpan<int> columns, ReadOnlySpan<ZoneTest> tests)
    {
        _columns = columns.ToArray();
        _readers = new ColumnReader[columns.Length];
        _slots = new int[_footer.Leaves];
        Array.Fill(_slots, -1);
        for (int i = 0; i < columns.Length; i++)
        {
            ParquetColumn column = Column(columns[i]);
            if (column.Unsupported.Length > 0)
            {
                Throw.Unsupported($"column {columns[i] + 1}: {column.Unsupported}");
            }

            _readers[i] = new ColumnReader(_source, _memory, _codec, _interrupts, column);
            _slots[column.Leaf] = i;
        }

        int chunks = columns.Length;
        _testIndexes = new PageIndex[tests.Length];
        _testCount = tests.Length;
        _tests = (ZoneTest*)_memory.Allocate((nuint)(int.Max(1, tests.Length) * sizeof(ZoneTest)));
        for (int i = 0; i < tests.Length; i++)
        {
            _tests[i] = tests[i];
            _testIndexes[i] = new PageIndex(_source, _memory);
            ref int slot = ref _slots[Column(tests[i].Column).Leaf];
            slot = slot < 0 ? chunks++ : slot;
        }

        _chunks = new ChunkMeta[chunks];
        _vectors = (ParquetVector*)_memory.Allocate((nuint)(int.Max(1, columns.Length) * sizeof(ParquetVector)));
        _group = -1;
        _ranges.Clear();
        _range = 0;
    }

    ParquetColumn Column(int number)
    {
        if (number < 0 || number >= _footer.Columns.Length)
        {
            Throw.Argument($"there is no column {number}");
        }

        return _footer.Columns[number];
    }

    /// <summary>The next rows: how many, 0 at the end; a vector for each column.</summary>
    public int Next(out ParquetVector* vectors)
    {
        vectors = _vectors;
        while (_range == _ranges.Count || _row == _ranges[_range].To)
        {
            _interrupts.Poll();
            if (_range + 1 < _ranges.Count)
            {
                _range++;
                _row = _ranges[_range].From;
            }
            else if (!NextGroup())
            {
                return 0;
            }
        }

        int rows = (int)long.Min(_ranges[_range].To - _row, _batchRows);
        for (int i = 0; i < _readers.Length; i++)
        {
            _vectors[i] = _readers[i].Read(_row, rows);
        }

        _row += rows;
        return rows;
    }

    /// <summary>Goes to the next group that may have a row; false at the end.</summary>
    bool NextGroup()
    {
        _ranges.Clear();
        _range = 0;
        while (++_group < _footer.Groups.Length)
        {
            long rows = _footer.Groups[_group].Rows;
            if (rows == 0)
            {
                continue;
            }

            if (_chunks.Length > 0)
            {
                _footer.Chunks(_group, _slots, _chunks);
            }

            if (!GroupPossible())
            {
                _counts.GroupsSkipped++;
                _counts.RowsSkipped += rows;
                continue;
            }

            Narrow(rows);
            if (_ranges.Count == 0)
            {
                _counts.GroupsSkipped++;
                continue;
            }

            _counts.Groups++;
            double rowBytes = 1;
            for (int i = 0; i < _readers.Length; i++)
            {
                CheckValues(_chunks[i], rows, _footer.Columns[_columns[i]]);
                rowBytes += double.Max(_chunks[i].Uncompressed, 0) / rows;
                _readers[i].Open(_chunks[i], rows);
            }

            _batchRows = (int)double.Clamp(ParquetFormat.BatchBytes / rowBytes, 1, ParquetFormat.BatchRows);
            _row = _ranges[0].From;
            return true;
        }

        return false;
    }

    /// <summary>
    /// The values of a column of a file with one row group, without lists, all at once: in the writer's only column, if there is one, which refers
    /// to this reader's memory then. How many, and what they have as checksum, which the caller compares: pages' own are not looked at.
    /// </summary>
    public long Transfer(int number, in TransferShape shape, RowGroupWriter? writer, out uint checksum)
    {
        ParquetColumn column = Column(number);
        if (column.Unsupported.Length > 0 || column.IsList || _footer.Groups.Length != 1)
        {
            Throw.Unsupported("its values do not go into a row group as they are");
        }

        int[] slots = new int[_footer.Leaves];
        Array.Fill(slots, -1);
        slots[column.Leaf] = 0;
        var chunk = new ChunkMeta[1];
        _footer.Chunks(0, slots, chunk);
        CheckValues(chunk[0], _footer.Groups[0].Rows, column);
        var pages = new PageReader(_source, _memory, _codec, _interrupts, column, isTransfer: true);
        pages.Open(chunk[0]);
        var transfer = new ColumnTransfer(pages, column, shape, writer, _memory);
        checksum = transfer.Run();
        return transfer.Rows;
    }

    static void CheckValues(in ChunkMeta chunk, long rows, ParquetColumn column)
    {
        if (column.IsList ? chunk.Values < rows : chunk.Values != rows)
        {
            Throw.Bad("a column has another number of rows than its row group");
        }
    }

    bool GroupPossible()
    {
        for (int i = 0; i < _testCount; i++)
        {
            ParquetColumn column = _footer.Columns[_tests[i].Column];
            ref ChunkMeta chunk = ref _chunks[_slots[column.Leaf]];
            bool allNull = chunk.Nulls >= 0 && chunk.Nulls == chunk.Values;
            if (!column.IsList && !BoundsMatcher.Possible(_tests[i], column.Type, chunk.Bounds, allNull, chunk.Nulls == 0))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Ranges of rows that pages which are ruled out leave of the group.</summary>
    void Narrow(long rows)
    {
        _ranges.Add((0, rows));
        for (int i = 0; i < _testCount; i++)
        {
            ParquetColumn column = _footer.Columns[_tests[i].Column];
            ChunkMeta chunk = _chunks[_slots[column.Leaf]];
            PageIndex index = _testIndexes[i];
            if (column.IsList || chunk.ColumnIndexLength == 0 || chunk.OffsetIndexLength == 0)
            {
                continue;
            }

            index.Open(chunk, rows);
            index.Locate();
            bool[] keep = new bool[index.Pages];
            Array.Fill(keep, true);
            index.Match(_tests[i], column.Type, keep);
            for (int page = 0; page < keep.Length; page++)
            {
                if (!keep[page])
                {
                    TakeOut(index.FirstRow(page), index.FirstRow(page + 1));
                }
            }
        }

        long left = 0;
        foreach ((long from, long to) in _ranges)
        {
            left += to - from;
        }

        _counts.RowsSkipped += rows - left;
    }

    void TakeOut(long from, long to)
    {
        for (int i = _ranges.Count - 1; i >= 0; i--)
        {
            (long start, long end) = _ranges[i];
            if (to <= start || from >= end)
            {
                continue;
            }

            _ranges.RemoveAt(i);
            if (end > to)
            {
                _ranges.Insert(i, (to, end));
            }

            if (start < from)
            {
                _ranges.Insert(i, (start, from));
            }
        }
    }
}
