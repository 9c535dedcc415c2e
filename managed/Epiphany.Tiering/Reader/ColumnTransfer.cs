// Tiering layer, reader. A column's pages into a row group's writer, without rows between: lanes and bytes as the pages have them, dictionaries with
// their codes. The values are counted into a checksum, each as the host does it: a byte that says whether it is there, then its 8 bytes, or a
// length of four and its bytes.

using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Epiphany.Encoding;
using Epiphany.Kernels;
using Epiphany.Storage;

namespace Epiphany.Tiering;

/// <summary>What becomes of a column's values.</summary>
public enum TransferForm
{
    /// <summary>Integers and floats: the lane less an offset.</summary>
    Lanes,

    /// <summary>Bytes as they are.</summary>
    Bytes,

    /// <summary>PostgreSQL's NUMERIC of an integer, at the column's scale.</summary>
    Decimals,
}

/// <summary>
/// Values as a kind of column; lengths are of FixedBytes. Lanes from <paramref name="High"/> on become <paramref name="HighAs"/>, those up to
/// <paramref name="Low"/> become <paramref name="LowAs"/>, all others are less by <paramref name="Offset"/>.
/// </summary>
public readonly record struct TransferShape(
    TransferForm Form, ColumnKind Kind, int FixedLength, long Offset, long High, long HighAs, long Low, long LowAs);

sealed unsafe class ColumnTransfer
{
    /// <summary>So many rows at a time stay in the processor's first caches.</summary>
    const int Step = GroupFormat.VectorRows;

    /// <summary>Room for what is counted of them; values that are longer than so many bytes are counted where they lie.</summary>
    const int Room = 64 * 1024;
    const int Long = 512;

    /// <summary>Copied at once, whatever is left of the length: pages have as much behind them.</summary>
    const int Short = 32;

    readonly PageReader _pages;
    readonly ParquetColumn _column;
    readonly TransferShape _shape;
    readonly RowGroupWriter? _writer;
    readonly bool _isSame;
    readonly ulong* _lanes;
    readonly uint* _lengths;
    readonly uint* _numbers;
    readonly byte* _nulls;
    readonly byte* _datums;
    readonly byte* _room;
    readonly byte* _scale;
    byte* _counted;
    uint _checksum;

    internal ColumnTransfer(PageReader pages, ParquetColumn column, in TransferShape shape, RowGroupWriter? writer, IMemory memory)
    {
        bool isInteger = column.Type.Physical is PhysicalType.Int32 or PhysicalType.Int64;
        bool fits = shape.Form switch
        {
            TransferForm.Lanes => Kinds.IsByValue(shape.Kind) && !column.Type.IsBytes,
            TransferForm.Bytes => shape.Kind is ColumnKind.FixedBytes or ColumnKind.VarBytes or ColumnKind.CString && column.Type.IsBytes,
            TransferForm.Decimals => shape.Kind == ColumnKind.Numeric && isInteger && column.Type.Scale is >= 0 and <= DecimalShape.MaxScale,
            _ => false,
        };
        if (!fits || (writer != null && writer.Shape != new ColumnShape(shape.Kind, shape.FixedLength)))
        {
            Throw.Argument("the column's values do not become such ones");
        }

        _pages = pages;
        _column = column;
        _shape = shape;
        _writer = writer;
        _isSame = shape.Offset == 0 && shape.High == shape.HighAs && shape.Low == shape.LowAs;
        _lanes = (ulong*)memory.AllocateRoom(Step * sizeof(ulong));
        _lengths = (uint*)memory.AllocateRoom(Step * sizeof(uint));
        _numbers = (uint*)memory.AllocateRoom(Step * sizeof(uint));
        _nulls = memory.AllocateRoom(Step);
        bool needsDatums = shape.Form == TransferForm.Decimals && writer is { TakesIntegers: false };
        _datums = needsDatums ? memory.Allocate((Step * DecimalShape.DatumBytes) + Short) : null;
        _room = memory.AllocateRoom(Room + Short);
        _counted = _room;
        byte scale = (byte)column.Type.Scale;
        _scale = memory.Allocate((nuint)DecimalShape.Bytes(1));
        DecimalShape.Write(scale, EncodingKind.FrameOfReference, &scale, 1, _scale);
        writer?.ReserveAll();
    }

