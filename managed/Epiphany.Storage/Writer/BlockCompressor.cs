// Storage layer, writer. Block compression as the options ask for it, and where it pays.

namespace Epiphany.Storage;

sealed unsafe class BlockCompressor(WriterOptions options, IBlockCodec codec)
{
    /// <summary>A block without codec: about a page, so that a single row costs little.</summary>
    internal const ulong PlainBlockBytes = 8 * 1024;

    /// <summary>A block with LZ4: it looks back over 64 kB, but half of that finds nearly as much, and a row costs a whole block.</summary>
    const ulong Lz4BlockBytes = 32 * 1024;

    /// <summary>A block with ZSTD, which needs more to learn from.</summary>
    const ulong ZstdBlockBytes = 64 * 1024;

    /// <summary>A codec must save one part in so many.</summary>
    const ulong LeastSaving = 10;

    internal Codec Codec => options.Codec;

    /// <summary>How long blocks should be that the codec pays for.</summary>
    internal ulong BlockBytes => options.Codec == Codec.Lz4 ? Lz4BlockBytes : ZstdBlockBytes;

    /// <summary>Puts the block compressed into <paramref name="room"/>; says its length, 0 if that saves little.</summary>
    internal ulong Try(ByteSink block, ByteSink room)
    {
        if (options.Codec == Codec.None || block.Length == 0 || block.Length > long.MaxValue / 2)
        {
            return 0;
        }

        long bound = codec.Bound(options.Codec, (long)block.Length);
        if (bound <= 0)
        {
            return 0;
        }

        room.Clear();
        long written = codec.Compress(options.Codec, options.Level, block.Bytes, (long)block.Length, room.Reserve((ulong)bound), bound);
        return written > 0 && (ulong)written < block.Length - (block.Length / LeastSaving) ? (ulong)written : 0;
    }
}
