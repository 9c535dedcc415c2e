// Tiering layer, Thrift. Writes the compact protocol: fields of a struct come by ascending number.

using System;
using Epiphany.Storage;

namespace Epiphany.Tiering;

/// <summary>Appends to a run of bytes; structs nest as they are begun and ended.</summary>
sealed unsafe class CompactWriter(ByteSink sink)
{
    readonly short[] _outer = new short[16];
    int _depth;
    short _last;

    internal ByteSink Sink => sink;

    internal void Begin()
    {
        _outer[_depth++] = _last;
        _last = 0;
    }

    internal void End()
    {
        Byte((byte)ThriftType.Stop);
        _last = _outer[--_depth];
    }

    internal void Struct(short id)
    {
        Field(id, ThriftType.Struct);
        Begin();
    }

    /// <summary>A struct without fields: how a union says which member it is.</summary>
    internal void Empty(short id)
    {
        Struct(id);
        End();
    }

    internal void Int8(short id, int value)
    {
        Field(id, ThriftType.Byte);
        Byte((byte)value);
    }

    internal void Int32(short id, int value)
    {
        Field(id, ThriftType.Int32);
        Number(value);
    }

    internal void Int16(short id, int value)
    {
        Field(id, ThriftType.Int16);
        Number(value);
    }

    internal void Int64(short id, long value)
    {
        Field(id, ThriftType.Int64);
        Number(value);
    }

    internal void Bool(short id, bool value) => Field(id, value ? ThriftType.True : ThriftType.False);

    internal void Binary(short id, ReadOnlySpan<byte> value)
    {
        Field(id, ThriftType.Binary);
        Binary(value);
    }

    internal void Binary(ReadOnlySpan<byte> value)
    {
        Varint((ulong)value.Length);
        value.CopyTo(new Span<byte>(sink.Reserve((ulong)value.Length), value.Length));
        sink.Commit((ulong)value.Length);
    }

    internal void List(short id, ThriftType elements, int count)
    {
        Field(id, ThriftType.List);
        if (count < 15)
        {
            Byte((byte)(count << 4 | (int)elements));
            return;
        }

        Byte((byte)(0xF0 | (int)elements));
        Varint((ulong)count);
    }

    internal void ListBool(bool value) => Byte((byte)(value ? ThriftType.True : ThriftType.False));

    internal void Number(long value) => Varint((ulong)(value << 1) ^ (ulong)(value >> 63));

    void Field(short id, ThriftType type)
    {
        int step = id - _last;
        if (step is > 0 and < 16)
        {
            Byte((byte)(step << 4 | (int)type));
        }
        else
        {
            Byte((byte)type);
            Number(id);
        }

        _last = id;
    }

    internal void Varint(ulong value) => Varint(sink, value);

    internal static void Varint(ByteSink sink, ulong value)
    {
        byte* at = sink.Reserve(10);
        int length = 0;
        for (; value >= 0x80; value >>= 7)
        {
            at[length++] = (byte)(value | 0x80);
        }

        at[length++] = (byte)value;
        sink.Commit((ulong)length);
    }

    void Byte(byte value)
    {
        *sink.Reserve(1) = value;
        sink.Commit(1);
    }
}
