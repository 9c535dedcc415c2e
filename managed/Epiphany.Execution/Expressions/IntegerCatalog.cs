// Execution layer, expressions. Kernels of int2, int4 and int8, alone and mixed.

namespace Epiphany.Execution;

static class IntegerCatalog
{
    internal static Expression? Find(CallSite call)
    {
        switch (call.Function)
        {
            case 176:
                return new IntegerArithmetic<Add, Int2Range>(call);
            case 177 or 178 or 179:
                return new IntegerArithmetic<Add, Int4Range>(call);
            case 463 or 1274 or 1278 or 837 or 841:
                return new IntegerArithmetic<Add, Int8Range>(call);
            case 180:
                return new IntegerArithmetic<Subtract, Int2Range>(call);
            case 181 or 182 or 183:
                return new IntegerArithmetic<Subtract, Int4Range>(call);
            case 464 or 1275 or 1279 or 838 or 942:
                return new IntegerArithmetic<Subtract, Int8Range>(call);
            case 152:
                return new IntegerArithmetic<Multiply, Int2Range>(call);
            case 141 or 170 or 171:
                return new IntegerArithmetic<Multiply, Int4Range>(call);
            case 465 or 1276 or 1280 or 839 or 943:
                return new IntegerArithmetic<Multiply, Int8Range>(call);
            case 153:
                return new IntegerDivision<Int2Range>(call, isRemainder: false);
            case 154 or 172 or 173:
                return new IntegerDivision<Int4Range>(call, isRemainder: false);
            case 466 or 1277 or 1281 or 840 or 948:
                return new IntegerDivision<Int8Range>(call, isRemainder: false);
            case 155 or 940:
                return new IntegerDivision<Int2Range>(call, isRemainder: true);
            case 156 or 941:
                return new IntegerDivision<Int4Range>(call, isRemainder: true);
            case 945 or 947:
                return new IntegerDivision<Int8Range>(call, isRemainder: true);
            default:
                return Unary(call);
        }
    }

    static Expression? Unary(CallSite call)
    {
        switch (call.Function)
        {
            case 213:
                return new IntegerUnary<Negate, Int2Range>(call);
            case 212:
                return new IntegerUnary<Negate, Int4Range>(call);
            case 462:
                return new IntegerUnary<Negate, Int8Range>(call);
            case 1253 or 1398:
                return new IntegerUnary<Magnitude, Int2Range>(call);
            case 1251 or 1397:
                return new IntegerUnary<Magnitude, Int4Range>(call);
            case 1230 or 1396:
                return new IntegerUnary<Magnitude, Int8Range>(call);
            case 314 or 714:
                return new IntegerUnary<Same, Int2Range>(call);
            case 480:
                return new IntegerUnary<Same, Int4Range>(call);
            case 313 or 481 or 754 or 2558:
                return new Relabel(call.Type, call.Arguments[0]);
            case 2557:
                var zero = new Constant(call.Arguments[0].Type, isNull: false, 0, call.Host);
                return new Comparison<SignedView, SignedView, NotEqual>(call.Type, call.Arguments[0], zero, call.Host);
            default:
                return null;
        }
    }
}
