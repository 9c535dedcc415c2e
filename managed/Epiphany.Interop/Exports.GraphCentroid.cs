// Interop layer. The exports for a graph's centroid that is learnt when the graph has its first vertices.

using System;
using System.Runtime.InteropServices;
using Epiphany.Vector.Graph;

namespace Epiphany.Interop;

internal static unsafe partial class Exports
{
    [UnmanagedCallersOnly]
    internal static PgeStatus GraphSum(ulong handle, byte** payloads, int count, double* sums)
    {
        try
        {
            Host.Enter();
            GraphIndex index = Handles.Get<GraphHandle>(handle).Index;
            GraphWorker worker = index.Rent();
            var codes = (CodeSpace)worker.Space;
            for (int i = 0; i < count; i++)
            {
                codes.Sum(payloads[i], sums);
            }

            index.Return(worker);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus GraphMean(ulong handle, double* sums, long count, float* centroid)
    {
        try
        {
            Host.Enter();
            GraphIndex index = Handles.Get<GraphHandle>(handle).Index;
            GraphWorker worker = index.Rent();
            var codes = (CodeSpace)worker.Space;
            codes.Mean(sums, count, centroid);
            index.Return(worker);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }

    [UnmanagedCallersOnly]
    internal static PgeStatus GraphMove(ulong handle, byte* payload)
    {
        try
        {
            Host.Enter();
            GraphIndex index = Handles.Get<GraphHandle>(handle).Index;
            GraphWorker worker = index.Rent();
            var codes = (CodeSpace)worker.Space;
            codes.Move(payload);
            index.Return(worker);
            return PgeStatus.Ok;
        }
        catch (Exception e)
        {
            return Errors.Capture(e);
        }
    }
}
