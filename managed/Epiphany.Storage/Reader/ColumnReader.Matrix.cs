// Storage layer, reader. Vectors of as many elements each: rows are read by themselves, and each is checked.

using Epiphany.Encoding;
using Epiphany.Kernels;

namespace Epiphany.Storage;

sealed unsafe partial class ColumnReader
{
    MatrixHeader _matrix;

    /// <summary>Where the first row lies in the chunk.</summary>
    ulong _matrixRows;

    /// <summary>Which vector the segment at hand is of.</summary>
    int _vectorAtHand;

    /// <summary>From a datum to the next.</summary>
    ulong MatrixStep => Datums.Bytes(_kind, MatrixHeader.HeadBytes + (ulong)_matrix.RowBytes);

    /// <summary>What all rows share, once; and whether the segment at hand has a checksum for each row that is not null.</summary>
    Fault LoadMatrix(ulong length, int present)
    {
        if (_matrix.RowBytes == 0)
        {
            byte* shared = Shared(out ulong sharedLength);
            if (sharedLength < MatrixHeader.Size)
            {
                return Fault.SegmentTooShort;
            }

            var header = *(MatrixHeader*)shared;
            if (!header.IsValid)
            {
                return Fault.WidthTooLarge;
            }

            BlockEntry* last = _blocks + GroupFormat.Vectors(Rows);
            ulong rows = (ulong)(Rows - (int)_entry->NullCount) * header.RowBytes;
            if (rows > _entry->StoredLength - (last->Offset + last->StoredLength))
            {
                return Fault.SegmentTooShort;
            }

            _matrix = header;
            _matrixRows = _entry->StoredLength - rows;
        }

        return length < (ulong)present * sizeof(uint) ? Fault.SegmentTooShort : Fault.None;
    }

    /// <summary>Rows of earlier vectors that are not null.</summary>
    ulong PresentBefore(int vector)
    {
        ulong nulls = 0;
        for (int i = 0; i < vector; i++)
        {
            nulls += _vectors[i].Nulls;
        }

        return ((ulong)vector * GroupFormat.VectorRows) - nulls;
    }

    /// <summary>All rows of the vector that are not null.</summary>
    Fault DecodeMatrix(byte* segment, ulong length, int present, ulong* values)
    {
        Fault fault = LoadMatrix(length, present);
        if (fault != Fault.None)
        {
            return fault;
        }

        ulong step = MatrixStep;
        byte* datums = _datumBuffer.Ensure(_group.Memory, step * (ulong)present);
        // They come to the end of the room, and each goes to its place: no place reaches a row that has not gone.
        byte* rows = datums + ((step - _matrix.RowBytes) * (ulong)present);
        _group.Read(_entry->Offset + _matrixRows + (PresentBefore(_vectorAtHand) * _matrix.RowBytes), rows, (ulong)present * _matrix.RowBytes);
        for (int i = 0; i < present; i++)
        {
            byte* datum = datums + (step * (ulong)i);
            System.Buffer.MemoryCopy(rows + ((ulong)_matrix.RowBytes * (ulong)i), Elements(datum), _matrix.RowBytes, _matrix.RowBytes);
            CloseRow(datum, ((uint*)segment)[i]);
            values[i] = (ulong)datum;
        }

        return Fault.None;
    }

    /// <summary>Some rows of a vector, one value after another; there is one at least that is not null in it.</summary>
    DecodedVector PickMatrix(int vector, ushort* rows, int count, ulong* values, byte* nulls)
    {
        int all = GroupFormat.RowsOf(Rows, vector);
        var result = new DecodedVector { Rows = count };
        byte* segment = Segment(vector, all, out ulong length, out byte* bitmap);
        Fault fault = LoadMatrix(length, all - (int)_vectors[vector].Nulls);
        if (fault != Fault.None)
        {
            Throw.BadVector(_column, vector, fault);
        }

        ulong step = MatrixStep;
        ulong before = PresentBefore(vector);
        byte* datum = _datumBuffer.Ensure(_group.Memory, step * (ulong)count);
        for (int i = 0; i < count; i++)
        {
            int place = rows[i];
            if (bitmap != null)
            {
                bool isNull = NullBitmap.IsNull(bitmap, place);
                nulls[i] = isNull ? (byte)1 : (byte)0;
                result.HasNulls |= isNull;
                values[i] = 0;
                if (isNull)
                {
                    continue;
                }

                place -= NullBitmap.Count(bitmap, place);
            }

            ReadRow(before, place, segment, datum);
            values[i] = (ulong)datum;
            datum += step;
        }

        return result;
    }

    Fault DecodeMatrixRow(byte* segment, ulong length, int present, int index, out ulong value)
    {
        value = 0;
        Fault fault = LoadMatrix(length, present);
        if (fault == Fault.None)
        {
            byte* datum = _datumBuffer.Ensure(_group.Memory, MatrixStep);
            ReadRow(PresentBefore(_vectorAtHand), index, segment, datum);
            value = (ulong)datum;
        }

        return fault;
    }

    void ReadRow(ulong before, int index, byte* checksums, byte* datum)
    {
        ulong offset = _entry->Offset + _matrixRows + ((before + (ulong)index) * _matrix.RowBytes);
        _group.Read(offset, Elements(datum), _matrix.RowBytes);
        CloseRow(datum, ((uint*)checksums)[index]);
    }

    byte* Elements(byte* datum) => datum + Datums.HeaderBytes(_kind) + MatrixHeader.HeadBytes;

    /// <summary>The elements are in their place: checks them, and writes what is before them.</summary>
    void CloseRow(byte* datum, uint crc)
    {
        if (Crc32C.Compute(Elements(datum), _matrix.RowBytes) != crc)
        {
            Throw.BadChunk(_column, "a row's checksum does not match its bytes");
        }

        *(uint*)(datum + Datums.HeaderBytes(_kind)) = _matrix.Head;
        Datums.Close(_kind, MatrixHeader.HeadBytes + (ulong)_matrix.RowBytes, datum);
    }
}
