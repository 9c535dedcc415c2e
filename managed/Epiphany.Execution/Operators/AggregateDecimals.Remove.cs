// Execution layer, operators. Exact sums: values that leave a window's frame.

using System;
using System.Numerics;

namespace Epiphany.Execution;

sealed unsafe partial class AggregateDecimals
{
    internal override bool Removes => true;

    /// <summary>
    /// As do_numeric_discard(): not where the last value of the greatest display scale goes and others stay, whose scales are not known.
    /// </summary>
    internal override bool Remove(Vector values, int count, int group)
    {
        bool isRemoved = true;
        for (int i = 0; i < count && isRemoved; i++)
        {
            if (_isInteger || values.Form == VectorForm.Decimal)
            {
                int scale = _isInteger ? 0 : values.Scale;
                isRemoved = RemoveOne(group, (long)values.Values[i], scale, scale);
            }
            else
            {
                isRemoved = RemoveDatum(group, values.Values[i]);
            }
        }

        if (_oddities.TryGetValue(group, out AggregateOddity? odd) && odd.IsNothing)
        {
            _oddities.Remove(group);
        }

        return isRemoved;
    }

    bool RemoveDatum(int group, ulong datum)
    {
        NumericParts parts = NumericParts.Of(datum);
        if (parts.IsSpecial)
        {
            Odd(group).CountSpecial(parts, -1);
            return true;
        }

        return AggregateNumerics.TryInteger(parts, out Int128 value, out int scale)
            ? RemoveOne(group, value, scale, parts.Scale)
            : RemoveDisplay(group, parts.Scale) && RemoveOdd(group, AggregateNumerics.Integer(parts, out scale), scale);
    }

    bool RemoveOne(int group, Int128 value, int scale, int display)
    {
        if (!RemoveDisplay(group, display))
        {
            return false;
        }

        UInt128 magnitude = Int128.IsNegative(value) ? UInt128.Zero - (UInt128)value : (UInt128)value;
        UInt128 factor = scale <= _scale ? AggregateNumerics.PowerOfTen(_scale - scale) : UInt128.Zero;
        UInt128 most = _squares == null ? MaxSum >> 32 : (UInt128)long.MaxValue;
        if (factor == UInt128.Zero || magnitude > most / factor)
        {
            return RemoveOdd(group, (BigInteger)value, scale);
        }

        magnitude *= factor;
        Expect(magnitude);
        Add(_states.At + group, -value * (Int128)factor, -1);
        if (_squares != null)
        {
            RemoveSquare(group, magnitude * magnitude);
        }

        return true;
    }

    /// <summary>From what is kept aside, wherever the value has come to: the two together are what counts.</summary>
    bool RemoveOdd(int group, BigInteger value, int scale)
    {
        AggregateOddity odd = Odd(group);
        odd.AddValue(-value, scale);
        if (_squares != null)
        {
            odd.AddSquare(-(value * value), 2 * scale);
        }

        _states.At[group].Count--;
        return true;
    }

    void RemoveSquare(int group, UInt128 square)
    {
        if (square > _squares!.At[group])
        {
            Odd(group).AddSquare(-(BigInteger)square, 2 * _scale);
            return;
        }

        _squares.At[group] -= square;
    }

    bool RemoveDisplay(int group, int scale)
    {
        if (!_hasDisplays)
        {
            return true;
        }

        Display* display = _displays.At + group;
        if (_states.At[group].Count == 1)
        {
            *display = default;
        }
        else if (scale == display->Scale)
        {
            return --display->Count > 0;
        }

        return true;
    }
}
