// Storage layer, writer. Dictionaries of by-reference kinds: made of values, or of those that the values came with.

using Epiphany.Encoding;

namespace Epiphany.Storage;

sealed unsafe partial class BytesChunkEncoder
{
    /// <summary>
    /// Where rows came as numbers of entries, and a dictionary is wanted: how many entries rows have. Rows that stand for entries are then those of
    /// entries. Else 0, and all rows have their values.
    /// </summary>
    int OrderEntries()
    {
        int used = 0;
        if (_column.Numbers != null && options.Known == EncodingKind.Dictionary)
        {
            BytesKeys entries = new(_column.Values, _column.Lengths, null);
            used = DictionaryBuilder.Order(entries, _column.Entries, _column.Numbers, _column.Nulls, _column.Rows, scratch.Dictionary);
        }

        if (used == 0)
        {
            _column.Expand();
        }

        return used;
    }

    int BuildDictionary(BytesKeys keys, bool isDecimal) =>
        isDecimal && _decimals.AreNumbered
            ? DictionaryBuilder.Build(new NumberedKeys(_decimals.Integers, keys), _column.Rows, scratch.Dictionary)
            : DictionaryBuilder.Build(keys, _column.Rows, scratch.Dictionary);

    void NoteEntries(int entries, ColumnEntry* entry, out int min, out int max)
    {
        min = (int)scratch.Dictionary.EntryRows[0];
        max = (int)scratch.Dictionary.EntryRows[entries - 1];
        entry->DistinctCount = (uint)entries;
    }

    ulong SharedBytes(int entries)
    {
        GatherEntries(entries, out _, out uint* lengths, out _);
        return DictionaryOfBytes.HeaderSize
            + (IsFixed ? (ulong)entries * (ulong)_column.Shape.FixedLength : PlainBytesEncoder.Measure(lengths, entries).Bytes);
    }

    void GatherEntries(int entries, out ulong* addresses, out uint* lengths, out ulong* lanes)
    {
        scratch.Entries(out addresses, out lengths, out lanes);
        uint* rows = scratch.Dictionary.EntryRows;
        for (int i = 0; i < entries; i++)
        {
            addresses[i] = _column.Values[rows[i]];
            lengths[i] = _column.Lengths[rows[i]];
        }
    }

    void WriteDictionary(ByteSink block)
    {
        GatherEntries(_entries, out ulong* addresses, out uint* lengths, out ulong* lanes);
        DictionaryOfBytes.WriteHeader(_entries, block.AppendZeros(DictionaryOfBytes.HeaderSize));
        if (IsFixed)
        {
            ulong bytes = (ulong)_entries * (ulong)_column.Shape.FixedLength;
            DictionaryOfBytes.WriteFixed(addresses, _entries, _column.Shape.FixedLength, block.Reserve(bytes));
            block.Commit(bytes);
        }
        else
        {
            PlainBytesPlan plan = PlainBytesEncoder.Measure(lengths, _entries);
            PlainBytesEncoder.Write(plan, addresses, lengths, lanes, block.Reserve(plan.Bytes));
            block.Commit(plan.Bytes);
        }

        block.Align();
    }
}
