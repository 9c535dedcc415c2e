// Tiering layer, codecs. Compression of pages by the codec's number in the file. ZSTD and LZ4 are the host's; gzip and Snappy are only read.

using System;
using Epiphany.Storage;

namespace Epiphany.Tiering;

static unsafe class PageCompressor
{
    /// <summary>Refuses a codec before any of its pages is read.</summary>
    internal static void Check(PageCodec codec, IBlockCodec host)
    {
        switch (codec)
        {
            case PageCodec.None:
            case PageCodec.Snappy:
            case PageCodec.Gzip:
                return;
            case PageCodec.Zstd when host.Available(Codec.Zstd):
            case PageCodec.Lz4Raw when host.Available(Codec.Lz4):
                return;
            case PageCodec.Zstd:
            case PageCodec.Lz4Raw:
                Throw.Unsupported($"its pages are compressed with {Name(codec)}, whose library this server does not have");
                return;
            default:
                Throw.Unsupported($"its pages are compressed with {Name(codec)}");
                return;
        }
    }

    /// <summary>Fills all of the destination; anything else is damage.</summary>
    internal static void Decompress(PageCodec codec, IBlockCodec host, byte* source, int length, byte* destination, int capacity)
    {
        var input = new ReadOnlySpan<byte>(source, length);
        var output = new Span<byte>(destination, capacity);
        bool good;
        switch (codec)
        {
            case PageCodec.None:
                good = length == capacity;
                if (good)
                {
                    input.CopyTo(output);
                }

                break;
            case PageCodec.Snappy:
                good = Snappy.Decompress(input, output);
                break;
            case PageCodec.Gzip:
                good = Inflate.Gunzip(input, output);
                break;
            default:
                Codec block = codec == PageCodec.Zstd ? Codec.Zstd : Codec.Lz4;
                good = host.Decompress(block, source, length, destination, capacity) == capacity;
                break;
        }

        if (!good)
        {
            Throw.Bad("a page does not decompress to what it should");
        }
    }

    internal static PageCodec Of(Codec codec) => codec switch
    {
        Codec.Zstd => PageCodec.Zstd,
        Codec.Lz4 => PageCodec.Lz4Raw,
        _ => PageCodec.None,
    };

    static string Name(PageCodec codec) => codec switch
    {
        PageCodec.Zstd => "ZSTD",
        PageCodec.Lz4Raw => "LZ4_RAW",
        PageCodec.Lz4Hadoop => "LZ4 in Hadoop's framing",
        PageCodec.Brotli => "Brotli",
        PageCodec.Lzo => "LZO",
        _ => $"codec {(int)codec}",
    };
}
