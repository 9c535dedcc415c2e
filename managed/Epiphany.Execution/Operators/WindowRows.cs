// Execution layer, operators. The rows that a window's functions may still look at: in memory as far as that goes, in a temporary file beyond.

using System;
using System.Collections.Generic;

namespace Epiphany.Execution;

/// <summary>
/// Rows by number, from 0 for a run's first, in pages of a batch, with a byte of marks each. What is read stays where it is until
/// <see cref="Trim"/> or <see cref="Append"/>; those write pages away that were not asked for lately, where memory is short.
/// </summary>
sealed unsafe class WindowRows(ValueType[] types, bool[] wanted, ulong budget, NodeStats stats, IExecutionHost host)
{
    const int Shift = 11;
    const int Mask = Batch.Capacity - 1;

    /// <summary>So many full pages stay in memory, however little there is.</summary>
    const int MinResident = 2;

    readonly List<Page> _pages = [];
    readonly List<Page> _resident = [];
    readonly Stack<Page> _free = new();
    readonly Stack<RowStore> _stores = new();
    readonly Batch _batch = new(types.Length);
    readonly int* _numbers = Numbers(host);
    readonly ushort* _range = (ushort*)host.Memory.Allocate(Batch.Capacity * sizeof(ushort));
    RowFile? _file;
    int _written;
    long _firstPage;
    long _clock;
    ulong _bytes;

    internal long Count { get; private set; }

    /// <summary>Have pages been written away? Then what was read by reference may go with the next <see cref="Trim"/>.</summary>
    internal bool IsSpilled => _file != null;

    /// <summary>In memory.</summary>
    internal ulong Bytes => _bytes + ((Count & Mask) == 0 ? 0 : _pages[^1].Rows!.Bytes);

    internal ReadOnlySpan<ValueType> Types => types;

    internal void Append(Batch batch, byte* marks)
    {
        Trim();
        for (int done = 0; done < batch.Rows;)
        {
            Page page = (Count & Mask) == 0 ? NewPage() : _pages[^1];
            int count = Math.Min(Batch.Capacity - page.Count, batch.Rows - done);
            page.Rows!.Append(batch, Range(done, count));
            new ReadOnlySpan<byte>(marks + done, count).CopyTo(new Span<byte>(page.Marks + page.Count, count));
            page.Count += count;
            Count += count;
            done += count;
            if (page.Count == Batch.Capacity)
            {
                Account(page);
            }
        }
    }

    /// <summary>The marks of a page, by its first row's number.</summary>
    internal byte* Marks(long first) => At(first >> Shift).Marks;

    /// <summary>The first row from there on that has the mark; the number of rows if none has it so far.</summary>
    internal long Find(byte mark, long from)
    {
        while (from < Count)
        {
            Page page = At(from >> Shift);
            int at = (int)from & Mask;
            int found = at;
            while (found < page.Count && (page.Marks[found] & mark) == 0)
            {
                found++;
            }

            from += found - at;
            if (found < page.Count)
            {
                break;
            }
        }

        return from;
    }

    /// <summary>A column of the rows of those numbers; a negative one is a row of nulls.</summary>
    internal void Gather(int column, long* rows, int count, VectorBuffer buffer, Vector result)
    {
        byte anyNull = 0;
        ulong bound = 0;
        StoredColumn? stored = types[column].IsNumeric ? Agree(column, rows, count) : null;
        for (int i = 0; i < count;)
        {
            if (rows[i] < 0)
            {
                buffer.Values[i] = 0;
                buffer.Nulls[i++] = anyNull = 1;
                continue;
            }

            long page = rows[i] >> Shift;
            stored = Column(page, column);
            bound = Math.Max(bound, stored.Bound);
            for (; i < count && rows[i] >> Shift == page; i++)
            {
                int row = (int)rows[i] & Mask;
                buffer.Values[i] = stored.Value(row);
                anyNull |= buffer.Nulls[i] = stored.IsNull(row) ? (byte)1 : (byte)0;
            }
        }

        result.SetDatums(buffer.Values, anyNull != 0 ? buffer.Nulls : null);
        if (stored is { Form: VectorForm.Decimal })
        {
            result.Form = VectorForm.Decimal;
            result.Scale = stored.Scale;
            result.Bound = bound;
        }
    }

    /// <summary>Columns of a page's rows.</summary>
    internal void Show(long first, int count, Batch batch) => Load(At(first >> Shift)).Gather(_numbers, count, batch, 0);

