// Execution layer, operators. Sorted runs of rows in temporary files, and their merging into one.

using System;
using System.Collections.Generic;

namespace Epiphany.Execution;

/// <summary>Runs are merged so many at a time; a heap of the runs' next rows says which comes first.</summary>
sealed unsafe class SortRuns(SortKey[] keys, ValueType[] types, bool[] wanted, ulong memory, IExecutionHost host)
{
    /// <summary>So many at a time, unless they would take more memory than the sort may.</summary>
    const int MaxFanIn = 64;
    const int MinFanIn = 8;

    /// <summary>What is merged at a time takes so many bytes at most, but for a single row's.</summary>
    const ulong MergedBytes = 4 * RowSlices.MaxBytes;

    readonly int _fanIn = FanIn(types, wanted, memory);

    readonly List<RowFile> _files = [];
    readonly List<Run> _heap = [];
    readonly RowStore _merged = new(types, wanted, host.Memory);
    readonly Batch _batch = new(types.Length);
    readonly ushort* _taken = (ushort*)host.Memory.Allocate(Batch.Capacity * sizeof(ushort));
    readonly int* _numbers = (int*)host.Memory.Allocate(Batch.Capacity * sizeof(int));

    internal int Count => _files.Count;

    /// <summary>Bytes written, those of merged runs included.</summary>
    internal ulong Bytes { get; private set; }

    /// <summary>A run of rows that are kept, in this order.</summary>
    internal void Add(RowStore rows, int* order, int count)
    {
        var file = new RowFile(types, wanted, host);
        _files.Add(file);
        for (int done = 0; done < count; done += Batch.Capacity)
        {
            host.Poll();
            _batch.Rows = Math.Min(Batch.Capacity, count - done);
            rows.Gather(order + done, _batch.Rows, _batch, 0);
            file.Write(_batch, Rows.All(_batch.Rows));
        }

        file.Rewind();
        Bytes += file.Bytes;
    }

    /// <summary>No more runs are coming; rows can be taken.</summary>
    internal void Merge()
    {
        while (_files.Count > _fanIn)
        {
            Open(_fanIn);
            var merged = new RowFile(types, wanted, host);
            while (Next() is { } batch)
            {
                merged.Write(batch, Rows.All(batch.Rows));
            }

            // Runs that were read to their end are gone from the list.
            merged.Rewind();
            Bytes += merged.Bytes;
            _files.Add(merged);
        }

        Open(_files.Count);
    }

    /// <summary>The next rows in order; null at the end. Good until the next call.</summary>
    internal Batch? Next()
    {
        host.Poll();
        _merged.Reset();
        while (_heap.Count > 0 && _merged.Count < Batch.Capacity && _merged.ReferredBytes < MergedBytes)
        {
            TakeFirst(Batch.Capacity - _merged.Count);
        }

        if (_merged.Count == 0)
        {
            return null;
        }

        for (int i = 0; i < _merged.Count; i++)
        {
            _numbers[i] = i;
        }

        _batch.Rows = _merged.Count;
        _merged.Gather(_numbers, _merged.Count, _batch, 0);
        return _batch;
    }

    internal void Reset()
    {
        _files.ForEach(f => f.Close());
        _files.Clear();
        _heap.Clear();
        _merged.Reset();
        Bytes = 0;
    }

    /// <summary>A run that is read has a batch's lanes and nulls of each column, and the bytes of a slice or two.</summary>
    static int FanIn(ValueType[] types, bool[] wanted, ulong memory)
    {
        ulong run = 1;
        bool anyReferred = false;
        for (int i = 0; i < types.Length; i++)
        {
            run += wanted[i] ? (ulong)Batch.Capacity * (sizeof(ulong) + 1) : 0;
            anyReferred |= wanted[i] && !types[i].ByValue;
        }

        return (int)Math.Clamp(memory / (run + (anyReferred ? 2 * RowSlices.MaxBytes : 0)), MinFanIn, MaxFanIn);
    }

    void Open(int runs)
    {
        for (int i = 0; i < runs; i++)
        {
            // No run is without rows.
            _heap.Add(new Run(_files[i], _files[i].Read()!));
            Up(_heap.Count - 1);
        }
    }

    /// <summary>Rows of the run that is first, as long as it is.</summary>
    void TakeFirst(int most)
    {
        Run run = _heap[0];
        int count = 0;
        do
        {
            _taken[count++] = (ushort)run.Row++;
        }
        while (count < most && run.Row < run.Batch.Rows && IsFirst());

        _merged.Append(run.Batch, new Rows(_taken, count));
        if (run.Row == run.Batch.Rows)
        {
            run.Row = 0;
            if (run.File.Read() == null)
            {
                run.File.Close();
                _files.Remove(run.File);
                _heap[0] = _heap[^1];
                _heap.RemoveAt(_heap.Count - 1);
            }
        }

        Down();
    }

    bool IsFirst() =>
        (_heap.Count < 2 || Compare(_heap[0], _heap[1]) <= 0) && (_heap.Count < 3 || Compare(_heap[0], _heap[2]) <= 0);

    void Up(int at)
    {
        for (int above = (at - 1) / 2; at > 0 && Compare(_heap[at], _heap[above]) < 0; at = above, above = (at - 1) / 2)
        {
            (_heap[at], _heap[above]) = (_heap[above], _heap[at]);
        }
    }

    void Down()
    {
        int at = 0;
        for (; ; )
        {
            int least = at;
            for (int below = (2 * at) + 1; below <= (2 * at) + 2 && below < _heap.Count; below++)
            {
                least = Compare(_heap[below], _heap[least]) < 0 ? below : least;
            }

            if (least == at)
            {
                return;
            }

            (_heap[at], _heap[least]) = (_heap[least], _heap[at]);
            at = least;
        }
    }

    int Compare(Run left, Run right)
    {
        foreach (SortKey key in keys)
        {
            Vector a = left.Batch.Columns[key.Column];
            Vector b = right.Batch.Columns[key.Column];
            bool aNull = a.IsNull(left.Row);
            bool bNull = b.IsNull(right.Row);
            int result = aNull || bNull
                ? aNull == bNull ? 0 : aNull == key.NullsFirst ? -1 : 1
                : key.Compare(a.Values[left.Row], b.Values[right.Row], VectorForm.Datum);
            if (result != 0)
            {
                return result;
            }
        }

        return 0;
    }

    /// <summary>A file that is being read, the batch in hand and the next row of it.</summary>
    sealed class Run(RowFile file, Batch batch)
    {
        internal RowFile File => file;

        /// <summary>The file's own, filled anew by each read.</summary>
        internal Batch Batch => batch;

        internal int Row { get; set; }
    }
}
