// A host without PostgreSQL: sources are arrays, memory is the process's, functions are the test's.

using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Epiphany.Storage;

namespace Epiphany.Execution.Tests;

/// <summary>An error that the engine raised.</summary>
public sealed class RaisedException(int sqlState, string message) : Exception(message)
{
    public int SqlState => sqlState;
}

/// <summary>A column of a source: datums, with null for SQL's null.</summary>
internal sealed unsafe class FakeHost : IExecutionHost, IMemory
{
    readonly List<ulong?[][]> _sources = [];
    readonly List<int> _positions = [];
    readonly List<FakeTable> _tables = [];
    readonly List<(int Arguments, Func<ulong?[], ulong?> Body)> _calls = [];
    readonly List<(uint Function, int Arguments, Func<ulong?[], ulong?> Body)> _functions = [];
    readonly List<(List<byte> Bytes, int Position)> _files = [];

    public IMemory Memory => this;

    /// <summary>Bytes that were asked for and not given back.</summary>
    public ulong Allocated { get; private set; }

    /// <summary>The most of them at a time.</summary>
    public ulong Peak { get; private set; }

    public void ForgetPeak() => Peak = Allocated;

    public int BatchRows { get; set; } = Batch.Capacity;

    public List<ulong?> Parameters { get; } = [];

    /// <summary>Columns of equal length; says the source's number.</summary>
    public int AddSource(params ulong?[][] columns)
    {
        _sources.Add(columns);
        _positions.Add(0);
        return _sources.Count - 1;
    }

    /// <summary>A column table, in groups of so many rows; says the scan's number.</summary>
    public int AddTable(ColumnKind[] kinds, int groupRows, params ulong?[][] columns) =>
        AddTable(new FakeTable(this, kinds, columns, groupRows));

    public int AddTable(FakeTable table)
    {
        _tables.Add(table);
        return _tables.Count - 1;
    }

    /// <summary>By column: what rows have whose group lacks it.</summary>
    public Dictionary<int, ulong> Missing { get; } = [];

    /// <summary>What a function does that the engine has no kernel for.</summary>
    public void AddFunction(uint function, Func<ulong?[], ulong?> body, int arguments = 2) => _functions.Add((function, arguments, body));

    /// <summary>Rows for which such functions have been called.</summary>
    public int HostRows { get; private set; }

    public void Rewind()
    {
        for (int i = 0; i < _positions.Count; i++)
        {
            _positions[i] = 0;
        }

        _tables.ForEach(t => t.Rewind());
    }

    public byte* Allocate(nuint bytes)
    {
        Allocated += bytes;
        Peak = Math.Max(Peak, Allocated);
        byte* block = (byte*)NativeMemory.AllocZeroed(bytes + 8);
        *(ulong*)block = bytes;
        return block + 8;
    }

    /// <summary>What lies there is not zero.</summary>
    public byte* AllocateRoom(nuint bytes)
    {
        byte* room = Allocate(bytes);
        NativeMemory.Fill(room, bytes, 0xA7);
        return room;
    }

    public void Free(byte* p)
    {
        Allocated -= *(ulong*)(p - 8);
        NativeMemory.Free(p - 8);
    }

    public void Poll()
    {
    }

    public ulong Now() => 0;

    public int SourceRows(int source, ulong** values, byte** nulls, int capacity)
    {
        ulong?[][] columns = _sources[source];
        int rows = columns.Length == 0 ? 0 : Math.Min(Math.Min(capacity, BatchRows), columns[0].Length - _positions[source]);
        for (int c = 0; c < columns.Length; c++)
        {
            for (int i = 0; i < rows && values[c] != null; i++)
            {
                ulong? value = columns[c][_positions[source] + i];
                values[c][i] = value ?? 0;
                nulls[c][i] = value == null ? (byte)1 : (byte)0;
            }
        }

        _positions[source] += rows;
        return rows;
    }

    public void ScanNext(int scan, bool groups, out ScanUnit unit) => unit = _tables[scan].Next();

    public void ScanGo(int scan, int number) => _tables[scan].Go(number);

    public int ScanRows(int scan, ulong** values, byte** nulls, int capacity) => _tables[scan].Rows(values, nulls, capacity);

    public bool ScanMissing(int scan, int column, out ulong value) => Missing.TryGetValue(column, out value);

    public int ScanAhead(int scan, out ulong first, out ulong* values)
    {
        first = 0;
        values = null;
        return 0;
    }

    public bool Param(int parameter, out ulong value)
    {
        value = Parameters[parameter] ?? 0;
        return Parameters[parameter] != null;
    }

    public int PrepareExpression(int expression, int* columns) => 0;

    public void EvaluateRows(int expression, ulong** values, byte** nulls, Rows rows, ulong* results, byte* resultNulls) =>
        throw new NotSupportedException();

    public int PrepareCall(uint procedure, uint collation, int expression)
    {
        (_, int arguments, Func<ulong?[], ulong?>? body) = _functions.Find(f => f.Function == procedure);
        _calls.Add((arguments, body ?? throw new NotSupportedException($"function {procedure}")));
        return _calls.Count - 1;
    }

