// Storage layer, reader. Vectors for computing: NUMERIC as integers where all rows have one display scale, dictionaries with their codes.

using System;
using Epiphany.Encoding;
using Epiphany.Kernels;

namespace Epiphany.Storage;

sealed unsafe partial class ColumnReader
{
    /// <summary>10^18 fits 63 bits.</summary>
    const int MaxPower = 18;

    static ulong s_tables;

    ulong _tableId;

    /// <summary>Numerics of a dictionary, or the constant, as integers of one scale; null: not looked at yet, or not to be had.</summary>
    long* _decimalTable;
    ReadBuffer _decimalTableBuffer;
    bool _decimalTableTried;
    int _decimalTableScale;
    ulong _decimalTableBound;

    internal DecodedVector DecodeVector(int vector, ulong* values, byte* nulls, ushort* codes)
    {
        int rows = GroupFormat.RowsOf(Rows, vector);
        int nullCount = (int)_vectors[vector].Nulls;
        var result = new DecodedVector { Rows = rows, HasNulls = nullCount > 0 };
        if (nullCount == rows)
        {
            new Span<byte>(nulls, rows).Fill(1);
            new Span<ulong>(values, rows).Clear();
            result.IsConstant = true;
            return result;
        }

        byte* segment = Segment(vector, rows, out ulong length, out byte* bitmap);
        if (bitmap != null)
        {
            NullBitmap.Expand(bitmap, rows, nulls);
        }

        Fault fault = DecodeVector(segment, length, rows, rows - nullCount, values, codes, ref result);
        if (fault != Fault.None)
        {
            Throw.BadVector(_column, vector, fault);
        }

        if (bitmap != null && StoresPresentOnly)
        {
            NullBitmap.Spread(values, nulls, rows, rows - nullCount);
        }

        result.IsConstant = _encoding == EncodingKind.Constant && nullCount == 0;
        return result;
    }

    Fault DecodeVector(byte* segment, ulong length, int rows, int present, ulong* values, ushort* codes, ref DecodedVector result)
    {
        if (IsByValue)
        {
            return DecodeLanes(segment, length, rows, present, values);
        }

        if (_kind == ColumnKind.Numeric)
        {
            Fault fault = DecodeIntegers(segment, length, rows, values, ref result);
            if (fault != Fault.None || result.IsDecimal)
            {
                return fault;
            }
        }

        return _encoding == EncodingKind.Dictionary
            ? DecodeCodes(segment, length, rows, values, codes, ref result)
            : DecodeBytes(segment, length, rows, present, values);
    }

    Fault DecodeCodes(byte* segment, ulong length, int rows, ulong* values, ushort* codes, ref DecodedVector result)
    {
        Fault fault = DatumTable();
        if (fault == Fault.None)
        {
            fault = PackedLanes.Decode(segment, length, rows, PackedLanes.CodeWidth((uint)_entries), (ulong)_entries, values);
        }

        if (fault != Fault.None)
        {
            return fault;
        }

        SetTable(values, rows, codes, ref result);
        Lanes.Gather(_table, _entries, values, rows);
        return Fault.None;
    }

    void SetTable(ulong* values, int rows, ushort* codes, ref DecodedVector result)
    {
        if (_tableId == 0)
        {
            _tableId = ++s_tables;
        }

        result.TableId = _tableId;
        result.Table = _table;
        result.Entries = _entries;
        for (int i = 0; i < rows; i++)
        {
            codes[i] = (ushort)values[i];
        }
    }

    /// <summary>Integers, if the vector's numerics can be had as such; else it leaves IsDecimal false, and nothing of use in the values.</summary>
    Fault DecodeIntegers(byte* segment, ulong length, int rows, ulong* values, ref DecodedVector result)
    {
        Fault fault = Fault.None;
        switch (_encoding)
        {
            case EncodingKind.Decimal:
                fault = LoadDecimals(rows, length, out ulong codeBytes);
                if (fault == Fault.None && _decimals.ScaleCount == 1 && _decimals.Integers != EncodingKind.Wide)
                {
                    fault = DecodeIntegers(_decimals.Integers, segment + codeBytes, length - codeBytes, rows, values);
                    result.Scale = _decimals.OneScale;
                    if (fault == Fault.None)
                    {
                        result.IsDecimal = Rescale(values, rows, result.Scale - _decimals.Places, out ulong bound);
                        result.Bound = bound;
                    }
                }

                return fault;

            case EncodingKind.Dictionary:
                fault = DatumTable();
                if (fault == Fault.None && DecimalTable(_entries))
                {
                    fault = PackedLanes.Decode(segment, length, rows, PackedLanes.CodeWidth((uint)_entries), (ulong)_entries, values);
                    if (fault == Fault.None)
                    {
                        Lanes.Gather((ulong*)_decimalTable, _entries, values, rows);
                    }

                    SetDecimal(ref result);
                }

                return fault;

            case EncodingKind.Constant:
                fault = ConstantDatum(out _);
                if (fault == Fault.None && DecimalTable(1))
                {
                    new Span<ulong>(values, rows).Fill((ulong)_decimalTable[0]);
                    SetDecimal(ref result);
                }

                return fault;

            default:
                return fault;
        }
    }

    void SetDecimal(ref DecodedVector result)
    {
        result.IsDecimal = true;
        result.Scale = _decimalTableScale;
        result.Bound = _decimalTableBound;
    }

    /// <summary>Multiplies by 10^power; false where 63 bits do not hold a result.</summary>
    static bool Rescale(ulong* values, int rows, int power, out ulong bound)
    {
        MinMax.Run((long*)values, rows, out long min, out long max);
        bound = Math.Max(Kernels.Lanes.Magnitude(min), Kernels.Lanes.Magnitude(max));
        if (power == 0)
        {
            return bound <= long.MaxValue;
        }

        if (power < 0 || power > MaxPower || bound > long.MaxValue / PowersOfTen.Of(power))
        {
            return false;
        }

        ulong factor = PowersOfTen.Of(power);
        bound *= factor;
        for (int i = 0; i < rows; i++)
        {
            values[i] *= factor;
        }

        return true;
    }

    /// <summary>The datums of the table as integers of the display scale that they all have; false if they cannot be had so.</summary>
    bool DecimalTable(int entries)
    {
        if (_decimalTableTried)
        {
            return _decimalTable != null;
        }

        _decimalTableTried = true;
        long* table = (long*)_decimalTableBuffer.Ensure(_group.Memory, (ulong)entries * sizeof(long));
        ulong bound = 0;
        for (int i = 0; i < entries; i++)
        {
            byte* datum = (byte*)_table[i];
            uint length = (*(uint*)datum >> 2) - 4;
            if (!DecimalEncoder.Measure(datum + 4, length, out int scale, out int places) || places > scale
                || (i > 0 && scale != _decimalTableScale) || !DecimalEncoder.ToInteger(datum + 4, length, scale, out table[i]))
            {
                return false;
            }

            _decimalTableScale = scale;
            bound = Math.Max(bound, Kernels.Lanes.Magnitude(table[i]));
        }

        _decimalTableBound = bound;
        _decimalTable = table;
        return true;
    }
}
