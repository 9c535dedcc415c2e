// stub
using System;
namespace Epiphany.Storage;

public sealed unsafe class RowGroupReader
{
    public RowGroupReader(GroupLocation location, ReadOnlySpan<ColumnShape> tableColumns, IGroupSource source, IMemory memory, IBlockCodec codec, IInterrupts interrupts) => throw new NotSupportedException();
    public int Decode(int column, int vector, ulong* values, byte* nulls) => throw new NotSupportedException();
    public void DecodeRow(int column, int row, out ulong value, out bool isNull) => throw new NotSupportedException();
    public ChunkInfo Chunk(int column) => throw new NotSupportedException();
}
