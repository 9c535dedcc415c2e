// Execution layer, operators. Exact sums: values one by one, and the scale that all groups share.

using System;
using System.Numerics;

namespace Epiphany.Execution;

sealed unsafe partial class AggregateDecimals
{
    /// <summary>Sums stay below, so that adding two cannot overflow.</summary>
    static UInt128 MaxSum => UInt128.One << 126;

    /// <summary>A numeric datum.</summary>
    void AddDatum(int group, ulong datum)
    {
        NumericParts parts = NumericParts.Of(datum);
        if (parts.IsSpecial)
        {
            Odd(group).CountSpecial(parts);
        }
        else if (AggregateNumerics.TryInteger(parts, out Int128 value, out int scale))
        {
            AddOne(group, value, scale, parts.Scale);
        }
        else
        {
            TakeScale(int.MaxValue, parts.Scale);
            AddOdd(group, AggregateNumerics.Integer(parts, out scale), scale, parts.Scale);
        }
    }

    /// <summary>value / 10^scale, displayed with <paramref name="display"/> places; or the sum of several such values.</summary>
    void AddOne(int group, Int128 value, int scale, int display, long count = 1)
    {
        UInt128 magnitude = Int128.IsNegative(value) ? UInt128.Zero - (UInt128)value : (UInt128)value;
        bool isShared = TakeScale(scale, display);
        UInt128 factor = isShared ? AggregateNumerics.PowerOfTen(_scale - scale) : UInt128.One;
        UInt128 most = _squares == null ? MaxSum >> 32 : (UInt128)long.MaxValue;
        // A division of 128 bits takes longer than all the rest, and mostly there is nothing to divide by.
        if (!isShared || magnitude > (factor == UInt128.One ? most : most / factor))
        {
            if (!_hasDisplays)
            {
                SplitDisplays();
            }

            AddOdd(group, (BigInteger)value, scale, display, count);
            return;
        }

        magnitude *= factor;
        Expect(magnitude);
        Add(_states.At + group, value * (Int128)factor, count);
        if (_squares != null)
        {
            AddSquare(group, magnitude * magnitude);
        }

        if (_hasDisplays)
        {
            CountDisplay(group, display, count);
        }
    }

    /// <summary>A value that goes into no shared sum; counted with the others.</summary>
    void AddOdd(int group, BigInteger value, int scale, int display, long count = 1)
    {
        AggregateOddity odd = Odd(group);
        odd.AddValue(value, scale);
        if (_squares != null)
        {
            odd.AddSquare(value * value, 2 * scale);
        }

        _states.At[group].Count += count;
        CountDisplay(group, display, count);
    }

    /// <summary>
    /// Sees to it that the shared scale is no less than a value's, and that groups have display scales of their own once they differ. False: that
    /// scale is not one to share.
    /// </summary>
    bool TakeScale(int scale, int display)
    {
        bool isShared = scale <= MaxSharedScale;
        if (!_hasScale && isShared)
        {
            _scale = scale;
            _hasScale = true;
        }

        if (!_hasDisplays && (!isShared || display != _scale || scale > _scale))
        {
            SplitDisplays();
        }

        if (isShared && scale > _scale)
        {
            Rescale(scale);
        }

        return isShared;
    }

    /// <summary>Until now all values were displayed with the shared scale.</summary>
    void SplitDisplays()
    {
        _hasDisplays = true;
        _displays.Reserve(_groups);
        for (int g = 0; g < _groups; g++)
        {
            long count = _states.At[g].Count;
            _displays.At[g] = new Display { Scale = count > 0 ? _scale : 0, Count = count };
        }
    }

    void CountDisplay(int group, int scale, long count = 1)
    {
        Display* display = _displays.At + group;
        if (scale > display->Scale)
        {
            *display = new Display { Scale = scale, Count = count };
        }
        else if (scale == display->Scale)
        {
            display->Count += count;
        }
    }

    void Rescale(int scale)
    {
        UInt128 factor = AggregateNumerics.PowerOfTen(scale - _scale);
        if (_most > MaxSum / factor)
        {
            SetSumsAside();
        }

        for (int g = 0; g < _groups; g++)
        {
            State* state = _states.At + g;
            Int128 sum = Sum(state) * (Int128)factor;
            state->Low = (ulong)sum;
            state->High = (long)(sum >> 64);
        }

        for (int g = 0; _squares != null && g < _groups; g++)
        {
            UInt128* square = _squares.At + g;
            if (*square > UInt128.MaxValue / factor / factor)
            {
                Odd(g).AddSquare((BigInteger)(*square), 2 * _scale);
                *square = UInt128.Zero;
            }

            *square *= factor * factor;
        }

        _most *= factor;
        _scale = scale;
    }

    /// <summary>Some group's sum may grow by so much.</summary>
    void Expect(UInt128 growth)
    {
        if (_most + growth > MaxSum)
        {
            SetSumsAside();
        }

        _most += growth;
    }

    /// <summary>Starts all sums anew from 0.</summary>
    void SetSumsAside()
    {
        for (int g = 0; g < _groups; g++)
        {
            State* state = _states.At + g;
            if (Sum(state) != Int128.Zero)
            {
                Odd(g).AddValue((BigInteger)Sum(state), _scale);
                state->Low = 0;
                state->High = 0;
            }
        }

        _most = UInt128.Zero;
    }
}
