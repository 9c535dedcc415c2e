// Storage layer, reader. Vectors of as many elements each: rows are read by themselves, and each is checked.

using Epiphany.Encoding;
using Epiphany.Kernels;

namespace Epiphany.Storage;

sealed unsafe partial class ColumnReader
{
    MatrixHeader _matrix;
    ReadBuffer _codeBuffer;
    ReadBuffer _refinedBuffer;

    /// <summary>A bit for each vector whose codes were asked for; those that were asked for again, in the order of vectors.</summary>
    ulong _codesAsked;
    nint[]? _codesKept;

    /// <summary>Where the first row lies in the chunk, the first row's own code, and the first code.</summary>
    ulong _matrixRows;
    ulong _matrixRefined;
    ulong _matrixCodes;

    /// <summary>Which vector the segment at hand is of.</summary>
    int _vectorAtHand;

    /// <summary>From a datum to the next.</summary>
    ulong MatrixStep => Datums.Bytes(_kind, MatrixHeader.HeadBytes + (ulong)_matrix.RowBytes);

    /// <summary>
    /// What all rows share, once; and where in the segment at hand the checksums are of rows that are not null. The one before them is of codes.
    /// </summary>
    Fault LoadMatrix(byte* segment, ulong length, int present, out uint* checksums)
    {
        Fault fault = _matrix.RowBytes == 0 ? LoadShared() : Fault.None;
        ulong before = _matrix.Codes == MatrixCodes.None ? 0UL : sizeof(ulong);
        checksums = (uint*)(segment + before);
        return fault == Fault.None && length < before + ((ulong)present * sizeof(uint)) ? Fault.SegmentTooShort : fault;
    }

    Fault LoadShared()
    {
        byte* shared = Shared(out ulong length);
        if (length < MatrixHeader.Size)
        {
            return Fault.SegmentTooShort;
        }

        var header = *(MatrixHeader*)shared;
        if (!header.IsValid)
        {
            return Fault.WidthTooLarge;
        }

        ulong codes = 0;
        for (int i = 0; i < GroupFormat.Vectors(Rows); i++)
        {
            codes += header.CodeBytes(Present(i));
        }

        BlockEntry* last = _blocks + GroupFormat.Vectors(Rows);
        ulong all = (ulong)(Rows - (int)_entry->NullCount);
        ulong refined = all * (ulong)header.RefinedBytes;
        ulong rows = all * header.RowBytes;
        if (length < header.SharedBytes || codes + refined + rows > _entry->StoredLength - (last->Offset + last->StoredLength))
        {
            return Fault.SegmentTooShort;
        }

        _matrix = header;
        _matrixRows = _entry->StoredLength - rows;
        _matrixRefined = _matrixRows - refined;
        _matrixCodes = _matrixRefined - codes;
        return Fault.None;
    }

    /// <summary>False: the chunk has no codes.</summary>
    internal bool TryCodes(out CodeShape shape)
    {
        shape = default;
        if (_encoding != EncodingKind.Matrix || _entry->NullCount == Rows)
        {
            return false;
        }

        Fault fault = _matrix.RowBytes == 0 ? LoadShared() : Fault.None;
        if (fault != Fault.None)
        {
            Throw.BadVector(_column, 0, fault);
        }

        shape.ElementBytes = _matrix.ElementBytes;
        shape.Dimensions = _matrix.Dimensions;
        shape.Seed = _matrix.Seed;
        shape.Centroid = (float*)(Shared(out _) + MatrixHeader.Size);
        return _matrix.Codes != MatrixCodes.None;
    }

