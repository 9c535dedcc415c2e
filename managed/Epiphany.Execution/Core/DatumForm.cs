// Execution layer, core. A vector for those who understand datums only.

using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>Shows a vector in the form Datum. Datums that it has to make live until its next call.</summary>
sealed unsafe class DatumForm(IMemory memory)
{
    readonly Vector _vector = new();
    VectorBuffer? _buffer;
    byte* _datums;

    /// <summary>The vector itself if it is in that form; values at the rows that count.</summary>
    public Vector Of(Vector source, Rows rows)
    {
        System.ArgumentNullException.ThrowIfNull(source);
        if (source.Form == VectorForm.Datum)
        {
            return source;
        }

        _buffer ??= new VectorBuffer(memory);
        if (_datums == null)
        {
            _datums = memory.Allocate(Batch.Capacity * NumericDatums.MaxBytes);
        }

        NumericDatums.Make(source, rows, _buffer.Values, _datums);
        _vector.Refer(source);
        _vector.Form = VectorForm.Datum;
        _vector.Displays = null;
        _vector.Values = _buffer.Values;
        return _vector;
    }
}
