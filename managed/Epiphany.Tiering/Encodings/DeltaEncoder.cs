// Tiering layer, encodings. Writes DELTA_BINARY_PACKED in the blocks that everybody reads: 128 values, four small blocks of 32.

using System.Numerics;
using Epiphany.Kernels;
using Epiphany.Storage;

namespace Epiphany.Tiering;

static unsafe class DeltaEncoder
{
    const int Block = 128;
    const int Miniblocks = 4;
    const int Mini = Block / Miniblocks;

    /// <summary>Differences of 32-bit values wrap as those do, so that no small block is wider than 32 bits.</summary>
    internal static void Run(ulong* values, int count, bool narrow, ByteSink sink)
    {
        var writer = new CompactWriter(sink);
        writer.Varint(Block);
        writer.Varint(Miniblocks);
        writer.Varint((ulong)count);
        writer.Number(count > 0 ? (long)values[0] : 0);
        ulong* differences = stackalloc ulong[Block];
        for (int at = 1; at < count; at += Block)
        {
            int rows = int.Min(Block, count - at);
            long smallest = long.MaxValue;
            for (int i = 0; i < rows; i++)
            {
                ulong difference = values[at + i] - values[at + i - 1];
                differences[i] = narrow ? (ulong)(int)difference : difference;
                smallest = long.Min(smallest, (long)differences[i]);
            }

            writer.Number(smallest);
            Pack(differences, rows, (ulong)smallest, narrow, sink);
        }
    }

    static void Pack(ulong* differences, int rows, ulong smallest, bool narrow, ByteSink sink)
    {
        byte* widths = sink.Reserve(Miniblocks + Block * sizeof(ulong) + BitPacking.Slack);
        byte* at = widths + Miniblocks;
        for (int m = 0; m < Miniblocks; m++)
        {
            ulong all = 0;
            int from = m * Mini;
            int length = int.Clamp(rows - from, 0, Mini);
            for (int i = from; i < from + length; i++)
            {
                differences[i] -= smallest;
                differences[i] = narrow ? (uint)differences[i] : differences[i];
                all |= differences[i];
            }

            // Rows past the end are packed as zeros.
            for (int i = from + length; i < from + Mini; i++)
            {
                differences[i] = 0;
            }

            int width = 64 - BitOperations.LeadingZeroCount(all);
            widths[m] = (byte)width;
            if (length > 0)
            {
                BitPack.Run(differences + from, Mini, 0, width, at);
                at += Mini / 8 * width;
            }
        }

        sink.Commit((ulong)(at - widths));
    }
}
