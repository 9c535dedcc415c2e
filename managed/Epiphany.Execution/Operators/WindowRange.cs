// Execution layer, operators. RANGE with offsets: PostgreSQL's in_range function says which rows are near enough to the current one.

using System;

namespace Epiphany.Execution;

/// <summary>Steps head and tail of frames forward as update_frameheadpos() and update_frametailpos() do.</summary>
sealed unsafe class WindowRange
{
    const int Arguments = 5;

    readonly WindowRows _rows;
    readonly IExecutionHost _host;
    readonly ValueType _type;
    readonly int _column;
    readonly bool _isAscending;
    readonly bool _nullsFirst;
    readonly bool _startPrecedes;
    readonly bool _endPrecedes;
    readonly int _startCall;
    readonly int _endCall;
    readonly DatumForm _form;
    readonly DatumForm _otherForm;
    readonly VectorBuffer _buffer;
    readonly VectorBuffer _other;
    readonly Vector _gathered = new();
    readonly Vector _otherGathered = new();
    readonly Arena _kept;
    readonly Arena _offsets;
    Vector _current = new();
    ulong _startOffset;
    ulong _endOffset;

    internal WindowRange(ref ProgramReader reader, WindowBound start, WindowBound end, WindowRows rows, IExecutionHost host)
    {
        _column = reader.Int();
        uint startFunction = reader.Oid();
        uint endFunction = reader.Oid();
        uint collation = reader.Oid();
        _isAscending = reader.Flag();
        _nullsFirst = reader.Flag();
        _type = rows.Types[_column];
        _rows = rows;
        _host = host;
        _startPrecedes = start == WindowBound.Preceding;
        _endPrecedes = end == WindowBound.Preceding;
        _startCall = startFunction == 0 ? -1 : host.PrepareCall(startFunction, collation, -1);
        _endCall = endFunction == 0 ? -1 : host.PrepareCall(endFunction, collation, -1);
        _form = new DatumForm(host.Memory);
        _otherForm = new DatumForm(host.Memory);
        _buffer = new VectorBuffer(host.Memory);
        _other = new VectorBuffer(host.Memory);
        _kept = new Arena(host.Memory);
        _offsets = new Arena(host.Memory);
    }

    internal void MarkColumns(Span<bool> columns) => columns[_column] = true;

    internal void Start(Expression? start, Expression? end)
    {
        _offsets.Reset();
        _startOffset = Offset(start);
        _endOffset = Offset(end);
    }

    /// <summary>Keeps the rows' own values, which stay comparable while others are fetched.</summary>
    internal void Take(WindowChunk chunk)
    {
        _rows.Trim();
        _rows.Gather(_column, chunk.Row, chunk.Count, _buffer, _gathered);
        Vector values = _form.Of(_gathered, Rows.All(chunk.Count));
        _kept.Reset();
        for (int i = 0; i < chunk.Count && !_type.ByValue; i++)
        {
            _buffer.Values[i] = values.IsNull(i) ? 0 : _kept.Copy(_type, values.Values[i]);
        }

        _current = _gathered;
        _current.SetDatums(_buffer.Values, values.Nulls);
    }

    internal long Head(long row, WindowChunk chunk, int i)
    {
        for (; row < chunk.PartitionEnd[i]; row++)
        {
            ulong value = Value(row, out bool isNull);
            bool isCurrentNull = _current.IsNull(i);
            bool isHead = isNull || isCurrentNull
                ? _nullsFirst ? !isNull || isCurrentNull : isNull || !isCurrentNull
                : InRange(_startCall, value, i, _startOffset, _startPrecedes == _isAscending, !_isAscending);
            if (isHead)
            {
                break;
            }
        }

        return row;
    }

    internal long Tail(long row, WindowChunk chunk, int i)
    {
        for (; row < chunk.PartitionEnd[i]; row++)
        {
            ulong value = Value(row, out bool isNull);
            bool isCurrentNull = _current.IsNull(i);
            bool isTail = isNull || isCurrentNull
                ? _nullsFirst ? !isNull : !isCurrentNull
                : !InRange(_endCall, value, i, _endOffset, _endPrecedes == _isAscending, _isAscending);
            if (isTail)
            {
                break;
            }
        }

        return row;
    }

    ulong Value(long row, out bool isNull)
    {
        _rows.Trim();
        _rows.Gather(_column, &row, 1, _other, _otherGathered);
        Vector value = _otherForm.Of(_otherGathered, Rows.All(1));
        isNull = value.IsNull(0);
        return value.Values[0];
    }

    bool InRange(int call, ulong value, int i, ulong offset, bool subtracts, bool isLess)
    {
        ulong* arguments = stackalloc ulong[Arguments] { value, _current.Values[i], offset, subtracts ? 1UL : 0, isLess ? 1UL : 0 };
        ulong** values = stackalloc ulong*[Arguments];
        byte** nulls = stackalloc byte*[Arguments];
        for (int a = 0; a < Arguments; a++)
        {
            values[a] = arguments + a;
            nulls[a] = null;
        }

        ulong result;
        byte isNull;
        _host.CallRows(call, values, nulls, Rows.All(1), &result, &isNull);
        return (result & 1) != 0;
    }

    ulong Offset(Expression? expression)
    {
        if (expression == null)
        {
            return 0;
        }

        Vector value = _form.Of(expression.Evaluate(Batch.NoColumns, Rows.All(1)), Rows.All(1));
        return expression.Type.ByValue ? value.Values[0] : _offsets.Copy(expression.Type, value.Values[0]);
    }
}
