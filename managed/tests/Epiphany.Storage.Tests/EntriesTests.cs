// Values that come as numbers of a dictionary: the group is the one that the values make, whatever the dictionary is like, and if only some rows came
// so.

using System;
using System.Linq;
using Epiphany.Encoding;
using Xunit;

namespace Epiphany.Storage.Tests;

public unsafe class EntriesTests
{
    /// <summary>How a call of rows comes.</summary>
    enum Way
    {
        Numbers,
        Values,
    }

    static byte[] Written(string[] entries, uint?[] rows, EncodingKind known, params Way[] ways)
    {
        using GuardedMemory memory = new();
        NativeHeap heap = new();
        RowGroupWriter writer = new(
            [new ColumnShape(ColumnKind.VarBytes, 0)],
            new WriterOptions(Codec.None, 1, rows.Length, ulong.MaxValue, false, known),
            memory,
            new TestCodec(),
            new CountingInterrupts());
        ulong[] addresses = new ulong[entries.Length];
        uint[] lengths = new uint[entries.Length];
        for (int i = 0; i < entries.Length; i++)
        {
            byte[] bytes = System.Text.Encoding.UTF8.GetBytes(entries[i]);
            byte* at = heap.Allocate((nuint)bytes.Length + 8);
            bytes.CopyTo(new Span<byte>(at, bytes.Length));
            (addresses[i], lengths[i]) = ((ulong)at, (uint)bytes.Length);
        }

        int share = rows.Length / ways.Length;
        for (int i = 0; i < ways.Length; i++)
        {
            uint?[] part = rows[(i * share)..(i == ways.Length - 1 ? rows.Length : (i + 1) * share)];
            byte[] isNull = [.. part.Select(row => row == null ? (byte)1 : (byte)0)];
            uint[] numbers = [.. part.Select(row => row ?? 0)];
            ulong[] values = [.. part.Select(row => row is uint number ? addresses[number] : 0)];
            uint[] sizes = [.. part.Select(row => row is uint number ? lengths[number] : 0)];
            ulong bytes = (ulong)sizes.Sum(size => size);
            fixed (byte* nulls = isNull)
            fixed (uint* n = numbers, l = ways[i] == Way.Numbers ? lengths : sizes)
            fixed (ulong* a = ways[i] == Way.Numbers ? addresses : values)
            {
                byte* some = part.Contains(null) ? nulls : null;
                if (ways[i] == Way.Numbers)
                {
                    writer.ReferEntries(a, l, entries.Length, n, some, part.Length, bytes);
                }
                else
                {
                    writer.Refer(a, l, some, part.Length, bytes);
                }
            }
        }

        GroupImage image = writer.Finish();
        byte[] group = new byte[image.Length];
        for (int at = 0; at < group.Length; at += (int)GroupImage.SegmentBytes)
        {
            int piece = int.Min((int)GroupImage.SegmentBytes, group.Length - at);
            new ReadOnlySpan<byte>((byte*)image.Segments[at / (int)GroupImage.SegmentBytes], piece).CopyTo(group.AsSpan(at));
        }

        heap.FreeAll();
        return group;
    }

    static void Check(string[] entries, uint?[] rows)
    {
        foreach (EncodingKind known in (EncodingKind[])[EncodingKind.Dictionary, EncodingKind.Plain, 0])
        {
            byte[] expected = Written(entries, rows, known, Way.Values);
            Assert.Equal(expected, Written(entries, rows, known, Way.Numbers));
            Assert.Equal(expected, Written(entries, rows, known, Way.Numbers, Way.Numbers, Way.Numbers));
            Assert.Equal(expected, Written(entries, rows, known, Way.Numbers, Way.Values, Way.Numbers));
            Assert.Equal(expected, Written(entries, rows, known, Way.Values, Way.Numbers, Way.Numbers));
        }
    }

    static string[] Names(int count) => [.. Enumerable.Range(0, count).Select(i => i == 3 ? "" : $"{i * 7919 % 1009:d4} {new string('x', i % 50)}")];

    static uint?[] Rows(int count, int entries, Func<int, bool> isNull)
    {
        Random random = new(entries);
        return [.. Enumerable.Range(0, count).Select(i => isNull(i) ? null : (uint?)random.Next(entries))];
    }

    [Fact]
    public void All_rows_and_null_ones()
    {
        Check(Names(700), Rows(9000, 700, i => false));
        Check(Names(700), Rows(9000, 700, i => i % 5 == 2));
        Check(Names(9), Rows(9000, 9, i => i is < 2500 or > 4000 and < 8500));
        Check(Names(9), Rows(100, 9, i => true));
    }

    [Fact]
    public void Entries_that_no_row_has()
    {
        Check(Names(1000), Rows(5000, 7, i => i % 9 == 0));
        Check(Names(1000), [.. Enumerable.Repeat((uint?)500, 3000)]);
        Check(Names(1000), [.. Enumerable.Range(0, 3000).Select(i => i % 2 == 0 ? null : (uint?)500)]);
    }

    /// <summary>Files of others may have them.</summary>
    [Fact]
    public void Entries_that_are_the_same()
    {
        string[] names = [.. Names(20).Concat(Names(20))];
        Check(names, Rows(5000, 40, i => i % 9 == 0));
        Check(["a", "a"], Rows(5000, 2, i => false));
    }

    [Fact]
    public void More_entries_than_a_dictionary_may_have()
    {
        string[] names = [.. Enumerable.Range(0, 70_000).Select(i => $"{i}")];
        Check(names, Rows(2500, 30, i => false));
        Check(names, [.. Enumerable.Range(0, 70_000).Select(i => (uint?)i)]);
    }
}
