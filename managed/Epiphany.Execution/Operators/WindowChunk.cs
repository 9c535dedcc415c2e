// Execution layer, operators. Some neighbouring rows of a window that are computed together, and where they stand in it.

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>
/// Rows by number; partitions, groups of peers and frames by their first row and the one behind the last. The end of a partition or group of
/// which more rows may come is the end of the rows there are.
/// </summary>
sealed unsafe class WindowChunk(WindowRows rows, IMemory memory)
{
    internal const byte PartitionMark = 1;

    /// <summary>Of rows that are no peers of the row before, those that begin a partition among them.</summary>
    internal const byte PeersMark = 2;

    long _partition;
    long _peers;
    long _group;
    long _partitionEnd;
    long _peersEnd;

    /// <summary>The first row.</summary>
    internal long First { get; private set; }

    internal int Count { get; private set; }

    /// <summary>By row of the chunk: its own number.</summary>
    internal long* Row { get; } = Longs(memory);

    internal long* Partition { get; } = Longs(memory);

    internal long* PartitionEnd { get; } = Longs(memory);

    internal long* Peers { get; } = Longs(memory);

    internal long* PeersEnd { get; } = Longs(memory);

    /// <summary>Which group of peers of its partition, from 0.</summary>
    internal long* Group { get; } = Longs(memory);

    /// <summary>How many frames the rows have; neighbours that have the same count once.</summary>
    internal int Frames { get; private set; }

    /// <summary>By row: which frame.</summary>
    internal int* Frame { get; } = (int*)memory.Allocate(Batch.Capacity * sizeof(int));

    /// <summary>By frame.</summary>
    internal long* Head { get; } = Longs(memory);

    internal long* Tail { get; } = Longs(memory);

    /// <summary>The next rows.</summary>
    internal void Take(long first, int count)
    {
        First = first;
        Count = count;
        byte* marks = rows.Marks(first);
        for (int i = 0; i < count; i++)
        {
            bool begins = (marks[i] & PartitionMark) != 0;
            long row = first + i;
            _partition = begins ? row : _partition;
            _group = begins ? 0 : _group + ((marks[i] & PeersMark) != 0 ? 1 : 0);
            _peers = (marks[i] & PeersMark) != 0 ? row : _peers;
            Row[i] = row;
            Partition[i] = _partition;
            Peers[i] = _peers;
            Group[i] = _group;
        }

        _partitionEnd = rows.Find(PartitionMark, Math.Max(_partitionEnd, first + count));
        _peersEnd = rows.Find(PeersMark, Math.Max(_peersEnd, first + count));
        long partitionEnd = _partitionEnd;
        long peersEnd = _peersEnd;
        for (int i = count - 1; i >= 0; i--)
        {
            PartitionEnd[i] = partitionEnd;
            PeersEnd[i] = peersEnd;
            partitionEnd = (marks[i] & PartitionMark) != 0 ? first + i : partitionEnd;
            peersEnd = (marks[i] & PeersMark) != 0 ? first + i : peersEnd;
        }

        Frames = 0;
    }

    /// <summary>The frame of the next row that has none yet.</summary>
    internal void AddFrame(int row, long head, long tail)
    {
        tail = Math.Max(head, tail);
        if (Frames == 0 || Head[Frames - 1] != head || Tail[Frames - 1] != tail)
        {
            Head[Frames] = head;
            Tail[Frames++] = tail;
        }

        Frame[row] = Frames - 1;
    }

    internal void Start() => _partition = _peers = _group = _partitionEnd = _peersEnd = 0;

    static long* Longs(IMemory memory) => (long*)memory.Allocate(Batch.Capacity * sizeof(long));
}
