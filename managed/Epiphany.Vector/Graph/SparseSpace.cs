// Vector layer, graph. Sparse vectors by their largest elements. One that has more than a payload holds is found by these alone; no distance is
// believed before the table's own vector has been asked.

using System;

namespace Epiphany.Vector.Graph;

/// <summary>A payload: the square of the whole vector's length, how many elements, whether that is all of them; indices; values.</summary>
public sealed unsafe class SparseSpace : Space
{
    public const int Kept = 128;

    private const int IndicesAt = 8;
    private const int ValuesAt = IndicesAt + (Kept * sizeof(int));
    private const float Rounding = 1f / (1 << 20);

    private readonly GraphMetric _metric;
    private readonly byte* _query;
    private float[] _sizes = new float[Kept];

    public SparseSpace(GraphMetric metric)
    {
        _metric = metric;
        _query = Scratch<byte>(PayloadBytes);
    }

    public const int Payload = ValuesAt + (Kept * sizeof(float));

    public override int PayloadBytes => Payload;

    public override void Load(in GraphValue value)
    {
        new Span<byte>(_query, PayloadBytes).Clear();
        var values = (float*)value.Values;
        double square = Vectors.SumOfSquares(ElementKind.Float32, value.Values, value.Count);
        float scale = _metric == GraphMetric.Cosine ? (float)(1 / Math.Sqrt(square)) : 1;
        *(float*)_query = _metric == GraphMetric.Cosine ? 1 : (float)square;
        float least = value.Count > Kept ? LeastKept(values, value.Count) : 0;
        int ties = value.Count > Kept ? Kept - Larger(values, value.Count, least) : Kept;
        int count = 0;
        for (int i = 0; i < value.Count; i++)
        {
            float size = MathF.Abs(values[i]);
            if (size > least || (size == least && ties-- > 0))
            {
                ((int*)(_query + IndicesAt))[count] = value.Indices[i];
                ((float*)(_query + ValuesAt))[count++] = values[i] * scale;
            }
        }

        ((ushort*)_query)[2] = (ushort)count;
        ((ushort*)_query)[3] = (ushort)(count == value.Count ? 1 : 0);
    }

    public override void LoadPayload(byte* payload) => Buffer.MemoryCopy(payload, _query, PayloadBytes, PayloadBytes);

    public override void Encode(byte* payload) => Buffer.MemoryCopy(_query, payload, PayloadBytes, PayloadBytes);

    public override void Distances(byte** payloads, int count, float* distances) => Between(_query, payloads, count, distances);

    public override void Between(byte* from, byte** payloads, int count, float* distances)
    {
        SparseElements a = Elements(from);
        for (int i = 0; i < count; i++)
        {
            SparseElements b = Elements(payloads[i]);
            distances[i] = Number(_metric switch
            {
                GraphMetric.L1 => (float)Vectors.Distance(Metric.L1, a, b),
                GraphMetric.InnerProduct => -(float)Vectors.Distance(Metric.InnerProduct, a, b),
                _ => *(float*)from + *(float*)payloads[i] - (2 * (float)Vectors.Distance(Metric.InnerProduct, a, b)),
            });
        }
    }

    public override float Lower(byte* payload, float distance, float caution)
    {
        if (caution > 0 && (((ushort*)_query)[3] == 0 || ((ushort*)payload)[3] == 0))
        {
            return float.NegativeInfinity;
        }

        // Floats lose digits where squares cancel out.
        float lower = distance - (Rounding * (MathF.Abs(distance) + *(float*)_query + *(float*)payload));
        lower = _metric switch
        {
            GraphMetric.L2 => MathF.Sqrt(MathF.Max(lower, 0)),
            GraphMetric.Cosine => lower / 2,
            _ => lower,
        };
        return float.IsNaN(lower) ? float.NegativeInfinity : lower;
    }

    /// <summary>Whatever the bytes are, no more elements than there is room for.</summary>
    private static SparseElements Elements(byte* payload) =>
        new((int*)(payload + IndicesAt), (float*)(payload + ValuesAt), int.Min(((ushort*)payload)[2], Kept));

    /// <summary>The size of the smallest element that is among the largest.</summary>
    private float LeastKept(float* values, int count)
    {
        if (_sizes.Length < count)
        {
            _sizes = new float[count];
        }

        for (int i = 0; i < count; i++)
        {
            _sizes[i] = MathF.Abs(values[i]);
        }

        Array.Sort(_sizes, 0, count);
        return _sizes[count - Kept];
    }

    private static int Larger(float* values, int count, float than)
    {
        int larger = 0;
        for (int i = 0; i < count; i++)
        {
            larger += MathF.Abs(values[i]) > than ? 1 : 0;
        }

        return larger;
    }
}
