// Tiering layer, reader. Offset index and column index of one column of a row group: where pages begin, and bounds of their values. Read when first
// asked for; from hostile bytes. What it says of rows is used to skip only: a page that holds other rows than it says shows in the pages' counts.

using Epiphany.Storage;

namespace Epiphany.Tiering;

sealed unsafe class PageIndex(IGroupSource source, IMemory memory)
{
    ChunkMeta _chunk;
    long _rows;
    bool _located;
    long[] _offsets = [];
    long[] _firstRows = [];
    ReadBuffer _buffer;

    internal long BytesRead { get; private set; }

    internal int Pages { get; private set; }

    internal void Open(in ChunkMeta chunk, long rows)
    {
        _chunk = chunk;
        _rows = rows;
        _located = false;
        Pages = 0;
    }

    internal long FirstRow(int page) => page == Pages ? _rows : _firstRows[page];

    /// <summary>The page that has a row; false where there is no index.</summary>
    internal bool Find(long row, out long first, out long offset)
    {
        Locate();
        first = offset = 0;
        int low = 0;
        int high = Pages - 1;
        if (high < 0)
        {
            return false;
        }

        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            (low, high) = _firstRows[middle] <= row ? (middle, high) : (low, middle - 1);
        }

        first = _firstRows[low];
        offset = _offsets[low];
        return first <= row;
    }

    internal void Locate()
    {
        if (_located || _chunk.OffsetIndexLength == 0)
        {
            return;
        }

        _located = true;
        CompactReader reader = Bytes(_chunk.OffsetIndexAt, _chunk.OffsetIndexLength);
        int id = 0;
        while (reader.Field(ref id, out ThriftType type))
        {
            if (id == 1)
            {
                ReadLocations(ref reader, reader.List(type, ThriftType.Struct));
            }
            else
            {
                reader.Skip(type);
            }
        }
    }

    void ReadLocations(ref CompactReader reader, int count)
    {
        if (_offsets.Length < count)
        {
            _offsets = new long[count];
            _firstRows = new long[count];
        }

        for (int i = 0; i < count; i++)
        {
            long offset = -1;
            long first = -1;
            int id = 0;
            while (reader.Field(ref id, out ThriftType type))
            {
                switch (id)
                {
                    case 1:
                        offset = reader.Int64(type);
                        break;
                    case 3:
                        first = reader.Int64(type);
                        break;
                    default:
                        reader.Skip(type);
                        break;
                }
            }

            bool ascends = i == 0 ? first == 0 : first >= _firstRows[i - 1] && offset > _offsets[i - 1];
            if (!ascends || first > _rows || offset < 4)
            {
                Throw.Bad("an index of pages contradicts itself");
            }

            _offsets[i] = offset;
            _firstRows[i] = first;
        }

        Pages = count;
    }

    CompactReader Bytes(long at, int length)
    {
        byte* bytes = _buffer.Ensure(memory, (ulong)length);
        source.Read((ulong)at, bytes, (ulong)length);
        BytesRead += length;
        return new CompactReader(bytes, length);
    }

    /// <summary>Clears the pages that a test rules out in <paramref name="keep"/>; without indexes nothing is ruled out.</summary>
    internal void Match(in ZoneTest test, in ColumnType column, System.Span<bool> keep)
    {
        if (_chunk.ColumnIndexLength == 0 || Pages == 0)
        {
            return;
        }

        CompactReader reader = Bytes(_chunk.ColumnIndexAt, _chunk.ColumnIndexLength);
        CompactReader nullPages = default;
        CompactReader mins = default;
        CompactReader maxes = default;
        CompactReader nulls = default;
        bool hasNulls = false;
        int lists = 0;
        int id = 0;
        while (reader.Field(ref id, out ThriftType type))
        {
            if (id is 1 or 2 or 3 or 5)
            {
                CompactReader list = reader;
                ThriftType elements = id == 1 ? ThriftType.True : id == 5 ? ThriftType.Int64 : ThriftType.Binary;
                if (list.List(type, elements) != Pages)
                {
                    Throw.Bad("indexes of pages contradict each other");
                }

                lists |= 1 << id;
                hasNulls |= id == 5;
                (id == 1 ? ref nullPages : ref id == 2 ? ref mins : ref id == 3 ? ref maxes : ref nulls) = list;
            }

            reader.Skip(type);
        }

        if ((lists & 0b1110) != 0b1110)
        {
            return;
        }

        for (int page = 0; page < Pages; page++)
        {
            ValueBounds bounds = default;
            bool allNull = nullPages.ListBool();
            byte* min = mins.Binary(out int minLength);
            byte* max = maxes.Binary(out int maxLength);
            long nullCount = hasNulls ? nulls.Int64() : -1;
            if (!allNull)
            {
                bounds = new ValueBounds { Min = min, MinLength = minLength, Max = max, MaxLength = maxLength };
            }

            keep[page] &= BoundsMatcher.Possible(test, column, bounds, allNull, nullCount == 0 && !allNull);
        }
    }
}
