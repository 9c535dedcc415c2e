// Execution layer, operators. Lower bounds of distances between a query and the vectors of row groups, by the codes that lie beside these.

using System;
using System.Numerics;
using System.Runtime.Intrinsics;
using Epiphany.Kernels;
using Epiphany.Storage;
using Epiphany.Vector;
using Epiphany.Vector.Codes;

namespace Epiphany.Execution;

/// <summary>
/// Codes know of the square of the Euclidean distance; others follow from it and the vectors' lengths. A bound is not kept by one vector in some
/// thousands, and then it matters only for one of the nearest that is much nearer than its code says. A query that has so many neighbours about
/// as far that their codes say little puts up with one in a hundred, which is what makes its time like that of others.
/// </summary>
sealed unsafe class NearestCodes(DistanceForm form, IMemory memory)
{
    /// <summary>In deviations of the estimate, whose error is as good as normal: one vector in 740 lies beyond, whatever the data.</summary>
    const float Epsilon = 3f;

    /// <summary>Likewise, one vector in a hundred: after so many candidates, or so many for each row wanted.</summary>
    const float LateEpsilon = 2.33f;
    const int ManyCandidates = 2048;
    const int ManyForEach = 64;

    /// <summary>Likewise for codes that rows have of their own: these are some seven times as exact, so that caution costs little.</summary>
    const float RefinedEpsilon = 4f;

    /// <summary>They are read so many at a time.</summary>
    const int RefinedAtOnce = 64;

    /// <summary>What single precision may take from sums of squares that differ little.</summary>
    const float Rounding = 1e-6f;

    readonly float* _estimates = (float*)memory.Allocate(CodeLayout.BlockVectors * sizeof(float));
    readonly float* _lowers = (float*)memory.Allocate(CodeLayout.BlockVectors * sizeof(float));
    float* _squares;
    QueryCodes* _query;
    byte* _elements;
    int _dimensions;
    int _preparedFor;
    ulong _seed;
    float _square;
    float _length;
    float _add;
    float _distance;
    float _slack;
    int _many;
    int _looked;

    /// <summary>Codes say nothing of sums of absolute differences.</summary>
    internal static bool Knows(DistanceForm form) => !form.IsL1;

    /// <summary>A run begins, with that query, for so many rows.</summary>
    internal void Begin(byte* elements, int dimensions, int wanted)
    {
        _many = Math.Max(ManyCandidates, ManyForEach * wanted);
        _looked = 0;
        _elements = elements;
        _dimensions = dimensions;
        _preparedFor = 0;
    }

    /// <summary>On to a group. False: its codes are not for this query.</summary>
    internal bool TryEnter(in CodeShape shape)
    {
        if (shape.Dimensions != _dimensions || shape.ElementBytes != form.ElementBytes)
        {
            return false;
        }

        if (_preparedFor != _dimensions || _seed != shape.Seed)
        {
            Prepare(shape.Seed);
        }

        (_add, _distance) = Estimator.ForCentroid(_query, shape.Centroid);
        _slack = Rounding * (_add + (form.IsL2 ? 0 : _square));
        return float.IsFinite(_add) && float.IsFinite(_square);
    }

    /// <summary>
    /// Finds, of the rows of a vector of which a bit is set in <paramref name="wanted"/>, those that may be as near as <paramref name="furthest"/>:
    /// <see cref="Next"/> gives them. Rows that are null are not among them.
    /// </summary>
    internal void Search(in VectorCodes codes, int rows, ulong* wanted, double furthest, CandidateRoom room)
    {
        int count = codes.Nulls == null
            ? WithoutNulls(codes, rows, wanted, furthest, room.Bounds, room.Rows)
            : WithNulls(codes, rows, wanted, furthest, room.Bounds, room.Rows);
        if (double.IsPositiveInfinity(furthest))
        {
            // While anything may be near, what seems nearest tells most. Later the order of rows is as good, and is that of memory.
            new Span<float>(room.Bounds, count).Sort(new Span<int>(room.Rows, count));
        }

        room.Begin(count);
    }

    /// <summary>The next row of the vector that is to be measured; false: no other may be as near as <paramref name="furthest"/>.</summary>
    internal bool Next(RowGroupReader reader, int column, int vector, CandidateRoom room, double furthest, out int row)
    {
        do
        {
            while (room.Next < room.End)
            {
                int at = room.Next++;
                if (!(room.Bounds[at] > furthest))
                {
                    row = room.Rows[at];
                    return true;
                }
            }
        }
        while (TryLook(reader, column, vector, room, furthest));

        row = -1;
        return false;
    }

    /// <summary>
    /// Looks at some further candidates, if there are any: bounds are by their own codes then, those too far are left out, the nearest come first.
    /// </summary>
    bool TryLook(RowGroupReader reader, int column, int vector, CandidateRoom room, double furthest)
    {
        bool isFull = !double.IsPositiveInfinity(furthest);
        int from = room.Looked;
        int most = from + (isFull ? RefinedAtOnce : 1);
        int to = from;
        int looked = from;
        for (; looked < room.Count && to < most; looked++)
        {
            room.Bounds[to] = room.Bounds[looked];
            room.Rows[to] = room.Rows[looked];
            to += room.Bounds[looked] > furthest ? 0 : 1;
        }

        _looked += to - from;
        room.Looked = looked;
        room.Next = from;
        if (to > from && isFull)
        {
            RefinedCodes codes = reader.Refined(column, vector, room.Rows + from, to - from);
            to = codes.IsEmpty ? to : from + Refine(codes, room.Bounds + from, room.Rows + from, to - from, furthest);
            new Span<float>(room.Bounds + from, to - from).Sort(new Span<int>(room.Rows + from, to - from));
        }

        room.End = to;
        return looked > from;
    }

