// Tiering layer, format. A column chunk's metadata in the footer, and its bounds; from hostile bytes. Addresses that it gives out lie in the footer.

namespace Epiphany.Tiering;

static unsafe class ChunkReader
{
    internal static ChunkMeta Read(ref CompactReader reader, long dataEnd)
    {
        ChunkMeta chunk = default;
        long dataAt = -1;
        long dictionaryAt = 0;
        chunk.Nulls = -1;
        int id = 0;
        while (reader.Field(ref id, out ThriftType type))
        {
            switch (id)
            {
                case 1:
                    Throw.Unsupported("its columns lie in other files");
                    break;
                case 3:
                    CompactReader.Expect(type, ThriftType.Struct);
                    ReadMeta(ref reader, ref chunk, out dataAt, out dictionaryAt);
                    break;
                case 4:
                    chunk.OffsetIndexAt = reader.Int64(type);
                    break;
                case 5:
                    chunk.OffsetIndexLength = reader.Int32(type);
                    break;
                case 6:
                    chunk.ColumnIndexAt = reader.Int64(type);
                    break;
                case 7:
                    chunk.ColumnIndexLength = reader.Int32(type);
                    break;
                case 8:
                case 9:
                    Throw.Unsupported("it is encrypted");
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        // Some writers say 0, or where the data begin, where there is no dictionary.
        chunk.Start = dictionaryAt > 0 && dictionaryAt < dataAt ? dictionaryAt : dataAt;
        if (chunk.Values < 0 || chunk.Start < 4 || chunk.Length < 0 || chunk.Length > dataEnd - chunk.Start)
        {
            Throw.Bad("a column lies outside of the file");
        }

        CheckIndex(ref chunk.OffsetIndexAt, ref chunk.OffsetIndexLength, dataEnd);
        CheckIndex(ref chunk.ColumnIndexAt, ref chunk.ColumnIndexLength, dataEnd);
        return chunk;
    }

    static void CheckIndex(ref long at, ref int length, long dataEnd)
    {
        if (at == 0 || length == 0)
        {
            length = 0;
        }
        else if (at < 4 || length < 0 || length > dataEnd - at)
        {
            Throw.Bad("an index of pages lies outside of the file");
        }
    }

    static void ReadMeta(ref CompactReader reader, ref ChunkMeta chunk, out long dataAt, out long dictionaryAt)
    {
        dataAt = -1;
        dictionaryAt = 0;
        int id = 0;
        while (reader.Field(ref id, out ThriftType type))
        {
            switch (id)
            {
                case 1:
                    chunk.Physical = (PhysicalType)reader.Int32(type);
                    break;
                case 4:
                    chunk.Codec = (PageCodec)reader.Int32(type);
                    break;
                case 5:
                    chunk.Values = reader.Int64(type);
                    break;
                case 6:
                    chunk.Uncompressed = reader.Int64(type);
                    break;
                case 7:
                    chunk.Length = reader.Int64(type);
                    break;
                case 9:
                    dataAt = reader.Int64(type);
                    break;
                case 11:
                    dictionaryAt = reader.Int64(type);
                    break;
                case 12:
                    CompactReader.Expect(type, ThriftType.Struct);
                    ReadStatistics(ref reader, ref chunk);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }
    }

    /// <summary>The first two fields, min and max of older files, are of no certain order and are not used.</summary>
    static void ReadStatistics(ref CompactReader reader, ref ChunkMeta chunk)
    {
        int id = 0;
        while (reader.Field(ref id, out ThriftType type))
        {
            switch (id)
            {
                case 3:
                    chunk.Nulls = reader.Int64(type);
                    break;
                case 5:
                    chunk.Bounds.Max = reader.Binary(type, out chunk.Bounds.MaxLength);
                    break;
                case 6:
                    chunk.Bounds.Min = reader.Binary(type, out chunk.Bounds.MinLength);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }
    }
}