    internal long Rows { get; private set; }

    /// <summary>All rows; returns their checksum.</summary>
    internal uint Run()
    {
        while (_pages.Next())
        {
            int value = 0;
            for (int at = 0; at < _pages.Count; at += Step)
            {
                int rows = int.Min(Step, _pages.Count - at);
                int present = Nulls(at, rows);
                byte* nulls = present == rows ? null : _nulls;
                switch (_shape.Form)
                {
                    case TransferForm.Lanes:
                        Lanes(value, nulls, rows);
                        break;
                    case TransferForm.Decimals:
                        Decimals(value, nulls, rows);
                        break;
                    default:
                        Bytes(value, nulls, rows);
                        break;
                }

                value += present;
                Rows += rows;
            }

            if (_shape.Form != TransferForm.Bytes || _writer == null)
            {
                _pages.Release();
            }
        }

        Count(_counted);
        return _checksum;
    }

    /// <summary>Flags of rows that are null, unless none is; how many are not.</summary>
    int Nulls(int at, int rows)
    {
        byte most = (byte)_column.MostDefinition;
        byte* levels = _pages.Definitions;
        if (levels == null || !new ReadOnlySpan<byte>(levels + at, rows).ContainsAnyExcept(most))
        {
            return rows;
        }

        int present = 0;
        for (int i = 0; i < rows; i++)
        {
            bool isThere = levels[at + i] == most;
            _nulls[i] = isThere ? (byte)0 : (byte)1;
            present += isThere ? 1 : 0;
        }

        return present;
    }

