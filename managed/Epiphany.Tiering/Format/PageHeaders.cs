// Tiering layer, format. Heads of pages, from hostile bytes.

namespace Epiphany.Tiering;

static class PageHeaders
{
    /// <summary>Reads one head; what it says of sizes is checked, as far as that can be done without the page.</summary>
    internal static PageHeader Read(ref CompactReader reader)
    {
        var page = new PageHeader { Type = (PageType)(-1), IsCompressed = true };
        int id = 0;
        while (reader.Field(ref id, out ThriftType type))
        {
            switch (id)
            {
                case 1:
                    page.Type = (PageType)reader.Int32(type);
                    break;
                case 2:
                    page.Uncompressed = reader.Int32(type);
                    break;
                case 3:
                    page.Compressed = reader.Int32(type);
                    break;
                case 4:
                    page.Crc = (uint)reader.Int32(type);
                    break;
                case 5:
                case 7:
                    CompactReader.Expect(type, ThriftType.Struct);
                    ReadData(ref reader, ref page);
                    break;
                case 8:
                    CompactReader.Expect(type, ThriftType.Struct);
                    ReadDataV2(ref reader, ref page);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        Check(page);
        return page;
    }

    /// <summary>Of version 1; a dictionary's begins alike.</summary>
    static void ReadData(ref CompactReader reader, ref PageHeader page)
    {
        int id = 0;
        while (reader.Field(ref id, out ThriftType type))
        {
            switch (id)
            {
                case 1:
                    page.Values = reader.Int32(type);
                    break;
                case 2:
                    page.Encoding = (PageEncoding)reader.Int32(type);
                    break;
                case 3 when type == ThriftType.Int32:
                    page.DefinitionEncoding = (PageEncoding)reader.Int32();
                    break;
                case 4:
                    page.RepetitionEncoding = (PageEncoding)reader.Int32(type);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }
    }

    static void ReadDataV2(ref CompactReader reader, ref PageHeader page)
    {
        int id = 0;
        while (reader.Field(ref id, out ThriftType type))
        {
            switch (id)
            {
                case 1:
                    page.Values = reader.Int32(type);
                    break;
                case 4:
                    page.Encoding = (PageEncoding)reader.Int32(type);
                    break;
                case 5:
                    page.DefinitionBytes = reader.Int32(type);
                    break;
                case 6:
                    page.RepetitionBytes = reader.Int32(type);
                    break;
                case 7:
                    page.IsCompressed = CompactReader.Bool(type);
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }
    }

    static void Check(in PageHeader page)
    {
        if (page.Uncompressed < 0 || page.Compressed < 0 || page.Values < 0 || page.DefinitionBytes < 0 || page.RepetitionBytes < 0 ||
            (long)page.DefinitionBytes + page.RepetitionBytes > int.Min(page.Compressed, page.Uncompressed))
        {
            Throw.Bad("a page has impossible sizes");
        }

        if (page.Uncompressed > ParquetFormat.MostPageBytes || page.Compressed > ParquetFormat.MostPageBytes ||
            page.Values > ParquetFormat.MostPageValues)
        {
            Throw.Unsupported($"a page has {page.Uncompressed} bytes and {page.Values} values");
        }
    }
}
