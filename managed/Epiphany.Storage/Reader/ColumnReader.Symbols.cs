// Storage layer, reader. Strings coded with a symbol table: decoded straight into their datums.

using Epiphany.Encoding;

namespace Epiphany.Storage;

sealed unsafe partial class ColumnReader
{
    FsstDecoder _symbols;
    bool _haveSymbols;

    /// <summary>Of the rows named, or of all <paramref name="count"/> if <paramref name="rows"/> is null.</summary>
    Fault DecodeSymbols(byte* segment, ulong length, int all, ushort* rows, int count, ulong* values)
    {
        ulong* ends = LaneScratch;
        Fault fault = LoadSymbols();
        byte* codes = null;
        if (fault == Fault.None)
        {
            fault = PlainBytesDecoder.Decode(segment, length, all, ends, out codes);
        }

        if (fault != Fault.None)
        {
            return fault;
        }

        // Each datum is at most 15 bytes longer than its string: header, terminator and alignment.
        ulong room = Fsst.MaxDecoded(StringBytes(ends, all, rows, count)) + (16 * (ulong)count) + FsstDecoder.Slack;
        byte* datum = _datumBuffer.Ensure(_group.Memory, room);
        for (int i = 0; i < count && fault == Fault.None; i++)
        {
            int row = rows == null ? i : rows[i];
            ulong start = row == 0 ? 0 : ends[row - 1];
            byte* payload = datum + Datums.HeaderBytes(_kind);
            fault = _symbols.Decode(codes + start, ends[row] - start, payload, out byte* end);
            values[i] = (ulong)datum;
            datum += Close(datum, (ulong)(end - payload));
        }

        return fault;
    }

    Fault DecodeSymbol(byte* segment, ulong length, int rows, int index, out ulong value)
    {
        value = 0;
        Fault fault = LoadSymbols();
        byte* codes = null;
        ulong codeLength = 0;
        if (fault == Fault.None)
        {
            fault = PlainBytesDecoder.DecodeOne(segment, length, rows, index, out codes, out codeLength);
        }

        if (fault != Fault.None)
        {
            return fault;
        }

        byte* datum = _datumBuffer.Ensure(_group.Memory, Fsst.MaxDecoded(codeLength) + 16 + FsstDecoder.Slack);
        byte* payload = datum + Datums.HeaderBytes(_kind);
        fault = _symbols.Decode(codes, codeLength, payload, out byte* end);
        Close(datum, (ulong)(end - payload));
        value = (ulong)datum;
        return fault;
    }

    /// <summary>Makes a datum of a payload that is in its place; says how many bytes it takes.</summary>
    ulong Close(byte* datum, ulong payloadLength)
    {
        CheckLength(payloadLength);
        Datums.Close(_kind, payloadLength, datum);
        return Datums.Bytes(_kind, payloadLength);
    }

    Fault LoadSymbols()
    {
        if (_haveSymbols)
        {
            return Fault.None;
        }

        byte* shared = Shared(out ulong length);
        Fault fault = FsstDecoder.Load(shared, length, _tableBuffer.Ensure(_group.Memory, FsstDecoder.Bytes), out _symbols);
        _haveSymbols = fault == Fault.None;
        return fault;
    }
}
