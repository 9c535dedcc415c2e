// Micro-benchmarks. A host whose sources are columns in memory. Functions that the engine has no kernel for cannot be called.

using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Epiphany.Storage;

namespace Epiphany.Execution.Bench;

sealed unsafe class BenchHost : IExecutionHost, IMemory, IInterrupts
{
    readonly List<(ulong[][] Columns, int Rows)> _sources = [];
    readonly List<int> _positions = [];
    readonly HashSet<nint> _blocks = [];

    public IMemory Memory => this;

    /// <summary>Columns of equal length, pinned, without nulls.</summary>
    internal int AddSource(params ulong[][] columns)
    {
        _sources.Add((columns, columns[0].Length));
        _positions.Add(0);
        return _sources.Count - 1;
    }

    /// <summary>Sources begin anew, and nothing that was allocated is used any more.</summary>
    internal void Reset()
    {
        CollectionsMarshal.AsSpan(_positions).Clear();
        foreach (nint block in _blocks)
        {
            NativeMemory.AlignedFree((void*)block);
        }

        _blocks.Clear();
    }

    public byte* Allocate(nuint bytes)
    {
        byte* block = (byte*)NativeMemory.AlignedAlloc(bytes, 64);
        NativeMemory.Clear(block, bytes);
        _blocks.Add((nint)block);
        return block;
    }

    public byte* AllocateRoom(nuint bytes) => Allocate(bytes);

    public void Free(byte* p)
    {
        _blocks.Remove((nint)p);
        NativeMemory.AlignedFree(p);
    }

    public void Poll()
    {
    }

    public ulong Now() => 0;

    public int SourceRows(int source, ulong** values, byte** nulls, int capacity)
    {
        (ulong[][] columns, int all) = _sources[source];
        int first = _positions[source];
        int rows = Math.Min(capacity, all - first);
        for (int c = 0; c < columns.Length && rows > 0; c++)
        {
            if (values[c] != null)
            {
                columns[c].AsSpan(first, rows).CopyTo(new Span<ulong>(values[c], rows));
                new Span<byte>(nulls[c], rows).Clear();
            }
        }

        _positions[source] += rows;
        return rows;
    }

    public void ScanNext(int scan, bool groups, out ScanUnit unit) => throw new NotSupportedException();

    public void ScanGo(int scan, int number) => throw new NotSupportedException();

    public int ScanRows(int scan, ulong** values, byte** nulls, int capacity) => throw new NotSupportedException();

    public bool ScanMissing(int scan, int column, out ulong value) => throw new NotSupportedException();

    public int ScanAhead(int scan, out ulong first, out ulong* values) => throw new NotSupportedException();

    public bool Param(int parameter, out ulong value) => throw new NotSupportedException();

    public int PrepareExpression(int expression, int* columns) => throw new NotSupportedException();

    public void EvaluateRows(int expression, ulong** values, byte** nulls, Rows rows, ulong* results, byte* resultNulls) =>
        throw new NotSupportedException();

    public int PrepareCall(uint procedure, uint collation, int expression) =>
        throw new NotSupportedException($"function {procedure} has no kernel for this");

    public void CallRows(int number, ulong** values, byte** nulls, Rows rows, ulong* results, byte* resultNulls) =>
        throw new NotSupportedException();

    public int PrepareOrder(uint orderingOperator, uint collation) => throw new NotSupportedException();

    public void CompareRows(int comparer, ulong* left, ulong* right, int count, int* results) => throw new NotSupportedException();

    public void HashRows(uint type, uint collation, ulong* values, byte* nulls, int count, ulong* hashes) => throw new NotSupportedException();

    public int PrepareAggregate(int id, int shared) => throw new NotSupportedException();

    public ulong AggregateAdd(int number, uint* groups, ulong** values, byte** nulls, int count) => throw new NotSupportedException();

    public void AggregateShow(int number, int* groups, int count, ulong** direct, byte** directNulls, ulong* results, byte* resultNulls) =>
        throw new NotSupportedException();

    public void AggregateClear(int number) => throw new NotSupportedException();

    public int FileCreate() => throw new NotSupportedException();

    public void FileWrite(int file, byte* bytes, ulong length) => throw new NotSupportedException();

    public void FileRead(int file, byte* bytes, ulong length) => throw new NotSupportedException();

    public void FileSeek(int file, ulong place) => throw new NotSupportedException();

    public void FileClose(int file) => throw new NotSupportedException();

    public int ShareBegin(int share, out int file)
    {
        file = -1;
        return 0;
    }

    public void ShareEnd(int share, int file, ulong bytes) => throw new NotSupportedException();

    public int ShareOpen(int share, int member, out ulong bytes) => throw new NotSupportedException();

    [DoesNotReturn]
    public void Raise(int sqlState, string message) => throw new InvalidOperationException(message);
}
