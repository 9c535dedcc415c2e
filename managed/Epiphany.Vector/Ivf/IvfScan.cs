// Vector layer, inverted lists. A search: which lists, what in their blocks and tails may be near, and by extended codes what is. The caller
// has the pages and the exact distances. Nothing is allocated or thrown.

using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Epiphany.Vector.Codes;

namespace Epiphany.Vector.Ivf;

/// <summary>A list that is looked into, and what the query adds to estimates there.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IvfProbe
{
    public int List;
    public float Distance;
    public float Add;
    public float Error;
}

/// <summary>An entry that may be near enough.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct IvfCandidate
{
    public float Lower;
    public float Estimate;
    public uint TidBlock;
    public ushort TidOffset;

    /// <summary>Where its extended part lies, or <see cref="NoPart"/>: the estimate is as good as it gets.</summary>
    public ushort PartOffset;
    public uint PartBlock;
    public int Probe;

    public const uint NoPart = uint.MaxValue;
}

/// <summary>What an attribute must be.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct IvfTest
{
    public int Attribute;
    public int Kind;

    /// <summary>Both included.</summary>
    public long Low;
    public long High;

    /// <summary>Ascending.</summary>
    public long* Values;
    public long Count;

    public const int Range = 1;
    public const int OneOf = 2;
}

[StructLayout(LayoutKind.Sequential)]
public unsafe struct IvfScan
{
    public IvfModel* Model;
    public QueryCodes* Query;
    public IvfCandidate* Candidates;

    /// <summary>The least estimates so far, as a heap whose first is the greatest.</summary>
    public float* Best;
    public IvfTest* Tests;
    public long Visited;
    public long Qualified;
    public int TestCount;
    public int Count;
    public int BestCount;
    public int Wanted;

    /// <summary>Entries whose lower bound is above it are not among the wanted. NaN: there is no bound yet.</summary>
    public float Threshold;
    public int Reserved;

    /// <summary>Memory for a query, and scratch for its rotation.</summary>
    public static int QueryBytes(in IvfShape shape) => QueryCodes.Bytes(shape.Padded) + (shape.Padded * sizeof(float));

    /// <summary><paramref name="vector"/>: what the query's value is as floats, normalised for cosine.</summary>
    public static void Prepare(IvfScan* scan, void* memory, float* vector)
    {
        IvfModel* model = scan->Model;
        int padded = model->Shape.Padded;
        var rotated = (float*)((byte*)memory + QueryCodes.Bytes(padded));
        IvfModel.Rotate(model, vector, rotated);
        scan->Query = model->Shape.Metric == Metric.Hamming
            ? QueryCodes.PrepareBits(memory, rotated, padded)
            : QueryCodes.Prepare(memory, IvfModel.CodeMetricOf(model->Shape.Metric), rotated, padded);
    }

    /// <summary>Forgets what was found; of so many nearest the bound is kept.</summary>
    public static void Begin(IvfScan* scan, int wanted)
    {
        scan->Count = 0;
        scan->BestCount = 0;
        scan->Wanted = wanted;
        scan->Visited = 0;
        scan->Qualified = 0;
        scan->Threshold = float.NaN;
    }

    /// <summary>
    /// The nearest so many lists, or all if there are fewer, ascending; returns their number. <paramref name="estimates"/> has room for
    /// as many floats as there are lists and 32 more, twice; <paramref name="probes"/> for all lists.
    /// </summary>
    public static int PickLists(IvfScan* scan, int wanted, float* estimates, IvfProbe* probes)
    {
        IvfModel* model = scan->Model;
        ref IvfShape shape = ref model->Shape;
        int lists = shape.Lists;
        float limit = float.PositiveInfinity;
        float* lowers = estimates + (IvfModel.BlockCount(shape) * CodeLayout.BlockVectors);
        bool some = wanted < lists && shape.Metric != Metric.Hamming;
        if (some)
        {
            (float add, float distance) = Estimator.ForCentroid(scan->Query, model->Mean);
            for (int block = 0; block < IvfModel.BlockCount(shape); block++)
            {
                FastScan.Run(
                    scan->Query, model->Blocks + ((long)block * CodeLayout.BlockBytes(shape.Padded)),
                    model->Factors + ((long)block * 3 * CodeLayout.BlockVectors), add, CodeLayout.Epsilon * distance, limit,
                    estimates + (block * CodeLayout.BlockVectors), lowers + (block * CodeLayout.BlockVectors));
            }
        }

        // The exact distances of the lists whose bounds are below the exact distance of the worst that would be taken.
        int count = 0;
        for (int list = 0; list < lists; list++)
        {
            if (some && lowers[list] >= limit)
            {
                continue;
            }

            IvfProbe probe = Measure(scan, list);
            if (count < wanted)
            {
                probes[count++] = probe;
                Up(probes, count - 1);
            }
            else if (probe.Distance < probes[0].Distance)
            {
                probes[0] = probe;
                Down(probes, count);
            }

            limit = count == wanted ? probes[0].Distance : limit;
        }

        for (int left = count - 1; left > 0; left--)
        {
            (probes[0], probes[left]) = (probes[left], probes[0]);
            Down(probes, left);
        }

        return count;
    }

