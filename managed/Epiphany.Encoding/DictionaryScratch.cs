// Encoding layer. The memory that building a dictionary needs, laid out in one piece that the caller owns and may use again.

namespace Epiphany.Encoding;

/// <summary>Working memory of <see cref="DictionaryBuilder"/>.</summary>
public readonly unsafe struct DictionaryScratch
{
    /// <summary>More entries than this rarely pay within a group, and codes stay below 17 bits.</summary>
    public const int MaxEntries = 1 << 16;

    internal const int SlotBits = 17;
    internal const int SlotCount = 1 << SlotBits;

    /// <param name="memory">8-aligned, of <see cref="Bytes"/>.</param>
    /// <param name="rows">Rows of the largest chunk.</param>
    public DictionaryScratch(byte* memory, int rows)
    {
        Slots = (uint*)memory;
        EntryRows = Slots + SlotCount;
        Ranks = EntryRows + MaxEntries;
        Order = Ranks + MaxEntries;
        Codes = Order + MaxEntries;
        Rows = rows;
    }

    public int Rows { get; }

    /// <summary>After a build: each row's code.</summary>
    public uint* Codes { get; }

    /// <summary>After a build: a row that holds the entry of each code.</summary>
    public uint* EntryRows { get; }

    /// <summary>Hash table: entry + 1, or 0.</summary>
    internal uint* Slots { get; }

    internal uint* Ranks { get; }

    internal uint* Order { get; }

    public static nuint Bytes(int rows) => sizeof(uint) * ((nuint)SlotCount + (3 * (nuint)MaxEntries) + (nuint)rows);
}
