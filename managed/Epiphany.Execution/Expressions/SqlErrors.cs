// Execution layer, expressions. Errors of PostgreSQL's functions, in PostgreSQL's words.

using System.Diagnostics.CodeAnalysis;

namespace Epiphany.Execution;

static class SqlErrors
{
    /// <summary>"integer out of range" and the like.</summary>
    [DoesNotReturn]
    internal static void OutOfRange(IExecutionHost host, string type) => host.Raise(SqlState.Pack("22003"), $"{type} out of range");

    [DoesNotReturn]
    internal static void DivisionByZero(IExecutionHost host) => host.Raise(SqlState.Pack("22012"), "division by zero");
}
