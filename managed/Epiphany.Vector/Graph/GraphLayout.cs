// Vector layer, graph. What a vertex's record is made of. Promise: fixed by the payload and the number of links alone, so that a number is
// a page and a place in it. On disk.

using System;

namespace Epiphany.Vector.Graph;

/// <summary>What a record is in the middle of. Values are on disk.</summary>
public enum VertexState : byte
{
    /// <summary>Nothing; links to it lead nowhere.</summary>
    Free = 0,
    Live = 1,

    /// <summary>No row any more, and soon no vertex: searches go through it, nothing new links to it.</summary>
    Dying = 2,
}

/// <summary>
/// A record: the links (4 bytes each), how many (2 bytes), the state, how many rows, the payload, and the rows' TIDs (6 bytes each). What a
/// search reads of a neighbour, state and payload, lies together.
/// A vertex's attributes, bytes that nobody here looks into, follow its record on its way to the pages, where they lie in pages of their own.
/// A link is a vertex's number; its high bit says that another of the same vertex's links is nearer to the link's end than this vertex is.
/// </summary>
public sealed unsafe class GraphLayout
{
    public const uint Dominated = 0x8000_0000;
    public const uint Number = 0x7FFF_FFFF;
    public const int MaxRows = 16;

    private const int HeadBytes = 4;
    private const int MinRows = 4;
    private const int RowBytes = 6;
    private const int Alignment = 8;

    /// <summary>
    /// <paramref name="area"/>: bytes of a page that records may take. PerPage is 0 where not even one fits. A page of attributes has room for
    /// those of a page of records.
    /// </summary>
    public GraphLayout(int payload, int m, int area, int attributes)
    {
        AttributeBytes = attributes;
        MaxLinks = 2 * m;
        PayloadAt = (MaxLinks * sizeof(uint)) + HeadBytes;
        RowsAt = PayloadAt + payload;
        int least = Align(RowsAt + (MinRows * RowBytes));
        PerPage = attributes > 0 ? Math.Min(area / least, area / attributes) : area / least;
        if (PerPage > 0)
        {
            // What records leave of a page holds more rows of equal vectors.
            int room = area / PerPage / Alignment * Alignment;
            RowSlots = Math.Min(MaxRows, (room - RowsAt) / RowBytes);
            RecordBytes = Align(RowsAt + (RowSlots * RowBytes));
        }
    }

    public int MaxLinks { get; }

    public int PayloadAt { get; }

    public int RowsAt { get; }

    public int RowSlots { get; }

    public int RecordBytes { get; }

    public int PerPage { get; }

    public int AttributeBytes { get; }

    /// <summary>A record with its attributes, outside of pages.</summary>
    public int StoredBytes => Align(RecordBytes + AttributeBytes);

    public VertexState State(byte* record) => (VertexState)record[PayloadAt - 2];

    public void SetState(byte* record, VertexState state) => record[PayloadAt - 2] = (byte)state;

    public ref byte Rows(byte* record) => ref record[PayloadAt - 1];

    public ref ushort LinkCount(byte* record) => ref *(ushort*)(record + PayloadAt - HeadBytes);

    public static uint* Links(byte* record) => (uint*)record;

    public byte* Payload(byte* record) => record + PayloadAt;

    /// <summary>Of a record outside of pages.</summary>
    public Span<byte> Attributes(byte* record) => new(record + RecordBytes, AttributeBytes);

    public byte* Row(byte* record, int row) => record + RowsAt + (row * RowBytes);

    /// <summary>False where the record has no place left.</summary>
    public bool AddRow(byte* record, byte* tid)
    {
        if (Rows(record) >= RowSlots)
        {
            return false;
        }

        Buffer.MemoryCopy(tid, Row(record, Rows(record)), RowBytes, RowBytes);
        Rows(record)++;
        return true;
    }

    private static int Align(int bytes) => (bytes + Alignment - 1) / Alignment * Alignment;
}
