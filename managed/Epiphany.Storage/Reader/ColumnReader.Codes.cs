// Storage layer, reader. What is known of a vector by the least and the greatest code of its strings in the chunk's dictionary: codes are not read.

using System;
using Epiphany.Encoding;

namespace Epiphany.Storage;

sealed unsafe partial class ColumnReader
{
    /// <summary>The code of all of a vector's values that are not null, if it is known; a constant's is 0. The table has been made.</summary>
    bool TrySoleCode(int vector, out ulong code)
    {
        code = 0;
        if (_encoding == EncodingKind.Constant)
        {
            return true;
        }

        ref VectorEntry entry = ref _vectors[vector];
        code = entry.Min;
        return (entry.Flags & VectorFlags.HasCodes) != 0 && entry.Min == entry.Max && entry.Max < (ulong)_entries;
    }

    internal VectorBounds Bounds(int vector)
    {
        ref VectorEntry entry = ref _vectors[vector];
        int nulls = (int)entry.Nulls;
        bool isPresent = nulls < GroupFormat.RowsOf(Rows, vector);
        if (isPresent && !IsByValue && (_encoding == EncodingKind.Constant || (entry.Flags & VectorFlags.HasCodes) != 0))
        {
            return _encoding == EncodingKind.Constant
                ? new VectorBounds(BoundsKind.Codes, 0, 0, nulls)
                : new VectorBounds(BoundsKind.Codes, (long)entry.Min, (long)entry.Max, nulls);
        }

        bool hasZone = isPresent && IsByValue && !Kinds.IsFloat(_kind) && (entry.Flags & VectorFlags.HasZone) != 0;
        return hasZone
            ? new VectorBounds(BoundsKind.Integers, (long)entry.Min, (long)entry.Max, nulls)
            : new VectorBounds(BoundsKind.None, 0, 0, nulls);
    }

    /// <summary>Those of some vectors whose codes leave room for a string in the ranges of a test in byte order.</summary>
    internal ulong MatchCodes(in ZoneTest test, ulong vectors)
    {
        if (_encoding != EncodingKind.Dictionary || _kind is not (ColumnKind.FixedBytes or ColumnKind.VarBytes))
        {
            return vectors;
        }

        int count = GroupFormat.Vectors(Rows);
        ulong matching = 0;
        for (int i = 0; i < count; i++)
        {
            matching |= (_vectors[i].Flags & VectorFlags.HasCodes) == 0 ? 1UL << i : 0;
        }

        for (int range = 0; range < test.Count && (vectors & ~matching) != 0; range++)
        {
            ref ZoneRange wanted = ref test.Ranges[range];
            ulong low = wanted.LowBytes == null ? 0 : CodesBelow(new(wanted.LowBytes, wanted.LowLength), orEqual: false);
            ulong end = wanted.HighBytes == null ? ulong.MaxValue : CodesBelow(new(wanted.HighBytes, wanted.HighLength), orEqual: true);
            for (int i = 0; i < count && low < end; i++)
            {
                matching |= _vectors[i].Min < end && _vectors[i].Max >= low ? 1UL << i : 0;
            }
        }

        return vectors & matching;
    }

    /// <summary>How many entries of the dictionary are below a string in byte order, or equal to it.</summary>
    ulong CodesBelow(ReadOnlySpan<byte> bound, bool orEqual)
    {
        byte* shared = Shared(out ulong length);
        Fault fault = DictionaryOfBytes.Check(shared, length, Rows, out int entries);
        int low = 0;
        int high = entries;
        while (low < high && fault == Fault.None)
        {
            int middle = (low + high) / 2;
            fault = DictionaryEntry(shared, length, entries, middle, out ReadOnlySpan<byte> value);
            int order = value.SequenceCompareTo(bound);
            bool isBelow = order < 0 || (order == 0 && orEqual);
            (low, high) = isBelow ? (middle + 1, high) : (low, middle);
        }

        if (fault != Fault.None)
        {
            Throw.BadVector(_column, 0, fault);
        }

        return (ulong)low;
    }

    Fault DictionaryEntry(byte* shared, ulong length, int entries, int code, out ReadOnlySpan<byte> value)
    {
        value = default;
        byte* values = shared + DictionaryOfBytes.HeaderSize;
        length -= DictionaryOfBytes.HeaderSize;
        if (_kind == ColumnKind.FixedBytes)
        {
            ulong each = (ulong)_entry->FixedLength;
            if (length < each * (ulong)entries)
            {
                return Fault.SegmentTooShort;
            }

            value = new ReadOnlySpan<byte>(values + (each * (ulong)code), (int)each);
            return Fault.None;
        }

        Fault fault = PlainBytesDecoder.DecodeOne(values, length, entries, code, out byte* at, out ulong bytes);
        if (fault == Fault.None)
        {
            CheckLength(bytes);
            value = new ReadOnlySpan<byte>(at, (int)bytes);
        }

        return fault;
    }
}
