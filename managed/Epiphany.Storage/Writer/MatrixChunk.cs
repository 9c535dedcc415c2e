// Storage layer, writer. A chunk of vectors that have as many elements each, with codes where they are wanted.

using Epiphany.Kernels;
using Epiphany.Vector.Codes;

namespace Epiphany.Storage;

sealed unsafe class MatrixChunk(bool wantsCodes, IMemory memory)
{
    /// <summary>Codes may take one part in so many of what rows take.</summary>
    const uint CodeShare = 4;

    readonly MatrixCoder _coder = new(memory);
    ColumnBuffer _column = null!;
    MatrixHeader _header;
    ulong _coded;

    /// <summary>About what the chunk takes.</summary>
    internal ulong Bytes => MatrixHeader.Size + (Present * (sizeof(uint) + (ulong)_header.RefinedBytes + _header.RowBytes));

    ulong Present => (ulong)(_column.Rows - _column.NullCount);

    internal static bool IsNull(ColumnBuffer column, int row) => column.Nulls != null && column.Nulls[row] != 0;

    internal static byte* Elements(ColumnBuffer column, int row) => (byte*)column.Values[row] + MatrixHeader.HeadBytes;

    /// <summary>False: some value is no vector, or has another number of elements than others. One value at least is not null.</summary>
    internal bool TryPlan(ColumnBuffer column)
    {
        if (column.Shape.Kind != ColumnKind.VarBytes)
        {
            return false;
        }

        int row = 0;
        while (IsNull(column, row))
        {
            row++;
        }

        uint length = column.Lengths[row];
        if (length < MatrixHeader.HeadBytes || !MatrixHeader.IsVector(*(uint*)column.Values[row], length))
        {
            return false;
        }

        uint head = *(uint*)column.Values[row];
        while (++row < column.Rows)
        {
            if (!IsNull(column, row) && (column.Lengths[row] != length || *(uint*)column.Values[row] != head))
            {
                return false;
            }
        }

        _column = column;
        _header = new MatrixHeader { RowBytes = length - MatrixHeader.HeadBytes, Head = head };
        PlanCodes();
        return true;
    }

    internal void WriteShared(ByteSink block)
    {
        *(MatrixHeader*)block.AppendZeros(MatrixHeader.Size) = _header;
        if (_header.Codes != MatrixCodes.None)
        {
            block.Append((byte*)_coder.Centroid, (ulong)_header.Padded * sizeof(float));
        }
    }

    internal void WriteVector(int first, int rows, ByteSink block)
    {
        int present = rows;
        for (int row = first; row < first + rows; row++)
        {
            present -= IsNull(_column, row) ? 1 : 0;
        }

        if (_header.Codes != MatrixCodes.None)
        {
            _coded = first == 0 ? 0 : _coded;
            ulong bytes = _header.CodeBytes(present);
            ulong crc = Crc32C.Compute(_coder.Codes.Bytes + _coded, bytes);
            block.Append((byte*)&crc, sizeof(ulong));
            _coded += bytes;
        }

        for (int row = first; row < first + rows; row++)
        {
            if (!IsNull(_column, row))
            {
                uint crc = Crc32C.Compute(Elements(_column, row), _header.RowBytes);
                block.Append((byte*)&crc, sizeof(uint));
            }
        }
    }

    internal void WriteBehind(ImageSink image)
    {
        if (_header.Codes != MatrixCodes.None)
        {
            image.Append(_coder.Codes.Bytes, _coder.Codes.Length);
            _coder.Codes.Clear();
        }

        for (int row = 0; row < _column.Rows && _header.Codes == MatrixCodes.Refined; row++)
        {
            if (!IsNull(_column, row))
            {
                image.Append((byte*)_coder.Refine(_column, _header, row), (ulong)_header.RefinedBytes);
            }
        }

        for (int row = 0; row < _column.Rows; row++)
        {
            if (!IsNull(_column, row))
            {
                image.Append(Elements(_column, row), _header.RowBytes);
            }
        }
    }

    internal void Free() => _coder.Free();

    void PlanCodes()
    {
        _coded = 0;
        uint blocked = (uint)MatrixHeader.BlockBytes(_header.Padded) / CodeLayout.BlockVectors;
        if (!wantsCodes || blocked * CodeShare > _header.RowBytes)
        {
            return;
        }

        _header.Codes = MatrixCodes.Refined;
        if ((blocked + (uint)_header.RefinedBytes) * CodeShare > _header.RowBytes)
        {
            _header.Codes = MatrixCodes.OneBit;
        }

        _header.Seed = MatrixHeader.FirstSeed;
        if (!_coder.TryEncode(_column, _header))
        {
            _coder.Codes.Clear();
            _header.Codes = MatrixCodes.None;
            _header.Seed = 0;
        }
    }
}
