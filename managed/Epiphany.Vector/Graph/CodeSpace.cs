// Vector layer, graph. Dense vectors by their codes (Codes/): L2 and cosine around one centroid, inner products around zero. A query is bytes, so
// that a distance is integer arithmetic; two vertices are compared by their codes alone.

using System;
using System.Runtime.Intrinsics;
using Epiphany.Vector.Codes;

namespace Epiphany.Vector.Graph;

public sealed unsafe class CodeSpace : Space
{
    private const int FactorBytes = 3 * sizeof(float);
    private const int MaxByte = 127;

    private readonly GraphMetric _metric;
    private readonly ElementKind _element;
    private readonly int _dimensions;
    private readonly int _padded;
    private readonly int _bits;
    private readonly float _middle;

    /// <summary>Not rotated; null: zero.</summary>
    private readonly float* _centroid;
    private readonly byte* _signs;
    private readonly float* _rotated;
    private readonly sbyte* _query;
    private readonly sbyte* _levels;
    private readonly byte* _scratch;

    /// <summary>Of the query: what a step of its bytes is, the part of a product that all codes share, what is added, its length.</summary>
    private float _step;
    private float _shared;
    private float _add;
    private float _length;

    /// <summary><paramref name="centroid"/>: the dimensions' floats, copied; none for inner products.</summary>
    public CodeSpace(GraphMetric metric, ElementKind element, int dimensions, int bits, ulong seed, ReadOnlySpan<float> centroid)
    {
        _metric = metric;
        _element = element;
        _dimensions = dimensions;
        _padded = Rotation.Padded(dimensions);
        _bits = bits;
        _middle = ((1 << bits) - 1) / 2f;
        _signs = Scratch<byte>(Rotation.SignBytes(_padded));
        Rotation.MakeSigns(seed, _padded, _signs);
        _rotated = Scratch<float>(_padded);
        _query = Scratch<sbyte>(_padded);
        _levels = Scratch<sbyte>(_padded);
        _scratch = Scratch<byte>(Encoder.ScratchBytes(_padded));
        if (metric != GraphMetric.InnerProduct && !centroid.IsEmpty)
        {
            _centroid = Scratch<float>(dimensions);
            centroid.CopyTo(new Span<float>(_centroid, dimensions));
        }
    }

    public static int Payload(int dimensions, int bits) => FactorBytes + CodeLayout.CodeBytes(Rotation.Padded(dimensions), bits);

    public override int PayloadBytes => FactorBytes + CodeLayout.CodeBytes(_padded, _bits);

    public override void Load(in GraphValue value)
    {
        Floats(value);
        if (_centroid != null)
        {
            for (int i = 0; i < _dimensions; i++)
            {
                _rotated[i] -= _centroid[i];
            }
        }

        Rotation.Apply(_signs, _rotated, _dimensions, _rotated);
        MakeQuery();
    }

    public override void LoadPayload(byte* payload)
    {
        float rescale = ((CodeFactors*)payload)->Rescale * (_metric == GraphMetric.InnerProduct ? -1 : -0.5f);
        for (int i = 0; i < _padded; i += CodeBits.Unit)
        {
            CodeBits.Unpack(payload + FactorBytes + (i / 8 * _bits), _bits, _scratch);
            for (int j = 0; j < CodeBits.Unit; j++)
            {
                _rotated[i + j] = rescale * (_scratch[j] - _middle);
            }
        }

        MakeQuery();
    }

    /// <summary>Adds what a payload around zero says of its vector, rotated.</summary>
    public void Sum(byte* payload, double* sums)
    {
        Recall(payload);
        for (int i = 0; i < _padded; i++)
        {
            sums[i] += _rotated[i];
        }
    }

    /// <summary>What <see cref="Sum"/> was called for so many times has this mean.</summary>
    public void Mean(double* sums, long count, float* centroid)
    {
        for (int i = 0; i < _padded; i++)
        {
            _rotated[i] = (float)(sums[i] / count);
        }

        Rotation.Undo(_signs, _rotated, _padded);
        for (int i = 0; i < _dimensions; i++)
        {
            centroid[i] = float.IsFinite(_rotated[i]) ? _rotated[i] : 0;
        }
    }

    /// <summary>
    /// A payload around zero becomes one around the centroid. It says as little of its vector as it did, and its error says so. Vectors that have
    /// much in common have lost much of that in common, so what was lost may make distances longer, or shorter.
    /// </summary>
    public void Move(byte* payload)
    {
        CodeFactors before = *(CodeFactors*)payload;
        float kept = Recall(payload);
        float* centroid = stackalloc float[_padded];
        Rotation.Apply(_signs, _centroid, _dimensions, centroid);
        for (int i = 0; i < _padded; i++)
        {
            _rotated[i] -= centroid[i];
        }

        Encode(payload);
        var after = (CodeFactors*)payload;
        float lost = MathF.Max(0, before.Add - kept);
        after->Error = MathF.Sqrt((after->Error * after->Error) + (before.Error * before.Error) + (2 * lost));
    }

