// Execution layer, expressions. Which of PostgreSQL's functions have kernels. OIDs are those of pg_proc.dat, fixed for all servers;
// the extension's own functions have numbers of the program's (OwnFunction).

namespace Epiphany.Execution;

static class KernelCatalog
{
    /// <summary>Null: there is none for these arguments.</summary>
    internal static Expression? Find(CallSite call) =>
        ComparisonCatalog.Find(call) ?? IntegerCatalog.Find(call) ?? DecimalCatalog.Find(call) ?? BytesCatalog.Find(call)
        ?? TextCatalog.Find(call) ?? DateCatalog.Find(call) ?? FloatCatalog.Find(call) ?? TimeBucketCatalog.Find(call) ?? Distance.Find(call);
}
