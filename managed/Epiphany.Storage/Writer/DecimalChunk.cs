// Storage layer, writer. A chunk of NUMERIC values as integers of one power of ten: whether it can be, what it takes, and its bytes.

using System;
using System.Numerics;
using Epiphany.Encoding;

namespace Epiphany.Storage;

sealed unsafe class DecimalChunk(WriterScratch scratch)
{
    ulong* _integers;
    byte* _codes;

    /// <summary>Upper halves of integers that 64 bits do not hold, else null.</summary>
    ulong* _highs;
    int _rows;
    int _places;

    /// <summary>Bit s is set where a value has display scale s; there are 64.</summary>
    ulong _scales;

    EncodingKind _encoding;

    int ScaleCount => BitOperations.PopCount(_scales);

    /// <summary>After <see cref="TryRead"/>: the lanes tell the values apart, as all have one display scale.</summary>
    internal bool AreNumbered => ScaleCount == 1 && _highs == null;

    /// <summary>Null rows repeat a neighbour.</summary>
    internal ulong* Integers => _integers;

    internal ulong SharedBytes => (ulong)DecimalShape.Bytes(ScaleCount);

    /// <summary>
    /// Takes the values of a chunk that has one which is not null, and notes their bounds as integers; false where one is not finite,
    /// too long, or not as PostgreSQL writes it.
    /// </summary>
    internal bool TryRead(ColumnBuffer column, ColumnEntry* entry, VectorEntry* vectors)
    {
        _rows = column.Rows;
        _highs = null;
        if (column.Scale >= 0)
        {
            Take(column);
        }
        else
        {
            scratch.Decimals(out _integers, out _codes);
            if (!ReadAll(column))
            {
                if (!MeasureAll(column))
                {
                    return false;
                }

                _highs = scratch.UpperHalves;
                entry->ZoneScale = (byte)_places;
                return ReadWide(column, entry);
            }
        }

        entry->ZoneScale = (byte)_places;

        LaneZones.Fill(_integers, column.Nulls, _rows, ColumnKind.Numeric, entry, vectors, scratch);
        entry->Flags |= ColumnFlags.ZoneIsScaled;
        return true;
    }

    /// <summary>Bytes of all segments and what they share, with the best encoding of the integers.</summary>
    internal ulong Plan(VectorEntry* vectors)
    {
        LaneChooser chooser = default;
        long codes = 0;
        long wide = 0;
        for (int vector = 0; vector < GroupFormat.Vectors(_rows); vector++)
        {
            int rows = GroupFormat.RowsOf(_rows, vector);
            int present = rows - (int)vectors[vector].Nulls;
            if (present != 0)
            {
                if (_highs != null)
                {
                    int first = vector * GroupFormat.VectorRows;
                    wide += WideIntegers.Measure(_integers + first, _highs + first, rows).Bytes;
                    codes += DecimalShape.CodeBytes(rows, ScaleCount);
                    continue;
                }

                chooser.Add(_integers + ((long)vector * GroupFormat.VectorRows), rows, present, sizeof(ulong), scratch.Lanes);
                codes += DecimalShape.CodeBytes(rows, ScaleCount);
            }
        }

        if (_highs != null)
        {
            _encoding = EncodingKind.Wide;
            return SharedBytes + (ulong)(wide + codes);
        }

        _encoding = chooser.Choose(LaneDomain.Integers, out long bytes);
        return SharedBytes + (ulong)(bytes + codes);
    }

    internal void WriteShared(ByteSink block)
    {
        byte* scales = stackalloc byte[DecimalShape.MaxScale + 1];
        int count = 0;
        for (ulong left = _scales; left != 0; left &= left - 1)
        {
            scales[count++] = (byte)BitOperations.TrailingZeroCount(left);
        }

        DecimalShape.Write(_places, _encoding, scales, count, block.AppendZeros((ulong)DecimalShape.Bytes(count)));
        block.Align();
    }

    internal void WriteVector(int first, int rows, ByteSink block)
    {
        int scales = ScaleCount;
        if (scales > 1)
        {
            ulong* lanes = scratch.Lanes;
            for (int i = 0; i < rows; i++)
            {
                // A scale's code is its place among those that occur.
                lanes[i] = (ulong)BitOperations.PopCount(_scales & ((1UL << _codes[first + i]) - 1));
            }

            byte* at = block.AppendZeros((ulong)DecimalShape.CodeBytes(rows, scales));
            PackedLanes.Encode(lanes, rows, PackedLanes.CodeWidth((uint)scales), at);
        }

        if (_highs != null)
        {
            WidePlan wide = WideIntegers.Measure(_integers + first, _highs + first, rows);
            WideIntegers.Write(wide, _integers + first, _highs + first, scratch.Lanes, block.AppendZeros((ulong)wide.Bytes));
            return;
        }

        LaneSegments.Write(_encoding, _integers + first, rows, scratch.Lanes, block);
    }

