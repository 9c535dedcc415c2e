// Storage layer, writer. A chunk of strings coded with a symbol table (FSST): the table from a sample, what it promises, and the bytes.

using Epiphany.Encoding;

namespace Epiphany.Storage;

sealed unsafe class SymbolChunk(WriterScratch scratch, IMemory memory)
{
    /// <summary>Longer strings are left to the codec, which sees what repeats within them; and working memory stays small.</summary>
    const uint LongestString = 1024 * 1024;

    /// <summary>Rows are sampled at this step (modulo their number), which is prime and far from even parts of a chunk.</summary>
    const ulong SampleStep = 0x9E3779B1;

    readonly ByteSink _codes = new(memory);
    FsstBuilder? _builder;
    FsstEncoder _encoder;
    ColumnBuffer _column = null!;

    /// <summary>About how many bytes the chunk will take; false where a table promises too little to try.</summary>
    internal bool TryPlan(ColumnBuffer column, ulong plainBytes, out ulong bytes)
    {
        _column = column;
        bytes = 0;
        if (column.RawBytes < FsstBuilder.MinBytes)
        {
            return false;
        }

        for (int row = 0; row < column.Rows; row++)
        {
            if (column.Lengths[row] > LongestString)
            {
                return false;
            }
        }

        _builder ??= new FsstBuilder(scratch.Symbols);
        _builder.Clear();
        ulong at = 0;
        for (int taken = 0; taken < column.Rows; taken++)
        {
            at = (at + SampleStep) % (ulong)column.Rows;
            if (!_builder.Add((byte*)column.Values[at], column.Lengths[at]))
            {
                break;
            }
        }

        _encoder = _builder.Build(out int sampled, out int coded);
        bytes = plainBytes - column.RawBytes + (ulong)_encoder.TableBytes + (column.RawBytes * (ulong)coded / (ulong)sampled);
        return bytes < plainBytes / 10 * 8;
    }

    internal void WriteShared(ByteSink block)
    {
        _encoder.WriteTable(block.AppendZeros((ulong)_encoder.TableBytes));
        block.Align();
    }

    internal void WriteVector(int first, int rows, ByteSink block)
    {
        scratch.Entries(out ulong* addresses, out uint* lengths, out ulong* lanes);
        ulong bytes = 0;
        for (int i = 0; i < rows; i++)
        {
            addresses[i] = _column.Values[first + i];
            lengths[i] = _column.Lengths[first + i];
            bytes += lengths[i];
        }

        _encoder.Encode(addresses, lengths, rows, _codes.Reserve(Fsst.MaxEncoded(bytes)));
        PlainBytesPlan plan = PlainBytesEncoder.Measure(lengths, rows);
        PlainBytesEncoder.Write(plan, addresses, lengths, lanes, block.Reserve(plan.Bytes));
        block.Commit(plan.Bytes);
        _codes.Clear();
    }

    /// <summary>The table's memory is the scratch's, which goes too.</summary>
    internal void Free()
    {
        _codes.Free();
        _builder = null;
    }
}
