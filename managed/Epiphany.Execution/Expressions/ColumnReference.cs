// Execution layer, expressions. A column of the batch, as it is.

using System;

namespace Epiphany.Execution;

sealed class ColumnReference(ValueType type, int column) : Expression(type)
{
    internal int Column => column;

    public override bool IsTotal => true;

    public override int? SourceColumn => column;

    public override bool TrySources(long value, out long first, out long last)
    {
        first = last = value;
        return true;
    }

    /// <summary>A boolean as a condition.</summary>
    public override bool TryRanges(int places, RangeSet ranges)
    {
        ranges.Clear();
        return Type.Oid == TypeOid.Bool && ranges.TryAdd(1, 1);
    }

    public override Vector Evaluate(Batch batch, Rows rows) => batch.Columns[column];

    public override void MarkColumns(Span<bool> columns) => columns[column] = true;
}
