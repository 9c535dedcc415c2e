// Storage layer, writer. Encodes a chunk of a by-reference kind.

using System.Runtime.InteropServices;
using Epiphany.Encoding;

namespace Epiphany.Storage;

sealed unsafe partial class BytesChunkEncoder(WriterScratch scratch, BlockCompressor compressor, WriterOptions options, IMemory memory) : ChunkEncoder
{
    /// <summary>Bytes of strings that are encoded both ways to see whether symbols pay: what a codec looks back on.</summary>
    const ulong TrialBytes = 64 * 1024;

    readonly DecimalChunk _decimals = new(scratch);
    readonly SymbolChunk _symbols = new(scratch, memory);
    readonly MatrixChunk _matrix = new(options.Codes, memory);
    readonly ByteSink _trial = new(memory);
    readonly ByteSink _room = new(memory);
    ColumnBuffer _column = null!;
    VectorEntry* _vectors;
    int _constantRow;
    int _entries;
    ulong _plain;

    /// <summary>Of one length: no offsets are stored, and null rows take no room.</summary>
    bool IsFixed => _column.Shape.Kind == ColumnKind.FixedBytes;

    /// <summary>What plain segments take, measured when it is first asked for.</summary>
    ulong Plain => _plain != 0 ? _plain : _plain = MeasurePlain();

