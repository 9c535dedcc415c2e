// Execution layer, operators. Lower bounds of distances between a query and the vectors of row groups, by the codes that lie beside these.

using System;
using System.Numerics;
using Epiphany.Kernels;
using Epiphany.Storage;
using Epiphany.Vector;
using Epiphany.Vector.Codes;

namespace Epiphany.Execution;

/// <summary>
/// Codes know of the square of the Euclidean distance; others follow from it and the vectors' lengths. A bound is not kept by one vector in some
/// thousands, and then it matters only for one of the nearest that is much nearer than its code says.
/// </summary>
sealed unsafe class NearestCodes(DistanceForm form, IMemory memory)
{
    /// <summary>In deviations of the estimate.</summary>
    const float Epsilon = 3f;

    /// <summary>What single precision may take from sums of squares that differ little.</summary>
    const float Rounding = 1e-6f;

    readonly float* _estimates = (float*)memory.Allocate(CodeLayout.BlockVectors * sizeof(float));
    readonly float* _lowers = (float*)memory.Allocate(CodeLayout.BlockVectors * sizeof(float));
    QueryCodes* _query;
    byte* _elements;
    int _dimensions;
    int _preparedFor;
    ulong _seed;
    float _square;
    float _length;
    float _add;
    float _error;
    float _slack;

    /// <summary>Codes say nothing of sums of absolute differences.</summary>
    internal static bool Knows(DistanceForm form) => form.Kind != DistanceKind.L1;

    /// <summary>A run begins, with that query.</summary>
    internal void Begin(byte* elements, int dimensions)
    {
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

        (_add, float distance) = Estimator.ForCentroid(_query, shape.Centroid);
        _error = Epsilon * distance;
        _slack = Rounding * (_add + (form.Kind == DistanceKind.L2 ? 0 : _square));
        return float.IsFinite(_add) && float.IsFinite(_square);
    }

    /// <summary>
    /// Of the rows of a vector (of which a bit is set in <paramref name="wanted"/>) those that may be as near as <paramref name="furthest"/>, with
    /// their lower bounds; says how many. Rows that are null are not among them.
    /// </summary>
    internal int Candidates(in VectorCodes codes, int rows, ulong* wanted, double furthest, float* bounds, int* candidates)
    {
        return codes.Nulls == null
            ? WithoutNulls(codes, rows, wanted, furthest, bounds, candidates)
            : WithNulls(codes, rows, wanted, furthest, bounds, candidates);
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

            left &= Bound(codes, block, furthest);
            for (; left != 0; left &= left - 1)
            {
                int slot = BitOperations.TrailingZeroCount(left);
                bounds[count] = _lowers[slot];
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
                    near = Bound(codes, block, furthest);
                }

                int slot = place % CodeLayout.BlockVectors;
                bounds[count] = _lowers[slot];
                candidates[count] = row;
                count += (int)(near >> slot & 1);
            }

            place++;
        }

        return count;
    }

    /// <summary>Lower bounds of 32 distances, and a bit for each that is not above <paramref name="furthest"/>; NaN is not.</summary>
    uint Bound(in VectorCodes codes, int block, double furthest)
    {
        float* squares = codes.Squares(block);
        FastScan.Run(_query, codes.Block(block), codes.Factors(block), _add, _error, float.PositiveInfinity, _estimates, _lowers);
        switch (form.Kind)
        {
            case DistanceKind.L2:
                for (int i = 0; i < CodeLayout.BlockVectors; i++)
                {
                    _lowers[i] = MathF.Sqrt(MathF.Max(0, _lowers[i] - _slack - (Rounding * squares[i])));
                }

                break;
            case DistanceKind.NegativeInnerProduct:
                for (int i = 0; i < CodeLayout.BlockVectors; i++)
                {
                    _lowers[i] = 0.5f * (_lowers[i] - _slack - _square - ((1 + Rounding) * squares[i]));
                }

                break;
            default:
                for (int i = 0; i < CodeLayout.BlockVectors; i++)
                {
                    float product = _square + _slack + ((1 + Rounding) * squares[i]) - _lowers[i];
                    _lowers[i] = 1 - (product / (2 * _length * MathF.Sqrt(squares[i])));
                }

                break;
        }

        uint near = 0;
        // In doubles: what is as far as the furthest stays.
        for (int i = 0; i < CodeLayout.BlockVectors; i++)
        {
            near |= _lowers[i] > furthest ? 0 : 1u << i;
        }

        return near;
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
