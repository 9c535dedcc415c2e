// Storage layer, contract. What the layer needs from whoever hosts it: memory, bytes of a stored group, block codecs, a way to be
// stopped. It knows nothing else of its host, so that it runs under plain tests.

using Epiphany.Kernels;

namespace Epiphany.Storage;

/// <summary>Unmanaged memory. What is not freed dies with the context behind it, so nothing here needs a finalizer.</summary>
public unsafe interface IMemory
{
    /// <summary>Zeroed, 8-byte aligned; throws <see cref="System.OutOfMemoryException"/> when there is none.</summary>
    byte* Allocate(nuint bytes);

    /// <summary>
    /// Likewise, with whatever lies there: for buffers of which nothing is read that was not written. Those are of a batch's size, and small
    /// queries fill little of them: zeros would be most of the memory that they touch.
    /// </summary>
    byte* AllocateRoom(nuint bytes);

    void Free(byte* p);
}

/// <summary>The bytes of one stored group.</summary>
public unsafe interface IGroupSource
{
    /// <summary>Copies exactly <paramref name="length"/> bytes or throws.</summary>
    void Read(ulong offset, byte* destination, ulong length);

    /// <summary>
    /// Where these bytes lie, if they do as long as whoever reads the group, with <see cref="BitPacking.Slack"/> more that can be read; else null:
    /// they have to be copied.
    /// </summary>
    byte* At(ulong offset, ulong length) => null;

    /// <summary>As <see cref="Read"/>, parts of one length that lie here and there; they come one after another.</summary>
    void ReadParts(ulong* offsets, int count, byte* destination, ulong length)
    {
        for (int i = 0; i < count; i++)
        {
            Read(offsets[i], destination + (length * (ulong)i), length);
        }
    }
}

/// <summary>Columns of a group whose chunks lie elsewhere: of those it has itself the footer and the indexes only.</summary>
public interface IColdColumns
{
    /// <summary>A group of that column alone, with the same rows, readable as long as the cold one.</summary>
    IGroupSource Open(int column, out GroupLocation location);
}

/// <summary>LZ4 and ZSTD as the host links them.</summary>
public unsafe interface IBlockCodec
{
    bool Available(Codec c);

    /// <summary>Room that <see cref="Compress"/> may need at most.</summary>
    long Bound(Codec c, long n);

    /// <summary>Bytes written, or -1.</summary>
    long Compress(Codec c, int level, byte* src, long n, byte* dst, long cap);

    /// <summary>Bytes written, or -1 for bad input.</summary>
    long Decompress(Codec c, byte* src, long n, byte* dst, long cap);
}

/// <summary>Lets a long loop be stopped; polled at least once per vector.</summary>
public interface IInterrupts
{
    /// <summary>Returns, or throws what stops the work.</summary>
    void Poll();
}
