// Storage layer, reader. Some rows of a vector, for those who have no use for the others.

using System;
using Epiphany.Encoding;
using Epiphany.Kernels;

namespace Epiphany.Storage;

sealed unsafe partial class ColumnReader
{
    /// <summary>By-value lanes are unpacked faster all together where more than one in so many is wanted.</summary>
    const int FewShare = 4;

    /// <summary>And vectors are read faster so.</summary>
    const int FewVectors = 2;

    /// <summary>As DecodeVector, of the rows named, which ascend; one value after another.</summary>
    internal DecodedVector DecodeRows(int vector, ushort* rows, int count, ulong* values, byte* nulls, ushort* codes)
    {
        int all = GroupFormat.RowsOf(Rows, vector);
        int nullCount = (int)_vectors[vector].Nulls;
        if (_encoding == EncodingKind.Matrix && nullCount < all && count * FewVectors <= all)
        {
            return PickMatrix(vector, rows, count, values, nulls);
        }

        if (nullCount == all || (nullCount > 0 && StoresPresentOnly) || !CanPick(vector, all, count))
        {
            DecodedVector whole = DecodeVector(vector, values, nulls, codes);
            Gather(rows, count, whole, values, nulls, codes);
            whole.Rows = count;
            return whole;
        }

        var result = new DecodedVector { Rows = count };
        byte* segment = Segment(vector, all, out ulong length, out byte* bitmap);
        for (int i = 0; bitmap != null && i < count; i++)
        {
            nulls[i] = NullBitmap.IsNull(bitmap, rows[i]) ? (byte)1 : (byte)0;
            result.HasNulls |= nulls[i] != 0;
        }

        Fault fault = Pick(segment, length, all, rows, count, values, codes, ref result);
        if (fault != Fault.None)
        {
            Throw.BadVector(_column, vector, fault);
        }

        return result;
    }

    /// <summary>Strings are dear; integers only worth it where few are wanted.</summary>
    bool CanPick(int vector, int all, int count)
    {
        switch (_encoding)
        {
            case EncodingKind.Fsst:
                return true;
            case EncodingKind.Plain:
                return !IsByValue;
            case EncodingKind.Dictionary or EncodingKind.FrameOfReference or EncodingKind.Bitmap or EncodingKind.RunLength:
                return count * FewShare <= all;
            case EncodingKind.Patched or EncodingKind.Decimal:
                return count * FewShare <= all && HasDirectIntegers(vector, all);
            default:
                return false;
        }
    }

    /// <summary>The integers' encoding has a value's place, or nearly.</summary>
    bool HasDirectIntegers(int vector, int all)
    {
        byte* segment = Segment(vector, all, out ulong length, out _);
        EncodingKind encoding = _encoding;
        if (encoding == EncodingKind.Decimal)
        {
            if (LoadDecimals(all, length, out ulong codeBytes) != Fault.None)
            {
                return false;
            }

            encoding = _decimals.Integers;
            segment += codeBytes;
            length -= codeBytes;
        }

        return encoding is EncodingKind.FrameOfReference or EncodingKind.RunLength
            || (encoding == EncodingKind.Patched && PatchedDecoder.IsDirect(segment, length));
    }

    Fault Pick(byte* segment, ulong length, int all, ushort* rows, int count, ulong* values, ushort* codes, ref DecodedVector result)
    {
        switch (_encoding)
        {
            case EncodingKind.Dictionary:
                return PickEntries(segment, length, all, rows, count, values, codes, ref result);
            case EncodingKind.Fsst:
                return DecodeSymbols(segment, length, all, rows, count, values);
            case EncodingKind.Plain:
                return _kind == ColumnKind.FixedBytes
                    ? PickFixed(segment, length, all, rows, count, values)
                    : Materialize(segment, length, all, rows, count, LaneScratch, ref _datumBuffer, values);
            case EncodingKind.Bitmap:
                return PackedLanes.Pick(segment, length, all, 1, 2, rows, count, values);
            case EncodingKind.Decimal:
                return PickDecimals(segment, length, all, rows, count, values, ref result);
            default:
                Fault fault = PickIntegers(_encoding, segment, length, all, rows, count, values);
                Canonicalize(values, count);
                return fault;
        }
    }

