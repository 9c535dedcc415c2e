// Storage layer, writer. Encodes a chunk of a by-reference kind.

using System.Runtime.InteropServices;
using Epiphany.Encoding;

namespace Epiphany.Storage;

sealed unsafe class BytesChunkEncoder(WriterScratch scratch, BlockCompressor compressor, IMemory memory) : ChunkEncoder
{
    /// <summary>Bytes of strings that are encoded both ways to see whether symbols pay: what a codec looks back on.</summary>
    const ulong TrialBytes = 64 * 1024;

    readonly DecimalChunk _decimals = new(scratch);
    readonly SymbolChunk _symbols = new(scratch, memory);
    readonly ByteSink _trial = new(memory);
    readonly ByteSink _room = new(memory);
    ColumnBuffer _column = null!;
    VectorEntry* _vectors;
    int _constantRow;
    int _entries;

    /// <summary>Of one length: no offsets are stored, and null rows take no room.</summary>
    bool IsFixed => _column.Shape.Kind == ColumnKind.FixedBytes;

    internal override ulong Plan(ColumnBuffer column, ColumnEntry* entry, VectorEntry* vectors)
    {
        _column = column;
        _vectors = vectors;
        _entries = 0;
        Encoding = EncodingKind.Constant;
        if (column.NullCount == column.Rows)
        {
            return 0;
        }

        BytesKeys keys = new(column.Values, column.Lengths, column.Nulls);
        BytesZones.Find(column, keys, out int min, out int max);
        bool isNumeric = column.Shape.Kind == ColumnKind.Numeric;
        bool isDecimal = isNumeric && _decimals.TryRead(column, entry, vectors);
        if (!isNumeric)
        {
            // The order of a NUMERIC's bytes says nothing of its value, nor does equality of the bytes.
            BytesZones.Store(column, entry, min, max);
        }

        if (keys.Same(min, max))
        {
            _constantRow = min;
            entry->DistinctCount = 1;
            return column.Lengths[min];
        }

        Encoding = EncodingKind.Plain;
        ulong plain = PlainBytes(out ulong rowsWithCode);
        ulong best = plain;
        if (isDecimal && _decimals.Plan(vectors) is ulong decimals && decimals < best)
        {
            Encoding = EncodingKind.Decimal;
            best = decimals;
        }

        if (best > (ulong)column.Rows / 2)
        {
            best = TryDictionary(keys, isDecimal && _decimals.AreNumbered, entry, rowsWithCode, best);
        }

        return !IsFixed && best > plain / 2 && TrySymbols(plain, best, out ulong symbols) ? symbols : best;
    }

    internal override void WriteShared(ByteSink block)
    {
        if (Encoding == EncodingKind.Constant && _column.NullCount != _column.Rows)
        {
            block.Append((byte*)_column.Values[_constantRow], _column.Lengths[_constantRow]);
        }
        else if (Encoding == EncodingKind.Dictionary)
        {
            WriteDictionary(block);
        }
        else if (Encoding == EncodingKind.Decimal)
        {
            _decimals.WriteShared(block);
        }
        else if (Encoding == EncodingKind.Fsst)
        {
            _symbols.WriteShared(block);
        }
    }

    internal override void WriteVector(int vector, ByteSink block)
    {
        int rows = GroupFormat.RowsOf(_column.Rows, vector);
        int first = vector * GroupFormat.VectorRows;
        if (Encoding == EncodingKind.Dictionary)
        {
            DictionaryCodes.Write(scratch, _entries, first, rows, block);
        }
        else if (Encoding == EncodingKind.Decimal)
        {
            _decimals.WriteVector(first, rows, block);
        }
        else if (Encoding == EncodingKind.Fsst)
        {
            _symbols.WriteVector(first, rows, block);
        }
        else if (Encoding == EncodingKind.Plain && IsFixed)
        {
            WriteFixed(first, rows, block);
        }
        else if (Encoding == EncodingKind.Plain)
        {
            WritePlain(first, rows, block);
        }
    }

