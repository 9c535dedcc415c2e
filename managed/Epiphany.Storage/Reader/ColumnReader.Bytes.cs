// Storage layer, reader. By-reference kinds: from encoded bytes to addresses of ready datums in memory that the reader owns.

using System;
using Epiphany.Encoding;

namespace Epiphany.Storage;

sealed unsafe partial class ColumnReader
{
    /// <summary>Datums of the vector or row decoded last.</summary>
    ReadBuffer _datumBuffer;

    /// <summary>Datums of the constant or the dictionary, as long as the reader lives.</summary>
    ReadBuffer _sharedDatums;

    Fault DecodeBytes(byte* segment, ulong length, int rows, int present, ulong* values)
    {
        if (_encoding == EncodingKind.Constant)
        {
            Fault fault = ConstantDatum(out ulong value);
            new Span<ulong>(values, rows).Fill(value);
            return fault;
        }

        if (_encoding == EncodingKind.Dictionary)
        {
            Fault fault = DatumTable();
            if (fault == Fault.None)
            {
                fault = PackedLanes.Decode(segment, length, rows, PackedLanes.CodeWidth((uint)_entries), (ulong)_entries, values);
            }

            if (fault == Fault.None)
            {
                Kernels.Lanes.Gather(_table, _entries, values, rows);
            }

            return fault;
        }

        if (_encoding == EncodingKind.Decimal)
        {
            return DecodeDecimals(segment, length, rows, values);
        }

        if (_encoding == EncodingKind.Fsst)
        {
            return DecodeSymbols(segment, length, rows, null, rows, values);
        }

        if (_encoding == EncodingKind.Matrix)
        {
            return DecodeMatrix(segment, length, present, values);
        }

        return _kind == ColumnKind.FixedBytes
            ? DecodeFixed(segment, length, present, values)
            : Materialize(segment, length, rows, null, rows, LaneScratch, ref _datumBuffer, values);
    }

    Fault DecodeString(byte* segment, ulong length, int rows, int index, out ulong value)
    {
        value = 0;
        byte* payload;
        ulong payloadLength;
        Fault fault;
        if (_encoding == EncodingKind.Constant)
        {
            return ConstantDatum(out value);
        }

        if (_encoding == EncodingKind.Decimal)
        {
            return DecodeDecimal(segment, length, rows, index, out value);
        }

        if (_encoding == EncodingKind.Fsst)
        {
            return DecodeSymbol(segment, length, rows, index, out value);
        }

        if (_encoding == EncodingKind.Matrix)
        {
            return DecodeMatrixRow(segment, length, rows, index, out value);
        }

        if (_encoding == EncodingKind.Dictionary)
        {
            byte* dictionary = Shared(out ulong dictionaryLength);
            fault = DictionaryOfBytes.Check(dictionary, dictionaryLength, Rows, out int entries);
            ulong code = 0;
            if (fault == Fault.None)
            {
                int width = PackedLanes.CodeWidth((uint)entries);
                fault = PackedLanes.DecodeOne(segment, length, rows, width, (ulong)entries, index, out code);
            }

            if (fault != Fault.None)
            {
                return fault;
            }

            if (_table != null)
            {
                value = _table[code];
                return Fault.None;
            }

            segment = dictionary + DictionaryOfBytes.HeaderSize;
            length = dictionaryLength - DictionaryOfBytes.HeaderSize;
            rows = entries;
            index = (int)code;
        }

        if (_kind == ColumnKind.FixedBytes)
        {
            payloadLength = (ulong)_entry->FixedLength;
            payload = segment + ((ulong)index * payloadLength);
            fault = length < ((ulong)index + 1) * payloadLength ? Fault.SegmentTooShort : Fault.None;
        }
        else
        {
            fault = PlainBytesDecoder.DecodeOne(segment, length, rows, index, out payload, out payloadLength);
        }

        if (fault == Fault.None)
        {
            CheckLength(payloadLength);
            byte* datum = _datumBuffer.Ensure(_group.Memory, Datums.Bytes(_kind, payloadLength));
            Datums.Write(_kind, payload, payloadLength, datum);
            value = (ulong)datum;
        }

        return fault;
    }

    /// <summary>Values of one length. Where that is a multiple of 8 they are datums as they lie in the block.</summary>
    Fault DecodeFixed(byte* values, ulong length, int count, ulong* addresses)
    {
        ulong each = (ulong)_entry->FixedLength;
        if (length < each * (ulong)count)
        {
            return Fault.SegmentTooShort;
        }

        ulong step = Datums.Bytes(ColumnKind.FixedBytes, each);
        byte* datums = values;
        if (step != each)
        {
            datums = _datumBuffer.Ensure(_group.Memory, step * (ulong)count);
        }

        for (int i = 0; i < count; i++)
        {
            byte* datum = datums + (step * (ulong)i);
            if (step != each)
            {
                Datums.Write(ColumnKind.FixedBytes, values + (each * (ulong)i), each, datum);
            }

            addresses[i] = (ulong)datum;
        }

        return Fault.None;
    }

