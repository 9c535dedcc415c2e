// Storage layer, contract. How a row group is to be written, and what comes out.

namespace Epiphany.Storage;

/// <summary>The group is full at <paramref name="MaxRows"/> rows or <paramref name="MaxBytes"/> bytes of values, whichever comes first.</summary>
public readonly record struct WriterOptions(Codec Codec, int Level, int MaxRows, ulong MaxBytes);

/// <summary>A finished row group: one run of bytes in the writer's memory.</summary>
public readonly unsafe struct GroupImage
{
    internal GroupImage(byte* bytes, ulong length, ulong footerOffset, uint footerLength, int rows)
    {
        Bytes = bytes;
        Length = length;
        FooterOffset = footerOffset;
        FooterLength = footerLength;
        Rows = rows;
    }

    public byte* Bytes { get; }

    public ulong Length { get; }

    public ulong FooterOffset { get; }

    public uint FooterLength { get; }

    public int Rows { get; }
}
