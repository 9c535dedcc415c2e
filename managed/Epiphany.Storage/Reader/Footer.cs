// Storage layer, reader. Reads a group's footer and believes none of it before it is checked.

using Epiphany.Kernels;

namespace Epiphany.Storage;

static unsafe class Footer
{
    /// <summary>The entries of a checked footer, in the host's memory; as many as the group has columns.</summary>
    internal static ColumnEntry* Read(GroupContext group)
    {
        GroupLocation location = group.Location;
        if (location.Rows is < 1 or > GroupFormat.MaxRows || location.Columns < 0)
        {
            Throw.BadFooter("the directory gives an impossible number of rows or columns");
        }

        ulong length = GroupFormat.FooterLength(location.Columns);
        if (location.FooterLength != length || location.FooterOffset > location.Length || location.Length - location.FooterOffset < length)
        {
            Throw.BadFooter("its place in the group is not possible");
        }

        byte* footer = group.Memory.Allocate((nuint)length);
        group.Read(location.FooterOffset, footer, length);
        if (Crc32C.Compute(footer, length - 8) != *(uint*)(footer + length - 8))
        {
            Throw.BadFooter("its checksum does not match its bytes");
        }

        Check((FooterHeader*)footer, location);
        return (ColumnEntry*)(footer + FooterHeader.Size);
    }

    static void Check(FooterHeader* header, GroupLocation location)
    {
        if (header->Magic != GroupFormat.Magic)
        {
            Throw.BadFooter("it does not begin as a footer does");
        }

        if (header->Version != GroupFormat.Version)
        {
            Throw.BadFooter($"version {header->Version} was written by another release");
        }

        if (header->HeaderSize != FooterHeader.Size || header->EntrySize != ColumnEntry.Size || header->VectorRows != GroupFormat.VectorRows)
        {
            Throw.BadFooter("its parts have impossible sizes");
        }

        if (header->Rows != location.Rows || header->Columns != location.Columns || header->FooterOffset != location.FooterOffset)
        {
            Throw.BadFooter("it belongs to another group");
        }
    }
}
