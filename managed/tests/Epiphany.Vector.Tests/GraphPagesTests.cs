// Tests of Vector, graph. What is written of a graph that has columns beside its vectors; codes that get a centroid when the graph is there.

using System;
using System.Collections.Generic;
using System.Linq;
using System.Runtime.InteropServices;
using Epiphany.Vector.Graph;
using Xunit;
using static Epiphany.Vector.Tests.GraphModel;

namespace Epiphany.Vector.Tests;

public unsafe class GraphPagesTests
{
    private const int Dimensions = 48;
    private const int Area = 8160;

    private static readonly GraphOptions s_options =
        new GraphOptions(GraphMetric.L2, ElementKind.Float32, Dimensions, 4, 8, 40, Area, 1).Settled();

    [Fact]
    public void Pages_have_numbers_with_room_for_pages_of_attributes_and_attributes_are_in_order()
    {
        using var vectors = new Samples(600, Dimensions);
        var options = s_options with { Attributes = 9 };
        GraphLayout layout = options.Layout();
        const int Group = 3;
        uint first = (uint)layout.PerPage * 5;
        var arena = new GraphArena(layout, new Memory(), nuint.MaxValue);
        var builder = new GraphBuilder(
            options.MakeSpace([]), layout, options.M, options.EfConstruction, first, Group, arena, new Memory(), () => { });
        byte* attributes = stackalloc byte[9];
        for (int i = 0; i < 600; i++)
        {
            // Each vector twice with the same attributes, and once with others.
            ulong tid = (ulong)i;
            new Span<byte>(attributes, 9).Fill((byte)(i / 200 == 2 ? 77 : i % 200));
            GraphValue value = vectors.Value(i % 200);
            Assert.True(builder.Add(new GraphValue(value.Values, null, value.Count, attributes), (byte*)&tid));
        }

        builder.Finish();
        Assert.InRange(builder.Count, 399u, 401u);
        byte* page = stackalloc byte[Area];
        uint pages = (builder.Count + (uint)layout.PerPage - 1) / (uint)layout.PerPage;
        var numbers = new HashSet<uint>();
        var links = new HashSet<uint>(Enumerable.Range(0, builder.Entries.Count).Select(i => builder.Entries[i]));
        for (uint p = 0; p < pages; p++)
        {
            uint block = 5 + p + (p / Group) + 1;
            int records = builder.Page((int)p, page);
            for (int i = 0; i < records; i++)
            {
                byte* record = page + (i * layout.RecordBytes);
                int row = *(int*)layout.Row(record, 0);
                Assert.Equal(row >= 400 ? 77 : row % 200, *builder.Attributes((p * (uint)layout.PerPage) + (uint)i));
                numbers.Add((block * (uint)layout.PerPage) + (uint)i);
                for (int j = 0; j < layout.LinkCount(record); j++)
                {
                    links.Add(GraphLayout.Links(record)[j] & GraphLayout.Number);
                }
            }
        }

        Assert.True(links.IsSubsetOf(numbers));
        Assert.Equal(numbers.Count, links.Count);
    }

    [Fact]
    public void Codes_that_are_moved_to_a_centroid_keep_their_bounds_and_new_ones_are_better()
    {
        const int Count = 400;
        using var vectors = new Samples(Count + 20, Dimensions);
        for (int i = 0; i < (Count + 20) * Dimensions; i++)
        {
            vectors[0][i] += 8;
        }

        var options = s_options with { Bits = 4 };
        var around = (CodeSpace)options.MakeSpace([]);
        int bytes = around.PayloadBytes;
        byte* payloads = (byte*)NativeMemory.AllocZeroed((nuint)(Count * bytes));
        double* sums = stackalloc double[64];
        new Span<double>(sums, 64).Clear();
        for (int i = 0; i < Count; i++)
        {
            around.Load(vectors.Value(i));
            around.Encode(payloads + (i * bytes));
            around.Sum(payloads + (i * bytes), sums);
        }

        float[] centroid = new float[Dimensions];
        fixed (float* to = centroid)
        {
            around.Mean(sums, Count, to);
        }

        // Vectors that have so much in common have much of their codes in common, and what these have lost.
        for (int j = 0; j < Dimensions; j++)
        {
            float mean = Enumerable.Range(0, Count).Average(i => vectors[i][j]);
            Assert.InRange(centroid[j], mean - 0.6f, mean + 0.6f);
        }

        var moved = (CodeSpace)options.MakeSpace(centroid);
        (double before, double after, double fresh) = (0, 0, 0);
        byte* payload = stackalloc byte[bytes];
        for (int i = 0; i < Count; i++)
        {
            byte* one = payloads + (i * bytes);
            for (int q = Count; q < Count + 20; q++)
            {
                before += Off(around, vectors, one, i, q);
            }

            moved.Move(one);
            moved.Load(vectors.Value(i));
            moved.Encode(payload);
            for (int q = Count; q < Count + 20; q++)
            {
                after += Off(moved, vectors, one, i, q);
                fresh += Off(moved, vectors, payload, i, q);
                moved.Load(vectors.Value(q));
                float distance;
                moved.Distances(&one, 1, &distance);
                double exact = Vectors.Distance(Metric.L2Squared, ElementKind.Float32, (byte*)vectors[i], (byte*)vectors[q], Dimensions);
                Assert.True(moved.Lower(one, distance, 3) <= Math.Sqrt(exact) + 0.01);
            }
        }

        NativeMemory.Free(payloads);
        Assert.InRange(after, 0, before * 4);
        Assert.InRange(fresh, 0, before / 4);
    }

    [Fact]
    public void A_graph_without_vertices_has_no_pages()
    {
        var arena = new GraphArena(s_options.Layout(), new Memory(), nuint.MaxValue);
        var builder = new GraphBuilder(s_options.MakeSpace([]), s_options.Layout(), 8, 40, 0, 2, arena, new Memory(), () => { });
        builder.Finish();
        Assert.Equal(0u, builder.Count);
        Assert.Equal(0, builder.Entries.Count);
    }

    /// <summary>How far an estimate of the distance's square is off.</summary>
    private static double Off(CodeSpace space, Samples vectors, byte* payload, int vector, int query)
    {
        float distance;
        space.Load(vectors.Value(query));
        space.Distances(&payload, 1, &distance);
        byte* exact = (byte*)vectors[vector];
        return Math.Abs(distance - Vectors.Distance(Metric.L2Squared, ElementKind.Float32, exact, (byte*)vectors[query], Dimensions));
    }
}
