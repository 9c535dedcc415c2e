// Execution layer, expressions. Arithmetic of float4 and float8, and what PostgreSQL calls overflow and underflow (float.h).

using System;
using System.Runtime.Intrinsics;

namespace Epiphany.Execution;

/// <summary>What a result is wrong with.</summary>
enum FloatFault
{
    None,
    Overflow,
    Underflow,
    DivisionByZero,
}

interface IFloatOperation
{
    static abstract double Of(double left, double right);

    static abstract float Of(float left, float right);

    static abstract Vector512<double> Of(Vector512<double> left, Vector512<double> right);

    /// <summary>Asked for results that are infinite or zero, and of divisions by zero.</summary>
    static abstract FloatFault Fault(double left, double right, double result);
}

readonly struct FloatAdd : IFloatOperation
{
    public static double Of(double left, double right) => left + right;

    public static float Of(float left, float right) => left + right;

    public static Vector512<double> Of(Vector512<double> left, Vector512<double> right) => left + right;

    public static FloatFault Fault(double left, double right, double result) =>
        double.IsInfinity(result) && !double.IsInfinity(left) && !double.IsInfinity(right) ? FloatFault.Overflow : FloatFault.None;
}

readonly struct FloatSubtract : IFloatOperation
{
    public static double Of(double left, double right) => left - right;

    public static float Of(float left, float right) => left - right;

    public static Vector512<double> Of(Vector512<double> left, Vector512<double> right) => left - right;

    public static FloatFault Fault(double left, double right, double result) => FloatAdd.Fault(left, right, result);
}

readonly struct FloatMultiply : IFloatOperation
{
    public static double Of(double left, double right) => left * right;

    public static float Of(float left, float right) => left * right;

    public static Vector512<double> Of(Vector512<double> left, Vector512<double> right) => left * right;

    public static FloatFault Fault(double left, double right, double result) =>
        double.IsInfinity(result) && !double.IsInfinity(left) && !double.IsInfinity(right) ? FloatFault.Overflow
        : result == 0 && left != 0 && right != 0 ? FloatFault.Underflow
        : FloatFault.None;
}

readonly struct FloatDivide : IFloatOperation
{
    public static double Of(double left, double right) => left / right;

    public static float Of(float left, float right) => left / right;

    public static Vector512<double> Of(Vector512<double> left, Vector512<double> right) => left / right;

    public static FloatFault Fault(double left, double right, double result) =>
        right == 0 && !double.IsNaN(left) ? FloatFault.DivisionByZero
        : double.IsInfinity(result) && !double.IsInfinity(left) ? FloatFault.Overflow
        : result == 0 && left != 0 && !double.IsInfinity(right) ? FloatFault.Underflow
        : FloatFault.None;
}

/// <summary>How a lane is a float.</summary>
interface IFloatLane
{
    static abstract double Of(ulong lane);
}

readonly struct Float8Lane : IFloatLane
{
    public static double Of(ulong lane) => BitConverter.UInt64BitsToDouble(lane);
}

readonly struct Float4Lane : IFloatLane
{
    public static double Of(ulong lane) => BitConverter.UInt32BitsToSingle((uint)lane);

    /// <summary>The lane of a float4: its bits, as a signed integer.</summary>
    internal static ulong Lane(float value) => (ulong)(long)BitConverter.SingleToInt32Bits(value);
}
