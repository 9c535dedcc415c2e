// Storage layer. Every throw of the layer, out of line, so that hot code stays small.

using System;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Epiphany.Encoding;

namespace Epiphany.Storage;

[StackTraceHidden]
static class Throw
{
    [DoesNotReturn]
    internal static void BadFooter(string what) => throw new StoredDataException($"row group footer: {what}");

    [DoesNotReturn]
    internal static void BadChunk(int column, string what) => throw new StoredDataException($"column {column + 1} of the row group: {what}");

    [DoesNotReturn]
    internal static void BadVector(int column, int vector, Fault fault) =>
        throw new StoredDataException($"column {column + 1} of the row group, vector {vector}: {Faults.Describe(fault)}");

    [DoesNotReturn]
    internal static void CodecUnavailable(Codec codec) =>
        throw new NotSupportedException($"this server was built without {(codec == Codec.Lz4 ? "LZ4" : "ZSTD")}");

    [DoesNotReturn]
    internal static void Argument(string message) => throw new ArgumentException(message);

    [DoesNotReturn]
    internal static void InvalidOperation(string message) => throw new InvalidOperationException(message);
}
