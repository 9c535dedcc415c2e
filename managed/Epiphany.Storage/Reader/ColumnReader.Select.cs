// Storage layer, reader. Tests of a vector's values as they are encoded: a bit for each row, and no value is decoded where the encoding allows.

using System;
using System.Numerics;
using Epiphany.Encoding;
using Epiphany.Kernels;

namespace Epiphany.Storage;

sealed unsafe partial class ColumnReader
{
    /// <summary>What <see cref="Select(int, LaneRanges, bool, ulong*)"/> or <see cref="Select(int, ulong*, bool, ulong*)"/> can be asked.</summary>
    internal CodedColumn Coded()
    {
        var result = new CodedColumn();
        if (_entry->NullCount == Rows)
        {
            return result;
        }

        Fault fault = Fault.None;
        switch (_encoding)
        {
            case EncodingKind.Constant or EncodingKind.Dictionary:
                fault = EntryTable();
                result.Form = CodedForm.Entries;
                break;
            case EncodingKind.Decimal:
                fault = LoadShape();
                result.Form = fault != Fault.None || _decimals.Integers == EncodingKind.Wide ? CodedForm.None : CodedForm.Integers;
                result.Places = _decimals.Places;
                break;
            case EncodingKind.RunLength or EncodingKind.FrameOfReference or EncodingKind.Delta or EncodingKind.DeltaOfDelta
                or EncodingKind.Patched or EncodingKind.Bitmap when !Kinds.IsFloat(_kind):
                result.Form = CodedForm.Integers;
                break;
        }

        if (fault != Fault.None)
        {
            Throw.BadVector(_column, 0, fault);
        }

        if (result.Form == CodedForm.Entries)
        {
            result.Count = _encoding == EncodingKind.Constant ? 1 : _entries;
            result.IsDecimal = _kind == ColumnKind.Numeric && DecimalTable(result.Count);
            result.Table = result.IsDecimal ? (ulong*)_decimalTable : _table;
            result.Scale = _decimalTableScale;
            result.Bound = _decimalTableBound;
        }

        return result;
    }

    /// <summary>Rows whose integer is in the ranges; nulls as <paramref name="nullsPass"/> says. False: nothing had to be read for that.</summary>
    internal bool Select(int vector, LaneRanges ranges, bool nullsPass, ulong* bits)
    {
        int rows = GroupFormat.RowsOf(Rows, vector);
        uint nulls = _vectors[vector].Nulls;
        RangeCover cover = nulls == rows ? RangeCover.None : Cover(_vectors + vector, ranges);
        bool isSettled = nulls == rows || (nulls == 0 && cover != RangeCover.Some);
        if (isSettled || (cover == RangeCover.None && !nullsPass))
        {
            LaneRanges.Fill(bits, rows, cover == RangeCover.All || (nulls == rows && nullsPass));
            return false;
        }

        byte* segment = Segment(vector, rows, out ulong length, out byte* bitmap);
        if (cover != RangeCover.Some)
        {
            LaneRanges.Fill(bits, rows, cover == RangeCover.All);
        }
        else if (Select(segment, length, rows, ranges, bits) is var fault && fault != Fault.None)
        {
            Throw.BadVector(_column, vector, fault);
        }

        SelectNulls(bitmap, rows, nullsPass, bits);
        return true;
    }

    /// <summary>Likewise rows whose entry's bit is set.</summary>
    internal bool Select(int vector, ulong* entries, bool nullsPass, ulong* bits)
    {
        int rows = GroupFormat.RowsOf(Rows, vector);
        uint nulls = _vectors[vector].Nulls;
        bool isConstant = TrySoleCode(vector, out ulong code);
        bool passes = isConstant && (entries[code / 64] >> (int)(code % 64) & 1) != 0;
        if (nulls == rows || (isConstant && nulls == 0))
        {
            LaneRanges.Fill(bits, rows, nulls == rows ? nullsPass : passes);
            return false;
        }

        byte* segment = Segment(vector, rows, out ulong length, out byte* bitmap);
        if (isConstant)
        {
            LaneRanges.Fill(bits, rows, passes);
        }
        else if (PackedLanes.Select(segment, length, rows, PackedLanes.CodeWidth((uint)_entries), entries, bits) is var fault && fault != Fault.None)
        {
            Throw.BadVector(_column, vector, fault);
        }

        SelectNulls(bitmap, rows, nullsPass, bits);
        return true;
    }

    Fault Select(byte* segment, ulong length, int rows, LaneRanges ranges, ulong* bits)
    {
        EncodingKind encoding = _encoding;
        if (encoding == EncodingKind.Decimal)
        {
            Fault fault = LoadDecimals(rows, length, out ulong codeBytes);
            if (fault != Fault.None)
            {
                return fault;
            }

            encoding = _decimals.Integers;
            segment += codeBytes;
            length -= codeBytes;
        }

        switch (encoding)
        {
            case EncodingKind.FrameOfReference:
                return FrameOfReferenceDecoder.Select(segment, length, rows, ranges, bits);
            case EncodingKind.RunLength:
                return RunLengthDecoder.Select(segment, length, rows, ranges, bits);
            case EncodingKind.Patched when PatchedDecoder.IsDirect(segment, length):
                return PatchedDecoder.Select(segment, length, rows, ranges, bits);
            case EncodingKind.Bitmap:
                return PackedLanes.Select(segment, length, rows, ranges, bits);
            default:
                Fault fault = DecodeIntegers(encoding, segment, length, rows, LaneScratch);
                ranges.Select(LaneScratch, rows, bits);
                return fault;
        }
    }

    /// <summary>What the vector's bounds tell of its values that are not null.</summary>
    RangeCover Cover(VectorEntry* vector, LaneRanges ranges)
    {
        bool isComparable = (vector->Flags & VectorFlags.HasZone) != 0
            && (_kind != ColumnKind.Numeric || ((_entry->Flags & ColumnFlags.ZoneIsScaled) != 0 && _entry->ZoneScale == _decimals.Places));
        return isComparable ? ranges.Cover((long)vector->Min, (long)vector->Max) : RangeCover.Some;
    }

    static void SelectNulls(byte* bitmap, int rows, bool pass, ulong* bits)
    {
        ulong* nulls = (ulong*)bitmap;
        for (int word = 0; bitmap != null && word < BitSelect.Words(rows); word++)
        {
            bits[word] = pass ? bits[word] | nulls[word] : bits[word] & ~nulls[word];
        }
    }

    /// <summary>The table of a dictionary, or of a constant.</summary>
    Fault EntryTable()
    {
        if (_encoding == EncodingKind.Dictionary)
        {
            return IsByValue ? LaneTable() : DatumTable();
        }

        if (!IsByValue)
        {
            return ConstantDatum(out _);
        }

        Fault fault = Fault.None;
        if (_table == null)
        {
            ulong* table = (ulong*)_tableBuffer.Ensure(_group.Memory, sizeof(ulong));
            fault = Constant(out *table);
            _table = fault == Fault.None ? table : null;
        }

        return fault;
    }
}
