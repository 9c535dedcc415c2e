// Execution layer, operators. What groups tell of the key before any of their rows is read, and the ranges that follow from it.

using System;
using System.Numerics;
using Epiphany.Storage;

namespace Epiphany.Execution;

sealed unsafe partial class ScanRanges
{
    /// <summary>Groups go by what is sorted by next, if that is known: then their rows of one value follow one another in order.</summary>
    long OrderOf(in ScanUnit unit)
    {
        if (_next < 0 || _next >= unit.Columns)
        {
            return 0;
        }

        ChunkInfo chunk = unit.Reader!.CheckedChunk(_next);
        return chunk.Kind is >= ColumnKind.Bool and <= ColumnKind.Int64 && chunk.MinLength == sizeof(long) ? *(long*)chunk.Min : 0;
    }

    bool AddIntegers(in ScanUnit unit)
    {
        ChunkInfo chunk = unit.Reader!.CheckedChunk(_column);
        CodedColumn coded = unit.Reader!.Coded(_column);
        if (chunk.Kind is < ColumnKind.Bool or > ColumnKind.Int64 || (coded.Form == CodedForm.None && chunk.Nulls < unit.Rows) || coded.IsDecimal)
        {
            return false;
        }

        for (ulong left = unit.Vectors; left != 0; left &= left - 1)
        {
            int vector = BitOperations.TrailingZeroCount(left);
            VectorBounds bounds = unit.Reader!.Bounds(_column, vector);
            bool isBound = bounds.Kind == BoundsKind.Integers;
            long low = isBound ? bounds.Min ^ _flip : long.MinValue;
            long high = isBound ? bounds.Max ^ _flip : long.MaxValue;
            _pieces.Add(new Piece(vector, GroupFormat.RowsOf(unit.Rows, vector), bounds.Nulls, Math.Min(low, high), Math.Max(low, high)));
        }

        return true;
    }

    bool AddStrings(in ScanUnit unit)
    {
        CodedColumn coded = unit.Reader!.Coded(_column);
        bool areNulls = unit.Reader!.CheckedChunk(_column).Nulls == unit.Rows;
        int count = areNulls ? 0 : coded.Count;
        if ((coded.Form != CodedForm.Entries && !areNulls) || coded.IsDecimal || count > Math.Max(1, unit.Rows / LeastRowsPerEntry))
        {
            return false;
        }

        for (int first = 0; first < count; first += Batch.Capacity)
        {
            int added = Math.Min(Batch.Capacity, count - first);
            uint* numbers = Ranks!.Add(coded.Table + first, added);
            if (Ranks.Count > KeyRanks.MaxCount)
            {
                return false;
            }

            for (int i = 0; i < added; i++)
            {
                _numbers.Add((ushort)numbers[i]);
            }
        }

        for (ulong left = unit.Vectors; left != 0; left &= left - 1)
        {
            int vector = BitOperations.TrailingZeroCount(left);
            VectorBounds bounds = unit.Reader!.Bounds(_column, vector);
            bool isBound = bounds.Kind == BoundsKind.Codes && bounds.Max < count;
            long high = isBound ? bounds.Max : count - 1;
            _pieces.Add(new Piece(vector, GroupFormat.RowsOf(unit.Rows, vector), bounds.Nulls, isBound ? bounds.Min : 0, high));
        }

        return true;
    }

    /// <summary>What its pieces tell of a group; codes become ranks.</summary>
    void Bound(ref Group group)
    {
        for (int i = group.FirstPiece; i < group.FirstPiece + group.Pieces; i++)
        {
            ref Piece piece = ref _pieces[i];
            group.HasNulls |= piece.Nulls > 0;
            if (!piece.HasValues)
            {
                continue;
            }

            if (IsRanked)
            {
                (long low, long high) = (long.MaxValue, long.MinValue);
                for (long code = piece.Low; code <= piece.High; code++)
                {
                    int rank = Ranks!.Rank(_numbers[group.FirstNumber + (int)code]);
                    (low, high) = (Math.Min(low, rank), Math.Max(high, rank));
                }

                (piece.Low, piece.High) = (low, high);
            }

            group.Low = Math.Min(group.Low, piece.Low);
            group.High = Math.Max(group.High, piece.High);
        }
    }

    void CutPieces(double first, double most)
    {
        var pieces = new HostList<KeyPiece>(context.Host.Memory);
        foreach (ref Piece piece in _pieces.Span)
        {
            if (piece.HasValues)
            {
                pieces.Add(new KeyPiece(piece.Low, piece.High, piece.Rows - piece.Nulls));
            }
        }

        _ranges.Cut(pieces.Span, first, most);
        long reads = 0;
        foreach (ref KeyPiece piece in pieces.Span)
        {
            reads += _ranges.Of(piece.High) - _ranges.Of(piece.Low) + 1;
        }

        if (reads > MaxReads * (long)pieces.Count)
        {
            _ranges.Join();
        }

        pieces.Clear();
    }
}