    static Fault PickIntegers(EncodingKind encoding, byte* segment, ulong length, int all, ushort* rows, int count, ulong* values) => encoding switch
    {
        EncodingKind.RunLength => RunLengthDecoder.Pick(segment, length, all, rows, count, values),
        EncodingKind.Patched => PatchedDecoder.Pick(segment, length, all, rows, count, values),
        _ => FrameOfReferenceDecoder.Pick(segment, length, all, rows, count, values),
    };

    Fault PickEntries(byte* segment, ulong length, int all, ushort* rows, int count, ulong* values, ushort* codes, ref DecodedVector result)
    {
        Fault fault = EntryTable();
        if (fault == Fault.None)
        {
            fault = PackedLanes.Pick(segment, length, all, PackedLanes.CodeWidth((uint)_entries), (ulong)_entries, rows, count, values);
        }

        if (fault != Fault.None)
        {
            return fault;
        }

        if (_kind == ColumnKind.Numeric && DecimalTable(_entries))
        {
            Lanes.Gather((ulong*)_decimalTable, _entries, values, count);
            SetDecimal(ref result);
            return Fault.None;
        }

        if (!IsByValue)
        {
            SetTable(values, count, codes, ref result);
        }

        Lanes.Gather(_table, _entries, values, count);
        return Fault.None;
    }

    Fault PickDecimals(byte* segment, ulong length, int all, ushort* rows, int count, ulong* values, ref DecodedVector result)
    {
        Fault fault = LoadDecimals(all, length, out ulong codeBytes);
        if (fault == Fault.None)
        {
            fault = PickIntegers(_decimals.Integers, segment + codeBytes, length - codeBytes, all, rows, count, values);
        }

        if (fault != Fault.None)
        {
            return fault;
        }

        ulong* scaleCodes = null;
        if (_decimals.ScaleCount > 1)
        {
            int scales = _decimals.ScaleCount;
            scaleCodes = LaneScratch;
            int width = PackedLanes.CodeWidth((uint)scales);
            fault = PackedLanes.Pick(segment, codeBytes, all, width, (ulong)scales, rows, count, scaleCodes);
        }
        else if (Rescale(values, count, _decimals.OneScale - _decimals.Places, out ulong bound))
        {
            result.IsDecimal = true;
            result.Scale = _decimals.OneScale;
            result.Bound = bound;
            return Fault.None;
        }

        if (fault == Fault.None)
        {
            byte* datums = _datumBuffer.Ensure(_group.Memory, (ulong)count * DecimalShape.DatumBytes);
            DecimalDecoder.Build(_decimals, values, scaleCodes, count, datums);
        }

        return fault;
    }

    Fault PickFixed(byte* segment, ulong length, int all, ushort* rows, int count, ulong* addresses)
    {
        ulong each = (ulong)_entry->FixedLength;
        if (length < each * (ulong)all)
        {
            return Fault.SegmentTooShort;
        }

        ulong step = Datums.Bytes(ColumnKind.FixedBytes, each);
        byte* datum = _datumBuffer.Ensure(_group.Memory, step * (ulong)count);
        for (int i = 0; i < count; i++)
        {
            Datums.Write(ColumnKind.FixedBytes, segment + (each * rows[i]), each, datum);
            addresses[i] = (ulong)datum;
            datum += step;
        }

        return Fault.None;
    }

    /// <summary>In place: no row comes before its place.</summary>
    static void Gather(ushort* rows, int count, in DecodedVector whole, ulong* values, byte* nulls, ushort* codes)
    {
        RowGather.Run(values, rows, count, values);
        if (whole.HasNulls)
        {
            RowGather.Run(nulls, rows, count, nulls);
        }

        if (whole.Table != null)
        {
            RowGather.Run(codes, rows, count, codes);
        }
    }
}