    private static IvfProbe Measure(IvfScan* scan, int list)
    {
        ref IvfShape shape = ref scan->Model->Shape;
        float* centroid = scan->Model->Centroids + ((long)list * shape.Padded);
        if (shape.Metric == Metric.Hamming)
        {
            return new IvfProbe
            {
                List = list,
                Distance = (float)Vectors.Distance(
                    Metric.L2Squared, ElementKind.Float32, (byte*)scan->Query->Rotated, (byte*)centroid, shape.Padded),
            };
        }

        (float add, float distance) = Estimator.ForCentroid(scan->Query, centroid);
        return new IvfProbe { List = list, Distance = add, Add = add, Error = CodeLayout.Epsilon * distance };
    }

    private static void Up(IvfProbe* heap, int at)
    {
        while (at > 0 && heap[(at - 1) / 2].Distance < heap[at].Distance)
        {
            (heap[at], heap[(at - 1) / 2]) = (heap[(at - 1) / 2], heap[at]);
            at = (at - 1) / 2;
        }
    }

    private static void Down(IvfProbe* heap, int count)
    {
        int at = 0;
        while (true)
        {
            int child = (2 * at) + 1;
            if (child >= count)
            {
                return;
            }

            child += child + 1 < count && heap[child + 1].Distance > heap[child].Distance ? 1 : 0;
            if (heap[child].Distance <= heap[at].Distance)
            {
                return;
            }

            (heap[at], heap[child]) = (heap[child], heap[at]);
            at = child;
        }
    }

    /// <summary>Blocks one after another; candidates are added, 32 a block at most.</summary>
    public static void Blocks(IvfScan* scan, byte* blocks, int count, IvfProbe* probe, int number)
    {
        ref IvfShape shape = ref scan->Model->Shape;
        float* estimates = stackalloc float[CodeLayout.BlockVectors];
        float* lowers = stackalloc float[CodeLayout.BlockVectors];
        for (; count > 0; count--, blocks += shape.BlockBytes)
        {
            uint live = *(uint*)blocks;
            scan->Visited += BitOperations.PopCount(live);
            live &= IvfFilter.Block(scan, blocks);
            if (live == 0)
            {
                continue;
            }

            scan->Qualified += BitOperations.PopCount(live);
            live &= FastScan.Run(
                scan->Query, blocks + shape.BlockCodes, (float*)(blocks + shape.BlockFactors), probe->Add, probe->Error, scan->Threshold,
                estimates, lowers);
            for (; live != 0; live &= live - 1)
            {
                int slot = BitOperations.TrailingZeroCount(live);
                IvfCandidate* candidate = scan->Candidates + scan->Count++;
                byte* tid = blocks + shape.BlockTids + (slot * IvfLayout.TidBytes);
                byte* part = blocks + shape.BlockParts + (slot * IvfLayout.TidBytes);
                candidate->Lower = lowers[slot];
                candidate->Estimate = estimates[slot];
                (candidate->TidBlock, candidate->TidOffset) = Address(tid);
                (candidate->PartBlock, candidate->PartOffset) =
                    IvfLayout.HasExtended(shape) ? Address(part) : (IvfCandidate.NoPart, (ushort)0);
                candidate->Probe = number;
                Bound(scan, estimates[slot]);
            }
        }
    }

