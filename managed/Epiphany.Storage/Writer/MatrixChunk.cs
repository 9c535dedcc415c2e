// Storage layer, writer. A chunk of vectors that have as many elements each.

using Epiphany.Kernels;

namespace Epiphany.Storage;

sealed unsafe class MatrixChunk
{
    ColumnBuffer _column = null!;
    MatrixHeader _header;

    /// <summary>About what the chunk takes.</summary>
    internal ulong Bytes => MatrixHeader.Size + (Present * (sizeof(uint) + (ulong)_header.RowBytes));

    ulong Present => (ulong)(_column.Rows - _column.NullCount);

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
        return true;
    }

    internal void WriteShared(ByteSink block) => *(MatrixHeader*)block.AppendZeros(MatrixHeader.Size) = _header;

    internal void WriteVector(int first, int rows, ByteSink block)
    {
        for (int row = first; row < first + rows; row++)
        {
            if (!IsNull(_column, row))
            {
                uint crc = Crc32C.Compute(Elements(row), _header.RowBytes);
                block.Append((byte*)&crc, sizeof(uint));
            }
        }
    }

    internal void WriteBehind(ImageSink image)
    {
        for (int row = 0; row < _column.Rows; row++)
        {
            if (!IsNull(_column, row))
            {
                image.Append(Elements(row), _header.RowBytes);
            }
        }
    }

    static bool IsNull(ColumnBuffer column, int row) => column.Nulls != null && column.Nulls[row] != 0;

    byte* Elements(int row) => (byte*)_column.Values[row] + MatrixHeader.HeadBytes;
}