    /// <summary>Strings of a plain segment as datums: of the rows named, or of all if <paramref name="rows"/> is null.</summary>
    Fault Materialize(
        byte* segment, ulong length, int all, ushort* rows, int count, ulong* ends, ref ReadBuffer buffer, ulong* addresses)
    {
        Fault fault = PlainBytesDecoder.Decode(segment, length, all, ends, out byte* data);
        if (fault != Fault.None)
        {
            return fault;
        }

        // Each datum is at most 15 bytes longer than its string: header, terminator and alignment.
        byte* datum = buffer.Ensure(_group.Memory, StringBytes(ends, all, rows, count) + (16 * (ulong)count));
        for (int i = 0; i < count; i++)
        {
            int row = rows == null ? i : rows[i];
            ulong start = row == 0 ? 0 : ends[row - 1];
            ulong payloadLength = ends[row] - start;
            CheckLength(payloadLength);
            Datums.Write(_kind, data + start, payloadLength, datum);
            addresses[i] = (ulong)datum;
            datum += Datums.Bytes(_kind, payloadLength);
        }

        return Fault.None;
    }

    /// <summary>Bytes of the strings of some rows, or of all, by where strings end.</summary>
    static ulong StringBytes(ulong* ends, int all, ushort* rows, int count)
    {
        if (rows == null)
        {
            return ends[all - 1];
        }

        ulong bytes = 0;
        for (int i = 0; i < count; i++)
        {
            bytes += ends[rows[i]] - (rows[i] == 0 ? 0 : ends[rows[i] - 1]);
        }

        return bytes;
    }

    Fault ConstantDatum(out ulong value)
    {
        value = 0;
        if (_table == null)
        {
            byte* shared = Shared(out ulong length);
            if (_kind == ColumnKind.FixedBytes && length != (ulong)_entry->FixedLength)
            {
                return Fault.SegmentTooShort;
            }

            CheckLength(length);
            ulong* table = (ulong*)_tableBuffer.Ensure(_group.Memory, sizeof(ulong));
            byte* datum = _sharedDatums.Ensure(_group.Memory, Datums.Bytes(_kind, length));
            Datums.Write(_kind, shared, length, datum);
            *table = (ulong)datum;
            _table = table;
        }

        value = *_table;
        return Fault.None;
    }

    Fault DatumTable()
    {
        if (_table != null)
        {
            return Fault.None;
        }

        byte* shared = Shared(out ulong length);
        Fault fault = DictionaryOfBytes.Check(shared, length, Rows, out int entries);
        if (fault != Fault.None)
        {
            return fault;
        }

        ulong* table = (ulong*)_tableBuffer.Ensure(_group.Memory, (ulong)entries * sizeof(ulong));
        byte* values = shared + DictionaryOfBytes.HeaderSize;
        length -= DictionaryOfBytes.HeaderSize;
        if (_kind == ColumnKind.FixedBytes)
        {
            fault = FixedTable(values, length, entries, table);
        }
        else
        {
            ulong* ends = (ulong*)_group.Memory.Allocate((nuint)entries * sizeof(ulong));
            fault = Materialize(values, length, entries, null, entries, ends, ref _sharedDatums, table);
            _group.Memory.Free((byte*)ends);
        }

        if (fault == Fault.None)
        {
            _entries = entries;
            _table = table;
        }

        return fault;
    }

    Fault FixedTable(byte* values, ulong length, int entries, ulong* table)
    {
        ulong each = (ulong)_entry->FixedLength;
        if (length < each * (ulong)entries)
        {
            return Fault.SegmentTooShort;
        }

        ulong step = Datums.Bytes(ColumnKind.FixedBytes, each);
        byte* datums = _sharedDatums.Ensure(_group.Memory, step * (ulong)entries);
        for (int i = 0; i < entries; i++)
        {
            byte* datum = datums + (step * (ulong)i);
            Datums.Write(ColumnKind.FixedBytes, values + (each * (ulong)i), each, datum);
            table[i] = (ulong)datum;
        }

        return Fault.None;
    }

    void CheckLength(ulong length)
    {
        if (length > GroupFormat.MaxValueBytes)
        {
            Throw.BadChunk(_column, "a value is longer than any value can be");
        }
    }
}
