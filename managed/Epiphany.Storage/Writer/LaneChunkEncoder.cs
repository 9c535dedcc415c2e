// Storage layer, writer. Encodes a chunk of a by-value kind.

using Epiphany.Encoding;
using Epiphany.Kernels;

namespace Epiphany.Storage;

sealed unsafe class LaneChunkEncoder(WriterScratch scratch, EncodingKind known, IMemory memory) : ChunkEncoder
{
    readonly ByteSink _trial = new(memory);
    ColumnBuffer _column = null!;
    VectorEntry* _vectors;
    int _width;
    int _entries;
    AlpEncoder _alp;

    internal override ulong Plan(ColumnBuffer column, ColumnEntry* entry, VectorEntry* vectors)
    {
        _column = column;
        _vectors = vectors;
        _width = Kinds.Width(column.Shape.Kind);
        Encoding = EncodingKind.Constant;
        if (column.NullCount == column.Rows)
        {
            return 0;
        }

        FillNulls();
        LaneZones.Fill(column.Values, column.Nulls, column.Rows, column.Shape.Kind, entry, vectors, scratch);
        MinMax.Run((long*)column.Values, column.Rows, out long min, out long max);
        if (min == max)
        {
            entry->DistinctCount = 1;
            return sizeof(ulong);
        }

        if (!TakeKnown())
        {
            return Choose(entry);
        }

        Encoding = known;
        return Estimate(vectors, column.Rows, _trial);
    }

    internal void Free() => _trial.Free();

    /// <summary>The encoding that is known to be good for the values is got ready, if it can hold them.</summary>
    bool TakeKnown()
    {
        switch (known)
        {
            case EncodingKind.Dictionary:
                _entries = DictionaryBuilder.Build(new LaneKeys(_column.Values), _column.Rows, scratch.Dictionary);
                return _entries != 0;
            case EncodingKind.Alp:
                return Kinds.IsFloat(_column.Shape.Kind) &&
                    AlpEncoder.TryCreate(_column.Values, _column.Rows, GroupFormat.VectorRows, _width, out _alp);
            default:
                return known > EncodingKind.Constant && Kinds.Allows(_column.Shape.Kind, known);
        }
    }

    internal override void WriteShared(ByteSink block)
    {
        if (Encoding == EncodingKind.Constant && _column.NullCount != _column.Rows)
        {
            *(ulong*)block.AppendZeros(sizeof(ulong)) = _column.Values[0];
        }
        else if (Encoding == EncodingKind.Dictionary)
        {
            byte* at = block.AppendZeros((ulong)DictionaryOfLanes.Bytes(_entries, _width));
            DictionaryOfLanes.Write(_column.Values, scratch.Dictionary.EntryRows, _entries, _width, at);
            block.Align();
        }
    }

    internal override void WriteVector(int vector, ByteSink block)
    {
        int rows = GroupFormat.RowsOf(_column.Rows, vector);
        int first = vector * GroupFormat.VectorRows;
        ulong* values = _column.Values + first;
        switch (Encoding)
        {
            case EncodingKind.RunLength:
            case EncodingKind.FrameOfReference:
            case EncodingKind.Delta:
            case EncodingKind.DeltaOfDelta:
            case EncodingKind.Patched:
                LaneSegments.Write(Encoding, values, rows, scratch.Lanes, block);
                break;

            case EncodingKind.Alp:
                AlpPlan alp = _alp.Measure(values, rows, scratch.Lanes);
                _alp.Write(alp, values, scratch.Lanes, block.AppendZeros((ulong)alp.Bytes));
                break;

            case EncodingKind.Gorilla:
                GorillaPlan gorilla = GorillaEncoder.Measure(values, rows, _width);
                GorillaEncoder.Write(gorilla, values, _width, scratch.Lanes, block.AppendZeros((ulong)gorilla.Bytes));
                break;

            case EncodingKind.Dictionary:
                DictionaryCodes.Write(scratch, _entries, first, rows, block);
                break;

            case EncodingKind.Bitmap:
                PackedLanes.Encode(values, rows, 1, block.AppendZeros((ulong)PackedLanes.Bytes(rows, 1)));
                break;

            case EncodingKind.Plain:
                WritePlain(vector, values, rows, block);
                break;
        }
    }

