// Execution layer, expressions. What depends on one dictionary-coded column is computed once for each entry that occurs, and read off by code.

using System;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>
/// An expression of one by-reference column. An entry is computed when the first row that counts has it, so that no
/// error is raised that no row would raise. Null is an entry, too: the last. By-reference results are copied, and live as long as the table.
/// Columns without codes go through the expression as they are.
/// </summary>
sealed unsafe class DictionaryMap : Kernel, IMaskable
{
    readonly Expression _expression;
    readonly int _column;
    readonly IMemory _memory;
    readonly Output _output;
    readonly Batch _entries;
    readonly VectorBuffer _datums;
    readonly int* _missing;
    readonly Arena _results;

    /// <summary>What stands for a null in a table of results: an empty string, 16 bytes, whatever is looked for.</summary>
    const int PlaceholderBytes = 64;

    /// <summary>Numbers tables of results, apart from those of storage.</summary>
    static ulong s_tables = 1UL << 63;

    /// <summary>By entry: its result, is that null, is it true, is it known.</summary>
    ulong* _values;
    byte* _nulls;
    byte* _isTrue;
    byte* _isKnown;
    int _known;
    int _room;
    ulong _table;
    ulong _resultTable;
    bool _hasTable;
    bool _anyNull;

    internal DictionaryMap(Expression expression, int column, IExecutionHost host) : base(expression.Type, expression)
    {
        _expression = expression;
        _column = column;
        _memory = host.Memory;
        _output = new Output(host);
        _results = new Arena(host.Memory);
        _entries = new Batch(column + 1);
        _datums = new VectorBuffer(host.Memory);
        _missing = (int*)host.Memory.Allocate(Batch.Capacity * sizeof(int));
    }

    public override bool IsTotal => AreArgumentsTotal;

    public override void Ask() => AskArguments();

    public override void Start()
    {
        base.Start();
        _hasTable = false;
    }

    public override Vector Evaluate(Batch batch, Rows rows)
    {
        Vector column = batch.Columns[_column];
        if (column.Codes == null)
        {
            return _expression.Evaluate(batch, rows);
        }

        Compute(column, rows);
        ushort* codes = column.Codes;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            int entry = column.IsNull(row) ? column.Entries : codes[row];
            _output.Values[row] = _values[entry];
            _output.Nulls[row] = _nulls[entry];
        }

        Vector result = _output.Finish(_anyNull ? _output.Nulls : null);
        if (!Type.ByValue && IsComplete(column))
        {
            AddCodes(column, rows, result);
        }

