// Execution layer, search. Room for the rows of a vector that may be near, and lower bounds of their distances.

using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>For one query after another.</summary>
sealed unsafe class CandidateRoom(IMemory memory)
{
    internal float* Bounds { get; } = (float*)memory.Allocate(Batch.Capacity * sizeof(float));

    internal int* Rows { get; } = (int*)memory.Allocate(Batch.Capacity * sizeof(int));
}
