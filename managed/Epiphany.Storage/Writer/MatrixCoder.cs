// Storage layer, writer. Codes of a chunk's vectors.

using System;
using Epiphany.Vector;
using Epiphany.Vector.Codes;

namespace Epiphany.Storage;

/// <summary>Encodes rows, one after another, in blocks of 32; a vector begins with a block.</summary>
sealed unsafe class MatrixCoder(IMemory memory)
{
    readonly ByteSink _codes = new(memory);
    byte* _room;
    ulong _roomBytes;
    byte* _signs;
    float* _row;
    float* _centroid;
    double* _sums;
    byte* _code;
    byte* _scratch;

    /// <summary>All blocks, in order.</summary>
    internal ByteSink Codes => _codes;

    internal float* Centroid => _centroid;

    /// <summary>False: some value has no code that is of use.</summary>
    internal bool TryEncode(ColumnBuffer column, in MatrixHeader header)
    {
        int padded = header.Padded;
        Reserve(padded);
        Rotation.MakeSigns(header.Seed, padded, _signs);
        FindCentroid(column, header);
        _codes.Clear();
        bool isFinite = true;
        for (int vector = 0; vector < GroupFormat.Vectors(column.Rows); vector++)
        {
            isFinite &= TryEncodeVector(column, header, vector);
        }

        return isFinite;
    }

    /// <summary>A row's own code, after all have been encoded; good until the next. What is not finite rules nothing out.</summary>
    internal RefinedCode* Refine(ColumnBuffer column, in MatrixHeader header, int row)
    {
        int padded = header.Padded;
        var to = (RefinedCode*)_code;
        *to = new RefinedCode { Square = LoadRotated(column, header, row) };
        to->Factors = Encoder.Encode(CodeMetric.L2Squared, RefinedCode.Bits, _row, _centroid, padded, _scratch, RefinedCode.Code(to));
        to->Crc = RefinedCode.Checksum(to, padded);
        return to;
    }

    internal void Free()
    {
        _codes.Free();
        if (_room != null)
        {
            memory.Free(_room);
        }

        _room = null;
        _roomBytes = 0;
    }

    bool TryEncodeVector(ColumnBuffer column, in MatrixHeader header, int vector)
    {
        int padded = header.Padded;
        int first = vector * GroupFormat.VectorRows;
        int end = first + GroupFormat.RowsOf(column.Rows, vector);
        bool isFinite = true;
        byte* block = null;
        int slot = 0;
        for (int row = first; row < end; row++)
        {
            if (MatrixChunk.IsNull(column, row))
            {
                continue;
            }

            slot %= CodeLayout.BlockVectors;
            if (slot == 0)
            {
                block = _codes.AppendZeros((ulong)MatrixHeader.BlockBytes(padded));
            }

            float square = LoadRotated(column, header, row);
            CodeFactors factors = Encoder.Encode(CodeMetric.L2Squared, 1, _row, _centroid, padded, _scratch, _code);
            FastScan.Put(block, padded, slot, _code);
            float* to = (float*)(block + CodeLayout.BlockBytes(padded)) + slot;
            to[0] = factors.Add;
            to[CodeLayout.BlockVectors] = factors.Rescale;
            to[2 * CodeLayout.BlockVectors] = factors.Error;
            to[3 * CodeLayout.BlockVectors] = square;
            isFinite &= float.IsFinite(factors.Add) && float.IsFinite(factors.Rescale) && float.IsFinite(factors.Error) && float.IsFinite(square);
            slot++;
        }

        return isFinite;
    }

    /// <summary>The mean, rotated.</summary>
    void FindCentroid(ColumnBuffer column, in MatrixHeader header)
    {
        new Span<double>(_sums, header.Dimensions).Clear();
        for (int row = 0; row < column.Rows; row++)
        {
            if (!MatrixChunk.IsNull(column, row))
            {
                Load(column, header, row);
                for (int i = 0; i < header.Dimensions; i++)
                {
                    _sums[i] += _row[i];
                }
            }
        }

        for (int i = 0; i < header.Dimensions; i++)
        {
            _centroid[i] = (float)(_sums[i] / (column.Rows - column.NullCount));
        }

        Rotation.Apply(_signs, _centroid, header.Dimensions, _centroid);
    }

    /// <summary>Returns the square of its length.</summary>
    float LoadRotated(ColumnBuffer column, in MatrixHeader header, int row)
    {
        Load(column, header, row);
        float square = (float)Vectors.SumOfSquares(ElementKind.Float32, (byte*)_row, header.Dimensions);
        Rotation.Apply(_signs, _row, header.Dimensions, _row);
        return square;
    }

    void Load(ColumnBuffer column, in MatrixHeader header, int row)
    {
        byte* elements = MatrixChunk.Elements(column, row);
        if (header.ElementBytes == sizeof(float))
        {
            new Span<byte>(elements, (int)header.RowBytes).CopyTo(new Span<byte>(_row, (int)header.RowBytes));
            return;
        }

        for (int i = 0; i < header.Dimensions; i++)
        {
            _row[i] = (float)BitConverter.UInt16BitsToHalf(((ushort*)elements)[i]);
        }
    }

    void Reserve(int padded)
    {
        ulong signs = (ulong)Rotation.SignBytes(padded);
        ulong floats = (ulong)padded * sizeof(float);
        ulong scratch = GroupFormat.Align((ulong)Encoder.ScratchBytes(padded));
        ulong bytes = signs + (4 * floats) + scratch + (ulong)RefinedCode.Bytes(padded);
        if (bytes > _roomBytes)
        {
            if (_room != null)
            {
                memory.Free(_room);
                _room = null;
            }

            _room = memory.Allocate((nuint)bytes);
            _roomBytes = bytes;
        }

        _signs = _room;
        _row = (float*)(_signs + signs);
        _centroid = _row + padded;
        _sums = (double*)(_centroid + padded);
        _scratch = (byte*)(_sums + padded);
        _code = _scratch + scratch;
    }
}
