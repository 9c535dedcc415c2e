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
        _codes.Clear();
        for (int i = 0; i < rows; i++)
        {
            uint length = _column.Lengths[first + i];
            byte* to = _codes.Reserve(Fsst.MaxEncoded(length) + 1);
            lengths[i] = (uint)_encoder.Encode((byte*)_column.Values[first + i], length, to);
            _codes.Commit(lengths[i]);
        }

        // Only now the codes stay where they are.
        ulong next = (ulong)_codes.Bytes;
        for (int i = 0; i < rows; i++)
        {
            addresses[i] = next;
            next += lengths[i];
        }

        PlainBytesPlan plan = PlainBytesEncoder.Measure(lengths, rows);
        PlainBytesEncoder.Write(plan, addresses, lengths, lanes, block.Reserve(plan.Bytes));
        block.Commit(plan.Bytes);
    }

    internal void Free() => _codes.Free();
}
