// Encoding layer. Picks the encoding of a chunk of numbers. Sizes are measured, not guessed, but for the dictionary, whose building is
// preceded by a sample; the same values always give the same choice.

using Epiphany.Kernels;

namespace Epiphany.Encoding;

/// <summary>Bytes that each encoding would take, added up vector by vector.</summary>
public unsafe struct LaneChooser
{
    /// <summary>Every so many vectors, the dearer encodings are measured, too.</summary>
    const int SampleStep = 8;

    int _vectors;
    long _sampledFrame;
    long _sampledDelta;
    long _sampledPatched;
    long _sampledDifferences;
    long _frameOfReference;
    long _delta;
    long _runLength;
    long _plain;
    long _bitmap;

    /// <summary>Adds a vector; <paramref name="present"/> of its rows are not null, and its null rows repeat a neighbour.</summary>
    public void Add(ulong* values, int count, int present, int plainWidth, ulong* scratch)
    {
        // What the encoders' own measuring says, in two passes for all three.
        MinMax.Run((long*)values, count, out long min, out long max);
        Neighbours.Run(values, count, out int changes, out long smallest, out long largest);
        int width = BitPacking.Width((ulong)max - (ulong)min);
        long frame = new FrameOfReferencePlan((ulong)min, width, count).Bytes;
        long delta = new DeltaPlan(values[0], (ulong)smallest, BitPacking.Width((ulong)largest - (ulong)smallest), count).Bytes;
        _frameOfReference += frame;
        _delta += delta;
        _runLength += new RunLengthPlan(changes + 1, (ulong)min, width, count).Bytes;
        if (_vectors++ % SampleStep == 0)
        {
            _sampledFrame += frame;
            _sampledDelta += delta;
            _sampledPatched += IsPromising(PatchedEncoder.Estimate(values, count, 0), frame)
                ? PatchedEncoder.Measure(values, count, 0, scratch).Bytes
                : frame;
            // Where differences are small, what keeps some of them apart can take far less than a few rows tell.
            _sampledDifferences += delta < frame / 4 * 3
                || IsPromising(PatchedEncoder.Estimate(values, count, 1), frame)
                || IsPromising(PatchedEncoder.Estimate(values, count, 2), frame)
                    ? PatchedEncoder.MeasureDifferences(values, count, scratch).Bytes
                    : delta;
        }

        _plain += PlainLanes.Bytes(present, plainWidth);
        _bitmap += PackedLanes.Bytes(count, 1);
    }

    /// <summary>The best without a dictionary, for a chunk of more than one distinct value.</summary>
    public readonly EncodingKind Choose(LaneDomain domain, out long bytes)
    {
        EncodingKind kind;
        (kind, bytes) = domain switch
        {
            LaneDomain.Bits => (EncodingKind.Bitmap, _bitmap),
            LaneDomain.Integers => (EncodingKind.FrameOfReference, _frameOfReference),
            _ => (EncodingKind.Plain, _plain),
        };

        // Runs decode as fast, and a single row costs a search: any gain will do.
        if (_runLength < bytes)
        {
            (kind, bytes) = (EncodingKind.RunLength, _runLength);
        }

        // A single row costs the rows before it: a quarter must be gained.
        if (domain == LaneDomain.Integers && _delta < bytes / 4 * 3)
        {
            (kind, bytes) = (EncodingKind.Delta, _delta);
        }

        // Keeping some values apart never costs much, so what a sample promises for all is safe. A search in them must gain a tenth.
        if (domain == LaneDomain.Integers)
        {
            long patched = Scaled(_frameOfReference, _sampledPatched, _sampledFrame);
            if (patched < bytes / 10 * 9)
            {
                (kind, bytes) = (EncodingKind.Patched, patched);
            }

            long differences = Scaled(_delta, _sampledDifferences, _sampledDelta);
            if (differences < (kind == EncodingKind.Delta ? bytes / 10 * 9 : bytes / 4 * 3))
            {
                (kind, bytes) = (EncodingKind.DeltaOfDelta, differences);
            }
        }

        return kind;
    }

    /// <summary>A tenth, or a quarter, must be gained in the end; an estimate may be somewhat off.</summary>
    static bool IsPromising(long estimate, long frame) => estimate < frame / 20 * 19;

    static long Scaled(long all, long part, long whole) => (long)((System.Int128)all * part / whole);

    /// <summary>Whether a dictionary could gain enough to be worth a try: above half a byte a row.</summary>
    public static bool TryDictionary(LaneDomain domain, long bestBytes, int rows) => domain != LaneDomain.Bits && bestBytes > rows / 2;

    /// <summary>A dictionary costs a look-up a row: it must gain a tenth. That is no more than ALP costs.</summary>
    public static bool PreferDictionary(long dictionaryBytes, long bestBytes, EncodingKind best) =>
        best == EncodingKind.Alp ? dictionaryBytes <= bestBytes : dictionaryBytes < bestBytes / 10 * 9;

    /// <summary>What differs from the row before is decoded bit by bit, and a single row costs those before it: it must gain a fifth.</summary>
    public static bool PreferGorilla(long gorillaBytes, long bestBytes) => gorillaBytes < bestBytes / 5 * 4;

    /// <summary>ALP costs two multiplications a row: it must gain a tenth.</summary>
    public static bool PreferAlp(long alpBytes, long bestBytes) => alpBytes < bestBytes / 10 * 9;
}

/// <summary>What a chunk's lanes mean to the encodings.</summary>
public enum LaneDomain
{
    /// <summary>0 or 1.</summary>
    Bits,

    Integers,

    /// <summary>Bits of floats: their differences mean nothing.</summary>
    Floats,
}
