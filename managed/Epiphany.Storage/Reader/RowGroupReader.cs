// Storage layer, reader. Decodes one stored group, vector by vector or row by row. Columns that nobody asks for are not touched.

using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Epiphany.Encoding;

namespace Epiphany.Storage;

/// <summary>
/// Reads one row group. One thread; big memory from the host; no finalizer, as all of it dies with the host's context.
/// Throws <see cref="StoredDataException"/> for bytes that no writer wrote, and is safe whatever they are.
/// </summary>
public sealed unsafe class RowGroupReader
{
    readonly GroupContext _group;
    readonly ColumnEntry* _entries;
    readonly ColumnShape[] _shapes;
    readonly ColumnReader?[] _columns;

    /// <summary>Of a cold group: its columns, and readers of their indexes alone.</summary>
    readonly IColdColumns? _cold;
    readonly ColumnReader?[] _indexes;

    public RowGroupReader(
        GroupLocation location,
        ReadOnlySpan<ColumnShape> tableColumns,
        IGroupSource source,
        IMemory memory,
        IBlockCodec codec,
        IInterrupts interrupts,
        IColdColumns? cold = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(codec);
        ArgumentNullException.ThrowIfNull(interrupts);
        _group = new GroupContext(location, source, memory, codec, interrupts);
        _entries = Footer.Read(_group);
        _shapes = tableColumns.ToArray();
        _columns = new ColumnReader?[Math.Min(location.Columns, tableColumns.Length)];
        _cold = cold;
        _indexes = cold == null ? _columns : new ColumnReader?[_columns.Length];
    }

    /// <summary>Its columns come from far away, each as a whole.</summary>
    public bool IsCold => _cold != null;

    /// <summary>
    /// Decodes one vector of 2,048 rows (the last one may have less) and says how many. Both arrays have room for 2,048.
    /// By-reference values stay good until the same column's next decode; null rows get the value 0.
    /// </summary>
    public int Decode(int column, int vector, ulong* values, byte* nulls)
    {
        CheckVector(vector);
        _group.Poll();
        return Column(column).Decode(vector, values, nulls);
    }

    /// <summary>
    /// As <see cref="Decode"/>, with what is known of the values. Nulls are written only where there are some, codes only where the result has
    /// a table; rows that are null have any lane, and NUMERIC may come as integers. All three arrays have room for 2,048.
    /// </summary>
    public DecodedVector DecodeVector(int column, int vector, ulong* values, byte* nulls, ushort* codes)
    {
        CheckVector(vector);
        _group.Poll();
        return Column(column).DecodeVector(vector, values, nulls, codes);
    }

    /// <summary>
    /// Likewise of some rows of a vector, at least one, whose numbers ascend: as many values, one after another. Of rows that are not named, damage
    /// may go unseen. The arrays have room for 2,048 all the same.
    /// </summary>
    public DecodedVector DecodeRows(int column, int vector, ushort* rows, int count, ulong* values, byte* nulls, ushort* codes)
    {
        CheckVector(vector);
        if (count <= 0 || rows[count - 1] >= GroupFormat.RowsOf(_group.Location.Rows, vector))
        {
            Throw.Argument("the vector has no such rows");
        }

        _group.Poll();
        return Column(column).DecodeRows(vector, rows, count, values, nulls, codes);
    }

    /// <summary>What a column's index says of the values of a vector; nothing else is read.</summary>
    public VectorBounds Bounds(int column, int vector)
    {
        CheckVector(vector);
        return Column(column).Bounds(vector);
    }

    /// <summary>How a column's values can be tested without being decoded.</summary>
    public CodedColumn Coded(int column) => Column(column).Coded();

    /// <summary>
    /// Of a column of Integers: a bit for each row of a vector, set where its integer is in the ranges; for a null as <paramref name="nullsPass"/>
    /// says. The rest of the last word becomes zero. False: nothing had to be read for that. Of rows that do not pass, damage may go unseen.
    /// </summary>
    public bool Select(int column, int vector, LaneRanges ranges, bool nullsPass, ulong* bits)
    {
        CheckVector(vector);
        _group.Poll();
        return Column(column).Select(vector, ranges, nullsPass, bits);
    }