        return result;
    }

    /// <summary>The results are a dictionary in turn, of one entry more, for null.</summary>
    void AddCodes(Vector column, Rows rows, Vector result)
    {
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            _datums.Codes[row] = (ushort)(column.IsNull(row) ? column.Entries : column.Codes[row]);
        }

        result.Codes = _datums.Codes;
        result.Table = _values;
        result.Entries = column.Entries + 1;
        result.TableId = _resultTable;
    }

    public override int Filter(Batch batch, Rows rows, ushort* selected)
    {
        Vector column = batch.Columns[_column];
        if (column.Codes == null)
        {
            return _expression.Filter(batch, rows, selected);
        }

        Compute(column, rows);
        ushort* codes = column.Codes;
        byte* nulls = column.Nulls;
        byte* isTrue = _isTrue;
        int count = 0;
        for (int i = 0; nulls == null && i < rows.Count; i++)
        {
            int row = rows[i];
            selected[count] = (ushort)row;
            count += isTrue[codes[row]];
        }

        for (int i = 0; nulls != null && i < rows.Count; i++)
        {
            int row = rows[i];
            selected[count] = (ushort)row;
            count += isTrue[nulls[row] != 0 ? column.Entries : codes[row]];
        }

        return count;
    }

    public bool MayMask => Type.Oid == TypeOid.Bool;

    /// <summary>When all entries are known.</summary>
    public bool TryMask(Batch batch, int count, ulong* bits)
    {
        Vector column = batch.Columns[_column];
        if (column.Codes == null || !IsComplete(column))
        {
            return false;
        }

        for (int word = 0; word < (count + 63) / 64; word++)
        {
            ulong mask = 0;
            for (int row = word * 64; row < Math.Min(count, (word + 1) * 64); row++)
            {
                mask |= (ulong)_isTrue[column.IsNull(row) ? column.Entries : column.Codes[row]] << (row % 64);
            }

            bits[word] = mask;
        }

        return true;
    }

    /// <summary>Every row's entry is known, whichever rows count.</summary>
    bool IsComplete(Vector column) =>
        _hasTable && _table == column.TableId && _known == column.Entries + _isKnown[column.Entries]
        && (column.Nulls == null || _isKnown[column.Entries] != 0);

    void Compute(Vector column, Rows rows)
    {
        if (!_hasTable || _table != column.TableId)
        {
            Forget(column);
        }

        if (IsComplete(column))
        {
            return;
        }

        int count = 0;
        for (int i = 0; i < rows.Count; i++)
        {
            int row = rows[i];
            int entry = column.IsNull(row) ? column.Entries : column.Codes[row];
            if (_isKnown[entry] == 0)
            {
                _isKnown[entry] = 1;
                _missing[count++] = entry;
            }
        }

        if (count > 0)
        {
            // Unknown again should the evaluation fail: an error may be caught, and the same table come back.
            _hasTable = false;
            ComputeEntries(column, count);
            _hasTable = true;
            _known += count;
            _resultTable = ++s_tables;
        }
    }

    void ComputeEntries(Vector column, int count)
    {
        byte anyNull = 0;
        for (int i = 0; i < count; i++)
        {
            int entry = _missing[i];
            byte isNull = entry == column.Entries ? (byte)1 : (byte)0;
            _datums.Values[i] = isNull != 0 ? 0 : column.Table[entry];
            _datums.Nulls[i] = isNull;
            anyNull |= isNull;
        }

        _entries.Rows = count;
        _entries.Columns[_column].SetDatums(_datums.Values, anyNull != 0 ? _datums.Nulls : null);
        Vector result = _expression.Evaluate(_entries, Rows.All(count));
        for (int i = 0; i < count; i++)
        {
            int entry = _missing[i];
            bool isNull = result.IsNull(i);
            _values[entry] = Type.ByValue ? result.Values[i] : isNull ? _values[column.Entries] : _results.Copy(Type, result.Values[i]);
            _nulls[entry] = isNull ? (byte)1 : (byte)0;
            _isTrue[entry] = (byte)((result.Values[i] & 1) & (ulong)(_nulls[entry] ^ 1));
            _anyNull |= isNull;
        }
    }

    /// <summary>Begins with another table, of which no entry is known.</summary>
    void Forget(Vector column)
    {
        int entries = column.Entries + 1;
        if (_room < entries)
        {
            if (_room > 0)
            {
                _memory.Free((byte*)_values);
                _memory.Free(_nulls);
                _memory.Free(_isTrue);
                _memory.Free(_isKnown);
            }

            _room = Math.Max(entries, 2 * _room);
            _values = (ulong*)_memory.Allocate((nuint)_room * sizeof(ulong));
            _nulls = _memory.Allocate((nuint)_room);
            _isTrue = _memory.Allocate((nuint)_room);
            _isKnown = _memory.Allocate((nuint)_room);
        }

        new Span<byte>(_isKnown, entries).Clear();
        _results.Reset();
        if (!Type.ByValue)
        {
            byte* placeholder = _results.Take(PlaceholderBytes);
            *(uint*)placeholder = sizeof(uint) << 2;
            _values[column.Entries] = (ulong)placeholder;
        }

        _table = column.TableId;
        _hasTable = true;
        _anyNull = false;
        _known = 0;
    }
}

/// <summary>Where a <see cref="DictionaryMap"/> is worth its while.</summary>
static class DictionaryMaps
{
    /// <summary>The expression, by way of a map if it is of one by-reference column.</summary>
    internal static Expression Wrap(Expression expression, IExecutionHost host) =>
        expression is Kernel and not NullTest and not RunConstant and not Distance && !expression.Type.IsNumeric
            && Column(expression, out bool isMany) is { Type: { ByValue: false, IsNumeric: false } } column && !isMany
            ? new DictionaryMap(expression, column.Column, host)
            : expression;

    /// <summary>Arguments of one kernel: if it cannot be mapped as a whole, those are mapped that can be.</summary>
    internal static void WrapArguments(System.Span<Expression> arguments, IExecutionHost host)
    {
        ColumnReference? sole = null;
        bool isMany = false;
        foreach (Expression argument in arguments)
        {
            ColumnReference? column = Column(argument, out bool hasMany);
            isMany |= hasMany || (sole != null && column != null && sole.Column != column.Column);
            sole ??= column;
        }

        for (int i = 0; isMany && i < arguments.Length; i++)
        {
            arguments[i] = Wrap(arguments[i], host);
        }
    }

    /// <summary>The number of the only column that an expression looks at; null: there is none, or more than one.</summary>
    internal static int? SoleColumn(Expression expression) => Column(expression, out bool isMany) is { } column && !isMany ? column.Column : null;

    /// <summary>The column that an expression looks at; null for none. Many: more than one, or it cannot be told.</summary>
    static ColumnReference? Column(Expression expression, out bool isMany)
    {
        isMany = false;
        switch (expression)
        {
            case ColumnReference column:
                return column;
            case Kernel kernel:
                ColumnReference? sole = null;
                foreach (Expression argument in kernel.Arguments)
                {
                    ColumnReference? column = Column(argument, out bool hasMany);
                    isMany |= hasMany || (sole != null && column != null && sole.Column != column.Column);
                    sole ??= column;
                }

                return sole;
            default:
                isMany = !expression.IsConstant;
                return null;
        }
    }
}
