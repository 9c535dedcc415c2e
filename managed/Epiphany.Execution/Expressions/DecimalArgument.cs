// Execution layer, expressions. A numeric argument as decimals, at the scale that a kernel needs.

namespace Epiphany.Execution;

/// <summary>Asks its expression once a batch.</summary>
sealed class DecimalArgument(Expression expression, IExecutionHost host) : DecimalForm(host)
{
    /// <summary>Null: they are no decimals.</summary>
    internal Vector? Evaluate(Batch batch, Rows rows) => Of(expression.EvaluateExact(batch, rows), rows);
}
