// Vector layer. What a stored vector's elements are: how sixteen of them, or one, become floats, and back.

using System.Runtime.CompilerServices;

namespace Epiphany.Vector;

internal unsafe interface IElement
{
    static abstract int Size { get; }

    /// <summary>What a result that is past the type's range has become when it is loaded again, or less, but more than what is in it.</summary>
    static abstract float Overflow { get; }

    static abstract TLanes Load<TLanes>(byte* from)
        where TLanes : struct, ILanes<TLanes>;

    static abstract void Store<TLanes>(TLanes value, byte* to)
        where TLanes : struct, ILanes<TLanes>;

    static abstract float Load(byte* from);

    static abstract void Store(float value, byte* to);
}

internal readonly unsafe struct Float32 : IElement
{
    public static int Size => sizeof(float);

    public static float Overflow => float.PositiveInfinity;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(byte* from)
        where TLanes : struct, ILanes<TLanes> => TLanes.Load((float*)from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TLanes>(TLanes value, byte* to)
        where TLanes : struct, ILanes<TLanes> => TLanes.Store(value, (float*)to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(byte* from) => *(float*)from;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float value, byte* to) => *(float*)to = value;
}

internal readonly unsafe struct Float16 : IElement
{
    public static int Size => sizeof(ushort);

    public static float Overflow => 65536;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TLanes Load<TLanes>(byte* from)
        where TLanes : struct, ILanes<TLanes> => TLanes.Load((ushort*)from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store<TLanes>(TLanes value, byte* to)
        where TLanes : struct, ILanes<TLanes> => TLanes.Store(value, (ushort*)to);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Load(byte* from) => Halves.Widen(*(ushort*)from);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(float value, byte* to) => *(ushort*)to = Halves.Narrow(value);
}
