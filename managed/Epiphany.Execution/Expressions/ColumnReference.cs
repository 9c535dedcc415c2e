// Execution layer, expressions. A column of the batch, as it is.

using System;

namespace Epiphany.Execution;

sealed class ColumnReference(ValueType type, int column) : Expression(type)
{
    internal int Column => column;

    public override Vector Evaluate(Batch batch, Rows rows) => batch.Columns[column];

    public override void MarkColumns(Span<bool> columns) => columns[column] = true;
}
