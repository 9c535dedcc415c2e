// Execution layer, expressions. Distances between vectors, by the kernels that the SQL functions call.

using System;
using Epiphany.Vector;

namespace Epiphany.Execution;

/// <summary>A distance between two vectors of one kind of elements, as the SQL function of that name gives it.</summary>
readonly record struct DistanceForm(OwnFunction Function)
{
    internal ElementKind Element => Function >= OwnFunction.HalfvecL2 ? ElementKind.Float16 : ElementKind.Float32;

    internal int ElementBytes => Function >= OwnFunction.HalfvecL2 ? 2 : 4;

    internal bool IsL2 => Function is OwnFunction.VectorL2 or OwnFunction.HalfvecL2;

    internal bool IsInnerProduct => Function is OwnFunction.VectorNegativeInnerProduct or OwnFunction.HalfvecNegativeInnerProduct;

    internal bool IsL1 => Function is OwnFunction.VectorL1 or OwnFunction.HalfvecL1;

    /// <summary>Of elements, as many of both.</summary>
    internal unsafe double Measure(byte* a, byte* b, int dimensions) => Function switch
    {
        OwnFunction.VectorL2 or OwnFunction.HalfvecL2 => Math.Sqrt(Vectors.Distance(Metric.L2Squared, Element, a, b, dimensions)),
        OwnFunction.VectorNegativeInnerProduct or OwnFunction.HalfvecNegativeInnerProduct =>
            -Vectors.Distance(Metric.InnerProduct, Element, a, b, dimensions),
        // Rounding takes similarities past their bounds; NaN stays.
        OwnFunction.VectorCosine or OwnFunction.HalfvecCosine =>
            1 - Math.Clamp(Vectors.Distance(Metric.CosineSimilarity, Element, a, b, dimensions), -1, 1),
        _ => Vectors.Distance(Metric.L1, Element, a, b, dimensions),
    };
}

/// <summary>Two vectors' distance. Vectors of different dimensions are PostgreSQL's to complain of.</summary>
sealed unsafe class Distance(CallSite call, DistanceForm form) : Kernel(call.Type, call.Arguments)
{
    readonly HostCall _onHost = call.OnHost();
    readonly Output _output = new(call.Host);

    internal DistanceForm Form => form;

    internal static Distance? Find(CallSite call)
    {
        var function = (OwnFunction)call.Function;
        return function is >= OwnFunction.VectorL2 and <= OwnFunction.HalfvecL1 && call.Arguments.Length == 2
            ? new Distance(call, new DistanceForm(function)) : null;
    }

    /// <summary>One side is a column, the other the same for all rows.</summary>
    internal bool TrySides(out int column, out Expression query)
    {
        int side = Arguments[0] is ColumnReference ? 0 : 1;
        query = Arguments[1 - side];
        column = (Arguments[side] as ColumnReference)?.Column ?? -1;
        return column >= 0 && query.IsConstant;
    }

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector left = Arguments[0].Evaluate(batch, rows);
        Vector right = Arguments[1].Evaluate(batch, rows);
        Vector result = _output.Strict(left, right, rows);
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            if (result.IsNull(row))
            {
                continue;
            }

            byte* a = Elements(left.Values[row], form.ElementBytes, out int dimensions);
            byte* b = Elements(right.Values[row], form.ElementBytes, out int others);
            if (a == null || b == null || dimensions != others)
            {
                return _onHost.Evaluate(batch, rows);
            }

            _output.Values[row] = BitConverter.DoubleToUInt64Bits(form.Measure(a, b, dimensions));
        }

        return result;
    }

    /// <summary>Where a vector's elements are; null if it has not as many as it says.</summary>
    internal static byte* Elements(ulong datum, int elementBytes, out int dimensions)
    {
        const int HeadBytes = 4;
        ReadOnlySpan<byte> payload = Varlena.Payload(datum);
        dimensions = 0;
        fixed (byte* head = payload)
        {
            if (payload.Length < HeadBytes)
            {
                return null;
            }

            dimensions = *(short*)head;
            // A datum does not move.
            return dimensions > 0 && payload.Length == HeadBytes + (dimensions * elementBytes) ? head + HeadBytes : null;
        }
    }
}
