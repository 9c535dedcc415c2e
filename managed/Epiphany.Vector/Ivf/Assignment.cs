// Vector layer, inverted lists. Which centroid is nearest, for many vectors at a time: a matrix product, eight vectors by 32 centroids in
// registers. Promise: the nearest by |c|^2 / 2 - x.c, the first of equal ones.

using System;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Epiphany.Vector.Ivf;

public static unsafe class Assignment
{
    private const int Panel = 2 * Lanes.Count;
    private const int Rows = 8;

    /// <summary>What <see cref="Arrange"/> fills: centroids side by side, 32 at a time, and half their squares.</summary>
    public static long PanelBytes(int lists, int padded) => Panels(lists) * Panel * (padded + 1L) * sizeof(float);

    public static void Arrange(float* centroids, int lists, int padded, float* panels)
    {
        for (int panel = 0; panel < Panels(lists); panel++)
        {
            float* to = panels + (panel * (long)Panel * (padded + 1));
            for (int i = 0; i < Panel; i++)
            {
                int list = (panel * Panel) + i;
                float half = float.PositiveInfinity;
                if (list < lists)
                {
                    float* from = centroids + ((long)list * padded);
                    half = 0.5f * (float)Vectors.Distance(Metric.InnerProduct, ElementKind.Float32, (byte*)from, (byte*)from, padded);
                    for (int d = 0; d < padded; d++)
                    {
                        to[((d + 1) * Panel) + i] = from[d];
                    }
                }
                else
                {
                    for (int d = 0; d < padded; d++)
                    {
                        to[((d + 1) * Panel) + i] = 0;
                    }
                }

                to[i] = half;
            }
        }
    }

    /// <summary>A centroid as it was arranged.</summary>
    public static void Take(float* panels, int list, int padded, float* to)
    {
        float* from = panels + (list / Panel * (long)Panel * (padded + 1)) + (list % Panel);
        for (int d = 0; d < padded; d++)
        {
            to[d] = from[(d + 1) * Panel];
        }
    }

    /// <summary>For each of so many vectors, one after another, its list, and |c|^2 / 2 - x.c of that.</summary>
    public static void Run(float* panels, int lists, int padded, float* vectors, int count, int* nearest, float* scores)
    {
        for (int i = 0; i < count; i++)
        {
            nearest[i] = 0;
            scores[i] = float.PositiveInfinity;
        }

        if (Vector512.IsHardwareAccelerated)
        {
            Run<Lanes512>(panels, lists, padded, vectors, count, nearest, scores);
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            Run<Lanes256>(panels, lists, padded, vectors, count, nearest, scores);
        }
        else
        {
            Run<Lanes128>(panels, lists, padded, vectors, count, nearest, scores);
        }
    }

    /// <summary>A panel stays in the cache while all vectors pass it.</summary>
    internal static void Run<TLanes>(float* panels, int lists, int padded, float* vectors, int count, int* nearest, float* scores)
        where TLanes : struct, ILanes<TLanes>
    {
        for (int panel = 0; panel < Panels(lists); panel++)
        {
            float* columns = panels + (panel * (long)Panel * (padded + 1));
            int i = 0;
            for (; i + Rows <= count; i += Rows)
            {
                Eight<TLanes>(columns, panel * Panel, padded, vectors + ((long)i * padded), nearest + i, scores + i);
            }

            for (; i < count; i++)
            {
                One<TLanes>(columns, panel * Panel, padded, vectors + ((long)i * padded), nearest + i, scores + i);
            }
        }
    }

