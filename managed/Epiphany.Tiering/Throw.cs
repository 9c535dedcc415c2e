// Tiering layer. Every throw of the layer, out of line, so that hot code stays small.

using System;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Epiphany.Storage;

namespace Epiphany.Tiering;

[StackTraceHidden]
static class Throw
{
    /// <summary>The file's bytes contradict the format, or themselves.</summary>
    [DoesNotReturn]
    internal static void Bad(string what) => throw new StoredDataException($"Parquet file is damaged: {what}");

    /// <summary>The file may well be right, but uses what this reader does not have.</summary>
    [DoesNotReturn]
    internal static void Unsupported(string what) => throw new ParquetUnsupportedException($"Parquet file cannot be read: {what}");

    [DoesNotReturn]
    internal static void Argument(string message) => throw new ArgumentException(message);
}

/// <summary>A Parquet feature that is not supported.</summary>
public sealed class ParquetUnsupportedException : Exception
{
    public ParquetUnsupportedException()
    {
    }

    public ParquetUnsupportedException(string message) : base(message)
    {
    }

    public ParquetUnsupportedException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
