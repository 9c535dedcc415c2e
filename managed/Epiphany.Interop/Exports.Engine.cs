// Interop layer. The exports for engines: the boundary's structs to and from Execution's contract, and no decisions.

using System;
using System.Runtime.InteropServices;
using Epiphany.Execution;

namespace Epiphany.Interop;

internal static unsafe partial class Exports
{
    [UnmanagedCallersOnly]
    internal static PgeStatus EngineCreate(void* context, PgeEngineOptions* options, long* program, long words, ulong* handle)
    {
        try
        {
            Host.Enter();
            var limits = new EngineOptions(options->SortMemory, options->HashMemory, options->Timing != 0, options->Exact == 0);
            *handle = Handles.Add(new Engine(new EngineHost(context, options->Host), limits, program, words));
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus EngineNext(ulong handle, PgeBatch* batch)
    {
        try
        {
            Host.Enter();
            var engine = Handles.Get<Engine>(handle);
            batch->Rows = engine.Next(out batch->Values, out batch->Nulls);
            batch->Columns = engine.Columns;
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus EngineRescan(ulong handle)
    {
        try
        {
            Host.Enter();
            Handles.Get<Engine>(handle).Rescan();
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus EngineBound(ulong handle, long rows)
    {
        try
        {
            Host.Enter();
            Handles.Get<Engine>(handle).Bound(rows);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus EngineStats(ulong handle, int node, PgeNodeStats* stats)
    {
        try
        {
            Host.Enter();
            *stats = default;
            if (Handles.Get<Engine>(handle).Stats(node) is { } found)
            {
                stats->Rows = found.Rows;
                stats->Batches = found.Batches;
                stats->Filtered = found.Filtered;
                stats->GroupsRead = found.GroupsRead;
                stats->GroupsSkipped = found.GroupsSkipped;
                stats->VectorsRead = found.VectorsRead;
                stats->VectorsSkipped = found.VectorsSkipped;
                stats->BytesRead = found.BytesRead;
                stats->Time = found.Time;
                stats->DecodeTime = found.DecodeTime;
                stats->PeakMemory = found.PeakMemory;
                stats->SpilledBytes = found.SpilledBytes;
                stats->SpilledParts = found.SpilledParts;
                stats->HashEntries = found.HashEntries;
                stats->Unmatched = found.Unmatched;
                stats->GroupsKnown = found.GroupsKnown;
                stats->RowsKnown = found.RowsKnown;
                stats->Estimated = found.Estimated;
                stats->Measured = found.Measured;
                stats->Ranges = found.Ranges;
            }

            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus AggregateSupported(uint function, int split, int* support)
    {
        try
        {
            Host.Enter();
            *support = (int)(!AggregateCatalog.Has(function, split) ? PgeAggregateSupport.None
                : AggregateCatalog.HasByFooters(function) ? PgeAggregateSupport.Footers : PgeAggregateSupport.Rows);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }
}
