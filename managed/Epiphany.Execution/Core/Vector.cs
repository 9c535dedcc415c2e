// Execution layer, core. A column of a batch. README.md has the meaning of every field.

using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>How a vector's lanes are to be read.</summary>
enum VectorForm
{
    /// <summary>PostgreSQL's Datums.</summary>
    Datum,

    /// <summary>NUMERIC as integers divided by 10^Scale.</summary>
    Decimal,
}

/// <summary>Points to lanes and nulls; owns none of them. Reused from batch to batch.</summary>
sealed unsafe class Vector
{
    public ulong* Values;

    /// <summary>Null: no row is null.</summary>
    public byte* Nulls;
    public VectorForm Form;
    public int Scale;

    /// <summary>Decimal: no value's magnitude is greater.</summary>
    public ulong Bound;

    /// <summary>Decimal, and only of <see cref="Expression.EvaluateExact"/>: each row's display scale, not above Scale; null: it is Scale.</summary>
    public byte* Displays;

    /// <summary>Every row has the value of row 0 (and its null); the lanes are filled all the same.</summary>
    public bool IsConstant;

    /// <summary>Dictionary codes by row and the datums by code; null: none.</summary>
    public ushort* Codes;
    public ulong* Table;
    public int Entries;
    public ulong TableId;

    public bool IsNull(int row) => Nulls != null && Nulls[row] != 0;

    /// <summary>Decimal: a row's display scale.</summary>
    public int Display(int row) => Displays == null ? Scale : Displays[row];

    /// <summary>The same column as another vector shows it.</summary>
    public void Refer(Vector other)
    {
        Values = other.Values;
        Nulls = other.Nulls;
        Form = other.Form;
        Scale = other.Scale;
        Bound = other.Bound;
        Displays = other.Displays;
        IsConstant = other.IsConstant;
        Codes = other.Codes;
        Table = other.Table;
        Entries = other.Entries;
        TableId = other.TableId;
    }

    /// <summary>Likewise, from a row on.</summary>
    public void Refer(Vector other, int first)
    {
        Refer(other);
        Values += first;
        Nulls = Nulls == null ? null : Nulls + first;
        Codes = Codes == null ? null : Codes + first;
        Displays = Displays == null ? null : Displays + first;
    }

    /// <summary>Plain datums in memory of the caller's.</summary>
    public void SetDatums(ulong* values, byte* nulls)
    {
        Values = values;
        Nulls = nulls;
        Form = VectorForm.Datum;
        Displays = null;
        IsConstant = false;
        Codes = null;
        Table = null;
    }
}

/// <summary>Room for the lanes and nulls of one vector, taken once, when it is first asked for: small queries need little of it.</summary>
sealed unsafe class VectorBuffer(IMemory memory)
{
    ulong* _values;
    ushort* _codes;
    byte* _displays;

    public ulong* Values => _values != null ? _values : Take();

    public byte* Nulls => (byte*)(Values + Batch.Capacity);

    /// <summary>Of dictionary-coded columns; taken when first asked for.</summary>
    public ushort* Codes
    {
        get
        {
            if (_codes == null)
            {
                _codes = (ushort*)memory.AllocateRoom(Batch.Capacity * sizeof(ushort));
            }

            return _codes;
        }
    }

    /// <summary>Of numerics with display scales of their own; likewise.</summary>
    public byte* Displays
    {
        get
        {
            if (_displays == null)
            {
                _displays = memory.Allocate(Batch.Capacity);
            }

            return _displays;
        }
    }

    /// <summary>For buffers that do not live as long as the engine.</summary>
    public void Free(IMemory host)
    {
        if (_values != null)
        {
            host.Free((byte*)_values);
        }

        if (_codes != null)
        {
            host.Free((byte*)_codes);
        }

        if (_displays != null)
        {
            host.Free(_displays);
        }
    }

    ulong* Take() => _values = (ulong*)memory.AllocateRoom(Batch.Capacity * (sizeof(ulong) + sizeof(byte)));
}
