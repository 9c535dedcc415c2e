// Encoding layer. What a decoder found wrong with the bytes. Decoders return it and never throw: who calls them knows the column.

namespace Epiphany.Encoding;

/// <summary>Why bytes cannot be decoded.</summary>
public enum Fault
{
    None = 0,
    SegmentTooShort,
    WidthTooLarge,
    RunsOutOfOrder,
    CodeOutOfRange,
    OffsetsOutOfOrder,
    CountOutOfRange,
    ScaleOutOfRange,
    ExceptionsOutOfOrder,
}

/// <summary>Faults in words.</summary>
public static class Faults
{
    public static string Describe(Fault fault) => fault switch
    {
        Fault.None => "no fault",
        Fault.SegmentTooShort => "encoded values end too early",
        Fault.WidthTooLarge => "a bit width or value width is not possible",
        Fault.RunsOutOfOrder => "run ends do not ascend to the number of rows",
        Fault.CodeOutOfRange => "a dictionary code points past the dictionary",
        Fault.OffsetsOutOfOrder => "value offsets do not ascend within the data",
        Fault.CountOutOfRange => "a dictionary has an impossible number of entries",
        Fault.ScaleOutOfRange => "decimal places or display scales are not possible",
        Fault.ExceptionsOutOfOrder => "exceptions do not ascend within the rows",
        _ => "unknown fault",
    };
}
