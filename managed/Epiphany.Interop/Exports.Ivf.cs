// Interop layer. The exports for inverted lists (epiphany_ivf): steps over pages and samples, on the caller's memory. They cannot fail and
// allocate nothing; the caller polls between them. The catch is what keeps a mistake from ending the process.

using System;
using System.Runtime.InteropServices;
using Epiphany.Vector.Ivf;

namespace Epiphany.Interop;

internal static unsafe partial class Exports
{
    [UnmanagedCallersOnly]
    internal static void IvfComplete(PgeIvfShape* shape)
    {
        try
        {
            IvfLayout.Complete(ref *Of(shape));
        }
        catch (Exception)
        {
            // Nothing was found, or the record stays empty.
        }
    }

    [UnmanagedCallersOnly]
    internal static long IvfModelBytes(PgeIvfShape* shape)
    {
        try
        {
            return IvfModel.Bytes(*Of(shape));
        }
        catch (Exception)
        {
            return 0;
        }
    }

    [UnmanagedCallersOnly]
    internal static void IvfModelBegin(PgeIvfModel* model, PgeIvfShape* shape)
    {
        try
        {
            IvfModel.Begin(Of(model), *Of(shape));
        }
        catch (Exception)
        {
            // Nothing was found, or the record stays empty.
        }
    }

    [UnmanagedCallersOnly]
    internal static void IvfModelFinish(PgeIvfModel* model, void* scratch)
    {
        try
        {
            IvfModel.Finish(Of(model), (byte*)scratch);
        }
        catch (Exception)
        {
            // Nothing was found, or the record stays empty.
        }
    }

    [UnmanagedCallersOnly]
    internal static void IvfRotate(PgeIvfModel* model, float* vector, float* to)
    {
        try
        {
            IvfModel.Rotate(Of(model), vector, to);
        }
        catch (Exception)
        {
            // Nothing was found, or the record stays empty.
        }
    }

    [UnmanagedCallersOnly]
    internal static int IvfNearest(PgeIvfModel* model, float* rotated)
    {
        try
        {
            return IvfModel.Nearest(Of(model), rotated);
        }
        catch (Exception)
        {
            return 0;
        }
    }

    [UnmanagedCallersOnly]
    internal static long IvfPanelBytes(PgeIvfShape* shape)
    {
        try
        {
            return Assignment.PanelBytes(shape->Lists, shape->Padded);
        }
        catch (Exception)
        {
            return 0;
        }
    }

    [UnmanagedCallersOnly]
    internal static void IvfArrange(PgeIvfModel* model, float* panels)
    {
        try
        {
            Assignment.Arrange(model->Centroids, model->Shape.Lists, model->Shape.Padded, panels);
        }
        catch (Exception)
        {
            // Nothing was found, or the record stays empty.
        }
    }

    [UnmanagedCallersOnly]
    internal static void IvfAssign(PgeIvfModel* model, float* panels, float* vectors, int count, int* lists, float* scores)
    {
        try
        {
            Assignment.Run(panels, model->Shape.Lists, model->Shape.Padded, vectors, count, lists, scores);
        }
        catch (Exception)
        {
            // Nothing was found, or the record stays empty.
        }
    }

    [UnmanagedCallersOnly]
    internal static void IvfTrainBegin(PgeIvfTrainer* trainer)
    {
        try
        {
            IvfTrainer.Begin((IvfTrainer*)trainer);
        }
        catch (Exception)
        {
            // Nothing was found, or the record stays empty.
        }
    }

    [UnmanagedCallersOnly]
    internal static void IvfTrainRoundBegin(PgeIvfTrainer* trainer)
    {
        try
        {
            IvfTrainer.BeginRound((IvfTrainer*)trainer);
        }
        catch (Exception)
        {
            // Nothing was found, or the record stays empty.
        }
    }

    [UnmanagedCallersOnly]
    internal static void IvfTrainAdd(PgeIvfTrainer* trainer, long first, int count)
    {
        try
        {
            IvfTrainer.Add((IvfTrainer*)trainer, first, count);
        }
        catch (Exception)
        {
            // Nothing was found, or the record stays empty.
        }
    }

