// Storage layer, reader. By-value kinds: from encoded bytes to 64-bit lanes that are canonical for the kind, whatever the bytes say.

using System;
using Epiphany.Encoding;
using Epiphany.Kernels;

namespace Epiphany.Storage;

sealed unsafe partial class ColumnReader
{
    /// <summary>Dictionary: canonical values (or addresses of ready datums) by code.</summary>
    ReadBuffer _tableBuffer;
    ulong* _table;
    int _entries;

    /// <summary>Lanes for a vector: offsets of strings, or the values before one that delta encoding hides.</summary>
    ReadBuffer _laneBuffer;

    ulong* LaneScratch => (ulong*)_laneBuffer.Ensure(_group.Memory, (GroupFormat.VectorRows + 1) * sizeof(ulong));

    Fault DecodeLanes(byte* segment, ulong length, int rows, int present, ulong* values)
    {
        Fault fault;
        switch (_encoding)
        {
            case EncodingKind.Constant:
                fault = Constant(out ulong value);
                new Span<ulong>(values, rows).Fill(value);
                return fault;

            case EncodingKind.Plain:
                return PlainLanes.Decode(segment, length, present, Kinds.Width(_kind), values);

            case EncodingKind.Alp:
                return AlpDecoder.Decode(segment, length, rows, Kinds.Width(_kind), values);

            case EncodingKind.Bitmap:
                return PackedLanes.Decode(segment, length, rows, 1, 2, values);

            case EncodingKind.Dictionary:
                fault = LaneTable();
                if (fault == Fault.None)
                {
                    fault = PackedLanes.Decode(segment, length, rows, PackedLanes.CodeWidth((uint)_entries), (ulong)_entries, values);
                }

                if (fault == Fault.None)
                {
                    Lanes.Gather(_table, _entries, values, rows);
                }

                return fault;

            case EncodingKind.Gorilla:
                fault = GorillaDecoder.Decode(segment, length, rows, rows, values);
                break;

            default:
                fault = DecodeIntegers(_encoding, segment, length, rows, values);
                break;
        }

        if (fault == Fault.None)
        {
            Canonicalize(values, rows);
        }

        return fault;
    }

    Fault DecodeLane(byte* segment, ulong length, int rows, int index, out ulong value)
    {
        Fault fault;
        switch (_encoding)
        {
            case EncodingKind.Constant:
                return Constant(out value);

            case EncodingKind.Plain:
                return PlainLanes.DecodeOne(segment, length, index, Kinds.Width(_kind), out value);

            case EncodingKind.Alp:
                return AlpDecoder.DecodeOne(segment, length, rows, Kinds.Width(_kind), index, out value);

            case EncodingKind.Bitmap:
                return PackedLanes.DecodeOne(segment, length, rows, 1, 2, index, out value);

            case EncodingKind.Dictionary:
                value = 0;
                fault = LaneTable();
                if (fault == Fault.None)
                {
                    int width = PackedLanes.CodeWidth((uint)_entries);
                    fault = PackedLanes.DecodeOne(segment, length, rows, width, (ulong)_entries, index, out value);
                }

                value = fault == Fault.None ? _table[value] : 0;
                return fault;

            case EncodingKind.Gorilla:
                fault = GorillaDecoder.Decode(segment, length, rows, index + 1, LaneScratch);
                value = fault == Fault.None ? LaneScratch[index] : 0;
                break;

            default:
                fault = DecodeInteger(_encoding, segment, length, rows, index, out value);
                break;
        }

        ulong lane = value;
        Canonicalize(&lane, 1);
        value = lane;
        return fault;
    }

    /// <summary>The encodings that need nothing but the segment.</summary>
    static Fault DecodeIntegers(EncodingKind encoding, byte* segment, ulong length, int rows, ulong* values) => encoding switch
    {
        EncodingKind.RunLength => RunLengthDecoder.Decode(segment, length, rows, values),
        EncodingKind.Delta => DeltaDecoder.Decode(segment, length, rows, values),
        EncodingKind.DeltaOfDelta or EncodingKind.Patched => PatchedDecoder.Decode(segment, length, rows, values),
        _ => FrameOfReferenceDecoder.Decode(segment, length, rows, values),
    };

    Fault DecodeInteger(EncodingKind encoding, byte* segment, ulong length, int rows, int index, out ulong value) => encoding switch
    {
        EncodingKind.RunLength => RunLengthDecoder.DecodeOne(segment, length, rows, index, out value),
        EncodingKind.Delta => DeltaDecoder.DecodeOne(segment, length, rows, index, LaneScratch, out value),
        EncodingKind.DeltaOfDelta or EncodingKind.Patched => PatchedDecoder.DecodeOne(segment, length, rows, index, LaneScratch, out value),
        _ => FrameOfReferenceDecoder.DecodeOne(segment, length, rows, index, out value),
    };

    Fault Constant(out ulong value)
    {
        byte* shared = Shared(out ulong length);
        ulong lane = 0;
        Fault fault = PlainLanes.Decode(shared, length, 1, sizeof(ulong), &lane);
        Canonicalize(&lane, 1);
        value = lane;
        return fault;
    }

    Fault LaneTable()
    {
        if (_table != null)
        {
            return Fault.None;
        }

        byte* shared = Shared(out ulong length);
        Fault fault = DictionaryOfLanes.Check(shared, length, Rows, out int entries, out int width);
        if (fault == Fault.None)
        {
            ulong* table = (ulong*)_tableBuffer.Ensure(_group.Memory, (ulong)entries * sizeof(ulong));
            DictionaryOfLanes.Load(shared, entries, width, table);
            Canonicalize(table, entries);
            _entries = entries;
            _table = table;
        }

        return fault;
    }

    /// <summary>What a by-value datum of the kind looks like; damaged bytes may have left more bits.</summary>
    void Canonicalize(ulong* values, int count)
    {
        if (_kind != ColumnKind.Bool)
        {
            Lanes.SignExtend(values, count, 8 * Kinds.Width(_kind));
            return;
        }

        for (int i = 0; i < count; i++)
        {
            values[i] &= 1;
        }
    }
}
