// Encoding layer. Writes segments of floats as what differs from the one before.

using System.Numerics;

namespace Epiphany.Encoding;

/// <summary>Measures, then writes exactly as many bytes as measured.</summary>
public static unsafe class GorillaEncoder
{
    /// <summary>A window is kept as long as it wastes fewer bits than a new one costs.</summary>
    const int WindowBits = 16;

    /// <param name="values">The vector's lanes.</param>
    /// <param name="count">How many.</param>
    /// <param name="width">8 for Float64, 4 for Float32.</param>
    public static GorillaPlan Measure(ulong* values, int count, int width)
    {
        uint bits = 0;
        int windows = 0;
        Window window = default;
        for (int i = 1; i < count; i++)
        {
            ulong difference = Difference(values, i, width);
            if (difference != 0)
            {
                windows += window.Take(difference) ? 1 : 0;
                bits += (uint)window.Length;
            }
        }

        return new GorillaPlan(bits, windows, count);
    }

    /// <param name="plan">What measuring said of the same values.</param>
    /// <param name="values">The vector's lanes.</param>
    /// <param name="width">8 for Float64, 4 for Float32.</param>
    /// <param name="scratch">Room for as many lanes.</param>
    /// <param name="destination">Room for the plan's bytes, zeroed.</param>
    public static void Write(in GorillaPlan plan, ulong* values, int width, ulong* scratch, byte* destination)
    {
        *(GorillaHeader*)destination = new GorillaHeader { First = values[0], Bits = plan.Bits, Windows = (ushort)plan.Windows };
        byte* tags = destination + GorillaHeader.Size;
        byte* windows = tags + GorillaHeader.TagBytes(plan.Count);
        ulong* words = (ulong*)(windows + GorillaHeader.WindowBytes(plan.Windows));
        Window window = default;
        ulong at = 0;
        scratch[0] = GorillaHeader.Equal;
        for (int i = 1; i < plan.Count; i++)
        {
            ulong difference = Difference(values, i, width);
            scratch[i] = GorillaHeader.Equal;
            if (difference == 0)
            {
                continue;
            }

            scratch[i] = GorillaHeader.SameWindow;
            if (window.Take(difference))
            {
                scratch[i] = GorillaHeader.NextWindow;
                *windows++ = (byte)window.Behind;
                *windows++ = (byte)window.Length;
            }

            ulong kept = difference >> window.Behind;
            int shift = (int)(at % 64);
            words[at / 64] |= kept << shift;
            if (shift + window.Length > 64)
            {
                words[(at / 64) + 1] |= kept >> (64 - shift);
            }

            at += (ulong)window.Length;
        }

        PackedLanes.Encode(scratch, plan.Count, GorillaHeader.TagBits, tags);
    }

    /// <summary>Float32 lanes are sign-extended: what is above their bits says nothing.</summary>
    static ulong Difference(ulong* values, int row, int width)
    {
        ulong difference = values[row] ^ values[row - 1];
        return width == sizeof(ulong) ? difference : (uint)difference;
    }

    struct Window
    {
        internal int Behind;
        internal int Length;

        /// <summary>Makes the window one that a difference which is not 0 fits; says whether it is another one.</summary>
        internal bool Take(ulong difference)
        {
            int behind = BitOperations.TrailingZeroCount(difference);
            int length = 64 - BitOperations.LeadingZeroCount(difference) - behind;
            if (behind >= Behind && behind + length <= Behind + Length && Length - length <= WindowBits)
            {
                return false;
            }

            Behind = behind;
            Length = length;
            return true;
        }
    }
}
