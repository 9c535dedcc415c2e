// Execution layer, core. Rows that memory has no room for: written to a temporary file, then read again in the same order.

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>
/// Batches one after the other: rows (u64), then for each column that is kept what it is (u64: has nulls, is decimal, scale), the nulls, of decimals
/// their bound (u64); lanes of by-value types and decimals, and for others the bytes of all datums (u64) and those, each at a multiple of 8. The
/// file never outlives the query, so nothing in it is checked.
/// A batch's datums take about 128 kB at most, however long they are, but for a single row's.
/// </summary>
sealed unsafe class RowFile
{
    const ulong HasNulls = 1;
    const ulong IsDecimal = 2;
    const int ScaleShift = 8;

    readonly IExecutionHost _host;
    readonly ValueType[] _types;
    readonly bool[] _wanted;
    readonly RowStore _staged;
    readonly RowSlices _slices;
    readonly Batch _batch;
    readonly int* _numbers;
    readonly VectorBuffer?[] _buffers;
    readonly nint[] _datums;
    readonly ulong[] _datumRoom;
    readonly int _file;
    ulong _written;
    ulong _read;

    internal RowFile(ReadOnlySpan<ValueType> types, bool[] wanted, IExecutionHost host)
        : this(types, wanted, host, host.FileCreate())
    {
    }

    /// <summary>Writes to a file of the host's, or reads one.</summary>
    internal RowFile(ReadOnlySpan<ValueType> types, bool[] wanted, IExecutionHost host, int file, ulong written = 0)
    {
        _host = host;
        _types = types.ToArray();
        _wanted = wanted;
        _staged = new RowStore(types, wanted, host.Memory);
        _slices = new RowSlices(types, wanted, host.Memory);
        _batch = new Batch(types.Length);
        _numbers = (int*)host.Memory.Allocate(Batch.Capacity * sizeof(int));
        _buffers = new VectorBuffer?[types.Length];
        _datums = new nint[types.Length];
        _datumRoom = new ulong[types.Length];
        _file = file;
        _written = written;
    }

    /// <summary>Numerics may be written, and come back, as integers of one scale; else as datums.</summary>
    internal bool KeepsDecimals { get; init; }

    internal long Rows { get; private set; }

    internal int Number => _file;

    internal ulong Bytes => _written;

    internal void Write(Batch batch, Rows rows)
    {
        Rows += rows.Count;
        for (int done = 0; done < rows.Count;)
        {
            Rows slice = _slices.Next(batch, rows, done);
            done += slice.Count;
            _staged.Append(batch, slice);
            if (_staged.Count >= Batch.Capacity || _staged.ReferredBytes > RowSlices.MaxBytes)
            {
                WriteStaged();
            }
        }
    }

    /// <summary>All rows are in the file.</summary>
    internal void Flush() => WriteStaged();

    /// <summary>What was written can be read now, from the first row.</summary>
    internal void Rewind()
    {
        Flush();
        _host.FileSeek(_file, 0);
        _read = 0;
    }

    /// <summary>So many rows that begin there, where the file ended after a <see cref="Flush"/>; more can be written afterwards.</summary>
    internal void ReadAt(ulong place, int rows, RowStore store)
    {
        _host.FileSeek(_file, place);
        _read = place;
        for (int done = 0; done < rows;)
        {
            Batch batch = Read()!;
            store.Append(batch, Execution.Rows.All(batch.Rows));
            done += batch.Rows;
        }

        _host.FileSeek(_file, _written);
    }

    /// <summary>Good until the next call; null at the end.</summary>
    internal Batch? Read()
    {
        if (_read >= _written)
        {
            return null;
        }

        int rows = (int)ReadWord();
        _batch.Rows = rows;
        for (int i = 0; i < _types.Length; i++)
        {
            if (_wanted[i])
            {
                ReadColumn(i, rows);
            }
        }

        return _batch;
    }

    /// <summary>The file goes, and the memory for it.</summary>
    internal void Close()
    {
        _host.FileClose(_file);
        Release();
    }

    /// <summary>The memory for the file goes; the file is the host's business.</summary>
    internal void Release()
    {
        _staged.Reset();
        for (int i = 0; i < _types.Length; i++)
        {
            if (_datums[i] != 0)
            {
                _host.Memory.Free((byte*)_datums[i]);
            }

            _buffers[i]?.Free(_host.Memory);
        }

        _host.Memory.Free((byte*)_numbers);
        _slices.Free(_host.Memory);
    }

