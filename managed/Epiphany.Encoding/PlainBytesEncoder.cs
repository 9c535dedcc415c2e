// Encoding layer. Writes plain segments of byte strings, from addresses and lengths.

using System;
using Epiphany.Kernels;

namespace Epiphany.Encoding;

/// <summary>Measures, then writes exactly as many bytes as measured.</summary>
public static unsafe class PlainBytesEncoder
{
    /// <summary>
    /// At most 2^16 strings below 2^30 bytes: the data's length times 2^16 stays below 2^62, and so does every point of the line.
    /// </summary>
    public static PlainBytesPlan Measure(uint* lengths, int count)
    {
        ulong total = 0;
        for (int i = 0; i < count; i++)
        {
            total += lengths[i];
        }

        ulong slope = (total << PlainBytesHeader.SlopeBits) / (ulong)count;
        ulong end = 0;
        long min = long.MaxValue;
        long max = long.MinValue;
        for (int i = 0; i < count; i++)
        {
            end += lengths[i];
            long distance = (long)(end - PlainBytesHeader.Line(slope, i));
            min = Math.Min(min, distance);
            max = Math.Max(max, distance);
        }

        return new PlainBytesPlan(total, (ulong)min, slope, BitPacking.Width((ulong)max - (ulong)min), count);
    }

    /// <param name="plan">What <see cref="Measure"/> said of the same lengths.</param>
    /// <param name="addresses">Where each string is.</param>
    /// <param name="lengths">How long.</param>
    /// <param name="scratch">Room for as many lanes as there are strings.</param>
    /// <param name="destination">Room for the plan's bytes.</param>
    public static void Write(PlainBytesPlan plan, ulong* addresses, uint* lengths, ulong* scratch, byte* destination)
    {
        *(PlainBytesHeader*)destination = new PlainBytesHeader
        {
            DataLength = plan.DataLength,
            Base = plan.Base,
            Slope = plan.Slope,
            Width = (byte)plan.Width,
        };
        byte* packed = destination + PlainBytesHeader.Size;
        byte* data = packed + BitPacking.Bytes(plan.Count, plan.Width);
        ulong end = 0;
        bool isOnePiece = true;
        for (int i = 0; i < plan.Count; i++)
        {
            isOnePiece &= addresses[i] - addresses[0] == end;
            end += lengths[i];
            scratch[i] = end - PlainBytesHeader.Line(plan.Slope, i);
        }

        if (isOnePiece)
        {
            Buffer.MemoryCopy((byte*)addresses[0], data, end, end);
        }
        else
        {
            for (int i = 0; i < plan.Count; i++)
            {
                Buffer.MemoryCopy((byte*)addresses[i], data, lengths[i], lengths[i]);
                data += lengths[i];
            }
        }

        BitPack.Run(scratch, plan.Count, plan.Base, plan.Width, packed);
    }
}
