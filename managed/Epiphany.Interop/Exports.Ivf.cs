// Interop layer. The exports for inverted lists (epiphany_ivf): steps over pages and samples, on the caller's memory. They
// allocate nothing and poll nothing; the caller does between them.

using System;
using System.Runtime.InteropServices;
using Epiphany.Vector.Ivf;

namespace Epiphany.Interop;

internal static unsafe partial class Exports
{
    [UnmanagedCallersOnly]
    internal static PgeStatus IvfComplete(PgeIvfShape* shape)
    {
        try
        {
            Host.Enter();
            IvfLayout.Complete(ref *Of(shape));
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus IvfModelBytes(PgeIvfShape* shape, long* result)
    {
        try
        {
            Host.Enter();
            *result = IvfModel.Bytes(*Of(shape));
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus IvfModelBegin(PgeIvfModel* model, PgeIvfShape* shape)
    {
        try
        {
            Host.Enter();
            IvfModel.Begin(Of(model), *Of(shape));
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus IvfModelFinish(PgeIvfModel* model, void* scratch)
    {
        try
        {
            Host.Enter();
            IvfModel.Finish(Of(model), (byte*)scratch);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus IvfRotate(PgeIvfModel* model, float* vector, float* to)
    {
        try
        {
            Host.Enter();
            IvfModel.Rotate(Of(model), vector, to);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus IvfNearest(PgeIvfModel* model, float* rotated, int* result)
    {
        try
        {
            Host.Enter();
            *result = IvfModel.Nearest(Of(model), rotated);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus IvfPanelBytes(PgeIvfShape* shape, long* result)
    {
        try
        {
            Host.Enter();
            *result = Assignment.PanelBytes(shape->Lists, shape->Padded);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus IvfArrange(PgeIvfModel* model, float* panels)
    {
        try
        {
            Host.Enter();
            Assignment.Arrange(model->Centroids, model->Shape.Lists, model->Shape.Padded, panels);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus IvfAssign(PgeIvfModel* model, float* panels, float* vectors, int count, int* lists, float* scores)
    {
        try
        {
            Host.Enter();
            Assignment.Run(panels, model->Shape.Lists, model->Shape.Padded, vectors, count, lists, scores);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus IvfTrainBegin(PgeIvfTrainer* trainer)
    {
        try
        {
            Host.Enter();
            IvfTrainer.Begin((IvfTrainer*)trainer);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus IvfTrainRoundBegin(PgeIvfTrainer* trainer)
    {
        try
        {
            Host.Enter();
            IvfTrainer.BeginRound((IvfTrainer*)trainer);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus IvfTrainAssign(PgeIvfTrainer* trainer, long first, int count)
    {
        try
        {
            Host.Enter();
            IvfTrainer.Assign((IvfTrainer*)trainer, first, count);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus IvfTrainRoundEnd(PgeIvfTrainer* trainer, int round)
    {
        try
        {
            Host.Enter();
            IvfTrainer.EndRound((IvfTrainer*)trainer, round);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus IvfEncode(PgeIvfModel* model, int list, float* rotated, byte* scratch, byte* record)
    {
        try
        {
            Host.Enter();
            IvfRecords.Encode(Of(model)->Shape, rotated, model->Centroids + ((long)list * model->Shape.Padded), scratch, record);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus IvfPut(PgeIvfShape* shape, byte* block, int slot, byte* record, byte* part, byte* scratch)
    {
        try
        {
            Host.Enter();
            IvfRecords.Put(*Of(shape), block, slot, record, part, scratch);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus IvfGet(PgeIvfShape* shape, byte* block, int slot, byte* part, byte* record)
    {
        try
        {
            Host.Enter();
            IvfRecords.Get(*Of(shape), block, slot, part, record);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus IvfScanPrepare(PgeIvfScan* scan, void* memory, float* vector)
    {
        try
        {
            Host.Enter();
            IvfScan.Prepare(Of(scan), memory, vector);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus IvfScanBegin(PgeIvfScan* scan, int wanted)
    {
        try
        {
            Host.Enter();
            IvfScan.Begin(Of(scan), wanted);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus IvfPickLists(PgeIvfScan* scan, int wanted, float* scratch, PgeIvfProbe* probes, int* result)
    {
        try
        {
            Host.Enter();
            *result = IvfScan.PickLists(Of(scan), wanted, scratch, (IvfProbe*)probes);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus IvfScanBlocks(PgeIvfScan* scan, byte* blocks, int count, PgeIvfProbe* probe, int number)
    {
        try
        {
            Host.Enter();
            IvfScan.Blocks(Of(scan), blocks, count, (IvfProbe*)probe, number);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus IvfScanRecords(PgeIvfScan* scan, byte* records, int count, PgeIvfProbe* probe, int number)
    {
        try
        {
            Host.Enter();
            IvfScan.Records(Of(scan), records, count, (IvfProbe*)probe, number);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus IvfKeepNear(PgeIvfScan* scan)
    {
        try
        {
            Host.Enter();
            IvfScan.KeepNear(Of(scan));
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus IvfReach(PgeIvfScan* scan, float* result)
    {
        try
        {
            Host.Enter();
            *result = IvfScan.Reach(Of(scan));
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus IvfRefine(PgeIvfScan* scan, PgeIvfCandidate* candidate, byte* part, PgeIvfProbe* probe)
    {
        try
        {
            Host.Enter();
            IvfScan.Refine(Of(scan), (IvfCandidate*)candidate, part, (IvfProbe*)probe);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    private static IvfShape* Of(PgeIvfShape* shape) => (IvfShape*)shape;

    private static IvfModel* Of(PgeIvfModel* model) => (IvfModel*)model;

    private static IvfScan* Of(PgeIvfScan* scan) => (IvfScan*)scan;
}
