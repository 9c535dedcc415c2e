// Execution layer, operators. Window functions that give the value of another row: lag and lead, and first, last and nth value of the frame.

using System;

namespace Epiphany.Execution;

/// <summary>A value that was read from rows, and stays when those are written away.</summary>
sealed unsafe class WindowResult(ValueType type, WindowRows rows, IExecutionHost host)
{
    readonly DatumForm _form = new(host.Memory);
    readonly VectorBuffer _buffer = new(host.Memory);
    readonly Arena _kept = new(host.Memory);

    /// <summary>Some values, or another's (null: nulls) where a row is said to have that.</summary>
    internal void Show(Vector values, Vector? others, byte* isOther, int count, Vector result)
    {
        _kept.Reset();
        if (others == null && !(rows.IsSpilled && !type.ByValue))
        {
            result.Refer(values);
            return;
        }

        values = _form.Of(values, Rows.All(count));
        byte anyNull = 0;
        for (int i = 0; i < count; i++)
        {
            Vector source = others != null && isOther[i] != 0 ? others : values;
            bool isNull = source.IsNull(i);
            anyNull |= _buffer.Nulls[i] = isNull ? (byte)1 : (byte)0;
            _buffer.Values[i] = isNull ? 0 : type.ByValue ? source.Values[i] : _kept.Copy(type, source.Values[i]);
        }

        result.SetDatums(_buffer.Values, anyNull != 0 ? _buffer.Nulls : null);
    }
}

/// <summary>lag and lead: a row so far from the current one, or a default where the partition has none there.</summary>
sealed unsafe class WindowOffset : WindowFunction
{
    readonly bool _isLead;
    readonly Expression[] _arguments;
    readonly WindowArgument _value;
    readonly WindowArgument? _offset;
    readonly WindowArgument? _default;
    readonly long* _targets;
    readonly long* _missing;
    readonly byte* _isMissing;
    readonly ushort* _selected;
    readonly WindowResult _result;
    readonly WindowResult _defaults;
    readonly DatumForm _form;
    readonly Vector _kept = new();

    internal WindowOffset(bool isLead, ValueType type, Expression[] arguments, WindowRows rows, IExecutionHost host)
        : base(type, arguments)
    {
        _isLead = isLead;
        _arguments = arguments;
        _value = new WindowArgument(arguments[0], rows, host);
        _offset = arguments.Length > 1 ? new WindowArgument(arguments[1], rows, host) : null;
        _default = arguments.Length > 2 ? new WindowArgument(arguments[2], rows, host) : null;
        _targets = (long*)host.Memory.Allocate(Batch.Capacity * sizeof(long));
        _missing = (long*)host.Memory.Allocate(Batch.Capacity * sizeof(long));
        _isMissing = host.Memory.Allocate(Batch.Capacity);
        _selected = (ushort*)host.Memory.Allocate(Batch.Capacity * sizeof(ushort));
        _form = new DatumForm(host.Memory);
        _result = new WindowResult(type, rows, host);
        _defaults = new WindowResult(type, rows, host);
    }

    /// <summary>Offsets that are no constants may point anywhere.</summary>
    internal override bool NeedsPartition => Distance == null;

    internal override long Ahead => Math.Max(0, Distance ?? 0);

    internal override long Behind => Distance is { } rows ? Math.Max(0, -rows) : long.MaxValue;

    long? Distance => _arguments switch
    {
        { Length: 1 } => _isLead ? 1 : -1,
        [_, Constant { IsNull: false } offset, ..] => Signed((int)offset.Value),
        _ => null,
    };

    internal override void Evaluate(WindowChunk chunk, Vector result)
    {
        Vector? offsets = _offset?.At(chunk.Row, chunk.Count);
        int missing = 0;
        for (int i = 0; i < chunk.Count; i++)
        {
            bool isNull = offsets != null && offsets.IsNull(i);
            long target = chunk.Row[i] + Signed(offsets == null ? 1 : (int)offsets.Values[i]);
            bool isOut = target < chunk.Partition[i] || target >= chunk.PartitionEnd[i];
            bool takesDefault = isOut && !isNull && _default != null;
            _targets[i] = isNull || isOut ? -1 : target;
            _missing[i] = takesDefault ? chunk.Row[i] : -1;
            _isMissing[i] = takesDefault ? (byte)1 : (byte)0;
            _selected[missing] = (ushort)i;
            missing += takesDefault ? 1 : 0;
        }

        Vector? defaults = null;
        if (missing > 0)
        {
            _defaults.Show(_default!.At(_missing, chunk.Count), null, null, chunk.Count, _kept);
            defaults = _form.Of(_kept, new Rows(_selected, missing));
        }

        _result.Show(_value.At(_targets, chunk.Count), defaults, _isMissing, chunk.Count, result);
    }

    /// <summary>As PostgreSQL negates the least int4: to itself.</summary>
    int Signed(int offset) => _isLead ? offset : unchecked(-offset);
}

/// <summary>By function OID.</summary>
enum WindowValueKind
{
    First = 3112,
    Last = 3113,
    Nth = 3114,
}

/// <summary>first_value, last_value, nth_value.</summary>
sealed unsafe class WindowValue : WindowFunction
{
    readonly WindowValueKind _kind;
    readonly WindowFrame _frame;
    readonly WindowArgument _value;
    readonly WindowArgument? _number;
    readonly long* _targets;
    readonly WindowResult _result;
    readonly IExecutionHost _host;

    internal WindowValue(
        WindowValueKind kind, ValueType type, Expression[] arguments, WindowFrame frame, WindowRows rows, IExecutionHost host)
        : base(type, arguments)
    {
        _kind = kind;
        _frame = frame;
        _host = host;
        _value = new WindowArgument(arguments[0], rows, host);
        _number = kind == WindowValueKind.Nth ? new WindowArgument(arguments[1], rows, host) : null;
        _targets = (long*)host.Memory.Allocate(Batch.Capacity * sizeof(long));
        _result = new WindowResult(type, rows, host);
    }

    internal override bool NeedsFrame => true;

    internal override long Behind => _frame.BehindHead;

    internal override void Evaluate(WindowChunk chunk, Vector result)
    {
        Vector? numbers = _number?.At(chunk.Row, chunk.Count);
        for (int i = 0; i < chunk.Count; i++)
        {
            int frame = chunk.Frame[i];
            long number = numbers == null ? 1 : Number(numbers, i);
            long target = _kind == WindowValueKind.Last ? chunk.Tail[frame] - 1 : chunk.Head[frame] + number - 1;
            bool isIn = number > 0 && target >= chunk.Head[frame] && target < chunk.Tail[frame];
            _targets[i] = isIn ? target : -1;
        }

        _result.Show(_value.At(_targets, chunk.Count), null, null, chunk.Count, result);
    }

    /// <summary>0 for null.</summary>
    long Number(Vector numbers, int i)
    {
        if (numbers.IsNull(i))
        {
            return 0;
        }

        int number = (int)numbers.Values[i];
        if (number <= 0)
        {
            _host.Raise(SqlState.Pack("22016"), "argument of nth_value must be greater than zero");
        }

        return number;
    }
}
