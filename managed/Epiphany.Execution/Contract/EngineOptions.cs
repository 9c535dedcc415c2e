// Execution layer, contract. An engine's limits, and what its nodes report.

namespace Epiphany.Execution;

/// <summary>Bytes for a sort and for a hash table; whether times are measured; whether distances are estimated before they are computed.</summary>
readonly record struct EngineOptions(ulong SortMemory, ulong HashMemory, bool Timing, bool Estimates = true);

/// <summary>What a node has done, all runs together. Times in nanoseconds; those of nodes below are included.</summary>
sealed class NodeStats
{
    public ulong Rows;
    public ulong Batches;
    public ulong Filtered;
    public ulong GroupsRead;
    public ulong GroupsSkipped;
    public ulong VectorsRead;
    public ulong VectorsSkipped;
    public ulong BytesRead;
    public ulong Time;
    public ulong DecodeTime;
    public ulong PeakMemory;
    public ulong SpilledBytes;
    public ulong SpilledParts;
    public ulong HashEntries;

    /// <summary>Rows of a scan that joins' keys took away.</summary>
    public ulong Unmatched;
    public ulong GroupsKnown;
    public ulong RowsKnown;

    /// <summary>Rows of a scan below a sort by distance: those whose distance was estimated, and computed.</summary>
    public ulong Estimated;
    public ulong Measured;

    /// <summary>Of a sort: how many ranges its rows came in, each sorted by itself.</summary>
    public ulong Ranges;
}
