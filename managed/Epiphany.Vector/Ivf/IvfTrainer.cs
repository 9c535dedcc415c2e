// Vector layer, inverted lists. k-means over a sample, in steps that the caller strings together, so that it can be interrupted between them, and
// the one that costs can be done by several processes.
// Promise: the sample, its order and the seed alone decide about the centroids.

using System;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Epiphany.Vector.Codes;

namespace Epiphany.Vector.Ivf;

[StructLayout(LayoutKind.Sequential)]
public unsafe struct IvfTrainer
{
    /// <summary>Rotated vectors.</summary>
    public float* Samples;
    public float* Centroids;

    /// <summary>Of <see cref="Assignment.PanelBytes"/>.</summary>
    public float* Panels;
    public int* Counts;

    /// <summary>For each sample its list, and how near it is.</summary>
    public int* Nearest;
    public float* Scores;
    public long SampleCount;
    public ulong Seed;
    public int Lists;
    public int Padded;

    /// <summary>Lists that have more than so many times their share of the sample give some to lists that have none.</summary>
    private const int Crowded = 2;

    /// <summary>Centroids are samples, drawn without putting back; without enough samples, the rest are zero.</summary>
    public static void Begin(IvfTrainer* trainer)
    {
        ulong state = trainer->Seed;
        int padded = trainer->Padded;
        for (long i = 0; i < trainer->SampleCount; i++)
        {
            trainer->Nearest[i] = (int)i;
        }

        for (int list = 0; list < trainer->Lists; list++)
        {
            var to = new Span<float>(trainer->Centroids + ((long)list * padded), padded);
            if (list >= trainer->SampleCount)
            {
                to.Clear();
                continue;
            }

            long other = list + (long)(Rotation.Next(ref state) % (ulong)(trainer->SampleCount - list));
            (trainer->Nearest[list], trainer->Nearest[other]) = (trainer->Nearest[other], trainer->Nearest[list]);
            new ReadOnlySpan<float>(trainer->Samples + ((long)trainer->Nearest[list] * padded), padded).CopyTo(to);
        }
    }

    public static void BeginRound(IvfTrainer* trainer) =>
        Assignment.Arrange(trainer->Centroids, trainer->Lists, trainer->Padded, trainer->Panels);

    /// <summary>Which lists so many samples are nearest to.</summary>
    public static void Assign(IvfTrainer* trainer, long first, int count) => Assignment.Run(
        trainer->Panels, trainer->Lists, trainer->Padded, trainer->Samples + (first * trainer->Padded), count, trainer->Nearest + first,
        trainer->Scores + first);

    /// <summary>Centroids move to the middle of what is nearest to them. Those of lists that are nearly empty go where it is crowded.</summary>
    public static void EndRound(IvfTrainer* trainer, int round)
    {
        int padded = trainer->Padded;
        long share = Math.Max(1, trainer->SampleCount / trainer->Lists);
        ulong state = trainer->Seed + (ulong)round + 1;
        Sum(trainer);
        for (int list = 0; list < trainer->Lists; list++)
        {
            float* centroid = trainer->Centroids + ((long)list * padded);
            if (trainer->Counts[list] > share / 8)
            {
                float scale = 1f / trainer->Counts[list];
                for (int d = 0; d < padded; d++)
                {
                    centroid[d] *= scale;
                }

                continue;
            }

            // A sample of a list that has too many; a few tries, since most samples are of such lists if there are any. Else it stays.
            Assignment.Take(trainer->Panels, list, padded, centroid);
            for (int attempt = 0; attempt < 32 && trainer->SampleCount > 0; attempt++)
            {
                var sample = (long)(Rotation.Next(ref state) % (ulong)trainer->SampleCount);
                if (trainer->Counts[trainer->Nearest[sample]] > Crowded * share)
                {
                    trainer->Counts[trainer->Nearest[sample]] -= (int)share;
                    new ReadOnlySpan<float>(trainer->Samples + (sample * padded), padded).CopyTo(new Span<float>(centroid, padded));
                    break;
                }
            }
        }
    }

    private static void Sum(IvfTrainer* trainer)
    {
        int padded = trainer->Padded;
        new Span<int>(trainer->Counts, trainer->Lists).Clear();
        for (int list = 0; list < trainer->Lists; list++)
        {
            new Span<float>(trainer->Centroids + ((long)list * padded), padded).Clear();
        }

        for (long i = 0; i < trainer->SampleCount; i++)
        {
            float* from = trainer->Samples + (i * padded);
            float* to = trainer->Centroids + ((long)trainer->Nearest[i] * padded);
            trainer->Counts[trainer->Nearest[i]]++;
            for (int d = 0; d < padded; d += Lanes.Count)
            {
                (Vector512.Load(to + d) + Vector512.Load(from + d)).Store(to + d);
            }
        }
    }
}
