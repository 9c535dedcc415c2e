// Execution layer, expressions. Kernels of numeric.

namespace Epiphany.Execution;

static class DecimalCatalog
{
    internal static Expression? Find(CallSite call)
    {
        switch (call.Function)
        {
            case 1718:
                return new DecimalComparison<Equal>(call);
            case 1719:
                return new DecimalComparison<NotEqual>(call);
            case 1720:
                return new DecimalComparison<Greater>(call);
            case 1721:
                return new DecimalComparison<GreaterOrEqual>(call);
            case 1722:
                return new DecimalComparison<Less>(call);
            case 1723:
                return new DecimalComparison<LessOrEqual>(call);
            case 1724:
                return new DecimalArithmetic<Add>(call);
            case 1725:
                return new DecimalArithmetic<Subtract>(call);
            case 1726:
                return new DecimalArithmetic<Multiply>(call);
            case 1727:
                return new DecimalDivision(call);
            case 1728 or 1729:
                return new DecimalModulo(call, isRest: true);
            case 1973 or 1980:
                return new DecimalModulo(call, isRest: false);
            case 1711 or 2167:
                return new DecimalWhole<Ceiling>(call);
            case 1712:
                return new DecimalWhole<Floor>(call);
            case 1706:
                return new DecimalWhole<SignOf>(call);
            case 1771:
                return new DecimalUnary<Negate>(call);
            case 1704 or 1705:
                return new DecimalUnary<Magnitude>(call);
            case 1915:
                return new Relabel(call.Type, call.Arguments[0]);
            case 1746:
                return new DecimalToFloat8(call);
            case 1782:
                return new DecimalOfInteger(call, 1UL << 15);
            case 1740:
                return new DecimalOfInteger(call, 1UL << 31);
            case 1781:
                return new DecimalOfInteger(call, 1UL << 63);
            default:
                return Scaled(call);
        }
    }

    static DecimalRound? Scaled(CallSite call)
    {
        switch (call.Function)
        {
            // The smallest integers have magnitudes beyond the limits; PostgreSQL takes those batches.
            case 1783:
                return new DecimalRound(call, 0, cuts: false, 1UL << 15, toInteger: true);
            case 1744:
                return new DecimalRound(call, 0, cuts: false, 1UL << 31, toInteger: true);
            case 1779:
                return new DecimalRound(call, 0, cuts: false, 1UL << 63, toInteger: true);
            case 1707 or 1709 when call.Arguments[1] is Constant { IsNull: false } places && (int)places.Value is >= 0 and <= NumericDatums.MaxScale:
                return new DecimalRound(call, (int)places.Value, cuts: call.Function == 1709, ulong.MaxValue, toInteger: false);
            case 1703 when call.Arguments[1] is Constant { IsNull: false } typeMod:
                return TypeMod(call, (int)typeMod.Value);
            default:
                return null;
        }
    }

    static DecimalRound? TypeMod(CallSite call, int typeMod)
    {
        int scale = NumericTypeMod.Scale(typeMod);
        if (!NumericTypeMod.IsGiven(typeMod) || scale < 0 || scale > NumericDatums.MaxScale)
        {
            return null;
        }

        long limit = NumericReader.PowerOfTen(NumericTypeMod.Precision(typeMod));
        return new DecimalRound(call, scale, cuts: false, limit == 0 ? 1UL << 63 : (ulong)limit, toInteger: false);
    }
}
