// Test support. A host without PostgreSQL: bytes from an array, Brotli in the place of LZ4 and ZSTD, interrupts on demand.

using System;
using System.IO.Compression;

namespace Epiphany.Storage.Tests;

sealed unsafe class ArraySource(byte[] bytes) : IGroupSource
{
    internal int Reads { get; private set; }

    public void Read(ulong offset, byte* destination, ulong length)
    {
        Reads++;
        bytes.AsSpan(checked((int)offset), checked((int)length)).CopyTo(new Span<byte>(destination, (int)length));
    }
}

sealed unsafe class TestCodec : IBlockCodec
{
    internal bool IsAvailable { get; init; } = true;

    public bool Available(Codec c) => IsAvailable;

    public long Bound(Codec c, long n) => BrotliEncoder.GetMaxCompressedLength((int)n);

    public long Compress(Codec c, int level, byte* src, long n, byte* dst, long cap) =>
        BrotliEncoder.TryCompress(new ReadOnlySpan<byte>(src, (int)n), new Span<byte>(dst, (int)cap), out int written, 1, 22)
            ? written
            : -1;

    public long Decompress(Codec c, byte* src, long n, byte* dst, long cap) =>
        BrotliDecoder.TryDecompress(new ReadOnlySpan<byte>(src, (int)n), new Span<byte>(dst, (int)cap), out int written) ? written : -1;
}

sealed class CountingInterrupts : IInterrupts
{
    internal int Polls { get; private set; }

    internal int StopAt { get; init; } = int.MaxValue;

    public void Poll()
    {
        if (++Polls >= StopAt)
        {
            throw new OperationCanceledException();
        }
    }
}
