// Tiering layer, encodings. A page's values into lanes, or into addresses and lengths that point into the page. Bytes are hostile; addresses
// handed out lie in the page or in memory of the page's own.

using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Epiphany.Storage;

namespace Epiphany.Tiering;

/// <summary>Values that are not null, one after another; <paramref name="Lengths"/> only of types that are bytes.</summary>
readonly unsafe record struct DecodedValues(ulong Lanes, ulong Lengths)
{
    internal ulong* LanesAt => (ulong*)Lanes;

    internal int* LengthsAt => (int*)Lengths;
}

static unsafe class ValueDecoder
{
    /// <summary>Whatever is no code of a dictionary. <paramref name="own"/>: gives memory that lives as long as the page.</summary>
    internal static void Run(PageEncoding encoding, in ColumnType type, byte* at, byte* end, int count, DecodedValues values, PageMemory own)
    {
        switch (encoding)
        {
            case PageEncoding.Plain:
                Plain(type, at, end, count, values);
                return;
            case PageEncoding.Rle when type.Physical == PhysicalType.Boolean:
                // Booleans have their length before them, as levels do.
                HybridDecoder.Run(at + LengthPrefix(at, end, out long length), at + 4 + length, 1, count, 1, values.LanesAt);
                return;
            case PageEncoding.DeltaBinaryPacked when type.Physical is PhysicalType.Int32 or PhysicalType.Int64:
                DeltaDecoder.Run(at, end, count, type.Physical == PhysicalType.Int32, values.LanesAt);
                return;
            case PageEncoding.DeltaLengthByteArray when type.Physical == PhysicalType.ByteArray:
                DeltaLength(at, end, count, values);
                return;
            case PageEncoding.DeltaByteArray when type.Physical is PhysicalType.ByteArray or PhysicalType.FixedBytes:
                DeltaBytes(type, at, end, count, values, own);
                return;
            case PageEncoding.ByteStreamSplit when type.PlainBytes > 0:
                Split(type, at, end, count, values, own);
                return;
            default:
                Throw.Unsupported($"it has {type.Physical} values in encoding {(int)encoding}");
                return;
        }
    }

    internal static int LengthPrefix(byte* at, byte* end, out long length)
    {
        if (end - at < sizeof(uint))
        {
            Throw.Bad("a page ends early");
        }

        length = Unsafe.ReadUnaligned<uint>(at);
        if (length > end - at - sizeof(uint))
        {
            Throw.Bad("a page ends early");
        }

        return sizeof(uint);
    }

    static void Plain(in ColumnType type, byte* at, byte* end, int count, DecodedValues values)
    {
        int width = type.PlainBytes;
        long needed = type.Physical == PhysicalType.Boolean ? ((long)count + 7) / 8 : (long)count * width;
        if (needed > end - at)
        {
            Throw.Bad("a page has fewer values than it says");
        }

        ulong* lanes = values.LanesAt;
        switch (type.Physical)
        {
            case PhysicalType.Boolean:
                for (int i = 0; i < count; i++)
                {
                    lanes[i] = (ulong)(at[i >> 3] >> (i & 7) & 1);
                }

                return;
            case PhysicalType.Int32:
            case PhysicalType.Float:
                for (int i = 0; i < count; i++)
                {
                    lanes[i] = (ulong)Unsafe.ReadUnaligned<int>(at + i * 4L);
                }

                return;
            case PhysicalType.Int64:
            case PhysicalType.Double:
                NativeMemory.Copy(at, lanes, (nuint)count * 8);
                return;
            case PhysicalType.ByteArray:
                PlainBytes(at, end, count, values);
                return;
            default:
                Fixed(at, width, count, values);
                return;
        }
    }

    static void PlainBytes(byte* at, byte* end, int count, DecodedValues values)
    {
        for (int i = 0; i < count; i++)
        {
            at += LengthPrefix(at, end, out long length);
            values.LanesAt[i] = (ulong)at;
            values.LengthsAt[i] = (int)length;
            at += length;
        }
    }