    void WriteStaged()
    {
        for (int done = 0; done < _staged.Count; done += Batch.Capacity)
        {
            int rows = Math.Min(Batch.Capacity, _staged.Count - done);
            for (int i = 0; i < rows; i++)
            {
                _numbers[i] = done + i;
            }

            WriteWord((ulong)rows);
            for (int i = 0; i < _types.Length; i++)
            {
                if (_wanted[i])
                {
                    if (!KeepsDecimals)
                    {
                        _staged[i].BecomeDatums(_staged.Count);
                    }

                    _staged[i].Gather(_numbers, rows, _buffers[i] ??= new VectorBuffer(_host.Memory), _batch.Columns[i]);
                    WriteColumn(_batch.Columns[i], _types[i], i, rows);
                }
            }
        }

        _staged.Reset();
    }

    void WriteColumn(Vector column, ValueType type, int number, int rows)
    {
        bool isDecimal = column.Form == VectorForm.Decimal;
        WriteWord((column.Nulls == null ? 0 : HasNulls) | (isDecimal ? IsDecimal | ((ulong)column.Scale << ScaleShift) : 0));
        if (column.Nulls != null)
        {
            Write(column.Nulls, (ulong)rows);
        }

        if (isDecimal)
        {
            WriteWord(column.Bound);
        }

        if (type.ByValue || isDecimal)
        {
            Write((byte*)column.Values, (ulong)rows * sizeof(ulong));
            return;
        }

        ulong bytes = 0;
        for (int i = 0; i < rows; i++)
        {
            bytes += column.IsNull(i) ? 0 : Size(type, column.Values[i]);
        }

        byte* room = Room(number, bytes);
        byte* at = room;
        for (int i = 0; i < rows; i++)
        {
            if (!column.IsNull(i))
            {
                ulong size = Varlena.DatumBytes(type, (byte*)column.Values[i]);
                System.Runtime.InteropServices.NativeMemory.Copy((byte*)column.Values[i], at, (nuint)size);
                at += Size(type, column.Values[i]);
            }
        }

        WriteWord(bytes);
        Write(room, bytes);
    }

    void ReadColumn(int number, int rows)
    {
        ValueType type = _types[number];
        VectorBuffer buffer = _buffers[number] ??= new VectorBuffer(_host.Memory);
        ulong what = ReadWord();
        bool hasNulls = (what & HasNulls) != 0;
        if (hasNulls)
        {
            Read(buffer.Nulls, (ulong)rows);
        }

        Vector column = _batch.Columns[number];
        column.SetDatums(buffer.Values, hasNulls ? buffer.Nulls : null);
        if ((what & IsDecimal) != 0)
        {
            column.Form = VectorForm.Decimal;
            column.Scale = (int)(what >> ScaleShift);
            column.Bound = ReadWord();
        }

        if (type.ByValue || column.Form == VectorForm.Decimal)
        {
            Read((byte*)buffer.Values, (ulong)rows * sizeof(ulong));
            return;
        }

        ulong bytes = ReadWord();
        byte* at = Room(number, bytes);
        Read(at, bytes);
        for (int i = 0; i < rows; i++)
        {
            buffer.Values[i] = (ulong)at;
            at += column.IsNull(i) ? 0 : Size(type, (ulong)at);
        }
    }

    static ulong Size(ValueType type, ulong datum) => (Varlena.DatumBytes(type, (byte*)datum) + 7UL) & ~7UL;

    byte* Room(int number, ulong bytes)
    {
        if (_datumRoom[number] < bytes)
        {
            if (_datums[number] != 0)
            {
                _host.Memory.Free((byte*)_datums[number]);
                _datums[number] = 0;
                _datumRoom[number] = 0;
            }

            _datums[number] = (nint)_host.Memory.Allocate((nuint)(bytes + (bytes / 4)));
            _datumRoom[number] = bytes + (bytes / 4);
        }

        return (byte*)_datums[number];
    }

    void WriteWord(ulong word) => Write((byte*)&word, sizeof(ulong));

    void Write(byte* bytes, ulong length)
    {
        _host.FileWrite(_file, bytes, length);
        _written += length;
    }

    ulong ReadWord()
    {
        ulong word;
        Read((byte*)&word, sizeof(ulong));
        return word;
    }

    void Read(byte* bytes, ulong length)
    {
        _host.FileRead(_file, bytes, length);
        _read += length;
    }
}