    internal void Free()
    {
        _symbols.Free();
        _trial.Free();
        _room.Free();
    }

    /// <summary>Takes a dictionary where it beats so many bytes; says what the best takes.</summary>
    ulong TryDictionary(BytesKeys keys, bool areNumbered, ColumnEntry* entry, ulong rowsWithCode, ulong best)
    {
        int entries = areNumbered
            ? DictionaryBuilder.Build(new NumberedKeys(_decimals.Integers, keys), _column.Rows, scratch.Dictionary)
            : DictionaryBuilder.Build(keys, _column.Rows, scratch.Dictionary);
        if (entries == 0)
        {
            return best;
        }

        entry->DistinctCount = (uint)entries;
        ulong dictionary = SharedBytes(entries) + (rowsWithCode * (ulong)PackedLanes.CodeWidth((uint)entries) / 8);
        if (dictionary >= best)
        {
            return best;
        }

        Encoding = EncodingKind.Dictionary;
        _entries = entries;
        return dictionary;
    }

    /// <summary>
    /// Takes symbols where they gain a tenth over what was best so far, and where, after the codec, some rows take less than as plain strings:
    /// any gain will do there, as blocks hold fewer rows before the codec.
    /// </summary>
    bool TrySymbols(ulong plain, ulong best, out ulong bytes)
    {
        if (!_symbols.TryPlan(_column, plain, out bytes) || bytes >= best / 10 * 9)
        {
            return false;
        }

        int rows = 0;
        ulong taken = 0;
        int first = (GroupFormat.Vectors(_column.Rows) - 1) / 2 * GroupFormat.VectorRows;
        while (rows < GroupFormat.RowsOf(_column.Rows, first / GroupFormat.VectorRows) && taken < TrialBytes)
        {
            taken += _column.Lengths[first + rows++];
        }

        _trial.Clear();
        WritePlain(first, rows, _trial);
        ulong without = Compressed();
        _trial.Clear();
        _symbols.WriteVector(first, rows, _trial);
        ulong with = Compressed();
        if (with >= without)
        {
            return false;
        }

        Encoding = EncodingKind.Fsst;
        return true;
    }

    ulong Compressed()
    {
        _room.Clear();
        ulong compressed = compressor.Try(_trial, _room);
        return compressed == 0 ? _trial.Length : compressed;
    }

    void WritePlain(int first, int rows, ByteSink block)
    {
        PlainBytesPlan plan = PlainBytesEncoder.Measure(_column.Lengths + first, rows);
        byte* at = block.Reserve(plan.Bytes);
        PlainBytesEncoder.Write(plan, _column.Values + first, _column.Lengths + first, scratch.Lanes, at);
        block.Commit(plan.Bytes);
    }

    /// <summary>What plain segments will take, and the rows of the vectors that have any.</summary>
    ulong PlainBytes(out ulong rowsOfVectors)
    {
        ulong bytes = 0;
        rowsOfVectors = 0;
        for (int vector = 0; vector < GroupFormat.Vectors(_column.Rows); vector++)
        {
            int rows = GroupFormat.RowsOf(_column.Rows, vector);
            if (_vectors[vector].Nulls == rows)
            {
                continue;
            }

            rowsOfVectors += (ulong)rows;
            bytes += IsFixed
                ? (ulong)(rows - _vectors[vector].Nulls) * (ulong)_column.Shape.FixedLength
                : PlainBytesEncoder.Measure(_column.Lengths + ((long)vector * GroupFormat.VectorRows), rows).Bytes;
        }

        return bytes;
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

    void WriteFixed(int first, int rows, ByteSink block)
    {
        nuint length = (nuint)_column.Shape.FixedLength;
        for (int row = first; row < first + rows; row++)
        {
            if (_column.Nulls == null || _column.Nulls[row] == 0)
            {
                NativeMemory.Copy((byte*)_column.Values[row], block.Reserve(length), length);
                block.Commit(length);
            }
        }
    }
}
