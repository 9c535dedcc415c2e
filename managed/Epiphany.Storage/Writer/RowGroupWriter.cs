// stub
using System;
namespace Epiphany.Storage;

public sealed unsafe class RowGroupWriter
{
    public RowGroupWriter(ReadOnlySpan<ColumnShape> columns, WriterOptions options, IMemory memory, IBlockCodec codec, IInterrupts interrupts) => throw new NotSupportedException();
    public int Rows { get; }
    public ulong Bytes { get; }
    public bool Full { get; }
    public void Append(ulong* values, byte* nulls, int rows) => throw new NotSupportedException();
    public GroupImage Finish() => throw new NotSupportedException();
}
