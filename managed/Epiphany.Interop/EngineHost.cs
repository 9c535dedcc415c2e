// Interop layer. One engine's host: the boundary's functions under the names that Execution knows.

using System;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Epiphany.Execution;
using Epiphany.Storage;

namespace Epiphany.Interop;

internal sealed unsafe class EngineHost(void* context, void* host) : IExecutionHost
{
    private readonly void* _host = host;

    public IMemory Memory { get; } = new HostMemory(context);

    public void Poll() => Host.Poll();

    public ulong Now() => (ulong)(Stopwatch.GetTimestamp() * (1_000_000_000.0 / Stopwatch.Frequency));

    public int SourceRows(int source, ulong** values, byte** nulls, int capacity)
    {
        int rows;
        Host.Check(Host.Api->SourceRows(_host, source, values, nulls, capacity, &rows));
        return rows;
    }

    public void ScanNext(int scan, bool groups, out ScanUnit unit)
    {
        PgeScanUnit raw = new() { Kind = (int)(groups ? PgeUnitKind.Group : PgeUnitKind.Delta) };
        Host.Check(Host.Api->ScanNext(_host, scan, &raw));
        unit = new ScanUnit
        {
            Kind = (ScanUnitKind)raw.Kind,
            Rows = raw.Rows,
            Columns = raw.Columns,
            Reader = raw.Kind == (int)PgeUnitKind.Group ? Handles.Get<RowGroupReader>(raw.Reader) : null,
            Vectors = raw.Vectors,
            Gone = raw.Gone,
            Skipped = raw.Skipped,
            Number = raw.Number,
        };
    }

    public void ScanGo(int scan, int number) => Host.Check(Host.Api->ScanGo(_host, scan, number));

    public int ScanRows(int scan, ulong** values, byte** nulls, int capacity)
    {
        int rows;
        Host.Check(Host.Api->ScanRows(_host, scan, values, nulls, capacity, &rows));
        return rows;
    }

    public bool ScanMissing(int scan, int column, out ulong value)
    {
        ulong datum;
        byte isNull;
        Host.Check(Host.Api->ScanMissing(_host, scan, column, &datum, &isNull));
        value = datum;
        return isNull == 0;
    }

    public int ScanAhead(int scan, out ulong first, out ulong* values)
    {
        ulong number;
        ulong* datums;
        int count;
        Host.Check(Host.Api->ScanAhead(_host, scan, &number, &datums, &count));
        first = number;
        values = datums;
        return count;
    }

    public bool Param(int parameter, out ulong value)
    {
        ulong datum;
        byte isNull;
        Host.Check(Host.Api->ParamValue(_host, parameter, &datum, &isNull));
        value = datum;
        return isNull == 0;
    }

    public int PrepareExpression(int expression, int* columns)
    {
        int count;
        Host.Check(Host.Api->PrepareExpression(_host, expression, columns, &count));
        return count;
    }

    public void EvaluateRows(int expression, ulong** values, byte** nulls, Rows rows, ulong* results, byte* resultNulls) =>
        Host.Check(Host.Api->EvaluateRows(_host, expression, values, nulls, rows.Index, rows.Count, results, resultNulls));

    public int PrepareCall(uint procedure, uint collation, int expression)
    {
        int number;
        Host.Check(Host.Api->PrepareCall(_host, procedure, collation, expression, &number));
        return number;
    }

    public void CallRows(int number, ulong** values, byte** nulls, Rows rows, ulong* results, byte* resultNulls) =>
        Host.Check(Host.Api->CallRows(_host, number, values, nulls, rows.Index, rows.Count, results, resultNulls));

    public int PrepareOrder(uint orderingOperator, uint collation)
    {
        int comparer;
        Host.Check(Host.Api->PrepareOrder(_host, orderingOperator, collation, &comparer));
        return comparer;
    }

    public void CompareRows(int comparer, ulong* left, ulong* right, int count, int* results) =>
        Host.Check(Host.Api->CompareRows(_host, comparer, left, right, count, results));

    public void HashRows(uint type, uint collation, ulong* values, byte* nulls, int count, ulong* hashes) =>
        Host.Check(Host.Api->HashRows(_host, type, collation, values, nulls, count, hashes));

    public int PrepareAggregate(int id, int shared)
    {
        int number;
        Host.Check(Host.Api->PrepareAggregate(_host, id, shared, &number));
        return number;
    }

    public ulong AggregateAdd(int number, uint* groups, ulong** values, byte** nulls, int count)
    {
        ulong bytes;
        Host.Check(Host.Api->AggregateAdd(_host, number, groups, values, nulls, count, &bytes));
        return bytes;
    }

    public void AggregateShow(int number, int* groups, int count, ulong** direct, byte** directNulls, ulong* results, byte* resultNulls) =>
        Host.Check(Host.Api->AggregateShow(_host, number, groups, count, direct, directNulls, results, resultNulls));

    public void AggregateClear(int number) => Host.Check(Host.Api->AggregateClear(_host, number));

    public int FileCreate()
    {
        int file;
        Host.Check(Host.Api->FileCreate(_host, &file));
        return file;
    }

    public void FileWrite(int file, byte* bytes, ulong length) => Host.Check(Host.Api->FileWrite(_host, file, bytes, length));

    public void FileRead(int file, byte* bytes, ulong length) => Host.Check(Host.Api->FileRead(_host, file, bytes, length));

    public void FileSeek(int file, ulong place) => Host.Check(Host.Api->FileSeek(_host, file, place));

    public void FileClose(int file) => Host.Check(Host.Api->FileClose(_host, file));

    public int ShareBegin(int share, out int file)
    {
        int members;
        int number;
        Host.Check(Host.Api->ShareBegin(_host, share, &members, &number));
        file = number;
        return members;
    }

    public void ShareEnd(int share, int file, ulong bytes) => Host.Check(Host.Api->ShareEnd(_host, share, file, bytes));

    public int ShareOpen(int share, int member, out ulong bytes)
    {
        int file;
        ulong length;
        Host.Check(Host.Api->ShareOpen(_host, share, member, &file, &length));
        bytes = length;
        return file;
    }

    [DoesNotReturn]
    public void Raise(int sqlState, string message)
    {
        Host.Raise(sqlState, System.Text.Encoding.UTF8.GetBytes(message));
        Throw.PgError();
    }
}
