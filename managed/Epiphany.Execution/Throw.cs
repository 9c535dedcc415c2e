// Execution layer. Every throw of the layer, out of line, so that hot code stays small.

using System;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Epiphany.Execution;

[StackTraceHidden]
static class Throw
{
    [DoesNotReturn]
    internal static void BadProgram(string what) => throw new InvalidOperationException($"bad program: {what}");
}
