// Interop layer. The exports for vectors: one kernel a call, row by row, so nothing is checked, polled or allocated here. They cannot throw;
// the catch is what keeps a mistake from ending the process.

using System;
using System.Runtime.InteropServices;
using Epiphany.Vector;

namespace Epiphany.Interop;

internal static unsafe partial class Exports
{
    [UnmanagedCallersOnly]
    internal static double VectorDistance(int metric, int element, void* a, void* b, int count)
    {
        try
        {
            return Vectors.Distance((Metric)metric, (ElementKind)element, (byte*)a, (byte*)b, count);
        }
        catch (Exception)
        {
            return double.NaN;
        }
    }

    [UnmanagedCallersOnly]
    internal static double SparseDistance(int metric, PgeSparseElements* a, PgeSparseElements* b)
    {
        try
        {
            return Vectors.Distance((Metric)metric, Elements(a), Elements(b));
        }
        catch (Exception)
        {
            return double.NaN;
        }
    }

    [UnmanagedCallersOnly]
    internal static double VectorSumOfSquares(int element, void* values, int count)
    {
        try
        {
            return Vectors.SumOfSquares((ElementKind)element, (byte*)values, count);
        }
        catch (Exception)
        {
            return double.NaN;
        }
    }

    [UnmanagedCallersOnly]
    internal static int VectorCompute(int operation, int element, void* a, void* b, void* result, int count)
    {
        try
        {
            return (int)Vectors.Compute((Operation)operation, (ElementKind)element, (byte*)a, (byte*)b, (byte*)result, count);
        }
        catch (Exception)
        {
            return (int)ArithmeticFaults.Overflow;
        }
    }

    private static SparseElements Elements(PgeSparseElements* of) => new(of->Indices, of->Values, of->Count);
}
