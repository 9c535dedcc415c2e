// Vector layer. Element-wise arithmetic. Each element is computed as PostgreSQL's float4 would be, or in a float and rounded to a half; what
// overflowed and what became zero without a zero in it is told, not thrown.

using System;
using System.Runtime.CompilerServices;

namespace Epiphany.Vector;

/// <summary>What happened to some element.</summary>
[Flags]
public enum ArithmeticFaults
{
    None = 0,
    Overflow = 1,
    Underflow = 2,
}

internal interface IOperation
{
    /// <summary>Is a zero that comes of no zero an underflow?</summary>
    static abstract bool Underflows { get; }

    static abstract TLanes Of<TLanes>(TLanes a, TLanes b)
        where TLanes : struct, ILanes<TLanes>;

    static abstract float Of(float a, float b);
}

internal readonly struct Addition : IOperation
{
    public static bool Underflows => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Of<TLanes>(TLanes a, TLanes b)
        where TLanes : struct, ILanes<TLanes> => a + b;

    public static float Of(float a, float b) => a + b;
}

internal readonly struct Subtraction : IOperation
{
    public static bool Underflows => false;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Of<TLanes>(TLanes a, TLanes b)
        where TLanes : struct, ILanes<TLanes> => a - b;

    public static float Of(float a, float b) => a - b;
}

internal readonly struct Multiplication : IOperation
{
    public static bool Underflows => true;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Of<TLanes>(TLanes a, TLanes b)
        where TLanes : struct, ILanes<TLanes> => a * b;

    public static float Of(float a, float b) => a * b;
}

internal static unsafe class Arithmetic
{
    /// <summary><paramref name="result"/> may be either side.</summary>
    internal static ArithmeticFaults Run<TLanes, TElement, TOperation>(byte* a, byte* b, byte* result, int count)
        where TLanes : struct, ILanes<TLanes>
        where TElement : struct, IElement
        where TOperation : struct, IOperation
    {
        TLanes limit = TLanes.Create(TElement.Overflow);
        uint overflows = 0;
        uint underflows = 0;
        int i = 0;
        for (; i <= count - Lanes.Count; i += Lanes.Count)
        {
            int at = i * TElement.Size;
            TLanes x = TElement.Load<TLanes>(a + at);
            TLanes y = TElement.Load<TLanes>(b + at);
            TElement.Store(TOperation.Of(x, y), result + at);
            TLanes stored = TElement.Load<TLanes>(result + at);
            overflows |= TLanes.NotBelow(TLanes.Abs(stored), limit);
            if (TOperation.Underflows)
            {
                underflows |= TLanes.Zeros(stored) & ~(TLanes.Zeros(x) | TLanes.Zeros(y));
            }
        }

        bool overflow = overflows != 0;
        bool underflow = underflows != 0;
        for (; i < count; i++)
        {
            int at = i * TElement.Size;
            float x = TElement.Load(a + at);
            float y = TElement.Load(b + at);
            TElement.Store(TOperation.Of(x, y), result + at);
            float stored = TElement.Load(result + at);
            overflow |= float.Abs(stored) >= TElement.Overflow;
            underflow |= TOperation.Underflows && stored == 0 && x != 0 && y != 0;
        }

        return (overflow ? ArithmeticFaults.Overflow : 0) | (underflow ? ArithmeticFaults.Underflow : 0);
    }
}
