// Encoding layer. Writes frame-of-reference segments.

using Epiphany.Kernels;

namespace Epiphany.Encoding;

/// <summary>Measures, then writes exactly as many bytes as measured.</summary>
public static unsafe class FrameOfReferenceEncoder
{
    public static FrameOfReferencePlan Measure(ulong* values, int count)
    {
        MinMax.Run((long*)values, count, out long min, out long max);
        return new FrameOfReferencePlan((ulong)min, BitPacking.Width((ulong)max - (ulong)min), count);
    }

    public static void Write(FrameOfReferencePlan plan, ulong* values, byte* destination)
    {
        *(FrameOfReferenceHeader*)destination = new FrameOfReferenceHeader { Base = plan.Base, Width = (byte)plan.Width };
        BitPack.Run(values, plan.Count, plan.Base, plan.Width, destination + FrameOfReferenceHeader.Size);
    }
}
