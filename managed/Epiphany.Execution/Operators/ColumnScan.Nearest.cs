// Execution layer, operators. A column scan below a bounded sort by distance.

namespace Epiphany.Execution;

sealed unsafe partial class ColumnScan
{
    ScanNearest? _nearest;
    int _nearestColumn = -1;

    public override void OfferNearest(int column, Nearest nearest)
    {
        if (_nearestColumn != column)
        {
            _nearestColumn = column;
            _nearest = ScanNearest.Of(Tail.Computed(column), _scan, Context, Stats);
        }

        _nearest?.Begin(nearest);
    }

    /// <summary>The rows that may be among the nearest.</summary>
    Rows Near(ScanNearest nearest, int vector, Rows rows)
    {
        if (nearest.AsksCodes(rows.Count))
        {
            _columns.Touch(nearest.Column);
            _columns.Drop(nearest.Column);
            return nearest.KeepByCodes(vector, _columns.Numbers, rows.Count, Tail.Selected);
        }

        _columns.Load(nearest.Column);
        return nearest.KeepOfGroup(_columns.Batch, rows, vector, _columns.Numbers, Tail.Selected);
    }

    /// <summary>Rows that an earlier run has found for this one: conditions and the snapshot were asked then.</summary>
    Batch? ReadFound(ScanNearest nearest, int vector)
    {
        Rows rows = Narrow(nearest.Found(vector, Tail.Selected), _conditionColumns.Length);
        _columns.Load(Tail.Wanted);
        return Tail.Project(_columns.Batch, rows, Stats);
    }
}
