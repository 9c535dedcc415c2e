// Storage layer, writer. Codes of a vector's rows, whatever the dictionary holds.

using Epiphany.Encoding;

namespace Epiphany.Storage;

static unsafe class DictionaryCodes
{
    internal static void Write(WriterScratch scratch, int entries, int firstRow, int rows, ByteSink block)
    {
        uint* codes = scratch.Dictionary.Codes + firstRow;
        ulong* lanes = scratch.Lanes;
        for (int i = 0; i < rows; i++)
        {
            lanes[i] = codes[i];
        }

        int width = PackedLanes.CodeWidth((uint)entries);
        PackedLanes.Encode(lanes, rows, width, block.AppendZeros((ulong)PackedLanes.Bytes(rows, width)));
    }
}
