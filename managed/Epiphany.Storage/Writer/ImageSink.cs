// Storage layer, writer. The bytes of a group in the making, in segments: it grows to what it needs, and what is there never moves.

using System.Runtime.InteropServices;
using Epiphany.Kernels;

namespace Epiphany.Storage;

/// <summary>Appends bytes, and lets those that are there be written over.</summary>
sealed unsafe class ImageSink(IMemory memory)
{
    internal const ulong SegmentBytes = 256 * 1024;

    byte** _segments;
    ulong _count;
    ulong _places;

    /// <summary>Addresses of the segments, all of them full but the last one.</summary>
    internal byte** Segments => _segments;

    internal ulong Length { get; private set; }

    internal void Append(byte* source, ulong bytes)
    {
        Reserve(bytes);
        Overwrite(Length - bytes, source, bytes);
    }

    internal void AppendZeros(ulong bytes)
    {
        Reserve(bytes);
        ulong at = Length - bytes;
        while (at < Length)
        {
            ulong within = at % SegmentBytes;
            ulong share = ulong.Min(Length - at, SegmentBytes - within);
            NativeMemory.Clear(_segments[at / SegmentBytes] + within, (nuint)share);
            at += share;
        }
    }

    void Reserve(ulong bytes)
    {
        Length = checked(Length + bytes);
        while (_count * SegmentBytes < Length)
        {
            AddSegment();
        }
    }

    internal void Overwrite(ulong at, byte* source, ulong bytes)
    {
        while (bytes > 0)
        {
            ulong within = at % SegmentBytes;
            ulong share = ulong.Min(bytes, SegmentBytes - within);
            NativeMemory.Copy(source, _segments[at / SegmentBytes] + within, (nuint)share);
            at += share;
            source += share;
            bytes -= share;
        }
    }

    internal void Align() => AppendZeros(GroupFormat.Align(Length) - Length);

    internal void Free()
    {
        for (ulong i = 0; i < _count; i++)
        {
            memory.Free(_segments[i]);
        }

        if (_segments != null)
        {
            memory.Free((byte*)_segments);
        }

        _segments = null;
        _count = _places = Length = 0;
    }

    void AddSegment()
    {
        if (_count == _places)
        {
            _places = ulong.Max(16, _places * 2);
            _segments = (byte**)memory.Grow((byte*)_segments, (nuint)(_count * (ulong)sizeof(byte*)), (nuint)(_places * (ulong)sizeof(byte*)));
        }

        // Who reads the image where it lies unpacks it there.
        _segments[_count++] = memory.AllocateRoom((nuint)SegmentBytes + BitPacking.Slack);
    }
}
