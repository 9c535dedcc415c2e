// Execution layer, operators. A scan below a sort that gives rows by ranges of the sort's first key, so that each range is sorted by itself: footers
// and indexes of groups say which vectors have rows of a range. In groups that are sorted by that key few vectors are read for more than one range.

using System;
using System.Numerics;
using Epiphany.Encoding;
using Epiphany.Kernels;
using Epiphany.Storage;

namespace Epiphany.Execution;

/// <summary>
/// First the scan shows all its groups, then it gives the rows of the heap region, of whatever range; then ranges are cut, and the scan goes through
/// its groups once for each. Ranges ascend in the order of the sort: of integers as they are, descending ones turned round; of strings by rank.
/// <paramref name="key"/> is what is sorted by first; a row that the sort keeps takes so many bytes.
/// </summary>
sealed unsafe partial class ScanRanges(SortKey key, ulong rowBytes, EngineContext context)
{
    /// <summary>More vectors than so many times all of them are not to be read: the sort's files cost less then.</summary>
    const int MaxReads = 16;

    /// <summary>Strings of groups that have so many, for their rows, would be more to rank than there is to win.</summary>
    const int LeastRowsPerEntry = 8;

    /// <summary>What is known of groups may take as much as the sort, and that anyway.</summary>
    const ulong LeastMemory = 1 << 20;

    /// <summary>The first range has so many rows at least: who wants no more than the first rows of all gets them soon.</summary>
    const int LeastRows = 4 * Batch.Capacity;

    readonly KeyRanges _ranges = new(context.Host.Memory);
    readonly HostList<Group> _groups = new(context.Host.Memory);
    readonly HostList<Piece> _pieces = new(context.Host.Memory);

    /// <summary>Of strings: what number each code of each group has.</summary>
    readonly HostList<ushort> _numbers = new(context.Host.Memory);
    readonly long _flip = key.Descending ? -1 : 0;
    readonly ulong* _entries = (ulong*)context.Host.Memory.Allocate((KeyRanks.MaxCount + 1) / 8);
    int _column;
    int _next;
    int _atGroup;
    long _bound;
    bool _areTooMany;

    /// <summary>The group in hand.</summary>
    Group _group;
    CodedColumn _coded;

    /// <summary>A group that is scanned. Order is where it comes among the others within a range.</summary>
    record struct Group(int Unit, long Order, int FirstPiece, int Pieces, int FirstNumber, long Low, long High, bool HasNulls);

    /// <summary>A vector: its rows that have a value lie between the bounds, which are codes until strings have ranks.</summary>
    record struct Piece(int Vector, int Rows, int Nulls, long Low, long High)
    {
        internal readonly bool HasValues => Nulls < Rows;
    }

    internal enum State
    {
        /// <summary>Rows come as ever.</summary>
        Off,

        /// <summary>Groups are shown, then rows of the heap region come, which may be of any range.</summary>
        Survey,

        /// <summary>Rows of <see cref="Range"/> come.</summary>
        On,
    }

    internal State Now { get; private set; }

    /// <summary>Of strings; null: the key is an integer.</summary>
    internal KeyRanks? Ranks { get; } = KeyRanks.Of(key.Part, key.Type, context.Host);

    /// <summary>Are strings sorted by rank?</summary>
    internal bool IsRanked { get; private set; }

    internal int Range { get; private set; }

    /// <summary>The first group that was shown; negative: none was.</summary>
    internal int FirstUnit { get; private set; }

    internal int Groups => _groups.Count;

    /// <summary>Of such a key there may be ranges.</summary>
    internal static bool Fits(SortKey key) => key.IsInteger || KeyRanks.Fits(key.Type);

    /// <summary>A run begins, of which nobody will ask for more than so many rows; -1: all may be asked for.</summary>
    internal void Begin(long bound)
    {
        _bound = bound;
        _groups.Clear();
        _pieces.Clear();
        _numbers.Clear();
        _ranges.Clear();
        Ranks?.Clear();
        IsRanked = _areTooMany = false;
        Range = 0;
        _atGroup = 0;
        Now = State.Off;
    }

    /// <summary>A scan is going to do so; the table's columns that the keys are, -1: what comes next is none.</summary>
    internal void Attach(int column, int nextColumn)
    {
        _column = column;
        _next = nextColumn;
        FirstUnit = -1;
        Now = State.Survey;
    }

    /// <summary>There will be no ranges.</summary>
    internal void Stop() => Begin(_bound);

    /// <summary>Shows a group. False: there will be no ranges, and the scan is to go back to the first one that was shown.</summary>
    internal bool Survey(in ScanUnit unit)
    {
        int pieces = _pieces.Count;
        int numbers = _numbers.Count;
        bool isKnown = unit.Number >= 0 && _column < unit.Columns && !unit.Reader!.IsCold && (Ranks == null ? AddIntegers(unit) : AddStrings(unit));
        ulong bytes = _pieces.Bytes + _numbers.Bytes + _groups.Bytes + (Ranks?.Bytes ?? 0);
        if (!isKnown || bytes > Room)
        {
            Stop();
            return false;
        }

        FirstUnit = _groups.Count == 0 ? unit.Number : FirstUnit;
        _groups.Add(new Group(unit.Number, OrderOf(unit), pieces, _pieces.Count - pieces, numbers, long.MaxValue, long.MinValue, false));
        return true;
    }

