// Tiering layer, format. A file's footer: read once, checked as a whole, and kept in the host's memory; chunks of a row group are looked up when
// it is their turn, so that files of many groups cost little.

using System;
using System.Runtime.CompilerServices;
using Epiphany.Storage;

namespace Epiphany.Tiering;

sealed unsafe class FileFooter
{
    readonly byte* _bytes;
    readonly long _length;
    readonly long _fileLength;
    GroupPlace[] _groups = [];
    int _leaves;

    /// <summary>Where the list of a group's chunks begins in the footer.</summary>
    internal readonly record struct GroupPlace(long Chunks, long Rows);

    internal FileFooter(IGroupSource source, long fileLength, IMemory memory)
    {
        if (fileLength < 4 + ParquetFormat.TailBytes)
        {
            Throw.Bad("it is too short");
        }

        byte* tail = stackalloc byte[ParquetFormat.TailBytes];
        source.Read((ulong)fileLength - ParquetFormat.TailBytes, tail, ParquetFormat.TailBytes);
        uint magic = Unsafe.ReadUnaligned<uint>(tail + 4);
        if (magic == ParquetFormat.EncryptedMagic)
        {
            Throw.Unsupported("it is encrypted");
        }

        if (magic != ParquetFormat.Magic)
        {
            Throw.Bad("it does not end as Parquet files do");
        }

        _length = Unsafe.ReadUnaligned<uint>(tail);
        _fileLength = fileLength - ParquetFormat.TailBytes - _length;
        if (_fileLength < 4)
        {
            Throw.Bad("its footer is longer than the file");
        }

        if (_length > ParquetFormat.MostFooterBytes)
        {
            Throw.Unsupported($"its footer has {_length} bytes");
        }

        _bytes = memory.Allocate((nuint)_length + 8);
        source.Read((ulong)_fileLength, _bytes, (ulong)_length);
        Parse();
    }

    internal ParquetColumn[] Columns { get; private set; } = [];

    internal ReadOnlySpan<GroupPlace> Groups => _groups;

    internal long Rows { get; private set; }

    /// <summary>Data lie before.</summary>
    internal long DataEnd => _fileLength;

    void Parse()
    {
        var reader = new CompactReader(_bytes, _length);
        bool hasSchema = false;
        CompactReader keys = default;
        int keyCount = 0;
        int id = 0;
        Rows = -1;
        while (reader.Field(ref id, out ThriftType type))
        {
            switch (id)
            {
                case 2:
                    int elements = reader.List(type, ThriftType.Struct);
                    if (elements is 0 or > ParquetFormat.MostSchemaElements)
                    {
                        Throw.Unsupported($"its schema has {elements} elements");
                    }

                    Columns = new SchemaReader(reader, elements).Run(out reader, out _leaves);
                    hasSchema = true;
                    break;
                case 3:
                    Rows = reader.Int64(type);
                    break;
                case 4:
                    ReadGroups(ref reader, type);
                    break;
                case 5:
                    keyCount = reader.List(type, ThriftType.Struct);
                    keys = reader;
                    for (int i = 0; i < keyCount; i++)
                    {
                        reader.SkipStruct();
                    }

                    break;
                case 8:
                    Throw.Unsupported("it is encrypted");
                    break;
                default:
                    reader.Skip(type);
                    break;
            }
        }

        if (!hasSchema)
        {
            Throw.Bad("it has no schema");
        }

        long rows = 0;
        foreach (GroupPlace group in _groups)
        {
            rows += group.Rows;
        }

        if (rows != Rows)
        {
            Throw.Bad("its row groups have another number of rows than the file");
        }

        ReadKeys(ref keys, keyCount);
    }

    void ReadGroups(ref CompactReader reader, ThriftType type)
    {
        _groups = new GroupPlace[reader.List(type, ThriftType.Struct)];
        for (int i = 0; i < _groups.Length; i++)
        {
            long chunks = -1;
            long rows = -1;
            int id = 0;
            while (reader.Field(ref id, out ThriftType field))
            {
                if (id == 1)
                {
                    chunks = reader.Position;
                }

                if (id == 3)
                {
                    rows = reader.Int64(field);
                }
                else
                {
                    reader.Skip(field);
                }
            }

            if (chunks < 0 || rows is < 0 or > int.MaxValue)
            {
                Throw.Bad($"row group {i + 1} has no columns or an impossible number of rows");
            }

            _groups[i] = new GroupPlace(chunks, rows);
        }
    }

    /// <summary>SQL types that a writer of ours noted.</summary>
    void ReadKeys(ref CompactReader reader, int count)
    {
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> key = default;
            ReadOnlySpan<byte> value = default;
            int id = 0;
            while (reader.Field(ref id, out ThriftType type))
            {
                if (id is not (1 or 2))
                {
                    reader.Skip(type);
                    continue;
                }

                byte* at = reader.Binary(type, out int length);
                if (id == 1)
                {
                    key = new ReadOnlySpan<byte>(at, length);
                }
                else
                {
                    value = new ReadOnlySpan<byte>(at, length);
                }
            }

            if (key.StartsWith(ParquetFormat.TypeKey))
            {
                foreach (ParquetColumn column in Columns)
                {
                    if (key[ParquetFormat.TypeKey.Length..].SequenceEqual(column.Name))
                    {
                        column.SqlType = value.ToArray();
                    }
                }
            }
        }
    }

    /// <summary>Chunks of the wanted leaves: <paramref name="slots"/> has for each leaf a place in <paramref name="chunks"/>, or -1.</summary>
    internal void Chunks(int group, ReadOnlySpan<int> slots, Span<ChunkMeta> chunks)
    {
        var reader = new CompactReader(_bytes + _groups[group].Chunks, _length - _groups[group].Chunks);
        int count = reader.List(ThriftType.List, ThriftType.Struct);
        if (count != _leaves)
        {
            Throw.Bad($"row group {group + 1} has {count} columns, not {_leaves}");
        }

        for (int leaf = 0; leaf < count; leaf++)
        {
            if (slots[leaf] < 0)
            {
                reader.SkipStruct();
            }
            else
            {
                chunks[slots[leaf]] = ChunkReader.Read(ref reader, _fileLength);
            }
        }
    }

    internal int Leaves => _leaves;
}