    int Refine(in RefinedCodes codes, float* bounds, int* candidates, int count, double furthest)
    {
        int kept = 0;
        for (int i = 0; i < count; i++)
        {
            RefinedCode* code = codes.Row(i);
            float lower = Estimator.Run(
                _query, RefinedCode.Code(code), RefinedCode.Bits, code->Factors, _add, RefinedEpsilon * _distance).Lower;
            float bound = Bound(code->Square, lower);
            bounds[kept] = bound;
            candidates[kept] = candidates[i];
            kept += bound > furthest ? 0 : 1;
        }

        return kept;
    }

    int WithoutNulls(in VectorCodes codes, int rows, ulong* wanted, double furthest, float* bounds, int* candidates)
    {
        int count = 0;
        for (int block = 0; block * CodeLayout.BlockVectors < rows; block++)
        {
            uint left = ((uint*)wanted)[block];
            if (left == 0)
            {
                continue;
            }

            left &= Near(codes, block, furthest);
            for (; left != 0; left &= left - 1)
            {
                int slot = BitOperations.TrailingZeroCount(left);
                bounds[count] = Bound(slot);
                candidates[count++] = (block * CodeLayout.BlockVectors) + slot;
            }
        }

        return count;
    }

    /// <summary>Rows that are null have no place among the codes.</summary>
    int WithNulls(in VectorCodes codes, int rows, ulong* wanted, double furthest, float* bounds, int* candidates)
    {
        int count = 0;
        int place = 0;
        int block = -1;
        uint near = 0;
        for (int row = 0; row < rows; row++)
        {
            if (NullBitmap.IsNull(codes.Nulls, row))
            {
                continue;
            }

            if ((wanted[row / 64] >> (row % 64) & 1) != 0)
            {
                if (block != place / CodeLayout.BlockVectors)
                {
                    block = place / CodeLayout.BlockVectors;
                    near = Near(codes, block, furthest);
                }

                int slot = place % CodeLayout.BlockVectors;
                if ((near >> slot & 1) != 0)
                {
                    bounds[count] = Bound(slot);
                    candidates[count++] = row;
                }
            }

            place++;
        }

        return count;
    }

    /// <summary>A bit for each of 32 rows whose distance is not known to be above <paramref name="furthest"/>; NaN is not.</summary>
    uint Near(in VectorCodes codes, int block, double furthest)
    {
        float epsilon = _looked < _many ? Epsilon : LateEpsilon;
        _squares = codes.Squares(block);
        FastScan.Run(_query, codes.Block(block), codes.Factors(block), _add, epsilon * _distance, float.PositiveInfinity, _estimates, _lowers);

        // Lower bound less a share of the square, less a multiple of the length: what would make the distance the furthest.
        double limit = form.IsL2 ? (furthest * furthest) + _slack : form.IsInnerProduct ? (2 * furthest) + _square + _slack : _square + _slack;
        var ofSquare = Vector256.Create(form.IsL2 ? Rounding : 1 + Rounding);
        var ofLength = Vector256.Create(form.IsL2 || form.IsInnerProduct ? 0 : (float)(2 * _length * (furthest - 1)));
        var most = Vector256.Create((float)(limit + (Rounding * Math.Abs(limit))));
        uint far = 0;
        for (int i = 0; i < CodeLayout.BlockVectors && !double.IsPositiveInfinity(furthest); i += Vector256<float>.Count)
        {
            var squares = Vector256.Load(_squares + i);
            Vector256<float> left = Vector256.Load(_lowers + i) - (ofSquare * squares) - (ofLength * Vector256.Sqrt(squares));
            far |= Vector256.GreaterThan(left, most).ExtractMostSignificantBits() << i;
        }

        return ~far;
    }

    /// <summary>Of a row of the block looked at last.</summary>
    float Bound(int slot) => Bound(_squares[slot], _lowers[slot]);

    /// <summary>What a row's distance is not below, by the squares of its length and, at least, of its Euclidean distance.</summary>
    float Bound(float squareOfLength, float lower)
    {
        float square = squareOfLength * (1 + Rounding);
        float product = _square + _slack + square - lower;
        return form.IsL2 ? MathF.Sqrt(MathF.Max(0, lower - _slack - (Rounding * square)))
            : form.IsInnerProduct ? -0.5f * product
            : 1 - (product / (2 * _length * MathF.Sqrt(square)));
    }

    void Prepare(ulong seed)
    {
        int padded = Rotation.Padded(_dimensions);
        nuint floats = (nuint)padded * sizeof(float);
        byte* room = memory.Allocate(floats + (nuint)Rotation.SignBytes(padded));
        float* rotated = (float*)room;
        byte* signs = room + floats;
        for (int i = 0; i < _dimensions; i++)
        {
            rotated[i] = form.Element == ElementKind.Float32
                ? ((float*)_elements)[i]
                : (float)BitConverter.UInt16BitsToHalf(((ushort*)_elements)[i]);
        }

        _square = (float)Vectors.SumOfSquares(ElementKind.Float32, room, _dimensions);
        _length = MathF.Sqrt(_square);
        Rotation.MakeSigns(seed, padded, signs);
        Rotation.Apply(signs, rotated, _dimensions, rotated);
        if (_query != null)
        {
            memory.Free((byte*)_query);
            _query = null;
        }

        _query = QueryCodes.Prepare(memory.Allocate((nuint)QueryCodes.Bytes(padded)), CodeMetric.L2Squared, rotated, padded);
        memory.Free(room);
        _preparedFor = _dimensions;
        _seed = seed;
    }
}
