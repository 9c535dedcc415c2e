// Bad bytes: StoredDataException or the right values, whatever is damaged, with checksums that tell and with checksums that lie.
// The host's memory ends at untouchable pages, so a read or write past the end would end the run.

using System;
using Xunit;

namespace Epiphany.Storage.Tests;

public unsafe class DamageTests
{
    const int Rows = 2300;

    /// <summary>Nothing in these groups justifies more: dictionaries and datums of 2,300 rows.</summary>
    const ulong LargestPiece = 64 << 20;

    static readonly byte[] s_interesting = [0, 1, 2, 7, 8, 16, 63, 64, 65, 127, 128, 254, 255];

    [Theory]
    [InlineData(NullPattern.None, Codec.None)]
    [InlineData(NullPattern.Rare, Codec.None)]
    [InlineData(NullPattern.Most, Codec.Lz4)]
    [InlineData(NullPattern.None, Codec.Zstd)]
    public void Checksums_find_every_damage(NullPattern nulls, Codec codec)
    {
        Random random = new(11);
        foreach (TestColumn column in Samples.All(random, Rows, nulls))
        {
            Group group = Group.WriteOne(column, codec);
            for (int i = 0; i < 40; i++)
            {
                Group damaged = group with { Bytes = (byte[])group.Bytes.Clone() };
                int at = random.Next(damaged.Bytes.Length);
                damaged.Bytes[at] ^= (byte)(1 << random.Next(8));
                if (!Fails(damaged))
                {
                    // Only the gaps that align chunks and blocks are not checked, and they are not read either.
                    damaged.Check([column]);
                }
            }
        }
    }

    [Theory]
    [InlineData(NullPattern.None, Codec.None)]
    [InlineData(NullPattern.Rare, Codec.None)]
    [InlineData(NullPattern.Most, Codec.Lz4)]
    [InlineData(NullPattern.None, Codec.Zstd)]
    public void Forged_checksums_do_no_harm(NullPattern nulls, Codec codec)
    {
        Random random = new(12);
        foreach (TestColumn column in Samples.All(random, Rows, nulls))
        {
            Group group = Group.WriteOne(column, codec);
            for (int i = 0; i < 150; i++)
            {
                Group damaged = group with { Bytes = (byte[])group.Bytes.Clone() };
                for (int damages = random.Next(1, 4); damages > 0; damages--)
                {
                    Damage(random, damaged);
                }

                Checksums.Repair(damaged.Bytes, damaged.Location);
                Fails(damaged);
            }
        }
    }

    [Fact]
    public void A_source_that_ends_early_is_told_from_a_value()
    {
        Random random = new(13);
        TestColumn[] columns = Samples.All(random, 100, NullPattern.Rare);
        Group group = Group.Write(columns);
        for (ulong length = 0; length < group.Location.Length; length += 97)
        {
            Group cut = group with { Location = group.Location with { Length = length } };
            Assert.True(Fails(cut));
        }
    }

    [Fact]
    public void A_location_that_lies_is_refused()
    {
        Group group = Group.WriteOne(TestColumn.OfLongs(ColumnKind.Int32, [1, 2, 3]));
        GroupLocation right = group.Location;
        GroupLocation[] wrong =
        [
            right with { Rows = 2 },
            right with { Rows = 4 },
            right with { Rows = 0 },
            right with { Rows = -1 },
            right with { Rows = int.MaxValue },
            right with { Columns = 0 },
            right with { Columns = 2 },
            right with { Columns = int.MaxValue },
            right with { Columns = -1 },
            right with { FooterOffset = 0 },
            right with { FooterOffset = right.FooterOffset - 8 },
            right with { FooterOffset = ulong.MaxValue },
            right with { FooterLength = right.FooterLength - 8 },
            right with { FooterLength = uint.MaxValue },
            right with { Length = right.FooterOffset },
        ];
        foreach (GroupLocation location in wrong)
        {
            using GuardedMemory memory = new();
            Assert.Throws<StoredDataException>(() => (group with { Location = location }).Open(memory));
            Assert.True(memory.Largest < LargestPiece);
        }
    }