    /// <summary>
    /// Values that are integers already lose the decimal places that are zero in all of them; null rows take what is before them, those at the
    /// start what comes first.
    /// </summary>
    void Take(ColumnBuffer column)
    {
        _integers = column.Values;
        _scales = 1UL << column.Scale;
        _places = column.Scale;
        if (column.NullCount != 0)
        {
            int first = new Span<byte>(column.Nulls, _rows).IndexOf((byte)0);
            ulong value = _integers[first];
            for (int row = 0; row < _rows; row++)
            {
                value = column.Nulls[row] != 0 ? value : _integers[row];
                _integers[row] = value;
            }
        }

        while (_places > 0 && AreTens())
        {
            _places--;
            for (int row = 0; row < _rows; row++)
            {
                _integers[row] = (ulong)((long)_integers[row] / 10);
            }
        }
    }

    bool AreTens()
    {
        int row = 0;
        while (row < _rows && (long)_integers[row] % 10 == 0)
        {
            row++;
        }

        return row == _rows;
    }

    bool MeasureAll(ColumnBuffer column)
    {
        _places = 0;
        _scales = 0;
        for (int row = 0; row < _rows; row++)
        {
            if (column.Nulls != null && column.Nulls[row] != 0)
            {
                continue;
            }

            if (!DecimalEncoder.Measure((byte*)column.Values[row], column.Lengths[row], out int scale, out int places))
            {
                return false;
            }

            _places = Math.Max(_places, places);
            _scales |= 1UL << scale;
            _codes[row] = (byte)scale;
        }

        return true;
    }

    /// <summary>
    /// Null rows take what is before them, those at the start what comes first: it is free in every encoding. False where a value is not
    /// what decimals are made of, or is too large for a lane.
    /// </summary>
    bool ReadAll(ColumnBuffer column)
    {
        int start = 0;
        long value = 0;
        int scale = 0;
        ulong scales = 0;
        bool found = false;
        _places = 0;
        for (int row = 0; row < _rows; row++)
        {
            if (column.Nulls == null || column.Nulls[row] == 0)
            {
                byte* payload = (byte*)column.Values[row];
                uint length = column.Lengths[row];
                if (!DecimalEncoder.TryRead(payload, length, _places, out scale, out value)
                    && !TryReadFiner(payload, length, row, out scale, out value))
                {
                    return false;
                }

                scales |= 1UL << scale;
                found = true;
            }

            start += found ? 0 : 1;
            _integers[row] = (ulong)value;
            _codes[row] = (byte)scale;
        }

        _scales = scales;
        new Span<ulong>(_integers, start).Fill(_integers[start]);
        new Span<byte>(_codes, start).Fill(_codes[start]);
        return true;
    }

    /// <summary>Any value that fits a lane; if it needs more decimal places than those before, they get them.</summary>
    bool TryReadFiner(byte* payload, uint length, int before, out int scale, out long value)
    {
        value = 0;
        if (!DecimalEncoder.Measure(payload, length, out scale, out int places))
        {
            return false;
        }

        for (; _places < places; _places++)
        {
            for (int row = 0; row < before; row++)
            {
                if (Math.BigMul((long)_integers[row], 10, out long low) != low >> 63)
                {
                    return false;
                }

                _integers[row] = (ulong)low;
            }
        }

        return DecimalEncoder.ToInteger(payload, length, _places, out value);
    }

    /// <summary>As <see cref="ReadAll"/>, and the sum where 128 bits hold that; such numbers have no bounds.</summary>
    bool ReadWide(ColumnBuffer column, ColumnEntry* entry)
    {
        int start = 0;
        Int128 value = 0;
        Int128 sum = 0;
        bool found = false;
        bool isExact = true;
        for (int row = 0; row < _rows; row++)
        {
            if (column.Nulls == null || column.Nulls[row] == 0)
            {
                if (!DecimalEncoder.ToWide((byte*)column.Values[row], column.Lengths[row], _places, out value))
                {
                    return false;
                }

                Int128 before = sum;
                sum += value;
                isExact &= Int128.IsNegative(value) ? sum <= before : sum >= before;
                found = true;
            }
            else if (row > 0)
            {
                _codes[row] = _codes[row - 1];
            }

            start += found ? 0 : 1;
            _integers[row] = (ulong)value;
            _highs[row] = (ulong)(value >> 64);
        }

        new Span<ulong>(_integers, start).Fill(_integers[start]);
        new Span<ulong>(_highs, start).Fill(_highs[start]);
        new Span<byte>(_codes, start).Fill(_codes[start]);
        if (isExact)
        {
            entry->Flags |= ColumnFlags.HasSum | ColumnFlags.ZoneIsScaled;
            entry->SumLow = (ulong)sum;
            entry->SumHigh = (ulong)(sum >> 64);
        }

        return true;
    }
}
