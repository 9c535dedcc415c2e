// Interop layer. The SQLSTATEs that the managed side raises, packed as PostgreSQL packs them.

namespace Epiphany.Interop;

internal static class SqlState
{
    internal const int FeatureNotSupported = '0' - '0' | 'A' - '0' << 6; // 0A000
    internal const int InvalidParameterValue = 2 | 2 << 6 | 2 << 18 | 3 << 24; // 22023
    internal const int DivisionByZero = 2 | 2 << 6 | 1 << 18 | 2 << 24; // 22012
    internal const int OutOfMemory = 5 | 3 << 6 | 2 << 12; // 53200
    internal const int StatementTooComplex = 5 | 4 << 6 | 1 << 24; // 54001
    internal const int InternalError = 'X' - '0' | 'X' - '0' << 6; // XX000
    internal const int DataCorrupted = 'X' - '0' | 'X' - '0' << 6 | 1 << 24; // XX001

    /// <summary>Five characters, six bits each, from the right.</summary>
    internal static int Pack(string code) =>
        (code[0] - '0') | (code[1] - '0') << 6 | (code[2] - '0') << 12 | (code[3] - '0') << 18 | (code[4] - '0') << 24;
}
