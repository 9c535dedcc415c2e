// Execution layer, core. What all operators and expressions of one engine share.

namespace Epiphany.Execution;

/// <summary>The host and the limits.</summary>
sealed record EngineContext(IExecutionHost Host, EngineOptions Options);