    /// <summary>Records one after another; likewise, one a record at most.</summary>
    public static void Records(IvfScan* scan, byte* records, int count, IvfProbe* probe, int number)
    {
        ref IvfShape shape = ref scan->Model->Shape;
        for (; count > 0; count--, records += shape.RecordBytes)
        {
            if (records[IvfRecord.Live] == 0)
            {
                continue;
            }

            scan->Visited++;
            if (!IvfFilter.Record(scan, records))
            {
                continue;
            }

            scan->Qualified++;
            byte* code = records + IvfLayout.RecordCode(shape);
            var factors = Unsafe.ReadUnaligned<CodeFactors>(code - IvfLayout.FactorBytes);
            Estimate estimate = Estimator.Run(scan->Query, code, shape.Bits, factors, probe->Add, probe->Error);
            if (estimate.Lower > scan->Threshold)
            {
                continue;
            }

            IvfCandidate* candidate = scan->Candidates + scan->Count++;
            candidate->Lower = estimate.Lower;
            candidate->Estimate = estimate.Distance;
            (candidate->TidBlock, candidate->TidOffset) = Address(records);
            (candidate->PartBlock, candidate->PartOffset) = (IvfCandidate.NoPart, 0);
            candidate->Probe = number;
            Bound(scan, estimate.Distance);
        }
    }

    /// <summary>
    /// Leaves out candidates that the bound has come to exclude, and begins to take the bound anew: <see cref="Refine"/>'s estimates count
    /// from here on, and those that need none.
    /// </summary>
    public static void KeepNear(IvfScan* scan)
    {
        float threshold = scan->Threshold;
        int count = scan->Count;
        scan->Count = 0;
        scan->BestCount = 0;
        scan->Threshold = float.NaN;
        for (int i = 0; i < count; i++)
        {
            if (!(scan->Candidates[i].Lower > threshold))
            {
                scan->Candidates[scan->Count++] = scan->Candidates[i];
                if (scan->Candidates[i].PartBlock == IvfCandidate.NoPart)
                {
                    Bound(scan, scan->Candidates[i].Estimate);
                }
            }
        }
    }

    /// <summary>A candidate's extended part is at hand.</summary>
    public static void Refine(IvfScan* scan, IvfCandidate* candidate, byte* extended, IvfProbe* probe)
    {
        var factors = Unsafe.ReadUnaligned<CodeFactors>(extended);
        Estimate estimate = Estimator.Run(
            scan->Query, extended + IvfLayout.FactorBytes, scan->Model->Shape.Bits, factors, probe->Add, probe->Error);
        candidate->Lower = estimate.Lower;
        candidate->Estimate = estimate.Distance;
        candidate->PartBlock = IvfCandidate.NoPart;
        Bound(scan, estimate.Distance);
    }

    /// <summary>
    /// So far the search is good, NaN: without end. Less far than its threshold, as what was left out by mistake is mostly near that.
    /// </summary>
    public static float Reach(IvfScan* scan)
    {
        if (float.IsNaN(scan->Threshold))
        {
            return float.NaN;
        }

        var best = new Span<float>(scan->Best, scan->BestCount);
        best.Sort();
        return best[best.Length * 2 / 3];
    }

    private static (uint Block, ushort Offset) Address(byte* at) => (
        ((uint)Unsafe.ReadUnaligned<ushort>(at) << 16) | Unsafe.ReadUnaligned<ushort>(at + 2), Unsafe.ReadUnaligned<ushort>(at + 4));

    /// <summary>Takes an estimate into account; nothing wanted in particular means no bound.</summary>
    private static void Bound(IvfScan* scan, float estimate)
    {
        if (scan->Wanted == 0 || float.IsNaN(estimate))
        {
            return;
        }

        float* heap = scan->Best;
        if (scan->BestCount < scan->Wanted)
        {
            int at = scan->BestCount++;
            for (; at > 0 && heap[(at - 1) / 2] < estimate; at = (at - 1) / 2)
            {
                heap[at] = heap[(at - 1) / 2];
            }

            heap[at] = estimate;
        }
        else if (estimate < heap[0])
        {
            int at = 0;
            for (int child = 1; child < scan->BestCount; child = (2 * at) + 1)
            {
                child += child + 1 < scan->BestCount && heap[child + 1] > heap[child] ? 1 : 0;
                if (heap[child] <= estimate)
                {
                    break;
                }

                heap[at] = heap[child];
                at = child;
            }

            heap[at] = estimate;
        }

        scan->Threshold = scan->BestCount == scan->Wanted ? heap[0] : float.NaN;
    }
}
