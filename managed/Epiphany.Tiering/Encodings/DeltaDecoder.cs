// Tiering layer, encodings. Reads DELTA_BINARY_PACKED: differences in blocks, less the smallest one, packed by small blocks. Bytes are hostile.

using Epiphany.Kernels;

namespace Epiphany.Tiering;

static unsafe class DeltaDecoder
{
    /// <summary>Larger blocks nobody writes.</summary>
    const int MostBlock = 1 << 16;

    /// <summary>
    /// Exactly <paramref name="count"/> values, which the head must agree with; 32-bit ones wrap as those. Returns where they end.
    /// </summary>
    internal static byte* Run(byte* start, byte* end, int count, bool narrow, ulong* destination)
    {
        var reader = new CompactReader(start, end - start);
        ulong block = reader.Varint();
        ulong miniblocks = reader.Varint();
        ulong total = reader.Varint();
        ulong value = (ulong)reader.Int64();
        if (block is 0 or > MostBlock || miniblocks == 0 || block % miniblocks != 0 || block / miniblocks % 32 != 0)
        {
            Throw.Bad("a page of differences has impossible blocks");
        }

        if (total != (ulong)count)
        {
            Throw.Bad("a page of differences has another number of values");
        }

        byte* at = start + reader.Position;
        int mini = (int)(block / miniblocks);
        int done = 0;
        if (count > 0)
        {
            destination[done++] = Narrow(value, narrow);
        }

        while (done < count)
        {
            reader = new CompactReader(at, end - at);
            ulong smallest = (ulong)reader.Int64();
            byte* widths = at + reader.Position;
            if (end - widths < (long)miniblocks)
            {
                Throw.Bad("a page of differences ends early");
            }

            at = widths + miniblocks;
            for (int m = 0; m < (int)miniblocks && done < count; m++)
            {
                int width = widths[m];
                int rows = int.Min(mini, count - done);
                long bytes = (long)mini / 8 * width;
                if (width > 64 || ((long)rows * width + 7) / 8 > end - at)
                {
                    Throw.Bad("a page of differences ends early");
                }

                BitUnpack.Run(at, rows, width, smallest, destination + done);
                for (int i = 0; i < rows; i++)
                {
                    value += destination[done + i];
                    destination[done + i] = Narrow(value, narrow);
                }

                done += rows;
                at += long.Min(bytes, end - at);
            }
        }

        return at;
    }

    static ulong Narrow(ulong value, bool narrow) => narrow ? (ulong)(int)value : value;
}
