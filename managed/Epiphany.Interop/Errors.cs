// Interop layer. Where exceptions end: each export catches everything and comes here. Nothing may leave this file by a throw, and the
// ways that matter when memory is short allocate nothing: texts go into the shim's buffers.

using System;
using Epiphany.Storage;
using Epiphany.Tiering;

namespace Epiphany.Interop;

internal static unsafe class Errors
{
    /// <summary>
    /// Throws once, for nothing: the first throw in a process makes what the runtime needs for all of them, and where the first is for
    /// want of memory there is none left for that, which ends the process.
    /// </summary>
    internal static void Prepare()
    {
        try
        {
            Throw.PgError();
        }
        catch (PgErrorException)
        {
        }
    }

    /// <summary>Writes down what was caught and says how the export is to return.</summary>
    internal static PgeStatus Capture(Exception caught)
    {
        switch (caught)
        {
            case PgErrorException:
                return PgeStatus.PgError;
            case PgException e:
                return Set(e.SqlState, e.Message, e.Detail, e.Hint);
            case StoredDataException e:
                return Set(SqlState.DataCorrupted, e.Message);
            case ParquetUnsupportedException e:
                return Set(SqlState.FeatureNotSupported, e.Message);
            case HostMemoryException e:
                return SetOutOfMemory(e.Bytes);
            case OutOfMemoryException:
                return Set(
                    SqlState.OutOfMemory,
                    "out of memory",
                    "The managed heap of this session has reached its limit.",
                    "Raise \"epiphany.managed_heap_limit\" for sessions to come.");
            case InsufficientExecutionStackException:
                return Set(SqlState.StatementTooComplex, "stack depth limit exceeded");
            default:
                return SetUnexpected(caught);
        }
    }

    private static PgeStatus Set(int sqlState, string message, string? detail = null, string? hint = null)
    {
        var error = Host.Api->Error;
        error->SqlState = sqlState;
        Terminate(error, error->Message, Write(error, error->Message, 0, message));
        Terminate(error, error->Detail, Write(error, error->Detail, 0, detail));
        Terminate(error, error->Hint, Write(error, error->Hint, 0, hint));
        return PgeStatus.ManagedError;
    }

    private static PgeStatus SetOutOfMemory(ulong bytes)
    {
        Set(SqlState.OutOfMemory, "out of memory");
        var error = Host.Api->Error;
        var at = Write(error, error->Detail, 0, "Failed on a request of ");
        Span<char> digits = stackalloc char[20];
        bytes.TryFormat(digits, out var count);
        at = Write(error, error->Detail, at, digits[..count]);
        Terminate(error, error->Detail, Write(error, error->Detail, at, " bytes."));
        return PgeStatus.ManagedError;
    }

    /// <summary>A bug of ours. The trace is what finds it; where even making that fails, the message must do.</summary>
    private static PgeStatus SetUnexpected(Exception caught)
    {
        try
        {
            Set(SqlState.InternalError, caught.Message, caught.StackTrace);
            var error = Host.Api->Error;
            var at = Write(error, error->Message, 0, caught.GetType().Name);
            at = Write(error, error->Message, at, " in the managed library: ");
            Terminate(error, error->Message, Write(error, error->Message, at, caught.Message));
        }
        catch (Exception)
        {
            Set(SqlState.InternalError, "unexpected failure in the managed library");
        }

        return PgeStatus.ManagedError;
    }

    /// <summary>Appends at <paramref name="at"/> what fits before the terminator; what is not ASCII text becomes a question mark.</summary>
    private static int Write(PgeError* error, byte* buffer, int at, ReadOnlySpan<char> text)
    {
        foreach (var c in text)
        {
            if (at >= error->Capacity - 1)
            {
                break;
            }

            buffer[at++] = c is >= ' ' and <= '~' or '\n' ? (byte)c : (byte)'?';
        }

        return at;
    }

    private static void Terminate(PgeError* error, byte* buffer, int at)
    {
        if (error->Capacity > 0)
        {
            buffer[at] = 0;
        }
    }
}