    /// <summary>
    /// Likewise of a column of Entries: rows whose entry's bit is set. The set has a bit for each number of the least power of two that is no
    /// smaller than the number of entries, in whole words.
    /// </summary>
    public bool Select(int column, int vector, ulong* entries, bool nullsPass, ulong* bits)
    {
        CheckVector(vector);
        _group.Poll();
        return Column(column).Select(vector, entries, nullsPass, bits);
    }

    /// <summary>What codes there are beside a column's vectors, by which distances can be estimated; false: none.</summary>
    public bool CodesOf(int column, out CodeShape shape) => Column(column).TryCodes(out shape);

    /// <summary>Codes of one vector of a column that has them.</summary>
    public VectorCodes Codes(int column, int vector)
    {
        CheckVector(vector);
        _group.Poll();
        return Column(column).Codes(vector);
    }

    /// <summary>
    /// Finer codes of some rows of a vector, by their numbers in it, after <see cref="Codes"/> of the vector, among which they have one each. Good
    /// until the column's next.
    /// </summary>
    public RefinedCodes Refined(int column, int vector, int* rows, int count)
    {
        CheckVector(vector);
        _group.Poll();
        return Column(column).Refined(vector, rows, count);
    }

    /// <summary>Bytes of a column's chunk as it is stored.</summary>
    public ulong ChunkBytes(int column) => _entries[column].StoredLength;

    /// <summary>What the decoding of a vector takes; it is not read.</summary>
    public VectorMemory Memory(int column, int vector)
    {
        CheckVector(vector);
        return Column(column).Memory(vector);
    }

    /// <summary>
    /// Gives back what holds blocks and values, until some are asked for again: many readers that rest between statements would take memory that
    /// the system has to find and clear, which costs more than to copy a block or an index anew. The footer stays, dictionaries and constants,
    /// and the indexes that tests have asked. A cold group's columns stay as they are: they come from far away.
    /// </summary>
    public void Rest()
    {
        _group.Rest();
        for (int i = 0; i < _columns.Length && _cold == null; i++)
        {
            if (_columns[i]?.Rest() == false)
            {
                _columns[i] = null;
            }
        }
    }

    /// <summary>Decodes one row, by its number in the group.</summary>
    public void DecodeRow(int column, int row, out ulong value, out bool isNull)
    {
        if ((uint)row >= (uint)_group.Location.Rows)
        {
            Throw.Argument("the row group has no such row");
        }

        _group.Poll();
        isNull = !Column(column).DecodeRow(row, out value);
    }

