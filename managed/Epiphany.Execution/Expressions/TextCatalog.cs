// Execution layer, expressions. Kernels of strings, beside their comparisons.

namespace Epiphany.Execution;

static class TextCatalog
{
    internal static Expression? Find(CallSite call) => Encoded(call) ?? AnyEncoding(call);

    /// <summary>What looks at characters.</summary>
    static Expression? Encoded(CallSite call)
    {
        if (!call.Flags.HasFlag(CallFlags.Utf8))
        {
            return null;
        }

        bool isDeterministic = BytesCatalog.IsDeterministic(call.Collation, call.Flags);
        switch (call.Function)
        {
            case 850 or 1569 or 1631 when isDeterministic:
                return new Like(call, isNot: false, ignoresCase: false);
            case 851 or 1570 or 1632 when isDeterministic:
                return new Like(call, isNot: true, ignoresCase: false);
            case 1633 or 1660 when BytesCatalog.IsAscii(call.Collation, call.Flags):
                return new Like(call, isNot: false, ignoresCase: true);
            case 1634 or 1661 when BytesCatalog.IsAscii(call.Collation, call.Flags):
                return new Like(call, isNot: true, ignoresCase: true);
            case 1254 when isDeterministic:
                return new RegexMatch(call, isNot: false);
            case 1256 when isDeterministic:
                return new RegexMatch(call, isNot: true);
            case 2284 when isDeterministic:
                return new RegexReplace(call);
            case 2087 when isDeterministic:
                return new TextReplace(call);
            case 2088 when isDeterministic:
                return new SplitPart(call);
            case 3060:
                return new TextPart<LeftPart>(call);
            case 3061:
                return new TextPart<RightPart>(call);
            case 884:
                return new TrimSet(call, fromLeft: true, fromRight: true);
            case 875:
                return new TrimSet(call, fromLeft: true, fromRight: false);
            case 876:
                return new TrimSet(call, fromLeft: false, fromRight: true);
            case 849 or 868 when isDeterministic:
                return new TextPair<TextPosition>(call);
            case 1257 or 1317 or 1369 or 1381:
                return new TextInteger<CharacterLength>(call);
            case 1318 or 1367 or 1372:
                return new TextInteger<TrimmedLength>(call);
            case 877 or 883 or 936 or 937:
                return new Substring(call);
            default:
                return null;
        }
    }

    static Expression? AnyEncoding(CallSite call)
    {
        switch (call.Function)
        {
            case 720 or 1374 or 1375 or 2010:
                return new TextInteger<ByteLength>(call);
            case 3696 when BytesCatalog.IsDeterministic(call.Collation, call.Flags):
                return new TextPair<StartsWith>(call);
            case 1258 or 2011:
                return new Concatenation(call);
            case 870 when BytesCatalog.IsAscii(call.Collation, call.Flags):
                return new TextFunction<AsciiLower>(call);
            case 871 when BytesCatalog.IsAscii(call.Collation, call.Flags):
                return new TextFunction<AsciiUpper>(call);
            case 401 or 882:
                return new TextFunction<WithoutTrailingBlanks>(call);
            case 881:
                return new TextFunction<WithoutLeadingBlanks>(call);
            case 885:
                return new TextFunction<WithoutBlanksAround>(call);
            default:
                return null;
        }
    }
}
