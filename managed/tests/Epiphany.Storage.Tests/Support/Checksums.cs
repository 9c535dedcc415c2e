// Test support. Makes damaged bytes pass every checksum, so that what is behind the checksums is put to the test.

using System;
using Epiphany.Kernels;

namespace Epiphany.Storage.Tests;

static unsafe class Checksums
{
    internal static void Repair(byte[] bytes, GroupLocation location)
    {
        fixed (byte* group = bytes)
        {
            byte* footer = group + location.FooterOffset;
            ulong footerLength = GroupFormat.FooterLength(location.Columns);
            for (int column = 0; column < location.Columns; column++)
            {
                RepairChunk(group, location, (ColumnEntry*)(footer + FooterHeader.Size) + column);
            }

            *(uint*)(footer + footerLength - 8) = Crc32C.Compute(footer, footerLength - 8);
        }
    }

    static void RepairChunk(byte* group, GroupLocation location, ColumnEntry* entry)
    {
        ulong room = entry->Offset > location.FooterOffset ? 0 : location.FooterOffset - entry->Offset;
        if (entry->IndexLength > room || entry->BlockShift > ChunkIndex.MaxBlockShift)
        {
            return;
        }

        int blocks = ChunkIndex.Blocks(GroupFormat.Vectors(location.Rows), entry->BlockShift);
        byte* chunk = group + entry->Offset;
        for (int i = 0; i < Math.Min(blocks, (int)entry->IndexLength / BlockEntry.Size); i++)
        {
            BlockEntry* block = (BlockEntry*)chunk + i;
            if (block->Offset <= room && block->StoredLength <= room - block->Offset)
            {
                block->Crc = Crc32C.Compute(chunk + block->Offset, block->StoredLength);
            }
        }

        entry->IndexCrc = Crc32C.Compute(chunk, entry->IndexLength);
    }
}
