// Execution layer, expressions. Kernels of float4 and float8. Functions of the mathematics library are PostgreSQL's: libraries differ in last bits.

namespace Epiphany.Execution;

static class FloatCatalog
{
    internal static Expression? Find(CallSite call) => call.Function switch
    {
        218 => new FloatArithmetic<Float8Lane, Float8Lane, FloatAdd>(call),
        219 => new FloatArithmetic<Float8Lane, Float8Lane, FloatSubtract>(call),
        216 => new FloatArithmetic<Float8Lane, Float8Lane, FloatMultiply>(call),
        217 => new FloatArithmetic<Float8Lane, Float8Lane, FloatDivide>(call),
        204 => new FloatArithmetic<Float4Lane, Float4Lane, FloatAdd>(call),
        205 => new FloatArithmetic<Float4Lane, Float4Lane, FloatSubtract>(call),
        202 => new FloatArithmetic<Float4Lane, Float4Lane, FloatMultiply>(call),
        203 => new FloatArithmetic<Float4Lane, Float4Lane, FloatDivide>(call),
        281 => new FloatArithmetic<Float4Lane, Float8Lane, FloatAdd>(call),
        282 => new FloatArithmetic<Float4Lane, Float8Lane, FloatSubtract>(call),
        279 => new FloatArithmetic<Float4Lane, Float8Lane, FloatMultiply>(call),
        280 => new FloatArithmetic<Float4Lane, Float8Lane, FloatDivide>(call),
        285 => new FloatArithmetic<Float8Lane, Float4Lane, FloatAdd>(call),
        286 => new FloatArithmetic<Float8Lane, Float4Lane, FloatSubtract>(call),
        283 => new FloatArithmetic<Float8Lane, Float4Lane, FloatMultiply>(call),
        284 => new FloatArithmetic<Float8Lane, Float4Lane, FloatDivide>(call),
        220 => new FloatUnary<Float8Negate>(call),
        221 or 1395 => new FloatUnary<Float8Magnitude>(call),
        206 => new FloatUnary<Float4Negate>(call),
        207 or 1394 => new FloatUnary<Float4Magnitude>(call),
        228 or 1342 => new FloatUnary<Float8Round>(call),
        229 or 1343 => new FloatUnary<Float8Cut>(call),
        2308 or 2320 => new FloatUnary<Float8Ceiling>(call),
        2309 => new FloatUnary<Float8Floor>(call),
        235 or 316 or 482 => new FloatUnary<IntegerToFloat8>(call),
        236 or 318 or 652 => new FloatUnary<IntegerToFloat4>(call),
        311 => new FloatUnary<Float4ToFloat8>(call),
        312 => new Float8ToFloat4(call),
        237 => new FloatToInteger<Float8Lane, Int2Range>(call),
        317 => new FloatToInteger<Float8Lane, Int4Range>(call),
        483 => new FloatToInteger<Float8Lane, Int8Range>(call),
        238 => new FloatToInteger<Float4Lane, Int2Range>(call),
        319 => new FloatToInteger<Float4Lane, Int4Range>(call),
        653 => new FloatToInteger<Float4Lane, Int8Range>(call),
        _ => null,
    };
}
