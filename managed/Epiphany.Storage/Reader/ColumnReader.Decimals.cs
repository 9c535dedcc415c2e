// Storage layer, reader. Decimals: a vector's integers and display scales become NUMERIC datums in memory that the reader owns.

using Epiphany.Encoding;

namespace Epiphany.Storage;

sealed unsafe partial class ColumnReader
{
    /// <summary>Valid once it has a scale.</summary>
    DecimalShape _decimals;

    /// <summary>A vector of upper halves of 128-bit integers.</summary>
    ReadBuffer _upperHalves;

    ulong* UpperHalves => (ulong*)_upperHalves.Ensure(_group.Memory, GroupFormat.VectorRows * sizeof(ulong));

    Fault DecodeDecimals(byte* segment, ulong length, int rows, ulong* values)
    {
        Fault fault = LoadDecimals(rows, length, out ulong codeBytes);
        if (fault != Fault.None)
        {
            return fault;
        }

        byte* integers = segment + codeBytes;
        length -= codeBytes;
        bool isWide = _decimals.Integers == EncodingKind.Wide;
        fault = isWide
            ? WideIntegers.Decode(integers, length, rows, values, UpperHalves)
            : DecodeIntegers(_decimals.Integers, integers, length, rows, values);
        ulong* codes = null;
        if (fault == Fault.None && _decimals.ScaleCount > 1)
        {
            int scales = _decimals.ScaleCount;
            codes = LaneScratch;
            fault = PackedLanes.Decode(segment, codeBytes, rows, PackedLanes.CodeWidth((uint)scales), (ulong)scales, codes);
        }

        if (fault == Fault.None && isWide)
        {
            byte* datums = _datumBuffer.Ensure(_group.Memory, (ulong)rows * WideDecimalDecoder.DatumBytes);
            WideDecimalDecoder.Build(_decimals, values, UpperHalves, codes, rows, datums);
        }
        else if (fault == Fault.None)
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
        ulong high = 0;
        bool isWide = _decimals.Integers == EncodingKind.Wide;
        fault = isWide
            ? WideIntegers.DecodeOne(integers, length, rows, index, out value, out high)
            : DecodeInteger(_decimals.Integers, integers, length, rows, index, out value);
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
            byte* room = _datumBuffer.Ensure(_group.Memory, WideDecimalDecoder.DatumBytes);
            if (isWide)
            {
                WideDecimalDecoder.Build(_decimals, &datum, &high, &code, 1, room);
            }
            else
            {
                DecimalDecoder.Build(_decimals, &datum, &code, 1, room);
            }

            value = datum;
        }

        return fault;
    }

    Fault LoadDecimals(int rows, ulong length, out ulong codeBytes)
    {
        codeBytes = 0;
        Fault fault = LoadShape();
        if (fault != Fault.None)
        {
            return fault;
        }

        codeBytes = (ulong)DecimalShape.CodeBytes(rows, _decimals.ScaleCount);
        return length < codeBytes ? Fault.SegmentTooShort : Fault.None;
    }

    Fault LoadShape()
    {
        if (_decimals.ScaleCount > 0)
        {
            return Fault.None;
        }

        byte* shared = Shared(out ulong length);
        return DecimalShape.Read(shared, length, out _decimals);
    }
}
