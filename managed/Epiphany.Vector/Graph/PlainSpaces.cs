// Vector layer, graph. Vectors whose distance no code gives: halves for L1, bits as they are.

using System;

namespace Epiphany.Vector.Graph;

/// <summary>L1 over dense vectors, rounded to halves.</summary>
public sealed unsafe class HalfSpace : Space
{
    /// <summary>What rounding may do to an element, relatively.</summary>
    private const float Rounding = 1f / 2048;

    private readonly ElementKind _element;
    private readonly int _dimensions;
    private readonly ushort* _query;
    private float _length;

    public HalfSpace(ElementKind element, int dimensions)
    {
        _element = element;
        _dimensions = dimensions;
        _query = Scratch<ushort>(dimensions);
    }

    public static int Payload(int dimensions) => dimensions * sizeof(ushort);

    public override int PayloadBytes => Payload(_dimensions);

    public override void Load(in GraphValue value)
    {
        _length = 0;
        for (int i = 0; i < _dimensions; i++)
        {
            float element = _element == ElementKind.Float16 ? Halves.Widen(((ushort*)value.Values)[i]) : ((float*)value.Values)[i];
            _query[i] = Halves.Narrow(Math.Clamp(element, -(float)Half.MaxValue, (float)Half.MaxValue));
            _length += MathF.Abs(element);
        }
    }

    public override void LoadPayload(byte* payload)
    {
        Buffer.MemoryCopy(payload, _query, PayloadBytes, PayloadBytes);
        _length = 0;
        for (int i = 0; i < _dimensions; i++)
        {
            _length += MathF.Abs(Halves.Widen(_query[i]));
        }
    }

    public override void Encode(byte* payload) => Buffer.MemoryCopy(_query, payload, PayloadBytes, PayloadBytes);

    public override void Distances(byte** payloads, int count, float* distances) => Between((byte*)_query, payloads, count, distances);

    public override void Between(byte* from, byte** payloads, int count, float* distances)
    {
        for (int i = 0; i < count; i++)
        {
            distances[i] = Number((float)Vectors.Distance(Metric.L1, ElementKind.Float16, from, payloads[i], _dimensions));
        }
    }

    public override float Lower(byte* payload, float distance, float caution) => distance - (Rounding * ((2 * _length) + distance));
}

/// <summary>Bits by Hamming or Jaccard distance.</summary>
public sealed unsafe class BitSpace : Space
{
    /// <summary>What a float may be above the double.</summary>
    private const float Rounding = 1f / (1 << 22);

    private readonly Metric _metric;
    private readonly byte* _query;

    public BitSpace(GraphMetric metric, int dimensions)
    {
        _metric = metric == GraphMetric.Hamming ? Metric.Hamming : Metric.Jaccard;
        PayloadBytes = Payload(dimensions);
        _query = Scratch<byte>(PayloadBytes);
    }

    public static int Payload(int dimensions) => (dimensions + 7) / 8;

    public override int PayloadBytes { get; }

    public override void Load(in GraphValue value) => LoadPayload(value.Values);

    public override void LoadPayload(byte* payload) => Buffer.MemoryCopy(payload, _query, PayloadBytes, PayloadBytes);

    public override void Encode(byte* payload) => Buffer.MemoryCopy(_query, payload, PayloadBytes, PayloadBytes);

    public override void Distances(byte** payloads, int count, float* distances) => Between(_query, payloads, count, distances);

    public override void Between(byte* from, byte** payloads, int count, float* distances)
    {
        for (int i = 0; i < count; i++)
        {
            distances[i] = (float)Vectors.Distance(_metric, ElementKind.Bit, from, payloads[i], PayloadBytes);
        }
    }

    public override float Lower(byte* payload, float distance, float caution) => distance * (1 - Rounding);
}
