// Execution layer, expressions. One call of a function of PostgreSQL's in a program.

namespace Epiphany.Execution;

/// <summary>What the program says of a call.</summary>
sealed record CallSite(
    ValueType Type, uint Function, uint Collation, CallFlags Flags, Expression[] Arguments, int Id, IExecutionHost Host)
{
    /// <summary>The call as PostgreSQL makes it: where there is no kernel, and where a kernel meets values that it cannot compute.</summary>
    internal HostCall OnHost() => new(this);
}

/// <summary>What the program says beside a call's function; bits as in the boundary.</summary>
[System.Flags]
enum CallFlags
{
    None = 0,
    Strict = 1,

    /// <summary>Under the collation, strings are equal only if their bytes are.</summary>
    Deterministic = 2,

    /// <summary>The collation orders strings by their bytes.</summary>
    ByteOrder = 4,

    /// <summary>The database's encoding is UTF-8.</summary>
    Utf8 = 8,

    /// <summary>Under the collation, only ASCII letters have a case.</summary>
    AsciiCase = 16,
}
