// Execution layer, program. Words to expressions: kernels where there are some, PostgreSQL's own functions elsewhere.

using System.Collections.Generic;

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

    /// <summary>Conditions that are to hold together. Neighbours over the same column become one, which looks at it once.</summary>
    internal Expression[] Conditions(ref ProgramReader reader)
    {
        Expression[] conditions = Expressions(ref reader);
        var merged = new List<Expression>();
        for (int first = 0; first < conditions.Length;)
        {
            int end = first + 1;
            while (end < conditions.Length && MaskableColumn(conditions[first]) is { } column && column == MaskableColumn(conditions[end]))
            {
                end++;
            }

            merged.Add(end == first + 1 ? conditions[first] : new And(conditions[first].Type, conditions[first..end], host));
            first = end;
        }

        return merged.ToArray();
    }

    static int? MaskableColumn(Expression condition) => condition is IMaskable { MayMask: true } ? DictionaryMaps.SoleColumn(condition) : null;

    internal Expression Expression(ref ProgramReader reader) => DictionaryMaps.Wrap(Node(ref reader), host);

    /// <summary>A list of one node's arguments.</summary>
    Expression[] Arguments(ref ProgramReader reader) => Arguments(ref reader, reader.Count());

    Expression[] Arguments(ref ProgramReader reader, int count)
    {
        var arguments = new Expression[count];
        for (int i = 0; i < count; i++)
        {
            arguments[i] = Node(ref reader);
        }

        DictionaryMaps.WrapArguments(arguments, host);
        return arguments;
    }

    Expression Node(ref ProgramReader reader)
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
                return Once(new And(type, Arguments(ref reader), host));
            case ExpressionKind.Or:
                return Once(new Or(type, Arguments(ref reader), host));
            case ExpressionKind.Not:
                return Once(new Not(type, Node(ref reader), host));
            case ExpressionKind.IsNull:
                return Once(new NullTest(type, isNot: false, Node(ref reader), host));
            case ExpressionKind.IsNotNull:
                return Once(new NullTest(type, isNot: true, Node(ref reader), host));
            case ExpressionKind.BooleanTest:
                var test = (BooleanTestKind)reader.Int();
                return Once(new BooleanTest(type, test, Node(ref reader), host));
            case ExpressionKind.Case:
                return Once(new Case(type, Arguments(ref reader, (2 * reader.Count()) + 1), host));
            case ExpressionKind.Coalesce:
                return Once(new Coalesce(type, Arguments(ref reader), host));
            case ExpressionKind.MinMax:
                return MinMax(ref reader, type, id);
            case ExpressionKind.NullIf or ExpressionKind.Distinct:
                return ByEquality(ref reader, kind, type, id);
            case ExpressionKind.ArrayCompare:
                return ArrayCompare(ref reader, type, id);
            case ExpressionKind.Other:
                return Once(new HostExpression(type, id, host));
            case ExpressionKind.Subquery:
                return Subquery(ref reader, type);
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
        Expression[] arguments = Arguments(ref reader);
        var call = new CallSite(type, function, collation, flags, arguments, id, host);
        return Once(KernelCatalog.Find(call) ?? call.OnHost());
    }

    Expression MinMax(ref ProgramReader reader, ValueType type, int id)
    {
        bool isGreatest = reader.Flag();
        uint comparison = reader.Oid();
        uint collation = reader.Oid();
        bool isByteOrder = BytesCatalog.IsByteOrder(collation, (CallFlags)reader.Int());
        Expression[] arguments = Arguments(ref reader);
        return Once(MinMaxCatalog.Find(type, isGreatest, comparison, isByteOrder, arguments, host) ?? new HostExpression(type, id, host));
    }

    Expression ByEquality(ref ProgramReader reader, ExpressionKind kind, ValueType type, int id)
    {
        uint function = reader.Oid();
        uint collation = reader.Oid();
        Expression[] sides = Arguments(ref reader, 2);
        var equality = new Equality(function, collation, sides[0], sides[1], id, host);
        return Once(kind == ExpressionKind.NullIf
            ? new NullIf(type, equality, sides[0], sides[1], host)
            : new Distinct(type, equality, sides[0], sides[1], host));
    }

    Expression ArrayCompare(ref ProgramReader reader, ValueType type, int id)
    {
        bool isAny = reader.Flag();
        uint function = reader.Oid();
        uint collation = reader.Oid();
        var flags = (CallFlags)reader.Int();
        ValueType element = reader.Type();
        char alignment = (char)reader.Int();
        Expression value = Node(ref reader);
        Expression array = Node(ref reader);
        var site = new ArrayCompareSite(type, isAny, function, collation, flags, element, alignment, value, array, id, host);
        return Once(ArrayCompareCatalog.Find(site) ?? new HostExpression(type, id, host));
    }

    Expression Subquery(ref ProgramReader reader, ValueType type)
    {
        int source = reader.Int();
        ValueType column = reader.Type();
        uint equality = reader.Oid();
        uint collation = reader.Oid();
        return Once(new SubqueryMembership(type, source, column, equality, collation, Node(ref reader), host));
    }

    /// <summary>What looks at no column is computed once a run.</summary>
    Expression Once(Expression expression) => expression switch
    {
        { IsConstant: true } => expression,
        Kernel { HasConstantsOnly: true } or HostExpression { HasColumns: false } => new RunConstant(expression, host),
        _ => expression,
    };
}