    static void Fixed(byte* at, int width, int count, DecodedValues values)
    {
        for (int i = 0; i < count; i++)
        {
            values.LanesAt[i] = (ulong)(at + (long)i * width);
            values.LengthsAt[i] = width;
        }
    }

    static void DeltaLength(byte* at, byte* end, int count, DecodedValues values)
    {
        at = DeltaDecoder.Run(at, end, count, true, values.LanesAt);
        for (int i = 0; i < count; i++)
        {
            long length = (long)values.LanesAt[i];
            if (length < 0 || length > end - at)
            {
                Throw.Bad("a page of strings ends early");
            }

            values.LanesAt[i] = (ulong)at;
            values.LengthsAt[i] = (int)length;
            at += length;
        }
    }

    /// <summary>Each string shares so many bytes with the one before.</summary>
    static void DeltaBytes(in ColumnType type, byte* at, byte* end, int count, DecodedValues values, PageMemory own)
    {
        var prefixes = (ulong*)own.Take((long)count * sizeof(ulong));
        at = DeltaDecoder.Run(at, end, count, true, prefixes);
        at = DeltaDecoder.Run(at, end, count, true, values.LanesAt);
        long total = 0;
        long before = 0;
        long left = end - at;
        for (int i = 0; i < count; i++)
        {
            long prefix = (long)prefixes[i];
            long suffix = (long)values.LanesAt[i];
            if (prefix < 0 || prefix > before || suffix < 0 || suffix > left)
            {
                Throw.Bad("a page of strings contradicts itself");
            }

            left -= suffix;
            before = prefix + suffix;
            total += before;
            if (total > ParquetFormat.MostPageBytes || (type.Physical == PhysicalType.FixedBytes && before != type.Length))
            {
                Throw.Bad("a page of strings has values of impossible lengths");
            }
        }

        byte* to = own.Take(total);
        byte* last = to;
        for (int i = 0; i < count; i++)
        {
            long prefix = (long)prefixes[i];
            long suffix = (long)values.LanesAt[i];
            Buffer.MemoryCopy(last, to, prefix, prefix);
            Buffer.MemoryCopy(at, to + prefix, suffix, suffix);
            values.LanesAt[i] = (ulong)to;
            values.LengthsAt[i] = (int)(prefix + suffix);
            at += suffix;
            last = to;
            to += prefix + suffix;
        }
    }

    /// <summary>First bytes of all values, then all second ones, and so on: put together again, they are a plain page.</summary>
    static void Split(in ColumnType type, byte* at, byte* end, int count, DecodedValues values, PageMemory own)
    {
        int width = type.PlainBytes;
        long bytes = (long)count * width;
        if (bytes > end - at)
        {
            Throw.Bad("a page has fewer values than it says");
        }

        byte* plain = own.Take(bytes);
        for (int b = 0; b < width; b++)
        {
            byte* stream = at + (long)b * count;
            for (int i = 0; i < count; i++)
            {
                plain[(long)i * width + b] = stream[i];
            }
        }

        Plain(type, plain, plain + bytes, count, values);
    }
}

/// <summary>Memory that lives as long as values of its page are in use.</summary>
sealed unsafe class PageMemory(IMemory memory)
{
    byte*[] _pieces = new byte*[8];
    int _count;

    /// <summary>With the slack that unpacking may read past the end.</summary>
    internal byte* Take(long bytes)
    {
        if (_count == _pieces.Length)
        {
            byte*[] more = new byte*[_count * 2];
            Array.Copy(_pieces, more, _count);
            _pieces = more;
        }

        byte* piece = memory.AllocateRoom((nuint)(bytes + Kernels.BitPacking.Slack));
        _pieces[_count++] = piece;
        return piece;
    }

    internal void Free()
    {
        while (_count > 0)
        {
            memory.Free(_pieces[--_count]);
        }
    }
}
