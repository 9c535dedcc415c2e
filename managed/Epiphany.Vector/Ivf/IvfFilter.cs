// Vector layer, inverted lists. Tests of attributes, before anything else is computed.

using System;
using System.Runtime.Intrinsics;
using Epiphany.Vector.Codes;

namespace Epiphany.Vector.Ivf;

internal static unsafe class IvfFilter
{
    /// <summary>A bit for each of a block's vectors that passes.</summary>
    internal static uint Block(IvfScan* scan, byte* block)
    {
        ref IvfShape shape = ref scan->Model->Shape;
        uint passing = uint.MaxValue;
        for (int i = 0; i < scan->TestCount && passing != 0; i++)
        {
            IvfTest* test = scan->Tests + i;
            uint nulls = ((uint*)block)[1 + test->Attribute];
            long* values = (long*)(block + shape.BlockAttributes) + (test->Attribute * CodeLayout.BlockVectors);
            passing &= (test->Kind == IvfTest.Range ? Within(values, test->Low, test->High) : OneOf(values, test)) & ~nulls;
        }

        return passing;
    }

    internal static bool Record(IvfScan* scan, byte* record)
    {
        for (int i = 0; i < scan->TestCount; i++)
        {
            IvfTest* test = scan->Tests + i;
            bool isNull = ((record[IvfRecord.Nulls] >> test->Attribute) & 1) != 0;
            long value = ((long*)(record + IvfRecord.Attributes))[test->Attribute];
            bool passes = test->Kind == IvfTest.Range ? value >= test->Low && value <= test->High : Contains(test, value);
            if (isNull || !passes)
            {
                return false;
            }
        }

        return true;
    }

    private static uint Within(long* values, long low, long high)
    {
        Vector256<long> least = Vector256.Create(low);
        Vector256<long> most = Vector256.Create(high);
        uint passing = 0;
        for (int i = 0; i < CodeLayout.BlockVectors; i += 4)
        {
            Vector256<long> four = Vector256.Load(values + i);
            Vector256<long> outside = Vector256.LessThan(four, least) | Vector256.GreaterThan(four, most);
            passing |= (~outside).ExtractMostSignificantBits() << i;
        }

        return passing;
    }

    private static uint OneOf(long* values, IvfTest* test)
    {
        uint passing = 0;
        for (int i = 0; i < CodeLayout.BlockVectors; i++)
        {
            passing |= (Contains(test, values[i]) ? 1u : 0u) << i;
        }

        return passing;
    }

    private static bool Contains(IvfTest* test, long value) => new ReadOnlySpan<long>(test->Values, (int)test->Count).BinarySearch(value) >= 0;
}
