// Execution layer, operators. The order in which a scan goes through its units: as the host has them, or by ranges of what rows are going to be
// sorted by.

namespace Epiphany.Execution;

sealed unsafe partial class ColumnScan
{
    /// <summary>In this run, if there is such a sort; it says whether there are ranges.</summary>
    ScanRanges? _ranges;

    ulong _skippedInSurvey;

    bool IsRanged => _ranges is { Now: ScanRanges.State.On };

    public override void OfferRanges(int column, int next, ScanRanges ranges)
    {
        if (Tail.RawColumn(column) is { } raw)
        {
            _ranges = ranges;
            _skippedInSurvey = 0;
            ranges.Attach(raw, next < 0 ? next : Tail.RawColumn(next) ?? -1);
        }
    }

    /// <summary>To the next unit; false: there are no more.</summary>
    bool MoveOn()
    {
        if (IsRanged)
        {
            return MoveOnInRanges();
        }

        Context.Host.ScanNext(_scan, _wantsGroups, out _unit);
        Stats.GroupsSkipped += (ulong)_unit.Skipped;
        if (_ranges is { Now: ScanRanges.State.Survey })
        {
            return MoveOnInSurvey();
        }

        if (_unit.Kind == ScanUnitKind.End)
        {
            return false;
        }

        Enter(ulong.MaxValue);
        return true;
    }

    /// <summary>Groups are shown, one after another; rows of the heap region are given.</summary>
    bool MoveOnInSurvey()
    {
        _skippedInSurvey += (ulong)_unit.Skipped;
        switch (_unit.Kind)
        {
            case ScanUnitKind.Group when _ranges!.Survey(_unit):
                _unit = default;
                return true;
            case ScanUnitKind.Group when _ranges!.FirstUnit < 0:
                Enter(ulong.MaxValue);
                return true;
            case ScanUnitKind.Group:
                Context.Host.ScanGo(_scan, _ranges!.FirstUnit);
                _unit = default;
                Stats.GroupsSkipped -= _skippedInSurvey;
                return true;
            case ScanUnitKind.Delta:
                if (_ranges!.Groups == 0)
                {
                    _ranges.Stop();
                }

                Enter(ulong.MaxValue);
                return true;
            default:
                _ranges!.Cut();
                Stats.GroupsRead += (ulong)_ranges.Groups;
                return MoveOnInRanges();
        }
    }

    /// <summary>To the next group that has rows of the range, or of a later one.</summary>
    bool MoveOnInRanges()
    {
        if (!_ranges!.MoveOn(out int number, out ulong vectors))
        {
            return false;
        }

        Context.Host.ScanGo(_scan, number);
        Context.Host.ScanNext(_scan, groups: true, out _unit);
        _ranges.Enter(_unit);
        Enter(vectors);
        return true;
    }

    /// <summary>Takes out rows of a vector that are of other ranges; says how many are left.</summary>
    int InRange(int vector, int count, int seen) => _ranges!.TrySelect(_unit, vector, _room) ? KeepRoom(count) : seen;
}