    /// <summary>What a payload around zero knows of its vector: the vector's part along the code. Returns the square of its length.</summary>
    private float Recall(byte* payload)
    {
        var factors = (CodeFactors*)payload;
        float square = 0;
        for (int i = 0; i < _padded; i += CodeBits.Unit)
        {
            CodeBits.Unpack(payload + FactorBytes + (i / 8 * _bits), _bits, _scratch);
            for (int j = 0; j < CodeBits.Unit; j++)
            {
                float level = _scratch[j] - _middle;
                _rotated[i + j] = level;
                square += level * level;
            }
        }

        // Rescale is -2 |vector|^2 / (vector . code), Add is |vector|^2.
        float along = factors->Rescale < 0 ? -2 * factors->Add / factors->Rescale / square : 0;
        along = float.IsFinite(along) ? along : 0;
        for (int i = 0; i < _padded; i++)
        {
            _rotated[i] *= along;
        }

        return along * along * square;
    }

    private void MakeQuery()
    {
        float widest = 0;
        for (int i = 0; i < _padded; i++)
        {
            widest = MathF.Max(widest, MathF.Abs(_rotated[i]));
        }

        _step = widest / MaxByte;
        float inverse = _step > 0 && float.IsFinite(_step) ? 1 / _step : 0;
        int sum = 0;
        for (int i = 0; i < _padded; i++)
        {
            _query[i] = (sbyte)MathF.Round(_rotated[i] * inverse);
            sum += _query[i];
        }

        _shared = -_middle * sum;
        var square = (float)Vectors.Distance(Metric.InnerProduct, ElementKind.Float32, (byte*)_rotated, (byte*)_rotated, _padded);
        _add = _metric == GraphMetric.InnerProduct ? 0 : square;
        _length = MathF.Sqrt(square);
    }

    public override void Encode(byte* payload)
    {
        CodeMetric metric = _metric == GraphMetric.InnerProduct ? CodeMetric.NegativeInnerProduct : CodeMetric.L2Squared;
        *(CodeFactors*)payload = Encoder.Encode(metric, _bits, _rotated, null, _padded, _scratch, payload + FactorBytes);
    }

    public override void Distances(byte** payloads, int count, float* distances)
    {
        LevelDots.Run(_query, payloads, FactorBytes, count, _padded, _bits, (int*)distances, null);
        for (int i = 0; i < count; i++)
        {
            var factors = (CodeFactors*)payloads[i];
            distances[i] = Number(factors->Add + _add + (factors->Rescale * _step * (((int*)distances)[i] + _shared)));
        }
    }

    public override void Between(byte* from, byte** payloads, int count, float* distances)
    {
        const int Batch = 64;
        int* sums = stackalloc int[Batch];
        int ofFrom = 0;
        for (int i = 0; i < _padded; i += CodeBits.Unit)
        {
            CodeBits.Unpack(from + FactorBytes + (i / 8 * _bits), _bits, (byte*)_levels + i);
        }

        for (int i = 0; i < _padded; i++)
        {
            ofFrom += _levels[i];
        }

        var a = (CodeFactors*)from;
        bool inner = _metric == GraphMetric.InnerProduct;
        float rescale = inner ? -a->Rescale : -0.5f * a->Rescale;
        for (int done = 0; done < count; done += Batch)
        {
            int some = int.Min(Batch, count - done);
            LevelDots.Run(_levels, payloads + done, FactorBytes, some, _padded, _bits, (int*)(distances + done), sums);
            for (int i = 0; i < some; i++)
            {
                var b = (CodeFactors*)payloads[done + i];
                int dot = ((int*)distances)[done + i];
                float product = dot - (_middle * (ofFrom + sums[i])) + (_padded * _middle * _middle);
                distances[done + i] = Number((inner ? 0 : a->Add + b->Add) + (rescale * b->Rescale * product));
            }
        }
    }

    public override float Lower(byte* payload, float distance, float caution)
    {
        // The bytes' rounding is in the middle of it: a quarter more is what it adds at 7 bits, and next to nothing below.
        float lower = distance - (caution * 0.85f * CodeLayout.Epsilon * ((CodeFactors*)payload)->Error * _length);
        lower = _metric switch
        {
            GraphMetric.L2 => MathF.Sqrt(MathF.Max(lower, 0)),
            GraphMetric.Cosine => lower / 2,
            _ => lower,
        };
        return float.IsNaN(lower) ? float.NegativeInfinity : lower;
    }

    private void Floats(in GraphValue value)
    {
        int size = _element == ElementKind.Float16 ? sizeof(ushort) : sizeof(float);
        float scale = 1;
        if (_metric == GraphMetric.Cosine)
        {
            scale = (float)(1 / Math.Sqrt(Vectors.SumOfSquares(_element, value.Values, _dimensions)));
        }

        for (int i = 0; i < _dimensions; i++)
        {
            float element = size == sizeof(float) ? ((float*)value.Values)[i] : Halves.Widen(((ushort*)value.Values)[i]);
            _rotated[i] = element * scale;
        }
    }
}
