// Tiering layer, codecs. Snappy's decoder (raw format, as Parquet has it). Input is hostile: every copy is checked against both ends.

using System;

namespace Epiphany.Tiering;

static class Snappy
{
    /// <summary>Fills all of <paramref name="output"/>, or says false.</summary>
    internal static bool Decompress(ReadOnlySpan<byte> input, Span<byte> output)
    {
        int at = 0;
        ulong length = 0;
        for (int shift = 0; ; shift += 7)
        {
            if (at == input.Length || shift > 28)
            {
                return false;
            }

            length |= (ulong)(input[at] & 0x7F) << shift;
            if (input[at++] < 0x80)
            {
                break;
            }
        }

        if (length != (ulong)output.Length)
        {
            return false;
        }

        int done = 0;
        while (at < input.Length)
        {
            int tag = input[at++];
            if ((tag & 3) == 0)
            {
                if (!Literal(input, ref at, tag >> 2, output, ref done))
                {
                    return false;
                }
            }
            else if (!Copy(input, ref at, tag, output, ref done))
            {
                return false;
            }
        }

        return done == output.Length;
    }

    static bool Literal(ReadOnlySpan<byte> input, ref int at, int code, Span<byte> output, ref int done)
    {
        long length = code + 1;
        if (code >= 60)
        {
            int bytes = code - 59;
            if (input.Length - at < bytes)
            {
                return false;
            }

            length = 0;
            for (int i = 0; i < bytes; i++)
            {
                length |= (long)input[at + i] << (8 * i);
            }

            length++;
            at += bytes;
        }

        if (length > input.Length - at || length > output.Length - done)
        {
            return false;
        }

        input.Slice(at, (int)length).CopyTo(output[done..]);
        at += (int)length;
        done += (int)length;
        return true;
    }

    static bool Copy(ReadOnlySpan<byte> input, ref int at, int tag, Span<byte> output, ref int done)
    {
        int extra = (tag & 3) == 3 ? 4 : tag & 3;
        if (input.Length - at < extra)
        {
            return false;
        }

        int length = (tag & 3) == 1 ? (tag >> 2 & 7) + 4 : (tag >> 2) + 1;
        long offset = (tag & 3) switch
        {
            1 => (long)(tag & 0xE0) << 3 | input[at],
            2 => BitConverter.ToUInt16(input[at..]),
            _ => BitConverter.ToUInt32(input[at..]),
        };
        at += extra;
        if (offset == 0 || offset > done || length > output.Length - done)
        {
            return false;
        }

        int from = done - (int)offset;
        if (offset >= length)
        {
            output.Slice(from, length).CopyTo(output[done..]);
        }
        else
        {
            for (int i = 0; i < length; i++)
            {
                output[done + i] = output[from + i];
            }
        }

        done += length;
        return true;
    }
}
