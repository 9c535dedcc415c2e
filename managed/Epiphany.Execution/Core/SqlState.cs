// Execution layer, core. SQLSTATEs that the engine raises, packed as PostgreSQL packs them (MAKE_SQLSTATE: six bits a character).

namespace Epiphany.Execution;

static class SqlState
{
    internal static int DataException { get; } = Pack("22000");

    internal static int InvalidLimit { get; } = Pack("2201W");

    internal static int InvalidOffset { get; } = Pack("2201X");

    internal static int Pack(string code)
    {
        int packed = 0;
        for (int i = 0; i < code.Length; i++)
        {
            packed |= (code[i] - '0' & 0x3F) << (6 * i);
        }

        return packed;
    }
}
