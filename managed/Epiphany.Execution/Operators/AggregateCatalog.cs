// Execution layer, operators. Which aggregates the engine has.

namespace Epiphany.Execution;

static class AggregateCatalog
{
    /// <summary><paramref name="argument"/>: type OID of the argument, 0 for none; <paramref name="split"/>: PostgreSQL's AggSplit.</summary>
    internal static bool Has(uint function, uint argument, int split) => false;
}
