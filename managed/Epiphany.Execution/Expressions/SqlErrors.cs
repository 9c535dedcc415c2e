// Execution layer, expressions. Errors of PostgreSQL's functions, in PostgreSQL's words.

using System.Diagnostics.CodeAnalysis;

namespace Epiphany.Execution;

static class SqlErrors
{
    /// <summary>"integer out of range" and the like.</summary>
    [DoesNotReturn]
    internal static void OutOfRange(IExecutionHost host, string type) => host.Raise(SqlState.Pack("22003"), $"{type} out of range");

    [DoesNotReturn]
    internal static void NegativeLength(IExecutionHost host) => host.Raise(SqlState.Pack("22011"), "negative substring length not allowed");

    [DoesNotReturn]
    internal static void DateOutOfRange(IExecutionHost host) => host.Raise(SqlState.Pack("22008"), "date out of range");

    [DoesNotReturn]
    internal static void DateOutOfRangeForTimestamp(IExecutionHost host) =>
        host.Raise(SqlState.Pack("22008"), "date out of range for timestamp");

    [DoesNotReturn]
    internal static void InfiniteDates(IExecutionHost host) => host.Raise(SqlState.Pack("22008"), "cannot subtract infinite dates");

    internal static void Raise(IExecutionHost host, FloatFault fault)
    {
        switch (fault)
        {
            case FloatFault.Overflow:
                host.Raise(SqlState.Pack("22003"), "value out of range: overflow");
                break;
            case FloatFault.Underflow:
                host.Raise(SqlState.Pack("22003"), "value out of range: underflow");
                break;
            case FloatFault.DivisionByZero:
                DivisionByZero(host);
                break;
        }
    }

    [DoesNotReturn]
    internal static void DivisionByZero(IExecutionHost host) => host.Raise(SqlState.Pack("22012"), "division by zero");
}
