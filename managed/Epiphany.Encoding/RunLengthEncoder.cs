// Encoding layer. Writes run-length segments.

using Epiphany.Kernels;

namespace Epiphany.Encoding;

/// <summary>Measures, then writes exactly as many bytes as measured.</summary>
public static unsafe class RunLengthEncoder
{
    /// <summary>Ends are 16 bits wide.</summary>
    public const int MaxCount = ushort.MaxValue;

    public static RunLengthPlan Measure(ulong* values, int count)
    {
        MinMax.Run((long*)values, count, out long min, out long max);
        Neighbours.Run(values, count, out int changes, out _, out _);
        return new RunLengthPlan(changes + 1, (ulong)min, BitPacking.Width((ulong)max - (ulong)min), count);
    }

    /// <param name="plan">What <see cref="Measure"/> said of the same values.</param>
    /// <param name="values">The values.</param>
    /// <param name="scratch">Room for as many lanes as there are values.</param>
    /// <param name="destination">Room for the plan's bytes.</param>
    public static void Write(RunLengthPlan plan, ulong* values, ulong* scratch, byte* destination)
    {
        *(RunLengthHeader*)destination =
            new RunLengthHeader { Base = plan.Base, Runs = (ushort)plan.Runs, Width = (byte)plan.Width };
        ushort* ends = (ushort*)(destination + RunLengthHeader.Size);
        byte* packed = (byte*)ends + RunLengthHeader.EndsBytes(plan.Runs);
        int run = 0;
        for (int i = 0; i < plan.Count; i++)
        {
            if (i + 1 == plan.Count || values[i + 1] != values[i])
            {
                scratch[run] = values[i];
                ends[run++] = (ushort)(i + 1);
            }
        }

        for (byte* pad = (byte*)(ends + plan.Runs); pad < packed; pad++)
        {
            *pad = 0;
        }

        BitPack.Run(scratch, plan.Runs, plan.Base, plan.Width, packed);
    }
}