    /// <summary>What the footer says of a chunk, for monitoring; the chunk itself is not read.</summary>
    public ChunkInfo Chunk(int column)
    {
        if ((uint)column >= (uint)_group.Location.Columns)
        {
            Throw.Argument("the row group has no such column");
        }

        ColumnEntry* entry = _entries + column;
        bool zone = (entry->Flags & ColumnFlags.HasZone) != 0
            && entry->MinLength <= GroupFormat.ZoneBytes && entry->MaxLength <= GroupFormat.ZoneBytes;
        if (entry->Kind == (byte)ColumnKind.Numeric)
        {
            zone &= (entry->Flags & ColumnFlags.ZoneIsScaled) != 0 && entry->ZoneScale <= DecimalShape.MaxScale
                && entry->MinLength == sizeof(long) && entry->MaxLength == sizeof(long);
        }

        return new ChunkInfo
        {
            Offset = entry->Offset,
            StoredBytes = entry->StoredLength,
            IndexBytes = (int)entry->IndexLength,
            EncodedBytes = entry->EncodedLength,
            RawBytes = entry->RawLength,
            Nulls = (int)entry->NullCount,
            Codec = (Codec)entry->Codec,
            Kind = (ColumnKind)entry->Kind,
            // A u8 literal lies in the image: it never moves.
            Encoding = (EncodingKind)entry->Encoding,
            EncodingName = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(EncodingNames.Of((EncodingKind)entry->Encoding))),
            Min = zone ? entry->Min : null,
            MinLength = zone ? entry->MinLength : 0,
            Max = zone ? entry->Max : null,
            MaxLength = zone ? entry->MaxLength : 0,
            ZoneScale = (entry->Flags & ColumnFlags.ZoneIsScaled) != 0 ? entry->ZoneScale : 0,
            MinTruncated = (entry->Flags & ColumnFlags.MinTruncated) != 0,
            MaxTruncated = (entry->Flags & ColumnFlags.MaxTruncated) != 0,
            HasSum = (entry->Flags & ColumnFlags.HasSum) != 0,
            Sum = new Int128(entry->SumHigh, entry->SumLow),
        };
    }

    /// <summary>As <see cref="Chunk"/>, for those who compute with it: what cannot be true is damage.</summary>
    public ChunkInfo CheckedChunk(int column)
    {
        if ((uint)column >= (uint)_columns.Length)
        {
            Throw.Argument("the row group has no such column");
        }

        ColumnChecks.Entry(column, _shapes[column], _entries + column, _group.Location);
        return Chunk(column);
    }

    /// <summary>
    /// The vectors that can hold a row for which all tests hold, one bit each. Footers are asked first, then the indexes of the chunks
    /// that cannot be ruled out so; nothing is decoded.
    /// </summary>
    public ulong Match(ReadOnlySpan<ZoneTest> tests)
    {
        _group.Poll();
        int rows = _group.Location.Rows;
        foreach (ref readonly ZoneTest test in tests)
        {
            if ((uint)test.Column >= (uint)_columns.Length)
            {
                Throw.Argument("the row group has no such column");
            }

            if (!ZoneMatcher.MayMatch(_entries + test.Column, rows, test))
            {
                return 0;
            }
        }

        ulong vectors = ulong.MaxValue >> (GroupFormat.MaxVectors - GroupFormat.Vectors(rows));
        foreach (ref readonly ZoneTest test in tests)
        {
            ColumnReader index = Index(test.Column);
            index.IsTested = true;
            vectors &= ZoneMatcher.Vectors(_entries + test.Column, index.Vectors, rows, test);
            if (vectors == 0)
            {
                return 0;
            }
        }

        // Dictionaries are read only where nothing else has ruled the group out.
        foreach (ref readonly ZoneTest test in tests)
        {
            if (test.Order == ZoneOrder.Bytes && vectors != 0)
            {
                vectors &= Column(test.Column).MatchCodes(test, vectors);
            }
        }

        return vectors;
    }

    void CheckVector(int vector)
    {
        if ((uint)vector >= (uint)GroupFormat.Vectors(_group.Location.Rows))
        {
            Throw.Argument("the row group has no such vector");
        }
    }

    ColumnReader Column(int column)
    {
        CheckColumn(column);
        return _columns[column] ??= _cold == null ? Own(column) : Cold(column, _cold);
    }

    /// <summary>A reader whose index is the group's own; of a cold group it has nothing else.</summary>
    ColumnReader Index(int column)
    {
        CheckColumn(column);
        return _indexes[column] ??= Own(column);
    }

    ColumnReader Own(int column) => new(column, _shapes[column], _entries + column, _group);

    ColumnReader Cold(int column, IColdColumns cold)
    {
        IGroupSource source = cold.Open(column, out GroupLocation location);
        if (location.Rows != _group.Location.Rows || location.Columns != 1)
        {
            Throw.BadChunk(column, "what was kept elsewhere has other rows");
        }

        GroupContext image = _group.For(location, source);
        ColumnEntry* entry = Footer.Read(image);
        if (entry->NullCount != _entries[column].NullCount)
        {
            Throw.BadChunk(column, "what was kept elsewhere has other nulls");
        }

        return new ColumnReader(column, _shapes[column], entry, image);
    }

    void CheckColumn(int column)
    {
        if ((uint)column >= (uint)_columns.Length)
        {
            Throw.Argument("the row group has no such column");
        }
    }
}