    [Fact]
    public void Messages_name_the_column()
    {
        Group group = Group.Write([TestColumn.OfLongs(ColumnKind.Int32, [1, 2, 3]), TestColumn.OfLongs(ColumnKind.Int32, [4, 5, 9])]);
        ulong secondChunk = Entry(group, 1).Offset;
        group.Bytes[secondChunk + 1] ^= 4;
        using GuardedMemory memory = new();
        RowGroupReader reader = group.Open(memory);
        reader.DecodeRow(0, 0, out _, out _);
        StoredDataException error = Assert.Throws<StoredDataException>(() => reader.DecodeRow(1, 0, out _, out _));
        Assert.Contains("column 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Another_kind_than_the_tables_is_refused()
    {
        Group group = Group.WriteOne(TestColumn.OfLongs(ColumnKind.Int32, [1, 2, 3]));
        using GuardedMemory memory = new();
        RowGroupReader reader = (group with { Shapes = [new ColumnShape(ColumnKind.VarBytes, 0)] }).Open(memory);
        Assert.Throws<StoredDataException>(() => reader.DecodeRow(0, 0, out _, out _));
        Assert.Equal(ColumnKind.Int32, reader.Chunk(0).Kind);
    }

    static ColumnEntry Entry(Group group, int column)
    {
        fixed (byte* bytes = group.Bytes)
        {
            return ((ColumnEntry*)(bytes + group.Location.FooterOffset + FooterHeader.Size))[column];
        }
    }

    /// <summary>One byte or one number, anywhere or where the structure is.</summary>
    static void Damage(Random random, Group group)
    {
        byte[] bytes = group.Bytes;
        ColumnEntry entry = Entry(group, 0);
        (ulong start, ulong length) = random.Next(4) switch
        {
            0 => (group.Location.FooterOffset + FooterHeader.Size, (ulong)ColumnEntry.Size),
            1 => (entry.Offset, entry.IndexLength),
            // The first bytes of the blocks: dictionaries' and segments' headers.
            2 => (entry.Offset + entry.IndexLength, 48UL),
            _ => (0UL, (ulong)bytes.Length),
        };
        start %= (ulong)bytes.Length;
        length = Math.Clamp(length, 1, (ulong)bytes.Length - start);
        int at = (int)(start + (ulong)random.NextInt64((long)length));
        switch (random.Next(4))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes[at] = s_interesting[random.Next(s_interesting.Length)];
                break;
            case 2:
                random.NextBytes(bytes.AsSpan(at, Math.Min(8, bytes.Length - at)));
                break;
            default:
                bytes.AsSpan(at, Math.Min(8, bytes.Length - at)).Fill(s_interesting[random.Next(s_interesting.Length)]);
                break;
        }
    }

    /// <summary>Asks for strings that may be anywhere between the least and the greatest.</summary>
    static void Match(RowGroupReader reader, int column)
    {
        byte* bound = stackalloc byte[] { (byte)'w', (byte)'o', (byte)'r', (byte)'d' };
        ZoneRange range = new() { LowBytes = bound, LowLength = 1, HighBytes = bound, HighLength = 4 };
        ZoneTest test = new() { Column = column, Order = ZoneOrder.Bytes, Ranges = &range, Count = 1 };
        reader.Match(new ReadOnlySpan<ZoneTest>(in test));
    }

    /// <summary>Whatever is in the last place of codes that a vector may have, and in the centroid, can be read.</summary>
    static void Use(in CodeShape shape, in VectorCodes codes)
    {
        float used = shape.Centroid[Vector.Codes.Rotation.Padded(shape.Dimensions) - 1];
        used += codes.IsEmpty ? 0 : codes.Squares(0)[Vector.Codes.CodeLayout.BlockVectors - 1];
        GC.KeepAlive(used);
    }

    static void Use(in CodeShape shape, RefinedCodes codes)
    {
        int padded = Vector.Codes.Rotation.Padded(shape.Dimensions);
        GC.KeepAlive(codes.IsEmpty ? 0 : RefinedCode.Code(codes.Row(0))[Vector.Codes.CodeLayout.CodeBytes(padded, RefinedCode.Bits) - 1]);
    }

    /// <summary>Reads everything; true when that was refused. Any other exception than the one for bad bytes fails the test.</summary>
    static bool Fails(Group group)
    {
        using GuardedMemory memory = new();
        try
        {
            RowGroupReader reader = group.Open(memory);
            ulong* values = (ulong*)memory.Allocate(GroupFormat.VectorRows * 8);
            byte* nulls = memory.Allocate(GroupFormat.VectorRows);
            for (int column = 0; column < group.Location.Columns; column++)
            {
                reader.Chunk(column);
                Match(reader, column);
                foreach (int row in (int[])[0, group.Location.Rows / 2, group.Location.Rows - 1])
                {
                    reader.DecodeRow(column, row, out ulong value, out bool isNull);
                    Use(group.Shapes[column], value, isNull);
                }

                new GroupPicks(reader, memory, group.Location.Rows, column).Pry(new Random(column));
                bool hasCodes = reader.CodesOf(column, out CodeShape shape);
                for (int vector = 0; vector < GroupFormat.Vectors(group.Location.Rows); vector++)
                {
                    if (hasCodes)
                    {
                        Use(shape, reader.Codes(column, vector));
                    }

                    int rows = reader.Decode(column, vector, values, nulls);
                    for (int row = 0; hasCodes && row < rows; row += nulls[row] == 0 ? 97 : 1)
                    {
                        if (nulls[row] == 0)
                        {
                            Use(shape, reader.Refined(column, vector, &row, 1));
                        }
                    }

                    for (int row = 0; row < rows; row++)
                    {
                        Use(group.Shapes[column], values[row], nulls[row] != 0);
                    }
                }
            }

            return false;
        }
        catch (StoredDataException)
        {
            return true;
        }
        finally
        {
            Assert.True(memory.Largest < Allowed(group), $"{memory.Largest} bytes were asked for at once");
        }
    }

    /// <summary>By-value kinds: what the rows justify. Others: 32,768 times what is stored, as README.md says, and an eighth to grow.</summary>
    static ulong Allowed(Group group) => Array.TrueForAll(group.Shapes, shape => Kinds.IsByValue(shape.Kind))
        ? LargestPiece
        : Math.Max(LargestPiece, (ulong)group.Bytes.Length * (32 * 1024) / 8 * 9);

    /// <summary>Touches a value as PostgreSQL would: it must be whole, and canonical for its kind.</summary>
    static void Use(ColumnShape shape, ulong value, bool isNull)
    {
        if (isNull)
        {
            Assert.True(value == 0);
            return;
        }

        byte* datum = (byte*)value;
        switch (shape.Kind)
        {
            case ColumnKind.Bool:
                Assert.True(value <= 1);
                break;
            case ColumnKind.Int8:
                Assert.True((ulong)(sbyte)value == value);
                break;
            case ColumnKind.Int16:
                Assert.True((ulong)(short)value == value);
                break;
            case ColumnKind.Int32:
            case ColumnKind.Float32:
                Assert.True((ulong)(int)value == value);
                break;
            case ColumnKind.FixedBytes:
                Touch(datum, shape.FixedLength);
                break;
            case ColumnKind.VarBytes or ColumnKind.Numeric:
                Assert.True((*(uint*)datum & 3) == 0);
                Touch(datum, (int)(*(uint*)datum >> 2));
                break;
            case ColumnKind.CString:
                while (*datum != 0)
                {
                    datum++;
                }

                break;
        }
    }

    static void Touch(byte* datum, int length)
    {
        int sum = 0;
        for (int i = 0; i < length; i++)
        {
            sum += datum[i];
        }

        Assert.True(sum >= 0);
    }
}
