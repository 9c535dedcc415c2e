// Tiering layer, Thrift. Reads the compact protocol from bytes that may be anything: nothing is read past their end, no count is believed
// that the bytes left cannot hold, nesting is bounded.

namespace Epiphany.Tiering;

/// <summary>Types of fields and list elements.</summary>
enum ThriftType
{
    Stop = 0,
    True = 1,
    False = 2,
    Byte = 3,
    Int16 = 4,
    Int32 = 5,
    Int64 = 6,
    Double = 7,
    Binary = 8,
    List = 9,
    Set = 10,
    Map = 11,
    Struct = 12,
}

/// <summary>A place in Thrift bytes.</summary>
unsafe struct CompactReader(byte* bytes, long length)
{
    const int DeepestNesting = 32;

    readonly byte* _start = bytes;
    readonly byte* _end = bytes + length;
    byte* _at = bytes;

    internal readonly long Position => _at - _start;

    internal readonly long Left => _end - _at;

    /// <summary>As fields of that type are: one byte, as it is.</summary>
    internal byte Byte() => Next();

    byte Next()
    {
        if (_at == _end)
        {
            Throw.Bad("metadata ends early");
        }

        return *_at++;
    }

    internal ulong Varint()
    {
        ulong value = 0;
        for (int shift = 0; ; shift += 7)
        {
            byte b = Next();
            if (shift == 63 && b > 1)
            {
                Throw.Bad("a number in the metadata is too long");
            }

            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80)
            {
                return value;
            }
        }
    }

    internal long Int64()
    {
        ulong value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    internal int Int32()
    {
        long value = Int64();
        if (value != (int)value)
        {
            Throw.Bad("a number in the metadata is out of range");
        }

        return (int)value;
    }

    /// <summary>The next field of a struct; false at its end. <paramref name="id"/> goes in as the field before, 0 at first.</summary>
    internal bool Field(ref int id, out ThriftType type)
    {
        byte head = Next();
        type = (ThriftType)(head & 0xF);
        if (type == ThriftType.Stop)
        {
            return false;
        }

        if (type > ThriftType.Struct)
        {
            Throw.Bad("metadata has a field of no known type");
        }

        id = head >> 4 == 0 ? (short)Int64() : id + (head >> 4);
        return true;
    }

    /// <summary>As a number's field is expected to be; anything else is damage.</summary>
    internal int Int32(ThriftType type)
    {
        Expect(type, ThriftType.Int32);
        return Int32();
    }

    internal long Int64(ThriftType type)
    {
        Expect(type, ThriftType.Int64);
        return Int64();
    }

    internal static bool Bool(ThriftType type)
    {
        if (type is not (ThriftType.True or ThriftType.False))
        {
            Throw.Bad("metadata has a field of another type");
        }

        return type == ThriftType.True;
    }

    internal static void Expect(ThriftType type, ThriftType wanted)
    {
        if (type != wanted)
        {
            Throw.Bad("metadata has a field of another type");
        }
    }

    internal byte* Binary(ThriftType type, out int length)
    {
        Expect(type, ThriftType.Binary);
        return Binary(out length);
    }

    internal byte* Binary(out int length)
    {
        ulong bytes = Varint();
        if (bytes > (ulong)Left || bytes > int.MaxValue)
        {
            Throw.Bad("a text in the metadata is longer than the metadata");
        }

        length = (int)bytes;
        byte* at = _at;
        _at += length;
        return at;
    }

    /// <summary>Head of a list whose elements are of a type; each takes a byte at least.</summary>
    internal int List(ThriftType type, ThriftType elements)
    {
        Expect(type, ThriftType.List);
        int count = List(out ThriftType found);
        if (count != 0 && found != elements && !(elements == ThriftType.True && found == ThriftType.False))
        {
            Throw.Bad("metadata has a list of another type");
        }

        return count;
    }

    int List(out ThriftType elements)
    {
        byte head = Next();
        elements = (ThriftType)(head & 0xF);
        ulong count = (ulong)head >> 4 == 15 ? Varint() : (ulong)head >> 4;
        if (count > (ulong)Left)
        {
            Throw.Bad("a list in the metadata is longer than the metadata");
        }

        return (int)count;
    }

    /// <summary>An element of a list of booleans.</summary>
    internal bool ListBool() => Next() == (byte)ThriftType.True;

    internal void Skip(ThriftType type) => Skip(type, 0, false);

    internal void SkipStruct() => Skip(ThriftType.Struct, 0, false);

    void Skip(ThriftType type, int depth, bool inList)
    {
        if (depth > DeepestNesting)
        {
            Throw.Bad("metadata is nested too deeply");
        }

        switch (type)
        {
            case ThriftType.True:
            case ThriftType.False:
                _ = inList ? Next() : 0;
                break;
            case ThriftType.Byte:
                Next();
                break;
            case ThriftType.Int16:
            case ThriftType.Int32:
            case ThriftType.Int64:
                Varint();
                break;
            case ThriftType.Double:
                SkipBytes(sizeof(double));
                break;
            case ThriftType.Binary:
                Binary(out _);
                break;
            case ThriftType.List:
            case ThriftType.Set:
                int count = List(out ThriftType elements);
                for (int i = 0; i < count; i++)
                {
                    Skip(elements, depth + 1, true);
                }

                break;
            case ThriftType.Map:
                SkipMap(depth);
                break;
            case ThriftType.Struct:
                int id = 0;
                while (Field(ref id, out ThriftType field))
                {
                    Skip(field, depth + 1, false);
                }

                break;
            default:
                Throw.Bad("metadata has a field of no known type");
                break;
        }
    }

    void SkipMap(int depth)
    {
        ulong count = Varint();
        if (count == 0)
        {
            return;
        }

        if (count > (ulong)Left)
        {
            Throw.Bad("a map in the metadata is longer than the metadata");
        }

        byte types = Next();
        for (ulong i = 0; i < count; i++)
        {
            Skip((ThriftType)(types >> 4), depth + 1, true);
            Skip((ThriftType)(types & 0xF), depth + 1, true);
        }
    }

    void SkipBytes(int bytes)
    {
        if (Left < bytes)
        {
            Throw.Bad("metadata ends early");
        }

        _at += bytes;
    }
}
