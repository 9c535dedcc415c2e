// Execution layer, search. Room for the rows of a vector that may be near, and lower bounds of their distances.

using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>For one query after another. What is in it is for <see cref="NearestCodes"/> to know.</summary>
sealed unsafe class CandidateRoom(IMemory memory)
{
    internal float* Bounds { get; } = (float*)memory.Allocate(Batch.Capacity * sizeof(float));

    internal int* Rows { get; } = (int*)memory.Allocate(Batch.Capacity * sizeof(int));

    internal int Count { get; private set; }

    /// <summary>How many have been looked at more closely; of these, the next to be given, and where those that are near end.</summary>
    internal int Looked { get; set; }

    internal int Next { get; set; }

    internal int End { get; set; }

    internal void Begin(int count)
    {
        Count = count;
        Looked = Next = End = 0;
    }
}