    /// <summary>
    /// Codes of a vector, of a chunk that has them. Who asks for them again, with the same reader, is likely to ask many times: they are kept then.
    /// </summary>
    internal VectorCodes Codes(int vector)
    {
        int present = Present(vector);
        if (present == 0)
        {
            return default;
        }

        byte* segment = Segment(vector, GroupFormat.RowsOf(Rows, vector), out ulong length, out byte* bitmap);
        if (_codesKept != null && _codesKept[vector] != 0)
        {
            return new VectorCodes((byte*)_codesKept[vector], _matrix.Padded, bitmap);
        }

        Fault fault = LoadMatrix(segment, length, present, out _);
        if (fault != Fault.None)
        {
            Throw.BadVector(_column, vector, fault);
        }

        ulong offset = _entry->Offset + _matrixCodes;
        for (int i = 0; i < vector; i++)
        {
            offset += _matrix.CodeBytes(Present(i));
        }

        ulong bytes = _matrix.CodeBytes(present);
        bool again = (_codesAsked >> vector & 1) != 0;
        byte* codes = again ? _group.Memory.Allocate((nuint)(bytes + BitPacking.Slack)) : _codeBuffer.Ensure(_group.Memory, bytes);
        _group.Read(offset, codes, bytes);
        if (Crc32C.Compute(codes, bytes) != *(uint*)segment)
        {
            Throw.BadChunk(_column, $"the checksum of vector {vector}'s codes does not match their bytes");
        }

        _codesAsked |= 1UL << vector;
        if (again)
        {
            _codesKept ??= new nint[GroupFormat.Vectors(Rows)];
            _codesKept[vector] = (nint)codes;
        }

        return new VectorCodes(codes, _matrix.Padded, bitmap);
    }

    /// <summary>
    /// Codes that rows of a vector, at least one, have of their own, one after another; null: there are none. Codes of the vector have been asked
    /// for, and none of the rows is null. Good until the next.
    /// </summary>
    internal RefinedCodes Refined(int vector, int* rows, int count)
    {
        if (_matrix.Codes != MatrixCodes.Refined)
        {
            return default;
        }

        Segment(vector, GroupFormat.RowsOf(Rows, vector), out _, out byte* bitmap);
        ulong bytes = (ulong)_matrix.RefinedBytes;
        ulong first = _entry->Offset + _matrixRefined + (PresentBefore(vector) * bytes);
        byte* room = _refinedBuffer.Ensure(_group.Memory, (ulong)count * (sizeof(ulong) + bytes));
        ulong* offsets = (ulong*)room;
        for (int i = 0; i < count; i++)
        {
            int place = rows[i] - (bitmap == null ? 0 : NullBitmap.Count(bitmap, rows[i]));
            offsets[i] = first + ((ulong)place * bytes);
        }

        var codes = new RefinedCodes(room + (count * sizeof(ulong)), _matrix.RefinedBytes);
        _group.ReadParts(offsets, count, (byte*)codes.Row(0), bytes);
        for (int i = 0; i < count; i++)
        {
            if (RefinedCode.Checksum(codes.Row(i), _matrix.Padded) != codes.Row(i)->Crc)
            {
                Throw.BadChunk(_column, "the checksum of a row's code does not match its bytes");
            }
        }

        return codes;
    }

    /// <summary>Rows of a vector that are not null.</summary>
    int Present(int vector) => GroupFormat.RowsOf(Rows, vector) - (int)_vectors[vector].Nulls;

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
        Fault fault = LoadMatrix(segment, length, present, out uint* checksums);
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
            CloseRow(datum, checksums[i]);
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
        Fault fault = LoadMatrix(segment, length, Present(vector), out uint* checksums);
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

            ReadRow(before, place, checksums, datum);
            values[i] = (ulong)datum;
            datum += step;
        }

        return result;
    }

    Fault DecodeMatrixRow(byte* segment, ulong length, int present, int index, out ulong value)
    {
        value = 0;
        Fault fault = LoadMatrix(segment, length, present, out uint* checksums);
        if (fault == Fault.None)
        {
            byte* datum = _datumBuffer.Ensure(_group.Memory, MatrixStep);
            ReadRow(PresentBefore(_vectorAtHand), index, checksums, datum);
            value = (ulong)datum;
        }

        return fault;
    }

    void ReadRow(ulong before, int index, uint* checksums, byte* datum)
    {
        ulong offset = _entry->Offset + _matrixRows + ((before + (ulong)index) * _matrix.RowBytes);
        _group.Read(offset, Elements(datum), _matrix.RowBytes);
        CloseRow(datum, checksums[index]);
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
