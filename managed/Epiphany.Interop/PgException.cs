// Interop layer. Errors that carry what PostgreSQL shows: SQLSTATE, message, detail, hint.

using System;

namespace Epiphany.Interop;

/// <summary>Becomes ereport(ERROR) with these texts. Texts are ASCII: the boundary doesn't know the database's encoding.</summary>
public sealed class PgException : Exception
{
    public PgException(int sqlState, string message, string? detail = null, string? hint = null) : base(message)
    {
        SqlState = sqlState;
        Detail = detail;
        Hint = hint;
    }

    /// <summary>As <see cref="Interop.SqlState"/> packs it.</summary>
    public int SqlState { get; }

    public string? Detail { get; }

    public string? Hint { get; }
}

/// <summary>
/// An error of PostgreSQL is under way: its data waits on PostgreSQL's side, and the shim re-throws it when the export returns.
/// Never to be swallowed. One object, made at start, so that raising allocates nothing and no one reads anything from it.
/// </summary>
internal sealed class PgErrorException : Exception
{
    internal static readonly PgErrorException Instance = new();

    private PgErrorException() : base("PostgreSQL error")
    {
    }
}

/// <summary>The host had no memory to give; unlike the managed heap's end, it knows how much was asked for.</summary>
internal sealed class HostMemoryException : OutOfMemoryException
{
    internal HostMemoryException(ulong bytes) => Bytes = bytes;

    internal ulong Bytes { get; }
}