    internal override ulong Plan(ColumnBuffer column, ColumnEntry* entry, VectorEntry* vectors)
    {
        _column = column;
        _vectors = vectors;
        _entries = 0;
        _plain = 0;
        Encoding = EncodingKind.Constant;
        if (column.NullCount == column.Rows)
        {
            return 0;
        }

        bool isNumeric = column.Shape.Kind == ColumnKind.Numeric;
        bool isDecimal = isNumeric && _decimals.TryRead(column, entry, vectors);
        int used = isNumeric ? 0 : OrderEntries();
        BytesKeys keys = new(column.Values, column.Lengths, column.Nulls);
        ulong bytes;
        int min;
        int max;
        if (used > 1)
        {
            Encoding = EncodingKind.Dictionary;
            _entries = used;
            NoteEntries(used, entry, out min, out max);
            bytes = Estimate(vectors, column.Rows, _trial);
        }
        else if (used == 1 || (column.Scale < 0 && IsConstant(keys)))
        {
            _constantRow = used == 1 ? (int)scratch.Dictionary.EntryRows[0] : _constantRow;
            entry->DistinctCount = 1;
            bytes = column.Lengths[_constantRow];
            min = max = _constantRow;
        }
        else
        {
            bytes = TakeKnown(keys, isDecimal, entry, out min, out max)
                ? Estimate(vectors, column.Rows, _trial)
                : Choose(keys, isDecimal, entry, out min, out max);
        }

        bool isFound = options.Known == 0 || Encoding != EncodingKind.Plain;
        if (!isNumeric && isFound && Encoding != EncodingKind.Matrix)
        {
            // The order of a NUMERIC's bytes says nothing of its value.
            BytesZones.Store(column, entry, min, max);
            if (Encoding == EncodingKind.Dictionary)
            {
                BytesZones.StoreCodes(column, scratch.Dictionary.Codes, vectors);
            }
        }

        return bytes;
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
        else if (Encoding == EncodingKind.Matrix)
        {
            _matrix.WriteShared(block);
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
        else if (Encoding == EncodingKind.Matrix)
        {
            _matrix.WriteVector(first, rows, block);
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

    internal override void WriteBehind(ImageSink image)
    {
        if (Encoding == EncodingKind.Matrix)
        {
            _matrix.WriteBehind(image);
        }
    }

    internal void Free()
    {
        _symbols.Free();
        _matrix.Free();
        _trial.Free();
        _room.Free();
    }

    /// <summary>Compares all with the first row that is not null: others soon differ.</summary>
    bool IsConstant(BytesKeys keys)
    {
        int row = 0;
        while (keys.Skip(row))
        {
            row++;
        }

        _constantRow = row;
        while (++row < _column.Rows)
        {
            if (!keys.Skip(row) && !keys.Same(_constantRow, row))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The encoding that is known to be good for the values is got ready, if it can hold them; a matrix is found out as ever.</summary>
    bool TakeKnown(BytesKeys keys, bool isDecimal, ColumnEntry* entry, out int min, out int max)
    {
        min = max = 0;
        switch (options.Known)
        {
            case EncodingKind.Decimal when isDecimal:
                _decimals.Plan(_vectors);
                Encoding = EncodingKind.Decimal;
                return true;
            case EncodingKind.Dictionary:
                _entries = BuildDictionary(keys, isDecimal);
                if (_entries == 0)
                {
                    return false;
                }

                Encoding = EncodingKind.Dictionary;
                NoteEntries(_entries, entry, out min, out max);
                return true;
            case EncodingKind.Plain or EncodingKind.Fsst:
                Encoding = EncodingKind.Plain;
                return true;
            default:
                return false;
        }
    }

    /// <summary>Says what the best takes, and finds the smallest and the largest value but of a NUMERIC.</summary>
    ulong Choose(BytesKeys keys, bool isDecimal, ColumnEntry* entry, out int min, out int max)
    {
        min = max = 0;
        if (_matrix.TryPlan(_column))
        {
            Encoding = EncodingKind.Matrix;
            return _matrix.Bytes;
        }

        Encoding = EncodingKind.Plain;
        ulong best = 0;
        if (isDecimal && _decimals.Plan(_vectors) is ulong decimals && IsBelowPlain(decimals))
        {
            Encoding = EncodingKind.Decimal;
            best = decimals;
        }

        int entries = 0;
        ulong little = (ulong)_column.Rows / 2;
        if (Encoding == EncodingKind.Decimal ? best > little : _column.RawBytes > little || Plain > little)
        {
            entries = BuildDictionary(keys, isDecimal);
        }

        if (entries != 0)
        {
            NoteEntries(entries, entry, out min, out max);
            ulong dictionary = SharedBytes(entries) + (RowsWithCode() * (ulong)PackedLanes.CodeWidth((uint)entries) / 8);
            if (Encoding == EncodingKind.Decimal ? dictionary < best : IsBelowPlain(dictionary))
            {
                Encoding = EncodingKind.Dictionary;
                _entries = entries;
                best = dictionary;
            }
        }
        else if (_column.Shape.Kind != ColumnKind.Numeric)
        {
            BytesZones.Find(_column, keys, out min, out max);
        }

        if (Encoding == EncodingKind.Plain)
        {
            best = Plain;
        }

        return !IsFixed && best > _column.RawBytes / 2 && best > Plain / 2 && TrySymbols(Plain, best, out ulong symbols) ? symbols : best;
    }

    /// <summary>What takes less than the values themselves needs no measuring of plain segments.</summary>
    bool IsBelowPlain(ulong bytes) => bytes < _column.RawBytes || bytes < Plain;

    ulong RowsWithCode()
    {
        ulong all = 0;
        for (int vector = 0; vector < GroupFormat.Vectors(_column.Rows); vector++)
        {
            int rows = GroupFormat.RowsOf(_column.Rows, vector);
            all += _vectors[vector].Nulls == rows ? 0UL : (ulong)rows;
        }

        return all;
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

    ulong MeasurePlain()
    {
        ulong bytes = 0;
        for (int vector = 0; vector < GroupFormat.Vectors(_column.Rows); vector++)
        {
            int rows = GroupFormat.RowsOf(_column.Rows, vector);
            if (_vectors[vector].Nulls != rows)
            {
                bytes += IsFixed
                    ? (ulong)(rows - _vectors[vector].Nulls) * (ulong)_column.Shape.FixedLength
                    : PlainBytesEncoder.Measure(_column.Lengths + ((long)vector * GroupFormat.VectorRows), rows).Bytes;
            }
        }

        return bytes;
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
