// Tiering layer, reader. The pages of one column of a row group, decoded one at a time. Pages that were handed out from live on until the caller
// lets go of them, since values of bytes point into them.

using System;
using System.Collections.Generic;
using Epiphany.Storage;

namespace Epiphany.Tiering;

/// <param name="source">The file.</param>
/// <param name="memory">What pages take.</param>
/// <param name="codec">The host's.</param>
/// <param name="interrupts">Asked at each page.</param>
/// <param name="column">Which one.</param>
/// <param name="isTransfer">
/// Somebody else sees to it that the bytes are the right ones: pages' own checksums are not looked at. Values that are bytes stay numbers of the
/// dictionary.
/// </param>
sealed unsafe class PageReader(
    IGroupSource source, IMemory memory, IBlockCodec codec, IInterrupts interrupts, ParquetColumn column, bool isTransfer = false)
{
    const int FirstHeader = 16 * 1024;
    const int LargestHeader = 16 << 20;

    readonly PageWindow _window = new(source, memory);
    readonly Stack<PageMemory> _spare = [];
    readonly List<PageMemory> _retired = [];
    readonly PageMemory _dictionary = new(memory);
    PageMemory? _page;

    /// <summary>Of the page at hand alone; what values point to is the page's.</summary>
    ReadBuffer _definitionBytes;
    ReadBuffer _repetitionBytes;
    ReadBuffer _laneBytes;
    ReadBuffer _lengthBytes;
    ReadBuffer _codeBytes;
    ChunkMeta _chunk;
    long _next;
    long _end;
    long _valuesLeft;
    bool _started;
    int _entries = -1;
    DecodedValues _dictionaryValues;

    /// <summary>Of the page at hand: values with those that are null, levels (null: none), values that are there.</summary>
    internal int Count { get; private set; }

    internal byte* Definitions { get; private set; }

    internal byte* Repetitions { get; private set; }

    internal int Present { get; private set; }

    internal DecodedValues Values { get; private set; }

    /// <summary>Numbers of the values in the column's dictionary; null: the page does not use it.</summary>
    internal uint* Codes { get; private set; }

    /// <summary>The dictionary.</summary>
    internal DecodedValues Entries => _dictionaryValues;

    internal int EntryCount => _entries;

    internal long BytesRead => _window.BytesRead;

    internal void Open(in ChunkMeta chunk)
    {
        if (chunk.Physical != column.Type.Physical)
        {
            Throw.Bad("a column has another type than its schema says");
        }

        PageCompressor.Check(chunk.Codec, codec);
        Retire();
        Release();
        _dictionary.Free();
        _entries = -1;
        _chunk = chunk;
        _next = chunk.Start;
        _end = chunk.Start + chunk.Length;
        _valuesLeft = chunk.Values;
        _started = false;
        Count = 0;
    }

    /// <summary>What was handed out is not used any more.</summary>
    internal void Release()
    {
        foreach (PageMemory page in _retired)
        {
            page.Free();
            _spare.Push(page);
        }

        _retired.Clear();
    }

    /// <summary>The next page of data; false at the column's end.</summary>
    internal bool Next()
    {
        while (_next < _end && _valuesLeft > 0)
        {
            interrupts.Poll();
            PageHeader head = Head(out long at);
            byte* stored = _window.Get(at, head.Compressed, _end);
            _next = at + head.Compressed;
            if (!isTransfer && head.Crc is uint crc && crc != Crc32.Of(new ReadOnlySpan<byte>(stored, head.Compressed)))
            {
                Throw.Bad("a page does not match its checksum");
            }

            switch (head.Type)
            {
                case PageType.Dictionary:
                    ReadDictionary(head, stored);
                    break;
                case PageType.Data:
                case PageType.DataV2:
                    _started = true;
                    ReadData(head, stored);
                    return true;
                default:
                    break;
            }
        }

        Retire();
        Count = 0;
        return false;
    }

    /// <summary>Goes on with the page at a place that an index gave, of which so many values, nulls counted, are still to come at most.</summary>
    internal void Jump(long offset)
    {
        if (offset < _chunk.Start || offset >= _end)
        {
            Throw.Bad("an index of pages points outside of its column");
        }

        // A dictionary comes first, and is needed.
        if (!_started && _next < offset)
        {
            PageHeader head = Head(out long at);
            if (head.Type == PageType.Dictionary)
            {
                ReadDictionary(head, _window.Get(at, head.Compressed, _end));
            }
        }

        _started = true;
        _next = offset;
        Retire();
        Count = 0;
    }

    PageHeader Head(out long data)
    {
        for (long room = FirstHeader; ; room *= 16)
        {
            long length = long.Min(room, _end - _next);
            var reader = new CompactReader(_window.Get(_next, length, _end), length);
            try
            {
                PageHeader head = PageHeaders.Read(ref reader);
                data = _next + reader.Position;
                return head;
            }
            catch (StoredDataException) when (length < _end - _next && room < LargestHeader)
            {
                // Statistics of long strings: there is more to see.
            }
        }
    }

    void Retire()
    {
        if (_page != null)
        {
            _retired.Add(_page);
            _page = null;
        }
    }

    void ReadDictionary(in PageHeader head, byte* stored)
    {
        if (_entries >= 0 || head.Encoding is not (PageEncoding.Plain or PageEncoding.PlainDictionary))
        {
            Throw.Bad("a column has a dictionary that it cannot have");
        }

        byte* bytes = _dictionary.Take(head.Uncompressed);
        PageCompressor.Decompress(_chunk.Codec, codec, stored, head.Compressed, bytes, head.Uncompressed);
        _dictionaryValues = Room(_dictionary, head.Values);
        ValueDecoder.Run(PageEncoding.Plain, column.Type, bytes, bytes + head.Uncompressed, head.Values, _dictionaryValues, _dictionary);
        _entries = head.Values;
    }

    DecodedValues Room(PageMemory page, int count) => new(
        (ulong)page.Take((long)count * sizeof(ulong)),
        column.Type.IsBytes ? (ulong)page.Take((long)count * sizeof(int)) : 0);

    void ReadData(in PageHeader head, byte* stored)
    {
        Retire();
        _page = _spare.Count > 0 ? _spare.Pop() : new PageMemory(memory);
        if (head.Values > _valuesLeft)
        {
            Throw.Bad("a column has more values than it says");
        }

        _valuesLeft -= head.Values;
        byte* bytes = _page.Take(head.Uncompressed);
        byte* end = bytes + head.Uncompressed;
        int levels = head.Type == PageType.DataV2 ? head.DefinitionBytes + head.RepetitionBytes : 0;
        new ReadOnlySpan<byte>(stored, levels).CopyTo(new Span<byte>(bytes, levels));
        // Pages of nulls alone have no bytes to decompress.
        if (head.Uncompressed - levels > 0 || head.Compressed - levels > 0)
        {
            PageCodec page = head.Type == PageType.DataV2 && !head.IsCompressed ? PageCodec.None : _chunk.Codec;
            PageCompressor.Decompress(page, codec, stored + levels, head.Compressed - levels, bytes + levels, head.Uncompressed - levels);
        }

        Count = head.Values;
        byte* at = head.Type == PageType.DataV2 ? LevelsV2(head, bytes) : Levels(head, bytes, end);
        Present = Definitions == null ? Count : CountPresent();
        Values = new DecodedValues(
            (ulong)_laneBytes.Ensure(memory, (ulong)Present * sizeof(ulong)),
            column.Type.IsBytes ? (ulong)_lengthBytes.Ensure(memory, (ulong)Present * sizeof(int)) : 0);
        Codes = null;
        if (head.Encoding is PageEncoding.RleDictionary or PageEncoding.PlainDictionary)
        {
            ReadCodes(at, end);
        }
        else
        {
            ValueDecoder.Run(head.Encoding, column.Type, at, end, Present, Values, _page);
        }
    }

    int CountPresent() => new ReadOnlySpan<byte>(Definitions, Count).Count((byte)column.MostDefinition);

    byte* LevelsV2(in PageHeader head, byte* bytes)
    {
        byte* definitions = bytes + head.RepetitionBytes;
        byte* values = definitions + head.DefinitionBytes;
        Repetitions = Level(column.IsList ? 1 : 0, PageEncoding.Rle, ref bytes, definitions, ref _repetitionBytes);
        Definitions = Level(column.MostDefinition, PageEncoding.Rle, ref definitions, values, ref _definitionBytes);
        return values;
    }

    /// <summary>Of version 1: each has its length before it.</summary>
    byte* Levels(in PageHeader head, byte* at, byte* end)
    {
        Repetitions = PrefixedLevel(column.IsList ? 1 : 0, head.RepetitionEncoding, ref at, end, ref _repetitionBytes);
        Definitions = PrefixedLevel(column.MostDefinition, head.DefinitionEncoding, ref at, end, ref _definitionBytes);
        return at;
    }

    byte* PrefixedLevel(int most, PageEncoding encoding, ref byte* at, byte* end, ref ReadBuffer room)
    {
        if (most == 0 || encoding == PageEncoding.BitPacked)
        {
            return Level(most, encoding, ref at, end, ref room);
        }

        at += ValueDecoder.LengthPrefix(at, end, out long length);
        byte* after = at + length;
        byte* levels = Level(most, encoding, ref at, after, ref room);
        at = after;
        return levels;
    }

    byte* Level(int most, PageEncoding encoding, ref byte* at, byte* end, ref ReadBuffer room)
    {
        if (most == 0)
        {
            return null;
        }

        byte* levels = room.Ensure(memory, (ulong)Count);
        int width = most == 1 ? 1 : 2;
        switch (encoding)
        {
            case PageEncoding.Rle:
                at = HybridDecoder.Run(at, end, width, Count, (ulong)most, levels);
                break;
            case PageEncoding.BitPacked:
                at = HybridDecoder.BitPacked(at, end, width, Count, most, levels);
                break;
            default:
                Throw.Unsupported($"it has levels in encoding {(int)encoding}");
                break;
        }

        return levels;
    }

    void ReadCodes(byte* at, byte* end)
    {
        if (Present == 0)
        {
            return;
        }

        if (_entries < 0 || at == end)
        {
            Throw.Bad("a page has codes, but no dictionary");
        }

        var codes = (uint*)_codeBytes.Ensure(memory, (ulong)Present * sizeof(uint));
        int width = *at++;
        if (width == 0 && _entries > 0)
        {
            new Span<uint>(codes, Present).Clear();
        }
        else
        {
            HybridDecoder.Run(at, end, width, Present, (ulong)long.Max(_entries - 1, 0), codes);
        }

        if (_entries == 0)
        {
            Throw.Bad("a page has codes of an empty dictionary");
        }

        Codes = codes;
        ulong* lanes = Values.LanesAt;
        ulong* entries = _dictionaryValues.LanesAt;
        if (!column.Type.IsBytes)
        {
            for (int i = 0; i < Present; i++)
            {
                lanes[i] = entries[codes[i]];
            }

            return;
        }

        if (isTransfer)
        {
            return;
        }

        int* entryLengths = _dictionaryValues.LengthsAt;
        int* lengths = Values.LengthsAt;
        for (int i = 0; i < Present; i++)
        {
            lengths[i] = entryLengths[codes[i]];
            lanes[i] = entries[codes[i]];
        }
    }
}