    /// <summary>Lanes of the page, less the offset, each in its row's place: where they lie then.</summary>
    ulong* Place(int value, byte* nulls, int rows)
    {
        if (_isSame && nulls == null)
        {
            return _pages.Values.LanesAt + value;
        }

        var from = (long*)_pages.Values.LanesAt + value;
        var to = (long*)_lanes;
        if (nulls == null)
        {
            for (int i = 0; i < rows; i++)
            {
                to[i] = Mapped(from[i]);
            }

            return _lanes;
        }

        for (int i = 0; i < rows; i++)
        {
            to[i] = nulls[i] == 0 ? Mapped(*from++) : 0;
        }

        return _lanes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    long Mapped(long lane) => lane >= _shape.High ? _shape.HighAs : lane <= _shape.Low ? _shape.LowAs : lane - _shape.Offset;

    void Lanes(int value, byte* nulls, int rows)
    {
        ulong* lanes = Place(value, nulls, rows);
        CountLanes(lanes, nulls, rows);
        _writer?.Append(lanes, nulls, rows);
    }

    void CountLanes(ulong* lanes, byte* nulls, int rows)
    {
        const int Counted = 1 + sizeof(ulong);
        ulong mask = ulong.MaxValue >> (64 - (8 * Kinds.Width(_shape.Kind)));
        byte* to = _counted;
        if (nulls == null)
        {
            for (int i = 0; i < rows; i++, to += Counted)
            {
                *to = 1;
                Unsafe.WriteUnaligned(to + 1, lanes[i] & mask);
            }
        }
        else
        {
            for (int i = 0; i < rows; i++)
            {
                *to = (byte)(1 - nulls[i]);
                Unsafe.WriteUnaligned(to + 1, lanes[i] & mask);
                to += Counted - (sizeof(ulong) * nulls[i]);
            }
        }

        Count(to);
    }

    void Decimals(int value, byte* nulls, int rows)
    {
        ulong* lanes = Place(value, nulls, rows);
        _ = DecimalShape.Read(_scale, (ulong)DecimalShape.Bytes(1), out DecimalShape shape);
        Count(DecimalPayloads.Write(shape, (long*)lanes, nulls, rows, _counted, out ulong bytes));
        if (_writer == null)
        {
            return;
        }

        if (_writer.TakesIntegers)
        {
            _writer.AppendIntegers(lanes, nulls, rows, shape.OneScale, bytes);
            return;
        }

        if (lanes != _lanes)
        {
            NativeMemory.Copy(lanes, _lanes, (nuint)rows * sizeof(ulong));
        }

        DecimalDecoder.Build(shape, _lanes, null, rows, _datums);
        _writer.Append(_lanes, nulls, rows);
    }

    void Bytes(int value, byte* nulls, int rows)
    {
        bool isEntries = _pages.Codes != null;
        ulong* addresses = isEntries ? _pages.Entries.LanesAt : _pages.Values.LanesAt + value;
        uint* lengths = isEntries ? (uint*)_pages.Entries.LengthsAt : (uint*)_pages.Values.LengthsAt + value;
        uint* numbers = isEntries ? _pages.Codes + value : null;
        if (nulls != null)
        {
            for (int i = 0, next = 0; i < rows; i++)
            {
                bool isNull = nulls[i] != 0;
                _lanes[i] = isNull || isEntries ? 0 : addresses[next];
                _lengths[i] = isNull || isEntries ? 0 : lengths[next];
                _numbers[i] = isNull || !isEntries ? 0 : numbers[next];
                next += isNull ? 0 : 1;
            }

            addresses = isEntries ? addresses : _lanes;
            lengths = isEntries ? lengths : _lengths;
            numbers = isEntries ? _numbers : null;
        }

        ulong bytes = CountBytes(addresses, lengths, numbers, nulls, rows);
        if (isEntries)
        {
            _writer?.ReferEntries(addresses, lengths, _pages.EntryCount, numbers, nulls, rows, bytes);
        }
        else
        {
            _writer?.Refer(addresses, lengths, nulls, rows, bytes);
        }
    }

    /// <summary>Values in their rows' places, or by their numbers; how many bytes they have.</summary>
    ulong CountBytes(ulong* addresses, uint* lengths, uint* numbers, byte* nulls, int rows)
    {
        if (_shape.Kind == ColumnKind.FixedBytes)
        {
            CheckLengths(lengths, numbers, nulls, rows);
        }

        byte* last = _room + Room - (1 + sizeof(uint) + Long);
        byte* to = _counted;
        ulong bytes = 0;
        for (int i = 0; i < rows; i++)
        {
            if (to > last)
            {
                to = Count(to);
            }

            if (nulls != null && nulls[i] != 0)
            {
                *to++ = 0;
                continue;
            }

            uint at = numbers == null ? (uint)i : numbers[i];
            uint length = lengths[at];
            byte* from = (byte*)addresses[at];
            bytes += length;
            Unsafe.WriteUnaligned(to, 1 | ((ulong)length << 8));
            to += 1 + sizeof(uint);
            if (length - 1 < Short)
            {
                Vector256.Load(from).Store(to);
                to += length;
            }
            else if (length > Short)
            {
                to = CountMore(to, from, length);
            }
        }

        _counted = to;
        return bytes;
    }

    byte* CountMore(byte* to, byte* from, uint length)
    {
        if (length > Long)
        {
            to = Count(to);
            _checksum = Crc32C.Extend(_checksum, from, length);
            return to;
        }

        for (uint done = 0; done < length; done += Short)
        {
            Vector256.Load(from + done).Store(to + done);
        }

        return to + length;
    }

    void CheckLengths(uint* lengths, uint* numbers, byte* nulls, int rows)
    {
        for (int i = 0; i < rows; i++)
        {
            if ((nulls == null || nulls[i] == 0) && lengths[numbers == null ? (uint)i : numbers[i]] != (uint)_shape.FixedLength)
            {
                Throw.Bad("a value has another length than all");
            }
        }
    }

    /// <summary>What lies in the room up to here; where it goes on.</summary>
    byte* Count(byte* to)
    {
        _checksum = Crc32C.Extend(_checksum, _room, (ulong)(to - _room));
        return _counted = _room;
    }
}