    ulong Choose(ColumnEntry* entry)
    {
        LaneChooser chooser = default;
        long codes = 0;
        for (int vector = 0; vector < GroupFormat.Vectors(_column.Rows); vector++)
        {
            int rows = GroupFormat.RowsOf(_column.Rows, vector);
            int present = rows - (int)_vectors[vector].Nulls;
            if (present != 0)
            {
                chooser.Add(_column.Values + ((long)vector * GroupFormat.VectorRows), rows, present, _width, scratch.Lanes);
                codes += rows;
            }
        }

        LaneDomain domain = Kinds.Domain(_column.Shape.Kind);
        Encoding = chooser.Choose(domain, out long bytes);
        if (domain == LaneDomain.Floats)
        {
            bytes = TryAlp(bytes);
            bytes = TryGorilla(bytes);
        }

        if (!LaneChooser.TryDictionary(domain, bytes, _column.Rows))
        {
            return (ulong)bytes;
        }

        int entries = DictionaryBuilder.Build(new LaneKeys(_column.Values), _column.Rows, scratch.Dictionary);
        if (entries == 0)
        {
            return (ulong)bytes;
        }

        // Zero is kept apart from negative zero here, so what is counted is exact for integers only.
        entry->DistinctCount = domain == LaneDomain.Integers ? (uint)entries : 0;
        long dictionary = DictionaryOfLanes.Bytes(entries, _width) + (codes * PackedLanes.CodeWidth((uint)entries) / 8);
        if (LaneChooser.PreferDictionary(dictionary, bytes, Encoding))
        {
            Encoding = EncodingKind.Dictionary;
            _entries = entries;
            bytes = dictionary;
        }

        return (ulong)bytes;
    }

    /// <summary>Takes ALP where it beats so many bytes; says what the best takes.</summary>
    long TryAlp(long best)
    {
        if (!AlpEncoder.TryCreate(_column.Values, _column.Rows, GroupFormat.VectorRows, _width, out _alp))
        {
            return best;
        }

        long bytes = 0;
        for (int vector = 0; vector < GroupFormat.Vectors(_column.Rows); vector++)
        {
            int rows = GroupFormat.RowsOf(_column.Rows, vector);
            if (_vectors[vector].Nulls != rows)
            {
                bytes += _alp.Measure(_column.Values + ((long)vector * GroupFormat.VectorRows), rows, scratch.Lanes).Bytes;
            }
        }

        if (!LaneChooser.PreferAlp(bytes, best))
        {
            return best;
        }

        Encoding = EncodingKind.Alp;
        return bytes;
    }

    /// <summary>Takes Gorilla where it beats so many bytes, those of some vectors first; says what the best takes.</summary>
    long TryGorilla(long best)
    {
        const int Sampled = 8;
        int step = int.Max(1, GroupFormat.Vectors(_column.Rows) / Sampled);
        if (!LaneChooser.PreferGorilla(GorillaBytes(step) * step, best))
        {
            return best;
        }

        long bytes = GorillaBytes(1);
        if (!LaneChooser.PreferGorilla(bytes, best))
        {
            return best;
        }

        Encoding = EncodingKind.Gorilla;
        return bytes;
    }

    /// <summary>What each <paramref name="step"/>-th vector takes.</summary>
    long GorillaBytes(int step)
    {
        long bytes = 0;
        for (int vector = 0; vector < GroupFormat.Vectors(_column.Rows); vector += step)
        {
            int rows = GroupFormat.RowsOf(_column.Rows, vector);
            if (_vectors[vector].Nulls != rows)
            {
                bytes += GorillaEncoder.Measure(_column.Values + ((long)vector * GroupFormat.VectorRows), rows, _width).Bytes;
            }
        }

        return bytes;
    }

    /// <summary>Null rows take the value before them (those at the start the first one), which is free in every encoding.</summary>
    void FillNulls()
    {
        if (_column.NullCount == 0)
        {
            return;
        }

        int first = 0;
        while (_column.Nulls[first] != 0)
        {
            first++;
        }

        ulong value = _column.Values[first];
        for (int i = 0; i < _column.Rows; i++)
        {
            value = _column.Nulls[i] != 0 ? value : _column.Values[i];
            _column.Values[i] = value;
        }
    }

    /// <summary>Only the values that are not null.</summary>
    void WritePlain(int vector, ulong* values, int rows, ByteSink block)
    {
        int present = rows - (int)_vectors[vector].Nulls;
        if (present != rows)
        {
            byte* nulls = _column.Nulls + ((long)vector * GroupFormat.VectorRows);
            ulong* compact = scratch.Lanes;
            int kept = 0;
            for (int i = 0; i < rows; i++)
            {
                if (nulls[i] == 0)
                {
                    compact[kept++] = values[i];
                }
            }

            values = compact;
        }

        PlainLanes.Encode(values, present, _width, block.AppendZeros((ulong)PlainLanes.Bytes(present, _width)));
    }
}
