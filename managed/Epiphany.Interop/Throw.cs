// Interop layer. Every exception that this project throws, out of the way of the code that decides to.

using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Epiphany.Storage;

namespace Epiphany.Interop;

[StackTraceHidden]
internal static class Throw
{
    [DoesNotReturn]
    internal static void PgError() => throw PgErrorException.Instance;

    [DoesNotReturn]
    internal static void HostMemory(ulong bytes) => throw new HostMemoryException(bytes);

    [DoesNotReturn]
    internal static void StackTooDeep() => throw new PgException(
        SqlState.StatementTooComplex,
        "stack depth limit exceeded",
        hint: "Increase the configuration parameter \"max_stack_depth\", after ensuring the platform's stack depth limit is adequate.");

    [DoesNotReturn]
    internal static void CodecMissing(Codec codec)
    {
        var (name, file) = codec == Codec.Lz4 ? ("LZ4", "liblz4.so.1") : ("ZSTD", "libzstd.so.1");
        throw new PgException(
            SqlState.FeatureNotSupported,
            $"this server has no {name} library",
            $"The file {file} cannot be loaded.",
            $"Install the operating system's package that has {file}.");
    }

    [DoesNotReturn]
    internal static void NotAHandle() => throw new PgException(SqlState.InternalError, "not a live handle of the expected kind");

    [DoesNotReturn]
    internal static void BadColumns(int count) => throw new PgException(SqlState.InternalError, $"bad number of columns: {count}");
}
