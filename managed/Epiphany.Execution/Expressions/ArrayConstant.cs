// Execution layer, expressions. PostgreSQL's arrays (array.h), as far as constants of IN lists need them.

namespace Epiphany.Execution;

/// <summary>
/// The elements of an array in order. Layout: varlena header of 4 bytes, i32 dimensions, i32 offset of the data (0: there are no nulls), u32 element
/// type, an i32 length for each dimension, an i32 lower bound for each, a bit for each element that is not null, then the data, each element
/// aligned.
/// </summary>
readonly unsafe struct ArrayConstant
{
    const int HeaderBytes = 16;

    ArrayConstant(ulong[] values, bool[] nulls)
    {
        Values = values;
        Nulls = nulls;
    }

    internal ulong[] Values { get; }

    internal bool[] Nulls { get; }

    /// <summary>False for what no constant is written as: a header of 1 byte, which moves what is aligned.</summary>
    internal static bool TryRead(ulong datum, ValueType element, char alignment, out ArrayConstant array)
    {
        array = default;
        byte* bytes = (byte*)datum;
        if ((*bytes & 1) != 0)
        {
            return false;
        }

        int* words = (int*)bytes;
        int dimensions = words[1];
        int count = dimensions == 0 ? 0 : 1;
        for (int i = 0; i < dimensions; i++)
        {
            count *= words[4 + i];
        }

        int bitmap = HeaderBytes + (2 * sizeof(int) * dimensions);
        byte* present = words[2] == 0 ? null : bytes + bitmap;
        byte* next = bytes + (words[2] == 0 ? (bitmap + 7) & ~7 : words[2]);
        array = new ArrayConstant(new ulong[count], new bool[count]);
        for (int i = 0; i < count; i++)
        {
            array.Nulls[i] = present != null && (present[i / 8] & (1 << (i % 8))) == 0;
            if (!array.Nulls[i])
            {
                array.Values[i] = Element(element, alignment, bytes, ref next);
            }
        }

        return true;
    }

    static ulong Element(ValueType element, char alignment, byte* start, ref byte* next)
    {
        // A varlena with a header of 1 byte is not aligned; padding is zeros, which no such header is.
        if (element.Length != -1 || *next == 0)
        {
            long unit = alignment switch { 'd' => 8, 'i' => 4, 's' => 2, _ => 1 };
            next = start + ((next - start + unit - 1) & -unit);
        }

        byte* at = next;
        if (!element.ByValue)
        {
            next += Varlena.DatumBytes(element, at);
            return (ulong)at;
        }

        next += element.Length;
        return element.Length switch
        {
            1 => (ulong)(long)*(sbyte*)at,
            2 => (ulong)(long)*(short*)at,
            4 => (ulong)(long)*(int*)at,
            _ => *(ulong*)at,
        };
    }
}
