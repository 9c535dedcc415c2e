// Integration tests: vectors as parameters and results of the driver, by its own interface for types of others, as pgvector's client library
// does it: the server's types are looked up by their names "vector", "halfvec" and "sparsevec", in whatever schema they are, and values go
// in binary form. It must not know an OID, a schema or anything else of ours. (That library as published for this driver is not at hand.)
#pragma warning disable NPG9001 // The driver's interface for types may change.
using System;
using System.Buffers;
using System.Buffers.Binary;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Npgsql.Internal;
using Npgsql.Internal.Postgres;

namespace Epiphany.Integration.Tests;

sealed record FloatVector(float[] Values) : IEquatable<FloatVector>
{
    public bool Equals(FloatVector? other) => other is not null && Values.AsSpan().SequenceEqual(other.Values);

    public override int GetHashCode() => Values.Length;
}

sealed record HalfVector(Half[] Values) : IEquatable<HalfVector>
{
    public bool Equals(HalfVector? other) => other is not null && Values.AsSpan().SequenceEqual(other.Values);

    public override int GetHashCode() => Values.Length;
}

/// <summary>Indices count from zero, ascending.</summary>
sealed record SparseVector(int Dimensions, int[] Indices, float[] Values) : IEquatable<SparseVector>
{
    internal static SparseVector Of(float[] values)
    {
        int[] indices = [.. Enumerable.Range(0, values.Length).Where(i => values[i] != 0)];
        return new(values.Length, indices, [.. indices.Select(i => values[i])]);
    }

    public bool Equals(SparseVector? other) =>
        other is not null && Dimensions == other.Dimensions && Indices.AsSpan().SequenceEqual(other.Indices)
        && Values.AsSpan().SequenceEqual(other.Values);

    public override int GetHashCode() => Dimensions;
}

sealed class VectorTypes : PgTypeInfoResolverFactory
{
    public override IPgTypeInfoResolver CreateResolver() => new Resolver(false);

    public override IPgTypeInfoResolver CreateArrayResolver() => new Resolver(true);

    sealed class Resolver : IPgTypeInfoResolver
    {
        readonly TypeInfoMappingCollection _mappings = new();

        internal Resolver(bool arrays)
        {
            Add("vector", () => new FloatConverter(), arrays);
            Add("halfvec", () => new HalfConverter(), arrays);
            Add("sparsevec", () => new SparseConverter(), arrays);
        }

        public PgTypeInfo? GetTypeInfo(Type? type, DataTypeName? dataTypeName, PgSerializerOptions options) =>
            _mappings.Find(type, dataTypeName, options);

        void Add<T>(string name, Func<PgConverter<T>> converter, bool arrays)
            where T : class
        {
            _mappings.AddType<T>(name, (options, mapping, _) => mapping.CreateInfo(options, converter()), isDefault: true);
            if (arrays)
            {
                _mappings.AddArrayType<T>(name);
            }
        }
    }

    /// <summary>Values are read and written whole.</summary>
    abstract class Converter<T> : PgStreamingConverter<T>
    {
        protected abstract T Get(ReadOnlySpan<byte> bytes);

        protected abstract void Put(T value, Span<byte> bytes);

        protected abstract int Bytes(T value);

        public override T Read(PgReader reader) => Get(reader.ReadBytes(reader.CurrentRemaining).ToArray());

        public override async ValueTask<T> ReadAsync(PgReader reader, CancellationToken cancellationToken = default) =>
            Get((await reader.ReadBytesAsync(reader.CurrentRemaining, cancellationToken)).ToArray());

        public override Size GetSize(SizeContext context, T value, ref object? writeState) => Bytes(value);

        public override void Write(PgWriter writer, T value) => writer.WriteBytes(Put(value));

        public override async ValueTask WriteAsync(PgWriter writer, T value, CancellationToken cancellationToken = default) =>
            await writer.WriteBytesAsync(Put(value), cancellationToken);

        byte[] Put(T value)
        {
            byte[] bytes = new byte[Bytes(value)];
            Put(value, bytes);
            return bytes;
        }
    }

    sealed class FloatConverter : Converter<FloatVector>
    {
        protected override int Bytes(FloatVector value) => 4 + (4 * value.Values.Length);

        protected override FloatVector Get(ReadOnlySpan<byte> bytes)
        {
            var values = new float[BinaryPrimitives.ReadUInt16BigEndian(bytes)];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = BinaryPrimitives.ReadSingleBigEndian(bytes[(4 + (4 * i))..]);
            }

            return new(values);
        }

        protected override void Put(FloatVector value, Span<byte> bytes)
        {
            BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value.Values.Length);
            for (int i = 0; i < value.Values.Length; i++)
            {
                BinaryPrimitives.WriteSingleBigEndian(bytes[(4 + (4 * i))..], value.Values[i]);
            }
        }
    }

    sealed class HalfConverter : Converter<HalfVector>
    {
        protected override int Bytes(HalfVector value) => 4 + (2 * value.Values.Length);

        protected override HalfVector Get(ReadOnlySpan<byte> bytes)
        {
            var values = new Half[BinaryPrimitives.ReadUInt16BigEndian(bytes)];
            for (int i = 0; i < values.Length; i++)
            {
                values[i] = BinaryPrimitives.ReadHalfBigEndian(bytes[(4 + (2 * i))..]);
            }

            return new(values);
        }

        protected override void Put(HalfVector value, Span<byte> bytes)
        {
            BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)value.Values.Length);
            for (int i = 0; i < value.Values.Length; i++)
            {
                BinaryPrimitives.WriteHalfBigEndian(bytes[(4 + (2 * i))..], value.Values[i]);
            }
        }
    }

    sealed class SparseConverter : Converter<SparseVector>
    {
        protected override int Bytes(SparseVector value) => 12 + (8 * value.Indices.Length);

        protected override SparseVector Get(ReadOnlySpan<byte> bytes)
        {
            int count = BinaryPrimitives.ReadInt32BigEndian(bytes[4..]);
            var indices = new int[count];
            var values = new float[count];
            for (int i = 0; i < count; i++)
            {
                indices[i] = BinaryPrimitives.ReadInt32BigEndian(bytes[(12 + (4 * i))..]);
                values[i] = BinaryPrimitives.ReadSingleBigEndian(bytes[(12 + (4 * (count + i)))..]);
            }

            return new(BinaryPrimitives.ReadInt32BigEndian(bytes), indices, values);
        }

        protected override void Put(SparseVector value, Span<byte> bytes)
        {
            int count = value.Indices.Length;
            BinaryPrimitives.WriteInt32BigEndian(bytes, value.Dimensions);
            BinaryPrimitives.WriteInt32BigEndian(bytes[4..], count);
            for (int i = 0; i < count; i++)
            {
                BinaryPrimitives.WriteInt32BigEndian(bytes[(12 + (4 * i))..], value.Indices[i]);
                BinaryPrimitives.WriteSingleBigEndian(bytes[(12 + (4 * (count + i)))..], value.Values[i]);
            }
        }
    }
}
