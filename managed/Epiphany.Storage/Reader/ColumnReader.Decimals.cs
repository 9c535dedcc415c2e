// Storage layer, reader. Decimals: a vector's integers and display scales become NUMERIC datums in memory that the reader owns.

using Epiphany.Encoding;

namespace Epiphany.Storage;

sealed unsafe partial class ColumnReader
{
    /// <summary>Valid once it has a scale.</summary>
    DecimalShape _decimals;

    Fault DecodeDecimals(byte* segment, ulong length, int rows, ulong* values)
    {
        Fault fault = LoadDecimals(rows, length, out ulong codeBytes);
        if (fault != Fault.None)
        {
            return fault;
        }

        byte* integers = segment + codeBytes;
        length -= codeBytes;
        fault = DecodeIntegers(_decimals.Integers, integers, length, rows, values);
        ulong* codes = null;
        if (fault == Fault.None && _decimals.ScaleCount > 1)
        {
            int scales = _decimals.ScaleCount;
            codes = LaneScratch;
            fault = PackedLanes.Decode(segment, codeBytes, rows, PackedLanes.CodeWidth((uint)scales), (ulong)scales, codes);
        }

        if (fault == Fault.None)
        {
            byte* datums = _datumBuffer.Ensure(_group.Memory, (ulong)rows * DecimalShape.DatumBytes);
            DecimalDecoder.Build(_decimals, values, codes, rows, datums);
        }

        return fault;
    }

    Fault DecodeDecimal(byte* segment, ulong length, int rows, int index, out ulong value)
    {
        value = 0;
        Fault fault = LoadDecimals(rows, length, out ulong codeBytes);
        if (fault != Fault.None)
        {
            return fault;
        }

        byte* integers = segment + codeBytes;
        length -= codeBytes;
        fault = DecodeInteger(_decimals.Integers, integers, length, rows, index, out value);
        ulong code = 0;
        if (fault == Fault.None && _decimals.ScaleCount > 1)
        {
            int scales = _decimals.ScaleCount;
            int width = PackedLanes.CodeWidth((uint)scales);
            fault = PackedLanes.DecodeOne(segment, codeBytes, rows, width, (ulong)scales, index, out code);
        }

        if (fault == Fault.None)
        {
            ulong datum = value;
            DecimalDecoder.Build(_decimals, &datum, &code, 1, _datumBuffer.Ensure(_group.Memory, DecimalShape.DatumBytes));
            value = datum;
        }

        return fault;
    }

    Fault LoadDecimals(int rows, ulong length, out ulong codeBytes)
    {
        codeBytes = 0;
        if (_decimals.ScaleCount == 0)
        {
            byte* shared = Shared(out ulong sharedLength);
            Fault fault = DecimalShape.Read(shared, sharedLength, out _decimals);
            if (fault != Fault.None)
            {
                return fault;
            }
        }

        codeBytes = (ulong)DecimalShape.CodeBytes(rows, _decimals.ScaleCount);
        return length < codeBytes ? Fault.SegmentTooShort : Fault.None;
    }
}