    private static void Eight<TLanes>(float* columns, int first, int padded, float* x, int* nearest, float* scores)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
        TLanes b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default, b6 = default, b7 = default;
        float* column = columns + Panel;
        float* x1 = x + padded;
        float* x2 = x1 + padded;
        float* x3 = x2 + padded;
        float* x4 = x3 + padded;
        float* x5 = x4 + padded;
        float* x6 = x5 + padded;
        float* x7 = x6 + padded;
        for (int d = 0; d < padded; d++, column += Panel)
        {
            TLanes left = TLanes.Load(column);
            TLanes right = TLanes.Load(column + Lanes.Count);
            TLanes v = TLanes.Create(x[d]);
            a0 = TLanes.MultiplyAdd(left, v, a0);
            b0 = TLanes.MultiplyAdd(right, v, b0);
            v = TLanes.Create(x1[d]);
            a1 = TLanes.MultiplyAdd(left, v, a1);
            b1 = TLanes.MultiplyAdd(right, v, b1);
            v = TLanes.Create(x2[d]);
            a2 = TLanes.MultiplyAdd(left, v, a2);
            b2 = TLanes.MultiplyAdd(right, v, b2);
            v = TLanes.Create(x3[d]);
            a3 = TLanes.MultiplyAdd(left, v, a3);
            b3 = TLanes.MultiplyAdd(right, v, b3);
            v = TLanes.Create(x4[d]);
            a4 = TLanes.MultiplyAdd(left, v, a4);
            b4 = TLanes.MultiplyAdd(right, v, b4);
            v = TLanes.Create(x5[d]);
            a5 = TLanes.MultiplyAdd(left, v, a5);
            b5 = TLanes.MultiplyAdd(right, v, b5);
            v = TLanes.Create(x6[d]);
            a6 = TLanes.MultiplyAdd(left, v, a6);
            b6 = TLanes.MultiplyAdd(right, v, b6);
            v = TLanes.Create(x7[d]);
            a7 = TLanes.MultiplyAdd(left, v, a7);
            b7 = TLanes.MultiplyAdd(right, v, b7);
        }

        Take(columns, first, a0, b0, nearest, scores);
        Take(columns, first, a1, b1, nearest + 1, scores + 1);
        Take(columns, first, a2, b2, nearest + 2, scores + 2);
        Take(columns, first, a3, b3, nearest + 3, scores + 3);
        Take(columns, first, a4, b4, nearest + 4, scores + 4);
        Take(columns, first, a5, b5, nearest + 5, scores + 5);
        Take(columns, first, a6, b6, nearest + 6, scores + 6);
        Take(columns, first, a7, b7, nearest + 7, scores + 7);
    }

    private static void One<TLanes>(float* columns, int first, int padded, float* x, int* nearest, float* scores)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes a = default;
        TLanes b = default;
        float* column = columns + Panel;
        for (int d = 0; d < padded; d++, column += Panel)
        {
            TLanes v = TLanes.Create(x[d]);
            a = TLanes.MultiplyAdd(TLanes.Load(column), v, a);
            b = TLanes.MultiplyAdd(TLanes.Load(column + Lanes.Count), v, b);
        }

        Take(columns, first, a, b, nearest, scores);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Take<TLanes>(float* halves, int first, TLanes a, TLanes b, int* nearest, float* score)
        where TLanes : struct, ILanes<TLanes>
    {
        TLanes left = TLanes.Load(halves) - a;
        TLanes right = TLanes.Load(halves + Lanes.Count) - b;
        TLanes best = TLanes.Create(*score);
        uint nearer = ~(TLanes.Above(left, best) | (TLanes.Above(right, best) << Lanes.Count));
        if (nearer != 0)
        {
            Search(left, right, first, nearest, score);
        }
    }

    private static void Search<TLanes>(TLanes left, TLanes right, int first, int* nearest, float* score)
        where TLanes : struct, ILanes<TLanes>
    {
        float* values = stackalloc float[Panel];
        TLanes.Store(left, values);
        TLanes.Store(right, values + Lanes.Count);
        for (int i = 0; i < Panel; i++)
        {
            if (values[i] < *score)
            {
                *score = values[i];
                *nearest = first + i;
            }
        }
    }

    private static int Panels(int lists) => (lists + Panel - 1) / Panel;
}
