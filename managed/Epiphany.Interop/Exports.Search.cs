// Interop layer. The exports for searches of many queries: the boundary's structs to and from Execution's, and no decisions.

using System;
using System.Runtime.InteropServices;
using Epiphany.Execution;
using Epiphany.Storage;

namespace Epiphany.Interop;

internal static unsafe partial class Exports
{
    [UnmanagedCallersOnly]
    internal static PgeStatus SearchCreate(void* context, int distance, int wanted, int estimates, ulong* handle)
    {
        try
        {
            Host.Enter();
            var form = new DistanceForm((OwnFunction)distance);
            *handle = Handles.Add(new NearestBatch(form, wanted, estimates != 0, new EngineHost(context, null)));
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus SearchQuery(ulong handle, void* datum)
    {
        try
        {
            Host.Enter();
            Handles.Get<NearestBatch>(handle).AddQuery((ulong)datum);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus SearchGroup(ulong handle, PgeScanUnit* unit, int column, ulong first)
    {
        try
        {
            Host.Enter();
            var group = new ScanUnit
            {
                Kind = ScanUnitKind.Group,
                Rows = unit->Rows,
                Columns = unit->Columns,
                Reader = Handles.Get<RowGroupReader>(unit->Reader),
                Vectors = unit->Vectors,
                Gone = unit->Gone,
            };
            Handles.Get<NearestBatch>(handle).AddGroup(group, column, first);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus SearchRow(ulong handle, void* datum, ulong row)
    {
        try
        {
            Host.Enter();
            Handles.Get<NearestBatch>(handle).AddRow((ulong)datum, row);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus SearchResult(ulong handle, int query, ulong** rows, double** distances, int* count)
    {
        try
        {
            Host.Enter();
            *count = Handles.Get<NearestBatch>(handle).Result(query, out *rows, out *distances);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }
}