    /// <summary>Rows of the heap region: what they are sorted by first.</summary>
    internal void AddLate(Vector keys, int rows)
    {
        if (Ranks != null && !_areTooMany)
        {
            Ranks.Add(keys, rows);
            _areTooMany = Ranks.Count > KeyRanks.MaxCount || Ranks.Bytes > Room;
        }
    }

    /// <summary>All rows of the heap region have come, and all groups have been shown.</summary>
    internal void Cut()
    {
        bool hasOrder = Ranks == null || (!_areTooMany && Ranks.Rank());
        IsRanked = Ranks != null && hasOrder;
        foreach (ref Group group in _groups.Span)
        {
            Bound(ref group);
        }

        double most = Math.Max(LeastRows, context.Options.SortMemory / 4 * 3 / rowBytes);
        if (hasOrder)
        {
            CutPieces(Math.Max(LeastRows, 2.0 * _bound), most);
        }
        else
        {
            _ranges.Join();
        }

        _groups.Span.Sort(static (a, b) => a.Order != b.Order ? a.Order.CompareTo(b.Order) : a.Unit.CompareTo(b.Unit));
        Now = State.On;
    }

    /// <summary>To the next group that has rows of the range, or of a later one; and its vectors that may. False: there are no more.</summary>
    internal bool MoveOn(out int unit, out ulong vectors)
    {
        for (; Range < _ranges.Count; Range++, _atGroup = 0)
        {
            while (_atGroup < _groups.Count)
            {
                _group = _groups[_atGroup++];
                vectors = Vectors();
                if (vectors != 0)
                {
                    unit = _group.Unit;
                    return true;
                }
            }
        }

        Range = _ranges.Count - 1;
        unit = -1;
        vectors = 0;
        return false;
    }

    /// <summary>The scan has come to the group.</summary>
    internal void Enter(in ScanUnit unit)
    {
        _coded = unit.Reader!.Coded(_column);
        int count = _coded.Form == CodedForm.Entries ? _coded.Count : 0;
        long begin = _ranges.Begin(Range);
        long end = _ranges.End(Range);
        new Span<ulong>(_entries, BitSelect.Words((int)BitOperations.RoundUpToPowerOf2((uint)count))).Clear();
        for (int code = 0; code < count; code++)
        {
            long at = Ranks == null ? (long)_coded.Table[code] ^ _flip : IsRanked ? RankOf(code) : 0;
            _entries[code / 64] |= at >= begin && at <= end ? 1UL << (code % 64) : 0;
        }
    }

    /// <summary>A bit for each row of a vector that lies in the range; false: all do.</summary>
    internal bool TrySelect(in ScanUnit unit, int vector, ulong* bits)
    {
        ref Piece piece = ref PieceOf(vector);
        if (piece.Nulls == 0 ? IsInside(piece) : _ranges.Count == 1)
        {
            return false;
        }

        bool hasNulls = Range == NullRange;
        if (_coded.Form == CodedForm.Entries)
        {
            unit.Reader!.Select(_column, vector, _entries, hasNulls, bits);
            return true;
        }

        long begin = _ranges.Begin(Range) ^ _flip;
        long end = _ranges.End(Range) ^ _flip;
        long* bounds = stackalloc long[2] { Math.Min(begin, end), Math.Max(begin, end) };
        unit.Reader!.Select(_column, vector, new LaneRanges(bounds, 1), hasNulls, bits);
        return true;
    }

    /// <summary>Ranks of a batch's rows, which the scan has given of the group in hand; of nulls any.</summary>
    internal void RanksOf(Vector strings, int rows, ulong* ranks)
    {
        if (strings.Codes == null || strings.Nulls != null || _coded.Form != CodedForm.Entries)
        {
            Ranks!.Find(strings, rows, ranks);
            return;
        }

        for (int i = 0; i < rows; i++)
        {
            ranks[i] = (ulong)RankOf(strings.Codes[i]);
        }
    }

    /// <summary>Does a value come after the rows of a range? A rank, an integer of the key's, or null; of strings without ranks none does.</summary>
    internal bool IsLater(long value, bool isNull, int range) =>
        isNull ? NullRange > range : (IsRanked ? value : Ranks != null ? 0 : value ^ _flip) > _ranges.End(range);

    ulong Room => Math.Max(context.Options.SortMemory, LeastMemory);

    int NullRange => key.NullsFirst ? 0 : _ranges.Count - 1;

    int RankOf(int code) => Ranks!.Rank(_numbers[_group.FirstNumber + code]);

    bool IsInside(in Piece piece) => piece.Low >= _ranges.Begin(Range) && piece.High <= _ranges.End(Range);

    ref Piece PieceOf(int vector)
    {
        int at = _group.FirstPiece;
        while (_pieces[at].Vector != vector)
        {
            at++;
        }

        return ref _pieces[at];
    }

    /// <summary>The vectors of the group in hand that may have rows of the range.</summary>
    ulong Vectors()
    {
        long begin = _ranges.Begin(Range);
        long end = _ranges.End(Range);
        bool hasNulls = Range == NullRange;
        ulong vectors = 0;
        if ((_group.Low <= end && _group.High >= begin) || (hasNulls && _group.HasNulls))
        {
            for (int i = _group.FirstPiece; i < _group.FirstPiece + _group.Pieces; i++)
            {
                ref Piece piece = ref _pieces[i];
                bool isIn = (piece.HasValues && piece.Low <= end && piece.High >= begin) || (hasNulls && piece.Nulls > 0);
                vectors |= isIn ? 1UL << piece.Vector : 0;
            }
        }

        return vectors;
    }
}