    [UnmanagedCallersOnly]
    internal static void IvfTrainRoundEnd(PgeIvfTrainer* trainer, int round)
    {
        try
        {
            IvfTrainer.EndRound((IvfTrainer*)trainer, round);
        }
        catch (Exception)
        {
            // Nothing was found, or the record stays empty.
        }
    }

    [UnmanagedCallersOnly]
    internal static void IvfEncode(PgeIvfModel* model, int list, float* rotated, byte* scratch, byte* record)
    {
        try
        {
            IvfRecords.Encode(Of(model)->Shape, rotated, model->Centroids + ((long)list * model->Shape.Padded), scratch, record);
        }
        catch (Exception)
        {
            // Nothing was found, or the record stays empty.
        }
    }

    [UnmanagedCallersOnly]
    internal static void IvfPut(PgeIvfShape* shape, byte* block, int slot, byte* record, byte* part, byte* scratch)
    {
        try
        {
            IvfRecords.Put(*Of(shape), block, slot, record, part, scratch);
        }
        catch (Exception)
        {
            // Nothing was found, or the record stays empty.
        }
    }

    [UnmanagedCallersOnly]
    internal static void IvfGet(PgeIvfShape* shape, byte* block, int slot, byte* part, byte* record)
    {
        try
        {
            IvfRecords.Get(*Of(shape), block, slot, part, record);
        }
        catch (Exception)
        {
            // Nothing was found, or the record stays empty.
        }
    }

    [UnmanagedCallersOnly]
    internal static void IvfScanPrepare(PgeIvfScan* scan, void* memory, float* vector)
    {
        try
        {
            IvfScan.Prepare(Of(scan), memory, vector);
        }
        catch (Exception)
        {
            // Nothing was found, or the record stays empty.
        }
    }

    [UnmanagedCallersOnly]
    internal static void IvfScanBegin(PgeIvfScan* scan, int wanted)
    {
        try
        {
            IvfScan.Begin(Of(scan), wanted);
        }
        catch (Exception)
        {
            // Nothing was found, or the record stays empty.
        }
    }

    [UnmanagedCallersOnly]
    internal static int IvfPickLists(PgeIvfScan* scan, int wanted, float* scratch, PgeIvfProbe* probes)
    {
        try
        {
            return IvfScan.PickLists(Of(scan), wanted, scratch, (IvfProbe*)probes);
        }
        catch (Exception)
        {
            return 0;
        }
    }

    [UnmanagedCallersOnly]
    internal static void IvfScanBlocks(PgeIvfScan* scan, byte* blocks, int count, PgeIvfProbe* probe, int number)
    {
        try
        {
            IvfScan.Blocks(Of(scan), blocks, count, (IvfProbe*)probe, number);
        }
        catch (Exception)
        {
            // Nothing was found, or the record stays empty.
        }
    }

    [UnmanagedCallersOnly]
    internal static void IvfScanRecords(PgeIvfScan* scan, byte* records, int count, PgeIvfProbe* probe, int number)
    {
        try
        {
            IvfScan.Records(Of(scan), records, count, (IvfProbe*)probe, number);
        }
        catch (Exception)
        {
            // Nothing was found, or the record stays empty.
        }
    }

    [UnmanagedCallersOnly]
    internal static void IvfKeepNear(PgeIvfScan* scan)
    {
        try
        {
            IvfScan.KeepNear(Of(scan));
        }
        catch (Exception)
        {
            // Nothing was found, or the record stays empty.
        }
    }

    [UnmanagedCallersOnly]
    internal static float IvfReach(PgeIvfScan* scan)
    {
        try
        {
            return IvfScan.Reach(Of(scan));
        }
        catch (Exception)
        {
            return 0;
        }
    }

    [UnmanagedCallersOnly]
    internal static void IvfRefine(PgeIvfScan* scan, PgeIvfCandidate* candidate, byte* part, PgeIvfProbe* probe)
    {
        try
        {
            IvfScan.Refine(Of(scan), (IvfCandidate*)candidate, part, (IvfProbe*)probe);
        }
        catch (Exception)
        {
            // Nothing was found, or the record stays empty.
        }
    }

    private static IvfShape* Of(PgeIvfShape* shape) => (IvfShape*)shape;

    private static IvfModel* Of(PgeIvfModel* model) => (IvfModel*)model;

    private static IvfScan* Of(PgeIvfScan* scan) => (IvfScan*)scan;
}
