// Execution layer, core. One column of a key: its vectors as 64-bit lanes that are equal where the values are.

using System;
using System.Runtime.CompilerServices;

namespace Epiphany.Execution;

/// <summary>
/// Lanes by row, at the rows that were asked for; those of nulls are 0. A lane may be a digest, which equal values share with few others; then
/// values have to be compared.
/// </summary>
sealed unsafe class KeyColumn(ValueType type, KeyKind kind, uint collation, IExecutionHost host)
{
    readonly DatumForm _form = new(host.Memory);
    readonly VectorBuffer _buffer = new(host.Memory);
    ulong* _entryLanes;
    int _entryRoom;
    int _entries;
    ulong _tableId;
    Rows _rows;
    bool _isDatums;

    internal ValueType Type => type;

    internal KeyKind Kind => kind;

    internal ulong* Lanes { get; private set; }

    /// <summary>Null: no row is null.</summary>
    internal byte* Nulls => Source.Nulls;

    /// <summary>The vector that was loaded; datums once <see cref="Datums"/> was called.</summary>
    internal Vector Source { get; private set; } = new();

    /// <summary>Are there digests among the lanes? Always for some kinds.</summary>
    internal bool HasDigests { get; private set; }

    internal bool IsDigest(ulong lane) => kind switch
    {
        KeyKind.Bytes or KeyKind.Padded or KeyKind.Name => (lane & KeyBytes.StringDigest) != 0,
        KeyKind.Numeric => (lane & KeyBytes.NumericDigest) == KeyBytes.NumericDigest,
        KeyKind.Fixed16 or KeyKind.Host => true,
        _ => false,
    };

    internal void Load(Vector vector, Rows rows)
    {
        Source = vector;
        _rows = rows;
        _isDatums = vector.Form == VectorForm.Datum;
        HasDigests = kind is KeyKind.Fixed16 or KeyKind.Host;
        if (kind == KeyKind.Datum && vector.Nulls == null)
        {
            Lanes = vector.Values;
            return;
        }

        Lanes = _buffer.Values;
        if (vector.Codes != null && kind is KeyKind.Bytes or KeyKind.Padded && vector.Entries <= ushort.MaxValue)
        {
            LoadCodes(vector, rows);
        }
        else if (kind == KeyKind.Host)
        {
            LoadHost(vector, rows);
        }
        else
        {
            LoadValues(vector, rows);
        }
    }

    /// <summary>Sees to it that <see cref="Source"/> is in the form Datum.</summary>
    internal void Datums()
    {
        if (!_isDatums)
        {
            Source = _form.Of(Source, _rows);
            _isDatums = true;
        }
    }

    /// <summary>Are two values equal that have the same digest? Not for Host.</summary>
    internal bool Same(ulong left, ulong right) => kind switch
    {
        KeyKind.Fixed16 => ((ulong*)left)[0] == ((ulong*)right)[0] && ((ulong*)left)[1] == ((ulong*)right)[1],
        KeyKind.Numeric => KeyBytes.SameNumeric(left, right),
        _ => Bytes(left).SequenceEqual(Bytes(right)),
    };

    void LoadValues(Vector vector, Rows rows)
    {
        ulong* lanes = _buffer.Values;
        bool digests = HasDigests;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            ulong lane = vector.IsNull(row) ? 0 : Lane(vector, row);
            lanes[row] = lane;
            digests |= IsDigest(lane);
        }

        HasDigests = digests;
    }

    /// <summary>A dictionary's lanes are made once, rows look them up.</summary>
    void LoadCodes(Vector vector, Rows rows)
    {
        if (_entryLanes == null || _tableId != vector.TableId || _entries != vector.Entries)
        {
            LoadTable(vector);
        }

        ulong* lanes = _buffer.Values;
        bool digests = HasDigests;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            ulong lane = vector.IsNull(row) ? 0 : _entryLanes[vector.Codes[row]];
            lanes[row] = lane;
            digests |= IsDigest(lane);
        }

        HasDigests = digests;
    }

    void LoadTable(Vector vector)
    {
        if (vector.Entries > _entryRoom)
        {
            if (_entryLanes != null)
            {
                host.Memory.Free((byte*)_entryLanes);
            }

            _entryRoom = Math.Max(vector.Entries, Batch.Capacity);
            _entryLanes = (ulong*)host.Memory.Allocate((nuint)_entryRoom * sizeof(ulong));
        }

        for (int i = 0; i < vector.Entries; i++)
        {
            _entryLanes[i] = KeyBytes.String(Bytes(vector.Table[i]));
        }

        _entries = vector.Entries;
        _tableId = vector.TableId;
    }

    void LoadHost(Vector vector, Rows rows)
    {
        Datums();
        if (rows.IsAll)
        {
            host.HashRows(type.Oid, collation, Source.Values, Source.Nulls, rows.Count, _buffer.Values);
        }
        else
        {
            for (int i = 0; i < rows.Count; i++)
            {
                int row = rows[i];
                byte* isNull = Source.Nulls == null ? null : Source.Nulls + row;
                host.HashRows(type.Oid, collation, Source.Values + row, isNull, 1, _buffer.Values + row);
            }
        }

        for (int i = 0; i < rows.Count && vector.Nulls != null; i++)
        {
            int row = rows[i];
            _buffer.Values[row] = vector.Nulls[row] != 0 ? 0 : _buffer.Values[row];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    ulong Lane(Vector vector, int row)
    {
        ulong value = vector.Values[row];
        switch (kind)
        {
            case KeyKind.Datum:
                return value;
            case KeyKind.Narrow:
                return type.Length == 1 ? (byte)value : (uint)value;
            case KeyKind.Float4:
                return FloatLane(BitConverter.Int32BitsToSingle((int)value));
            case KeyKind.Float8:
                return FloatLane(BitConverter.UInt64BitsToDouble(value));
            case KeyKind.Numeric when vector.Form == VectorForm.Decimal:
                if (!KeyBytes.TryNumeric((long)value, vector.Scale, out ulong lane))
                {
                    Datums();
                    lane = KeyBytes.Numeric(Source.Values[row]);
                }

                return lane;
            case KeyKind.Numeric:
                return KeyBytes.Numeric(value);
            case KeyKind.Fixed16:
                return KeyBytes.Mix(((ulong*)value)[0]) + (((ulong*)value)[1] * 3);
            default:
                return KeyBytes.String(Bytes(value));
        }
    }

    /// <summary>What counts of a string.</summary>
    ReadOnlySpan<byte> Bytes(ulong datum) => kind switch
    {
        KeyKind.Name => System.Runtime.InteropServices.MemoryMarshal.CreateReadOnlySpanFromNullTerminated((byte*)datum),
        KeyKind.Padded => Varlena.Payload(datum).TrimEnd((byte)' '),
        _ => Varlena.Payload(datum),
    };

    /// <summary>-0 is 0, and all NaN are one.</summary>
    static ulong FloatLane(double value) => BitConverter.DoubleToUInt64Bits(double.IsNaN(value) ? double.NaN : value == 0 ? 0 : value);
}
