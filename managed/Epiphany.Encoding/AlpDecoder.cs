// Encoding layer. Reads ALP segments; any value in the time of a search among the exceptions. Trusts no byte.

using System.Runtime.Intrinsics;
using Epiphany.Kernels;

namespace Epiphany.Encoding;

/// <summary>Segments are readable for BitPacking.Slack bytes past their length.</summary>
public static unsafe class AlpDecoder
{
    /// <param name="segment">The segment.</param>
    /// <param name="length">Its bytes.</param>
    /// <param name="count">Rows in the vector.</param>
    /// <param name="width">8 for Float64, 4 for Float32.</param>
    /// <param name="values">Become the lanes.</param>
    public static Fault Decode(byte* segment, ulong length, int count, int width, ulong* values)
    {
        Fault fault = Check(segment, length, count, width, out ushort* rows);
        if (fault == Fault.None)
        {
            fault = FrameOfReferenceDecoder.Decode(segment + AlpHeader.Size, length - AlpHeader.Size, count, values);
        }

        if (fault != Fault.None)
        {
            return fault;
        }

        AlpHeader* header = (AlpHeader*)segment;
        Convert(values, count, Alp.Power(header->Factor), Alp.Inverse(header->Exponent), width);
        byte* kept = (byte*)rows + Alp.RowsBytes(header->Exceptions);
        int previous = -1;
        for (int i = 0; i < header->Exceptions; i++)
        {
            int row = rows[i];
            if (row <= previous || row >= count)
            {
                return Fault.ExceptionsOutOfOrder;
            }

            values[row] = width == sizeof(double) ? ((ulong*)kept)[i] : (ulong)((int*)kept)[i];
            previous = row;
        }

        return Fault.None;
    }

    public static Fault DecodeOne(byte* segment, ulong length, int count, int width, int index, out ulong value)
    {
        value = 0;
        Fault fault = Check(segment, length, count, width, out ushort* rows);
        if (fault != Fault.None)
        {
            return fault;
        }

        AlpHeader* header = (AlpHeader*)segment;
        int low = 0;
        int high = header->Exceptions;
        while (low < high)
        {
            int middle = (low + high) >> 1;
            if (rows[middle] < index)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        if (low < header->Exceptions && rows[low] == index)
        {
            byte* kept = (byte*)rows + Alp.RowsBytes(header->Exceptions);
            value = width == sizeof(double) ? ((ulong*)kept)[low] : (ulong)((int*)kept)[low];
            return Fault.None;
        }

        fault = FrameOfReferenceDecoder.DecodeOne(segment + AlpHeader.Size, length - AlpHeader.Size, count, index, out ulong integer);
        value = Alp.Value((long)integer, Alp.Power(header->Factor), Alp.Inverse(header->Exponent), width);
        return fault;
    }

    static void Convert(ulong* values, int count, double factor, double inverse, int width)
    {
        int i = 0;
        if (width == sizeof(double) && Vector512.IsHardwareAccelerated)
        {
            for (; i <= count - Vector512<ulong>.Count; i += Vector512<ulong>.Count)
            {
                Vector512<double> lanes = Vector512.ConvertToDouble(Vector512.Load((long*)values + i));
                (lanes * factor * inverse).AsUInt64().Store(values + i);
            }
        }
        else if (width == sizeof(double) && Vector256.IsHardwareAccelerated)
        {
            for (; i <= count - Vector256<ulong>.Count; i += Vector256<ulong>.Count)
            {
                Vector256<double> lanes = Vector256.ConvertToDouble(Vector256.Load((long*)values + i));
                (lanes * factor * inverse).AsUInt64().Store(values + i);
            }
        }

        for (; i < count; i++)
        {
            values[i] = Alp.Value((long)values[i], factor, inverse, width);
        }
    }

    static Fault Check(byte* segment, ulong length, int count, int width, out ushort* rows)
    {
        rows = null;
        if (length < AlpHeader.Size + FrameOfReferenceHeader.Size)
        {
            return Fault.SegmentTooShort;
        }

        AlpHeader* header = (AlpHeader*)segment;
        int packed = ((FrameOfReferenceHeader*)(segment + AlpHeader.Size))->Width;
        if (header->Exponent > Alp.MaxExponent || header->Factor > header->Exponent || packed > 64)
        {
            return Fault.WidthTooLarge;
        }

        if (header->Exceptions > count)
        {
            return Fault.ExceptionsOutOfOrder;
        }

        ulong before = (ulong)Alp.RowsOffset(count, packed);
        rows = (ushort*)(segment + before);
        ulong needed = before + (ulong)Alp.RowsBytes(header->Exceptions) + ((ulong)header->Exceptions * (ulong)width);
        return length < needed ? Fault.SegmentTooShort : Fault.None;
    }
}
