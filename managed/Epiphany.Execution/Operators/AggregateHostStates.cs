// Execution layer, operators. States of groups that the host keeps.

namespace Epiphany.Execution;

/// <summary>Hands rows over, and asks for results.</summary>
sealed unsafe class AggregateHostStates
{
    readonly AggregateHostCall _call;
    readonly IExecutionHost _host;
    readonly DatumForm[] _forms;
    readonly DatumForm[] _directForms;
    readonly ulong** _values;
    readonly byte** _nulls;
    readonly int _number;

    /// <summary><paramref name="shared"/>: whose states these are, too; null: nobody else's.</summary>
    internal AggregateHostStates(AggregateHostCall call, AggregateHostStates? shared, IExecutionHost host)
    {
        _call = call;
        _host = host;
        _forms = Forms(call.Arguments, host);
        _directForms = Forms(call.Direct, host);
        nuint room = (nuint)System.Math.Max(System.Math.Max(call.Arguments, call.Direct), 1);
        _values = (ulong**)host.Memory.Allocate(room * (nuint)sizeof(ulong*));
        _nulls = (byte**)host.Memory.Allocate(room * (nuint)sizeof(byte*));
        _number = host.PrepareAggregate(call.Id, shared?._number ?? -1);
    }

    /// <summary>Memory of the host's.</summary>
    internal ulong Bytes { get; private set; }

    /// <summary>Rows of a batch, of whose columns the first ones are the arguments; null: all are of group 0.</summary>
    internal void Add(Batch batch, int first, int count, uint* groups)
    {
        for (int i = 0; i < _forms.Length; i++)
        {
            Vector argument = _forms[i].Of(batch.Columns[i], Rows.All(batch.Rows));
            _values[i] = argument.Values + first;
            _nulls[i] = argument.Nulls == null ? null : argument.Nulls + first;
        }

        Bytes = _host.AggregateAdd(_number, groups, _values, _nulls, count);
    }

    internal void Show(Batch shown, int* groups, int count, VectorBuffer buffer, Vector result)
    {
        for (int i = 0; i < _directForms.Length; i++)
        {
            Vector direct = _directForms[i].Of(_call.EvaluateDirect(i, shown), Rows.All(count));
            _values[i] = direct.Values;
            _nulls[i] = direct.Nulls;
        }

        _host.AggregateShow(_number, groups, count, _values, _nulls, buffer.Values, buffer.Nulls);
        result.SetDatums(buffer.Values, buffer.Nulls);
    }

    internal void Clear()
    {
        Bytes = 0;
        _host.AggregateClear(_number);
    }

    static DatumForm[] Forms(int count, IExecutionHost host)
    {
        var forms = new DatumForm[count];
        for (int i = 0; i < count; i++)
        {
            forms[i] = new DatumForm(host.Memory);
        }

        return forms;
    }
}
