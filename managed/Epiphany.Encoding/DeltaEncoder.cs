// Encoding layer. Writes delta segments.

using Epiphany.Kernels;

namespace Epiphany.Encoding;

/// <summary>Measures, then writes exactly as many bytes as measured.</summary>
public static unsafe class DeltaEncoder
{
    public static DeltaPlan Measure(ulong* values, int count)
    {
        Neighbours.Run(values, count, out _, out long min, out long max);
        return new DeltaPlan(values[0], (ulong)min, BitPacking.Width((ulong)max - (ulong)min), count);
    }

    /// <param name="plan">What <see cref="Measure"/> said of the same values.</param>
    /// <param name="values">The values.</param>
    /// <param name="scratch">Room for as many lanes as there are values.</param>
    /// <param name="destination">Room for the plan's bytes.</param>
    public static void Write(DeltaPlan plan, ulong* values, ulong* scratch, byte* destination)
    {
        *(DeltaHeader*)destination = new DeltaHeader { First = plan.First, Step = plan.Step, Width = (byte)plan.Width };
        scratch[0] = plan.Step;
        for (int i = 1; i < plan.Count; i++)
        {
            scratch[i] = values[i] - values[i - 1];
        }

        BitPack.Run(scratch, plan.Count, plan.Step, plan.Width, destination + DeltaHeader.Size);
    }
}
