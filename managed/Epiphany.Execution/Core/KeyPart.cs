// Execution layer, core. A column that is part of a key.

namespace Epiphany.Execution;

/// <summary>A column of the child, and how its values are equal.</summary>
readonly record struct KeyPart(int Column, uint Equality, uint Collation)
{
    /// <summary>A list of them.</summary>
    internal static KeyPart[] Read(ref ProgramReader reader)
    {
        var keys = new KeyPart[reader.Count()];
        for (int i = 0; i < keys.Length; i++)
        {
            keys[i] = new KeyPart(reader.Int(), reader.Oid(), reader.Oid());
        }

        return keys;
    }
}
