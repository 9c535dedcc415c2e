// Tiering layer, reader. Rows of one column of a row group, in order; rows between may be passed over, by whole pages where an index tells where
// those begin.

using System;
using System.Runtime.InteropServices;
using Epiphany.Storage;

namespace Epiphany.Tiering;

sealed unsafe class ColumnReader
{
    readonly IMemory _memory;
    readonly ParquetColumn _column;
    readonly PageReader _pages;
    readonly PageIndex _index;

    /// <summary>The row that comes next; where in the page at hand, and which of its values.</summary>
    long _row;
    int _at;
    int _value;
    int _capacity;
    ParquetVector _vector;

    internal ColumnReader(IGroupSource source, IMemory memory, IBlockCodec codec, IInterrupts interrupts, ParquetColumn column)
    {
        _memory = memory;
        _column = column;
        _pages = new PageReader(source, memory, codec, interrupts, column);
        _index = new PageIndex(source, memory);
        if (column.IsList)
        {
            _vector.Lists = (int*)memory.Allocate(ParquetFormat.BatchRows * sizeof(int));
        }

        Grow(ParquetFormat.BatchRows);
    }

    internal long BytesRead => _pages.BytesRead + _index.BytesRead;

    internal void Open(in ChunkMeta chunk, long rows)
    {
        _pages.Open(chunk);
        _index.Open(chunk, rows);
        _row = 0;
        _at = 0;
        _value = 0;
    }

    /// <summary>Rows from <paramref name="row"/> on, which may not lie before those that were read.</summary>
    internal ParquetVector Read(long row, int count)
    {
        _pages.Release();
        _vector.Elements = 0;
        if (row > _row)
        {
            Seek(row);
        }

        if (_column.IsList)
        {
            Lists(count, true);
        }
        else
        {
            Flat(count, true);
        }

        _row += count;
        return _vector;
    }

    void Seek(long row)
    {
        if (_index.Find(row, out long first, out long offset) && first > _row)
        {
            _pages.Jump(offset);
            _row = first;
            _at = 0;
            _value = 0;
        }

        while (_row < row)
        {
            int step = (int)long.Min(row - _row, int.MaxValue);
            if (_column.IsList)
            {
                Lists(step, false);
            }
            else
            {
                Flat(step, false);
            }

            _row += step;
        }

        _vector.Elements = 0;
    }

    /// <summary>The page at hand has a value more, or the next one that has any is at hand.</summary>
    bool More()
    {
        while (_at == _pages.Count)
        {
            if (!_pages.Next())
            {
                return false;
            }

            _at = 0;
            _value = 0;
        }

        return true;
    }

    void Flat(int count, bool wanted)
    {
        while (count > 0)
        {
            if (!More())
            {
                Throw.Bad("a column has fewer rows than its row group");
            }

            int rows = int.Min(count, _pages.Count - _at);
            byte* levels = _pages.Definitions;
            if (levels == null)
            {
                Copy(rows, wanted);
            }
            else
            {
                levels += _at;
                for (int i = 0; i < rows;)
                {
                    bool present = levels[i] == _column.MostDefinition;
                    int run = 1;
                    while (i + run < rows && (levels[i + run] == _column.MostDefinition) == present)
                    {
                        run++;
                    }

                    if (present)
                    {
                        Copy(run, wanted);
                    }
                    else if (wanted)
                    {
                        new Span<byte>(_vector.Nulls + _vector.Elements, run).Fill(1);
                        _vector.Elements += run;
                    }

                    i += run;
                }
            }

            _at += rows;
            count -= rows;
        }
    }

    /// <summary>Values that are there, as elements.</summary>
    void Copy(int count, bool wanted)
    {
        if (wanted)
        {
            int to = _vector.Elements;
            NativeMemory.Copy(_pages.Values.LanesAt + _value, _vector.Values + to, (nuint)count * sizeof(ulong));
            if (_column.Type.IsBytes)
            {
                NativeMemory.Copy(_pages.Values.LengthsAt + _value, _vector.Lengths + to, (nuint)count * sizeof(int));
            }

            new Span<byte>(_vector.Nulls + to, count).Clear();
            _vector.Elements += count;
        }

        _value += count;
    }

    void Lists(int count, bool wanted)
    {
        int element = _column.ElementDefinition;
        for (int row = 0; row < count; row++)
        {
            if (!More())
            {
                Throw.Bad("a column has fewer rows than its row group");
            }

            if (_pages.Repetitions[_at] != 0)
            {
                Throw.Bad("a list begins in its middle");
            }

            int length = _pages.Definitions[_at] >= element ? 0 : _pages.Definitions[_at] == element - 1 ? 0 : -1;
            if (_pages.Definitions[_at] < element)
            {
                _at++;
                if (More() && _pages.Repetitions[_at] != 0)
                {
                    Throw.Bad("a list without elements goes on");
                }
            }
            else
            {
                do
                {
                    Element(wanted);
                    length++;
                }
                while (More() && _pages.Repetitions[_at] != 0);
            }

            if (wanted)
            {
                _vector.Lists[row] = length;
            }
        }
    }

    void Element(bool wanted)
    {
        int definition = _pages.Definitions[_at++];
        if (definition < _column.ElementDefinition)
        {
            Throw.Bad("a list goes on without an element");
        }

        if (wanted && _vector.Elements == _capacity)
        {
            if (_capacity > ParquetFormat.MostBatchElements)
            {
                Throw.Unsupported("its lists have too many elements");
            }

            Grow(_capacity * 2);
        }

        if (definition == _column.MostDefinition)
        {
            Copy(1, wanted);
        }
        else if (wanted)
        {
            _vector.Nulls[_vector.Elements++] = 1;
        }
    }

    void Grow(int capacity)
    {
        _vector.Values = (ulong*)Larger((byte*)_vector.Values, sizeof(ulong), capacity);
        _vector.Nulls = Larger(_vector.Nulls, 1, capacity);
        if (_column.Type.IsBytes)
        {
            _vector.Lengths = (int*)Larger((byte*)_vector.Lengths, sizeof(int), capacity);
        }

        _capacity = capacity;
    }

    byte* Larger(byte* old, int size, int capacity) => _memory.Grow(old, (nuint)_capacity * (nuint)size, (nuint)capacity * (nuint)size);
}
