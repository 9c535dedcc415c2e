// Execution layer, program. Words to expressions: kernels where there are some, PostgreSQL's own functions elsewhere.

namespace Epiphany.Execution;

/// <summary>Builds the expressions of one engine.</summary>
sealed class ExpressionBuilder(IExecutionHost host)
{
    readonly IExecutionHost _host = host;

    internal Expression[] Expressions(ref ProgramReader reader)
    {
        var expressions = new Expression[reader.Count()];
        for (int i = 0; i < expressions.Length; i++)
        {
            expressions[i] = Expression(ref reader);
        }

        return expressions;
    }

    internal Expression Expression(ref ProgramReader reader)
    {
        var kind = (ExpressionKind)reader.Word();
        int id = reader.Int();
        ValueType type = reader.Type();
        switch (kind)
        {
            case ExpressionKind.Column:
                return new ColumnReference(type, reader.Int());
            case ExpressionKind.Const:
                return new Constant(type, reader.Flag(), (ulong)reader.Word(), _host);
            case ExpressionKind.Param:
                return new Parameter(type, reader.Int(), _host);
            case ExpressionKind.Call:
                return Call(ref reader, type, id);
            case ExpressionKind.Other:
                return new HostExpression(type, id, _host);
            default:
                Throw.BadProgram($"expression kind {(int)kind}");
                return null;
        }
    }

    Expression Call(ref ProgramReader reader, ValueType type, int id)
    {
        uint function = reader.Oid();
        uint collation = reader.Oid();
        bool strict = reader.Flag();
        Expression[] arguments = Expressions(ref reader);
        return KernelCatalog.Find(function, collation, type, arguments, _host)
            ?? new HostCall(type, function, collation, strict, arguments, id, _host);
    }
}
