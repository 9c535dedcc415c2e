// Storage layer, contract. How a row group is to be written, and what comes out.

using Epiphany.Encoding;

namespace Epiphany.Storage;

/// <summary>
/// The group is full at <paramref name="MaxRows"/> rows, or where finishing it will take <paramref name="MaxBytes"/> bytes of memory,
/// whichever comes first. <paramref name="Codes"/>: vectors get codes beside them.
/// <paramref name="Known"/>, if not 0, is what chunks are encoded in without others being measured, where it can hold the values; symbols are not
/// made, as that is dear: strings are plain then, and without bounds.
/// </summary>
public readonly record struct WriterOptions(
    Codec Codec, int Level, int MaxRows, ulong MaxBytes, bool Codes = false, EncodingKind Known = 0);

/// <summary>A finished row group in the writer's memory: addresses of segments, all of one length but for the last one's end.</summary>
public readonly unsafe struct GroupImage
{
    internal GroupImage(ulong* segments, ulong length, ulong footerOffset, uint footerLength, int rows)
    {
        Segments = segments;
        Length = length;
        FooterOffset = footerOffset;
        FooterLength = footerLength;
        Rows = rows;
    }

    public ulong* Segments { get; }

    public static ulong SegmentBytes => ImageSink.SegmentBytes;

    public ulong Length { get; }

    public ulong FooterOffset { get; }

    public uint FooterLength { get; }

    public int Rows { get; }
}
