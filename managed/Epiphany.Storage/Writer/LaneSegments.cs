// Storage layer, writer. Segments of integers in the encodings that need nothing but the lanes.

using Epiphany.Encoding;

namespace Epiphany.Storage;

static unsafe class LaneSegments
{
    /// <param name="encoding">Run length, frame of reference, delta, delta of delta or patched.</param>
    /// <param name="values">The vector's lanes.</param>
    /// <param name="rows">How many.</param>
    /// <param name="scratch">Room for as many.</param>
    /// <param name="block">Where the segment is appended.</param>
    internal static void Write(EncodingKind encoding, ulong* values, int rows, ulong* scratch, ByteSink block)
    {
        switch (encoding)
        {
            case EncodingKind.RunLength:
                RunLengthPlan runs = RunLengthEncoder.Measure(values, rows);
                RunLengthEncoder.Write(runs, values, scratch, block.AppendZeros((ulong)runs.Bytes));
                break;

            case EncodingKind.Delta:
                DeltaPlan delta = DeltaEncoder.Measure(values, rows);
                DeltaEncoder.Write(delta, values, scratch, block.AppendZeros((ulong)delta.Bytes));
                break;

            case EncodingKind.DeltaOfDelta:
                PatchedPlan differences = PatchedEncoder.MeasureDifferences(values, rows, scratch);
                PatchedEncoder.Write(differences, values, scratch, block.AppendZeros((ulong)differences.Bytes));
                break;

            case EncodingKind.Patched:
                PatchedPlan patched = PatchedEncoder.Measure(values, rows, 0, scratch);
                PatchedEncoder.Write(patched, values, scratch, block.AppendZeros((ulong)patched.Bytes));
                break;

            default:
                FrameOfReferencePlan frame = FrameOfReferenceEncoder.Measure(values, rows);
                FrameOfReferenceEncoder.Write(frame, values, block.AppendZeros((ulong)frame.Bytes));
                break;
        }
    }
}
