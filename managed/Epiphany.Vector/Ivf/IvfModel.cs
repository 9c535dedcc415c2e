// Vector layer, inverted lists. What a session keeps of an index: the rotation and the lists' centroids, these as codes besides, so that a
// query finds the nearest among thousands in microseconds.

using System;
using System.Runtime.InteropServices;
using Epiphany.Vector.Codes;

namespace Epiphany.Vector.Ivf;

/// <summary>The arrays lie behind it in the same memory.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct IvfModel
{
    public IvfShape Shape;

    /// <summary>Of the rotation; null where nothing is rotated, for bits.</summary>
    public byte* Signs;

    /// <summary>Rotated, one after another.</summary>
    public float* Centroids;

    /// <summary>Their mean, which their codes are relative to.</summary>
    public float* Mean;
    public byte* Blocks;
    public float* Factors;

    private const int Head = 256;

    public static long Bytes(in IvfShape shape)
    {
        long padded = shape.Padded;
        return Head + Rotation.SignBytes(shape.Padded) + ((shape.Lists + 1) * padded * sizeof(float)) +
            ((long)BlockCount(shape) * (CodeLayout.BlockBytes(shape.Padded) + CodeLayout.BlockFactorBytes));
    }

    /// <summary>The shape is complete; the centroids are the caller's to fill in, before <see cref="Finish"/>.</summary>
    public static void Begin(IvfModel* model, in IvfShape shape)
    {
        model->Shape = shape;
        byte* at = (byte*)model + Head;
        model->Centroids = (float*)at;
        at += (long)shape.Lists * shape.Padded * sizeof(float);
        model->Mean = (float*)at;
        at += shape.Padded * sizeof(float);
        model->Factors = (float*)at;
        at += (long)BlockCount(shape) * CodeLayout.BlockFactorBytes;
        model->Blocks = at;
        at += (long)BlockCount(shape) * CodeLayout.BlockBytes(shape.Padded);
        model->Signs = at;
        if (shape.Metric == Metric.Hamming)
        {
            model->Signs = null;
        }
        else
        {
            Rotation.MakeSigns(shape.Seed, shape.Padded, model->Signs);
        }
    }

    /// <summary>Makes the centroids' codes.</summary>
    public static void Finish(IvfModel* model, byte* scratch)
    {
        ref IvfShape shape = ref model->Shape;
        int padded = shape.Padded;
        new Span<float>(model->Mean, padded).Clear();
        for (int list = 0; list < shape.Lists; list++)
        {
            float* centroid = model->Centroids + ((long)list * padded);
            for (int i = 0; i < padded; i++)
            {
                model->Mean[i] += centroid[i];
            }
        }

        for (int i = 0; i < padded; i++)
        {
            model->Mean[i] /= shape.Lists;
        }

        CodeMetric metric = CodeMetricOf(shape.Metric);
        byte* code = scratch + Encoder.ScratchBytes(padded);
        for (int list = 0; list < shape.Lists; list++)
        {
            int block = list / CodeLayout.BlockVectors;
            int slot = list % CodeLayout.BlockVectors;
            float* centroid = model->Centroids + ((long)list * padded);
            CodeFactors made = Encoder.Encode(metric, 1, centroid, model->Mean, padded, scratch, code);
            FastScan.Put(model->Blocks + ((long)block * CodeLayout.BlockBytes(padded)), padded, slot, code);
            float* factors = model->Factors + ((long)block * 3 * CodeLayout.BlockVectors);
            factors[slot] = made.Add;
            factors[CodeLayout.BlockVectors + slot] = made.Rescale;
            factors[(2 * CodeLayout.BlockVectors) + slot] = made.Error;
        }
    }

    /// <summary>To the padded dimensions.</summary>
    public static void Rotate(IvfModel* model, float* vector, float* to)
    {
        int dimensions = model->Shape.Dimensions;
        if (model->Signs != null)
        {
            Rotation.Apply(model->Signs, vector, dimensions, to);
            return;
        }

        new ReadOnlySpan<float>(vector, dimensions).CopyTo(new Span<float>(to, dimensions));
        new Span<float>(to + dimensions, model->Shape.Padded - dimensions).Clear();
    }

    /// <summary>The list that a rotated vector belongs to.</summary>
    public static int Nearest(IvfModel* model, float* rotated)
    {
        int best = 0;
        double least = double.PositiveInfinity;
        for (int list = 0; list < model->Shape.Lists; list++)
        {
            double distance = Vectors.Distance(
                Metric.L2Squared, ElementKind.Float32, (byte*)rotated,
                (byte*)(model->Centroids + ((long)list * model->Shape.Padded)), model->Shape.Padded);
            if (distance < least)
            {
                least = distance;
                best = list;
            }
        }

        return best;
    }

    internal static int BlockCount(in IvfShape shape) => (shape.Lists + CodeLayout.BlockVectors - 1) / CodeLayout.BlockVectors;

    /// <summary>Vectors for cosine have length 1, and half the square of their distance is what cosine distance is.</summary>
    internal static CodeMetric CodeMetricOf(Metric metric) =>
        metric == Metric.InnerProduct ? CodeMetric.NegativeInnerProduct : CodeMetric.L2Squared;
}
