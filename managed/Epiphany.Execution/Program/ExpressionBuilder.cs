// Execution layer, program. Words to expressions: kernels where there are some, PostgreSQL's own functions elsewhere.

namespace Epiphany.Execution;

/// <summary>Builds the expressions of one engine.</summary>
sealed class ExpressionBuilder(IExecutionHost host)
{
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
                return new Constant(type, reader.Flag(), (ulong)reader.Word(), host);
            case ExpressionKind.Param:
                return new Parameter(type, reader.Int(), host);
            case ExpressionKind.Call:
                return Call(ref reader, type, id);
            case ExpressionKind.And:
                return Once(new And(type, Expressions(ref reader), host));
            case ExpressionKind.Or:
                return Once(new Or(type, Expressions(ref reader), host));
            case ExpressionKind.Not:
                return Once(new Not(type, Expression(ref reader), host));
            case ExpressionKind.IsNull:
                return Once(new NullTest(type, isNot: false, Expression(ref reader), host));
            case ExpressionKind.IsNotNull:
                return Once(new NullTest(type, isNot: true, Expression(ref reader), host));
            case ExpressionKind.BooleanTest:
                var test = (BooleanTestKind)reader.Int();
                return Once(new BooleanTest(type, test, Expression(ref reader), host));
            case ExpressionKind.Other:
                return Once(new HostExpression(type, id, host));
            default:
                Throw.BadProgram($"expression kind {(int)kind}");
                return null;
        }
    }

    Expression Call(ref ProgramReader reader, ValueType type, int id)
    {
        uint function = reader.Oid();
        uint collation = reader.Oid();
        var flags = (CallFlags)reader.Int();
        Expression[] arguments = Expressions(ref reader);
        var call = new CallSite(type, function, collation, flags, arguments, id, host);
        return Once(KernelCatalog.Find(call) ?? call.OnHost());
    }

    /// <summary>What looks at no column is computed once a run.</summary>
    Expression Once(Expression expression) => expression switch
    {
        { IsConstant: true } => expression,
        Kernel { HasConstantsOnly: true } or HostExpression { HasColumns: false } => new RunConstant(expression, host),
        _ => expression,
    };
}
