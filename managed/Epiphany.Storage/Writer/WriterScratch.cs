// Storage layer, writer. Working memory that is taken once for all columns of a group, each part when first needed.

using Epiphany.Encoding;

namespace Epiphany.Storage;

/// <summary>Scratch of the chunk encoders.</summary>
sealed unsafe class WriterScratch(IMemory memory)
{
    byte* _dictionary;
    byte* _lanes;
    byte* _entries;
    byte* _decimals;
    byte* _upperHalves;
    byte* _symbols;
    int _rows;

    /// <summary>Columns of so many rows come next.</summary>
    internal void Begin(int rows)
    {
        if (rows > _rows)
        {
            FreeRows();
            _rows = rows;
        }
    }

    /// <summary>A vector of lanes.</summary>
    internal ulong* Lanes
    {
        get
        {
            if (_lanes == null)
            {
                _lanes = memory.AllocateRoom(GroupFormat.VectorRows * sizeof(ulong));
            }

            return (ulong*)_lanes;
        }
    }

    internal DictionaryScratch Dictionary
    {
        get
        {
            if (_dictionary == null)
            {
                _dictionary = memory.AllocateRoom(DictionaryScratch.Bytes(_rows));
            }

            return new DictionaryScratch(_dictionary, _rows);
        }
    }

    /// <summary>Addresses, lengths and lanes for as many strings as a dictionary may have entries.</summary>
    internal void Entries(out ulong* addresses, out uint* lengths, out ulong* lanes)
    {
        const int Count = DictionaryScratch.MaxEntries;
        if (_entries == null)
        {
            _entries = memory.AllocateRoom(Count * ((2 * sizeof(ulong)) + sizeof(uint)));
        }

        addresses = (ulong*)_entries;
        lanes = addresses + Count;
        lengths = (uint*)(lanes + Count);
    }

    /// <summary>An integer and a display scale for each row.</summary>
    internal void Decimals(out ulong* integers, out byte* scales)
    {
        if (_decimals == null)
        {
            _decimals = memory.AllocateRoom((nuint)_rows * (sizeof(ulong) + sizeof(byte)));
        }

        integers = (ulong*)_decimals;
        scales = _decimals + ((nuint)_rows * sizeof(ulong));
    }

    /// <summary>A lane for each row, beside those of <see cref="Decimals"/>.</summary>
    internal ulong* UpperHalves
    {
        get
        {
            if (_upperHalves == null)
            {
                _upperHalves = memory.AllocateRoom((nuint)_rows * sizeof(ulong));
            }

            return (ulong*)_upperHalves;
        }
    }

    /// <summary>For finding symbol tables.</summary>
    internal byte* Symbols
    {
        get
        {
            if (_symbols == null)
            {
                _symbols = memory.Allocate(FsstBuilder.Bytes);
            }

            return _symbols;
        }
    }

    internal void Free()
    {
        FreeRows();
        Release(_lanes);
        Release(_entries);
        Release(_symbols);
        _lanes = _entries = _symbols = null;
    }

    /// <summary>What has a place for each row.</summary>
    void FreeRows()
    {
        Release(_dictionary);
        Release(_decimals);
        Release(_upperHalves);
        _dictionary = _decimals = _upperHalves = null;
        _rows = 0;
    }

    void Release(byte* memoryOrNull)
    {
        if (memoryOrNull != null)
        {
            memory.Free(memoryOrNull);
        }
    }
}
