// Tiering layer, writer. Rows of one column until their row group is written: values that are there one after another, and levels that say where.
// Every column may have nulls, and so may elements of lists.

using Epiphany.Storage;

namespace Epiphany.Tiering;

sealed unsafe class ColumnBuffer(WrittenColumn column, IMemory memory)
{
    readonly ByteSink _lanes = new(memory);
    readonly ByteSink _lengths = new(memory);
    readonly ByteSink _definitions = new(memory);
    readonly ByteSink _repetitions = new(memory);
    readonly Arena _arena = new(memory);

    internal WrittenColumn Column => column;

    /// <summary>Bytes of PLAIN encoding, without levels.</summary>
    internal ulong Raw { get; private set; }

    /// <summary>Memory that its rows take.</summary>
    internal ulong Bytes => _lanes.Length + _lengths.Length + _definitions.Length + _repetitions.Length + (column.Type.IsBytes ? Raw : 0);

    internal int Rows { get; private set; }

    internal int Levels => (int)_definitions.Length;

    internal int Values => (int)(_lanes.Length / sizeof(ulong));

    internal ulong* Lanes => (ulong*)_lanes.Bytes;

    internal int* Lengths => (int*)_lengths.Bytes;

    internal byte* Definitions => _definitions.Bytes;

    internal byte* Repetitions => _repetitions.Bytes;

    internal int MostDefinition => column.IsList ? 3 : 1;

    internal void Append(in ParquetVector vector, int rows)
    {
        Rows += rows;
        if (!column.IsList)
        {
            byte* levels = _definitions.Reserve((ulong)rows);
            for (int i = 0; i < rows; i++)
            {
                levels[i] = vector.Nulls[i] == 0 ? (byte)1 : (byte)0;
            }

            _definitions.Commit((ulong)rows);
            AppendValues(vector, 0, rows);
            return;
        }

        int element = 0;
        for (int row = 0; row < rows; row++)
        {
            int length = vector.Lists[row];
            int slots = int.Max(length, 1);
            byte* definitions = _definitions.Reserve((ulong)slots);
            byte* repetitions = _repetitions.Reserve((ulong)slots);
            definitions[0] = (byte)(length < 0 ? 0 : 1);
            for (int i = 0; i < slots; i++)
            {
                repetitions[i] = i == 0 ? (byte)0 : (byte)1;
                if (length > 0)
                {
                    definitions[i] = vector.Nulls[element + i] == 0 ? (byte)3 : (byte)2;
                }
            }

            _definitions.Commit((ulong)slots);
            _repetitions.Commit((ulong)slots);
            if (length > 0)
            {
                AppendValues(vector, element, length);
                element += length;
            }
        }
    }

    void AppendValues(in ParquetVector vector, int from, int count)
    {
        var lanes = (ulong*)_lanes.Reserve((ulong)count * sizeof(ulong));
        int* lengths = column.Type.IsBytes ? (int*)_lengths.Reserve((ulong)count * sizeof(int)) : null;
        int kept = 0;
        for (int i = from; i < from + count; i++)
        {
            if (vector.Nulls[i] != 0)
            {
                continue;
            }

            if (lengths == null)
            {
                lanes[kept++] = vector.Values[i];
                continue;
            }

            int length = vector.Lengths[i];
            byte* copy = _arena.Take((uint)length);
            System.Buffer.MemoryCopy((byte*)vector.Values[i], copy, length, length);
            lanes[kept] = (ulong)copy;
            lengths[kept++] = length;
            Raw += (ulong)length + (column.Type.Physical == PhysicalType.ByteArray ? 4u : 0);
        }

        _lanes.Commit((ulong)kept * sizeof(ulong));
        if (lengths != null)
        {
            _lengths.Commit((ulong)kept * sizeof(int));
        }
        else
        {
            Raw += (ulong)(kept * int.Max(column.Type.PlainBytes, 1));
        }
    }

    internal void Clear()
    {
        _lanes.Clear();
        _lengths.Clear();
        _definitions.Clear();
        _repetitions.Clear();
        _arena.Clear();
        Rows = 0;
        Raw = 0;
    }
}
