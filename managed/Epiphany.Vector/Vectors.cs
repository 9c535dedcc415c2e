// Vector layer. The door: a metric or operation and an element, by name, to the kernel for this processor. Allocates and throws nothing;
// pointers need no alignment, vectors lie anywhere in tuples.

using System.Runtime.Intrinsics;

namespace Epiphany.Vector;

/// <summary>What lies in a dense vector.</summary>
public enum ElementKind
{
    Float32 = 1,
    Float16 = 2,
    Bit = 3,
}

/// <summary>What a distance is computed from; roots, signs and limits are the caller's.</summary>
public enum Metric
{
    L2Squared = 1,
    InnerProduct = 2,
    CosineSimilarity = 3,
    L1 = 4,
    Hamming = 5,
    Jaccard = 6,
}

/// <summary>Element-wise.</summary>
public enum Operation
{
    Add = 1,
    Subtract = 2,
    Multiply = 3,
}

public static unsafe class Vectors
{
    /// <summary><paramref name="count"/>: elements; for bits, bytes. NaN for a metric that the elements do not have.</summary>
    public static double Distance(Metric metric, ElementKind element, byte* a, byte* b, int count)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            return Distance<Lanes512>(metric, element, a, b, count);
        }

        return Vector256.IsHardwareAccelerated
            ? Distance<Lanes256>(metric, element, a, b, count)
            : Distance<Lanes128>(metric, element, a, b, count);
    }

    public static double Distance(Metric metric, in SparseElements a, in SparseElements b) => metric switch
    {
        Metric.L2Squared => Sparse.Run<SquaredDifference>(a, b),
        Metric.InnerProduct => Sparse.InnerProduct(a, b),
        Metric.CosineSimilarity => Cosines.Similarity(
            Sparse.InnerProduct(a, b),
            (float)Distance(Metric.InnerProduct, ElementKind.Float32, (byte*)a.Values, (byte*)a.Values, a.Count),
            (float)Distance(Metric.InnerProduct, ElementKind.Float32, (byte*)b.Values, (byte*)b.Values, b.Count)),
        Metric.L1 => Sparse.Run<AbsoluteDifference>(a, b),
        _ => double.NaN,
    };

    /// <summary>In doubles.</summary>
    public static double SumOfSquares(ElementKind element, byte* values, int count)
    {
        if (element == ElementKind.Float32)
        {
            return Norms.SumOfSquares((float*)values, count);
        }

        if (Vector512.IsHardwareAccelerated)
        {
            return Norms.SumOfSquares<Lanes512>((ushort*)values, count);
        }

        return Vector256.IsHardwareAccelerated
            ? Norms.SumOfSquares<Lanes256>((ushort*)values, count)
            : Norms.SumOfSquares<Lanes128>((ushort*)values, count);
    }

    /// <summary><paramref name="result"/> may be either side.</summary>
    public static ArithmeticFaults Compute(Operation operation, ElementKind element, byte* a, byte* b, byte* result, int count)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            return Compute<Lanes512>(operation, element, a, b, result, count);
        }

        return Vector256.IsHardwareAccelerated
            ? Compute<Lanes256>(operation, element, a, b, result, count)
            : Compute<Lanes128>(operation, element, a, b, result, count);
    }

    internal static double Distance<TLanes>(Metric metric, ElementKind element, byte* a, byte* b, int count)
        where TLanes : struct, ILanes<TLanes> => element switch
        {
            ElementKind.Float32 => Distance<TLanes, Float32>(metric, a, b, count),
            ElementKind.Float16 => Distance<TLanes, Float16>(metric, a, b, count),
            _ => metric switch
            {
                Metric.Hamming => Bits.Hamming(a, b, count),
                Metric.Jaccard => Bits.Jaccard(a, b, count),
                _ => double.NaN,
            },
        };

    internal static double Distance<TLanes, TElement>(Metric metric, byte* a, byte* b, int count)
        where TLanes : struct, ILanes<TLanes>
        where TElement : struct, IElement => metric switch
        {
            Metric.L2Squared => Sums.Run<TLanes, TElement, SquaredDifference>(a, b, count),
            Metric.InnerProduct => Sums.Run<TLanes, TElement, Product>(a, b, count),
            Metric.CosineSimilarity => Cosines.Run<TLanes, TElement>(a, b, count),
            Metric.L1 => Sums.Run<TLanes, TElement, AbsoluteDifference>(a, b, count),
            _ => double.NaN,
        };

    internal static ArithmeticFaults Compute<TLanes>(Operation operation, ElementKind element, byte* a, byte* b, byte* result, int count)
        where TLanes : struct, ILanes<TLanes> => element == ElementKind.Float32
            ? Compute<TLanes, Float32>(operation, a, b, result, count)
            : Compute<TLanes, Float16>(operation, a, b, result, count);

    private static ArithmeticFaults Compute<TLanes, TElement>(Operation operation, byte* a, byte* b, byte* result, int count)
        where TLanes : struct, ILanes<TLanes>
        where TElement : struct, IElement => operation switch
        {
            Operation.Add => Arithmetic.Run<TLanes, TElement, Addition>(a, b, result, count),
            Operation.Subtract => Arithmetic.Run<TLanes, TElement, Subtraction>(a, b, result, count),
            _ => Arithmetic.Run<TLanes, TElement, Multiplication>(a, b, result, count),
        };
}