    /// <summary>Nobody asks for rows below that number any more.</summary>
    internal void Release(long row)
    {
        int count = 0;
        for (; _firstPage < row >> Shift; _firstPage++)
        {
            Free(_pages[count++]);
        }

        _pages.RemoveRange(0, count);
        if (_written == 0)
        {
            _file?.Close();
            _file = null;
        }
    }

    /// <summary>Writes pages away until the others fit into memory.</summary>
    internal void Trim()
    {
        while (_bytes > budget && _resident.Count > MinResident)
        {
            Page oldest = _resident[0];
            foreach (Page page in _resident)
            {
                oldest = page.Used < oldest.Used ? page : oldest;
            }

            Evict(oldest);
        }
    }

    internal void Clear()
    {
        _pages.ForEach(Free);
        _pages.Clear();
        _file?.Close();
        _file = null;
        _firstPage = 0;
        Count = 0;
    }

    static int* Numbers(IExecutionHost host)
    {
        int* numbers = (int*)host.Memory.Allocate(Batch.Capacity * sizeof(int));
        for (int i = 0; i < Batch.Capacity; i++)
        {
            numbers[i] = i;
        }

        return numbers;
    }

    Page At(long page) => _pages[(int)(page - _firstPage)];

    StoredColumn Column(long page, int column) => Load(At(page))[column];

    /// <summary>Sees to it that the rows' values have one form, and one scale; the column of one of their pages.</summary>
    StoredColumn? Agree(int column, long* rows, int count)
    {
        StoredColumn? first = null;
        bool agree = true;
        for (int i = 0; i < count; i++)
        {
            if (rows[i] < 0 || (i > 0 && rows[i] >> Shift == rows[i - 1] >> Shift))
            {
                continue;
            }

            StoredColumn stored = Column(rows[i] >> Shift, column);
            first ??= stored;
            agree &= stored.Form == first.Form && (stored.Form == VectorForm.Datum || stored.Scale == first.Scale);
        }

        for (int i = 0; !agree && i < count; i++)
        {
            if (rows[i] >= 0)
            {
                Column(rows[i] >> Shift, column).BecomeDatums(At(rows[i] >> Shift).Count);
            }
        }

        return first;
    }

    Page NewPage()
    {
        if (!_free.TryPop(out Page? page))
        {
            page = new Page(host.Memory.Allocate(Batch.Capacity));
        }

        page.Rows = _stores.TryPop(out RowStore? store) ? store : new RowStore(types, wanted, host.Memory);
        _pages.Add(page);
        return page;
    }

    Rows Range(int first, int count)
    {
        if (first == 0)
        {
            return Rows.All(count);
        }

        for (int i = 0; i < count; i++)
        {
            _range[i] = (ushort)(first + i);
        }

        return new Rows(_range, count);
    }

    RowStore Load(Page page)
    {
        page.Used = ++_clock;
        if (page.Rows == null)
        {
            page.Rows = _stores.TryPop(out RowStore? store) ? store : new RowStore(types, wanted, host.Memory);
            _file!.ReadAt(page.Place, page.Count, page.Rows);
            Account(page);
        }

        return page.Rows;
    }

    /// <summary>A page that may be written away.</summary>
    void Account(Page page)
    {
        page.Used = ++_clock;
        page.Bytes = page.Rows!.Bytes;
        _bytes += page.Bytes;
        _resident.Add(page);
    }

    void Evict(Page page)
    {
        if (!page.IsWritten)
        {
            _file ??= new RowFile(types, wanted, host);
            page.Place = _file.Bytes;
            page.IsWritten = true;
            _batch.Rows = page.Count;
            page.Rows!.Gather(_numbers, page.Count, _batch, 0);
            _file.Write(_batch, Rows.All(page.Count));
            _file.Flush();
            stats.SpilledBytes += _file.Bytes - page.Place;
            stats.SpilledParts++;
            _written++;
        }

        Drop(page);
    }

    void Drop(Page page)
    {
        if (page.Rows is { } rows)
        {
            rows.Reset();
            _stores.Push(rows);
            page.Rows = null;
            _bytes -= _resident.Remove(page) ? page.Bytes : 0;
        }
    }

    void Free(Page page)
    {
        Drop(page);
        _written -= page.IsWritten ? 1 : 0;
        page.IsWritten = false;
        page.Count = 0;
        _free.Push(page);
    }

    /// <summary>Rows of a batch's number; all but the last page are full.</summary>
    sealed class Page(byte* marks)
    {
        internal byte* Marks => marks;

        internal int Count;
        internal RowStore? Rows;
        internal ulong Bytes;
        internal bool IsWritten;
        internal ulong Place;
        internal long Used;
    }
}
