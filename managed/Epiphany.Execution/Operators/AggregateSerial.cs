// Execution layer, operators. Transition values as PostgreSQL serialises them (numeric.c): a bytea, its numbers in network order.

using System;
using System.Buffers.Binary;
using System.Numerics;

namespace Epiphany.Execution;

/// <summary>Writes one value; pieces of it are collected in room that grows.</summary>
unsafe ref struct AggregateSerial
{
    const int HeaderBytes = 4;
    const int FirstRoom = 256;
    const int Negative = 0x4000;

    readonly Arena _arena;
    byte* _room;
    int _size;
    int _used;

    internal AggregateSerial(Arena arena)
    {
        _arena = arena;
        _room = arena.Take(FirstRoom);
        _size = FirstRoom;
        _used = HeaderBytes;
    }

    internal void Add(long value) => BinaryPrimitives.WriteInt64BigEndian(Take(sizeof(long)), value);

    internal void Add(int value) => BinaryPrimitives.WriteInt32BigEndian(Take(sizeof(int)), value);

    /// <summary>numericvar_serialize of value / 10^scale; sums are without zero digits at the end, integers of 128 bits with them.</summary>
    internal void Add(BigInteger value, int scale, int display, bool trims)
    {
        ushort[] digits = AggregateNumerics.Digits(value, scale, out int weight);
        int count = trims ? digits.AsSpan().TrimEnd((ushort)0).Length : digits.Length;
        Add(count);
        Add(weight);
        Add(value.Sign < 0 ? Negative : 0);
        Add(display);
        for (int i = 0; i < count; i++)
        {
            BinaryPrimitives.WriteUInt16BigEndian(Take(sizeof(ushort)), digits[i]);
        }
    }

    internal readonly ulong Finish()
    {
        *(uint*)_room = (uint)_used << 2;
        return (ulong)_room;
    }

    Span<byte> Take(int bytes)
    {
        if (_used + bytes > _size)
        {
            byte* grown = _arena.Take((nuint)_size * 2);
            new ReadOnlySpan<byte>(_room, _used).CopyTo(new Span<byte>(grown, _used));
            _room = grown;
            _size *= 2;
        }

        var taken = new Span<byte>(_room + _used, bytes);
        _used += bytes;
        return taken;
    }
}
