// Kernels layer. Some items of an array, made dense.

using System.Runtime.CompilerServices;

namespace Epiphany.Kernels;

/// <summary>The rows' numbers ascend, so that no row comes before its place.</summary>
public static unsafe class RowGather
{
    /// <summary>
    /// destination[i] = source[rows[i]]; both may be one array. Where most rows are named, eight of them often lie side by side, and move at once.
    /// </summary>
    public static void Run<T>(T* source, ushort* rows, int count, T* destination)
        where T : unmanaged
    {
        const int Eight = 8;
        int i = 0;
        for (; i <= count - Eight; i += Eight)
        {
            int first = rows[i];
            if (rows[i + Eight - 1] - first == Eight - 1)
            {
                Unsafe.WriteUnaligned(destination + i, Unsafe.ReadUnaligned<EightOf<T>>(source + first));
                continue;
            }

            for (int j = i; j < i + Eight; j += 4)
            {
                T a = source[rows[j]];
                T b = source[rows[j + 1]];
                T c = source[rows[j + 2]];
                T d = source[rows[j + 3]];
                destination[j] = a;
                destination[j + 1] = b;
                destination[j + 2] = c;
                destination[j + 3] = d;
            }
        }

        for (; i < count; i++)
        {
            destination[i] = source[rows[i]];
        }
    }

    [InlineArray(8)]
    struct EightOf<T>
        where T : unmanaged
    {
        T _first;
    }
}