    public void CallRows(int number, ulong** values, byte** nulls, Rows rows, ulong* results, byte* resultNulls)
    {
        (int count, Func<ulong?[], ulong?> body) = _calls[number];
        ulong?[] arguments = new ulong?[count];
        HostRows += rows.Count;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            for (int a = 0; a < count; a++)
            {
                arguments[a] = nulls[a] != null && nulls[a][row] != 0 ? null : values[a][row];
            }

            ulong? result = body(arguments);
            results[row] = result ?? 0;
            resultNulls[row] = result == null ? (byte)1 : (byte)0;
        }
    }

    public int PrepareOrder(uint orderingOperator, uint collation) => 0;

    public void CompareRows(int comparer, ulong* left, ulong* right, int count, int* results)
    {
        for (int i = 0; i < count; i++)
        {
            results[i] = ((long)left[i]).CompareTo((long)right[i]);
        }
    }

    public void HashRows(uint type, uint collation, ulong* values, byte* nulls, int count, ulong* hashes)
    {
        for (int i = 0; i < count; i++)
        {
            hashes[i] = nulls != null && nulls[i] != 0 ? 0 : values[i] * 0x9E3779B97F4A7C15;
        }
    }

    readonly List<Func<List<ulong?[]>, ulong?[], ulong?>> _bodies = [];
    readonly List<(int Arguments, int Direct, Func<List<ulong?[]>, ulong?[], ulong?> Body, Dictionary<uint, List<ulong?[]>> Groups)> _aggregates = [];
    readonly List<(int Arguments, int Direct)> _shapes = [];

    /// <summary>Groups that are at work at a time, at most.</summary>
    public int OpenGroups { get; private set; }

    /// <summary>What an aggregate makes of a group's rows and direct arguments; says its id.</summary>
    public int AddAggregate(int arguments, int direct, Func<List<ulong?[]>, ulong?[], ulong?> body)
    {
        _bodies.Add(body);
        _shapes.Add((arguments, direct));
        return _bodies.Count - 1;
    }

    public int PrepareAggregate(int id, int shared)
    {
        _aggregates.Add((_shapes[id].Arguments, _shapes[id].Direct, _bodies[id], shared < 0 ? [] : _aggregates[shared].Groups));
        return _aggregates.Count - 1;
    }

    public ulong AggregateAdd(int number, uint* groups, ulong** values, byte** nulls, int count)
    {
        (int arguments, _, _, Dictionary<uint, List<ulong?[]>> states) = _aggregates[number];
        for (int row = 0; row < count; row++)
        {
            uint group = groups == null ? 0 : groups[row];
            ulong?[] added = new ulong?[arguments];
            for (int i = 0; i < arguments; i++)
            {
                added[i] = nulls[i] != null && nulls[i][row] != 0 ? null : values[i][row];
            }

            CollectionsMarshal.GetValueRefOrAddDefault(states, group, out _) ??= [];
            states[group].Add(added);
        }

        OpenGroups = Math.Max(OpenGroups, states.Count);
        return (ulong)states.Count * 100;
    }

    public void AggregateShow(int number, int* groups, int count, ulong** direct, byte** directNulls, ulong* results, byte* resultNulls)
    {
        (_, int arguments, Func<List<ulong?[]>, ulong?[], ulong?> body, Dictionary<uint, List<ulong?[]>> states) = _aggregates[number];
        for (int row = 0; row < count; row++)
        {
            ulong?[] given = new ulong?[arguments];
            for (int i = 0; i < arguments; i++)
            {
                given[i] = directNulls[i] != null && directNulls[i][row] != 0 ? null : direct[i][row];
            }

            ulong? result = body(states.GetValueOrDefault((uint)groups[row]) ?? [], given);
            results[row] = result ?? 0;
            resultNulls[row] = result == null ? (byte)1 : (byte)0;
        }
    }

    public void AggregateClear(int number) => _aggregates[number].Groups.Clear();

    public int FileCreate()
    {
        _files.Add(([], 0));
        return _files.Count - 1;
    }

    public void FileWrite(int file, byte* bytes, ulong length) => _files[file].Bytes.AddRange(new ReadOnlySpan<byte>(bytes, (int)length));

    public void FileRead(int file, byte* bytes, ulong length)
    {
        (List<byte> stored, int position) = _files[file];
        stored.GetRange(position, (int)length).ToArray().AsSpan().CopyTo(new Span<byte>(bytes, (int)length));
        _files[file] = (stored, position + (int)length);
    }

    public void FileSeek(int file, ulong place) => _files[file] = (_files[file].Bytes, (int)place);

    public void FileClose(int file) => _files[file] = ([], 0);

    /// <summary>Processes that share rows: what each has written, this one's number, and whether it comes too late to write.</summary>
    public byte[][] Shared { get; set; } = [];

    public int SharedMember { get; set; }

    public bool SharedIsWritten { get; set; }

    public int ShareBegin(int share, out int file)
    {
        file = Shared.Length > 0 && !SharedIsWritten ? FileCreate() : -1;
        return Shared.Length;
    }

    public void ShareEnd(int share, int file, ulong bytes)
    {
        Shared[SharedMember] = _files[file].Bytes.GetRange(0, (int)bytes).ToArray();
        FileClose(file);
    }

    public int ShareOpen(int share, int member, out ulong bytes)
    {
        bytes = (ulong)Shared[member].Length;
        if (bytes == 0)
        {
            return -1;
        }

        _files.Add(([.. Shared[member]], 0));
        return _files.Count - 1;
    }

    [DoesNotReturn]
    public void Raise(int sqlState, string message) => throw new RaisedException(sqlState, message);
}
