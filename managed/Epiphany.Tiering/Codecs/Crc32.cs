// Tiering layer, codecs. CRC-32 of zlib and gzip, eight bytes a step: what Parquet pages carry. (Row groups have CRC-32C, which processors compute.)

using System;

namespace Epiphany.Tiering;

static class Crc32
{
    static readonly uint[] s_tables = Tables();

    internal static uint Of(ReadOnlySpan<byte> bytes)
    {
        uint[] t = s_tables;
        uint crc = 0xFFFFFFFF;
        int i = 0;
        for (; i + 8 <= bytes.Length; i += 8)
        {
            uint low = BitConverter.ToUInt32(bytes[i..]) ^ crc;
            uint high = BitConverter.ToUInt32(bytes[(i + 4)..]);
            crc = t[0x700 + (low & 0xFF)] ^ t[0x600 + (low >> 8 & 0xFF)] ^ t[0x500 + (low >> 16 & 0xFF)] ^ t[0x400 + (low >> 24)] ^
                t[0x300 + (high & 0xFF)] ^ t[0x200 + (high >> 8 & 0xFF)] ^ t[0x100 + (high >> 16 & 0xFF)] ^ t[high >> 24];
        }

        for (; i < bytes.Length; i++)
        {
            crc = t[(crc ^ bytes[i]) & 0xFF] ^ crc >> 8;
        }

        return ~crc;
    }

    /// <summary>Table k: what a byte comes to after k zero bytes more.</summary>
    static uint[] Tables()
    {
        uint[] tables = new uint[8 * 256];
        for (uint i = 0; i < 256; i++)
        {
            uint crc = i;
            for (int bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
            }

            tables[i] = crc;
        }

        for (int i = 256; i < tables.Length; i++)
        {
            tables[i] = tables[tables[i - 256] & 0xFF] ^ tables[i - 256] >> 8;
        }

        return tables;
    }
}
